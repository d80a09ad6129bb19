// Package derive parses extended public keys of both curves, and derives children
// and tweaks along non-hardened paths.
//
// MPC wallets derive non-hardened keys only, since a hardened step needs the
// private key, which nobody holds. A child private key is therefore the root
// private key plus a public number modulo the group order, the tweak, on both
// curves. This package computes tweaks and public keys. It never sees a private
// key.
//
// The rule for a child's tweak is a Tree, which every key carries. On secp256k1 it
// is BIP-32's. On ed25519 each vendor has one of its own; that of cpub keys is
//
//	I = HMAC-SHA512(chain code, 00 ‖ A ‖ index, 4 bytes big-endian)
//	child key = A + IL·B, child chain code = IR
//
// with IL read as a big-endian integer and reduced modulo the group order.
package derive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"lifeboat/internal/base58"
	"lifeboat/internal/curve"

	"golang.org/x/crypto/ripemd160" //lint:ignore SA1019 BIP-32 fixes the fingerprint's hash
)

// Errors about extended keys.
var (
	// ErrKey is wrapped by every error about an extended public key.
	ErrKey = errors.New("invalid extended public key")
	// ErrPrivate is returned when an extended private key is given where a
	// public one belongs.
	ErrPrivate = errors.New("this looks like a private key, not an extended public key; anyone who can read the terminal or the shell's history may now have it")
	// ErrRespelt is wrapped, with ErrKey, by the error for a key whose version is that
	// of a kind of address.
	ErrRespelt = errors.New("the same key in other letters")
	// ErrNoChainCode is returned for whatever lies below a bare key.
	ErrNoChainCode = errors.New("nothing can be derived below a public key without its chain code")
	// ErrInvalidChild is returned for the one index in 2^127 that has no child.
	ErrInvalidChild = errors.New("this index has no valid child key (BIP-32); use the next one")
)

// ChainCodeSize is the length of a chain code, in bytes.
const ChainCodeSize = 32

// Key is an extended public key, or a bare one: that of a root whose chain code is
// unknown, so that nothing can be derived below it. Keys are immutable.
type Key struct {
	position
	chainCode [ChainCodeSize]byte
	point     *curve.Point
}

// position is an extended key's place in its tree.
type position struct {
	network     Network
	depth       uint8
	fingerprint [4]byte // of the parent
	index       uint32
}

// append appends the 78 bytes of an extended key to dst.
func (p *position) append(dst []byte, version [4]byte, chainCode *[ChainCodeSize]byte, key []byte) []byte {
	dst = append(dst, version[:]...)
	dst = append(dst, p.depth)
	dst = append(dst, p.fingerprint[:]...)
	dst = binary.BigEndian.AppendUint32(dst, p.index)
	dst = append(dst, chainCode[:]...)
	return append(dst, key...)
}

// NewRoot returns the extended public key of depth 0 for a public key and its
// chain code.
func NewRoot(p *curve.Point, chainCode [ChainCodeSize]byte) *Key {
	return &Key{position: position{network: MainNetwork(p.Curve())}, chainCode: chainCode, point: p}
}

// NewRootOf is NewRoot for a tree of the curve of p.
func NewRootOf(t *Tree, p *curve.Point, chainCode [ChainCodeSize]byte) *Key {
	return &Key{position: position{network: t.Network()}, chainCode: chainCode, point: p}
}

// NewBare returns a root public key without a chain code.
func NewBare(p *curve.Point) *Key {
	return &Key{position: position{network: Network{Tree: bare[p.Curve()]}}, point: p}
}

// SerialSize is the length of a serialised extended key, in bytes, without its
// checksum: version 4, depth 1, fingerprint 4, index 4, chain code 32, key 33.
const SerialSize = 78

