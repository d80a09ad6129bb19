package strict

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Marks are the byte order marks of UTF-16.
var utf16Marks = []struct {
	mark  string
	order binary.ByteOrder
}{{"\xff\xfe", binary.LittleEndian}, {"\xfe\xff", binary.BigEndian}}

// decoded returns r, or, if it begins with a byte order mark of UTF-16, a reader of the
// same text in UTF-8, without the mark. What is not valid becomes U+FFFD.
func decoded(r io.Reader) io.Reader {
	in := bufio.NewReader(&sticky{r: r})
	for _, m := range utf16Marks {
		if start, _ := in.Peek(len(m.mark)); string(start) == m.mark {
			in.Discard(len(m.mark))
			return &utf16Reader{r: in, order: m.order}
		}
	}
	return in
}

// sticky gives its error again when it is asked again, so that looking ahead loses
// none.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	n, s.err = s.r.Read(p)
	return n, s.err
}

type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	buf   [utf8.UTFMax]byte
	left  []byte // of buf
	next  rune   // a unit that was read too early, or 0
}

func (u *utf16Reader) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || len(u.left) > 0 || u.r.Buffered() >= 2) {
		if len(u.left) == 0 {
			r, err := u.rune()
			if err != nil {
				return n, err
			}
			u.left = utf8.AppendRune(u.buf[:0], r)
		}
		c := copy(p[n:], u.left)
		u.left, n = u.left[c:], n+c
	}
	return n, nil
}

func (u *utf16Reader) rune() (rune, error) {
	r, err := u.unit()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	low, err := u.unit()
	if err != nil {
		return utf8.RuneError, nil // the error comes again
	}
	pair := utf16.DecodeRune(r, low)
	if pair == utf8.RuneError {
		u.next = low
	}
	return pair, nil
}

// unit returns the next 16 bits.
func (u *utf16Reader) unit() (r rune, err error) {
	if r, u.next = u.next, 0; r != 0 {
		return r, nil
	}
	var b [2]byte
	switch _, err := io.ReadFull(u.r, b[:]); err {
	case nil:
		return rune(u.order.Uint16(b[:])), nil
	case io.ErrUnexpectedEOF:
		return utf8.RuneError, nil
	default:
		return 0, err
	}
}
