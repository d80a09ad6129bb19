// Package recover does what takes enough key shares: combining them into the root
// private key, and deriving private keys from it.
//
// Secret scalars stay in package scalar. Combine returns a key that matches the
// root public key, or none.
package recover

import (
	"errors"
	"fmt"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrTooFew means that more shares are needed.
	ErrTooFew = errors.New("too few shares")
	// ErrWrongKey means that the shares combine to a key that is not the recorded
	// one.
	ErrWrongKey = errors.New("the shares do not combine to the root public key")
	// ErrNotOfGroup means that a share is not one of the group's.
	ErrNotOfGroup = errors.New("the share is not one of this group's")
)

// Combine rebuilds the root private key of a group from opened shares, by the
// group's scheme, and checks it against the group's root public key. It needs as
// many as the threshold says, and several of one holder count once. root is the root
// key: the group's own, or the one that the user recorded.
func Combine(g *share.Group, root *derive.Key, shares []*open.Share) (*Private, error) {
	var ids []*curve.Scalar
	var xs []*scalar.Secret
	for _, s := range shares {
		p := g.Participant(*s.Sealed().ShareID)
		if p == nil || p.PublicKey != nil && !p.PublicKey.Equal(s.Public()) {
			return nil, fmt.Errorf("combining %q: %w", s.Sealed().Path, ErrNotOfGroup)
		}
		if len(ids) == g.Threshold || containsScalar(ids, p.ShareID.Scalar()) {
			continue
		}
		ids = append(ids, p.ShareID.Scalar())
		xs = append(xs, s.Scalar())
	}
	if len(ids) < g.Threshold {
		return nil, fmt.Errorf("%w: %d of %d", ErrTooFew, len(ids), g.Threshold)
	}
	if !root.Point().Equal(g.RootKey) {
		return nil, ErrWrongKey
	}
	return weigh(root, g.Scheme.Weights(ids), xs)
}

// weigh combines shares, and checks the result against the root's public key.
func weigh(root *derive.Key, weights []*curve.Scalar, xs []*scalar.Secret) (*Private, error) {
	return newPrivate(root, scalar.Combine(root.Curve(), xs, weights))
}

func containsScalar(list []*curve.Scalar, s *curve.Scalar) bool {
	for _, t := range list {
		if t.Equal(s) {
			return true
		}
	}
	return false
}
