package share_test

import (
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// load parses files of vaults, given as "2of3/1": the first file of 2of3.
func load(t *testing.T, names ...string) []*share.Sealed {
	t.Helper()
	var list []*share.Sealed
	for _, name := range names {
		vault, file, _ := strings.Cut(name, "/")
		f := fixtures.Load(vault).Files[file[0]-'1']
		shares, err := formats.Parse(name, f.Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, shares...)
	}
	return list
}

func TestDifferences(t *testing.T) {
	a := load(t, "2of3/1")
	group := func(vault string) *share.Group { return load(t, vault+"/1")[0].Group }
	renamed, retimed, moved, chain, threshold := clone(a[0].Group), clone(a[0].Group), clone(a[0].Group), clone(a[0].Group), clone(a[0].Group)
	renamed.ID = "TEST ONLY another"
	retimed.CreatedTime = "2030"
	moved.Participants[0].NodeID = "moved"
	slices.Reverse(retimed.Participants)
	chain.ChainCode = new([32]byte)
	threshold.Threshold = 3
	unknown := clone(a[0].Group)
	unknown.ChainCode = nil
	for name, tc := range map[string]struct {
		other          *share.Group
		serious, minor string
	}{
		"itself":         {a[0].Group, "", ""},
		"another file":   {load(t, "2of3/2")[0].Group, "", ""},
		"another ID":     {renamed, "", "group ID"},
		"another time":   {retimed, "", "created_time"},
		"another node":   {moved, "", "node IDs"},
		"chain code":     {chain, "chain code", ""},
		"no chain code":  {unknown, "", ""},
		"threshold":      {threshold, "threshold", ""},
		"another epoch":  {group("other-epoch"), "share IDs or share public keys", "group ID"},
		"same share IDs": {group("other-epoch-same-ids"), "share IDs or share public keys", "group ID"},
		"another group":  {group("other-group"), "root public key, chain code, share IDs or share public keys", "group ID"},
		"another curve":  {a[1].Group, "curve", ""},
	} {
		for _, pair := range [][2]*share.Group{{a[0].Group, tc.other}, {tc.other, a[0].Group}} {
			serious, minor := pair[0].Differences(pair[1])
			if got := strings.Join(serious, ", "); got != tc.serious {
				t.Errorf("%s: serious %q", name, got)
			}
			if got := strings.Join(minor, ", "); got != tc.minor {
				t.Errorf("%s: minor %q", name, got)
			}
		}
	}
}

func TestTestOnly(t *testing.T) {
	for id, want := range map[string]bool{"TEST ONLY x": true, "x test-only": true, "my_test_only_vault": true, "treasury": false, "TESTONLY": false, "": false} {
		if g := (&share.Group{ID: id, Curve: curve.Secp256k1}); g.TestOnly() != want {
			t.Errorf("%q", id)
		}
	}
	for _, vault := range fixtures.Vaults() {
		for _, s := range load(t, vault+"/1") {
			if !s.TestOnly() {
				t.Errorf("%s: the share on %v is not marked", s.Path, s.Curve)
			}
		}
	}
}
