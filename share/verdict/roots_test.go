package verdict_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

func TestRootsCheck(t *testing.T) {
	for _, tc := range []struct {
		given, recorded string
		err             error
	}{
		{"2of3/1 other-epoch/1", "", nil},
		{"2of3/1 other-epoch/1", "2of3", nil},
		{"2of3/1 other-group/1", "2of3", verdict.ErrOtherRoot},
		{"2of3/1 other-group/1", "2of3 other-group", nil},
		{"2of3/1", "2of3 other-group", verdict.ErrRootAbsent},
		{"2of3/1f 2of3/2x", "2of3", verdict.ErrRootAbsent},
		{"2of3/1f 2of3/2", "2of3", nil},
		{"tsslib-ecdsa/1", "2of3", verdict.ErrOtherRoot},
		{"tsslib-eddsa/1", "2of3", verdict.ErrRootAbsent},
	} {
		if err := asked(t, "", strings.Fields(tc.recorded)...).Check(give(t, tc.given)); !errors.Is(err, tc.err) {
			t.Errorf("%s, with %q recorded: %v", tc.given, tc.recorded, err)
		}
	}
	roots := asked(t, "", "2of3").Roots
	if !roots.On(curve.Secp256k1) || roots.On(curve.Ed25519) || !roots.Have(root(t, "2of3")) || roots.Have(root(t, "other-group")) {
		t.Error("what is recorded is not what was given")
	}
}

// Two keys are the same as far as both are known: a bare one matches the public key
// alone, and what it leaves open is named.
func TestBareRoots(t *testing.T) {
	extended, other := root(t, "2of3"), root(t, "other-group")
	bare, code := derive.NewBare(extended.Point()), derive.NewRoot(extended.Point(), [32]byte{7})
	edwards := derive.NewBare(curve.Ed25519.Generator())
	add := func(keys ...*derive.Key) (roots verdict.Roots) {
		for _, k := range keys {
			before := slices.Clone(roots)
			after := roots.Add(k)
			if !slices.Equal(roots, before) {
				t.Errorf("adding %v changes what it is added to", k)
			}
			roots = after
		}
		return roots
	}
	for _, tc := range []struct{ given, want verdict.Roots }{
		{verdict.Roots{bare, bare, edwards, edwards}, verdict.Roots{bare, edwards}},
		{verdict.Roots{edwards, bare, extended}, verdict.Roots{edwards, extended}},
		{verdict.Roots{extended, bare, other, extended}, verdict.Roots{extended, other}},
		{verdict.Roots{bare, extended, code, code}, verdict.Roots{extended, code}},
	} {
		if got := add(tc.given...); !slices.Equal(got, tc.want) {
			t.Errorf("%v: %v", tc.given, got)
		}
	}
	for _, tc := range []struct{ roots, from, want verdict.Roots }{
		{verdict.Roots{bare, edwards}, verdict.Roots{other, extended, code}, verdict.Roots{extended, edwards}},
		{verdict.Roots{extended}, verdict.Roots{bare, code}, verdict.Roots{extended}},
		{nil, verdict.Roots{extended}, nil},
	} {
		if got := tc.roots.Completed(tc.from); !slices.Equal(got, tc.want) {
			t.Errorf("%v, completed from %v: %v", tc.roots, tc.from, got)
		}
	}
	for _, tc := range []struct {
		roots      verdict.Roots
		have       bool
		uncompared int
	}{
		{verdict.Roots{bare}, true, 1},
		{verdict.Roots{extended}, true, 0},
		{verdict.Roots{code}, false, 0},
		{verdict.Roots{edwards}, false, 0},
		{nil, false, 0},
	} {
		if got := tc.roots.Uncompared([]*derive.Key{extended, bare}); tc.roots.Have(extended) != tc.have || len(got) != tc.uncompared {
			t.Errorf("%v: %v is recorded: %v; uncompared: %v", tc.roots, extended, !tc.have, got)
		}
	}
	for _, tc := range []struct {
		given string
		roots verdict.Roots
		err   error
	}{
		{"2of3/1", verdict.Roots{bare}, nil},
		{"2of3/1", verdict.Roots{bare, edwards}, verdict.ErrRootAbsent},
		{"2of3/1 other-group/1", verdict.Roots{bare}, verdict.ErrOtherRoot},
		{"tsslib-ecdsa/1", verdict.Roots{bare}, verdict.ErrOtherRoot},
		{"tsslib-ecdsa/1", verdict.Roots{load(t, "tsslib-ecdsa/1")[0].Group.Root()}, nil},
	} {
		if err := (verdict.Asked{Roots: tc.roots}).Check(give(t, tc.given)); !errors.Is(err, tc.err) {
			t.Errorf("%s, with %v recorded: %v", tc.given, tc.roots, err)
		}
	}
}

