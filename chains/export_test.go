package chains

import (
	"encoding/hex"
	"strings"
	"testing"

	"lifeboat/internal/curve"
)

// TestDescriptorChecksum: BIP 380, and Bitcoin Core's descriptor_tests.cpp.
func TestDescriptorChecksum(t *testing.T) {
	for _, want := range []string{
		"raw(deadbeef)#89f8spxm",
		"sh(multi(2,[00000000/111'/222]xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc,xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L/0))#ggrsrxfy",
		"sh(multi(2,[00000000/111'/222]xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL,xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y/0))#tjg09x5t",
	} {
		plain, _, _ := strings.Cut(want, "#")
		if got := string(appendDescriptorChecksum([]byte(plain), []byte(plain))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestWatchedDescriptors: the descriptors of one public key in Bitcoin Core's
// descriptor_tests.cpp, and their output scripts. The address in each encoding has
// that script.
func TestWatchedDescriptors(t *testing.T) {
	const x, y = "a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd", "5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235"
	raw, err := hex.DecodeString("03" + x)
	if err != nil {
		t.Fatal(err)
	}
	p, err := curve.Secp256k1.ParsePoint(raw)
	if err != nil {
		t.Fatal(err)
	}
	k := NewPublicKey(p)
	btc, _ := Lookup("BTC")
	want := map[string][2]string{
		"p2pkh":              {"pkh(03" + x + ")", "76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"},
		"p2pkh-uncompressed": {"pkh(04" + x + y + ")", "76a914b5bd079c4d57cc7fc28ecf8213a6b791625b818388ac"},
		"p2sh-p2wpkh":        {"sh(wpkh(03" + x + "))", "a91484ab21b1b2fd065d4504ff693d832434b6108d7b87"},
		"p2wpkh":             {"wpkh(03" + x + ")", "00149a1c78a507689f6f54b847ad1cef1e614ee23f1e"},
		"p2tr":               {"tr(" + x + ")", "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"},
		"p2tr-untweaked":     {"rawtr(" + x + ")", "5120" + x},
	}
	for i := range btc.Encodings {
		e := &btc.Encodings[i]
		text, ok := e.Descriptor(&k)
		plain := want[e.Name][0]
		if !ok || text != string(appendDescriptorChecksum([]byte(plain), []byte(plain))) {
			t.Errorf("%s: %s, want %s with its checksum", e.Name, text, plain)
		}
		address, err := e.Address(&k)
		if err != nil {
			t.Fatal(err)
		}
		if script, _ := btc.OutputScript(address); hex.EncodeToString(script) != want[e.Name][1] {
			t.Errorf("%s: %s has the script %x, want %s", e.Name, address, script, want[e.Name][1])
		}
	}
	if len(btc.Encodings) != len(want) {
		t.Errorf("%d encodings of %d", len(btc.Encodings), len(want))
	}
	// Nodes that import none: of Taproot, of any form.
	for id, name := range map[string]string{"LTC": "p2tr", "DOGE": "p2pkh", "ETH": "default"} {
		c, _ := Lookup(id)
		for i := range c.Encodings {
			if text, ok := c.Encodings[i].Descriptor(&k); ok && c.Encodings[i].Name == name {
				t.Errorf("%s %s: %s", id, name, text)
			}
		}
	}
}
