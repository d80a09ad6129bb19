package share_test

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/share"

	"pgregory.net/rapid"
)

// sharing is a group of which the test knows the polynomial.
type sharing struct {
	*share.Group
	coefficients []*big.Int
}

// newSharing shares the key coefficients[0] among holders with these IDs.
func newSharing(t interface{ Fatal(...any) }, c curve.Curve, coefficients, ids []*big.Int) *sharing {
	public := func(n *big.Int) *curve.Point { return c.Generator().Mul(c.ScalarFromInt(n)) }
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: share.Shamir, Threshold: len(coefficients), RootKey: public(coefficients[0]), ChainCode: new([32]byte)}
	for i, x := range ids {
		id, err := share.NewID(c, x.String())
		if err != nil {
			t.Fatal(err)
		}
		value := new(big.Int)
		for k := len(coefficients) - 1; k >= 0; k-- {
			value.Mul(value, x).Add(value, coefficients[k]).Mod(value, c.Order())
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprint("node-", i), ShareID: id, PublicKey: public(value)})
	}
	return &sharing{g, coefficients}
}

// draw makes any group of up to 7 holders.
func draw(t *rapid.T, c curve.Curve) *sharing {
	n := rapid.IntRange(2, 7).Draw(t, "n")
	k := rapid.IntRange(2, n).Draw(t, "t")
	number := rapid.Custom(func(t *rapid.T) *big.Int {
		v := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bytes"))
		return v.Mod(v, c.Order())
	}).Filter(func(v *big.Int) bool { return v.BitLen() > 128 })
	coefficients := rapid.SliceOfN(number, k, k).Draw(t, "coefficients")
	// Real IDs are of any length, and may be above the order.
	id := rapid.Custom(func(t *rapid.T) *big.Int {
		bits := rapid.IntRange(1, 300).Draw(t, "bits")
		v := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 38, 38).Draw(t, "bytes"))
		return v.SetBit(v.Rsh(v, uint(304-bits)), bits-1, 1)
	}).Filter(func(v *big.Int) bool { return new(big.Int).Mod(v, c.Order()).Sign() > 0 })
	ids := rapid.SliceOfNDistinct(id, n, n, func(v *big.Int) string { return new(big.Int).Mod(v, c.Order()).String() }).Draw(t, "ids")
	return newSharing(t, c, coefficients, ids)
}

// onPolynomial says by plain interpolation in the exponent, point by point and
// with math/big, whether the root key and the share public keys lie on one
// polynomial of degree k-1.
func onPolynomial(g *share.Group, k int) bool {
	order := g.Curve.Order()
	x, p := []*big.Int{new(big.Int)}, []*curve.Point{g.RootKey}
	for _, q := range g.Participants {
		id, _ := new(big.Int).SetString(q.ShareID.Text, 10)
		x, p = append(x, id), append(p, q.PublicKey)
	}
	for at := k; at < len(x); at++ {
		sum := g.Curve.Identity()
		for i := range k {
			num, den := big.NewInt(1), big.NewInt(1)
			for j := range k {
				if i != j {
					num.Mul(num, new(big.Int).Sub(x[at], x[j])).Mod(num, order)
					den.Mul(den, new(big.Int).Sub(x[i], x[j])).Mod(den, order)
				}
			}
			num.Mul(num, den.ModInverse(den, order))
			sum = sum.Add(p[i].Mul(g.Curve.ScalarFromInt(num)))
		}
		if !sum.Equal(p[at]) {
			return false
		}
	}
	return true
}

// clone copies a group so that one field of it can be changed.
func clone(g *share.Group) *share.Group {
	h := *g
	h.Participants = append([]share.Participant{}, g.Participants...)
	return &h
}

func eachCurve(t *testing.T, f func(t *rapid.T, c curve.Curve)) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { f(t, c) })
		})
	}
}

func TestCheckFindsEveryDamage(t *testing.T) {
	eachCurve(t, func(t *rapid.T, c curve.Curve) {
		g := draw(t, c).Group
		if err := g.Check(); err != nil {
			t.Fatalf("%d of %d: %v", g.Threshold, len(g.Participants), err)
		}
		if !onPolynomial(g, g.Threshold) || onPolynomial(g, g.Threshold-1) {
			t.Fatal("the oracle does not take a good group")
		}
		i := rapid.IntRange(0, len(g.Participants)-1).Draw(t, "holder")
		other := (i + 1) % len(g.Participants)
		changes := map[string]func(h *share.Group){
			"root key":        func(h *share.Group) { h.RootKey = h.RootKey.Add(c.Generator()) },
			"root key's sign": func(h *share.Group) { h.RootKey = c.Identity().Sub(h.RootKey) },
			"share key":       func(h *share.Group) { h.Participants[i].PublicKey = h.Participants[i].PublicKey.Add(c.Generator()) },
			"share key is another's": func(h *share.Group) {
				h.Participants[i].PublicKey = h.Participants[other].PublicKey
			},
			"share keys swapped": func(h *share.Group) {
				p := h.Participants
				p[i].PublicKey, p[other].PublicKey = p[other].PublicKey, p[i].PublicKey
			},
			"share ID": func(h *share.Group) {
				id := h.Participants[i].ShareID.Scalar().Int()
				h.Participants[i].ShareID, _ = share.NewID(c, id.Add(id, big.NewInt(1000)).String())
			},
			"threshold too high": func(h *share.Group) { h.Threshold++ },
			"threshold too low":  func(h *share.Group) { h.Threshold-- },
		}
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(changes))).Draw(t, "damage")
		h := clone(g)
		changes[name](h)
		k := h.Threshold
		sound := k >= 2 && k <= len(h.Participants) && onPolynomial(h, k) && !onPolynomial(h, k-1)
		// With all IDs needed, two of them may have equal weights, as 2 and 6 beside 5:
		// their keys swapped lie on another polynomial of the same degree.
		if sound && name != "share keys swapped" {
			t.Errorf("%s: the oracle sees nothing wrong", name)
		}
		if err := h.Check(); !sound && !errors.Is(err, share.ErrInconsistent) || sound && err != nil {
			t.Errorf("%s of %d of %d: sound is %t: %v", name, k, len(g.Participants), sound, err)
		}
	})
}

