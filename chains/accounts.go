package chains

import (
	"crypto/sha3"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"
)

// Chains with an address format of their own, of secp256k1 keys above all.

func accountChains() []Chain {
	return []Chain{
		{
			ID: "XRP", Name: "XRP Ledger", SLIP44: []uint32{144},
			Encodings: []Encoding{
				encode("secp256k1", hash160, rippleText, rippleForm),
				encode("ed25519", rippleEd25519, rippleText, scalarForm),
			},
			Note:   "one account serves many rows, told apart by their tags; an X-address holds the tag",
			tagged: readRippleX,
		},
		{
			ID: "FIL", Name: "Filecoin", Aliases: []string{"FILECOIN"}, SLIP44: []uint32{461},
			Encodings: []Encoding{
				encode("f1", filecoinHash, filecoinText("f1", 1), lotusForm),
				encode("t1", filecoinHash, filecoinText("t1", 1), lotusForm),
				encode("f4", keccak20, filecoinText("f410f", 4, 10).or(evm), hexForm),
				encode("t4", keccak20, filecoinText("t410f", 4, 10).or(evm), hexForm),
			},
			Note: "f1 and f410f are two accounts of one key; t is the prefix on test networks",
			underivable: []rule{
				named("actor number", `^[ft]0[0-9]{1,20}$`),
				foreign("contract or multi-signature actor", 20, filecoinText("f2", 2), filecoinText("t2", 2)),
				foreign("BLS key", 48, filecoinText("f3", 3), filecoinText("t3", 3)),
			},
		},
		eosLike("EOS", "EOS (Vaulta)", "EOS", "PUB_K1_", eosName, 194, "VAULTA"),
		eosLike("WAX", "WAX", "EOS", "PUB_K1_", eosName, 14001),
		eosLike("FIO", "FIO", "FIO", "", eosName+`|^[a-zA-Z0-9-]+@[a-zA-Z0-9-]+$`, 235),
		nervosChain("CKB", "Nervos CKB", "ckb", []string{"NERVOS"}, 309),
		nervosChain("CKB_TEST", "Nervos CKB testnet", "ckt", []string{"TCKB"}, 1, 309),
		{
			ID: "STX", Name: "Stacks", Aliases: []string{"STACKS"}, SLIP44: []uint32{5757},
			Encodings: []Encoding{
				encode("default", hash160, c32Text(22), stacksForm),
				encode("testnet", hash160, c32Text(26), stacksForm),
			},
			underivable: []rule{foreign("multi-signature address", 20, c32Text(20), c32Text(21))},
		},
		{
			ID: "ICP", Name: "Internet Computer", SLIP44: []uint32{223},
			Encodings: []Encoding{
				encode("account-secp256k1", icpAccountSecp, icpAccountText, sec1Form),
				encode("principal-secp256k1", icpPrincipalSecp, icpPrincipalText, sec1Form),
				encode("account-ed25519", icpAccountEd, icpAccountText, scalarForm),
				encode("principal-ed25519", icpPrincipalEd, icpPrincipalText, scalarForm),
			},
			Note: "accounts of sub-account 0",
		},
		Chain{
			ID: "ONT", Name: "Ontology", Aliases: []string{"ONTOLOGY"}, SLIP44: []uint32{1024},
			Encodings: []Encoding{encode("secp256k1", ontologyHash, bitcoin58.text("\x17"), wifForm(bitcoin58, 0x80, "").takenBy(""))},
			Note:      "Ontology's own wallets use P-256 keys, which are out of reach",
		}.unconfirmed("the address of a secp256k1 key"),
		one("NULS", "NULS", 8964, encode("default", hash160, nulsText, hexForm)),
		one("NAS", "Nebulas", 2718, encode("default", nebulasHash, nebulas58.text("\x19\x57"), hexForm)),
		{
			ID: "FLOW", Name: "Flow", SLIP44: []uint32{539}, Status: LookUp,
			Encodings:   []Encoding{encode("pubkey", xy, plainHex(64), hexForm)},
			Note:        "the account is a number given out on the chain; the key may be of P-256 instead",
			underivable: []rule{named("account number", `^(0[xX])?[0-9a-fA-F]{16}$`)},
		},
	}
}

// xy are the two coordinates.
var xy = &Payload{Name: "secp256k1-xy", Curve: curve.Secp256k1, Size: 64, Of: func(dst []byte, k *PublicKey) []byte {
	return append(dst, k.XY[:]...)
}}

// XRP Ledger.

var ripple58 = check58{base58.Ripple, base58.Checksum}

// rippleText also reads X-addresses.
var rippleText = ripple58.text("\x00").or(text{parse: func(s string) ([]byte, bool) {
	account, _, ok := readRippleX(s)
	return account, ok
}})

