package chains

import (
	"bytes"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"
)

// Chains of ed25519 keys, some of which take secp256k1 keys as well.

func edwardsChains() []Chain {
	moveNote := "the address of an account stays when its key is changed on the chain; a changed one cannot be told from the key"
	return []Chain{
		one("SOL", "Solana", 501, encode("default", ed25519Key, plain58, scalarForm), "SOLANA"),
		one("SOLDEV_SOL", "Solana devnet", 1, encode("default", ed25519Key, plain58, scalarForm), "TSOL").coins(501),
		{
			ID: "APTOS", Name: "Aptos", Aliases: []string{"APT"}, SLIP44: []uint32{637}, Note: moveNote,
			Encodings: []Encoding{
				encode("ed25519", aptosEd25519, shortHex32, scalarForm),
				encode("single-ed25519", aptosSingleEd25519, shortHex32, scalarForm),
				encode("single-secp256k1", aptosSingleSecp256k1, shortHex32, hexForm),
			},
		},
		{
			ID: "SUI", Name: "Sui", SLIP44: []uint32{784},
			Encodings: []Encoding{
				encode("ed25519", suiEd25519, shortHex32, scalarForm),
				encode("secp256k1", suiSecp256k1, shortHex32, suiForm),
			},
		},
		{
			ID: "IOTA", Name: "IOTA (Rebased)", SLIP44: []uint32{4218},
			Encodings: []Encoding{
				encode("ed25519", iotaEd25519, shortHex32, scalarForm),
				encode("secp256k1", suiSecp256k1, shortHex32, hexForm),
			},
		},
		{
			ID: "NEAR", Name: "NEAR", SLIP44: []uint32{397},
			Encodings:   []Encoding{encode("implicit", ed25519Key, plainHex(32), scalarForm)},
			Note:        "implicit accounts only; a named account needs a look-up",
			underivable: []rule{named("account name", `^([a-z0-9]+[-_])*[a-z0-9]+(\.([a-z0-9]+[-_])*[a-z0-9]+)+$`)},
		},
		one("ALGO", "Algorand", 283, encode("default", ed25519Key, algorandText, scalarForm), "ALGORAND"),
		stellarChain("XLM", "Stellar", 148, "STELLAR"),
		stellarChain("XLM_TEST", "Stellar testnet", 148, "TXLM"),
		stellarChain("KIN", "Kin", 2017),
		{
			ID: "XTZ", Name: "Tezos", Aliases: []string{"TEZOS"}, SLIP44: []uint32{1729},
			Encodings: []Encoding{
				encode("tz1", blake160Ed25519, bitcoin58.text("\x06\xa1\x9f"), scalarForm),
				encode("tz2", blake160Key, bitcoin58.text("\x06\xa1\xa1"), tezosForm),
			},
			underivable: []rule{
				foreign("contract", 20, bitcoin58.text("\x02\x5a\x79")),
				foreign("key of another curve", 20, bitcoin58.text("\x06\xa1\xa4"), bitcoin58.text("\x06\xa1\xa6")), // tz3, tz4
			},
		},
		one("EGLD", "MultiversX", 508, encode("default", ed25519Key, bech32Text("erd"), scalarForm)),
		{
			ID: "HBAR", Name: "Hedera", Aliases: []string{"HEDERA"}, SLIP44: []uint32{3030},
			Encodings: []Encoding{
				encode("alias-ed25519", ed25519Key, hederaText(derEd25519), scalarForm),
				encode("alias-secp256k1", secp256k1Key, hederaText("\x30\x2d\x30\x07\x06\x05\x2b\x81\x04\x00\x0a\x03\x22\x00"), hexForm),
				encode("evm-alias", keccak20, evmText(0, "0x", "0.0."), evmForm),
				encode("hip32-ed25519", ed25519Key, hederaAlias("\x12\x20"), scalarForm),
				encode("hip32-secp256k1", secp256k1Key, hederaAlias("\x3a\x21"), hexForm),
			},
			Note: "aliases only; an account number needs a look-up",
			underivable: []rule{
				{"account number" + onLine, nil, func(s string) ([]byte, bool) { return nil, hederaNumber(s) }},
				{"account number" + onLine, nil, func(s string) ([]byte, bool) {
					number, checksum, _ := strings.Cut(s, "-")
					return nil, hederaNumber(number) && slices.Contains(hederaChecksums(number), checksum)
				}},
				named("account number as an EVM address", `^(0[xX])?0{24}[0-9a-fA-F]{16}$`),
			},
		},
		{
			ID: "IOST", Name: "IOST", SLIP44: []uint32{291}, Status: LookUp,
			Encodings:   []Encoding{encode("default", ed25519Key, plain58, scalarForm)},
			Note:        "the account is a name on the chain; the public key is written",
			underivable: []rule{named("account name", `^[a-z0-9_]{5,11}$`)},
		},
		one("ROSE", "Oasis", 474, encode("default", oasisHash, bech32Text("oasis", 0), scalarForm)),
		one("AE", "Aeternity", 457, encode("default", ed25519Key, prefixed("ak_", bitcoin58.text("")), scalarForm)),
		one("NIM", "Nimiq", 242, encode("default", nimiqHash, nimiqText, scalarForm)),
		one("PAC", "Pactus", 21888, encode("ed25519", pactusHash, segwit("pc", 3), scalarForm)),
		one("AION", "Aion", 425, encode("default", aionHash, aionText, scalarForm)),
		{
			ID: "XRD", Name: "Radix", SLIP44: []uint32{1022},
			Encodings: []Encoding{
				encode("account-ed25519", radixEd25519, bech32mText("account_rdx", 0x51), scalarForm),
				encode("account-secp256k1", radixSecp256k1, bech32mText("account_rdx", 0xd1), hexForm),
			},
		},
		one("KDA", "Kadena", 626, encode("k-account", ed25519Key, labelled("k:", plainHex(32)), scalarForm)),
		{
			ID: "CSPR", Name: "Casper", SLIP44: []uint32{506},
			Encodings: []Encoding{
				encode("pubkey-ed25519", ed25519Key, casperText(1), scalarForm),
				encode("pubkey-secp256k1", secp256k1Key, casperText(2), hexForm),
				encode("account-hash-ed25519", casperHashEd25519, labelled("account-hash-", plainHex(32)), scalarForm),
				encode("account-hash-secp256k1", casperHashSecp256k1, labelled("account-hash-", plainHex(32)), hexForm),
			},
		},
	}
}

