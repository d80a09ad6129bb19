package batch

import (
	"fmt"

	"lifeboat/derive/batch/internal/field"
	"lifeboat/internal/curve"
)

// WeightedSum returns the sum of weights[i] times the point of children[i], in
// which a child with an error counts for nothing. The slices are of the same
// length.
//
// It is the public half of a proof that many private keys belong to their public
// keys: whoever holds the private keys kᵢ computes Σ wᵢ·kᵢ and compares its
// multiple of the base point with this sum. The weights must be drawn after the
// children are computed. Then a wrong row passes with a probability of 2^-16, and
// so do two rows that were swapped, which a plain sum would not notice. If the
// sums differ, those of the halves of the same slices tell where.
//
// That the Key of each child encodes the point that is summed is checked here; an
// error names the first row where it does not.
func (w *Worker) WeightedSum(children []Child, weights []uint16) (*curve.Point, error) {
	sameLength(len(children), len(weights))
	if row, ok := w.keysMatch(children); !ok {
		return nil, fmt.Errorf("row %d: the key is not the one that was derived: derive it again", row)
	}
	// Each byte of a weight puts the point into one of 255 sets; bucket[b][v] counts
	// those of value v (J.-J. Quisquater's and Pippenger's method).
	var buckets [2][256][]point
	flat := w.fill(&buckets, children, weights)
	w.adder.sums(flat)

	// Then the sum of the sets whose value has bit b counts 2^b times.
	var ones [16]point
	var sets [][]point
	var bit []int
	for b := range ones {
		var s []point
		for v, bucket := range buckets[b/8] {
			if v>>(b%8)&1 == 1 && len(bucket) > 0 {
				s = append(s, bucket[0])
			}
		}
		if len(s) > 0 {
			sets, bit = append(sets, s), append(bit, b)
		}
	}
	w.adder.sums(sets)
	for i, b := range bit {
		ones[b] = sets[i][0]
	}
	return w.t.g.public(w.joinBits(ones[:]))
}

// fill sorts the points into the buckets of the two bytes of their weights and
// returns the buckets that are not empty, which share their memory.
func (w *Worker) fill(buckets *[2][256][]point, children []Child, weights []uint16) (flat [][]point) {
	var count [2][256]int
	for i := range children {
		if children[i].Err == nil {
			count[0][weights[i]&255]++
			count[1][weights[i]>>8]++
		}
	}
	memory := make([]point, 2*len(children))
	for b := range buckets {
		for v := 1; v < 256; v++ {
			n := count[b][v]
			buckets[b][v], memory = memory[:0:n], memory[n:]
		}
	}
	for i := range children {
		if children[i].Err != nil {
			continue
		}
		for b, v := range [2]uint16{weights[i] & 255, weights[i] >> 8} {
			if v != 0 {
				buckets[b][v] = append(buckets[b][v], children[i].at)
			}
		}
	}
	for b := range buckets {
		for _, s := range buckets[b] {
			if len(s) > 0 {
				flat = append(flat, s)
			}
		}
	}
	return flat
}

// joinBits returns the sum of 2^b·p[b]: neighbours first, p[b] + 2·p[b+1], then
// theirs with a factor of 4, and so on. It overwrites p, whose length is a power of
// two.
func (w *Worker) joinBits(p []point) *point {
	a := w.adder
	for doublings := 1; len(p) > 1; doublings *= 2 {
		for range doublings {
			for i := 1; i < len(p); i += 2 {
				a.add(&p[i], &p[i], &p[i])
			}
			a.flush()
		}
		for i := 0; i < len(p); i += 2 {
			a.add(&p[i/2], &p[i], &p[i+1])
		}
		a.flush()
		p = p[:len(p)/2]
	}
	return &p[0]
}

// keysMatch encodes the points of the children again and compares.
func (w *Worker) keysMatch(children []Child) (row int, ok bool) {
	g := w.t.g
	again := make([]Child, min(len(children), chunk))
	for start := 0; start < len(children); start += chunk {
		part := children[start:min(start+chunk, len(children))]
		for i := range part {
			if w.sum[i] = part[i].at; part[i].Err != nil {
				w.sum[i] = g.base
			} else if part[i].at.isIdentity() {
				return start + i, false
			}
		}
		g.encode(g, w.sum[:len(part)], again, &w.adder.tmp)
		for i := range part {
			if part[i].Err == nil && again[i].Key != part[i].Key {
				return start + i, false
			}
		}
	}
	return 0, true
}

// public returns p as a point of package curve.
func (g *group) public(p *point) (*curve.Point, error) {
	if p.isIdentity() {
		return g.c.Identity(), nil
	}
	var c [1]Child
	tmp := [2][]field.Element{make([]field.Element, 1), make([]field.Element, 1)}
	g.encode(g, []point{*p}, c[:], &tmp)
	return g.c.ParsePoint(c[0].Key[:])
}
