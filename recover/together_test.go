package recover_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// some returns shares of a vault.
func (v *vault) some(of []int) []*open.Share {
	var list []*open.Share
	for _, j := range of {
		list = append(list, v.shares[j])
	}
	return list
}

// unnumbered is a share of the vault whose file does not say its share ID.
func (v *vault) unnumbered(t *testing.T) *open.Share {
	s := *v.shares[1].Sealed()
	s.ShareID, s.Lock = nil, &share.Clear{Digits: secret.Copy(s.Lock.(*share.Clear).Digits.Expose())}
	o, err := open.Open(&s, nil, open.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestReshareOnOneMachine(t *testing.T) {
	for _, c := range curve.All() {
		for _, size := range [][4]int{{2, 3, 2, 3}, {2, 2, 3, 5}, {3, 5, 2, 2}} {
			v := newVault(t, c, size[0], size[1])
			r, err := recover.Reshare(v.group, v.some(pick(size[1], size[0])), nodes(size[3]), size[2], "TEST ONLY new", "now")
			if err != nil {
				t.Fatal(err)
			}
			g := r.Group
			if err := g.Check(); err != nil || !g.SameKey(v.group) || *g.ChainCode != *v.group.ChainCode || g.Epoch() == v.group.Epoch() ||
				g.Threshold != size[2] || len(g.Participants) != size[3] || g.ID != "TEST ONLY new" || g.CreatedTime != "now" {
				t.Errorf("%v, %v: the new group is wrong: %v", c, size, err)
			}
			var shares []*open.Share
			for j, x := range r.Shares {
				if g.Participants[j].NodeID != nodes(size[3])[j] {
					t.Errorf("share %d is of node %q", j+1, g.Participants[j].NodeID)
				}
				shares = append(shares, reopened(t, g, j, x))
			}
			if !combines(t, g, shares[len(shares)-g.Threshold:]) || combines(t, g, shares[1:g.Threshold]) {
				t.Errorf("%v, %v: another number of new shares gives the key", c, size)
			}
			r.Wipe()
		}
	}
}

func TestReshareOnOneMachineRefuses(t *testing.T) {
	v, other := newVault(t, curve.Secp256k1, 2, 3), newVault(t, curve.Secp256k1, 2, 3)
	x, forged := curve.Secp256k1.RandomScalar(), v.group.Participants[1]
	forged.PublicKey = curve.Secp256k1.Generator().Mul(x)
	swapped := []*open.Share{v.shares[0], opened(t, v.group, forged, x)}
	for name, tc := range map[string]struct {
		helpers   []*open.Share
		nodes     int
		threshold int
		err       error
	}{
		"too few":            {v.shares[:1], 3, 2, recover.ErrPlan},
		"too many":           {v.shares, 3, 2, recover.ErrPlan},
		"one twice":          {[]*open.Share{v.shares[0], v.shares[0]}, 3, 2, recover.ErrPlan},
		"of another vault":   {other.shares[:2], 3, 2, recover.ErrPlan},
		"no share ID":        {[]*open.Share{v.shares[0], v.unnumbered(t)}, 3, 2, recover.ErrNotOfGroup},
		"another share":      {swapped, 3, 2, recover.ErrNotOfGroup},
		"a threshold of one": {v.shares[:2], 3, 1, recover.ErrPlan},
		"too few nodes":      {v.shares[:2], 2, 3, recover.ErrPlan},
	} {
		if r, err := recover.Reshare(v.group, tc.helpers, nodes(tc.nodes), tc.threshold, "TEST ONLY", ""); r != nil || !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRepairOnOneMachine(t *testing.T) {
	for _, c := range curve.All() {
		for _, size := range [][2]int{{2, 3}, {3, 5}, {4, 5}} {
			v := newVault(t, c, size[0], size[1])
			order := rand.Perm(size[1])
			lost := order[0]
			x, err := recover.RepairShare(v.group, v.some(order[1:size[0]+1]), v.group.Participants[lost].ShareID)
			if err != nil {
				t.Fatal(err)
			}
			if !x.Equal(v.shares[lost].Scalar()) {
				t.Errorf("%v, %v: another share than the lost one", c, size)
			}
		}
	}
	v, other := newVault(t, curve.Ed25519, 2, 3), newVault(t, curve.Ed25519, 2, 3)
	lost := v.group.Participants[0].ShareID
	for name, tc := range map[string]struct {
		helpers []*open.Share
		err     error
	}{
		"too few":            {v.shares[1:2], recover.ErrPlan},
		"the lost one helps": {v.shares[:2], recover.ErrPlan},
		"of another vault":   {other.shares[1:], recover.ErrPlan},
		"no share ID":        {[]*open.Share{v.shares[1], v.unnumbered(t)}, recover.ErrNotOfGroup},
	} {
		if x, err := recover.RepairShare(v.group, tc.helpers, lost); x != nil || !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if x, err := recover.RepairShare(v.group, v.shares[1:], other.group.Participants[0].ShareID); x != nil || !errors.Is(err, recover.ErrPlan) {
		t.Errorf("nobody's share: %v", err)
	}
}