// A forger who moves several keys at once along another polynomial of too high a
// degree is found as well.
func TestCheckFindsHigherDegree(t *testing.T) {
	eachCurve(t, func(t *rapid.T, c curve.Curve) {
		s := draw(t, c)
		if s.Threshold == 2 {
			t.Skip("nothing lower")
		}
		s.Threshold--
		if err := s.Check(); err == nil || onPolynomial(s.Group, s.Threshold) {
			t.Errorf("degree %d passes for %d of %d", s.Threshold, s.Threshold, len(s.Participants))
		}
	})
}

func TestFitThreshold(t *testing.T) {
	eachCurve(t, func(t *rapid.T, c curve.Curve) {
		g := draw(t, c).Group
		if k, err := g.FitThreshold(); k != g.Threshold || err != nil {
			t.Errorf("%d for %d of %d: %v", k, g.Threshold, len(g.Participants), err)
		}
		g.RootKey = g.RootKey.Add(c.Generator())
		if k, err := g.FitThreshold(); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("threshold %d for points on no polynomial: %v", k, err)
		}
	})
}

// With a polynomial that is constant, every share is the key.
func TestConstantPolynomial(t *testing.T) {
	for _, c := range curve.All() {
		g := newSharing(t, c, []*big.Int{big.NewInt(7)}, []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(3)}).Group
		if k, err := g.FitThreshold(); k != 1 || err != nil {
			t.Errorf("%v: threshold %d: %v", c, k, err)
		}
		for k := range 4 {
			g.Threshold = k
			if err := g.Check(); !errors.Is(err, share.ErrInconsistent) {
				t.Errorf("%v: threshold %d: %v", c, k, err)
			}
		}
	}
}

func TestLagrange(t *testing.T) {
	eachCurve(t, func(t *rapid.T, c curve.Curve) {
		s := draw(t, c)
		var x []*curve.Scalar
		var p []*curve.Point
		for _, q := range s.Participants {
			x, p = append(x, q.ShareID.Scalar()), append(p, q.PublicKey)
		}
		if !c.MultiMul(share.Shamir.Weights(x), p).Equal(s.RootKey) {
			t.Error("all shares do not give the root key")
		}
		k := s.Threshold
		if !c.MultiMul(share.LagrangeAt(x[0], x[len(x)-k:]), p[len(p)-k:]).Equal(p[0]) {
			t.Error("the last shares do not give the first one")
		}
		key, err := s.CombinePublic(s.Participants[len(p)-k:])
		if err != nil || !key.Equal(s.RootKey) {
			t.Errorf("CombinePublic: %v", err)
		}
		if _, err := s.CombinePublic(s.Participants[:k-1]); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("too few shares: %v", err)
		}
	})
}

// The fingerprints of these two were computed with sha256sum.
func TestEpoch(t *testing.T) {
	for _, tc := range []struct {
		c    curve.Curve
		want string
	}{{curve.Secp256k1, "18054e576906fa62f08471925cf6f706"}, {curve.Ed25519, "bf9c96249ce94830c5f3182f592c810b"}} {
		one, two := big.NewInt(1), big.NewInt(2)
		g := newSharing(t, tc.c, []*big.Int{new(big.Int), one}, []*big.Int{one, two}).Group // the share of holder i is i
		if got := g.Epoch(); got != tc.want {
			t.Errorf("%v: epoch %s, want %s", tc.c, got, tc.want)
		}
		p := g.Participants
		p[0], p[1] = p[1], p[0]
		if got := g.Epoch(); got != tc.want {
			t.Errorf("%v: the order of the participants changes the epoch", tc.c)
		}
		unreduced, err := share.NewID(tc.c, new(big.Int).Add(tc.c.Order(), one).String())
		if err != nil {
			t.Fatal(err)
		}
		p[1].ShareID = unreduced
		p[1].NodeID, g.ID, g.Threshold = "renamed", "renamed", 5
		if got := g.Epoch(); got != tc.want {
			t.Errorf("%v: another way to write an ID, or a name, changes the epoch", tc.c)
		}
		p[1].PublicKey = tc.c.Generator().Add(tc.c.Generator())
		if got := g.Epoch(); got == tc.want {
			t.Errorf("%v: another key does not change the epoch", tc.c)
		}
	}
}

