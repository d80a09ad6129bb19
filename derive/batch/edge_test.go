package batch

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"lifeboat/derive/batch/internal/field"
	"lifeboat/internal/curve"

	"filippo.io/edwards25519"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"pgregory.net/rapid"
)

// inject runs a batch on tweaks of the test's choosing, which no index is known to
// have: row i derives from parents[i] as if its HMAC began with il[i].
func inject(w *Worker, parents []point, il [][32]byte) []Child {
	out := make([]Child, len(il))
	for i := range il {
		var sum [64]byte
		copy(sum[:], il[i][:])
		w.load(i, &parents[i], 0, &sum, &out[i])
	}
	w.finish(out)
	return out
}

// pointAt returns k·G as a parent's point, and as package curve has it.
func pointAt(t testing.TB, g *group, k *big.Int) (point, *curve.Point) {
	t.Helper()
	p := g.c.Generator().Mul(g.c.ScalarFromInt(k))
	at, err := g.parse(g, (*[33]byte)(p.Bytes()))
	if err != nil {
		t.Fatalf("%d·G: %v", k, err)
	}
	return at, p
}

// checkRow compares one row with package curve.
func checkRow(t testing.TB, g *group, parent *curve.Point, il *[32]byte, got *Child) {
	t.Helper()
	if new(big.Int).SetBytes(il[:]).Cmp(g.c.Order()) >= 0 && g.c == curve.Secp256k1 {
		if !errors.Is(got.Err, ErrInvalid) || *got != (Child{Err: got.Err}) {
			t.Errorf("IL %x is not below the order: %v", *il, got.Err)
		}
		return
	}
	k := g.c.ScalarFromBytes(il[:])
	want := parent.Add(g.c.Generator().Mul(k))
	switch {
	case want.IsIdentity():
		if !errors.Is(got.Err, ErrInvalid) || *got != (Child{Err: got.Err}) {
			t.Errorf("IL %x leads to the neutral element: %x, %v", *il, got.Key, got.Err)
		}
	case got.Err != nil || got.Key != [33]byte(want.Bytes()):
		t.Errorf("parent %x, IL %x: child %x, %v; want %x", parent.Bytes(), *il, got.Key, got.Err, want.Bytes())
	case got.Tweak != k.Bytes():
		t.Errorf("IL %x: tweak %x", *il, got.Tweak)
	case got.from != got.Key:
		t.Errorf("the child does not know its own point")
	case g.c == curve.Secp256k1 && got.XY != [64]byte(want.Uncompressed()[1:]):
		t.Errorf("IL %x: coordinates %x", *il, got.XY)
	case g.c == curve.Ed25519 && got.XY != edwardsXY(t, got.Key[1:]):
		t.Errorf("IL %x: coordinates %x", *il, got.XY)
	}
}

// edwardsXY decodes a key with filippo's library.
func edwardsXY(t testing.TB, key []byte) (xy [64]byte) {
	p, err := new(edwards25519.Point).SetBytes(key)
	if err != nil {
		t.Fatal(err)
	}
	x, y, _, _ := p.ExtendedCoordinates() // Z is 1 after SetBytes
	copy(xy[:32], x.Bytes())
	copy(xy[32:], y.Bytes())
	slices.Reverse(xy[:32])
	slices.Reverse(xy[32:])
	return xy
}

func forEach(t *testing.T, widths []int, f func(t *testing.T, w *Worker)) {
	for _, c := range curve.All() {
		for _, width := range widths {
			t.Run(c.String()+"/"+big.NewInt(int64(width)).String(), func(t *testing.T) {
				f(t, newTable(trees[c], width).Worker())
			})
		}
	}
}

func pow2(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)) }

// awkward returns scalars at which digits, carries and signs are special, for
// windows of the given width. They are in [0, 2^256).
func awkward(g *group, width int) (list []*big.Int) {
	n := g.c.Order()
	add := func(x *big.Int) {
		if x.Sign() >= 0 && x.BitLen() <= 256 {
			list = append(list, x)
		}
	}
	centres := []*big.Int{new(big.Int), n, new(big.Int).Rsh(n, 1), pow2(256), pow2(255), pow2(252)}
	for q := int64(2); q < 16; q++ { // multiples of L below 2^256
		centres = append(centres, new(big.Int).Mul(n, big.NewInt(q)))
	}
	for j := 0; j*width < 256; j += 3 {
		centres = append(centres, pow2(j*width), pow2(j*width+width-1), new(big.Int).Sub(n, pow2(j*width+width-1)))
	}
	for _, c := range centres {
		for d := int64(-2); d <= 2; d++ {
			add(new(big.Int).Add(c, big.NewInt(d)))
		}
	}
	// The same digit in every window: all half, all half+1, all full, all one.
	for _, digit := range []int64{1, 1<<(width-1) - 1, 1 << (width - 1), 1<<(width-1) + 1, 1<<width - 1} {
		x := new(big.Int)
		for j := 255 / width; j >= 0; j-- {
			x.Lsh(x, uint(width)).Or(x, big.NewInt(digit))
		}
		add(x.Mod(x, pow2(256)))
		add(new(big.Int).Mod(x, pow2(255)))
		add(new(big.Int).Mod(x, pow2(251)))
	}
	return list
}

