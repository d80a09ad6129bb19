package book

import (
	"errors"
	"fmt"
	"strings"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// Status is what came of a row.
type Status string

// The results. Only Mismatch and Bad are failures.
const (
	OK          Status = "ok"
	Mismatch    Status = "mismatch"
	Unsupported Status = "unsupported" // nothing contradicts the row, and not everything in it could be checked
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

	// Key, Tweak and Root are set if the row's key is known: its child public key
	// matches, or, if none is recorded, its address does. Only then may a private
	// key be written for it.
	Key   *derive.Key
	Tweak *curve.Scalar
	Root  *derive.Key

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

// Checker checks rows against root keys. It is for one goroutine.
type Checker struct {
	roots map[curve.Curve][]*parents
}

// NewChecker returns a checker for root extended public keys of either curve,
// several of one curve if need be.
func NewChecker(roots []*derive.Key) *Checker {
	c := &Checker{roots: map[curve.Curve][]*parents{}}
	for _, r := range roots {
		c.roots[r.Curve()] = append(c.roots[r.Curve()], &parents{root: r, known: map[string]node{}})
	}
	return c
}

// Check derives the key of a row and compares what the row records: the child
// public key first, and then the address, in every encoding of the row's coin.
// An empty address is not compared.
func (c *Checker) Check(row *Row) Result {
	r, err := c.check(row)
	if err != nil {
		return Result{Status: Bad, Reason: err.Error()}
	}
	return r
}

func (c *Checker) check(row *Row) (Result, error) {
	if row.Err != nil {
		return Result{}, row.Err
	}
	path, err := derive.ParseBookPath(row.Get(Path))
	if err != nil {
		return Result{}, err
	}
	recorded, err := recordedKey(row.Get(Child))
	if err != nil {
		return Result{}, err
	}
	chain, supported := chains.Lookup(row.Get(Coin))
	on, err := rowCurve(row, recorded, chain)
	if err != nil {
		return Result{}, err
	}
	if recorded == nil && row.Get(Address) == "" {
		return Result{}, errors.New("it records neither a child publickey nor an address, so nothing vouches for the key")
	}
	if len(c.roots[on]) == 0 {
		return Result{Status: Unsupported, Reason: fmt.Sprintf("there is no root key on %v to check it with", on), Uncovered: true, Chain: chain}, nil
	}
	var first Result
	for i, root := range c.roots[on] {
		key, tweak, err := root.derive(path)
		if err != nil {
			return Result{}, err
		}
		r := compare(row, root.root, key, tweak, recorded, chain, supported)
		if r.Key != nil || i == 0 {
			first = r
		}
		if r.Key != nil {
			break
		}
	}
	return first, nil
}

func recordedKey(cell string) (*derive.Key, error) {
	if cell == "" {
		return nil, nil
	}
	k, err := derive.Parse(cell)
	if err != nil {
		return nil, fmt.Errorf("child publickey: %w", err)
	}
	return k, nil
}

// rowCurve tells on which curve a row's key lies. A book without the column is
// of the older layout, which has secp256k1 only.
func rowCurve(row *Row, recorded *derive.Key, chain *chains.Chain) (curve.Curve, error) {
	on := curve.Secp256k1
	switch cell := row.Get(Curve); {
	case cell != "":
		c, ok := curve.ByName(strings.ToLower(cell))
		if !ok {
			return 0, fmt.Errorf("curve %.40q is neither secp256k1 nor ed25519", cell)
		}
		on = c
	case row.at[Curve] >= 0 && recorded != nil:
		on = recorded.Curve()
	case row.at[Curve] >= 0 && chain != nil && len(chain.On(curve.Secp256k1)) == 0 && len(chain.On(curve.Ed25519)) > 0:
		on = curve.Ed25519
	}
	if recorded != nil && recorded.Curve() != on {
		return 0, fmt.Errorf("the row is on %v and its child publickey on %v", on, recorded.Curve())
	}
	return on, nil
}

func compare(row *Row, root, key *derive.Key, tweak *curve.Scalar, recorded *derive.Key, chain *chains.Chain, supported bool) Result {
	r := Result{Status: OK, Chain: chain}
	public := chains.NewPublicKey(key.Point())
	if supported {
		if on := chain.On(key.Curve()); len(on) > 0 {
			r.Encoding = on[0]
		}
	}
	address := row.Get(Address)
	matched := false
	if supported && address != "" {
		if e, ok := chain.Match(&public, address); ok {
			r.Encoding, matched = e, true
		}
	}
	if r.Encoding != nil {
		r.Derived, _ = r.Encoding.Address(&public) // the curve is the encoding's
	}
	switch {
	case recorded != nil && !recorded.SameKey(key):
		r.Status, r.Reason = Mismatch, "the child publickey is not the one that the root key has at this path"
		return r
	case recorded != nil || matched:
		r.Key, r.Tweak, r.Root = key, tweak, root
	}
	switch {
	case matched:
	case !supported:
		r.Status, r.Reason = Unsupported, fmt.Sprintf("coin %.40q is not in the table of chains, so no address was compared", row.Get(Coin))
	case address == "":
	case chain.Status == chains.OutOfReach:
		r.Status, r.Reason = Unsupported, "the chain's keys are not on these curves"
	default:
		if why, ok := chain.Underivable(address); ok {
			r.Status, r.Reason = Unsupported, "the address cannot be derived: "+why
			break
		}
		r.Status, r.Reason = Mismatch, fmt.Sprintf("the address is none of the %d forms that the key has on %s", len(chain.On(key.Curve())), chain.ID)
	}
	return r
}

// parents derives below one root and remembers the parents of paths: rows of one
// wallet share theirs.
type parents struct {
	root  *derive.Key
	known map[string]node
}

type node struct {
	key   *derive.Key
	tweak *curve.Scalar
}

// maxParents bounds what is remembered.
const maxParents = 4096

func (p *parents) derive(path derive.Path) (*derive.Key, *curve.Scalar, error) {
	if len(path) == 0 {
		return p.root, p.root.Curve().Scalar(), nil
	}
	last := len(path) - 1
	name := path[:last].String()
	parent, ok := p.known[name]
	if !ok {
		var err error
		if parent.key, parent.tweak, err = p.root.Derive(path[:last]); err != nil {
			return nil, nil, err
		}
		if len(p.known) >= maxParents {
			clear(p.known)
		}
		p.known[name] = parent
	}
	key, tweak, err := parent.key.Derive(path[last:])
	if err != nil {
		return nil, nil, err
	}
	return key, tweak.Add(parent.tweak), nil
}
