package chains

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"
)

// Cardano: CIP-19.

const (
	cardanoHashSize = 28
	cardanoMainnet  = 1 // the low half of the header
	cardanoBase     = 0 << 4
	cardanoScript   = 2 << 4 // a payment key with a script as stake key
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
	// cardanoAccountStake is the same of the key, and that of the account's stake key.
	cardanoAccountStake = &Payload{Name: "blake2b224-ed25519-staked", Curve: curve.Ed25519, Size: 2 * cardanoHashSize, Staked: true, Of: func(dst []byte, k *PublicKey) []byte {
		return append(cardanoKey.Of(dst, k), k.Stake[:]...)
	}}
)

// SetStake notes the key that stakes for the account of k. Wallets take it from the
// path m/44/1815/account/2/0.
func (k *PublicKey) SetStake(stake *PublicKey) {
	if stake.Curve == curve.Ed25519 {
		cardanoKey.Of(k.Stake[:0], stake)
	}
}

func cardanoChains() []Chain {
	main := cardanoNetwork{"addr", "stake", cardanoMainnet}
	test := cardanoNetwork{"addr_test", "stake_test", 0}
	return []Chain{
		cardanoChain("ADA", "Cardano", []string{"CARDANO"}, append(main.encodings(""), elsewhere(test.encodings("-test")...)...), []cardanoNetwork{main, test}, 1815),
		cardanoChain("ADA_TEST", "Cardano testnets", []string{"TADA"}, test.encodings(""), []cardanoNetwork{test}, 1, 1815),
	}
}

func cardanoChain(id, name string, aliases []string, encodings []Encoding, networks []cardanoNetwork, slip44 ...uint32) Chain {
	c := Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: slip44, Encodings: encodings,
		Note: "base is with the key itself as stake key, base-account-stake with the account's, at the path m/44/1815/account/2/0; with the key of another path, and for Byron addresses, more than one key is needed. cardano-cli takes a scalar only as an extended key, which half of all scalars cannot be",
	}
	for _, n := range networks {
		c.underivable = append(c.underivable, n.underivable()...)
	}
	c.outputs = networks[0].outputs()
	c.underivable = append(c.underivable, rule{"Cardano Byron address, which needs the chain code as well", nil, readByron})
	return c
}

// cardanoNetwork has the human-readable parts of its addresses, and the low half of
// their headers.
type cardanoNetwork struct {
	address, stake string
	id             byte
}

func (n cardanoNetwork) encodings(suffix string) []Encoding {
	return []Encoding{
		encode("enterprise"+suffix, cardanoKey, bech32Text(n.address, cardanoLone|n.id), cardanoForm("addr_xsk")),
		encode("base"+suffix, cardanoOwnStake, bech32Text(n.address, cardanoBase|n.id), cardanoForm("addr_xsk")),
		encode("base-account-stake"+suffix, cardanoAccountStake, bech32Text(n.address, cardanoBase|n.id), cardanoForm("addr_xsk")),
		encode("reward"+suffix, cardanoKey, bech32Text(n.stake, cardanoReward|n.id), cardanoForm("stake_xsk")),
	}
}

// outputs are the addresses that a payment key spends from, as transactions have them,
// whoever stakes: another key, a script or nobody.
func (n cardanoNetwork) outputs() (list []output) {
	for _, kind := range []byte{cardanoBase, cardanoScript, cardanoLone} {
		size := 2 * cardanoHashSize
		if kind == cardanoLone {
			size = cardanoHashSize
		}
		list = append(list, output{string([]byte{kind | n.id}), "", size, bech32Text(n.address, kind|n.id)})
	}
	return list
}

// underivable lists the other kinds of CIP-19, by the high half of the header. Of
// three of them the payment key's hash is what follows the header.
func (n cardanoNetwork) underivable() []rule {
	of := func(kind byte) text { return bech32Text(n.address, kind<<4|n.id) }
	paid := func(reason string, kind byte, rest func([]byte) bool) rule {
		return rule{reason, cardanoKey, func(s string) ([]byte, bool) {
			b, ok := of(kind).parse(s)
			if !ok || len(b) < cardanoHashSize || !rest(b[cardanoHashSize:]) {
				return nil, false
			}
			return b[:cardanoHashSize], true
		}}
	}
	isHash := func(b []byte) bool { return len(b) == cardanoHashSize }
	return []rule{
		paid("Cardano base address with another stake key", 0, isHash),
		paid("Cardano base address with a script as stake key", 2, isHash),
		paid("Cardano pointer address, whose stake key is named by a place on the chain", 4, isCardanoPointer),
		foreign("Cardano script address", 2*cardanoHashSize, of(1), of(3)),
		foreign("Cardano script address", cardanoHashSize, of(7), bech32Text(n.stake, 15<<4|n.id)),
		{"Cardano script address", nil, func(s string) ([]byte, bool) {
			b, ok := of(5).parse(s)
			return nil, ok && len(b) > cardanoHashSize && isCardanoPointer(b[cardanoHashSize:])
		}},
	}
}

// isCardanoPointer reports whether b is three numbers (slot, transaction, certificate)
// in groups of seven bits, of which all but the last have the top bit set.
func isCardanoPointer(b []byte) bool {
	numbers := 0
	for _, v := range b {
		if v < 0x80 {
			numbers++
		}
	}
	return numbers == 3 && len(b) <= 3*10 && b[len(b)-1] < 0x80
}

// byronEnvelope is [body as CBOR in CBOR, its CRC-32].
func byronEnvelope(body []byte) []byte {
	out := []byte{0x82, 0xd8, 0x18, 0x58, byte(len(body))}
	out = append(append(out, body...), 0x1a)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

// readByron recognises the envelope of an address of the Byron era, whose body is a
// list of three: a hash, attributes, and a type.
func readByron(s string) ([]byte, bool) {
	b, err := base58.Decode(nil, s)
	if err != nil || len(b) < 10 || len(b) > 255 {
		return nil, false
	}
	if b[3] != 0x58 || int(b[4]) > len(b)-10 {
		return nil, false
	}
	body := b[5 : 5+int(b[4])]
	return nil, strings.HasPrefix(string(body), "\x83\x58\x1c") && string(byronEnvelope(body)) == string(b)
}
