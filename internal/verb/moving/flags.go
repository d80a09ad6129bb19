// Package moving is what the verbs that look at unsigned transactions have in common:
// which keys, recipients and limits count, reading a batch, and showing it.
package moving

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
	"lifeboat/share/record"
	"lifeboat/tx"
)

// Help describes the flags.
const Help = `Whose keys (at least one):
  --addresses CSV         the exported address book
  --path P                the key at this path, such as m/44/60/0/0/7 (repeatable); with --chain
  --chain C               the chain of --path, of --to without CHAIN:, and of files of its kind
                          that do not say theirs

On a chain whose transactions are not read (docs/signing), without the limits below:
  --blind                 the one file is a message in hex that nobody reads: it can do anything
  --scheme S              how it is signed: ed25519, ecdsa or schnorr
  --from ADDRESS          whose key signs it: an address of the vault on --chain

What is allowed:
  --to ADDRESS[:TAG]      who may be paid, besides the vault itself (repeatable); with CHAIN:
                          before it, on that chain alone
  --to-file F             the same, one a line
  --max-fee CHAIN=AMOUNT  the most that one transaction may cost, instead of the usual limits
  --max-total CHAIN[:TOKEN]=AMOUNT
                          the most that the vault may pay in all of them, fees included
  --tokens CSV            names of tokens: columns chain, contract, symbol, decimals
  --trust-amounts         amounts of coins that only the file claims count
  --no-expiry             a transaction may be without the expiry that its chain has
  --short-lived           a transaction may expire within ten minutes
`

// Flags are the flags of these verbs.
type Flags struct {
	addresses, chain, tokens, toFile string
	paths, to, maxFees, maxTotals    []string
	trustAmounts, noExpiry, short    bool
	blind                            bool
	scheme, from                     string

	named  *chains.Chain
	parsed []derive.Path
	signed signature.Scheme // of --scheme
}

// Define adds the flags.
func (f *Flags) Define(set *cli.Flags) {
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringVar(&f.chain, "chain", "", "")
	set.StringVar(&f.tokens, "tokens", "", "")
	set.StringVar(&f.toFile, "to-file", "", "")
	set.StringArrayVar(&f.paths, "path", nil, "")
	set.StringArrayVar(&f.to, "to", nil, "")
	set.StringArrayVar(&f.maxFees, "max-fee", nil, "")
	set.StringArrayVar(&f.maxTotals, "max-total", nil, "")
	set.BoolVar(&f.trustAmounts, "trust-amounts", false, "")
	set.BoolVar(&f.noExpiry, "no-expiry", false, "")
	set.BoolVar(&f.short, "short-lived", false, "")
	set.BoolVar(&f.blind, "blind", false, "")
	set.StringVar(&f.scheme, "scheme", "", "")
	set.StringVar(&f.from, "from", "", "")
	set.Reads("addresses", "tokens", "to-file")
}

// Check finds what is wrong with the flags themselves.
func (f *Flags) Check(set *cli.Flags) error {
	if f.addresses == "" && len(f.paths) == 0 {
		return set.Misuse("whose keys? give --addresses, the address book, or --path with --chain")
	}
	if len(f.paths) > 0 && f.chain == "" {
		return set.Misuse("--path needs --chain, which says how its address is written")
	}
	if f.chain != "" {
		var err error
		if f.named, err = addresses.Chain(f.chain); err != nil {
			return err
		}
	}
	for _, p := range f.paths {
		path, err := derive.ParsePath(p)
		if err != nil {
			return set.Misuse("--path: %w", err)
		}
		f.parsed = append(f.parsed, path)
	}
	return f.checkBlind(set)
}

// checkBlind finds what is wrong with the flags of a message that nobody reads.
func (f *Flags) checkBlind(set *cli.Flags) error {
	switch {
	case !f.blind && f.scheme+f.from != "":
		return set.Misuse("--scheme and --from belong to --blind: a transaction that is read says both itself")
	case !f.blind:
		return nil
	case f.scheme == "" || f.from == "" || f.named == nil:
		return set.Misuse("nothing of a message that is signed unread says what it is: give --chain, --scheme, and --from, the address whose key signs")
	case f.addresses == "":
		return set.Misuse("--blind needs --addresses: the key must be on no other chain in the address book")
	case f.Restricted() || len(f.maxFees)+len(f.maxTotals) > 0 || f.tokens != "" || f.trustAmounts || f.noExpiry || f.short:
		return set.Misuse("nothing of the message is understood, so no limit can hold it: with --blind, leave out --to, --to-file, --max-fee, --max-total, --tokens, --trust-amounts, --no-expiry and --short-lived")
	}
	for _, s := range []signature.Scheme{signature.Ed25519, signature.ECDSA, signature.Schnorr} {
		if s.String() == f.scheme {
			f.signed = s
			return nil
		}
	}
	return set.Misuse("--scheme is ed25519, ecdsa or schnorr, not %.40q", f.scheme)
}

