package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"pgregory.net/rapid"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// evenPoint reads BIP-340's public key.
func evenPoint(x []byte) (*curve.Point, error) {
	return curve.Secp256k1.ParsePoint(append([]byte{2}, x...))
}

func TestBIP340(t *testing.T) {
	seen := map[string]int{}
	for _, row := range fixtures.Rows("bip340.tsv") {
		index, message, want := row[0], unhex(t, row[4]), row[6]
		p, err := evenPoint(unhex(t, row[2]))
		if err == nil {
			s := &signature.Signature{Scheme: signature.Schnorr, Bytes: [64]byte(unhex(t, row[5]))}
			err = signature.Verify(p, message, s)
			if odd := curve.Secp256k1.Identity().Sub(p); (signature.Verify(odd, message, s) == nil) != (err == nil) {
				t.Errorf("%s: another answer for the public key of odd y", index)
			}
			if err != nil && !errors.Is(err, signature.ErrInvalid) {
				t.Errorf("%s: %v", index, err)
			}
		}
		if got := map[bool]string{true: "TRUE", false: "FALSE"}[err == nil]; got != want {
			t.Errorf("%s (%s): %s, %v", index, row[7], got, err)
		}
		seen[want]++
	}
	if seen["TRUE"] != 5 || seen["FALSE"] != 10 {
		t.Errorf("%v", seen)
	}
}

func TestBIP341(t *testing.T) {
	keyPath := 0
	for _, row := range fixtures.Rows("bip341.tsv") {
		even, err := evenPoint(unhex(t, row[1]))
		if err != nil {
			t.Fatal(err)
		}
		tweak := curve.Secp256k1.ScalarFromBytes(unhex(t, row[3]))
		for _, p := range []*curve.Point{even, curve.Secp256k1.Identity().Sub(even)} {
			if got := signature.TapTweak(p); got.Equal(tweak) != (row[2] == "") {
				t.Errorf("%s: tweak %x", row[1], got.Bytes())
			}
			if !signature.TaprootOutput(p, nil).Equal(even) {
				t.Errorf("%s: the output without a tweak is not the internal key of even y", row[1])
			}
			q := signature.TaprootOutput(p, tweak)
			if !bytes.Equal(signature.X(q), unhex(t, row[4])) {
				t.Errorf("%s: output key %x", row[1], q.Bytes())
			}
			s := &signature.Signature{Scheme: signature.Schnorr, Bytes: [64]byte(unhex(t, row[6]))}
			if err := signature.Verify(q, unhex(t, row[5]), s); err != nil {
				t.Errorf("%s: %v", row[1], err)
			}
		}
		if row[2] == "" {
			keyPath++
		}
	}
	if keyPath != 1 {
		t.Errorf("%d keys without scripts", keyPath)
	}
}

// compact returns what decred signs, in our form.
func compact(key *secp.PrivateKey, hash []byte) *signature.Signature {
	b := ecdsa.SignCompact(key, hash, false)
	return &signature.Signature{Scheme: signature.ECDSA, Bytes: [64]byte(b[1:]), Recovery: b[0] - 27}
}

func TestECDSAVectors(t *testing.T) {
	for _, row := range fixtures.Rows("ecdsa.tsv") {
		key := secp.PrivKeyFromBytes(unhex(t, row[0]))
		p, err := curve.Secp256k1.ParsePoint(key.PubKey().SerializeCompressed())
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256([]byte(row[1]))
		s := compact(key, hash[:])
		if got := hex.EncodeToString(s.DER()); got != row[2] {
			t.Errorf("%s: %s", row[1], got)
		}
		if err := signature.Verify(p, hash[:], s); err != nil {
			t.Errorf("%s: %v", row[1], err)
		}
	}
}

