package tx

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// ton reads what a wallet contract of TON would be told to do: the cell that is
// signed, as a BOC, alone or with who pays.
var ton = family{name: "TON", claims: tonClaims, chains: []string{"TON", "TON_TEST"}, coin: tonCoin, read: tonRead, wants: tonWants, make: tonMake,
	all: "the balance less the fee"}

const tonDecimals = 9

func tonCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "TON", Decimals: tonDecimals, Known: true}, chain.ID == "TON" || chain.ID == "TON_TEST"
}

// The magic number of a BOC, in text.
const (
	tonHex    = "b5ee9c72"
	tonBase64 = "te6cc"
)

func tonText(s string) bool { return strings.HasPrefix(s, tonBase64) || strings.HasPrefix(s, tonHex) }

func tonClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		var probe map[string]json.RawMessage
		var raw string
		return strict.Unmarshal(text, &probe) == nil && json.Unmarshal(probe["raw"], &raw) == nil && tonText(raw)
	}
	return bytes.HasPrefix(data, bocMagic) || tonText(string(text))
}

// tonTx is what is signed.
type tonTx struct {
	chain      *chains.Chain
	cell       *cell
	wallets    []tonWallet // the versions that would read it so
	validUntil uint32      // Unix time in seconds
	seqno      uint32
	payments   []tonPayment
}

// tonPayment is a message that the wallet sends.
type tonPayment struct {
	cell   *cell
	mode   uint64
	bounce bool
	to     []byte   // 32 bytes, the account that gets the message
	amount *big.Int // nanoton that go with it
	tag    string
	jetton *tonJetton
}

// tonJetton is what a jetton wallet is asked to do (TEP-74, transfer).
type tonJetton struct {
	amount   *big.Int
	to       []byte // whose jetton wallet gets it
	response []byte // who gets the coins that are left, nil for nobody
}

func tonRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	b, from, err := tonBytes(data)
	if err != nil {
		return nil, err
	}
	root, err := readBOC(b)
	if err != nil {
		return nil, err
	}
	x := &tonTx{chain: chain, cell: root}
	if err := x.parse(); err != nil {
		return nil, err
	}
	t := x.transaction()
	if from != "" {
		account, ok := chain.Encodings[0].Parse(from)
		if !ok {
			return nil, unread(`"from" is no address on %s`, chain.Name)
		}
		x.payer(t, account)
	}
	return t, nil
}

// tonBytes returns the BOC, and who pays if the file says so.
func tonBytes(data []byte) (boc []byte, from string, err error) {
	if bytes.HasPrefix(data, bocMagic) {
		return data, "", nil
	}
	text := string(bytes.TrimSpace(data))
	if text[0] == '{' {
		var fields map[string]string
		if err := strict.Unmarshal(data, &fields); err != nil {
			return nil, "", unread("%w", err)
		}
		if text, from = fields["raw"], fields["from"]; len(fields) != 2 || from == "" {
			return nil, "", unsafe(`beside "raw" there must be "from" alone; the first state of a wallet is not wanted`)
		}
	}
	if strings.HasPrefix(text, tonHex) {
		boc, err = hex.DecodeString(text)
	} else {
		boc, err = base64.StdEncoding.Strict().DecodeString(text)
	}
	if err != nil {
		return nil, "", unread("its BOC is neither hex nor base 64")
	}
	return boc, from, nil
}

// What a body begins with, and what stands for what.
const (
	tonSign     = 0x7369676e // "sign", of v5
	tonRelay    = 0x73696e74 // "sint"
	tonExternal = 0b1000_100 // ext_in_msg_info without a sender, to an address
	tonHeadBits = 32 + 32 + 32
	tonSend     = 0x0ec3c86d // action_send_msg
	tonComment  = 0
	tonTransfer = 0x0f8a7ea5
	tonForever  = math.MaxUint32
)

