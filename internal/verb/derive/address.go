package derive

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/strict"
)

var addressVerb = cli.Verb{
	Name:    "address",
	Summary: "addresses and child public keys at given paths",
	Usage: `Usage: mpc-derive address XPUB --path P [--chain C,C] [--csv | --json] [-o FILE]

Derives the child public keys of a root extended public key (xpub, tpub, cpub) and
writes them as addresses of the chains.

  --path P                a path such as m/44/60/0/0/7 (repeatable); m is the key itself;
                          its last step may be *, for --from and --count
  --chain C[,C]           the chains (repeatable); without, the child public keys alone
  --from N                the first index for * (default 0)
  --count N               how many indexes for * (default 20)
  --csv, --json           the form of the result (default: a table for people)
  -o, --output FILE       write to a new file instead

Example:
  mpc-derive address xpub6… --chain eth,btc --path 'm/44/60/0/0/*' --count 5
`,
	Run: runAddress,
}

type addressFlags struct {
	paths  []string
	chains []string
	from   uint32
	count  uint32
	csv    bool
	json   bool
	output string
}

func runAddress(e *cli.Env, args []string) error {
	set := e.Flags("address")
	var f addressFlags
	set.StringArrayVar(&f.paths, "path", nil, "")
	set.StringArrayVar(&f.chains, "chain", nil, "")
	set.Uint32Var(&f.from, "from", 0, "")
	set.Uint32Var(&f.count, "count", 20, "")
	set.BoolVar(&f.csv, "csv", false, "")
	set.BoolVar(&f.json, "json", false, "")
	set.StringVarP(&f.output, "output", "o", "", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() != 1:
		return set.Misuse("give one extended public key")
	case len(f.paths) == 0:
		return set.Misuse("give at least one --path; m is the key itself")
	case f.csv && f.json:
		return set.Misuse("--csv and --json contradict each other")
	}
	root, err := derive.Parse(set.Arg(0))
	if err != nil {
		return cli.Fail(cli.Usage, err, "compare the key with your records, letter by letter")
	}
	list, err := lookUp(f.chains, root)
	if err != nil {
		return err
	}
	var ranges []pathRange
	for _, p := range f.paths {
		r, err := f.pathRange(set, p)
		if err != nil {
			return err
		}
		ranges = append(ranges, r)
	}
	return f.write(e, func(out rowWriter) error {
		for _, r := range ranges {
			if err := r.each(e, root, list, out); err != nil {
				return err
			}
		}
		return nil
	})
}

// lookUp finds the chains, which must have a form on the root's curve.
func lookUp(lists []string, root *derive.Key) ([]*chains.Chain, error) {
	var found []*chains.Chain
	for _, list := range lists {
		for id := range strings.SplitSeq(list, ",") {
			c, ok := chains.Lookup(id)
			if !ok {
				return nil, cli.Fail(cli.Usage, fmt.Errorf("--chain: unknown chain %.40q", id), "mpc-derive chains lists them")
			}
			if len(c.On(root.Curve())) == 0 {
				return nil, cli.Fail(cli.Usage, fmt.Errorf("--chain %s: it has no addresses for keys on %v", c.ID, root.Curve()),
					"a vault has a root key on each curve: xpub… is secp256k1, cpub… is ed25519")
			}
			found = append(found, c)
		}
	}
	return found, nil
}

// pathRange is a path, or many that differ in their last step.
type pathRange struct {
	parent derive.Path
	from   uint64
	count  uint64
	self   bool // the parent itself
}

func (f *addressFlags) pathRange(set *cli.Flags, text string) (pathRange, error) {
	base, star := strings.CutSuffix(text, "/*")
	path, err := derive.ParsePath(base)
	if err != nil {
		return pathRange{}, set.Misuse("--path: %w", err)
	}
	if !star {
		return pathRange{parent: path, self: true}, nil
	}
	r := pathRange{parent: path, from: uint64(f.from), count: uint64(f.count)}
	if r.from+r.count > 1<<31 {
		return r, set.Misuse("--from and --count reach index 2^31, where hardened keys begin, which an MPC wallet cannot have")
	}
	return r, nil
}

