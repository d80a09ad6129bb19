package derive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/chains/account"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/ordered"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/addresses"
)

var addressVerb = cli.Verb{
	Name:    "address",
	Summary: "addresses and child public keys at given paths, or of a whole address book",
	Usage: `Usage: mpc-derive address XPUB… --path P [--chain C,C] [--csv | --json] [-o FILE]
       mpc-derive address XPUB… --addresses CSV [--csv | --json] [-o FILE]

Derives the child public keys of a root extended public key and
writes them as addresses of the chains; or checks every row of the exported address
book against the root keys. XPUB is a key, a file with one key a line, or a share
file, of which only the public part is read. A vault has a root key on each curve:
xpub… and tpub… are secp256k1, cpub… and fpub… (Fireblocks) are ed25519, bitgo:HEX,
box C of a keycard of BitGo's, is either. --path takes one key on each curve. A vault
without chain codes has bare public keys, in hex: of them there is --path m alone.

  --path P                a path such as m/44/60/0/0/7 (repeatable); m is the key itself;
                          its last step may be *, for --from and --count
  --chain C[,C]           the chains (repeatable); without it, only child public keys
  --from N                the first index for * (default 0)
  --count N               how many indexes for * (default 20)
  --addresses CSV         the address book to check; exit status 3 if a row mismatches
  --csv, --json           the form of the result (default: a table for people)
  -o, --output FILE       write to a new file instead (CSV unless --json)

Example:
  mpc-derive address xpub6… --chain eth,btc --path 'm/44/60/0/0/*' --count 5
`,
	Prepare: prepareAddress,
}

type addressFlags struct {
	output
	paths     []string
	chains    []string
	from      uint32
	count     uint32
	addresses string
}

func prepareAddress(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f addressFlags
	set.StringArrayVar(&f.paths, "path", nil, "")
	set.StringArrayVar(&f.chains, "chain", nil, "")
	set.Uint32Var(&f.from, "from", 0, "")
	set.Uint32Var(&f.count, "count", 20, "")
	set.StringVar(&f.addresses, "addresses", "", "")
	set.Reads("addresses")
	f.define(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no extended public key")
	case f.addresses == "" && len(f.paths) == 0:
		return nil, set.Misuse("give at least one --path (m is the key itself), or --addresses")
	case f.addresses != "" && len(f.paths)+len(f.chains) > 0:
		return nil, set.Misuse("--addresses brings its own paths and coins: leave --path and --chain out")
	}
	starred := slices.ContainsFunc(f.paths, func(p string) bool { return strings.HasSuffix(p, "*") })
	if (set.Changed("from") || set.Changed("count")) && (!starred || f.count == 0) {
		return nil, set.Misuse("--from and --count are for a --path that ends with *, and at least one index")
	}
	if err := f.check(set); err != nil {
		return nil, err
	}
	list, err := lookUp(f.chains)
	if err != nil {
		return nil, err
	}
	ranges := make([]pathRange, len(f.paths))
	for i, p := range f.paths {
		if ranges[i], err = f.pathRange(set, p); err != nil {
			return nil, err
		}
	}
	return &cli.Plan{Reads: set.Args(), Outputs: f.outputs(), Run: func(e *cli.Env, _ *cli.Conditions) error {
		keys, err := readKeys(set.Args())
		switch {
		case err != nil:
			return err
		case f.addresses != "":
			return f.checkBook(e, keysOf(keys))
		}
		return f.derive(e, keys, list, ranges)
	}}, nil
}

