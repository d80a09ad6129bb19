package tx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math/big"
	"slices"

	"lifeboat/chains"
	"lifeboat/internal/papercode"
)

// Batch is what is remembered of the transactions that are signed in one run.
type Batch struct {
	Blind, TrustAmounts bool // overrides, which the review code covers

	names   []string
	digests [][sha256.Size]byte
	claims  map[string]int   // the file that has it
	counted map[tokenKey]int // the decimals of a token
	totals  map[totalKey]*Total
}

type tokenKey struct{ network, contract string }

// Total is what all files of a batch do to one recipient in one asset.
type Total struct {
	Chain   *chains.Chain
	Network string
	Asset   Asset
	To      string // empty for fees
	Owner   string // as of the effects
	Tag     string
	Back    bool // it pays the vault itself
	Others  bool // other people pay it, who sign elsewhere
	Amount  *big.Int
	Files   int

	account func(address string) bool // as of the effects
}

// Reaches reports whether it pays an address, however that is spelt, or an account that
// belongs to it.
func (t *Total) Reaches(address string) bool {
	return Same(t.Chain, address, t.To) || t.account != nil && t.account(address)
}

type totalKey struct {
	network, contract, to, tag string
	others                     bool
}

// Add adds a transaction that was judged. It fails with ErrUnsafe if the network could
// accept only one of it and another file of the batch.
func (b *Batch) Add(name string, t *Transaction, v *Verdict) error {
	for _, claim := range t.Claims {
		if other, taken := b.claims[claim]; taken {
			return unsafe("%s is used by %q as well: only one of the two would count, and the other might be meant", claim, b.names[other])
		}
	}
	if b.claims == nil {
		b.claims = make(map[string]int)
		b.counted = make(map[tokenKey]int)
		b.totals = make(map[totalKey]*Total)
	}
	if err := b.count(t); err != nil {
		return err
	}
	for _, claim := range t.Claims {
		b.claims[claim] = len(b.names)
	}
	b.names = append(b.names, name)
	b.digests = append(b.digests, t.digest(b.Blind, b.TrustAmounts))

	seen := make(map[totalKey]bool)
	add := func(e *Effect, back bool) {
		others := !v.Pays(t, e.From)
		key := totalKey{t.Network, e.Asset.Contract, e.To, e.Tag, others}
		total := b.totals[key]
		if total == nil {
			total = &Total{Chain: t.Chain, Network: t.Network, Asset: e.Asset, To: e.To, Tag: e.Tag, Back: back, Others: others, Amount: new(big.Int), account: e.account}
			b.totals[key] = total
		}
		total.Owner = cmp.Or(total.Owner, e.Owner)
		total.Amount.Add(total.Amount, e.Amount)
		if !seen[key] {
			seen[key] = true
			total.Files++
		}
	}
	for i, e := range t.Effects {
		if e.Kind != Data {
			add(&e, v.Back[i])
		}
	}
	payers := t.Fee.Payers
	if payers == nil {
		payers = []Payer{{"", t.Fee.Most}}
	}
	for _, p := range payers {
		if p.Most.Sign() != 0 {
			add(&Effect{Asset: t.Fee.Asset, Amount: p.Most, From: p.Address}, false)
		}
	}
	return nil
}

// count refuses a token that is counted with different decimals: one of the transfers
// would fail, and it could be there to shift the point in the totals of the others.
func (b *Batch) count(t *Transaction) error {
	for i := range t.Effects {
		a := &t.Effects[i].Asset
		if !a.Known {
			continue
		}
		token := tokenKey{t.Network, a.Contract}
		if before, ok := b.counted[token]; ok && before != a.Decimals {
			return unsafe("it counts %s with %d decimals, and another transfer of the batch with %d: one of them is wrong", a.Name(), a.Decimals, before)
		}
		b.counted[token] = a.Decimals
	}
	return nil
}

// Spent returns what the vault pays in an asset of a chain to others, fees included.
func (b *Batch) Spent(chain *chains.Chain, contract string) *big.Int {
	sum := new(big.Int)
	for _, t := range b.totals {
		if t.Chain == chain && t.Asset.Contract == contract && !t.Back && !t.Others {
			sum.Add(sum, t.Amount)
		}
	}
	return sum
}

// Holds reports whether t is what was added as the i-th file, in everything that
// signing depends on.
func (b *Batch) Holds(i int, t *Transaction) bool {
	return b.digests[i] == t.digest(b.Blind, b.TrustAmounts)
}

// Len returns the number of files.
func (b *Batch) Len() int { return len(b.names) }

// Totals returns what the batch pays, by network, asset and recipient; fees come
// after the payments of their network.
func (b *Batch) Totals() []Total {
	var list []Total
	for _, t := range b.totals {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(x, y Total) int {
		return cmp.Or(cmp.Compare(x.Network, y.Network), compareBool(x.To == "", y.To == ""),
			cmp.Compare(x.Asset.Contract, y.Asset.Contract), cmp.Compare(x.To, y.To), cmp.Compare(x.Tag, y.Tag), compareBool(x.Others, y.Others))
	})
	return list
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// reviewDomain begins what a review code is the hash of.
const reviewDomain = "lifeboat-review-v1\n"

// Code returns the review code: the first 160 bits of Hash. Two machines that read the
// same files against the same keys show the same code, so a code on the paper of the one
// is proof for the other. With 80 bits, whoever prepares the files could make two
// batches with one code.
func (b *Batch) Code() papercode.Code { return papercode.Of(b.Hash()) }

// Hash returns SHA-256 over a domain, the number of files and their sorted digests.
func (b *Batch) Hash() [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(reviewDomain))
	writeUint(h, uint64(len(b.digests)))
	for _, i := range b.Sorted() {
		h.Write(b.digests[i][:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Sorted returns the numbers of the files in the order of their digests, which is the
// same on every machine, whatever the files are called there.
func (b *Batch) Sorted() []int {
	order := make([]int, len(b.digests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return bytes.Compare(b.digests[i][:], b.digests[j][:]) })
	return order
}

// digest covers everything that signing depends on: SHA-256 over fields, each after
// its length as 8 bytes big-endian.
func (t *Transaction) digest(blind, trustAmounts bool) [sha256.Size]byte {
	h := sha256.New()
	field := func(b []byte) {
		writeUint(h, uint64(len(b)))
		h.Write(b)
	}
	field([]byte("lifeboat-transaction-v1"))
	field([]byte(t.Chain.ID))
	field([]byte(t.Network))
	field(t.read[:])
	field([]byte(fmt.Sprintf("blind=%t trust-amounts=%t", blind, trustAmounts)))
	writeUint(h, uint64(len(t.Slots)))
	for i := range t.Slots {
		s := &t.Slots[i]
		field([]byte(s.Address))
		amount := ""
		if s.Amount != nil {
			amount = s.Amount.String()
		}
		field([]byte(amount))
		field([]byte{byte(s.Proof)})
		if s.Signing == nil {
			field(nil) // somebody else's, as the file says
			continue
		}
		field(s.Signing.Public.Bytes())
		field([]byte(s.Signing.Scheme.String()))
		var tweak []byte
		if s.Signing.Tweak != nil {
			b := s.Signing.Tweak.Bytes()
			tweak = b[:]
		}
		field(tweak)
		field(s.Signing.Message)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func writeUint(h hash.Hash, n uint64) {
	h.Write(binary.BigEndian.AppendUint64(nil, n))
}
