package field_test

import (
	"math/big"
	"testing"

	"lifeboat/derive/batch/internal/field"

	"pgregory.net/rapid"
)

var moduli = map[string]struct {
	m field.Modulus
	p *big.Int
}{
	"secp256k1": {field.Secp256k1, minus(256, 1<<32+977)},
	"ed25519":   {field.Ed25519, minus(255, 19)},
}

func minus(bit uint, c int64) *big.Int {
	p := new(big.Int).Lsh(big.NewInt(1), bit)
	return p.Sub(p, big.NewInt(c))
}

func element(x *big.Int) (z field.Element) {
	z.SetBytes((*[32]byte)(x.FillBytes(make([]byte, 32))))
	return z
}

func value(z *field.Element) *big.Int {
	var b [32]byte
	z.PutBytes(b[:])
	return new(big.Int).SetBytes(b[:])
}

// check compares every operation on x and y, of any size below 2^256, with math/big.
func check(t interface{ Errorf(string, ...any) }, m field.Modulus, p, x, y *big.Int) {
	a, b := element(x), element(y)
	compare := func(name string, got field.Element, want *big.Int) {
		want.Mod(want, p)
		m.Reduce(&got)
		if value(&got).Cmp(want) != 0 {
			t.Errorf("%s of %x and %x is %x, not %x", name, x, y, value(&got), want)
		}
	}
	var z field.Element
	m.Add(&z, &a, &b)
	compare("sum", z, new(big.Int).Add(x, y))
	m.Sub(&z, &a, &b)
	compare("difference", z, new(big.Int).Sub(x, y))
	m.Mul(&z, &a, &b)
	compare("product", z, new(big.Int).Mul(x, y))
	m.Square(&z, &a)
	compare("square", z, new(big.Int).Mul(x, x))
	compare("itself", a, new(big.Int).Set(x))
	zero := new(big.Int).Mod(x, p).Sign() == 0
	if m.IsZero(&a) != zero {
		t.Errorf("IsZero(%x) is %v", x, !zero)
	}
	// The result may be an argument.
	z = a
	m.Mul(&z, &z, &z)
	compare("product in place", z, new(big.Int).Mul(x, x))
	z = b
	m.Sub(&z, &a, &z)
	compare("difference in place", z, new(big.Int).Sub(x, y))
	z = b
	m.Add(&z, &z, &z)
	compare("double in place", z, new(big.Int).Add(y, y))
	m.Invert(&z, &a)
	inverse := new(big.Int).ModInverse(x, p)
	if zero {
		inverse = new(big.Int)
	}
	compare("inverse", z, inverse)
}

// edges are the values at which something carries, wraps or has a second form.
func edges(p *big.Int) (list []*big.Int) {
	top := new(big.Int).Lsh(big.NewInt(1), 256)
	for _, c := range []*big.Int{
		new(big.Int), p, new(big.Int).Lsh(p, 1), top,
		new(big.Int).Lsh(big.NewInt(1), 64), new(big.Int).Lsh(big.NewInt(1), 128),
		new(big.Int).Lsh(big.NewInt(1), 192), new(big.Int).Lsh(big.NewInt(1), 255),
		new(big.Int).Sub(top, p), new(big.Int).Rsh(p, 1), new(big.Int).Sqrt(p),
		// The square of this folds to just over 2^256 and carries once more.
		new(big.Int).Sub(p, new(big.Int).Lsh(big.NewInt(1), 32)),
	} {
		for d := int64(-2); d <= 2; d++ {
			v := new(big.Int).Add(c, big.NewInt(d))
			if v.Sign() >= 0 && v.Cmp(top) < 0 {
				list = append(list, v)
			}
		}
	}
	return list
}

func TestEdges(t *testing.T) {
	for name, f := range moduli {
		t.Run(name, func(t *testing.T) {
			if !f.p.ProbablyPrime(20) {
				t.Fatal("not a prime")
			}
			for _, x := range edges(f.p) {
				for _, y := range edges(f.p) {
					check(t, f.m, f.p, x, y)
				}
			}
		})
	}
}

// words draws a value whose words are often all zeros or all ones.
func words(t *rapid.T, name string) *big.Int {
	word := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, ^uint64(0), ^uint64(0) - 1, 1 << 63}))
	var z field.Element
	for i := range z {
		z[i] = word.Draw(t, name)
	}
	return value(&z)
}

func TestAgainstBig(t *testing.T) {
	for name, f := range moduli {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				check(t, f.m, f.p, words(t, "x"), words(t, "y"))
			})
		})
	}
}

func TestInvertAll(t *testing.T) {
	for name, f := range moduli {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := make([]field.Element, rapid.IntRange(0, 20).Draw(t, "count"))
				for i := range x {
					for x[i] = element(words(t, "x")); f.m.IsZero(&x[i]); {
						x[i][0]++
					}
				}
				y := append([]field.Element(nil), x...)
				f.m.InvertAll(y, make([]field.Element, len(y)))
				for i := range y {
					f.m.Mul(&y[i], &y[i], &x[i])
					if f.m.Reduce(&y[i]); y[i] != field.One {
						t.Errorf("element %d times its inverse is %x", i, value(&y[i]))
					}
				}
			})
		})
	}
}

func FuzzField(f *testing.F) {
	for _, m := range moduli {
		list := edges(m.p)
		for i, x := range list {
			f.Add(x.Bytes(), list[(i*7+3)%len(list)].Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		if len(x) > 32 || len(y) > 32 {
			t.Skip("at most 256 bits")
		}
		for _, m := range moduli {
			check(t, m.m, m.p, new(big.Int).SetBytes(x), new(big.Int).SetBytes(y))
		}
	})
}

func BenchmarkField(b *testing.B) {
	x, y := field.Element{1, 2, 3, 4 << 50}, field.Element{5, 6, 7, 8 << 50}
	m := field.Secp256k1
	b.Run("mul", func(b *testing.B) {
		for b.Loop() {
			m.Mul(&x, &x, &y)
		}
	})
	b.Run("square", func(b *testing.B) {
		for b.Loop() {
			m.Square(&x, &x)
		}
	})
	b.Run("sub", func(b *testing.B) {
		for b.Loop() {
			m.Sub(&x, &x, &y)
		}
	})
	b.Run("invert", func(b *testing.B) {
		for b.Loop() {
			m.Invert(&x, &x)
		}
	})
}
