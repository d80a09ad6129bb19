package tx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// tron reads what createtransaction and triggersmartcontract answer, JSON with the
// bytes that are signed in raw_data_hex, or those bytes in hex. The bytes alone are
// believed.
var tron = family{name: "TRON", claims: tronClaims, chains: []string{"TRON", "TTRON"}, coin: tronCoin, read: tronRead, wants: tronWants, make: tronMake,
	all: "the balance less the fee"}

const tronDecimals = 6

func tronCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "TRX", Decimals: tronDecimals, Known: true}, chain.ID == "TRON" || chain.ID == "TTRON"
}

// tronRaw is protocol.Transaction.raw with one contract, as far as it is signed
// here (github.com/tronprotocol/protocol, core/Tron.proto).
type tronRaw struct {
	refBytes   []byte // 2 bytes of the number of a recent block
	refHash    []byte // 8 bytes of its hash
	expiration int64  // Unix time in milliseconds
	memo       []byte
	call       bool   // TriggerSmartContract; else TransferContract
	owner, to  []byte // 21 bytes, of which the first is 0x41; to is the contract of a call
	amount     int64  // sun
	data       []byte // of a call
	timestamp  int64
	feeLimit   int64 // sun, of a call
}

func tronClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		var probe map[string]json.RawMessage
		if strict.Unmarshal(text, &probe) != nil {
			return false
		}
		_, ok := probe["raw_data_hex"]
		return ok
	}
	b, err := hex.DecodeString(string(text))
	return err == nil && len(b) > 4 && b[0] == 0x0a && b[1] == 2 && b[4] == 0x22
}

func tronRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	raw, err := tronBytes(bytes.TrimSpace(data))
	if err != nil {
		return nil, err
	}
	x, err := tronParse(raw)
	if err != nil {
		return nil, err
	}
	if again := x.append(nil); !bytes.Equal(again, raw) {
		return nil, unsafe("it has a field that is not known, or fields that are twice, out of order or not in their shortest form")
	}
	return x.transaction(raw, chain)
}

// tronBytes returns the bytes that are signed.
func tronBytes(text []byte) ([]byte, error) {
	if len(text) > 0 && text[0] != '{' {
		raw, err := hex.DecodeString(string(text))
		if err != nil {
			return nil, unread("it is not hex")
		}
		return raw, nil
	}
	var fields map[string]json.RawMessage
	if err := strict.Unmarshal(text, &fields); err != nil {
		return nil, unread("%w", err)
	}
	for name := range fields {
		switch name {
		case "visible", "txID", "raw_data", "raw_data_hex":
		case "signature":
			return nil, unread("it is signed already")
		default:
			return nil, unsafe("its field %.40q is not known", name)
		}
	}
	var digits, id string
	if json.Unmarshal(fields["raw_data_hex"], &digits) != nil {
		return nil, unread("raw_data_hex is not text")
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return nil, unread("raw_data_hex is not hex")
	}
	if fields["txID"] != nil {
		if sum := sha256.Sum256(raw); json.Unmarshal(fields["txID"], &id) != nil || id != hex.EncodeToString(sum[:]) {
			return nil, unsafe("txID is not the hash of raw_data_hex: one of them was changed")
		}
	}
	return raw, nil
}

// The names of what is not signed, by the number of Contract.ContractType.
var tronRefused = map[uint64]string{
	0: "AccountCreate", 2: "TransferAsset: TRC-10 tokens are not read", 4: "VoteWitness", 9: "ParticipateAssetIssue",
	10: "AccountUpdate", 11: "FreezeBalance", 12: "UnfreezeBalance", 13: "WithdrawBalance", 30: "CreateSmartContract",
	46: "AccountPermissionUpdate: it could give the account to somebody else", 54: "FreezeBalanceV2", 55: "UnfreezeBalanceV2",
	56: "WithdrawExpireUnfreeze", 57: "DelegateResource", 58: "UnDelegateResource",
}

const (
	tronTransfer = 1
	tronTrigger  = 31
	tronTypeURL  = "type.googleapis.com/protocol."
)

// tronLast are the first bytes of the fields that may be the last, timestamp and
// feeLimit: what follows the others and begins so is one that was cut off.
var tronLast = []byte{14 << 3, 18<<3&0x7f | 0x80}

