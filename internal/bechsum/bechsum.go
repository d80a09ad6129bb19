// Package bechsum has the checksum and the alphabet of BIP 173, for texts that are
// secret: the library of btcutil works on strings, which cannot be wiped.
package bechsum

// Charset has the characters, each at its value.
const Charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// The sums that a right checksum ends in: BIP 173 and BIP 350.
const (
	Const  = 1
	ConstM = 0x2bc830a3
)

// ChecksumSize is the length of a checksum, in characters.
const ChecksumSize = 6

// Begin returns the sum over a human-readable part in lower case.
func Begin(hrp string) uint32 {
	c := uint32(1)
	for i := range len(hrp) {
		c = Step(c, hrp[i]>>5)
	}
	c = Step(c, 0)
	for i := range len(hrp) {
		c = Step(c, hrp[i]&31)
	}
	return c
}

// Step adds a value of 5 bits to a sum.
func Step(c uint32, v byte) uint32 {
	top := c >> 25
	c = c&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		c ^= g & -(top >> i & 1)
	}
	return c
}
