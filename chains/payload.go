package chains

import (
	"crypto/sha256"

	"lifeboat/internal/curve"

	"golang.org/x/crypto/ripemd160" //lint:ignore SA1019 what Bitcoin's addresses are made of
	legacy "golang.org/x/crypto/sha3"
)

// The payloads that several families share.
var (
	// hash160 is RIPEMD-160(SHA-256(compressed key)), as in Bitcoin.
	hash160 = &Payload{Name: "hash160", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
		return appendHash160(dst, k.Key[:])
	}}
	// hash160Uncompressed is the same of the 65 bytes of the uncompressed key.
	hash160Uncompressed = &Payload{Name: "hash160-uncompressed", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
		u := k.uncompressed()
		return appendHash160(dst, u[:])
	}}
	// nestedHash160 is the hash160 of the script of a version 0 witness program of
	// hash160: P2SH-P2WPKH of BIP 141.
	nestedHash160 = &Payload{Name: "hash160-nested", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
		var script [22]byte
		script[1] = 20
		appendHash160(script[:2], k.Key[:])
		return appendHash160(dst, script[:])
	}}
	// xOnly is the x coordinate alone: BIP 340.
	xOnly = &Payload{Name: "x-only", Curve: curve.Secp256k1, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
		return append(dst, k.Key[1:]...)
	}}
	// keccak20 are the last 20 bytes of Keccak-256(x ‖ y): an Ethereum account.
	keccak20 = &Payload{Name: "keccak20", Curve: curve.Secp256k1, Size: 20, Of: func(dst []byte, k *PublicKey) []byte {
		h := Keccak256(k.XY[:])
		return append(dst, h[12:]...)
	}}
	// secp256k1Key is the compressed key itself.
	secp256k1Key = &Payload{Name: "secp256k1-key", Curve: curve.Secp256k1, Size: 33, Of: func(dst []byte, k *PublicKey) []byte {
		return append(dst, k.Key[:]...)
	}}
	// ed25519Key are the 32 bytes of RFC 8032.
	ed25519Key = &Payload{Name: "ed25519-key", Curve: curve.Ed25519, Size: 32, Of: func(dst []byte, k *PublicKey) []byte {
		return append(dst, k.Key[1:]...)
	}}
)

// uncompressed returns the SEC 1 uncompressed form of a secp256k1 key.
func (k *PublicKey) uncompressed() (u [65]byte) {
	u[0] = 4
	copy(u[1:], k.XY[:])
	return u
}

func appendHash160(dst, data []byte) []byte {
	h := sha256.Sum256(data)
	return appendRIPEMD160(dst, h[:])
}

func appendRIPEMD160(dst, data []byte) []byte {
	h := ripemd160.New()
	h.Write(data)
	return h.Sum(dst)
}

// Keccak256 is the hash of Ethereum, which is not SHA3-256: the padding differs.
func Keccak256(data []byte) (sum [32]byte) {
	h := legacy.NewLegacyKeccak256()
	h.Write(data)
	h.Sum(sum[:0])
	return sum
}
