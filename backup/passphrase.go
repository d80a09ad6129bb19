package backup

import (
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"strings"

	"lifeboat/internal/secret"
)

// words is the English list of BIP-39, 2,048 words that differ in their first
// four letters.
//
//go:embed words.txt
var words string

const (
	passphraseWords = 10 // 11 bits each: 110 bits
	wordCount       = 2048
	maxWord         = 8 // letters
)

// NewPassphrase makes a passphrase of ten words with dashes between them, with 110
// bits of entropy. It needs no checksum: it is not a BIP-39 mnemonic.
func NewPassphrase() *secret.Bytes {
	list := strings.Fields(words)
	passphrase := make([]byte, 0, passphraseWords*(maxWord+1))
	random := make([]byte, 2*passphraseWords)
	defer secret.Wipe(random)
	rand.Read(random) // never fails: it ends the program instead
	for i := range passphraseWords {
		if i > 0 {
			passphrase = append(passphrase, '-')
		}
		// 2,048 divides 65,536: all words are equally likely.
		passphrase = append(passphrase, list[binary.BigEndian.Uint16(random[2*i:])%wordCount]...)
	}
	return secret.Take(passphrase)
}
