package book

import (
	"errors"
	"fmt"
	"strings"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
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
	roots map[curve.Curve][]*derive.Bulk
}

// NewChecker returns a checker for root extended public keys of either curve,
// possibly several of one curve.
func NewChecker(engine *derive.Engine, roots []*derive.Key) *Checker {
	c := &Checker{roots: map[curve.Curve][]*derive.Bulk{}}
	for _, r := range roots {
		c.roots[r.Curve()] = append(c.roots[r.Curve()], engine.Bulk(r))
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
}

// Check derives the keys of rows and compares what each row records: the child
// public key first, and then the address, in every encoding of the row's coin.
// An empty address is not compared. A thousand rows at once are cheapest.
func (c *Checker) Check(rows []*Row) []Result {
	results := make([]Result, len(rows))
	jobs := map[curve.Curve][]*job{}
	for i, row := range rows {
		j := &job{row: row, result: &results[i]}
		on, err := j.prepare()
		switch {
		case err != nil:
			results[i] = bad(err)
		case len(c.roots[on]) == 0:
			results[i] = Result{Status: Unsupported, Reason: fmt.Sprintf("there is no root key on %v to check it with", on), Uncovered: true, Chain: j.chain}
		default:
			jobs[on] = append(jobs[on], j)
		}
	}
	for on, list := range jobs {
		for i, root := range c.roots[on] {
			list = check(root, list, i == 0)
		}
	}
	return results
}

// check compares the jobs with one root. It returns those that found no key, for
// the next root of the same curve; the first root's result stands for them.
func check(root *derive.Bulk, jobs []*job, first bool) (left []*job) {
	paths := make([]derive.Path, len(jobs))
	for i, j := range jobs {
		paths[i] = j.path
	}
	keys := make([]derive.Descendant, len(jobs))
	root.Derive(paths, keys)
	for i, j := range jobs {
		r := j.compare(root, &keys[i])
		if first || r.Key != nil {
			*j.result = r
		}
		if r.Key == nil {
			left = append(left, j)
		}
	}
	return left
}

// prepare reads the cells of a row and returns the curve of its key.
func (j *job) prepare() (curve.Curve, error) {
	if j.row.Err != nil {
		return 0, j.row.Err
	}
	var err error
	if j.path, err = derive.ParseBookPath(j.row.Get(Path)); err != nil {
		return 0, err
	}
	j.recorded = j.row.Get(Child)
	j.chain, j.supported = chains.Lookup(j.row.Get(Coin))
	if j.recorded == "" && j.row.Get(Address) == "" {
		return 0, errors.New("it records neither a child publickey nor an address, so nothing vouches for the key")
	}
	return j.curve()
}

// curve returns the curve of a row's key. A book without the column has the older
// layout, which is secp256k1 only.
func (j *job) curve() (curve.Curve, error) {
	on, hasColumn := curve.Secp256k1, j.row.at[Curve] >= 0
	recorded, ok := derive.PrefixCurve(j.recorded)
	if j.recorded != "" && !ok {
		return 0, j.childError()
	}
	switch cell := j.row.Get(Curve); {
	case cell != "":
		c, ok := curve.ByName(strings.ToLower(cell))
		if !ok {
			return 0, fmt.Errorf("curve %.40q is neither secp256k1 nor ed25519", cell)
		}
		on = c
	case hasColumn && j.recorded != "":
		on = recorded
	case hasColumn && j.supported && len(j.chain.On(curve.Secp256k1)) == 0 && len(j.chain.On(curve.Ed25519)) > 0:
		on = curve.Ed25519
	}
	if j.recorded != "" && recorded != on {
		return 0, fmt.Errorf("the row is on %v and its child publickey on %v", on, recorded)
	}
	return on, nil
}

// childError says what is wrong with the recorded child public key.
func (j *job) childError() error {
	_, err := derive.Parse(j.recorded)
	return fmt.Errorf("child publickey: %w", err)
}

// compare checks a row against the key at its path below a root.
func (j *job) compare(root *derive.Bulk, key *derive.Descendant) Result {
	if key.Err != nil {
		return bad(key.Err)
	}
	r := Result{Status: OK, Chain: j.chain}
	r.Public = chains.DerivedKey(key.Curve(), key.Child.Key, key.Child.XY)
	matched := j.address(root, &r)
	if j.recorded != "" && j.recorded != key.Extended() {
		// Another spelling of the same key, such as tpub for xpub, is no mismatch.
		recorded, err := derive.Parse(j.recorded)
		if err != nil {
			return bad(j.childError())
		}
		if !key.Is(recorded) {
			r.Status, r.Reason = Mismatch, "the child publickey is not the one that the root key has at this path"
			return r
		}
	}
	if j.recorded != "" || matched {
		r.Key, r.Root = key, root.Root()
	}
	switch address := j.row.Get(Address); {
	case matched:
	case !j.supported:
		r.Status, r.Reason = Unsupported, fmt.Sprintf("coin %.40q is not in the table of chains, so no address was compared", j.row.Get(Coin))
	case address == "":
	case j.chain.Status == chains.OutOfReach:
		r.Status, r.Reason = Unsupported, "the chain's keys are not on these curves"
	default:
		if why, ok := j.chain.Underivable(address); ok {
			r.Status, r.Reason = Unsupported, "the address cannot be derived: "+why
			break
		}
		r.Status, r.Reason = Mismatch, fmt.Sprintf("the address is none of the %d forms that the key has on %s", len(j.chain.On(r.Public.Curve)), j.chain.ID)
	}
	return r
}

// address compares the row's address with every form that the key has, and notes
// the encoding that makes it, or the first.
func (j *job) address(root *derive.Bulk, r *Result) (matched bool) {
	if !j.supported {
		return false
	}
	address := j.row.Get(Address)
	if on := j.chain.On(r.Public.Curve); len(on) > 0 {
		r.Encoding = on[0]
	}
	if address != "" {
		if e, ok := j.chain.Match(&r.Public, address); ok {
			r.Encoding, matched = e, true
		} else if derived, ok := staked(root, j, &r.Public); ok && derived == strings.ToLower(address) {
			r.Derived = derived
			return true
		}
	}
	if r.Encoding != nil {
		r.Derived, _ = r.Encoding.Address(&r.Public) // its curve is the key's
	}
	return matched
}

// staked returns the Cardano base address with the stake key of the row's
// account, at m/44/1815/account/2/0. The base address with the key itself as its
// stake key is an ordinary encoding.
func staked(root *derive.Bulk, j *job, payment *chains.PublicKey) (string, bool) {
	if j.chain.ID != "ADA" || len(j.path) < 3 || payment.Curve != curve.Ed25519 {
		return "", false
	}
	key, _, err := root.Root().Derive(append(j.path[:3:3], 2, 0))
	if err != nil {
		return "", false
	}
	stake := chains.NewPublicKey(key.Point())
	testnet := strings.HasPrefix(strings.ToLower(j.row.Get(Address)), "addr_test")
	text, err := chains.CardanoBase(payment, &stake, testnet)
	return text, err == nil
}