// edHash is a payload made of an ed25519 key alone.
func edHash(name string, size int, of func(dst, key []byte) []byte) *Payload {
	return &Payload{Name: name, Curve: curve.Ed25519, Size: size, Of: func(dst []byte, k *PublicKey) []byte { return of(dst, k.Key[1:]) }}
}

// plain58 is base 58 without a checksum.
var plain58 = text{
	format: func(p []byte) string { return string(base58.Encode(nil, p)) },
	parse: func(s string) ([]byte, bool) {
		b, err := base58.Decode(nil, s)
		return b, err == nil
	},
}

// shortHex32 are 32 bytes in hex after 0x. It reads hex with its leading zeros
// dropped: few in front of a hash, or all but a few in front of an account of the chain's
// own, such as 0x2. What is between is an address of another chain, mistyped perhaps.
var shortHex32 = text{
	format: func(p []byte) string { return "0x" + hex.EncodeToString(p) },
	parse: func(s string) ([]byte, bool) {
		digits := cut0x(s)
		if n := len(digits); n == 0 || n > 16 && n < 48 || n > 64 {
			return nil, false
		}
		return plainHex(32).parse(strings.Repeat("0", 64-len(digits)) + digits)
	},
}

// Aptos, Sui, IOTA.

var (
	aptosEd25519 = edHash("aptos-ed25519", 32, func(dst, key []byte) []byte {
		var b [33]byte // the scheme follows the key: 0
		copy(b[:], key)
		h := sha3.Sum256(b[:])
		return append(dst, h[:]...)
	})
	// The single-key scheme (AIP-55) hashes the kind of key, its length, the key and 2.
	aptosSingleEd25519 = edHash("aptos-single-ed25519", 32, func(dst, key []byte) []byte {
		var b [35]byte
		b[1] = 32
		copy(b[2:], key)
		b[34] = 2
		h := sha3.Sum256(b[:])
		return append(dst, h[:]...)
	})
	aptosSingleSecp256k1 = &Payload{Name: "aptos-single-secp256k1", Curve: curve.Secp256k1, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
		u := k.uncompressed()
		var b [68]byte
		b[0], b[1] = 1, 65
		copy(b[2:], u[:])
		b[67] = 2
		h := sha3.Sum256(b[:])
		return append(dst, h[:]...)
	}}
	suiEd25519 = edHash("sui-ed25519", 32, func(dst, key []byte) []byte {
		var b [33]byte // the flag comes first: 0
		copy(b[1:], key)
		return blake2b.Append(dst, 32, "", b[:])
	})
	suiSecp256k1 = &Payload{Name: "sui-secp256k1", Curve: curve.Secp256k1, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
		var b [34]byte
		b[0] = 1
		copy(b[1:], k.Key[:])
		return blake2b.Append(dst, 32, "", b[:])
	}}
	// iotaEd25519 has no flag in front, for the sake of addresses of before.
	iotaEd25519 = edHash("blake2b256-ed25519", 32, func(dst, key []byte) []byte { return blake2b.Append(dst, 32, "", key) })
)

