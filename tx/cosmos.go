package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/protobuf"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// cosmos reads the SignDoc of a chain of the Cosmos SDK, which is what SIGN_MODE_DIRECT
// signs: as it is, in hex or in base 64.
var cosmos = family{name: "Cosmos", claims: cosmosClaims, coin: cosmosCoin, token: cosmosToken, read: cosmosRead, wants: cosmosWants, make: cosmosMake,
	all: "the balance less the fee"}

// cosmosNetwork is a chain by the ID that its transactions name.
type cosmosNetwork struct {
	id            string // chain ID
	chain         string // in the table of chains
	symbol, denom string // of the coin that pays fees
	decimals      int
	usual         int64  // the most that a transfer usually costs, in thousandths of the coin
	note          string // what no transaction limits
}

// cosmosNetworks are those whose keys and hash are Bitcoin's, as the chain registry has
// them (github.com/cosmos/chain-registry).
var cosmosNetworks = []cosmosNetwork{
	{"agoric-3", "AGORIC", "BLD", "ubld", 6, 1000, ""},
	{"akashnet-2", "AKT", "AKT", "uakt", 6, 1000, ""},
	{"axelar-dojo-1", "AXL", "AXL", "uaxl", 6, 1000, ""},
	{"bbn-1", "BABYLON", "BABY", "ubbn", 6, 1000, ""},
	{"bluzelle-9", "BLZ", "BLZ", "ubnt", 6, 10_000, ""},
	{"celestia", "TIA", "TIA", "utia", 6, 100, ""},
	{"columbus-5", "LUNC", "LUNC", "uluna", 6, 100_000, "This chain also takes a tax on what is paid, as a part of the fee or beside it."},
	{"comdex-1", "CMDX", "CMDX", "ucmdx", 6, 10_000, ""},
	{"core-1", "XPRT", "XPRT", "uxprt", 6, 1000, ""},
	{"coreum-mainnet-1", "COREUM", "CORE", "ucore", 6, 1000, "A token's issuer may have more taken from the payer than is paid: a part that is burnt, and a commission."},
	{"cosmoshub-4", "ATOM", "ATOM", "uatom", 6, 100, ""},
	{"crescent-1", "CRE", "CRE", "ucre", 6, 10_000, ""},
	{"crypto-org-chain-mainnet-1", "CRO_POS", "CRO", "basecro", 8, 1000, ""},
	{"dydx-mainnet-1", "DYDX", "DYDX", "adydx", 18, 1000, ""},
	{"fetchhub-4", "FET", "FET", "afet", 18, 100, ""},
	{"juno-1", "JUNO", "JUNO", "ujuno", 6, 1000, ""},
	{"kaiyo-1", "KUJI", "KUJI", "ukuji", 6, 1000, ""},
	{"kava_2222-10", "KAVA", "KAVA", "ukava", 6, 1000, ""},
	{"laozi-mainnet", "BAND", "BAND", "uband", 6, 1000, ""},
	{"mars-1", "MARS", "MARS", "umars", 6, 1000, ""},
	{"neutron-1", "NTRN", "NTRN", "untrn", 6, 1000, ""},
	{"noble-1", "NOBLE", "USDC", "uusdc", 6, 500, ""},
	{"osmosis-1", "OSMO", "OSMO", "uosmo", 6, 1000, ""},
	{"pacific-1", "SEI", "SEI", "usei", 6, 1000, ""},
	{"phoenix-1", "LUNA", "LUNA", "uluna", 6, 1000, ""},
	{"pio-mainnet-1", "HASH", "HASH", "nhash", 9, 10_000, ""},
	{"quasar-1", "QSR", "QSR", "uqsr", 6, 10_000, ""},
	{"secret-4", "SCRT", "SCRT", "uscrt", 6, 1000, ""},
	{"sommelier-3", "SOMM", "SOMM", "usomm", 6, 10_000, ""},
	{"stargaze-1", "STARS", "STARS", "ustars", 6, 10_000, ""},
	{"stride-1", "STRD", "STRD", "ustrd", 6, 1000, ""},
	{"thorchain-1", "RUNE", "RUNE", "rune", 8, 1000, "This chain takes a fee of its own, 0.02 RUNE, whatever the transaction says."},
	{"umee-1", "UMEE", "UMEE", "uumee", 6, 10_000, ""},
}

func cosmosNetworkOf(chain *chains.Chain) *cosmosNetwork {
	i := slices.IndexFunc(cosmosNetworks, func(n cosmosNetwork) bool { return n.chain == chain.ID })
	if i < 0 {
		return nil
	}
	return &cosmosNetworks[i]
}

