package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// sui reads TransactionData in BCS, in base 64, alone or in JSON with the objects that
// it spends.
var sui = family{name: "Sui", claims: suiClaims, chains: []string{"SUI"}, coin: suiCoin, read: suiRead,
	token: moveToken, wants: suiWants, make: suiMake, coinOnly: true, all: "what the coins of gas hold, less the fee"}

func suiCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "SUI", Decimals: 9, Known: true}, chain.ID == "SUI"
}

// What the network allows, in bytes; and in MIST what a transfer hardly ever costs,
// and what stands if nothing is said.
const (
	suiMaxSize  = 128 << 10
	suiUsual    = 100_000_000
	suiFee      = 10_000_000
	suiGasPrice = 1000
)

// suiDigest returns what Sui calls the digest of a value of a type.
func suiDigest(of string, b []byte) []byte {
	return blake2b.Append(nil, 32, "", append([]byte(of+"::"), b...))
}

// The commands of a transaction, by their numbers (sui-types/src/transaction.rs).
var suiCommands = []string{"MoveCall", "TransferObjects", "SplitCoins", "MergeCoins", "Publish", "MakeMoveVec", "Upgrade"}

// suiObject names an object: one version of it.
type suiObject struct {
	id, digest []byte
	version    uint64
}

func (o *suiObject) String() string { return fmt.Sprintf("0x%x version %d", o.id, o.version) }

// suiValue is a coin while the commands run. What is not known of it is nil.
type suiValue struct {
	name   string // for messages
	asset  *Asset
	module []byte // the account of its type
	amount *big.Int
	gone   bool
}

// suiInput is bytes or an object.
type suiInput struct {
	pure []byte
	coin *suiValue
	used bool
}

// suiReview runs the commands.
type suiReview struct {
	t       *Transaction
	coin    Asset
	address func([]byte) string
	sender  []byte
	known   map[string][]byte // objects whose bytes are there, by their digests
	inputs  []suiInput
	gas     *suiValue
	results [][]*suiValue
	budget  *big.Int
}

// suiFile is what a file holds.
type suiFile struct {
	Data    string   `json:"tx_bytes"`
	Objects []string `json:"objects"`
}

// suiClaims goes by what every file begins with: version 1 of a programmable
// transaction, with inputs.
func suiClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		var probe map[string]json.RawMessage
		return strict.Unmarshal(text, &probe) == nil && probe["tx_bytes"] != nil
	}
	if len(text) > 2*suiMaxSize {
		return false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(string(text))
	return err == nil && len(b) > 100 && b[0] == 0 && b[1] == 0 && b[2] > 0
}

func suiRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	text := bytes.TrimSpace(data)
	file := suiFile{Data: string(text)}
	if len(text) > 0 && text[0] == '{' {
		file.Data = ""
		if err := readJSON(text, &file, "tx_bytes and objects"); err != nil {
			return nil, err
		}
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(file.Data)
	if err != nil || len(raw) > suiMaxSize {
		return nil, unread("the transaction is not base 64, or larger than %d bytes", suiMaxSize)
	}
	r := &suiReview{known: make(map[string][]byte), address: chain.Encodings[0].Format}
	r.coin, _ = suiCoin(chain)
	for i, text := range file.Objects {
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, unread("object %d is not base 64", i+1)
		}
		r.known[string(suiDigest("Object", b))] = b
	}
	r.t = &Transaction{Form: "TransactionData", Chain: chain, Network: chain.Name, Ext: "json", TextExt: "b64"}
	if err := r.read(raw); err != nil {
		return nil, err
	}
	r.t.body = &suiBody{raw: raw, sender: r.sender, chain: chain}
	return r.t, nil
}

