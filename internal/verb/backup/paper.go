package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/backup/lines"
	"lifeboat/backup/paper"
	"lifeboat/backup/shard"
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
       mpc-backup paper --check FILE… [-R PUB]

Makes one printable page of a shard, or pages of an identity or a bundle of up to
18 KiB: QR codes, the same text as numbered lines to type, and what to do in three
steps. The page loads nothing from outside. Print it from a machine without a
network, on a printer without one, and try --read before the file is destroyed.

--read goes the other way: FILE is what was typed from the page, its numbered lines,
or pictures of it (PNG, JPEG), in any order. A line with a typing error is named.

--check reads one shard without the others, from its file, typed or in pictures, and
writes nothing. It says whether a character is wrong, which set the shard belongs to,
and whether it is for a recipient. Only joining shows that it fits the others.

  -o, --output OUT        the file to write
  --title TEXT            what you call it, for the head of the page
  --read                  read typed lines and pictures
  --check                 check one shard alone
  -r, --recipient R       with --check: the recipient that the shard has to be for
  -R, --recipients-file F
                          the same, in a file, as keygen wrote it
  --json                  print what was written or found as JSON

Example: a shard for the safe
  mpc-backup paper directors.shard-1.txt -o shard-1.html --title 'Zurich'
  mpc-backup paper --check typed.txt -R directors.pub
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
	check  bool
	json   bool
	to     holder.PublicRecipients // of --check
}

func preparePaper(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f paperFlags
	set.StringVarP(&f.output, "output", "o", "", "")
	set.StringVar(&f.title, "title", "", "")
	set.BoolVar(&f.read, "read", false, "")
	set.BoolVar(&f.check, "check", false, "")
	set.BoolVar(&f.json, "json", false, "")
	f.to.Define(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE")
	case f.check && (f.read || f.output != "" || f.title != ""):
		return nil, set.Misuse("--check writes nothing: leave out --read, -o and --title")
	case f.check:
		return &cli.Plan{Reads: set.Args(), Guard: true,
			Run: func(e *cli.Env, _ *cli.Conditions) error { return f.checkShard(e, set) }}, f.to.Check(set)
	case set.Changed("recipient") || set.Changed("recipients-file") || set.Changed("label"):
		return nil, set.Misuse("recipients are for --check: what is on paper is not sealed anew")
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
		if text, r.Kind, err = readPages(e, set.Args()); r.Kind != kinds[paper.Bundle] {
			e.Plain(f.output)
		}
	} else {
		made := fmt.Sprintf("%s %s on %s", e.Program, cli.Version, set.Date().Format("2006-01-02"))
		text, err = f.makePage(e, set.Arg(0), paper.Label{Title: f.title, Made: made})
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

func (f *paperFlags) makePage(e *cli.Env, path string, label paper.Label) (*secret.Bytes, error) {
	data, err := strict.ReadFile(path, maxToPrint)
	if err != nil {
		return nil, err
	}
	text := secret.Take(data)
	defer text.Wipe()
	if !bytes.HasPrefix(data, []byte("age-encryption.org/")) {
		holder.WarnExposed(e, path)
		e.Plain(f.output)
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
	all, err := gather(e, paths)
	if err != nil {
		return nil, "", err
	}
	defer all.Wipe()
	f, err := paper.Read(all)
	if err != nil {
		return nil, "", misread(paths, err)
	}
	return f.Text, kinds[f.Kind], nil
}

// misread adds which files an error in their lines is about.
func misread(paths []string, err error) error {
	err = fmt.Errorf("%s: %w", phrase.And(phrase.Quoted(paths)), err)
	if wrong := new(lines.Error); errors.As(err, &wrong) {
		return cli.Fail(cli.Failed, err, "compare that line with the page, character by character")
	}
	return err
}

// gather returns the lines of all files, typed and in pictures.
func gather(e *cli.Env, paths []string) (*secret.Bytes, error) {
	all := secret.New(0)
	var unread []error
	progress := cli.NewProgress(e, "steps of reading pages", int64(len(paths))*paper.Steps)
	defer progress.Done()
	for _, path := range paths {
		text, err := readPage(path, func() { progress.Add(1) })
		if errors.Is(err, paper.ErrPaper) && len(paths) > 1 {
			// A page may have no code on it. Whoever reads the lines notices what is missing.
			progress.Done()
			e.Warn("%v", err)
			unread = append(unread, err)
			continue
		}
		if err != nil {
			all.Wipe()
			return nil, err
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
		return nil, unread[0]
	}
	return all, nil
}

// shardReport is what one shard says.
type shardReport struct {
	Kind string `json:"kind"` // shard
	quorumReport
	Number      int    `json:"number"`
	Fingerprint string `json:"fingerprint"`
	IsFor       *bool  `json:"is_for_recipient,omitempty"` // absent if none was given
}

// checkShard checks one shard alone.
func (f *paperFlags) checkShard(e *cli.Env, set *cli.Flags) error {
	recipients, err := f.to.Read(set)
	if err != nil {
		return err
	}
	text, err := gather(e, set.Args())
	if err != nil {
		return err
	}
	defer text.Wipe()
	s, err := shard.Parse(text, "")
	if err != nil {
		return misread(set.Args(), err)
	}
	defer s.Wipe()
	r := &shardReport{Kind: kinds[paper.Shard], Number: s.Number, Fingerprint: s.Fingerprint,
		quorumReport: quorumReport{s.SetID, s.SetName, s.Threshold, s.Count}}
	if len(recipients) > 0 {
		isFor := slices.ContainsFunc(recipients, func(to backup.Recipient) bool { return to.Fingerprint() == s.Fingerprint })
		r.IsFor = &isFor
	}
	if f.json {
		err = e.WriteJSON(r)
	} else {
		err = r.print(e.Stdout)
	}
	if err == nil && r.IsFor != nil && !*r.IsFor {
		err = cli.Fail(cli.Mismatch, fmt.Errorf("the shard is for a recipient with the fingerprint %s, and none of the given ones has it", s.Fingerprint),
			"look for the right file of recipients, or for the right shard; this one does not help to open what is sealed to these recipients")
	}
	return err
}

func (r *shardReport) print(w io.Writer) error {
	set := r.SetID
	if r.SetName != "" { // which is not on paper
		set = fmt.Sprintf("%q, %s", r.SetName, r.SetID)
	}
	whose := "no recipient that was given has it"
	switch {
	case r.IsFor == nil:
		whose = "compare it with the one on the other shards, or give -R"
	case *r.IsFor:
		whose = "the recipient that was given has it"
	}
	_, err := fmt.Fprintf(w, `shard %d of %d, of which any %d are needed: every character is as it was written
  set          %s
  fingerprint  %s: %s
  not shown    that it fits the other shards: joining shows that
`, r.Number, r.Count, r.Threshold, set, r.Fingerprint, whose)
	return err
}

// readPage returns the numbered lines of a text or of a picture.
func readPage(path string, step func()) (*secret.Bytes, error) {
	data, err := strict.ReadFile(path, paper.MaxPicture)
	if err != nil {
		return nil, err
	}
	if !isPicture(path, data) {
		text, isNew := strict.Text(data)
		if isNew {
			secret.Wipe(data)
		}
		return secret.Take(text), nil
	}
	defer secret.Wipe(data)
	return paper.Scan(paper.Picture{Name: path, Data: bytes.NewReader(data), Step: step})
}

func isPicture(path string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return paper.IsPicture(data)
}
