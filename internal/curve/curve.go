// Package curve does the public arithmetic of the two curves of MPC custody:
// secp256k1 (SEC 2) and the prime-order group of ed25519 (RFC 8032).
//
// A Curve is a value with methods, so that nothing else needs to know which of
// the two it works on. Everything here may take time that depends on its
// inputs; secret scalars live in package scalar.
//
// Byte orders: a Scalar is written big-endian, as in the vendor's files. A point
// is written in 33 bytes: SEC 1 compressed on secp256k1, and 00 followed by the
// RFC 8032 encoding on ed25519.
package curve

import (
	"errors"
	"fmt"
	"math/big"
)

// PointSize is the length of an encoded point on both curves, in bytes.
const PointSize = 33

// ScalarSize is the length of an encoded scalar on both curves, in bytes.
const ScalarSize = 32

// ErrPoint is wrapped by every error about bytes that encode no usable point.
var ErrPoint = errors.New("not a public key of this curve")

// Curve is one of the two curves. Its number is the vendor's `type` field: 1 for
// ECDSA, 2 for EdDSA. The zero value is no curve, and only Valid and String may
// be called on it.
type Curve uint8

// The two curves.
const (
	Secp256k1 Curve = 1
	Ed25519   Curve = 2
)

// All lists the curves.
func All() []Curve { return []Curve{Secp256k1, Ed25519} }

// ByName returns the curve of that exact name: "secp256k1" or "ed25519".
func ByName(name string) (Curve, bool) {
	for _, c := range All() {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

// String returns the name of the curve.
func (c Curve) String() string {
	switch c {
	case Secp256k1:
		return "secp256k1"
	case Ed25519:
		return "ed25519"
	}
	return fmt.Sprintf("curve %d", uint8(c))
}

// group is what a curve implements.
type group interface {
	order() *big.Int // shared: must not be changed
	generator() element
	identity() element
	parse(b []byte) (element, error)
	multi(k []*Scalar, p []*Point) element
	multiBase(k []*Scalar) element
	scalar() field
	scalars(n int) []field // in one piece of memory
}

// element is a point of a group. Its methods return new values.
type element interface {
	add(element) element
	mul(*Scalar) element
	neg() element
	equal(element) bool
	isIdentity() bool
	bytes() []byte // 33 bytes
	uncompressed() []byte
}

// field is an integer modulo the order of a group, changed in place.
type field interface {
	set(field)
	setBytes(*[ScalarSize]byte)          // big-endian, reduced modulo the order
	setWide(*[2 * ScalarSize]byte)       // the same for 64 bytes
	setCanonical(*[ScalarSize]byte) bool // the same if it is below the order; takes variable time
	add(field)
	mul(field)
	neg()
	invert() // of zero is zero
	bytes() [ScalarSize]byte
	isZero() bool
	wipe()
}

func (c Curve) group() group {
	if c == Ed25519 {
		return edwards{}
	}
	return koblitz{}
}

// Order returns the order of the group.
func (c Curve) Order() *big.Int { return new(big.Int).Set(c.group().order()) }

// Generator returns the base point.
func (c Curve) Generator() *Point { return &Point{c, c.group().generator()} }

// Identity returns the neutral element, which no file may contain.
func (c Curve) Identity() *Point { return &Point{c, c.group().identity()} }

// ParsePoint reads a public key. On secp256k1 b is a SEC 1 point, compressed (33
// bytes) or uncompressed (65). On ed25519 it is the RFC 8032 encoding (32 bytes),
// or the same after a zero byte (33). The neutral element, an encoding that is
// not canonical and a point outside the prime-order group are errors that wrap
// ErrPoint.
func (c Curve) ParsePoint(b []byte) (*Point, error) {
	e, err := c.group().parse(b)
	if err != nil {
		return nil, err
	}
	return &Point{c, e}, nil
}

// MultiMul returns the sum of k[i]·p[i]; the slices have the same length.
func (c Curve) MultiMul(k []*Scalar, p []*Point) *Point {
	return &Point{c, c.group().multi(k, p)}
}

// Evaluate returns Σ x^k·A_k: the value at x of a polynomial of which each coefficient,
// the constant first, is known times the base point.
func Evaluate(x *Scalar, coefficients []*Point) *Point {
	powers := make([]*Scalar, len(coefficients))
	power := x.Curve().ScalarFromUint(1)
	for k := range powers {
		powers[k] = power.Clone()
		power.Mul(x)
	}
	return x.Curve().MultiMul(powers, coefficients)
}

// MulBase returns the sum of k[i] times the base point. It is several times as fast
// as Generator().Mul, but for the first time, which builds a table.
func (c Curve) MulBase(k ...*Scalar) *Point { return &Point{c, c.group().multiBase(k)} }

// Point is an element of the group. Points do not change.
type Point struct {
	c Curve
	e element
}

// Curve returns the curve of the point.
func (p *Point) Curve() Curve { return p.c }

// Bytes returns the 33-byte encoding. The neutral element encodes to zeros on
// secp256k1, which has no encoding for it in this form.
func (p *Point) Bytes() []byte { return p.e.bytes() }

// Uncompressed returns the SEC 1 uncompressed form (65 bytes) on secp256k1 and
// the RFC 8032 encoding (32 bytes) on ed25519.
func (p *Point) Uncompressed() []byte { return p.e.uncompressed() }

// Add returns p + q.
func (p *Point) Add(q *Point) *Point { return &Point{p.c, p.e.add(q.e)} }

// Sub returns p - q.
func (p *Point) Sub(q *Point) *Point { return &Point{p.c, p.e.add(q.e.neg())} }

// Mul returns k·p.
func (p *Point) Mul(k *Scalar) *Point { return &Point{p.c, p.e.mul(k)} }

// Equal reports whether p and q are the same point of the same curve.
func (p *Point) Equal(q *Point) bool { return p.c == q.c && p.e.equal(q.e) }

// IsIdentity reports whether p is the neutral element.
func (p *Point) IsIdentity() bool { return p.e.isIdentity() }