func tronParse(raw []byte) (*tronRaw, error) {
	x := &tronRaw{}
	err := x.fields(raw)
	rest, ok := bytes.CutPrefix(raw, x.append(nil))
	if ok && len(rest) > 0 && errors.Is(err, ErrUnread) && x.check() == nil && !slices.Contains(tronLast, rest[0]) {
		return nil, unsafe("something follows it: %.40x", rest)
	}
	return x, cmp.Or(err, x.check())
}

func (x *tronRaw) fields(raw []byte) error {
	contracts := 0
	err := protoFields(raw, func(n uint64, text []byte, number uint64) error {
		switch n {
		case 1:
			x.refBytes = text
		case 4:
			x.refHash = text
		case 8:
			x.expiration = int64(number)
		case 9:
			return unsafe("it names other people's permissions")
		case 10:
			x.memo = text
		case 11:
			contracts++
			return x.contract(text)
		case 12:
			return unsafe("it carries a script")
		case 14:
			x.timestamp = int64(number)
		case 18:
			x.feeLimit = int64(number)
		default:
			return unsafe("its field %d is not known", n)
		}
		return nil
	})
	if err == nil && contracts != 1 {
		err = unread("it has %d contracts, not one", contracts)
	}
	return err
}

// check refuses what is missing or makes no sense.
func (x *tronRaw) check() error {
	switch {
	case len(x.refBytes) != 2 || len(x.refHash) != 8:
		return unread("it does not name a recent block in 2 and 8 bytes")
	case x.expiration <= 0 || x.expiration > math.MaxInt32*1000:
		return unread("its expiration is no moment of this age")
	case x.amount < 0 || x.feeLimit < 0 || x.timestamp < 0:
		return unsafe("an amount or a time in it is negative")
	case !tronAddress(x.owner) || !tronAddress(x.to):
		return unread("an account has 21 bytes, of which the first is 41 in hex")
	}
	return nil
}

func tronAddress(b []byte) bool { return len(b) == 21 && b[0] == 0x41 }

