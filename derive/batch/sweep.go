package batch

import (
	"math/bits"

	"lifeboat/derive/batch/internal/field"
)

// addWindows adds to the first n sums what their digits say.
//
// For every window the differences of x are multiplied up, the product is
// inverted, and going back over it gives the inverse of each difference
// (Montgomery, as in field.InvertAll). On the way back a sum is finished, and so
// the difference of the next window is known: the two passes are one sweep, which
// changes direction with each window.
func (w *Worker) addWindows(n int) {
	w.gather(0, n)
	product := w.sweep(-1, n, field.One)
	for j := range w.t.windows {
		w.gather(j+1, n)
		var inverse field.Element
		w.t.g.Invert(&inverse, &product)
		product = w.sweep(j, n, inverse)
	}
}

// row returns the digits of window j, all zero before the first and after the
// last.
func (w *Worker) row(j, n int) []int32 {
	if j < 0 || j >= w.t.windows {
		return w.zeros[:n]
	}
	return w.digits[j*chunk:][:n]
}

// gather copies what window j adds from the table. In a pass of its own, it waits
// for many lines of a large table at once.
func (w *Worker) gather(j, n int) {
	half := 1 << (w.t.width - 1)
	entry := w.entry[j&1][:n]
	for i, d := range w.row(j, n) {
		if d == 0 {
			continue
		}
		sign := d >> 31
		p := &w.t.points[j*half+int((d^sign)-sign)-1]
		entry[i].x = p.x
		w.t.g.negateIf(&entry[i].y, &p.y, uint64(int64(sign)))
	}
}

// negateIf sets z to -y if mask is all ones, and to y if it is zero. y is reduced.
func (g *group) negateIf(z, y *field.Element, mask uint64) {
	// 2^256 - m - y is the complement of y less m-1.
	var b uint64
	z[0], b = bits.Sub64(y[0]^mask, (uint64(g.Modulus)-1)&mask, 0)
	z[1], b = bits.Sub64(y[1]^mask, 0, b)
	z[2], b = bits.Sub64(y[2]^mask, 0, b)
	z[3], _ = bits.Sub64(y[3]^mask, 0, b)
}

// sweep finishes window j, given the inverse of its product, and starts the next,
// whose product it returns. Columns with digit 0 take no part. A column whose sum
// and entry are equal or opposite is dropped from the batch.
func (w *Worker) sweep(j, n int, inverse field.Element) (product field.Element) {
	g := w.t.g
	done, next := w.row(j, n), w.row(j+1, n)
	entry, nextEntry := w.entry[j&1][:n], w.entry[(j+1)&1][:n]
	sum, prefix := w.sum[:n], w.prefix[:n]
	product = field.One
	i, step := 0, 1
	if j&1 == 0 {
		i, step = n-1, -1
	}
	for range n {
		p := &sum[i]
		if done[i] != 0 {
			e := &entry[i]
			var d, l field.Element
			g.Sub(&d, &e.x, &p.x)
			g.Mul(&l, &inverse, &prefix[i])
			g.Mul(&inverse, &inverse, &d)
			g.Sub(&d, &e.y, &p.y)
			g.through(p, p, e, &d, &l)
		}
		if next[i] != 0 {
			var d field.Element
			if g.Sub(&d, &nextEntry[i].x, &p.x); g.IsZero(&d) {
				w.drop(i, j+1)
			} else {
				prefix[i] = product
				g.Mul(&product, &product, &d)
			}
		}
		i += step
	}
	return product
}
