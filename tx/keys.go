package tx

import (
	"slices"

	"lifeboat/chains"
	"lifeboat/derive"
)

// Key is a key of the vault and where it stands.
type Key struct {
	Chain   *chains.Chain
	Address string // as the address book has it
	Path    string
	Root    *derive.Key
	Child   *derive.Descendant
	Public  chains.PublicKey
}

// Keys finds keys by their addresses. The zero value is empty. Reading it is safe in
// several goroutines once all keys were added.
type Keys struct {
	byPayload map[payload][]*Key
	listed    map[chains.PublicKey][]string
}

// List remembers that a public key stands in the address book on a chain, whatever is
// known of that chain.
func (k *Keys) List(public *chains.PublicKey, chain string) {
	if k.listed == nil {
		k.listed = make(map[chains.PublicKey][]string)
	}
	p := bare(public)
	if !slices.Contains(k.listed[p], chain) {
		k.listed[p] = append(k.listed[p], chain)
	}
}

// bare is a public key without the one that stakes for it.
func bare(public *chains.PublicKey) chains.PublicKey {
	return chains.PublicKey{Curve: public.Curve, Key: public.Key}
}

// others are the chains other than its own on which a key was listed.
func (k *Keys) others(key *Key) []string {
	return slices.DeleteFunc(slices.Clone(k.listed[bare(&key.Public)]), func(chain string) bool { return chain == key.Chain.ID })
}

// payload is what an address says of its key, however it is spelt and on whatever
// chain.
type payload struct {
	kind  *chains.Payload
	bytes string
}

// Add adds a key under every address that its chain writes for it.
func (k *Keys) Add(key *Key) {
	if k.byPayload == nil {
		k.byPayload = make(map[payload][]*Key)
	}
	var buf [chains.MaxPayload]byte
	for _, e := range key.Chain.On(key.Public.Curve) {
		p := payload{e.Payload, string(e.Payload.Of(buf[:0], &key.Public))}
		if known := k.byPayload[p]; !slices.ContainsFunc(known, func(o *Key) bool { return o.Chain == key.Chain }) {
			k.byPayload[p] = append(known, key)
		}
	}
}

// Find returns the key of an address of a chain. elsewhere are the chains on which
// the vault has that key, if it is not known to use it on this one.
func (k *Keys) Find(chain *chains.Chain, address string) (key *Key, elsewhere []*chains.Chain) {
	for i := range chain.Encodings {
		e := &chain.Encodings[i]
		b, ok := e.Parse(address)
		if !ok {
			continue
		}
		for _, found := range k.byPayload[payload{e.Payload, string(b)}] {
			if found.Chain == chain {
				return found, nil
			}
			elsewhere = append(elsewhere, found.Chain)
		}
	}
	return nil, elsewhere
}

// Only returns the one key that the vault has on a chain, or nil if there are none or
// several.
func (k *Keys) Only(chain *chains.Chain) *Key {
	var only *Key
	for _, list := range k.byPayload {
		for _, key := range list {
			switch {
			case key.Chain != chain:
			case only == nil:
				only = key
			case only.Public != key.Public:
				return nil
			}
		}
	}
	return only
}

// Knows reports whether the address is the vault's on that chain.
func (k *Keys) Knows(chain *chains.Chain, address string) bool {
	key, _ := k.Find(chain, address)
	return key != nil
}
