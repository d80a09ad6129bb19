// Package tx reads unsigned transactions, says what each of them would do and who
// must sign what, and takes the signatures in. It holds no secret.
//
// A reader knows every byte of the forms that it reads, or refuses: an operation,
// a field or a trailing byte that it does not know might pay somebody. To add a
// family of chains, add its file with a row in families.
//
// The way of a file: Read says what it does and whose signatures it wants; Bind
// brings the public keys, found by address and never by what the file says of them;
// a Batch compares the files with each other and makes the review code; Finish takes
// the signatures and returns what a node accepts.
package tx

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
)

// MaxSize is the size, in bytes, of the largest file that is read as a transaction.
// Bitcoin nodes relay 100,000 virtual bytes; the previous transactions that prove
// amounts come beside them.
const MaxSize = 64 << 20

// Errors that callers tell apart with errors.Is.
var (
	// ErrUnread means that the bytes are no unsigned transaction of a known form.
	ErrUnread = errors.New("it is not an unsigned transaction that can be read")
	// ErrUnsafe means that the transaction was understood well enough to refuse it.
	ErrUnsafe = errors.New("it is not safe to sign")
	// ErrForeign means that a key that must sign is not one of the vault's.
	ErrForeign = errors.New("it must be signed by somebody else's key")
	// ErrChain means that the same bytes mean something on several chains of the
	// vault.
	ErrChain = errors.New("it could be of several chains")
)

// unread and unsafe are the two ways in which a reader gives up.
func unread(format string, args ...any) error { return because(ErrUnread, format, args...) }
func unsafe(format string, args ...any) error { return because(ErrUnsafe, format, args...) }

func because(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))
}

// Transaction is an unsigned transaction that was read completely.
type Transaction struct {
	Form    string        // what the file is, such as "PSBT v0"
	Chain   *chains.Chain // its entry in the table of chains
	Network string        // where it counts, and nowhere else: "Bitcoin", "Ethereum (chain ID 1)"

	Effects []Effect // what moves, but for the fee
	Fee     Fee
	Expiry  Expiry
	Slots   []Slot
	// Claims are what a chain accepts once: an outpoint, an account's nonce. Two
	// transactions with a claim in common cannot both count.
	Claims []string
	// Notes are what a reader of the review should know, a sentence each.
	Notes []string
	// Ext ends the name of the family's usual signed file, such as "psbt". It is empty
	// if there is none beside what a node takes.
	Ext string
	// TextExt ends the name of what a node takes: "hex", or empty if that is the file
	// of Ext.
	TextExt string
	// Partial means that slots of other people's keys may stay open, since they sign
	// elsewhere.
	Partial bool
	// Unread is set where nothing was understood: there are no effects then, and no fee,
	// since none is known.
	Unread *Unread

	read [32]byte // SHA-256 of the file
	body body
}

// body is what a family keeps of a transaction.
type body interface {
	// bind checks that k is the key of slot i, and says what it signs.
	bind(i int, k *chains.PublicKey) (*Signing, error)
	// finish takes a signature for every slot, nil for those that stay open.
	finish(signatures []*signature.Signature) (*Signed, error)
}

// Kind is what an effect is.
type Kind string

// The kinds. What is none of them is refused.
const (
	Pay   Kind = "pay"   // the chain's own coin
	Token Kind = "token" // a token of a contract
	Data  Kind = "data"  // bytes kept on the chain, that pay nobody
)

// Asset is what an amount counts.
type Asset struct {
	// Contract is the token's contract or mint, empty for the chain's own coin.
	Contract string
	// Symbol is empty where nobody vouches for a name: a token's own name is no proof
	// of anything.
	Symbol string
	// Decimals are the decimal places between the smallest unit and the usual one.
	// Known is false for a token of which the file does not say it.
	Decimals int
	Known    bool
}

// Effect is one thing that the transaction does.
type Effect struct {
	Kind   Kind
	Asset  Asset
	Amount *big.Int // in the smallest unit
	From   string   // address, empty where a transaction has no single payer
	To     string   // address as the chain writes it; for Data what is written, quoted
	Tag    string   // destination tag or memo, empty if there is none

	// Owner is whose account To is, where To is the account of an address and that is
	// known: people have the address of the owner on their papers.
	Owner string
	// account is set where To is an account that belongs to an address, and reports
	// whether it is that address's.
	account func(address string) bool
}

// Reaches reports whether the effect pays an address of its chain, written as the
// chain writes it, or an account that belongs to it.
func (e *Effect) Reaches(address string) bool {
	return e.To == address || e.account != nil && e.account(address)
}

