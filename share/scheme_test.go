package share_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// summed is a group whose shares are 1, 2, 4 and so on, and add up to its key.
func summed(t *testing.T, c curve.Curve, n int) *share.Group {
	t.Helper()
	public := func(n int64) *curve.Point { return c.Generator().Mul(c.ScalarFromInt(big.NewInt(n))) }
	ids := make([]*big.Int, n)
	for i := range ids {
		ids[i] = big.NewInt(int64(i + 1))
	}
	g := newSharing(t, c, []*big.Int{big.NewInt(1)}, ids).Group
	g.Scheme, g.Threshold, g.RootKey = share.Additive, n, public(1<<n-1)
	for i := range g.Participants {
		g.Participants[i].PublicKey = public(1 << i)
	}
	return g
}

// The schemes that take all shares, and what public keys alone show of them.
func TestSchemesOfAll(t *testing.T) {
	for _, c := range curve.All() {
		g := summed(t, c, 4)
		if err := g.Check(); err != nil || !g.Provable() || !g.Scheme.All() {
			t.Errorf("%v: a sum: %v", c, err)
		}
		if p, err := g.CombinePublic(g.Participants); err != nil || !p.Equal(g.RootKey) {
			t.Errorf("%v: a sum of public keys: %v", c, err)
		}
		if _, err := g.CombinePublic(g.Participants[:3]); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("%v: a part of the sum: %v", c, err)
		}
		for name, change := range map[string]func(*share.Group){
			"another share":     func(g *share.Group) { g.Participants[1].PublicKey = g.RootKey },
			"another root key":  func(g *share.Group) { g.RootKey = c.Generator() },
			"a lower threshold": func(g *share.Group) { g.Threshold = 3 },
			"a foreign tree": func(g *share.Group) {
				if g.Tree, _ = derive.TreeByName("fpub"); c == curve.Ed25519 {
					g.Tree, _ = derive.TreeByName("bip32")
				}
			},
		} {
			bad := clone(g)
			change(bad)
			if err := bad.Check(); !errors.Is(err, share.ErrInconsistent) {
				t.Errorf("%v: %s: %v", c, name, err)
			}
		}
		product := clone(g)
		product.Scheme = share.Multiplicative
		if err := product.Check(); err != nil || product.Provable() {
			t.Errorf("%v: a product: %v", c, err)
		}
		if _, err := product.CombinePublic(product.Participants); !errors.Is(err, share.ErrUnprovable) {
			t.Errorf("%v: a product of public keys: %v", c, err)
		}
		if serious, _ := g.Differences(product); !slices.Equal(serious, []string{"scheme"}) {
			t.Errorf("%v: sum and product differ in %q", c, serious)
		}
	}
	for _, s := range []share.Scheme{share.Shamir, share.Additive, share.Multiplicative} {
		if found, ok := share.SchemeByName(s.String()); !ok || found != s {
			t.Errorf("%v: %v", s, found)
		}
	}
	if _, ok := share.SchemeByName("Shamir"); ok {
		t.Error("another name is a scheme")
	}
}

// Without share public keys only the structure is checked, and the root key is part of
// the epoch.
func TestUnknownKeys(t *testing.T) {
	for _, c := range curve.All() {
		g := summed(t, c, 3)
		known := g.RosterSHA256()
		for i := range g.Participants {
			g.Participants[i].PublicKey = nil
		}
		if err := g.Check(); err != nil || g.KeysKnown() || g.Provable() {
			t.Errorf("%v: %v", c, err)
		}
		h := sha256.New()
		h.Write([]byte("lifeboat-epoch-v1" + c.String()))
		for i := range byte(3) {
			h.Write(append(make([]byte, 31), i+1))
		}
		h.Write(g.RootKey.Bytes())
		if sum := g.RosterSHA256(); hex.EncodeToString(h.Sum(nil)) != hex.EncodeToString(sum[:]) || sum == known {
			t.Errorf("%v: roster %x", c, sum)
		}
		other := clone(g)
		if !g.SameShares(other) || !g.SameKey(other) {
			t.Errorf("%v: the same group is another", c)
		}
		other.RootKey = c.Generator()
		if g.RosterSHA256() == other.RosterSHA256() {
			t.Errorf("%v: two vaults share an epoch", c)
		}
		other.Participants[0].PublicKey = c.Generator()
		if g.SameShares(other) {
			t.Errorf("%v: a known key is the same as an unknown one", c)
		}
		if share.KeyText(nil) != "" || share.FormatKey(nil) != "" {
			t.Error("an unknown key has a text")
		}
		g.Participants[1].NodeID = g.Participants[0].NodeID
		if err := g.Check(); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("%v: a node twice: %v", c, err)
		}
	}
}

// A group has the tree that it says, and agrees with no other.
func TestTrees(t *testing.T) {
	tree, _ := derive.TreeByName("fpub")
	g := summed(t, curve.Ed25519, 3)
	other := clone(g)
	other.Tree = tree
	if got := other.Root().Network().Name; got != "fpub" || other.UsualTree() || !g.UsualTree() {
		t.Errorf("tree %s", got)
	}
	if serious, _ := g.Differences(other); !slices.Equal(serious, []string{"tree"}) {
		t.Errorf("two trees differ in %q", serious)
	}
	g.Tree, _ = derive.TreeByName("cpub")
	if serious, _ := g.Differences(clone(g)); serious != nil || !g.UsualTree() {
		t.Errorf("the usual tree by its name: %q", serious)
	}
}