// readRippleX reads an X-address (XLS-5d), which names the account and may name a tag,
// of both networks.
func readRippleX(s string) (account []byte, tag string, ok bool) {
	b, ok := ripple58.read(s, "")
	if !ok || len(b) != 2+20+1+8 {
		return nil, "", false
	}
	if prefix := string(b[:2]); prefix != "\x05\x44" && prefix != "\x04\x93" {
		return nil, "", false
	}
	flag, number := b[22], binary.LittleEndian.Uint64(b[23:])
	if flag > 1 || flag == 0 && number != 0 || number>>32 != 0 {
		return nil, "", false
	}
	if flag == 1 {
		tag = strconv.FormatUint(number, 10)
	}
	return b[2:22], tag, true
}

// rippleEd25519 is the hash160 of ED and the key.
var rippleEd25519 = &Payload{Name: "hash160-ed25519", Curve: curve.Ed25519, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	b := k.Key
	b[0] = 0xed
	return appendHash160(dst, b[:])
}}

// Filecoin.

// filecoinHash is BLAKE2b, of 20 bytes, of the uncompressed key.
var filecoinHash = &Payload{Name: "blake2b160-uncompressed", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	u := k.uncompressed()
	return blake2b.Append(dst, 20, "", u[:])
}}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// filecoinText is label, then the payload and a checksum of 4 bytes in base 32.
// protocol is what the checksum covers before the payload.
func filecoinText(label string, protocol ...byte) text {
	sum := func(p []byte) []byte { return blake2b.Append(nil, 4, "", append(slices.Clone(protocol), p...)) }
	return text{
		format: func(p []byte) string { return label + base32Lower.EncodeToString(append(slices.Clone(p), sum(p)...)) },
		parse: func(s string) ([]byte, bool) {
			digits, found := strings.CutPrefix(strings.ToLower(s), label)
			b, ok := decodeBase32(base32Lower, digits)
			if !found || !ok || !oneCase(s) || len(b) < 4 {
				return nil, false
			}
			p := b[:len(b)-4]
			return p, string(sum(p)) == string(b[len(p):])
		},
	}
}

// decodeBase32 refuses what the standard library lets pass: line breaks, and bits
// that are not zero after the last byte.
func decodeBase32(e *base32.Encoding, s string) ([]byte, bool) {
	b, err := e.DecodeString(s)
	return b, err == nil && e.EncodeToString(b) == s
}

// EOS and its relatives: the account is a name, the address form is the key.

const eosName = `^[a-z1-5.]{1,12}[a-j1-5.]?$`

func eosLike(id, name, legacy, modern, names string, slip44 uint32, aliases ...string) Chain {
	c := Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44}, Status: LookUp,
		Note:        "the account is a name on the chain; the public key is written",
		underivable: []rule{named("account name", names)},
	}
	legacyName := "pubkey-legacy"
	if modern == "" {
		legacyName = "pubkey"
	}
	wif := wifUncompressedForm(bitcoin58, 0x80).takenBy(eosForm.taker)
	c.Encodings = append(c.Encodings, encode(legacyName, secp256k1Key, prefixed(legacy, eosCheck("").text("")), wif))
	if modern != "" {
		c.Encodings = append(c.Encodings, encode("pubkey-k1", secp256k1Key, prefixed(modern, eosCheck("K1").text("")), eosForm))
	}
	return c
}

// eosCheck is base 58 with a checksum of RIPEMD-160 of the data and the type.
func eosCheck(keyType string) check58 {
	return check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
		var stack, sum [64]byte
		buf := append(append(stack[:0], b...), keyType...)
		appendRIPEMD160(sum[:0], buf)
		clear(buf)
		return [base58.ChecksumSize]byte(sum[:])
	}}
}

// prefixed is t after a label that must be there.
func prefixed(label string, t text) text {
	return text{
		format: func(p []byte) string { return label + t.format(p) },
		parse: func(s string) ([]byte, bool) {
			rest, found := strings.CutPrefix(s, label)
			if !found {
				return nil, false
			}
			return t.parse(rest)
		},
	}
}

// Nervos CKB, RFC 21.

func nervosChain(id, name, hrp string, aliases []string, slip44 ...uint32) Chain {
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: slip44,
		Encodings: []Encoding{
			encode("full-bech32m", nervosHash, bech32mText(hrp, []byte("\x00"+nervosCode+"\x01")...), hexForm),
			encode("short", nervosHash, bech32Text(hrp, 1, 0), hexForm),
			encode("full-2019", nervosHash, bech32Text(hrp, []byte("\x04"+nervosCode)...), hexForm),
		},
		Note: "the short form and that of 2019 are deprecated",
	}
}

