// Package lines writes bytes as numbered lines of letters and digits that people
// can type, and reads them back, naming the line that has a typing error.
//
// A line has up to 20 bytes in base32 (RFC 4648), in groups of four, and four
// more characters that check it and its number:
//
//	1: JRBF GMIC AMAA AAAA AAAA AAAA AAAA AAAA  7XQK
//
// The whole ends with a four-byte checksum of its own, which finds correct lines of
// two different texts. The format is docs/formats/quorum.md.
package lines

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lifeboat/internal/secret"
)

const (
	perLine = 20 // bytes
	group   = 4  // characters
	check   = 4  // characters at the end of a line
	sumSize = 4  // bytes at the end of the whole
	full    = perLine*8/5 + check

	// MaxLines is the length of the longest text: nobody types more.
	MaxLines = 999
	maxText  = 256 << 10 // bytes
)

// MaxPayload is how many bytes fit.
const MaxPayload = MaxLines*perLine - sumSize

// Errors. An *Error says what is wrong with single lines.
var (
	ErrEmpty    = errors.New("there are no numbered lines")
	ErrTooLong  = errors.New("the text is too long")
	ErrTogether = errors.New("every line is right by itself, but they do not belong together; are they from different pages?")
)

// An Error names the lines that are wrong, in order. It wraps nothing and quotes
// nothing.
type Error struct{ Problems []Problem }

// A Problem is what is wrong with a line.
type Problem struct {
	Line int // as numbered in the text
	Why  string
}

func (e *Error) Error() string {
	const shown = 5
	var words []string
	for i, p := range e.Problems {
		if i == shown {
			words = append(words, fmt.Sprintf("and %d more", len(e.Problems)-shown))
			break
		}
		words = append(words, fmt.Sprintf("line %d: %s", p.Line, p.Why))
	}
	return strings.Join(words, "; ")
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Encode returns the lines of at most MaxPayload bytes, each with its end.
func Encode(payload *secret.Bytes) (*secret.Bytes, error) {
	if payload.Len() > MaxPayload {
		return nil, ErrTooLong
	}
	whole := secret.New(payload.Len() + sumSize)
	defer whole.Wipe()
	sum := sha256.Sum256(payload.Expose())
	copy(whole.Expose()[copy(whole.Expose(), payload.Expose()):], sum[:sumSize])

	chars := make([]byte, encoding.EncodedLen(whole.Len()))
	defer secret.Wipe(chars)
	encoding.Encode(chars, whole.Expose())

	const width = full - check
	count := (len(chars) + width - 1) / width
	out := make([]byte, 0, count*(full+full/group+len("999: ")+2))
	for n := 1; n <= count; n++ {
		line := chars[(n-1)*width : min(n*width, len(chars))]
		out = fmt.Appendf(out, "%2d:", n)
		for part := range slices.Chunk(line, group) {
			out = append(append(out, ' '), part...)
		}
		c := checksum(n, line, n == count)
		out = append(append(append(out, "  "...), c[:]...), '\n')
	}
	return secret.Take(out), nil
}

// checksum is the first 20 bits of a SHA-256, in base32.
func checksum(n int, line []byte, last bool) (c [check]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "lifeboat-line-v1 %d ", n)
	h.Write(line)
	if last {
		h.Write([]byte(" end"))
	}
	var text [52]byte // base32 of 32 bytes
	encoding.Encode(text[:], h.Sum(nil))
	copy(c[:], text[:])
	return c
}

// label is the number of a line, wherever it stands.
var label = regexp.MustCompile(`(?:^|\s)([0-9]{1,3})[ \t]*:`)

var start = regexp.MustCompile(`^\s*[0-9]{1,3}[ \t]*:`)

// Like reports whether text starts with a numbered line.
func Like(text *secret.Bytes) bool { return start.Match(text.Expose()) }

