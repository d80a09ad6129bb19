package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"lifeboat/internal/curve"
	"lifeboat/share"
)

// maxSteps bounds the search for statements that belong together, among others that do
// not. It counts multiplications of points: a few seconds for a whole audit.
const maxSteps = 30_000

var errSomeFalse = errors.New("some of these attestations are false")

// scales weighs statements, one epoch after another, with the steps that are left.
type scales struct{ steps int }

func newScales() *scales { return &scales{steps: maxSteps} }

// weighed is what the statements of one epoch and root key are worth together.
type weighed struct {
	threshold int
	counted   []*Statement     // the first of each holder
	nodes     map[point]string // of the holders
	against   map[*Statement]*objection
	unseen    int
	shown     bool  // the share public keys of enough of the counted combine to the root key
	doubt     error // there are enough of them, but they do not: some are false, and which is not known
}

// objection is why a statement, or its node ID, counts for nothing.
type objection struct {
	err    error
	other  *Statement // the one that it contradicts, or nil
	unseen bool       // it was not looked at
	name   bool       // only its node ID counts for nothing
}

// weigh says which statements of one epoch and root key count. Anybody can sign
// in the name of an epoch, with a key of their own: where the share public keys of
// enough statements combine to the root key, the others are false, whatever came
// first. Where none do, the first of those that contradict each other counts, and the
// highest threshold.
func (s *scales) weigh(statements []*Statement) *weighed {
	w := &weighed{nodes: map[point]string{}, against: map[*Statement]*objection{}}
	by := w.limit(statements)
	thresholds := slices.Sorted(maps.Keys(by))
	w.threshold = thresholds[len(thresholds)-1]
	var on map[point]bool
	for _, t := range thresholds {
		var err error
		if on, err = s.onPolynomial(t, by[t]); on != nil {
			w.threshold, w.doubt = t, nil
			break
		} else if err != nil && w.doubt == nil {
			w.doubt = err
		}
	}
	w.count(statements, on)
	w.shown = on != nil && len(w.counted) >= w.threshold
	return w
}

// limit sorts the statements by threshold, and leaves out those of more holders than
// there can be.
func (w *weighed) limit(statements []*Statement) map[int][]*Statement {
	type claim struct {
		threshold int
		node      string
		point
	}
	claims := map[claim]bool{}
	by := map[int][]*Statement{}
	for _, s := range statements {
		c := claim{s.Threshold, s.NodeID, s.point()}
		if !claims[c] && len(claims) == share.MaxParticipants {
			w.unseen++
			w.against[s] = &objection{unseen: true, err: fmt.Errorf("%w: node %q: it was not looked at, as others of its epoch name %d holders already, and there cannot be more", ErrContradicts, s.NodeID, share.MaxParticipants)}
			continue
		}
		claims[c] = true
		by[s.Threshold] = append(by[s.Threshold], s)
	}
	return by
}

// count finds what counts for nothing, and the holders among the rest.
func (w *weighed) count(statements []*Statement, on map[point]bool) {
	var rest []*Statement
	for _, s := range statements {
		switch {
		case w.against[s] != nil:
		case s.Threshold != w.threshold:
			w.against[s] = &objection{err: fmt.Errorf("%w: node %q names a threshold of %d, and others of its epoch one of %d", ErrContradicts, s.NodeID, s.Threshold, w.threshold)}
		case on != nil && !on[s.point()]:
			w.against[s] = &objection{err: fmt.Errorf("%w: node %q, group %q: it does not belong to the others of its epoch, whose share public keys combine to the root public key", ErrContradicts, s.NodeID, s.GroupID)}
		default:
			rest = append(rest, s)
		}
	}
	if on != nil {
		w.countPoints(rest)
	} else {
		w.countFirst(rest)
	}
}

// countPoints counts each point, since the points are known to belong together: they
// are the holders, and a node ID is only a name. A point with several names gets the
// one that the fewest points have.
func (w *weighed) countPoints(statements []*Statement) {
	named := map[string]map[point]bool{}
	names := map[point][]string{}
	for _, s := range statements {
		p := s.point()
		if names[p] == nil {
			w.counted = append(w.counted, s)
		}
		if named[s.NodeID] == nil {
			named[s.NodeID] = map[point]bool{}
		}
		if !named[s.NodeID][p] {
			named[s.NodeID][p] = true
			names[p] = append(names[p], s.NodeID)
		}
	}
	given := map[string]int{}
	for p, list := range names {
		w.nodes[p] = slices.MinFunc(list, func(x, y string) int {
			return cmp.Or(cmp.Compare(len(named[x]), len(named[y])), cmp.Compare(x, y))
		})
		given[w.nodes[p]]++
	}
	for _, s := range statements {
		switch node := w.nodes[s.point()]; {
		case s.NodeID != node:
			w.against[s] = &objection{name: true, err: fmt.Errorf("%w: node %q, group %q: the same holder signed as node %q and counts as that", ErrContradicts, s.NodeID, s.GroupID, node)}
		case given[node] > 1:
			w.against[s] = &objection{name: true, err: fmt.Errorf("%w: node %q, group %q: %d holders of its epoch signed as that node", ErrContradicts, s.NodeID, s.GroupID, given[node])}
		}
	}
}

