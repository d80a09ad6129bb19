package tx

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/signature"
)

// aptos reads RawTransaction in BCS, alone or after the hash that is signed with it,
// in hex, in base 64 or as bytes.
var aptos = family{name: "Aptos", claims: aptosClaims, chains: []string{"APTOS"}, coin: aptosCoin, read: aptosRead,
	token: aptosToken, wants: aptosWants, make: aptosMake, all: "the balance less the fee"}

func aptosCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "APT", Decimals: 8, Known: true}, chain.ID == "APTOS"
}

// What the network takes and allows, in octas and seconds, and what the TypeScript SDK
// lets a transfer cost if nothing is said.
const (
	aptosMainnet  = 1
	aptosGasPrice = 100
	aptosMaxGas   = 2_000_000
	aptosUsual    = 20_000_000
	aptosFee      = 2_000_000
	aptosHours    = 24
	aptosMaxFile  = 3 << 16 // the network takes 64 kB, which may be in hex
)

// aptosSalt returns the hash that tells apart what is hashed or signed.
func aptosSalt(name string) []byte {
	h := sha3.Sum256([]byte("APTOS::" + name))
	return h[:]
}

// aptosPayloads are the kinds of payload (types/src/transaction/mod.rs of aptos-core).
var aptosPayloads = []string{"a script", "a bundle of modules", "a call", "a multisig account's call", "a payload with extra settings", "an encrypted payload"}

const aptosCall = 2

// aptosCalls are the functions that are signed: how many types they take, and the sizes
// of their arguments, of which the last two are the recipient and the amount.
var aptosCalls = map[string]struct {
	types int
	sizes []int
}{
	"0x1::aptos_account::transfer":          {0, []int{32, 8}},
	"0x1::aptos_account::transfer_coins":    {1, []int{32, 8}},
	"0x1::coin::transfer":                   {1, []int{32, 8}},
	"0x1::primary_fungible_store::transfer": {1, []int{32, 32, 8}},
}

const (
	aptosOwn      = "0x1::aptos_coin::AptosCoin"
	aptosMetadata = "0x1::fungible_asset::Metadata"
)

// aptosTx is a raw transaction.
type aptosTx struct {
	sender                              []byte
	sequence, maxGas, price, expiration uint64
	function                            string
	types                               []moveType
	args                                [][]byte
	chain                               int
}

// aptosClaims goes by the hash in front, or by what can be read. Payloads that are not
// read end as all do: with a time in seconds, after 2020 and of 4 bytes, and the number
// of a chain.
func aptosClaims(data []byte) bool {
	if len(data) > aptosMaxFile {
		return false
	}
	b := spelt(data)
	if bytes.HasPrefix(b, aptosSalt("RawTransaction")) || bytes.HasPrefix(b, aptosSalt("RawTransactionWithData")) {
		return true
	}
	_, err := aptosParse(b)
	if !errors.Is(err, ErrUnsafe) {
		return err == nil
	}
	end := b[max(0, len(b)-6):]
	return b[40] == aptosCall || end[0] >= 0x60 && bytes.Equal(end[1:5], make([]byte, 4)) && end[5] < 0x80
}

func aptosRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	raw := spelt(data)
	if bytes.HasPrefix(raw, aptosSalt("RawTransactionWithData")) {
		return nil, unsafe("several accounts sign it, or another one pays the fee")
	}
	raw = bytes.TrimPrefix(raw, aptosSalt("RawTransaction"))
	x, err := aptosParse(raw)
	if err != nil {
		return nil, err
	}
	return x.transaction(raw, chain)
}

func aptosParse(raw []byte) (*aptosTx, error) {
	b := &counted{rest: raw}
	x := &aptosTx{sender: b.take(32), sequence: b.uint64()}
	switch kind := b.count(); {
	case b.bad:
		return nil, unread("it is cut off")
	case kind >= len(aptosPayloads):
		return nil, unread("its payload is of kind %d, which is not known", kind)
	case kind != aptosCall:
		return nil, unsafe("it is %s", aptosPayloads[kind])
	}
	module, err := moveName(b)
	if err != nil {
		return nil, err
	}
	function := string(b.text())
	if !moveIdentifier(function) {
		return nil, unread("the name of its function is none")
	}
	x.function = module.name + "::" + function
	b.list(func() {
		var t moveType
		if t, err = moveTag(b); err != nil {
			b.bad = true
			return
		}
		x.types = append(x.types, t)
	})
	if err != nil {
		return nil, err
	}
	b.list(func() { x.args = append(x.args, b.text()) })
	x.maxGas, x.price, x.expiration, x.chain = b.uint64(), b.uint64(), b.uint64(), b.byte()
	switch {
	case b.bad:
		return nil, unread("it is cut off, or has a number that is not in its shortest form")
	case len(b.rest) > 0:
		return nil, unsafe("bytes follow the raw transaction, which name a fee payer perhaps")
	}
	return x, nil
}

