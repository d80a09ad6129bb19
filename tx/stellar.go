package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/signature"
)

// stellar reads TransactionEnvelopes of version 1, in base 64, that pay XLM or credits
// of an issuer, or make accounts. The envelope does not say of which network it is:
// that is hashed with it.
var stellar = family{name: "Stellar", claims: stellarClaims, chains: []string{"XLM", "XLM_TEST"}, coin: stellarCoin, token: stellarToken, read: stellarRead, wants: stellarWants, make: stellarMake,
	all: "the balance less the reserve (1 XLM, and 0.5 XLM for each entry that the account owns) and the fee"}

const stellarDecimals = 7

func stellarCoin(chain *chains.Chain) (Asset, bool) {
	_, ok := stellarNetworks[chain.ID]
	return Asset{Symbol: "XLM", Decimals: stellarDecimals, Known: true}, ok
}

// stellarNetworks are the passphrases of the networks.
var stellarNetworks = map[string]string{
	"XLM":      "Public Global Stellar Network ; September 2015",
	"XLM_TEST": "Test SDF Network ; September 2015",
}

// The numbers of XDR unions (github.com/stellar/stellar-xdr, Stellar-transaction.x and
// Stellar-ledger-entries.x).
const (
	stellarEnvelopeV0  = 0
	stellarEnvelope    = 2
	stellarFeeBump     = 5
	stellarEd25519     = 0
	stellarMuxed       = 0x100
	stellarNoLimits    = 0
	stellarTimeBounds  = 1
	stellarMemoNone    = 0
	stellarMemoText    = 1
	stellarMemoID      = 2
	stellarMemoHash    = 3
	stellarMemoReturn  = 4
	stellarCreate      = 0
	stellarPayment     = 1
	stellarNative      = 0
	stellarCredit4     = 1
	stellarCredit12    = 2
	stellarMaxMemo     = 28
	stellarMaxPayments = 100
)

// stellarOperations are the operations by their numbers.
var stellarOperations = []string{
	"CreateAccount", "Payment", "PathPaymentStrictReceive", "ManageSellOffer", "CreatePassiveSellOffer", "SetOptions", "ChangeTrust", "AllowTrust",
	"AccountMerge", "Inflation", "ManageData", "BumpSequence", "ManageBuyOffer", "PathPaymentStrictSend", "CreateClaimableBalance",
	"ClaimClaimableBalance", "BeginSponsoringFutureReserves", "EndSponsoringFutureReserves", "RevokeSponsorship", "Clawback",
	"ClawbackClaimableBalance", "SetTrustLineFlags", "LiquidityPoolDeposit", "LiquidityPoolWithdraw", "InvokeHostFunction",
	"ExtendFootprintTTL", "RestoreFootprint",
}

// stellarTx is a transaction. There is one encoding of each, so that what was read
// needs no comparison with what would be written.
type stellarTx struct {
	source   []byte
	fee      uint32 // stroops
	sequence int64
	from, to uint64 // Unix times, 0 for none
	memo     string // as a tag
	pays     []stellarPay
}

// stellarPay is an operation.
type stellarPay struct {
	create bool
	to     []byte
	muxed  string // as a tag
	code   string // of a credit, empty for XLM
	issuer []byte
	amount int64 // in ten millionths
}

// xdr reads XDR (RFC 4506).
type xdr struct{ counted }

func (r *xdr) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *xdr) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// opaque reads bytes after their length, and the zeros that fill them up.
func (r *xdr) opaque(most uint32) []byte {
	n := r.uint32()
	if n > most {
		r.bad = true
		return nil
	}
	b := r.take(int(n))
	if fill := r.take(int(-n & 3)); !bytes.Equal(fill, make([]byte, len(fill))) {
		r.bad = true
	}
	return b
}

// account reads an AccountID, or, where muxed is not nil, a MuxedAccount. kinds of keys
// other than ed25519 make it bad.
func (r *xdr) account(muxed *string) []byte {
	switch kind := r.uint32(); {
	case kind == stellarEd25519:
	case kind == stellarMuxed && muxed != nil:
		*muxed = stellarMuxedTag + strconv.FormatUint(r.uint64(), 10)
	default:
		r.bad = true
	}
	return r.take(32)
}

func stellarBytes(data []byte) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(data)))
	return b, err == nil
}

func stellarClaims(data []byte) bool {
	b, ok := stellarBytes(data)
	if !ok || len(b) < 4 {
		return false
	}
	switch binary.BigEndian.Uint32(b) {
	case stellarEnvelopeV0, stellarEnvelope, stellarFeeBump:
		return len(b) > 40
	}
	return false
}

func stellarRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	raw, ok := stellarBytes(data)
	if !ok {
		return nil, unread("it is not base 64")
	}
	r := &xdr{counted{rest: raw}}
	switch kind := r.uint32(); kind {
	case stellarEnvelope:
	case stellarEnvelopeV0:
		return nil, unsafe("its envelope is of version 0, which no tool has made since 2020: make it again")
	case stellarFeeBump:
		return nil, unsafe("it raises the fee of another transaction")
	default:
		return nil, unread("it is an envelope of type %d, not of a transaction", kind)
	}
	var x stellarTx
	if err := x.parse(r); err != nil && !r.bad {
		return nil, err
	}
	signatures := r.uint32()
	switch {
	case r.bad:
		return nil, unread("it is cut off, or is no XDR of a transaction")
	case signatures != 0:
		return nil, unread("it is signed already")
	case len(r.rest) > 0:
		return nil, unsafe("bytes follow the transaction")
	}
	return x.transaction(raw[4:len(raw)-4], chain), nil
}

func (x *stellarTx) parse(r *xdr) error {
	var muxed string
	x.source = r.account(&muxed)
	if muxed != "" {
		return unsafe("its source is a muxed account: give the account itself, which begins with G")
	}
	x.fee, x.sequence = r.uint32(), int64(r.uint64())
	switch limits := r.uint32(); limits {
	case stellarNoLimits:
	case stellarTimeBounds:
		x.from, x.to = r.uint64(), r.uint64()
	default:
		return unsafe("it has limits other than times: numbers of ledgers, a range of sequence numbers or other people's signatures")
	}
	if err := x.readMemo(r); err != nil {
		return err
	}
	n := r.uint32()
	if n > stellarMaxPayments {
		r.bad = true
	}
	for i := uint32(0); i < n && !r.bad; i++ {
		if err := x.operation(r); err != nil {
			return fmt.Errorf("operation %d: %w", i+1, err)
		}
	}
	if r.uint32() != 0 {
		return unsafe("it has an extension, as contracts need it")
	}
	return x.check()
}

func (x *stellarTx) readMemo(r *xdr) error {
	switch kind := r.uint32(); kind {
	case stellarMemoNone:
	case stellarMemoText:
		text := string(r.opaque(stellarMaxMemo))
		if text == "" || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
			return unsafe("its memo is empty, or not plain text")
		}
		x.memo = stellarTextTag(text)
	case stellarMemoID:
		x.memo = strconv.FormatUint(r.uint64(), 10)
	case stellarMemoHash:
		x.memo = stellarHashTag + hex.EncodeToString(r.take(32))
	case stellarMemoReturn:
		x.memo = stellarReturnTag + hex.EncodeToString(r.take(32))
	default:
		return unsafe("its memo is of type %d, which is not known", kind)
	}
	return nil
}

// What stands before tags that are neither a number nor plain text.
const (
	stellarTextPrefix = "text:"
	stellarHashTag    = "hash:"
	stellarReturnTag  = "return:"
	stellarMuxedTag   = "muxed:"
)

// stellarTextTag writes a memo of text as a tag: as it is, unless that would be the
// tag of another memo.
func stellarTextTag(text string) string {
	other := slices.ContainsFunc([]string{stellarTextPrefix, stellarHashTag, stellarReturnTag, stellarMuxedTag},
		func(prefix string) bool { return strings.HasPrefix(text, prefix) })
	if other || strings.Trim(text, "0123456789") == "" {
		return stellarTextPrefix + text
	}
	return text
}

func (x *stellarTx) operation(r *xdr) error {
	switch r.uint32() {
	case 0:
	case 1:
		var muxed string
		if source := r.account(&muxed); muxed != "" || !r.bad && !bytes.Equal(source, x.source) {
			return unsafe("it is of another account than the transaction")
		}
	default:
		r.bad = true
	}
	kind := r.uint32()
	if r.bad {
		return nil
	}
	var p stellarPay
	switch kind {
	case stellarCreate:
		p.create, p.to = true, r.account(nil)
	case stellarPayment:
		p.to = r.account(&p.muxed)
		if err := p.asset(r); err != nil {
			return err
		}
	default:
		if kind < uint32(len(stellarOperations)) {
			return unsafe("it is a %s, and payments and new accounts alone are signed", stellarOperations[kind])
		}
		return unsafe("it is of type %d, which is not known", kind)
	}
	p.amount = int64(r.uint64())
	switch {
	case r.bad:
		return nil
	case p.amount <= 0:
		return unsafe("it pays nothing, or less")
	case p.muxed != "" && x.memo != "":
		return unsafe("a memo and the number of a muxed account may name two customers")
	case bytes.Equal(p.to, make([]byte, 32)):
		return unsafe("it pays an account that has no key: the money is lost")
	}
	x.pays = append(x.pays, p)
	return nil
}

