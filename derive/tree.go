package derive

import (
	"bytes"
	"strings"

	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
)

// Tree is how keys descend from a root: the curve, and the rule for a child's
// tweak.
type Tree struct {
	Name  string // as written in records
	Curve curve.Curve
	tweak func(il []byte) (*curve.Scalar, error) // il is the first half of the child's hash; nil if there are no children
	batch *batch.Tree                            // the same rule, for many keys at once
}

var (
	bip32 = &Tree{"bip32", curve.Secp256k1, belowOrder, batch.BIP32}
	cpub  = &Tree{"cpub", curve.Ed25519, modOrder, batch.Cpub}
)

// trees lists those of extended keys.
var trees = []*Tree{bip32, cpub}

// bare are the trees of keys without a chain code, which end at the root.
var bare = map[curve.Curve]*Tree{
	curve.Secp256k1: {"", curve.Secp256k1, nil, batch.BIP32},
	curve.Ed25519:   {"", curve.Ed25519, nil, batch.Cpub},
}

// belowOrder is BIP-32's rule: a number that is not below the order has no child.
func belowOrder(il []byte) (*curve.Scalar, error) {
	tweak := curve.Secp256k1.ScalarFromBytes(il)
	if b := tweak.Bytes(); !bytes.Equal(b[:], il) {
		return nil, ErrInvalidChild
	}
	return tweak, nil
}

// modOrder is the vendor's rule on ed25519.
func modOrder(il []byte) (*curve.Scalar, error) { return curve.Ed25519.ScalarFromBytes(il), nil }

// Network is a pair of version bytes for the extended public and private keys of
// a tree.
type Network struct {
	*Tree
	Public, Private [4]byte
	Prefix          string // of the public key
}

// networks lists the versions that this tool reads and writes. xpub and tpub are
// BIP-32's; cpub is the vendor's.
var networks = []Network{
	{bip32, [4]byte{0x04, 0x88, 0xb2, 0x1e}, [4]byte{0x04, 0x88, 0xad, 0xe4}, "xpub"},
	{bip32, [4]byte{0x04, 0x35, 0x87, 0xcf}, [4]byte{0x04, 0x35, 0x83, 0x94}, "tpub"},
	{cpub, [4]byte{0x02, 0xe8, 0xde, 0x90}, [4]byte{0x02, 0xe8, 0xda, 0x54}, "cpub"},
}

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