// read reads all of a transaction. Inputs and commands come before whose it is, so
// the commands run once everything was read.
func (r *suiReview) read(raw []byte) error {
	b := &counted{rest: raw}
	if version, kind := b.count(), b.count(); version != 0 || kind != 0 {
		return unread("it is no programmable transaction of version 1")
	}
	var owned []suiObject
	var fail error
	b.list(func() {
		if fail == nil {
			owned, fail = r.input(b, owned)
		}
	})
	var commands []suiCommand
	b.list(func() {
		var c suiCommand
		if fail == nil {
			c, fail = suiCommandOf(b)
		}
		commands = append(commands, c)
	})
	if fail != nil {
		return fail
	}
	r.sender = b.take(32)
	var payment []suiObject
	b.list(func() { payment = append(payment, suiObjectOf(b)) })
	payer, price, budget := b.take(32), b.uint64(), b.uint64()
	expiration := b.count()
	var epoch uint64
	if expiration == suiEpoch {
		epoch = b.uint64()
	}
	switch {
	case b.bad:
		return unread("it is cut off, or has a number that is not in its shortest form")
	case expiration > suiEpoch:
		return unsafe("its expiration is of kind %d, which is not known", expiration)
	case len(b.rest) > 0:
		return unsafe("bytes follow the transaction")
	case !bytes.Equal(payer, r.sender):
		return unsafe("%s pays for the gas, and would sign it, too", r.address(payer))
	case len(payment) == 0:
		return unsafe("no coin pays for the gas")
	}
	r.budget = new(big.Int).SetUint64(budget)
	r.fee(price)
	if err := r.pay(payment, owned); err != nil {
		return err
	}
	for i := range commands {
		if err := r.run(&commands[i]); err != nil {
			return fmt.Errorf("command %d: %w", i+1, err)
		}
	}
	if err := r.rest(); err != nil {
		return err
	}
	r.t.Expiry.Text = "until one of its objects is used; no limit in time"
	if expiration == suiEpoch {
		r.t.Expiry.Text = fmt.Sprintf("until the end of epoch %d, of about a day, or until one of its objects is used", epoch)
	}
	r.t.Slots = []Slot{{Address: r.address(r.sender)}}
	return nil
}

// suiEpoch is the kind of expiration that names an epoch; 0 is none.
const suiEpoch = 1

func suiObjectOf(b *counted) suiObject {
	o := suiObject{id: b.take(32), version: b.uint64()}
	if o.digest = b.text(); len(o.digest) != 32 {
		b.bad = true
	}
	return o
}

// input reads an input: bytes, or an object of the sender.
func (r *suiReview) input(b *counted, owned []suiObject) ([]suiObject, error) {
	switch kind := b.count(); {
	case b.bad:
	case kind == 0:
		r.inputs = append(r.inputs, suiInput{pure: b.text()})
	case kind == 1 && b.count() == 0:
		o := suiObjectOf(b)
		owned = append(owned, o)
		r.inputs = append(r.inputs, suiInput{coin: &suiValue{name: o.String()}})
	default:
		return nil, unsafe("input %d is shared with others, or is being received, or is no object", len(r.inputs)+1)
	}
	return owned, nil
}

// suiArgument says which value is meant: the coin for the gas, an input, or a part of
// what an earlier command made.
type suiArgument struct{ kind, at, part int }

const (
	suiGas = iota
	suiIn
	suiResult
	suiNested
)

// suiCommand has one argument, and a list of them before or after it.
type suiCommand struct {
	name string
	one  suiArgument
	list []suiArgument
}

func suiCommandOf(b *counted) (c suiCommand, err error) {
	number := b.count()
	switch {
	case b.bad:
		return c, unread("it is cut off")
	case number >= len(suiCommands):
		return c, unsafe("it has a command with the number %d, which is not known", number)
	}
	c.name = suiCommands[number]
	list := func() { b.list(func() { c.list = append(c.list, suiArgumentOf(b)) }) }
	switch c.name {
	case "TransferObjects":
		list()
		c.one = suiArgumentOf(b)
	case "SplitCoins", "MergeCoins":
		c.one = suiArgumentOf(b)
		list()
	default:
		return c, unsafe("it has the command %s, which is not signed", c.name)
	}
	if len(c.list) == 0 {
		return c, unsafe("it has the command %s, of nothing", c.name)
	}
	return c, nil
}

func suiArgumentOf(b *counted) suiArgument {
	two := func() int { n := b.byte(); return n | b.byte()<<8 }
	a := suiArgument{kind: b.count()}
	if a.kind > suiNested {
		b.bad = true
	}
	if a.kind >= suiIn {
		a.at = two()
	}
	if a.kind == suiNested {
		a.part = two()
	}
	return a
}

func (r *suiReview) fee(price uint64) {
	r.t.Fee = Fee{Asset: r.coin, Most: r.budget, Payers: []Payer{{r.address(r.sender), r.budget}}, Rate: fmt.Sprintf("its budget, at %d MIST a unit of gas", price)}
	if usual := big.NewInt(suiUsual); r.budget.Cmp(usual) > 0 {
		r.t.Fee.High = fmt.Sprintf("it may cost %s, and a transfer hardly ever costs %s", r.coin.Text(r.budget), r.coin.Text(usual))
	}
}

