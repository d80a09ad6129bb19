// Package sign makes signatures with secret scalars: ECDSA and BIP-340 on
// secp256k1, RFC 8032 on ed25519.
//
// They are deterministic, so that two machines give the same bytes, and a signer
// that leaks its key through its nonces shows. A fault in one of two equal
// signatures would give the key away, so that nothing leaves this package before it
// was made twice and verified. Secrets stay in package scalar: what takes variable
// time sees uniform factors only. docs/formats/signature.md says how nonces are made.
package sign

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/signature"
)

// ErrFault is wrapped by the error about a signature that was not released. No
// transaction can cause it.
var ErrFault = errors.New("a signature is wrong, and was not given out: this machine computes wrongly; nothing it wrote can be trusted, use another one")

// Sign signs with a private key. Its public key comes from where nothing secret is:
// derived from the root extended public key, not from the private one. tweak is
// BIP-341's, for Schnorr alone, and nil for none: the output key is the public key
// itself. With hedge, 32 random bytes go into the nonce, and no two signatures are
// the same.
func Sign(scheme signature.Scheme, key *scalar.Secret, public *curve.Point, tweak *curve.Scalar, message []byte, hedge bool) (*signature.Signature, error) {
	if err := scheme.Check(public, message); err != nil {
		return nil, err
	}
	if key.Curve() != scheme.Curve() {
		return nil, fmt.Errorf("a private key of %v makes no %v signature", key.Curve(), scheme)
	}
	if tweak != nil && scheme != signature.Schnorr {
		return nil, fmt.Errorf("a key is tweaked for %v alone, not for %v", signature.Schnorr, scheme)
	}
	var extra []byte
	if hedge {
		extra = make([]byte, extraSize)
		defer secret.Wipe(extra)
		rand.Read(extra)
	}
	owner := public // whose signature it is
	if scheme == signature.Schnorr {
		owner = signature.TaprootOutput(public, tweak)
	}
	return release(owner, message, func() (s *signature.Signature, err error) {
		secret.Do(func() {
			x := key.Clone()
			defer x.Wipe()
			if scheme == signature.Schnorr {
				outputKey(x, public, owner, tweak)
			}
			k, e := nonces[scheme](x, owner, message, extra)
			defer k.Wipe()
			if err = e; e == nil {
				s = WithNonce(scheme, x, k, owner, message)
			}
		})
		return s, err
	})
}

// release has a signature made twice, and returns it if both are the same and
// verify. A wrong one is wiped: with a right one of the same nonce, it is the key.
func release(owner *curve.Point, message []byte, once func() (*signature.Signature, error)) (*signature.Signature, error) {
	var made [2]signature.Signature
	for i := range made {
		s, err := once()
		if err != nil {
			return nil, fmt.Errorf("%w (%w)", ErrFault, err)
		}
		made[i], *s = *s, signature.Signature{}
	}
	err := signature.Verify(owner, message, &made[0])
	if made[0] != made[1] {
		err = errors.New("two of the same differ")
	}
	if err != nil {
		made = [2]signature.Signature{}
		return nil, fmt.Errorf("%w (%w)", ErrFault, err)
	}
	return &made[0], nil
}

// outputKey turns the internal private key x into that of the Taproot output:
// the one of even y, tweaked, and again the one of even y. The parities are public.
func outputKey(x *scalar.Secret, internal, output *curve.Point, tweak *curve.Scalar) {
	if signature.IsOdd(internal) {
		x.Neg()
	}
	if tweak != nil {
		x.AddPublic(tweak)
	}
	if signature.IsOdd(output) {
		x.Neg()
	}
}

// WithNonce makes a signature with a nonce k, which must be secret, uniform, and
// used once. It checks nothing: where k can come again, what it makes must be
// verified before it is shown. For Schnorr, x belongs to the point of even y.
func WithNonce(scheme signature.Scheme, x, k *scalar.Secret, public *curve.Point, message []byte) *signature.Signature {
	s := &signature.Signature{Scheme: scheme}
	switch scheme {
	case signature.ECDSA:
		withECDSA(s, x, k, message)
	case signature.Schnorr:
		withSchnorr(s, x, k, public, message)
	case signature.Ed25519:
		withEd25519(s, x, k, public, message)
	}
	return s
}

// withECDSA follows SEC 1 section 4.1.3: s = (hash + r·x)/k, or -s if that is
// smaller, as BIP-62 and EIP-2 have it; then R counts as mirrored, too.
func withECDSA(out *signature.Signature, x, k *scalar.Secret, hash []byte) {
	c := curve.Secp256k1
	point := k.Public().Bytes()
	r := c.ScalarFromBytes(point[1:])
	inverse := k.Clone().Invert()
	defer inverse.Wipe()
	t := x.Clone().MulPublic(r).AddPublic(c.ScalarFromBytes(hash)).Mul(inverse)
	defer t.Wipe()
	out.Recovery = point[0] & 1
	half := r.Bytes()
	if !slices.Equal(half[:], point[1:]) {
		out.Recovery |= 2
	}
	copy(out.Bytes[:], half[:])
	put(out.Bytes[32:], t)
	if signature.IsHigh(out.Bytes[32:]) {
		put(out.Bytes[32:], t.Neg())
		out.Recovery ^= 1
	}
}

// withSchnorr follows BIP-340, "Default Signing", from its step 9.
func withSchnorr(out *signature.Signature, x, k *scalar.Secret, public *curve.Point, message []byte) {
	r := k.Public()
	t := k.Clone()
	defer t.Wipe()
	if signature.IsOdd(r) {
		t.Neg()
	}
	ex := x.Clone().MulPublic(signature.SchnorrChallenge(signature.X(r), signature.X(public), message))
	defer ex.Wipe()
	copy(out.Bytes[:], signature.X(r))
	put(out.Bytes[32:], t.Add(ex))
}

// withEd25519 follows RFC 8032 section 5.1.6, from its step 3.
func withEd25519(out *signature.Signature, x, k *scalar.Secret, public *curve.Point, message []byte) {
	r := k.Public().Uncompressed()
	t := x.Clone().MulPublic(signature.Ed25519Challenge(r, public.Uncompressed(), message)).Add(k)
	defer t.Wipe()
	copy(out.Bytes[:], r)
	put(out.Bytes[32:], t)
	slices.Reverse(out.Bytes[32:]) // little-endian
}

// put writes the second half of a signature, which is public from here on.
func put(half []byte, s *scalar.Secret) {
	b := s.Bytes()
	defer b.Wipe()
	copy(half, b.Expose())
}
