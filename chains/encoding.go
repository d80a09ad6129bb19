package chains

import (
	"fmt"
	"slices"

	"lifeboat/internal/curve"
)

// MaxPayload is the size of the largest payload, in bytes.
const MaxPayload = 64

// PublicKey is a public key in the forms that addresses are made of, so that no
// encoding has to parse or decompress.
type PublicKey struct {
	Curve curve.Curve
	// Key is the SEC 1 compressed point on secp256k1, and 00 and the RFC 8032
	// encoding on ed25519.
	Key [curve.PointSize]byte
	// XY are the affine coordinates on secp256k1, each of 32 bytes big-endian. It is
	// zero on ed25519.
	XY [64]byte
	// Stake is the hash of the key that stakes for the account, which the base
	// addresses of Cardano hold beside that of this key; zero if it is not known.
	Stake [cardanoHashSize]byte
}

// NewPublicKey returns the forms of p, which must not be the neutral element.
func NewPublicKey(p *curve.Point) PublicKey {
	k := PublicKey{Curve: p.Curve(), Key: [curve.PointSize]byte(p.Bytes())}
	if k.Curve == curve.Secp256k1 {
		k.XY = [64]byte(p.Uncompressed()[1:])
	}
	return k
}

// DerivedKey is NewPublicKey for a key whose coordinates were derived with it. xy
// matters on secp256k1 only.
func DerivedKey(c curve.Curve, key [curve.PointSize]byte, xy [64]byte) PublicKey {
	k := PublicKey{Curve: c, Key: key}
	if c == curve.Secp256k1 {
		k.XY = xy
	}
	return k
}

// Payload is the part of an address that depends on the key. Encodings of many
// chains share one: compare the pointers.
type Payload struct {
	// Name is unique.
	Name string
	// Curve is the curve of the keys.
	Curve curve.Curve
	// Size is the length in bytes.
	Size int
	// Of appends the payload of k to dst. If dst has room it does not allocate,
	// except for Slow payloads.
	Of func(dst []byte, k *PublicKey) []byte
	// Slow payloads need a point multiplication.
	Slow bool
	// Staked payloads need the stake key as well: see PublicKey.Stake.
	Staked bool
}

// known reports whether all that the payload is made of is known of k.
func (p *Payload) known(k *PublicKey) bool {
	return !p.Staked || k.Stake != [cardanoHashSize]byte{}
}

// Encoding is one way of writing an address on a chain.
type Encoding struct {
	// Name is unique within the chain.
	Name string
	// Curve is the curve of the keys.
	Curve curve.Curve
	// Payload is the part that depends on the key.
	Payload *Payload
	// Format writes a payload, of Payload.Size bytes, in the usual spelling.
	Format func(payload []byte) string
	// Parse reads an address in any spelling that means the same to the chain:
	// prefixes that may be left out, upper case where case carries nothing, hex
	// with its zeros dropped. A wrong checksum is never accepted, which holds for a
	// hex address in mixed case as well: its case is a checksum.
	Parse func(address string) (payload []byte, ok bool)
	// Elsewhere is whether the form is that of another network, on which the same key
	// has the account.
	Elsewhere bool
	// Generic is whether the form is no network's own, so that an address in it does
	// not say which of several chains it is of.
	Generic bool

	export *exportForm
}

// elsewhere marks forms of other networks.
func elsewhere(forms ...Encoding) []Encoding {
	forms = slices.Clone(forms)
	for i := range forms {
		forms[i].Elsewhere = true
	}
	return forms
}

// Address returns the address of k.
func (e *Encoding) Address(k *PublicKey) (string, error) {
	if k.Curve != e.Curve {
		return "", fmt.Errorf("writing address %q: the key is on %v, but this form needs one on %v", e.Name, k.Curve, e.Curve)
	}
	if !e.Payload.known(k) {
		return "", fmt.Errorf("writing address %q: the stake key of the account is not known", e.Name)
	}
	var buf [MaxPayload]byte
	return e.Format(e.Payload.Of(buf[:0], k)), nil
}

// text is a way of writing payloads, which the chains of a family share.
type text struct {
	format func(payload []byte) string
	parse  func(address string) ([]byte, bool)
}

// encode makes an Encoding of a payload and a way of writing it. The limits on what Parse reads
// and returns are applied here, once for all.
func encode(name string, p *Payload, t text, x *exportForm) Encoding {
	return Encoding{
		Name:    name,
		Curve:   p.Curve,
		Payload: p,
		Format:  t.format,
		Parse: func(address string) ([]byte, bool) {
			if !readable(address) {
				return nil, false
			}
			b, ok := t.parse(address)
			if !ok || len(b) != p.Size {
				return nil, false
			}
			return b, true
		},
		export: x,
	}
}

// readable reports whether s may be an address at all: ASCII, printable, and not
// too long. Beyond ASCII, letters have upper and lower cases inside it.
func readable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= MaxAddress
}

// or returns t, which also reads what the others read.
func (t text) or(others ...text) text {
	return text{t.format, func(address string) ([]byte, bool) {
		if b, ok := t.parse(address); ok {
			return b, true
		}
		for _, o := range others {
			if b, ok := o.parse(address); ok {
				return b, true
			}
		}
		return nil, false
	}}
}
