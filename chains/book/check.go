package book

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/chains/account"
	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
)

// Status is the result for a row.
type Status string

// The results. Only Mismatch and Bad are failures.
const (
	OK          Status = "ok"
	Mismatch    Status = "mismatch"
	Unsupported Status = "unsupported" // nothing contradicts the row, but not all of it could be checked
	Bad         Status = "bad"
)

// Totals counts rows by result. Uncovered rows are among the unsupported ones.
type Totals struct {
	Rows        int64 `json:"rows"`
	OK          int64 `json:"ok"`
	Mismatch    int64 `json:"mismatch"`
	Unsupported int64 `json:"unsupported"`
	Bad         int64 `json:"bad"`
	Uncovered   int64 `json:"uncovered"`
}

// Add counts a result.
func (t *Totals) Add(r *Result) {
	t.Rows++
	switch r.Status {
	case OK:
		t.OK++
	case Mismatch:
		t.Mismatch++
	case Unsupported:
		t.Unsupported++
	case Bad:
		t.Bad++
	}
	if r.Uncovered {
		t.Uncovered++
	}
}

// String is the line that reports have: "21 rows: 21 ok, …".
func (t *Totals) String() string {
	return fmt.Sprintf("%s: %d ok, %d mismatch, %d unsupported, %d bad", phrase.Count(t.Rows, "row"), t.OK, t.Mismatch, t.Unsupported, t.Bad)
}

// Shortfall is what messages say where not every row is ok.
func (t *Totals) Shortfall() string {
	return fmt.Sprintf("%d of %s ok, %d mismatch, %d bad, %d without a root key on the curve", t.OK, phrase.Count(t.Rows, "row"), t.Mismatch, t.Bad, t.Uncovered)
}

// Failed reports whether any row failed.
func (t *Totals) Failed() bool { return t.Mismatch+t.Bad > 0 }

// Result is what was found out about a row.
type Result struct {
	Status Status
	Reason string // one sentence, empty if ok

	// Key and Root are set if the row's key is known: its child public key matches,
	// or, if none is recorded, its address does. Only then may a private key be
	// written for it.
	Key  *derive.Descendant
	Root *derive.Key

	Public    chains.PublicKey // of Key
	Chain     *chains.Chain
	Encoding  *chains.Encoding // the one that makes the address, or the chain's first
	Derived   string           // the address of the derived key in that encoding
	Uncovered bool             // there is no root key on the row's curve
}

// Text returns the status and its reason.
func (r *Result) Text() string {
	if r.Reason == "" {
		return string(r.Status)
	}
	return string(r.Status) + ": " + r.Reason
}

// bad is the result of a row that cannot be used.
func bad(err error) Result { return Result{Status: Bad, Reason: err.Error()} }

// Checker checks rows against root keys. It is the scratch of one goroutine.
type Checker struct {
	roots map[curve.Curve][]*root
}

type root struct {
	*derive.Bulk
	stakes *account.Stakes
}

// NewChecker returns a checker for root public keys of either curve, possibly several
// of one curve. Below a bare one there is nothing but the path m.
func NewChecker(engine *derive.Engine, roots []*derive.Key) *Checker {
	c := &Checker{roots: map[curve.Curve][]*root{}}
	for _, r := range roots {
		c.roots[r.Curve()] = append(c.roots[r.Curve()], &root{engine.Bulk(r), account.NewStakes(r)})
	}
	return c
}

// Worker returns the batch worker that derived below a root, for proofs.
func (c *Checker) Worker(root *derive.Key) *batch.Worker {
	for _, b := range c.roots[root.Curve()] {
		if b.Root() == root {
			return b.Worker()
		}
	}
	return nil
}

// job is a row on its way through Check.
type job struct {
	row       *Row
	result    *Result
	path      derive.Path
	recorded  string // the child public key, as the row has it
	chain     *chains.Chain
	supported bool
	curves    []curve.Curve // those that the key may be on
}

// Check derives the keys of rows and compares what each row records: the child
// public key first, and then the address, in every encoding of the row's coin.
// An empty address is not compared. A thousand rows at once are cheapest.
func (c *Checker) Check(rows []*Row) []Result {
	results := make([]Result, len(rows))
	var jobs []*job
	for i, row := range rows {
		j := &job{row: row, result: &results[i]}
		if err := j.prepare(); err != nil {
			results[i] = bad(err)
			continue
		}
		jobs = append(jobs, j)
	}
	for _, on := range curve.All() {
		var list []*job
		for _, j := range jobs {
			if j.result.Key == nil && slices.Contains(j.curves, on) {
				list = append(list, j)
			}
		}
		for _, r := range c.roots[on] {
			list = check(r, list)
		}
	}
	for _, j := range jobs {
		if j.result.Key != nil {
			continue
		}
		for _, on := range j.curves {
			if len(c.roots[on]) == 0 {
				*j.result = Result{Status: Unsupported, Reason: fmt.Sprintf("there is no root key on %v to check it with", on), Uncovered: true, Chain: j.chain}
				break
			}
		}
	}
	return results
}