func (n *cosmosNetwork) coin() Asset {
	return Asset{Symbol: n.symbol, Decimals: n.decimals, Known: true}
}

func cosmosCoin(chain *chains.Chain) (Asset, bool) {
	n := cosmosNetworkOf(chain)
	if n == nil {
		return Asset{}, false
	}
	return n.coin(), true
}

// cosmosToken knows tokens by their denominations.
func cosmosToken(_ *chains.Chain, name string) (string, bool) { return name, cosmosDenom(name) }

// cosmosDenom is [a-zA-Z][a-zA-Z0-9/:._-]{2,127}, as the SDK has it.
func cosmosDenom(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(s) >= 3 && len(s) <= 128 && strings.Trim(s[:1], letters) == "" && strings.Trim(s, letters+"0123456789/:._-") == ""
}

// cosmosTx is a SignDoc with one MsgSend and one signer, as far as it is signed here
// (cosmos/tx/v1beta1/tx.proto and cosmos/bank/v1beta1/tx.proto).
type cosmosTx struct {
	chainID  string
	account  uint64
	messages int
	from, to string
	coins    []cosmosAmount
	memo     string
	height   uint64 // of the last block that takes it, 0 if any does
	signers  int
	public   []byte
	mode     uint64
	sequence uint64
	fee      []cosmosAmount
	gas      uint64
}

// cosmosAmount is a Coin.
type cosmosAmount struct{ denom, amount string }

const (
	cosmosSend   = "/cosmos.bank.v1beta1.MsgSend"
	cosmosKey    = "/cosmos.crypto.secp256k1.PubKey"
	cosmosDirect = 1 // SIGN_MODE_DIRECT
)

// cosmosRefused says why some messages are not signed.
var cosmosRefused = map[string]string{
	"/cosmos.authz.v1beta1.MsgGrant":             "somebody else could act for the account later",
	"/cosmos.authz.v1beta1.MsgExec":              "it acts for somebody else's account",
	"/cosmos.feegrant.v1beta1.MsgGrantAllowance": "somebody else could spend the account's coins on fees",
	"/cosmos.bank.v1beta1.MsgMultiSend":          "send to each recipient in a transaction of its own",
	"/ibc.applications.transfer.v1.MsgTransfer":  "it pays on another chain, which the review could not show",
}

// cosmosDoc returns the bytes of a file that has the shape of a SignDoc.
func cosmosDoc(data []byte) ([]byte, bool) {
	for _, b := range spellings(data) {
		var seen [4]bool
		// Whatever follows what it has by then is for the reader to refuse.
		_ = protoFields(b, func(n uint64, text []byte, _ uint64) error {
			if n < uint64(len(seen)) && len(text) > 0 {
				seen[n] = true
			}
			return nil
		})
		if seen[1] && seen[2] && seen[3] && b[0] == 1<<3|protobuf.Bytes {
			return b, true
		}
	}
	return nil, false
}

// cosmosJSON reports whether data is one of the JSON forms, none of which is read.
func cosmosJSON(data []byte) (fields map[string]json.RawMessage, ok bool) {
	text := bytes.TrimSpace(data)
	if len(text) == 0 || text[0] != '{' || strict.Unmarshal(text, &fields) != nil {
		return nil, false
	}
	_, body := fields["body"]
	_, auth := fields["auth_info"]
	_, amino := fields["msgs"]
	return fields, body && auth || amino
}

func cosmosClaims(data []byte) bool {
	_, doc := cosmosDoc(data)
	_, text := cosmosJSON(data)
	return doc || text
}

func cosmosRead(data []byte, named *chains.Chain) (*Transaction, error) {
	if fields, ok := cosmosJSON(data); ok {
		if fields["msgs"] != nil {
			return nil, unread("it is the JSON of Amino, in which a signature covers less than the chain does; write the SignDoc, in base 64")
		}
		return nil, unread("it is what --generate-only writes, which lacks the chain, the account number and the sequence; write the SignDoc, in base 64")
	}
	doc, ok := cosmosDoc(data)
	if !ok {
		return nil, unread("it is no SignDoc")
	}
	x := &cosmosTx{}
	if err := x.parse(doc); err != nil {
		rest, ok := bytes.CutPrefix(doc, x.doc())
		if ok && len(rest) > 0 && errors.Is(err, ErrUnread) && rest[0] != 4<<3 { // that would be the account number, cut off
			return nil, unsafe("something follows it: %.40x", rest)
		}
		return nil, err
	}
	network, chain, err := x.network(named)
	if err != nil {
		return nil, err
	}
	if err := x.check(chain); err != nil {
		return nil, err
	}
	if !bytes.Equal(x.doc(), doc) {
		return nil, unsafe("it has fields that are twice, out of order or not in their shortest form")
	}
	return x.transaction(network, chain)
}

