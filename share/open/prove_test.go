package open_test

import (
	"errors"
	"fmt"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/open"
)

// made is a vault whose files have no share public keys, and whose shares lie in the
// clear: share i+1 of holder i+1.
func made(c curve.Curve, scheme share.Scheme, threshold int, key string, shares ...string) (*share.Group, []*open.Unproven) {
	number := func(digits string) *curve.Scalar {
		id, err := share.NewID(c, digits)
		if err != nil {
			panic(err)
		}
		return id.Scalar()
	}
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: scheme, Threshold: threshold, RootKey: c.Generator().Mul(number(key))}
	for i := range shares {
		id, err := share.NewID(c, fmt.Sprint(i+1))
		if err != nil {
			panic(err)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprintf("node-%d", i+1), ShareID: id})
	}
	var list []*open.Unproven
	for i, digits := range shares {
		if digits != "" {
			list = append(list, unlocked(g, i, digits))
		}
	}
	return g, list
}

func unlocked(g *share.Group, holder int, digits string) *open.Unproven {
	p := g.Participants[holder]
	u, err := open.Unlock(&share.Sealed{Curve: g.Curve, Group: g, NodeID: p.NodeID, ShareID: &p.ShareID, Roster: g.Participants,
		Lock: &share.Clear{Digits: secret.Copy([]byte(digits))}}, nil, open.Options{})
	if err != nil {
		panic(err)
	}
	return u
}

// In each scheme the right shares are proven, and others are not. The shares of the
// polynomial 5 + 3x are 8, 11, 14 and 17.
func TestProve(t *testing.T) {
	for _, c := range curve.All() {
		for name, tc := range map[string]struct {
			scheme    share.Scheme
			threshold int
			key       string
			shares    []string
			more      map[int]string // of the same holders, from 0
			want      string         // a digit for each share; + is proven
			err       error
		}{
			"sum":                 {share.Additive, 3, "15", []string{"4", "5", "6"}, nil, "+++", nil},
			"wrong sum":           {share.Additive, 3, "15", []string{"4", "5", "7"}, nil, "", open.ErrNoProof},
			"sum without one":     {share.Additive, 3, "15", []string{"4", "5", ""}, nil, "", open.ErrTooFew},
			"sum, one twice":      {share.Additive, 3, "15", []string{"4", "5", "7"}, map[int]string{2: "6"}, "++-+", nil},
			"sum, the same twice": {share.Additive, 3, "15", []string{"4", "5", "6"}, map[int]string{0: "4"}, "++++", nil},
			"product":             {share.Multiplicative, 3, "120", []string{"4", "5", "6"}, nil, "+++", nil},
			"wrong product":       {share.Multiplicative, 3, "120", []string{"4", "5", "7"}, nil, "", open.ErrNoProof},
			"polynomial":          {share.Shamir, 2, "5", []string{"8", "11"}, nil, "++", nil},
			"best subset":         {share.Shamir, 2, "5", []string{"9", "11", "14", "18"}, nil, "-++-", nil},
			"no subset":           {share.Shamir, 2, "5", []string{"9", "12", "16"}, nil, "", open.ErrNoProof},
			"one of two":          {share.Shamir, 2, "5", []string{"", "11"}, nil, "", open.ErrTooFew},
			"one twice, of two":   {share.Shamir, 2, "5", []string{"8", ""}, map[int]string{0: "8"}, "", open.ErrTooFew},
		} {
			g, list := made(c, tc.scheme, tc.threshold, tc.key, tc.shares...)
			for holder, digits := range tc.more {
				list = append(list, unlocked(g, holder, digits))
			}
			if err := g.Check(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			proven, err := open.Prove(g, list)
			got := ""
			for i, s := range proven {
				if s == nil {
					got += "-"
					continue
				}
				got += "+"
				if s.Sealed() != list[i].Sealed() || !s.Public().Equal(s.Scalar().Public()) {
					t.Errorf("%v, %s: another share was proven", c, name)
				}
			}
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%v, %s: %q, %v", c, name, got, err)
			}
			if _, err := list[0].Check(open.Options{}); !errors.Is(err, open.ErrUnproven) {
				t.Errorf("%v, %s: alone: %v", c, name, err)
			}
		}
	}
}

// A share of a holder whom the group does not list counts for nothing.
func TestProveStranger(t *testing.T) {
	g, list := made(curve.Secp256k1, share.Shamir, 2, "5", "8", "11")
	other, more := made(curve.Secp256k1, share.Shamir, 2, "5", "", "", "", "", "20")
	if other.Participant(*list[0].Sealed().ShareID) == nil {
		t.Fatal("the other group has other share IDs")
	}
	proven, err := open.Prove(g, append(more, list...))
	if err != nil || proven[0] != nil || proven[1] == nil || proven[2] == nil {
		t.Errorf("%v, %v", proven, err)
	}
}

// Where there are too many shares to try every combination, it says so instead of going
// on for ever.
func TestProveGivesUp(t *testing.T) {
	g, list := made(curve.Ed25519, share.Shamir, 12, "999", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24")
	if _, err := open.Prove(g, list); !errors.Is(err, open.ErrNoProof) {
		t.Error(err)
	}
}
