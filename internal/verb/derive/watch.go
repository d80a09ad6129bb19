package derive

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/moving"
)

var watchVerb = cli.Verb{
	Name:    "watch",
	Summary: "what watch-only tools import, so that they see the vault's coins",
	Usage: `Usage: mpc-derive watch --xpub KEY|--record F --addresses CSV [--chain C,C] -o DIR

Writes what an online machine without keys imports: for each chain of the address book
CHAIN.txt, its addresses, one a line; and, where the chain's node imports output
descriptors, CHAIN.descriptors.json for it. Each descriptor holds one public key and
shows one address. There is no extended key in them: with one of those, a single
private key that is lost gives away the whole vault. Every row is checked against the
root keys first, and if one mismatches, nothing is written.

` + vaultHelp + `  --addresses CSV         the exported address book
  --chain C[,C]           only these chains (repeatable)
  --since YYYY-MM-DD      no coin came before this day, so that the node looks at no
                          earlier block (default: it looks at all of them)
  -o, --output DIR        the new folder

Example:
  mpc-derive watch --xpub roots.txt --addresses address.csv -o watch
  bitcoin-cli -named createwallet wallet_name=watch disable_private_keys=true blank=true
  bitcoin-cli -rpcwallet=watch -stdin importdescriptors < watch/BTC.descriptors.json
`,
	Prepare: prepareWatch,
}

type watchFlags struct {
	vault             vaultFlags
	addresses, output string
	since             int64
	only              []*chains.Chain
}

func prepareWatch(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f watchFlags
	var since string
	chainIDs := set.StringArray("chain", nil, "")
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringVar(&since, "since", "", "")
	set.StringVarP(&f.output, "output", "o", "", "")
	f.vault.define(set)
	set.Reads("addresses")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() > 0:
		return nil, set.Misuse("watch takes no arguments: the root keys come with --xpub or --record")
	case !f.vault.given():
		return nil, set.Misuse("whose vault? give --record, or --xpub, its root extended public keys")
	case f.addresses == "" || f.output == "":
		return nil, set.Misuse("give --addresses, the address book, and -o, the new folder")
	}
	if since != "" {
		day, err := time.Parse(time.DateOnly, since)
		if err != nil || day.Unix() < 0 {
			return nil, set.Misuse("--since %q is not a date like 2006-01-02", since)
		}
		f.since = day.Unix()
	}
	var err error
	if f.only, err = lookUp(*chainIDs); err != nil {
		return nil, err
	}
	if err := f.vault.Check(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Outputs: []string{f.output}, Run: func(e *cli.Env, _ *cli.Conditions) error { return f.watch(e) }}, nil
}

// watched is an address of the vault.
type watched struct {
	chain      *chains.Chain
	address    string
	descriptor string // empty if no node takes one
	label      string
}

// request is what importdescriptors of Bitcoin Core takes.
type request struct {
	Descriptor string `json:"desc"`
	// Timestamp is the Unix time before which no coin came. With "now", which it may
	// be as well, the node would look for none.
	Timestamp int64  `json:"timestamp"`
	Active    bool   `json:"active"` // an active one would be ranged, and make addresses
	Label     string `json:"label"`
}

func (f *watchFlags) watch(e *cli.Env) error {
	roots, _, err := f.vault.read(e)
	if err != nil {
		return err
	}
	var list []watched
	seen := make(map[watched]bool) // by chain and address
	totals, err := addresses.Run(e, f.addresses, roots, false,
		func(c *addresses.Chunk) ([]watched, error) { return f.ofChunk(c), nil },
		func(found []watched) error {
			for _, w := range found {
				if key := (watched{chain: w.chain, address: w.address}); !seen[key] {
					seen[key] = true
					list = append(list, w)
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	if err := moving.Whole(f.addresses, totals, roots); err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("the address book has no address to watch on these chains")
	}
	slices.SortStableFunc(list, func(x, y watched) int { return cmp.Compare(x.chain.ID, y.chain.ID) })
	out := cli.Outputs{Folder: f.output}
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(w watched) bool { return w.chain != list[0].chain })
		if n < 0 {
			n = len(list)
		}
		if err := f.add(e, &out, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return out.Write(e)
}

// ofChunk returns the addresses of rows that are right.
func (f *watchFlags) ofChunk(c *addresses.Chunk) []watched {
	var found []watched
	for i := range c.Results {
		r := &c.Results[i]
		if r.Status != book.OK || r.Chain == nil || r.Encoding == nil || f.only != nil && !slices.Contains(f.only, r.Chain) {
			continue
		}
		w := watched{chain: r.Chain, address: r.Derived, label: label(c.Rows[i].Get(book.Label))}
		w.descriptor, _ = r.Encoding.Descriptor(&r.Public)
		found = append(found, w)
	}
	return found
}

// maxLabel is the length of the longest label, in characters.
const maxLabel = 100

// label makes a label of what people wrote. To Bitcoin Core, "*" is every label, and
// none for an address.
func label(text string) string {
	runes := []rune(cli.Clean(text))
	return strings.TrimPrefix(string(runes[:min(len(runes), maxLabel)]), "*")
}

// add adds the files of a chain.
func (f *watchFlags) add(e *cli.Env, out *cli.Outputs, list []watched) error {
	var text strings.Builder
	var requests []request
	for _, w := range list {
		text.WriteString(w.address + "\n")
		if w.descriptor != "" {
			requests = append(requests, request{Descriptor: w.descriptor, Timestamp: f.since, Label: w.label})
		}
	}
	chain := list[0].chain
	out.Add(chain.ID+".txt", []byte(text.String()))
	if len(requests) == 0 {
		e.Note("%s: addresses: %d", chain.Name, len(list))
		return nil
	}
	e.Note("%s: addresses: %d, output descriptors: %d", chain.Name, len(list), len(requests))
	// One line: bitcoin-cli -stdin takes each line for an argument.
	data, err := json.Marshal(requests)
	if err != nil {
		return fmt.Errorf("writing descriptors: %w", err)
	}
	out.Add(chain.ID+".descriptors.json", append(data, '\n'))
	return nil
}
