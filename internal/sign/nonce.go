package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/signature"
)

// extraSize is the length of the random bytes of a hedged nonce.
const extraSize = 32

// nonces say how each scheme comes to its nonce: from the private key x, its public
// key, the message, and 32 random bytes or none. An error stands for a nonce of
// zero, which does not happen.
var nonces = map[signature.Scheme]func(x *scalar.Secret, public *curve.Point, message, extra []byte) (*scalar.Secret, error){
	signature.ECDSA:   rfc6979,
	signature.Schnorr: bip340,
	signature.Ed25519: rfc8032,
}

// rfc6979 follows RFC 6979 section 3.2 with SHA-256, and section 3.6 for the extra
// bytes. The RFC takes the next nonce where r or s would be zero; for that no key
// and no hash are known, and release would refuse the signature.
func rfc6979(x *scalar.Secret, _ *curve.Point, hash, extra []byte) (*scalar.Secret, error) {
	key := x.Bytes()
	defer key.Wipe()
	reduced := curve.Secp256k1.ScalarFromBytes(hash).Bytes()
	g := newGenerator()
	defer clear(g.v[:])
	g.update(0, key.Expose(), reduced[:], extra)
	g.update(1, key.Expose(), reduced[:], extra)
	for {
		g.next()
		if k := candidate(g.v[:]); k != nil {
			return k, nil
		}
		g.update(0)
	}
}

// generator is the HMAC_DRBG of RFC 6979: mac has its K.
type generator struct {
	mac hash.Hash
	v   [sha256.Size]byte
}

func newGenerator() *generator {
	g := &generator{mac: hmac.New(sha256.New, make([]byte, sha256.Size))}
	for i := range g.v {
		g.v[i] = 1
	}
	return g
}

// update sets K to HMAC_K(V ‖ separator ‖ parts), and V to HMAC_K(V).
func (g *generator) update(separator byte, parts ...[]byte) {
	g.mac.Reset()
	g.mac.Write(g.v[:])
	g.mac.Write([]byte{separator})
	for _, p := range parts {
		g.mac.Write(p)
	}
	var k [sha256.Size]byte
	g.mac = hmac.New(sha256.New, g.mac.Sum(k[:0]))
	clear(k[:])
	g.next()
}

// next sets V to HMAC_K(V).
func (g *generator) next() {
	g.mac.Reset()
	g.mac.Write(g.v[:])
	g.mac.Sum(g.v[:0])
}

// candidate returns the nonce with those bytes, or nil if they are zero or not below
// the order.
func candidate(v []byte) *scalar.Secret {
	k, err := scalar.New(curve.Secp256k1, v)
	if err != nil {
		return nil
	}
	b := k.Bytes()
	defer b.Wipe()
	if subtle.ConstantTimeCompare(b.Expose(), v) != 1 {
		k.Wipe()
		return nil
	}
	return k
}

// bip340 follows BIP-340, "Default Signing", up to its step 8; without extra bytes
// its auxiliary random data is zero.
func bip340(x *scalar.Secret, public *curve.Point, message, extra []byte) (*scalar.Secret, error) {
	var zero [extraSize]byte
	if extra == nil {
		extra = zero[:]
	}
	key := x.Bytes()
	defer key.Wipe()
	mask := signature.Tagged("BIP0340/aux", extra)
	defer clear(mask[:])
	subtle.XORBytes(mask[:], mask[:], key.Expose())
	wide := signature.Tagged("BIP0340/nonce", mask[:], signature.X(public), message)
	defer clear(wide[:])
	return scalar.New(curve.Secp256k1, wide[:])
}

// ed25519Domain keeps these nonces apart from other uses of the key.
const ed25519Domain = "lifeboat-ed25519-nonce-v1"

// rfc8032 returns SHA-512(prefix ‖ message) modulo the order, as RFC 8032 section
// 5.1.6 does. The RFC takes the prefix from the hash of a seed; the key of a vault
// has none, and it is HMAC-SHA512(a, domain ‖ A ‖ extra) with the encodings of the
// private key a and the public key A of RFC 8032.
func rfc8032(x *scalar.Secret, public *curve.Point, message, extra []byte) (*scalar.Secret, error) {
	key := x.Bytes()
	defer key.Wipe()
	slices.Reverse(key.Expose())
	mac := hmac.New(sha512.New, key.Expose())
	mac.Write([]byte(ed25519Domain))
	mac.Write(public.Uncompressed())
	mac.Write(extra)
	prefix := mac.Sum(nil)
	defer secret.Wipe(prefix)
	h := sha512.New()
	h.Write(prefix)
	h.Write(message)
	wide := h.Sum(nil)
	defer secret.Wipe(wide)
	slices.Reverse(wide)
	return scalar.New(curve.Ed25519, wide)
}