// pay looks at the objects that the transaction names. What pays for the gas becomes
// one coin.
func (r *suiReview) pay(payment, owned []suiObject) error {
	seen := make(map[string]bool)
	for _, o := range slices.Concat(payment, owned) {
		if seen[string(o.id)] {
			return unsafe("the object 0x%x is in it twice", o.id)
		}
		seen[string(o.id)] = true
		r.t.Claims = append(r.t.Claims, fmt.Sprintf("%s object %s", r.t.Network, &o))
	}
	r.gas = &suiValue{name: "the coin that pays for the gas", asset: &r.coin, amount: new(big.Int)}
	for i := range payment {
		one := &suiValue{name: payment[i].String()}
		if err := r.prove(one, &payment[i]); err != nil {
			return err
		}
		if err := r.gas.add(one); err != nil {
			return err
		}
	}
	n := 0
	for i := range r.inputs {
		if r.inputs[i].coin == nil {
			continue
		}
		if err := r.prove(r.inputs[i].coin, &owned[n]); err != nil {
			return err
		}
		n++
	}
	return nil
}

// prove fills in what the bytes of an object say, if they are there: its digest, which
// the transaction names, is their hash.
func (r *suiReview) prove(v *suiValue, o *suiObject) error {
	raw, ok := r.known[string(o.digest)]
	if !ok {
		return nil
	}
	b := &counted{rest: raw}
	v.asset = &r.coin
	var err error
	switch data, kind := b.count(), b.count(); {
	case data != 0 || kind != suiCoinSUI && kind != suiCoinOther:
		return unsafe("the object %s is no coin", o)
	case kind == suiCoinOther:
		var t moveType
		if t, err = moveTag(b); err != nil {
			return fmt.Errorf("the object %s: %w", o, err)
		}
		v.asset, v.module = &Asset{Contract: t.name}, t.module
	}
	b.byte() // whether it can be sent at all, which coins can
	version, size := b.uint64(), b.count()
	id, balance := b.take(32), b.uint64()
	owner, account := b.count(), b.take(32)
	b.text() // the transaction that made it
	b.uint64()
	switch {
	case owner == 0 && (b.bad || len(b.rest) > 0 || size != 40):
		return unread("the object %s is not as a coin is", o)
	case version != o.version || !bytes.Equal(id, o.id):
		return unsafe("the object %s is another one by its bytes", o)
	case owner != 0 || !bytes.Equal(account, r.sender):
		return unsafe("the object %s does not belong to the sender", o)
	}
	v.amount = new(big.Int).SetUint64(balance)
	return nil
}

// The kinds of objects that are coins: of SUI, and of another type.
const (
	suiCoinSUI   = 1
	suiCoinOther = 3
)

// add merges a coin into v. The chain merges coins of one type alone, so one tells the
// type of the other.
func (v *suiValue) add(other *suiValue) error {
	switch {
	case v.asset == nil:
		v.asset, v.module = other.asset, other.module
	case other.asset != nil && other.asset.Contract != v.asset.Contract:
		return unsafe("%s and %s are coins of two types", v.name, other.name)
	}
	if v.amount == nil || other.amount == nil {
		v.amount = nil
	} else {
		v.amount = new(big.Int).Add(v.amount, other.amount)
	}
	other.gone = true
	return nil
}

// pureOf returns the bytes of an argument, of which there must be so many.
func (r *suiReview) pureOf(a suiArgument, size int) ([]byte, error) {
	if a.kind != suiIn || a.at >= len(r.inputs) || len(r.inputs[a.at].pure) != size {
		return nil, unsafe("an amount or a recipient is not an input of %d bytes", size)
	}
	r.inputs[a.at].used = true
	return r.inputs[a.at].pure, nil
}

// coinOf returns the coin of an argument.
func (r *suiReview) coinOf(a suiArgument) (*suiValue, error) {
	var v *suiValue
	switch {
	case a.kind == suiGas:
		v = r.gas
	case a.kind == suiIn && a.at < len(r.inputs):
		v, r.inputs[a.at].used = r.inputs[a.at].coin, true
	case a.kind >= suiResult && a.at < len(r.results) && a.part < len(r.results[a.at]) && (a.kind == suiNested || len(r.results[a.at]) == 1):
		v = r.results[a.at][a.part]
	}
	switch {
	case v == nil:
		return nil, unsafe("an argument is no coin")
	case v.gone:
		return nil, unsafe("%s is used after it was moved", v.name)
	}
	return v, nil
}

