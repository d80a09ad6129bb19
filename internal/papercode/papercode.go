// Package papercode writes and reads codes that people carry on paper and type:
// 160 bits of a hash, in Crockford's base32.
package papercode

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrCode is wrapped by every error about text that is no code.
var ErrCode = errors.New("not a code from paper")

// Size is the length of a code in bytes. Not even whoever writes what it is the hash
// of can find two with one code: that takes 2^80 tries.
const Size = 20

const (
	codeChars = Size * 8 / 5
	codeGroup = 4 // characters
	maxTyped  = 256
)

// Code is the first 160 bits of a hash. People carry it on paper and type it, so a
// program that asks for it must not show it.
type Code [Size]byte

// crockford is base32 without U and the letters that look like digits
// (https://www.crockford.com/base32.html).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var encoding = base32.NewEncoding(crockford).WithPadding(base32.NoPadding)

// Of truncates a hash.
func Of(hash [sha256.Size]byte) Code { return Code(hash[:Size]) }

// String returns the code in eight groups of four characters.
func (c Code) String() string {
	chars := encoding.EncodeToString(c[:])
	var groups []string
	for g := range slices.Chunk([]byte(chars), codeGroup) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, "-")
}

// Equal compares two codes in constant time.
func (c Code) Equal(o Code) bool { return subtle.ConstantTimeCompare(c[:], o[:]) == 1 }

// meant is what people write for a character of a code.
var meant = strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "", "\t", "", "\r", "", "\n", "")

// Parse reads a code as people type it: in capitals or not, with hyphens and
// blanks anywhere, with O for 0 and with I or L for 1.
func Parse(text string) (Code, error) {
	if len(text) > maxTyped {
		return Code{}, fmt.Errorf("%w: it is longer than %d bytes", ErrCode, maxTyped)
	}
	chars := []rune(meant.Replace(strings.ToUpper(text)))
	for i, r := range chars {
		if !strings.ContainsRune(crockford, r) {
			return Code{}, fmt.Errorf("%w: character %d of group %d is in no code", ErrCode, i%codeGroup+1, i/codeGroup+1)
		}
	}
	if len(chars) != codeChars {
		return Code{}, fmt.Errorf("%w: it has %d characters, not %d", ErrCode, len(chars), codeChars)
	}
	raw, err := encoding.DecodeString(string(chars))
	if err != nil {
		return Code{}, fmt.Errorf("%w: internal error: %d characters of the alphabet do not decode", ErrCode, codeChars)
	}
	return Code(raw), nil
}
