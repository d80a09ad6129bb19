package recover

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
)

var keyVerb = cli.Verb{
	Name:    "key",
	Summary: "hard key recovery: the root private key and every key of the address book, from enough shares",
	Usage: `Usage: mpc-recover key FILE FILE… -o OUT.age -r RECIPIENT [--addresses CSV] [--path P] [--root]
       mpc-recover key FILE FILE… --check-only [--addresses CSV]

Hard key recovery: the provider is gone. Enough key shares give the root private
key, and from it the private key of every address. A FILE is a recovery group
file, tss-lib save data, or a bundle that holds one. With more files than needed,
bad ones are named and the good ones are used. The root key is checked against
the root public key of the files, and each row's key against its child public key.

The result holds root.json, keys.csv, report.json and MOVING.html, sealed into a new
bundle. MOVING.html says how to move the money of these rows, chain by chain. A bundle that an earlier run with --root made can stand in place of the shares.

Whoever made a file may have made up the vault in it. --record or --xpub says which vault
is meant. Without them, the shares of a root key must come from two files at least, and
no curve may have shares of two root keys, opened or not; else nothing is recovered, and
the exit status is 3. --no-record trusts one file; --group does not help, for an ID is
copied easily. A vault may have each curve in files of its own, so keys on two curves are
recovered together, and nothing in the files shows that they are of one vault.

Where the files have shares of a root key that cannot be recovered, the others are written
all the same, and the exit status is not 0. --group says which one is meant.

What to write (at least one):
  --addresses CSV         a key for each row of the exported address book
  --path P                a key at this path, such as m/44/60/0/0/7 (repeatable)
  --chain C               with --path: as an address of this chain (repeatable)
  --root                  the root private keys, in root.json
  --check-only            write nothing: combine, compare the root keys and every row, and report

Which key:
  --group ID              only this group (default: every group with enough shares)
  --salvage               with --xpub or --record: files with damaged public facts are used, too, and only
                          a result equal to the recorded key is accepted
` + holder.NoRecordHelp + holder.FlagsHelp + holder.OutputHelp + `  --json                  print the report as JSON

Example: two holders, an address book, sealed to an identity of "mpc-backup keygen"
  mpc-recover key client.json custodian.json --addresses address.csv -r age1pq1… -o keys.age
`,
	Prepare: prepareKey,
}

// leak is the warning of every output that holds a child private key.
const leak = "One child private key together with the root extended public key gives the root private key, and with it every key. Give a child key only to somebody to whom you would give the whole vault, or who will never see the root extended public key."

type keyFlags struct {
	rootFlags
	holder.OutputFlags
	addresses string
	paths     []string
	chains    []string
	root      bool
	checkOnly bool
	json      bool
}

