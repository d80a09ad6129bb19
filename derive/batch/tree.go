package batch

import "math/bits"

// Tree is the rule by which children descend from their parent, on one curve.
type Tree struct {
	g *group
	// tweak turns IL, the first half of the hash, into the tweak. ok is false if
	// there is no child.
	tweak func(g *group, il *[32]byte) (k words, ok bool)
}

// The trees.
var (
	BIP32 = &Tree{&koblitz, belowOrder} // CKDpub of BIP 32
	Cpub  = &Tree{&wei25519, modOrder}  // of cpub keys
)

// belowOrder takes IL as it is, if it is below the order.
func belowOrder(g *group, il *[32]byte) (k words, ok bool) {
	k = wordsOf(il)
	return k, less(&k, &g.order)
}

// modOrder reduces IL modulo L, the order of the group of ed25519.
func modOrder(g *group, il *[32]byte) (words, bool) {
	k := wordsOf(il)
	// L = 2^252 + δ with δ under 2^125. With q the top four bits, k - q·L is
	// (k mod 2^252) - q·δ: below L, and if negative then above -L.
	q := k[3] >> 60
	k[3] &= 1<<60 - 1
	h0, l0 := bits.Mul64(q, g.order[0])
	h1, l1 := bits.Mul64(q, g.order[1])
	l1, c := bits.Add64(l1, h0, 0)
	k, borrow := k.minus(&words{l0, l1, h1 + c})
	if borrow == 1 {
		c = 0
		for i := range k {
			k[i], c = bits.Add64(k[i], g.order[i], c)
		}
	}
	return k, true
}
