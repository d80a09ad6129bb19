package recover

import (
	"errors"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover"
	"lifeboat/share"
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
	batchFlags
	hedge bool
}

func prepareSign(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f signFlags
	f.rootFlags.Define(set)
	f.DefineNoRecord(set)
	f.batchFlags.define(set)
	set.StringVar(&f.group, "group", "", "")
	set.BoolVar(&f.alone, "alone", false, "")
	set.BoolVar(&f.hedge, "hedge", false, "")
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
	case f.output == "":
		return set.Misuse("no -o, the new folder for what is signed")
	case f.alone && f.expect != "":
		return set.Misuse("--alone says that there is no second machine, and --expect is its review code")
	case f.alone && f.Blind():
		return set.Misuse("--alone has recipients typed, and nobody knows those of a message that is signed unread: review it on another machine, with --blind")
	}
	return f.batchFlags.check(set, f.Record.Given())
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
	review, err := f.begin(e, set, roots, session.Record)
	if err != nil {
		return err
	}
	report := &signReport{Heading: session.Heading(set, conditions), Warning: broadcastable}
	if err := f.review(e, review, report, nil); err != nil {
		return err
	}
	if err := f.confirm(e, review, "Type the review code from the paper of the machine that reviewed this batch: "); err != nil {
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
	next, stop := (&signer{roots, f.hedge}).files(r)
	defer stop()
	return f.write(e, report, r.Files, next)
}
