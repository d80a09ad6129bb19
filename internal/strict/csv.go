package strict

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Bounds of a CSV row. There is none on the number of rows.
const (
	MaxRow    = 64 << 10 // bytes, without the line end
	MaxField  = 16 << 10 // bytes
	MaxFields = 256
)

// ErrRow is wrapped by every *RowError.
var ErrRow = errors.New("bad row")

// A RowError is about a row that could not be read. The rows after it still can.
type RowError struct {
	Line int // counted from 1
	Why  string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }
func (e *RowError) Unwrap() error { return ErrRow }

// A Reader reads CSV as in RFC 4180, and as spreadsheets write it.
//
// It takes UTF-8 and other encodings that contain ASCII, whose bytes it keeps, and
// UTF-16 with a byte order mark, or that Unmarked knows; LF, CRLF or CR; and a comma, a semicolon or a tab
// between cells: whichever is most frequent outside quotes in the first line that is
// not empty, or the one that a line "sep=" before it names. Blanks around a cell are
// trimmed, inside its quotes too, and ="text" is text. Empty lines are counted and
// skipped.
//
// A cell in quotes may have several lines, whose ends become LF. Quotes were not meant
// if they are not closed within the bounds of a row, or if they would join two lines
// that each have as many cells as the first row: then the first line is bad, and
// reading goes on with the second.
type Reader struct {
	r     *bufio.Reader
	line  int
	end   byte // of a line: CR, or LF with or without a CR before it; 0 until the first line
	comma byte // 0 until the first line
	width int  // of the last row, a guess at the next
	first int  // width of the first row
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	// A byte order mark decides; without one every byte stays, unless every other is NUL.
	// A read after an error returns it again, so looking ahead loses none.
	buffered := bufio.NewReader(r)
	head, _ := buffered.Peek(unmarkedHead)
	plain := encoding.Nop.NewDecoder()
	switch Unmarked(head) {
	case binary.LittleEndian:
		plain = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	case binary.BigEndian:
		plain = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	}
	decoded := transform.NewReader(buffered, unicode.BOMOverride(plain))
	return &Reader{r: bufio.NewReaderSize(decoded, MaxRow+len("\r\n"))}
}

// Read returns the next row and the line that it begins on, counted from 1. The error
// is io.EOF after the last row, a *RowError for an invalid row, after which reading may
// go on, or that of the underlying reader.
func (r *Reader) Read() (row []string, line int, err error) {
	for {
		text, err := r.next()
		if err != nil {
			return nil, r.line, err
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil, r.line, r.bad("a NUL byte")
		}
		if r.comma == 0 {
			var named bool
			if r.comma, named = namedSeparator(text); named {
				continue
			}
			r.comma = separator(text)
		}
		line := r.line
		if bytes.Count(text, []byte{'"'})%2 == 1 {
			row, err = r.lines(string(text))
		} else {
			row, err = r.split(string(text))
		}
		if r.first == 0 {
			r.first = len(row)
		}
		return row, line, err
	}
}

// lines returns the row that begins with a line whose quotes are not all closed. If the
// line that closes them can be read, it is the last that was read.
func (r *Reader) lines(first string) ([]string, error) {
	ahead, err := r.r.Peek(MaxRow - len(first))
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, err
	}
	text, used := []byte(first), 0
	for lines := 1; used < len(ahead); lines++ {
		n := bytes.IndexByte(ahead[used:], r.end) + 1
		if n == 0 {
			if err == nil {
				break // the row is too long
			}
			n = len(ahead) - used
		}
		line := r.trim(ahead[used : used+n])
		used += n
		text = append(append(text, '\n'), line...)
		if bytes.IndexByte(line, 0) >= 0 {
			break
		}
		if bytes.Count(line, []byte{'"'})%2 == 0 {
			continue
		}
		row, err := r.split(string(text))
		if err != nil || r.isRow(first) && r.isRow(string(line)) {
			break
		}
		if _, err := r.r.Discard(used); err != nil {
			return nil, err // unreachable: it was peeked at
		}
		r.line += lines
		return row, nil
	}
	_, err = r.split(first) // says what is wrong with the line alone
	return nil, err
}

// isRow reports whether a line has, quotes aside, as many cells as the first row.
func (r *Reader) isRow(line string) bool {
	return r.first > 1 && strings.Count(line, string(r.comma)) >= r.first-1
}

