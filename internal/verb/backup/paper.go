package backup

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"lifeboat/backup/lines"
	"lifeboat/backup/paper"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
)

var paperVerb = cli.Verb{
	Name:    "paper",
	Summary: "put a shard, an identity or a small bundle on paper, and read it back",
	Usage: `Usage: mpc-backup paper FILE -o P.html
       mpc-backup paper --read FILE… -o OUT

Makes one printable page of a shard, pages of an identity, or of a bundle of up
to 18 KiB: QR codes, the same as numbered lines to type, and what to do in three
steps. The page refers to nothing outside. Print it from a machine without a
network, on a printer without one, and try --read before the file is destroyed.

With --read it goes back: FILE is what was typed from the page, its numbered lines,
or pictures of it (PNG, JPEG), in any order. A line with a typing error is named.

  -o, --output OUT        the file to write
  --title TEXT            what you call it, for the head of the page
  --read                  read typed lines and pictures
  --json                  print what was written as JSON

Example: a shard for the safe
  mpc-backup paper directors.shard-1.txt -o shard-1.html --title 'Zurich'
  mpc-backup paper --read typed.txt -o shard-1.txt
`,
	Prepare: preparePaper,
}

// maxToPrint is the size of the largest file that is looked at, in bytes. A page
// has room for much less, and says so.
const maxToPrint = 1 << 20

type paperReport struct {
	Output string `json:"output"`
	Kind   string `json:"kind"` // page, shard, identity or bundle
	Size   int    `json:"size"` // bytes
}

type paperFlags struct {
	output string
	title  string
	read   bool
	json   bool
}

func preparePaper(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f paperFlags
	set.StringVarP(&f.output, "output", "o", "", "")
	set.StringVar(&f.title, "title", "", "")
	set.BoolVar(&f.read, "read", false, "")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE")
	case f.output == "":
		return nil, set.Misuse("-o is missing: what is on a page may be secret and is never shown; name the file to write")
	case !f.read && set.NArg() > 1:
		return nil, set.Misuse("one FILE to a page; --read takes several")
	case f.read && f.title != "":
		return nil, set.Misuse("--title is for the page, not for --read")
	}
	f.output = filepath.Clean(f.output)
	return &cli.Plan{Reads: set.Args(), Outputs: []string{f.output}, Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.write(e, set) }}, nil
}

func (f *paperFlags) write(e *cli.Env, set *cli.Flags) error {
	r := &paperReport{Output: f.output, Kind: "page"}
	var text *secret.Bytes
	var err error
	if f.read {
		text, r.Kind, err = readPages(e, set.Args())
	} else {
		made := fmt.Sprintf("%s %s on %s", e.Program, cli.Version, set.Date().Format("2006-01-02"))
		text, err = makePage(e, set.Arg(0), paper.Label{Title: f.title, Made: made})
	}
	if err != nil {
		return err
	}
	e.OnExit(text.Wipe)
	if err := e.WriteFile(f.output, text.Expose()); err != nil {
		return err
	}
	r.Size = text.Len()
	if !f.read {
		e.Note("whoever has the page or a picture of it has what is on it: print it without a network, try --read, and destroy the file")
	}
	if f.json {
		return e.WriteJSON(r)
	}
	_, err = fmt.Fprintf(e.Stdout, "%s: wrote %s\n", r.Kind, cli.Clean(f.output))
	return err
}

func makePage(e *cli.Env, path string, label paper.Label) (*secret.Bytes, error) {
	data, err := strict.ReadFile(path, maxToPrint)
	if err != nil {
		return nil, err
	}
	text := secret.Take(data)
	defer text.Wipe()
	if !bytes.HasPrefix(data, []byte("age-encryption.org/")) {
		holder.WarnExposed(e, path)
	}
	page, err := paper.Page(text, label)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return page, nil
}

// kinds are the words for what --read finds.
var kinds = map[paper.Kind]string{paper.Shard: "shard", paper.Identity: "identity", paper.Bundle: "bundle"}

// readPages reads typed lines and pictures, of one thing on paper.
func readPages(e *cli.Env, paths []string) (*secret.Bytes, string, error) {
	all := secret.New(0)
	defer func() { all.Wipe() }()
	var unread []error
	for _, path := range paths {
		text, err := readPage(path)
		if errors.Is(err, paper.ErrPaper) && len(paths) > 1 {
			// A page may have no code on it. What is missing is found below.
			e.Warn("%v", err)
			unread = append(unread, err)
			continue
		}
		if err != nil {
			return nil, "", err
		}
		holder.WarnExposed(e, path)
		joined := secret.New(all.Len() + text.Len() + 1)
		b := append(joined.Expose()[:0], all.Expose()...)
		b = append(b, text.Expose()...)
		_ = append(b, '\n')
		all.Wipe()
		text.Wipe()
		all = joined
	}
	if len(unread) == len(paths) {
		return nil, "", unread[0]
	}
	f, err := paper.Read(all)
	var wrong *lines.Error
	switch {
	case errors.As(err, &wrong):
		return nil, "", cli.Fail(cli.Failed, fmt.Errorf("%s: %w", phrase.And(phrase.Quoted(paths)), err), "compare that line with the page, character by character")
	case err != nil:
		return nil, "", fmt.Errorf("%s: %w", phrase.And(phrase.Quoted(paths)), err)
	}
	return f.Text, kinds[f.Kind], nil
}

// readPage returns the numbered lines of a text or of a picture.
func readPage(path string) (*secret.Bytes, error) {
	data, err := strict.ReadFile(path, paper.MaxPicture)
	if err != nil {
		return nil, err
	}
	if !isPicture(path, data) {
		return secret.Take(bytes.TrimPrefix(data, []byte("\ufeff"))), nil
	}
	defer secret.Wipe(data)
	return paper.Scan(paper.Picture{Name: path, Data: bytes.NewReader(data)})
}

func isPicture(path string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return bytes.HasPrefix(data, []byte("\x89PNG")) || bytes.HasPrefix(data, []byte("\xff\xd8\xff"))
}