// Parse reads an extended public key: xpub, tpub, cpub, fpub or bitgo:HEX. The errors never
// contain the input, but for a public key with another version (zpub) its usual
// spelling.
func Parse(s string) (*Key, error) {
	if looksPrivate(s) {
		return nil, ErrPrivate
	}
	for _, n := range networks {
		if rest, ok := strings.CutPrefix(s, n.Prefix); ok && n.hex {
			return parseHex(n, rest)
		}
	}
	if len(s) > 120 { // 82 bytes are at most 112 characters of base58
		return nil, fmt.Errorf("%w: it has %d characters; an extended public key has about 111", ErrKey, len(s))
	}
	raw, err := base58.CheckDecode(nil, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if len(raw) != SerialSize {
		return nil, fmt.Errorf("%w: it decodes to %d bytes, not %d", ErrKey, len(raw), SerialSize)
	}
	k := &Key{
		position:  position{depth: raw[4], fingerprint: [4]byte(raw[5:9]), index: binary.BigEndian.Uint32(raw[9:13])},
		chainCode: [ChainCodeSize]byte(raw[13:45]),
	}
	for _, n := range networks {
		switch [4]byte(raw[:4]) {
		case n.Private:
			if !n.hex {
				return nil, ErrPrivate
			}
		case n.Public:
			if !n.hex {
				k.network = n
			}
		}
	}
	for _, r := range respelt {
		if [4]byte(raw[:4]) == r.public {
			n := networks[r.as]
			usual, err := Parse(string(base58.AppendCheck(nil, append(n.Public[:], raw[4:]...))))
			if err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("%w: it is a %s, and this %s is %w: %v", ErrKey, r.prefix, n.Prefix, ErrRespelt, usual)
		}
	}
	if k.network.Tree == nil {
		return nil, fmt.Errorf("%w: unknown version %x; xpub, tpub, cpub and fpub are supported", ErrKey, raw[:4])
	}
	if k.depth == 0 && (k.fingerprint != [4]byte{} || k.index != 0) {
		return nil, fmt.Errorf("%w: depth 0 with a parent fingerprint or an index", ErrKey)
	}
	if k.point, err = k.Curve().ParsePoint(raw[45:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}

// parseHex reads the key and the chain code of a root. A key of 33 bytes is on
// secp256k1, where its tree is BIP-32's.
func parseHex(n Network, digits string) (*Key, error) {
	raw, err := hex.DecodeString(digits)
	size := len(raw) - ChainCodeSize
	if err == nil && size == 33 {
		n = MainNetwork(curve.Secp256k1)
	} else if err != nil || size != 32 {
		return nil, fmt.Errorf("%w: after %s come %d digits of hex on ed25519, or %d on secp256k1: the public key and the chain code", ErrKey, n.Prefix, 2*(32+ChainCodeSize), 2*(33+ChainCodeSize))
	}
	p, err := n.Curve.ParsePoint(raw[:size])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return &Key{position: position{network: n}, chainCode: [ChainCodeSize]byte(raw[size:]), point: p}, nil
}

// looksPrivate reports whether text looks like an extended private key of any
// wallet, or a raw private key, damaged or not.
func looksPrivate(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[1:4], "prv") {
		return true
	}
	return (len(s) == 64 || len(s) == 66 && strings.HasPrefix(s, "0x")) &&
		strings.Trim(strings.TrimPrefix(s, "0x"), "0123456789abcdefABCDEF") == ""
}

// ParsePublic reads a public key as people have it in their records: extended, or
// bare in hex, with or without 0x. On secp256k1 that is 33 or 65 bytes (SEC 1), on
// ed25519 32 (RFC 8032), or 33 as String writes it.
func ParsePublic(s string) (*Key, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	raw, err := hex.DecodeString(digits)
	switch n := len(raw); {
	case err == nil && (n == 64 || n == 65 && raw[0]&^1 == 2):
		return nil, fmt.Errorf("%w: %d bytes of hex may be a public key and a chain code; if it is box C of a BitGo keycard, write bitgo: before it", ErrKey, n)
	case err != nil || n != 32 && n != 33 && n != 65:
		return Parse(s)
	}
	on := curve.Secp256k1
	if len(raw) == 32 || len(raw) == 33 && raw[0] == 0 {
		on = curve.Ed25519
	}
	p, err := on.ParsePoint(raw)
	switch {
	case err != nil && len(raw) == 32:
		return nil, ErrPrivate // a private key has as many digits
	case err != nil:
		return nil, fmt.Errorf("invalid public key of %d bytes: %w", len(raw), err)
	}
	return NewBare(p), nil
}

// String writes the key in base58 with a checksum, and a bare one in hex of 33 bytes.
func (k *Key) String() string {
	if k.IsBare() {
		return hex.EncodeToString(k.point.Bytes())
	}
	return k.Extended()
}

// Extended returns the extended key in base58 with a checksum; of a bare key, nothing.
func (k *Key) Extended() string {
	if k.IsBare() {
		return ""
	}
	return string(k.appendText(nil, &k.chainCode, k.point.Bytes()))
}

// appendText appends the public key as text. A key without a version does not say where
// in its tree it is.
func (p *position) appendText(dst []byte, chainCode *[ChainCodeSize]byte, key []byte) []byte {
	if p.network.hex {
		dst = append(dst, p.network.Prefix...)
		return hex.AppendEncode(hex.AppendEncode(dst, key[1:]), chainCode[:])
	}
	return base58.AppendCheck(dst, p.append(nil, p.network.Public, chainCode, key))
}

// Serialize returns the 78 bytes of the extended key at this place in the tree,
// without the checksum, with the given version and 33-byte key. A bare key has none.
func (k *Key) Serialize(version [4]byte, key []byte) []byte {
	return k.position.append(make([]byte, 0, SerialSize), version, &k.chainCode, key)
}

// Curve returns the curve of the key.
func (k *Key) Curve() curve.Curve { return k.network.Curve }

// Network returns the version bytes of the key.
func (k *Key) Network() Network { return k.network }

// Depth returns how many steps below a root the key is.
func (k *Key) Depth() int { return int(k.depth) }

// IsBare reports whether the key has no chain code.
func (k *Key) IsBare() bool { return k.isBare() }

func (p *position) isBare() bool { return p.network.tweak == nil }

// IsRoot reports whether the key has depth 0.
func (k *Key) IsRoot() bool { return k.depth == 0 }

// ChainCode returns the chain code, which is zero for a bare key.
func (k *Key) ChainCode() [ChainCodeSize]byte { return k.chainCode }

// Point returns the public key.
func (k *Key) Point() *curve.Point { return k.point }

// SameKey reports whether two extended keys have the same public key, chain code
// and tree, so that they have the same descendants. Version, depth and fingerprint
// do not count.
func (k *Key) SameKey(o *Key) bool {
	return k.network.Tree == o.network.Tree && k.point.Equal(o.point) && k.chainCode == o.chainCode
}

// Agrees reports whether two keys may be the same, as far as both are known: if one
// of them is bare, only the public keys are compared.
func (k *Key) Agrees(o *Key) bool {
	return k.SameKey(o) || (k.IsBare() || o.IsBare()) && k.Curve() == o.Curve() && k.point.Equal(o.point)
}

// Fingerprint returns the first four bytes of RIPEMD-160(SHA-256(key)), by which
// children name their parent.
func (k *Key) Fingerprint() [4]byte {
	return fingerprint(k.point.Bytes())
}

func fingerprint(key []byte) [4]byte {
	sum := sha256.Sum256(key)
	h := ripemd160.New()
	h.Write(sum[:])
	var out [ripemd160.Size]byte
	return [4]byte(h.Sum(out[:0]))
}

// Derive returns the descendant at the end of the path and its tweak: its
// private key is the private key of k plus the tweak, modulo the group order.
// The empty path gives k and zero.
func (k *Key) Derive(p Path) (*Key, *curve.Scalar, error) {
	tweak := k.Curve().Scalar()
	for i, index := range p {
		child, step, err := k.child(index)
		if err != nil {
			return nil, nil, fmt.Errorf("%w %s: step %d: %w", ErrPath, p, i+1, err)
		}
		k = child
		tweak.Add(step)
	}
	return k, tweak, nil
}

func (k *Key) child(index uint32) (*Key, *curve.Scalar, error) {
	if index >= hardenedFrom {
		return nil, nil, ErrHardened
	}
	if k.IsBare() {
		return nil, nil, ErrNoChainCode
	}
	if k.depth == MaxDepth {
		return nil, nil, fmt.Errorf("more than %d steps below the root", MaxDepth)
	}
	sum := k.network.hash(k, index)
	tweak, err := k.network.tweak(sum[:32])
	if err != nil {
		return nil, nil, err
	}
	point := k.point.Add(k.Curve().Generator().Mul(tweak))
	if point.IsIdentity() {
		return nil, nil, ErrInvalidChild
	}
	return &Key{
		position:  position{k.network, k.depth + 1, k.Fingerprint(), index},
		chainCode: [ChainCodeSize]byte(sum[32:]),
		point:     point,
	}, tweak, nil
}
