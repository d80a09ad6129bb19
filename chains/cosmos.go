package chains

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"strings"

	"lifeboat/internal/curve"
)

// The chains that write a hash of a secp256k1 key in bech32.

// cosmosChain is a chain of the Cosmos SDK: the hash160 of the key.
type cosmosChain struct {
	id, name, hrp string
	slip44        []uint32
	aliases       []string
}

var cosmosNames = []cosmosChain{
	{"ATOM", "Cosmos Hub", "cosmos", []uint32{118}, []string{"COSMOS"}},
	{"BABYLON", "Babylon", "bbn", []uint32{118, 736}, []string{"BABY"}},
	{"LUNA", "Terra 2", "terra", []uint32{330}, []string{"TERRA2"}},
	{"LUNC", "Terra Classic", "terra", []uint32{330}, []string{"TERRA"}},
	{"CRO_POS", "Cronos POS", "cro", []uint32{394}, nil},
	{"KAVA", "Kava", "kava", []uint32{459}, nil},
	{"OSMO", "Osmosis", "osmo", []uint32{118}, nil},
	{"TIA", "Celestia", "celestia", []uint32{118}, []string{"CELESTIA"}},
	{"DYDX", "dYdX", "dydx", []uint32{118}, nil},
	{"RUNE", "THORChain", "thor", []uint32{931}, nil},
	{"SCRT", "Secret", "secret", []uint32{529, 118}, nil},
	{"AKT", "Akash", "akash", []uint32{118}, nil},
	{"AXL", "Axelar", "axelar", []uint32{118}, nil},
	{"FET", "Fetch.ai", "fetch", []uint32{118}, nil},
	{"AGORIC", "Agoric", "agoric", []uint32{564}, []string{"BLD"}},
	{"COREUM", "Coreum", "core", []uint32{990}, nil},
	{"HASH", "Provenance", "pb", []uint32{505}, nil},
	{"BAND", "Band", "band", []uint32{494}, nil},
	{"NTRN", "Neutron", "neutron", []uint32{118}, nil},
	{"JUNO", "Juno", "juno", []uint32{118}, nil},
	{"STARS", "Stargaze", "stars", []uint32{118}, nil},
	{"STRD", "Stride", "stride", []uint32{118}, nil},
	{"NOBLE", "Noble", "noble", []uint32{118}, nil},
	{"KUJI", "Kujira", "kujira", []uint32{118}, nil},
	{"UMEE", "Umee", "umee", []uint32{118}, nil},
	{"SOMM", "Sommelier", "somm", []uint32{118}, nil},
	{"MARS", "Mars", "mars", []uint32{118}, nil},
	{"CRE", "Crescent", "cre", []uint32{118}, nil},
	{"CMDX", "Comdex", "comdex", []uint32{118}, nil},
	{"QSR", "Quasar", "quasar", []uint32{118}, nil},
	{"XPRT", "Persistence", "persistence", []uint32{118, 750}, nil},
	{"BLZ", "Bluzelle", "bluzelle", []uint32{118, 483}, nil},
	{"BNB_BNB", "BNB Beacon Chain", "bnb", []uint32{714}, []string{"BNB_BC"}},
	{"TBNB_BC", "BNB Beacon Chain testnet", "tbnb", []uint32{714, 1}, []string{"TBNB"}},
}

// ethermintNames are chains of the Cosmos SDK with Ethereum's keys and hash.
var ethermintNames = []cosmosChain{
	{"INJ", "Injective", "inj", []uint32{60}, nil},
	{"EVMOS", "Evmos", "evmos", []uint32{60}, nil},
	{"CANTO", "Canto", "canto", []uint32{60}, nil},
	{"DYM", "Dymension", "dym", []uint32{60}, nil},
	{"ZETA", "ZetaChain", "zeta", []uint32{60}, nil},
	{"ONE", "Harmony", "one", []uint32{1023, 60}, []string{"HARMONY"}},
	{"IOTX", "IoTeX", "io", []uint32{304}, []string{"IOTEX"}},
}

var (
	keplrForm = hexForm.takenBy("Keplr")
	tronForm  = hexForm.takenBy("TronLink")
)

