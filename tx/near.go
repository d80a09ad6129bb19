package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// near reads transactions in borsh: as they are, in base 64 as near-cli's sign-later
// prints them, or in hex.
var near = family{name: "NEAR", claims: nearClaims, chains: []string{"NEAR"}, coin: nearCoin, token: nearToken, read: nearRead, wants: nearWants, make: nearMake,
	all: "the balance less what its storage locks (0.01 NEAR for each 1,000 bytes) and the fee"}

func nearCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "NEAR", Decimals: 24, Known: true}, chain.ID == "NEAR"
}

// nearToken knows tokens by the accounts of their contracts.
func nearToken(_ *chains.Chain, name string) (string, bool) { return name, nearID(name) }

// nearID reports whether s may be an account: 2 to 64 lower case letters and digits,
// with single separators between them.
func nearID(s string) bool {
	letter := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	for i := range len(s) {
		if !letter(s[i]) && (strings.IndexByte("-_.", s[i]) < 0 || i == 0 || i == len(s)-1 || !letter(s[i-1])) {
			return false
		}
	}
	return len(s) >= 2 && len(s) <= 64
}

// nearTx is a transaction with one action, a Transfer or a FunctionCall.
type nearTx struct {
	signer   string
	public   []byte
	nonce    uint64
	receiver string
	recent   []byte // hash of a block
	call     bool
	method   string // of a call
	args     []byte // of a call
	gas      uint64 // of a call
	deposit  *big.Int
}

const (
	nearEd25519  = 0
	nearCall     = 2
	nearTransfer = 3
	nearMaxText  = 1 << 16 // no transfer comes near it
)

// nearRefused are the actions that are not signed, by their numbers.
var nearRefused = []string{
	0: "CreateAccount", 1: "DeployContract: a program could do with the account what it likes",
	4: "Stake", 5: "AddKey: somebody else could own the account", 6: "DeleteKey",
	7: "DeleteAccount: all that the account has would go to somebody", 8: "Delegate: it acts for somebody else's account",
	9: "DeployGlobalContract", 10: "UseGlobalContract: a program could do with the account what it likes",
}

// nearBytes are what of a transaction is still to be read.
type nearBytes struct{ counted }

func (b *nearBytes) number(size int) uint64 {
	var wide [8]byte
	copy(wide[:], b.take(size))
	return binary.LittleEndian.Uint64(wide[:])
}

func (b *nearBytes) text() []byte {
	n := b.number(4)
	if n > uint64(len(b.rest)) {
		b.bad = true
		return nil
	}
	return b.take(int(n))
}

func (b *nearBytes) amount() *big.Int {
	n := slices.Clone(b.take(16))
	slices.Reverse(n)
	return new(big.Int).SetBytes(n)
}

// nearForm returns the bytes of a file that begins like a transaction, and its
// version.
func nearForm(data []byte) (raw []byte, version int, ok bool) {
	if len(data) > nearMaxText {
		return nil, 0, false
	}
	for _, raw := range spellings(data) {
		for version, b := range []*nearBytes{{counted{rest: raw}}, {counted{rest: bytes.TrimPrefix(raw, []byte{1})}}} {
			if signer := b.text(); !b.bad && nearID(string(signer)) && b.byte() <= 1 && len(b.rest) > 32 {
				return raw, version, true
			}
		}
	}
	return nil, 0, false
}

func nearClaims(data []byte) bool {
	_, _, ok := nearForm(data)
	return ok
}

func nearRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	raw, version, ok := nearForm(data)
	switch {
	case !ok:
		return nil, unread("it is no transaction in borsh")
	case version != 0:
		return nil, unsafe("it is of version %d, which is for keys that pay for gas themselves", version)
	}
	x := &nearTx{}
	if err := x.parse(raw); err != nil {
		return nil, err
	}
	return x.transaction(raw, chain)
}