func ilOf(k *big.Int) [32]byte { return [32]byte(k.FillBytes(make([]byte, 32))) }

// TestAwkwardTweaks puts them all into one batch on a parent of no special kind.
func TestAwkwardTweaks(t *testing.T) {
	forEach(t, []int{8, 11, 13, 16}, func(t *testing.T, w *Worker) {
		g := w.t.g
		at, parent := pointAt(t, g, new(big.Int).Rsh(g.c.Order(), 3))
		var il [][32]byte
		var parents []point
		for _, k := range awkward(g, w.t.width) {
			il, parents = append(il, ilOf(k)), append(parents, at)
		}
		out := inject(w, parents, il)
		for i := range out {
			checkRow(t, g, parent, &il[i], &out[i])
		}
	})
}

// TestCollisions has parents that meet a table entry or its opposite on the way:
// small multiples of the base point, of its doublings, and -tweak·G.
func TestCollisions(t *testing.T) {
	forEach(t, []int{8}, func(t *testing.T, w *Worker) {
		g, n := w.t.g, w.t.g.c.Order()
		tweaks := []int64{0, 1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 1 << 15, 1<<15 + 5}
		var points []*curve.Point
		var parents []point
		var il [][32]byte
		add := func(p, k *big.Int) {
			k = new(big.Int).Mod(k, n)
			if p = new(big.Int).Mod(p, n); p.Sign() == 0 {
				return
			}
			at, point := pointAt(t, g, p)
			points, parents, il = append(points, point), append(parents, at), append(il, ilOf(k))
		}
		for _, k := range tweaks {
			for _, p := range tweaks {
				for _, s := range []int64{1, -1} {
					add(big.NewInt(s*p), big.NewInt(k))
				}
			}
			// After the low windows, the sum is ± what the top one adds.
			high := new(big.Int).Lsh(big.NewInt(77), 240)
			full := new(big.Int).Add(high, big.NewInt(k))
			add(new(big.Int).Sub(high, big.NewInt(k)), full)
			add(new(big.Int).Neg(full), full)
			add(full, full)
		}
		invalid := 0
		for len(il) > 0 {
			m := min(len(il), chunk)
			out := inject(w, parents[:m], il[:m])
			for i := range out {
				checkRow(t, g, points[i], &il[i], &out[i])
				if out[i].Err != nil {
					invalid++
				}
			}
			points, parents, il = points[m:], parents[m:], il[m:]
		}
		if invalid < len(tweaks) {
			t.Errorf("only %d rows met the neutral element", invalid)
		}
	})
}

// TestAllCollide has every row of a batch leave it.
func TestAllCollide(t *testing.T) {
	forEach(t, []int{8}, func(t *testing.T, w *Worker) {
		at, parent := pointAt(t, w.t.g, big.NewInt(5))
		parents, il := make([]point, 20), make([][32]byte, 20)
		for i := range il {
			parents[i], il[i] = at, ilOf(big.NewInt(int64(5+i<<8)))
		}
		out := inject(w, parents, il)
		for i := range out {
			checkRow(t, w.t.g, parent, &il[i], &out[i])
		}
	})
}

func TestRandomTweaks(t *testing.T) {
	forEach(t, []int{8}, func(t *testing.T, w *Worker) {
		g := w.t.g
		rapid.Check(t, func(rt *rapid.T) {
			// Parents a few table entries away from the tweak are as likely as any.
			var parents []point
			var points []*curve.Point
			var il [][32]byte
			for range rapid.IntRange(1, 5).Draw(rt, "rows") {
				k := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(rt, "tweak"))
				p := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(rt, "parent"))
				if rapid.Bool().Draw(rt, "near") {
					p.Sub(big.NewInt(rapid.Int64Range(-300, 300).Draw(rt, "distance")), k)
				}
				if p.Mod(p, g.c.Order()).Sign() == 0 {
					p.SetInt64(1)
				}
				at, point := pointAt(t, g, p)
				parents, points, il = append(parents, at), append(points, point), append(il, ilOf(k))
			}
			out := inject(w, parents, il)
			for i := range out {
				checkRow(t, g, points[i], &il[i], &out[i])
			}
		})
	})
}

