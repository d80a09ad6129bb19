package share

import (
	"lifeboat/internal/curve"
	"math/bits"
)

// dual tests whether points in a group lie on one polynomial "in the exponent",
// in one linear combination of the points (the dual-code test of SCRAPE,
// Cascudo and David 2017, https://eprint.iacr.org/2017/216, section 2.1).
//
// The points are P_0 = root key at x_0 = 0 and the share public keys P_i at
// their share IDs x_i. They lie on a polynomial of degree d if and only if
//
//	Σ v_i·f(x_i)·P_i = 0   with   v_i = Π_{j≠i} 1/(x_i - x_j)
//
// for every polynomial f of degree at most m = (n+1) - d - 2. It is enough to
// try the random one f(x) = Σ_{k≤m} (s·x)^k: its sum is a polynomial in s whose
// coefficients are the sums for f = x^k, so points that are not on a polynomial
// pass with a probability of at most m/order, which is below 2^-240.
type dual struct {
	c curve.Curve
	x []*curve.Scalar
	v []*curve.Scalar
	p []*curve.Point
}

// newDual prepares the test for a group whose share IDs are distinct and not
// zero. It takes n² multiplications of scalars and one inversion; the points
// are only touched by fits.
func newDual(g *Group) *dual {
	d := &dual{c: g.Curve, x: []*curve.Scalar{g.Curve.Scalar()}, p: []*curve.Point{g.RootKey}}
	for _, p := range g.Participants {
		d.x = append(d.x, p.ShareID.x)
		d.p = append(d.p, p.PublicKey)
	}
	difference := d.c.Scalar()
	for i, xi := range d.x {
		v := d.c.ScalarFromUint(1)
		minus := xi.Clone().Neg()
		for j, xj := range d.x {
			if i != j {
				v.Mul(difference.Set(minus).Add(xj)) // x_j - x_i: the sign of v is the same for all i
			}
		}
		d.v = append(d.v, v)
	}
	invertAll(d.c, d.v)
	return d
}

// invertAll inverts every scalar with one inversion (Montgomery's trick).
func invertAll(c curve.Curve, s []*curve.Scalar) {
	prefix := make([]*curve.Scalar, len(s))
	product := c.ScalarFromUint(1)
	for i, v := range s {
		prefix[i] = product.Clone()
		product.Mul(v)
	}
	product.Invert()
	for i := len(s) - 1; i >= 0; i-- {
		v := s[i].Clone()
		s[i] = prefix[i].Mul(product)
		product.Mul(v)
	}
}

// fits reports whether the points lie on one polynomial of degree threshold-1.
func (d *dual) fits(threshold int) bool {
	m := len(d.x) - threshold - 1
	if m < 0 {
		return true // a polynomial of that degree goes through any such points
	}
	s := d.c.RandomScalar()
	k := make([]*curve.Scalar, len(d.x))
	for i, x := range d.x {
		k[i] = geometric(s.Clone().Mul(x), m).Mul(d.v[i])
	}
	return d.c.MultiMul(k, d.p).IsIdentity()
}

// geometric returns 1 + y + y² + … + y^m, by doubling: S(2k+1) = S(k)·(1 + y^(k+1)).
func geometric(y *curve.Scalar, m int) *curve.Scalar {
	one := y.Curve().ScalarFromUint(1)
	sum, power := one.Clone(), y.Clone() // of as many terms as the power of y
	for bit := 1 << bits.Len(uint(m+1)) >> 2; bit > 0; bit >>= 1 {
		sum.Mul(one.Clone().Add(power))
		power.Mul(power.Clone())
		if (m+1)&bit != 0 {
			sum.Add(power)
			power.Mul(y)
		}
	}
	return sum
}
