package share

import (
	"fmt"
	"slices"
	"sort"

	"lifeboat/internal/curve"
)

// Scheme is how the shares of a group make its key: each is multiplied by a public
// number, its weight, and the sum is the key; or the key is the product of them all.
type Scheme interface {
	// String returns its name in records.
	String() string
	// Weights returns the weights of shares with these IDs, which are distinct and
	// as many as are needed. There are none if the key is the product of the shares.
	Weights(ids []*curve.Scalar) []*curve.Scalar
	// All reports whether every share of the group is needed.
	All() bool
	// Check compares the share public keys of a group, all of which are known, with
	// its root public key and threshold. All else about the group is sound. Its
	// errors wrap ErrInconsistent.
	Check(g *Group) error
}

// Shamir is Shamir's scheme: shares are values of a polynomial of degree
// threshold-1, and the key is its value at zero.
var Shamir Scheme = shamir{}

// Additive and Multiplicative take all shares: the key is their sum, or their product.
var (
	Additive       Scheme = additive{}
	Multiplicative Scheme = multiplicative{}
)

// schemes lists them.
var schemes = []Scheme{Shamir, Additive, Multiplicative}

// SchemeByName returns the scheme of that exact name.
func SchemeByName(name string) (Scheme, bool) {
	i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.String() == name })
	if i < 0 {
		return nil, false
	}
	return schemes[i], true
}

type shamir struct{}

func (shamir) String() string { return "shamir" }

func (shamir) All() bool { return false }

func (shamir) Weights(ids []*curve.Scalar) []*curve.Scalar {
	return LagrangeAt(ids[0].Curve().Scalar(), ids)
}

// Check demands that all keys lie on one polynomial of degree threshold-1, and of
// no lower degree.
func (shamir) Check(g *Group) error {
	if !newDual(g).fits(g.Threshold) {
		return fmt.Errorf("%w: the share public keys do not lie on one polynomial of degree %d through the root public key: the roster, the root key or the threshold is damaged or forged", ErrInconsistent, g.Threshold-1)
	}
	// On that polynomial, threshold keys and the root key show whether its degree is
	// lower.
	first := *g
	first.Participants = g.Participants[:g.Threshold]
	if newDual(&first).fits(g.Threshold - 1) {
		return fmt.Errorf("%w: the file says that %d shares are needed, but fewer determine the key: the threshold is damaged", ErrInconsistent, g.Threshold)
	}
	return nil
}

type additive struct{}

func (additive) String() string { return "additive" }

func (additive) All() bool { return true }

func (additive) Weights(ids []*curve.Scalar) []*curve.Scalar {
	ones := make([]*curve.Scalar, len(ids))
	for i, x := range ids {
		ones[i] = x.Curve().ScalarFromUint(1)
	}
	return ones
}

// Check demands that the keys sum up to the root public key.
func (additive) Check(g *Group) error {
	sum, err := g.CombinePublic(g.Participants)
	if err != nil {
		return err
	}
	if !sum.Equal(g.RootKey) {
		return fmt.Errorf("%w: the share public keys do not sum up to the root public key: the roster or the root key is damaged or forged", ErrInconsistent)
	}
	return nil
}

type multiplicative struct{}

func (multiplicative) String() string { return "multiplicative" }

func (multiplicative) All() bool { return true }

func (multiplicative) Weights([]*curve.Scalar) []*curve.Scalar { return nil }

// Check demands nothing: public keys cannot be multiplied with each other.
func (multiplicative) Check(*Group) error { return nil }

// FitThreshold returns the smallest threshold with which all share public keys and
// the root public key of a group fit Shamir's scheme, for formats that do not store
// it. The share IDs must be distinct.
func (g *Group) FitThreshold() (int, error) {
	d := newDual(g)
	n := len(g.Participants)
	// If degree t-1 fits, every higher one does.
	t := 1 + sort.Search(n, func(i int) bool { return d.fits(i + 1) })
	if t > n {
		return 0, fmt.Errorf("%w: no threshold fits: the share public keys and the root public key do not lie on one polynomial", ErrInconsistent)
	}
	return t, nil
}

// LagrangeAt returns the coefficients λ_i = Π_{j≠i} (x_j - at) / (x_j - x_i) with
// which the values of a polynomial at distinct points x_i sum up to its value at
// another one. The points are public.
func LagrangeAt(at *curve.Scalar, x []*curve.Scalar) []*curve.Scalar {
	out := make([]*curve.Scalar, len(x))
	for i, xi := range x {
		c := xi.Curve()
		num, den := c.ScalarFromUint(1), c.ScalarFromUint(1)
		for j, xj := range x {
			if i != j {
				num.Mul(at.Clone().Neg().Add(xj)) // x_j - at
				den.Mul(xi.Clone().Neg().Add(xj)) // x_j - x_i
			}
		}
		out[i] = num.Mul(den.Invert())
	}
	return out
}

// CombinePublic does with share public keys what a recovery does with shares: it
// returns the public key of what the shares of these holders combine to. The error
// wraps ErrUnprovable if public keys alone do not show it.
func (g *Group) CombinePublic(holders []Participant) (*curve.Point, error) {
	if len(holders) < g.Threshold {
		return nil, fmt.Errorf("%w: %d shares are fewer than the threshold of %d", ErrInconsistent, len(holders), g.Threshold)
	}
	holders = holders[:g.Threshold]
	var x []*curve.Scalar
	var p []*curve.Point
	for _, h := range holders {
		x = append(x, h.ShareID.x)
		p = append(p, h.PublicKey)
	}
	weights := g.Scheme.Weights(x)
	if weights == nil || slices.Contains(p, nil) {
		return nil, fmt.Errorf("group %q on %v: %w", g.ID, g.Curve, ErrUnprovable)
	}
	return g.Curve.MultiMul(weights, p), nil
}
