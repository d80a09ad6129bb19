package ceremony

import (
	"bytes"
	"crypto/hpke"
	"testing"

	"lifeboat/internal/secret"
)

// sealRaw seals any bytes to a party as the author of a deal would.
func sealRaw(c *Ceremony, raw []byte, author, receiver string, group int) ([]byte, error) {
	return hpke.Seal(c.joins[receiver].public, kdf(), aead(), c.info(StepDeal, author, receiver, group), raw)
}

func replace(data []byte, old, new string) []byte {
	return bytes.Replace(data, []byte(old), []byte(new), 1)
}

func FuzzParseKey(f *testing.F) {
	w := newWorld(f, 2, 3, 2, 3)
	w.join("new-1")
	f.Add(w.keys["new-1"].Expose())
	f.Add([]byte(keyHeader + "\nsession: \nnode: \nkey: \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseKey(secret.Copy(data))
		if err != nil {
			return
		}
		if again, err := k.Marshal(); err != nil || !bytes.EqualFold(again.Expose(), data) {
			t.Errorf("another text for the same key: %v", err)
		}
	})
}
