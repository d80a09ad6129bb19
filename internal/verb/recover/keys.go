package recover

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/recover"
)

// keyColumns follow the address book's own in keys.csv.
var keyColumns = []string{
	"hex private key", "extended private key", "extended public key",
	"derived address", "encoding", "export", "status",
}

// keyTable writes keys.csv: the rows of an address book, and rows for single
// paths. It is written twice, first to measure it, so it must come out the same.
type keyTable struct {
	env    *cli.Env
	vaults []*vault
	book   string // path of the address book, or empty
	paths  []derive.Path
	chains []*chains.Chain

	totals book.Totals // of the address book, once it was written
}

// open starts writing and returns the reading end.
func (t *keyTable) open() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(t.write(w)) }()
	return r, nil
}

func (t *keyTable) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	header := book.Header()
	var in *book.Reader
	if t.book != "" {
		f, err := strict.Open(t.book)
		if err != nil {
			return err
		}
		defer f.Close()
		if in, err = readBook(f, t.book); err != nil {
			return err
		}
		header = in.Header()
	}
	if err := strict.WriteRow(out, append(header, keyColumns...)); err != nil {
		return err
	}
	if in != nil {
		if err := t.writeBook(out, in, len(header)); err != nil {
			return err
		}
	}
	if err := t.writePaths(out, in); err != nil {
		return err
	}
	return out.Flush()
}

// readBook reads the header of an address book.
func readBook(f *os.File, path string) (*book.Reader, error) {
	in, err := book.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("address book %q: %w", path, err)
	}
	return in, nil
}

func (t *keyTable) writeBook(out *bufio.Writer, in *book.Reader, width int) error {
	checker := book.NewChecker(t.roots())
	progress := cli.NewProgress(t.env, "rows of the address book", 0)
	defer progress.Done()
	t.totals = book.Totals{}
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("address book %q: %w", t.book, err)
		}
		result := checker.Check(row)
		t.totals.Add(&result)
		progress.Add(1)
		if err := t.writeRow(out, row.Output(width), &result); err != nil {
			return err
		}
	}
}

func (t *keyTable) roots() []*derive.Key {
	roots := make([]*derive.Key, len(t.vaults))
	for i, v := range t.vaults {
		roots[i] = v.key.Public()
	}
	return roots
}

// writePaths writes a row for each path and encoding of each chain, or one for
// each path and root key if no chain is named.
func (t *keyTable) writePaths(out *bufio.Writer, in *book.Reader) error {
	for _, path := range t.paths {
		for _, v := range t.vaults {
			root := v.key.Public()
			key, tweak, err := root.Derive(path)
			if err != nil {
				return err
			}
			public := chains.NewPublicKey(key.Point())
			cells := book.Cells{book.Curve: key.Curve().String(), book.Path: path.String(), book.Child: key.String()}
			result := book.Result{Status: book.OK, Root: root, Key: key, Tweak: tweak}
			write := func() error {
				return t.writeRow(out, in.NewRow(cells).Output(in.Width()), &result)
			}
			if len(t.chains) == 0 {
				if err := write(); err != nil {
					return err
				}
			}
			for _, c := range t.chains {
				for _, e := range c.On(key.Curve()) {
					if result.Derived, err = e.Address(&public); err != nil {
						return err
					}
					cells[book.Coin], cells[book.Address] = c.ID, result.Derived
					result.Chain, result.Encoding = c, e
					if err := write(); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// writeRow writes the public cells, and between them the private ones, which
// never become strings, if the row has a key.
func (t *keyTable) writeRow(out *bufio.Writer, cells []string, r *book.Result) (err error) {
	var line []byte
	for _, c := range cells {
		line = append(strict.AppendCell(line, c), ',')
	}
	private := [3]*secret.Bytes{secret.New(0), secret.New(0), secret.New(0)} // hex, extended, export
	defer func() {
		for _, p := range private {
			p.Wipe()
		}
	}()
	public := ""
	if r.Key != nil {
		public = r.Key.String()
		secret.Do(func() { private, err = t.privateCells(r) })
		if err != nil {
			return err
		}
	}
	encoding := ""
	if r.Encoding != nil {
		encoding = r.Encoding.Name
	}
	if _, err := out.Write(line); err != nil {
		return err
	}
	for i, cell := range []any{private[0], private[1], public, r.Derived, encoding, private[2], r.Text()} {
		if i > 0 {
			out.WriteByte(',')
		}
		switch cell := cell.(type) {
		case string:
			_, err = out.Write(strict.AppendCell(nil, cell))
		case *secret.Bytes:
			err = writeSecretCell(out, cell)
		}
		if err != nil {
			return err
		}
	}
	return out.WriteByte('\n')
}

func writeSecretCell(out *bufio.Writer, cell *secret.Bytes) error {
	quoted := strict.AppendCell(make([]byte, 0, 2*cell.Len()+2), cell.Expose())
	defer secret.Wipe(quoted)
	_, err := out.Write(quoted)
	return err
}

// privateCells derives the private key of a row, which is checked against its
// public key on the way.
func (t *keyTable) privateCells(r *book.Result) (cells [3]*secret.Bytes, err error) {
	var root *recover.Private
	for _, v := range t.vaults {
		if v.key.Public() == r.Root {
			root = v.key
		}
	}
	child, err := root.Child(r.Key, r.Tweak)
	if err != nil {
		return cells, err
	}
	defer child.Wipe()
	x := child.Scalar()
	defer x.Wipe()
	cells[0] = secret.Take(hex.AppendEncode(make([]byte, 0, 64), x.Expose()))
	cells[1] = child.Extended()
	cells[2] = secret.New(0)
	if r.Encoding != nil {
		public := chains.NewPublicKey(r.Key.Point())
		if _, cells[2], _, err = r.Encoding.Export(x, &public); err != nil {
			return cells, err
		}
	}
	return cells, nil
}