// parse reads the body. Its first bits and its length say for which versions it is: a
// mode of 8 bits stands beside every reference, after 8 more bits in v4.
func (x *tonTx) parse() error {
	r := &cellReader{c: x.cell}
	n := len(x.cell.refs)
	word := r.uint(32)
	switch {
	case r.err != nil:
		return r.err
	case word>>25 == tonExternal:
		return unread("it is a message to the network, which is signed already")
	case word == tonRelay:
		return unsafe("it is for somebody else to relay, who would be paid for it")
	case word == tonSign:
		word = r.uint(32)
		x.of("v5r1")
	case x.cell.bits == tonHeadBits+8*n:
		x.of("v3r1", "v3r2")
	case x.cell.bits >= tonHeadBits+8:
		x.of("v4r2")
	default:
		return unread("it is no body for a wallet of version v3r1, v3r2, v4r2 or v5r1")
	}
	if want := x.wallets[0].walletID(x.chain); word != want {
		return unsafe("its wallet ID is %d, and that of a wallet %s on %s is %d: it is for another sub-wallet, another network or another contract", word, x.versions(), x.chain.Name, want)
	}
	if x.chain.ID != "TON" && !x.wallets[0].tail {
		return unsafe("a wallet %s does not sign its network: what is signed for a test counts on TON as well; if that is meant, say --chain TON", x.versions())
	}
	x.validUntil, x.seqno = uint32(r.uint(32)), uint32(r.uint(32))
	var err error
	switch x.wallets[0].name {
	case "v5r1":
		err = x.actions(r)
	case "v4r2":
		if op := r.uint(8); op != 0 {
			return x.refuse(op)
		}
		err = x.list(r)
	default:
		err = x.list(r)
	}
	switch {
	case r.err != nil:
		return r.err
	case err != nil:
		return err
	case len(x.payments) == 0:
		return unsafe("it pays nobody, and uses a sequence number up")
	case len(x.payments) > x.wallets[0].most:
		return unsafe("it sends %d messages, and its wallet sends at most %d", len(x.payments), x.wallets[0].most)
	}
	return nil
}

// of takes the versions with these names.
func (x *tonTx) of(names ...string) {
	for _, w := range tonWallets() {
		if slices.Contains(names, w.name) {
			x.wallets = append(x.wallets, w)
		}
	}
}

func (x *tonTx) versions() string {
	var names []string
	for _, w := range x.wallets {
		names = append(names, w.name)
	}
	return strings.Join(names, " or ")
}

// tonOperations are those of the wallets themselves, none of which is signed.
var tonOperations = map[string]map[uint64]string{
	"v4r2": {
		1: "it makes and installs a program that may take money later", 2: "it installs a program that may take money later",
		3: "it removes a program",
	},
	"v5r1": {
		2: "it adds an extension, which may take money later", 3: "it removes an extension",
		4: "it says whether the wallet's key counts",
	},
}

func (x *tonTx) refuse(op uint64) error {
	if why, ok := tonOperations[x.wallets[0].name][op]; ok {
		return unsafe("it is a plug-in operation (%d): %s", op, why)
	}
	return unsafe("its operation %d is not known", op)
}

// list reads the messages of v3 and v4: modes here, messages in the references.
func (x *tonTx) list(r *cellReader) error {
	for range x.cell.refs {
		mode := r.uint(8)
		if err := x.payment(mode, r.next().c); err != nil {
			return err
		}
	}
	r.done()
	return nil
}

// actions reads what v5 has: a list of actions, of which the last refers to those
// before it, and operations of the wallet itself.
func (x *tonTx) actions(r *cellReader) error {
	sends, others := r.uint(1), r.uint(1)
	if others == 1 {
		return x.refuse(r.uint(8))
	}
	if sends == 0 {
		return r.err
	}
	type send struct {
		mode uint64
		c    *cell
	}
	var list []send
	action := r.next()
	r.done()
	for r.err == nil && action.err == nil && (action.c.bits > 0 || len(action.c.refs) > 0) {
		before := action.next()
		if op := action.uint(32); action.err == nil && op != tonSend {
			return unsafe("its action 0x%08x is not a message: it could change the wallet's code or lock money", op)
		}
		list = append(list, send{action.uint(8), action.next().c})
		if action.done(); action.err != nil {
			break
		}
		action = before
	}
	if action.err != nil {
		return action.err
	}
	for _, s := range slices.Backward(list) {
		if s.mode&tonIgnore == 0 {
			return unsafe("a message has mode %d, which the contract of v5 refuses without 2", s.mode)
		}
		if err := x.payment(s.mode, s.c); err != nil {
			return err
		}
	}
	return nil
}

