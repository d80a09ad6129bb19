package batch_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"lifeboat/derive/batch"
	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

// rows derives n children of a key whose private key the test knows, and the
// private keys of the children.
func rows(c curve.Curve, n int) (*batch.Worker, []batch.Child, []*curve.Scalar) {
	root := c.ScalarFromUint(0x1f2e3d4c5b6a7988)
	parent := batch.Parent{Key: [33]byte(c.Generator().Mul(root).Bytes())}
	w := tables()[c].Worker()
	indexes := make([]uint32, n)
	for i := range indexes {
		indexes[i] = uint32(i)
	}
	children := make([]batch.Child, n)
	w.Children(&parent, indexes, children)
	private := make([]*curve.Scalar, n)
	for i := range children {
		private[i] = root.Clone().Add(c.ScalarFromBytes(children[i].Tweak[:]))
	}
	return w, children, private
}

// proven compares the two sides, as the holder of the private keys does (with
// secret scalars and a constant-time multiplication).
func proven(t testing.TB, w *batch.Worker, children []batch.Child, private []*curve.Scalar, weights []uint16) bool {
	t.Helper()
	sum, err := w.WeightedSum(children, weights)
	if err != nil {
		t.Fatal(err)
	}
	c := sum.Curve()
	k := c.Scalar()
	for i := range children {
		if children[i].Err == nil {
			k.Add(c.ScalarFromUint(uint64(weights[i])).Mul(private[i]))
		}
	}
	return sum.Equal(c.Generator().Mul(k))
}

func TestWeightedSum(t *testing.T) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			w, children, private := rows(c, 1500)
			weights := make([]uint16, len(children))
			rapid.Check(t, func(rt *rapid.T) {
				n := rapid.IntRange(0, 60).Draw(rt, "rows")
				// Few different weights and repeated rows: sets of equal points.
				mask := rapid.SampledFrom([]uint16{0xffff, 0xff, 0xff00, 1, 0x8001, 0}).Draw(rt, "mask")
				part, keys := make([]batch.Child, n), make([]*curve.Scalar, n)
				for i := range n {
					row := rapid.IntRange(0, 40).Draw(rt, "row")
					part[i], keys[i] = children[row], private[row]
					weights[i] = rapid.Uint16().Draw(rt, "weight") & mask
				}
				if !proven(t, w, part, keys, weights[:n]) {
					rt.Error("the sums differ")
				}
			})
			r := rand.New(rand.NewPCG(1, 2))
			for i := range weights {
				weights[i] = uint16(r.Uint32())
			}
			if !proven(t, w, children, private, weights) {
				t.Error("the sums of 1500 rows differ")
			}
			// A row without a child counts for nothing.
			children[17] = batch.Child{Err: batch.ErrInvalid}
			if !proven(t, w, children, private, weights) {
				t.Error("the sums differ after a row without a child")
			}
		})
	}
}

// firstWrong bisects a batch that is not proven, down to one row.
func firstWrong(lo, hi int, ok func(lo, hi int) bool) int {
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; ok(lo, mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// TestBisect finds a wrong row and two swapped rows: the private keys of a batch
// are right but for those.
func TestBisect(t *testing.T) {
	for _, c := range curve.All() {
		w, children, private := rows(c, 300)
		weights := make([]uint16, len(children))
		r := rand.New(rand.NewPCG(3, 4))
		for i := range weights {
			weights[i] = uint16(r.Uint32())
		}
		ok := func(lo, hi int) bool { return proven(t, w, children[lo:hi], private[lo:hi], weights[lo:hi]) }

		good := private[123]
		private[123] = good.Clone().Add(c.ScalarFromUint(1))
		if ok(0, 300) || firstWrong(0, 300, ok) != 123 {
			t.Errorf("%v: the wrong row is not found", c)
		}
		private[123] = good

		private[40], private[260] = private[260], private[40]
		if ok(0, 300) || firstWrong(0, 300, ok) != 40 {
			t.Errorf("%v: the swapped rows are not found", c)
		}
		for i := range weights {
			weights[i] = 1
		}
		if !ok(0, 300) {
			t.Errorf("%v: a plain sum should not notice, which is why there are weights", c)
		}
	}
}

// TestKeyOfAnother has rows whose key does not encode their point.
func TestKeyOfAnother(t *testing.T) {
	for _, c := range curve.All() {
		w, children, _ := rows(c, 1100)
		weights := make([]uint16, len(children))
		for name, change := range map[string]func(){
			"one bit":   func() { children[1050].Key[20] ^= 4 },
			"the sign":  func() { children[1050].Key = [33]byte(negative(t, c, children[1050].Key)) },
			"no point":  func() { children[1050] = batch.Child{Parent: batch.Parent{Key: children[3].Key}} },
			"x alone":   func() { children[1050].XY[31] ^= 2 },
			"y alone":   func() { children[1050].XY[63] ^= 2 },
			"x and key": func() { children[1050].XY[20] ^= 2; children[1050].Key[21] ^= 2 },
			"the point": func() { children[1050].Parent = children[1049].Parent },
			"all but the point": func() {
				good := children[1050]
				children[1050] = children[1049]
				children[1050].Parent = good.Parent
				children[1050].Key = children[1049].Key
			},
			"the other": func() { children[1050].Key = children[1049].Key },
		} {
			good := children[1050]
			change()
			if sum, err := w.WeightedSum(children, weights); err == nil || sum != nil || !strings.Contains(err.Error(), "row 1050:") {
				t.Errorf("%v, %s: %v", c, name, err)
			}
			children[1050] = good
		}
		if _, err := w.WeightedSum(children, weights); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func negative(t *testing.T, c curve.Curve, key [33]byte) []byte {
	p, err := c.ParsePoint(key[:])
	if err != nil {
		t.Fatal(err)
	}
	return c.Identity().Sub(p).Bytes()
}
