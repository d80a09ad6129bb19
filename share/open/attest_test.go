package open_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"pgregory.net/rapid"
)

// one opens the shares of the first file, one on each curve.
func one(t testing.TB) map[curve.Curve]*open.Share {
	t.Helper()
	list, err := formats.Parse("1.json", ordinary.Files[0].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	held := map[curve.Curve]*open.Share{}
	for _, s := range list {
		o, err := open.Open(s, open.Passwords(secret.Copy(ordinary.Files[0].Password)), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		held[s.Curve] = o
	}
	return held
}

// TestSign: other people's verifiers accept the signatures of both curves.
func TestSign(t *testing.T) {
	held := one(t)
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
		for c, s := range held {
			sig := s.Sign(message)
			if err := open.VerifySignature(s.Public(), message, sig); err != nil {
				t.Fatalf("%v: %v", c, err)
			}
			if bytes.Equal(sig, s.Sign(message)) {
				t.Fatalf("%v: the same nonce twice", c)
			}
			switch c {
			case curve.Ed25519:
				if !ed25519.Verify(s.Public().Bytes()[1:], message, sig) {
					t.Fatal("crypto/ed25519 refuses it")
				}
			case curve.Secp256k1:
				parsed, err := ecdsa.ParseDERSignature(sig) // DER, and the smaller s
				if err != nil {
					t.Fatal(err)
				}
				key, err := secp256k1.ParsePubKey(s.Public().Bytes())
				if err != nil {
					t.Fatal(err)
				}
				digest := sha256.Sum256(message)
				if !parsed.Verify(digest[:], key) {
					t.Fatal("decred's verifier refuses it")
				}
				if s := parsed.S(); s.IsOverHalfOrder() {
					t.Fatal("the larger s")
				}
			}
		}
	})
}

// TestVerifyOthers: signatures of other people's signers are accepted, with
// leading zeros and either s.
func TestVerifyOthers(t *testing.T) {
	for range 300 {
		key, err := secp256k1.GeneratePrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		public, err := curve.Secp256k1.ParsePoint(key.PubKey().SerializeCompressed())
		if err != nil {
			t.Fatal(err)
		}
		message := []byte("a statement")
		digest := sha256.Sum256(message)
		sig := ecdsa.Sign(key, digest[:])
		if err := open.VerifySignature(public, message, sig.Serialize()); err != nil {
			t.Fatal(err)
		}
		r, s := sig.R(), sig.S()
		s.Negate()
		rb, sb := r.Bytes(), s.Bytes()
		high := der(rb[:], sb[:])
		if err := open.VerifySignature(public, message, high); err != nil {
			t.Fatalf("the larger s: %v", err)
		}
	}
}

// der writes two integers.
func der(numbers ...[]byte) []byte {
	var body []byte
	for _, n := range numbers {
		n = bytes.TrimLeft(n, "\x00")
		if n[0] >= 0x80 {
			n = append([]byte{0}, n...)
		}
		body = append(append(body, 2, byte(len(n))), n...)
	}
	return append([]byte{0x30, byte(len(body))}, body...)
}

func TestVerifyRefuses(t *testing.T) {
	message := []byte("a statement")
	for c, s := range one(t) {
		sig := s.Sign(message)
		for i := range sig {
			for bit := range 8 {
				bad := bytes.Clone(sig)
				bad[i] ^= 1 << bit
				if open.VerifySignature(s.Public(), message, bad) == nil {
					t.Errorf("%v: bit %d of byte %d does not matter", c, bit, i)
				}
			}
		}
		other := c.Generator()
		zero := make([]byte, 64)
		for name, err := range map[string]error{
			"another message": open.VerifySignature(s.Public(), []byte("a statement "), sig),
			"another key":     open.VerifySignature(other, message, sig),
			"empty":           open.VerifySignature(s.Public(), message, nil),
			"zeros":           open.VerifySignature(s.Public(), message, zero),
			"too long":        open.VerifySignature(s.Public(), message, append(bytes.Clone(sig), 0)),
			"cut":             open.VerifySignature(s.Public(), message, sig[:len(sig)-1]),
			"r and s zero":    open.VerifySignature(s.Public(), message, []byte{0x30, 6, 2, 1, 0, 2, 1, 0}),
			"a very long one": open.VerifySignature(s.Public(), message, make([]byte, 1<<20)),
		} {
			if err != open.ErrSignature {
				t.Errorf("%v, %s: %v", c, name, err)
			}
		}
	}
}

