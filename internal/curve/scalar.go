package curve

import (
	"crypto/rand"
	"math/big"
)

// Scalar is an integer modulo the order of its curve's group. Its arithmetic
// takes the same time for all values, since package scalar builds on it, but it
// prints and copies freely: a Scalar on its own is public. Share IDs, Lagrange
// coefficients and tweaks are Scalars.
type Scalar struct {
	c Curve
	f field
}

// Scalar returns zero.
func (c Curve) Scalar() *Scalar { return &Scalar{c, c.group().scalar()} }

// Scalars returns n zeros that share one piece of memory.
func (c Curve) Scalars(n int) []Scalar {
	list := make([]Scalar, n)
	for i, f := range c.group().scalars(n) {
		list[i] = Scalar{c, f}
	}
	return list
}

// ScalarFromInt returns n modulo the order; n may be of any size or sign.
func (c Curve) ScalarFromInt(n *big.Int) *Scalar {
	var b [ScalarSize]byte
	new(big.Int).Mod(n, c.group().order()).FillBytes(b[:])
	return c.Scalar().SetBytes(&b)
}

// ScalarFromUint returns n.
func (c Curve) ScalarFromUint(n uint64) *Scalar {
	return c.ScalarFromInt(new(big.Int).SetUint64(n))
}

// ScalarFromBytes reads up to 64 big-endian bytes and reduces them modulo the
// order, in the same time for all. It panics on a longer input,
// which its callers exclude.
func (c Curve) ScalarFromBytes(b []byte) *Scalar {
	if len(b) > 2*ScalarSize {
		panic("curve: scalar longer than 64 bytes")
	}
	var wide [2 * ScalarSize]byte
	copy(wide[len(wide)-len(b):], b)
	s := c.Scalar()
	s.f.setWide(&wide)
	clear(wide[:])
	return s
}

// RandomScalar returns a uniform non-zero scalar.
func (c Curve) RandomScalar() *Scalar {
	for {
		var b [ScalarSize + 16]byte // the bias is under 2^-127
		rand.Read(b[:])
		s := c.ScalarFromBytes(b[:])
		clear(b[:])
		if !s.IsZero() {
			return s
		}
	}
}

// SetBytes sets s to 32 big-endian bytes, reduced modulo the order, and returns s.
func (s *Scalar) SetBytes(b *[ScalarSize]byte) *Scalar { s.f.setBytes(b); return s }

// SetPublic is SetBytes for public bytes: it is quicker for those below the order.
func (s *Scalar) SetPublic(b *[ScalarSize]byte) *Scalar {
	if !s.f.setCanonical(b) {
		s.f.setBytes(b)
	}
	return s
}

// Curve returns the curve of the scalar.
func (s *Scalar) Curve() Curve { return s.c }

// Clone returns a copy.
func (s *Scalar) Clone() *Scalar { r := s.c.Scalar(); r.f.set(s.f); return r }

// Set sets s to t and returns s.
func (s *Scalar) Set(t *Scalar) *Scalar { s.f.set(t.f); return s }

// Add sets s to s + t and returns s.
func (s *Scalar) Add(t *Scalar) *Scalar { s.f.add(t.f); return s }

// Mul sets s to s·t and returns s.
func (s *Scalar) Mul(t *Scalar) *Scalar { s.f.mul(t.f); return s }

// Neg sets s to -s and returns s.
func (s *Scalar) Neg() *Scalar { s.f.neg(); return s }

// Invert sets s to 1/s and returns s; the inverse of zero is zero. It takes
// variable time on secp256k1, so it is for public values only.
func (s *Scalar) Invert() *Scalar { s.f.invert(); return s }

// Bytes returns the 32 big-endian bytes.
func (s *Scalar) Bytes() [ScalarSize]byte { return s.f.bytes() }

// Int returns the value.
func (s *Scalar) Int() *big.Int { b := s.Bytes(); return new(big.Int).SetBytes(b[:]) }

// IsZero reports whether s is zero.
func (s *Scalar) IsZero() bool { return s.f.isZero() }

// Equal reports whether s and t are the same scalar of the same curve.
func (s *Scalar) Equal(t *Scalar) bool {
	d := t.Clone().Neg()
	defer d.Wipe()
	return s.c == t.c && d.Add(s).IsZero()
}

// Wipe sets s to zero.
func (s *Scalar) Wipe() { s.f.wipe() }