// Modes of messages.
const (
	tonSeparate = 1 // fees are not taken from what is paid
	tonIgnore   = 2 // what cannot be paid is left out
)

// tonModes are those that are not signed, and what they would do.
var tonModes = []struct {
	bit uint64
	why string
}{
	{128, "it sends all that the wallet holds, whatever that will be, and not the amount that it says"},
	{64, "it sends what came in with a message, and nothing did"},
	{32, "it deletes the wallet's contract"},
	{16, "it is for messages that somebody sends to the wallet"},
}

// payment reads one message: MessageRelaxed of TON's block.tlb, of the kind
// int_msg_info, as wallets make it.
func (x *tonTx) payment(mode uint64, c *cell) error {
	var named []string
	for _, m := range tonModes {
		if mode&m.bit != 0 {
			named = append(named, fmt.Sprintf("%d, by which %s", m.bit, m.why))
		}
	}
	if named != nil {
		return unsafe("a message has mode %d: %s", mode, strings.Join(named, "; "))
	}
	if mode&^(tonSeparate|tonIgnore) != 0 {
		return unsafe("a message has mode %d, which is not known", mode)
	}
	p := tonPayment{cell: c, mode: mode}
	r := &cellReader{c: c}
	if r.uint(1) != 0 {
		return unsafe("a message is no payment: it goes out of the chain")
	}
	instant := r.uint(1) == 0
	p.bounce = r.uint(1) == 1
	bounced, from := r.uint(1) == 1, r.account()
	p.to, p.amount = r.account(), r.coins()
	extra := r.uint(1) == 1
	routing, forwarding := r.coins(), r.coins()
	times := r.uint(64) | r.uint(32)
	init := r.uint(1) == 1
	switch {
	case r.err != nil:
		return r.err
	case p.to == nil:
		return unsafe("a message is for nobody")
	case instant || bounced || from != nil || routing.Sign() != 0 || forwarding.Sign() != 0 || times != 0:
		return unsafe("a message says what only the network may say, or asks for instant routing")
	case extra:
		return unsafe("a message carries other currencies, which are not read")
	case init:
		return unsafe("a message carries a first state (StateInit): it would make a contract")
	}
	if err := p.body(r.either()); err != nil {
		return err
	}
	if bytes.Equal(p.to, make([]byte, 32)) || p.jetton != nil && bytes.Equal(p.jetton.to, make([]byte, 32)) {
		return unsafe("it pays the zero address: the money would be lost")
	}
	x.payments = append(x.payments, p)
	return nil
}

// tonRefused are operations by name, which somebody may have thought to be harmless.
var tonRefused = map[uint64]string{
	0x2167da4b: "an encrypted comment", 0x595f07bc: "burning jettons", 0x5fcc3d14: "the transfer of an NFT",
	0x706c7567: "a plug-in operation", 0x64737472: "a plug-in operation", 0x178d4519: "what only jetton wallets say to each other",
}

// body reads what the recipient is told: nothing, a comment, or a jetton's transfer.
func (p *tonPayment) body(r *cellReader) error {
	if b, refs := r.left(); b == 0 && refs == 0 {
		return r.err
	}
	op := r.uint(32)
	if r.err != nil {
		return r.err
	}
	switch op {
	case tonComment:
		p.tag = r.comment()
		return r.err
	case tonTransfer:
		return p.transfer(r)
	}
	if why, ok := tonRefused[op]; ok {
		return unsafe("a message is %s (operation 0x%08x)", why, op)
	}
	return unsafe("a message asks for operation 0x%08x, and what that does is not known", op)
}

