package tx

import (
	"bytes"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/signature"
)

// algorand reads a transaction in MessagePack, bare or in the map that goal writes
// into a .txn file: as it is, in base 64 or in hex.
var algorand = family{name: "Algorand", claims: algorandClaims, chains: []string{"ALGO"}, coin: algorandCoin, token: algorandToken, read: algorandRead, wants: algorandWants, make: algorandMake,
	all: "the balance less its minimum (0.1 ALGO, and 0.1 ALGO for each asset that the account holds) and the fee"}

func algorandCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "ALGO", Decimals: 6, Known: true}, chain.ID == "ALGO"
}

// algorandToken knows assets by their numbers.
func algorandToken(_ *chains.Chain, name string) (string, bool) {
	n, err := strconv.ParseUint(name, 10, 64)
	return name, err == nil && n != 0 && strconv.FormatUint(n, 10) == name
}

// algorandTx is a payment or the transfer of an asset.
type algorandTx struct {
	kind        string
	sender      []byte
	receiver    []byte
	amount      uint64
	asset       uint64 // of a transfer of an asset
	fee         uint64
	first, last uint64 // rounds
	network     string // genesis ID, may be empty
	genesis     []byte // genesis hash
	note        []byte
}

const (
	algorandPay      = "pay"
	algorandTransfer = "axfer"
	algorandID       = "mainnet-v1.0"
	algorandSigned   = "TX" // stands before what is signed

	algorandMinFee   = 1000
	algorandUsual    = 100_000
	algorandLife     = 1000 // rounds
	algorandRound    = 2800 * time.Millisecond
	algorandNote     = 1024    // bytes
	algorandMaxBytes = 1 << 16 // no transfer comes near it
)

// algorandMain is the genesis hash of the main network.
var algorandMain = [32]byte{
	0xc0, 0x61, 0xc4, 0xd8, 0xfc, 0x1d, 0xbd, 0xde, 0xd2, 0xd7, 0x60, 0x4b, 0xe4, 0x56, 0x8e, 0x3f,
	0x6d, 0x04, 0x19, 0x87, 0xac, 0x37, 0xbd, 0xe4, 0xb6, 0x20, 0xb5, 0xab, 0x39, 0x24, 0x8a, 0xdf,
}

// algorandRefused are the fields and types that are not signed, and why.
var algorandRefused = map[string]string{
	"rekey":  "somebody else's key would own the account",
	"close":  "all that is left in the account would go to somebody (close-to)",
	"aclose": "all that is left of the asset would go to somebody (asset close-to)",
	"asnd":   "it takes an asset from somebody else's account (clawback)",
	"grp":    "it counts only together with other transactions, which are not in the file",
	"lx":     "it has a lease, which keeps other transactions out",

	"keyreg": "it registers keys for voting", "acfg": "it changes an asset", "afrz": "it freezes somebody's asset",
	"appl": "it calls a program", "stpf": "it is for the network's own use", "hb": "it is for voting",

	"msig": "it is for an account of several keys", "lsig": "it is for an account of a program", "sgnr": "it is for an account that another key owns",
}

// algorandForm returns the map that a file begins with, the bytes of the file, and
// what follows the map.
func algorandForm(data []byte) (fields []msgpackField, raw, rest []byte, ok bool) {
	if len(data) > algorandMaxBytes {
		return nil, nil, nil, false
	}
	for _, raw := range spellings(data) {
		b := &msgpackBytes{counted{rest: raw}}
		fields, ok := b.value(0).([]msgpackField)
		known := func(f msgpackField) bool { return f.name == "txn" || f.name == "snd" }
		if ok && !b.bad && slices.ContainsFunc(fields, known) {
			return fields, raw, b.rest, true
		}
	}
	return nil, nil, nil, false
}

func algorandClaims(data []byte) bool {
	_, _, _, ok := algorandForm(data)
	return ok
}

func algorandRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	fields, raw, rest, ok := algorandForm(data)
	switch {
	case !ok:
		return nil, unread("it is no transaction in MessagePack")
	case len(rest) > 0:
		return nil, unsafe("%d bytes follow the transaction; goal splits files with several (goal clerk split)", len(rest))
	}
	form := "transaction in MessagePack"
	if i := slices.IndexFunc(fields, func(f msgpackField) bool { return f.name == "txn" }); i >= 0 {
		for _, f := range fields {
			switch why := algorandRefused[f.name]; {
			case f.name == "txn":
			case f.name == "sig":
				return nil, unread("it is signed already")
			case why != "":
				return nil, unsafe("%s (%s)", why, f.name)
			default:
				return nil, unsafe("its field %.40q is not known", f.name)
			}
		}
		var inner bool
		if fields, inner = fields[i].value.([]msgpackField); !inner {
			return nil, unread("its txn is no map")
		}
		form, raw = "goal's unsigned transaction", bytes.TrimPrefix(raw, algorandWrapper)
	}
	x := &algorandTx{}
	if err := x.parse(fields); err != nil {
		return nil, err
	}
	if !bytes.Equal(x.append(nil), raw) {
		return nil, unsafe("it has fields that are twice, out of order, empty or not in their shortest form")
	}
	t, err := x.transaction(raw, chain)
	if err != nil {
		return nil, err
	}
	t.Form = form
	return t, nil
}

// algorandWrapper begins the map that goal writes around a transaction.
var algorandWrapper = []byte("\x81\xa3txn")

func (x *algorandTx) parse(fields []msgpackField) error {
	// The type says more of what is wrong than a field that it alone has.
	slices.SortStableFunc(fields, func(a, b msgpackField) int { return compareBool(a.name != "type", b.name != "type") })
	numbers := map[string]*uint64{"fee": &x.fee, "fv": &x.first, "lv": &x.last}
	texts := map[string]*string{"type": &x.kind, "gen": &x.network}
	binary := map[string]*[]byte{"snd": &x.sender, "gh": &x.genesis, "note": &x.note}
	for _, f := range fields {
		if why := algorandRefused[f.name]; why != "" {
			return unsafe("%s (%s)", why, f.name)
		}
		number, text, bin := numbers[f.name], texts[f.name], binary[f.name]
		if number == nil && text == nil && bin == nil {
			return unsafe("its field %.40q is not known", f.name)
		}
		var ok bool
		switch {
		case number != nil:
			*number, ok = f.value.(uint64)
		case text != nil:
			*text, ok = f.value.(string)
		default:
			*bin, ok = f.value.([]byte)
		}
		if !ok {
			return unread("its field %s is of another type", f.name)
		}
		if f.name != "type" {
			continue
		}
		switch why := algorandRefused[x.kind]; {
		case x.kind == algorandPay:
			numbers["amt"], binary["rcv"] = &x.amount, &x.receiver
		case x.kind == algorandTransfer:
			numbers["aamt"], numbers["xaid"], binary["arcv"] = &x.amount, &x.asset, &x.receiver
		case why != "":
			return unsafe("it is of the type %s: %s", x.kind, why)
		default:
			return unsafe("it is of the type %.40q, which is not known", x.kind)
		}
	}
	return x.check()
}

func (x *algorandTx) check() error {
	switch {
	case x.kind == "" || len(x.sender) != 32:
		return unread("it has no type or no sender")
	case len(x.receiver) == 0:
		return unsafe("it pays the zero address: the money would be lost")
	case len(x.receiver) != 32:
		return unread("its receiver has %d bytes, not 32", len(x.receiver))
	case x.kind == algorandTransfer && x.asset == 0:
		return unread("it names no asset")
	case !bytes.Equal(x.genesis, algorandMain[:]) || x.network != "" && x.network != algorandID:
		return unsafe("it is not for the main network: its genesis hash is %s, and its genesis ID %.40q", base64.StdEncoding.EncodeToString(x.genesis), x.network)
	case x.last < x.first || x.last-x.first > algorandLife:
		return unsafe("no node takes it: it is good from round %d to round %d, and %d rounds are the most", x.first, x.last, algorandLife)
	case x.fee < algorandMinFee:
		return unsafe("no node takes it: its fee is %d microalgos, and %d are the least", x.fee, algorandMinFee)
	case len(x.note) > algorandNote || strings.ContainsFunc(string(x.note), func(r rune) bool { return r < ' ' || r > '~' }):
		return unsafe("its note is not text in ASCII of at most %d bytes", algorandNote)
	}
	return nil
}

