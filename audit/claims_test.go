package audit_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// Attestations that claim the epoch of others for another root key take no bundle from
// them, wherever they stand: what bundles hold counts under the root key that something
// speaks for, and else under none.
func TestForgedRootTakesNoBundles(t *testing.T) {
	one, st := genuine(t, vault, 0, nil)
	old, _ := genuine(t, vault, 1, func(s *audit.Statement) { s.Challenge = "an old one" })
	_, second := genuine(t, vault, 1, nil)
	_, third := genuine(t, vault, 2, nil)
	fact := func(s *audit.Statement) []backup.ShareFacts {
		return []backup.ShareFacts{{GroupID: s.GroupID, Curve: "ed25519", Epoch: s.Epoch(), ShareID: s.ShareID.Text, NodeID: s.NodeID}}
	}
	b2, m2 := sealed(t, "2.age", fact(second))
	b3, m3 := sealed(t, "3.age", fact(third))
	bundles := [][2]string{b2, m2, b3, m3}
	_, f := forge(t, st, 70, nil)
	_, g := forge(t, st, 71, nil)
	forgedRoot := through(f, g)
	claim := func(s *audit.Statement) { s.RootKey = forgedRoot }
	lie, _ := forge(t, st, 70, claim)
	lie2, _ := forge(t, st, 71, claim)
	genuineOnes, both := []audit.Signed{one}, []audit.Signed{one, old}
	for _, c := range []struct {
		name         string
		o            audit.Options
		good, forged []audit.Signed
		more         [][2]string
		want         audit.Status // of the real vault
		disputed     []string
	}{
		{"nothing tells", audit.Options{Challenge: st.Challenge}, genuineOnes, []audit.Signed{lie}, nil, audit.TooFew, []string{"2.age", "3.age"}},
		{"a recorded root key", audit.Options{Challenge: st.Challenge, Roots: recorded(t, curve.Ed25519)}, genuineOnes, []audit.Signed{lie}, nil, audit.Present, nil},
		{"a recorded root key, and the forged ones agree", audit.Options{Challenge: st.Challenge, Roots: recorded(t, curve.Ed25519)}, genuineOnes, []audit.Signed{lie, lie2}, nil, audit.Present, nil},
		{"a share file", audit.Options{Challenge: st.Challenge}, genuineOnes, []audit.Signed{lie, lie2}, of(vault, 0), audit.Present, nil},
		{"old ones agree", audit.Options{Challenge: st.Challenge}, both, []audit.Signed{lie}, nil, audit.Present, nil},
		{"all agree", audit.Options{Challenge: st.Challenge}, both, []audit.Signed{lie, lie2}, nil, audit.TooFew, []string{"2.age", "3.age"}},
	} {
		for _, first := range []string{"forged.json", "good.json"} {
			files := [][2]string{signedFile(t, "forged.json", c.forged...), signedFile(t, "good.json", c.good...)}
			if first == "good.json" {
				slices.Reverse(files)
			}
			r := auditOf(c.o, slices.Concat(files, c.more, bundles)...)
			for _, v := range r.Vaults {
				switch v.RootKey {
				case hex.EncodeToString(st.RootKey.Bytes()):
					if v.Status != c.want {
						t.Errorf("%s, %s first: the real one is %s", c.name, first, v.Status)
					}
				case hex.EncodeToString(forgedRoot.Bytes()):
					if v.Epochs[0].Present > 0 {
						t.Errorf("%s, %s first: %d bundles for the forged one", c.name, first, v.Epochs[0].Present)
					}
				}
			}
			if got := about(r, "manifest-disputed"); !slices.Equal(got, c.disputed) || !slices.Contains(about(r, "attestation-contradicts"), "forged.json") {
				t.Errorf("%s, %s first: about %q", c.name, first, got)
			}
		}
	}
}

// recorded is the root key of the vault on a curve.
func recorded(t *testing.T, c curve.Curve) []*derive.Key {
	return slices.DeleteFunc(roots(t, vault), func(r *derive.Key) bool { return r.Curve() != c })
}