func prepareKey(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f keyFlags
	f.Flags.Define(set)
	f.OutputFlags.Define(set)
	f.DefineNoRecord(set)
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringArrayVar(&f.paths, "path", nil, "")
	set.StringArrayVar(&f.chains, "chain", nil, "")
	set.BoolVar(&f.root, "root", false, "")
	set.BoolVar(&f.checkOnly, "check-only", false, "")
	set.StringVar(&f.group, "group", "", "")
	set.BoolVar(&f.salvage, "salvage", false, "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("addresses")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	table, err := f.table(set)
	if err != nil {
		return nil, err
	}
	target, err := f.target(set)
	if err != nil {
		return nil, err
	}
	p := &cli.Plan{Reads: set.Args(), Guard: true, Run: func(e *cli.Env, c *cli.Conditions) error {
		table.env = e
		return f.recoverKeys(e, set, table, target, c)
	}}
	if target != nil {
		p.Outputs, p.Plain = target.Outputs(), target.InClear()
	}
	return p, nil
}

// target returns where the result goes, or nil for a run that only checks.
func (f *keyFlags) target(set *cli.Flags) (*holder.Target, error) {
	switch {
	case !f.checkOnly:
		return f.Target(set)
	case f.OutputFlags.Given():
		return nil, set.Misuse("--check-only writes nothing: leave out -o, --plaintext and recipients")
	}
	return nil, nil
}

func (f *keyFlags) recoverKeys(e *cli.Env, set *cli.Flags, table *keyTable, target *holder.Target, conditions *cli.Conditions) (err error) {
	if target != nil {
		if target.Recipients, err = f.Recipients.Read(e, set); err != nil {
			return err
		}
	}
	if f.addresses != "" { // a wrong file is found before a password is asked for
		if table.header, err = addresses.Header(f.addresses); err != nil {
			return err
		}
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	return f.recover(e, set, session, table, target, conditions)
}

// table checks what is to be written, before anything is read.
func (f *keyFlags) table(set *cli.Flags) (*keyTable, error) {
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE: give the share files of enough holders")
	case !f.checkOnly && !f.root && f.addresses == "" && len(f.paths) == 0:
		return nil, set.Misuse("nothing to write: give --addresses, --path or --root; or --check-only, which writes nothing")
	case len(f.chains) > 0 && len(f.paths) == 0:
		return nil, set.Misuse("--chain needs --path; the address book names its own coins")
	case f.salvage && f.group != "":
		return nil, set.Misuse("--salvage goes by recorded root keys alone: it does not trust what files say of their group, so --group cannot narrow it")
	case f.salvage && !f.Recorded():
		return nil, set.Misuse("--salvage needs --xpub or --record, the root extended public key from your own records: nothing else vouches for the result")
	}
	t := &keyTable{book: f.addresses}
	for _, p := range f.paths {
		path, err := derive.ParsePath(p)
		if err != nil {
			return nil, set.Misuse("--path: %w", err)
		}
		t.paths = append(t.paths, path)
	}
	for _, list := range f.chains {
		for id := range strings.SplitSeq(list, ",") {
			c, err := addresses.Chain(id)
			if err != nil {
				return nil, err
			}
			t.chains = append(t.chains, c)
		}
	}
	return t, nil
}

// recover opens what was read, judges it, recovers what it gives, and writes that, or
// without a target only compares it.
func (f *keyFlags) recover(e *cli.Env, set *cli.Flags, session *holder.Session, table *keyTable, target *holder.Target, conditions *cli.Conditions) error {
	if err := session.Combine(f.salvage); err != nil {
		return err
	}
	found, err := f.find(e, session)
	session.Blame()
	if err != nil {
		return err
	}
	f.warnUnrecorded(e, session, found.roots)
	table.recovered = found.roots
	r := &keyReport{Heading: session.Heading(set, conditions), CheckOnly: f.checkOnly, table: table}
	r.describe(found, f.writesChildren())
	if len(found.roots) == 0 {
		if f.json {
			return errors.Join(found.short, e.WriteJSON(r))
		}
		return found.short
	}
	if err := cmp.Or(table.checkChains(), table.checkPaths()); err != nil {
		return err
	}
	f.describeMoving(set, session, table, r)
	if target == nil {
		if err := table.check(); err != nil {
			return err
		}
	} else if err := target.Write(e, f.files(table, r), holder.Meta(e, set)); err != nil {
		return err
	}
	r.finish()
	if f.json {
		if err := e.WriteJSON(r); err != nil {
			return err
		}
	} else {
		r.print(e.Stdout, target)
	}
	if f.writesChildren() {
		e.Warn("%s", leak)
	}
	return f.conclude(e, table, found.short)
}

// warnUnrecorded names the curves without an --xpub, if another curve has one.
func (f *keyFlags) warnUnrecorded(e *cli.Env, session *holder.Session, roots []*recover.Root) {
	session.WarnUnrecorded(func(c curve.Curve) bool {
		return slices.ContainsFunc(roots, func(r *recover.Root) bool { return r.Key.Public().Curve() == c })
	})
	for _, c := range curve.All() {
		if f.salvage && !session.Roots.On(c) && len(session.Opened(c)) > 0 {
			e.Warn("no --xpub was given on %v, so --salvage leaves the shares on it alone", c)
		}
	}
}

func (f *keyFlags) writesChildren() bool {
	return !f.checkOnly && (f.addresses != "" || len(f.paths) > 0)
}

// conclude decides the exit status once everything that could be written was.
func (f *keyFlags) conclude(e *cli.Env, t *keyTable, short error) error {
	n := t.totals
	if n.Uncovered > 0 {
		e.Warn("%s of the address book without a key: no root key on the curve is among those recovered", phrase.Count(n.Uncovered, "row"))
	}
	if n.Failed() || short == nil && n.Uncovered > 0 && f.group == "" {
		var hints []string
		if !f.checkOnly {
			hints = append(hints, "the column status of keys.csv says what is wrong with each row; every key that is in it was checked")
		}
		if told := (*cli.Error)(nil); errors.As(short, &told) {
			hints = append(hints, told.Hints...)
		}
		return cli.Fail(cli.Mismatch, errors.Join(short, fmt.Errorf("address book: %d of %s ok, %d mismatch, %d bad, %d unsupported", n.OK, phrase.Count(n.Rows, "row"), n.Mismatch, n.Bad, n.Unsupported)), hints...)
	}
	return short
}

func (t *keyTable) checkChains() error {
	for _, c := range t.chains {
		if !slices.ContainsFunc(t.recovered, func(r *recover.Root) bool { return len(c.On(r.Key.Public().Curve())) > 0 }) {
			return cli.Fail(cli.Mismatch, fmt.Errorf("--chain %s: none of the recovered root keys is on a curve of this chain", c.ID))
		}
	}
	return nil
}

// checkPaths refuses paths below a root key without a chain code.
func (t *keyTable) checkPaths() error {
	for _, r := range t.recovered {
		below := slices.IndexFunc(t.paths, func(p derive.Path) bool { return len(p) > 0 })
		if below >= 0 && r.Key.Public().IsBare() && chains.Takes(t.chains, r.Key.Public().Curve()) {
			return cli.Fail(cli.Usage, fmt.Errorf("--path %s: the chain code of the root key on %v is not known, and %w", t.paths[below], r.Key.Public().Curve(), derive.ErrNoChainCode),
				"give the root extended public key with --xpub, if the vault has one; --path m is the root key itself, and --chain takes the paths for its own curve only")
		}
	}
	return nil
}

// files lists the result. The page and the report come last: they need the rows.
func (f *keyFlags) files(t *keyTable, r *keyReport) []backup.File {
	roots := recover.MarshalRoots(t.recovered, f.root)
	t.env.OnExit(roots.Wipe)
	files := []backup.File{backup.SecretFile(recover.RootsName, roots)}
	if f.writesChildren() {
		files = append(files,
			backup.File{Name: "keys.csv", Open: t.open},
			backup.SecretFile("READ-ME-FIRST.txt", secret.Copy([]byte(leak+"\n"))))
	}
	files = append(files, backup.File{Name: movingName, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(t.moving.HTML())), nil
	}})
	return append(files, backup.File{Name: "report.json", Open: func() (io.ReadCloser, error) {
		r.finish()
		b, err := json.MarshalIndent(r, "", "  ")
		return io.NopCloser(bytes.NewReader(append(b, '\n'))), err
	}})
}
