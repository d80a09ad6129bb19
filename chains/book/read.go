// Package book reads address books, as the vendor exports them and as people
// have edited them, and checks each row against root extended public keys.
//
// It handles public data only. A row that is wrong never stops the run.
package book

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/internal/strict"
)

var (
	// ErrHeader is wrapped when the first line of a file is not the header of an
	// address book.
	ErrHeader = errors.New("not an address book")
	// ErrEmpty is returned when no row follows the header.
	ErrEmpty = errors.New("no row follows the header; export the addresses again")
)

// Column is a column that Lifeboat understands.
type Column int

// The columns, in the order of the vendor's export.
const (
	Wallet Column = iota
	Coin
	Address
	Curve
	Memo
	Label
	Path
	Child
	columns
)

// names are the headers, as the vendor writes them.
var names = [columns]string{
	Wallet: "wallet name", Coin: "coin", Address: "address", Curve: "curve",
	Memo: "memo", Label: "address label", Path: "HD path", Child: "child publickey",
}

// Header returns the header of an address book with all columns.
func Header() []string { return slices.Clone(names[:]) }

// Row is a line of an address book.
type Row struct {
	Line  int      // in the file, from 1
	Cells []string // all of them, in the order of the header
	Err   error    // why the row cannot be used, or nil
	at    *[columns]int
}

// Get returns a cell without the blanks around it; a column that the file does
// not have, or the row does not reach, is empty.
func (r *Row) Get(c Column) string {
	if i := r.at[c]; i >= 0 && i < len(r.Cells) {
		return strings.TrimSpace(r.Cells[i])
	}
	return ""
}

// Output returns the cells as they were, padded to the width of the header. Any of
// them may be a formula, so they are written with strict.WriteRow or AppendText.
func (r *Row) Output(width int) []string {
	out := make([]string, width)
	copy(out, r.Cells)
	return out
}

// Reader reads an address book line by line.
type Reader struct {
	csv    *strict.Reader
	header []string
	at     [columns]int
	rows   bool  // there was one
	below  error // why no row can be used any more, or nil
}

// NewReader reads the header. Its columns may come in any order and case, with
// others between them; "coin", "HD path" and one of "address" and "child publickey"
// must be there.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{csv: strict.NewReader(r)}
	header, line, err := b.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it is empty", ErrHeader)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	b.header = slices.Clone(header)
	b.at = locate(header)
	for i, h := range header {
		for c, name := range names {
			if isColumn(h, name) && b.at[c] != i {
				return nil, fmt.Errorf("%w: column %q occurs twice", ErrHeader, name)
			}
		}
	}
	for _, c := range []Column{Coin, Path} {
		if b.at[c] < 0 {
			return nil, fmt.Errorf("%w: line %d has no column %q; the first line must be the header %q", ErrHeader, line, names[c], strings.Join(names[:], ","))
		}
	}
	if b.at[Address] < 0 && b.at[Child] < 0 {
		return nil, fmt.Errorf("%w: it has neither an address nor a child publickey to compare with", ErrHeader)
	}
	return b, nil
}

// Header returns the header as the file has it.
func (b *Reader) Header() []string { return b.header }

// Next returns the next row, or io.EOF, or at the end of a book without rows ErrEmpty.
// Rows of empty cells are left out, and so is the header where it comes again. A row
// that cannot be read has Err set; any other error ends the file.
func (b *Reader) Next() (*Row, error) {
	for {
		cells, line, err := b.csv.Read()
		var bad *strict.RowError
		switch {
		case errors.As(err, &bad):
			b.rows = true
			return &Row{Line: bad.Line, Err: errors.New(bad.Why), at: &b.at}, nil
		case errors.Is(err, io.EOF) && !b.rows:
			return nil, ErrEmpty
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(cells, func(c string) bool { return c != "" }):
			continue
		case b.isHeader(cells, line):
			continue
		}
		b.rows = true
		return b.row(cells, line), nil
	}
}

// isHeader recognises the header of another export, which somebody put below the
// first one. If its columns are others, the rows below it cannot be used.
func (b *Reader) isHeader(cells []string, line int) bool {
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.EqualFold(c, names[Coin]) }) {
		return false
	}
	at := locate(cells)
	if at[Coin] < 0 || at[Path] < 0 || at[Address] < 0 && at[Child] < 0 {
		return false
	}
	b.below = nil
	if at != b.at {
		b.below = fmt.Errorf("it stands below a second header, in line %d, which has other columns: give each export as a file of its own", line)
	}
	return true
}

func (b *Reader) row(cells []string, line int) *Row {
	row := &Row{Line: line, Cells: slices.Clone(cells), Err: b.below, at: &b.at}
	if extra := len(cells) - len(b.header); extra > 0 && strings.Join(cells[len(b.header):], "") != "" {
		row.Err = fmt.Errorf("it has %d cells and the header has %d: is a comma unquoted?", len(cells), len(b.header))
	}
	return row
}

// ChunkRows is the most rows that Chunk returns.
const ChunkRows = 512

// Chunk returns the next rows, or io.EOF.
func (b *Reader) Chunk() ([]*Row, error) {
	rows := make([]*Row, 0, ChunkRows)
	for len(rows) < ChunkRows {
		row, err := b.Next()
		if errors.Is(err, io.EOF) && len(rows) > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Cells are the cells of a row by column.
type Cells [columns]string

// NewRow returns a row with those cells, in the layout of a header.
func NewRow(header []string, cells Cells) *Row {
	at := locate(header)
	row := &Row{Cells: make([]string, len(header)), at: &at}
	for c, i := range at {
		if i >= 0 {
			row.Cells[i] = cells[c]
		}
	}
	return row
}

// locate returns the position of each column in a header, or -1.
func locate(header []string) (at [columns]int) {
	for c, name := range names {
		at[c] = slices.IndexFunc(header, func(h string) bool { return isColumn(h, name) })
	}
	return at
}

// isColumn compares a cell of a header with a column's name, ignoring case and how
// words are separated.
func isColumn(cell, name string) bool {
	return strings.EqualFold(strings.Join(strings.FieldsFunc(cell, isGap), " "), name)
}

func isGap(r rune) bool { return r == ' ' || r == '_' || r == '\t' }