// append writes the transaction as every node does: in the order of the fields' names,
// and without those that are zero.
func (x *algorandTx) append(b []byte) []byte {
	head := []msgpackField{{"aamt", x.amount}, {"arcv", x.receiver}}
	middle, tail := []msgpackField(nil), []msgpackField{{"xaid", x.asset}}
	if x.kind == algorandPay {
		head, middle, tail = []msgpackField{{"amt", x.amount}}, []msgpackField{{"rcv", x.receiver}}, nil
	}
	return appendMsgpack(b, slices.Concat(head,
		[]msgpackField{{"fee", x.fee}, {"fv", x.first}, {"gen", x.network}, {"gh", x.genesis}, {"lv", x.last}, {"note", x.note}}, middle,
		[]msgpackField{{"snd", x.sender}, {"type", x.kind}}, tail))
}

func (x *algorandTx) transaction(raw []byte, chain *chains.Chain) (*Transaction, error) {
	coin, _ := algorandCoin(chain)
	address := chain.Encodings[0].Format
	t := &Transaction{Chain: chain, Network: chain.Name, Ext: "stxn"}
	effect := Effect{Kind: Pay, Asset: coin, Amount: new(big.Int).SetUint64(x.amount), From: address(x.sender), To: address(x.receiver), Tag: string(x.note)}
	if x.kind == algorandTransfer {
		effect.Kind, effect.Asset = Token, Asset{Contract: strconv.FormatUint(x.asset, 10)}
		switch {
		case x.amount == 0 && bytes.Equal(x.sender, x.receiver):
			t.Notes = append(t.Notes, fmt.Sprintf("It pays nothing: it lets the account hold the asset %d, which locks 0.1 ALGO in it.", x.asset))
		default:
			t.Notes = append(t.Notes, "If the recipient does not hold the asset yet (has not opted in), nothing is paid.")
		}
	}
	t.Effects = []Effect{effect}
	t.Fee = Fee{Asset: coin, Most: new(big.Int).SetUint64(x.fee)}
	t.Fee.Payers = []Payer{{effect.From, t.Fee.Most}}
	if x.fee > algorandUsual {
		t.Fee.High = fmt.Sprintf("it costs %s, and a transfer hardly ever costs %s", coin.Text(t.Fee.Most), coin.Text(big.NewInt(algorandUsual)))
	}
	rounds := x.last - x.first + 1
	t.Expiry.Short = time.Duration(rounds) * algorandRound
	t.Expiry.Text = fmt.Sprintf("from round %d to round %d, about %v", x.first, x.last, t.Expiry.Short.Round(time.Second))
	t.Notes = append(t.Notes, "Compare its first round with the newest one on an explorer: until then nobody can send it, and from then on whoever holds it can.")
	t.Claims = []string{fmt.Sprintf("%s transaction %s", t.Network, algorandTxID(raw))}
	t.Slots = []Slot{{Address: effect.From}}
	t.body = &algorandBody{raw, x.sender}
	return t, nil
}

func algorandTxID(raw []byte) string {
	id := sha512.Sum512_256(append([]byte(algorandSigned), raw...))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:])
}

// algorandBody is what is signed, and whose account signs.
type algorandBody struct{ raw, sender []byte }

func (b *algorandBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	if signature.Ed25519.Curve() != k.Curve || !bytes.Equal(k.Key[1:], b.sender) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	return signing(signature.Ed25519, k, append([]byte(algorandSigned), b.raw...), nil)
}

// finish returns a SignedTxn, which a node takes as it is.
func (b *algorandBody) finish(signatures []*signature.Signature) (*Signed, error) {
	signed := appendMsgpack([]byte("\x82\xa3sig"), signatures[0].Bytes[:])
	signed = append(append(signed, algorandWrapper[1:]...), b.raw...)
	return &Signed{ID: algorandTxID(b.raw), Data: signed, Text: base64.StdEncoding.EncodeToString(signed)}, nil
}
