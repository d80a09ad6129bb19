package batch

import (
	"encoding/binary"
	"math/bits"
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
