package strict

import (
	"bufio"
	"slices"
	"strings"
	"unicode/utf8"

	"lifeboat/internal/plain"
)

// WriteRow writes one row as in RFC 4180, but with LF at its end. A cell that Reader
// could take for something else is quoted, and one that a spreadsheet could take for a
// formula is disarmed.
func WriteRow(w *bufio.Writer, cells []string) error {
	row := w.AvailableBuffer()
	for i, cell := range cells {
		if i > 0 {
			row = append(row, ',')
		}
		row = AppendText(row, cell)
	}
	if len(cells) == 1 && cells[0] == "" {
		row = append(row, `""`...) // an empty line is not a row
	}
	_, err := w.Write(append(row, '\n'))
	return err
}

// AppendText is AppendCell for a cell whose text came from a file: what a
// spreadsheet would take for a formula gets a ' before it, and what could hide or turn
// text around is escaped. In a text that is not UTF-8 the bytes beyond ASCII stay as
// they are: their encoding is not known.
func AppendText(dst []byte, cell string) []byte {
	if !utf8.ValidString(cell) {
		return AppendCell(dst, disarmBytes(cell))
	}
	return AppendCell(dst, disarm(plain.Lines(cell)))
}

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

// formulas are the characters that begin a formula in a spreadsheet, with the wide and
// small forms of East Asian keyboards.
const formulas = "=+-@＝＋－＠﹦﹢﹣﹫"

// disarm puts a ' where a formula could begin: at the start, and after a semicolon,
// which separates cells in half of the world's countries, even inside quotes, which
// only count where they begin a cell. So a line end in quotes begins a row there.
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
		start = r == ';' || r == '\n' || start && (r == ' ' || r == '"')
	}
	return b.String()
}

// wideFormulas are the wide forms of = + - @ in the encodings of East Asia: GBK and
// EUC-KR, Shift-JIS, Big5, EUC-JP.
var wideFormulas = []string{
	"\xa3\xbd", "\xa3\xab", "\xa3\xad", "\xa3\xc0",
	"\x81\x81", "\x81\x7b", "\x81\x7c", "\x81\x97",
	"\xa1\xd7", "\xa1\xcf", "\xa1\xd0", "\xa2\x49",
	"\xa1\xe1", "\xa1\xdc", "\xa1\xdd", "\xa1\xf7",
}

// disarmBytes is disarm for a text in an unknown encoding, of which the bytes below 0x40
// are ASCII wherever they stand.
func disarmBytes(s string) string {
	var b strings.Builder
	start := true
	for i := range len(s) {
		if start && (strings.IndexByte("=+-@", s[i]) >= 0 || slices.ContainsFunc(wideFormulas, func(w string) bool { return strings.HasPrefix(s[i:], w) })) {
			b.WriteByte('\'')
		}
		if s[i] < 0x80 {
			b.WriteString(plain.Lines(s[i : i+1]))
		} else {
			b.WriteByte(s[i])
		}
		start = s[i] == ';' || s[i] == '\n' || start && (s[i] == ' ' || s[i] == '"')
	}
	return b.String()
}

func isFormula(r rune) bool { return strings.ContainsRune(formulas, r) }
