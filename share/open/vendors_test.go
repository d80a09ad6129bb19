package open_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// keysOf are the secrets of a vault in another vendor's form.
func keysOf(v *fixtures.Vendor) open.Keys {
	keys := open.Keys{}
	for name, text := range v.Secrets {
		keys[name] = append(keys[name], secret.Copy(text))
	}
	return keys
}

// parsed reads the files of a vault, and opens those that are encrypted as a whole.
func parsed(t *testing.T, v *fixtures.Vendor, keys open.Keys) []*share.Sealed {
	t.Helper()
	var all []*share.Sealed
	var r formats.Reader
	for _, f := range v.Files {
		list, err := r.Parse(f.Name, f.Data)
		var closed *formats.Closed
		if errors.As(err, &closed) {
			text, err := open.File(closed.Lock, keys, open.Options{})
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			list, err = r.ParseOpened(f.Name, closed, text.Expose())
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		} else if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		all = append(all, list...)
	}
	return all
}

// combined is the key of proven shares, in numbers that only a test would use.
func combined(g *share.Group, shares []*open.Share) *big.Int {
	order := g.Curve.Order()
	var ids, values []*big.Int
	for _, s := range shares {
		ids, values = append(ids, s.Sealed().ShareID.Scalar().Int()), append(values, value(s))
	}
	switch g.Scheme {
	case share.Shamir:
		return interpolate(order, ids[:g.Threshold], values[:g.Threshold])
	case share.Additive:
		sum := new(big.Int)
		for _, v := range values {
			sum.Add(sum, v)
		}
		return sum.Mod(sum, order)
	}
	product := big.NewInt(1)
	for _, v := range values {
		product.Mul(product, v).Mod(product, order)
	}
	return product
}

// The secrets of every vault open it, and the shares combine to its keys.
func TestVendors(t *testing.T) {
	for _, name := range fixtures.Vendors() {
		t.Run(name, func(t *testing.T) {
			v := fixtures.LoadVendor(name)
			keys := keysOf(v)
			found := map[string]bool{}
			for _, set := range verdict.Collect(parsed(t, v, keys)) {
				g := set.Group
				if !g.TestOnly() {
					t.Errorf("group %q on %v is not known as one of a test vault", g.ID, g.Curve)
				}
				var list []*open.Unproven
				for _, s := range set.Sealed {
					u, err := open.Unlock(s, keys, open.Options{})
					if err != nil {
						t.Fatalf("%s: %v", s.NodeID, err)
					}
					list = append(list, u)
				}
				proven, err := open.Prove(g, list)
				if err != nil || slices.Contains(proven, nil) {
					t.Fatalf("group %q: %v, %v", g.ID, proven, err)
				}
				key := combined(g, proven).FillBytes(make([]byte, 32))
				for _, e := range v.Expected.Groups {
					if e.RootXpub == g.Root().String() && bytes.Equal(unhex(t, e.RootPrivate), key) {
						found[e.RootXpub] = true
					}
				}
			}
			if len(found) != len(v.Expected.Groups) || len(found) == 0 {
				t.Errorf("%d of %d keys", len(found), len(v.Expected.Groups))
			}
		})
	}
}

// Without a secret, or with a wrong one, the error names it, and no other.
func TestVendorsWrongSecrets(t *testing.T) {
	for _, name := range fixtures.Vendors() {
		v := fixtures.LoadVendor(name)
		for _, missing := range slices.Sorted(maps.Keys(v.Secrets)) {
			for _, wrong := range []bool{false, true} {
				keys := keysOf(v)
				if keys[missing] = nil; wrong {
					keys[missing] = []*secret.Bytes{secret.Copy([]byte("not this one"))}
				}
				if missing == share.Password.Name || strings.HasPrefix(name, "bitgo-text-") { // TestKeycards opens boxes alone
					continue
				}
				named := 0
				for _, s := range parsed(t, v, keysOf(v)) {
					_, err := open.Unlock(s, keys, open.Options{})
					var need *open.SecretError
					if err == nil {
						continue
					}
					if !errors.As(err, &need) || need.Need.Name != missing && !(missing == "mobile-rsa-key" && need.Need == share.MobilePassphrase) || need.Missing == wrong {
						t.Errorf("%s, %s, wrong: %t: %v", name, missing, wrong, err)
					}
					named++
					quiet(t, fmt.Sprint(err), v.Secrets[missing])
				}
				if named == 0 {
					t.Errorf("%s opens without %s", name, missing)
				}
			}
		}
	}
}

// On ed25519 keys descend by the vendor's own rule.
func TestVendorTrees(t *testing.T) {
	for name, tree := range map[string]string{"fireblocks": "fpub", "bitgo-eddsa": "bitgo", "bitgo-eddsa-mpcv2": "bitgo"} {
		v := fixtures.LoadVendor(name)
		for _, s := range parsed(t, v, keysOf(v)) {
			if got, usual := s.Group.Root().Network().Name, derive.MainNetwork(s.Curve).Name; got != tree && got != usual || s.Curve.String() == "ed25519" && got != tree {
				t.Errorf("%s on %v: tree %s", name, s.Curve, got)
			}
		}
	}
}