// Decode reads lines that Encode wrote and people typed: in capitals or not, with
// any blanks, dashes and line breaks, in any order, with 0, 1 and 8 for O, I and B.
// If they are in order, all may lack their numbers.
func Decode(text *secret.Bytes) (*secret.Bytes, error) {
	if text.Len() > maxText {
		return nil, ErrTooLong
	}
	byNumber, err := split(text.Expose())
	defer func() {
		for _, line := range byNumber {
			secret.Wipe(line)
		}
	}()
	if err != nil {
		return nil, err
	}
	var chars []byte
	defer func() { secret.Wipe(chars) }()
	chars = make([]byte, 0, len(byNumber)*full)
	wrong := new(Error)
	count := 0
	for n := range byNumber {
		count = max(count, n)
	}
	for n := 1; n <= count; n++ {
		line, ok := byNumber[n]
		if !ok {
			wrong.Problems = append(wrong.Problems, Problem{n, "it is missing"})
		} else if why := checkLine(n, line, n == count); why != "" {
			wrong.Problems = append(wrong.Problems, Problem{n, why})
		} else {
			chars = append(chars, line[:len(line)-check]...)
		}
	}
	if len(wrong.Problems) > 0 {
		return nil, wrong
	}
	whole := secret.New(encoding.DecodedLen(len(chars)))
	defer whole.Wipe()
	n, err := encoding.Decode(whole.Expose(), chars)
	if err != nil || n < sumSize {
		return nil, ErrTogether
	}
	payload := whole.Expose()[:n-sumSize]
	sum := sha256.Sum256(payload)
	if subtle.ConstantTimeCompare(sum[:sumSize], whole.Expose()[n-sumSize:n]) != 1 {
		return nil, ErrTogether
	}
	return secret.Copy(payload), nil
}

// split returns the characters of every line by its number.
func split(text []byte) (map[int][]byte, error) {
	byNumber := make(map[int][]byte)
	labels := label.FindAllSubmatchIndex(text, MaxLines+1)
	if len(labels) == 0 {
		chars := clean(text)
		defer secret.Wipe(chars)
		n := 0
		for line := range slices.Chunk(chars, full) {
			if n++; n > MaxLines {
				return byNumber, ErrTooLong
			}
			byNumber[n] = bytes.Clone(line)
		}
		if n == 0 {
			return byNumber, ErrEmpty
		}
		return byNumber, nil
	}
	if len(bytes.TrimSpace(text[:labels[0][0]])) > 0 {
		return byNumber, fmt.Errorf("there is something before the first numbered line")
	}
	if len(labels) > MaxLines {
		return byNumber, ErrTooLong
	}
	for i, at := range labels {
		end := len(text)
		if i+1 < len(labels) {
			end = labels[i+1][0]
		}
		n, _ := strconv.Atoi(string(text[at[2]:at[3]]))
		line := clean(text[at[1]:end])
		if n == 0 {
			return byNumber, &Error{[]Problem{{n, "lines are counted from 1"}}}
		}
		if have, ok := byNumber[n]; ok && subtle.ConstantTimeCompare(have, line) != 1 {
			return byNumber, &Error{[]Problem{{n, "it occurs twice and differs: are two pages in one file?"}}}
		}
		byNumber[n] = line
	}
	return byNumber, nil
}

// clean drops blanks and dashes, and takes 0, 1 and 8 for letters.
func clean(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-':
			continue
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case c == '0':
			c = 'O'
		case c == '1':
			c = 'I'
		case c == '8':
			c = 'B'
		}
		out = append(out, c)
	}
	return out
}

// checkLine says what is wrong with a line, or "".
func checkLine(n int, line []byte, last bool) string {
	for i, c := range line {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return fmt.Sprintf("character %d is not one of A to Z and 2 to 7", i+1)
		}
	}
	if len(line) > full || len(line) < full && (!last || len(line) <= check) {
		return fmt.Sprintf("it has %d characters, not %d", len(line), full)
	}
	body, typed := line[:len(line)-check], line[len(line)-check:]
	right, other := checksum(n, body, last), checksum(n, body, !last)
	switch {
	case subtle.ConstantTimeCompare(typed, right[:]) == 1:
		return ""
	case subtle.ConstantTimeCompare(typed, other[:]) == 1 && last:
		return "it is right, but lines after it are missing"
	case subtle.ConstantTimeCompare(typed, other[:]) == 1:
		return "it is right, but it is the last line of its page, and there are more"
	}
	return "it has a typing error"
}
