package chains

import (
	"lifeboat/chains/internal/groestl"
	"lifeboat/internal/base58"
	"lifeboat/internal/bechsum"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"

	"github.com/decred/dcrd/crypto/blake256"
)

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
	// core is the chain's node if it imports output descriptors: a WIF does not say
	// which address it is for. taprootCore also knows those of Taproot.
	core, taprootCore string
}

// check58 is the chain's base 58.
func (b bitcoinLike) check58() check58 {
	if b.check.alphabet == nil {
		return bitcoin58
	}
	return b.check
}

func (b bitcoinLike) base58(prefix string) text { return b.check58().text(prefix) }

func (b bitcoinLike) encodings() []Encoding {
	check := b.check58()
	// A node that knows output descriptors takes them, for a descriptor shows one
	// address. function is what stands before the key in it.
	described := func(node, function string, compressed bool, x *exportForm) *exportForm {
		if node != "" {
			x.taker, x.taken, x.watched = node+": importdescriptors", descriptor(function, check, b.wif, compressed), function
		}
		return x
	}
	list := []Encoding{encode("p2pkh", hash160, check.text(b.p2pkh), described(b.core, "pkh(", true, wifForm(check, b.wif, "")))}
	if b.uncompressed {
		list = append(list, encode("p2pkh-uncompressed", hash160Uncompressed, check.text(b.p2pkh), described(b.core, "pkh(", false, wifUncompressedForm(check, b.wif))))
	}
	if b.p2sh != "" && b.hrp != "" {
		t := check.text(b.p2sh)
		if b.p2shOld != "" {
			t = t.or(check.text(b.p2shOld))
		}
		list = append(list, encode("p2sh-p2wpkh", nestedHash160, t, described(b.core, "sh(wpkh(", true, wifForm(check, b.wif, "sh(wpkh(WIF))"))))
	}
	if b.hrp != "" {
		list = append(list, encode("p2wpkh", hash160, segwit(b.hrp, 0), described(b.core, "wpkh(", true, wifForm(check, b.wif, "wpkh(WIF)"))))
	}
	if b.taproot {
		list = append(list,
			encode("p2tr", taprootBIP86, segwit(b.hrp, 1), described(b.taprootCore, "tr(", true, descriptorForm("tr", check, b.wif))),
			encode("p2tr-untweaked", xOnly, segwit(b.hrp, 1), described(b.taprootCore, "rawtr(", true, descriptorForm("rawtr", check, b.wif))))
	}
	return list
}

func (b bitcoinLike) chain(id, name string, slip44 uint32, aliases ...string) Chain {
	c := Chain{ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44}, Encodings: b.encodings(), outputs: b.outputs()}
	if b.hrp != "" {
		c.underivable = []rule{foreign("pay to witness script hash: the script decides", 32, segwit(b.hrp, 0))}
	}
	if b.taproot {
		c.Note = taprootNote
	}
	return c
}

const taprootNote = "p2tr-untweaked is the vendor's: the output key is the derived key itself; p2tr is BIP 86. With a script tree, its hash is needed as well"

const bitcoinCore = "Bitcoin Core 24"

var (
	mainnet = bitcoinLike{p2pkh: "\x00", p2sh: "\x05", hrp: "bc", taproot: true, uncompressed: true, wif: 0x80, core: bitcoinCore, taprootCore: bitcoinCore}
	testnet = bitcoinLike{p2pkh: "\x6f", p2sh: "\xc4", hrp: "tb", taproot: true, uncompressed: true, wif: 0xef, core: bitcoinCore, taprootCore: bitcoinCore}
)

