package chains

import (
	"strings"

	"lifeboat/internal/bechsum"
)

// base32Check is the family of CashAddr: base 32 with a BCH checksum of 40 bits
// over the prefix and the data. Bitcoin Cash, eCash, Kaspa and Conflux use it,
// the last with an alphabet of its own.
type base32Check struct {
	prefix  string
	charset string
	// required is whether the prefix may not be left out.
	required bool
}

func (b base32Check) polymod(values []byte) uint64 {
	c := uint64(1)
	step := func(v byte) {
		top := c >> 35
		c = c&0x07ffffffff<<5 ^ uint64(v)
		for i, g := range [5]uint64{0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8, 0x1e4f43e470} {
			c ^= g & -(top >> i & 1)
		}
	}
	for i := range len(b.prefix) {
		step(b.prefix[i] & 31)
	}
	step(0)
	for _, v := range values {
		step(v)
	}
	return c ^ 1
}

const base32CheckDigits = 8

func (b base32Check) format(data []byte) string {
	values := appendFives(nil, data)
	sum := b.polymod(append(values, make([]byte, base32CheckDigits)...))
	out := append([]byte(b.prefix), ':')
	for _, v := range values {
		out = append(out, b.charset[v])
	}
	for shift := 5 * (base32CheckDigits - 1); shift >= 0; shift -= 5 {
		out = append(out, b.charset[sum>>shift&31])
	}
	return string(out)
}

// parse reads lower or upper case, not both.
func (b base32Check) parse(s string) ([]byte, bool) {
	if s == strings.ToUpper(s) {
		s = strings.ToLower(s)
	}
	digits, found := strings.CutPrefix(s, b.prefix+":")
	if !found && b.required {
		return nil, false
	}
	values := make([]byte, 0, len(digits))
	for i := range len(digits) {
		v := strings.IndexByte(b.charset, digits[i])
		if v < 0 {
			return nil, false
		}
		values = append(values, byte(v))
	}
	if len(values) < base32CheckDigits || b.polymod(values) != 0 {
		return nil, false
	}
	return eights(values[:len(values)-base32CheckDigits])
}

// text is a version byte and the payload.
func (b base32Check) text(version byte) text {
	return text{
		format: func(p []byte) string { return b.format(append([]byte{version}, p...)) },
		parse: func(s string) ([]byte, bool) {
			data, ok := b.parse(s)
			if !ok || len(data) == 0 || data[0] != version {
				return nil, false
			}
			return data[1:], true
		},
	}
}

// cashAddr is P2PKH of 160 bits. It also reads the type that says that the owner
// knows of tokens (CHIP-2022-02), which is the same account.
func cashAddr(prefix string) text {
	b := base32Check{prefix: prefix, charset: bechsum.Charset}
	return b.text(0).or(b.text(2 << 3))
}

// cashAddrScript is P2SH of 160 bits.
func cashAddrScript(prefix string) text {
	return base32Check{prefix: prefix, charset: bechsum.Charset}.text(1 << 3)
}