func (x *nearTx) parse(raw []byte) error {
	b := &nearBytes{counted{rest: raw}}
	x.signer = string(b.text())
	if kind := b.byte(); kind != nearEd25519 {
		return unsafe("it is signed by a key that is not on ed25519")
	}
	x.public, x.nonce, x.receiver, x.recent = b.take(32), b.number(8), string(b.text()), b.take(32)
	actions := b.number(4)
	switch {
	case b.bad:
		return unread("it is cut off")
	case actions != 1:
		return unsafe("it has %d actions, and one is signed at a time", actions)
	}
	switch action := b.byte(); {
	case action == nearTransfer:
	case action == nearCall:
		x.call = true
		x.method, x.args, x.gas = string(b.text()), b.text(), b.number(8)
	case b.bad:
		return unread("it is cut off")
	case action < len(nearRefused):
		return unsafe("its action is %s", nearRefused[action])
	default:
		return unsafe("its action is number %d, which is not known", action)
	}
	x.deposit = b.amount()
	switch {
	case b.bad:
		return unread("it is cut off")
	case len(b.rest) == 1+signature.Size && b.rest[0] == nearEd25519:
		return unread("it is signed already")
	case len(b.rest) > 0:
		return unsafe("%d bytes follow the transaction", len(b.rest))
	}
	return nil
}

// append writes the transaction. There is one way of doing so.
func (x *nearTx) append(b []byte) []byte {
	text := func(s string) { b = append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...) }
	text(x.signer)
	b = append(append(b, nearEd25519), x.public...)
	b = binary.LittleEndian.AppendUint64(b, x.nonce)
	text(x.receiver)
	b = binary.LittleEndian.AppendUint32(append(b, x.recent...), 1)
	if x.call {
		b = append(b, nearCall)
		text(x.method)
		text(string(x.args))
		b = binary.LittleEndian.AppendUint64(b, x.gas)
	} else {
		b = append(b, nearTransfer)
	}
	deposit := x.deposit.FillBytes(make([]byte, 16))
	slices.Reverse(deposit)
	return append(b, deposit...)
}

// What the network takes: gas for a transfer that makes the recipient's account, and
// what comes with a call; and yoctoNEAR for a unit of gas, at its lowest. The price
// rises while blocks are full.
const (
	nearTera       = 1_000_000_000_000
	nearGas        = 10 * nearTera
	nearPrice      = 100_000_000
	nearMargin     = 10
	nearUsual      = 4              // tenths of a NEAR: above what 300 Tgas cost
	nearLife       = 14 * time.Hour // 86,400 blocks of 0.6 s
	nearMethod     = "ft_transfer"  // NEP-141
	nearYocto      = 1              // comes with it, as proof that a full key signed
	nearAmountBits = 128            // bits of an amount
	nearNoAccount  = "%.80q is neither an account with a name (such as alice.near) nor one that a key has (64 digits in hex)"
)

// nearAccount reports whether the account may pay or be paid: it is named as the table
// of chains has it, or is a key in hex.
func nearAccount(chain *chains.Chain, account string) bool {
	e := chain.Encodings[0]
	if b, ok := e.Parse(account); ok {
		return e.Format(b) == account
	}
	return nearID(account) && chain.Underivable(account) != nil
}

func (x *nearTx) transaction(raw []byte, chain *chains.Chain) (*Transaction, error) {
	coin, _ := nearCoin(chain)
	t := &Transaction{Form: "borsh, version 0", Chain: chain, Network: chain.Name, Ext: "tx"}
	if !nearAccount(chain, x.signer) {
		return nil, unsafe("it pays from an account that is not known: "+nearNoAccount, x.signer)
	}
	effect := Effect{Kind: Pay, Asset: coin, Amount: x.deposit, To: x.receiver}
	extra := new(big.Int)
	if x.call {
		var err error
		if effect, err = x.token(); err != nil {
			return nil, err
		}
		extra = x.deposit
		t.Notes = append(t.Notes, "If the recipient is not registered with the token's contract, nothing is paid, and the fee is lost.")
	}
	if !nearAccount(chain, effect.To) {
		return nil, unsafe(nearNoAccount, effect.To)
	}
	t.Fee = x.fee(coin)
	t.Fee.Most.Add(t.Fee.Most, extra)
	// Whose key signs is whose money counts as spent. So an account of another name
	// stands for its key.
	slot := chain.Encodings[0].Format(x.public)
	if x.signer == slot {
		effect.From, t.Fee.Payers = slot, []Payer{{slot, t.Fee.Most}}
	} else {
		t.Notes = append(t.Notes, fmt.Sprintf("It pays from the account %s. That the key is one of its keys is not in the file; if it is not, nothing is paid.", x.signer))
	}
	t.Effects = []Effect{effect}
	t.Slots = []Slot{{Address: slot}}
	t.Expiry.Short = nearLife
	t.Expiry.Text = fmt.Sprintf("for 86,400 blocks after the one that it names, about half a day, and until the key signs another transaction of the account with number %d or above", x.nonce)
	t.Claims = []string{fmt.Sprintf("%s nonce %d of %s by %s", t.Network, x.nonce, x.signer, slot)}
	t.body = &nearBody{raw, x.public}
	return t, nil
}

