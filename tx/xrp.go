package tx

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// xrp reads payments of XRP in the binary form, in hex, and in JSON. Amounts of issued
// currencies are floating-point numbers, and their issuer decides what arrives, so
// they are not read.
var xrp = family{name: "XRP", claims: xrpClaims, chains: []string{"XRP"}, coin: xrpCoin, read: xrpRead, wants: xrpWants, make: xrpMake, coinOnly: true,
	all: "the balance less the reserve (1 XRP, and 0.2 XRP for each object that the account owns) and the fee"}

func xrpCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "XRP", Decimals: 6, Known: true}, chain.ID == "XRP"
}

// xrpField is a field of a transaction.
type xrpField struct {
	name       string
	kind, code byte
	size       int // in bytes
	must       bool
}

// The kinds of fields, by their numbers in the binary form.
const (
	xrpUint16  = 1
	xrpUint32  = 2
	xrpAmount  = 6
	xrpBlob    = 7
	xrpAccount = 8
)

// xrpFields are those that are signed, in the order of the binary form
// (https://xrpl.org/docs/references/protocol/binary-format), and the signature.
var xrpFields = []xrpField{
	{"TransactionType", xrpUint16, 2, 2, true},
	{"Flags", xrpUint32, 2, 4, false},
	{"SourceTag", xrpUint32, 3, 4, false},
	{"Sequence", xrpUint32, 4, 4, true},
	{"DestinationTag", xrpUint32, 14, 4, false},
	{"LastLedgerSequence", xrpUint32, 27, 4, false},
	{"TicketSequence", xrpUint32, 41, 4, false},
	{"Amount", xrpAmount, 1, 8, true},
	{"Fee", xrpAmount, 8, 8, true},
	{"SigningPubKey", xrpBlob, 3, 33, false},
	{"TxnSignature", xrpBlob, 4, 0, false},
	{"Account", xrpAccount, 1, 20, true},
	{"Destination", xrpAccount, 3, 20, true},
}

// head is what stands before the field. No kind of a field that is signed is above 15.
func (f *xrpField) head() []byte {
	head := []byte{f.kind<<4 | f.code}
	if f.code > 15 {
		head = []byte{f.kind << 4, f.code}
	}
	if f.kind == xrpBlob || f.kind == xrpAccount {
		head = append(head, byte(f.size))
	}
	return head
}

// xrpRefused says why fields with these names are not signed.
var xrpRefused = map[string]string{
	"NetworkID":       "it is for another network: the main one takes no number",
	"SendMax":         "it could pay in another currency than it shows",
	"DeliverMin":      "it could pay less than it shows",
	"DeliverMax":      "it could pay less than it shows; if it is the Amount under a new name, call it that",
	"Paths":           "it could pay by way of other currencies",
	"Delegate":        "somebody else would send it for the account",
	"Signers":         "it is for accounts of several keys",
	"Memos":           "the destination tag says whose the money is",
	"InvoiceID":       "nobody can read what it is for",
	"AccountTxnID":    "it is void unless the account sent a certain transaction before",
	"RegularKey":      "it could give the account to somebody else",
	"SignerEntries":   "it could give the account to somebody else",
	"SignerQuorum":    "it could give the account to somebody else",
	"RawTransactions": "it is several transactions in one",
	"Sponsor":         "somebody else has a part in it",
	"SponsorFlags":    "somebody else has a part in it",
	"CredentialIDs":   "it shows credentials, which are somebody else's statements",
	"DomainID":        "it goes through somebody's exchange",
}

// xrpCodes are the names of those fields by their kind and number.
var xrpCodes = map[[2]byte]string{
	{2, 1}: "NetworkID", {6, 9}: "SendMax", {6, 10}: "DeliverMin", {18, 1}: "Paths", {8, 12}: "Delegate", {15, 3}: "Signers", {15, 9}: "Memos",
	{5, 17}: "InvoiceID", {5, 9}: "AccountTxnID", {8, 8}: "RegularKey", {15, 4}: "SignerEntries", {2, 35}: "SignerQuorum",
	{15, 30}: "RawTransactions", {8, 27}: "Sponsor", {2, 74}: "SponsorFlags", {19, 5}: "CredentialIDs", {5, 34}: "DomainID",
}

