package curve

import (
	"fmt"
	"math/big"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// koblitz is secp256k1.
type koblitz struct{}

func (koblitz) order() *big.Int { return secp.Params().N }
func (koblitz) scalar() field   { return new(modN) }

func (koblitz) scalars(n int) []field {
	list, fields := make([]modN, n), make([]field, n)
	for i := range list {
		fields[i] = &list[i]
	}
	return fields
}

// generator returns a constant: multiplying by one would make the library build
// a table, which takes longer than starting a program.
func (koblitz) generator() element {
	w := new(weierstrass)
	p := secp.Params()
	w.p.X.SetByteSlice(p.Gx.FillBytes(make([]byte, 32)))
	w.p.Y.SetByteSlice(p.Gy.FillBytes(make([]byte, 32)))
	w.p.Z.SetInt(1)
	return w
}

func (koblitz) identity() element { return new(weierstrass) }

func (koblitz) parse(b []byte) (element, error) {
	if len(b) != 33 && len(b) != 65 {
		return nil, fmt.Errorf("%w: a secp256k1 key has 33 or 65 bytes, not %d", ErrPoint, len(b))
	}
	if len(b) == 65 && b[0] != 4 { // the library takes SEC 1's hybrid form as well
		return nil, fmt.Errorf("%w: an uncompressed secp256k1 key starts with 04, not %02x", ErrPoint, b[0])
	}
	k, err := secp.ParsePubKey(b)
	if err != nil {
		return nil, fmt.Errorf("%w: not a point of secp256k1", ErrPoint)
	}
	var p secp.JacobianPoint
	k.AsJacobian(&p)
	return affine(&p), nil
}

func (koblitz) multi(k []*Scalar, p []*Point) element {
	var sum secp.JacobianPoint
	for i := range k {
		var q secp.JacobianPoint
		secp.ScalarMultNonConst(&k[i].f.(*modN).n, &p[i].e.(*weierstrass).p, &q)
		secp.AddNonConst(&sum, &q, &sum)
	}
	return affine(&sum)
}

func (koblitz) multiBase(k []*Scalar) element {
	var sum secp.JacobianPoint
	for i := range k {
		var q secp.JacobianPoint
		secp.ScalarBaseMultNonConst(&k[i].f.(*modN).n, &q)
		secp.AddNonConst(&sum, &q, &sum)
	}
	return affine(&sum)
}

// weierstrass is a point of secp256k1, affine; all zero is the neutral element.
type weierstrass struct{ p secp.JacobianPoint }

func affine(p *secp.JacobianPoint) *weierstrass {
	p.ToAffine()
	return &weierstrass{*p}
}

func (w *weierstrass) add(o element) element {
	var sum secp.JacobianPoint
	secp.AddNonConst(&w.p, &o.(*weierstrass).p, &sum)
	return affine(&sum)
}

func (w *weierstrass) mul(k *Scalar) element {
	var r secp.JacobianPoint
	secp.ScalarMultNonConst(&k.f.(*modN).n, &w.p, &r)
	return affine(&r)
}

func (w *weierstrass) neg() element {
	r := *w
	r.p.Y.Negate(1).Normalize()
	return &r
}

func (w *weierstrass) equal(o element) bool {
	v := o.(*weierstrass)
	return w.isIdentity() == v.isIdentity() && w.p.X.Equals(&v.p.X) && w.p.Y.Equals(&v.p.Y)
}

func (w *weierstrass) isIdentity() bool { return w.p.X.IsZero() && w.p.Y.IsZero() }

func (w *weierstrass) bytes() []byte {
	if w.isIdentity() {
		return make([]byte, PointSize)
	}
	return secp.NewPublicKey(&w.p.X, &w.p.Y).SerializeCompressed()
}

func (w *weierstrass) uncompressed() []byte {
	return secp.NewPublicKey(&w.p.X, &w.p.Y).SerializeUncompressed()
}

// modN is an integer modulo the order of secp256k1.
type modN struct{ n secp.ModNScalar }

func (a *modN) set(b field)          { a.n.Set(&b.(*modN).n) }
func (a *modN) setBytes(b *[32]byte) { a.n.SetBytes(b) }
func (a *modN) setWide(b *[2 * ScalarSize]byte) {
	var high, shift secp.ModNScalar // b = high·2^256 + low, and 2^256 = (2^255)·2
	high.SetBytes((*[ScalarSize]byte)(b[:ScalarSize]))
	shift.SetBytes(&[ScalarSize]byte{0: 0x80})
	high.Mul(shift.Add(&shift))
	a.n.SetBytes((*[ScalarSize]byte)(b[ScalarSize:]))
	a.n.Add(&high)
	high.Zero()
}

func (a *modN) setCanonical(b *[32]byte) bool { return a.n.SetBytes(b) == 0 }
func (a *modN) add(b field)                   { a.n.Add(&b.(*modN).n) }
func (a *modN) mul(b field)                   { a.n.Mul(&b.(*modN).n) }
func (a *modN) neg()                          { a.n.Negate() }
func (a *modN) invert()                       { a.n.InverseNonConst() }
func (a *modN) bytes() [ScalarSize]byte       { return a.n.Bytes() }
func (a *modN) isZero() bool                  { return a.n.IsZero() }
func (a *modN) wipe()                         { a.n.Zero() }
