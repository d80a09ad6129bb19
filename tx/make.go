package tx

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
)

// Order is one transfer that a person wants to make.
type Order struct {
	Chain *chains.Chain
	From  string // the address that pays, empty where Coins say it
	// Public is the key of From, nil if it is not known. Some chains write it into what
	// is signed.
	Public *chains.PublicKey
	To     string
	Tag    string // destination tag or memo, empty if there is none
	Asset  Asset
	Amount *big.Int // in the smallest unit; nil is all that Coins hold
	Fee    *big.Int // the most that it may cost, in the smallest unit of the chain's coin; nil if nothing was said
	// Numbers are what else the chain wants, by the names of Wants.
	Numbers map[string]string
	Coins   []Unspent // of chains that spend coins
	Now     time.Time
}

// Unspent is an unspent output.
type Unspent struct {
	TxID     string // as explorers show it
	Vout     uint32
	Amount   *big.Int
	Address  string
	Previous []byte // the transaction that made it, whole; empty if it is not at hand
}

// Want is something that a transfer of a chain needs beside who pays whom how much.
type Want struct {
	Name     string // of its number and column, such as "nonce"; or WantCoins or WantFee
	What     string // what it is, for people
	Where    string // where it stands on an explorer, for people
	Optional bool   // What says what is taken in its place
}

// What an Order has a field for, by its name among the Wants.
const (
	WantCoins = "coins" // Coins; chains that do not want them take none
	WantFee   = "fee"   // Fee; whether it is wanted or not, nothing costs more
)

// Draft is an unsigned transaction that was made.
type Draft struct {
	Ext  string // ends the usual name of its file, such as "psbt"
	Data []byte
	Read *Transaction // what Data is read as
}

// Wants returns what a transfer on a chain needs, and whether one can be made.
func Wants(chain *chains.Chain) ([]Want, bool) {
	f := maker(chain)
	if f == nil {
		return nil, false
	}
	return f.wants(chain), true
}

// OneOf returns lists of optional Wants, one of which is needed, whole. There may be none.
func OneOf(chain *chains.Chain) [][]string {
	if f := maker(chain); f != nil {
		return f.oneOf
	}
	return nil
}

// MakesTokens reports whether Make can pay tokens of a chain.
func MakesTokens(chain *chains.Chain) bool {
	f := maker(chain)
	return f != nil && !f.coinOnly
}

func maker(chain *chains.Chain) *family {
	if f := familyOf(chain); f != nil && f.make != nil {
		return f
	}
	return nil
}

// Make makes the unsigned transactions of a transfer: one, or, if it spends more coins
// than fit, several. Each is read back, and does what the order says and nothing else.
func Make(order *Order) ([]Draft, error) {
	f := maker(order.Chain)
	if f == nil {
		return nil, fmt.Errorf("transfers on %s cannot be made here", order.Chain.Name)
	}
	o := *order
	if err := o.prepare(f); err != nil {
		return nil, err
	}
	drafts, err := f.make(&o)
	if err != nil {
		return nil, err
	}
	for i := range drafts {
		if drafts[i].Read, err = (&Reader{Chain: o.Chain}).Read(drafts[i].Data); err != nil {
			return nil, err
		}
	}
	return drafts, o.check(drafts)
}

// prepare finds what is missing or of no use, and writes addresses of outputs as the
// chain does.
func (o *Order) prepare(f *family) error {
	spends, wants := false, f.wants(o.Chain)
	for _, w := range wants {
		spends = spends || w.Name == WantCoins
		if !w.Optional && !o.has(w.Name) {
			return fmt.Errorf("a transfer on %s needs %q, %s: %s", o.Chain.Name, w.Name, w.What, w.Where)
		}
	}
	for name := range o.Numbers {
		if !slices.ContainsFunc(wants, func(w Want) bool { return w.Name == name }) {
			return fmt.Errorf("a transfer on %s has no use for %q", o.Chain.Name, name)
		}
	}
	switch {
	case !spends && len(o.Coins) > 0:
		return fmt.Errorf("a transfer on %s spends no coins, but what an account has", o.Chain.Name)
	case !spends && o.From == "":
		return fmt.Errorf("a transfer on %s needs the account that pays", o.Chain.Name)
	case o.Amount != nil && o.Amount.Sign() < 0:
		return fmt.Errorf("nobody pays a negative amount")
	case !spends && o.Amount == nil:
		all := f.all
		if o.Asset.Contract != "" {
			all = "its balance of the token"
		}
		return fmt.Errorf("how much? what an account on %s has is not known here, so the amount must be given; all of it is %s", o.Chain.Name, all)
	}
	for _, address := range []*string{&o.From, &o.To} {
		if script, ok := o.Chain.OutputScript(*address); ok {
			*address, _ = o.Chain.OutputAddress(script)
		}
	}
	return nil
}

