// Package field does arithmetic modulo the primes of secp256k1 and ed25519, for
// public values only: it branches and indexes by what it is given.
//
// Both primes lie just under a power of two, so one set of routines serves both.
// They work modulo 2^256 - m for a small m, folding the upper half of a product
// back with one word multiplication per word, as is usual for pseudo-Mersenne
// primes (Handbook of Applied Cryptography, section 14.3.4). For secp256k1 the
// modulus is the prime itself; for ed25519 it is twice the prime.
//
// An Element may hold any value below 2^256, and so has more than one form. All
// operations take and return such values; only Reduce returns the least.
package field

import (
	"encoding/binary"
	"math/bits"
)

// Modulus is m in 2^256 - m. Only the two below work.
type Modulus uint64

// The moduli. 2^256 - 2^32 - 977 is the prime of secp256k1 (SEC 2 section 2.4.1)
// and 2^256 - 38 is twice the prime 2^255 - 19 (RFC 7748 section 4.1).
const (
	Secp256k1 Modulus = 1<<32 + 977
	Ed25519   Modulus = 38
)

// Element is a value modulo a Modulus: four words, the least significant first.
type Element [4]uint64

// One is 1 in both fields.
var One = Element{1}

// SetBytes sets z to 32 big-endian bytes, not reduced.
func (z *Element) SetBytes(b *[32]byte) {
	for i := range z {
		z[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
}

// PutBytes writes z, as it is, in 32 big-endian bytes.
func (z *Element) PutBytes(b []byte) {
	_ = b[31]
	for i, v := range z {
		binary.BigEndian.PutUint64(b[24-8*i:], v)
	}
}

// prime returns the prime, which is the modulus or half of it.
func (m Modulus) prime() Element {
	if m%2 == 0 {
		return Element{-uint64(m / 2), ^uint64(0), ^uint64(0), ^uint64(0) >> 1}
	}
	return Element{-uint64(m), ^uint64(0), ^uint64(0), ^uint64(0)}
}

// Reduce sets z to the least value of its class.
func (m Modulus) Reduce(z *Element) {
	p := m.prime()
	for range 2 { // 2^256 holds the prime of ed25519 twice
		t, borrow := sub(z, &p)
		if borrow == 0 {
			*z = t
		}
	}
}

func sub(x, y *Element) (z Element, borrow uint64) {
	z[0], borrow = bits.Sub64(x[0], y[0], 0)
	z[1], borrow = bits.Sub64(x[1], y[1], borrow)
	z[2], borrow = bits.Sub64(x[2], y[2], borrow)
	z[3], borrow = bits.Sub64(x[3], y[3], borrow)
	return z, borrow
}

// IsZero reports whether x is zero in the field.
func (m Modulus) IsZero(x *Element) bool {
	// The forms of zero have these top words: that of 0, of ed25519's prime, and of
	// its double or secp256k1's prime.
	if t := x[3]; t != 0 && t != ^uint64(0)>>1 && t != ^uint64(0) {
		return false
	}
	r := *x
	m.Reduce(&r)
	return r == Element{}
}

// Add sets z to x + y.
func (m Modulus) Add(z, x, y *Element) {
	z0, c := bits.Add64(x[0], y[0], 0)
	z1, c := bits.Add64(x[1], y[1], c)
	z2, c := bits.Add64(x[2], y[2], c)
	z3, c := bits.Add64(x[3], y[3], c)
	// 2^256 is m. If adding m carries again, less than m is left.
	z0, c = bits.Add64(z0, -c&uint64(m), 0)
	z1, c = bits.Add64(z1, 0, c)
	z2, c = bits.Add64(z2, 0, c)
	z3, c = bits.Add64(z3, 0, c)
	z[0], z[1], z[2], z[3] = z0+-c&uint64(m), z1, z2, z3
}

// Sub sets z to x - y.
func (m Modulus) Sub(z, x, y *Element) {
	z0, b := bits.Sub64(x[0], y[0], 0)
	z1, b := bits.Sub64(x[1], y[1], b)
	z2, b := bits.Sub64(x[2], y[2], b)
	z3, b := bits.Sub64(x[3], y[3], b)
	// -2^256 is -m. If subtracting m borrows again, at least 2^256 - m is left.
	z0, b = bits.Sub64(z0, -b&uint64(m), 0)
	z1, b = bits.Sub64(z1, 0, b)
	z2, b = bits.Sub64(z2, 0, b)
	z3, b = bits.Sub64(z3, 0, b)
	z[0], z[1], z[2], z[3] = z0-(-b&uint64(m)), z1, z2, z3
}

// Mul sets z to x·y.
func (m Modulus) Mul(z, x, y *Element) {
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
	var c, r0, r1, r2, r3, r4, r5, r6, r7 uint64

	// Schoolbook, a row for each word of x: first the low halves, then the high.
	h0, r0 := bits.Mul64(x0, y0)
	h1, l1 := bits.Mul64(x0, y1)
	h2, l2 := bits.Mul64(x0, y2)
	h3, l3 := bits.Mul64(x0, y3)
	r1, c = bits.Add64(h0, l1, 0)
	r2, c = bits.Add64(h1, l2, c)
	r3, c = bits.Add64(h2, l3, c)
	r4 = h3 + c

	h0, l0 := bits.Mul64(x1, y0)
	h1, l1 = bits.Mul64(x1, y1)
	h2, l2 = bits.Mul64(x1, y2)
	h3, l3 = bits.Mul64(x1, y3)
	r1, c = bits.Add64(r1, l0, 0)
	r2, c = bits.Add64(r2, l1, c)
	r3, c = bits.Add64(r3, l2, c)
	r4, r5 = bits.Add64(r4, l3, c)
	r2, c = bits.Add64(r2, h0, 0)
	r3, c = bits.Add64(r3, h1, c)
	r4, c = bits.Add64(r4, h2, c)
	r5 += h3 + c

	h0, l0 = bits.Mul64(x2, y0)
	h1, l1 = bits.Mul64(x2, y1)
	h2, l2 = bits.Mul64(x2, y2)
	h3, l3 = bits.Mul64(x2, y3)
	r2, c = bits.Add64(r2, l0, 0)
	r3, c = bits.Add64(r3, l1, c)
	r4, c = bits.Add64(r4, l2, c)
	r5, r6 = bits.Add64(r5, l3, c)
	r3, c = bits.Add64(r3, h0, 0)
	r4, c = bits.Add64(r4, h1, c)
	r5, c = bits.Add64(r5, h2, c)
	r6 += h3 + c

	h0, l0 = bits.Mul64(x3, y0)
	h1, l1 = bits.Mul64(x3, y1)
	h2, l2 = bits.Mul64(x3, y2)
	h3, l3 = bits.Mul64(x3, y3)
	r3, c = bits.Add64(r3, l0, 0)
	r4, c = bits.Add64(r4, l1, c)
	r5, c = bits.Add64(r5, l2, c)
	r6, r7 = bits.Add64(r6, l3, c)
	r4, c = bits.Add64(r4, h0, 0)
	r5, c = bits.Add64(r5, h1, c)
	r6, c = bits.Add64(r6, h2, c)
	r7 += h3 + c

	// The upper half times m.
	h0, l0 = bits.Mul64(r4, uint64(m))
	h1, l1 = bits.Mul64(r5, uint64(m))
	h2, l2 = bits.Mul64(r6, uint64(m))
	h3, l3 = bits.Mul64(r7, uint64(m))
	l1, c = bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	t := h3 + c
	r0, c = bits.Add64(r0, l0, 0)
	r1, c = bits.Add64(r1, l1, c)
	r2, c = bits.Add64(r2, l2, c)
	r3, c = bits.Add64(r3, l3, c)
	t += c // at most m

	h, l := bits.Mul64(t, uint64(m))
	r0, c = bits.Add64(r0, l, 0)
	r1, c = bits.Add64(r1, h, c)
	r2, c = bits.Add64(r2, 0, c)
	r3, c = bits.Add64(r3, 0, c)

	// If that carried, less than m² is left: two words.
	r0, c = bits.Add64(r0, -c&uint64(m), 0)
	z[0], z[1], z[2], z[3] = r0, r1+c, r2, r3
}

// Square sets z to x².
func (m Modulus) Square(z, x *Element) {
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	var c, r1, r2, r3, r4, r5, r6, r7 uint64

	// The products of different words, each once.
	h01, r1 := bits.Mul64(x0, x1)
	h02, l02 := bits.Mul64(x0, x2)
	h03, l03 := bits.Mul64(x0, x3)
	h12, l12 := bits.Mul64(x1, x2)
	h13, l13 := bits.Mul64(x1, x3)
	h23, l23 := bits.Mul64(x2, x3)
	r2, c = bits.Add64(h01, l02, 0)
	r3, c = bits.Add64(h02, l03, c)
	r4, c = bits.Add64(h03, l13, c)
	r5, c = bits.Add64(h13, l23, c)
	r6 = h23 + c
	r3, c = bits.Add64(r3, l12, 0)
	r4, c = bits.Add64(r4, h12, c)
	r5, c = bits.Add64(r5, 0, c)
	r6 += c

	// Twice that.
	r7 = r6 >> 63
	r6 = r6<<1 | r5>>63
	r5 = r5<<1 | r4>>63
	r4 = r4<<1 | r3>>63
	r3 = r3<<1 | r2>>63
	r2 = r2<<1 | r1>>63
	r1 <<= 1

	// And the squares.
	h0, r0 := bits.Mul64(x0, x0)
	h1, l1 := bits.Mul64(x1, x1)
	h2, l2 := bits.Mul64(x2, x2)
	h3, l3 := bits.Mul64(x3, x3)
	r1, c = bits.Add64(r1, h0, 0)
	r2, c = bits.Add64(r2, l1, c)
	r3, c = bits.Add64(r3, h1, c)
	r4, c = bits.Add64(r4, l2, c)
	r5, c = bits.Add64(r5, h2, c)
	r6, c = bits.Add64(r6, l3, c)
	r7 += h3 + c

	// The upper half times m, as in Mul.
	h0, l0 := bits.Mul64(r4, uint64(m))
	h1, l1 = bits.Mul64(r5, uint64(m))
	h2, l2 = bits.Mul64(r6, uint64(m))
	h3, l3 = bits.Mul64(r7, uint64(m))
	l1, c = bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	t := h3 + c
	r0, c = bits.Add64(r0, l0, 0)
	r1, c = bits.Add64(r1, l1, c)
	r2, c = bits.Add64(r2, l2, c)
	r3, c = bits.Add64(r3, l3, c)
	t += c // at most m

	h, l := bits.Mul64(t, uint64(m))
	r0, c = bits.Add64(r0, l, 0)
	r1, c = bits.Add64(r1, h, c)
	r2, c = bits.Add64(r2, 0, c)
	r3, c = bits.Add64(r3, 0, c)

	// If that carried, less than m² is left: two words.
	r0, c = bits.Add64(r0, -c&uint64(m), 0)
	z[0], z[1], z[2], z[3] = r0, r1+c, r2, r3
}

// Invert sets z to 1/x by Fermat's theorem, x^(p-2), in windows of four bits. The
// inverse of zero is zero.
func (m Modulus) Invert(z, x *Element) {
	e := m.prime()
	e[0] -= 2 // without a borrow: the low word of neither prime is small
	var power [16]Element
	power[0] = One
	for i := 1; i < len(power); i++ {
		m.Mul(&power[i], &power[i-1], x)
	}
	r := One
	for i := 63; i >= 0; i-- {
		for range 4 {
			m.Square(&r, &r)
		}
		m.Mul(&r, &r, &power[e[i/16]>>(i%16*4)&15])
	}
	*z = r
}

// InvertAll inverts every element of x, none of which may be zero, with one
// inversion and three multiplications for each (P. L. Montgomery, Speeding the
// Pollard and Elliptic Curve Methods of Factorization, 1987, section 10.3.1).
// scratch is at least as long as x.
func (m Modulus) InvertAll(x, scratch []Element) {
	product := One
	for i := range x {
		scratch[i] = product
		m.Mul(&product, &product, &x[i])
	}
	var inverse Element
	m.Invert(&inverse, &product)
	for i := len(x) - 1; i >= 0; i-- {
		scratch[i], x[i] = x[i], scratch[i]
		m.Mul(&x[i], &x[i], &inverse)
		m.Mul(&inverse, &inverse, &scratch[i])
	}
}
