package chains

import (
	"crypto/sha256"
	"errors"

	"lifeboat/internal/curve"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// taprootBIP86 is the output key of BIP 86: the internal key, tweaked without a
// script tree.
var taprootBIP86 = &Payload{Name: "taproot-bip86", Curve: curve.Secp256k1, Size: 32, Slow: true, Of: func(dst []byte, k *PublicKey) []byte {
	q, err := taprootOutput(k)
	if err != nil { // no key is known for which this happens, and none can be found
		return append(dst, make([]byte, 32)...)
	}
	return append(dst, q[:]...)
}}

// taprootOutput returns the x coordinate of the output key of BIP 341. It works on
// the coordinates, since a search asks for every candidate: package curve would
// take a square root and a slower multiplication.
func taprootOutput(k *PublicKey) (x [32]byte, err error) {
	tag := sha256.Sum256([]byte("TapTweak"))
	var message [3 * 32]byte
	copy(message[:], tag[:])
	copy(message[32:], tag[:])
	copy(message[64:], k.Key[1:])
	h := sha256.Sum256(message[:])
	var t secp.ModNScalar
	if t.SetBytes(&h) != 0 {
		return x, errors.New("tweaking a taproot key: the tweak is not below the group order")
	}

	var p, q secp.JacobianPoint
	p.X.SetByteSlice(k.XY[:32])
	p.Y.SetByteSlice(k.XY[32:])
	p.Z.SetInt(1)
	if k.Key[0] == 3 { // the internal key is the one of even y
		p.Y.Negate(1).Normalize()
	}
	secp.ScalarBaseMultNonConst(&t, &q)
	secp.AddNonConst(&p, &q, &q)
	q.ToAffine()
	if q.X.IsZero() && q.Y.IsZero() {
		return x, errors.New("tweaking a taproot key: the output key is the neutral element")
	}
	q.X.PutBytes(&x)
	return x, nil
}
