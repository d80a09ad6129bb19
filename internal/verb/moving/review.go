package moving

import (
	"errors"
	"fmt"
	"path/filepath"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/ordered"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
	"lifeboat/tx"
)

// Review is a batch of unsigned transactions and what they are judged by.
type Review struct {
	Files []string
	Batch tx.Batch

	bases  map[string]int // how many files have a name
	policy tx.Policy
	named  *chains.Chain   // by --chain
	chains []*chains.Chain // of the files that All read
	tokens *tx.Tokens
	totals []tx.Limit // of --max-total
	blind  *tx.Blind  // of --blind, or nil
}

// Begin reads what the transactions are judged by: the keys below the roots, and whom
// and how much the flags allow. exits are the recipients that a record allows.
func Begin(e *cli.Env, set *cli.Flags, f *Flags, roots []*derive.Key, exits []tx.Payee, paths []string) (*Review, error) {
	r := &Review{named: f.named}
	var err error
	if r.Files, err = Files(paths); err != nil {
		return nil, err
	}
	r.bases = make(map[string]int)
	for _, path := range r.Files {
		r.bases[filepath.Base(path)]++
	}
	if r.tokens, err = Tokens(f.tokens); err != nil {
		return nil, err
	}
	payees, err := f.payees()
	if err != nil {
		return nil, err
	}
	fees, err := f.limits("--max-fee", f.maxFees, r.tokens)
	if err != nil {
		return nil, err
	}
	if r.totals, err = f.limits("--max-total", f.maxTotals, r.tokens); err != nil {
		return nil, err
	}
	keys, err := f.keys(e, roots)
	if err != nil {
		return nil, err
	}
	r.policy = tx.Policy{
		Keys: keys, Payees: append(payees, exits...), MaxFees: fees,
		TrustAmounts: f.trustAmounts, NoExpiry: f.noExpiry, ShortLived: f.short, Now: set.Date(),
	}
	r.Batch.TrustAmounts = f.trustAmounts
	if f.blind {
		r.Batch.Blind, r.blind = true, &tx.Blind{Chain: f.named, Scheme: f.signed, From: f.from}
		if len(r.Files) != 1 {
			return nil, cli.Fail(cli.Refused, fmt.Errorf("%d messages: --blind signs one in a run", len(r.Files)), "look at each of them alone")
		}
	}
	return r, nil
}

// keys returns the keys of the address book and of --path.
func (f *Flags) keys(e *cli.Env, roots []*derive.Key) (*tx.Keys, error) {
	keys := new(tx.Keys)
	for _, root := range roots {
		if f.named == nil || len(f.named.On(root.Curve())) == 0 || len(f.parsed) == 0 {
			continue
		}
		found := make([]derive.Descendant, len(f.parsed))
		derive.NewEngine(int64(len(found))).Bulk(root).Derive(f.parsed, found)
		for i := range found {
			if errors.Is(found[i].Err, derive.ErrNoChainCode) {
				return nil, cli.Fail(cli.Usage, fmt.Errorf("--path %s: %w", f.paths[i], found[i].Err), "give the root extended public key with --xpub, if the vault has one; --path m is the root key itself")
			}
			if found[i].Err != nil {
				return nil, fmt.Errorf("--path %s: %w", f.paths[i], found[i].Err)
			}
			key := newKey(f.named, root, &found[i], f.paths[i])
			address, err := f.named.On(root.Curve())[0].Address(&key.Public)
			if err != nil {
				return nil, fmt.Errorf("--path %s: %w", f.paths[i], err)
			}
			key.Address = address
			keys.Add(key)
		}
	}
	if f.addresses == "" {
		return keys, nil
	}
	return keys, addBook(e, keys, f.addresses, roots, f.blind)
}

// AddBook adds the keys of an address book, all of which must be right.
func AddBook(e *cli.Env, keys *tx.Keys, path string, roots []*derive.Key) error {
	return addBook(e, keys, path, roots, false)
}

// addBook is AddBook, and if list is true the keys know on which chains the book has each.
func addBook(e *cli.Env, keys *tx.Keys, path string, roots []*derive.Key, list bool) error {
	totals, err := addresses.Run(e, path, roots, false,
		func(c *addresses.Chunk) (found, error) {
			l := found{keys: fromBook(c)}
			if list {
				l.listed = listed(c)
			}
			return l, nil
		},
		func(l found) error {
			for _, k := range l.keys {
				keys.Add(k)
			}
			for _, k := range l.listed {
				keys.List(&k.public, k.chain)
			}
			return nil
		})
	if err != nil {
		return err
	}
	return Whole(path, totals, roots)
}

// Whole fails if rows of an address book are not the vault's.
func Whole(path string, totals *book.Totals, roots []*derive.Key) error {
	if !totals.Failed() {
		return nil
	}
	hints := append(addresses.Bare(roots), "a book that is not this vault's says nothing about whom a transaction pays")
	return cli.Fail(cli.Mismatch, fmt.Errorf("address book %q: %d rows mismatch and %d are bad", path, totals.Mismatch, totals.Bad), hints...)
}

// found is what a part of the address book has.
type found struct {
	keys   []*tx.Key
	listed []listing
}

// listing is a key and the chain of its row, which need not be known.
type listing struct {
	public chains.PublicKey
	chain  string
}

