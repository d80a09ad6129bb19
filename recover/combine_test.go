package recover_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// openVault opens every share of a test vault, by curve.
func openVault(t testing.TB, name string) map[string][]*open.Share {
	t.Helper()
	shares := map[string][]*open.Share{}
	var roots []*derive.Key // tss-lib's save data has no chain code
	for _, g := range fixtures.Load(name).Expected.Groups {
		root, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	for _, f := range fixtures.Load(name).Files {
		sealed, err := formats.Parse(f.Name, f.Data, share.Pin{Roots: roots})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sealed {
			held, err := open.Open(s, open.Passwords(secret.Copy(f.Password)), open.Options{})
			if err != nil {
				t.Fatalf("%s/%s: %v", name, f.Name, err)
			}
			shares[s.Curve.String()] = append(shares[s.Curve.String()], held)
		}
	}
	return shares
}

// Every vault with known keys gives them, from every subset that is enough:
// roots, shares and IDs with leading zeros, short and unreduced shares, every
// version and wrapping.
func TestCombineVaults(t *testing.T) {
	for _, name := range fixtures.Vaults() {
		want := fixtures.Load(name).Expected
		if len(want.Groups) == 0 || testing.Short() && name == "kdf-600000" {
			continue
		}
		shares := openVault(t, name)
		for _, g := range want.Groups {
			all := shares[g.Curve]
			group := all[0].Sealed().Group
			for _, subset := range subsets(len(all), group.Threshold) {
				var some []*open.Share
				for _, i := range subset {
					some = append(some, all[i])
				}
				key, err := recover.Combine(group, group.Root(), some)
				if err != nil {
					t.Fatalf("%s on %s, shares %v: %v", name, g.Curve, subset, err)
				}
				if got := hex.EncodeToString(key.Scalar().Expose()); got != g.RootPrivate {
					t.Errorf("%s on %s, shares %v: another root private key", name, g.Curve, subset)
				}
				if string(key.Extended().Expose()) != g.RootXprv || key.Public().String() != g.RootXpub {
					t.Errorf("%s on %s, shares %v: another extended key", name, g.Curve, subset)
				}
			}
		}
	}
}

// lagrange is the textbook formula at zero, in math/big.
func lagrange(order *big.Int, ids, values []*big.Int) *big.Int {
	sum := new(big.Int)
	for i := range ids {
		num, den := big.NewInt(1), big.NewInt(1)
		for j := range ids {
			if i != j {
				num.Mod(num.Mul(num, ids[j]), order)
				den.Mod(den.Mul(den, new(big.Int).Sub(ids[j], ids[i])), order)
			}
		}
		term := new(big.Int).Mul(values[i], num)
		sum.Add(sum, term.Mul(term, new(big.Int).ModInverse(den, order)))
	}
	return sum.Mod(sum, order)
}

// Any t of n shares give what math/big computes, t-1 of them never do, and more
// than t do no harm.
func TestCombineProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.SampledFrom(curve.All()).Draw(rt, "curve")
		n := rapid.IntRange(2, 8).Draw(rt, "n")
		threshold := rapid.IntRange(2, n).Draw(rt, "threshold")
		v := newVault(t, c, threshold, n)
		count := rapid.IntRange(threshold, n).Draw(rt, "count")
		var some []*open.Share
		var ids, values []*big.Int
		for _, i := range pick(n, count) {
			some = append(some, v.shares[i])
			ids = append(ids, v.group.Participants[i].ShareID.Scalar().Int())
			values = append(values, new(big.Int).SetBytes(v.shares[i].Scalar().Bytes().Expose()))
		}
		key, err := recover.Combine(v.group, v.group.Root(), some)
		if err != nil {
			rt.Fatal(err)
		}
		want := lagrange(c.Order(), ids, values)
		if got := new(big.Int).SetBytes(key.Scalar().Expose()); got.Cmp(want) != 0 {
			rt.Fatal("math/big computes another key")
		}
		if _, err := recover.Combine(v.group, v.group.Root(), some[:threshold-1]); !errors.Is(err, recover.ErrTooFew) {
			rt.Fatalf("%d of %d shares: %v", threshold-1, threshold, err)
		}
		path := derive.Path(rapid.SliceOfN(rapid.Uint32Max(1<<31-1), 0, 5).Draw(rt, "path"))
		public, tweak, err := key.Public().Derive(path)
		if err != nil {
			rt.Fatal(err)
		}
		child := descend(rt, key, path)
		sum := new(big.Int).Add(want, tweak.Int())
		if got := new(big.Int).SetBytes(child.Scalar().Expose()); got.Cmp(sum.Mod(sum, c.Order())) != 0 || !child.Public().SameKey(public) {
			rt.Fatal("the child is not root + tweak")
		}
	})
}

