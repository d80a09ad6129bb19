package curve

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
)

// edwards is the prime-order group of ed25519.
type edwards struct{}

func (edwards) order() *big.Int {
	// 2^252 + 27742317777372353535851937790883648493, RFC 8032 section 5.1.
	l, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
	return l
}

func (edwards) scalar() field { return new(modL) }

func (edwards) scalars(n int) []field {
	list, fields := make([]modL, n), make([]field, n)
	for i := range list {
		fields[i] = &list[i]
	}
	return fields
}

func (edwards) generator() element { return (*twisted)(edwards25519.NewGeneratorPoint()) }
func (edwards) identity() element  { return (*twisted)(edwards25519.NewIdentityPoint()) }

func (edwards) parse(b []byte) (element, error) {
	switch {
	case len(b) == 33 && b[0] == 0:
		b = b[1:]
	case len(b) == 33:
		return nil, fmt.Errorf("%w: an ed25519 key of 33 bytes starts with 00, not %02x", ErrPoint, b[0])
	case len(b) != 32:
		return nil, fmt.Errorf("%w: an ed25519 key has 32 or 33 bytes, not %d", ErrPoint, len(b))
	}
	p, err := new(edwards25519.Point).SetBytes(b)
	if err != nil {
		return nil, fmt.Errorf("%w: not a point of ed25519", ErrPoint)
	}
	if !bytes.Equal(p.Bytes(), b) {
		return nil, fmt.Errorf("%w: not the canonical encoding of an ed25519 point", ErrPoint)
	}
	e := (*twisted)(p)
	if e.isIdentity() {
		return nil, fmt.Errorf("%w: the neutral element of ed25519", ErrPoint)
	}
	if !inPrimeOrderGroup(p) {
		return nil, fmt.Errorf("%w: outside the prime-order group of ed25519", ErrPoint)
	}
	return e, nil
}

// inPrimeOrderGroup reports whether L·p is the neutral element. Since a scalar
// cannot hold L, it compares (L-1)·p with -p.
func inPrimeOrderGroup(p *edwards25519.Point) bool {
	minusOne := new(edwards25519.Scalar).Negate(edOne())
	q := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(minusOne, p, edwards25519.NewScalar())
	return q.Equal(new(edwards25519.Point).Negate(p)) == 1
}

func edOne() *edwards25519.Scalar {
	one, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
	if err != nil {
		panic("unreachable: one is canonical")
	}
	return one
}

func (edwards) multi(k []*Scalar, p []*Point) element {
	scalars := make([]*edwards25519.Scalar, len(k))
	points := make([]*edwards25519.Point, len(p))
	for i := range k {
		scalars[i] = &k[i].f.(*modL).s
		points[i] = (*edwards25519.Point)(p[i].e.(*twisted))
	}
	return (*twisted)(new(edwards25519.Point).VarTimeMultiScalarMult(scalars, points))
}

func (edwards) multiBase(k []*Scalar) element {
	sum := edwards25519.NewIdentityPoint()
	for i := range k {
		sum.Add(sum, new(edwards25519.Point).ScalarBaseMult(&k[i].f.(*modL).s))
	}
	return (*twisted)(sum)
}

// twisted is a point of the twisted Edwards curve of ed25519.
type twisted edwards25519.Point

func (m *twisted) point() *edwards25519.Point { return (*edwards25519.Point)(m) }

func (m *twisted) add(o element) element {
	return (*twisted)(new(edwards25519.Point).Add(m.point(), o.(*twisted).point()))
}

func (m *twisted) mul(k *Scalar) element {
	zero := edwards25519.NewScalar()
	return (*twisted)(new(edwards25519.Point).VarTimeDoubleScalarBaseMult(&k.f.(*modL).s, m.point(), zero))
}

func (m *twisted) neg() element {
	return (*twisted)(new(edwards25519.Point).Negate(m.point()))
}

func (m *twisted) equal(o element) bool { return m.point().Equal(o.(*twisted).point()) == 1 }
func (m *twisted) isIdentity() bool {
	return m.point().Equal(edwards25519.NewIdentityPoint()) == 1
}
func (m *twisted) bytes() []byte        { return append([]byte{0}, m.point().Bytes()...) }
func (m *twisted) uncompressed() []byte { return m.point().Bytes() }

// modL is an integer modulo the order of the prime-order group.
type modL struct{ s edwards25519.Scalar }

func (a *modL) set(b field) { a.s.Set(&b.(*modL).s) }

func (a *modL) setBytes(b *[32]byte) {
	var wide [2 * ScalarSize]byte
	copy(wide[ScalarSize:], b[:])
	a.setWide(&wide)
	clear(wide[:])
}

func (a *modL) setWide(b *[2 * ScalarSize]byte) {
	little := *b
	slices.Reverse(little[:])
	if _, err := a.s.SetUniformBytes(little[:]); err != nil {
		panic("unreachable: 64 bytes are always accepted")
	}
	clear(little[:])
}

func (a *modL) setCanonical(b *[32]byte) bool {
	little := *b
	slices.Reverse(little[:])
	_, err := a.s.SetCanonicalBytes(little[:])
	return err == nil
}

func (a *modL) add(b field)  { a.s.Add(&a.s, &b.(*modL).s) }
func (a *modL) mul(b field)  { a.s.Multiply(&a.s, &b.(*modL).s) }
func (a *modL) neg()         { a.s.Negate(&a.s) }
func (a *modL) invert()      { a.s.Invert(&a.s) }
func (a *modL) isZero() bool { return a.s.Equal(edwards25519.NewScalar()) == 1 }
func (a *modL) wipe()        { a.s.Set(edwards25519.NewScalar()) }

func (a *modL) bytes() [ScalarSize]byte {
	b := a.s.Bytes()
	slices.Reverse(b)
	r := [ScalarSize]byte(b)
	clear(b)
	return r
}
