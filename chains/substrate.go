package chains

import (
	"lifeboat/chains/internal/blake2b"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
)

// Polkadot's family: SS58.

func substrateChains() []Chain {
	return []Chain{
		substrate("DOT", "Polkadot", 0, 354, "POLKADOT"),
		substrate("KSM", "Kusama", 2, 434, "KUSAMA"),
		substrate("TAO", "Bittensor", 42, 1005, "BITTENSOR"),
		substrate("POLYX", "Polymesh", 12, 595),
		substrate("ACA", "Acala", 10, 787),
		substrate("EDG", "Edgeware", 7, 523, "EDGEWARE"),
		substrate("ASTR", "Astar", 5, 810),
		substrate("CFG", "Centrifuge", 36, 747),
		substrate("KILT", "KILT", 38, 2086),
		substrate("VARA", "Vara", 137, 2218),
	}
}

func substrate(id, name string, prefix uint16, slip44 uint32, aliases ...string) Chain {
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44},
		Encodings: []Encoding{
			encode("ed25519", ed25519Key, ss58(prefix), scalarForm),
			encode("ecdsa", substrateECDSA, ss58(prefix), hexForm),
		},
		Note: "the address does not say which kind of key it is; wallets take an imported key for sr25519 unless told otherwise",
	}
}

// substrateECDSA is BLAKE2b-256 of the compressed key.
var substrateECDSA = &Payload{Name: "blake2b256", Curve: curve.Secp256k1, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
	return blake2b.Append(dst, 32, "", k.Key[:])
}}

// ss58 is the prefix of the network in one byte, or in two from 64 on, the
// account, and two bytes of checksum.
func ss58(network uint16) text {
	prefix := []byte{byte(network)}
	if network >= 64 {
		prefix = []byte{byte(network>>2&0x3f) | 0x40, byte(network>>8) | byte(network&3)<<6}
	}
	const checksumSize = 2
	sum := func(b []byte) []byte {
		return blake2b.Append(nil, blake2b.MaxSize, "", append([]byte("SS58PRE"), b...))[:checksumSize]
	}
	return text{
		format: func(p []byte) string {
			b := append(prefix[:len(prefix):len(prefix)], p...)
			return string(base58.Encode(nil, append(b, sum(b)...)))
		},
		parse: func(s string) ([]byte, bool) {
			b, err := base58.Decode(nil, s)
			end := len(b) - checksumSize
			if err != nil || end < len(prefix) || string(b[:len(prefix)]) != string(prefix) || string(sum(b[:end])) != string(b[end:]) {
				return nil, false
			}
			return b[len(prefix):end], true
		},
	}
}
