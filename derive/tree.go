package derive

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"slices"
	"strings"

	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
)

// Tree is how keys descend from a root: the curve, and the rule for a child's
// tweak.
type Tree struct {
	Name  string // as written in records
	Curve curve.Curve
	hash  func(k *Key, index uint32) []byte      // of a child: its tweak and its chain code, 32 bytes each; nil if there are no children
	tweak func(il []byte) (*curve.Scalar, error) // il is the first half of the hash
	batch *batch.Tree                            // the same rule, for many keys at once
}

var (
	bip32 = &Tree{"bip32", curve.Secp256k1, keyIndex, belowOrder, batch.BIP32}
	cpub  = &Tree{"cpub", curve.Ed25519, keyIndex, modOrder, batch.Cpub}
	fpub  = &Tree{"fpub", curve.Ed25519, pointZeroIndex, modOrder, batch.Fpub}
	bitGo = &Tree{"bitgo", curve.Ed25519, twoPointIndex, shortTimesEight, batch.BitGo}
)

// trees lists those of extended keys.
var trees = []*Tree{bip32, cpub, fpub, bitGo}

// bare are the trees of keys without a chain code, which end at the root.
var bare = map[curve.Curve]*Tree{
	curve.Secp256k1: {Curve: curve.Secp256k1, batch: batch.BIP32},
	curve.Ed25519:   {Curve: curve.Ed25519, batch: batch.Cpub},
}

// under returns HMAC-SHA512 of the parts under a chain code.
func under(k *Key, parts ...[]byte) []byte {
	mac := hmac.New(sha512.New, k.chainCode[:])
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// keyIndex is BIP-32's hash, and that of cpub keys.
func keyIndex(k *Key, index uint32) []byte {
	return under(k, k.point.Bytes(), binary.BigEndian.AppendUint32(nil, index))
}

// pointZeroIndex is the hash of fpub keys.
func pointZeroIndex(k *Key, index uint32) []byte {
	return under(k, k.point.Uncompressed(), []byte{0}, binary.BigEndian.AppendUint32(nil, index))
}

// twoPointIndex is BitGo's: the hashes of BIP32-Ed25519 (Khovratovich and Law, 2017) for
// a child that is not hardened.
func twoPointIndex(k *Key, index uint32) []byte {
	at := binary.LittleEndian.AppendUint32(nil, index)
	z := under(k, []byte{2}, k.point.Uncompressed(), at)
	return append(z[:32], under(k, []byte{3}, k.point.Uncompressed(), at)[32:]...)
}

// belowOrder is BIP-32's rule: a number that is not below the order has no child.
func belowOrder(il []byte) (*curve.Scalar, error) {
	tweak := curve.Secp256k1.ScalarFromBytes(il)
	if b := tweak.Bytes(); !bytes.Equal(b[:], il) {
		return nil, ErrInvalidChild
	}
	return tweak, nil
}

// modOrder is the rule of cpub and fpub keys.
func modOrder(il []byte) (*curve.Scalar, error) { return curve.Ed25519.ScalarFromBytes(il), nil }

// shortTimesEight is BIP32-Ed25519's: 8 times the little-endian number of the first 28
// bytes.
func shortTimesEight(il []byte) (*curve.Scalar, error) {
	short := slices.Clone(il[:28])
	slices.Reverse(short)
	return curve.Ed25519.ScalarFromBytes(short).Mul(curve.Ed25519.ScalarFromUint(8)), nil
}

// Network is a pair of version bytes for the extended public and private keys of
// a tree.
type Network struct {
	*Tree
	Public, Private [4]byte
	Prefix          string // of the public key
	hex             bool   // no version: after the prefix come key and chain code in hex
}

// networks lists the versions that this tool reads and writes. xpub and tpub are
// BIP-32's, cpub is Cobo's and fpub Fireblocks'. BitGo writes 64 bytes in hex, which
// would not say of what tree they are.
var networks = []Network{
	{bip32, [4]byte{0x04, 0x88, 0xb2, 0x1e}, [4]byte{0x04, 0x88, 0xad, 0xe4}, "xpub", false},
	{bip32, [4]byte{0x04, 0x35, 0x87, 0xcf}, [4]byte{0x04, 0x35, 0x83, 0x94}, "tpub", false},
	{cpub, [4]byte{0x02, 0xe8, 0xde, 0x90}, [4]byte{0x02, 0xe8, 0xda, 0x54}, "cpub", false},
	{fpub, [4]byte{0x03, 0x27, 0x3e, 0x4b}, [4]byte{0x03, 0x27, 0x3a, 0x10}, "fpub", false},
	{bitGo, [4]byte{}, [4]byte{}, "bitgo:", true},
}

// HasPrivate reports whether there is a form for extended private keys.
func (n Network) HasPrivate() bool { return n.Private != [4]byte{} }

// respelt are versions that wallets give to BIP-32's keys, to say what kind of address
// they are for (SLIP-132), or which chain. The key is the same, so it is to be given
// in the usual spelling, and no two spellings of one key get into records.
var respelt = []struct {
	public [4]byte
	prefix string
	as     int // in networks
}{
	{[4]byte{0x04, 0x9d, 0x7c, 0xb2}, "ypub", 0},
	{[4]byte{0x02, 0x95, 0xb4, 0x3f}, "Ypub", 0},
	{[4]byte{0x04, 0xb2, 0x47, 0x46}, "zpub", 0},
	{[4]byte{0x02, 0xaa, 0x7e, 0xd3}, "Zpub", 0},
	{[4]byte{0x01, 0x9d, 0xa4, 0x62}, "Ltub", 0},
	{[4]byte{0x01, 0xb2, 0x6e, 0xf6}, "Mtub", 0},
	{[4]byte{0x02, 0xfa, 0xca, 0xfd}, "dgub", 0},
	{[4]byte{0x04, 0x4a, 0x52, 0x62}, "upub", 1},
	{[4]byte{0x02, 0x42, 0x89, 0xef}, "Upub", 1},
	{[4]byte{0x04, 0x5f, 0x1c, 0xf6}, "vpub", 1},
	{[4]byte{0x02, 0x57, 0x54, 0x83}, "Vpub", 1},
}

// Network returns the usual versions of the keys of a tree.
func (t *Tree) Network() Network {
	for _, n := range networks {
		if n.Tree == t {
			return n
		}
	}
	return Network{Tree: t}
}

// TreeByName returns the tree of that exact name.
func TreeByName(name string) (*Tree, bool) {
	for _, t := range trees {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}

// MainNetwork returns the versions for a root key: xpub or cpub.
func MainNetwork(c curve.Curve) Network {
	for _, n := range networks {
		if n.Curve == c {
			return n
		}
	}
	panic("derive: no such curve")
}

// PrefixCurve returns the curve of an extended public key by its first characters,
// without parsing it.
func PrefixCurve(s string) (curve.Curve, bool) {
	for _, n := range networks {
		if strings.HasPrefix(s, n.Prefix) {
			return n.Curve, true
		}
	}
	return 0, false
}