func bitcoinChains() []Chain {
	return []Chain{
		mainnet.chain("BTC", "Bitcoin", 0, "BITCOIN"),
		testnet.chain("XTN", "Bitcoin testnet", 1, "TBTC", "BTC_TEST"),
		testnet.chain("SIGNET_BTC", "Bitcoin signet", 1, "SBTC", "SIGNET"),
		mainnet.chain("FRACTAL", "Fractal Bitcoin", 0, "FB", "FRACTAL_FB"),
		bitcoinLike{p2pkh: "\x30", p2sh: "\x32", p2shOld: "\x05", hrp: "ltc", taproot: true, uncompressed: true, wif: 0xb0, core: "Litecoin Core 0.21"}.chain("LTC", "Litecoin", 2),
		bitcoinLike{p2pkh: "\x6f", p2sh: "\x3a", p2shOld: "\xc4", hrp: "tltc", taproot: true, uncompressed: true, wif: 0xef, core: "Litecoin Core 0.21"}.chain("LTC_TEST", "Litecoin testnet", 1, "TLTC"),
		bitcoinLike{p2pkh: "\x1e", p2sh: "\x16", uncompressed: true, wif: 0x9e}.chain("DOGE", "Dogecoin", 3),
		bitcoinLike{p2pkh: "\x71", p2sh: "\xc4", uncompressed: true, wif: 0xf1}.chain("DOGE_TEST", "Dogecoin testnet", 1, "TDOGE"),
		bitcoinLike{p2pkh: "\x4c", p2sh: "\x10", uncompressed: true, wif: 0xcc, core: "Dash Core 21"}.chain("DASH", "Dash", 5),
		bitcoinLike{p2pkh: "\x8c", p2sh: "\x13", uncompressed: true, wif: 0xef, core: "Dash Core 21"}.chain("DASH_TEST", "Dash testnet", 1, "TDASH"),
		bitcoinLike{p2pkh: "\x00", wif: 0x80}.cash("bitcoincash", "BCH", "Bitcoin Cash", 145),
		bitcoinLike{p2pkh: "\x00", wif: 0x80}.cash("ecash", "XEC", "eCash", 899, "BCHA", "ECASH").coins(1899),
		bitcoinLike{p2pkh: "\x00", wif: 0x80}.chain("BSV", "Bitcoin SV", 236),
		bitcoinLike{p2pkh: "\x26", p2sh: "\x17", hrp: "btg", wif: 0x80}.chain("BTG", "Bitcoin Gold", 156),
		bitcoinLike{p2pkh: "\x00", p2sh: "\x05", hrp: "bcd", wif: 0x80}.chain("BCD", "Bitcoin Diamond", 999),
		bitcoinLike{p2pkh: "\x1c\xb8", uncompressed: true, wif: 0x80}.chain("ZEC", "Zcash", 133, "ZCASH").zcash(),
		bitcoinLike{p2pkh: "\x20\x89", wif: 0x80}.chain("ZEN", "Horizen", 121),
		bitcoinLike{p2pkh: "\x1c\x28", wif: 0x80}.chain("YEC", "Ycash", 347, "YCASH").unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x1c\xb8", wif: 0x80}.chain("FLUX", "Flux", 19167, "ZEL"),
		bitcoinLike{p2pkh: "\x52", wif: 0xd2}.chain("FIRO", "Firo", 136, "XZC").unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x3c", wif: 0x80}.chain("RVN", "Ravencoin", 175, "RAVENCOIN"),
		bitcoinLike{p2pkh: "\x3c", wif: 0x80}.chain("RVNC", "Ravencoin Classic", 175).unconfirmed("the address"),
		bitcoinLike{p2pkh: "\x1e", wif: 0xd4}.chain("PIVX", "PIVX", 119).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x24", p2sh: "\x05", hrp: "grs", taproot: true, wif: 0x80, check: groestl58}.chain("GRS", "Groestlcoin", 17, "GROESTLCOIN"),
		bitcoinLike{p2pkh: "\x3a", p2sh: "\x32", hrp: "qc", taproot: true, wif: 0x80}.chain("QTUM", "Qtum", 2301),
		bitcoinLike{p2pkh: "\x3c", wif: 0xbc}.chain("KMD", "Komodo", 141),
		bitcoinLike{p2pkh: "\x1e", p2sh: "\x3f", hrp: "dgb", taproot: true, wif: 0x80}.chain("DGB", "DigiByte", 20),
		bitcoinLike{p2pkh: "\x47", p2sh: "\x05", hrp: "vtc", taproot: true, wif: 0x80}.chain("VTC", "Vertcoin", 28),
		bitcoinLike{p2pkh: "\x47", p2sh: "\x21", hrp: "via", wif: 0xc7}.chain("VIA", "Viacoin", 14).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x32", p2sh: "\x37", p2shOld: "\x05", hrp: "mona", wif: 0xb0}.chain("MONA", "Monacoin", 22),
		bitcoinLike{p2pkh: "\x3f", p2sh: "\x05", hrp: "sys", wif: 0x80}.chain("SYS", "Syscoin", 57).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x4b", p2sh: "\x8c", hrp: "strax", wif: 0xcb}.chain("STRAX", "Stratis", 105105).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x35", wif: 0xb5}.chain("NEBL", "Neblio", 146).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x1e", wif: 0x9e}.chain("XVG", "Verge", 77).unconfirmed("the WIF version"),
		bitcoinLike{p2pkh: "\x39", p2sh: "\x27", hrp: "ex", wif: 0x80}.chain("LBTC", "Liquid", 1776, "LIQUID").liquid("lq", "\x0c", "\x39", "\x27"),
		bitcoinLike{p2pkh: "\x24", p2sh: "\x13", hrp: "tex", wif: 0xef}.chain("LBTC_TEST", "Liquid testnet", 1, "TLBTC").liquid("tlq", "\x17", "\x24", "\x13"),
		one("DCR", "Decred", 42, encode("p2pkh", decredHash160, decred58.text("\x07\x3f"), decredForm)).
			with("BLAKE-256 takes the place of SHA-256"),
		one("HNS", "Handshake", 5353, encode("default", blake160Key, segwit("hs", 0), wifForm(bitcoin58, 0x80, "").takenBy("hsd: importprivkey")), "HANDSHAKE"),
		{
			ID: "KAS", Name: "Kaspa", Aliases: []string{"KASPA"}, SLIP44: []uint32{111111},
			Encodings: []Encoding{
				encode("schnorr", xOnly, kaspa.text(0), hexForm),
				encode("ecdsa", secp256k1Key, kaspa.text(1), hexForm),
			},
		},
	}
}