// FuzzTweak: the child of a public key is the public key of the child, p + IL.
func FuzzTweak(f *testing.F) {
	workers := map[curve.Curve]*Worker{}
	for _, c := range curve.All() {
		workers[c] = newTable(trees[c], 8).Worker()
		for i, k := range awkward(trees[c].g, 8) {
			b := ilOf(k)
			f.Add(c == curve.Ed25519, []byte{byte(i)}, b[:])
			minus := new(big.Int).Sub(c.Order(), new(big.Int).Mod(k, c.Order())) // a parent of -k·G
			f.Add(c == curve.Ed25519, minus.Bytes(), b[:])
		}
	}
	f.Fuzz(func(t *testing.T, edwards bool, key, tweak []byte) {
		c := curve.Secp256k1
		if edwards {
			c = curve.Ed25519
		}
		p := new(big.Int).SetBytes(key)
		if p.Mod(p, c.Order()).Sign() == 0 || len(tweak) > 32 {
			return // no key, or above 256 bits
		}
		w := workers[c]
		from, _ := baseMul(t, c, p)
		at, err := w.t.g.parse(w.t.g, &from)
		if err != nil {
			t.Fatalf("%v: %d·G: %v", c, p, err)
		}
		k := new(big.Int).SetBytes(tweak)
		il := ilOf(k)
		got := inject(w, []point{at}, [][32]byte{il})[0]
		invalid := k.Cmp(c.Order()) >= 0 && !edwards
		k.Mod(k, c.Order())
		want := Child{Tweak: ilOf(k)}
		if p.Add(p, k).Mod(p, c.Order()).Sign() == 0 || invalid {
			if !errors.Is(got.Err, ErrInvalid) || got != (Child{Err: got.Err}) {
				t.Errorf("%v: key %x, IL %x has no child: %+v", c, key, il, got)
			}
			return
		}
		want.Key, want.XY = baseMul(t, c, p)
		if got.Err != nil || got.Key != want.Key || got.XY != want.XY || got.Tweak != want.Tweak || got.from != got.Key {
			t.Errorf("%v: key %x, IL %x: %+v, want %+v", c, key, il, got, want)
		}
	})
}

// baseMul returns the encoding and the coordinates of k·G, for a k in [1, order).
func baseMul(t testing.TB, c curve.Curve, k *big.Int) (key [33]byte, xy [64]byte) {
	b := ilOf(k)
	if c == curve.Secp256k1 {
		p := secp.PrivKeyFromBytes(b[:]).PubKey()
		return [33]byte(p.SerializeCompressed()), [64]byte(p.SerializeUncompressed()[1:])
	}
	slices.Reverse(b[:])
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(b[:])
	if err != nil {
		t.Fatal(err)
	}
	copy(key[1:], new(edwards25519.Point).ScalarBaseMult(s).Bytes())
	return key, edwardsXY(t, key[1:])
}

// TestDigits checks that the digits sum up to the tweak and stay within the table.
func TestDigits(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, g *group, width int, k *big.Int) {
		windows := (256 + width - 1) / width
		out := make([]int32, windows)
		b := ilOf(k)
		g.digits(wordsOf(&b), width, windows, out, 1)
		sum := new(big.Int)
		for j := windows - 1; j >= 0; j-- {
			if out[j] > 1<<(width-1) || out[j] < -1<<(width-1) {
				t.Errorf("digit %d of %x is %d", j, k, out[j])
			}
			sum.Lsh(sum, uint(width)).Add(sum, big.NewInt(int64(out[j])))
		}
		if sum.Mod(sum, g.c.Order()).Cmp(k) != 0 {
			t.Errorf("width %d: the digits of %x sum up to %x", width, k, sum)
		}
	}
	for _, c := range curve.All() {
		g := trees[c].g
		for _, width := range []int{8, 11, 13, 16} {
			for _, k := range awkward(g, width) {
				check(t, g, width, new(big.Int).Mod(k, c.Order()))
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			k := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "k"))
			check(t, g, rapid.SampledFrom([]int{8, 11, 13, 16}).Draw(t, "width"), k.Mod(k, c.Order()))
		})
	}
}

