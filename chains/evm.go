package chains

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// evmText writes an account as hex after a prefix, its case a checksum: of
// EIP-55, or of EIP-1191 for a chain ID. It reads hex in one case as well, and
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
			return b, oneCase(digits) || digits == checksumCase(b, chainID)
		},
	}
}

// oneCase reports whether the letters of s are all lower or all upper case.
func oneCase(s string) bool { return s == strings.ToLower(s) || s == strings.ToUpper(s) }

// checksumCase returns the hex digits of an account in the case of EIP-55, or of
// EIP-1191 if chainID is not zero.
func checksumCase(account []byte, chainID uint64) string {
	digits := hex.AppendEncode(nil, account)
	hashed := digits
	if chainID != 0 {
		hashed = append([]byte(strconv.FormatUint(chainID, 10)+"0x"), digits...)
	}
	h := Keccak256(hashed)
	for i, d := range digits {
		if nibble := h[i/2] >> (4 * (1 - i%2)) & 15; d >= 'a' && nibble >= 8 {
			digits[i] = d - 'a' + 'A'
		}
	}
	return string(digits)
}

var evm = evmText(0, "0x")

// evmForm is hex, which every wallet of these chains takes.
var evmForm = hexForm.takenBy("EVM wallets such as MetaMask")

// evmName is a plain EVM chain: the vendor's ID, the name, and other IDs.
type evmName struct {
	id, name string
	aliases  []string
}

func (n evmName) chain(slip44 ...uint32) Chain {
	return Chain{ID: n.id, Name: n.name, Aliases: n.aliases, SLIP44: slip44, Encodings: []Encoding{encode("default", keccak20, evm, evmForm)}}
}

func evmChains() []Chain {
	list := []Chain{
		evmName{"ETC", "Ethereum Classic", nil}.chain(61, 60),
		one("VET", "VeChain", 818, encode("default", keccak20, evm, hexForm), "VECHAIN").coins(60),
		one("TVET", "VeChain testnet", 1, encode("default", keccak20, evm, hexForm)).coins(818, 60),
		evmName{"THETA", "Theta", nil}.chain(500, 60),
		evmName{"KAIA", "Kaia", []string{"KLAY", "KLAYTN"}}.chain(8217, 60),
		evmName{"CLO", "Callisto", nil}.chain(820, 60),
		evmName{"GO", "GoChain", nil}.chain(6060, 60),
		evmName{"POA", "POA Network", nil}.chain(178, 60),
		evmName{"TT", "ThunderCore", nil}.chain(1001, 60),
		evmName{"WAN", "Wanchain", nil}.chain(5718350, 60),
		evmName{"TOMO", "Viction (TomoChain)", []string{"TOMOCHAIN", "VIC"}}.chain(889, 60),
		evmName{"MTR", "Meter", nil}.chain(60, 18000),
		{
			ID: "RSK", Name: "Rootstock", Aliases: []string{"RBTC", "ROOTSTOCK"}, SLIP44: []uint32{137, 60},
			Encodings: []Encoding{
				encode("default", keccak20, evm, evmForm),
				encode("eip1191-30", keccak20, evmText(30, "0x"), evmForm),
			},
			Note: "EIP-1191 gives the hex digits another case than EIP-55",
		},
		{
			ID: "XDC", Name: "XDC Network", SLIP44: []uint32{550, 60},
			Encodings: []Encoding{
				encode("default", keccak20, evmText(0, "0x", "xdc"), evmForm),
				encode("xdc", keccak20, evmText(0, "xdc", "0x"), hexForm),
			},
		},
		{
			ID: "RON", Name: "Ronin", Aliases: []string{"RONIN"}, SLIP44: []uint32{60},
			Encodings: []Encoding{
				encode("default", keccak20, evmText(0, "0x", "ronin:"), evmForm),
				encode("ronin", keccak20, evmText(0, "ronin:", "0x"), hexForm.takenBy("Ronin Wallet")),
			},
		},
		platonChain("LAT", "PlatON", "lat", "PLATON"),
		platonChain("ALAYA", "Alaya", "atp", "ATP").unconfirmed("the address"),
	}
	for _, n := range evmNames {
		list = append(list, n.chain(60))
	}
	for _, n := range evmTestNames {
		list = append(list, n.chain(60, 1))
	}
	return list
}

// platonChain also writes the account in bech32.
func platonChain(id, name, hrp string, aliases ...string) Chain {
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{486, 60},
		Encodings: []Encoding{
			encode("default", keccak20, evm, evmForm),
			encode("bech32", keccak20, bech32Text(hrp), hexForm),
		},
	}
}