// xrpTypes are the types of transactions by their numbers.
var xrpTypes = map[uint16]string{
	0: "Payment", 1: "EscrowCreate", 2: "EscrowFinish", 3: "AccountSet", 4: "EscrowCancel", 5: "SetRegularKey", 7: "OfferCreate", 8: "OfferCancel",
	10: "TicketCreate", 12: "SignerListSet", 13: "PaymentChannelCreate", 14: "PaymentChannelFund", 15: "PaymentChannelClaim", 16: "CheckCreate",
	17: "CheckCash", 18: "CheckCancel", 19: "DepositPreauth", 20: "TrustSet", 21: "AccountDelete", 25: "NFTokenMint", 27: "NFTokenCreateOffer",
	29: "NFTokenAcceptOffer", 30: "Clawback", 35: "AMMCreate", 36: "AMMDeposit", 37: "AMMWithdraw", 64: "DelegateSet", 71: "Batch",
}

// xrpFlags are those of a payment that change whom it pays and how much. The one that
// is let through says that there is one form of the signature.
var xrpFlags = []struct {
	bit  uint32
	name string
}{
	{0x00010000, "tfNoRippleDirect"}, {0x00020000, "tfPartialPayment: it could pay less than it shows"}, {0x00040000, "tfLimitQuality"},
	{0x40000000, "tfInnerBatchTxn"},
}

const xrpCanonical = 0x80000000 // tfFullyCanonicalSig

// xrpTx is the values of its fields by their names, as in the binary form.
type xrpTx map[string][]byte

func (x xrpTx) number(name string) uint32 {
	if x[name] == nil {
		return 0
	}
	return binary.BigEndian.Uint32(x[name])
}

// drops returns an amount of XRP in millionths.
func (x xrpTx) drops(name string) *big.Int {
	return new(big.Int).SetUint64(binary.BigEndian.Uint64(x[name]) &^ xrpPositive)
}

// The highest bits of an amount say that it is of an issued currency, that it is above
// zero, and that it is of a multi-purpose token. The rest is a number of drops.
const (
	xrpPositive  = 1 << 62
	xrpNotXRP    = 1<<7 | 1<<5             // in the first byte
	xrpMostDrops = 100_000_000_000_000_000 // all that there are
)

func xrpClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		var probe map[string]json.RawMessage
		if strict.Unmarshal(text, &probe) != nil {
			return false
		}
		_, ok := probe["TransactionType"]
		return ok
	}
	b, err := hex.DecodeString(string(text))
	return err == nil && len(b) > 3 && b[0] == xrpUint16<<4|2 && b[3]>>4 == xrpUint32
}

func xrpRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	text := bytes.TrimSpace(data)
	x, form := make(xrpTx), "binary form of a transaction"
	if len(text) > 0 && text[0] == '{' {
		form = "transaction in JSON"
		if err := x.parseJSON(text, chain); err != nil {
			return nil, err
		}
	} else {
		raw, err := hex.DecodeString(string(text))
		if err != nil {
			return nil, unread("it is not hex")
		}
		if err := x.parse(raw); err != nil {
			return nil, err
		}
	}
	if err := x.check(); err != nil {
		return nil, err
	}
	t := x.transaction(chain)
	t.Form = form
	return t, nil
}

// parse reads the binary form. Each field can be in one place only.
func (x xrpTx) parse(raw []byte) error {
	for _, f := range xrpFields {
		head := f.head()
		size := len(head)
		if f.kind == xrpBlob || f.kind == xrpAccount {
			size-- // the length may be another one, and then the field is not the one that is known
		}
		if !bytes.HasPrefix(raw, head[:size]) {
			continue
		}
		switch rest := raw[size:]; {
		case f.name == "TxnSignature":
			return unread("it is signed already")
		case f.kind == xrpAmount && len(rest) > 0 && rest[0]&xrpNotXRP != 0:
			return xrpOtherMoney(f.name)
		case !bytes.HasPrefix(raw, head) && len(rest) > 0:
			return unsafe("its field %s has a length of %d, not %d", f.name, rest[0], f.size)
		case len(raw) < len(head)+f.size:
			return unread("its field %s is cut off", f.name)
		}
		end := len(head) + f.size
		x[f.name], raw = raw[len(head):end:end], raw[end:]
		if f.name == "TransactionType" {
			if err := xrpIsPayment(binary.BigEndian.Uint16(x[f.name])); err != nil {
				return err
			}
		}
	}
	if len(raw) == 0 {
		return nil
	}
	err := xrpUnknown(raw)
	if errors.Is(err, ErrUnread) && x.check() == nil {
		return unsafe("something follows it: %.40x", raw)
	}
	return err
}

