package recover_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// runs is how many random reshares are made on each curve: a thousand in .ci/run.
func runs() int {
	if os.Getenv("RELEASED") == "" {
		return 100
	}
	return 1000
}

// reshare is a whole redistribution in one place.
type reshare struct {
	*recover.Redistribution
	dealers  []int // participants of the old vault
	ids      []share.ID
	dealings []*recover.Commitments
	parts    [][]*scalar.Secret // by dealer, by new holder
}

func deal(t testing.TB, v *vault, threshold, n int) *reshare {
	t.Helper()
	r := &reshare{dealers: pick(len(v.shares), v.group.Threshold), ids: newIDs(v.group.Curve, n)}
	var err error
	if r.Redistribution, err = recover.NewRedistribution(v.group, v.group.RootKey, v.ids(r.dealers), threshold, r.ids); err != nil {
		t.Fatal(err)
	}
	for _, i := range r.dealers {
		public, parts, err := r.Deal(v.shares[i])
		if err != nil {
			t.Fatal(err)
		}
		r.dealings, r.parts = append(r.dealings, public), append(r.parts, parts)
	}
	return r
}

// partsFor returns what new holder j got, in the order of the dealings.
func (r *reshare) partsFor(j int) []*scalar.Secret {
	var parts []*scalar.Secret
	for _, p := range r.parts {
		parts = append(parts, p[j])
	}
	return parts
}

func (r *reshare) accept(j int) (*scalar.Secret, error) {
	return r.Accept(r.ids[j], r.dealings, r.partsFor(j))
}

// finish makes the new vault.
func (r *reshare) finish(t testing.TB) *vault {
	t.Helper()
	g, err := r.Group("TEST ONLY new", "", nodes(len(r.ids)), r.dealings)
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{group: g}
	for j := range r.ids {
		x, err := r.accept(j)
		if err != nil {
			t.Fatal(err)
		}
		v.shares = append(v.shares, reopened(t, g, j, x))
	}
	return v
}

// sizes are the thresholds and numbers of holders that the random runs draw
// from: mostly small ones, since those are what people have.
var sizes = [][2]int{{2, 2}, {2, 3}, {2, 3}, {2, 3}, {2, 4}, {3, 3}, {3, 4}}

// TestRedistribute: any threshold's worth of new shares gives the root key, and
// no mix of old and new ones does.
func TestRedistribute(t *testing.T) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			for range runs() {
				from, to := sizes[rand.IntN(len(sizes))], sizes[rand.IntN(len(sizes))]
				old := newVault(t, c, from[0], from[1])
				fresh := deal(t, old, to[0], to[1]).finish(t)
				checkReshared(t, old, fresh, pick(to[1], to[0]))
			}
		})
	}
}

// TestRedistributeSizes goes through every subset of the larger vaults, up to
// 5-of-9, and every mix of one old share with new ones.
func TestRedistributeSizes(t *testing.T) {
	for _, c := range curve.All() {
		for _, size := range [][4]int{{2, 3, 2, 3}, {2, 2, 5, 9}, {5, 9, 2, 2}, {3, 5, 4, 7}, {5, 9, 5, 9}} {
			old := newVault(t, c, size[0], size[1])
			fresh := deal(t, old, size[2], size[3]).finish(t)
			for _, of := range subsets(size[3], size[2]) {
				checkReshared(t, old, fresh, of)
			}
		}
	}
}

func checkReshared(t testing.TB, old, fresh *vault, of []int) {
	t.Helper()
	if !fresh.group.RootKey.Equal(old.group.RootKey) || *fresh.group.ChainCode != *old.group.ChainCode || fresh.group.Epoch() == old.group.Epoch() {
		t.Fatal("the new group is not the same key in a new epoch")
	}
	var shares []*open.Share
	for _, j := range of {
		shares = append(shares, fresh.shares[j])
	}
	if !combines(t, fresh.group, shares) {
		t.Fatalf("%v, %d of %d: new shares %v do not give the root key", fresh.group.Curve, fresh.group.Threshold, len(fresh.shares), of)
	}
	if combines(t, fresh.group, shares[1:]) {
		t.Fatal("fewer new shares than the threshold give the root key")
	}
	// A mix: one new share is replaced by an old one. Both groups refuse it, and
	// as numbers they give another key.
	mixed := append([]*open.Share{old.shares[rand.IntN(len(old.shares))]}, shares[1:]...)
	if combines(t, fresh.group, mixed) || combines(t, old.group, mixed) || interpolates(old.group, mixed) {
		t.Fatal("a mix of old and new shares gives the root key")
	}
}

