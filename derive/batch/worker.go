package batch

import (
	"crypto/hmac"
	"crypto/sha512"
	"fmt"

	"lifeboat/derive/batch/internal/field"
	"lifeboat/internal/curve"
)

// Worker derives children with a Table. It is the scratch of one goroutine.
type Worker struct {
	t      *Table
	adder  *adder
	sum    []point // parent plus the windows done so far
	prefix []field.Element
	entry  [2][]point // what a window adds, by turns
	digits []int32    // row j has the digits of window j, a column for each child
	zeros  []int32    // the row of a missing window
	slow   []bool

	// Of WeightedSum only.
	memory []point
	bucket [2][256][]point // the points of a weight's low and high byte, in memory
	value  [2][256]point   // their sums
	sets   [][]point
}

// Worker returns a new Worker, and builds the table if it is the first.
func (t *Table) Worker() *Worker {
	t.once.Do(t.build)
	return &Worker{
		t:      t,
		adder:  newAdder(t.g),
		sum:    make([]point, chunk),
		prefix: make([]field.Element, chunk),
		entry:  [2][]point{make([]point, chunk), make([]point, chunk)},
		digits: make([]int32, t.windows*chunk),
		zeros:  make([]int32, chunk),
		slow:   make([]bool, chunk),
	}
}

// Children sets out[i] to the child of p with index indexes[i]. out is as long as
// indexes. Batches of a thousand or more are cheapest.
func (w *Worker) Children(p *Parent, indexes []uint32, out []Child) {
	sameLength(len(indexes), len(out))
	at, err := w.t.g.at(p)
	if err != nil {
		for i := range out {
			out[i] = Child{Err: err}
		}
		return
	}
	mac := hmac.New(sha512.New, p.ChainCode[:])
	tree := w.t.tree
	var in message
	var sum [sha512.Size]byte
	hash := func() {
		mac.Reset() // returns to the state after the key
		mac.Write(in[:])
		mac.Sum(sum[:0])
	}
	for len(indexes) > 0 {
		n := min(len(indexes), chunk)
		for i, index := range indexes[:n] {
			tree.message(&in, &p.Key, index)
			hash()
			if tree.apart {
				left := [32]byte(sum[:32])
				in[0]++
				hash()
				copy(sum[:], left[:])
			}
			w.load(i, &at, index, &sum, &out[i])
		}
		w.finish(out[:n])
		indexes, out = indexes[n:], out[n:]
	}
}

// EachChild sets out[i] to the child of parents[i] with index indexes[i]. All three
// have the same length. Parents that are children themselves are cheapest: their
// points are known.
func (w *Worker) EachChild(parents []Parent, indexes []uint32, out []Child) {
	sameLength(len(indexes), len(parents))
	sameLength(len(indexes), len(out))
	for len(indexes) > 0 {
		n := min(len(indexes), chunk)
		for i, index := range indexes[:n] {
			p := &parents[i]
			at, err := w.t.g.at(p)
			if err != nil {
				out[i] = Child{Err: err}
				w.drop(i, 0)
				continue
			}
			sum := w.t.tree.hash(p, index)
			w.load(i, &at, index, &sum, &out[i])
		}
		w.finish(out[:n])
		parents, indexes, out = parents[n:], indexes[n:], out[n:]
	}
}

// Itself returns p as its own descendant, with a tweak of zero.
func (w *Worker) Itself(p *Parent) Child {
	g := w.t.g
	at, err := g.at(p)
	if err != nil {
		return Child{Err: err}
	}
	c := g.encodeOne(&at)
	c.ChainCode, c.at, c.from = p.ChainCode, at, c.Key
	return c
}

// encodeOne returns the key and coordinates of one point, which it reduces.
func (g *group) encodeOne(p *point) Child {
	list, out := []point{*p}, make([]Child, 1)
	g.encode(g, list, out, &[2][]field.Element{make([]field.Element, 1), make([]field.Element, 1)})
	*p = list[0]
	return out[0]
}

func sameLength(a, b int) {
	if a != b {
		panic(fmt.Sprintf("batch: slices of %d and %d rows", a, b))
	}
}

// hash returns the tweak's half and the chain code of a child.
func (t *Tree) hash(p *Parent, index uint32) [sha512.Size]byte {
	var in message
	t.message(&in, &p.Key, index)
	sum := hmacOnce(&p.ChainCode, &in)
	if t.apart {
		in[0]++
		second := hmacOnce(&p.ChainCode, &in)
		copy(sum[32:], second[32:])
	}
	return sum
}

// hmacOnce is HMAC-SHA512 of one message under the chain code (RFC 2104). Unlike
// crypto/hmac it does not allocate, which matters when each key is used once.
func hmacOnce(chainCode *[32]byte, in *message) [sha512.Size]byte {
	var inner [sha512.BlockSize + len(in)]byte
	var outer [sha512.BlockSize + sha512.Size]byte
	for i := range sha512.BlockSize {
		inner[i], outer[i] = 0x36, 0x5c
	}
	for i, b := range chainCode {
		inner[i] ^= b
		outer[i] ^= b
	}
	copy(inner[sha512.BlockSize:], in[:])
	sum := sha512.Sum512(inner[:])
	copy(outer[sha512.BlockSize:], sum[:])
	return sha512.Sum512(outer[:])
}

// load puts the child of the parent at the given point into column i. sum is its
// HMAC.
func (w *Worker) load(i int, at *point, index uint32, sum *[sha512.Size]byte, c *Child) {
	t := w.t
	*c = Child{}
	k, ok := t.tree.tweak(t.g, (*[32]byte)(sum[:32]))
	switch {
	case index >= hardened:
		c.Err = ErrHardened
	case !ok:
		c.Err = ErrInvalid
	}
	if c.Err != nil {
		w.drop(i, 0)
		return
	}
	k.putBytes(&c.Tweak)
	copy(c.ChainCode[:], sum[32:])
	w.sum[i], w.slow[i] = *at, false
	c.at = *at // until finish, where the slow path starts from
	t.g.digits(k, t.width, t.windows, w.digits[i:], chunk)
}

// drop takes column i out of the batch from window j on.
func (w *Worker) drop(i, j int) {
	for ; j < w.t.windows; j++ {
		w.digits[j*chunk+i] = 0
	}
	w.slow[i] = true
	w.sum[i] = w.t.g.base // any point will do, to be encoded with the others
}

// finish adds the windows of the loaded columns and completes the children.
func (w *Worker) finish(out []Child) {
	g, n := w.t.g, len(out)
	w.addWindows(n)
	for i := range out {
		if w.slow[i] && out[i].Err == nil {
			w.sum[i], out[i].Err = g.add(&out[i].at, &out[i].Tweak)
		}
		if out[i].Err != nil {
			out[i] = Child{Err: out[i].Err}
			w.sum[i] = g.base
		}
	}
	g.encode(g, w.sum[:n], out, &w.adder.tmp)
	for i := range out {
		if c := &out[i]; c.Err != nil {
			*c = Child{Err: c.Err}
		} else {
			c.at, c.from = w.sum[i], c.Key
		}
	}
}

// add returns p + k·G by way of package curve, for any p and k.
func (g *group) add(p *point, k *[32]byte) (point, error) {
	key := g.encodeOne(p).Key
	parent, err := g.c.ParsePoint(key[:])
	if err != nil {
		return point{}, err
	}
	sum := parent.Add(g.c.Generator().Mul(g.c.ScalarFromBytes(k[:])))
	if sum.IsIdentity() {
		return point{}, ErrInvalid
	}
	return g.parse(g, (*[curve.PointSize]byte)(sum.Bytes()))
}