// What earlier versions wrote of an epoch, and of an ID made from one, is still read.
func TestOldNames(t *testing.T) {
	const long, old, like = "18054e576906fa62f08471925cf6f706", "18054e576906fa62", "18054e576906fa62ffffffffffffffff"
	for _, tc := range []struct {
		a, b string
		same bool
	}{{long, long, true}, {long, old, true}, {old, old, true}, {long, like, false}, {like, old, true}, {long, old[:15], false}, {long, "", false}, {long, long[:31], false}} {
		for _, p := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			if share.SameEpoch(p[0], p[1]) != tc.same || share.SameID(share.TSSLibID+p[0], share.TSSLibID+p[1]) != tc.same {
				t.Errorf("%q, %q", p[0], p[1])
			}
			if p[0] != p[1] && (share.SameID(p[0], p[1]) || share.SameID(share.TSSLibID+p[0], p[1])) {
				t.Errorf("%q and %q are no IDs made from epochs", p[0], p[1])
			}
		}
	}
}

func TestNewID(t *testing.T) {
	for _, c := range curve.All() {
		max := new(big.Int).Lsh(big.NewInt(1), share.MaxIDBits)
		over := new(big.Int).Add(c.Order(), big.NewInt(5))
		for text, ok := range map[string]bool{
			"1": true, "5": true, new(big.Int).Sub(max, big.NewInt(1)).String(): true, over.String(): true,
			"": false, "0": false, "00": false, "01": false, "-1": false, "+1": false, " 1": false, "1 ": false, "1.0": false, "1e3": false, "0x1": false, "1_0": false,
			max.String(): false, c.Order().String(): false, new(big.Int).Lsh(c.Order(), 1).String(): false, new(big.Int).Lsh(c.Order(), 40).String(): false,
			strings.Repeat("9", 91): false, strings.Repeat("1", 92): false, strings.Repeat("1", 1000): false, "\u0661": false,
		} {
			id, err := share.NewID(c, text)
			if (err == nil) != ok {
				t.Errorf("%v: %q: %v", c, text, err)
			}
			if ok && (id.Text != text || id.Scalar().IsZero()) {
				t.Errorf("%v: %q became %q", c, text, id.Text)
			}
		}
		five, _ := share.NewID(c, "5")
		same, _ := share.NewID(c, over.String())
		six, _ := share.NewID(c, "6")
		if !five.Equal(same) || five.Equal(six) {
			t.Errorf("%v: IDs are equal modulo the order", c)
		}
	}
}

func TestGroupParameters(t *testing.T) {
	c := curve.Secp256k1
	good := newSharing(t, c, []*big.Int{big.NewInt(11), big.NewInt(5)}, []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(3)}).Group
	for name, tc := range map[string]struct {
		change func(g *share.Group)
		words  string
	}{
		"no participants":  {func(g *share.Group) { g.Participants = nil }, "0 participants"},
		"one participant":  {func(g *share.Group) { g.Participants = g.Participants[:1] }, "1 participants"},
		"too many":         {func(g *share.Group) { g.Participants = make([]share.Participant, 1001) }, "1001 participants"},
		"threshold 1":      {func(g *share.Group) { g.Threshold = 1 }, "every share is the key"},
		"huge threshold":   {func(g *share.Group) { g.Threshold = 1 << 40 }, "among 3 participants"},
		"the same node":    {func(g *share.Group) { g.Participants[2].NodeID = "node-0" }, `"node-0" is listed twice`},
		"the same ID":      {func(g *share.Group) { g.Participants[2].ShareID = g.Participants[0].ShareID }, "the same share ID"},
		"identity as root": {func(g *share.Group) { g.RootKey = c.Identity() }, "polynomial"},
	} {
		g := clone(good)
		tc.change(g)
		err := g.Check()
		if !errors.Is(err, share.ErrInconsistent) || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// large is a group of the most participants there may be.
func large(t interface{ Fatal(...any) }, c curve.Curve) *share.Group {
	var coefficients, ids []*big.Int
	for i := range share.MaxParticipants {
		ids = append(ids, big.NewInt(int64(i+1)))
		if i < 5 {
			coefficients = append(coefficients, c.RandomScalar().Int())
		}
	}
	return newSharing(t, c, coefficients, ids).Group
}

func TestThousandParticipants(t *testing.T) {
	for _, c := range curve.All() {
		g := large(t, c)
		if err := g.Check(); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		g.Participants[777].PublicKey = g.Participants[776].PublicKey
		if err := g.Check(); !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("%v: one wrong key in a thousand: %v", c, err)
		}
	}
}

func BenchmarkCheck1000(b *testing.B) {
	for _, c := range curve.All() {
		b.Run(c.String(), func(b *testing.B) {
			g := large(b, c)
			for b.Loop() {
				if err := g.Check(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
