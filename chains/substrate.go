package chains

import (
	"bytes"

	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
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

// genericSS58 is the prefix that stands for no network.
const genericSS58 = 42

func substrate(id, name string, prefix uint16, slip44 uint32, aliases ...string) Chain {
	other := uint16(genericSS58)
	if prefix == genericSS58 {
		other = 0 // Polkadot's
	}
	own := []Encoding{
		encode("ed25519", ed25519Key, ss58(prefix), scalarForm),
		encode("ecdsa", substrateECDSA, ss58(prefix), hexForm),
	}
	for i := range own {
		own[i].Generic = prefix == genericSS58
	}
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44},
		Encodings: append(own, elsewhere(
			encode("ed25519-other-prefix", ed25519Key, anySS58(other), scalarForm),
			encode("ecdsa-other-prefix", substrateECDSA, anySS58(other), hexForm),
		)...),
		Note: "an account has an address for every network's prefix, and each stands for the account. With the generic prefix 42, which is also TAO's, it does not say which chain it is of. The address does not say which kind of key it is; wallets take an imported key for sr25519 unless told otherwise",
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
	return text{
		format: func(p []byte) string {
			b := append(prefix[:len(prefix):len(prefix)], p...)
			return string(base58.Encode(nil, append(b, ss58Checksum(b)...)))
		},
		parse: func(s string) ([]byte, bool) {
			b, ok := readSS58(s)
			if !ok || !bytes.HasPrefix(b, prefix) {
				return nil, false
			}
			return b[len(prefix):], true
		},
	}
}

// anySS58 writes for a network, and reads addresses of all of them.
func anySS58(network uint16) text {
	return text{ss58(network).format, func(s string) ([]byte, bool) {
		b, ok := readSS58(s)
		if !ok || len(b) < 2 || b[0] >= 0x80 { // reserved
			return nil, false
		}
		return b[1+b[0]>>6:], true
	}}
}

// readSS58 returns prefix and account.
func readSS58(s string) ([]byte, bool) {
	b, err := base58.Decode(nil, s)
	end := len(b) - ss58ChecksumSize
	return b[:max(end, 0)], err == nil && end > 0 && string(ss58Checksum(b[:end])) == string(b[end:])
}

const ss58ChecksumSize = 2

func ss58Checksum(b []byte) []byte {
	return blake2b.Append(nil, blake2b.MaxSize, "", append([]byte("SS58PRE"), b...))[:ss58ChecksumSize]
}
