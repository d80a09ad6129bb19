package strict

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lifeboat/internal/plain"
)

// Bounds of a CSV row. There is none on the number of rows.
const (
	MaxRow    = 64 << 10 // bytes, without the line end
	MaxField  = 16 << 10 // bytes
	MaxFields = 256
)

// ErrRow is wrapped by every *RowError.
var ErrRow = errors.New("bad row")

// A RowError is a row that could not be read. The rows after it can.
type RowError struct {
	Line int // counted from 1
	Why  string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }
func (e *RowError) Unwrap() error { return ErrRow }

// A Reader reads CSV as RFC 4180 has it, except that a row is always one line.
//
// It takes a byte order mark, LF or CRLF, and a comma, a semicolon or a tab
// between cells: whichever the first line that is not empty has most of, outside
// quotes. Blanks around a cell are trimmed, inside its quotes too. Empty lines
// are counted and skipped.
type Reader struct {
	r     *bufio.Reader
	line  int
	comma byte // 0 until the first line
	width int  // of the last row, a guess at the next
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, MaxRow+len("\r\n"))}
}

// Read returns the next row and its line, counted from 1. The error is io.EOF
// after the last row, a *RowError for a row that is not valid, after which
// reading may go on, or that of the underlying reader.
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
		if !utf8.Valid(text) {
			return nil, r.line, r.bad("invalid UTF-8")
		}
		if r.comma == 0 {
			r.comma = separator(text)
		}
		row, err = r.split(string(text))
		return row, r.line, err
	}
}

// next returns the next line without its end, valid until the call after.
func (r *Reader) next() ([]byte, error) {
	text, err := r.r.ReadSlice('\n')
	if len(text) == 0 && err != nil {
		return nil, err
	}
	r.line++
	tooLong := false
	for err == bufio.ErrBufferFull {
		tooLong = true
		_, err = r.r.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	if tooLong {
		return nil, r.bad("longer than %d KiB", MaxRow>>10)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if r.line == 1 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	if len(text) > MaxRow {
		return nil, r.bad("longer than %d KiB", MaxRow>>10)
	}
	return text, nil
}

func (r *Reader) bad(format string, args ...any) error {
	return &RowError{r.line, fmt.Sprintf(format, args...)}
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

// cell cuts the first cell off text; more says whether another one follows.
func (r *Reader) cell(text string) (cell, rest string, more bool, err error) {
	start := strings.TrimLeft(text, r.blanks())
	if !strings.HasPrefix(start, `"`) {
		cell, rest, more = strings.Cut(text, string(r.comma))
		if strings.Contains(cell, `"`) {
			return "", "", false, r.bad("a quote inside a cell that does not start with one")
		}
		return strings.TrimSpace(cell), rest, more, nil
	}
	end, escaped := 1, false
	for {
		i := strings.IndexByte(start[end:], '"')
		if i < 0 {
			return "", "", false, r.bad("a quote is not closed on its line")
		}
		end += i
		if !strings.HasPrefix(start[end+1:], `"`) {
			break
		}
		escaped = true
		end += 2
	}
	cell = start[1:end]
	if escaped {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	after := strings.TrimLeft(start[end+1:], r.blanks())
	if after != "" && after[0] != r.comma {
		return "", "", false, r.bad("text after a closing quote")
	}
	if after != "" {
		rest, more = after[1:], true
	}
	return strings.TrimSpace(cell), rest, more, nil
}

// blanks are what may stand between a separator and a quote.
func (r *Reader) blanks() string {
	if r.comma == '\t' {
		return " "
	}
	return " \t"
}

// WriteRow writes one row as RFC 4180 has it, but with LF at its end. A cell
// that Reader could take for something else is quoted, and one that a spreadsheet
// could take for a formula is disarmed.
func WriteRow(w *bufio.Writer, cells []string) error {
	row := w.AvailableBuffer()
	for i, cell := range cells {
		if i > 0 {
			row = append(row, ',')
		}
		row = AppendText(row, cell)
	}
	if len(cells) == 1 && cells[0] == "" {
		row = append(row, `""`...) // an empty line is no row
	}
	_, err := w.Write(append(row, '\n'))
	return err
}

// AppendText is AppendCell for a cell whose text came from a file: what a
// spreadsheet would take for a formula gets a ' before it, and what could hide or turn
// text around is escaped.
func AppendText(dst []byte, cell string) []byte { return AppendCell(dst, disarm(plain.Lines(cell))) }

// AppendCell appends a cell of a row to dst as it is, in quotes where it needs them.
func AppendCell[T string | []byte](dst []byte, cell T) []byte {
	plain := true
	for i := 0; plain && i < len(cell); i++ {
		plain = strings.IndexByte(",;\t\"\r\n", cell[i]) < 0
	}
	if plain {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	for i := range len(cell) {
		if cell[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, cell[i])
	}
	return append(dst, '"')
}

// formulas begin one in a spreadsheet, which also knows the wide and small forms of
// East Asian keyboards.
const formulas = "=+-@＝＋－＠﹦﹢﹣﹫"

// disarm puts a ' where a formula could begin: at the start, and after a semicolon,
// which separates cells in half of the world's countries, even inside
// quotes, which only count where they begin a cell.
func disarm(s string) string {
	if !strings.ContainsFunc(s, isFormula) {
		return s
	}
	var b strings.Builder
	start := true
	for _, r := range s {
		if start && isFormula(r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		start = r == ';' || start && (r == ' ' || r == '"')
	}
	return b.String()
}

func isFormula(r rune) bool { return strings.ContainsRune(formulas, r) }
