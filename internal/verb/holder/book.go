package holder

import (
	"errors"
	"fmt"
	"io"

	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
)

// maxBlamed is how many rows are named on standard error; the totals count all.
const maxBlamed = 20

// CheckBook checks every row of an address book against root extended public
// keys, names the first rows that fail on standard error, and gives each row and
// its result to each, if it is not nil.
func CheckBook(e *cli.Env, path string, roots []*derive.Key, each func(in *book.Reader, row *book.Row, r *book.Result) error) (*book.Totals, error) {
	f, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("address book: %w", err)
	}
	defer f.Close()
	in, err := book.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	checker := book.NewChecker(roots)
	progress := cli.NewProgress(e, "rows of the address book", 0)
	defer progress.Done()
	var totals book.Totals
	blamed := 0
	for {
		if err := e.Interrupt.Err(); err != nil {
			return nil, err
		}
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("address book %q: %w", path, err)
		}
		result := checker.Check(row)
		totals.Add(&result)
		progress.Add(1)
		if result.Status != book.OK {
			if blamed++; blamed <= maxBlamed {
				e.Warn("%q, line %d: %s", path, row.Line, result.Text())
			}
		}
		if each != nil {
			if err := each(in, row, &result); err != nil {
				return nil, err
			}
		}
	}
	if blamed > maxBlamed {
		e.Warn("%q: %d more rows are not ok", path, blamed-maxBlamed)
	}
	return &totals, nil
}