// TestECDSAEncodings: only DER is accepted. BER that other parsers take is
// another text for the same signature.
func TestECDSAEncodings(t *testing.T) {
	s := one(t)[curve.Secp256k1]
	message := []byte("a statement")
	sig := s.Sign(message)
	n := int(sig[3])
	r, rest := sig[4:4+n], sig[4+n:]
	padded := append([]byte{0x30, sig[1] + 1, 2, byte(n + 1), 0}, append(bytes.Clone(r), rest...)...)
	longLength := append([]byte{0x30, 0x81, sig[1]}, sig[2:]...)
	negative := bytes.Clone(sig)
	if r[0] == 0 {
		negative = append([]byte{0x30, sig[1] - 1, 2, byte(n - 1)}, append(bytes.Clone(r[1:]), rest...)...)
	} else {
		negative[4] |= 0x80
	}
	for name, b := range map[string][]byte{"padded": padded, "long length": longLength, "negative": negative} {
		if open.VerifySignature(s.Public(), message, b) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzVerifySignature: whatever comes, no panic, and other people's verifiers
// come to the same result.
func FuzzVerifySignature(f *testing.F) {
	held := one(f)
	message := []byte("a statement")
	digest := sha256.Sum256(message)
	koblitz, edwards := held[curve.Secp256k1].Public(), held[curve.Ed25519].Public()
	key, err := secp256k1.ParsePubKey(koblitz.Bytes())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range held {
		f.Add(s.Sign(message))
		f.Add(s.Sign([]byte("another one")))
	}
	f.Add([]byte{})
	f.Add([]byte{0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0})
	f.Add([]byte{0x30, 0x0a, 2, 2, 0, 0x80, 2, 4, 0, 0x80, 0, 1})
	f.Add(der([]byte{1}, []byte{1}))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, sig []byte) {
		parsed, err := ecdsa.ParseDERSignature(sig)
		want := err == nil && parsed.Verify(digest[:], key)
		if got := open.VerifySignature(koblitz, message, sig) == nil; got != want {
			t.Errorf("secp256k1: %x: %v, and decred says %v", sig, got, want)
		}
		want = ed25519.Verify(edwards.Bytes()[1:], message, sig)
		if got := open.VerifySignature(edwards, message, sig) == nil; got != want {
			t.Errorf("ed25519: %x: %v", sig, got)
		}
	})
}

// TestOpenSSL: openssl verifies the signatures of both curves, with the share
// public key as docs/formats/attestation.md makes a PEM file of it.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl")
	}
	message := []byte("lifeboat-attestation-v1\nchallenge: ein Käfig\n")
	for c, s := range one(t) {
		dir := t.TempDir()
		file := func(name string, b []byte) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		prefix := map[curve.Curve]string{
			curve.Secp256k1: "3036301006072a8648ce3d020106052b8104000a032200",
			curve.Ed25519:   "302a300506032b6570032100",
		}[c]
		der, _ := hex.DecodeString(prefix)
		key := s.Public().Bytes()
		if c == curve.Ed25519 {
			key = key[1:]
		}
		public, text, sig := file("key.der", append(der, key...)), file("statement", message), file("sig", s.Sign(message))
		args := map[curve.Curve][]string{
			curve.Secp256k1: {"dgst", "-sha256", "-verify", public, "-keyform", "DER", "-signature", sig, text},
			curve.Ed25519:   {"pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-keyform", "DER", "-sigfile", sig, "-in", text},
		}[c]
		if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", c, err, out)
		}
		file("statement", append(message, ' '))
		if exec.Command(openssl, args...).Run() == nil {
			t.Errorf("%v: openssl verifies another statement", c)
		}
	}
}
