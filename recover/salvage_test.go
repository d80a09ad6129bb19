package recover_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// publicField is a text field that is not the encrypted share or its key
// derivation: what --salvage must do without.
var publicField = regexp.MustCompile(`"(id|created_time|root_extended_public_key|chaincode|curve|node_id|share_id|share_public_key)":\s*"([^"]+)"`)

// candidates opens what can be opened of a file, as key --salvage does.
func candidates(t *testing.T, c curve.Curve, files ...fixtures.File) (list []recover.Candidate) {
	t.Helper()
	var sealed []*share.Sealed
	var known []*curve.Point
	password := map[*share.Sealed][]byte{}
	for _, f := range files {
		shares, err := formats.Parse(f.Name, f.Data, share.Pin{})
		if err != nil {
			continue // beyond salvage
		}
		for _, s := range shares {
			sealed, password[s] = append(sealed, s), f.Password
			for _, p := range s.Roster {
				known = append(known, p.PublicKey)
			}
		}
	}
	for _, s := range sealed {
		if s.Curve != c {
			continue
		}
		held, err := open.Open(s, open.Passwords(secret.Copy(password[s])), open.Options{Salvage: true, Known: known})
		if err != nil {
			continue
		}
		var ids []share.ID
		if s.ShareID != nil {
			ids = append(ids, *s.ShareID)
		}
		for _, o := range sealed {
			for _, p := range o.Roster {
				if o.Curve == c && (p.NodeID == s.NodeID || p.PublicKey.Equal(held.Public())) {
					ids = append(ids, p.ShareID)
				}
			}
		}
		list = append(list, recover.Candidate{Share: held, IDs: ids})
	}
	return list
}

// One damaged digit in any public field of one of two files: the right key or an
// error, and where the other file has the same facts, the right key.
func TestSalvageEveryField(t *testing.T) {
	v := fixtures.Load("2of3")
	for _, g := range v.Expected.Groups {
		root, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		good, bad := v.Files[0], v.Files[1]
		fields := publicField.FindAllSubmatchIndex(bad.Data, -1)
		if len(fields) < 30 {
			t.Fatalf("only %d fields", len(fields))
		}
		lost := 0
		for _, at := range fields {
			for _, place := range []int{at[4] + 2, (at[4] + at[5]) / 2, at[5] - 1} {
				damaged := bytes.Clone(bad.Data)
				if damaged[place]++; damaged[place] == '"' || damaged[place] == '\\' {
					damaged[place]++
				}
				what := fmt.Sprintf("%s at byte %d, %s", bad.Data[at[2]:at[3]], place, g.Curve)
				list := candidates(t, root.Curve(), good, fixtures.File{Name: bad.Name, Data: damaged, Password: bad.Password})
				key, used, err := recover.Salvage(root, list)
				switch {
				case err != nil:
					lost++
					t.Logf("not salvaged: %s: %v", what, err)
					if key != nil || !errors.Is(err, recover.ErrTooFew) {
						t.Errorf("%s: %v", what, err)
					}
				case hex.EncodeToString(key.Scalar().Expose()) != g.RootPrivate:
					t.Errorf("%s: a wrong key", what)
				case len(used) != 2:
					t.Errorf("%s: %d shares used", what, len(used))
				}
			}
		}
		if lost > 0 {
			t.Errorf("%s: %d of %d damages could not be salvaged", g.Curve, lost, 3*len(fields))
		}
	}
}

// Shares that are beside the point do not keep the others from being found, and
// no set of shares gives another key than the recorded one.
func TestSalvageSearches(t *testing.T) {
	for _, c := range curve.All() {
		v, other := newVault(t, c, 3, 5), newVault(t, c, 2, 3)
		root := v.group.Root()
		list := func(shares ...*open.Share) (all []recover.Candidate) {
			for _, s := range shares {
				all = append(all, recover.Candidate{Share: s, IDs: []share.ID{*s.Sealed().ShareID}})
			}
			return all
		}
		mixed := append(list(other.shares...), list(v.shares[1], v.shares[3], v.shares[4])...)
		key, used, err := recover.Salvage(root, mixed)
		if err != nil || fmt.Sprint(used) != "[3 4 5]" || !key.Public().SameKey(root) {
			t.Errorf("%v: %v, used %v", c, err, used)
		}
		// The wrong ID first, the right one second.
		doubtful := list(v.shares[:3]...)
		doubtful[1].IDs = []share.ID{*other.shares[0].Sealed().ShareID, *v.shares[1].Sealed().ShareID}
		if _, _, err := recover.Salvage(root, doubtful); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		for what, few := range map[string][]recover.Candidate{
			"none": nil, "one": list(v.shares[0]), "two of three": list(v.shares[:2]...),
			"the same thrice": list(v.shares[0], v.shares[0], v.shares[0]),
			"another vault's": list(other.shares...), "no ID": {{Share: v.shares[0]}, {Share: v.shares[1]}, {Share: v.shares[2]}},
		} {
			if key, _, err := recover.Salvage(root, few); key != nil || !errors.Is(err, recover.ErrTooFew) {
				t.Errorf("%v, %s: %v", c, what, err)
			}
		}
	}
}

// Many shares that fit nothing end the search; they do not make it endless.
func TestSalvageGivesUp(t *testing.T) {
	v, root := newVault(t, curve.Secp256k1, 2, 60), newVault(t, curve.Secp256k1, 2, 2).group.Root()
	var list []recover.Candidate
	for _, s := range v.shares {
		list = append(list, recover.Candidate{Share: s, IDs: v.ids([]int{0, 1, 2, 3})})
	}
	if _, _, err := recover.SalvageWithin(300, root, list); !errors.Is(err, recover.ErrTooFew) || !strings.Contains(err.Error(), "too many combinations") {
		t.Error(err)
	}
}

// A large scheme has too many small sets to try them all. As many shares as it
// needs are found all the same.
func TestSalvageLarge(t *testing.T) {
	v := newVault(t, curve.Ed25519, 18, 20)
	var list []recover.Candidate
	for _, s := range v.shares[:18] {
		list = append(list, recover.Candidate{Share: s, IDs: []share.ID{*s.Sealed().ShareID}})
	}
	if key, used, err := recover.SalvageWithin(300, v.group.Root(), list); err != nil || len(used) != 18 || !key.Public().SameKey(v.group.Root()) {
		t.Errorf("used %v, %v", used, err)
	}
}