func xrpOtherMoney(name string) error {
	return unsafe("its %s is of an issued currency or token, and XRP alone is read", name)
}

func xrpIsPayment(kind uint16) error {
	name, ok := xrpTypes[kind]
	switch {
	case kind == 0:
		return nil
	case !ok:
		return unsafe("it is a transaction of type %d, which is not known", kind)
	}
	return xrpNoPayment(name)
}

func xrpNoPayment(name string) error {
	return unsafe("it is a transaction of the type %.40q, and a Payment alone is signed", name)
}

// xrpUnknown names the field with which the bytes begin.
func xrpUnknown(raw []byte) error {
	kind, code, rest := raw[0]>>4, raw[0]&15, raw[1:]
	for _, part := range []*byte{&kind, &code} {
		if *part == 0 {
			if len(rest) == 0 {
				return unread("its last field is cut off")
			}
			*part, rest = rest[0], rest[1:]
		}
	}
	if slices.ContainsFunc(xrpFields, func(f xrpField) bool { return f.kind == kind && f.code == code }) {
		return unsafe("it has a field of type %d and number %d twice or out of order", kind, code)
	}
	name, ok := xrpCodes[[2]byte{kind, code}]
	if !ok {
		return unsafe("its field of type %d and number %d is not known", kind, code)
	}
	return xrpNoField(name)
}

func xrpNoField(name string) error {
	if why, ok := xrpRefused[name]; ok {
		return unsafe("it has the field %s: %s", name, why)
	}
	return unsafe("its field %.40q is not known", name)
}

// parseJSON reads the fields by their names.
func (x xrpTx) parseJSON(text []byte, chain *chains.Chain) error {
	var fields map[string]json.RawMessage
	if err := strict.Unmarshal(text, &fields); err != nil {
		return unread("%w", err)
	}
	var kind string
	if json.Unmarshal(fields["TransactionType"], &kind) != nil {
		return unread("its TransactionType is not text")
	}
	if kind != "Payment" {
		return xrpNoPayment(kind)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		i := slices.IndexFunc(xrpFields, func(f xrpField) bool { return f.name == name })
		if i < 0 {
			return xrpNoField(name)
		}
		value, err := xrpFields[i].fromJSON(fields[name], chain)
		if err != nil {
			return err
		}
		x[name] = value
	}
	return nil
}

func (f *xrpField) fromJSON(value json.RawMessage, chain *chains.Chain) ([]byte, error) {
	var text string
	isText := json.Unmarshal(value, &text) == nil
	switch f.kind {
	case xrpUint16:
		return make([]byte, f.size), nil // a Payment
	case xrpUint32:
		n, err := strconv.ParseUint(string(value), 10, 32)
		if err != nil {
			return nil, unread("its %s is not a whole number of at most 32 bits", f.name)
		}
		return binary.BigEndian.AppendUint32(nil, uint32(n)), nil
	case xrpAmount:
		if !isText {
			return nil, xrpOtherMoney(f.name)
		}
		n, err := strconv.ParseUint(text, 10, 62)
		if err != nil {
			return nil, unread("its %s is not a number of drops in quotes", f.name)
		}
		return binary.BigEndian.AppendUint64(nil, n|xrpPositive), nil
	case xrpBlob:
		if f.name == "TxnSignature" {
			return nil, unread("it is signed already")
		}
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != f.size {
			return nil, unsafe("its %s is not a public key of %d bytes in hex: without one it is for accounts of several keys", f.name, f.size)
		}
		return b, nil
	}
	account, ok := xrpParse(chain, text)
	if !ok {
		return nil, unread("its %s is not an address that begins with r", f.name)
	}
	return account, nil
}

// xrpParse reads an address without a tag in it.
func xrpParse(chain *chains.Chain, address string) (account []byte, ok bool) {
	form := &chain.Encodings[0]
	account, ok = form.Parse(address)
	return account, ok && form.Format(account) == address
}

