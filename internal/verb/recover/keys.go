package recover

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"lifeboat/chains"
	"lifeboat/chains/account"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/docs/moving"
	"lifeboat/internal/base58"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/ordered"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
	"lifeboat/recover"
	"lifeboat/tx"
)

// keyColumns follow the address book's own in keys.csv.
var keyColumns = []string{
	"hex private key", "extended private key", "extended public key",
	"derived address", "encoding", "export", "status",
	"public key", "import as", "use",
}

// keyTable writes keys.csv: the rows of an address book, and rows for single
// paths. It is written twice, first to measure it, so it must come out the same.
type keyTable struct {
	env       *cli.Env
	recovered []*recover.Root
	book      string // path of the address book, or empty
	header    []string
	paths     []derive.Path
	chains    []*chains.Chain

	moving moving.Plan // what is to be moved
	totals book.Totals // of the address book, once it was written
	told   bool        // the rows that fail were named, and all rows are in moving
}

// chunk is a piece of keys.csv, and the rows that it was made of.
type chunk struct {
	*addresses.Chunk
	lines *secret.Bytes
}

// open starts writing and returns the reading end.
func (t *keyTable) open() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go secret.Do(func() { w.CloseWithError(ordered.Catch(func() error { return t.write(w) })) })
	return r, nil
}

// check does all that open does, and keeps nothing but the totals.
func (t *keyTable) check() (err error) {
	secret.Do(func() { err = t.write(io.Discard) })
	return err
}

func (t *keyTable) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	header := t.header
	if t.book == "" {
		header = book.Header()
	}
	if err := strict.WriteRow(out, append(header[:len(header):len(header)], keyColumns...)); err != nil {
		return err
	}
	if t.book != "" {
		totals, err := addresses.Run(t.env, t.book, t.roots(), t.told, func(c *addresses.Chunk) (chunk, error) {
			lines, err := t.lines(c.Rows, c.Results, len(header), c.Checker.Worker)
			return chunk{c, lines}, err
		}, func(c chunk) error {
			t.plan(c.Rows, c.Results)
			return writeAndWipe(out, c.lines)
		})
		if err != nil {
			return err
		}
		t.totals = *totals
	}
	if err := t.writePaths(out, header); err != nil {
		return err
	}
	t.told = true
	return out.Flush()
}

// plan notes rows for the page, the first time that they are written.
func (t *keyTable) plan(rows []*book.Row, results []book.Result) {
	for i, row := range rows {
		if !t.told {
			t.moving.Add(row, &results[i])
		}
	}
}

func writeAndWipe(w io.Writer, lines *secret.Bytes) error {
	defer lines.Wipe()
	_, err := w.Write(lines.Expose())
	return err
}

// roots lists the root keys, each once: two epochs give the same one.
func (t *keyTable) roots() []*derive.Key {
	var roots []*derive.Key
	for _, r := range t.recovered {
		if public := r.Key.Public(); !slices.ContainsFunc(roots, public.SameKey) {
			roots = append(roots, public)
		}
	}
	return roots
}

// writePaths writes a row for each path and encoding of each chain, or one for
// each path and root key if no chain is named.
func (t *keyTable) writePaths(out io.Writer, header []string) error {
	if len(t.paths) == 0 {
		return nil
	}
	engine := derive.NewEngine(int64(len(t.paths)))
	for _, root := range t.roots() {
		if !chains.Takes(t.chains, root.Curve()) {
			continue
		}
		bulk := engine.Bulk(root)
		keys := make([]derive.Descendant, len(t.paths))
		bulk.Derive(t.paths, keys)
		var rows []*book.Row
		var results []book.Result
		for i := range keys {
			r, cells, err := t.pathResult(root, &keys[i], t.paths[i])
			if err != nil {
				return err
			}
			for _, form := range t.forms(r, cells) {
				rows = append(rows, book.NewRow(header, form.cells))
				results = append(results, form.result)
			}
		}
		lines, err := t.lines(rows, results, len(header), func(*derive.Key) *batch.Worker { return bulk.Worker() })
		if err != nil {
			return err
		}
		if len(t.chains) > 0 {
			t.plan(rows, results)
		}
		if err := writeAndWipe(out, lines); err != nil {
			return err
		}
	}
	return nil
}

