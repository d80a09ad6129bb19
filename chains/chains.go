// Package chains is the table of chains: the curve of their keys, how a public key
// becomes an address, how an address is read back, and how a wallet imports the
// private key.
//
// A Chain is data; an Encoding is a name, the Payload that it shares with other
// encodings (a hash of the key, or the key), and a way of writing that payload
// down. A search computes each payload once per candidate and looks it up among the
// parsed targets, however many chains and spellings there are. To add a chain, add
// an entry to its family's file, with vectors.
//
// The package derives no keys and knows no paths.
package chains

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"lifeboat/internal/curve"
)

// MaxAddress is the length, in bytes, of the longest string accepted as an address.
const MaxAddress = 512

// Status is how far a public key determines an account on a chain.
type Status uint8

const (
	// Supported: the key determines the address.
	Supported Status = iota
	// LookUp: the account is a name or a number given out on the chain. The
	// encodings write the public key, by which an online service finds the account.
	LookUp
	// OutOfReach: the chain signs on another curve. There are no encodings.
	OutOfReach
)

// String returns the status as the manuals write it.
func (s Status) String() string {
	switch s {
	case Supported:
		return "supported"
	case LookUp:
		return "account needs a look-up"
	case OutOfReach:
		return "out of reach"
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// Chain is one entry of the table. Chains are shared: do not change them.
type Chain struct {
	// ID is the vendor's name where one is known. Look it up with Lookup.
	ID string
	// Name is for people.
	Name string
	// Aliases are other IDs of this chain, upper case.
	Aliases []string
	// SLIP44 are the coin types of paths in use for the chain, the usual one first.
	// The list may be empty: the path of a row decides, never this list.
	SLIP44 []uint32
	// Encodings are the address forms, of both curves where the chain has both.
	Encodings []Encoding
	// Note is what a reader of the table should know, or empty.
	Note string
	// Status says whether the key determines the address.
	Status Status

	underivable []rule
	outputs     []output
	// tagged cuts an address that has a tag in it; nil if there are none.
	tagged func(address string) (account []byte, tag string, ok bool)
}

// one is a chain with one form of address.
func one(id, name string, slip44 uint32, e Encoding, aliases ...string) Chain {
	return Chain{ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44}, Encodings: []Encoding{e}}
}

// registry is the table, made on first use.
var registry = sync.OnceValue(newRegistry)

type table struct {
	all  []*Chain
	byID map[string]*Chain
}

func newRegistry() *table {
	var chains []Chain
	for _, family := range []func() []Chain{
		bitcoinChains, evmChains, cosmosChains, accountChains, edwardsChains, substrateChains, tonChains, cardanoChains, outOfReachChains,
	} {
		chains = append(chains, family()...)
	}
	t := &table{byID: make(map[string]*Chain, 2*len(chains))}
	for i := range chains {
		c := &chains[i]
		t.all = append(t.all, c)
		for _, id := range append([]string{c.ID}, c.Aliases...) {
			if _, taken := t.byID[strings.ToUpper(id)]; taken {
				panic("internal error: two chains are called " + id) // a test reads the whole table
			}
			t.byID[strings.ToUpper(id)] = c
		}
	}
	slices.SortFunc(t.all, func(a, b *Chain) int { return cmp.Compare(a.ID, b.ID) })
	return t
}

// All returns the chains in the order of their IDs.
func All() []*Chain { return slices.Clone(registry().all) }

// Lookup returns the chain with that ID or alias; case does not matter.
func Lookup(id string) (*Chain, bool) {
	if len(id) > 64 {
		return nil, false
	}
	c, ok := registry().byID[strings.ToUpper(id)]
	return c, ok
}

// On returns the encodings for keys on curve c, in the order of the table.
func (c *Chain) On(curve curve.Curve) []*Encoding {
	var on []*Encoding
	for i := range c.Encodings {
		if c.Encodings[i].Curve == curve {
			on = append(on, &c.Encodings[i])
		}
	}
	return on
}

// Readers returns the chains' encodings for keys on curve c, without any that write
// the same payload under the same name in the same way as an earlier one. Parsing an address with these
// is enough to find every payload that it may stand for.
func Readers(list []*Chain, c curve.Curve) []*Encoding {
	type way struct {
		payload       *Payload
		name, written string
	}
	var probe [MaxPayload]byte
	for i := range probe {
		probe[i] = byte(i + 1)
	}
	seen := make(map[way]bool)
	var readers []*Encoding
	for _, chain := range list {
		for _, e := range chain.On(c) {
			w := way{e.Payload, e.Name, e.Format(probe[:e.Payload.Size])}
			if !seen[w] {
				seen[w] = true
				readers = append(readers, e)
			}
		}
	}
	return readers
}

// OfToken returns the chain of a token by the token's ID: the chain's, an underscore,
// and the token's, as in ETH_USDT. Networks for tests (…_TEST) are no tokens.
func OfToken(id string) (*Chain, bool) {
	for i := len(id) - 1; i > 0; i-- {
		if id[i] != '_' || strings.HasPrefix(strings.ToUpper(id[i+1:]), "TEST") {
			continue
		}
		if c, ok := Lookup(id[:i]); ok {
			return c, true
		}
	}
	return nil, false
}

// Match returns the encoding that makes address of k. An address may be spelt in
// any way that Parse of the encoding accepts; if several encodings accept it, the
// one that writes it exactly so is preferred.
func (c *Chain) Match(k *PublicKey, address string) (*Encoding, bool) {
	var found *Encoding
	var buf [MaxPayload]byte
	for i := range c.Encodings {
		e := &c.Encodings[i]
		if e.Curve != k.Curve {
			continue
		}
		want, ok := e.Parse(address)
		if !ok || !e.Payload.known(k) || !slices.Equal(e.Payload.Of(buf[:0], k), want) {
			continue
		}
		if e.Format(want) == address {
			return e, true
		}
		if found == nil {
			found = e
		}
	}
	return found, found != nil
}

// Staked reports whether the chain has forms that hold the account's stake key.
func (c *Chain) Staked() bool {
	return slices.ContainsFunc(c.Encodings, func(e Encoding) bool { return e.Payload.Staked })
}

// Curves returns the curves whose keys may have the address, by how it is written. An
// empty address, or one that is not read, may be of all that the chain has.
func (c *Chain) Curves(address string) []curve.Curve {
	if read := c.Reading(address); len(read) > 0 {
		return read
	}
	return slices.DeleteFunc(curve.All(), func(on curve.Curve) bool { return len(c.On(on)) == 0 })
}

// Takes reports whether keys of a curve are for one of the chains that were named, or for
// any where none was.
func Takes(named []*Chain, on curve.Curve) bool {
	return len(named) == 0 || slices.ContainsFunc(named, func(c *Chain) bool { return len(c.On(on)) > 0 })
}

// Reading returns the curves whose keys make such an address, or a part of it.
func (c *Chain) Reading(address string) []curve.Curve {
	u := c.Underivable(address)
	var read []curve.Curve
	for _, on := range curve.All() {
		if u != nil && u.Of != nil && u.Of.Curve == on || slices.ContainsFunc(c.On(on), func(e *Encoding) bool {
			_, ok := e.Parse(address)
			return ok
		}) {
			read = append(read, on)
		}
	}
	return read
}

// Reads reports whether the chain has such an address, in any form.
func (c *Chain) Reads(address string) bool {
	return slices.ContainsFunc(c.Encodings, func(e Encoding) bool {
		_, ok := e.Parse(address)
		return ok
	})
}

// CutAddress cuts ADDRESS or ADDRESS:TAG. Addresses of some chains have colons,
// too. An address that no key determines counts too. One that has a tag in it is cut
// as well, and takes no second one. ok is false if there is no address, or none before
// a colon that ends the text.
func (c *Chain) CutAddress(text string) (address, tag string, ok bool) {
	named := func(address string) bool { return c.Underivable(address) != nil }
	if c.tagged != nil {
		address, rest, more := strings.Cut(text, ":")
		if account, tag, ok := c.tagged(address); ok {
			if more && (tag != "" || rest == "") {
				return "", "", false
			}
			return c.Encodings[0].Format(account), tag + rest, true
		}
	}
	for _, is := range []func(string) bool{c.Reads, named} {
		if is(text) {
			return text, "", true
		}
		for i, r := range text {
			if r == ':' && i+1 < len(text) && is(text[:i]) {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}
