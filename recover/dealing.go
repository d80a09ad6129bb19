package recover

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Errors about reshares and repairs.
var (
	// ErrPlan is wrapped by the reasons why a reshare or repair cannot begin.
	ErrPlan = errors.New("it cannot be done this way")
	// ErrCheat is wrapped by every CheatError.
	ErrCheat = errors.New("a contribution is wrong")
	// ErrPinned means that a group's root key is not the recorded one.
	ErrPinned = errors.New("the group's root public key is not the one in your own records")
)

// CheatError names the party whose contribution does not pass a check. Damage
// looks the same as cheating.
type CheatError struct {
	NodeID string
	Why    string
}

func (e *CheatError) Error() string { return fmt.Sprintf("node %q: %s", e.NodeID, e.Why) }

// Unwrap returns ErrCheat.
func (e *CheatError) Unwrap() error { return ErrCheat }

// Commitments are the public side of what a dealer gives: the coefficients of
// its polynomial (Redistribution), or the parts of its split (Repair), each
// times the base point.
type Commitments struct {
	Dealer share.ID
	Points []*curve.Point
}

// A circle is the set of holders whose shares a computation uses, with the public
// coefficients that turn those shares into the value at one point.
type circle struct {
	group   *share.Group
	dealers []share.Participant
	weights []*curve.Scalar
}

// newCircle checks the group against the root key that the party recorded, and
// that the dealers are exactly as many different holders as are needed.
func newCircle(g *share.Group, root *curve.Point, dealers []share.ID, at *curve.Scalar) (*circle, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	if !g.RootKey.Equal(root) {
		return nil, ErrPinned
	}
	c := &circle{group: g}
	var x []*curve.Scalar
	for _, id := range dealers {
		p := g.Participant(id)
		switch {
		case p == nil:
			return nil, fmt.Errorf("%w: share ID %s is not one of the group's", ErrPlan, id.Text)
		case c.index(id) >= 0:
			return nil, fmt.Errorf("%w: node %q is listed twice", ErrPlan, p.NodeID)
		}
		c.dealers, x = append(c.dealers, *p), append(x, id.Scalar())
	}
	if len(x) != g.Threshold {
		return nil, fmt.Errorf("%w: %d old holders take part, and exactly %d are needed", ErrPlan, len(x), g.Threshold)
	}
	c.weights = share.LagrangeAt(at, x)
	return c, nil
}

// index returns the place of a dealer, or -1.
func (c *circle) index(id share.ID) int {
	return slices.IndexFunc(c.dealers, func(p share.Participant) bool { return p.ShareID.Equal(id) })
}

// weighted returns λ·x for a dealer's own share.
func (c *circle) weighted(s *open.Share) (dealer int, value *scalar.Secret, err error) {
	id := s.Sealed().ShareID
	if id == nil || s.Public().Curve() != c.group.Curve {
		return 0, nil, ErrNotOfGroup
	}
	i := c.index(*id)
	if i < 0 || !c.dealers[i].PublicKey.Equal(s.Public()) {
		return 0, nil, fmt.Errorf("share of %q: %w, or takes no part here", s.Sealed().Path, ErrNotOfGroup)
	}
	return i, s.Scalar().Clone().MulPublic(c.weights[i]), nil
}

// sort puts the commitments in the order of the dealers, and checks that each
// dealer gave one, with the given number of points, all on the curve of the group.
func (c *circle) sort(all []*Commitments, points int) ([]*Commitments, error) {
	sorted := make([]*Commitments, len(c.dealers))
	for _, given := range all {
		i := c.index(given.Dealer)
		if i < 0 {
			return nil, fmt.Errorf("%w: share ID %s has dealt and is not a dealer's", ErrPlan, given.Dealer.Text)
		}
		if sorted[i] != nil {
			return nil, &CheatError{c.dealers[i].NodeID, "it dealt twice"}
		}
		if len(given.Points) != points {
			return nil, &CheatError{c.dealers[i].NodeID, fmt.Sprintf("it committed to %d values, not %d", len(given.Points), points)}
		}
		for _, p := range given.Points {
			if p == nil || p.Curve() != c.group.Curve {
				return nil, &CheatError{c.dealers[i].NodeID, "it committed to a point of another curve"}
			}
		}
		sorted[i] = given
	}
	for i, given := range sorted {
		if given == nil {
			return nil, fmt.Errorf("%w: the contribution of node %q is missing", ErrPlan, c.dealers[i].NodeID)
		}
	}
	return sorted, nil
}

// sum adds secrets into a new one.
func sum(c curve.Curve, parts []*scalar.Secret) *scalar.Secret {
	total := scalar.Zero(c)
	for _, p := range parts {
		total.Add(p)
	}
	return total
}

// matches reports whether a secret is the logarithm of a point.
func matches(s *scalar.Secret, p *curve.Point) bool {
	return s != nil && s.Curve() == p.Curve() && s.Public().Equal(p)
}