var base32Upper = base32.StdEncoding.WithPadding(base32.NoPadding)

// algorandText is the key and the last four bytes of its SHA-512/256.
var algorandText = text{
	format: func(p []byte) string {
		h := sha512.Sum512_256(p)
		return base32Upper.EncodeToString(append(p[:len(p):len(p)], h[28:]...))
	},
	parse: func(s string) ([]byte, bool) {
		b, ok := decodeBase32(base32Upper, strings.ToUpper(s))
		if !ok || !oneCase(s) || len(b) != 36 {
			return nil, false
		}
		h := sha512.Sum512_256(b[:32])
		return b[:32], string(h[28:]) == string(b[32:])
	},
}

// Stellar, SEP-23.

const (
	stellarAccount  = 6 << 3  // G
	stellarMuxed    = 12 << 3 // M
	stellarContract = 2 << 3  // C
)

func stellarChain(id, name string, slip44 uint32, aliases ...string) Chain {
	return Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: []uint32{slip44},
		Encodings: []Encoding{encode("default", ed25519Key, stellarText, scalarForm)},
		Note:      "one account serves many rows, told apart by their memos; a muxed address (M…) is the account and a number",
		underivable: []rule{
			{"contract", nil, func(s string) ([]byte, bool) {
				b, ok := readStellar(s)
				return nil, ok && b[0] == stellarContract && len(b) == 1+32
			}},
			named("federation name", `^[^*,> ]{1,64}\*([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}$`),
		},
		tagged: readStellarMuxed,
	}
}

// readStellar returns the version and what follows, without the checksum.
func readStellar(s string) ([]byte, bool) {
	b, ok := decodeBase32(base32Upper, s)
	end := len(b) - 2
	return b[:max(end, 0)], ok && end > 0 && binary.LittleEndian.Uint16(b[end:]) == crc16(b[:end])
}

// stellarText also reads muxed addresses, of which it returns the account.
var stellarText = text{
	format: func(p []byte) string {
		b := append([]byte{stellarAccount}, p...)
		return base32Upper.EncodeToString(binary.LittleEndian.AppendUint16(b, crc16(b)))
	},
	parse: func(s string) ([]byte, bool) {
		if account, _, ok := readStellarMuxed(s); ok {
			return account, true
		}
		body, ok := readStellar(s)
		if !ok || body[0] != stellarAccount || len(body) != 1+32 {
			return nil, false
		}
		return body[1:], true
	},
}

// readStellarMuxed reads a muxed address. Its number is no memo, so its tag says what
// it is.
func readStellarMuxed(s string) (account []byte, tag string, ok bool) {
	body, ok := readStellar(s)
	if !ok || body[0] != stellarMuxed || len(body) != 1+32+8 {
		return nil, "", false
	}
	return body[1:33], "muxed:" + strconv.FormatUint(binary.BigEndian.Uint64(body[33:]), 10), true
}

// crc16 is CRC-16/XMODEM.
func crc16(data []byte) uint16 {
	var c uint16
	for _, b := range data {
		c ^= uint16(b) << 8
		for range 8 {
			c = c<<1 ^ 0x1021&-(c>>15)
		}
	}
	return c
}

// blake160Ed25519 is BLAKE2b, of 20 bytes, of the key.
var blake160Ed25519 = edHash("blake2b160-ed25519", 20, func(dst, key []byte) []byte { return blake2b.Append(dst, 20, "", key) })

// hederaText is 0.0. and the key in DER, in hex; the number may be left out.
func hederaText(der string) text {
	return labelled("0.0.", text{
		format: func(p []byte) string { return hex.EncodeToString(append([]byte(der), p...)) },
		parse: func(s string) ([]byte, bool) {
			b, err := hex.DecodeString(s)
			if err != nil || len(b) < len(der) || string(b[:len(der)]) != der {
				return nil, false
			}
			return b[len(der):], true
		},
	})
}

// hederaAlias is HIP-32: the key as a Protocol Buffers message, in base 32. before is
// its field and length.
func hederaAlias(before string) text {
	return labelled("0.0.", text{
		format: func(p []byte) string { return base32Upper.EncodeToString(append([]byte(before), p...)) },
		parse: func(s string) ([]byte, bool) {
			b, ok := decodeBase32(base32Upper, strings.ToUpper(s))
			p, found := bytes.CutPrefix(b, []byte(before))
			return p, ok && found && oneCase(s)
		},
	})
}

