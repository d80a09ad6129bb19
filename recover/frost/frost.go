// Package frost makes Schnorr signatures with two key shares that never meet: FROST
// (RFC 9591), with the ciphersuite FROST(Ed25519, SHA-512) of that document, and on
// secp256k1 the same with the challenge and the parities of BIP-340.
//
// The key that signs is a descendant of the shared one, or a Taproot output key of it:
// plus or minus the shared key, plus a public number. As the weights of the shares sum
// to one, each signer applies the same to the share, and the rest is FROST as it
// stands.
//
// The package neither reads nor writes files. Who may ask whom to sign what is the work
// of recover/ceremony.
package frost

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/signature"
	"lifeboat/share"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrSession means that what the signers brought does not make a session.
	ErrSession = errors.New("the two signers cannot sign together")
	// ErrShare means that a signature share is not what its signer should have made.
	ErrShare = errors.New("the signature share is wrong")
	// ErrSpent means that nonces were used before.
	ErrSpent = errors.New("internal error: nonces are used once")
	// ErrScheme means that the signature is of a scheme that two signers cannot make.
	ErrScheme = errors.New("two signers make Schnorr signatures only: Ed25519, and BIP-340 for Taproot")
)

// Signers is how many sign. With more, all commitments must be there before anybody
// answers, and two carries would not do.
const Signers = 2

// suite is what RFC 9591, section 6, calls a ciphersuite.
type suite struct {
	context string
	// parity is set where public keys and nonces are x coordinates, so that whoever
	// has an odd y takes the negative (BIP-340).
	parity    bool
	challenge func(s *suite, r, public *curve.Point, message []byte) *curve.Scalar
}

// suites are those that sign. The context on secp256k1 is that of the Zcash
// Foundation's suite for Taproot, which RFC 9591 does not have.
var suites = map[signature.Scheme]*suite{
	signature.Ed25519: {context: "FROST-ED25519-SHA512-v1", challenge: func(_ *suite, r, public *curve.Point, message []byte) *curve.Scalar {
		return signature.Ed25519Challenge(r.Uncompressed(), public.Uncompressed(), message)
	}},
	signature.Schnorr: {context: "FROST-secp256k1-SHA256-TR-v1", parity: true, challenge: func(_ *suite, r, public *curve.Point, message []byte) *curve.Scalar {
		return signature.SchnorrChallenge(signature.X(r), signature.X(public), message)
	}},
}

