package backup

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/audit/report"
	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/record"
)

var recordVerb = cli.Verb{
	Name:    "record",
	Summary: "write down the public facts of a vault, to check everything against later",
	Usage: `Usage: mpc-backup record FILE… -o vault-record.txt [--name NODE=PERSON]… [--exit CHAIN=ADDRESS[:TAG]]…

Makes the record of a vault from its share files, while all is well: the root keys,
who holds which share, whom to call, and where money may go. It opens no share and
asks for no password; of a bundle it needs the identity. All files must be of the
same sets of shares. It writes the record, beside it a page for paper with the same
name and .html, and shows the record code, this once.

Give it the files of all holders, compare what it shows with what you know, and print
the page once for each holder. Until every holder has signed the record with their
share it is unsworn: as good as whoever made it. The page has the root keys, so keep
it from strangers.

  -o, --output F          the record
  --name NODE=PERSON      who has the shares of a node (repeatable)
  --contact NODE=TEXT     where to call them back (repeatable)
  --exit CHAIN=ADDRESS    where money of a chain may go, with :TAG where the address needs a tag or
                          memo (repeatable); mpc-derive chains lists the chains
  -r, --recipient R       to whom backups are sealed: an age recipient or SSH public key (repeatable)
  --label TEXT            what people call the recipient: the i-th is for the i-th -r
  -R, --recipients-file F
                          recipients in a file, one a line, each under a comment that is its label
                          (repeatable)
  --addresses CSV         the address book; its rows must belong to the root keys
  --release-key KEY       an SSH public key under which the programs are released (repeatable)
  --previous F            the record before this one: the serial number continues from it, and
                          differences are shown
  -i, --identity F        an age identity, an SSH key or a shard that opens bundles (repeatable)
  --passphrase-file F     the passphrase of a bundle: the i-th is for the i-th bundle that has one
  --threshold T           how many shares are needed, for tss-lib files, which do not say
  --xpub KEY              the root extended public key, for a chain code that the files lack, as tss-lib's
                          do, or have encrypted
  --json                  print what was recorded as JSON

Example:
  mpc-backup record client.json custodian.json --name node-1="The client" \
    --name node-2="Acme custody" --contact node-2="+44 20 7946 0000" \
    --exit BTC=bc1q… --addresses address.csv -o vault-record.txt
`,
	Prepare: prepareRecord,
}

type recordFlags struct {
	holder.Flags
	holder.PublicRecipients
	output, addresses, previous  string
	names, contacts, exits, keys []string
	json                         bool

	facts record.Facts
}

func prepareRecord(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := recordFlags{Flags: holder.Flags{BundlesOnly: true}}
	f.Flags.Define(set)
	f.PublicRecipients.Define(set)
	set.StringVarP(&f.output, "output", "o", "", "")
	set.StringArrayVar(&f.names, "name", nil, "")
	set.StringArrayVar(&f.contacts, "contact", nil, "")
	set.StringArrayVar(&f.exits, "exit", nil, "")
	set.StringArrayVar(&f.keys, "release-key", nil, "")
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringVar(&f.previous, "previous", "", "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("addresses", "previous")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE")
	case f.output == "":
		return nil, set.Misuse("no output: give -o vault-record.txt")
	case strings.EqualFold(f.page(), f.output):
		return nil, set.Misuse("-o %q is the name of the page; give the record another, as vault-record.txt", f.output)
	}
	if err := f.PublicRecipients.Check(set); err != nil {
		return nil, err
	}
	f.facts = record.Facts{Serial: 1, Date: set.Date().Format("2006-01-02")}
	for _, read := range []func() error{f.readPeople, f.readExits, f.readReleaseKeys} {
		if err := read(); err != nil {
			return nil, set.Misuse("%w", err)
		}
	}
	return &cli.Plan{Reads: set.Args(), Outputs: []string{f.output, f.page()}, Guard: f.Opens(),
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.record(e, set) }}, nil
}

// page is the name of the page beside the record.
func (f *recordFlags) page() string {
	return strings.TrimSuffix(f.output, filepath.Ext(f.output)) + ".html"
}

// byNode cuts NODE=TEXT, and makes the text fit for a record.
func byNode(flag, value string) (node, text string, err error) {
	node, text, ok := strings.Cut(value, "=")
	if !ok || node == "" {
		return "", "", fmt.Errorf("--%s %q: NODE=TEXT was expected", flag, value)
	}
	if text, err = record.Clean(text); err != nil {
		return "", "", fmt.Errorf("--%s of node %q: %w", flag, node, err)
	}
	return node, text, nil
}

func (f *recordFlags) person(node string) *record.Person {
	i := slices.IndexFunc(f.facts.People, func(p record.Person) bool { return p.NodeID == node })
	if i < 0 {
		return nil
	}
	return &f.facts.People[i]
}

