package tx

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/signature"
)

// cardano reads transactions as cardano-cli writes them, in a text envelope, and
// transactions and their bodies in CBOR in hex. An input names an output of an earlier
// transaction and not what it holds. No lie can be told about that: the ledger refuses
// a transaction whose outputs and fee are not what its inputs hold, tokens included,
// so that nothing is paid that the transaction does not say.
var cardano = family{name: "Cardano", claims: cardanoClaims, chains: []string{"ADA", "ADA_TEST"}, coin: cardanoCoin, read: cardanoRead,
	token: cardanoToken, wants: cardanoWants, make: cardanoMake, coinOnly: true}

func cardanoCoin(chain *chains.Chain) (Asset, bool) {
	symbol := map[string]string{"ADA": "ADA", "ADA_TEST": "tADA"}[chain.ID]
	return Asset{Symbol: symbol, Decimals: 6, Known: true}, symbol != ""
}

// What the network allows, in bytes, and takes, in lovelace: a price of every
// transaction, and one of each of its bytes. It may vote to change them; a transaction
// as large as can be costs 0.88 ADA.
const (
	cardanoMaxSize  = 16384
	cardanoMaxFile  = 1 << 18
	cardanoBase     = 155_381
	cardanoByte     = 44
	cardanoUsual    = 1_000_000
	cardanoLeast    = 1_000_000 // about what an output must hold
	cardanoWitness  = 101       // the size of a key and its signature
	cardanoRoom     = 600       // for all but inputs and witnesses
	cardanoHours    = 24
	cardanoTime     = 1_591_566_291 // Unix time of slot 0, had slots had a second from the start
	cardanoKeyHash  = 28
	cardanoMainnet  = 1
	cardanoSetOfAll = 258 // the tag of sets
)

// cardanoFields are the fields of a body by their numbers (CDDL of the Conway era).
// Those that are read are the first four, and two more.
var cardanoFields = map[uint64]string{
	4: "certificates", 5: "withdrawals", 6: "a protocol update", 7: "a hash of metadata", 9: "minting", 11: "a hash of script data",
	13: "collateral", 14: "required signers", 16: "collateral that comes back", 17: "total collateral", 18: "inputs that are read",
	19: "votes", 20: "proposals", 21: "the treasury's value", 22: "a donation",
}

const (
	cardanoInputs  = 0
	cardanoOutputs = 1
	cardanoFee     = 2
	cardanoTTL     = 3
	cardanoStart   = 8
	cardanoNetwork = 15
)

// cardanoFile is a text envelope. From says whose keys sign, which neither a
// transaction nor cardano-cli says.
type cardanoFile struct {
	Type        string   `json:"type"`
	Description string   `json:"description"`
	CBOR        string   `json:"cborHex"`
	From        []string `json:"from,omitempty"`
}

var cardanoEnvelope = regexp.MustCompile(`^(Unwitnessed )?Tx ConwayEra$`).MatchString

const cardanoType = "Tx ConwayEra"

func cardanoClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > cardanoMaxFile {
		return false
	}
	if len(text) > 0 && text[0] == '{' {
		var probe struct {
			CBOR json.RawMessage `json:"cborHex"`
		}
		return json.Unmarshal(text, &probe) == nil && probe.CBOR != nil
	}
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return false
	}
	item, _, ok := cborNext(b, 0)
	return ok && (item.kind == cborMap && len(item.list) >= 6 || item.kind == cborList && len(item.list) == 4 && item.list[0].kind == cborMap)
}

func cardanoRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	file := cardanoFile{Type: cardanoType}
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		file.Type = ""
		if err := readJSON(text, &file, "type, description, cborHex and from"); err != nil {
			return nil, err
		}
		if !cardanoEnvelope(file.Type) {
			return nil, unsafe("it is of the type %.60q, and unsigned transactions are of %q", file.Type, cardanoType)
		}
	} else {
		file.CBOR = string(text)
	}
	raw, err := hex.DecodeString(file.CBOR)
	if err != nil {
		return nil, unread("its CBOR is not hex")
	}
	item, err := cborRead(raw)
	if err != nil {
		return nil, err
	}
	body, err := cardanoBody(item)
	if err != nil {
		return nil, err
	}
	r := &cardanoReview{t: &Transaction{Form: "transaction", Chain: chain, Network: chain.Name, Ext: "json", TextExt: "hex"}}
	r.coin, _ = cardanoCoin(chain)
	if err := r.read(body); err != nil {
		return nil, err
	}
	if err := r.signers(file.From); err != nil {
		return nil, err
	}
	if len(body.raw)+len(r.t.Slots)*cardanoWitness+16 > cardanoMaxSize {
		return nil, unsafe("with its signatures it is larger than the %d bytes that the network takes", cardanoMaxSize)
	}
	r.t.body = &cardanoSigned{raw: body.raw, kind: file.Type, t: r.t}
	return r.t, nil
}

// cardanoBody returns the body of a transaction that nobody has signed yet, or a body
// that is alone.
func cardanoBody(item *cborItem) (*cborItem, error) {
	if item.kind == cborMap {
		return item, nil
	}
	if item.kind != cborList || len(item.list) != 4 || item.list[0].kind != cborMap {
		return nil, unread("it is no transaction of four parts")
	}
	switch body, witnesses, valid, extra := &item.list[0], item.list[1], item.list[2], item.list[3]; {
	case witnesses.kind != cborMap || len(witnesses.list) > 0:
		return nil, unsafe("it has signatures or scripts already")
	case valid.kind != cborSimple || valid.number != cborTrue:
		return nil, unsafe("it is marked as one whose script fails")
	case extra.kind != cborSimple || extra.number != cborNull:
		return nil, unsafe("it has metadata or scripts behind it")
	default:
		return body, nil
	}
}

// cardanoReview collects what a body says.
type cardanoReview struct {
	t    *Transaction
	coin Asset
}