func (x *aptosTx) transaction(raw []byte, chain *chains.Chain) (*Transaction, error) {
	coin, _ := aptosCoin(chain)
	address := chain.Encodings[0].Format
	switch {
	case x.chain != aptosMainnet:
		return nil, unsafe("it is for the network with chain ID %d, and %s has %d", x.chain, chain.Name, aptosMainnet)
	case x.expiration > maxUnix:
		return nil, unread("its expiration is no moment of this age")
	case x.maxGas > aptosMaxGas:
		return nil, unsafe("its gas is limited to %d units, and the network allows %d", x.maxGas, aptosMaxGas)
	}
	effect, err := x.effect(coin, address)
	if err != nil {
		return nil, err
	}
	sender := address(x.sender)
	effect.From = sender
	most := new(big.Int).Mul(new(big.Int).SetUint64(x.maxGas), new(big.Int).SetUint64(x.price))
	t := &Transaction{
		Form: "RawTransaction", Chain: chain, Network: chain.Name, Ext: "bcs", TextExt: "hex",
		Effects: []Effect{*effect},
		Fee:     Fee{Asset: coin, Most: most, Payers: []Payer{{sender, most}}, Rate: fmt.Sprintf("%d units of gas at %d octas", x.maxGas, x.price)},
		Expiry:  Expiry{At: time.Unix(int64(x.expiration), 0).UTC()},
		Claims:  []string{fmt.Sprintf("%s sequence number %d of %s", chain.Name, x.sequence, sender)},
		Slots:   []Slot{{Address: sender}},
		body:    &aptosBody{x: x, raw: raw, chain: chain},
	}
	t.Expiry.Text = "until " + t.Expiry.At.Format(time.RFC3339) + fmt.Sprintf(", and until sequence number %d is used", x.sequence)
	if usual := big.NewInt(aptosUsual); most.Cmp(usual) > 0 {
		t.Fee.High = fmt.Sprintf("it may cost %s, and a transfer hardly ever costs %s", coin.Text(most), coin.Text(usual))
	}
	if effect.Kind == Token {
		t.Notes = []string{"A token may have rules of its own, by which less arrives or nothing."}
	}
	return t, nil
}

// maxUnix is the last moment of an expiry, in seconds: in the year 2106.
const maxUnix = 1<<32 - 1

// effect says what the call does.
func (x *aptosTx) effect(coin Asset, address func([]byte) string) (*Effect, error) {
	call, ok := aptosCalls[x.function]
	if !ok {
		return nil, unsafe("it calls %s, which is not signed", x.function)
	}
	sizes := make([]int, len(x.args))
	for i, arg := range x.args {
		sizes[i] = len(arg)
	}
	if len(x.types) != call.types || !slices.Equal(sizes, call.sizes) {
		return nil, unsafe("%s takes %d types and arguments of the sizes %v, and this one has %d and %v", x.function, call.types, call.sizes, len(x.types), sizes)
	}
	to, amount := x.args[len(x.args)-2], x.args[len(x.args)-1]
	e := &Effect{Kind: Pay, Asset: coin, Amount: new(big.Int).SetUint64(binary.LittleEndian.Uint64(amount)), To: address(to)}
	var contract []byte
	switch fungible := len(x.args) == 3; {
	case fungible && x.types[0].name != aptosMetadata:
		return nil, unsafe("%s is of the type %s, and not of %s", x.function, x.types[0].name, aptosMetadata)
	case fungible && moveShort(x.args[0]) != "0xa": // the coin itself is kept in both ways
		contract = x.args[0]
		e.Kind, e.Asset = Token, Asset{Contract: address(contract)}
	case !fungible && call.types == 1 && x.types[0].name != aptosOwn:
		contract = x.types[0].module
		e.Kind, e.Asset = Token, Asset{Contract: x.types[0].name}
	}
	if moveSpecial(to) {
		return nil, unsafe("it pays %s, an account of the chain itself: the money would be lost", moveShort(to))
	}
	if bytes.Equal(to, contract) {
		return nil, unsafe("it pays tokens to their own account, where they may be lost")
	}
	return e, nil
}

// aptosToken writes the type of a coin, or the address of a fungible asset's metadata.
func aptosToken(chain *chains.Chain, name string) (string, bool) {
	if b, ok := chain.Encodings[0].Parse(name); ok {
		return chain.Encodings[0].Format(b), true
	}
	return moveToken(chain, name)
}

// aptosBody is what is signed, and by whose key.
type aptosBody struct {
	x       *aptosTx
	raw     []byte
	chain   *chains.Chain
	form    string // of the sender's account
	key     *chains.PublicKey
	signing *Signing
}