// countFirst counts the first statement of each holder, who has a node ID, a share ID
// and a share public key that no other has.
func (w *weighed) countFirst(statements []*Statement) {
	nodes, ids, keys := map[string]*Statement{}, map[[curve.ScalarSize]byte]*Statement{}, map[string]*Statement{}
	for _, s := range statements {
		p := s.point()
		known := []*Statement{nodes[s.NodeID], ids[p.id], keys[p.key]}
		i := slices.IndexFunc(known, func(o *Statement) bool { return o != nil })
		switch {
		case i < 0:
			nodes[s.NodeID], ids[p.id], keys[p.key] = s, s, s
			w.nodes[p] = s.NodeID
			w.counted = append(w.counted, s)
		case known[0] != known[1] || known[1] != known[2]:
			of := fmt.Sprintf("both of node %q", s.NodeID)
			if i > 0 {
				of = fmt.Sprintf("of nodes %q and %q", known[i].NodeID, s.NodeID)
			}
			w.against[s] = &objection{err: fmt.Errorf("%w: two attestations of epoch %s, %s, give one holder two node IDs, share IDs or share public keys", ErrContradicts, s.Epoch(), of), other: known[i]}
		}
	}
}

// point is a holder's point on the polynomial of an epoch.
type point struct {
	id  [curve.ScalarSize]byte // modulo the order
	key string
}

func (s *Statement) point() point {
	return point{s.ShareID.Scalar().Bytes(), string(s.PublicKey.Bytes())}
}

// onPolynomial finds the points that lie on one polynomial of the right degree through the
// root key: any threshold of them combine to it. If it finds none, there are too few,
// which is no error, or some are false.
func (s *scales) onPolynomial(threshold int, statements []*Statement) (map[point]bool, error) {
	g := &share.Group{Curve: statements[0].Curve, Scheme: share.Shamir, Threshold: threshold, RootKey: statements[0].RootKey}
	all := map[point]bool{}
	var points []point
	for _, st := range statements {
		if p := st.point(); !all[p] {
			all[p] = true
			points = append(points, p)
			g.Participants = append(g.Participants, share.Participant{NodeID: strconv.Itoa(len(points)), ShareID: st.ShareID, PublicKey: st.PublicKey})
		}
	}
	if len(points) < threshold {
		return nil, nil
	}
	if g.Check() == nil {
		return all, nil
	}
	on := map[point]bool{}
	for _, i := range s.search(g) {
		on[points[i]] = true
	}
	if len(on) > 0 {
		return on, nil
	}
	tried := "of their share public keys"
	if s.steps == 0 {
		tried = "of the share public keys that were tried (there are too many to try them all)"
	}
	return nil, fmt.Errorf("%w: %d answered and %d are needed, but no %d %s combine to the root public key", errSomeFalse, len(points), threshold, threshold, tried)
}

// sample is a participant's value of a polynomial.
type sample struct {
	at int // index of the participant
	x  *curve.Scalar
	y  *curve.Point
}

// search finds the participants that lie on one polynomial of degree threshold-1
// through the root key, by Newton's divided differences: dividing out a point that
// lies on it leaves one of a degree less, and on one of degree zero all values are
// alike. So the work for a threshold of 2 is linear.
func (s *scales) search(g *share.Group) []int {
	var list []sample
	for i, p := range g.Participants {
		list = append(list, sample{i, p.ShareID.Scalar(), p.PublicKey}.without(g.RootKey, p.ShareID.Scalar().Clone()))
	}
	return s.on(g.Threshold-2, list)
}

// without returns the sample with a point divided out that has the value y and is d
// away. It changes d.
func (v sample) without(y *curve.Point, d *curve.Scalar) sample {
	return sample{v.at, v.x, v.y.Sub(y).Mul(d.Invert())}
}

// on finds samples that lie on one polynomial of a degree, at least two more than the
// degree: any polynomial can be laid through fewer.
func (s *scales) on(degree int, list []sample) []int {
	if degree == 0 {
		return alike(list)
	}
	for len(list) >= degree+2 {
		first := list[0]
		list = list[1:]
		var rest []sample
		for _, v := range list {
			d := first.x.Clone().Neg().Add(v.x)
			if d.IsZero() {
				continue // another key of the same share ID: one of the two at most is right
			}
			if s.steps == 0 {
				return nil
			}
			s.steps--
			rest = append(rest, v.without(first.y, d))
		}
		if found := s.on(degree-1, rest); found != nil {
			return append(found, first.at)
		}
	}
	return nil
}

// alike returns the samples that have the most common value, if at least two do.
func alike(list []sample) []int {
	by := map[string][]int{}
	var most []int
	for _, v := range list {
		key := string(v.y.Bytes())
		by[key] = append(by[key], v.at)
		if len(by[key]) > max(1, len(most)) {
			most = by[key]
		}
	}
	return most
}