func (t *keyTable) pathResult(root *derive.Key, key *derive.Descendant, path derive.Path) (book.Result, book.Cells, error) {
	if key.Err != nil {
		return book.Result{}, book.Cells{}, fmt.Errorf("--path %s: %w", path, key.Err)
	}
	r := book.Result{Status: book.OK, Root: root, Key: key, Public: chains.DerivedKey(key.Curve(), key.Child.Key, key.Child.XY)}
	if slices.ContainsFunc(t.chains, (*chains.Chain).Staked) {
		account.NewStakes(root).Note(&r.Public, path)
	}
	return r, book.Cells{book.Curve: key.Curve().String(), book.Path: path.String(), book.Child: key.Extended()}, nil
}

type pathForm struct {
	cells  book.Cells
	result book.Result
}

// forms lists the rows of one key.
func (t *keyTable) forms(r book.Result, cells book.Cells) []pathForm {
	if len(t.chains) == 0 {
		return []pathForm{{cells, r}}
	}
	var forms []pathForm
	for _, c := range t.chains {
		for _, e := range c.On(r.Public.Curve) {
			f := pathForm{cells, r}
			f.result.Chain, f.result.Encoding = c, e
			var err error
			if f.result.Derived, err = e.Address(&r.Public); err != nil {
				continue // its curve is the key's, and a path of no account has no stake key
			}
			f.cells[book.Coin], f.cells[book.Address] = c.ID, f.result.Derived
			forms = append(forms, f)
		}
	}
	return forms
}

// secretSpace is more than the secret cells and the commas of a row can take, in
// bytes: the buffer must not grow, or a copy of secrets stays behind.
const secretSpace = 64 + 120 + 2*2*512 + 16

// lines returns the rows of keys.csv for rows and their results. A row whose key
// is known gets its private key, once all private keys of the chunk have been
// checked against their public keys.
func (t *keyTable) lines(rows []*book.Row, results []book.Result, width int, worker func(root *derive.Key) *batch.Worker) (*secret.Bytes, error) {
	var err error
	keys := make([]*scalar.Secret, len(results))
	defer recover.WipeAll(keys)
	public := make([]publicCells, len(rows))
	size := 0
	for i, row := range rows {
		public[i] = writePublic(row, width, &results[i])
		size += public[i].len() + secretSpace
	}
	out := make([]byte, 0, size)
	secret.Do(func() {
		if err = t.privateKeys(results, keys, worker); err != nil {
			return
		}
		for i := range rows {
			if out, err = appendRow(out, &public[i], &results[i], keys[i]); err != nil {
				return
			}
		}
	})
	if err != nil {
		secret.Wipe(out)
		return nil, err
	}
	return secret.Take(out), nil
}

// privateKeys derives the private keys of rows whose key is known, root by root.
func (t *keyTable) privateKeys(results []book.Result, keys []*scalar.Secret, worker func(root *derive.Key) *batch.Worker) error {
	for _, r := range t.recovered {
		root := r.Key.Public()
		var at []int
		var list []*derive.Descendant
		for i := range results {
			if results[i].Key != nil && results[i].Root == root {
				at = append(at, i)
				list = append(list, results[i].Key)
			}
		}
		if len(list) == 0 {
			continue
		}
		found, err := r.Key.Children(worker(root), list)
		if err != nil {
			return err
		}
		for i, x := range found {
			keys[at[i]] = x
		}
	}
	return nil
}

// publicCells are the parts of a row that are not secret, with their commas.
type publicCells struct {
	book   []byte // the address book's columns
	middle []byte // extended public key, derived address, encoding
	status []byte // status, public key
	signs  bool   // the verb sign reads transactions of the chain
}