func (f *recordFlags) readPeople() error {
	for _, value := range f.names {
		node, name, err := byNode("name", value)
		switch {
		case err != nil:
			return err
		case f.person(node) != nil:
			return fmt.Errorf("--name of node %q was given twice", node)
		}
		f.facts.People = append(f.facts.People, record.Person{NodeID: node, Name: name})
	}
	for _, value := range f.contacts {
		node, contact, err := byNode("contact", value)
		if err != nil {
			return err
		}
		switch p := f.person(node); {
		case p == nil:
			return fmt.Errorf("--contact of node %q, which has no --name", node)
		case p.Contact != "":
			return fmt.Errorf("--contact of node %q was given twice", node)
		default:
			p.Contact = contact
		}
	}
	return nil
}

// readExits reads CHAIN=ADDRESS[:TAG]. Addresses may have colons, too.
func (f *recordFlags) readExits() error {
	for _, value := range f.exits {
		id, rest, ok := strings.Cut(value, "=")
		chain, known := chains.Lookup(id)
		switch {
		case !ok:
			return fmt.Errorf("--exit %q: CHAIN=ADDRESS was expected", value)
		case !known:
			return fmt.Errorf("--exit %q: there is no chain %q; mpc-derive chains lists those that are known", value, id)
		}
		address, tag, ok := chain.CutAddress(rest)
		if !ok {
			return fmt.Errorf("--exit %q: this is not an address of %s, or it is mistyped", value, chain.Name)
		}
		if tag != "" {
			var err error
			if tag, err = record.Clean(tag); err != nil {
				return fmt.Errorf("--exit %q: the tag: %w", value, err)
			}
		}
		f.facts.Exits = append(f.facts.Exits, record.Exit{Chain: chain.ID, Address: address, Tag: tag})
	}
	return nil
}

func (f *recordFlags) readReleaseKeys() error {
	for _, value := range f.keys {
		key, err := record.ParseReleaseKey(value)
		if err != nil {
			return fmt.Errorf("--release-key: %w", err)
		}
		f.facts.ReleaseKeys = append(f.facts.ReleaseKeys, key)
	}
	return nil
}

func (f *recordFlags) record(e *cli.Env, set *cli.Flags) error {
	before, err := f.before()
	if err != nil {
		return err
	}
	recipients, err := f.PublicRecipients.Read(set)
	if err != nil {
		return err
	}
	for _, r := range recipients {
		f.facts.Recipients = append(f.facts.Recipients, record.Recipient{Text: r.Text, Label: r.Label})
	}
	if f.facts.Groups, err = f.gather(e, set); err != nil {
		return err
	}
	// With the groups alone, so that an error is the fault of the files.
	r, err := record.New(record.Facts{Serial: 1, Date: f.facts.Date, Groups: f.facts.Groups})
	if err != nil {
		return recordError(cli.Failed, err)
	}
	if f.addresses != "" {
		if f.facts.Book, err = f.book(e, r.Roots()); err != nil {
			return err
		}
	}
	if r, err = record.New(f.facts); err != nil {
		return recordError(cli.Usage, err)
	}
	page, err := report.Record(r)
	if err != nil {
		return err
	}
	var out cli.Outputs
	out.Add(f.output, r.Text())
	out.Add(f.page(), page)
	if err := out.Write(e); err != nil {
		return err
	}
	f.advise(e, r)
	made := f.describe(r, before)
	if f.json {
		return e.WriteJSON(made)
	}
	return made.print(e.Stdout, r)
}

// before reads the record before this one, if there is one.
func (f *recordFlags) before() (*record.Record, error) {
	if f.previous == "" {
		return nil, nil
	}
	data, err := strict.ReadFile(f.previous, record.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("the record before: %w", err)
	}
	before, err := record.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the record before, %q: %w", f.previous, err)
	}
	code := before.Code()
	f.facts.Serial, f.facts.Previous = before.Serial+1, &code
	return before, nil
}

// gather takes the groups from the files.
func (f *recordFlags) gather(e *cli.Env, set *cli.Flags) ([]*share.Group, error) {
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if f.Opens() {
		if err := session.OpenBundles(); err != nil {
			return nil, err
		}
	}
	for _, in := range session.Inputs {
		switch {
		case in.Err != nil:
			return nil, cli.Fail(cli.Failed, in.Err, in.Hint())
		case len(in.Closed) > 0:
			return nil, cli.Fail(cli.Failed, fmt.Errorf("%q: %w, and a record is made without opening any", in.Path, in.Closed[0]),
				"make it of files whose public facts are not encrypted: of a keycard of BitGo's one JSON with userKey, backupKey and bitgoKey, which are its boxes A, B and C; if there are none, write down the root keys that mpc-recover key --check-only prints, for --xpub")
		case len(in.Shares) == 0:
			return nil, cli.Fail(cli.Failed, fmt.Errorf("%q holds no share that can be read", in.Path), "give a share file, or with -i the identity that opens the bundle")
		}
	}
	if err := session.CheckRoots(); err != nil {
		return nil, err
	}
	groups, warnings, err := record.Gather(session.Files())
	if err != nil {
		return nil, recordError(cli.Failed, err)
	}
	for _, w := range warnings {
		e.Warn("%s", w)
	}
	for _, p := range f.facts.People {
		if !slices.ContainsFunc(groups, func(g *share.Group) bool { return g.ByNode(p.NodeID) != nil }) {
			return nil, set.Misuse("--name of node %q: the files have no such node; they have %s", p.NodeID, phrase.And(phrase.Quoted(nodesOf(groups))))
		}
	}
	return groups, nil
}