// nervosCode is the hash of the code of secp256k1_blake160.
const nervosCode = "\x9b\xd7\xe0\x6f\x3e\xcf\x4b\xe0\xf2\xfc\xd2\x18\x8b\x23\xf1\xb9\xfc\xc8\x8e\x5d\x4b\x65\xa8\x63\x7b\x17\x72\x3b\xbd\xa3\xcc\xe8"

// nervosHash are the first 20 bytes of CKB's BLAKE2b.
var nervosHash = &Payload{Name: "blake160-ckb", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	n := len(dst)
	return blake2b.Append(dst, 32, "ckb-default-hash", k.Key[:])[:n+20]
}}

// Stacks, SIP-005.

const c32Charset = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// c32Text is S, the version, and hash and checksum as one number in base 32, with
// a zero digit for each leading zero byte.
func c32Text(version byte) text {
	sum := func(p []byte) []byte { c := base58.Checksum(append([]byte{version}, p...)); return c[:] }
	return text{
		format: func(p []byte) string {
			data := append(slices.Clone(p), sum(p)...)
			return "S" + c32Charset[version:version+1] + c32(data)
		},
		parse: func(s string) ([]byte, bool) {
			// Crockford's base 32 reads O as 0, and I and L as 1.
			s = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
			if len(s) < 2 || s[0] != 'S' || s[1] != c32Charset[version] || len(s) > 2+39 {
				return nil, false
			}
			data, ok := readC32(s[2:], 24)
			if !ok {
				return nil, false
			}
			return data[:20], string(sum(data[:20])) == string(data[20:]) && c32(data) == s[2:]
		},
	}
}

func c32(data []byte) string {
	zeros := 0
	for zeros < len(data) && data[zeros] == 0 {
		zeros++
	}
	// The digits are aligned at the end of the number.
	pad := (5 - len(data)*8%5) % 5
	var digits []byte
	acc, bits := uint(0), uint(pad)
	for _, b := range data {
		acc = (acc&0xff)<<8 | uint(b)
		for bits += 8; bits >= 5; {
			bits -= 5
			digits = append(digits, c32Charset[acc>>bits&31])
		}
	}
	number := strings.TrimLeft(string(digits), "0")
	return strings.Repeat("0", zeros) + number
}

// readC32 reads a number of size bytes.
func readC32(s string, size int) ([]byte, bool) {
	data := make([]byte, size)
	acc, bits, at := uint(0), uint(0), size
	for i := len(s) - 1; i >= 0; i-- {
		v := strings.IndexByte(c32Charset, s[i])
		if v < 0 {
			return nil, false
		}
		acc |= uint(v) << bits
		for bits += 5; bits >= 8; bits -= 8 {
			if at--; at < 0 {
				return nil, byte(acc) == 0
			}
			data[at] = byte(acc)
			acc >>= 8
		}
	}
	if at > 0 {
		data[at-1] = byte(acc)
		acc >>= 8
	}
	return data, acc == 0
}

// Ontology, NULS, Nebulas.

// ontologyHash is the hash160 of a script that checks one signature. A key that
// is not of P-256 has its algorithm (ECDSA) and curve in front.
var ontologyHash = &Payload{Name: "hash160-ontology", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	var stack [1 + 2 + 33 + 1]byte
	script := append(append(stack[:0], 35, 0x12, 0x05), k.Key[:]...)
	return appendHash160(dst, append(script, 0xac))
}}

// nulsText is the chain (1, little-endian), the type of account, the hash, and
// the exclusive or of all of them.
var nulsText = text{
	format: func(p []byte) string { return "NULSd" + string(base58.Encode(nil, nulsData(p))) },
	parse: func(s string) ([]byte, bool) {
		digits, found := strings.CutPrefix(s, "NULSd")
		b, err := base58.Decode(nil, digits)
		if !found || err != nil || len(b) != 24 || string(nulsData(b[3:23])) != string(b) {
			return nil, false
		}
		return b[3:23], true
	},
}

func nulsData(p []byte) []byte {
	b := append([]byte{1, 0, 1}, p...)
	var x byte
	for _, v := range b {
		x ^= v
	}
	return append(b, x)
}

// nebulasHash is RIPEMD-160(SHA3-256(uncompressed key)).
var nebulasHash = &Payload{Name: "ripemd160-sha3", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
	u := k.uncompressed()
	h := sha3.Sum256(u[:])
	return appendRIPEMD160(dst, h[:])
}}

var nebulas58 = check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
	h := sha3.Sum256(b)
	return [base58.ChecksumSize]byte(h[:])
}}