func (p *stellarPay) asset(r *xdr) error {
	size := 0
	switch kind := r.uint32(); kind {
	case stellarNative:
		return nil
	case stellarCredit4:
		size = 4
	case stellarCredit12:
		size = 12
	default:
		return unsafe("it pays an asset of type %d, which is not known", kind)
	}
	code := r.take(size)
	p.code = string(bytes.TrimRight(code, "\x00"))
	p.issuer = r.account(nil)
	if !r.bad && !stellarCode(p.code, size) {
		return unsafe("the code of its asset is none")
	}
	return nil
}

// stellarCode reports whether an asset may have that code, in so many bytes.
func stellarCode(code string, size int) bool {
	digits := strings.ContainsFunc(code, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	return !digits && (size == 4 && len(code) >= 1 && len(code) <= 4 || size == 12 && len(code) > 4 && len(code) <= 12)
}

// stellarToken writes CODE:ISSUER.
func stellarToken(chain *chains.Chain, name string) (string, bool) {
	code, issuer, _ := strings.Cut(name, ":")
	form := &chain.Encodings[0]
	account, ok := form.Parse(issuer)
	if !ok || !stellarCode(code, 4) && !stellarCode(code, 12) {
		return "", false
	}
	return code + ":" + form.Format(account), true
}

// stellarLatest is the last moment that can be written with four digits of a year.
const stellarLatest = 253_402_300_799

func (x *stellarTx) check() error {
	switch {
	case len(x.pays) == 0:
		return unsafe("it does nothing")
	case x.sequence <= 0:
		return unsafe("its sequence number is not above zero")
	case max(x.from, x.to) > stellarLatest:
		return unread("its time bounds are no moments of this age")
	case x.to != 0 && x.from > x.to:
		return unsafe("it expires before it begins to count")
	case x.fee == 0:
		return unsafe("its fee is nothing, and no network takes that")
	}
	return nil
}

// stellarUsual is the fee of an operation, in stroops, that is hardly ever paid: it is
// 100 unless the network is very busy.
const stellarUsual = 1_000_000

func (x *stellarTx) transaction(raw []byte, chain *chains.Chain) *Transaction {
	coin, _ := stellarCoin(chain)
	address := chain.Encodings[0].Format
	source := address(x.source)
	t := &Transaction{Form: "transaction envelope", Chain: chain, Network: chain.Name, TextExt: "xdr", Slots: []Slot{{Address: source}}}
	for i := range x.pays {
		x.pays[i].effect(t, x, coin, address)
	}
	fee := big.NewInt(int64(x.fee))
	t.Fee = Fee{Asset: coin, Most: fee, Payers: []Payer{{source, fee}}}
	t.Fee.Rate = fmt.Sprintf("%d stroops for each operation (%d); as a rule 100 are taken", x.fee/uint32(len(x.pays)), len(x.pays))
	if usual := big.NewInt(int64(stellarUsual * len(x.pays))); t.Fee.Most.Cmp(usual) > 0 {
		t.Fee.High = fmt.Sprintf("it may be %s, and it hardly ever is %s", coin.Text(t.Fee.Most), coin.Text(usual))
	}
	t.Expiry = Expiry{Missing: true, Text: "no limit"}
	if x.to != 0 {
		t.Expiry = Expiry{At: time.Unix(int64(x.to), 0).UTC()}
		t.Expiry.Text = "until " + t.Expiry.At.Format(time.RFC3339)
	}
	if x.from != 0 {
		t.Notes = append(t.Notes, "It does not count before "+time.Unix(int64(x.from), 0).UTC().Format(time.RFC3339)+".")
	}
	if text, ok := strings.CutPrefix(x.memo, stellarTextPrefix); ok && strings.Trim(text, "0123456789") == "" {
		t.Notes = append(t.Notes, "Its memo is a number written as text. A recipient who wants a number as such could miss it.")
	}
	t.Claims = []string{fmt.Sprintf("%s sequence %d of %s", t.Network, x.sequence, source)}
	t.body = &stellarBody{raw: raw, chain: chain, source: x.source}
	return t
}

func (p *stellarPay) effect(t *Transaction, x *stellarTx, coin Asset, address func([]byte) string) {
	e := Effect{Kind: Pay, Asset: coin, Amount: big.NewInt(p.amount), From: address(x.source), To: address(p.to), Tag: x.memo + p.muxed}
	note := ""
	switch {
	case p.create:
		note = "A new account is made with what it is paid, at least 1 XLM. It fails if there is one already."
	case p.code == "":
		note = "A payment of XLM fails if the recipient has no account yet."
	default:
		issuer := address(p.issuer)
		e.Kind = Token
		e.Asset = Asset{Contract: p.code + ":" + issuer, Decimals: stellarDecimals, Known: true}
		switch issuer {
		case e.To:
			note = "What is paid back to its issuer is gone, unless the issuer gives something for it."
		case e.From:
			note = "The account pays in a currency that it issues itself: more of it is made."
		default:
			note = "A payment of " + e.Asset.Contract + " fails unless the recipient has said that it takes that."
		}
	}
	t.Effects = append(t.Effects, e)
	notes := []string{note}
	if e.Tag == "" {
		notes = append(notes, "It has no memo: where one account serves many customers, such as at an exchange, the money could be lost.")
	}
	for _, n := range notes {
		if !slices.Contains(t.Notes, n) {
			t.Notes = append(t.Notes, n)
		}
	}
}

// stellarBody is the transaction without its envelope.
type stellarBody struct {
	raw    []byte
	chain  *chains.Chain
	source []byte
	signed *Signing
}

func (b *stellarBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form := b.chain.Encodings[0]
	if k.Curve != form.Curve || !bytes.Equal(form.Payload.Of(nil, k), b.source) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	s, err := signing(signature.Ed25519, k, b.hash(), nil)
	b.signed = s
	return s, err
}

// hash is what is signed, and the ID of the transaction.
func (b *stellarBody) hash() []byte {
	network := sha256.Sum256([]byte(stellarNetworks[b.chain.ID]))
	hash := sha256.Sum256(append(binary.BigEndian.AppendUint32(network[:], stellarEnvelope), b.raw...))
	return hash[:]
}

func (b *stellarBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if err := signature.Verify(b.signed.Public, b.signed.Message, s); err != nil {
		return nil, fmt.Errorf("finishing a transaction: %w", err)
	}
	out := append(binary.BigEndian.AppendUint32(nil, stellarEnvelope), b.raw...)
	out = append(binary.BigEndian.AppendUint32(out, 1), b.source[28:]...) // one signature, and the end of its key
	out = append(binary.BigEndian.AppendUint32(out, signature.Size), s.Bytes[:]...)
	return &Signed{ID: hex.EncodeToString(b.hash()), Text: base64.StdEncoding.EncodeToString(out)}, nil
}

// stellarHours is for how many hours a transaction is valid if nothing is said.
const stellarHours = 24

func stellarWants(*chains.Chain) []Want {
	account := "https://horizon.stellar.org/accounts/ADDRESS"
	return []Want{
		{Name: "sequence", What: "the number of the transaction, one more than the account's sequence number",
			Where: `"sequence" at ` + account + ", and one more"},
		{Name: "new-account", What: "yes if the recipient has no account yet, so that the payment makes it", Optional: true,
			Where: account + ` with the recipient's address answers "Resource Missing"`},
		{Name: "hours", What: fmt.Sprintf("for how many hours it is valid; %d if nothing is said", stellarHours), Optional: true,
			Where: "as long as the way to the signature and back takes"},
	}
}

// stellarFee is the fee, in stroops, if none is given. It is a limit: the network takes
// 100 unless it is busy.
const stellarFee = 10_000

func stellarMake(o *Order) ([]Draft, error) {
	form := &o.Chain.Encodings[0]
	var accounts [2][]byte
	for i, address := range []string{o.From, o.To} {
		account, ok := form.Parse(address)
		if !ok || form.Format(account) != address {
			return nil, fmt.Errorf("%.80q is not an address of %s that begins with G; the number of one that begins with M is given as the tag muxed:NUMBER", address, o.Chain.Name)
		}
		accounts[i] = account
	}
	sequence, err := o.number("sequence", 63, 0)
	if err != nil {
		return nil, err
	}
	hours, err := o.number("hours", 16, stellarHours)
	if err != nil {
		return nil, err
	}
	fee := big.NewInt(stellarFee)
	if o.Fee != nil {
		fee = o.Fee
	}
	switch {
	case o.Amount.Sign() <= 0 || !o.Amount.IsInt64():
		return nil, fmt.Errorf("no account of %s can pay %s", o.Chain.Name, o.Asset.Text(o.Amount))
	case fee.Sign() <= 0 || fee.BitLen() > 32:
		return nil, fmt.Errorf("a fee of %s cannot be written", fee)
	}
	asset, err := stellarAsset(o)
	if err != nil {
		return nil, err
	}
	memo, muxed, err := stellarMemo(o.Tag)
	if err != nil {
		return nil, err
	}

	number, long := binary.BigEndian.AppendUint32, binary.BigEndian.AppendUint64
	b := number(nil, stellarEnvelope)
	b = append(number(b, stellarEd25519), accounts[0]...)
	b = long(number(b, uint32(fee.Uint64())), sequence)
	b = long(long(number(b, stellarTimeBounds), 0), uint64(o.Now.Add(time.Duration(hours)*time.Hour).Unix()))
	b = append(b, memo...)
	b = number(number(b, 1), 0) // one operation, of the same account
	switch o.Numbers["new-account"] {
	case "yes":
		if o.Asset.Contract != "" || muxed != nil {
			return nil, fmt.Errorf("an account is made with XLM alone, and without a number")
		}
		b = append(number(number(b, stellarCreate), stellarEd25519), accounts[1]...)
	case "", "no":
		b = number(b, stellarPayment)
		if muxed != nil {
			b = long(number(b, stellarMuxed), *muxed)
		} else {
			b = number(b, stellarEd25519)
		}
		b = append(append(b, accounts[1]...), asset...)
	default:
		return nil, fmt.Errorf("new-account: %.40q is neither yes nor no", o.Numbers["new-account"])
	}
	b = long(b, o.Amount.Uint64())
	b = number(number(b, 0), 0) // no extension, no signature
	return []Draft{{Ext: "xdr", Data: []byte(base64.StdEncoding.EncodeToString(b) + "\n")}}, nil
}

// stellarAsset writes the asset: XLM, or CODE:ISSUER.
func stellarAsset(o *Order) ([]byte, error) {
	if o.Asset.Contract == "" {
		return binary.BigEndian.AppendUint32(nil, stellarNative), nil
	}
	code, issuer, _ := strings.Cut(o.Asset.Contract, ":")
	account, ok := o.Chain.Encodings[0].Parse(issuer)
	kind, size := stellarCredit4, 4
	if len(code) > size {
		kind, size = stellarCredit12, 12
	}
	if !ok || !stellarCode(code, size) {
		return nil, fmt.Errorf("%.80q is not CODE:ISSUER, an asset of %s", o.Asset.Contract, o.Chain.Name)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(kind))
	b = append(append(b, code...), make([]byte, size-len(code))...)
	return append(binary.BigEndian.AppendUint32(b, stellarEd25519), account...), nil
}

// stellarMemo writes a tag as a memo, or returns the number of a muxed account.
func stellarMemo(tag string) (memo []byte, muxed *uint64, err error) {
	number := binary.BigEndian.AppendUint32
	kind, value, cut := strings.Cut(tag, ":")
	switch kind += ":"; {
	case tag == "":
		return number(nil, stellarMemoNone), nil, nil
	case cut && (kind == stellarHashTag || kind == stellarReturnTag):
		hash, err := hex.DecodeString(value)
		if err != nil || len(hash) != 32 {
			return nil, nil, fmt.Errorf("the memo %.80q is not 32 bytes in hex", tag)
		}
		if kind == stellarHashTag {
			return append(number(nil, stellarMemoHash), hash...), nil, nil
		}
		return append(number(nil, stellarMemoReturn), hash...), nil, nil
	case cut && kind == stellarMuxedTag, !cut && strings.Trim(tag, "0123456789") == "":
		digits := strings.TrimPrefix(tag, stellarMuxedTag)
		n, err := strconv.ParseUint(digits, 10, 64)
		switch {
		case err != nil || strconv.FormatUint(n, 10) != digits:
			return nil, nil, fmt.Errorf("the memo %.80q is not a number of at most %d; if it is text, write %s before it", tag, uint64(math.MaxUint64), stellarTextPrefix)
		case cut:
			return number(nil, stellarMemoNone), &n, nil
		}
		return binary.BigEndian.AppendUint64(number(nil, stellarMemoID), n), nil, nil
	case cut && kind == stellarTextPrefix:
		tag = value
	}
	if len(tag) == 0 || len(tag) > stellarMaxMemo || strings.ContainsFunc(tag, func(c rune) bool { return c < ' ' || c > '~' }) {
		return nil, nil, fmt.Errorf("the memo %.80q is not plain text of at most %d letters", tag, stellarMaxMemo)
	}
	memo = append(number(number(nil, stellarMemoText), uint32(len(tag))), tag...)
	return append(memo, make([]byte, -len(tag)&3)...), nil, nil
}