// cardanoMap calls f for each key of a map, with its value.
func cardanoMap(m *cborItem, f func(key, value *cborItem) error) error {
	seen := make(map[string]bool)
	for i := 0; i < len(m.list); i += 2 {
		key := &m.list[i]
		if seen[string(key.raw)] {
			return unsafe("it has a key of a map twice")
		}
		seen[string(key.raw)] = true
		if err := f(key, &m.list[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *cardanoReview) read(body *cborItem) error {
	fields := make(map[uint64]*cborItem)
	err := cardanoMap(body, func(key, value *cborItem) error {
		switch n := key.number; {
		case key.kind != cborNumber:
			return unread("a field of its body has no number")
		case cardanoFields[n] != "":
			return unsafe("it has %s", cardanoFields[n])
		case n != cardanoInputs && n != cardanoOutputs && n != cardanoFee && n != cardanoTTL && n != cardanoStart && n != cardanoNetwork:
			return unsafe("field %d of its body is not known", n)
		case n > cardanoOutputs && value.kind != cborNumber:
			return unread("field %d of its body is no number", n)
		default:
			fields[n] = value
			return nil
		}
	})
	if err != nil {
		return err
	}
	for _, n := range []uint64{cardanoInputs, cardanoOutputs, cardanoFee} {
		if fields[n] == nil {
			return unread("its body has no field %d", n)
		}
	}
	want := uint64(0)
	if r.mainnet() {
		want = cardanoMainnet
	}
	if id := fields[cardanoNetwork]; id != nil && id.number != want {
		return unsafe("it is for the network with number %d, and %s has %d", id.number, r.t.Network, want)
	}
	if err := r.inputs(fields[cardanoInputs].untagged(cardanoSetOfAll)); err != nil {
		return err
	}
	if err := r.outputs(fields[cardanoOutputs]); err != nil {
		return err
	}
	r.fee(fields[cardanoFee].number)
	r.t.Notes = append(r.t.Notes, "All that its coins hold is in these amounts and the fee: the ledger takes nothing else.")
	if start := fields[cardanoStart]; start != nil {
		r.t.Notes = append(r.t.Notes, fmt.Sprintf("It does not count before slot %d.", start.number))
	}
	return r.expiry(fields[cardanoTTL])
}

func (r *cardanoReview) mainnet() bool { return r.t.Chain.ID == "ADA" }

func (r *cardanoReview) inputs(list *cborItem) error {
	if list.kind != cborList || len(list.list) == 0 {
		return unread("its inputs are no list")
	}
	seen := make(map[string]bool)
	for _, in := range list.list {
		if in.kind != cborList || len(in.list) != 2 || in.list[0].kind != cborBytes || len(in.list[0].bytes) != 32 || in.list[1].kind != cborNumber {
			return unread("an input of it is none")
		}
		claim := fmt.Sprintf("%s coin %x#%d", r.t.Network, in.list[0].bytes, in.list[1].number)
		if seen[claim] {
			return unsafe("it spends %s twice", claim)
		}
		seen[claim] = true
		r.t.Claims = append(r.t.Claims, claim)
	}
	return nil
}

func (r *cardanoReview) outputs(list *cborItem) error {
	if list.kind != cborList || len(list.list) == 0 {
		return unread("its outputs are no list")
	}
	for i := range list.list {
		if err := r.output(&list.list[i]); err != nil {
			return fmt.Errorf("output %d: %w", i+1, err)
		}
	}
	return nil
}

// output reads an output: a list, or since Babbage a map, of an address and a value.
func (r *cardanoReview) output(out *cborItem) error {
	var address, value *cborItem
	switch {
	case out.kind == cborList && len(out.list) == 2:
		address, value = &out.list[0], &out.list[1]
	case out.kind == cborList && len(out.list) == 3:
		return unsafe("it has a datum, so a script must have a part in it")
	case out.kind != cborMap:
		return unread("it is none")
	}
	err := cardanoMap(out.asMap(), func(key, v *cborItem) error {
		switch {
		case key.kind == cborNumber && key.number == 0:
			address = v
		case key.kind == cborNumber && key.number == 1:
			value = v
		default:
			return unsafe("it has a datum or a script")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if address == nil || value == nil || address.kind != cborBytes {
		return unread("it has no address or no value")
	}
	to, ok := r.t.Chain.OutputAddress(address.bytes)
	if !ok {
		return unsafe("it pays %x, which is no address of a payment key on %s", address.bytes, r.t.Network)
	}
	pay := func(kind Kind, asset Asset, amount uint64) {
		r.t.Effects = append(r.t.Effects, Effect{Kind: kind, Asset: asset, Amount: new(big.Int).SetUint64(amount), To: to})
	}
	coin, tokens := value, &cborItem{kind: cborMap}
	if value.kind == cborList && len(value.list) == 2 {
		coin, tokens = &value.list[0], &value.list[1]
	}
	if coin.kind != cborNumber || tokens.kind != cborMap {
		return unread("its value is none")
	}
	pay(Pay, r.coin, coin.number)
	return cardanoMap(tokens, func(policy, names *cborItem) error {
		if policy.kind != cborBytes || len(policy.bytes) != cardanoKeyHash || names.kind != cborMap {
			return unread("a token in it is none")
		}
		return cardanoMap(names, func(name, amount *cborItem) error {
			if name.kind != cborBytes || len(name.bytes) > 32 || amount.kind != cborNumber {
				return unread("a token in it is none")
			}
			pay(Token, Asset{Contract: cardanoAsset(policy.bytes, name.bytes)}, amount.number)
			return nil
		})
	})
}

// cardanoAsset writes a token as cardano-cli does: its policy, a full stop and its
// name, in hex.
func cardanoAsset(policy, name []byte) string {
	if len(name) == 0 {
		return hex.EncodeToString(policy)
	}
	return hex.EncodeToString(policy) + "." + hex.EncodeToString(name)
}

var cardanoUnit = regexp.MustCompile(`^([0-9a-fA-F]{56})\.?((?:[0-9a-fA-F]{2}){0,32})$`)

// cardanoToken also reads what explorers write, without the full stop.
func cardanoToken(_ *chains.Chain, name string) (string, bool) {
	parts := cardanoUnit.FindStringSubmatch(name)
	if parts == nil {
		return "", false
	}
	return strings.TrimSuffix(strings.ToLower(parts[1]+"."+parts[2]), "."), true
}

func (r *cardanoReview) fee(fee uint64) {
	most := new(big.Int).SetUint64(fee)
	r.t.Fee = Fee{Asset: r.coin, Most: most, Rate: "a fixed sum"}
	if usual := big.NewInt(cardanoUsual); most.Cmp(usual) > 0 {
		r.t.Fee.High = fmt.Sprintf("it pays %s, and a transfer never needs %s", r.coin.Text(most), r.coin.Text(usual))
	}
}

// expiry turns a slot into a time. The test networks began at different times, and
// nothing says which of them is meant.
func (r *cardanoReview) expiry(slot *cborItem) error {
	e := &r.t.Expiry
	if slot == nil {
		e.Missing, e.Text = true, "no limit in time; until one of its coins is spent"
		return nil
	}
	switch ttl := slot.number; {
	case ttl > maxUnix-cardanoTime:
		return unread("slot %d, until which it is valid, is in no time of this age", ttl)
	case r.mainnet():
		e.At = time.Unix(int64(ttl)+cardanoTime, 0).UTC()
		e.Text = fmt.Sprintf("until %s (slot %d)", e.At.Format(time.RFC3339), ttl)
	default:
		e.Text = fmt.Sprintf("until slot %d of its test network", ttl)
	}
	return nil
}

// signers makes the slots: of those whom the file names, or of whoever is alone.
func (r *cardanoReview) signers(from []string) error {
	if len(from) == 0 {
		r.t.Slots = []Slot{{}}
		return nil
	}
	seen := make(map[string]bool)
	for _, address := range from {
		script, ok := r.t.Chain.OutputScript(address)
		if !ok {
			return unsafe("%.120q in from is no address of a payment key on %s", address, r.t.Network)
		}
		key := string(script[1 : 1+cardanoKeyHash])
		if seen[key] {
			return unsafe("%s in from is of a key that is named already", address)
		}
		seen[key] = true
		written, _ := r.t.Chain.OutputAddress(script)
		r.t.Slots = append(r.t.Slots, Slot{Address: written})
	}
	r.t.Partial = len(from) > 1
	return nil
}

// cardanoSigned is the body, whose hash is signed: of its bytes as they are.
type cardanoSigned struct {
	raw  []byte
	kind string
	t    *Transaction
}

func (b *cardanoSigned) hash() []byte { return blake2b.Append(nil, 32, "", b.raw) }

func (b *cardanoSigned) bind(i int, k *chains.PublicKey) (*Signing, error) {
	script, ok := b.t.Chain.OutputScript(b.t.Slots[i].Address)
	if !ok || k.Key[0] != 0 || !bytes.Equal(script[1:1+cardanoKeyHash], blake2b.Append(nil, cardanoKeyHash, "", k.Key[1:])) {
		return nil, because(ErrForeign, "the payment key of %s is another one", b.t.Slots[i].Address)
	}
	return signing(signature.Ed25519, k, b.hash(), nil)
}

// finish returns the transaction with the signatures that there are, as a text
// envelope, which cardano-cli can add others to; and in hex if it is complete.
func (b *cardanoSigned) finish(signatures []*signature.Signature) (*Signed, error) {
	out := &Signed{ID: hex.EncodeToString(b.hash())}
	var witnesses []byte
	n := uint64(0)
	for i, s := range signatures {
		if s == nil {
			continue
		}
		public := b.t.Slots[i].Signing.Public.Bytes()[1:]
		if !ed25519.Verify(public, b.hash(), s.Bytes[:]) {
			return nil, fmt.Errorf("finishing a transaction: the signature of %s: %w", b.t.Slots[i].Address, signature.ErrInvalid)
		}
		n++
		witnesses = appendCBORBytes(appendCBORBytes(appendCBOR(witnesses, cborList, 2), public), s.Bytes[:])
		out.Parts = append(out.Parts, hex.EncodeToString(public)+"="+hex.EncodeToString(s.Bytes[:]))
	}
	text := hex.EncodeToString(cardanoTx(b.raw, n, witnesses))
	kind := strings.Replace(b.kind, "Unwitnessed", "Witnessed", 1)
	data, err := json.MarshalIndent(cardanoFile{Type: kind, Description: "Ledger Cddl Format", CBOR: text}, "", "    ")
	if err != nil {
		return nil, err
	}
	out.Data = append(data, '\n')
	if n == uint64(len(signatures)) {
		out.Text = text
	}
	return out, nil
}

// cardanoTx puts a transaction together: its body, n witnesses, true as no script
// fails, and no metadata.
func cardanoTx(body []byte, n uint64, witnesses []byte) []byte {
	b := append(appendCBOR(nil, cborList, 4), body...)
	if n == 0 {
		b = appendCBOR(b, cborMap, 0)
	} else {
		b = append(appendCBOR(b, cborMap, 1), 0)
		b = append(appendCBOR(appendCBOR(b, cborTag, cardanoSetOfAll), cborList, n), witnesses...)
	}
	return append(b, cborSimple<<5|cborTrue, cborSimple<<5|cborNull)
}

func cardanoWants(chain *chains.Chain) []Want {
	ttl := Want{Name: "ttl", What: "the slot until which it is valid", Where: "cardanoscan.io, the latest block: Absolute slot, and a second for each more"}
	if chain.ID == "ADA" {
		ttl.What += fmt.Sprintf("; that of %d hours later, if nothing is said", cardanoHours)
		ttl.Optional = true
	}
	coins := Want{Name: WantCoins, What: "the coins that are spent: txid, vout, amount and address; what they hold above the amount and the fee goes back to the payer",
		Where: "cardanoscan.io, the address: UTXOs; or cardano-cli query utxo --address ADDRESS"}
	return []Want{coins, ttl}
}

// cardanoMake makes a payment of ADA. Its fee is what the network takes for its size.
// If it does not pay all that the coins hold, the rest goes back to From. Payments of
// everything are cut into transactions that fit.
func cardanoMake(o *Order) ([]Draft, error) {
	if o.Asset.Contract != "" {
		return nil, errors.New("a transfer of a token on Cardano must pay all that its coins hold, which a wallet knows")
	}
	if o.Tag != "" {
		return nil, errors.New("a transfer on Cardano has no room for a tag or memo")
	}
	to, ok := o.Chain.OutputScript(o.To)
	if !ok {
		return nil, fmt.Errorf("%.120q is no address of a payment key on %s", o.To, o.Chain.Name)
	}
	usual := uint64(0)
	if o.Chain.ID == "ADA" {
		usual = uint64(o.Now.Add(cardanoHours*time.Hour).Unix() - cardanoTime)
	}
	ttl, err := o.number("ttl", 32, usual)
	if err != nil {
		return nil, err
	}
	var drafts []Draft
	for coins := o.Coins; len(coins) > 0; {
		p := &cardanoPayment{order: o, to: to, ttl: ttl}
		n, err := p.take(coins)
		if err != nil {
			return nil, err
		}
		if o.Amount != nil && n < len(coins) {
			return nil, fmt.Errorf("it spends %d coins, and %d fit into a transaction: pay a part of it first", len(coins), n)
		}
		draft, err := p.draft()
		if err != nil {
			return nil, err
		}
		drafts, coins = append(drafts, *draft), coins[n:]
	}
	return drafts, nil
}

// cardanoPayment is one transaction that is made.
type cardanoPayment struct {
	order  *Order
	to     []byte
	ttl    uint64
	inputs []byte
	n      uint64
	from   []string
	sum    *big.Int
}

// take takes as many coins as fit, and returns how many those are.
func (p *cardanoPayment) take(coins []Unspent) (int, error) {
	p.sum = new(big.Int)
	for i, c := range coins {
		id, err := hex.DecodeString(c.TxID)
		if err != nil || len(id) != 32 || c.Amount == nil || c.Amount.Sign() < 0 {
			return 0, fmt.Errorf("the coin %.80q is none", c.TxID)
		}
		address := c.Address
		if address == "" {
			address = p.order.From
		}
		if _, ok := p.order.Chain.OutputScript(address); !ok {
			return 0, fmt.Errorf("the coin %s is of %.120q, which is no address of a payment key on %s", c.TxID, address, p.order.Chain.Name)
		}
		signers := len(p.from)
		if !slices.Contains(p.from, address) {
			signers++
		}
		inputs := appendCBOR(appendCBORBytes(appendCBOR(p.inputs, cborList, 2), id), cborNumber, uint64(c.Vout))
		if len(inputs)+signers*cardanoWitness+cardanoRoom > cardanoMaxSize {
			return i, nil
		}
		if signers > len(p.from) {
			p.from = append(p.from, address)
		}
		p.inputs, p.n = inputs, p.n+1
		p.sum.Add(p.sum, c.Amount)
	}
	return len(coins), nil
}

// draft writes the transaction twice: the fee goes by its size, and any fee that is
// usual has the same size.
func (p *cardanoPayment) draft() (*Draft, error) {
	body, err := p.body(cardanoBase)
	if err != nil {
		return nil, err
	}
	witnesses := make([]byte, cardanoWitness*len(p.from))
	fee := int64(cardanoBase + cardanoByte*len(cardanoTx(body, uint64(len(p.from)), witnesses)))
	if most := p.order.Fee; most != nil && most.Cmp(big.NewInt(fee)) < 0 {
		return nil, fmt.Errorf("the network takes %d lovelace for it, and the fee is limited to %s", fee, most)
	}
	if body, err = p.body(fee); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(cardanoFile{Type: cardanoType, Description: "Ledger Cddl Format", CBOR: hex.EncodeToString(cardanoTx(body, 0, nil)), From: p.from}, "", "    ")
	return &Draft{Ext: "json", Data: append(data, '\n')}, err
}

func (p *cardanoPayment) body(fee int64) ([]byte, error) {
	type output struct {
		address []byte
		amount  *big.Int
	}
	rest := new(big.Int).Sub(p.sum, big.NewInt(fee))
	outputs := []output{{p.to, rest}}
	if p.order.Amount != nil {
		back, ok := p.order.Chain.OutputScript(p.order.From)
		if !ok {
			return nil, fmt.Errorf("%.120q, to which the rest goes back, is no address of a payment key on %s", p.order.From, p.order.Chain.Name)
		}
		change := new(big.Int).Sub(rest, p.order.Amount)
		outputs[0].amount = p.order.Amount
		if change.Sign() != 0 {
			outputs = append(outputs, output{back, change})
		}
	}
	b := appendCBOR(appendCBOR(nil, cborMap, 4), cborNumber, cardanoInputs)
	b = append(appendCBOR(appendCBOR(b, cborTag, cardanoSetOfAll), cborList, p.n), p.inputs...)
	b = appendCBOR(appendCBOR(b, cborNumber, cardanoOutputs), cborList, uint64(len(outputs)))
	for _, out := range outputs {
		if out.amount.Cmp(big.NewInt(cardanoLeast)) < 0 || !out.amount.IsUint64() {
			return nil, fmt.Errorf("the coins hold %s lovelace, of which %s would go to one output: it must be an ADA or more; pay all, or less", p.sum, out.amount)
		}
		b = appendCBOR(appendCBORBytes(appendCBOR(b, cborList, 2), out.address), cborNumber, out.amount.Uint64())
	}
	b = appendCBOR(appendCBOR(b, cborNumber, cardanoFee), cborNumber, uint64(fee))
	return appendCBOR(appendCBOR(b, cborNumber, cardanoTTL), cborNumber, p.ttl), nil
}
