// Package batch derives many children of extended public keys at once, on both
// curves. It is for public data only: nothing here takes a private key, and running
// times depend on the inputs.
//
// A child is its parent plus a multiple of the base point, the tweak. A Tree says
// how it is made. All hash the parent and the index; those of BIP 32 and of cpub keys as
//
//	I = HMAC-SHA512(chain code, key (33 bytes) ‖ index (4 bytes, big-endian))
//	child = parent + IL·G, chain code of the child = IR
//
// where IL and IR are the halves of I. In BIP 32, on secp256k1, a child is invalid
// if IL is not below the order. In the tree of cpub keys, on ed25519, the key is
// hashed as 00‖A and IL is a big-endian integer taken modulo the order of the
// prime-order group. Fireblocks hashes A‖00, and is the same in all else. BitGo hashes
// twice, 02 ‖ A ‖ index (little-endian) for the tweak, which is 8 times the little-endian
// number of the first 28 bytes, and the same with 03 for the chain code, which is IR of
// that. In all, a child that is the neutral element is invalid, and the private key of a
// child is that of the parent plus the tweak.
//
// The method: every tweak is cut into signed windows, and what each window adds
// is looked up in a Table of multiples of the base point. For a batch of children
// the additions of one window are done together in affine coordinates, sharing
// one inversion, so that each costs five multiplications and a squaring. On
// ed25519 the points are those of Wei25519, the same curve in short Weierstrass
// form (draft-ietf-lwig-curve-representations-23, appendix E.2), where the same
// formula holds.
//
// The affine formula does not hold where two points are equal or opposite. Such
// children leave the batch and are computed by package curve.
package batch

import (
	"errors"
)

// Errors of a child. An error about its parent wraps curve.ErrPoint.
var (
	// ErrInvalid is the error of an index that has no child key (BIP 32: "proceed
	// with the next value for i"). It has a probability under 2^-127.
	ErrInvalid = errors.New("this index has no child key: use the next one")

	// ErrHardened is the error of an index of 2^31 or more, which only the private
	// key can derive.
	ErrHardened = errors.New("a hardened index has no public derivation")
)

// hardened is the first hardened index.
const hardened = 1 << 31

// Parent is what children are derived from: a public key and its chain code.
//
// Parents that are children of a batch remember their point. A Parent made from Key
// and ChainCode works as well, but its point is decompressed at each use. To tell
// whether two are the same, compare these two fields, not the Parents.
type Parent struct {
	Key       [33]byte // SEC 1 compressed on secp256k1, 00‖A on ed25519 (A as in RFC 8032)
	ChainCode [32]byte

	at   point    // the point of the key `from`, or zero
	from [33]byte // what Key was when at was computed
}

// Child is one derived key, or an error. It is a Parent in turn: its Key and
// ChainCode are the child's.
type Child struct {
	Parent
	XY    [64]byte // the affine point x‖y, big-endian; on ed25519 of the Edwards curve
	Tweak [32]byte // big-endian, below the order: child private key = parent private key + Tweak
	Err   error    // ErrInvalid, ErrHardened, or an unusable parent; then all else is zero
}