func sum512(parts ...[]byte) []byte {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// number returns the bytes, big-endian, of which H1 and H3 are the number modulo the
// order.
func (s *suite) number(c curve.Curve, role string, parts ...[]byte) []byte {
	if c == curve.Ed25519 {
		wide := sum512(append([][]byte{[]byte(s.context), []byte(role)}, parts...)...)
		slices.Reverse(wide)
		return wide
	}
	return expand(slices.Concat(parts...), s.context+role)
}

// digest is H4 and H5.
func (s *suite) digest(c curve.Curve, role string, message []byte) []byte {
	if c == curve.Ed25519 {
		return sum512([]byte(s.context), []byte(role), message)
	}
	sum := sha256.Sum256(slices.Concat([]byte(s.context), []byte(role), message))
	return sum[:]
}

// expand is expand_message_xmd with SHA-256 to 48 bytes (RFC 9380, section 5.3.1). It
// wipes the message.
func expand(message []byte, dst string) []byte {
	const size = 48
	defer secret.Wipe(message)
	tail := append([]byte(dst), byte(len(dst)))
	h := sha256.New()
	h.Write(make([]byte, sha256.BlockSize))
	h.Write(message)
	h.Write([]byte{0, size, 0})
	h.Write(tail)
	first := h.Sum(nil)
	out := make([]byte, 0, 2*sha256.Size) // so that no copy is left where it grew
	block := make([]byte, sha256.Size)
	for i := byte(1); len(out) < size; i++ {
		for j := range block {
			block[j] ^= first[j]
		}
		sum := sha256.Sum256(slices.Concat(block, []byte{i}, tail))
		copy(block, sum[:])
		out = append(out, sum[:]...)
	}
	secret.Wipe(first)
	secret.Wipe(block)
	return out[:size]
}

// scalarBytes is SerializeScalar.
func scalarBytes(x *curve.Scalar) []byte {
	b := x.Bytes()
	if x.Curve() == curve.Ed25519 {
		slices.Reverse(b[:])
	}
	return b[:]
}

// pointBytes is SerializeElement.
func pointBytes(p *curve.Point) []byte {
	if p.Curve() == curve.Ed25519 {
		return p.Uncompressed()
	}
	return p.Bytes()
}

// Key is a key that two shares sign for.
type Key struct {
	Public *curve.Point // what the signature verifies under; on secp256k1 its y is even
	scheme signature.Scheme
	negate bool          // the shared key, before add is added
	add    *curve.Scalar // to the shared key
}

// NewKey returns the descendant of a shared key root whose private key is that of root
// plus tweak. For BIP-340 it is the Taproot output key of that, with output as its
// tweak; a nil output is none.
func NewKey(root *curve.Point, tweak *curve.Scalar, scheme signature.Scheme, output *curve.Scalar) (*Key, error) {
	s, ok := suites[scheme]
	if !ok {
		return nil, ErrScheme
	}
	k := &Key{Public: root.Add(root.Curve().MulBase(tweak)), scheme: scheme, add: tweak.Clone()}
	if s.parity {
		k.even()
		if output != nil {
			k.add.Add(output)
			k.Public = k.Public.Add(root.Curve().MulBase(output))
			k.even()
		}
	}
	if k.Public.IsIdentity() {
		return nil, fmt.Errorf("%w: the key is the neutral element", ErrSession)
	}
	return k, nil
}

// even takes the negative of a key whose y is odd.
func (k *Key) even() {
	if !k.Public.IsIdentity() && signature.IsOdd(k.Public) {
		k.negate = !k.negate
		k.add.Neg()
		k.Public = k.Public.Curve().Identity().Sub(k.Public)
	}
}

// public does to a share public key what the key does to the shared one.
func (k *Key) public(p *curve.Point) *curve.Point {
	if k.negate {
		p = p.Curve().Identity().Sub(p)
	}
	return p.Add(p.Curve().MulBase(k.add))
}

// private does the same to a share.
func (k *Key) private(x *scalar.Secret) *scalar.Secret {
	y := x.Clone()
	if k.negate {
		y.Neg()
	}
	return y.AddPublic(k.add)
}

// Commitment is to the two nonces of a signer for one signature.
type Commitment struct{ Hiding, Binding *curve.Point }

// Nonces are the secret half of a commitment. They make one signature share.
type Nonces struct {
	Commitment
	hiding, binding *scalar.Secret
}

// NewNonces makes nonces for one signature: each is H3 of 32 random bytes, the share, a
// word for its role, and what the nonces are for (RFC 9591, section 4.1, hashes the
// first two). A random source that fails gives one nonce to two uses only if they are
// for the same, so for must say all that is signed with them, as far as it is known.
func NewNonces(scheme signature.Scheme, x *scalar.Secret, random func([]byte), use []byte) (n *Nonces, err error) {
	s, ok := suites[scheme]
	if !ok {
		return nil, ErrScheme
	}
	secret.Do(func() {
		var hiding, binding *scalar.Secret
		if hiding, err = s.nonce(x, random, []byte("hiding"), use); err != nil {
			return
		}
		if binding, err = s.nonce(x, random, []byte("binding"), use); err != nil {
			return
		}
		n = &Nonces{Commitment{hiding.Public(), binding.Public()}, hiding, binding}
	})
	return n, err
}

func (s *suite) nonce(x *scalar.Secret, random func([]byte), use ...[]byte) (*scalar.Secret, error) {
	fresh := make([]byte, 32)
	defer secret.Wipe(fresh)
	random(fresh)
	key := x.Bytes()
	defer key.Wipe()
	if x.Curve() == curve.Ed25519 {
		slices.Reverse(key.Expose())
	}
	parts := [][]byte{fresh, key.Expose()}
	for _, u := range use {
		parts = append(parts, binary.BigEndian.AppendUint64(nil, uint64(len(u))), u)
	}
	wide := s.number(x.Curve(), "nonce", parts...)
	defer secret.Wipe(wide)
	return scalar.New(x.Curve(), wide)
}

// Wipe destroys the nonces.
func (n *Nonces) Wipe() {
	if n == nil {
		return
	}
	n.hiding.Wipe()
	n.binding.Wipe()
	n.hiding, n.binding = nil, nil
}

// Signer is one of the two: its share ID, its share public key, and its commitment.
type Signer struct {
	ID     *curve.Scalar
	Public *curve.Point
	Commitment
}

// Session is one signature of two signers. All of it is public.
type Session struct {
	suite     *suite
	key       *Key
	message   []byte
	signers   [Signers]Signer
	factors   [Signers]*curve.Scalar // of the binding nonces
	weights   []*curve.Scalar
	nonce     *curve.Point // R
	challenge *curve.Scalar
}

// NewSession computes all that the two need to sign a message (RFC 9591, sections 4.3 to
// 4.6).
func NewSession(key *Key, message []byte, signers [Signers]Signer) (*Session, error) {
	return newSession(suites[key.scheme], key, message, signers)
}

func newSession(s *suite, key *Key, message []byte, signers [Signers]Signer) (*Session, error) {
	c := key.Public.Curve()
	if signers[0].ID.Equal(signers[1].ID) {
		return nil, fmt.Errorf("%w: they have one share ID", ErrSession)
	}
	ids := []*curve.Scalar{signers[0].ID, signers[1].ID}
	weights := share.Shamir.Weights(ids)
	if sum := c.MultiMul(weights, []*curve.Point{key.public(signers[0].Public), key.public(signers[1].Public)}); !sum.Equal(key.Public) {
		return nil, fmt.Errorf("%w: their share public keys do not give the key", ErrSession)
	}
	x := &Session{suite: s, key: key, message: message, signers: signers, weights: weights}
	order := []int{0, 1}
	if a, b := signers[0].ID.Bytes(), signers[1].ID.Bytes(); slices.Compare(a[:], b[:]) > 0 {
		order = []int{1, 0}
	}
	var list []byte
	for _, i := range order {
		list = append(list, scalarBytes(signers[i].ID)...)
		list = append(list, pointBytes(signers[i].Hiding)...)
		list = append(list, pointBytes(signers[i].Binding)...)
	}
	prefix := slices.Concat(pointBytes(key.Public), s.digest(c, "msg", message), s.digest(c, "com", list))
	x.nonce = c.Identity()
	for i := range signers {
		x.factors[i] = c.ScalarFromBytes(s.number(c, "rho", prefix, scalarBytes(signers[i].ID)))
		x.nonce = x.nonce.Add(x.commitment(i))
	}
	if x.nonce.IsIdentity() {
		return nil, fmt.Errorf("%w: their commitments cancel out", ErrSession)
	}
	x.challenge = s.challenge(s, x.nonce, key.Public, message)
	return x, nil
}

// commitment returns D + ρ·E of a signer.
func (s *Session) commitment(i int) *curve.Point {
	return s.signers[i].Hiding.Add(s.signers[i].Binding.Mul(s.factors[i]))
}

// odd reports whether the nonces count with the other sign.
func (s *Session) odd() bool { return s.suite.parity && signature.IsOdd(s.nonce) }

// weight returns what the share of a signer is multiplied by.
func (s *Session) weight(i int) *curve.Scalar { return s.weights[i].Clone().Mul(s.challenge) }

// Sign returns the signature share of signer i with share x, and destroys the nonces,
// whatever comes of it (RFC 9591, section 5.2).
func (s *Session) Sign(i int, x *scalar.Secret, n *Nonces) (z *curve.Scalar, err error) {
	defer n.Wipe()
	if n.hiding == nil {
		return nil, ErrSpent
	}
	own := &s.signers[i]
	if !n.Hiding.Equal(own.Hiding) || !n.Binding.Equal(own.Binding) {
		return nil, fmt.Errorf("%w: the nonces are not those of the session", ErrSession)
	}
	secret.Do(func() {
		sum := n.binding.Clone().MulPublic(s.factors[i]).Add(n.hiding)
		defer sum.Wipe()
		if s.odd() {
			sum.Neg()
		}
		y := s.key.private(x)
		defer y.Wipe()
		sum.Add(y.MulPublic(s.weight(i)))
		b := sum.Bytes()
		defer b.Wipe()
		z = x.Curve().ScalarFromBytes(b.Expose())
	})
	if !s.Right(i, z) {
		return nil, fmt.Errorf("%w: it was made with another share than that of the share public key", ErrShare)
	}
	return z, nil
}

// Right reports whether z is the signature share that signer i should have made (RFC
// 9591, section 5.4).
func (s *Session) Right(i int, z *curve.Scalar) bool {
	c := s.key.Public.Curve()
	commitment := s.commitment(i)
	if s.odd() {
		commitment = c.Identity().Sub(commitment)
	}
	return c.MulBase(z).Equal(commitment.Add(s.key.public(s.signers[i].Public).Mul(s.weight(i))))
}

// Finish adds the signature shares up and verifies the signature (RFC 9591, section
// 5.3). An error wraps ErrShare and says whose is wrong by its place.
func (s *Session) Finish(z [Signers]*curve.Scalar) (*signature.Signature, error) {
	sum := z[0].Clone().Add(z[1])
	out := &signature.Signature{Scheme: s.key.scheme}
	r := s.nonce.Uncompressed()
	if s.suite.parity {
		r = signature.X(s.nonce)
	}
	copy(out.Bytes[:32], r)
	copy(out.Bytes[32:], scalarBytes(sum))
	if err := signature.Verify(s.key.Public, s.message, out); err == nil {
		return out, nil
	}
	for i := range z {
		if !s.Right(i, z[i]) {
			return nil, &SignerError{i}
		}
	}
	return nil, fmt.Errorf("%w: both shares are right, and the signature does not verify", ErrSession)
}

// SignerError says whose signature share is wrong.
type SignerError struct{ Signer int }

func (e *SignerError) Error() string { return fmt.Sprintf("signer %d: %v", e.Signer+1, ErrShare) }

// Unwrap returns ErrShare.
func (e *SignerError) Unwrap() error { return ErrShare }
