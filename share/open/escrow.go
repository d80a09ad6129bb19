package open

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// maxUndecrypted is how many values that do not decrypt are tried: with a wrong key none
// does, and more than a few are not damaged by chance.
const maxUndecrypted = 4

// openEscrow opens a share with the first encrypted value that gives one which has the
// share public key; any will do if there is no share public key. With it, the group gets
// the chain code of the file, if that has one.
func openEscrow(s *share.Sealed, l *share.Escrow, keys Keys) (*scalar.Secret, error) {
	failed, undecrypted := ErrDamaged, 0
	for _, v := range l.Encrypted {
		plain, err := decryptRSA(v.Data, "SHA-256", keys, share.RSAKey, share.RSAPassphrase)
		var need *SecretError
		if errors.As(err, &need) && (need.Missing || need.Need != share.RSAKey) {
			return nil, err
		}
		if err != nil {
			if failed, undecrypted = err, undecrypted+1; undecrypted == maxUndecrypted {
				return nil, err
			}
			continue
		}
		x, err := interpolated(s.Curve, l.Open, v.X, plain)
		secret.Wipe(plain)
		if err != nil {
			failed = err
			continue
		}
		if s.PublicKey == nil || x.Public().Equal(s.PublicKey) {
			revealChainCode(s.Group, l, keys)
			return x, nil
		}
		x.Wipe()
		failed = ErrNotThisShare
	}
	return nil, failed
}

// interpolated returns the value at zero of the polynomial through the open values and the
// secret one.
func interpolated(c curve.Curve, values []share.EscrowValue, x uint64, plain []byte) (*scalar.Secret, error) {
	secretOne, err := scalar.New(c, plain)
	if err != nil {
		return nil, ErrContent
	}
	at := []*curve.Scalar{c.ScalarFromUint(x)}
	for _, v := range values {
		at = append(at, c.ScalarFromUint(v.X))
	}
	weights := share.LagrangeAt(c.Scalar(), at)
	sum := secretOne.MulPublic(weights[0])
	for i, v := range values {
		sum.AddPublic(c.ScalarFromBytes(v.Data).Mul(weights[i+1]))
	}
	if sum.IsZero() {
		return nil, ErrContent
	}
	return sum, nil
}

// revealChainCode sets the chain code of a group. It takes the place of a recorded one:
// where they differ, the root key is not the recorded one, which must show. One that does
// not open is as good as none: no key depends on it.
func revealChainCode(g *share.Group, l *share.Escrow, keys Keys) {
	if g == nil || l.ChainCodeKey == nil {
		return
	}
	key, err := decryptRSA(l.ChainCodeKey, "SHA-256", keys, share.RSAKey, share.RSAPassphrase)
	if err != nil {
		return
	}
	defer secret.Wipe(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return
	}
	plain, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), l.ChainCode, nil)
	if err != nil {
		return
	}
	if len(plain) != len(g.ChainCode) { // since version 2; a chain code may begin like JSON
		var doc struct {
			ChainCode string `json:"master_chain_code"`
		}
		if strict.Unmarshal(plain, &doc) != nil {
			return
		}
		if plain, err = base64.StdEncoding.DecodeString(doc.ChainCode); err != nil {
			return
		}
	}
	if len(plain) == len(g.ChainCode) {
		g.ChainCode = (*[len(g.ChainCode)]byte)(plain)
	}
}
