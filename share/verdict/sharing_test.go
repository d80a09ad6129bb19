package verdict_test

import (
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// load parses files of vaults, given as "2of3/1": the first file of 2of3.
func load(t *testing.T, names ...string) []*share.Sealed {
	t.Helper()
	var list []*share.Sealed
	for _, name := range names {
		vault, file, _ := strings.Cut(name, "/")
		shares, err := formats.Parse(name, fixtures.Load(vault).Files[file[0]-'1'].Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, shares...)
	}
	return list
}

func clone(g *share.Group) *share.Group {
	h := *g
	h.Participants = slices.Clone(g.Participants)
	return &h
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
		sets := verdict.Collect(load(t, strings.Fields(tc.given)...))
		var got []string
		for _, s := range sets {
			got = append(got, paths(s.Sealed))
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
	if verdict.Collect(nil) != nil {
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
		sets := verdict.Collect(list)
		if len(sets) != 1 || len(sets[0].Sealed) != 2 || len(sets[0].Warnings) != 1 || !strings.HasSuffix(sets[0].Warnings[0], "differ in: "+words) {
			t.Errorf("%s: %d sets", name, len(sets))
		}
	}
	// A participant who is missing makes another epoch.
	list := load(t, "2of3/1", "2of3/2")
	cut := clone(list[0].Group)
	cut.Participants = cut.Participants[:2]
	list[0].Group = cut
	if sets := verdict.Collect(list); len(sets) != 3 {
		t.Errorf("%d sets", len(sets))
	}
}
