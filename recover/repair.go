package recover

import (
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Repair makes a lost share again, at its old share ID, so that the others stay as
// they are. It is for a share that is lost and that nobody has: a stolen one would
// stay valid, and calls for a Redistribution.
//
// Each helper i, one of as many holders as are needed, splits λ_i(k)·x_i, where k
// is the lost share's ID, into random parts, one for each helper j, and publishes
// the parts times the base point. Helper j adds the parts that it got, and the
// receiver adds those sums. The value is that of the group's own polynomial at k:
// the lost share. It is not zero, so that the root private key, the value at
// zero, is never computed, neither here nor by any helper.
type Repair struct {
	*circle
	lost share.Participant
}

// NewRepair checks what a repair starts from: root is the root public key in the
// party's own records, helpers are as many holders as the group's threshold, and
// lost is the share ID of another one.
func NewRepair(g *share.Group, root *curve.Point, helpers []share.ID, lost share.ID) (*Repair, error) {
	p := g.Participant(lost)
	if p == nil {
		return nil, fmt.Errorf("%w: share ID %s is not one of the group's", ErrPlan, lost.Text)
	}
	for _, id := range helpers {
		if id.Equal(lost) {
			return nil, fmt.Errorf("%w: node %q has the lost share and helps to repair it", ErrPlan, p.NodeID)
		}
	}
	c, err := newCircle(g, root, helpers, lost.Scalar())
	if err != nil {
		return nil, err
	}
	return &Repair{c, *p}, nil
}

// Split makes a helper's contribution. parts[j] is for the j-th helper and for
// nobody else; they are the caller's to wipe.
func (r *Repair) Split(s *open.Share) (public *Commitments, parts []*scalar.Secret, err error) {
	i, rest, err := r.weighted(s)
	if err != nil {
		return nil, nil, err
	}
	for range r.dealers[1:] {
		part := scalar.Random(r.group.Curve)
		rest.Sub(part)
		parts = append(parts, part)
	}
	parts = append(parts, rest)
	return r.commit(i, parts), parts, nil
}

func (r *Repair) commit(helper int, parts []*scalar.Secret) *Commitments {
	public := &Commitments{Dealer: r.dealers[helper].ShareID}
	for _, s := range parts {
		public.Points = append(public.Points, s.Public())
	}
	return public
}

// Verify checks the public side of all splits, and returns the public keys of the
// helpers' sums, in their order. A CheatError names who split anything but its own
// weighted share.
func (r *Repair) Verify(splits []*Commitments) ([]*curve.Point, error) {
	sorted, err := r.sort(splits, len(r.dealers))
	if err != nil {
		return nil, err
	}
	sums := make([]*curve.Point, len(r.dealers))
	for j := range sums {
		sums[j] = r.group.Curve.Identity()
	}
	total := r.group.Curve.Identity()
	for i, s := range sorted {
		whole := r.group.Curve.Identity()
		for j, p := range s.Points {
			whole = whole.Add(p)
			sums[j] = sums[j].Add(p)
		}
		if !whole.Equal(r.dealers[i].PublicKey.Mul(r.weights[i])) {
			return nil, &CheatError{r.dealers[i].NodeID, "what it splits is not its own share"}
		}
		total = total.Add(whole)
	}
	if !total.Equal(r.lost.PublicKey) {
		return nil, fmt.Errorf("%w: the splits do not add up to the lost share's public key", ErrNotOfGroup)
	}
	return sums, nil
}

// Sum is the second step of a helper: it adds what it got. parts[i] is what the
// helper of splits[i] gave to this one; they stay the caller's to wipe, and so
// does the sum.
func (r *Repair) Sum(helper share.ID, splits []*Commitments, parts []*scalar.Secret) (*scalar.Secret, error) {
	own := r.index(helper)
	if own < 0 || len(parts) != len(splits) {
		return nil, fmt.Errorf("%w: share ID %s is not a helper's, or lacks a part from one of the helpers", ErrPlan, helper.Text)
	}
	if _, err := r.Verify(splits); err != nil {
		return nil, err
	}
	for i, s := range splits {
		if !matches(parts[i], s.Points[own]) {
			return nil, &CheatError{r.dealers[r.index(s.Dealer)].NodeID, "the part it gave is not what it committed to"}
		}
	}
	return sum(r.group.Curve, parts), nil
}

// Accept is the receiver's step: it adds the helpers' sums, sums[j] being that
// of helpers[j], into the lost share, and checks it against its public key. The
// sums stay the caller's to wipe, and so does the share.
func (r *Repair) Accept(splits []*Commitments, helpers []share.ID, sums []*scalar.Secret) (*scalar.Secret, error) {
	keys, err := r.Verify(splits)
	if err != nil {
		return nil, err
	}
	if len(helpers) != len(r.dealers) || len(sums) != len(helpers) {
		return nil, fmt.Errorf("%w: %d sums of %d helpers, and %d are needed", ErrPlan, len(sums), len(helpers), len(r.dealers))
	}
	seen := make([]bool, len(r.dealers))
	for j, id := range helpers {
		i := r.index(id)
		if i < 0 {
			return nil, fmt.Errorf("%w: share ID %s is not a helper's", ErrPlan, id.Text)
		}
		if seen[i] {
			return nil, &CheatError{r.dealers[i].NodeID, "it gave two sums"}
		}
		seen[i] = true
		if !matches(sums[j], keys[i]) {
			return nil, &CheatError{r.dealers[i].NodeID, "the sum it gave is not that of the parts it got"}
		}
	}
	x := sum(r.group.Curve, sums)
	if !matches(x, r.lost.PublicKey) {
		x.Wipe()
		return nil, fmt.Errorf("internal error: the repaired share of node %q does not match its public key", r.lost.NodeID)
	}
	return x, nil
}