func (p *publicCells) len() int { return len(p.book) + len(p.middle) + len(p.status) + useSpace }

// What the last column says, and more than it can take.
const (
	useSign  = "mpc-recover sign"
	useOther = "a signer that takes the column export"
	useSpace = 128
)

func writePublic(row *book.Row, width int, r *book.Result) (p publicCells) {
	for _, c := range row.Output(width) {
		p.book = append(strict.AppendText(p.book, c), ',')
	}
	if r.Key != nil {
		p.middle = r.Key.AppendExtended(p.middle)
	}
	p.middle = append(strict.AppendText(append(p.middle, ','), r.Derived), ',')
	if r.Encoding != nil {
		p.middle = strict.AppendText(p.middle, r.Encoding.Name)
	}
	p.middle = append(p.middle, ',')
	status := r.Text()
	if r.Status == book.Bad { // its cells may not tell which row it was
		status = fmt.Sprintf("%s: line %d: %s", r.Status, row.Line, r.Reason)
	}
	p.status = append(strict.AppendText([]byte{','}, status), ',')
	if r.Key != nil {
		p.status = hex.AppendEncode(p.status, publicBytes(&r.Public))
	}
	if r.Chain != nil {
		_, p.signs = tx.Coin(r.Chain)
	}
	return p
}

// publicBytes are a public key as chains have it: 33 bytes, or 32 on ed25519.
func publicBytes(k *chains.PublicKey) []byte {
	if k.Curve == curve.Ed25519 {
		return k.Key[1:]
	}
	return k.Key[:]
}

// appendRow appends a row with its secret cells: the private key in hex, extended,
// and as wallets import it. x is nil for a row whose key is not known.
func appendRow(out []byte, p *publicCells, r *book.Result, x *scalar.Secret) ([]byte, error) {
	out = append(out, p.book...)
	if x == nil {
		out = append(append(out, ",,"...), p.middle...)
		return append(append(out, p.status...), ",,\n"...), nil
	}
	raw := x.Bytes()
	defer raw.Wipe()
	out = append(hex.AppendEncode(out, raw.Expose()), ',')
	out = append(appendExtended(out, r.Key, raw.Expose()), ',')
	out = append(out, p.middle...)
	if r.Encoding != nil {
		_, export, _, err := r.Encoding.Export(raw, &r.Public)
		if err != nil {
			return out, err
		}
		defer export.Wipe()
		out = strict.AppendCell(out, export.Expose())
	}
	return appendUse(append(out, p.status...), p, r, raw)
}

// appendUse appends what shows the address of the row, and by what its money is
// moved. Both are empty where the address is not the key's.
func appendUse(out []byte, p *publicCells, r *book.Result, raw *secret.Bytes) ([]byte, error) {
	out = append(out, ',')
	if r.Status != book.OK || r.Encoding == nil {
		return append(out, ",\n"...), nil
	}
	form, taker, err := r.Encoding.Import(raw, &r.Public)
	if err != nil {
		return out, err
	}
	defer form.Wipe()
	out = append(strict.AppendCell(out, form.Expose()), ',')
	use := cmp.Or(taker, useOther)
	switch {
	case p.signs && taker != "":
		use = useSign + " or " + taker
	case p.signs:
		use = useSign
	}
	return append(strict.AppendCell(out, use), '\n'), nil
}

// appendExtended appends the extended private key of a descendant, if there is a form
// for it.
func appendExtended(out []byte, key *derive.Descendant, x []byte) []byte {
	if !key.Network().HasPrivate() {
		return out
	}
	var field [curve.PointSize]byte
	var serial [derive.SerialSize]byte
	copy(field[1:], x)
	out = base58.AppendCheck(out, key.AppendSerial(serial[:0], key.Network().Private, field[:]))
	clear(field[:])
	clear(serial[:])
	return out
}