func (o *Order) has(name string) bool {
	switch name {
	case WantCoins:
		return len(o.Coins) > 0
	case WantFee:
		return o.Fee != nil
	}
	return o.Numbers[name] != ""
}

// Written returns an address as transactions of its chain are shown. ok is false if it
// is none.
func Written(chain *chains.Chain, address string) (usual string, ok bool) {
	if script, ok := chain.OutputScript(address); ok {
		return chain.OutputAddress(script)
	}
	return inForm(chain, address)
}

// check compares what the drafts were read back as with the order.
func (o *Order) check(drafts []Draft) error {
	held, paid, change, fees := new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	for i := range o.Coins {
		held.Add(held, o.Coins[i].Amount)
	}
	for i := range drafts {
		t := drafts[i].Read
		fees.Add(fees, t.Fee.Most)
		for j := range t.Effects {
			switch e := &t.Effects[j]; {
			case o.means(t, e):
				paid.Add(paid, e.Amount)
			case o.isChange(t, e):
				change.Add(change, e.Amount)
			default:
				return fmt.Errorf("internal error: the transaction pays %s from %q to %q with the tag %q, which was not meant", e.Asset.Text(e.Amount), e.From, e.To, e.Tag)
			}
		}
		for j := range t.Slots {
			if s := &t.Slots[j]; s.Amount != nil && o.From != "" && !Same(o.Chain, s.Address, o.From) {
				return fmt.Errorf("internal error: a coin of %q is spent, and not of %q", s.Address, o.From)
			}
		}
	}
	if o.Amount != nil && paid.Cmp(o.Amount) != 0 || o.Amount == nil && change.Sign() != 0 || len(drafts) == 0 {
		return fmt.Errorf("internal error: %s is paid, and %s comes back", o.Asset.Text(paid), o.Asset.Text(change))
	}
	sum := new(big.Int).Add(paid, change)
	if len(o.Coins) > 0 && sum.Add(sum, fees).Cmp(held) != 0 {
		return fmt.Errorf("internal error: the coins hold %s, and %s is spent", o.Asset.Text(held), o.Asset.Text(sum))
	}
	if o.Fee != nil && fees.Cmp(o.Fee) > 0 {
		coin, _ := Coin(o.Chain)
		return fmt.Errorf("it would cost up to %s, and the fee is to be at most %s", coin.Text(fees), coin.Text(o.Fee))
	}
	return nil
}

// isChange reports whether an effect gives back what coins of the payer hold beyond the
// order.
func (o *Order) isChange(t *Transaction, e *Effect) bool {
	return len(o.Coins) > 0 && o.From != "" && t.Chain == o.Chain && e.Kind == Pay && e.Tag == "" && Same(o.Chain, e.To, o.From)
}

// means reports whether an effect of a transaction is what the order wants.
func (o *Order) means(t *Transaction, e *Effect) bool {
	kind := Pay
	if o.Asset.Contract != "" {
		kind = Token
	}
	return t.Chain == o.Chain && e.Kind == kind && e.Asset.Contract == o.Asset.Contract && e.Tag == o.Tag &&
		(e.Reaches(o.To) || Same(o.Chain, e.To, o.To)) &&
		(e.From == "" || o.From == "" || Same(o.Chain, e.From, o.From))
}

// number reads one of Numbers as a whole number of at most so many bits; usual takes
// the place of one that is not there.
func (o *Order) number(name string, bits int, usual uint64) (uint64, error) {
	text := o.Numbers[name]
	if text == "" {
		return usual, nil
	}
	n, ok := new(big.Int), false
	if strings.Trim(text, "0123456789") == "" && len(text) <= 20 {
		n, ok = n.SetString(text, 10)
	}
	if !ok || n.BitLen() > bits {
		return 0, fmt.Errorf("%s: %.40q is not a whole number of at most %d bits", name, text, bits)
	}
	return n.Uint64(), nil
}

// decimal reads one of Numbers as an amount with at most so many decimals, such as
// gwei, in the smallest unit.
func (o *Order) decimal(name string, decimals int) (*big.Int, error) {
	n, err := Asset{Decimals: decimals, Known: true}.ParseAmount(o.Numbers[name])
	if err != nil {
		return nil, fmt.Errorf("%s: %.40q is not a number with at most %d decimals", name, o.Numbers[name], decimals)
	}
	return n, nil
}
