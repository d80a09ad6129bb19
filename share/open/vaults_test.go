package open_test

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// parse reads a file of a vault and fails the test if anything is wrong with it.
func parse(t *testing.T, f fixtures.File, roots ...*derive.Key) []*share.Sealed {
	t.Helper()
	list, err := formats.Parse(f.Name, f.Data, share.Pin{Roots: roots})
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	for _, s := range list {
		if s.Err() != nil {
			t.Fatalf("%s: %v", f.Name, s.Problems)
		}
	}
	return list
}

func passwords(p ...[]byte) open.Keys {
	var list []*secret.Bytes
	for _, b := range p {
		list = append(list, secret.Copy(b))
	}
	return open.Passwords(list...)
}

// value is the share as an integer, which only a test would make of it.
func value(s *open.Share) *big.Int { return new(big.Int).SetBytes(s.Scalar().Bytes().Expose()) }

// interpolate returns f(0) for the points (ids[i], values[i]), with math/big alone.
func interpolate(order *big.Int, ids, values []*big.Int) *big.Int {
	sum := new(big.Int)
	for i := range ids {
		num, den := big.NewInt(1), big.NewInt(1)
		for j := range ids {
			if i != j {
				num.Mul(num, ids[j]).Mod(num, order)
				d := new(big.Int).Sub(ids[j], ids[i])
				den.Mul(den, d).Mod(den, order)
			}
		}
		term := new(big.Int).Mul(values[i], num)
		term.Mul(term, den.ModInverse(den, order))
		sum.Add(sum, term).Mod(sum, order)
	}
	return sum
}

// subsets calls f with every choice of k of the numbers below n.
func subsets(n, k int, f func([]int)) {
	var choose func(from int, chosen []int)
	choose = func(from int, chosen []int) {
		if len(chosen) == k {
			f(chosen)
			return
		}
		for i := from; i < n; i++ {
			choose(i+1, append(chosen, i))
		}
	}
	choose(0, nil)
}

// Every vault opens, and every threshold of its shares interpolates to the root
// private key that is recorded for it.
func TestVaults(t *testing.T) {
	for _, name := range fixtures.Vaults() {
		t.Run(name, func(t *testing.T) {
			v := fixtures.Load(name)
			opened := map[curve.Curve][]*open.Share{}
			for _, f := range v.Files {
				for _, s := range parse(t, f, roots(t, v)...) {
					o, err := open.Open(s, passwords(f.Password), open.Options{})
					if err != nil {
						t.Fatalf("%s, %v: %v", f.Name, s.Curve, err)
					}
					if !o.Public().Equal(s.PublicKey) || o.Sealed() != s {
						t.Errorf("%s, %v: the opened share is not the file's", f.Name, s.Curve)
					}
					if n := o.Scalar().Bytes().Len(); n != 32 {
						t.Errorf("%s, %v: a scalar of %d bytes", f.Name, s.Curve, n)
					}
					opened[s.Curve] = append(opened[s.Curve], o)
				}
			}
			for c, shares := range opened {
				g := shares[0].Sealed().Group
				threshold := g.Threshold
				var want []byte
				for _, e := range v.Expected.Groups {
					if e.Curve != c.String() {
						continue
					}
					want = unhex(t, e.RootPrivate)
					if threshold != v.Expected.Threshold || g.Root().String() != e.RootXpub || e.ID != "" && g.ID != e.ID {
						t.Errorf("%v: the group is not the expected one", c)
					}
				}
				if len(shares) < threshold {
					t.Fatalf("%v: %d shares opened, the threshold is %d", c, len(shares), threshold)
				}
				subsets(len(shares), threshold, func(chosen []int) {
					var ids, values []*big.Int
					for _, i := range chosen {
						ids = append(ids, shares[i].Sealed().ShareID.Scalar().Int())
						values = append(values, value(shares[i]))
					}
					root := interpolate(c.Order(), ids, values)
					if want != nil && !bytes.Equal(root.FillBytes(make([]byte, 32)), want) {
						t.Errorf("%v: shares %v give another root key", c, chosen)
					}
					if !c.Generator().Mul(c.ScalarFromInt(root)).Equal(g.RootKey) {
						t.Errorf("%v: shares %v do not give the root public key", c, chosen)
					}
				})
			}
			if len(opened) == 0 || len(v.Expected.Groups) > 0 && len(opened) != len(v.Expected.Groups) {
				t.Errorf("%d curves opened", len(opened))
			}
		})
	}
}

// roots are the recorded root keys: tss-lib's save data has no chain code.
func roots(t *testing.T, v *fixtures.Vault) []*derive.Key {
	t.Helper()
	var list []*derive.Key
	for _, e := range v.Expected.Groups {
		k, err := derive.Parse(e.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, k)
	}
	return list
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
