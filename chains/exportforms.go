package chains

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"

	"lifeboat/internal/base58"
	"lifeboat/internal/bechsum"
	"lifeboat/internal/curve"

	"github.com/decred/dcrd/crypto/blake256"
)

// The forms of a private key that one chain or its family imports.

var rippleForm = &exportForm{
	name:  hexForm.name,
	note:  "xrpl.js takes it as new Wallet(public key, \"00\" + this); a family seed (s…) cannot be made from a key",
	write: hexForm.write,
	taker: "xrpl.js: a Wallet of the public key and this",
	taken: func(dst, scalar []byte, k *PublicKey) []byte { return hexForm.write(append(dst, "00"...), scalar, k) },
}

// eosForm is PVT_K1_.
var eosForm = &exportForm{name: "PVT_K1_", taker: "cleos wallet import", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	return eosCheck("K1").append(append(dst, "PVT_K1_"...), scalar)
}}

// stacksForm ends in 01, for the compressed public key.
var stacksForm = &exportForm{name: "hex, with 01 for the compressed key", taker: "Stacks.js", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	return append(hex.AppendEncode(dst, scalar), "01"...)
}}

// lotusForm is what lotus wallet import reads: JSON in hex.
var lotusForm = &exportForm{name: "Lotus key file (JSON in hex)", taker: "lotus wallet import", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [128]byte
	json := append(stack[:0], `{"Type":"secp256k1","PrivateKey":"`...)
	json = append(base64.StdEncoding.AppendEncode(json, scalar), `"}`...)
	dst = hex.AppendEncode(dst, json)
	clear(json)
	return dst
}}

// sec1Form is the EC PRIVATE KEY of RFC 5915 in PEM.
var sec1Form = &exportForm{name: "SEC 1 PEM", taker: "dfx identity import", write: func(dst, scalar []byte, k *PublicKey) []byte {
	var stack [118]byte
	u := k.uncompressed()
	der := append(stack[:0], "\x30\x74\x02\x01\x01\x04\x20"...)
	der = append(der, scalar...)
	der = append(der, "\xa0\x07\x06\x05\x2b\x81\x04\x00\x0a\xa1\x44\x03\x42\x00"...)
	der = append(der, u[:]...)
	dst = append(dst, "-----BEGIN EC PRIVATE KEY-----\n"...)
	for rest := der; len(rest) > 0; {
		n := min(len(rest), 48) // 64 characters
		dst = append(base64.StdEncoding.AppendEncode(dst, rest[:n]), '\n')
		rest = rest[n:]
	}
	clear(der)
	return append(dst, "-----END EC PRIVATE KEY-----\n"...)
}}

// avalancheForm is PrivateKey- and the key in CB58, which ends in the last four
// bytes of one SHA-256.
var avalancheForm = &exportForm{name: "PrivateKey- (CB58)", taker: "AvalancheJS", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	cb58 := check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
		h := sha256.Sum256(b)
		return [base58.ChecksumSize]byte(h[28:])
	}}
	return cb58.append(append(dst, "PrivateKey-"...), scalar)
}}

// cardanoForm has cardano-cli take a scalar as an extended key of BIP32-Ed25519: a
// multiple of the cofactor between 2^254 and 2^255, what nonces are made of, and a
// chain code (CIP-5). That half of all scalars have no such form is no secret.
func cardanoForm(hrp string) *exportForm {
	x := scalarForm.takenBy("cardano-cli key convert-cardano-address-key")
	x.taken = func(dst, scalar []byte, _ *PublicKey) []byte {
		var stack [3 * curve.ScalarSize]byte // the chain code stays zero: nothing is derived below
		var fives [154]byte
		if cardanoScalar(stack[:curve.ScalarSize], scalar) {
			var seed [len(cardanoNonces) + curve.ScalarSize]byte
			copy(seed[copy(seed[:], cardanoNonces):], scalar)
			nonces := sha512.Sum512(seed[:])
			copy(stack[curve.ScalarSize:], nonces[:curve.ScalarSize])
			dst = appendBech32(dst, hrp, appendFives(fives[:0], stack[:]), bechsum.Const)
			clear(seed[:])
			clear(nonces[:])
		}
		clear(stack[:])
		clear(fives[:])
		return dst
	}
	return x
}

// cardanoNonces separates what nonces are made of from every other hash of a scalar.
const cardanoNonces = "lifeboat-cardano-nonces-v1\n"

// cardanoScalar writes the number, little-endian, that is scalar modulo the order of
// the group, a multiple of 8, and between 2^254 and 2^255, if there is one. It is
// scalar + m·order, and m is below 8, so there is no other.
func cardanoScalar(out, scalar []byte) bool {
	const order = "\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10"
	m := uint32(scalar[len(scalar)-1]) * 3 & 7 // the order is 5 modulo 8, and 5·3 is -1
	carry := uint32(0)
	for i := range out {
		carry += uint32(scalar[len(scalar)-1-i]) + m*uint32(order[i])
		out[i] = byte(carry)
		carry >>= 8
	}
	return out[len(out)-1]>>6 == 1
}

// suiForm is bech32 of the flag of secp256k1 and the key.
var suiForm = &exportForm{name: "suiprivkey", taker: "sui keytool import", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [33]byte
	var fives [53]byte
	b := append(append(stack[:0], 1), scalar...)
	dst = appendBech32(dst, "suiprivkey", appendFives(fives[:0], b), bechsum.Const)
	clear(stack[:])
	clear(fives[:])
	return dst
}}

// tezosForm is spsk.
var tezosForm = &exportForm{name: "spsk", taker: "octez-client import secret key (after unencrypted:)", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [36]byte
	dst = bitcoin58.append(dst, append(append(stack[:0], 0x11, 0xa2, 0xe0, 0xc9), scalar...))
	clear(stack[:])
	return dst
}}

// decredForm is dcrutil's WIF: network, signature type, key and one BLAKE-256.
var decredForm = &exportForm{name: "WIF of Decred", taker: "dcrwallet: importprivkey", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	once := check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
		h := blake256.Sum256(b)
		return [base58.ChecksumSize]byte(h[:])
	}}
	var stack [3 + curve.ScalarSize]byte
	buf := append(append(stack[:0], 0x22, 0xde, 0x00), scalar...)
	dst = once.append(dst, buf)
	clear(stack[:])
	return dst
}}