// cosmosFields are the fields of a message by their numbers. Others are refused.
type cosmosFields map[uint64]func(text []byte, number uint64) error

func (f cosmosFields) read(message string, b []byte) error {
	return protoFields(b, func(n uint64, text []byte, number uint64) error {
		if field := f[n]; field != nil {
			return field(text, number)
		}
		return unsafe("field %d of its %s is not known", n, message)
	})
}

func cosmosText(to *string) func([]byte, uint64) error {
	return func(text []byte, _ uint64) error { *to = string(text); return nil }
}

func cosmosNumber(to *uint64) func([]byte, uint64) error {
	return func(_ []byte, number uint64) error { *to = number; return nil }
}

// cosmosNever refuses a field that is known.
func cosmosNever(why string) func([]byte, uint64) error {
	return func([]byte, uint64) error { return unsafe("%s", why) }
}

func (x *cosmosTx) parse(doc []byte) error {
	return cosmosFields{
		1: func(body []byte, _ uint64) error { return x.parseBody(body) },
		2: func(auth []byte, _ uint64) error { return x.parseAuth(auth) },
		3: cosmosText(&x.chainID),
		4: cosmosNumber(&x.account),
	}.read("SignDoc", doc)
}

func (x *cosmosTx) parseBody(body []byte) error {
	return cosmosFields{
		1: x.message,
		2: cosmosText(&x.memo),
		3: cosmosNumber(&x.height),
		4: cosmosNever("it is unordered: no sequence says that it counts once"),
		5: cosmosNever("it expires at a time instead of a height (timeout_timestamp), which is for unordered transactions"),

		1023: cosmosNever("it has extension options, which could mean anything"),
		2047: cosmosNever("it has extension options, which could mean anything"),
	}.read("body", body)
}

func (x *cosmosTx) message(b []byte, _ uint64) error {
	if x.messages++; x.messages > 1 {
		return unsafe("it has more than one message")
	}
	return cosmosAny(b, cosmosSend, func(value []byte) error {
		return cosmosFields{
			1: cosmosText(&x.from),
			2: cosmosText(&x.to),
			3: cosmosCoins(&x.coins),
		}.read("MsgSend", value)
	})
}

// cosmosAny reads a google.protobuf.Any of one type.
func cosmosAny(b []byte, want string, read func(value []byte) error) error {
	var kind string
	var value []byte
	err := cosmosFields{
		1: cosmosText(&kind),
		2: func(text []byte, _ uint64) error { value = text; return nil },
	}.read("message", b)
	switch why := cosmosRefused[kind]; {
	case err != nil:
		return err
	case why != "":
		return unsafe("it is a %s: %s", kind, why)
	case kind != want:
		return unsafe("there is a %.80q where %s should be", kind, want)
	}
	return read(value)
}

func cosmosCoins(to *[]cosmosAmount) func([]byte, uint64) error {
	return func(b []byte, _ uint64) error {
		var c cosmosAmount
		err := cosmosFields{1: cosmosText(&c.denom), 2: cosmosText(&c.amount)}.read("coin", b)
		*to = append(*to, c)
		return err
	}
}

func (x *cosmosTx) parseAuth(auth []byte) error {
	return cosmosFields{
		1: x.signer,
		2: func(b []byte, _ uint64) error {
			return cosmosFields{
				1: cosmosCoins(&x.fee),
				2: cosmosNumber(&x.gas),
				3: cosmosNever("somebody else should pay its fee (payer)"),
				4: cosmosNever("somebody else should pay its fee (granter)"),
			}.read("fee", b)
		},
		3: cosmosNever("it has a tip"),
	}.read("AuthInfo", auth)
}

func (x *cosmosTx) signer(b []byte, _ uint64) error {
	if x.signers++; x.signers > 1 {
		return unsafe("it has more than one signer")
	}
	single := func(b []byte, _ uint64) error { return cosmosFields{1: cosmosNumber(&x.mode)}.read("mode", b) }
	return cosmosFields{
		1: func(b []byte, _ uint64) error {
			return cosmosAny(b, cosmosKey, func(value []byte) error {
				return cosmosFields{1: func(key []byte, _ uint64) error { x.public = key; return nil }}.read("public key", value)
			})
		},
		2: func(b []byte, _ uint64) error {
			return cosmosFields{1: single, 2: cosmosNever("it is for an account of several keys")}.read("mode", b)
		},
		3: cosmosNumber(&x.sequence),
	}.read("signer", b)
}