// check refuses what no node takes, and what is not a plain payment.
func (x xrpTx) check() error {
	for _, f := range xrpFields {
		if x[f.name] == nil && f.must {
			return unread("its %s is missing", f.name)
		}
	}
	flags := x.number("Flags")
	for _, f := range xrpFlags {
		if flags&f.bit != 0 {
			return unsafe("it has the flag %s", f.name)
		}
	}
	if rest := flags &^ xrpCanonical; rest != 0 {
		return unsafe("its flags have bits that are not known: %#x", rest)
	}
	for _, name := range []string{"Amount", "Fee"} {
		if n := binary.BigEndian.Uint64(x[name]); n&xrpPositive == 0 && n != 0 || n&^xrpPositive > xrpMostDrops {
			return unsafe("its %s is negative, or more than there is", name)
		}
	}
	hasTicket, sequence := x["TicketSequence"] != nil, x.number("Sequence")
	switch {
	case x.drops("Amount").Sign() == 0:
		return unsafe("it pays nothing")
	case x.drops("Fee").Sign() == 0:
		return unsafe("its Fee is nothing, and no node takes that")
	case bytes.Equal(x["Account"], x["Destination"]):
		return unsafe("the account pays itself")
	case bytes.Equal(x["Destination"][:19], make([]byte, 19)) && x["Destination"][19] <= 1:
		return unsafe("it pays an account that has no key: the money is lost")
	case hasTicket != (sequence == 0) || hasTicket && x.number("TicketSequence") == 0:
		return unsafe("it must have either a Sequence, or 0 there and a TicketSequence")
	}
	return nil
}

// xrpUsual is a fee, in drops, that a payment hardly ever costs: it is 10 unless the
// network is very busy.
const xrpUsual = 100_000

func (x xrpTx) transaction(chain *chains.Chain) *Transaction {
	coin, _ := xrpCoin(chain)
	from, to := chain.Encodings[0].Format(x["Account"]), chain.Encodings[0].Format(x["Destination"])
	t := &Transaction{Chain: chain, Network: chain.Name, TextExt: "hex", Slots: []Slot{{Address: from}}}
	pay := Effect{Kind: Pay, Asset: coin, Amount: x.drops("Amount"), From: from, To: to}
	if x["DestinationTag"] != nil {
		pay.Tag = strconv.FormatUint(uint64(x.number("DestinationTag")), 10)
	} else {
		t.Notes = append(t.Notes, "It has no destination tag: where one account serves many customers, such as at an exchange, the money could be lost.")
	}
	t.Effects = []Effect{pay}
	t.Fee = Fee{Asset: coin, Most: x.drops("Fee"), Payers: []Payer{{from, x.drops("Fee")}}, Rate: "all of it, also where less would do"}
	if usual := big.NewInt(xrpUsual); t.Fee.Most.Cmp(usual) > 0 {
		t.Fee.High = fmt.Sprintf("it is %s, and a payment hardly ever costs %s", coin.Text(t.Fee.Most), coin.Text(usual))
	}
	t.Expiry = Expiry{Missing: true, Text: "no limit"}
	if last := x.number("LastLedgerSequence"); x["LastLedgerSequence"] != nil && last < farHeight {
		t.Expiry = Expiry{Text: fmt.Sprintf("until the ledger %d is closed", last)}
		t.Notes = append(t.Notes, "Compare the number of its last ledger with the newest one on an explorer: about 20 are closed in a minute.")
	}
	if x["SourceTag"] != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("It says that it comes from customer %d of its account (SourceTag).", x.number("SourceTag")))
	}
	t.Notes = append(t.Notes, "An account keeps a reserve that it cannot pay out, and one that does not exist yet must get at least as much: 1 XRP, unless the network has changed it.")
	claim := fmt.Sprintf("sequence %d", x.number("Sequence"))
	if x["TicketSequence"] != nil {
		claim = fmt.Sprintf("ticket %d", x.number("TicketSequence"))
		t.Notes = append(t.Notes, "It uses a ticket, and so counts whatever else the account sends.")
	}
	t.Claims = []string{fmt.Sprintf("%s %s of %s", t.Network, claim, from)}
	t.body = &xrpBody{x: x, chain: chain}
	return t
}

// append writes the binary form.
func (x xrpTx) append(b []byte) []byte {
	for _, f := range xrpFields {
		value, ok := x[f.name]
		if !ok {
			continue
		}
		f.size = len(value)
		b = append(append(b, f.head()...), value...)
	}
	return b
}

// xrpHash is SHA-512, cut to half.
func xrpHash(b []byte) []byte {
	sum := sha512.Sum512(b)
	return sum[:32]
}

