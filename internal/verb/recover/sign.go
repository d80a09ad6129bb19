package recover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/papercode"
	"lifeboat/internal/qrcode"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/tx"
)

var signVerb = cli.Verb{
	Name:    "sign",
	Summary: "sign unsigned transactions with enough shares; no key leaves the program",
	Usage: `Usage: mpc-recover sign FILE FILE… --tx PATH --addresses CSV --to ADDRESS -o DIR

Signs a batch of unsigned transactions. FILE is what "mpc-recover key" takes: share
files or bundles of enough holders, or a bundle with a root key. The root key exists
in memory only, and child keys a few at a time.

Review the same files on another machine first, with "mpc-derive review", and bring
its review code on paper: it is asked for, and never shown. Every transaction is read
and judged before a share is opened, and if one is refused, nothing is signed.

  --tx PATH               unsigned transactions: a file, or a folder of them (repeatable)
  --expect CODE           the review code, whole, where there is no terminal
  --alone                 there is no second machine: type every recipient in full instead
  --replaces REPORT       the report.json of transactions that these take the place of
  --qr                    show small results as QR codes, for a camera
  --hedge                 add randomness to nonces: two runs give different signatures
` + moving.Help + `  --group ID              only this group
` + holder.NoRecordHelp + holder.FlagsHelp + `  -o, --output DIR        the new folder for what is signed, and report.json
  --json                  print the report as JSON

Example:
  mpc-recover sign client.json custodian.json --xpub roots.txt --tx unsigned/ --addresses address.csv --to-file exits.txt -o signed
`,
	Prepare: prepareSign,
}

type signFlags struct {
	rootFlags
	moving.Flags
	txs      []string
	expect   string
	alone    bool
	replaces string
	hedge    bool
	qr       bool
	output   string
	json     bool
}

func prepareSign(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f signFlags
	f.rootFlags.Define(set)
	f.DefineNoRecord(set)
	f.Flags.Define(set)
	set.StringVar(&f.group, "group", "", "")
	set.StringArrayVar(&f.txs, "tx", nil, "")
	set.StringVar(&f.expect, "expect", "", "")
	set.BoolVar(&f.alone, "alone", false, "")
	set.StringVar(&f.replaces, "replaces", "", "")
	set.BoolVar(&f.hedge, "hedge", false, "")
	set.BoolVar(&f.qr, "qr", false, "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("tx", "replaces")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if err := f.check(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Outputs: []string{f.output}, Guard: true, Run: func(e *cli.Env, c *cli.Conditions) error {
		return f.run(e, set, c)
	}}, nil
}

func (f *signFlags) check(set *cli.Flags) error {
	switch {
	case set.NArg() == 0:
		return set.Misuse("no FILE: give the share files of enough holders, or a bundle with a root key")
	case len(f.txs) == 0:
		return set.Misuse("nothing to sign: give --tx, the unsigned transactions")
	case f.output == "":
		return set.Misuse("no -o, the new folder for what is signed")
	case f.qr && f.json:
		return set.Misuse("--qr draws on standard output, where --json writes")
	case f.alone && f.expect != "":
		return set.Misuse("--alone says that there is no second machine, and --expect is its review code")
	case !f.Restricted() && !f.Record.Given():
		return set.Misuse("who may be paid? give --to, --to-file, or --record with its exits")
	}
	if f.expect != "" {
		if _, err := papercode.Parse(f.expect); err != nil {
			return set.Misuse("--expect: %w", err)
		}
	}
	return f.Flags.Check(set)
}

