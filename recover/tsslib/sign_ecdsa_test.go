package tsslib

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"lifeboat/internal/curve"

	"github.com/bnb-chain/tss-lib/v2/common"
	ecdsasigning "github.com/bnb-chain/tss-lib/v2/ecdsa/signing"
	"github.com/bnb-chain/tss-lib/v2/tss"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
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
		key, err := secp256k1.ParsePubKey(g.RootKey.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var r, s secp256k1.ModNScalar
		if r.SetByteSlice(signature.R) || s.SetByteSlice(signature.S) || !ecdsa.NewSignature(&r, &s).Verify(message[:], key) {
			t.Error("the signature does not verify under the root key")
		}
	}
}
