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

func paths(shares []*share.Sealed) string {
	var list []string
	for _, s := range shares {
		list = append(list, s.Path)
	}
	return strings.Join(list, " ")
}

func TestCollect(t *testing.T) {
	for _, tc := range []struct{ given, sets string }{
		{"2of3/1 2of3/2 2of3/3", "2of3/1 2of3/2 2of3/3 | 2of3/1 2of3/2 2of3/3"},
		{"2of3/1 2of3/1", "2of3/1 2of3/1 | 2of3/1 2of3/1"},
		{"2of3/1 other-epoch/2 2of3/3", "2of3/1 2of3/3 | 2of3/1 2of3/3 | other-epoch/2 | other-epoch/2"},
		{"2of3/1 other-epoch-same-ids/2", "2of3/1 | 2of3/1 | other-epoch-same-ids/2 | other-epoch-same-ids/2"},
		{"2of3/1 other-group/2", "2of3/1 | 2of3/1 | other-group/2 | other-group/2"},
		{"v1-single/1 v2-single/1", "v1-single/1 | v2-single/1"},
		{"tsslib-ecdsa/1 tsslib-ecdsa/2 tsslib-eddsa/3", "tsslib-ecdsa/1 tsslib-ecdsa/2 | tsslib-eddsa/3"},
		{"spelling/1 spelling/2 spelling/3", "spelling/1 spelling/2 spelling/3 | spelling/1 spelling/2 spelling/3"},
	} {
		sets := share.Collect(load(t, strings.Fields(tc.given)...))
		var got []string
		for _, s := range sets {
			got = append(got, paths(s.Shares))
			if len(s.Warnings) > 0 {
				t.Errorf("%s: %v", tc.given, s.Warnings)
			}
		}
		slices.Sort(got)
		want := strings.Split(tc.sets, " | ")
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tc.given, got, want)
		}
	}
	if share.Collect(nil) != nil {
		t.Error("sets of nothing")
	}
}

func TestCollectWarns(t *testing.T) {
	for name, words := range map[string]string{
		"id-other": "group ID", "roster-node-other": "node IDs", "created-time-number": "created_time",
	} {
		var list []*share.Sealed
		for _, file := range []string{"good-secp256k1", name} {
			s, err := formats.Parse(file, fixtures.Read("damaged/"+file+".json"), share.Pin{})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s...)
		}
		sets := share.Collect(list)
		if len(sets) != 1 || len(sets[0].Shares) != 2 || len(sets[0].Warnings) != 1 || !strings.HasSuffix(sets[0].Warnings[0], "differ in: "+words) {
			t.Errorf("%s: %d sets", name, len(sets))
		}
	}
	// A participant who is missing makes another epoch.
	list := load(t, "2of3/1", "2of3/2")
	cut := clone(list[0].Group)
	cut.Participants = cut.Participants[:2]
	list[0].Group = cut
	if sets := share.Collect(list); len(sets) != 3 {
		t.Errorf("%d sets", len(sets))
	}
}

func TestHolders(t *testing.T) {
	list := load(t, "v1-single/3", "v1-single/1", "v1-single/1")
	set := share.Collect(list)[0]
	present, missing := set.Holders(func(*share.Sealed) bool { return true })
	nodes := set.Group.NodeIDs()
	if len(present) != 2 || present[0].NodeID != nodes[0] || present[1].NodeID != nodes[2] || len(missing) != 1 || missing[0].NodeID != nodes[1] {
		t.Errorf("present %v, missing %v", present, missing)
	}
	present, missing = set.Holders(func(s *share.Sealed) bool { return s.Path == "v1-single/3" })
	if len(present) != 1 || len(missing) != 2 {
		t.Errorf("present %v, missing %v", present, missing)
	}
}

func TestDifferencesAndRelation(t *testing.T) {
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
		other                    *share.Group
		serious, minor, relation string
	}{
		"itself":         {a[0].Group, "", "", "the same group"},
		"another file":   {load(t, "2of3/2")[0].Group, "", "", "the same group"},
		"another ID":     {renamed, "", "group ID", "the same group"},
		"another time":   {retimed, "", "created_time", "the same group"},
		"another node":   {moved, "", "node IDs", "the same group"},
		"chain code":     {chain, "chain code", "", "the same root key with another chain code"},
		"no chain code":  {unknown, "", "", "the same group"},
		"threshold":      {threshold, "threshold", "", "the same group"},
		"another epoch":  {group("other-epoch"), "share IDs or share public keys", "group ID", "another epoch"},
		"same share IDs": {group("other-epoch-same-ids"), "share IDs or share public keys", "group ID", "another epoch"},
		"another group":  {group("other-group"), "root public key, chain code, share IDs or share public keys", "group ID", "another group"},
		"another curve":  {a[1].Group, "curve", "", "another curve"},
	} {
		for _, pair := range [][2]*share.Group{{a[0].Group, tc.other}, {tc.other, a[0].Group}} {
			serious, minor := pair[0].Differences(pair[1])
			if got := strings.Join(serious, ", "); got != tc.serious {
				t.Errorf("%s: serious %q", name, got)
			}
			if got := strings.Join(minor, ", "); got != tc.minor {
				t.Errorf("%s: minor %q", name, got)
			}
			if got := pair[0].Relation(pair[1]); !strings.HasPrefix(got, tc.relation) {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	if a[0].Group.Compare(a[1].Group) >= 0 || a[1].Group.Compare(a[0].Group) <= 0 || a[0].Group.Compare(a[0].Group) != 0 {
		t.Error("Compare is no order")
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