func TestExtended(t *testing.T) {
	for given, want := range map[string]error{"2of3/1 2of3/2": nil, "2of3/1 2of3/2 tsslib-eddsa/1 tsslib-eddsa/2": verdict.ErrChainCode} {
		j, err := verdict.Judge(give(t, given), verdict.Asked{})
		if err != nil {
			t.Fatal(err)
		}
		if err := verdict.Extended(j.Sets); !errors.Is(err, want) {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, tc := range []struct{ given, group, recorded, want string }{
		{"2of3/1 2of3/2 other-epoch/1", "", "", "2of3 other-epoch"},
		{"2of3/1 other-epoch/1", "other-epoch", "2of3", "other-epoch"},
		{"2of3/1", "other-epoch", "", `error: no file is of group "TEST ONLY 2of3 secp256k1 other-epoch"`},
		{"2of3/1 2of3/2c", "", "", `error: "2of3/2c": the public facts contradict each other: two thresholds`},
		{"2of3/1 other-group/1", "", "2of3", `error: "other-group/1": the root key of group "TEST ONLY 2of3 secp256k1 other-group" on secp256k1 is not the recorded one`},
	} {
		groups, err := verdict.Groups(give(t, tc.given), asked(t, tc.group, strings.Fields(tc.recorded)...))
		var ids []string
		for _, g := range groups {
			ids = append(ids, g.ID[strings.LastIndexByte(g.ID, ' ')+1:])
		}
		got := strings.Join(ids, " ")
		if err != nil {
			got = fmt.Sprintf("error: %v", err)
		}
		if got != tc.want {
			t.Errorf("%s: %s", tc.given, got)
		}
	}
}

// Root keys of an earlier recovery take the place of shares.
func TestChoose(t *testing.T) {
	known := func(group string, root *derive.Key) verdict.Known {
		return verdict.Known{Path: "a.age", Group: group, Root: root}
	}
	first, other := known("TEST ONLY 2of3 secp256k1 2of3", root(t, "2of3")), known("TEST ONLY 2of3 secp256k1 other-group", root(t, "other-group"))
	edwards := known("eddsa", load(t, "2of3/1")[1].Group.Root())
	all, one := []verdict.Known{first, other, edwards}, []verdict.Known{first, edwards}
	for _, tc := range []struct {
		known            []verdict.Known
		group, recorded  string
		a                verdict.Asked
		kept, unrecorded []int
		err              string // how it begins
	}{
		{known: one, a: verdict.Asked{NoRecord: true}, kept: []int{0, 1}},
		{known: one, group: "2of3", a: verdict.Asked{NoRecord: true}, kept: []int{0}},
		{known: one, err: `the root key of group "TEST ONLY 2of3 secp256k1 2of3" on secp256k1 is from "a.age" alone, and nothing else vouches`},
		{known: one, recorded: "2of3", err: `the root key of group "eddsa" on ed25519 is from "a.age" alone, and nothing else vouches`}, // recorded on the other curve
		{known: one, group: "2of3", recorded: "2of3", kept: []int{0}},
		{known: one, recorded: "2of3", a: verdict.Asked{Record: true}, kept: []int{0}, unrecorded: []int{1}},
		{known: one, recorded: "2of3", a: verdict.Asked{Only: true}, kept: []int{0}, unrecorded: []int{1}},
		{known: all, a: verdict.Asked{NoRecord: true}, err: "the files belong to 2 vaults on secp256k1\n"},
		{known: all, group: "other-group", a: verdict.Asked{NoRecord: true}, err: "the files belong to 2 vaults on secp256k1\n"},
		{known: all, recorded: "2of3", a: verdict.Asked{NoRecord: true}, kept: []int{0, 2}, unrecorded: []int{1}},
		{known: all, group: "other-group", recorded: "2of3", unrecorded: []int{1}, err: "none of the root keys"},
		{known: one, group: "nonsense", a: verdict.Asked{NoRecord: true}, err: "none of the root keys"},
		{known: one, recorded: "3of5", err: "the recorded root key"},
		{known: one, recorded: "3of5", a: verdict.Asked{Record: true}, err: "the recorded root key"},
	} {
		a := asked(t, tc.group, strings.Fields(tc.recorded)...)
		a.Only, a.Record, a.NoRecord = tc.a.Only, tc.a.Record, tc.a.NoRecord
		kept, unrecorded, err := verdict.Choose(tc.known, a)
		if !slices.Equal(kept, tc.kept) || !slices.Equal(unrecorded, tc.unrecorded) || (err != nil) != (tc.err != "") || err != nil && !strings.HasPrefix(err.Error(), tc.err) {
			t.Errorf("%+v: %v, %v, %v", tc, kept, unrecorded, err)
		}
	}
}

func TestPossibleIDs(t *testing.T) {
	files := give(t, "2of3/1 2of3/2 tsslib-eddsa/1")
	ids := func(s *verdict.Share) string {
		var list []string
		for _, id := range verdict.PossibleIDs(files, s) {
			list = append(list, id.Text)
		}
		return strings.Join(list, " ")
	}
	s := files[0].Shares[0]
	own := s.Sealed.ShareID.Text
	if got := ids(s); got != own {
		t.Errorf("a share in order: %s", got)
	}
	// By the node that the other file lists, and by the share public key.
	s.Sealed.ShareID, s.Sealed.Roster = nil, nil
	if got := ids(s); got != own {
		t.Errorf("by its node: %s", got)
	}
	s.Sealed.NodeID = "damaged"
	if got := ids(s); got != own {
		t.Errorf("by its key: %s", got)
	}
	s.Failed(verdict.Unopened, errClosed)
	if got := ids(s); got != "" {
		t.Errorf("of a share that nothing is known of: %s", got)
	}
	// Its own comes first, even if it is damaged.
	wrong, err := share.NewID(curve.Secp256k1, "7")
	if err != nil {
		t.Fatal(err)
	}
	s.Opened(s.Sealed.PublicKey)
	s.Sealed.ShareID = &wrong
	if got := ids(s); got != "7 "+own {
		t.Errorf("with a damaged share ID: %s", got)
	}
}
