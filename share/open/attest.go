package open

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
)

// ErrSignature is returned for a signature that does not verify.
var ErrSignature = errors.New("the signature does not verify")

// Sign signs a message with the share: it proves possession of the share to whoever
// knows its share public key, and reveals nothing about it.
//
// On secp256k1 it is ECDSA (SEC 1 section 4.1) over the SHA-256 of the message,
// in DER, with the smaller of the two possible s. On ed25519 it is the 64 bytes
// of RFC 8032 section 5.1.6, with the share as the secret scalar and a nonce that
// comes from elsewhere, since there is no seed; any RFC 8032 verifier takes it.
//
// The message must say in words what it is for, and must not be chosen entirely by
// somebody else.
func (s *Share) Sign(message []byte) (signature []byte) {
	secret.Do(func() {
		for signature == nil {
			k := nonce(s.x, message)
			if s.public.Curve() == curve.Ed25519 {
				signature = signEd25519(s.x, s.public, k, message)
			} else {
				signature = signECDSA(s.x, k, message)
			}
			k.Wipe()
		}
	})
	return signature
}

// nonceDomain keeps nonces of this use apart.
const nonceDomain = "lifeboat-attestation-nonce-v1"

// nonce returns HMAC-SHA512(share, domain ‖ curve ‖ 32 random bytes ‖ SHA-512 of
// the message) modulo the order. The share and the message make it unpredictable
// and different for every message even if the random numbers are bad; the random
// numbers make it different each time, so that faults injected into one of two
// equal signatures reveal nothing.
func nonce(x *scalar.Secret, message []byte) *scalar.Secret {
	key := x.Bytes()
	defer key.Wipe()
	random := make([]byte, 32)
	defer secret.Wipe(random)
	rand.Read(random)
	digest := sha512.Sum512(message)
	h := hmac.New(sha512.New, key.Expose())
	h.Write([]byte(nonceDomain))
	h.Write([]byte(x.Curve().String()))
	h.Write(random)
	h.Write(digest[:])
	wide := h.Sum(nil)
	defer secret.Wipe(wide)
	k, err := scalar.New(x.Curve(), wide)
	if err != nil {
		return scalar.Random(x.Curve()) // zero, which does not happen
	}
	return k
}

// signECDSA returns nil if the nonce will not do, which does not happen.
func signECDSA(x, k *scalar.Secret, message []byte) []byte {
	c := curve.Secp256k1
	r := xCoordinate(k.Public())
	digest := sha256.Sum256(message)
	// s = (h + r·x)/k. Inverses take variable time, so that k is inverted behind a
	// random factor b that hides it: 1/k = b·(1/(k·b)), and k·b alone is uniform.
	b := scalar.Random(c)
	defer b.Wipe()
	blind := k.Clone().Mul(b)
	defer blind.Wipe()
	kb := blind.Bytes()
	defer kb.Wipe()
	inverse := c.ScalarFromBytes(kb.Expose()).Invert()
	defer inverse.Wipe()
	t := x.Clone().MulPublic(r).AddPublic(c.ScalarFromBytes(digest[:])).MulPublic(inverse).Mul(b)
	defer t.Wipe()
	out := t.Bytes() // public from here on
	s := c.ScalarFromBytes(out.Expose())
	if r.IsZero() || s.IsZero() {
		return nil
	}
	if minus := s.Clone().Neg(); less(minus, s) {
		s = minus
	}
	return encodeDER(r, s)
}

// xCoordinate returns the first coordinate of a point of secp256k1 modulo the
// order of the group.
func xCoordinate(p *curve.Point) *curve.Scalar {
	return p.Curve().ScalarFromBytes(p.Bytes()[1:])
}

func less(a, b *curve.Scalar) bool {
	x, y := a.Bytes(), b.Bytes()
	return bytes.Compare(x[:], y[:]) < 0
}

func signEd25519(x *scalar.Secret, public *curve.Point, k *scalar.Secret, message []byte) []byte {
	r := encodeRFC8032(k.Public())
	t := x.Clone().MulPublic(challenge(r, encodeRFC8032(public), message)).Add(k)
	defer t.Wipe()
	s := t.Bytes()
	slices.Reverse(s.Expose()) // little-endian; public from here on
	return append(r, s.Expose()...)
}

// challenge returns SHA-512(R ‖ A ‖ message) modulo the order, read as RFC 8032
// does: little-endian.
func challenge(r, a, message []byte) *curve.Scalar {
	h := sha512.New()
	h.Write(r)
	h.Write(a)
	h.Write(message)
	digest := h.Sum(nil)
	slices.Reverse(digest)
	return curve.Ed25519.ScalarFromBytes(digest)
}

func encodeRFC8032(p *curve.Point) []byte { return bytes.Clone(p.Bytes()[1:]) }

// VerifySignature checks a signature of Sign. It returns ErrSignature unless the
// holder of the share with that public key signed exactly these bytes.
func VerifySignature(public *curve.Point, message, signature []byte) error {
	ok := false
	if public.Curve() == curve.Ed25519 {
		ok = ed25519.Verify(encodeRFC8032(public), message, signature)
	} else {
		ok = verifyECDSA(public, message, signature)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// verifyECDSA follows SEC 1 section 4.1.4. Either s is accepted, as openssl does.
func verifyECDSA(public *curve.Point, message, signature []byte) bool {
	c := curve.Secp256k1
	r, s, ok := decodeDER(signature)
	if !ok {
		return false
	}
	digest := sha256.Sum256(message)
	w := s.Invert()
	u1 := c.ScalarFromBytes(digest[:]).Mul(w)
	u2 := r.Clone().Mul(w)
	p := c.MultiMul([]*curve.Scalar{u1, u2}, []*curve.Point{c.Generator(), public})
	return !p.IsIdentity() && xCoordinate(p).Equal(r)
}

// derSignature is SEC 1's ECDSA-Sig-Value, with the integers as their bytes.
type derSignature struct{ R, S asn1.RawValue }

func encodeDER(r, s *curve.Scalar) []byte {
	b, err := asn1.Marshal(derSignature{derInteger(r), derInteger(s)})
	if err != nil {
		panic("unreachable: two integers always marshal")
	}
	return b
}

// derInteger writes a positive integer: without leading zeros but for one where
// the first bit would make it negative.
func derInteger(s *curve.Scalar) asn1.RawValue {
	raw := s.Bytes()
	b := bytes.TrimLeft(raw[:], "\x00")
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return asn1.RawValue{Tag: asn1.TagInteger, Bytes: b}
}

// maxDER is the length of the longest signature: two integers of 33 bytes.
const maxDER = 2 + 2*(2+33)

// decodeDER takes DER only: what it reads must be what encodeDER writes.
func decodeDER(b []byte) (r, s *curve.Scalar, ok bool) {
	if len(b) > maxDER {
		return nil, nil, false
	}
	var d derSignature
	if rest, err := asn1.Unmarshal(b, &d); err != nil || len(rest) > 0 || len(d.R.Bytes) > 33 || len(d.S.Bytes) > 33 {
		return nil, nil, false
	}
	r, s = curve.Secp256k1.ScalarFromBytes(d.R.Bytes), curve.Secp256k1.ScalarFromBytes(d.S.Bytes)
	return r, s, !r.IsZero() && !s.IsZero() && bytes.Equal(encodeDER(r, s), b)
}
