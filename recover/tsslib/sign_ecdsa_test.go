package tsslib

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"lifeboat/internal/curve"

	"github.com/bnb-chain/tss-lib/v2/common"
	ecdsasigning "github.com/bnb-chain/tss-lib/v2/ecdsa/signing"
	"github.com/bnb-chain/tss-lib/v2/tss"
)

// TestSignECDSA signs in tss-lib with two of the three parties, and verifies with
// the root key.
func TestSignECDSA(t *testing.T) {
	g, parties := testGroup(t, curve.Secp256k1, testParams(t))
	saves := ecdsaSaves(t, g, parties)
	message := sha256.Sum256([]byte("a transaction"))
	for _, pair := range [][2]int{{0, 1}, {2, 0}} {
		signature := sign(t, pair, func(i int) *big.Int { return saves[i].ShareID },
			func(i int, params func() (*tss.Parameters, chan tss.Message, chan *common.SignatureData)) tss.Party {
				p, out, end := params()
				return ecdsasigning.NewLocalParty(new(big.Int).SetBytes(message[:]), p, saves[i], out, end)
			}, curve.Secp256k1)
		b := g.RootKey.Uncompressed()
		key := &ecdsa.PublicKey{Curve: tss.S256(), X: new(big.Int).SetBytes(b[1:33]), Y: new(big.Int).SetBytes(b[33:])}
		if !ecdsa.Verify(key, message[:], new(big.Int).SetBytes(signature.R), new(big.Int).SetBytes(signature.S)) {
			t.Error("the signature does not verify under the root key")
		}
	}
}
