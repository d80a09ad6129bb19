package share

import (
	"fmt"

	"lifeboat/internal/curve"
)

// Lagrange returns the coefficients λ_i = Π_{j≠i} x_j / (x_j - x_i) with which
// the values of a polynomial at distinct non-zero points x_i sum up to its value
// at zero. The points are public.
func Lagrange(x []*curve.Scalar) []*curve.Scalar {
	return LagrangeAt(x[0].Curve().Scalar(), x)
}

// LagrangeAt returns the coefficients that sum up to the value at another point.
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
// returns the public key of what the shares of these holders combine to.
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
	return g.Curve.MultiMul(Lagrange(x), p), nil
}
