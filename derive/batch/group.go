package batch

import (
	"fmt"
	"slices"

	"lifeboat/derive/batch/internal/field"
	"lifeboat/internal/curve"

	"filippo.io/edwards25519"
)

// point is an affine point of a short Weierstrass curve. The neutral element is
// (0, 0), which lies on neither curve. The coordinates need not be reduced.
type point struct{ x, y field.Element }

func (p *point) isIdentity() bool { return *p == point{} }

// group is a curve y² = x³ + ax + b in numbers.
type group struct {
	field.Modulus
	c     curve.Curve
	a     field.Element
	base  point
	order words

	parse func(g *group, key *[33]byte) (point, error)
	// encode sets the keys and coordinates of out to the points, which it reduces.
	encode func(g *group, p []point, out []Child, tmp *[2][]field.Element)
	// matches reports whether the key and coordinates of c are those of p, which is
	// reduced.
	matches func(g *group, p *point, c *Child) bool
}

// koblitz is secp256k1: SEC 2 section 2.4.1.
var koblitz = group{
	Modulus: field.Secp256k1,
	c:       curve.Secp256k1,
	base: point{
		field.Element{0x59f2815b16f81798, 0x029bfcdb2dce28d9, 0x55a06295ce870b07, 0x79be667ef9dcbbac},
		field.Element{0x9c47d08ffb10d4b8, 0xfd17b448a6855419, 0x5da4fbfc0e1108a8, 0x483ada7726a3c465},
	},
	order:   words{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff},
	parse:   parseKoblitz,
	encode:  encodeKoblitz,
	matches: koblitzMatches,
}

// wei25519 is the group of ed25519 in short Weierstrass form. With A = 486662, a
// point (u, v) of curve25519 is (u + A/3, v) here, and on the Edwards curve
//
//	x = s·u/v, y = (u-1)/(u+1), s² = -(A+2)
//
// (RFC 7748 section 4.1). Which root s is does not matter as long as it is one.
// The neutral element and the point of order two have no such image; neither is
// a key.
var wei25519 = group{
	Modulus: field.Ed25519,
	c:       curve.Ed25519,
	a:       field.Element{0xaaaaaa984914a144, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa},
	base: point{
		field.Element{0xaaaaaaaaaaad245a, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa},
		field.Element{0xd6163a5d81312c14, 0x6dc2b28192839e4d, 0x1fe122d388b72eb3, 0x5f51e65e475f794b},
	},
	order:   words{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000},
	parse:   parseEdwards,
	encode:  encodeEdwards,
	matches: edwardsMatches,
}

var (
	thirdOfA   = field.Element{0xaaaaaaaaaaad2451, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa}
	montgomery = field.Element{0xcc6e04aaff457e06, 0xc5a1d3d14b7d1a82, 0xd27b08dc03fc4f7e, 0x0f26edf460a006bb} // s
)

// at returns the point of a parent, parsed unless it is known. The first byte is
// always looked at, so that a key of the other curve is never taken for one.
func (g *group) at(p *Parent) (point, error) {
	edwards := p.Key[0] == 0
	if p.Key == p.from && !p.at.isIdentity() && edwards == (g.c == curve.Ed25519) {
		return p.at, nil
	}
	at, err := g.parse(g, &p.Key)
	if err != nil {
		return point{}, fmt.Errorf("parent key %x: %w", p.Key, err)
	}
	return at, nil
}

func parseKoblitz(_ *group, key *[33]byte) (point, error) {
	p, err := curve.Secp256k1.ParsePoint(key[:])
	if err != nil {
		return point{}, err
	}
	xy := p.Uncompressed()[1:]
	var at point
	at.x.SetBytes((*[32]byte)(xy))
	at.y.SetBytes((*[32]byte)(xy[32:]))
	return at, nil
}

func encodeKoblitz(g *group, p []point, out []Child, _ *[2][]field.Element) {
	for i := range p {
		p, c := &p[i], &out[i]
		g.Reduce(&p.x)
		g.Reduce(&p.y)
		p.x.PutBytes(c.XY[:32])
		p.y.PutBytes(c.XY[32:])
		c.Key = compress(&c.XY)
	}
}

func koblitzMatches(_ *group, p *point, c *Child) bool {
	var xy [64]byte
	p.x.PutBytes(xy[:32])
	p.y.PutBytes(xy[32:])
	return xy == c.XY && compress(&xy) == c.Key
}