func (r pathRange) each(e *cli.Env, root *derive.Key, list []*chains.Chain, out rowWriter) error {
	parent, _, err := root.Derive(r.parent)
	if err != nil {
		return cli.Fail(cli.Failed, err)
	}
	if r.self {
		return writeForms(out, r.parent, parent, list)
	}
	for i := range r.count {
		if err := e.Interrupt.Err(); err != nil {
			return err
		}
		step := derive.Path{uint32(r.from + i)}
		key, _, err := parent.Derive(step)
		if err != nil {
			return cli.Fail(cli.Failed, err)
		}
		if err := writeForms(out, append(r.parent[:len(r.parent):len(r.parent)], step...), key, list); err != nil {
			return err
		}
	}
	return nil
}

func writeForms(out rowWriter, path derive.Path, key *derive.Key, list []*chains.Chain) error {
	row := addressRow{Path: path.String(), PublicKey: fmt.Sprintf("%x", key.Point().Bytes()), Extended: key.String()}
	if len(list) == 0 {
		return out.row(row)
	}
	public := chains.NewPublicKey(key.Point())
	for _, c := range list {
		for _, x := range c.On(key.Curve()) {
			address, err := x.Address(&public)
			if err != nil {
				return err
			}
			row.Chain, row.Encoding, row.Address = c.ID, x.Name, address
			if err := out.row(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// addressRow is one line of the result; public_key is hex, 33 bytes.
type addressRow struct {
	Path      string `json:"path"`
	Chain     string `json:"chain"`
	Encoding  string `json:"encoding"`
	Address   string `json:"address"`
	PublicKey string `json:"public_key"`
	Extended  string `json:"extended_public_key"`
}

// rowWriter writes rows in one of the forms.
type rowWriter interface {
	row(addressRow) error
	end() error
}

// write opens the output, has rows written to it, and finishes it.
func (f *addressFlags) write(e *cli.Env, rows func(rowWriter) error) error {
	var w io.Writer = e.Stdout
	var file *outfile.File
	if f.output != "" {
		var err error
		if file, err = outfile.Create(f.output); err != nil {
			return err
		}
		defer file.Abort()
		defer e.OnExit(file.Abort)()
		w = file
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	var out rowWriter = &tableWriter{w: buffered}
	switch {
	case f.csv || f.output != "" && !f.json:
		out = &csvWriter{w: buffered}
	case f.json:
		out = &jsonWriter{w: buffered}
	}
	if err := rows(out); err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if file != nil {
		return file.Commit()
	}
	return nil
}

type csvWriter struct {
	w       *bufio.Writer
	started bool
}

func (c *csvWriter) header() error {
	if c.started {
		return nil
	}
	c.started = true
	return strict.WriteRow(c.w, []string{"path", "chain", "encoding", "address", "public_key", "extended_public_key"})
}

func (c *csvWriter) row(r addressRow) error {
	if err := c.header(); err != nil {
		return err
	}
	return strict.WriteRow(c.w, []string{r.Path, r.Chain, r.Encoding, r.Address, r.PublicKey, r.Extended})
}

func (c *csvWriter) end() error { return c.header() }

// tableWriter writes what a person needs: the path and the address, or the key.
type tableWriter struct{ w *bufio.Writer }

func (t *tableWriter) row(r addressRow) error {
	if r.Chain == "" {
		_, err := fmt.Fprintf(t.w, "%s  %s\n", r.Path, r.Extended)
		return err
	}
	_, err := fmt.Fprintf(t.w, "%s  %s %s  %s\n", r.Path, r.Chain, r.Encoding, r.Address)
	return err
}

func (t *tableWriter) end() error { return nil }
