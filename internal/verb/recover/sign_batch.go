package recover

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/papercode"
	"lifeboat/internal/phrase"
	"lifeboat/internal/qrcode"
	"lifeboat/internal/verb/moving"
	"lifeboat/share/record"
	"lifeboat/tx"
)

// batchFlags are the flags of the verbs that sign a batch.
type batchFlags struct {
	moving.Flags
	txs      []string
	expect   string
	alone    bool // of sign only
	replaces string
	qr       bool
	output   string
	json     bool
}

func (f *batchFlags) define(set *cli.Flags) {
	f.Flags.Define(set)
	set.StringArrayVar(&f.txs, "tx", nil, "")
	set.StringVar(&f.expect, "expect", "", "")
	set.StringVar(&f.replaces, "replaces", "", "")
	set.BoolVar(&f.qr, "qr", false, "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("tx", "replaces")
}

func (f *batchFlags) check(set *cli.Flags, recorded bool) error {
	switch {
	case len(f.txs) == 0:
		return set.Misuse("nothing to sign: give --tx, the unsigned transactions")
	case f.qr && f.json:
		return set.Misuse("--qr draws on standard output, where --json writes")
	case f.replaces != "" && f.Blind():
		return set.Misuse("--replaces compares what transactions use up, and nobody knows that of a message that is signed unread")
	case !f.Blind() && !f.Restricted() && !recorded:
		return set.Misuse("who may be paid? give --to, --to-file, or --record with its exits")
	}
	if f.expect != "" {
		if _, err := papercode.Parse(f.expect); err != nil {
			return set.Misuse("--expect: %w", err)
		}
	}
	return f.Flags.Check(set)
}

// begin reads what the batch is judged by.
func (f *batchFlags) begin(e *cli.Env, set *cli.Flags, roots []*derive.Key, vault *record.Record) (*moving.Review, error) {
	exits, err := moving.Exits(vault)
	if err != nil {
		return nil, err
	}
	if !f.Blind() && !f.Restricted() && len(exits) == 0 {
		return nil, cli.Fail(cli.Usage, errors.New("the record allows no exits, and there is neither --to nor --to-file: who may be paid?"))
	}
	return moving.Begin(e, set, &f.Flags, roots, exits, f.txs)
}

// maxShown is how many transactions are shown one by one before they are signed;
// the totals have all of them, and their notes follow.
const maxShown = 20

// review reads the batch and shows it. keep, if not nil, gets what was read.
func (f *batchFlags) review(e *cli.Env, r *moving.Review, report *signReport, keep func(*tx.Transaction, *tx.Verdict)) error {
	screen := e.Stdout
	switch {
	case f.json && f.expect != "":
		screen = io.Discard
	case f.json: // somebody is asked, and must see what for
		screen = e.Stderr
	}
	before, err := replacedClaims(f.replaces)
	if err != nil {
		return err
	}
	names := map[string]bool{reportName: true}
	var notes moving.Notes // of transactions that are not shown one by one
	err = r.All(e, func(path string, t *tx.Transaction, v *tx.Verdict) error {
		if f.replaces != "" && !slices.ContainsFunc(t.Claims, func(c string) bool { return before[c] }) {
			return cli.Fail(cli.Refused, fmt.Errorf("%q takes the place of nothing in %q: both could count, and pay twice", path, f.replaces))
		}
		stem, err := stemFor(path, t, names)
		if err != nil {
			return err
		}
		report.stems = append(report.stems, stem)
		if keep != nil {
			keep(t, v)
		}
		if len(r.Files) > maxShown {
			notes.Add(t, v, !f.alone)
			return nil
		}
		return r.Block(screen, path, t, v, !f.alone)
	})
	if err != nil {
		return err
	}
	if err := cmp.Or(r.Totals(screen, !f.alone), notes.Write(screen)); err != nil {
		return err
	}
	report.Totals, report.Code, report.Alone = r.TotalReports(), r.Batch.Code().String(), f.alone
	return nil
}

// confirm asks for what only somebody can know who reviewed the batch elsewhere, or,
// alone, has the recipients from elsewhere. question asks for the review code.
func (f *batchFlags) confirm(e *cli.Env, r *moving.Review, question string) error {
	if f.alone {
		return f.typeRecipients(e, r)
	}
	check := func(text string) error {
		code, err := papercode.Parse(text)
		switch {
		case err != nil:
			err = cli.Mistyped(err)
		case !code.Equal(r.Batch.Code()):
			err = errors.New("that is the review code of another batch: a file, the address book, the root keys or --trust-amounts differ between the two machines; --tokens, --to and the limits do not matter")
		}
		return cli.Fail(cli.Refused, err, `review the files again with "mpc-derive review", and compare what both machines show`)
	}
	if f.expect != "" {
		return check(f.expect)
	}
	return e.AskThrice("give the review code with --expect, or run it on a terminal", question, check)
}

// typeRecipients has every recipient typed, from wherever the user knows it.
func (f *batchFlags) typeRecipients(e *cli.Env, r *moving.Review) error {
	var asked []string
	for _, t := range r.Batch.Totals() {
		if t.Back || t.To == "" || slices.Contains(asked, t.To) {
			continue
		}
		asked = append(asked, t.To)
		who := "the recipient of"
		if t.Owner != "" {
			who = "the owner of the token account that gets"
		}
		err := e.AskThrice("--alone needs a terminal: without one, review the batch on another machine and give --expect",
			fmt.Sprintf("Type the full address of %s %s, from your own papers: ", who, t.Asset.Text(t.Amount)), func(text string) error {
				if t.Reaches(text) {
					return nil
				}
				return cli.Fail(cli.Refused, errors.New("the transactions pay somebody else than the address that was typed"), "compare it with your papers, letter by letter")
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes the files as they are signed, in their order, and the report. If one
// cannot be signed, nothing stays written.
func (f *batchFlags) write(e *cli.Env, report *signReport, paths []string, next func() (*signed, error)) error {
	progress := cli.NewProgress(e, "transactions signed", int64(len(paths)))
	defer progress.Done()
	files := cli.NewList("files")
	report.Files = []signedFile{}
	var codes []code
	var written [][]string // by file
	err := e.WriteFolder(f.output, func(d *cli.Folder) error {
		for i, path := range paths {
			s, err := next()
			if err != nil {
				return err
			}
			file := report.file(i, path, s.t, s.v)
			written = append(written, file.Written)
			file.ID, file.Parts = s.done.ID, s.done.Parts
			for n, o := range endings(s.t) {
				data := s.done.Data
				if o.text {
					data = []byte(s.done.Text + "\n")
				}
				if err := d.Add(file.Written[n], data); err != nil {
					return err
				}
			}
			if f.qr {
				codes = append(codes, code{file.Written, s.done.Line(maxCode)})
			}
			if err := files.Add(&file); err != nil {
				return err
			}
			progress.Add(1)
		}
		return d.AddFunc(reportName, func(w io.Writer) error { return files.Write(w, report) })
	})
	if err != nil {
		return err
	}
	if f.json {
		return e.WriteList(report, files)
	}
	fmt.Fprintf(e.Stdout, "\nsigned and verified: %s, in the folder %s\n", phrase.Count(len(paths), "transaction"), cli.Clean(f.output))
	for _, i := range alike(paths) {
		fmt.Fprintf(e.Stdout, "  %s is signed in %s\n", cli.Clean(paths[i]), cli.Clean(strings.Join(written[i], ", ")))
	}
	e.Hint("%s", broadcastable)
	return showCodes(e, codes)
}

// maxCode is the length of the longest text that is shown as a code: 125 modules a
// side, which fit on a large terminal.
const maxCode = 1091

// code is what is shown as a QR code of a transaction, or nothing.
type code struct {
	written []string
	text    string
}

// showCodes shows what a node takes, for a camera.
func showCodes(e *cli.Env, codes []code) error {
	for _, c := range codes {
		if c.text == "" {
			e.Note("%q is too long for a QR code, or lacks signatures: take the file", c.written[0])
			continue
		}
		picture, err := qrcode.Blocks(c.text)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(e.Stdout, "\n%s\n%s", cli.Clean(c.written[len(c.written)-1]), picture); err != nil {
			return err
		}
	}
	return nil
}