// compress returns the SEC 1 compressed form.
func compress(xy *[64]byte) (key [33]byte) {
	key[0] = 2 | xy[63]&1
	copy(key[1:], xy[:32])
	return key
}

func parseEdwards(g *group, key *[33]byte) (point, error) {
	if key[0] != 0 {
		return point{}, fmt.Errorf("%w: an ed25519 key of 33 bytes starts with 00, not %02x", curve.ErrPoint, key[0])
	}
	if _, err := curve.Ed25519.ParsePoint(key[:]); err != nil {
		return point{}, err
	}
	ed, err := new(edwards25519.Point).SetBytes(key[1:])
	if err != nil {
		return point{}, fmt.Errorf("%w: %w", curve.ErrPoint, err)
	}
	edX, edY, _, _ := ed.ExtendedCoordinates() // Z is 1 after SetBytes
	x, y := littleEndian(edX.Bytes()), littleEndian(edY.Bytes())

	// u = (1+y)/(1-y) and v = s·u/x, with one inversion for both.
	var u, v, d field.Element
	g.Sub(&d, &field.One, &y)
	g.Mul(&v, &d, &x)
	g.Invert(&v, &v) // 1/((1-y)·x): neither is zero, since the key is in the prime-order group
	g.Add(&u, &field.One, &y)
	g.Mul(&u, &u, &v)
	g.Mul(&v, &u, &montgomery) // s·(1+y)/((1-y)·x)
	g.Mul(&u, &u, &x)
	at := point{y: v}
	g.Add(&at.x, &u, &thirdOfA)
	g.Reduce(&at.x)
	g.Reduce(&at.y)
	return at, nil
}

func encodeEdwards(g *group, p []point, out []Child, tmp *[2][]field.Element) {
	d := tmp[0][:len(p)]
	var u1, x, y, t field.Element
	for i := range p {
		g.Sub(&p[i].x, &p[i].x, &thirdOfA) // u, and back below
		g.Add(&u1, &p[i].x, &field.One)
		g.Mul(&d[i], &u1, &p[i].y)
	}
	// v is not zero off the point of order two, and u is never -1, since
	// -is no square.
	g.InvertAll(d, tmp[1])
	for i := range p {
		u, v := &p[i].x, &p[i].y
		g.Add(&u1, u, &field.One)
		g.Mul(&x, &d[i], &u1)
		g.Mul(&x, &x, u)
		g.Mul(&x, &x, &montgomery)
		g.Reduce(&x)
		g.Sub(&t, u, &field.One)
		g.Mul(&y, &d[i], v)
		g.Mul(&y, &y, &t)
		g.Reduce(&y)
		c := &out[i]
		x.PutBytes(c.XY[:32])
		y.PutBytes(c.XY[32:])
		c.Key = edwardsKey(&c.XY)
		g.Add(u, u, &thirdOfA)
		g.Reduce(u)
		g.Reduce(v)
	}
}

func edwardsMatches(g *group, p *point, c *Child) bool {
	var x, y, u, l, r field.Element
	x.SetBytes((*[32]byte)(c.XY[:32]))
	y.SetBytes((*[32]byte)(c.XY[32:]))
	least := point{x, y}
	g.Reduce(&least.x)
	g.Reduce(&least.y)
	if least != (point{x, y}) || edwardsKey(&c.XY) != c.Key {
		return false
	}
	g.Sub(&u, &p.x, &thirdOfA)
	g.Mul(&l, &x, &p.y)
	g.Mul(&r, &u, &montgomery)
	if g.Sub(&l, &l, &r); !g.IsZero(&l) { // x·v = s·u
		return false
	}
	g.Add(&r, &u, &field.One)
	g.Mul(&l, &y, &r)
	g.Sub(&r, &u, &field.One)
	g.Sub(&l, &l, &r)
	return g.IsZero(&l) // y·(u+1) = u-1
}

// edwardsKey returns 00 and the RFC 8032 encoding.
func edwardsKey(xy *[64]byte) (key [33]byte) {
	for i := range 32 {
		key[1+i] = xy[63-i]
	}
	key[32] |= xy[31] & 1 << 7
	return key
}

func littleEndian(b []byte) (z field.Element) {
	slices.Reverse(b)
	z.SetBytes((*[32]byte)(b))
	return z
}
