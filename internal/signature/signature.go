// Package signature has the three kinds of signature that chains take, and their
// verification. It knows no secret: package sign makes them.
package signature

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"

	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// ErrInvalid is wrapped by every error about a signature that does not verify.
var ErrInvalid = errors.New("the signature does not verify")

// Size is the length of a signature, in bytes; HashSize is that of what ECDSA and
// Schnorr sign.
const (
	Size     = 64
	HashSize = 32
)

// Scheme is a kind of signature. The zero value is none.
type Scheme uint8

// The kinds of signature.
const (
	ECDSA   Scheme = 1 // of secp256k1, over a hash of 32 bytes; s is the smaller one
	Schnorr Scheme = 2 // BIP-340, over a message of 32 bytes
	Ed25519 Scheme = 3 // RFC 8032, over a message of any length
)

// String returns the name of the scheme, as it is typed.
func (s Scheme) String() string {
	switch s {
	case ECDSA:
		return "ecdsa"
	case Schnorr:
		return "schnorr"
	case Ed25519:
		return "ed25519"
	}
	return fmt.Sprintf("scheme %d", uint8(s))
}

// Curve returns the curve of the keys.
func (s Scheme) Curve() curve.Curve {
	if s == Ed25519 {
		return curve.Ed25519
	}
	return curve.Secp256k1
}

// Check returns an error where the scheme is none, is not of the curve of the
// public key, or does not sign messages of that length, and where the public key is
// the neutral element, for which anybody can sign.
func (s Scheme) Check(public *curve.Point, message []byte) error {
	switch {
	case s != ECDSA && s != Schnorr && s != Ed25519:
		return fmt.Errorf("there is no signature %v", s)
	case public.Curve() != s.Curve():
		return fmt.Errorf("a public key of %v makes no %v signature", public.Curve(), s)
	case public.IsIdentity():
		return fmt.Errorf("the neutral element of %v is nobody's public key", public.Curve())
	case s != Ed25519 && len(message) != HashSize:
		return fmt.Errorf("%v signs %d bytes, not %d", s, HashSize, len(message))
	}
	return nil
}

// Signature is a signature of 64 bytes: r ‖ s big-endian for ECDSA, and the bytes
// of BIP-340 or RFC 8032.
type Signature struct {
	Scheme Scheme
	Bytes  [Size]byte
	// Recovery is ECDSA's recovery number, and zero for the others: bit 0 is the
	// parity of the y coordinate of R, and bit 1 is set where its x coordinate is not
	// below the order of the group.
	Recovery byte
}

// DER returns SEC 1's ECDSA-Sig-Value, for ECDSA alone.
func (s *Signature) DER() []byte {
	b, err := asn1.Marshal(struct{ R, S asn1.RawValue }{derInteger(s.Bytes[:32]), derInteger(s.Bytes[32:])})
	if err != nil {
		panic("unreachable: two integers always marshal")
	}
	return b
}

// derInteger writes a positive integer: without leading zeros but for one where
// the first bit would make it negative.
func derInteger(b []byte) asn1.RawValue {
	b = bytes.TrimLeft(b, "\x00")
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return asn1.RawValue{Tag: asn1.TagInteger, Bytes: b}
}

// Verify checks a signature. A Schnorr signature is verified with the x coordinate
// of the public key, as BIP-340 has it. Of ECDSA the larger s is refused, and the
// recovery number must give the public key. It returns an error that wraps
// ErrInvalid unless the owner of the public key signed exactly this message.
func Verify(public *curve.Point, message []byte, s *Signature) error {
	if err := s.Scheme.Check(public, message); err != nil {
		return err
	}
	ok := false
	switch s.Scheme {
	case ECDSA:
		ok = verifyECDSA(public, message, s)
	case Schnorr:
		ok = s.Recovery == 0 && verifySchnorr(public, message, &s.Bytes)
	case Ed25519:
		ok = s.Recovery == 0 && ed25519.Verify(public.Uncompressed(), message, s.Bytes[:])
	}
	if !ok {
		return fmt.Errorf("%w: %v, public key %x", ErrInvalid, s.Scheme, public.Bytes())
	}
	return nil
}

// Ed25519Challenge returns SHA-512(R ‖ A ‖ message) modulo the order, as RFC 8032
// section 5.1.6 has it: k of its step 4.
func Ed25519Challenge(r, public, message []byte) *curve.Scalar {
	h := sha512.New()
	h.Write(r)
	h.Write(public)
	h.Write(message)
	digest := h.Sum(nil)
	slices.Reverse(digest) // little-endian
	return curve.Ed25519.ScalarFromBytes(digest)
}

// compactOffset is what Bitcoin's signed messages add to the recovery number.
const compactOffset = 27

// verifyECDSA recovers the public key, which takes what verifying takes, and is
// right for the one that verifies and no other.
func verifyECDSA(public *curve.Point, hash []byte, s *Signature) bool {
	if s.Recovery > 3 || IsHigh(s.Bytes[32:]) {
		return false
	}
	recovered, _, err := ecdsa.RecoverCompact(append([]byte{compactOffset + s.Recovery}, s.Bytes[:]...), hash)
	return err == nil && bytes.Equal(recovered.SerializeUncompressed(), public.Uncompressed())
}

// IsHigh reports whether the second half of an ECDSA signature is the larger of s
// and -s.
func IsHigh(s []byte) bool {
	minus := curve.Secp256k1.ScalarFromBytes(s).Neg().Bytes()
	return bytes.Compare(s, minus[:]) > 0
}
