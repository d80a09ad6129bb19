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
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"
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
func (s *Share) Sign(message []byte) (out []byte) {
	secret.Do(func() {
		k := nonce(s.x, message)
		defer k.Wipe()
		if s.public.Curve() == curve.Ed25519 {
			out = sign.WithNonce(signature.Ed25519, s.x, k, s.public, message).Bytes[:]
			return
		}
		digest := sha256.Sum256(message)
		out = sign.WithNonce(signature.ECDSA, s.x, k, s.public, digest[:]).DER()
	})
	return out
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

// xCoordinate returns the first coordinate of a point of secp256k1 modulo the
// order of the group.
func xCoordinate(p *curve.Point) *curve.Scalar {
	return p.Curve().ScalarFromBytes(signature.X(p))
}

// VerifySignature checks a signature of Sign. It returns ErrSignature unless the
// holder of the share with that public key signed exactly these bytes.
func VerifySignature(public *curve.Point, message, sig []byte) error {
	ok := false
	if public.Curve() == curve.Ed25519 {
		ok = ed25519.Verify(public.Uncompressed(), message, sig)
	} else {
		ok = verifyECDSA(public, message, sig)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// verifyECDSA follows SEC 1 section 4.1.4. Either s is accepted, as openssl does.
func verifyECDSA(public *curve.Point, message, sig []byte) bool {
	c := curve.Secp256k1
	r, s, ok := decodeDER(sig)
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

// maxDER is the length of the longest signature: two integers of 33 bytes.
const maxDER = 2 + 2*(2+33)

// decodeDER takes DER only: what it reads must be what is written for r and s.
func decodeDER(b []byte) (r, s *curve.Scalar, ok bool) {
	if len(b) > maxDER {
		return nil, nil, false
	}
	var d derSignature
	if rest, err := asn1.Unmarshal(b, &d); err != nil || len(rest) > 0 || len(d.R.Bytes) > 33 || len(d.S.Bytes) > 33 {
		return nil, nil, false
	}
	r, s = curve.Secp256k1.ScalarFromBytes(d.R.Bytes), curve.Secp256k1.ScalarFromBytes(d.S.Bytes)
	rb, sb := r.Bytes(), s.Bytes()
	again := signature.Signature{Bytes: [signature.Size]byte(slices.Concat(rb[:], sb[:]))}
	return r, s, !r.IsZero() && !s.IsZero() && bytes.Equal(again.DER(), b)
}
