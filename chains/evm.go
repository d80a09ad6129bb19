package chains

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// evmText writes an account as hex after a prefix, its case a checksum: of
// EIP-55, or of EIP-1191 for a chain ID. It reads hex without case as well, and
// with any of the prefixes, or none. Hex in mixed case must have the checksum.
func evmText(chainID uint64, prefixes ...string) text {
	return text{
		format: func(p []byte) string { return prefixes[0] + checksumCase(p, chainID) },
		parse: func(s string) ([]byte, bool) {
			digits := s
			for _, prefix := range prefixes {
				if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
					digits = s[len(prefix):]
					break
				}
			}
			b, err := hex.DecodeString(digits)
			if err != nil || len(b) != 20 {
				return nil, false
			}
			oneCase := digits == strings.ToLower(digits) || digits == strings.ToUpper(digits)
			return b, oneCase || digits == checksumCase(b, chainID)
		},
	}
}

// checksumCase returns the hex digits of an account in the case of EIP-55, or of
// EIP-1191 if chainID is not zero.
func checksumCase(account []byte, chainID uint64) string {
	digits := hex.AppendEncode(nil, account)
	hashed := digits
	if chainID != 0 {
		hashed = append([]byte(strconv.FormatUint(chainID, 10)+"0x"), digits...)
	}
	h := keccak256(hashed)
	for i, d := range digits {
		if nibble := h[i/2] >> (4 * (1 - i%2)) & 15; d >= 'a' && nibble >= 8 {
			digits[i] = d - 'a' + 'A'
		}
	}
	return string(digits)
}

var evm = evmText(0, "0x")

func evmEncoding() Encoding { return encode("default", Keccak20, evm, hexForm) }

// evmOf is an entry of a chain whose only form is Ethereum's.
func evmOf(id, name string, aliases ...string) Chain {
	return Chain{ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{60}, Encodings: []Encoding{evmEncoding()}}
}

func evmChains() []Chain {
	return []Chain{
		evmOf("ETH", "Ethereum"),
	}
}