func (p *tonPayment) transfer(r *cellReader) error {
	r.uint(64) // a number that comes back with the answer
	j := &tonJetton{amount: r.coins(), to: r.account(), response: r.account()}
	custom := r.uint(1) == 1
	forward := r.coins()
	payload := r.either()
	switch {
	case r.err != nil:
		return r.err
	case j.to == nil:
		return unsafe("it transfers jettons to nobody")
	case custom:
		return unsafe("its transfer of jettons carries a custom payload, which means something to that jetton alone")
	case bytes.Equal(j.to, p.to):
		return unsafe("it transfers jettons to the wallet that they are in: they would be lost")
	case !p.bounce:
		return unsafe("its transfer of jettons does not bounce: if the jetton wallet is not there, the coins with it are lost")
	case forward.Cmp(p.amount) >= 0:
		return unsafe("its transfer of jettons passes more coins on than come with it")
	}
	p.jetton = j
	if b, refs := payload.left(); b == 0 && refs == 0 {
		return payload.err
	}
	if op := payload.uint(32); payload.err == nil && op != tonComment {
		return unsafe("its transfer of jettons tells the recipient 0x%08x, and what that does is not known", op)
	}
	p.tag = payload.comment()
	return payload.err
}

// account reads an address: 32 bytes of the basic workchain, or nil for none.
func (r *cellReader) account() []byte {
	kind := r.uint(2)
	if kind == 0 {
		return nil
	}
	if kind != 0b10 || r.uint(1) != 0 {
		r.fail(unsafe("an address in it is of a kind that is not known"))
	}
	if r.uint(8) != 0 {
		r.fail(unsafe("an address in it is on another workchain than the basic one"))
	}
	return r.bytes(32)
}

// coins reads an amount of up to 15 bytes.
func (r *cellReader) coins() *big.Int {
	b := r.bytes(int(r.uint(4)))
	if len(b) > 0 && b[0] == 0 {
		r.fail(unsafe("an amount in it is not in its shortest form"))
	}
	return new(big.Int).SetBytes(b)
}

// either reads the rest of the cell, or one reference after which nothing follows.
func (r *cellReader) either() *cellReader {
	if r.uint(1) == 0 {
		return r
	}
	next := r.next()
	r.done()
	next.err = r.err
	return next
}

// tonMaxComment is more than anybody reads.
const tonMaxComment = 1024

// comment reads the rest of the cell as text, which may go on in others.
func (r *cellReader) comment() string {
	var text []byte
	at := r
	for {
		b, refs := at.left()
		if text = append(text, at.bytes(b/8)...); b%8 != 0 || refs > 1 || len(text) > tonMaxComment {
			r.fail(unsafe("a comment in it is no text of at most %d bytes", tonMaxComment))
		}
		if refs == 0 || r.err != nil {
			return printable(text)
		}
		at = at.next()
	}
}

// What the network takes, in nanoton (the configuration of its network, parameters 21
// and 25 as of 2026): for a message, for its bits and its cells but the first, and
// for a unit of gas. It may vote to change these.
const (
	tonLump    = 400_000
	tonPerBit  = 400
	tonPerCell = 40_000
	tonPerGas  = 400
	// The gas of any of the wallets, and that of each message, rounded up.
	tonGas     = 8_000
	tonGasEach = 1_200
	// What is around the body: an address, a signature and, the first time, the code.
	tonAroundBits, tonAroundCells = 1200, 2
	tonStateBits, tonStateCells   = 6000, 24
	// More coins than this with the transfers of jettons in a transaction are unusual.
	tonUsual = 200_000_000
)

