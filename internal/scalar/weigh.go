package scalar

import (
	"encoding/binary"
	"math/bits"

	"lifeboat/internal/curve"
)

// WeightedSum returns Σ weights[i]·xs[i], for slices of the same length. The sum
// is kept as a plain integer and reduced once, which is what makes it fast; its
// time depends on the length only.
func WeightedSum(c curve.Curve, xs []*Secret, weights []uint16) *Secret {
	var total [6]uint64 // little-endian words; 2^16 weights of 2^272 fit
	for i, x := range xs {
		b := x.s.Bytes()
		weigh(&total, &b, weights[i])
		clear(b[:])
	}
	var wide [48]byte
	for i, word := range total {
		binary.BigEndian.PutUint64(wide[40-8*i:], word)
	}
	clear(total[:])
	s := &Secret{c.ScalarFromBytes(wide[:])}
	clear(wide[:])
	return s
}

// weigh adds w·k to total. It takes the same time for every k.
func weigh(total *[6]uint64, k *[curve.ScalarSize]byte, w uint16) {
	var high, carry uint64
	for i := range 4 {
		h, l := bits.Mul64(binary.BigEndian.Uint64(k[24-8*i:]), uint64(w))
		l, c := bits.Add64(l, high, 0)
		high = h + c
		total[i], carry = bits.Add64(total[i], l, carry)
	}
	total[4], carry = bits.Add64(total[4], high, carry)
	total[5] += carry
}
