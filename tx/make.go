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
	Name     string // of its flag and column, such as "nonce"
	What     string // what it is, for people
	Where    string // where it stands on an explorer, for people
	Optional bool   // What says what is taken in its place
}

// Draft is an unsigned transaction that was made.
type Draft struct {
	Ext  string // ends the usual name of its file, such as "psbt"
	Data []byte
}

// Wants returns what a transfer on a chain needs, and whether one can be made.
func Wants(chain *chains.Chain) ([]Want, bool) {
	f := maker(chain)
	if f == nil {
		return nil, false
	}
	return f.wants(chain), true
}

func maker(chain *chains.Chain) *family {
	if f := familyOf(chain); f != nil && f.make != nil {
		return f
	}
	return nil
}

// Make makes the unsigned transactions of a transfer: one, or, if it spends more coins
// than fit, several. Whoever calls it reads them back before anybody signs them.
func Make(o *Order) ([]Draft, error) {
	f := maker(o.Chain)
	if f == nil {
		return nil, fmt.Errorf("transfers on %s cannot be made here", o.Chain.Name)
	}
	wants := f.wants(o.Chain)
	for name := range o.Numbers {
		if !slices.ContainsFunc(wants, func(w Want) bool { return w.Name == name }) {
			return nil, fmt.Errorf("a transfer on %s has no use for %q", o.Chain.Name, name)
		}
	}
	for _, w := range wants {
		if !w.Optional && o.Numbers[w.Name] == "" {
			return nil, fmt.Errorf("a transfer on %s needs %q, %s: %s", o.Chain.Name, w.Name, w.What, w.Where)
		}
	}
	return f.make(o)
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
