package derive_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

// The base points: SEC 2 section 2.4.1 and RFC 8032 section 5.1.
const (
	sec1         = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	uncompressed = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	rfc8032      = "5866666666666666666666666666666666666666666666666666666666666666"
)

func TestParsePublic(t *testing.T) {
	extended := derive.NewRoot(curve.Ed25519.Generator(), [32]byte{1})
	for text, want := range map[string]*derive.Key{
		sec1:                  derive.NewBare(curve.Secp256k1.Generator()),
		strings.ToUpper(sec1): derive.NewBare(curve.Secp256k1.Generator()),
		"0x" + sec1:           derive.NewBare(curve.Secp256k1.Generator()),
		"0X" + uncompressed:   derive.NewBare(curve.Secp256k1.Generator()),
		rfc8032:               derive.NewBare(curve.Ed25519.Generator()),
		"00" + rfc8032:        derive.NewBare(curve.Ed25519.Generator()),
		extended.String():     extended,
	} {
		k, err := derive.ParsePublic(text)
		if err != nil || !k.SameKey(want) || k.IsBare() != want.IsBare() || !k.IsRoot() {
			t.Errorf("%s: %v, %v", text, k, err)
		}
	}
	for text, want := range map[string]error{
		"":                              derive.ErrKey,
		sec1[:64]:                       derive.ErrPrivate, // 32 bytes, and no point of ed25519
		"0x" + strings.Repeat("0b", 32): derive.ErrPrivate,
		"ff" + sec1[2:]:                 curve.ErrPoint,
		"05" + uncompressed[2:]:         curve.ErrPoint,
		"00" + rfc8032[:62] + "00":      curve.ErrPoint,
		"01" + strings.Repeat("00", 31): derive.ErrPrivate, // the neutral element
		sec1 + "00":                     derive.ErrKey,
		sec1[1:]:                        derive.ErrKey,
		sec1 + " ":                      derive.ErrKey,
		"0x0x" + sec1:                   derive.ErrKey,
	} {
		k, err := derive.ParsePublic(text)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, %v; want %v", text, k, err, want)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text[10:20]) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

// A bare key is its own only descendant, whichever way it is derived.
func TestBare(t *testing.T) {
	for _, c := range curve.All() {
		bare, root := derive.NewBare(c.Generator()), derive.NewRoot(c.Generator(), [32]byte{1})
		if got := bare.String(); got != hex.EncodeToString(c.Generator().Bytes()) || bare.Extended() != "" || root.Extended() != root.String() {
			t.Errorf("%v: %s and %s", c, got, bare.Extended())
		}
		if k, tweak, err := bare.Derive(derive.Path{}); err != nil || k != bare || !tweak.IsZero() {
			t.Errorf("%v: m is %v, %v", c, k, err)
		}
		if k, _, err := bare.Derive(derive.Path{0}); !errors.Is(err, derive.ErrNoChainCode) {
			t.Errorf("%v: m/0 is %v, %v", c, k, err)
		}
		out := make([]derive.Descendant, 3)
		derive.NewEngine(1).Bulk(bare).Derive([]derive.Path{{0}, {}, {44, 60, 0}}, out)
		if out[1].Err != nil || !out[1].Agrees(bare) || !out[1].Agrees(root) || !out[1].IsBare() || out[1].Extended() != "" || out[1].Agrees(derive.NewBare(c.Generator().Mul(c.ScalarFromUint(2)))) {
			t.Errorf("%v: m is %+v", c, out[1])
		}
		for _, i := range []int{0, 2} {
			if !errors.Is(out[i].Err, derive.ErrNoChainCode) {
				t.Errorf("%v: row %d: %v", c, i, out[i].Err)
			}
		}
	}
}

func TestAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() *derive.Key {
			c := rapid.SampledFrom(curve.All()).Draw(t, "curve")
			p := c.Generator().Mul(c.ScalarFromUint(rapid.Uint64Range(1, 2).Draw(t, "key")))
			if code := rapid.ByteRange(0, 2).Draw(t, "chain code"); code > 0 {
				return derive.NewRoot(p, [32]byte{code})
			}
			return derive.NewBare(p)
		}
		a, b := draw(), draw()
		want := a.Curve() == b.Curve() && a.Point().Equal(b.Point()) && (a.IsBare() || b.IsBare() || a.ChainCode() == b.ChainCode())
		if a.Agrees(b) != want || b.Agrees(a) != want {
			t.Errorf("%v and %v: %v, want %v", a, b, !want, want)
		}
		if again, err := derive.ParsePublic(a.String()); err != nil || !again.SameKey(a) {
			t.Errorf("%v reads back as %v, %v", a, again, err)
		}
	})
}

func FuzzParsePublic(f *testing.F) {
	for _, s := range []string{sec1, "0x" + uncompressed, rfc8032, "00" + rfc8032, derive.NewRoot(curve.Ed25519.Generator(), [32]byte{1}).String()} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := derive.ParsePublic(s)
		if err != nil {
			return
		}
		if again, err := derive.ParsePublic(k.String()); err != nil || !again.SameKey(k) || again.String() != k.String() {
			t.Errorf("%q is %v, which reads back as %v, %v", s, k, again, err)
		}
	})
}