// bind compares the key with the address. An account whose key was changed on the
// chain keeps its address, and no key makes that any more.
func (b *aptosBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	for _, e := range b.chain.On(k.Curve) {
		if !bytes.Equal(e.Payload.Of(nil, k), b.x.sender) {
			continue
		}
		scheme, message := signature.Ed25519, append(aptosSalt("RawTransaction"), b.raw...)
		if e.Name == aptosSecp256k1 {
			hash := sha3.Sum256(message)
			scheme, message = signature.ECDSA, hash[:]
		}
		s, err := signing(scheme, k, message, nil)
		b.form, b.key, b.signing = e.Name, k, s
		return s, err
	}
	return nil, because(ErrForeign, "the account of the key is another one")
}

// The forms of accounts in the table of chains. The first of aptos-core's
// authenticators is that of an ed25519 account; the others are of single keys (AIP-55).
const (
	aptosEd25519   = "ed25519"
	aptosSecp256k1 = "single-secp256k1"
)

func (b *aptosBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if err := signature.Verify(b.signing.Public, b.signing.Message, s); err != nil {
		return nil, fmt.Errorf("finishing a transaction: %w", err)
	}
	key := b.key.Key[1:]
	head, kind := []byte{4, 2}, byte(0) // a single sender, of one key
	switch b.form {
	case aptosEd25519:
		head = nil
	case aptosSecp256k1:
		key, kind = append([]byte{4}, b.key.XY[:]...), 1
	}
	out := append(append(slices.Clone(b.raw), head...), kind)
	out = appendCounted(out, key)
	if head != nil {
		out = append(out, kind)
	}
	out = appendCounted(out, s.Bytes[:])
	id := sha3.Sum256(append(append(aptosSalt("Transaction"), 0), out...)) // 0 is a user's transaction
	return &Signed{ID: "0x" + hex.EncodeToString(id[:]), Data: out, Text: hex.EncodeToString(out)}, nil
}

func aptosWants(*chains.Chain) []Want {
	return []Want{
		{Name: "sequence", What: "the account's sequence number",
			Where: "explorer.aptoslabs.com, the account, Info: Sequence Number; or sequence_number in what NODE/v1/accounts/ADDRESS answers"},
		{Name: "gas-price", What: fmt.Sprintf("octas for a unit of gas, %d if nothing is said", aptosGasPrice),
			Where: "gas_estimate in what NODE/v1/estimate_gas_price answers", Optional: true},
		{Name: "hours", What: fmt.Sprintf("for how many hours it is valid, %d if nothing is said", aptosHours), Where: "it is yours to choose", Optional: true},
	}
}

// aptosMake makes a transfer. A fee of which nothing is said is 0.02 APT at most.
func aptosMake(o *Order) ([]Draft, error) {
	from, to, amount, err := moveOrder(o)
	if err != nil {
		return nil, err
	}
	sequence, err := o.number("sequence", 64, 0)
	if err != nil {
		return nil, err
	}
	price, err := o.number("gas-price", 32, aptosGasPrice)
	if err != nil {
		return nil, err
	}
	hours, err := o.number("hours", 16, aptosHours)
	if err != nil {
		return nil, err
	}
	fee := big.NewInt(aptosFee)
	if o.Fee != nil {
		fee = o.Fee
	}
	gas := new(big.Int).Quo(fee, new(big.Int).SetUint64(max(price, 1)))
	if gas.Cmp(big.NewInt(aptosMaxGas)) > 0 {
		gas.SetInt64(aptosMaxGas)
	}
	if gas.Sign() <= 0 {
		return nil, fmt.Errorf("a fee of %s octas does not pay for gas at %d octas a unit", fee, price)
	}

	module, function, tag, args := "aptos_account", "transfer", []byte(nil), [][]byte{to, amount}
	if o.Asset.Contract != "" {
		name := o.Asset.Contract
		function = "transfer_coins"
		if metadata, ok := o.Chain.Encodings[0].Parse(name); ok {
			module, function, name = "primary_fungible_store", "transfer", aptosMetadata
			args = [][]byte{metadata, to, amount}
		}
		account, parts, ok := moveTypeOf(name)
		if !ok {
			return nil, fmt.Errorf("%.100q is no token of %s", name, o.Chain.Name)
		}
		tag = append([]byte{moveStruct}, account...)
		tag = append(appendCounted(appendCounted(tag, []byte(parts[0])), []byte(parts[1])), 0)
	}
	b := binary.LittleEndian.AppendUint64(slices.Clone(from), sequence)
	b = append(append(b, aptosCall), append(make([]byte, 31), 1)...)
	b = appendCounted(appendCounted(b, []byte(module)), []byte(function))
	if tag == nil {
		b = append(b, 0)
	} else {
		b = append(append(b, 1), tag...)
	}
	b = append(b, byte(len(args)))
	for _, arg := range args {
		b = appendCounted(b, arg)
	}
	for _, n := range []uint64{gas.Uint64(), price, uint64(o.Now.Add(time.Duration(hours) * time.Hour).Unix())} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return []Draft{{Ext: "hex", Data: []byte(hex.EncodeToString(append(b, aptosMainnet)) + "\n")}}, nil
}
