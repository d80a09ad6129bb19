package batch

import (
	"fmt"

	"lifeboat/internal/curve"
)

// WeightedSum returns the sum of weights[i] times the point of children[i],
// ignoring children with an error. The slices have the same length.
//
// It is the public half of a proof that many private keys belong to their public
// keys: whoever holds the private keys kᵢ computes Σ wᵢ·kᵢ and compares its
// multiple of the base point with this sum. The weights must be drawn after the
// children are computed. Then a wrong row passes with a probability of 2^-16, and
// so do two rows that were swapped, which a plain sum would not notice. If the sums
// differ, halve the slices to find where.
//
// The Key and XY of each child are checked to encode the point that is summed; an
// error names the first row where they do not.
func (w *Worker) WeightedSum(children []Child, weights []uint16) (*curve.Point, error) {
	sameLength(len(children), len(weights))
	for i := range children {
		c := &children[i]
		if c.Err == nil && (c.at.isIdentity() || !w.t.g.matches(w.t.g, &c.at, c)) {
			return nil, fmt.Errorf("row %d: the key is not the one that was derived: derive it again", i)
		}
	}
	// Each byte of a weight puts the point into one of 255 sets; the result is the
	// sum of v times the sum of set v (Pippenger's method).
	w.fill(children, weights)
	w.adder.sums(w.sets)
	for b := range w.bucket {
		for v := range w.bucket[b] {
			if s := w.bucket[b][v]; len(s) > 0 {
				w.value[b][v] = s[0]
			} else {
				w.value[b][v] = point{}
			}
		}
	}
	bits := w.bitSums()
	return w.t.g.public(w.joinBits(bits[:]))
}

// fill sorts the points into the buckets of the two bytes of their weights and
// lists those that are not empty in w.sets.
func (w *Worker) fill(children []Child, weights []uint16) {
	var count [2][256]int
	for i := range children {
		if children[i].Err == nil {
			count[0][weights[i]&255]++
			count[1][weights[i]>>8]++
		}
	}
	if n := 2 * len(children); cap(w.memory) < n {
		w.memory = make([]point, n)
	}
	memory := w.memory[:cap(w.memory)]
	for b := range w.bucket {
		for v := 1; v < 256; v++ {
			n := count[b][v]
			w.bucket[b][v], memory = memory[:0:n], memory[n:]
		}
	}
	for i := range children {
		if children[i].Err != nil {
			continue
		}
		for b, v := range [2]uint16{weights[i] & 255, weights[i] >> 8} {
			if v != 0 {
				w.bucket[b][v] = append(w.bucket[b][v], children[i].at)
			}
		}
	}
	w.sets = w.sets[:0]
	for b := range w.bucket {
		for _, s := range w.bucket[b] {
			if len(s) > 0 {
				w.sets = append(w.sets, s)
			}
		}
	}
}

// bitSums returns, for each bit of a weight, the sum of the values whose number
// has it: those of odd number have the lowest bit. Adding neighbours then halves
// the numbers.
func (w *Worker) bitSums() (bits [16]point) {
	odd := make([]point, 0, 2*256)
	w.sets = w.sets[:0]
	for n := 256; n > 1; n /= 2 {
		for b := range w.value {
			start := len(odd)
			value := w.value[b][:n]
			for k := 1; k < n; k += 2 {
				odd = append(odd, value[k])
				w.adder.add(&value[k/2], &value[k-1], &value[k])
			}
			w.sets = append(w.sets, odd[start:])
		}
		w.adder.flush()
	}
	w.adder.sums(w.sets)
	for i, s := range w.sets {
		bits[i/2+i%2*8] = s[0]
	}
	return bits
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

// public returns p as a point of package curve.
func (g *group) public(p *point) (*curve.Point, error) {
	if p.isIdentity() {
		return g.c.Identity(), nil
	}
	key := g.encodeOne(p).Key
	return g.c.ParsePoint(key[:])
}
