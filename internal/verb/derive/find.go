package derive

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/chains/account"
	"lifeboat/chains/book"
	"lifeboat/chains/find"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/ordered"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
)

var findVerb = cli.Verb{
	Name:    "find",
	Summary: "the paths of addresses",
	Usage: `Usage: mpc-derive find XPUB… ADDRESS… [--chain C,C] [--json] [-o address.csv]
       mpc-derive find XPUB… --addresses LIST

Searches below root public keys for the paths of addresses: every coin
type that the addresses may have, accounts, change and indexes, every address form
at once, low indexes first. It stops when all are found. Each address is searched
for below the keys whose curve it may have. The result of -o is an address book that
"mpc-recover key --addresses" takes. XPUB is a key, a file with one key a line, or
a share file, of which only the public part is read; a second one must be a key, and
if it is a bare one of ed25519 it has 33 bytes, of which the first is 00. A bare public
key, in hex and without a chain code, has no descendants: only its own addresses are found.

  --addresses LIST        addresses from a file: one a line or more, or the column "address" of a CSV
  --chain C[,C]           only addresses of these chains (repeatable)
  --accounts N            accounts 0 to N-1 (default 10)
  --indexes N             indexes 0 to N-1 (default 10000)
  --template P            the layout of paths (repeatable; default m/index and m/44/coin/account/change/index,
                          and the other with 49, 84 or 86 for Bitcoin's forms of address that have these)
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
	templates := set.StringArray("template", nil, "")
	asJSON := set.Bool("json", false, "")
	path := set.StringP("output", "o", "", "")
	set.Reads("addresses")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 {
		return nil, set.Misuse("no extended public key")
	}
	roots, given := set.Args()[:1:1], []string{}
	for _, arg := range set.Args()[1:] {
		if isKey(arg) {
			roots = append(roots, arg)
		} else {
			given = append(given, arg)
		}
	}
	switch {
	case (len(given) == 0) == (*list == ""):
		return nil, set.Misuse("give addresses either as arguments or with --addresses")
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
	return &cli.Plan{Reads: roots, Outputs: o.outputs(), Run: func(e *cli.Env, _ *cli.Conditions) error {
		keys, err := readKeys(roots)
		if err != nil {
			return err
		}
		wanted := given
		if *list != "" {
			if wanted, err = readAddresses(*list); err != nil {
				return err
			}
		}
		s := &search{env: e, space: space, narrow: narrow, wanted: wanted, found: make([]*foundRow, len(wanted))}
		for _, k := range keys {
			s.roots = append(s.roots, k)
			if err := s.run(k.Key); err != nil {
				return err
			}
		}
		return s.report(*asJSON, o)
	}}, nil
}

// isKey reports whether a text is an extended key, public or private, right or
// mistyped, or a bare key of 33 or 65 bytes. No address is as long and starts like one;
// but those of some chains are as many digits as 32 bytes have.
func isKey(text string) bool {
	if len(text) > 100 && (text[1:4] == "pub" || text[1:4] == "prv") {
		return true
	}
	_, err := derive.ParsePublic(text)
	return err == nil && len(strings.TrimPrefix(text, "0x")) > 2*32
}

// readAddresses reads a list of addresses, each a cell, or the column of a CSV.
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
	for first := true; ; first = false {
		row, line, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		header := slices.IndexFunc(row, func(c string) bool { return strings.EqualFold(c, "address") })
		switch {
		case first:
			column = header
		case header >= 0 && header != column:
			return nil, fmt.Errorf("line %d: the header of another list; give it as a file of its own", line)
		}
		if header >= 0 {
			continue // it may come again where two lists were put together
		}
		if column >= 0 {
			row = row[min(column, len(row)):min(column+1, len(row))]
		}
		for _, cell := range row {
			if strings.ContainsAny(cell, "\r\n") {
				return nil, fmt.Errorf("line %d: an address with a line break in it", line)
			}
			if cell != "" {
				all = append(all, cell)
			}
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
	roots   []root
}

// foundRow is one line of the result.
type foundRow struct {
	Address  string `json:"address"`
	Chain    string `json:"chain"`
	Encoding string `json:"encoding"`
	Path     string `json:"path"`
	Generic  bool   `json:"generic_form,omitempty"` // other chains write the address so, too

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
	if len(missing) == 0 {
		return nil
	}
	targets := find.NewTargets(addressesLeft, s.narrow, root.Curve())
	left := targets.Len()
	if left == 0 {
		return nil
	}
	space := *s.space
	space.Coins = targets.Coins
	switch {
	case root.IsBare():
		space.Templates = []find.Template{{}} // the key itself: nothing is below it
		s.env.Note("looking for %s at %s itself: its chain code is not known, and without it nothing can be derived below it", phrase.Count(left, "address"), shorten(root.String()))
	case space.Templates == nil:
		for _, l := range slices.Concat(find.Defaults, targets.Layouts) {
			parsed, err := find.ParseTemplate(l)
			if err != nil {
				return err
			}
			space.Templates = append(space.Templates, parsed)
		}
	}
	if !root.IsBare() {
		s.env.Note("searching %s below %s; %v", phrase.Count(left, "address"), shorten(root.String()), &space)
	}
	size := space.Size()
	engine := derive.NewEngine(int64(min(size, 1<<40)))
	bulks := make([]*derive.Bulk, addresses.Workers())
	stakes := make([]*account.Stakes, len(bulks))
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
				bulks[worker], stakes[worker] = engine.Bulk(root), account.NewStakes(root)
			}
			keys := make([]derive.Descendant, len(paths))
			bulks[worker].Derive(paths, keys)
			l := looked{paths: paths}
			var hits []find.Hit
			var public chains.PublicKey
			for i := range keys {
				if keys[i].Err != nil {
					continue // an index without a key has no address
				}
				public = chains.DerivedKey(keys[i].Curve(), keys[i].Child.Key, keys[i].Child.XY)
				if targets.Staked {
					stakes[worker].Note(&public, paths[i])
				}
				for _, h := range targets.Look(hits[:0], &public) {
					if l.rows == nil {
						l.rows = map[int]*foundRow{}
					}
					l.rows[h.Target] = &foundRow{targets.Addresses[h.Target], h.Chain.ID, h.Form(), paths[i].String(), h.Generic() && len(s.narrow) == 0, root.Curve().String(), keys[i].Extended()}
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
			form := f.Encoding
			if f.Generic {
				form += " (generic form)"
			}
			if _, err := fmt.Fprintf(s.env.Stdout, "%s  %s %s  %s\n", cli.Clean(f.Address), f.Chain, form, f.Path); err != nil {
				return err
			}
		}
		s.env.Note("%d of %d found, %s looked at", len(r.Found), len(s.wanted), phrase.Count(s.scanned, "key"))
	}
	if i := slices.IndexFunc(r.Found, func(f *foundRow) bool { return f.Generic }); i >= 0 {
		s.env.Warn("%.80q is in the generic form, which several chains share, and %s is one of them: name the chain that is meant with --chain", r.Found[i].Address, r.Found[i].Chain)
	}
	if len(r.Missing) > 0 {
		return cli.Fail(cli.Mismatch, fmt.Errorf("not found: %d of %s, the first is %.80q", len(r.Missing), phrase.Count(len(s.wanted), "address"), r.Missing[0]), s.hints(r.Missing)...)
	}
	return nil
}

// hints says what may be wrong with addresses that were not found, once for each
// reason.
func (s *search) hints(missing []string) []string {
	list := s.narrow
	if len(list) == 0 {
		list = chains.All()
	}
	var hints []string
	said := map[string]bool{}
	say := func(kind, format string, args ...any) {
		if !said[kind] {
			said[kind] = true
			hints = append(hints, fmt.Sprintf(format, args...))
		}
	}
	for _, address := range missing {
		elsewhere := false
		var searched []root
		var reasons []string
		giving := map[string][]string{} // which chains give names and numbers out, by reason
		for _, c := range list {
			for _, on := range c.Reading(address) {
				elsewhere = true
				for _, r := range s.roots {
					if r.Curve() == on {
						searched = append(searched, r)
					}
				}
			}
			if u := c.Underivable(address); u != nil && u.Of == nil {
				if giving[u.Reason] == nil {
					reasons = append(reasons, u.Reason)
				}
				giving[u.Reason] = append(giving[u.Reason], c.ID)
			}
		}
		for _, reason := range reasons {
			say(reason, "%.80q may be of a kind that no key determines: %s (%s)", address, reason, strings.Join(giving[reason], ", "))
		}
		switch {
		case recased(list, address):
			say("case", "%.80q has letters in the wrong case, and its checksum is in the case: it was mistyped, or changed; compare it with where it came from", address)
		case len(searched) > 0:
			for _, r := range searched {
				if r.IsBare() {
					say(r.String(), "of %s only the key itself was looked at: %s", shorten(r.String()), r.remedy())
					continue
				}
				say("searched", "widen the search with --accounts, --indexes or --template, and name the chain with --chain, so that it takes less time; or the address belongs to another key")
			}
		case elsewhere:
			say("elsewhere", "no key given here can have such an address: %s", onCurves)
		case len(reasons) > 0:
		default:
			say("mistyped", "%.80q is not an address of %s: a letter is wrong, or missing; compare it with where it came from", address, s.which())
		}
	}
	return hints
}

// recased reports whether an address in small letters would be of a kind that it is not
// of as it stands. That another chain, without a checksum, has such an address is likely:
// 40 hex digits are one of several.
func recased(list []*chains.Chain, address string) bool {
	lower := strings.ToLower(address)
	for _, on := range curve.All() {
		readers := chains.Readers(list, on)
		kinds := func(address string) map[*chains.Payload]bool {
			read := map[*chains.Payload]bool{}
			for _, e := range readers {
				if _, ok := e.Parse(address); ok {
					read[e.Payload] = true
				}
			}
			return read
		}
		as := kinds(address)
		for kind := range kinds(lower) {
			if !as[kind] {
				return true
			}
		}
	}
	return false
}

// which names the chains that were searched.
func (s *search) which() string {
	if len(s.narrow) == 0 {
		return "a chain in the list of mpc-derive chains"
	}
	var ids []string
	for _, c := range s.narrow {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, ", ")
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