func (r *suiReview) run(c *suiCommand) error {
	var made []*suiValue
	var err error
	switch c.name {
	case "TransferObjects":
		err = r.transferAll(c)
	case "MergeCoins":
		err = r.merge(c)
	case "SplitCoins":
		made, err = r.split(c)
	}
	r.results = append(r.results, made)
	return err
}

func (r *suiReview) transferAll(c *suiCommand) error {
	to, err := r.pureOf(c.one, 32)
	if err != nil {
		return err
	}
	if moveSpecial(to) {
		return unsafe("it pays %s, an account of the chain itself: the money would be lost", moveShort(to))
	}
	for _, a := range c.list {
		if err := r.transfer(a, to); err != nil {
			return err
		}
	}
	return nil
}

func (r *suiReview) merge(c *suiCommand) error {
	v, err := r.coinOf(c.one)
	if err != nil {
		return err
	}
	for _, a := range c.list {
		other, err := r.coinOf(a)
		if err != nil {
			return err
		}
		if other == v || other == r.gas {
			return unsafe("it merges %s into a coin, which cannot be", other.name)
		}
		if err := v.add(other); err != nil {
			return err
		}
	}
	return nil
}

func (r *suiReview) split(c *suiCommand) (made []*suiValue, err error) {
	v, err := r.coinOf(c.one)
	if err != nil {
		return nil, err
	}
	for i, a := range c.list {
		b, err := r.pureOf(a, 8)
		if err != nil {
			return nil, err
		}
		amount := new(big.Int).SetUint64(binary.LittleEndian.Uint64(b))
		if v.amount != nil {
			if v.amount = new(big.Int).Sub(v.amount, amount); v.amount.Sign() < 0 {
				return nil, unsafe("%s holds less than is split from it", v.name)
			}
		}
		name := fmt.Sprintf("part %d of what command %d splits", i+1, len(r.results)+1)
		made = append(made, &suiValue{name: name, asset: v.asset, module: v.module, amount: amount})
	}
	return made, nil
}

// transfer pays a coin to somebody. The coin for the gas goes less what the gas costs,
// which is at most the budget.
func (r *suiReview) transfer(a suiArgument, to []byte) error {
	v, err := r.coinOf(a)
	if err != nil {
		return err
	}
	amount := v.amount
	switch {
	case amount == nil || v.asset == nil:
		return unsafe("what %s holds is not in the transaction: write the object beside it, so that its hash can be compared", v.name)
	case bytes.Equal(v.module, to):
		return unsafe("it pays tokens to their own account, where they may be lost")
	case v == r.gas:
		if amount = new(big.Int).Sub(amount, r.budget); amount.Sign() <= 0 {
			return unsafe("%s does not hold its budget", v.name)
		}
		r.t.Notes = append(r.t.Notes, "What is left of the budget for gas goes to "+r.address(to)+" as well.")
	}
	v.gone = true
	e := Effect{Kind: Pay, Asset: *v.asset, Amount: amount, From: r.address(r.sender), To: r.address(to)}
	if v.asset.Contract != "" {
		e.Kind = Token
	}
	r.t.Effects = append(r.t.Effects, e)
	return nil
}

// rest refuses what would fail, or has no part.
func (r *suiReview) rest() error {
	if len(r.t.Effects) == 0 {
		return unsafe("it pays nobody")
	}
	for _, made := range r.results {
		for _, v := range made {
			if !v.gone {
				return unsafe("%s goes to nobody", v.name)
			}
		}
	}
	for i := range r.inputs {
		if !r.inputs[i].used {
			return unsafe("input %d is in it without having a part", i+1)
		}
	}
	return nil
}

// suiBody is what is signed, and by whose key.
type suiBody struct {
	raw     []byte
	sender  []byte
	chain   *chains.Chain
	key     *chains.PublicKey
	signing *Signing
}

// suiIntent says that a transaction is signed: its scope, version and application.
const suiIntent = "\x00\x00\x00"

func (b *suiBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	if !slices.ContainsFunc(b.chain.On(k.Curve), func(e *chains.Encoding) bool { return bytes.Equal(e.Payload.Of(nil, k), b.sender) }) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	scheme, message := signature.Ed25519, blake2b.Append(nil, 32, "", append([]byte(suiIntent), b.raw...))
	if k.Key[0] != 0 { // secp256k1, whose signatures are over a hash of their own
		hash := sha256.Sum256(message)
		scheme, message = signature.ECDSA, hash[:]
	}
	s, err := signing(scheme, k, message, nil)
	b.key, b.signing = k, s
	return s, err
}

