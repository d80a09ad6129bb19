package chains

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"lifeboat/chains/internal/blake2b"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"

	"github.com/btcsuite/btcd/btcutil/bech32"
)

// Cardano: CIP-19.

const (
	cardanoHashSize = 28
	cardanoMainnet  = 1 // the low half of the header
	cardanoBase     = 0 << 4
	cardanoLone     = 6 << 4 // enterprise: a payment key without a stake key
	cardanoReward   = 14 << 4
)

var (
	// cardanoKey is BLAKE2b, of 28 bytes, of the key.
	cardanoKey = edHash("blake2b224-ed25519", cardanoHashSize, func(dst, key []byte) []byte {
		return blake2b.Append(dst, cardanoHashSize, "", key)
	})
	// cardanoOwnStake is the same twice: the key both pays and stakes.
	cardanoOwnStake = edHash("blake2b224-ed25519-twice", 2*cardanoHashSize, func(dst, key []byte) []byte {
		n := len(dst)
		dst = blake2b.Append(dst, cardanoHashSize, "", key)
		return append(dst, dst[n:n+cardanoHashSize]...)
	})
)

func cardanoChains() []Chain {
	return []Chain{
		cardanoChain("ADA", "Cardano", []string{"CARDANO"}, true, 1815),
		cardanoChain("ADA_TEST", "Cardano testnets", []string{"TADA"}, false, 1, 1815),
	}
}

func cardanoChain(id, name string, aliases []string, mainnet bool, slip44 ...uint32) Chain {
	address, stake, network := "addr", "stake", byte(cardanoMainnet)
	if !mainnet {
		address, stake, network = "addr_test", "stake_test", 0
	}
	c := Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: slip44,
		Encodings: []Encoding{
			encode("enterprise", cardanoKey, bech32Text(address, cardanoLone|network), scalarForm),
			encode("base", cardanoOwnStake, bech32Text(address, cardanoBase|network), scalarForm),
			encode("reward", cardanoKey, bech32Text(stake, cardanoReward|network), scalarForm),
		},
		Note: "base is with the key itself as stake key; with the key of another path, and for Byron addresses, more than one key is needed. cardano-cli takes a scalar only as an extended key, which half of all scalars cannot be",
		underivable: []rule{
			{"Cardano base address with another stake key", cardanoKind(address, cardanoBase|network)},
			{"Cardano script address", cardanoKind(address, 0x10|network, 0x30|network, 0x50|network, 0x70|network)},
			{"Cardano script address", cardanoKind(stake, 0xf0|network)},
			{"Cardano base address with another stake key", cardanoKind(address, 0x20|network, 0x40|network)},
			{"Cardano Byron address, which needs the chain code as well", isByron},
		},
	}
	if mainnet {
		c.Encodings = append(c.Encodings, encode("enterprise-test", cardanoKey, bech32Text("addr_test", cardanoLone), scalarForm))
	}
	return c
}

// cardanoKind recognises a valid address with one of these headers.
func cardanoKind(hrp string, headers ...byte) func(string) bool {
	return func(s string) bool {
		values, ok := readBech32(s, hrp, bech32.Version0)
		if !ok {
			return false
		}
		b, ok := eights(values)
		return ok && len(b) > cardanoHashSize && slices.Contains(headers, b[0])
	}
}

// CardanoBase returns the base address that a payment key and a stake key make.
// Wallets take the stake key from the path m/44/1815/account/2/0.
func CardanoBase(payment, stake *PublicKey, testnet bool) (string, error) {
	for _, k := range []*PublicKey{payment, stake} {
		if k.Curve != curve.Ed25519 {
			return "", errCardanoCurve
		}
	}
	hrp, header := "addr", byte(cardanoBase|cardanoMainnet)
	if testnet {
		hrp, header = "addr_test", cardanoBase
	}
	var buf [MaxPayload]byte
	return bech32Text(hrp, header).format(cardanoKey.Of(cardanoKey.Of(buf[:0], payment), stake)), nil
}

// byronEnvelope is [body as CBOR in CBOR, its CRC-32].
func byronEnvelope(body []byte) []byte {
	out := []byte{0x82, 0xd8, 0x18, 0x58, byte(len(body))}
	out = append(append(out, body...), 0x1a)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

// isByron recognises the envelope of an address of the Byron era.
func isByron(s string) bool {
	b, err := base58.Decode(nil, s)
	if err != nil || len(b) < 10 || len(b) > 255 {
		return false
	}
	if b[3] != 0x58 || int(b[4]) > len(b)-10 {
		return false
	}
	return string(byronEnvelope(b[5:5+int(b[4])])) == string(b)
}

var errCardanoCurve = errors.New("writing a Cardano address: the key is not on ed25519")
