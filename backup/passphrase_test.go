package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	// The SHA-256 of english.txt of BIP-39.
	const want = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
	if sum := sha256.Sum256([]byte(words)); hex.EncodeToString(sum[:]) != want {
		t.Error("the word list is not that of BIP-39")
	}
	list := strings.Fields(words)
	for _, w := range list {
		if len(w) > maxWord {
			t.Errorf("%q is longer than room is made for", w)
		}
	}
	seen := make(map[string]bool)
	for range 200 {
		p := string(NewPassphrase().Expose())
		parts := strings.Split(p, "-")
		if len(parts) != passphraseWords || seen[p] {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		for _, w := range parts {
			if _, ok := slices.BinarySearch(list, w); !ok {
				t.Fatalf("%q is no word of the list", w)
			}
			seen[w] = true
		}
	}
	// 2,000 draws of 2,048 words show about 1,277 different ones; 1,000 is many
	// standard deviations away.
	if n := len(seen) - 200; n < 1000 {
		t.Errorf("only %d different words", n)
	}
}