// finish returns the two things that nodes take, and in one SenderSignedData, which
// has both.
func (b *suiBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if err := signature.Verify(b.signing.Public, b.signing.Message, s); err != nil {
		return nil, fmt.Errorf("finishing a transaction: %w", err)
	}
	key, flag := b.key.Key[1:], byte(0)
	if s.Scheme == signature.ECDSA {
		key, flag = b.key.Key[:], 1
	}
	one := slices.Concat([]byte{flag}, s.Bytes[:], key)
	text := base64.StdEncoding.EncodeToString
	data, err := json.Marshal(struct {
		Data       string   `json:"tx_bytes"`
		Signatures []string `json:"signatures"`
	}{text(b.raw), []string{text(one)}})
	if err != nil {
		return nil, err
	}
	all := appendCounted(append(slices.Concat([]byte{1}, []byte(suiIntent), b.raw), 1), one)
	return &Signed{ID: string(base58.Encode(nil, suiDigest("TransactionData", b.raw))), Data: append(data, '\n'), Text: text(all)}, nil
}

func suiWants(*chains.Chain) []Want {
	return []Want{
		{Name: "gas", What: "the SUI coins that pay, each as OBJECT,VERSION,DIGEST, with spaces between them",
			Where: "suiscan.xyz, the account, Portfolio, the coin: Object ID, Version, Digest; or coinObjectId, version and digest in what suix_getCoins answers"},
		{Name: "gas-price", What: fmt.Sprintf("MIST for a unit of gas, %d if nothing is said", suiGasPrice),
			Where: "what suix_getReferenceGasPrice answers", Optional: true},
	}
}

// suiMake makes a payment of SUI. A fee of which nothing is said is 0.01 SUI at most.
func suiMake(o *Order) ([]Draft, error) {
	from, to, amount, err := moveOrder(o)
	if err != nil {
		return nil, err
	}
	if o.Asset.Contract != "" {
		return nil, errors.New("a transfer of a token on Sui needs its objects, which a wallet puts together")
	}
	price, err := o.number("gas-price", 32, suiGasPrice)
	if err != nil {
		return nil, err
	}
	fee := big.NewInt(suiFee)
	if o.Fee != nil {
		fee = o.Fee
	}
	if fee.Sign() <= 0 || !fee.IsUint64() {
		return nil, fmt.Errorf("a fee of %s MIST pays for no gas", fee)
	}
	coins := strings.Fields(o.Numbers["gas"])
	b := []byte{0, 0, 2} // a programmable transaction of two inputs
	b = appendCounted(append(b, 0), amount)
	b = appendCounted(append(b, 0), to)
	b = append(b, 2,
		2, suiGas, 1, suiIn, 0, 0, // the first input is split from the coin for the gas,
		1, 1, suiNested, 0, 0, 0, 0, suiIn, 1, 0) // and goes to the second one
	b = append(b, from...)
	b = binary.AppendUvarint(b, uint64(len(coins)))
	for _, text := range coins {
		if b, err = suiAppendObject(b, text); err != nil {
			return nil, err
		}
	}
	b = append(b, from...)
	b = binary.LittleEndian.AppendUint64(b, price)
	b = append(binary.LittleEndian.AppendUint64(b, fee.Uint64()), 0)
	return []Draft{{Ext: "txt", Data: []byte(base64.StdEncoding.EncodeToString(b) + "\n")}}, nil
}

// suiAppendObject writes OBJECT,VERSION,DIGEST.
func suiAppendObject(b []byte, text string) ([]byte, error) {
	parts := strings.Split(text, ",")
	if len(parts) == 3 {
		id, err := hex.DecodeString(strings.TrimPrefix(parts[0], "0x"))
		version, ok := new(big.Int).SetString(parts[1], 10)
		digest, err58 := base58.Decode(nil, parts[2])
		if err == nil && ok && err58 == nil && len(id) == 32 && version.IsUint64() && len(digest) == 32 {
			return appendCounted(binary.LittleEndian.AppendUint64(append(b, id...), version.Uint64()), digest), nil
		}
	}
	return nil, fmt.Errorf("%.160q is not OBJECT,VERSION,DIGEST", text)
}
