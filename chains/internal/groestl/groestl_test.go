package groestl_test

import (
	"encoding/hex"
	"testing"

	"lifeboat/chains/internal/groestl"
)

// The first is of ShortMsgKAT_512.txt of the submission, the other of the tests of
// input-output-hk/scrypto (GroestlSpecification).
func TestKnownAnswers(t *testing.T) {
	for message, want := range map[string]string{
		// The quick brown fox jumps over the lazy dog
		"54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f67": "badc1f70ccd69e0cf3760c3f93884289da84ec13c70b3d12a53a7a8a4a513f99715d46288f55e1dbf926e6d084a0538e4eebfc91cf2b21452921ccde9131718d",
		"": "6d3ad29d279110eef3adbd66de2a0345a77baede1557f5d099fce0c03d6dc2ba8e6d4a6633dfbd66053c20faa87d1a11f39a7fbe4a6c2f009801370308fc4ad8",
	} {
		m, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if sum := groestl.Sum512(m); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%q hashes to %x", message, sum)
		}
	}
}