// Blind reports whether the one file is a message that nobody reads.
func (f *Flags) Blind() bool { return f.blind }

// Restricted reports whether anything says who may be paid.
func (f *Flags) Restricted() bool { return len(f.to) > 0 || f.toFile != "" }

// payees returns those whom the flags allow.
func (f *Flags) payees() ([]tx.Payee, error) {
	var list []tx.Payee
	for _, text := range f.to {
		p, err := f.payee(text, "--to")
		if err != nil {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("--to: %w", err))
		}
		list = append(list, p)
	}
	if f.toFile == "" {
		return list, nil
	}
	lines, err := linesOf(f.toFile)
	if err != nil {
		return nil, fmt.Errorf("--to-file: %w", err)
	}
	for _, line := range lines {
		p, err := f.payee(line, "--to-file")
		if err != nil {
			return nil, fmt.Errorf("--to-file %q: %w", f.toFile, err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("--to-file %q names nobody", f.toFile)
	}
	return list, nil
}

// Exits returns the recipients that a record allows, none if there is no record.
func Exits(vault *record.Record) ([]tx.Payee, error) {
	if vault == nil {
		return nil, nil
	}
	var list []tx.Payee
	for _, exit := range vault.Exits {
		c, ok := chains.Lookup(exit.Chain)
		if !ok {
			return nil, fmt.Errorf("the record has an exit on %q, which is no chain that is known", exit.Chain)
		}
		address, tag := exit.Address, exit.Tag
		if account, within, ok := c.CutAddress(address); ok && tag == "" {
			address, tag = account, within
		}
		list = append(list, tx.Payee{Chain: c, Address: address, Tag: tag, From: "the record"})
	}
	return list, nil
}

// payee reads ADDRESS or ADDRESS:TAG, as the chain of --chain or any of them writes
// it, or either after CHAIN:, which allows it on that chain alone.
func (f *Flags) payee(text, from string) (tx.Payee, error) {
	all, only := chains.All(), f.named
	if id, rest, ok := strings.Cut(text, ":"); ok {
		if c, ok := chains.Lookup(id); ok {
			if _, _, ok := c.CutAddress(rest); !ok {
				return tx.Payee{}, fmt.Errorf("%.100q is no address of %s", rest, c.Name)
			}
			only, text = c, rest
		}
	}
	if only != nil {
		all = []*chains.Chain{only}
	}
	for _, c := range all {
		if address, tag, ok := c.CutAddress(text); ok {
			return tx.Payee{Chain: only, Address: address, Tag: tag, From: from}, nil
		}
	}
	if only != nil {
		return tx.Payee{}, fmt.Errorf("%.100q is not an address of %s, which --chain names; on another chain, it is CHAIN:ADDRESS", text, only.Name)
	}
	return tx.Payee{}, fmt.Errorf("%.100q is not an address of a known chain", text)
}

// limits reads CHAIN[:TOKEN]=AMOUNT.
func (f *Flags) limits(flag string, texts []string, tokens *tx.Tokens) ([]tx.Limit, error) {
	var list []tx.Limit
	for _, text := range texts {
		l, err := limit(text, tokens)
		if err == nil && flag == "--max-fee" && l.Contract != "" {
			err = fmt.Errorf("%.100q is of a token, and fees are paid in the chain's coin", text)
		}
		if err == nil && slices.ContainsFunc(list, func(o tx.Limit) bool { return o.Chain == l.Chain && o.Contract == l.Contract }) {
			err = fmt.Errorf("%.100q is a second limit of the same", text)
		}
		if err != nil {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("%s: %w", flag, err))
		}
		list = append(list, l)
	}
	return list, nil
}