func cosmosChains() []Chain {
	var list []Chain
	for _, c := range cosmosNames {
		list = append(list, c.chain(encode("default", hash160, bech32Text(c.hrp), keplrForm)))
	}
	asEVM := encode("evm", keccak20, evm, evmForm)
	for _, c := range ethermintNames {
		list = append(list, c.chain(encode("default", keccak20, bech32Text(c.hrp), hexForm), asEVM))
	}
	return append(list,
		cosmosChain{"SEI", "Sei", "sei", []uint32{118}, nil}.chain(
			encode("default", hash160, bech32Text("sei"), hexForm), asEVM).
			with("a key has two accounts, which do not show that they belong together"),
		cosmosChain{"INIT", "Initia", "init", []uint32{60}, nil}.chain(twoKeyTypes("init")...).with("the account depends on the type of the key on the chain").unconfirmed("the choice"),
		cosmosChain{"MANTRA", "Mantra", "mantra", []uint32{118, 60}, []string{"OM"}}.chain(twoKeyTypes("mantra")...).with("the account depends on the type of the key on the chain").unconfirmed("the choice"),
		cosmosChain{"ZIL", "Zilliqa", "zil", []uint32{313}, nil}.chain(
			encode("default", zilliqaHash, bech32Text("zil").or(plainHex(20)), hexForm), asEVM).
			with("the hex form of an account and the EVM account of the same key are two accounts"),
		avalancheChain("AVAX_X", "Avalanche X and P", "avax", []string{"AVAXX", "AVAX_P"}, 9000),
		avalancheChain("AVAX_X_TEST", "Avalanche X and P, testnet", "fuji", []string{"TAVAX_X", "TAVAXX", "TAVAX_P"}, 1, 9000),
		one("ICX", "ICON", 74, encode("default", iconHash, labelled("hx", plainHex(20)), hexForm), "ICON"),
		one("TRON", "Tron", 195, encode("default", keccak20, tronText, tronForm), "TRX"),
		one("TTRON", "Tron testnet", 1, encode("default", keccak20, tronText, tronForm), "TTRX").coins(195),
		confluxChain("CFX", "Conflux Core", "cfx", 503),
		confluxChain("TCFX", "Conflux Core testnet", "cfxtest", 1, 503),
	)
}

func (c cosmosChain) chain(encodings ...Encoding) Chain {
	return Chain{ID: c.id, Name: c.name, Aliases: c.aliases, SLIP44: c.slip44, Encodings: encodings}
}

// with sets the note.
func (c Chain) with(note string) Chain {
	c.Note = note
	return c
}

func avalancheChain(id, name, hrp string, aliases []string, slip44 ...uint32) Chain {
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: slip44,
		Encodings: []Encoding{
			encode("x-chain", hash160, labelled("X-", bech32Text(hrp)), avalancheForm),
			encode("p-chain", hash160, labelled("P-", bech32Text(hrp)), avalancheForm),
		},
	}
}

func twoKeyTypes(hrp string) []Encoding {
	return []Encoding{
		encode("ethsecp256k1", keccak20, bech32Text(hrp), hexForm),
		encode("secp256k1", hash160, bech32Text(hrp), hexForm),
	}
}

// labelled is t after a label, which may be left out.
func labelled(label string, t text) text {
	return text{
		format: func(p []byte) string { return label + t.format(p) },
		parse: func(s string) ([]byte, bool) {
			if len(s) >= len(label) && strings.EqualFold(s[:len(label)], label) {
				s = s[len(label):]
			}
			return t.parse(s)
		},
	}
}

// plainHex are size bytes in hex, without a checksum; case does not matter and 0x
// may stand in front.
func plainHex(size int) text {
	return text{
		format: hex.EncodeToString,
		parse: func(s string) ([]byte, bool) {
			b, err := hex.DecodeString(cut0x(s))
			return b, err == nil && len(b) == size
		},
	}
}

// cut0x drops the 0x or 0X that may stand before hex.
func cut0x(s string) string {
	if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		return s[2:]
	}
	return s
}

// tronText also reads an account in hex, after Tron's version byte 41 or as 0x.
var tronText = bitcoin58.text("\x41").or(evmText(0, "0x"), text{parse: func(s string) ([]byte, bool) {
	b, ok := plainHex(21).parse(s)
	if !ok || b[0] != 0x41 {
		return nil, false
	}
	return b[1:], true
}})

// zilliqaHash are the last 20 bytes of SHA-256(compressed key).
var zilliqaHash = &Payload{Name: "sha256-20", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	h := sha256.Sum256(k.Key[:])
	return append(dst, h[12:]...)
}}

// iconHash are the last 20 bytes of SHA3-256(x ‖ y).
var iconHash = &Payload{Name: "sha3-20", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	h := sha3.Sum256(k.XY[:])
	return append(dst, h[12:]...)
}}

// confluxHash is keccak20 with its first four bits set to 0001, which marks an
// ordinary account.
var confluxHash = &Payload{Name: "keccak20-conflux", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	n := len(dst)
	dst = keccak20.Of(dst, k)
	dst[n] = dst[n]&0x0f | 0x10
	return dst
}}

// confluxChain writes CIP-37.
func confluxChain(id, name, prefix string, slip44 ...uint32) Chain {
	b := base32Check{prefix: prefix, charset: "abcdefghjkmnprstuvwxyz0123456789", required: true}
	t := b.text(0)
	return Chain{
		ID: id, Name: name, SLIP44: slip44,
		Encodings: []Encoding{encode("core", confluxHash, text{t.format, func(s string) ([]byte, bool) {
			// The verbose form names the type of the address, which its data also says.
			if network, rest, found := strings.Cut(strings.ToLower(s), ":type.user:"); found && oneCase(s) {
				s = network + ":" + rest
			}
			return t.parse(s)
		}}, hexForm), encode("core-hex", confluxHash, evm, hexForm)},
		Note: "the same key has an account in eSpace, see CFX_ESPACE; core-hex is the older spelling of core, which begins with 0x1",
		underivable: []rule{{"contract", nil, func(s string) ([]byte, bool) {
			account, ok := t.or(evm).parse(s)
			return nil, ok && len(account) == 20 && account[0]>>4 == 8
		}}},
	}
}
