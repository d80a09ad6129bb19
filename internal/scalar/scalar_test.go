package scalar_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"

	"pgregory.net/rapid"
)

func TestPrintsNothing(t *testing.T) {
	s, err := scalar.New(curve.Secp256k1, bytes.Repeat([]byte{0xab}, 32))
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		s *scalar.Secret
		S *scalar.Secret
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{s, &holder{s, s}, holder{s, s}, []*scalar.Secret{s}} {
			out := strings.ToLower(fmt.Sprintf(verb, v))
			// 0xabababab is how the library keeps the words; 2880154539 is the same in decimal.
			for _, leak := range []string{"abab", "2880154539", "171 171"} {
				if strings.Contains(out, leak) {
					t.Errorf("%s printed %s", verb, out)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range curve.All() {
		order := c.Order()
		for _, tc := range []struct {
			in   []byte
			want error
		}{
			{nil, scalar.ErrSize},
			{make([]byte, 65), scalar.ErrSize},
			{make([]byte, 32), scalar.ErrZero},
			{order.Bytes(), scalar.ErrZero},
			{new(big.Int).Lsh(order, 16).Bytes(), scalar.ErrZero},
			{[]byte{1}, nil},
		} {
			if _, err := scalar.New(c, tc.in); !errors.Is(err, tc.want) {
				t.Errorf("%v, %d bytes: %v, want %v", c, len(tc.in), err, tc.want)
			}
		}
	}
}

// Every operation is compared with math/big, and Public with the library's own
// base multiplication.
func TestArithmetic(t *testing.T) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			n := c.Order()
			rapid.Check(t, func(t *rapid.T) {
				draw := func(name string) (*scalar.Secret, *big.Int) {
					b := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, name)
					s, err := scalar.New(c, b)
					v := new(big.Int).SetBytes(b)
					v.Mod(v, n)
					if errors.Is(err, scalar.ErrZero) && v.Sign() == 0 {
						t.Skip("zero")
					}
					if err != nil {
						t.Fatal(err)
					}
					return s, v
				}
				a, x := draw("a")
				b, y := draw("b")
				check := func(what string, got *scalar.Secret, want *big.Int) {
					want.Mod(want, n)
					if !bytes.Equal(got.Bytes().Expose(), want.FillBytes(make([]byte, 32))) {
						t.Errorf("%s is wrong", what)
					}
				}
				check("reduction", a, x)
				check("a+b", a.Clone().Add(b), new(big.Int).Add(x, y))
				check("a-b", a.Clone().Sub(b), new(big.Int).Sub(x, y))
				check("a*b", a.Clone().Mul(b), new(big.Int).Mul(x, y))
				check("a+public", a.Clone().AddPublic(c.ScalarFromInt(y)), new(big.Int).Add(x, y))
				check("a*public", a.Clone().MulPublic(c.ScalarFromInt(y)), new(big.Int).Mul(x, y))
				check("-a", a.Clone().Neg(), new(big.Int).Neg(x))
				check("1/a", a.Clone().Invert(), new(big.Int).ModInverse(x, n))
				yb := [32]byte(y.FillBytes(make([]byte, 32)))
				over := [32]byte(bytes.Repeat([]byte{0xff}, 32))
				each := a.AddEach([]*[32]byte{&yb, &over})
				check("a+each", each[0], new(big.Int).Add(x, y))
				check("a+each above the order", each[1], new(big.Int).Add(x, new(big.Int).SetBytes(over[:])))
				each[0].Wipe()
				if !each[0].IsZero() {
					t.Error("wiping one of the sums did not wipe it")
				}
				check("the other sum", each[1], new(big.Int).Add(x, new(big.Int).SetBytes(over[:])))
				if want := c.Generator().Mul(c.ScalarFromInt(x)); !a.Public().Equal(want) {
					t.Error("a·G is wrong")
				}
				if !a.Equal(a.Clone()) || a.Equal(b) != (x.Cmp(y) == 0) {
					t.Error("Equal is wrong")
				}
				a.Wipe()
				if !a.IsZero() {
					t.Error("Wipe left something")
				}
			})
		})
	}
}

func TestWeightedSum(t *testing.T) {
	for _, c := range curve.All() {
		n := c.Order()
		most := new(big.Int).Sub(n, big.NewInt(1)).Bytes()
		rapid.Check(t, func(t *rapid.T) {
			weights := rapid.SliceOfN(rapid.OneOf(rapid.Uint16(), rapid.Just(uint16(0xffff))), 0, 50).Draw(t, "weights")
			want := new(big.Int)
			var xs []*scalar.Secret
			for _, w := range weights {
				b := most
				if rapid.Bool().Draw(t, "random") {
					b = append(rapid.SliceOfN(rapid.Byte(), 31, 31).Draw(t, "x"), 1)
				}
				x, err := scalar.New(c, b)
				if err != nil {
					t.Fatal(err)
				}
				xs = append(xs, x)
				want.Add(want, new(big.Int).Mul(new(big.Int).SetBytes(b), big.NewInt(int64(w))))
			}
			want.Mod(want, n)
			if got := scalar.WeightedSum(c, xs, weights).Bytes().Expose(); !bytes.Equal(got, want.FillBytes(make([]byte, 32))) {
				t.Errorf("%x, want %x", got, want)
			}
		})
	}
}
