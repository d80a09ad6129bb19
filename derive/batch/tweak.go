package batch

import (
	"encoding/binary"
	"math/bits"

	"lifeboat/internal/curve"
)

// words is an integer below 2^256, the least significant word first.
type words [4]uint64

func wordsOf(b *[32]byte) (k words) {
	for i := range k {
		k[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return k
}

func (k *words) putBytes(b *[32]byte) {
	for i, v := range k {
		binary.BigEndian.PutUint64(b[24-8*i:], v)
	}
}

func (k *words) minus(n *words) (d words, borrow uint64) {
	for i := range d {
		d[i], borrow = bits.Sub64(k[i], n[i], borrow)
	}
	return d, borrow
}

// tweak makes IL the tweak of the curve: refused if not below the order on
// secp256k1, reduced on ed25519.
func (g *group) tweak(il *[32]byte) (k words, ok bool) {
	k = wordsOf(il)
	if g.c == curve.Secp256k1 {
		_, borrow := k.minus(&g.order)
		return k, borrow == 1
	}
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

// digits cuts the tweak k, below the order, into one digit for each window of the
// table, and writes them to out[0], out[stride] and so on, least significant
// first. A digit is at most half = 2^(width-1) and at least -half, so the table
// needs the positive multiples only.
//
// If k is above half the order it is order - k that is cut, with the signs
// changed. That keeps it below 2^255, so that nothing is carried out of the top
// window.
func (g *group) digits(k words, width, windows int, out []int32, stride int) {
	negate := false
	if n, _ := g.order.minus(&k); less(&n, &k) {
		k, negate = n, true
	}
	half, mask := int32(1)<<(width-1), uint64(1)<<width-1
	carry := int32(0)
	for j := range windows {
		d := int32(k[0]&mask) + carry
		if carry = 0; d > half {
			d, carry = d-2*half, 1
		}
		if negate {
			d = -d
		}
		out[j*stride] = d
		for i := range 3 {
			k[i] = k[i]>>width | k[i+1]<<(64-width)
		}
		k[3] >>= width
	}
}

func less(a, b *words) bool {
	_, borrow := a.minus(b)
	return borrow == 1
}