func limit(text string, tokens *tx.Tokens) (tx.Limit, error) {
	name, amount, ok := strings.Cut(text, "=")
	if !ok {
		return tx.Limit{}, fmt.Errorf("%.100q is not CHAIN=AMOUNT or CHAIN:TOKEN=AMOUNT", text)
	}
	id, token, isToken := strings.Cut(name, ":")
	c, ok := chains.Lookup(id)
	if !ok {
		return tx.Limit{}, fmt.Errorf("unknown chain %.40q", id)
	}
	asset, ok := tx.Coin(c)
	if !ok {
		return tx.Limit{}, fmt.Errorf("transactions of %s cannot be read, so it has no limit", c.Name)
	}
	if isToken {
		var err error
		if asset, err = FindToken(tokens, c, token); err != nil {
			return tx.Limit{}, err
		}
	}
	most, err := asset.ParseAmount(amount)
	return tx.Limit{Chain: c, Contract: asset.Contract, Most: most}, err
}

// maxList is the size, in bytes, of the longest list of recipients or tokens.
const maxList = 4 << 20

// linesOf returns the lines of a file, without those that are empty or begin with #.
func linesOf(path string) ([]string, error) {
	data, err := strict.ReadFile(path, maxList)
	if err != nil {
		return nil, err
	}
	var lines []string
	text, _ := strict.Text(data)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// Tokens reads the list of --tokens, which is empty if it has no path.
func Tokens(path string) (*tx.Tokens, error) {
	tokens := new(tx.Tokens)
	if path == "" {
		return tokens, nil
	}
	file, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--tokens: %w", err)
	}
	defer file.Close()
	in := strict.NewReader(io.LimitReader(file, maxList))
	var at map[string]int
	for {
		row, line, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && at == nil {
			at, err = tokenColumns(row)
		} else if err == nil {
			err = addToken(tokens, row, at)
		}
		if err != nil {
			return nil, fmt.Errorf("--tokens %q, line %d: %w", path, line, err)
		}
	}
	if at == nil {
		return nil, fmt.Errorf("--tokens %q is empty", path)
	}
	return tokens, nil
}

// FindToken returns the token of a chain that has that contract or symbol in --tokens.
func FindToken(tokens *tx.Tokens, chain *chains.Chain, name string) (tx.Asset, error) {
	asset, ok := tokens.Find(chain, name)
	if !ok {
		return asset, fmt.Errorf("how many decimals has %.80q of %s? Give --tokens CSV with its row, columns chain,contract,symbol,decimals", name, chain.Name)
	}
	return asset, nil
}

func tokenColumns(row []string) (map[string]int, error) {
	at := make(map[string]int)
	for i, cell := range row {
		at[strings.ToLower(strings.TrimSpace(cell))] = i
	}
	for _, name := range []string{"chain", "contract", "symbol", "decimals"} {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("there is no column %q", name)
		}
	}
	return at, nil
}

// maxSymbol is the length of the longest symbol, in bytes: it stands in lines of the
// review, and must not look like more.
const maxSymbol = 24

func addToken(tokens *tx.Tokens, row []string, at map[string]int) error {
	cell := func(name string) string {
		if i := at[name]; i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	c, ok := chains.Lookup(cell("chain"))
	if !ok {
		return fmt.Errorf("unknown chain %.40q", cell("chain"))
	}
	var decimals int
	if _, err := fmt.Sscanf(cell("decimals"), "%d", &decimals); err != nil || fmt.Sprint(decimals) != cell("decimals") || decimals < 0 || decimals > 77 {
		return fmt.Errorf("%.40q is not a number of decimals", cell("decimals"))
	}
	if symbol := cell("symbol"); symbol == "" || len(symbol) > maxSymbol || cli.Clean(symbol) != symbol {
		return fmt.Errorf("a token's symbol has 1 to %d bytes that show in one line", maxSymbol)
	}
	return tokens.Add(c, cell("contract"), cell("symbol"), decimals)
}

// Files returns the files that arguments name: themselves, and those in folders.
// Names that begin with a dot are left out, as systems put such files everywhere.
func Files(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("couldn't read %q: %w", path, unwrapPath(err))
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("couldn't read %q: %w", path, unwrapPath(err))
		}
		n := len(files)
		for _, entry := range entries {
			if name := entry.Name(); !strings.HasPrefix(name, ".") {
				if !entry.Type().IsRegular() {
					return nil, fmt.Errorf("%q in the folder %q is not a file: give the files that are meant", name, path)
				}
				files = append(files, filepath.Join(path, name))
			}
		}
		if len(files) == n {
			return nil, fmt.Errorf("the folder %q is empty", path)
		}
	}
	if again := slices.Clone(files); len(files) > 0 {
		slices.Sort(again)
		for i := 1; i < len(again); i++ {
			if again[i] == again[i-1] {
				return nil, fmt.Errorf("%q is given twice", again[i])
			}
		}
	}
	return files, nil
}

// unwrapPath takes the path off an error, since the message already has it.
func unwrapPath(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
