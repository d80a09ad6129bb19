package chains

import (
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"

	"lifeboat/internal/bechsum"
)

// The confidential addresses of Liquid: a blinding key before what the unconfidential
// one has.

const blindingKeySize = 33

// liquid recognises the confidential forms: blech32 with hrp, and Base58Check with
// prefix before the version of the unconfidential address.
func (c Chain) liquid(hrp, prefix, p2pkh, p2sh string) Chain {
	c.Note = "unconfidential addresses; a confidential one also commits to a blinding key, without which its value is not seen"
	const reason = "a confidential address, whose blinding key is not known"
	for _, form := range []struct {
		version string
		of      *Payload
	}{{p2pkh, hash160}, {p2sh, nestedHash160}} {
		c.underivable = append(c.underivable, rule{reason, form.of, func(s string) ([]byte, bool) {
			b, ok := bitcoin58.read(s, prefix+form.version)
			if !ok || len(b) != blindingKeySize+20 || !isCompressed(b) {
				return nil, false
			}
			return b[blindingKeySize:], true
		}})
	}
	c.underivable = append(c.underivable, rule{reason, hash160, func(s string) ([]byte, bool) {
		version, b, ok := readBlech32(s, hrp)
		if !ok || len(b) < blindingKeySize || !isCompressed(b) {
			return nil, false
		}
		if program := b[blindingKeySize:]; version == 0 && len(program) == 20 {
			return program, true
		}
		return nil, version <= 1 && len(b) == blindingKeySize+32 // a script decides, or may
	}})
	return c
}

// isCompressed reports whether b begins like a compressed key.
func isCompressed(b []byte) bool { return b[0] == 2 || b[0] == 3 }

// readBlech32 reads the witness version and program of a blech32 string, of which
// versions from 1 on end in the constant of blech32m.
func readBlech32(s, hrp string) (version byte, program []byte, ok bool) {
	const checksumSize, constant, constantM = 12, 1, 0x455972a3350f7a1
	digits, found := strings.CutPrefix(strings.ToLower(s), hrp+"1")
	if !found || !oneCase(s) || len(digits) < 1+checksumSize {
		return 0, nil, false
	}
	c := uint64(1)
	step := func(v byte) {
		top := c >> 55
		c = c&0x7fffffffffffff<<5 ^ uint64(v)
		for i, g := range [5]uint64{0x7d52fba40bd886, 0x5e8dbf1a03950c, 0x1c3a3c74072a18, 0x385d72fa0e5139, 0x7093e5a608865b} {
			c ^= g & -(top >> i & 1)
		}
	}
	for i := range len(hrp) {
		step(hrp[i] >> 5)
	}
	step(0)
	for i := range len(hrp) {
		step(hrp[i] & 31)
	}
	values := make([]byte, 0, len(digits))
	for i := range len(digits) {
		v := strings.IndexByte(bechsum.Charset, digits[i])
		if v < 0 {
			return 0, nil, false
		}
		step(byte(v))
		values = append(values, byte(v))
	}
	version = values[0]
	if want := map[bool]uint64{true: constant, false: constantM}[version == 0]; c != want {
		return 0, nil, false
	}
	program, err := bech32.ConvertBits(values[1:len(values)-checksumSize], 5, 8, false)
	return version, program, err == nil
}