// check compares the jobs with one root. It returns those that found no key, for
// the next root of the same curve; the first result stands for them.
func check(root *root, jobs []*job) (left []*job) {
	paths := make([]derive.Path, len(jobs))
	for i, j := range jobs {
		paths[i] = j.path
	}
	keys := make([]derive.Descendant, len(jobs))
	root.Derive(paths, keys)
	for i, j := range jobs {
		r := j.compare(root, &keys[i])
		if j.result.Status == "" || r.Key != nil {
			*j.result = r
		}
		if r.Key == nil {
			left = append(left, j)
		}
	}
	return left
}

// prepare reads the cells of a row.
func (j *job) prepare() error {
	if j.row.Err != nil {
		return j.row.Err
	}
	var err error
	if j.path, err = derive.ParseBookPath(j.row.Get(Path)); err != nil {
		return err
	}
	j.recorded = j.row.Get(Child)
	coin := j.row.Get(Coin)
	if j.chain, j.supported = chains.Lookup(coin); !j.supported {
		j.chain, j.supported = chains.OfToken(coin)
	}
	if j.recorded == "" && j.row.Get(Address) == "" {
		return errors.New("it records neither a child publickey nor an address, so nothing vouches for the key")
	}
	return j.findCurves()
}

// findCurves finds the curves that a row's key may be on: what the row says, or else
// what its child public key says, or those on which the coin has such addresses.
func (j *job) findCurves() error {
	if j.recorded != "" {
		on, ok := derive.PrefixCurve(j.recorded)
		if !ok {
			return j.childError()
		}
		j.curves = []curve.Curve{on}
	}
	if cell := j.row.Get(Curve); cell != "" {
		on, ok := curve.ByName(strings.ToLower(cell))
		if !ok {
			return fmt.Errorf("curve %.40q is neither secp256k1 nor ed25519", cell)
		}
		if j.recorded != "" && j.curves[0] != on {
			return fmt.Errorf("the row is on %v and its child publickey on %v", on, j.curves[0])
		}
		j.curves = []curve.Curve{on}
	}
	if j.curves == nil && j.supported {
		j.curves = j.chain.Curves(j.row.Get(Address))
	}
	if len(j.curves) == 0 {
		j.curves = []curve.Curve{curve.Secp256k1} // what a book without the column was made for
	}
	return nil
}

// childError says what is wrong with the recorded child public key.
func (j *job) childError() error {
	_, err := derive.Parse(j.recorded)
	return fmt.Errorf("child publickey: %w", err)
}

// compare checks a row against the key at its path below a root.
func (j *job) compare(root *root, key *derive.Descendant) Result {
	if key.Err != nil {
		return bad(key.Err)
	}
	r := Result{Status: OK, Chain: j.chain}
	r.Public = chains.DerivedKey(key.Curve(), key.Child.Key, key.Child.XY)
	matched, partly := j.address(root, &r)
	if j.recorded != "" && j.recorded != key.Extended() {
		// Another spelling of the same key, such as tpub for xpub, is no mismatch.
		recorded, err := derive.Parse(j.recorded)
		if err != nil {
			return bad(j.childError())
		}
		if !key.Agrees(recorded) {
			r.Status, r.Reason = Mismatch, "the child publickey is not the one that the root key has at this path"
			return r
		}
	}
	pays := partly != nil && partly.PaysTo(&r.Public)
	if j.recorded != "" || matched || pays {
		r.Key, r.Root = key, root.Root()
	}
	if !matched {
		r.Status, r.Reason = j.unmatched(partly, pays)
	}
	return r
}

// unmatched says what it means that the address is none of the key's forms.
func (j *job) unmatched(partly *chains.Underivable, pays bool) (Status, string) {
	switch {
	case !j.supported:
		return Unsupported, fmt.Sprintf("coin %.40q is not in the table of chains, so no address was compared", j.row.Get(Coin))
	case j.row.Get(Address) == "":
		return OK, ""
	case j.chain.Status == chains.OutOfReach:
		return Unsupported, "the chain's keys are not on these curves: " + j.chain.Note
	case partly == nil:
		forms := 0
		for _, on := range j.curves {
			forms += len(j.chain.On(on))
		}
		return Mismatch, fmt.Sprintf("the address is none of the %d forms that the key has on %s", forms, j.chain.ID)
	case partly.Of == nil:
		return Unsupported, "the address cannot be derived: " + partly.Reason
	case pays:
		return Unsupported, "the address pays to the key, and the rest of it cannot be derived: " + partly.Reason
	}
	return Mismatch, "the address pays to another key: " + partly.Reason
}

// address compares the row's address with every form that the key has, and notes
// the encoding that makes it, or the first. Of an address that no key determines it
// returns what is known.
func (j *job) address(root *root, r *Result) (matched bool, partly *chains.Underivable) {
	if !j.supported {
		return false, nil
	}
	if on := j.chain.On(r.Public.Curve); len(on) > 0 {
		r.Encoding = on[0]
	}
	if address := j.row.Get(Address); address != "" {
		if j.chain.Staked() {
			root.stakes.Note(&r.Public, j.path)
		}
		if e, ok := j.chain.Match(&r.Public, address); ok {
			r.Encoding, matched = e, true
		} else {
			partly = j.chain.Underivable(address)
		}
	}
	if r.Encoding != nil {
		r.Derived, _ = r.Encoding.Address(&r.Public) // its curve is the key's
	}
	return matched, partly
}
