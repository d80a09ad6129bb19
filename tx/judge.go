package tx

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/phrase"
)

// Payee is an address that may be paid.
type Payee struct {
	// Chain may be nil where the address says enough. Then it must not be written as
	// another chain usually does: an account of Ethereum is spelt as one of TRON, too, but
	// whoever has it there need not have it here.
	Chain   *chains.Chain
	Address string
	Tag     string // destination tag or memo that must be there, empty if none must
	From    string // who allows it, for people, such as "--to"
}

// Limit is the most that may be paid in an asset.
type Limit struct {
	Chain    *chains.Chain
	Contract string // of a token, empty for the chain's own coin
	Most     *big.Int
}

// Policy is what the user allows.
type Policy struct {
	Keys *Keys
	// Payees are who may be paid. Nil allows everybody: a review shows who that is.
	Payees []Payee
	// MaxFees take the place of the usual fee limits of their chains.
	MaxFees []Limit

	TrustAmounts bool // amounts that only the file claims count
	NoExpiry     bool // an expiry that is missing is meant
	ShortLived   bool // there is no time to lose
	Now          time.Time
}

// soon is the time that carrying a stick takes.
const soon = 10 * time.Minute

// A transaction whose last moment is further off than this has no expiry to speak of:
// neither has one whose last block or ledger is, which chains reach in decades.
const (
	far       = 366 * 24 * time.Hour
	farHeight = 1 << 30
)

// Verdict is what the policy says of a transaction, as far as it is not refused.
type Verdict struct {
	Keys []*Key // of the slots, nil for those of other people
	// Payees says of each effect why it may be paid: the path of an address of the
	// vault, or who allows it. It is empty where nobody was asked.
	Payees []string
	Back   []bool // whether the effect pays the vault itself
	// Forms name how an address of the vault is written where its key has several forms,
	// such as p2tr: the address book need not have that one.
	Forms []string
}

// Pays reports whether the vault pays what is paid from an address: unless that is of a
// slot of somebody else. What no slot explains counts as the vault's.
func (v *Verdict) Pays(t *Transaction, from string) bool {
	for i, key := range v.Keys {
		if key == nil && from == t.Slots[i].Address {
			return false
		}
	}
	return true
}