// coins adds further coin types that are in use.
func (c Chain) coins(more ...uint32) Chain {
	c.SLIP44 = append(c.SLIP44, more...)
	return c
}

// unconfirmed notes that no published vector confirms something.
func (c Chain) unconfirmed(what string) Chain {
	note := what + " is not confirmed by a published vector"
	if c.Note != "" {
		note = c.Note + "; " + note
	}
	c.Note = note
	return c
}

// cash is a chain that writes its addresses in CashAddr, and knows the old form.
func (b bitcoinLike) cash(prefix, id, name string, slip44 uint32, aliases ...string) Chain {
	c := b.chain(id, name, slip44, aliases...)
	c.Encodings = append([]Encoding{encode("cashaddr", hash160, cashAddr(prefix), wifForm(bitcoin58, b.wif, ""))}, c.Encodings...)
	c.outputs = []output{payToKeyHash(cashAddr(prefix)), payToScriptHash(cashAddrScript(prefix))}
	return c
}

var kaspa = base32Check{prefix: "kaspa", charset: bechsum.Charset}

// decredHash160 is RIPEMD-160(BLAKE-256(compressed key)).
var decredHash160 = &Payload{Name: "hash160-blake256", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	h := blake256.Sum256(k.Key[:])
	return appendRIPEMD160(dst, h[:])
}}

// blake160Key is BLAKE2b, of 20 bytes, of the compressed key.
var blake160Key = &Payload{Name: "blake2b160", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	return blake2b.Append(dst, 20, "", k.Key[:])
}}

var decred58 = check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
	h := blake256.Sum256(b)
	h = blake256.Sum256(h[:])
	return [base58.ChecksumSize]byte(h[:])
}}

// groestl58 has a checksum of Grøstl-512, twice; nothing else changes.
var groestl58 = check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
	h := groestl.Sum512(b)
	h = groestl.Sum512(h[:])
	return [base58.ChecksumSize]byte(h[:])
}}