func TestCombineRefuses(t *testing.T) {
	for _, c := range curve.All() {
		v, other := newVault(t, c, 3, 5), newVault(t, c, 3, 5)
		root := v.group.Root()
		for _, test := range []struct {
			what   string
			shares []*open.Share
			root   *derive.Key
			want   error
		}{
			{"none", nil, root, recover.ErrTooFew},
			{"one too few", v.shares[:2], root, recover.ErrTooFew},
			{"one of them twice", []*open.Share{v.shares[0], v.shares[1], v.shares[0]}, root, recover.ErrTooFew},
			{"another group's", []*open.Share{v.shares[0], v.shares[1], other.shares[2]}, root, recover.ErrNotOfGroup},
			{"another root key", v.shares, other.group.Root(), recover.ErrWrongKey},
		} {
			key, err := recover.Combine(v.group, test.root, test.shares)
			if key != nil || !errors.Is(err, test.want) {
				t.Errorf("%v, %s: %v", c, test.what, err)
			}
		}
		// A duplicate beside enough does no harm.
		if _, err := recover.Combine(v.group, root, []*open.Share{v.shares[0], v.shares[0], v.shares[1], v.shares[2]}); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
	// Another curve's root key.
	v := newVault(t, curve.Secp256k1, 2, 3)
	if key, err := recover.Combine(v.group, newVault(t, curve.Ed25519, 2, 3).group.Root(), v.shares); key != nil || err == nil {
		t.Error("a root key on another curve was accepted")
	}
}

// A share of another epoch with the same ID, put into this group, is refused for
// what it is: its share public key is not the group's.
func TestCombineAcrossEpochs(t *testing.T) {
	now, before := openVault(t, "2of3"), openVault(t, "other-epoch-same-ids")
	for _, c := range []string{"secp256k1", "ed25519"} {
		g := now[c][0].Sealed().Group
		if _, err := recover.Combine(g, g.Root(), []*open.Share{now[c][0], before[c][1]}); !errors.Is(err, recover.ErrNotOfGroup) {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// The extended private keys of BIP-32's vectors, for keys whose scalar starts
// with zeros as well, and the root's of ed25519.
func TestPrivate(t *testing.T) {
	for _, name := range []string{"root-zero-1", "root-zero-2", "demo", "sample"} {
		for _, g := range fixtures.Load(name).Expected.Groups {
			public, err := derive.Parse(g.RootXpub)
			if err != nil {
				t.Fatal(err)
			}
			x, _ := hex.DecodeString(g.RootPrivate)
			key, err := recover.NewPrivate(public, secret.Copy(x))
			if err != nil {
				t.Fatal(err)
			}
			if string(key.Extended().Expose()) != g.RootXprv {
				t.Errorf("%s on %s: another extended key", name, g.Curve)
			}
			for _, bad := range [][]byte{nil, x[:31], append([]byte{0}, x...), make([]byte, 32)} {
				if _, err := recover.NewPrivate(public, secret.Copy(bad)); err == nil {
					t.Errorf("%s on %s: a wrong scalar of %d bytes was accepted", name, g.Curve, len(bad))
				} else if strings.Contains(err.Error(), g.RootPrivate[:16]) {
					t.Error("the error tells the key")
				}
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
				if text := fmt.Sprintf(verb, key); strings.Contains(text, g.RootPrivate[2:]) || !strings.Contains(text, g.RootXpub) {
					t.Errorf("%s prints %s", verb, text)
				}
			}
			if _, err := recover.NewPrivate(public, secret.Copy(flipped(x))); !errors.Is(err, recover.ErrWrongKey) {
				t.Errorf("%s on %s: the scalar of another key: %v", name, g.Curve, err)
			}
			key.Wipe()
			if !isZero(key.Scalar()) {
				t.Error("the key is still there after Wipe")
			}
		}
	}
	var none *recover.Private
	none.Wipe()
}

func flipped(x []byte) []byte {
	b := append([]byte{}, x...)
	b[31] ^= 1
	return b
}

func isZero(b *secret.Bytes) bool {
	var sum byte
	for _, x := range b.Expose() {
		sum |= x
	}
	return sum == 0
}

// The address book of the vendor's sample: known private keys at every path.
func TestPrivateKnownChildren(t *testing.T) {
	shares := openVault(t, "sample")
	for line := range strings.Lines(string(fixtures.Read("vaults/sample/expected-keys.csv"))) {
		cells := strings.Split(strings.TrimSpace(line), ",") // HD path, curve, child public, private key hex, child private
		if cells[0] == "HD path" {
			continue
		}
		all := shares[cells[1]]
		g := all[0].Sealed().Group
		root, err := recover.Combine(g, g.Root(), all[1:])
		if err != nil {
			t.Fatal(err)
		}
		path, err := derive.ParsePath(cells[0])
		if err != nil {
			t.Fatal(err)
		}
		child := descend(t, root, path)
		if hex.EncodeToString(child.Scalar().Expose()) != cells[3] || string(child.Extended().Expose()) != cells[4] || child.Public().String() != cells[2] {
			t.Errorf("%s on %s: another key", cells[0], cells[1])
		}
	}
}
