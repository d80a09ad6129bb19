package blake2b_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"lifeboat/internal/blake2b"

	peer "golang.org/x/crypto/blake2b"
	"pgregory.net/rapid"
)

func TestRFC7693(t *testing.T) {
	// RFC 7693, appendix A.
	const want = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
	if got := hex.EncodeToString(blake2b.Append(nil, 64, "", []byte("abc"))); got != want {
		t.Errorf("abc hashes to %s", got)
	}
}

func TestPersonal(t *testing.T) {
	// nervosnetwork/rfcs 0022: the hash of nothing with CKB's personalisation.
	const want = "44f4c69744d5f8c55d642062949dcae49bc4e7ef43d388c5a12f42b5633d163e"
	if got := hex.EncodeToString(blake2b.Append(nil, 32, "ckb-default-hash", nil)); got != want {
		t.Errorf("nothing hashes to %s", got)
	}
}

func TestAgainstPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, blake2b.MaxSize).Draw(t, "size")
		data := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "data")
		h, err := peer.New(size, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(data)
		if got := blake2b.Append([]byte("x"), size, "", data); !bytes.Equal(got, h.Sum([]byte("x"))) {
			t.Errorf("%d bytes hash to %x", len(data), got)
		}
	})
	for _, n := range []int{127, 128, 129, 255, 256, 257} {
		data := bytes.Repeat([]byte{7}, n)
		want := peer.Sum512(data)
		if got := blake2b.Append(nil, 64, "", data); !bytes.Equal(got, want[:]) {
			t.Errorf("%d bytes hash to %x", n, got)
		}
	}
}