// nodesOf lists the node IDs of groups, each once.
func nodesOf(groups []*share.Group) []string {
	var nodes []string
	for _, g := range groups {
		nodes = append(nodes, g.NodeIDs()...)
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// recordError gives an error a status, or Mismatch if files contradict each other.
func recordError(status int, err error) error {
	if errors.Is(err, share.ErrInconsistent) {
		return cli.Fail(cli.Mismatch, err, "a record is made from files that agree: export again those that are out of date; mpc-backup inspect shows what each says")
	}
	return cli.Fail(status, err)
}

// book reads the address book, whose rows must belong to the root keys.
func (f *recordFlags) book(e *cli.Env, roots []*derive.Key) (*record.Book, error) {
	sum, err := strict.SHA256(f.addresses)
	if err != nil {
		return nil, fmt.Errorf("address book: %w", err)
	}
	totals, err := addresses.Check(e, f.addresses, roots)
	if err != nil {
		return nil, err
	}
	if totals.Failed() || totals.Uncovered > 0 {
		return nil, cli.Fail(cli.Mismatch, fmt.Errorf("address book %q: %s", f.addresses, totals.Shortfall()), addresses.Bare(roots)...)
	}
	// What was hashed must be what was checked.
	if again, err := strict.SHA256(f.addresses); err != nil || again != sum {
		return nil, fmt.Errorf("address book %q: %w", f.addresses, cmp.Or(err, strict.ErrChanged))
	}
	return &record.Book{SHA256: sum, Rows: totals.Rows}, nil
}

// advise says what is missing, and what comes next.
func (f *recordFlags) advise(e *cli.Env, r *record.Record) {
	var unnamed, uncalled []string
	for _, node := range nodesOf(r.Groups) {
		switch p, ok := r.Person(node); {
		case !ok:
			unnamed = append(unnamed, node)
		case p.Contact == "":
			uncalled = append(uncalled, node)
		}
	}
	if len(unnamed) > 0 {
		e.Warn("the record does not say who has the shares of %s, or where to call them back: give --name and --contact", phrase.And(phrase.Quoted(unnamed)))
	}
	if len(uncalled) > 0 {
		e.Warn("the record does not say where to call back who has the shares of %s: give --contact", phrase.And(phrase.Quoted(uncalled)))
	}
	for i, p := range r.People {
		for _, o := range r.People[:i] {
			if p.Same(o) && slices.ContainsFunc(r.Groups, func(g *share.Group) bool { return g.ByNode(p.NodeID) != nil && g.ByNode(o.NodeID) != nil }) {
				e.Warn("the record has one name or telephone number for the nodes %q and %q: one person with two shares is not two holders; if they are two, tell them apart", o.NodeID, p.NodeID)
			}
		}
	}
	for _, exit := range r.Exits {
		if chain, ok := chains.Lookup(exit.Chain); ok && !chain.Reads(exit.Address) {
			e.Warn("address %s of %s has no checksum that was checked: compare it letter by letter", exit.Address, exit.Chain)
		}
	}
	if len(r.Exits) == 0 {
		e.Warn("the record names no address to which money may go: one that somebody brings on the day was not agreed beforehand (--exit)")
	}
	for _, g := range r.Groups {
		if g.ChainCode == nil && g.Lack == share.NotOpened {
			e.Warn("the record has no chain code of group %q on %v, since the file has it encrypted: it vouches for the key, and for no address below it. Record it with --xpub and the root extended public key, which mpc-recover key --check-only prints", g.ID, g.Curve)
		}
	}
	if i := slices.IndexFunc(r.Groups, func(g *share.Group) bool { return !g.KeysKnown() }); i >= 0 {
		e.Note("the record stays unsworn: the files have no share public keys of group %q on %v, by which signatures could be checked, so attest refuses them. Have every holder sign the paper, and two people find the vault's money with an explorer", r.Groups[i].ID, r.Groups[i].Curve)
	} else {
		e.Note("the record is unsworn until every holder has signed it with their share (mpc-backup attest FILE --record), and two people have found the vault's money with an explorer")
	}
	e.Note("print %q, one paper for each holder, and keep it from strangers: with a root key on it, one private key of an address gives the private key of the vault", f.page())
}
