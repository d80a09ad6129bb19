package chains

import (
	"encoding/hex"

	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"
)

// Casper.

// casperText is the algorithm and the key in hex. The case of the key's digits
// may be the checksum of CEP-57; in mixed case it must be.
func casperText(algorithm byte) text {
	return text{
		format: func(p []byte) string { return hex.EncodeToString(append([]byte{algorithm}, p...)) },
		parse: func(s string) ([]byte, bool) {
			b, err := hex.DecodeString(s)
			if err != nil || len(b) < 1 || b[0] != algorithm {
				return nil, false
			}
			return b[1:], oneCase(s) || s[2:] == casperCase(b[1:])
		},
	}
}

// casperCase returns hex digits in the case of CEP-57: each letter takes the next
// bit of the BLAKE2b-256 of the bytes, lowest bit first.
func casperCase(b []byte) string {
	digits := hex.AppendEncode(nil, b)
	h := blake2b.Append(nil, 32, "", b)
	next := 0
	for i, d := range digits {
		if d < 'a' {
			continue
		}
		if bit := next % 256; h[bit/8]>>(bit%8)&1 == 1 {
			digits[i] = d - 'a' + 'A'
		}
		next++
	}
	return string(digits)
}

func casperHash(dst []byte, name string, key []byte) []byte {
	var stack [64]byte
	b := append(append(stack[:0], name...), 0)
	return blake2b.Append(dst, 32, "", append(b, key...))
}

var (
	casperHashEd25519   = edHash("casper-ed25519", 32, func(dst, key []byte) []byte { return casperHash(dst, "ed25519", key) })
	casperHashSecp256k1 = &Payload{Name: "casper-secp256k1", Curve: curve.Secp256k1, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
		return casperHash(dst, "secp256k1", k.Key[:])
	}}
)
