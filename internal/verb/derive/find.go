package derive

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/chains/find"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/ordered"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
)

var findVerb = cli.Verb{
	Name:    "find",
	Summary: "the paths of addresses",
	Usage: `Usage: mpc-derive find XPUB ADDRESS… [--chain C,C] [--json] [-o address.csv]
       mpc-derive find XPUB --addresses LIST

Searches below a root extended public key for the paths of addresses: every coin
type that the addresses may be of, accounts, change and indexes, every address form
at once, low indexes first. It stops when all are found. The result of -o is an
address book that "mpc-recover key --addresses" takes.

  --addresses LIST        addresses from a file: one a line, or the column "address" of a CSV
  --chain C[,C]           only addresses of these chains (repeatable)
  --accounts N            accounts 0 to N-1 (default 10)
  --indexes N             indexes 0 to N-1 (default 10000)
  --template P            the layout of paths (repeatable; default m/44/coin/account/change/index)
  --json                  print the result as JSON
  -o, --output FILE       write the found ones as an address book

Example:
  mpc-derive find xpub6… 0x5449952146f1cd773E96c87F0B9858072BFAFA23
`,
	Prepare: prepareFind,
}

// maxTargets bounds how many addresses are searched for at once.
const maxTargets = 10_000_000

func prepareFind(set *cli.Flags, args []string) (*cli.Plan, error) {
	list := set.String("addresses", "", "")
	chainIDs := set.StringArray("chain", nil, "")
	accounts := set.Uint32("accounts", 10, "")
	indexes := set.Uint32("indexes", 10_000, "")
	templates := set.StringArray("template", []string{find.DefaultTemplate}, "")
	asJSON := set.Bool("json", false, "")
	path := set.StringP("output", "o", "", "")
	set.Reads("addresses")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no extended public key")
	case (set.NArg() == 1) == (*list == ""):
		return nil, set.Misuse("give addresses either as arguments or with --addresses")
	case slices.ContainsFunc(set.Args()[1:], isExtended):
		return nil, cli.Fail(cli.Usage, errors.New("an extended key stands where an address was expected"),
			"to search below the root keys of both curves at once, give a file with the two, one a line, in the place of XPUB")
	case *accounts == 0 || *indexes == 0 || *accounts > 1<<31 || *indexes > 1<<31:
		return nil, set.Misuse("--accounts and --indexes are from 1 to 2^31")
	case *accounts > 1_000_000:
		return nil, set.Misuse("--accounts: at most 1,000,000; narrow the search with --template")
	}
	space := &find.Space{Accounts: *accounts, Indexes: *indexes}
	for _, t := range *templates {
		parsed, err := find.ParseTemplate(t)
		if err != nil {
			return nil, set.Misuse("--template: %w", err)
		}
		space.Templates = append(space.Templates, parsed)
	}
	narrow, err := lookUp(*chainIDs)
	if err != nil {
		return nil, err
	}
	o := &output{csv: true, path: *path}
	return &cli.Plan{Reads: set.Args()[:1], Outputs: o.outputs(), Run: func(e *cli.Env, _ *cli.Conditions) error {
		keys, err := readKeys(set.Args()[:1])
		if err != nil {
			return err
		}
		wanted := set.Args()[1:]
		if *list != "" {
			if wanted, err = readAddresses(*list); err != nil {
				return err
			}
		}
		s := &search{env: e, space: space, narrow: narrow, wanted: wanted, found: make([]*foundRow, len(wanted))}
		for _, k := range keys {
			if err := s.run(k); err != nil {
				return err
			}
		}
		return s.report(*asJSON, o)
	}}, nil
}

// isExtended reports whether a text is an extended key, public or private, right or
// mistyped. No address is as long and starts like one.
func isExtended(text string) bool {
	return len(text) > 100 && (text[1:4] == "pub" || text[1:4] == "prv")
}

// readAddresses reads a list of addresses, or the column of a CSV.
func readAddresses(path string) ([]string, error) {
	f, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("list of addresses: %w", err)
	}
	defer f.Close()
	all, err := parseAddresses(f)
	if err != nil {
		return nil, fmt.Errorf("list of addresses %q: %w", path, err)
	}
	return all, nil
}

func parseAddresses(f io.Reader) ([]string, error) {
	in := strict.NewReader(f)
	var all []string
	column := -1
	for {
		row, line, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if column < 0 {
			column = slices.IndexFunc(row, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), "address") })
			if column >= 0 {
				continue // the header
			}
			column = 0
		}
		if column < len(row) && strings.TrimSpace(row[column]) != "" {
			all = append(all, strings.TrimSpace(row[column]))
		}
		if len(all) > maxTargets {
			return nil, fmt.Errorf("more than %d addresses; split it", maxTargets)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}

type search struct {
	env     *cli.Env
	space   *find.Space
	narrow  []*chains.Chain
	wanted  []string
	found   []*foundRow // by index in wanted; nil if not found yet
	scanned uint64
}