// cosmosMaxID is the length of the longest chain ID (CometBFT, MaxChainIDLen).
const cosmosMaxID = 50

// network finds the chain by its ID, or takes the user's word for an ID that is not in
// the table: chains change theirs when they begin anew.
func (x *cosmosTx) network(named *chains.Chain) (*cosmosNetwork, *chains.Chain, error) {
	if len(x.chainID) > cosmosMaxID || strings.ContainsFunc(x.chainID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, nil, unread("it names no chain; is it signed already?")
	}
	for i := range cosmosNetworks {
		n := &cosmosNetworks[i]
		if n.id != x.chainID {
			continue
		}
		chain, ok := chains.Lookup(n.chain)
		if !ok {
			return nil, nil, fmt.Errorf("internal error: there is no chain %q", n.chain)
		}
		if named != nil && named != chain {
			return nil, nil, unsafe("its chain ID is %s, which is %s, and --chain says %s", x.chainID, chain.Name, named.Name)
		}
		return n, chain, nil
	}
	if named == nil {
		return nil, nil, unsafe("its chain ID %q is not in the table; if it is meant, name its chain with --chain", x.chainID)
	}
	n := cosmosNetworkOf(named)
	if n == nil {
		return nil, nil, unread("%s does not write its transactions so", named.Name)
	}
	return n, named, nil
}

func (x *cosmosTx) check(chain *chains.Chain) error {
	switch {
	case x.messages == 0 || len(x.coins) == 0:
		return unread("it sends nothing")
	case x.signers == 0 || len(x.public) == 0:
		return unsafe("it does not hold the public key of the account that pays")
	case x.mode != cosmosDirect:
		return unsafe("its signature is of mode %d, and SIGN_MODE_DIRECT is %d", x.mode, cosmosDirect)
	case x.gas == 0:
		return unsafe("no node takes it without gas")
	case strings.ContainsFunc(x.memo, func(r rune) bool { return r < ' ' || r > '~' }):
		return unsafe("its memo has characters that could be mistaken for others: %q", x.memo)
	case len(x.fee) > 1:
		return unsafe("it pays its fee in several coins")
	}
	for _, account := range []string{x.from, x.to} {
		if !cosmosAccount(chain, account) {
			return unsafe("%.100q is no account of a key on %s", account, chain.Name)
		}
	}
	for _, list := range [][]cosmosAmount{x.coins, x.fee} {
		for i, c := range list {
			switch {
			case !cosmosDenom(c.denom):
				return unsafe("%.100q is no denomination", c.denom)
			case i > 0 && list[i-1].denom >= c.denom:
				return unsafe("the coin %s is there twice or out of order", c.denom)
			case c.value() == nil:
				return unsafe("%.100q is no amount of %s", c.amount, c.denom)
			}
		}
	}
	return nil
}

// cosmosAccount reports whether a key has the account, written as the chain writes it.
func cosmosAccount(chain *chains.Chain, account string) bool {
	e := chain.Encodings[0]
	b, ok := e.Parse(account)
	return ok && e.Format(b) == account
}

// value returns the amount, or nil if it is none that a node takes.
func (c *cosmosAmount) value() *big.Int {
	if c.amount == "" || c.amount[0] == '0' || len(c.amount) > 78 || strings.Trim(c.amount, "0123456789") != "" {
		return nil
	}
	n, ok := new(big.Int).SetString(c.amount, 10)
	if !ok || n.BitLen() > 256 {
		return nil
	}
	return n
}

// body, auth and doc write the messages as the SDK does (its ADR 027): fields in the
// order of their numbers, and none that is zero.
func (x *cosmosTx) body() []byte {
	send := appendProto(appendProto(nil, 1, []byte(x.from)), 2, []byte(x.to))
	message := appendCosmosAny(nil, 1, cosmosSend, appendCosmosCoins(send, 3, x.coins))
	return appendProtoNumber(appendProto(message, 2, []byte(x.memo)), 3, int64(x.height))
}

func (x *cosmosTx) auth() []byte {
	mode := appendProto(nil, 1, appendProtoNumber(nil, 1, int64(x.mode)))
	signer := appendProto(appendCosmosAny(nil, 1, cosmosKey, appendProto(nil, 1, x.public)), 2, mode)
	fee := appendProtoNumber(appendCosmosCoins(nil, 1, x.fee), 2, int64(x.gas))
	return appendProto(appendProto(nil, 1, appendProtoNumber(signer, 3, int64(x.sequence))), 2, fee)
}