// fee is what it costs at most, with the coins that go along with jettons.
func (x *tonTx) fee(coin Asset) Fee {
	size, cells := tonAroundBits, tonAroundCells
	if x.seqno == 0 {
		size, cells = size+tonStateBits, cells+tonStateCells
	}
	n := len(x.payments)
	nano := int64(n+1)*tonLump + int64(tonGas+n*tonGasEach)*tonPerGas + int64(size)*tonPerBit + int64(cells)*tonPerCell
	// The cells of the body are paid for as they come in, and once more as they go out.
	for _, c := range append(x.cell.below(), x.sent()...) {
		nano += int64(c.bits)*tonPerBit + tonPerCell
	}
	f := Fee{Asset: coin, Most: big.NewInt(nano), Rate: "an estimate by the prices of 2026: no transaction limits it"}
	// Whoever has the contract that is called a jetton wallet has these coins.
	along := new(big.Int)
	for _, p := range x.payments {
		if p.jetton != nil {
			along.Add(along, p.amount)
			f.Rate = "an estimate by the prices of 2026, and the coins that go with jettons, of which the rest comes back"
		}
	}
	f.Most.Add(f.Most, along)
	if usual := big.NewInt(tonUsual); along.Cmp(usual) > 0 {
		f.High = fmt.Sprintf("%s go with transfers of jettons, and one hardly ever takes %s", coin.Text(along), coin.Text(usual))
	}
	return f
}

// sent returns the cells of all messages, each message's by itself.
func (x *tonTx) sent() (list []*cell) {
	for _, p := range x.payments {
		list = append(list, p.cell.below()...)
	}
	return list
}

func (x *tonTx) transaction() *Transaction {
	coin, _ := tonCoin(x.chain)
	address := x.chain.Encodings[0].Format
	t := &Transaction{
		Form: "body for a wallet " + x.versions(), Chain: x.chain, Network: x.chain.Name,
		Fee: x.fee(coin), Ext: "boc", TextExt: "b64", Slots: make([]Slot, 1),
		Claims: []string{fmt.Sprintf("%s sequence number %d", x.chain.Name, x.seqno)},
	}
	t.body = &tonBody{tx: x, t: t}
	note := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(t.Notes, text) {
			t.Notes = append(t.Notes, text)
		}
	}
	if x.validUntil == tonForever {
		t.Expiry = Expiry{Missing: true, Text: fmt.Sprintf("until the wallet is past its sequence number %d; no limit in time", x.seqno)}
	} else {
		t.Expiry.At = time.Unix(int64(x.validUntil), 0).UTC()
		t.Expiry.Text = fmt.Sprintf("until %s, if the wallet is at its sequence number %d then", t.Expiry.At.Format(time.RFC3339), x.seqno)
	}
	if x.seqno == 0 {
		note("The wallet's contract is not there yet: what is sent brings it along.")
	}
	if len(x.wallets) > 1 {
		note("The wallets %s of a key read the same: whoever holds it can send it to the other one as well, and it pays once more if there is money and the sequence number is the same.", x.versions())
	}
	for _, p := range x.payments {
		e := Effect{Kind: Pay, Asset: coin, Amount: p.amount, To: address(p.to), Tag: p.tag}
		if j := p.jetton; j != nil {
			e.Kind, e.Asset, e.Amount, e.To = Token, Asset{Contract: address(p.to)}, j.amount, address(j.to)
			note("That %s is this vault's wallet of a jetton, and of which one, is not proven: look it up. %s go with it, and what is left of them comes back.", address(p.to), coin.Text(p.amount))
			if j.response == nil {
				note("What is left of the coins that go with the jettons goes back to nobody, and is lost: the transaction has no address for it.")
			}
		} else if p.bounce {
			note("If %s has no contract yet, the money comes back, less a fee.", address(p.to))
		}
		if p.mode&tonSeparate == 0 && p.jetton == nil {
			note("A fee is taken from what %s gets.", address(p.to))
		}
		if p.mode&tonIgnore == 0 {
			note("If the wallet has too little to pay, the network tries again until it expires, and each time costs a fee.")
		} else {
			note("If the wallet has too little to pay, nothing is paid, and the sequence number is used up.")
		}
		t.Effects = append(t.Effects, e)
	}
	return t
}

