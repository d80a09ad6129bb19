package ceremony

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// numWords is how many words a fingerprint has: 12 words of 12 bits are 144
// bits, so that no second set of files with the same words can be found.
const numWords = 12

// Consonants and vowels of the words. Each word is two syllables of a consonant
// (4 bits) and a vowel (2 bits), the alphabet of Wilkerson's proquints
// (arXiv:0901.4016): sixteen consonants and four vowels that are told apart when
// read aloud. There is no list of words to carry or to get wrong.
const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aiou"
)

// Fingerprint returns twelve words that stand for the plan and all joins
// together. Everybody compares them before anything is dealt: whoever swapped a
// join for one of their own would get the parts meant for somebody else. It
// returns ErrTooEarly while a join is missing.
func (c *Ceremony) Fingerprint() ([]string, error) {
	if err := c.reached(StepDeal); err != nil {
		return nil, err
	}
	h := sha256.New()
	h.Write([]byte(domain + "fingerprint\n" + c.session + "\n"))
	for i, node := range c.nodes(StepJoin) {
		h.Write([]byte(node + " " + c.hashes(StepJoin)[i] + "\n"))
	}
	return words(h.Sum(nil)), nil
}

// words reads 12 bits after 12 bits.
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

// SameWords reports whether a text has these words, in their order, whatever the
// blanks and the capitals.
func SameWords(words []string, text string) bool {
	got := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	return subtle.ConstantTimeCompare([]byte(got), []byte(strings.Join(words, " "))) == 1
}