func (x *cosmosTx) doc() []byte {
	b := appendProto(appendProto(nil, 1, x.body()), 2, x.auth())
	return appendProtoNumber(appendProto(b, 3, []byte(x.chainID)), 4, int64(x.account))
}

func appendCosmosAny(b []byte, n uint64, kind string, value []byte) []byte {
	return appendProto(b, n, appendProto(appendProto(nil, 1, []byte(kind)), 2, value))
}

func appendCosmosCoins(b []byte, n uint64, list []cosmosAmount) []byte {
	for _, c := range list {
		b = appendProto(b, n, appendProto(appendProto(nil, 1, []byte(c.denom)), 2, []byte(c.amount)))
	}
	return b
}

func (x *cosmosTx) transaction(n *cosmosNetwork, chain *chains.Chain) (*Transaction, error) {
	coin := n.coin()
	t := &Transaction{Form: "SignDoc", Chain: chain, Network: fmt.Sprintf("%s (chain ID %s)", chain.Name, x.chainID), Ext: "tx", TextExt: "hex"}
	for _, c := range x.coins {
		e := Effect{Kind: Pay, Asset: coin, Amount: c.value(), From: x.from, To: x.to, Tag: x.memo}
		if c.denom != n.denom {
			e.Kind, e.Asset = Token, Asset{Contract: c.denom}
		}
		t.Effects = append(t.Effects, e)
	}
	t.Fee = Fee{Asset: coin, Most: new(big.Int), Rate: fmt.Sprintf("what %d gas may cost", x.gas)}
	if len(x.fee) == 1 {
		if x.fee[0].denom != n.denom {
			return nil, unsafe("it pays its fee in %s, and limits on fees count %s", x.fee[0].denom, n.denom)
		}
		t.Fee.Most = x.fee[0].value()
	}
	t.Fee.Payers = []Payer{{x.from, t.Fee.Most}}
	if usual := n.most(); t.Fee.Most.Cmp(usual) > 0 {
		t.Fee.High = fmt.Sprintf("it costs %s, and a transfer hardly ever costs %s", coin.Text(t.Fee.Most), coin.Text(usual))
	}
	t.Expiry.Text = fmt.Sprintf("until account number %d sends its transaction number %d; ", x.account, x.sequence)
	if t.Expiry.Missing = x.height == 0 || x.height >= farHeight; t.Expiry.Missing {
		t.Expiry.Text += "no limit in time"
	} else {
		t.Expiry.Text += fmt.Sprintf("up to block %d", x.height)
	}
	if n.note != "" {
		t.Notes = append(t.Notes, n.note)
	}
	if n.id != x.chainID {
		t.Notes = append(t.Notes, fmt.Sprintf("That chain ID %s is %s is the user's word.", x.chainID, chain.Name))
	}
	if !t.Expiry.Missing {
		t.Notes = append(t.Notes, "Compare the number of its last block with the newest one on an explorer.")
	}
	t.Claims = []string{fmt.Sprintf("%s sequence %d of %s", t.Network, x.sequence, x.from)}
	t.Slots = []Slot{{Address: x.from}}
	t.body = &cosmosBody{x, chain}
	return t, nil
}

// most is the most that a transfer usually costs.
func (n *cosmosNetwork) most() *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.decimals)-3), nil)
	return unit.Mul(unit, big.NewInt(n.usual))
}

// cosmosBody is the transaction and its chain.
type cosmosBody struct {
	tx    *cosmosTx
	chain *chains.Chain
}

func (b *cosmosBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form := b.chain.Encodings[0]
	switch {
	case k.Curve != form.Curve || form.Format(form.Payload.Of(nil, k)) != b.tx.from:
		return nil, because(ErrForeign, "the account of the key is another one")
	case !bytes.Equal(b.tx.public, k.Key[:]):
		return nil, because(ErrForeign, "the public key in it is not that of its account, and no node would take it")
	}
	hash := sha256.Sum256(b.tx.doc())
	return signing(signature.ECDSA, k, hash[:], nil)
}

// finish returns a TxRaw, in base 64 as the REST interface takes it, and in hex as
// that of CometBFT does.
func (b *cosmosBody) finish(signatures []*signature.Signature) (*Signed, error) {
	raw := appendProto(appendProto(nil, 1, b.tx.body()), 2, b.tx.auth())
	raw = appendProto(raw, 3, signatures[0].Bytes[:])
	id := sha256.Sum256(raw)
	return &Signed{ID: strings.ToUpper(hex.EncodeToString(id[:])), Data: base64.StdEncoding.AppendEncode(nil, raw), Text: hex.EncodeToString(raw)}, nil
}
