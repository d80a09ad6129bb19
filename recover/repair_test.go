package recover_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// repair is a whole repair in one place.
type repair struct {
	*recover.Repair
	helpers []int
	ids     []share.ID
	lost    int
	splits  []*recover.Commitments
	parts   [][]*scalar.Secret // by sender, by receiver
	sums    []*scalar.Secret
}

func split(t testing.TB, v *vault) *repair {
	t.Helper()
	order := rand.Perm(len(v.shares))
	r := &repair{lost: order[0], helpers: order[1 : v.group.Threshold+1]}
	r.ids = v.ids(r.helpers)
	var err error
	if r.Repair, err = recover.NewRepair(v.group, v.group.RootKey, r.ids, v.group.Participants[r.lost].ShareID); err != nil {
		t.Fatal(err)
	}
	for _, i := range r.helpers {
		public, parts, err := r.Split(v.shares[i])
		if err != nil {
			t.Fatal(err)
		}
		r.splits, r.parts = append(r.splits, public), append(r.parts, parts)
	}
	return r
}

func (r *repair) sum(j int) (*scalar.Secret, error) {
	var got []*scalar.Secret
	for _, p := range r.parts {
		got = append(got, p[j])
	}
	return r.Sum(r.ids[j], r.splits, got)
}

func (r *repair) finish(t testing.TB) *scalar.Secret {
	t.Helper()
	r.sums = nil
	for j := range r.ids {
		s, err := r.sum(j)
		if err != nil {
			t.Fatal(err)
		}
		r.sums = append(r.sums, s)
	}
	x, err := r.Accept(r.splits, r.ids, r.sums)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (r *repair) clone() *repair {
	c := *r
	c.splits, c.parts, c.sums = nil, nil, slices.Clone(r.sums)
	for i, s := range r.splits {
		c.splits = append(c.splits, &recover.Commitments{Dealer: s.Dealer, Points: slices.Clone(s.Points)})
		c.parts = append(c.parts, slices.Clone(r.parts[i]))
	}
	return &c
}

// TestRepair: the lost share comes back, scalar for scalar.
func TestRepair(t *testing.T) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			for range runs() / 4 {
				size := [][2]int{{2, 3}, {2, 3}, {2, 4}, {3, 4}, {4, 5}}[rand.IntN(5)]
				v := newVault(t, c, size[0], size[1])
				r := split(t, v)
				if !r.finish(t).Equal(v.shares[r.lost].Scalar()) {
					t.Fatal("another share came back")
				}
			}
		})
	}
}

func TestRepairOfLargeVaults(t *testing.T) {
	for _, c := range curve.All() {
		v := newVault(t, c, 5, 9)
		for range 5 {
			r := split(t, v)
			if !r.finish(t).Equal(v.shares[r.lost].Scalar()) {
				t.Fatal("another share came back")
			}
		}
	}
}

func TestRepairRefuses(t *testing.T) {
	for _, c := range curve.All() {
		v, other := newVault(t, c, 2, 3), newVault(t, c, 2, 3)
		forged := *v.group
		forged.Participants = slices.Clone(v.group.Participants)
		forged.Participants[2].PublicKey = other.group.Participants[2].PublicKey
		lost := v.group.Participants[2].ShareID
		for name, tc := range map[string]struct {
			group   *share.Group
			root    *curve.Point
			helpers []int
			lost    share.ID
			want    error
		}{
			"forged roster":          {&forged, v.group.RootKey, []int{0, 1}, lost, share.ErrInconsistent},
			"another root key":       {v.group, other.group.RootKey, []int{0, 1}, lost, recover.ErrPinned},
			"too few helpers":        {v.group, v.group.RootKey, []int{0}, lost, recover.ErrPlan},
			"one helper twice":       {v.group, v.group.RootKey, []int{1, 1}, lost, recover.ErrPlan},
			"the lost share helps":   {v.group, v.group.RootKey, []int{0, 2}, lost, recover.ErrPlan},
			"a share of no holder's": {v.group, v.group.RootKey, []int{0, 1}, open.NewID(c), recover.ErrPlan},
		} {
			if r, err := recover.NewRepair(tc.group, tc.root, v.ids(tc.helpers), tc.lost); r != nil || !errors.Is(err, tc.want) {
				t.Errorf("%v, %s: %v", c, name, err)
			}
		}
	}
}