// Fee is what the transaction costs at most.
type Fee struct {
	Asset Asset
	Most  *big.Int // in the smallest unit
	// Payers are the addresses that pay it, none where the inputs do.
	Payers []Payer
	Rate   string // for people, such as "10.0 sat/vB"
	// High says why the fee is above what is usual, or is empty. A limit that the user
	// sets takes its place.
	High string
	// MaxShare is the share, in percent, of what is paid to others in the same coin
	// above which the fee is unusual. 0 sets no such limit.
	MaxShare int64
}

// Payer is an address and how much of a fee it pays at most.
type Payer struct {
	Address string
	Most    *big.Int
}

// Expiry says for how long the network would take the transaction.
type Expiry struct {
	At    time.Time     // the last moment, zero if there is none
	Short time.Duration // from a moment that the file does not say, zero if there is none
	// Missing means that the chain has an expiry and this transaction sets none.
	Missing bool
	Text    string // for people, such as "no limit", "until the account's nonce 5 is used"
}

// Proof says how sure the amount of an input is.
type Proof uint8

// The proofs, the weakest first.
const (
	NoAmount  Proof = iota // the slot has no amount: an account signs, not a coin
	Claimed                // the file says so
	Committed              // the signature of this input is void if it is another
	Proven                 // the previous transaction is there, and its hash is right
)

// Slot is one signature that the transaction needs.
type Slot struct {
	Address string   // of the key that must sign; empty if the file does not say, until it is judged
	Amount  *big.Int // of the coin that the slot spends, nil if there is none
	Proof   Proof
	// NeedsProof means that the signature commits to no amount, so that nothing but a
	// proof will do.
	NeedsProof bool
	// All means that the signature commits to the amounts of all inputs (BIP 341).
	All bool

	Signing *Signing // what is signed; nil before Bind
}

// Signing is what a key signs for a slot.
type Signing struct {
	Scheme  signature.Scheme
	Message []byte        // 32 bytes but for Ed25519, which signs the message itself
	Tweak   *curve.Scalar // of a Taproot output key, nil if there is none
	Public  *curve.Point  // the key before the tweak
}

// signing returns what a key of the table signs.
func signing(scheme signature.Scheme, k *chains.PublicKey, message []byte, tweak *curve.Scalar) (*Signing, error) {
	public, err := k.Curve.ParsePoint(k.Key[:])
	if err != nil {
		return nil, fmt.Errorf("the public key of a slot: %w", err)
	}
	return &Signing{Scheme: scheme, Message: message, Tweak: tweak, Public: public}, nil
}

// Signed is a transaction with its signatures.
type Signed struct {
	ID   string // by which an explorer finds it, empty where the chain decides later
	Data []byte // the family's usual file, if it has one (Transaction.Ext)
	Text string // what a node or an explorer takes, in one line; empty if signatures are missing
	// Parts are PUBKEY=SIGNATURE lines, for transactions that others sign too.
	Parts []string
}

// Line returns what a node takes if it is one line of at most so many bytes, else
// nothing.
func (s *Signed) Line(most int) string {
	line := s.Text
	if line == "" {
		line = strings.TrimSpace(string(s.Data))
	}
	if len(line) > most || strings.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return line
}

// Bind brings the public key of slot i. It fails with ErrForeign if the slot is not
// that key's.
func (t *Transaction) Bind(i int, k *chains.PublicKey) error {
	signing, err := t.body.bind(i, k)
	if err != nil {
		return err
	}
	t.Slots[i].Signing = signing
	return nil
}

// Finish takes the signatures of the slots, in their order, and returns the signed
// transaction after it was checked as a node would. Only slots of a partial
// transaction may be nil.
func (t *Transaction) Finish(signatures []*signature.Signature) (*Signed, error) {
	if len(signatures) != len(t.Slots) {
		return nil, fmt.Errorf("finishing a transaction: %d signatures for %d slots", len(signatures), len(t.Slots))
	}
	for i, s := range signatures {
		switch signing := t.Slots[i].Signing; {
		case s == nil && t.Partial:
		case s == nil:
			return nil, fmt.Errorf("finishing a transaction: the signature of %s is missing", t.Slots[i].Address)
		case signing == nil:
			return nil, fmt.Errorf("finishing a transaction: nothing was bound to the slot of %s", t.Slots[i].Address)
		case s.Scheme != signing.Scheme:
			return nil, fmt.Errorf("finishing a transaction: a %s signature for %s, which needs %s", s.Scheme, t.Slots[i].Address, signing.Scheme)
		}
	}
	return t.body.finish(signatures)
}
