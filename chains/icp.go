package chains

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"

	"lifeboat/internal/curve"
)

// Internet Computer.

const (
	derSecp256k1 = "\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00"
	derEd25519   = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
)

// appendDER appends the SubjectPublicKeyInfo of a key (RFC 5480 and RFC 8410).
func appendDER(dst []byte, k *PublicKey) []byte {
	if k.Curve == curve.Ed25519 {
		return append(append(dst, derEd25519...), k.Key[1:]...)
	}
	u := k.uncompressed()
	return append(append(dst, derSecp256k1...), u[:]...)
}

// DER returns a public key as the Internet Computer has it: a SubjectPublicKeyInfo, of
// the uncompressed point on secp256k1.
func DER(k *PublicKey) []byte { return appendDER(nil, k) }

func icpPrincipal(dst []byte, k *PublicKey) []byte {
	var stack [len(derSecp256k1) + 65]byte
	h := sha256.Sum224(appendDER(stack[:0], k))
	return append(append(dst, h[:]...), 2)
}

func icpAccount(dst []byte, k *PublicKey) []byte {
	const separator = "\x0aaccount-id"
	var stack [len(separator) + 29 + 32]byte // the sub-account is zero
	icpPrincipal(append(stack[:0], separator...), k)
	h := sha256.Sum224(stack[:])
	return append(dst, h[:]...)
}

var (
	icpPrincipalSecp = &Payload{Name: "icp-principal", Curve: curve.Secp256k1, Size: 29, Of: icpPrincipal}
	icpPrincipalEd   = &Payload{Name: "icp-principal-ed25519", Curve: curve.Ed25519, Size: 29, Of: icpPrincipal}
	icpAccountSecp   = &Payload{Name: "icp-account", Curve: curve.Secp256k1, Size: 28, Of: icpAccount}
	icpAccountEd     = &Payload{Name: "icp-account-ed25519", Curve: curve.Ed25519, Size: 28, Of: icpAccount}
)

func withCRC32(p []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(p)), p...)
}

func checkCRC32(b []byte, ok bool) ([]byte, bool) {
	if !ok || len(b) < 4 || string(withCRC32(b[4:])) != string(b) {
		return nil, false
	}
	return b[4:], true
}

var icpAccountText = text{
	format: func(p []byte) string { return hex.EncodeToString(withCRC32(p)) },
	parse:  func(s string) ([]byte, bool) { return checkCRC32(plainHex(32).parse(s)) },
}

// icpPrincipalText is base 32 in groups of five.
var icpPrincipalText = text{
	format: func(p []byte) string {
		digits := base32Lower.EncodeToString(withCRC32(p))
		return strings.Join(groups(digits, 5), "-")
	},
	parse: func(s string) ([]byte, bool) {
		digits := strings.ReplaceAll(strings.ToLower(s), "-", "")
		return checkCRC32(decodeBase32(base32Lower, digits))
	},
}

func groups(s string, n int) []string {
	var list []string
	for len(s) > n {
		list = append(list, s[:n])
		s = s[n:]
	}
	return append(list, s)
}
