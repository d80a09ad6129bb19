// Package addresses has what the verbs that take an address book have in common:
// streaming it through the checker on all cores, and naming the rows that fail.
package addresses

import (
	"fmt"
	"runtime"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/ordered"
	"lifeboat/internal/strict"
)

// maxBlamed is how many rows are named on standard error; the totals count all.
const maxBlamed = 20

// maxWorkers bounds the memory that a run takes: each worker has scratch of its
// own.
const maxWorkers = 8

// typicalRow is the length of a row, in bytes, from which the number of rows is
// guessed. Only speed depends on it.
const typicalRow = 200

// Workers returns how many goroutines work at once.
func Workers() int { return min(runtime.GOMAXPROCS(0), maxWorkers) }

// Chunk is a part of an address book and what the checker made of it.
type Chunk struct {
	Book    *book.Reader
	Rows    []*book.Row
	Results []book.Result
	Checker *book.Checker // of the goroutine that works on the chunk
}

// Run checks every row of the address book at path against root extended public
// keys. Each chunk is given to work, in several goroutines, and its result to
// emit, in the order of the book. The first rows that fail are named on standard
// error, unless quiet.
func Run[T any](e *cli.Env, path string, roots []*derive.Key, quiet bool, work func(*Chunk) (T, error), emit func(T) error) (*book.Totals, error) {
	f, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("address book: %w", err)
	}
	defer f.Close()
	in, err := book.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	engine := derive.NewEngine(f.Size() / typicalRow)
	checkers := make([]*book.Checker, Workers())
	progress := cli.NewProgress(e, "rows of the address book", 0)
	defer progress.Done()

	type checked struct {
		chunk *Chunk
		out   T
	}
	var totals book.Totals
	blamed := 0
	err = ordered.Run(len(checkers),
		func() ([]*book.Row, error) {
			if err := e.Interrupt.Err(); err != nil {
				return nil, err
			}
			return in.Chunk()
		},
		func(worker int, rows []*book.Row) (checked, error) {
			if checkers[worker] == nil {
				checkers[worker] = book.NewChecker(engine, roots)
			}
			c := &Chunk{in, rows, checkers[worker].Check(rows), checkers[worker]}
			out, err := work(c)
			return checked{c, out}, err
		},
		func(c checked) error {
			for i := range c.chunk.Results {
				r := &c.chunk.Results[i]
				totals.Add(r)
				if r.Status == book.OK || quiet {
					continue
				}
				if blamed++; blamed <= maxBlamed {
					e.Warn("%q, line %d: %s", path, c.chunk.Rows[i].Line, r.Text())
				}
			}
			progress.Add(int64(len(c.chunk.Rows)))
			return emit(c.out)
		})
	if err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	if blamed > maxBlamed {
		e.Warn("%q: %d more not ok", path, blamed-maxBlamed)
	}
	return &totals, nil
}

// Check is Run for verbs that only want the totals.
func Check(e *cli.Env, path string, roots []*derive.Key) (*book.Totals, error) {
	return Run(e, path, roots, false,
		func(*Chunk) (struct{}, error) { return struct{}{}, nil },
		func(struct{}) error { return nil })
}

// Bare says which root keys have no chain code, so that no row below them can be right.
func Bare(roots []*derive.Key) (hints []string) {
	for _, k := range roots {
		if k.IsBare() {
			hints = append(hints, fmt.Sprintf("the root key on %v has no chain code, and without it no row below it can be checked: give the root extended public key with --xpub, beside the record if there is one", k.Curve()))
		}
	}
	return hints
}

// Header checks that the file is an address book with a row, and returns its header.
func Header(path string) ([]string, error) {
	f, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("address book: %w", err)
	}
	defer f.Close()
	in, err := book.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	if _, err := in.Next(); err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	return in.Header(), nil
}

// Chain finds the chain that a value of --chain names.
func Chain(id string) (*chains.Chain, error) {
	c, ok := chains.Lookup(id)
	if !ok {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("--chain: unknown chain %.40q", id), "mpc-derive chains lists them")
	}
	return c, nil
}