// derive writes what is at the paths, in the forms of the chains.
func (f *addressFlags) derive(e *cli.Env, keys []root, list []*chains.Chain, ranges []pathRange) error {
	for _, c := range list {
		if !slices.ContainsFunc(keys, func(k root) bool { return len(c.On(k.Curve())) > 0 }) {
			return cli.Fail(cli.Usage, fmt.Errorf("--chain %s: it has no addresses for keys on %v", c.ID, keys[0].Curve()), onCurves)
		}
	}
	// A key of another curve may have no children, which is no matter.
	keys = slices.DeleteFunc(keys, func(k root) bool { return !chains.Takes(list, k.Curve()) })
	if err := oneVault(keys); err != nil {
		return err
	}
	columns := []string{"path", "chain", "encoding", "address", "public_key", "extended_public_key"}
	return f.write(e, columns, "addresses", formLine, func(out rowWriter) error {
		for _, r := range ranges {
			for _, k := range keys {
				if err := r.each(e, k, list, out); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// formLine is a row for people: the path and the address, or the key.
func formLine(r []string) string {
	if r[1] == "" {
		return r[0] + "  " + cmp.Or(r[5], r[4])
	}
	return fmt.Sprintf("%s  %s %s  %s", r[0], r[1], r[2], r[3])
}

// lookUp finds chains by their IDs.
func lookUp(lists []string) ([]*chains.Chain, error) {
	var found []*chains.Chain
	for _, list := range lists {
		for id := range strings.SplitSeq(list, ",") {
			c, err := addresses.Chain(strings.TrimSpace(id))
			if err != nil {
				return nil, err
			}
			found = append(found, c)
		}
	}
	return found, nil
}

// pathRange is a path, or many that differ in their last step.
type pathRange struct {
	parent derive.Path
	from   uint64
	count  uint64
	self   bool // the parent itself
}

func (f *addressFlags) pathRange(set *cli.Flags, text string) (pathRange, error) {
	base, star := strings.CutSuffix(text, "/*")
	path, err := derive.ParsePath(base)
	if err != nil {
		return pathRange{}, set.Misuse("--path: %w", err)
	}
	if !star {
		return pathRange{parent: path, self: true, count: 1}, nil
	}
	r := pathRange{parent: path, from: uint64(f.from), count: uint64(f.count)}
	if r.from+r.count > 1<<31 {
		return r, set.Misuse("--from and --count reach index 2^31, where hardened keys begin, which an MPC wallet cannot have")
	}
	return r, nil
}

// chunk is how many keys are derived at once.
const chunk = 1024

// paths returns the next paths from the n-th on.
func (r pathRange) paths(n uint64) []derive.Path {
	if r.self {
		return []derive.Path{r.parent}
	}
	list := make([]derive.Path, min(chunk, r.count-n))
	depth := len(r.parent)
	for i := range list {
		list[i] = append(r.parent[:depth:depth], uint32(r.from+n+uint64(i)))
	}
	return list
}

// each writes the forms of every key of the range, derived on all cores.
func (r pathRange) each(e *cli.Env, root root, list []*chains.Chain, out rowWriter) error {
	engine := derive.NewEngine(int64(r.count))
	bulks := make([]*derive.Bulk, addresses.Workers())
	stakes := make([]*account.Stakes, len(bulks))
	progress := cli.NewProgress(e, "keys", int64(r.count))
	defer progress.Done()
	done := uint64(0)
	return ordered.Run(len(bulks),
		func() ([]derive.Path, error) {
			if err := e.Interrupt.Err(); err != nil {
				return nil, err
			}
			if done >= r.count {
				return nil, io.EOF
			}
			paths := r.paths(done)
			done += uint64(len(paths))
			return paths, nil
		},
		func(worker int, paths []derive.Path) ([][]string, error) {
			if bulks[worker] == nil {
				bulks[worker], stakes[worker] = engine.Bulk(root.Key), account.NewStakes(root.Key)
			}
			keys := make([]derive.Descendant, len(paths))
			bulks[worker].Derive(paths, keys)
			var rows [][]string
			for i := range keys {
				if errors.Is(keys[i].Err, derive.ErrNoChainCode) {
					return nil, cli.Fail(cli.Usage, fmt.Errorf("path %s: %w", paths[i], keys[i].Err), root.remedy()+"; --path m is the key itself, and --chain takes the path for its own curve only")
				}
				if keys[i].Err != nil {
					return nil, cli.Fail(cli.Failed, fmt.Errorf("path %s: %w", paths[i], keys[i].Err))
				}
				rows = appendForms(rows, paths[i], &keys[i], list, stakes[worker])
			}
			return rows, nil
		},
		func(rows [][]string) error {
			progress.Add(int64(len(rows)))
			for _, row := range rows {
				if err := out.row(row); err != nil {
					return err
				}
			}
			return nil
		})
}

func appendForms(rows [][]string, path derive.Path, key *derive.Descendant, list []*chains.Chain, stakes *account.Stakes) [][]string {
	public := chains.DerivedKey(key.Curve(), key.Child.Key, key.Child.XY)
	if slices.ContainsFunc(list, (*chains.Chain).Staked) {
		stakes.Note(&public, path)
	}
	common := []string{path.String(), "", "", "", fmt.Sprintf("%x", public.Key), key.Extended()}
	if len(list) == 0 {
		return append(rows, common)
	}
	for _, c := range list {
		for _, x := range c.On(key.Curve()) {
			address, err := x.Address(&public)
			if err != nil {
				continue // its curve is the key's, and a path of no account has no stake key
			}
			row := slices.Clone(common)
			row[1], row[2], row[3] = c.ID, x.Name, address
			rows = append(rows, row)
		}
	}
	return rows
}

// bookColumns follow the address book's own.
var bookColumns = []string{"extended public key", "derived address", "encoding", "status"}

// checkBook checks an address book. Every row is in the result, and the totals
// are on standard error.
func (f *addressFlags) checkBook(e *cli.Env, roots []*derive.Key) error {
	header, err := addresses.Header(f.addresses)
	if err != nil {
		return err
	}
	var totals *book.Totals
	width := len(header)
	rows := func(out rowWriter) (err error) {
		totals, err = addresses.Run(e, f.addresses, roots, false,
			func(c *addresses.Chunk) ([][]string, error) { return bookRows(c, width), nil },
			func(rows [][]string) error {
				for _, row := range rows {
					if err := out.row(row); err != nil {
						return err
					}
				}
				return nil
			})
		return err
	}
	if err := f.write(e, append(header[:width:width], bookColumns...), "rows", nil, rows); err != nil {
		return err
	}
	summary := "address book: " + totals.String()
	if f.table() {
		if _, err := fmt.Fprintln(e.Stdout, summary); err != nil {
			return err
		}
	} else {
		e.Note("%s", summary)
	}
	if totals.Uncovered > 0 {
		e.Warn("%s not checked: no root key on the curve was given", phrase.Count(totals.Uncovered, "row"))
	}
	if totals.Failed() {
		return cli.Fail(cli.Mismatch, errors.New(summary))
	}
	return nil
}

func bookRows(c *addresses.Chunk, width int) [][]string {
	rows := make([][]string, len(c.Rows))
	for i, row := range c.Rows {
		r := &c.Results[i]
		key, encoding := "", ""
		if r.Key != nil {
			key = r.Key.Extended()
		}
		if r.Encoding != nil {
			encoding = r.Encoding.Name
		}
		rows[i] = append(row.Output(width), key, r.Derived, encoding, r.Text())
	}
	return rows
}