func (f *signFlags) run(e *cli.Env, set *cli.Flags, conditions *cli.Conditions) error {
	session, err := holder.Load(e, set, &f.rootFlags.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	roots, err := f.publicRoots(session)
	if err != nil {
		return err
	}
	exits, err := moving.Exits(session.Record)
	if err != nil {
		return err
	}
	if !f.Restricted() && len(exits) == 0 {
		return cli.Fail(cli.Usage, errors.New("the record allows no exits, and there is neither --to nor --to-file: who may be paid?"))
	}
	review, err := moving.Begin(e, set, &f.Flags, roots, exits, f.txs)
	if err != nil {
		return err
	}
	report := &signReport{Heading: session.Heading(set, conditions), Warning: broadcastable}
	if err := f.review(e, review, report); err != nil {
		return err
	}
	found, err := f.unlock(e, session)
	if err != nil {
		return err
	}
	return f.sign(e, review, found.roots, report)
}

// publicRoots returns the root public keys against which the transactions are read.
// Nothing is opened for them.
func (f *signFlags) publicRoots(session *holder.Session) ([]*derive.Key, error) {
	var groups []*share.Group
	for _, in := range session.Inputs {
		for _, s := range in.Shares {
			if g := s.Sealed.Group; g != nil && (f.group == "" || g.ID == f.group) {
				groups = append(groups, g)
			}
		}
	}
	roots := share.Roots(groups)
	if len(session.Roots) > 0 {
		return session.Roots.Completed(roots), nil
	}
	if len(roots) == 0 {
		return nil, cli.Fail(cli.Usage, errors.New("the transactions are read before anything is opened, and no file says in the clear whose vault it is of"), "give --record or --xpub")
	}
	return roots, nil
}

// maxShown is how many transactions are shown one by one before they are signed;
// the totals have all of them.
const maxShown = 20

// review reads the batch, shows it, and has it confirmed.
func (f *signFlags) review(e *cli.Env, r *moving.Review, report *signReport) error {
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
	err = r.All(e, func(path string, t *tx.Transaction, v *tx.Verdict) error {
		if f.replaces != "" && !slices.ContainsFunc(t.Claims, func(c string) bool { return before[c] }) {
			return cli.Fail(cli.Refused, fmt.Errorf("%q takes the place of nothing in %q: both could count, and pay twice", path, f.replaces))
		}
		file := signedFile{FileReport: moving.Report(path, t, v), Claims: t.Claims}
		if err := file.name(t, names); err != nil {
			return err
		}
		report.Files = append(report.Files, file)
		if len(r.Files) > maxShown {
			return nil
		}
		return moving.Block(screen, path, t, v, !f.alone)
	})
	if err != nil {
		return err
	}
	if err := r.Totals(screen, !f.alone); err != nil {
		return err
	}
	report.Totals, report.Code, report.Alone = r.TotalReports(), r.Batch.Code().String(), f.alone
	return f.confirm(e, r)
}

// confirm asks for what only somebody can know who reviewed the batch elsewhere, or,
// alone, has the recipients from elsewhere.
func (f *signFlags) confirm(e *cli.Env, r *moving.Review) error {
	if f.alone {
		return f.typeRecipients(e, r)
	}
	check := func(text string) error {
		code, err := papercode.Parse(text)
		if err == nil && !code.Equal(r.Batch.Code()) {
			err = errors.New("that is the review code of another batch: a file, the address book, the root keys or --trust-amounts differ between the two machines")
		}
		return cli.Fail(cli.Refused, err, `review the files again with "mpc-derive review", and compare what both machines show`)
	}
	if f.expect != "" {
		return check(f.expect)
	}
	return e.AskThrice("give the review code with --expect, or run it on a terminal", "Type the review code from the paper of the machine that reviewed this batch: ", check)
}

// typeRecipients has every recipient typed, from wherever the user knows it.
func (f *signFlags) typeRecipients(e *cli.Env, r *moving.Review) error {
	var asked []string
	for _, t := range r.Batch.Totals() {
		if t.Back || t.To == "" || slices.Contains(asked, t.To) {
			continue
		}
		asked = append(asked, t.To)
		err := e.AskThrice("--alone needs a terminal: without one, review the batch on another machine and give --expect",
			fmt.Sprintf("Type the full address of the recipient of %s, from your own papers: ", t.Asset.Text(t.Amount)), func(text string) error {
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

// unlock opens the shares and combines them, or takes a root key from a bundle.
func (f *signFlags) unlock(e *cli.Env, session *holder.Session) (*found, error) {
	if err := session.Combine(false); err != nil {
		return nil, err
	}
	found, err := f.find(e, session)
	session.Blame()
	if err != nil {
		return nil, err
	}
	if len(found.roots) == 0 {
		return nil, found.short
	}
	return found, nil
}

// sign reads every file again, signs it, and writes it. A file that is not the one
// that was reviewed stops the run, and nothing stays written.
func (f *signFlags) sign(e *cli.Env, r *moving.Review, roots []*recover.Root, report *signReport) error {
	out := cli.Outputs{Folder: f.output}
	next, stop := newSigner(roots, f.hedge).files(r)
	defer stop()
	progress := cli.NewProgress(e, "transactions signed", int64(len(r.Files)))
	defer progress.Done()
	for i := range r.Files {
		file := &report.Files[i]
		var done *tx.Signed // between the outputs of one file
		for _, o := range file.outputs {
			out.AddFunc(o.name, func(w io.Writer) (err error) {
				if o.first {
					if done, err = next(); err != nil {
						return err
					}
					file.ID, file.Parts = done.ID, done.Parts
					if f.qr {
						file.code = done.Line(maxCode)
					}
					progress.Add(1)
				}
				data := done.Data
				if o.text {
					data = []byte(done.Text + "\n")
				}
				_, err = w.Write(data)
				return err
			}, nil)
		}
	}
	out.AddFunc(reportName, func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}, nil)
	if err := out.Write(e); err != nil {
		return err
	}
	if f.json {
		return e.WriteJSON(report)
	}
	fmt.Fprintf(e.Stdout, "\nsigned and verified: %d transactions, in the folder %s\n", len(report.Files), cli.Clean(f.output))
	e.Hint("%s", broadcastable)
	if !f.qr {
		return nil
	}
	return showCodes(e, report.Files)
}

// maxCode is the length of the longest text that is shown as a code: 125 modules a
// side, which fit on a large terminal.
const maxCode = 1091

// showCodes shows what a node takes, for a camera.
func showCodes(e *cli.Env, files []signedFile) error {
	for i := range files {
		f := &files[i]
		if f.code == "" {
			e.Note("%q is too long for a QR code, or lacks signatures: take the file", f.Written[0])
			continue
		}
		picture, err := qrcode.Blocks(f.code)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(e.Stdout, "\n%s\n%s", cli.Clean(f.Written[len(f.Written)-1]), picture); err != nil {
			return err
		}
	}
	return nil
}
