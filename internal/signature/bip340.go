package signature

import (
	"bytes"
	"crypto/sha256"

	"lifeboat/internal/curve"
)

// Tagged returns BIP-340's tagged hash of the parts, one after the other.
func Tagged(tag string, parts ...[]byte) [sha256.Size]byte {
	t := sha256.Sum256([]byte(tag))
	h := sha256.New()
	h.Write(t[:])
	h.Write(t[:])
	for _, p := range parts {
		h.Write(p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// X returns the x coordinate of a public key of secp256k1, which is how BIP-340
// writes it.
func X(p *curve.Point) []byte { return p.Bytes()[1:] }

// IsOdd reports whether the y coordinate of a point of secp256k1 is odd.
func IsOdd(p *curve.Point) bool { return p.Bytes()[0] == 3 }

// lift returns the point with the x coordinate of p and an even y: BIP-340's lift_x.
func lift(p *curve.Point) *curve.Point {
	if IsOdd(p) {
		return curve.Secp256k1.Identity().Sub(p)
	}
	return p
}

// SchnorrChallenge returns e of BIP-340: of the x coordinates of R and of the
// public key, and of the message.
func SchnorrChallenge(r, public, message []byte) *curve.Scalar {
	e := Tagged("BIP0340/challenge", r, public, message)
	return curve.Secp256k1.ScalarFromBytes(e[:])
}

// verifySchnorr follows BIP-340, "Verification".
func verifySchnorr(public *curve.Point, message []byte, signature *[Size]byte) bool {
	r, s := signature[:32], curve.Secp256k1.ScalarFromBytes(signature[32:])
	if b := s.Bytes(); !bytes.Equal(b[:], signature[32:]) {
		return false // s is not below the order
	}
	e := SchnorrChallenge(r, X(public), message)
	p := curve.Secp256k1.MulBase(s).Sub(lift(public).Mul(e))
	return !p.IsIdentity() && !IsOdd(p) && bytes.Equal(X(p), r) // r is a coordinate, so below the prime
}

// TapTweak returns the tweak of BIP-341 for an internal key without a script tree,
// as BIP-86 has it. A hash that is not below the order, for which BIP-341 has no
// output key, is reduced: none is known, and none can be found.
func TapTweak(internal *curve.Point) *curve.Scalar {
	t := Tagged("TapTweak", X(internal))
	return curve.Secp256k1.ScalarFromBytes(t[:])
}

// TaprootOutput returns the output key of BIP-341, lift_x(internal) + tweak·G. A
// nil tweak is none: the internal key itself is in the output.
func TaprootOutput(internal *curve.Point, tweak *curve.Scalar) *curve.Point {
	p := lift(internal)
	if tweak == nil {
		return p
	}
	return p.Add(curve.Secp256k1.MulBase(tweak))
}