// payer fills in who pays.
func (x *tonTx) payer(t *Transaction, account []byte) {
	from := x.chain.Encodings[0].Format(account)
	t.Slots[0].Address, t.Fee.Payers = from, []Payer{{from, t.Fee.Most}}
	t.Claims[0] = fmt.Sprintf("%s sequence number %d of %s", x.chain.Name, x.seqno, from)
	for i := range t.Effects {
		t.Effects[i].From = from
	}
}

// tonBody is what is signed, and, once it is known whose key signs, the wallet.
type tonBody struct {
	tx      *tonTx
	t       *Transaction
	wallet  *tonWallet
	account []byte
	init    *cell // its first state
}

// bind finds the wallet: the version whose first state has the address.
func (b *tonBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form := b.tx.chain.Encodings[0]
	account, ok := form.Parse(b.t.Slots[0].Address)
	if !ok || k.Curve != form.Curve {
		return nil, because(ErrForeign, "a key on %v signs nothing for %s", k.Curve, b.t.Slots[0].Address)
	}
	wallet, init, err := tonWalletOf(b.tx.chain, k, account)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(b.tx.wallets, func(w tonWallet) bool { return w.name == wallet.name }) {
		return nil, unsafe(`it is for a wallet %s, and the address is that of the wallet %s; if another wallet of the key is meant, say so with "from"`, b.tx.versions(), wallet.name)
	}
	for _, p := range b.tx.payments {
		if p.jetton != nil && p.jetton.response != nil && !bytes.Equal(p.jetton.response, account) {
			return nil, unsafe("the coins that are left after a transfer of jettons go to %s, and not back", form.Format(p.jetton.response))
		}
	}
	b.tx.payer(b.t, account)
	b.wallet, b.account, b.init = wallet, account, init
	return signing(signature.Ed25519, k, b.tx.cell.hash[:], nil)
}

// tonWalletOf returns the version of the wallet of a key that has an account, and its
// first state.
func tonWalletOf(chain *chains.Chain, k *chains.PublicKey, account []byte) (*tonWallet, *cell, error) {
	for _, w := range tonWallets() {
		init, err := w.state(chain, k)
		if err != nil {
			return nil, nil, fmt.Errorf("the contract of wallet %s: %w", w.name, err)
		}
		if bytes.Equal(init.hash[:], account) {
			return &w, init, nil
		}
	}
	return nil, nil, because(ErrForeign, "the key has no wallet with that address on %s", chain.Name)
}

// finish returns the external message that a node takes. By its ID explorers find it,
// whoever wrapped it (TEP-467).
func (b *tonBody) finish(signatures []*signature.Signature) (*Signed, error) {
	body := new(cellWriter)
	if s := signatures[0].Bytes[:]; b.wallet.tail {
		body.putCell(b.tx.cell).putBytes(s)
	} else {
		body.putBytes(s).putCell(b.tx.cell)
	}
	if body.bits > cellBits {
		return nil, fmt.Errorf("finishing a transaction: the signed body has %d bits", body.bits)
	}
	signed := body.cell()
	head := func() *cellWriter { // with no fee for the import
		return new(cellWriter).put(tonExternal, 7).put(0, 8).putBytes(b.account).put(0, 4)
	}
	message := head()
	if b.tx.seqno != 0 {
		message.put(0, 1)
	} else if message.put(1, 1); message.bits+2+b.init.bits+signed.bits <= cellBits {
		message.put(0, 1).putCell(b.init)
	} else {
		message.put(1, 1).putRef(b.init)
	}
	boc := message.putEither(signed).cell().boc()
	id := head().put(0b01, 2).putRef(signed).cell().hash
	return &Signed{ID: hex.EncodeToString(id[:]), Data: boc, Text: base64.StdEncoding.EncodeToString(boc)}, nil
}
