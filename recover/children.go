package recover

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"
)

// ErrFault is returned when a computed private key does not belong to its public
// key. No input can cause it.
var ErrFault = errors.New("a computed private key does not belong to its public key: this machine miscalculates; trust nothing that it wrote, and use another one")

// Children returns the private keys of descendants of p, in their order: p plus
// the tweak of each. All of them are checked against the public keys at once, with
// random weights drawn after everything has been computed:
//
//	Σ w_i·k_i times the base point = Σ w_i·K_i
//
// A wrong key, or two that were swapped, passes with a probability of 2^-16. If the
// sums differ, halving finds the row. The secret side is one constant-time sum and one
// base multiplication; secrets never enter the batch engine. worker is one for the
// curve of p. The scalars are the caller's to wipe.
func (p *Private) Children(worker *batch.Worker, keys []*derive.Descendant) ([]*scalar.Secret, error) {
	tweaks := make([]*[curve.ScalarSize]byte, len(keys))
	children := make([]batch.Child, len(keys))
	for i, k := range keys {
		if k.Err != nil {
			return nil, fmt.Errorf("row %d has no key: %w", i, k.Err)
		}
		tweaks[i] = &k.Tweak
		children[i] = k.Child
	}
	xs := p.x.AddEach(tweaks)
	if err := prove(worker, p.x.Curve(), xs, children); err != nil {
		WipeAll(xs)
		return nil, err
	}
	return xs, nil
}

// Sign is sign.Sign with the private key of a descendant of p, which does not leave this
// function. So it needs no proof of its own: a signature is given out once it verifies
// against public, and of a wrong private key it does not. public is the descendant's,
// derived without p.
func (p *Private) Sign(scheme signature.Scheme, k *derive.Descendant, public *curve.Point, tweak *curve.Scalar, message []byte, hedge bool) (*signature.Signature, error) {
	if k.Err != nil {
		return nil, k.Err
	}
	var xs []*scalar.Secret
	secret.Do(func() { xs = p.x.AddEach([]*[curve.ScalarSize]byte{&k.Tweak}) })
	defer WipeAll(xs)
	return sign.Sign(scheme, xs[0], public, tweak, message, hedge)
}

// WipeAll wipes scalars.
func WipeAll(xs []*scalar.Secret) {
	for _, x := range xs {
		x.Wipe()
	}
}

func prove(worker *batch.Worker, c curve.Curve, xs []*scalar.Secret, children []batch.Child) error {
	ok, err := proved(worker, c, xs, children)
	if err != nil || ok || len(xs) == 0 {
		return err
	}
	if len(xs) == 1 {
		return ErrFault
	}
	half := len(xs) / 2
	if err := prove(worker, c, xs[:half], children[:half]); err != nil {
		return err
	}
	if err := prove(worker, c, xs[half:], children[half:]); err != nil {
		return err
	}
	return ErrFault // the halves passed by chance
}

func proved(worker *batch.Worker, c curve.Curve, xs []*scalar.Secret, children []batch.Child) (bool, error) {
	random := make([]byte, 2*len(xs))
	rand.Read(random)
	weights := make([]uint16, len(xs))
	for i := range weights {
		weights[i] = binary.BigEndian.Uint16(random[2*i:])
	}
	sum := scalar.WeightedSum(c, xs, weights)
	defer sum.Wipe()
	public, err := worker.WeightedSum(children, weights)
	if err != nil {
		return false, fmt.Errorf("%w (%w)", ErrFault, err)
	}
	return sum.Public().Equal(public), nil
}