// interpolates reports whether share public keys give the root public key at
// their share IDs, whatever group they say they are of.
func interpolates(g *share.Group, shares []*open.Share) bool {
	var x []*curve.Scalar
	var p []*curve.Point
	for _, s := range shares {
		x, p = append(x, s.Sealed().ShareID.Scalar()), append(p, s.Public())
	}
	return g.Curve.MultiMul(share.Shamir.Weights(x), p).Equal(g.RootKey)
}

// subsets lists the subsets of that size of the numbers below n.
func subsets(n, size int) [][]int {
	if size == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for last := size - 1; last < n; last++ {
		for _, s := range subsets(last, size-1) {
			all = append(all, append(slices.Clone(s), last))
		}
	}
	return all
}

// TestRedistributeTwice reshares a reshared vault: the first epoch, the second
// and the third do not mix.
func TestRedistributeTwice(t *testing.T) {
	for _, c := range curve.All() {
		a := newVault(t, c, 2, 3)
		b := deal(t, a, 3, 5).finish(t)
		d := deal(t, b, 2, 3).finish(t)
		checkReshared(t, a, d, []int{0, 2})
		checkReshared(t, b, d, []int{1, 2})
	}
}

func TestRedistributeRefuses(t *testing.T) {
	for _, c := range curve.All() {
		v := newVault(t, c, 2, 3)
		other := newVault(t, c, 2, 3)
		ids := newIDs(c, 3)
		wrongCurve := newIDs(curve.Secp256k1+curve.Ed25519-c, 1)
		forged := *v.group
		forged.Participants = slices.Clone(v.group.Participants)
		forged.Participants[2].PublicKey = other.group.Participants[2].PublicKey
		for name, tc := range map[string]struct {
			group     *share.Group
			root      *curve.Point
			dealers   []int
			threshold int
			ids       []share.ID
			want      error
		}{
			"forged roster":      {&forged, v.group.RootKey, []int{0, 1}, 2, ids, share.ErrInconsistent},
			"another root key":   {v.group, other.group.RootKey, []int{0, 1}, 2, ids, recover.ErrPinned},
			"threshold of one":   {v.group, v.group.RootKey, []int{0, 1}, 1, ids, recover.ErrPlan},
			"threshold too high": {v.group, v.group.RootKey, []int{0, 1}, 4, ids, recover.ErrPlan},
			"too few dealers":    {v.group, v.group.RootKey, []int{0}, 2, ids, recover.ErrPlan},
			"too many dealers":   {v.group, v.group.RootKey, []int{0, 1, 2}, 2, ids, recover.ErrPlan},
			"one dealer twice":   {v.group, v.group.RootKey, []int{0, 0}, 2, ids, recover.ErrPlan},
			"one ID twice":       {v.group, v.group.RootKey, []int{0, 1}, 2, []share.ID{ids[0], ids[1], ids[0]}, recover.ErrPlan},
			"an old ID":          {v.group, v.group.RootKey, []int{0, 1}, 2, []share.ID{ids[0], ids[1], v.group.Participants[2].ShareID}, recover.ErrPlan},
			"no new holder":      {v.group, v.group.RootKey, []int{0, 1}, 2, nil, recover.ErrPlan},
			"too many holders":   {v.group, v.group.RootKey, []int{0, 1}, 2, make([]share.ID, share.MaxParticipants+1), recover.ErrPlan},
			"another curve's ID": {v.group, v.group.RootKey, []int{0, 1}, 2, append(wrongCurve, ids...), recover.ErrPlan},
		} {
			r, err := recover.NewRedistribution(tc.group, tc.root, v.ids(tc.dealers), tc.threshold, tc.ids)
			if r != nil || !errors.Is(err, tc.want) {
				t.Errorf("%v, %s: %v", c, name, err)
			}
		}
		if _, err := recover.NewRedistribution(v.group, v.group.RootKey, []share.ID{v.group.Participants[0].ShareID, other.group.Participants[1].ShareID}, 2, ids); !errors.Is(err, recover.ErrPlan) {
			t.Errorf("%v: a dealer of another group: %v", c, err)
		}
		r, err := recover.NewRedistribution(v.group, v.group.RootKey, v.ids([]int{0, 1}), 2, ids)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*open.Share{"of another vault": other.shares[0], "of a holder who does not deal": v.shares[2]} {
			if _, _, err := r.Deal(s); !errors.Is(err, recover.ErrNotOfGroup) {
				t.Errorf("%v: a share %s deals: %v", c, name, err)
			}
		}
	}
}

