package open

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"testing"
)

// The first three examples of NIST SP 800-38C, appendix C, and packet vector 1 of RFC
// 3610.
var ccmVectors = []struct{ key, nonce, data, plain, sealed string }{
	{"404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607", "20212223", "7162015b4dac255d"},
	{"404142434445464748494a4b4c4d4e4f", "1011121314151617", "000102030405060708090a0b0c0d0e0f",
		"202122232425262728292a2b2c2d2e2f", "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd"},
	{"404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
		"202122232425262728292a2b2c2d2e2f3031323334353637", "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"},
	{"c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5", "0001020304050607",
		"08090a0b0c0d0e0f101112131415161718191a1b1c1d1e", "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
}

func bytesOf(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCCM(t *testing.T) {
	for _, v := range ccmVectors {
		block, err := aes.NewCipher(bytesOf(t, v.key))
		if err != nil {
			t.Fatal(err)
		}
		nonce, data, plain, sealed := bytesOf(t, v.nonce), bytesOf(t, v.data), bytesOf(t, v.plain), bytesOf(t, v.sealed)
		c := &ccm{block, len(sealed) - len(plain)}
		got, err := c.open(nonce, sealed, data)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("nonce %s: %x, %v", v.nonce, got, err)
		}
		for i := range sealed {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1
			if _, err := c.open(nonce, bad, data); err == nil {
				t.Errorf("nonce %s: byte %d was changed, and nothing noticed", v.nonce, i)
			}
		}
		for name, bad := range map[string]func() ([]byte, error){
			"other data":    func() ([]byte, error) { return c.open(nonce, sealed, append(data, 0)) },
			"no data":       func() ([]byte, error) { return c.open(nonce, sealed, nil) },
			"other nonce":   func() ([]byte, error) { return c.open(append([]byte{1}, nonce[1:]...), sealed, data) },
			"shorter nonce": func() ([]byte, error) { return c.open(nonce[1:], sealed, data) },
			"cut off":       func() ([]byte, error) { return c.open(nonce, sealed[:len(sealed)-1], data) },
			"no tag":        func() ([]byte, error) { return c.open(nonce, sealed[:c.tagSize-1], data) },
			"nonce of 6":    func() ([]byte, error) { return c.open(make([]byte, 6), sealed, data) },
			"nonce of 14":   func() ([]byte, error) { return c.open(make([]byte, 14), sealed, data) },
			"tag of 2":      func() ([]byte, error) { return (&ccm{block, 2}).open(nonce, sealed, data) },
			"tag of 18":     func() ([]byte, error) { return (&ccm{block, 18}).open(nonce, sealed, data) },
		} {
			if _, err := bad(); err == nil {
				t.Errorf("nonce %s: %s opened", v.nonce, name)
			}
		}
	}
	// A nonce of 13 bytes leaves two for the length.
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&ccm{block, 8}).open(make([]byte, 13), make([]byte, 1<<16+8), nil); err == nil {
		t.Error("a text that is longer than its length can say opened")
	}
}