// Judge finds the keys that must sign, binds them, and holds the transaction to the
// policy. Errors wrap ErrForeign or ErrUnsafe.
func (p *Policy) Judge(t *Transaction) (*Verdict, error) {
	v := &Verdict{Keys: make([]*Key, len(t.Slots))}
	if err := p.bind(t, v); err != nil {
		return nil, err
	}
	for _, check := range []func(*Transaction, *Verdict) error{p.unread, p.amounts, p.expiry, p.payees, p.fee} {
		if err := check(t, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (p *Policy) bind(t *Transaction, v *Verdict) error {
	ours := 0
	for i := range t.Slots {
		address := t.Slots[i].Address
		key, elsewhere := p.Keys.Find(t.Chain, address)
		if address == "" {
			if key = p.Keys.Only(t.Chain); key == nil {
				return unsafe(`it does not say who pays, and the address book and --path have not just one key on %s; write "from" into the file, {"from": "ADDRESS", "raw": "…"} or as its family has it, or give that one key alone`, t.Network)
			}
			address, t.Slots[i].Address = key.Address, key.Address
		}
		switch {
		case key != nil:
			if err := t.Bind(i, &key.Public); err != nil {
				return fmt.Errorf("the key of %s at %s: %w", address, key.Path, err)
			}
			v.Keys[i] = key
			ours++
		case len(elsewhere) > 0:
			return unsafe("%s is an address of this vault, but on %s and not on %s; if it is meant, add it to the address book, or give its --path with --chain %s",
				address, elsewhere[0].Name, t.Network, t.Chain.ID)
		case !t.Partial:
			return because(ErrForeign, "%s is not an address of this vault on %s, as far as the address book and --path say", address, t.Network)
		}
	}
	if ours == 0 {
		return because(ErrForeign, "no address of this vault on %s has anything to sign in it", t.Network)
	}
	return nil
}

// unread holds the key of a message that nobody read to its one chain: what the message
// means on another one is not known either.
func (p *Policy) unread(t *Transaction, v *Verdict) error {
	if t.Unread == nil {
		return nil
	}
	for _, key := range v.Keys {
		if others := p.Keys.others(key); len(others) > 0 {
			return unsafe("the key of %s is the vault's on %s, too, and what nobody read could mean something there", key.Address, phrase.And(others))
		}
	}
	return nil
}

// amounts holds the inputs to what is known of their amounts: a lie about one is
// paid to the miners.
func (p *Policy) amounts(t *Transaction, _ *Verdict) error {
	return p.claimed(t, func(s Slot) bool { return s.All && s.Signing != nil })
}

// claimed is amounts, where commits says of a slot whether its signature commits to every
// amount.
func (p *Policy) claimed(t *Transaction, commits func(Slot) bool) error {
	all := slices.ContainsFunc(t.Slots, commits)
	for i := range t.Slots {
		s := &t.Slots[i]
		switch {
		case s.Amount == nil || s.Proof == Proven:
		case s.NeedsProof:
			return unsafe("the coin of %s has no proof of its amount, and its signature commits to none: the previous transaction must come with it, whole", s.Address)
		case all || p.TrustAmounts:
		default:
			return unsafe("the amount of the coin of %s is only claimed: add the previous transaction, whole, or accept the claim with --trust-amounts", s.Address)
		}
	}
	return nil
}

// Doubts are what Judge would refuse in a transaction that one vault signs, and that
// flags can allow: those of amounts and of expiries.
func (t *Transaction) Doubts(now time.Time) (list []error) {
	p := &Policy{Now: now}
	for _, err := range []error{p.claimed(t, func(s Slot) bool { return s.All }), p.expiry(t, nil)} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

func (p *Policy) fee(t *Transaction, v *Verdict) error {
	for _, l := range p.MaxFees {
		if l.Chain != t.Chain {
			continue
		}
		if t.Fee.Most.Cmp(l.Most) > 0 {
			return unsafe("it pays up to %s in fees, and --max-fee allows %s", t.Fee.Asset.Text(t.Fee.Most), t.Fee.Asset.Text(l.Most))
		}
		return nil
	}
	high := t.Fee.High
	if sent := paid(t, v); high == "" && t.Fee.MaxShare != 0 &&
		new(big.Int).Mul(t.Fee.Most, big.NewInt(100)).Cmp(new(big.Int).Mul(sent, big.NewInt(t.Fee.MaxShare))) > 0 {
		high = fmt.Sprintf("%s is more than %d %% of what is sent", t.Fee.Asset.Text(t.Fee.Most), t.Fee.MaxShare)
	}
	if high == "" {
		return nil
	}
	return unsafe("the fee is unusual: %s; if it is meant, allow it with --max-fee %s=AMOUNT", high, t.Chain.ID)
}

// paid returns what others get of the chain's coin, or, if nothing goes to others,
// what the vault moves.
func paid(t *Transaction, v *Verdict) *big.Int {
	others, all := new(big.Int), new(big.Int)
	for i := range t.Effects {
		e := &t.Effects[i]
		if e.Kind != Pay {
			continue
		}
		if all.Add(all, e.Amount); !v.Back[i] {
			others.Add(others, e.Amount)
		}
	}
	if others.Sign() == 0 {
		return all
	}
	return others
}

func (p *Policy) expiry(t *Transaction, _ *Verdict) error {
	e := &t.Expiry
	switch {
	case e.Missing && !p.NoExpiry:
		return unsafe("it never expires, so whoever holds it can send it years from now; set an expiry, or say --no-expiry")
	case !e.At.IsZero() && !p.Now.Before(e.At):
		return unsafe("it expired at %s, and the date here is %s; make a new one, or set the date with --date", e.At.UTC().Format(time.RFC3339), p.Now.UTC().Format(time.RFC3339))
	case !e.At.IsZero() && e.At.Sub(p.Now) > far && !p.NoExpiry:
		return unsafe("it expires at %s, more than a year from now, so whoever holds it can send it long after; set an earlier expiry, or say --no-expiry", e.At.UTC().Format(time.RFC3339))
	case p.ShortLived:
	case !e.At.IsZero() && e.At.Sub(p.Now) < soon:
		return unsafe("it expires at %s, in less than %d minutes: no stick is that quick; make one that lives longer, or say --short-lived", e.At.UTC().Format(time.RFC3339), soon/time.Minute)
	case e.Short != 0 && e.Short < soon:
		return unsafe("it lives for about %v from when it was made: no stick is that quick; make one that lives longer, or say --short-lived", e.Short)
	}
	return nil
}

func (p *Policy) payees(t *Transaction, v *Verdict) error {
	v.Payees, v.Back, v.Forms = make([]string, len(t.Effects)), make([]bool, len(t.Effects)), make([]string, len(t.Effects))
	for i := range t.Effects {
		e := &t.Effects[i]
		if e.Kind == Data {
			continue
		}
		if key := p.own(t.Chain, e, v.Keys); key != nil {
			e.owned(key.Address)
			v.Payees[i], v.Back[i] = key.Path, true
			if form, ok := t.Chain.Match(&key.Public, e.To); ok && len(t.Chain.On(key.Public.Curve)) > 1 {
				v.Forms[i] = form.Name
			}
			continue
		}
		if p.Payees == nil {
			continue
		}
		from, err := p.allow(t.Chain, e)
		if err != nil {
			return err
		}
		v.Payees[i] = from
	}
	return nil
}

// allow returns who allows the effect.
func (p *Policy) allow(chain *chains.Chain, e *Effect) (from string, err error) {
	var tagged, elsewhere *Payee
	for i := range p.Payees {
		a := &p.Payees[i]
		switch {
		case a.Chain != nil && a.Chain != chain || !e.Reaches(a.Address) && !Same(chain, a.Address, e.To):
		case a.Chain == nil && !e.Reaches(a.Address) && !strings.EqualFold(a.Address, e.To) && usualElsewhere(chain, a.Address):
			elsewhere = a
		case a.Tag == e.Tag:
			e.owned(a.Address)
			return a.From, nil
		default:
			tagged = a
		}
	}
	switch {
	case tagged == nil && elsewhere != nil:
		return "", unsafe("it pays %s, and %s allows %s: that could be meant for another chain; write it as %s does, or give --chain",
			e.To, elsewhere.From, elsewhere.Address, chain.Name)
	case tagged == nil:
		return "", unsafe("it pays %s to %s, to whom nobody allowed it: neither --to, --to-file nor the record, and it is not an address of the address book", e.Asset.Text(e.Amount), e.To)
	case tagged.Tag == "":
		return "", unsafe("it pays %s with the tag or memo %q, and %s allows it without one", e.To, e.Tag, tagged.From)
	}
	return "", unsafe("it pays %s with the tag or memo %q, and %s allows it with %q: with another one the money may be lost", e.To, e.Tag, tagged.From, tagged.Tag)
}

// usualElsewhere reports whether an address is written as another chain usually does. A
// bounceable address of TON, say, is not.
func usualElsewhere(chain *chains.Chain, address string) bool {
	return slices.ContainsFunc(chains.All(), func(c *chains.Chain) bool {
		usual, ok := Written(c, address)
		return ok && c != chain && strings.EqualFold(usual, address)
	})
}

// owned notes the owner of the account that an effect pays, if address is its owner.
func (e *Effect) owned(address string) {
	if e.account != nil && e.account(address) {
		e.Owner = address
	}
}

// own returns the key of the vault that an effect pays: that of its address, or one
// that signs and whose account it is.
func (p *Policy) own(chain *chains.Chain, e *Effect, signers []*Key) *Key {
	if key, _ := p.Keys.Find(chain, e.To); key != nil {
		return key
	}
	if e.account == nil {
		return nil
	}
	for _, key := range signers {
		if key != nil && e.account(key.Address) {
			return key
		}
	}
	return nil
}

// Same reports whether two addresses of a chain are one, however they are spelt.
func Same(chain *chains.Chain, a, b string) bool {
	if script, ok := chain.OutputScript(a); ok {
		other, ok := chain.OutputScript(b)
		return ok && bytes.Equal(script, other)
	}
	return a == b || slices.ContainsFunc(chain.Encodings, func(e chains.Encoding) bool {
		x, ok := e.Parse(a)
		if !ok {
			return false
		}
		y, ok := e.Parse(b)
		return ok && slices.Equal(x, y)
	})
}
