package tx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/strict"
)

// family is what the transactions of some chains have in common.
type family struct {
	name string
	// claims reports whether data has the shape of the family's files. It decides
	// whose reader is asked, and so whose error is shown.
	claims func(data []byte) bool
	// chains are the IDs of those whose transactions do not say which of them they
	// are of. It is empty where the bytes decide.
	chains []string
	// coin returns the coin of a chain of the family.
	coin func(chain *chains.Chain) (Asset, bool)
	// token writes the name of a token as its transactions are shown. It is nil where
	// that is an address.
	token func(chain *chains.Chain, name string) (string, bool)
	// read reads data, all of it. chain is one of chains, or, where the bytes decide,
	// what the user named, or nil.
	read func(data []byte, chain *chains.Chain) (*Transaction, error)
	// parse takes the place of read where reading the bytes is most of the work, and
	// the same for all of chains: what it returns says what they mean on each.
	parse func(data []byte) (as reading, err error)
	// wants and make are nil where no transfer can be made.
	wants func(chain *chains.Chain) []Want
	make  func(o *Order) ([]Draft, error)
	// oneOf are lists of optional wants, one of which is needed, whole.
	oneOf    [][]string
	coinOnly bool // make pays the chain's own coin alone
	// all says how all that an account can pay is computed, for people. It is empty where
	// coins say that.
	all string
}

// reading says what bytes that were read are on a chain.
type reading func(chain *chains.Chain) (*Transaction, error)

// familyOf returns the family of a chain's transactions, or nil.
func familyOf(chain *chains.Chain) *family {
	for _, f := range families() {
		if _, ok := f.coin(chain); ok {
			return &f
		}
	}
	return nil
}

// families are the readers, in the order in which they are asked.
func families() []family {
	return []family{
		bitcoin(),
		tron,
		aptos, // before evm, as an account may begin like one of its transactions
		ton,   // before evm, whose files may have the same names in them
		evm,
		solana,
		xrp,
		cosmos,
		stellar,
		near,
		algorand,
		sui,
		cardano,
	}
}

// Family names what a chain shares the form of its transactions with. ok is false if they
// cannot be read.
func Family(chain *chains.Chain) (name string, ok bool) {
	if f := familyOf(chain); f != nil {
		return f.name, true
	}
	return "", false
}

// Coin returns the coin of a chain whose transactions can be read.
func Coin(chain *chains.Chain) (Asset, bool) {
	if f := familyOf(chain); f != nil {
		return f.coin(chain)
	}
	return Asset{}, false
}

// Reader reads files.
type Reader struct {
	// Chain is the chain that the user named, or nil. It is not for files of another
	// family: a batch may have some of each.
	Chain *chains.Chain
	// Known reports whether an address of a chain is the vault's. It tells apart
	// chains that write their transactions alike. A nil function knows none.
	Known func(chain *chains.Chain, address string) bool
}

// Read reads a file, whatever its form.
func (r *Reader) Read(data []byte) (*Transaction, error) {
	if len(data) > MaxSize {
		return nil, unread("it is larger than %d bytes", MaxSize)
	}
	if f := claiming(data); f != nil {
		as := *r
		if r.Chain != nil {
			if name, ok := Family(r.Chain); ok && name != f.name {
				as.Chain = nil
			}
		}
		t, err := as.readAs(f, data)
		if err != nil {
			return nil, fmt.Errorf("reading a transaction of the %s family: %w", f.name, err)
		}
		t.read = sha256.Sum256(data)
		return t, nil
	}
	var first json.RawMessage
	d := json.NewDecoder(bytes.NewReader(data))
	if d.Decode(&first) == nil && len(bytes.TrimSpace(data[d.InputOffset():])) > 0 && claiming(first) != nil {
		return nil, unsafe("something follows the transaction's JSON")
	}
	if err := strict.Unmarshal(data, new(map[string]json.RawMessage)); err != nil && json.Valid(data) {
		return nil, unsafe("it is JSON of which two programs could read different things: %w", err)
	}
	return nil, unread("its form is none of those that are known")
}

// claiming returns the family whose files data looks like, or nil.
func claiming(data []byte) *family {
	list := families()
	if i := slices.IndexFunc(list, func(f family) bool { return f.claims(data) }); i >= 0 {
		return &list[i]
	}
	return nil
}

// readJSON reads a JSON file into v, which has all fields that are known.
func readJSON(data []byte, v any, known string) error {
	if err := strict.Unmarshal(data, v); err != nil {
		return unread("reading its JSON: %w", err)
	}
	again := json.NewDecoder(bytes.NewReader(data))
	again.DisallowUnknownFields()
	if again.Decode(v) != nil {
		return unsafe("it has a field that is not known: those are %s", known)
	}
	return nil
}

// testNetworks write their transactions like the chains that they are for, and this is
// whether what is signed says that it is for a test. They are read only if they are
// named: with an address book that says so, money could be shown as play money.
var testNetworks = map[string]bool{
	"XTN": false, "SIGNET_BTC": false, "LTC_TEST": false, "DOGE_TEST": false, "DASH_TEST": false,
	"TTRON":      false,
	"SOLDEV_SOL": false,
	"ADA_TEST":   true,
	"TON_TEST":   true,
	"XLM_TEST":   true,
}

// IsTest reports whether a chain is a test network that is read only if it is named, so
// that no batch has it beside others.
func IsTest(chain *chains.Chain) bool {
	_, test := testNetworks[chain.ID]
	return test
}

const noteTest = "What is signed does not say that it is for a test: where the main network has the coins, the block or the nonce that it names, it counts there."

func (r *Reader) readAs(f *family, data []byte) (*Transaction, error) {
	if len(f.chains) == 0 {
		return f.read(data, r.Chain)
	}
	if r.Chain != nil && !slices.Contains(f.chains, r.Chain.ID) {
		return nil, unread("%s does not write its transactions so", r.Chain.Name)
	}
	as := reading(func(chain *chains.Chain) (*Transaction, error) { return f.read(data, chain) })
	if f.parse != nil {
		var err error
		if as, err = f.parse(data); err != nil {
			return nil, err
		}
	}
	if r.Chain != nil {
		t, err := as(r.Chain)
		if says, test := testNetworks[r.Chain.ID]; err == nil && test && !says {
			t.Notes = append(t.Notes, noteTest)
		}
		return t, err
	}
	var ours []*Transaction
	var first *Transaction
	var refused error
	for _, id := range f.chains {
		if _, test := testNetworks[id]; test {
			continue
		}
		chain, ok := chains.Lookup(id)
		if !ok {
			return nil, fmt.Errorf("internal error: there is no chain %q", id)
		}
		t, err := as(chain)
		switch {
		case err != nil:
			refused = cmp.Or(refused, err)
		case r.knows(t):
			ours = append(ours, t)
		case first == nil:
			first = t
		}
	}
	switch {
	case len(ours) > 1:
		var ids []string
		for _, t := range ours {
			ids = append(ids, t.Chain.ID)
		}
		return nil, because(ErrChain, "the vault has its addresses on %s; say --chain with one of them", strings.Join(ids, ", "))
	case len(ours) == 1:
		return ours[0], nil
	case first != nil:
		return first, nil
	}
	return nil, refused
}

// knows reports whether a slot is the vault's.
func (r *Reader) knows(t *Transaction) bool {
	if r.Known == nil {
		return false
	}
	for i := range t.Slots {
		if r.Known(t.Chain, t.Slots[i].Address) {
			return true
		}
	}
	return false
}
