package recover

import (
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Redistribution gives a key a new set of shares, possibly more or fewer and with
// another threshold, without changing the key: verifiable secret redistribution after Desmedt
// and Jajodia, "Redistributing secret shares to new access structures" (1997), with
// the checks of Wong, Wang and Wing, "Verifiable secret redistribution for archive
// systems" (2002).
//
// Each dealer i, one of as many old holders as are needed, takes a random
// polynomial f_i of degree t'-1 with f_i(0) = λ_i·x_i, publishes its coefficients
// times the base point, and gives new holder j the value f_i(k_j). The new share
// of j is Σ f_i(k_j): it lies on Σ f_i, whose value at zero is Σ λ_i·x_i, the
// root private key.
//
// That value is never computed. The only sums of secrets are Σ_i f_i(k_j) in
// Accept, at the share IDs k_j, none of which is zero (share.NewID), and within
// one f_i in evaluate. No function adds the constants f_i(0) of two dealers.
type Redistribution struct {
	*circle
	threshold int
	ids       []share.ID
}

// NewRedistribution checks what a reshare starts from. root is the root public
// key in the party's own records; dealers are as many old holders as the
// group's threshold; threshold, at least 2, is that of the new shares; ids are
// the new share IDs, distinct and none of them an old one.
func NewRedistribution(old *share.Group, root *curve.Point, dealers []share.ID, threshold int, ids []share.ID) (*Redistribution, error) {
	c, err := newCircle(old, root, dealers, old.Curve.Scalar())
	if err != nil {
		return nil, err
	}
	switch n := len(ids); {
	case threshold < 2:
		return nil, fmt.Errorf("%w: a threshold of %d; with less than 2, every share would be the key", ErrPlan, threshold)
	case n < threshold || n > share.MaxParticipants:
		return nil, fmt.Errorf("%w: %d new holders for a threshold of %d; at most %d are supported", ErrPlan, n, threshold, share.MaxParticipants)
	}
	for i, id := range ids {
		if id.Scalar().Curve() != old.Curve {
			return nil, fmt.Errorf("%w: new share ID %d is of another curve", ErrPlan, i+1)
		}
		if p := old.Participant(id); p != nil {
			return nil, fmt.Errorf("%w: new share ID %d is already that of the old share of node %q", ErrPlan, i+1, p.NodeID)
		}
		for j := range i {
			if ids[j].Equal(id) {
				return nil, fmt.Errorf("%w: new share IDs %d and %d are the same", ErrPlan, j+1, i+1)
			}
		}
	}
	return &Redistribution{c, threshold, ids}, nil
}

// Deal makes a dealer's contribution. parts[j] is for the holder of the j-th new
// share ID and for nobody else; they are the caller's to wipe.
func (r *Redistribution) Deal(s *open.Share) (public *Commitments, parts []*scalar.Secret, err error) {
	i, constant, err := r.weighted(s)
	if err != nil {
		return nil, nil, err
	}
	f := make([]*scalar.Secret, r.threshold)
	defer WipeAll(f)
	f[0] = constant
	for k := 1; k < len(f); k++ {
		f[k] = scalar.Random(r.group.Curve)
	}
	return r.commit(i, f), r.evaluate(f), nil
}

// commit publishes the coefficients of a polynomial.
func (r *Redistribution) commit(dealer int, f []*scalar.Secret) *Commitments {
	public := &Commitments{Dealer: r.dealers[dealer].ShareID}
	for _, a := range f {
		public.Points = append(public.Points, a.Public())
	}
	return public
}

// evaluate returns the values of a polynomial at the new share IDs.
func (r *Redistribution) evaluate(f []*scalar.Secret) []*scalar.Secret {
	values := make([]*scalar.Secret, len(r.ids))
	for j, id := range r.ids {
		values[j] = scalar.Evaluate(id.Scalar(), f)
	}
	return values
}

// Verify checks the public side of all dealings and returns the new share public
// keys, in the order of the new share IDs. A CheatError names who dealt wrongly: a
// constant other than its own weighted share, more or fewer coefficients than the
// threshold, or twice.
func (r *Redistribution) Verify(dealings []*Commitments) ([]*curve.Point, error) {
	sorted, err := r.sort(dealings, r.threshold)
	if err != nil {
		return nil, err
	}
	coefficients := make([]*curve.Point, r.threshold)
	for k := range coefficients {
		coefficients[k] = r.group.Curve.Identity()
	}
	for i, d := range sorted {
		// Wong, Wang and Wing check the sum of the constants only, which does not
		// tell who is wrong. The old share public keys are in every file, so that
		// each constant can be checked alone.
		if !d.Points[0].Equal(r.dealers[i].PublicKey.Mul(r.weights[i])) {
			return nil, &CheatError{r.dealers[i].NodeID, "what it deals is not its own old share"}
		}
		for k, p := range d.Points {
			coefficients[k] = coefficients[k].Add(p)
		}
	}
	if !coefficients[0].Equal(r.group.RootKey) {
		return nil, fmt.Errorf("%w: the dealings do not add up to the root public key", ErrWrongKey)
	}
	keys := make([]*curve.Point, len(r.ids))
	for j, id := range r.ids {
		keys[j] = curve.Evaluate(id.Scalar(), coefficients)
		if keys[j].IsIdentity() {
			return nil, fmt.Errorf("%w: the new share of ID %s would be zero", ErrPlan, id.Text)
		}
	}
	return keys, nil
}

// Group returns the new sharing: the old root key and chain code with the new
// holders, nodes[j] being that of the j-th new share ID. It verifies the dealings
// and checks the group as any reader of a file would.
func (r *Redistribution) Group(id, created string, nodes []string, dealings []*Commitments) (*share.Group, error) {
	keys, err := r.Verify(dealings)
	if err != nil {
		return nil, err
	}
	if len(nodes) != len(keys) {
		return nil, fmt.Errorf("%w: %d nodes for %d new share IDs", ErrPlan, len(nodes), len(keys))
	}
	g := &share.Group{
		ID: id, CreatedTime: created, Curve: r.group.Curve, Scheme: share.Shamir, Threshold: r.threshold,
		RootKey: r.group.RootKey, ChainCode: r.group.ChainCode, Tree: r.group.Tree,
	}
	for j, key := range keys {
		g.Participants = append(g.Participants, share.Participant{NodeID: nodes[j], ShareID: r.ids[j], PublicKey: key})
	}
	if err := g.Check(); err != nil {
		return nil, fmt.Errorf("the new sharing: %w", err)
	}
	return g, nil
}

// Accept makes the share of one new holder. parts[i] is what the dealer of
// dealings[i] gave to that holder; they stay the caller's to wipe, and so does
// the share. First it makes every check: those of Verify, and that each part is
// what its dealer committed to.
func (r *Redistribution) Accept(id share.ID, dealings []*Commitments, parts []*scalar.Secret) (*scalar.Secret, error) {
	own := -1
	for j := range r.ids {
		if r.ids[j].Equal(id) {
			own = j
		}
	}
	if own < 0 || len(parts) != len(dealings) {
		return nil, fmt.Errorf("%w: share ID %s is not a new one, or lacks a part from one of the dealers", ErrPlan, id.Text)
	}
	keys, err := r.Verify(dealings)
	if err != nil {
		return nil, err
	}
	for i, d := range dealings {
		if !matches(parts[i], curve.Evaluate(id.Scalar(), d.Points)) {
			return nil, &CheatError{r.dealers[r.index(d.Dealer)].NodeID, "the part it gave is not what it committed to"}
		}
	}
	x := sum(r.group.Curve, parts)
	if !matches(x, keys[own]) {
		x.Wipe()
		return nil, fmt.Errorf("internal error: the new share of ID %s does not match its public key", id.Text)
	}
	return x, nil
}