// listed returns the keys of all rows whose key is known, right or not.
func listed(c *addresses.Chunk) (list []listing) {
	for i := range c.Results {
		r := &c.Results[i]
		if r.Key == nil {
			continue
		}
		chain := c.Rows[i].Get(book.Coin)
		if r.Chain != nil {
			chain = r.Chain.ID
		}
		list = append(list, listing{r.Public, chain})
	}
	return list
}

// fromBook returns the keys of rows that are right.
func fromBook(c *addresses.Chunk) []*tx.Key {
	var found []*tx.Key
	for i := range c.Results {
		r := &c.Results[i]
		if r.Status != book.OK || r.Key == nil || r.Chain == nil {
			continue
		}
		key := newKey(r.Chain, r.Root, r.Key, c.Rows[i].Get(book.Path))
		key.Address = r.Derived
		found = append(found, key)
	}
	return found
}

func newKey(chain *chains.Chain, root *derive.Key, child *derive.Descendant, path string) *tx.Key {
	d := *child
	return &tx.Key{Chain: chain, Path: path, Root: root, Child: &d, Public: chains.DerivedKey(root.Curve(), d.Child.Key, d.Child.XY)}
}

// look reads a file as one of a chain, if that is not nil, and judges it.
func (r *Review) look(path string, chain *chains.Chain) (*tx.Transaction, *tx.Verdict, error) {
	t, v, err := r.read(path, chain)
	if err != nil {
		return nil, nil, r.status(fmt.Errorf("%q: %w", path, err))
	}
	return t, v, nil
}

// Again reads the i-th file once more. It fails if the file is not what All read.
func (r *Review) Again(i int) (*tx.Transaction, *tx.Verdict, error) {
	// As the chain that it was of, it need not be tried as every other.
	if t, v, err := r.look(r.Files[i], r.chains[i]); err == nil && r.Batch.Holds(i, t) {
		return t, v, nil
	}
	t, v, err := r.look(r.Files[i], r.named)
	if err == nil && !r.Batch.Holds(i, t) {
		err = cli.Fail(cli.Refused, fmt.Errorf("%q was changed after it was reviewed", r.Files[i]), "do not trust the stick or whoever else writes to it")
	}
	return t, v, err
}

func (r *Review) read(path string, chain *chains.Chain) (*tx.Transaction, *tx.Verdict, error) {
	data, err := strict.ReadFile(path, tx.MaxSize)
	if err != nil {
		return nil, nil, err
	}
	read := (&tx.Reader{Chain: chain, Known: r.policy.Keys.Knows}).Read
	if r.blind != nil {
		read = r.blind.Read
	}
	t, err := read(data)
	if err != nil {
		return nil, nil, err
	}
	if err := r.tokens.Name(t); err != nil {
		return nil, nil, err
	}
	v, err := r.policy.Judge(t)
	return t, v, err
}

// status gives an error about a transaction its exit status.
func (r *Review) status(err error) error {
	switch {
	case errors.Is(err, tx.ErrUnsafe):
		return cli.Fail(cli.Refused, err)
	case errors.Is(err, tx.ErrForeign):
		return cli.Fail(cli.Mismatch, err, "is it in the address book, and is the book of this vault? A file that does not say its chain needs --chain")
	case errors.Is(err, tx.ErrChain):
		return cli.Fail(cli.Usage, err)
	case errors.Is(err, tx.ErrUnread) && r.blind != nil:
		return cli.Fail(cli.Failed, err, "docs/signing says for each chain which bytes it signs, and how to get them")
	case errors.Is(err, tx.ErrUnread):
		return cli.Fail(cli.Failed, err, "every file that is named, and every file in a folder, must be an unsigned transaction")
	}
	return err
}

// looked is a file that was read and judged.
type looked struct {
	path string
	t    *tx.Transaction
	v    *tx.Verdict
}

// All reads every file and judges it, several at a time, and in order gives it to show
// and adds it to the batch. If one file is refused, none of the batch counts.
func (r *Review) All(e *cli.Env, show func(path string, t *tx.Transaction, v *tx.Verdict) error) error {
	progress := cli.NewProgress(e, "transactions", int64(len(r.Files)))
	defer progress.Done()
	err := ordered.Each(addresses.Workers(), len(r.Files), func(_, i int) (l looked, err error) {
		if err = e.Interrupt.Err(); err == nil {
			l.path = r.Files[i]
			l.t, l.v, err = r.look(l.path, r.named)
		}
		return l, err
	}, func(l looked) error {
		if err := r.Batch.Add(l.path, l.t, l.v); err != nil {
			return r.status(fmt.Errorf("%q: %w", l.path, err))
		}
		r.chains = append(r.chains, l.t.Chain)
		progress.Done() // what is shown may be on the same screen
		if err := show(l.path, l.t, l.v); err != nil {
			return err
		}
		progress.Add(1)
		return nil
	})
	if err != nil {
		return err
	}
	return r.checkTotals()
}

// checkTotals checks the batch against --max-total.
func (r *Review) checkTotals() error {
	for _, l := range r.totals {
		asset, _ := tx.Coin(l.Chain)
		if l.Contract != "" {
			asset, _ = r.tokens.Find(l.Chain, l.Contract)
		}
		if spent := r.Batch.Spent(l.Chain, l.Contract); spent.Cmp(l.Most) > 0 {
			return cli.Fail(cli.Refused, fmt.Errorf("the vault pays up to %s in this batch, and --max-total allows %s", asset.Text(spent), asset.Text(l.Most)))
		}
	}
	return nil
}