var hederaNumber = regexp.MustCompile(`^\d{1,19}\.\d{1,19}\.\d{1,19}$`).MatchString

// hederaChecksums returns the checksums that HIP-15 gives an account number on the
// main network and the two for tests.
func hederaChecksums(number string) []string {
	const p3, p5 = 26 * 26 * 26, 26 * 26 * 26 * 26 * 26
	digits, even, odd := 0, 0, 0
	for i, c := range number {
		d := 10
		if c != '.' {
			d = int(c - '0')
		}
		digits = (31*digits + d) % p3
		if i%2 == 0 {
			even = (even + d) % 11
		} else {
			odd = (odd + d) % 11
		}
	}
	var all []string
	for ledger := range 3 {
		network := ledger
		for range 6 {
			network = 31 * network % p5
		}
		sum := ((((len(number)%5)*11+even)*11+odd)*p3 + digits + network) % p5 * 1_000_003 % p5
		letters := make([]byte, 5)
		for i := range letters {
			letters[len(letters)-1-i] = 'a' + byte(sum%26)
			sum /= 26
		}
		all = append(all, string(letters))
	}
	return all
}

// oasisHash is the start of SHA-512/256 over a context, its version and the key.
var oasisHash = edHash("oasis", 20, func(dst, key []byte) []byte {
	const context = "oasis-core/address: staking\x00"
	var stack [len(context) + 32]byte
	h := sha512.Sum512_256(append(append(stack[:0], context...), key...))
	return append(dst, h[:20]...)
})

// nimiqHash is the start of BLAKE2b-256.
var nimiqHash = edHash("blake2b256-ed25519-20", 20, func(dst, key []byte) []byte {
	n := len(dst)
	return blake2b.Append(dst, 32, "", key)[:n+20]
})

var nimiq32 = base32.NewEncoding("0123456789ABCDEFGHJKLMNPQRSTUVXY").WithPadding(base32.NoPadding)

// nimiqText is NQ, two check digits as in an IBAN, and base 32, in groups of four.
var nimiqText = text{
	format: func(p []byte) string {
		digits := nimiq32.EncodeToString(p)
		return strings.Join(groups("NQ"+ibanCheck(digits, "NQ")+digits, 4), " ")
	},
	parse: func(s string) ([]byte, bool) {
		s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
		if len(s) != 36 || s[:2] != "NQ" {
			return nil, false
		}
		b, ok := decodeBase32(nimiq32, s[4:])
		return b, ok && ibanCheck(s[4:], "NQ") == s[2:4]
	},
}

// ibanCheck returns the two check digits of ISO 13616.
func ibanCheck(digits, country string) string {
	rest := 0
	for _, c := range []byte(digits + country + "00") {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	check := 98 - rest
	return string([]byte{'0' + byte(check/10), '0' + byte(check%10)})
}

// pactusHash is RIPEMD-160(BLAKE2b-256(key)).
var pactusHash = edHash("ripemd160-blake2b", 20, func(dst, key []byte) []byte {
	var stack [32]byte
	return appendRIPEMD160(dst, blake2b.Append(stack[:0], 32, "", key))
})

// aionHash are the last 31 bytes of BLAKE2b-256.
var aionHash = edHash("blake2b256-ed25519-31", 31, func(dst, key []byte) []byte {
	var stack [32]byte
	return append(dst, blake2b.Append(stack[:0], 32, "", key)[1:]...)
})

var aionText = text{
	format: func(p []byte) string { return "0xa0" + hex.EncodeToString(p) },
	parse: func(s string) ([]byte, bool) {
		b, ok := plainHex(32).parse(s)
		if !ok || b[0] != 0xa0 {
			return nil, false
		}
		return b[1:], true
	},
}

// Radix: the last 29 bytes of BLAKE2b-256.
var (
	radixEd25519 = edHash("blake2b256-ed25519-29", 29, func(dst, key []byte) []byte {
		var stack [32]byte
		return append(dst, blake2b.Append(stack[:0], 32, "", key)[3:]...)
	})
	radixSecp256k1 = &Payload{Name: "blake2b256-29", Curve: curve.Secp256k1, Size: 29, Of: func(dst []byte, k *PublicKey) []byte {
		var stack [32]byte
		return append(dst, blake2b.Append(stack[:0], 32, "", k.Key[:])[3:]...)
	}}
)