// evmNames are the chains on which every account of a key is the same.
var evmNames = []evmName{
	{"ETH", "Ethereum", nil},
	{"ACALAEVM", "Acala EVM", nil},
	{"ARBITRUM_ETH", "Arbitrum One", []string{"ARBITRUM", "ARB"}},
	{"ARBITRUMNOVA", "Arbitrum Nova", nil},
	{"AURORA", "Aurora", []string{"AURORA_ETH"}},
	{"AVAXC", "Avalanche C-Chain", []string{"AVAX", "AVAX_C"}},
	{"BASE_ETH", "Base", []string{"BASE"}},
	{"BB", "BounceBit", []string{"BOUNCEBIT"}},
	{"BERA", "Berachain", nil},
	{"BLAST", "Blast", []string{"BLAST_ETH"}},
	{"BOB", "BOB", nil},
	{"BOBA", "Boba", nil},
	{"BSC_BNB", "BNB Smart Chain", []string{"BSC", "BSC_LEGACY"}},
	{"CELO", "Celo", nil},
	{"CFX_ESPACE", "Conflux eSpace", []string{"CFXESPACE"}},
	{"CHZ", "Chiliz legacy chain", nil},
	{"CHZ2", "Chiliz Chain", nil},
	{"CMT", "CyberMiles", []string{"CYBERMILES"}},
	{"CORE", "Core", nil},
	{"CORN", "Corn", nil},
	{"CRO", "Cronos", []string{"CRONOS"}},
	{"ETHW", "EthereumPoW", nil},
	{"EVMOS_EVM", "Evmos EVM", nil},
	{"FTM", "Fantom", nil},
	{"FTN", "Bahamut", nil},
	{"GREENFIELD", "BNB Greenfield", nil},
	{"HECO", "Heco", nil},
	{"HYPEREVM", "HyperEVM", []string{"HYPE"}},
	{"IOTX_EVM", "IoTeX EVM", nil},
	{"KAVAEVM", "Kava EVM", nil},
	{"KCC", "KuCoin Community Chain", nil},
	{"LIGHTLINK", "LightLink", nil},
	{"LINEA", "Linea", []string{"LINEA_ETH"}},
	{"MANTA", "Manta Pacific", []string{"MANTA_ETH"}},
	{"MATIC", "Polygon", []string{"POLYGON", "POL"}},
	{"MEGAETH", "MegaETH", nil},
	{"MERLIN", "Merlin", []string{"MERLIN_BTC"}},
	{"METIS", "Metis", nil},
	{"MNT", "Mantle", []string{"MANTLE"}},
	{"MODE", "Mode", []string{"MODE_ETH"}},
	{"MONAD", "Monad", nil},
	{"MOONBEAM", "Moonbeam", []string{"GLMR"}},
	{"MOONRIVER", "Moonriver", []string{"MOVR"}},
	{"MORPH", "Morph", []string{"MORPH_ETH"}},
	{"NEON", "Neon", nil},
	{"NEXTY", "Nexty", nil},
	{"OKC", "OKX Chain", []string{"OKT"}},
	{"OPBNB", "opBNB", []string{"OPBNB_BNB"}},
	{"OPT_ETH", "OP Mainnet", []string{"OPT", "OPTIMISM"}},
	{"PLUME", "Plume", []string{"PLUMENETWORK"}},
	{"POLYGONZKEVM", "Polygon zkEVM", nil},
	{"ROBINHOODCHAIN", "Robinhood Chain", nil},
	{"SCROLL", "Scroll", []string{"SCROLL_ETH"}},
	{"SEI_EVM", "Sei EVM", nil},
	{"SMARTBCH", "SmartBCH", nil},
	{"SONIC", "Sonic", nil},
	{"SWELL", "Swellchain", []string{"SWELL_ETH"}},
	{"TAC", "TAC", nil},
	{"TAIKO", "Taiko", []string{"TAIKO_ETH"}},
	{"TFUELEVM", "Theta Fuel EVM", nil},
	{"TLOS", "Telos EVM", nil},
	{"UNICHAIN", "Unichain", []string{"UNICHAIN_ETH"}},
	{"WEMIX", "Wemix", nil},
	{"XDAI", "Gnosis", []string{"GNOSIS"}},
	{"XPL", "Plasma", nil},
	{"ZENEON", "EON (Horizen)", nil},
	{"ZETAEVM", "ZetaChain EVM", nil},
	{"ZIRCUIT", "Zircuit", []string{"ZIRCUIT_ETH"}},
	{"ZKLINKNOVA", "zkLink Nova", nil},
	{"ZKSYNC", "zkSync Era", []string{"ZKSYNC_ETH", "ZKS_ETH"}},
}

var evmTestNames = []evmName{
	{"SETH", "Ethereum Sepolia", []string{"SEPOLIA"}},
	{"RETH", "Ethereum Ropsten", nil},
	{"GETH", "Ethereum Goerli", []string{"GOERLI"}},
	{"HOLESKY", "Ethereum Holesky", []string{"HOLESKY_ETH"}},
	{"TBASE_SETH", "Base Sepolia", []string{"TBASE"}},
	{"SMNT_MNT", "Mantle Sepolia", []string{"SMNT"}},
	{"AVAXC_TEST", "Avalanche C-Chain testnet", []string{"TAVAXC", "TAVAX", "AVAX_TEST", "FUJI"}},
	{"TBSC", "BNB Smart Chain testnet", []string{"TBSC_BNB"}},
	{"TCRO", "Cronos testnet", nil},
	{"TBB", "BounceBit testnet", nil},
	{"SBOB", "BOB Sepolia", nil},
}
