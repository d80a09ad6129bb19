package curve_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"

	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGenerators(t *testing.T) {
	// SEC 2 section 2.4.1 and RFC 8032 section 5.1.
	for c, want := range map[curve.Curve]string{
		curve.Secp256k1: "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
		curve.Ed25519:   "005866666666666666666666666666666666666666666666666666666666666666",
	} {
		if got := hex.EncodeToString(c.Generator().Bytes()); got != want {
			t.Errorf("%v: generator %s", c, got)
		}
		back, ok := curve.ByName(c.String())
		if !ok || back != c {
			t.Errorf("%v does not round-trip by name", c)
		}
	}
	if _, ok := curve.ByName("Secp256k1"); ok {
		t.Error("names are exact, and there are two curves")
	}
}

func TestParsePointRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		c   curve.Curve
		hex string
	}{
		"empty":                    {curve.Secp256k1, ""},
		"32 bytes":                 {curve.Secp256k1, "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
		"prefix 07":                {curve.Secp256k1, "0779be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
		"zeros":                    {curve.Secp256k1, "000000000000000000000000000000000000000000000000000000000000000000"},
		"x not on the curve":       {curve.Secp256k1, "020000000000000000000000000000000000000000000000000000000000000005"},
		"x is p":                   {curve.Secp256k1, "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"},
		"hybrid form":              {curve.Secp256k1, "0679be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"},
		"first byte 01":            {curve.Ed25519, "015866666666666666666666666666666666666666666666666666666666666666"},
		"31 bytes":                 {curve.Ed25519, "58666666666666666666666666666666666666666666666666666666666666"},
		"neutral element":          {curve.Ed25519, "0100000000000000000000000000000000000000000000000000000000000000"},
		"order 2":                  {curve.Ed25519, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		"order 4":                  {curve.Ed25519, "0000000000000000000000000000000000000000000000000000000000000000"},
		"order 8":                  {curve.Ed25519, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
		"not canonical, y is p+1":  {curve.Ed25519, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		"negative zero x":          {curve.Ed25519, "0100000000000000000000000000000000000000000000000000000000000080"},
		"mixed order, B + order 2": {curve.Ed25519, mixedOrder(t)},
		"y without x":              {curve.Ed25519, "0200000000000000000000000000000000000000000000000000000000000000"},
	} {
		if _, err := tc.c.ParsePoint(unhex(t, tc.hex)); !errors.Is(err, curve.ErrPoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mixedOrder is the base point plus the point of order two (0, -1): (x, y) + (0, -1) = (-x, -y).
func mixedOrder(t *testing.T) string {
	p, _ := new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	y := new(big.Int).Mul(big.NewInt(4), new(big.Int).ModInverse(big.NewInt(5), p))
	y.Mod(y.Neg(y), p)
	b := y.FillBytes(make([]byte, 32))
	for i := 0; i < 16; i++ {
		b[i], b[31-i] = b[31-i], b[i]
	}
	b[31] |= 0x80 // the base point's x is even, so -x is odd
	return hex.EncodeToString(b)
}

func TestUncompressed(t *testing.T) {
	g := curve.Secp256k1.Generator()
	p, err := curve.Secp256k1.ParsePoint(g.Uncompressed())
	if err != nil || !p.Equal(g) || len(g.Uncompressed()) != 65 {
		t.Errorf("the uncompressed form does not parse back: %v", err)
	}
	e := curve.Ed25519.Generator()
	for _, b := range [][]byte{e.Bytes(), e.Uncompressed()} {
		if p, err := curve.Ed25519.ParsePoint(b); err != nil || !p.Equal(e) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

func TestGroupLaws(t *testing.T) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			g, n := c.Generator(), c.Order()
			rapid.Check(t, func(t *rapid.T) {
				draw := func(name string) *big.Int {
					return new(big.Int).Mod(new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, name)), n)
				}
				x, y := draw("x"), draw("y")
				p, q := g.Mul(c.ScalarFromInt(x)), g.Mul(c.ScalarFromInt(y))
				sum := g.Mul(c.ScalarFromInt(new(big.Int).Add(x, y)))
				if !p.Add(q).Equal(sum) || !sum.Sub(q).Equal(p) || !p.Sub(p).IsIdentity() || !p.Add(c.Identity()).Equal(p) {
					t.Error("addition is wrong")
				}
				if !q.Mul(c.ScalarFromInt(x)).Equal(p.Mul(c.ScalarFromInt(y))) {
					t.Error("x·(y·G) and y·(x·G) differ")
				}
				k := []*curve.Scalar{c.ScalarFromInt(y), c.ScalarFromInt(x), c.Scalar()}
				if !c.MultiMul(k, []*curve.Point{p, q, g}).Equal(p.Mul(k[0]).Add(q.Mul(k[1]))) {
					t.Error("MultiMul is wrong")
				}
				if !c.MulBase(k...).Equal(sum) || !c.MulBase(k[0], k[0].Clone().Neg()).IsIdentity() {
					t.Error("MulBase is wrong")
				}
				if x.Sign() != 0 {
					back, err := c.ParsePoint(p.Bytes())
					if err != nil || !back.Equal(p) || !bytes.Equal(back.Bytes(), p.Bytes()) {
						t.Errorf("does not parse back: %v", err)
					}
					inv := new(big.Int).ModInverse(x, n)
					if c.ScalarFromInt(x).Invert().Int().Cmp(inv) != 0 {
						t.Error("Invert is wrong")
					}
				}
			})
			if !c.MultiMul(nil, nil).IsIdentity() || !c.MulBase().IsIdentity() {
				t.Error("the empty sum is not the neutral element")
			}
		})
	}
}

func TestRandomScalars(t *testing.T) {
	for _, c := range curve.All() {
		a, b := c.RandomScalar(), c.RandomScalar()
		if a.Equal(b) || a.IsZero() {
			t.Errorf("%v: two random scalars are equal", c)
		}
	}
}
