package scalar

import "lifeboat/internal/curve"

// Combine returns Σ weights[i]·xs[i], or, where there are no weights, the product of
// all xs.
func Combine(c curve.Curve, xs []*Secret, weights []*curve.Scalar) *Secret {
	if weights == nil {
		product := &Secret{c.ScalarFromUint(1)}
		for _, x := range xs {
			product.Mul(x)
		}
		return product
	}
	sum := Zero(c)
	for i, w := range weights {
		term := xs[i].Clone().MulPublic(w)
		sum.Add(term)
		term.Wipe()
	}
	return sum
}

// Evaluate returns the value at x of a polynomial with these coefficients, the constant
// first, by Horner's rule.
func Evaluate(x *curve.Scalar, coefficients []*Secret) *Secret {
	last := len(coefficients) - 1
	v := coefficients[last].Clone()
	for k := last - 1; k >= 0; k-- {
		v.MulPublic(x).Add(coefficients[k])
	}
	return v
}
