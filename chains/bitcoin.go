package chains

// The chains that took their addresses from Bitcoin.

// bitcoinLike are the parameters of such a chain. An empty field is a form that
// the chain does not have.
type bitcoinLike struct {
	p2pkh string // version bytes of Base58Check
	p2sh  string
	// p2shOld is another version of p2sh that is still read.
	p2shOld      string
	hrp          string // of BIP 173
	taproot      bool
	uncompressed bool
	wif          byte
	check        check58 // bitcoin58 if not set
}

func (b bitcoinLike) encodings() []Encoding {
	check := b.check
	if check.alphabet == nil {
		check = bitcoin58
	}
	wif := wifForm(check, b.wif)
	list := []Encoding{encode("p2pkh", Hash160, check.text(b.p2pkh), wif)}
	if b.uncompressed {
		list = append(list, encode("p2pkh-uncompressed", Hash160Uncompressed, check.text(b.p2pkh), wifUncompressedForm(check, b.wif)))
	}
	if b.p2sh != "" && b.hrp != "" {
		t := check.text(b.p2sh)
		if b.p2shOld != "" {
			t = t.or(check.text(b.p2shOld))
		}
		list = append(list, encode("p2sh-p2wpkh", NestedHash160, t, wif))
	}
	if b.hrp != "" {
		list = append(list, encode("p2wpkh", Hash160, segwit(b.hrp, 0), wif))
	}
	if b.taproot {
		list = append(list,
			encode("p2tr", TaprootBIP86, segwit(b.hrp, 1), descriptorForm("tr", check, b.wif)),
			encode("p2tr-untweaked", XOnly, segwit(b.hrp, 1), descriptorForm("rawtr", check, b.wif)))
	}
	return list
}

var (
	mainnet = bitcoinLike{p2pkh: "\x00", p2sh: "\x05", hrp: "bc", taproot: true, uncompressed: true, wif: 0x80}
	testnet = bitcoinLike{p2pkh: "\x6f", p2sh: "\xc4", hrp: "tb", taproot: true, uncompressed: true, wif: 0xef}
)

const taprootNote = "p2tr-untweaked is the vendor's: the output key is the derived key itself. p2tr is BIP 86"

func bitcoinChains() []Chain {
	return []Chain{
		{ID: "BTC", Name: "Bitcoin", SLIP44: []uint32{0}, Encodings: mainnet.encodings(), Note: taprootNote},
		{ID: "XTN", Name: "Bitcoin testnet", Aliases: []string{"TBTC", "BTC_TEST"}, SLIP44: []uint32{1}, Encodings: testnet.encodings(), Note: taprootNote},
		{ID: "SIGNET_BTC", Name: "Bitcoin signet", Aliases: []string{"SBTC", "SIGNET"}, SLIP44: []uint32{1}, Encodings: testnet.encodings(), Note: taprootNote},
		{ID: "FRACTAL", Name: "Fractal Bitcoin", Aliases: []string{"FB", "FRACTAL_FB"}, SLIP44: []uint32{0}, Encodings: mainnet.encodings(), Note: taprootNote},
	}
}
