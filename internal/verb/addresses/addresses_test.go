package addresses_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/chains/book"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
)

// A book that is cut while it is read is not taken for the part that was left.
func TestRunShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.csv")
	header := strings.Join(book.Header(), ",") + "\n"
	row := strings.Repeat(",", len(book.Header())-1) + strings.Repeat(" ", 200) + "x\n"
	if err := os.WriteFile(path, []byte(header+strings.Repeat(row, 50_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := false
	e := &cli.Env{Stderr: io.Discard, Interrupt: t.Context()}
	totals, err := addresses.Run(e, path, nil, true,
		func(*addresses.Chunk) (struct{}, error) { return struct{}{}, nil },
		func(struct{}) error {
			if cut {
				return nil
			}
			cut = true // at the end of a row, so that what is left looks whole
			return os.Truncate(path, int64(len(header)+40_000*len(row)))
		})
	if !cut || !errors.Is(err, strict.ErrChanged) || strings.Count(err.Error(), path) != 2 {
		t.Errorf("%v, %v", totals, err)
	}
}
