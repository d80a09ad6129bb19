package batch

import "lifeboat/derive/batch/internal/field"

// adder adds pairs of points, many with one inversion. Unlike the sweep of a
// Worker it is complete: a pair may be equal, opposite or neutral.
type adder struct {
	g    *group
	p, q []point
	dst  []*point
	sum  []rule
	tmp  [2][]field.Element
}

// rule is how one pair is added.
type rule uint8

const (
	chord    rule = iota // different x
	tangent              // the same point
	opposite             // the sum is neutral
	first                // q is neutral
	second               // p is neutral
)

func newAdder(g *group) *adder {
	a := &adder{g: g}
	a.p = make([]point, 0, chunk)
	a.q = make([]point, 0, chunk)
	a.dst = make([]*point, 0, chunk)
	a.sum = make([]rule, chunk)
	for i := range a.tmp {
		a.tmp[i] = make([]field.Element, chunk)
	}
	return a
}

// add will set dst to p + q: now or at the next flush. The points are copied.
func (a *adder) add(dst, p, q *point) {
	a.p = append(a.p, *p)
	a.q = append(a.q, *q)
	if a.dst = append(a.dst, dst); len(a.dst) == chunk {
		a.flush()
	}
}

// flush sets every dst that is still to be set.
func (a *adder) flush() {
	g, d := a.g, a.tmp[0][:len(a.dst)]
	for i := range d {
		a.sum[i] = a.prepare(&d[i], &a.p[i], &a.q[i])
	}
	g.InvertAll(d, a.tmp[1])
	for i := range d {
		p, q := &a.p[i], &a.q[i]
		switch a.sum[i] {
		case opposite:
			*a.dst[i] = point{}
		case first:
			*a.dst[i] = *p
		case second:
			*a.dst[i] = *q
		case tangent:
			var n, t field.Element // λ = (3x² + a)/2y
			g.Square(&t, &p.x)
			g.Add(&n, &t, &t)
			g.Add(&n, &n, &t)
			g.Add(&n, &n, &g.a)
			g.through(a.dst[i], p, q, &n, &d[i])
		case chord:
			var n field.Element // λ = (y₂-y₁)/(x₂-x₁)
			g.Sub(&n, &q.y, &p.y)
			g.through(a.dst[i], p, q, &n, &d[i])
		}
	}
	a.p, a.q, a.dst = a.p[:0], a.q[:0], a.dst[:0]
}

// prepare says how p and q are added and sets d to what must be inverted for it,
// or to 1.
func (a *adder) prepare(d *field.Element, p, q *point) rule {
	g := a.g
	*d = field.One
	if q.isIdentity() {
		return first
	}
	if p.isIdentity() {
		return second
	}
	var t field.Element
	if g.Sub(&t, &q.x, &p.x); !g.IsZero(&t) {
		*d = t
		return chord
	}
	// The same x, so y₂ = ±y₁, and y is zero only on a point of order two.
	if g.Add(&t, &p.y, &q.y); g.IsZero(&t) {
		return opposite
	}
	*d = t
	return tangent
}

// through sets r to the sum of p and q, where the slope of the line through them
// is n·d. r may be p or q.
func (g *group) through(r, p, q *point, n, d *field.Element) {
	var l, x field.Element
	g.Mul(&l, n, d)
	g.Square(&x, &l)
	g.Sub(&x, &x, &p.x)
	g.Sub(&x, &x, &q.x)
	g.Sub(&r.x, &p.x, &x)
	g.Mul(&l, &l, &r.x)
	g.Sub(&r.y, &l, &p.y)
	r.x = x
}

// sums adds up each set of points in place: the sum becomes its first point. No
// set may be empty.
func (a *adder) sums(sets [][]point) {
	for left := true; left; a.flush() {
		left = false
		for i, s := range sets {
			n := len(s)
			for k := range n / 2 {
				a.add(&s[k], &s[k], &s[n-1-k])
			}
			sets[i] = s[:(n+1)/2]
			left = left || n > 2
		}
	}
}