// foundRow is one line of the result.
type foundRow struct {
	Address  string `json:"address"`
	Chain    string `json:"chain"`
	Encoding string `json:"encoding"`
	Path     string `json:"path"`

	curve string
	key   string
}

// run searches below one root key for what is still missing.
func (s *search) run(root *derive.Key) error {
	var missing []int
	var addressesLeft []string
	for i, f := range s.found {
		if f == nil {
			missing = append(missing, i)
			addressesLeft = append(addressesLeft, s.wanted[i])
		}
	}
	targets := find.NewTargets(addressesLeft, s.narrow, root.Curve())
	left := targets.Len()
	if left == 0 {
		return nil
	}
	space := *s.space
	space.Coins = targets.Coins
	s.env.Note("searching %d addresses below %s; %v", left, shorten(root.String()), &space)
	size := space.Size()
	engine := derive.NewEngine(int64(min(size, 1<<40)))
	bulks := make([]*derive.Bulk, addresses.Workers())
	walk := space.Paths()
	progress := cli.NewProgress(s.env, "keys", int64(size))
	defer progress.Done()

	type looked struct {
		paths []derive.Path
		rows  map[int]*foundRow
	}
	err := ordered.Run(len(bulks),
		func() ([]derive.Path, error) {
			if err := s.env.Interrupt.Err(); err != nil {
				return nil, err
			}
			return walk.Next()
		},
		func(worker int, paths []derive.Path) (looked, error) {
			if bulks[worker] == nil {
				bulks[worker] = engine.Bulk(root)
			}
			keys := make([]derive.Descendant, len(paths))
			bulks[worker].Derive(paths, keys)
			l := looked{paths: paths}
			var hits []find.Hit
			for i := range keys {
				if keys[i].Err != nil {
					continue // an index without a key has no address
				}
				for _, h := range targets.Look(hits[:0], &keys[i]) {
					if l.rows == nil {
						l.rows = map[int]*foundRow{}
					}
					l.rows[h.Target] = &foundRow{targets.Addresses[h.Target], h.Chain.ID, h.Encoding.Name, paths[i].String(), root.Curve().String(), keys[i].Extended()}
				}
			}
			return l, nil
		},
		func(l looked) error {
			s.scanned += uint64(len(l.paths))
			progress.Add(int64(len(l.paths)))
			for i, row := range l.rows {
				if s.found[missing[i]] == nil {
					s.found[missing[i]] = row
					left--
				}
			}
			if left == 0 {
				return errAllFound
			}
			return nil
		})
	if errors.Is(err, errAllFound) {
		return nil
	}
	return err
}

// errAllFound ends a search.
var errAllFound = errors.New("all are found")

func shorten(key string) string { return key[:12] + "…" + key[len(key)-6:] }

func (s *search) report(asJSON bool, book *output) error {
	r := struct {
		Found   []*foundRow `json:"found"`
		Missing []string    `json:"missing"`
		Scanned uint64      `json:"scanned"`
	}{[]*foundRow{}, []string{}, s.scanned}
	for i, f := range s.found {
		if f == nil {
			r.Missing = append(r.Missing, s.wanted[i])
		} else {
			r.Found = append(r.Found, f)
		}
	}
	if book.path != "" {
		if err := s.writeBook(book); err != nil {
			return err
		}
	}
	if asJSON {
		if err := s.env.WriteJSON(r); err != nil {
			return err
		}
	} else {
		for _, f := range r.Found {
			if _, err := fmt.Fprintf(s.env.Stdout, "%s  %s %s  %s\n", cli.Clean(f.Address), f.Chain, f.Encoding, f.Path); err != nil {
				return err
			}
		}
		s.env.Note("%d of %d found, %d keys looked at", len(r.Found), len(s.wanted), s.scanned)
	}
	if len(r.Missing) > 0 {
		hint := "widen the search with --accounts, --indexes or --template; or the address belongs to another key"
		elsewhere := func(c curve.Curve) bool { return find.NewTargets(r.Missing, s.narrow, c).Len() > 0 }
		if s.scanned == 0 && slices.ContainsFunc(curve.All(), elsewhere) {
			hint = "no key given here can have such an address: a vault has a root key on each curve, xpub… is secp256k1, cpub… is ed25519"
		}
		return cli.Fail(cli.Mismatch, fmt.Errorf("%d of %d addresses were not found, the first is %.80q", len(r.Missing), len(s.wanted), r.Missing[0]), hint)
	}
	return nil
}

// writeBook writes what was found as an address book.
func (s *search) writeBook(o *output) error {
	return o.write(s.env, book.Header(), "", nil, func(out rowWriter) error {
		for _, f := range s.found {
			if f == nil {
				continue
			}
			cells := book.Cells{book.Coin: f.Chain, book.Address: f.Address, book.Curve: f.curve, book.Path: f.Path, book.Child: f.key}
			if err := out.row(cells[:]); err != nil {
				return err
			}
		}
		return nil
	})
}