func (x *nearTx) fee(coin Asset) Fee {
	units := new(big.Int).Add(new(big.Int).SetUint64(x.gas), big.NewInt(nearGas))
	f := Fee{Asset: coin, Most: new(big.Int).Mul(units, big.NewInt(nearPrice*nearMargin))}
	f.Rate = fmt.Sprintf("%s Tgas at %d times the lowest price; no transaction limits the price", trimZeros(Asset{Decimals: 12, Known: true}.Text(units)), nearMargin)
	usual := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(coin.Decimals)-1), nil)
	if usual.Mul(usual, big.NewInt(nearUsual)); f.Most.Cmp(usual) > 0 {
		f.High = fmt.Sprintf("it may cost %s, and a transfer hardly ever costs %s", coin.Text(f.Most), coin.Text(usual))
	}
	return f
}

// token reads a call of NEP-141's ft_transfer.
func (x *nearTx) token() (Effect, error) {
	e := Effect{Kind: Token, Asset: Asset{Contract: x.receiver}}
	switch {
	case x.method == "ft_transfer_call":
		return e, unsafe("it calls ft_transfer_call: the recipient's program decides what becomes of the tokens")
	case x.method != nearMethod:
		return e, unsafe("it calls %.80q of a contract, and what that does is not known", x.method)
	case !nearID(x.receiver):
		return e, unsafe("%.80q is no account of a contract", x.receiver)
	case x.deposit.Cmp(big.NewInt(nearYocto)) != 0:
		return e, unsafe("with %s comes exactly 1 yoctoNEAR, and here come %s, which would be lost", nearMethod, x.deposit)
	}
	var fields map[string]json.RawMessage
	if err := strict.Unmarshal(x.args, &fields); err != nil {
		return e, unsafe("its arguments are not JSON that can be read in one way: %w", err)
	}
	var amount string
	for name, value := range fields {
		to, known := map[string]*string{"receiver_id": &e.To, "amount": &amount, "memo": &e.Tag}[name]
		if !known {
			return e, unsafe("its argument %.80q is not known", name)
		}
		if name == "memo" && string(value) == "null" {
			continue
		}
		var ok bool
		if *to, ok = plainJSON(value); !ok {
			return e, unsafe("its argument %s is not plain text", name)
		}
	}
	var ok bool
	if e.Amount, ok = new(big.Int).SetString(amount, 10); !ok || e.Amount.Sign() <= 0 || e.Amount.String() != amount || e.Amount.BitLen() > nearAmountBits {
		return e, unsafe("%.80q is no amount of a token", amount)
	}
	if e.To == x.receiver {
		return e, unsafe("it transfers tokens to their own contract: they would be lost")
	}
	return e, nil
}

// plainJSON returns a JSON string that is written without escapes, in printable ASCII.
func plainJSON(value json.RawMessage) (string, bool) {
	text, ok := strings.CutPrefix(string(value), `"`)
	if !ok || !strings.HasSuffix(text, `"`) {
		return "", false
	}
	text = text[:len(text)-1]
	return text, !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}

// nearBody is what is signed, and by which key.
type nearBody struct{ raw, public []byte }

func (b *nearBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	if signature.Ed25519.Curve() != k.Curve || !bytes.Equal(k.Key[1:], b.public) {
		return nil, because(ErrForeign, "it names another key")
	}
	hash := sha256.Sum256(b.raw)
	return signing(signature.Ed25519, k, hash[:], nil)
}

// finish returns a SignedTransaction in base 64.
func (b *nearBody) finish(signatures []*signature.Signature) (*Signed, error) {
	raw := append(append(slices.Clone(b.raw), nearEd25519), signatures[0].Bytes[:]...)
	hash := sha256.Sum256(b.raw)
	text := base64.StdEncoding.EncodeToString(raw)
	return &Signed{ID: string(base58.Encode(nil, hash[:])), Data: []byte(text), Text: text}, nil
}
