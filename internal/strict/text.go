package strict

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// orders are the byte orders of UTF-16, by their byte order marks.
var orders = []struct {
	mark  []byte
	order binary.ByteOrder
}{
	{[]byte("\xff\xfe"), binary.LittleEndian},
	{[]byte("\xfe\xff"), binary.BigEndian},
}

// Text returns a text file as UTF-8 without its byte order mark. A file in UTF-16,
// as the > of PowerShell writes it, is converted, and isNew says so: the result is
// one new buffer, which the caller may wipe. Otherwise it is a part of data. Data without
// a mark, or not in UTF-16 after it, stays as it is.
func Text(data []byte) (text []byte, isNew bool) {
	for _, o := range orders {
		if rest, ok := bytes.CutPrefix(data, o.mark); ok {
			if text, ok := fromUTF16(rest, o.order); ok {
				return text, true
			}
		}
	}
	return bytes.TrimPrefix(data, byteOrderMark), false
}

// unmarkedHead is how many bytes tell UTF-16 that has no byte order mark: eight
// characters, fewer than the header of any table has.
const unmarkedHead = 16

// Unmarked returns the byte order of UTF-16 without a mark, or nil if data does not begin
// like that. Tables begin with ASCII, so every other byte is NUL, which no other text
// has. Where a text may begin with anything, such as a password, this tells nothing.
func Unmarked(data []byte) binary.ByteOrder {
	data = data[:min(len(data), unmarkedHead)]
	for at, o := range orders { // the letter is the first byte of each two, or the second
		like := len(data) > 0 && len(data)%2 == 0
		for i, c := range data {
			like = like && (c == 0) == (i%2 != at)
		}
		if like {
			return o.order
		}
	}
	return nil
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, bool) {
	if len(data)%2 != 0 {
		return nil, false
	}
	// A unit takes at most three bytes of UTF-8, so that append leaves no copy behind.
	text := make([]byte, 0, len(data)/2*3)
	for i := 0; i < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i == len(data) {
				clear(text)
				return nil, false
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(data[i:]))); r == utf8.RuneError {
				clear(text)
				return nil, false
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return text, true
}