// add returns a secret plus one.
func add(s *scalar.Secret) *scalar.Secret { return s.Clone().AddDigit(1) }

// TestRedistributeTampering: whatever a dealer does, the new holders stop and
// name it.
func TestRedistributeTampering(t *testing.T) {
	for _, c := range curve.All() {
		for _, size := range [][4]int{{2, 3, 2, 3}, {3, 4, 3, 5}, {3, 3, 2, 2}} {
			v := newVault(t, c, size[0], size[1])
			honest := deal(t, v, size[2], size[3])
			for name, tc := range map[string]struct {
				tamper func(r *reshare)
				blamed int // of the dealers; -1: nobody can be
			}{
				"a wrong part":                 {func(r *reshare) { r.parts[1][0] = add(r.parts[1][0]) }, 1},
				"a missing part":               {func(r *reshare) { r.parts[0][0] = nil }, 0},
				"parts of two holders swapped": {func(r *reshare) { r.parts[1][0], r.parts[1][1] = r.parts[1][1], r.parts[1][0] }, 1},
				"a changed coefficient": {func(r *reshare) {
					points := r.dealings[1].Points
					points[1] = points[1].Add(c.Generator())
				}, 1},
				"a higher degree": {func(r *reshare) {
					// a·(x - k_0)·x^(t'-1) is zero at the first holder's ID only, and
					// adds to the two highest coefficients.
					d, a := r.dealings[0], c.Generator().Mul(c.RandomScalar())
					d.Points[len(d.Points)-1] = d.Points[len(d.Points)-1].Sub(a.Mul(r.ids[0].Scalar()))
					d.Points = append(d.Points, a)
				}, 0},
				"a lower degree":         {func(r *reshare) { r.dealings[0].Points = r.dealings[0].Points[:size[2]-1] }, 0},
				"no coefficients":        {func(r *reshare) { r.dealings[1].Points = nil }, 1},
				"a point of no curve":    {func(r *reshare) { r.dealings[1].Points[1] = nil }, 1},
				"a point of another one": {func(r *reshare) { r.dealings[1].Points[1] = (curve.Secp256k1 + curve.Ed25519 - c).Generator() }, 1},
				"constants with the same sum": {func(r *reshare) {
					// Two dealers move a secret d from one to the other: the root key
					// stays, and every part fits its commitments.
					d := scalar.Random(c)
					for j := range r.ids {
						r.parts[0][j], r.parts[1][j] = r.parts[0][j].Clone().Add(d), r.parts[1][j].Clone().Sub(d)
					}
					r.dealings[0].Points[0] = r.dealings[0].Points[0].Add(d.Public())
					r.dealings[1].Points[0] = r.dealings[1].Points[0].Sub(d.Public())
				}, 0},
				"another key": {func(r *reshare) {
					d := scalar.Random(c)
					for j := range r.ids {
						r.parts[1][j] = r.parts[1][j].Clone().Add(d)
					}
					r.dealings[1].Points[0] = r.dealings[1].Points[0].Add(d.Public())
				}, 1},
				"a dealer twice": {func(r *reshare) {
					r.dealings, r.parts = append(r.dealings, r.dealings[0]), append(r.parts, r.parts[0])
				}, 0},
				"one dealer in place of another": {func(r *reshare) { r.dealings[1], r.parts[1] = r.dealings[0], r.parts[0] }, 0},
				"another's commitments":          {func(r *reshare) { r.dealings[1].Points = slices.Clone(r.dealings[0].Points) }, 1},
				"a missing dealing":              {func(r *reshare) { r.dealings, r.parts = r.dealings[1:], r.parts[1:] }, -1},
				"a stranger": {func(r *reshare) {
					r.dealings = append(r.dealings, &recover.Commitments{Dealer: open.NewID(c), Points: r.dealings[0].Points})
					r.parts = append(r.parts, r.parts[0])
				}, -1},
				"no parts": {func(r *reshare) { r.parts = nil }, -1},
			} {
				r := honest.clone()
				tc.tamper(r)
				x, err := r.accept(0)
				if x != nil || err == nil {
					t.Fatalf("%v, %s: accepted", c, name)
				}
				if tc.blamed >= 0 {
					t.Run(name, func(t *testing.T) { cheater(t, err, v.group.Participants[r.dealers[tc.blamed]].NodeID) })
				} else if !errors.Is(err, recover.ErrPlan) {
					t.Errorf("%v, %s: %v", c, name, err)
				}
			}
			if _, err := honest.Accept(open.NewID(c), honest.dealings, honest.partsFor(0)); !errors.Is(err, recover.ErrPlan) {
				t.Errorf("%v: a stranger accepts: %v", c, err)
			}
			if _, err := honest.Group("x", "", nodes(1), honest.dealings); !errors.Is(err, recover.ErrPlan) {
				t.Errorf("%v: too few nodes: %v", c, err)
			}
			honest.finish(t) // the tampering was done to copies
		}
	}
}

