// Package scalar does arithmetic on secret scalars of both curves, in constant
// time: key shares, root private keys, child private keys, nonces.
//
// A *Secret never prints. On ed25519 it is a scalar in the sense of RFC 8032
// section 5.1.5 after the hash: it is not a seed, and it is never clamped.
package scalar

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
)

// ErrZero is returned for a scalar that is zero modulo the order, which is no key,
// and ErrSize for one that is empty or too long.
var (
	ErrZero = errors.New("the secret scalar is zero modulo the group order")
	ErrSize = errors.New("the secret scalar is empty or too long")
)

// MaxSize is the longest scalar that New accepts, in bytes. A node-side reshare
// leaves sums of 33 or 34 bytes that were not reduced.
const MaxSize = 64

// Secret is a secret scalar. It is always passed by pointer.
type Secret struct{ s *curve.Scalar }

// New reads 1 to 64 big-endian bytes, reduced modulo the order. b stays the
// caller's to wipe.
func New(c curve.Curve, b []byte) (*Secret, error) {
	if len(b) == 0 || len(b) > MaxSize {
		return nil, ErrSize
	}
	s := &Secret{c.ScalarFromBytes(b)}
	if s.s.IsZero() {
		return nil, ErrZero
	}
	return s, nil
}

// Zero returns the secret scalar 0, to add to.
func Zero(c curve.Curve) *Secret { return &Secret{c.Scalar()} }

// Random returns a uniform non-zero scalar.
func Random(c curve.Curve) *Secret { return &Secret{c.RandomScalar()} }

// AddEach returns s + t for each of the public numbers t, 32 bytes big-endian. The
// results share one piece of memory, and are wiped one by one.
func (s *Secret) AddEach(t []*[curve.ScalarSize]byte) []*Secret {
	sums := s.Curve().Scalars(len(t))
	holders, out := make([]Secret, len(t)), make([]*Secret, len(t))
	public := s.Curve().Scalar()
	for i := range t {
		sums[i].Set(s.s).Add(public.SetPublic(t[i]))
		holders[i].s = &sums[i]
		out[i] = &holders[i]
	}
	return out
}

// Curve returns the curve of the scalar.
func (s *Secret) Curve() curve.Curve { return s.s.Curve() }

// Clone returns a copy, which must be wiped on its own.
func (s *Secret) Clone() *Secret { return &Secret{s.s.Clone()} }

// Add sets s to s + t and returns s.
func (s *Secret) Add(t *Secret) *Secret { s.s.Add(t.s); return s }

// Sub sets s to s - t and returns s.
func (s *Secret) Sub(t *Secret) *Secret {
	n := t.s.Clone().Neg()
	s.s.Add(n)
	n.Wipe()
	return s
}

// AddPublic sets s to s + t and returns s.
func (s *Secret) AddPublic(t *curve.Scalar) *Secret { s.s.Add(t); return s }

// AddDigit sets s to s + d and returns s; d is secret, too.
func (s *Secret) AddDigit(d byte) *Secret {
	b := [curve.ScalarSize]byte{curve.ScalarSize - 1: d}
	t := s.Curve().ScalarFromBytes(b[:])
	s.s.Add(t)
	t.Wipe()
	clear(b[:])
	return s
}

// Mul sets s to s·t and returns s.
func (s *Secret) Mul(t *Secret) *Secret { s.s.Mul(t.s); return s }

// MulPublic sets s to s·t and returns s.
func (s *Secret) MulPublic(t *curve.Scalar) *Secret { s.s.Mul(t); return s }

// Neg sets s to -s and returns s.
func (s *Secret) Neg() *Secret { s.s.Neg(); return s }

// Invert sets s to 1/s and returns s; the inverse of zero is zero.
//
// The inverse that Go has for secp256k1 takes variable time, so it never sees s: for
// a fresh random b it sees s·b, which is uniform whatever s is, and 1/s = b·(1/(s·b)).
func (s *Secret) Invert() *Secret {
	b := s.Curve().RandomScalar()
	defer b.Wipe()
	s.s.Mul(b).Invert().Mul(b)
	return s
}

// IsZero reports whether s is zero.
func (s *Secret) IsZero() bool { return s.s.IsZero() }

// Equal compares in constant time.
func (s *Secret) Equal(t *Secret) bool {
	a, b := s.s.Bytes(), t.s.Bytes()
	defer clear(a[:])
	defer clear(b[:])
	return s.Curve() == t.Curve() && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Bytes returns the 32 big-endian bytes.
func (s *Secret) Bytes() *secret.Bytes {
	b := s.s.Bytes()
	defer clear(b[:])
	return secret.Copy(b[:])
}

// Public returns s·G.
//
// The base multiplication that Go has for secp256k1 takes variable time, so it
// never sees s: it computes r·G and (s-r)·G for a fresh random r, and the two
// points are added. Each of the two factors is uniform whatever s is.
func (s *Secret) Public() *curve.Point {
	r := s.Curve().RandomScalar()
	d := r.Clone().Neg().Add(s.s)
	defer r.Wipe()
	defer d.Wipe()
	return s.Curve().MulBase(r, d)
}

// Wipe sets s to zero. A nil scalar may be wiped.
func (s *Secret) Wipe() {
	if s != nil {
		s.s.Wipe()
	}
}

// Format prints [secret], whatever the verb.
func (s *Secret) Format(f fmt.State, _ rune) { f.Write([]byte("[secret]")) }

// MarshalText refuses.
func (s *Secret) MarshalText() ([]byte, error) { return nil, secret.ErrMarshal }