// TestRefuses takes a good signature of each scheme, and changes one thing.
func TestRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")
		key := secp.PrivKeyFromBytes(append(rapid.SliceOfN(rapid.Byte(), 31, 31).Draw(t, "key"), 1))
		p, err := curve.Secp256k1.ParsePoint(key.PubKey().SerializeCompressed())
		if err != nil {
			t.Fatal(err)
		}
		edKey := ed25519.NewKeyFromSeed(hash)
		e, err := curve.Ed25519.ParsePoint(edKey.Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		minus := curve.Secp256k1.Identity().Sub(p)
		vector := fixtures.Rows("bip340.tsv")[1]
		schnorrHash, _ := hex.DecodeString(vector[4])
		x, _ := hex.DecodeString(vector[2])
		schnorrKey, err := evenPoint(x)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := hex.DecodeString(vector[5])
		for _, good := range []struct {
			s       *signature.Signature
			p       *curve.Point
			message []byte
		}{
			{compact(key, hash), p, hash},
			{&signature.Signature{Scheme: signature.Schnorr, Bytes: [64]byte(b)}, schnorrKey, schnorrHash},
			{&signature.Signature{Scheme: signature.Ed25519, Bytes: [64]byte(ed25519.Sign(edKey, hash))}, e, hash},
		} {
			check := func(what string, p *curve.Point, message []byte, s signature.Signature) {
				if err := signature.Verify(p, message, &s); !errors.Is(err, signature.ErrInvalid) {
					t.Errorf("%v, %s: %v", s.Scheme, what, err)
				}
			}
			if err := signature.Verify(good.p, good.message, good.s); err != nil {
				t.Errorf("%v: %v", good.s.Scheme, err)
			}
			bit := rapid.IntRange(0, 511).Draw(t, "bit")
			s := *good.s
			s.Bytes[bit/8] ^= 1 << (bit % 8)
			check("a bit of the signature", good.p, good.message, s)
			m := bytes.Clone(good.message)
			m[bit/16] ^= 1 << (bit % 8)
			check("a bit of the message", good.p, m, *good.s)
			for r := range byte(5) {
				if s = *good.s; r != s.Recovery {
					s.Recovery = r
					check("recovery number", good.p, good.message, s)
				}
			}
			check("another key", good.p.Add(good.p), good.message, *good.s)
			if good.s.Scheme == signature.ECDSA {
				check("the key of the other y", minus, good.message, *good.s)
				s = *good.s
				high := curve.Secp256k1.ScalarFromBytes(s.Bytes[32:]).Neg().Bytes()
				copy(s.Bytes[32:], high[:])
				s.Recovery ^= 1
				check("the larger s", good.p, good.message, s)
			}
			for _, zero := range []int{0, 32} {
				s = *good.s
				clear(s.Bytes[zero : zero+32])
				check("a half of zeros", good.p, good.message, s)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	g, e := curve.Secp256k1.Generator(), curve.Ed25519.Generator()
	for _, tc := range []struct {
		scheme signature.Scheme
		p      *curve.Point
		length int
		ok     bool
	}{
		{signature.ECDSA, g, 32, true}, {signature.Schnorr, g, 32, true}, {signature.Ed25519, e, 0, true}, {signature.Ed25519, e, 1000, true},
		{signature.ECDSA, e, 32, false}, {signature.Schnorr, e, 32, false}, {signature.Ed25519, g, 32, false},
		{signature.ECDSA, g, 31, false}, {signature.Schnorr, g, 33, false}, {signature.ECDSA, g, 0, false},
		{0, g, 32, false}, {4, g, 32, false},
		{signature.Schnorr, curve.Secp256k1.Identity(), 32, false}, {signature.Ed25519, curve.Ed25519.Identity(), 32, false},
	} {
		message := make([]byte, tc.length)
		if err := tc.scheme.Check(tc.p, message); (err == nil) != tc.ok {
			t.Errorf("%v, %d bytes: %v", tc.scheme, tc.length, err)
		}
		if err := signature.Verify(tc.p, message, &signature.Signature{Scheme: tc.scheme}); err == nil || errors.Is(err, signature.ErrInvalid) != tc.ok {
			t.Errorf("%v, %d bytes: verifying says %v", tc.scheme, tc.length, err)
		}
	}
}

// TestDER compares with decred's encoder where r or s is short, or begins with a bit.
func TestDER(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [64]byte
		for _, half := range [][]byte{b[:32], b[32:]} {
			n := rapid.IntRange(1, 31).Draw(t, "length")
			copy(half[32-n:], rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "value"))
		}
		var r, s secp.ModNScalar
		r.SetByteSlice(b[:32])
		s.SetByteSlice(b[32:])
		got := (&signature.Signature{Scheme: signature.ECDSA, Bytes: b}).DER()
		if want := ecdsa.NewSignature(&r, &s).Serialize(); !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	})
}
