package chains

import (
	"crypto/sha256"
	"errors"
	"math/big"

	"lifeboat/internal/curve"
)

// TaprootBIP86 is the output key of BIP 86: the internal key, tweaked without a
// script tree.
var TaprootBIP86 = &Payload{Name: "taproot-bip86", Curve: curve.Secp256k1, Size: 32, Slow: true, Of: func(dst []byte, k *PublicKey) []byte {
	q, err := taprootOutput(k, nil)
	if err != nil { // no key is known for which this happens, and none can be found
		return append(dst, make([]byte, 32)...)
	}
	return append(dst, q[:]...)
}}

// TaprootWithTree returns the x coordinate of the output key of BIP 341 for the
// internal key k and the root of a script tree. With an error, which nobody can
// provoke, there is no such output.
func TaprootWithTree(k *PublicKey, merkleRoot [32]byte) ([32]byte, error) {
	return taprootOutput(k, merkleRoot[:])
}

func taprootOutput(k *PublicKey, merkleRoot []byte) (x [32]byte, err error) {
	if k.Curve != curve.Secp256k1 {
		return x, errors.New("tweaking a taproot key: the key is not on secp256k1")
	}
	even := k.Key
	even[0] = 2 // lift_x
	p, err := curve.Secp256k1.ParsePoint(even[:])
	if err != nil {
		return x, err
	}
	tag := sha256.Sum256([]byte("TapTweak"))
	h := sha256.New()
	h.Write(tag[:])
	h.Write(tag[:])
	h.Write(k.Key[1:])
	h.Write(merkleRoot)
	t := new(big.Int).SetBytes(h.Sum(nil))
	if t.Cmp(curve.Secp256k1.Order()) >= 0 {
		return x, errors.New("tweaking a taproot key: the tweak is not below the group order")
	}
	q := p.Add(curve.Secp256k1.Generator().Mul(curve.Secp256k1.ScalarFromInt(t)))
	if q.IsIdentity() {
		return x, errors.New("tweaking a taproot key: the output key is the neutral element")
	}
	copy(x[:], q.Bytes()[1:])
	return x, nil
}
