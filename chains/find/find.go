// Package find searches for the paths of addresses below a root extended public
// key.
//
// The addresses are read once into the payloads that they may stand for, such as
// a Keccak hash. A candidate key then costs its derivation, each kind of payload
// once, and a look-up, however many addresses are searched for.
package find

import (
	"encoding/binary"
	"iter"
	"slices"

	"lifeboat/chains"
	"lifeboat/internal/curve"
)

// Targets are addresses sought among keys of one curve. Goroutines may share them.
type Targets struct {
	Addresses []string
	Coins     []uint32 // coin types in use for the chains that the addresses may be of, in ascending order
	Layouts   []string // templates that are usual for forms of the addresses, besides Defaults
	Unread    []int    // addresses that no chain writes for keys of this curve, not even in part
	Staked    bool     // whether keys are to be looked up with their account's stake key

	chains   []*chains.Chain
	payloads []*kind
}

// kind holds the payloads of one kind that are sought. To stay small with millions
// of them it keeps a mark of each: keys with the same mark are compared by address.
type kind struct {
	of    *chains.Payload
	last  map[uint64]int32 // by mark: a place in links
	links []link
}

// link leads from a target to another one with the same mark.
type link struct {
	target int32
	next   int32 // a place in links, or -1
}

// mark is the first bytes of a payload. All kinds are hashes or keys, so that
// hardly any two have the same. The last bytes may be of an account's stake key.
func mark(payload []byte) uint64 { return binary.BigEndian.Uint64(payload) }

func (k *kind) add(payload []byte, target int) {
	m := mark(payload)
	next, ok := k.last[m]
	switch {
	case !ok:
		next = -1
	case k.links[next].target == int32(target):
		return // several encodings read the address in the same way
	}
	k.last[m] = int32(len(k.links))
	k.links = append(k.links, link{int32(target), next})
}

// targets lists the targets that may have a payload.
func (k *kind) targets(payload []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		at, ok := k.last[mark(payload)]
		for ok && at >= 0 && yield(int(k.links[at].target)) {
			at = k.links[at].next
		}
	}
}

// Hit says that a key makes an address, or decides a part of it.
type Hit struct {
	Target   int // index of the address
	Chain    *chains.Chain
	Encoding *chains.Encoding    // nil if the key does not determine the address
	Part     *chains.Underivable // in that case
}

// Form names the form of the address.
func (h *Hit) Form() string {
	if h.Encoding == nil {
		return "in part: " + h.Part.Reason
	}
	return h.Encoding.Name
}

// Generic reports whether the form is no network's own: the address may be meant for
// another chain than the hit's.
func (h *Hit) Generic() bool { return h.Encoding != nil && h.Encoding.Generic }

// first are the chains preferred for naming a hit, if several write the same
// address; the others follow in the order of their IDs.
var first = []string{"BTC", "XTN", "ETH", "ATOM", "XRP", "SOL", "DOT"}

// NewTargets reads addresses as addresses of the given chains, or of all if none
// are given.
func NewTargets(addresses []string, list []*chains.Chain, c curve.Curve) *Targets {
	if len(list) == 0 {
		list = chains.All()
	}
	t := &Targets{Addresses: addresses, chains: slices.Clone(list)}
	slices.SortStableFunc(t.chains, func(a, b *chains.Chain) int { return rank(a) - rank(b) })
	byPayload := map[*chains.Payload]*kind{}
	add := func(of *chains.Payload, payload []byte, target int) {
		k := byPayload[of]
		if k == nil {
			k = &kind{of: of, last: map[uint64]int32{}}
			byPayload[of] = k
			t.payloads = append(t.payloads, k)
			t.Staked = t.Staked || of.Staked
		}
		k.add(payload, target)
	}
	readers := chains.Readers(list, c)
	var inPart []*chains.Chain
	for _, chain := range list {
		if chain.HasParts(c) {
			inPart = append(inPart, chain)
		}
	}
	for i, address := range addresses {
		read := false
		for _, e := range readers {
			if payload, ok := e.Parse(address); ok {
				add(e.Payload, payload, i)
				read = true
				if l := layouts[e.Name]; l != "" && !slices.Contains(t.Layouts, l) {
					t.Layouts = append(t.Layouts, l)
				}
			}
		}
		for _, chain := range inPart {
			if u := chain.Underivable(address); u != nil && u.Of != nil && u.Of.Curve == c {
				add(u.Of, u.Part, i)
				read = true
			}
		}
		if !read {
			t.Unread = append(t.Unread, i)
		}
	}
	t.Coins = coins(list, c, byPayload)
	return t
}

func rank(c *chains.Chain) int {
	if i := slices.Index(first, c.ID); i >= 0 {
		return i
	}
	return len(first)
}

// coins lists the coin types of the chains that write payloads of these kinds.
func coins(list []*chains.Chain, c curve.Curve, used map[*chains.Payload]*kind) []uint32 {
	var all []uint32
	for _, chain := range list {
		for _, e := range chain.On(c) {
			if used[e.Payload] != nil {
				all = append(all, chain.SLIP44...)
				break
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Len returns how many addresses can be found at all.
func (t *Targets) Len() int { return len(t.Addresses) - len(t.Unread) }

// Look appends the addresses that a key makes to dst. It does not allocate for a
// key that makes none.
func (t *Targets) Look(dst []Hit, public *chains.PublicKey) []Hit {
	var buf [chains.MaxPayload]byte
	for _, k := range t.payloads {
		for i := range k.targets(k.of.Of(buf[:0], public)) {
			if h, ok := t.name(i, public); ok && !slices.ContainsFunc(dst, func(o Hit) bool { return o.Target == i }) {
				dst = append(dst, h)
			}
		}
	}
	return dst
}

// name finds the chain and the encoding of a hit: those that write the address just so,
// on their own network before another, or else the first that read it.
func (t *Targets) name(i int, public *chains.PublicKey) (hit Hit, ok bool) {
	address, spelt := t.Addresses[i], false
	for _, c := range t.chains {
		e, matched := c.Match(public, address)
		if !matched {
			continue
		}
		written, _ := e.Address(public)
		switch exact := written == address; {
		case exact && !e.Elsewhere:
			return Hit{Target: i, Chain: c, Encoding: e}, true
		case !ok || exact && !spelt:
			hit, ok, spelt = Hit{Target: i, Chain: c, Encoding: e}, true, exact
		}
	}
	if ok {
		return hit, true
	}
	for _, c := range t.chains {
		if u := c.Underivable(address); u != nil && u.PaysTo(public) {
			return Hit{Target: i, Chain: c, Part: u}, true
		}
	}
	return Hit{}, false
}
