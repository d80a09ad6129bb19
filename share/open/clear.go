package open

import (
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
)

// maxDigits bounds a share in decimal: 2^256 has 78 digits, and a share that was
// not reduced a few more.
const maxDigits = 82

// openClear reads a scalar, which may be in decimal, without math/big.
func openClear(c curve.Curve, l *share.Clear) (*scalar.Secret, error) {
	digits := l.Digits.Expose()
	if l.Raw {
		x, err := scalar.New(c, digits)
		if err != nil {
			return nil, ErrContent
		}
		return x, nil
	}
	if len(digits) == 0 || len(digits) > maxDigits {
		return nil, ErrContent
	}
	x, ten := scalar.Zero(c), c.ScalarFromUint(10)
	for _, d := range digits {
		if d < '0' || d > '9' {
			x.Wipe()
			return nil, ErrContent
		}
		x.MulPublic(ten).AddDigit(d - '0')
	}
	if x.IsZero() {
		return nil, ErrContent
	}
	return x, nil
}