// next returns the next line without its end, valid until the call after.
func (r *Reader) next() ([]byte, error) {
	if r.end == 0 {
		ahead, _ := r.r.Peek(MaxRow + len("\r\n")) // the next read returns the error again
		r.end = '\n'
		if i := bytes.IndexAny(ahead, "\r\n"); i >= 0 && ahead[i] == '\r' && !bytes.HasPrefix(ahead[i+1:], []byte("\n")) {
			r.end = '\r'
		}
	}
	text, err := r.r.ReadSlice(r.end)
	if len(text) == 0 && err != nil {
		return nil, err
	}
	r.line++
	tooLong := false
	for err == bufio.ErrBufferFull {
		tooLong = true
		_, err = r.r.ReadSlice(r.end)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	if tooLong {
		return nil, r.bad("longer than %d KiB", MaxRow>>10)
	}
	text = r.trim(text)
	if len(text) > MaxRow {
		return nil, r.bad("longer than %d KiB", MaxRow>>10)
	}
	return text, nil
}

// trim returns a line without its end.
func (r *Reader) trim(line []byte) []byte {
	if r.end == '\r' {
		return bytes.TrimPrefix(bytes.TrimSuffix(line, []byte("\r")), []byte("\n"))
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

func (r *Reader) bad(format string, args ...any) error {
	return &RowError{r.line, fmt.Sprintf(format, args...)}
}

// namedSeparator reads the line by which spreadsheets name the separator, such as
// sep=; in quotes or with empty cells behind it, too.
func namedSeparator(text []byte) (byte, bool) {
	s := strings.ToLower(strings.TrimLeft(string(text), ` "`))
	for _, c := range []byte(",;\t") {
		if rest, found := strings.CutPrefix(s, "sep="+string(c)); found && strings.Trim(rest, `" ,;`+"\t") == "" {
			return c, true
		}
	}
	return 0, false
}

// separator returns what the line has most of outside quotes; a comma on a tie.
func separator(text []byte) byte {
	var count [256]int
	quoted := false
	for _, c := range text {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t") {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}

func (r *Reader) split(text string) ([]string, error) {
	row := make([]string, 0, r.width)
	for more := true; more; {
		if len(row) == MaxFields {
			return nil, r.bad("more than %d fields", MaxFields)
		}
		var cell string
		var err error
		if cell, text, more, err = r.cell(text); err != nil {
			return nil, err
		}
		if len(cell) > MaxField {
			return nil, r.bad("field %d is longer than %d KiB", len(row)+1, MaxField>>10)
		}
		row = append(row, cell)
	}
	r.width = len(row)
	return row, nil
}

// cell cuts the first cell off text. more says whether another one follows.
func (r *Reader) cell(text string) (cell, rest string, more bool, err error) {
	start := strings.TrimLeft(text, r.blanks())
	if strings.HasPrefix(start, `="`) {
		start = start[1:] // text, whatever it looks like
	}
	if !strings.HasPrefix(start, `"`) {
		cell, rest, more = strings.Cut(text, string(r.comma))
		if strings.Contains(cell, `"`) {
			return "", "", false, r.bad("a quote inside a cell that does not start with one")
		}
		return strings.TrimSpace(cell), rest, more, nil
	}
	cell, after, ok := unquote(start)
	if !ok {
		return "", "", false, r.bad("a quote is not closed on its line")
	}
	if after = strings.TrimLeft(after, r.blanks()); after != "" {
		if after[0] != r.comma {
			return "", "", false, r.bad("text after a closing quote")
		}
		rest, more = after[1:], true
	}
	cell = strings.TrimSpace(cell)
	if text, found := strings.CutPrefix(cell, `="`); found {
		if inner, after, ok := unquote(`"` + text); ok && after == "" {
			cell = strings.TrimSpace(inner)
		}
	}
	return cell, rest, more, nil
}

// unquote returns what the quotes hold that s begins with, and what follows them.
func unquote(s string) (text, after string, ok bool) {
	end, escaped := 1, false
	for {
		i := strings.IndexByte(s[end:], '"')
		if i < 0 {
			return "", "", false
		}
		end += i
		if !strings.HasPrefix(s[end+1:], `"`) {
			break
		}
		escaped = true
		end += 2
	}
	text = s[1:end]
	if escaped {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	return text, s[end+1:], true
}

// blanks are what may be between a separator and a quote.
func (r *Reader) blanks() string {
	if r.comma == '\t' {
		return " "
	}
	return " \t"
}