// Share files that differ in the chain code alone are of one epoch, and so are bundles.
func TestChainCodeTakesNoBundles(t *testing.T) {
	_, third := genuine(t, vault, 2, nil)
	b, m := sealed(t, "3.age", []backup.ShareFacts{{GroupID: third.GroupID, Curve: "ed25519", Epoch: third.Epoch(), ShareID: third.ShareID.Text, NodeID: third.NodeID}})
	root := recorded(t, curve.Ed25519)[0]
	cc := root.ChainCode()
	other := cc
	other[0] ^= 1
	differs := strings.NewReplacer(root.String(), derive.NewRoot(root.Point(), other).String(), hex.EncodeToString(cc[:]), hex.EncodeToString(other[:])).Replace(of(vault, 1)[0][1])
	r := auditOf(audit.Options{}, append(of(vault, 0), [2]string{"chaincode.json", differs}, b, m)...)
	i := slices.IndexFunc(r.Vaults, func(v audit.Vault) bool { return v.Curve == "ed25519" })
	if v := r.Vaults[i]; len(v.Epochs) != 2 || v.Epochs[0].Present != 2 || v.Status != audit.Present || !slices.Contains(codes(r, audit.Error), "chain-code-differs") {
		t.Errorf("%s, %d sets, %q", v.Status, len(v.Epochs), codes(r, audit.Error))
	}
}

// through returns the root public key to which the share public keys of two statements combine.
func through(s, o *audit.Statement) *curve.Point {
	x, y := s.ShareID.Scalar(), o.ShareID.Scalar()
	d := x.Clone().Neg().Add(y).Invert()
	return s.PublicKey.Mul(y).Sub(o.PublicKey.Mul(x)).Mul(d)
}

// A broken file is shown with the holder of its node ID, in a set of its own root key if
// that can be read, and once.
func TestDamagedPlace(t *testing.T) {
	broken := func(path, old, new string) [2]string {
		text := of(large, 1)[0][1]
		if !strings.Contains(text, old) {
			t.Fatalf("no %q", old)
		}
		return [2]string{path, strings.ReplaceAll(text, old, new)}
	}
	inconsistent := broken("threshold.json", `"threshold": 3`, `"threshold": 4`)
	unreadable := broken("group.json", `"chaincode": "0x`, `"chaincode": "0y`)
	list, err := formats.Parse("f", []byte(unreadable[1]), share.Pin{})
	if err != nil || list[0].Group != nil || list[0].NodeID == "" {
		t.Fatalf("%v, %+v", err, list)
	}
	bundle, manifest := sealed(t, "b.age", []backup.ShareFacts{{GroupID: "g", Curve: "ed25519", Epoch: strings.Repeat("0", 16), ShareID: "7", NodeID: list[0].NodeID}})
	for _, c := range []struct {
		name  string
		files [][2]string
		epoch int // the threshold of the set where it is shown
	}{
		{"its root key is known", append(slices.Concat(of(vault, 0), of(large, 0)), bundle, manifest, inconsistent), 3},
		{"its root key is not known", append(slices.Concat(of(vault, 0), of(large, 0)), bundle, manifest, unreadable), 2},
		{"no set of its root key", append(of(vault, 0), bundle, manifest, inconsistent), 0},
		{"no set of its root key that is known to have another", append(of(vault, 0), inconsistent), -1},
	} {
		for _, v := range auditOf(audit.Options{}, c.files...).Vaults {
			if v.Curve != "ed25519" {
				continue
			}
			for _, h := range v.Epochs[0].Holders {
				var want []string
				if v.Epochs[0].Threshold == c.epoch && h.NodeID == list[0].NodeID {
					want = []string{c.files[len(c.files)-1][0]}
				}
				if !slices.Equal(h.Damaged, want) {
					t.Errorf("%s: %q with %q of threshold %d", c.name, h.Damaged, h.NodeID, v.Epochs[0].Threshold)
				}
			}
		}
	}
	// Both groups of a file, of one curve.
	twice := [2]string{"twice.json", "[" + strings.Trim(strings.TrimSpace(inconsistent[1]), "[]") + "," + strings.Trim(strings.TrimSpace(inconsistent[1]), "[]") + "]"}
	r := auditOf(audit.Options{}, append(of(large, 0), twice)...)
	if got := r.Vaults[0].Epochs[0].Holders[1].Damaged; !slices.Equal(got, []string{"twice.json"}) {
		t.Errorf("twice: %q", got)
	}
}