// xrpBody is the transaction and, once one was bound, the key of its account.
type xrpBody struct {
	x      xrpTx
	chain  *chains.Chain
	signed *Signing
	key    []byte
}

func (b *xrpBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	if !slices.ContainsFunc(b.chain.On(k.Curve), func(e *chains.Encoding) bool { return bytes.Equal(e.Payload.Of(nil, k), b.x["Account"]) }) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	key, scheme := bytes.Clone(k.Key[:]), signature.ECDSA
	if k.Curve == curve.Ed25519 {
		key[0], scheme = 0xed, signature.Ed25519
	}
	if named := b.x["SigningPubKey"]; named != nil && !bytes.Equal(named, key) {
		return nil, because(ErrForeign, "its SigningPubKey is not the key from which the account's address was made")
	}
	message := b.with(key, nil).append([]byte("STX\x00"))
	if scheme == signature.ECDSA {
		message = xrpHash(message)
	}
	s, err := signing(scheme, k, message, nil)
	b.signed, b.key = s, key
	return s, err
}

// with returns the transaction with a key and, if there is one, a signature.
func (b *xrpBody) with(key, signed []byte) xrpTx {
	x := maps.Clone(b.x)
	x["SigningPubKey"] = key
	if signed != nil {
		x["TxnSignature"] = signed
	}
	return x
}

func (b *xrpBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if err := signature.Verify(b.signed.Public, b.signed.Message, s); err != nil {
		return nil, fmt.Errorf("finishing a transaction: %w", err)
	}
	signed := s.Bytes[:]
	if s.Scheme == signature.ECDSA {
		signed = s.DER()
	}
	blob := b.with(b.key, signed).append(nil)
	return &Signed{
		ID:   strings.ToUpper(hex.EncodeToString(xrpHash(append([]byte("TXN\x00"), blob...)))),
		Text: strings.ToUpper(hex.EncodeToString(blob)),
	}, nil
}

// xrpOnline is where numbers stand that a node is asked for.
const xrpOnline = "https://xrpl.org/resources/dev-tools/websocket-api-tool"

func xrpWants(*chains.Chain) []Want {
	return []Want{
		{Name: "sequence", What: "the number of the account's next transaction",
			Where: "Sequence in account_data of what a node answers to account_info (" + xrpOnline + "), or \"Next sequence\" of the account at https://bithomp.com"},
		{Name: "last-ledger", What: "the number of the last ledger that may take it; without it there is no limit, and signing needs --no-expiry", Optional: true,
			Where: "the newest number at https://livenet.xrpl.org, and 1,200 more for each hour until it will be sent"},
	}
}

// xrpFee is the fee, in drops, if none is given: 10 times the usual one, so that it
// does on a busy day, too.
const xrpFee = 100

// xrpMake writes JSON without the public key, which the reader adds.
func xrpMake(o *Order) ([]Draft, error) {
	for _, address := range []string{o.From, o.To} {
		if _, ok := xrpParse(o.Chain, address); !ok {
			return nil, fmt.Errorf("%.80q is not an address of %s that begins with r; the tag of one that begins with X is given by itself", address, o.Chain.Name)
		}
	}
	sequence, err := o.number("sequence", 32, 0)
	if err != nil {
		return nil, err
	}
	last, err := o.number("last-ledger", 32, 0)
	if err != nil {
		return nil, err
	}
	fee := big.NewInt(xrpFee)
	if o.Fee != nil {
		fee = o.Fee
	}
	var tag *uint32
	if o.Tag != "" {
		n, err := strconv.ParseUint(o.Tag, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != o.Tag {
			return nil, fmt.Errorf("%.40q is not a destination tag, which is a number of at most 32 bits", o.Tag)
		}
		short := uint32(n)
		tag = &short
	}
	if o.Asset.Contract != "" {
		return nil, fmt.Errorf("%s pays XRP alone here, and no issued currencies", o.Chain.Name)
	}
	text, err := json.MarshalIndent(struct {
		TransactionType              string
		Account, Destination         string
		DestinationTag               *uint32 `json:",omitempty"`
		Amount, Fee                  string
		Sequence, LastLedgerSequence uint64 `json:",omitempty"`
	}{"Payment", o.From, o.To, tag, o.Amount.String(), fee.String(), sequence, last}, "", "  ")
	if err != nil {
		return nil, err
	}
	return []Draft{{Ext: "json", Data: append(text, '\n')}}, nil
}
