package tx

import (
	"fmt"
	"math/big"
	"strings"
)

// Text writes an amount of the asset: in its usual unit if its decimals are known,
// else in its smallest one.
func (a Asset) Text(amount *big.Int) string {
	if !a.Known {
		return amount.String() + " of the smallest unit of " + a.Name()
	}
	digits := amount.String()
	if a.Decimals > 0 {
		digits = strings.Repeat("0", max(0, a.Decimals+1-len(digits))) + digits
		point := len(digits) - a.Decimals
		whole, part := digits[:point], digits[point:]
		if len(part) > plainDecimals {
			part = part[:plainDecimals] + strings.TrimRight(part[plainDecimals:], "0")
		}
		digits = whole + "." + part
	}
	return digits + " " + a.Name()
}

// plainDecimals are written whatever they are, so that amounts stand one below the
// other; zeros behind them are left out.
const plainDecimals = 8

// Name returns the asset's symbol, or its contract where nobody vouches for a name.
func (a Asset) Name() string {
	switch {
	case a.Contract == "":
		return a.Symbol
	case a.Symbol == "":
		return "token " + a.Contract
	}
	return a.Symbol + " (token " + a.Contract + ")"
}

// ParseAmount reads an amount as people type it, such as 0.015, in the asset's usual
// unit. It has no sign and no more decimals than the asset.
func (a Asset) ParseAmount(text string) (*big.Int, error) {
	whole, part, dot := strings.Cut(text, ".")
	digits := whole + part
	if digits == "" || dot && part == "" || len(part) > a.Decimals || len(digits) > 90 || strings.Trim(digits, "0123456789") != "" {
		return nil, fmt.Errorf("%q is not an amount of %s with at most %d decimals", text, a.Name(), a.Decimals)
	}
	n, ok := new(big.Int).SetString(digits+strings.Repeat("0", a.Decimals-len(part)), 10)
	if !ok {
		return nil, fmt.Errorf("%q is not an amount", text)
	}
	return n, nil
}
