package ceremony

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// numWords is how many words a join has: 8 words of 12 bits are 96 bits. Whoever
// swaps a join must find another one with the words of one that is there, a second
// preimage. Two joins of one author with the same words, at 2^48 tries, differ in
// the full hashes that a deal lists.
const numWords = 8

// Consonants and vowels of the words. Each word is two syllables of a consonant
// (4 bits) and a vowel (2 bits), the alphabet of Wilkerson's proquints
// (arXiv:0901.4016): sixteen consonants and four vowels that are told apart when
// read aloud. There is no list of words to carry or to get wrong.
const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aiou"
)

// Words returns the words of the join of a key's owner, who reads them to the
// dealers. Nobody else is shown them: a dealer types what was heard.
func (c *Ceremony) Words(k *Key) ([]string, error) {
	if err := c.checkKey(k); err != nil {
		return nil, err
	}
	return c.joins[k.node].words(), nil
}

func (j *joinFile) words() []string {
	digest := sha256.Sum256(j.signed(StepJoin))
	return words(digest[:])
}

// words makes a word of every 12 bits.
func words(digest []byte) []string {
	list := make([]string, numWords)
	bit := func(i int) int { return int(digest[i/8]>>(7-i%8)) & 1 }
	take := func(at, n int) int {
		v := 0
		for i := range n {
			v = v<<1 | bit(at+i)
		}
		return v
	}
	for i := range list {
		var w []byte
		for syllable := range 2 {
			at := 12*i + 6*syllable
			w = append(w, consonants[take(at, 4)], vowels[take(at+4, 2)])
		}
		list[i] = string(w)
	}
	return list
}

// sameWords reports whether a text is these words in this order. Blanks and capitals
// do not matter.
func sameWords(words []string, text string) bool {
	got := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	return subtle.ConstantTimeCompare([]byte(got), []byte(strings.Join(words, " "))) == 1
}
