package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/audit"
	"lifeboat/share/record"
)

func TestUnsworn(t *testing.T) {
	r := recordOf(t, vault)
	hash := fmt.Sprintf("%x", r.Hash())
	for name, tc := range map[string]struct {
		holders int
		change  func(*audit.Statement)
		want    int // how many of the six seats are unsworn
	}{
		"nobody":            {0, nil, 6},
		"two of three":      {2, nil, 2},
		"everybody":         {3, nil, 0},
		"another record":    {3, func(s *audit.Statement) { s.Record = strings.Repeat("ab", 32) }, 6},
		"a challenge":       {3, func(s *audit.Statement) { s.Record, s.Challenge = "", "x" }, 6},
		"another roster":    {3, func(s *audit.Statement) { s.Roster = strings.Repeat("ab", 32) }, 6},
		"another root key":  {3, func(s *audit.Statement) { s.RootKey = s.Curve.Generator() }, 6},
		"another node":      {3, func(s *audit.Statement) { s.NodeID = "node-1-EA4212E8" }, 4},
		"another threshold": {3, func(s *audit.Statement) { s.Threshold++ }, 6},
	} {
		var statements []*audit.Statement
		for i := range tc.holders {
			for _, a := range attest(t, vault, i, func(s *audit.Statement) {
				s.Challenge, s.Record = "", hash
				if tc.change != nil {
					tc.change(s)
				}
			}) {
				s, err := a.Verify()
				if err != nil {
					t.Fatal(err)
				}
				statements = append(statements, s)
			}
		}
		seats := audit.Unsworn(r, statements)
		if len(seats) != tc.want {
			t.Errorf("%s: %d seats are unsworn", name, len(seats))
		}
		if tc.want == 2 && slices.ContainsFunc(seats, func(s record.Seat) bool { return s.Holder.NodeID != "node-3-B5414719" }) {
			t.Errorf("%s: %v", name, seats)
		}
	}
}
