package chains

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"lifeboat/internal/base58"
	"lifeboat/internal/curve"

	"github.com/decred/dcrd/crypto/blake256"
)

// The forms of a private key that one chain or its family imports.

var rippleForm = &exportForm{
	name:  hexForm.name,
	note:  "xrpl.js takes it as new Wallet(public key, \"00\" + this); a family seed (s…) cannot be made from a key",
	write: hexForm.write,
}

// eosForm is PVT_K1_.
var eosForm = &exportForm{name: "PVT_K1_", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	return eosCheck("K1").append(append(dst, "PVT_K1_"...), scalar)
}}

// stacksForm ends in 01, for the compressed public key.
var stacksForm = &exportForm{name: "hex, with 01 for the compressed key", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	return append(hex.AppendEncode(dst, scalar), "01"...)
}}

// lotusForm is what lotus wallet import reads: JSON in hex.
var lotusForm = &exportForm{name: "Lotus key file (JSON in hex)", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [128]byte
	json := append(stack[:0], `{"Type":"secp256k1","PrivateKey":"`...)
	json = append(base64.StdEncoding.AppendEncode(json, scalar), `"}`...)
	dst = hex.AppendEncode(dst, json)
	clear(json)
	return dst
}}

// sec1Form is the EC PRIVATE KEY of RFC 5915 in PEM.
var sec1Form = &exportForm{name: "SEC 1 PEM", write: func(dst, scalar []byte, k *PublicKey) []byte {
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
var avalancheForm = &exportForm{name: "PrivateKey- (CB58)", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	cb58 := check58{base58.Bitcoin, func(b []byte) [base58.ChecksumSize]byte {
		h := sha256.Sum256(b)
		return [base58.ChecksumSize]byte(h[28:])
	}}
	return cb58.append(append(dst, "PrivateKey-"...), scalar)
}}

// suiForm is bech32 of the flag of secp256k1 and the key.
var suiForm = &exportForm{name: "suiprivkey", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [33]byte
	var fives [53]byte
	b := append(append(stack[:0], 1), scalar...)
	dst = appendBech32(dst, "suiprivkey", appendFives(fives[:0], b), bech32Const)
	clear(stack[:])
	clear(fives[:])
	return dst
}}

// tezosForm is spsk.
var tezosForm = &exportForm{name: "spsk", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	var stack [36]byte
	dst = bitcoin58.append(dst, append(append(stack[:0], 0x11, 0xa2, 0xe0, 0xc9), scalar...))
	clear(stack[:])
	return dst
}}

// decredForm is dcrutil's WIF: network, signature type, key and one BLAKE-256.
var decredForm = &exportForm{name: "WIF of Decred", write: func(dst, scalar []byte, _ *PublicKey) []byte {
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