// TestConstants derives the constants from what defines them.
func TestConstants(t *testing.T) {
	for _, c := range curve.All() {
		g := trees[c].g
		key := [33]byte(c.Generator().Bytes())
		if base, err := g.parse(g, &key); err != nil || base != g.base {
			t.Errorf("%v: base point %x, %v", c, base, err)
		}
		if b := ilOf(c.Order()); wordsOf(&b) != g.order {
			t.Errorf("%v: order %x", c, g.order)
		}
	}
	g := &wei25519
	A := field.Element{486662}
	var x, y field.Element
	g.Add(&x, &thirdOfA, &thirdOfA)
	g.Add(&x, &x, &thirdOfA)
	if g.Sub(&x, &x, &A); !g.IsZero(&x) {
		t.Error("thirdOfA is not A/3")
	}
	g.Square(&x, &montgomery)
	if g.Add(&x, &x, &field.Element{486664}); !g.IsZero(&x) {
		t.Error("s² is not -(A+2)")
	}
	// a = 1 - A²/3
	g.Mul(&x, &A, &thirdOfA)
	g.Sub(&y, &field.One, &x)
	if g.Sub(&y, &y, &g.a); !g.IsZero(&y) {
		t.Error("a is not 1 - A²/3")
	}
}

// TestTable checks entries of every window against package curve.
func TestTable(t *testing.T) {
	forEach(t, []int{2, 8, 11}, func(t *testing.T, w *Worker) {
		half := 1 << (w.t.width - 1)
		for j := range w.t.windows {
			for _, i := range []int{0, 1, half / 2, half - 1} {
				k := new(big.Int).Lsh(big.NewInt(int64(i+1)), uint(j*w.t.width))
				if want, _ := pointAt(t, w.t.g, k); w.t.points[j*half+i] != want {
					t.Errorf("window %d, entry %d is wrong", j, i)
				}
			}
		}
	})
}

// TestAdder adds all pairs of a few points, equal, opposite and neutral ones
// among them.
func TestAdder(t *testing.T) {
	for _, c := range curve.All() {
		g := trees[c].g
		a := newAdder(g)
		multiple := func(k int) (p point) {
			if k != 0 {
				p, _ = pointAt(t, g, new(big.Int).Mod(big.NewInt(int64(k)), c.Order()))
			}
			return p
		}
		var got [9][9]point
		for i := range got {
			for j := range got {
				p, q := multiple(i-4), multiple(j-4)
				a.add(&got[i][j], &p, &q)
			}
		}
		a.flush()
		for i := range got {
			for j := range got {
				g.Reduce(&got[i][j].x)
				g.Reduce(&got[i][j].y)
				if got[i][j] != multiple(i+j-8) {
					t.Errorf("%v: %d·G + %d·G is wrong", c, i-4, j-4)
				}
			}
		}
	}
}

// TestWidths holds what a table may cost for how many rows.
func TestWidths(t *testing.T) {
	for _, v := range []struct {
		rows, memory int64
		width        int
	}{
		{0, 1 << 62, 8}, {5_000, 1 << 62, 8}, {5_001, 1 << 62, 11}, {20_001, 1 << 62, 13},
		{100_000, 1 << 62, 13}, {1_000_000, 1 << 62, 13},
		{100_000_000, 1 << 62, 16}, {100_000_000, 128 << 20, 13},
	} {
		if got := widthFor(v.rows, v.memory); got != v.width {
			t.Errorf("%d rows with %d bytes: width %d", v.rows, v.memory, got)
		}
	}
	if NewTable(BIP32, 1<<40).points != nil {
		t.Error("the table was built before it was needed")
	}
}

// TestCancel has points in WeightedSum that cancel.
func TestCancel(t *testing.T) {
	forEach(t, []int{8}, func(t *testing.T, w *Worker) {
		g, n := w.t.g, w.t.g.c.Order()
		at, _ := pointAt(t, g, big.NewInt(1))
		multiples := []*big.Int{big.NewInt(5), new(big.Int).Sub(n, big.NewInt(5)), big.NewInt(6), big.NewInt(1)}
		parents, il := make([]point, len(multiples)), make([][32]byte, len(multiples))
		for i, k := range multiples {
			parents[i], il[i] = at, ilOf(new(big.Int).Sub(k, big.NewInt(1)))
		}
		children := inject(w, parents, il)
		for _, v := range []struct {
			weights [4]uint16
			sum     uint64
		}{
			{[4]uint16{9, 9, 0, 0}, 0},
			{[4]uint16{0xffff, 0xffff, 0, 0}, 0},
			{[4]uint16{9, 9, 9, 0}, 54},
			{[4]uint16{257, 1, 2, 0}, 256*5 + 12},
			{[4]uint16{0, 6, 0, 30}, 0},
			{[4]uint16{0, 6, 5, 0}, 0},
			{[4]uint16{0x8000, 0, 0, 0x8000}, 0x8000 * 6},
		} {
			sum, err := w.WeightedSum(children, v.weights[:])
			if err != nil || !sum.Equal(g.c.Generator().Mul(g.c.ScalarFromUint(v.sum))) {
				t.Errorf("weights %v: not %d·G, %v", v.weights, v.sum, err)
			}
		}
	})
}