func (x *tronRaw) contract(b []byte) error {
	var kind uint64
	var parameter []byte
	err := protoFields(b, func(n uint64, text []byte, number uint64) error {
		switch n {
		case 1:
			kind = number
		case 2:
			parameter = text
		case 5:
			return unsafe("it signs by another permission of the account, with number %d", number)
		default:
			return unsafe("field %d of its contract is not known", n)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case kind == tronTrigger:
		x.call = true
	case kind != tronTransfer:
		if why, ok := tronRefused[kind]; ok {
			return unsafe("it is a contract of the type %s", why)
		}
		return unsafe("it is a contract of type %d, which is not known", kind)
	}
	return protoFields(parameter, func(n uint64, text []byte, _ uint64) error {
		switch n {
		case 1:
			if want := tronTypeURL + x.typeName(); string(text) != want {
				return unsafe("its contract is not of the type that it says: it should be %s", want)
			}
			return nil
		case 2:
			return x.parameter(text)
		}
		return unsafe("field %d of its contract's parameter is not known", n)
	})
}

func (x *tronRaw) typeName() string {
	if x.call {
		return "TriggerSmartContract"
	}
	return "TransferContract"
}

func (x *tronRaw) parameter(b []byte) error {
	return protoFields(b, func(n uint64, text []byte, number uint64) error {
		switch {
		case n == 1:
			x.owner = text
		case n == 2:
			x.to = text
		case n == 3 && x.call:
			return unsafe("it pays TRX to a contract with a call, which may be lost")
		case n == 3:
			x.amount = int64(number)
		case n == 4 && x.call:
			x.data = text
		default:
			return unsafe("field %d of its contract's value is not known", n)
		}
		return nil
	})
}

// append writes the fields as every node does: in the order of their numbers, and
// without those that are zero.
func (x *tronRaw) append(b []byte) []byte {
	value := appendProto(appendProto(nil, 1, x.owner), 2, x.to)
	kind := int64(tronTransfer)
	if x.call {
		kind, value = tronTrigger, appendProto(value, 4, x.data)
	} else {
		value = appendProtoNumber(value, 3, x.amount)
	}
	parameter := appendProto(appendProto(nil, 1, []byte(tronTypeURL+x.typeName())), 2, value)
	contract := appendProto(appendProtoNumber(nil, 1, kind), 2, parameter)

	b = appendProto(appendProto(b, 1, x.refBytes), 4, x.refHash)
	b = appendProtoNumber(b, 8, x.expiration)
	b = appendProto(appendProto(b, 10, x.memo), 11, contract)
	return appendProtoNumber(appendProtoNumber(b, 14, x.timestamp), 18, x.feeLimit)
}

// What the network takes for the bytes of a transaction, in sun, and for how many
// more bytes than those that are signed; for making the recipient's account, and for a
// memo. No transaction limits these, and the network may vote to change them.
const (
	tronBytePrice = 1000
	tronOverhead  = 140 // the signature, and what a node adds for the result
	tronAccount   = 1_100_000
	tronMemo      = 1_000_000
	tronUsual     = 100_000_000
)

// extra is what the network takes at most beside the fee_limit, in sun, of a transaction
// of so many bytes.
func (x *tronRaw) extra(size int) int64 {
	sum := int64(size+tronOverhead) * tronBytePrice
	if !x.call {
		sum += tronAccount
	}
	if len(x.memo) > 0 {
		sum += tronMemo
	}
	return sum
}

func (x *tronRaw) transaction(raw []byte, chain *chains.Chain) (*Transaction, error) {
	coin, _ := tronCoin(chain)
	address := func(b []byte) string { return chain.Encodings[0].Format(b[1:]) }
	t := &Transaction{Form: "raw_data of a transaction", Chain: chain, Network: chain.Name, TextExt: "hex"}
	effect := Effect{Kind: Pay, Asset: coin, Amount: big.NewInt(x.amount), From: address(x.owner), To: address(x.to)}
	if x.call {
		// A contract on TRON is called as one of an EVM chain.
		call := &evmTx{to: x.to[1:], value: new(big.Int), data: x.data}
		if len(x.data) == 0 {
			return nil, unsafe("it calls a contract without saying what for")
		}
		var err error
		if effect, err = call.effect(chain, coin); err != nil {
			return nil, err
		}
		effect.From = address(x.owner)
	}
	effect.Tag = printable(x.memo)
	t.Effects = []Effect{effect}
	most := new(big.Int).Add(big.NewInt(x.extra(len(raw))), big.NewInt(x.feeLimit))
	t.Fee = Fee{Asset: coin, Most: most, Payers: []Payer{{address(x.owner), most}}}
	if x.call {
		t.Fee.Rate = fmt.Sprintf("a limit of %s for the call, and its bytes", coin.Text(big.NewInt(x.feeLimit)))
	} else {
		t.Fee.Rate = fmt.Sprintf("its bytes, and %s if the recipient has no account yet", coin.Text(big.NewInt(tronAccount)))
	}
	if len(x.memo) > 0 {
		t.Fee.Rate += fmt.Sprintf(", and %s for the memo", coin.Text(big.NewInt(tronMemo)))
	}
	if x.feeLimit > tronUsual {
		t.Fee.High = fmt.Sprintf("its fee_limit is %s, and a transfer hardly ever costs %s", coin.Text(big.NewInt(x.feeLimit)), coin.Text(big.NewInt(tronUsual)))
	}
	t.Expiry.At = time.UnixMilli(x.expiration).UTC()
	t.Expiry.Text = "until " + t.Expiry.At.Format(time.RFC3339)
	id := sha256.Sum256(raw)
	t.Claims = []string{fmt.Sprintf("%s transaction %x", t.Network, id)}
	t.Slots = []Slot{{Address: address(x.owner)}}
	t.body = &tronBody{raw, chain, x.owner[1:]}
	return t, nil
}

// tronBody is what is signed, and whose account signs.
type tronBody struct {
	raw   []byte
	chain *chains.Chain
	owner []byte // 20 bytes
}

func (b *tronBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form := b.chain.Encodings[0]
	if k.Curve != form.Curve || !bytes.Equal(form.Payload.Of(nil, k), b.owner) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	hash := sha256.Sum256(b.raw)
	return signing(signature.ECDSA, k, hash[:], nil)
}

// finish returns protocol.Transaction, which broadcasthex takes.
func (b *tronBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if s.Recovery > 1 {
		return nil, fmt.Errorf("finishing a transaction: the signature has no form on %s", b.chain.Name)
	}
	out := appendProto(appendProto(nil, 1, b.raw), 2, append(s.Bytes[:], 27+s.Recovery))
	id := sha256.Sum256(b.raw)
	return &Signed{ID: hex.EncodeToString(id[:]), Text: hex.EncodeToString(out)}, nil
}

// printable writes bytes that people may have typed: as they are, or in hex if a
// terminal would not show them, or if they could be taken for that.
func printable(b []byte) string {
	const inHex = "hex "
	other := bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
	if other || bytes.HasPrefix(b, []byte(inHex)) {
		return fmt.Sprintf(inHex+"%x", b)
	}
	return string(b)
}