func TestRepairTampering(t *testing.T) {
	for _, c := range curve.All() {
		for _, size := range [][2]int{{2, 3}, {3, 5}} {
			v := newVault(t, c, size[0], size[1])
			honest := split(t, v)
			honest.finish(t)
			node := func(i int) string { return v.group.Participants[honest.helpers[i]].NodeID }
			first := func(r *repair) error { _, err := r.sum(0); return err }
			last := func(r *repair) error { _, err := r.Accept(r.splits, r.ids, r.sums); return err }
			for name, tc := range map[string]struct {
				tamper func(r *repair)
				step   func(r *repair) error
				blamed int // of the helpers; -1: nobody can be
			}{
				"a wrong part":       {func(r *repair) { r.parts[1][0] = add(r.parts[1][0]) }, first, 1},
				"a part for another": {func(r *repair) { r.parts[1][0] = r.parts[1][1] }, first, 1},
				"a split of another value": {func(r *repair) {
					d := scalar.Random(c)
					r.parts[1][0] = r.parts[1][0].Clone().Add(d)
					r.splits[1].Points[0] = r.splits[1].Points[0].Add(d.Public())
				}, first, 1},
				"values with the same sum": {func(r *repair) {
					d := scalar.Random(c)
					r.parts[0][0], r.parts[1][0] = r.parts[0][0].Clone().Add(d), r.parts[1][0].Clone().Sub(d)
					r.splits[0].Points[0] = r.splits[0].Points[0].Add(d.Public())
					r.splits[1].Points[0] = r.splits[1].Points[0].Sub(d.Public())
				}, first, 0},
				"too many parts":  {func(r *repair) { r.splits[1].Points = append(r.splits[1].Points, c.Generator()) }, first, 1},
				"too few parts":   {func(r *repair) { r.splits[1].Points = r.splits[1].Points[1:] }, first, 1},
				"a helper twice":  {func(r *repair) { r.splits, r.parts = append(r.splits, r.splits[0]), append(r.parts, r.parts[0]) }, first, 0},
				"a missing split": {func(r *repair) { r.splits, r.parts = r.splits[1:], r.parts[1:] }, first, -1},
				"a wrong sum":     {func(r *repair) { r.sums[1] = add(r.sums[1]) }, last, 1},
				"sums with the same total": {func(r *repair) {
					d := scalar.Random(c)
					r.sums[0], r.sums[1] = r.sums[0].Clone().Add(d), r.sums[1].Clone().Sub(d)
				}, last, 0},
				"a missing sum":      {func(r *repair) { r.sums = r.sums[1:] }, last, -1},
				"no value for a sum": {func(r *repair) { r.sums[1] = nil }, last, 1},
				"one helper's sum twice": {func(r *repair) {
					r.ids = slices.Clone(r.ids)
					r.ids[1], r.sums[1] = r.ids[0], r.sums[0]
				}, last, 0},
				"a stranger's sum": {func(r *repair) { r.ids = slices.Clone(r.ids); r.ids[1] = open.NewID(c) }, last, -1},
				"a split that changed between the steps": {func(r *repair) {
					r.splits[0].Points[0], r.splits[0].Points[1] = r.splits[0].Points[1], r.splits[0].Points[0]
				}, last, 0},
			} {
				r := honest.clone()
				tc.tamper(r)
				err := tc.step(r)
				if err == nil {
					t.Fatalf("%v, %s: accepted", c, name)
				}
				if tc.blamed >= 0 {
					t.Run(name, func(t *testing.T) { cheater(t, err, node(tc.blamed)) })
				} else if !errors.Is(err, recover.ErrPlan) {
					t.Errorf("%v, %s: %v", c, name, err)
				}
			}
		}
	}
}