// TestRedistributeCancelled: leading coefficients that cancel would leave a
// sharing with a lower threshold than everybody believes.
func TestRedistributeCancelled(t *testing.T) {
	for _, c := range curve.All() {
		v := newVault(t, c, 2, 3)
		r := deal(t, v, 2, 3)
		// The second dealer takes the first one's slope, negated. He would have to
		// know its logarithm to give fitting parts; here he does.
		for j := range r.ids {
			slope := r.parts[0][j].Clone().Sub(constantOf(t, v, r, 0)) // a·k_j
			r.parts[1][j] = constantOf(t, v, r, 1).Sub(slope)
		}
		r.dealings[1].Points[1] = c.Identity().Sub(r.dealings[0].Points[1])
		if _, err := r.Group("x", "", nodes(3), r.dealings); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// constantOf returns a dealer's weighted share.
func constantOf(t testing.TB, v *vault, r *reshare, i int) *scalar.Secret {
	t.Helper()
	var x []*curve.Scalar
	for _, id := range v.ids(r.dealers) {
		x = append(x, id.Scalar())
	}
	return v.shares[r.dealers[i]].Scalar().Clone().MulPublic(share.Shamir.Weights(x)[i])
}

func (r *reshare) clone() *reshare {
	c := *r
	c.dealings, c.parts = nil, nil
	for i, d := range r.dealings {
		c.dealings = append(c.dealings, &recover.Commitments{Dealer: d.Dealer, Points: slices.Clone(d.Points)})
		c.parts = append(c.parts, slices.Clone(r.parts[i]))
	}
	return &c
}

// BenchmarkRedistribute is a whole 2-of-3 reshare of one curve.
func BenchmarkRedistribute(b *testing.B) {
	for _, c := range curve.All() {
		b.Run(c.String(), func(b *testing.B) {
			v := newVault(b, c, 2, 3)
			for b.Loop() {
				deal(b, v, 2, 3).finish(b)
			}
		})
	}
}
