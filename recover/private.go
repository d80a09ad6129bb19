package recover

import (
	"errors"
	"fmt"

	"lifeboat/derive"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
)

// ErrPrivateKey is wrapped by every error about an extended private key that is
// read. None of them repeats the key.
var ErrPrivateKey = errors.New("invalid extended private key")

// Private is an extended private key, or a bare one. It exists only once its scalar has been
// checked against its public key. It is always passed by pointer.
type Private struct {
	public *derive.Key
	x      *scalar.Secret
}

// newPrivate takes ownership of x, and wipes it if it does not match.
func newPrivate(public *derive.Key, x *scalar.Secret) (*Private, error) {
	if !x.Public().Equal(public.Point()) {
		x.Wipe()
		return nil, ErrWrongKey
	}
	return &Private{public, x}, nil
}

// Public returns the public key, which is extended or bare.
func (p *Private) Public() *derive.Key { return p.public }

// Scalar returns the private key: 32 bytes, big-endian. On ed25519 it is a
// scalar, not a seed: wallets that take seeds compute another key from it.
func (p *Private) Scalar() *secret.Bytes { return p.x.Bytes() }

// Extended returns the extended private key in base58 (xprv, tprv, cprv, fprv), or
// nil if its tree has no such form. The scalar is written in 32 bytes, leading zeros
// included.
func (p *Private) Extended() *secret.Bytes {
	if !p.public.Network().HasPrivate() {
		return nil
	}
	key := secret.New(curve.PointSize)
	defer key.Wipe()
	x := p.x.Bytes()
	defer x.Wipe()
	copy(key.Expose()[1:], x.Expose())
	payload := p.public.Serialize(p.public.Network().Private, key.Expose())
	defer secret.Wipe(payload)
	return secret.Take(base58.AppendCheck(make([]byte, 0, 128), payload))
}

// Wipe erases the private key. A nil key may be wiped.
func (p *Private) Wipe() {
	if p != nil {
		p.x.Wipe()
	}
}

// Format prints the public key only, whatever the verb.
func (p *Private) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "private key of %v", p.public) }

// NewPrivate makes the private key of a root public key from its number, 32 bytes big-endian, as a recovery wrote them. x stays the caller's
// to wipe.
func NewPrivate(public *derive.Key, x *secret.Bytes) (*Private, error) {
	if x.Len() != curve.ScalarSize {
		return nil, fmt.Errorf("%w: it has %d bytes, not %d", ErrPrivateKey, x.Len(), curve.ScalarSize)
	}
	s, err := scalar.New(public.Curve(), x.Expose())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrivateKey, err)
	}
	return newPrivate(public, s)
}
