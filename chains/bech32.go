package chains

import (
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"

	"lifeboat/internal/bechsum"
)

// appendBech32 appends hrp, the separator, the 5-bit values and the checksum. It
// is written out here because the library makes strings, and a private key may
// not be in one.
func appendBech32(dst []byte, hrp string, values []byte, constant uint32) []byte {
	c := bechsum.Begin(hrp)
	dst = append(append(dst, hrp...), '1')
	for _, v := range values {
		c = bechsum.Step(c, v)
		dst = append(dst, bechsum.Charset[v])
	}
	for range bechsum.ChecksumSize {
		c = bechsum.Step(c, 0)
	}
	c ^= constant
	for shift := 25; shift >= 0; shift -= 5 {
		dst = append(dst, bechsum.Charset[c>>shift&31])
	}
	return dst
}

// appendFives appends data in groups of five bits, the last filled with zeros.
func appendFives(dst, data []byte) []byte {
	var acc, bits uint
	for _, b := range data {
		acc = (acc&0xff)<<8 | uint(b)
		for bits += 8; bits >= 5; {
			bits -= 5
			dst = append(dst, byte(acc>>bits&31))
		}
	}
	if bits > 0 {
		dst = append(dst, byte(acc<<(5-bits)&31))
	}
	return dst
}

// eights is the reverse of appendFives; what fills the last group must be zeros.
func eights(values []byte) ([]byte, bool) {
	b, err := bech32.ConvertBits(values, 5, 8, false)
	return b, err == nil
}

// readBech32 returns the values of a string with this human-readable part and
// kind of checksum, all lower or all upper case.
func readBech32(s, hrp string, version bech32.Version) ([]byte, bool) {
	// Most strings are something else; this is quicker than the library.
	if len(s) <= len(hrp) || s[len(hrp)] != '1' || !strings.EqualFold(s[:len(hrp)], hrp) {
		return nil, false
	}
	got, values, v, err := bech32.DecodeNoLimitWithVersion(s)
	return values, err == nil && got == hrp && v == version
}

// segwit is a witness program of BIP 173 (version 0) or BIP 350 (all others).
func segwit(hrp string, version byte) text {
	constant, kind := uint32(bechsum.Const), bech32.Version0
	if version > 0 {
		constant, kind = bechsum.ConstM, bech32.VersionM
	}
	return text{
		format: func(p []byte) string {
			return string(appendBech32(nil, hrp, appendFives([]byte{version}, p), constant))
		},
		parse: func(s string) ([]byte, bool) {
			values, ok := readBech32(s, hrp, kind)
			if !ok || len(values) == 0 || values[0] != version {
				return nil, false
			}
			return eights(values[1:])
		},
	}
}

// bech32Text is prefix and payload in bech32, without a version in five bits.
func bech32Text(hrp string, prefix ...byte) text {
	return bech(hrp, bechsum.Const, bech32.Version0, prefix)
}

// bech32mText is the same in bech32m.
func bech32mText(hrp string, prefix ...byte) text {
	return bech(hrp, bechsum.ConstM, bech32.VersionM, prefix)
}

func bech(hrp string, constant uint32, kind bech32.Version, prefix []byte) text {
	return text{
		format: func(p []byte) string {
			return string(appendBech32(nil, hrp, appendFives(nil, append(prefix[:len(prefix):len(prefix)], p...)), constant))
		},
		parse: func(s string) ([]byte, bool) {
			values, ok := readBech32(s, hrp, kind)
			if !ok {
				return nil, false
			}
			b, ok := eights(values)
			if !ok || len(b) < len(prefix) || string(b[:len(prefix)]) != string(prefix) {
				return nil, false
			}
			return b[len(prefix):], true
		},
	}
}
