package batch

import (
	"encoding/binary"
	"math/bits"
)

// Tree is the rule by which children descend from their parent, on one curve.
type Tree struct {
	g *group
	// message writes what is hashed under the chain code.
	message func(in *message, key *[33]byte, index uint32)
	// apart is set where the child's chain code is from a hash of its own. The first
	// byte of its message is one higher.
	apart bool
	// tweak turns IL, the first half of the hash, into the tweak. ok is false if
	// there is no child.
	tweak func(g *group, il *[32]byte) (k words, ok bool)
}

// The trees.
var (
	BIP32 = &Tree{&koblitz, keyIndex, false, belowOrder}           // CKDpub of BIP 32
	Cpub  = &Tree{&wei25519, keyIndex, false, modOrder}            // of cpub keys
	Fpub  = &Tree{&wei25519, pointZeroIndex, false, modOrder}      // of fpub keys
	BitGo = &Tree{&wei25519, twoPointIndex, true, shortTimesEight} // of BitGo's keys on ed25519
)

// message is a public key and an index, in one order or another.
type message [37]byte

// keyIndex writes the 33 bytes of the key, and the index big-endian.
func keyIndex(in *message, key *[33]byte, index uint32) {
	copy(in[:], key[:])
	binary.BigEndian.PutUint32(in[33:], index)
}

// pointZeroIndex writes the 32 bytes of the point, a zero, and the index big-endian.
func pointZeroIndex(in *message, key *[33]byte, index uint32) {
	copy(in[:32], key[1:])
	in[32] = 0
	binary.BigEndian.PutUint32(in[33:], index)
}

// twoPointIndex writes 2, the 32 bytes of the point, and the index little-endian, as
// BIP32-Ed25519 (Khovratovich and Law, 2017) has it.
func twoPointIndex(in *message, key *[33]byte, index uint32) {
	in[0] = 2
	copy(in[1:33], key[1:])
	binary.LittleEndian.PutUint32(in[33:], index)
}

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

// shortTimesEight takes the first 28 bytes of IL as a little-endian number, times 8
// (BIP32-Ed25519). It is below the order.
func shortTimesEight(_ *group, il *[32]byte) (k words, ok bool) {
	var b [32]byte
	copy(b[:28], il[:28])
	var low uint64
	for i := range k {
		w := binary.LittleEndian.Uint64(b[8*i:])
		k[i], low = w<<3|low, w>>61
	}
	return k, true
}
