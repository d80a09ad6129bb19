package tx

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
)

// evm reads transactions of types 0 (EIP-155), 1 (EIP-2930) and 2 (EIP-1559): the
// bytes that are signed, in hex, or the JSON that a wallet would be asked to send.
var evm = family{name: "EVM", claims: evmClaims, coin: evmCoin, read: evmRead, wants: evmWants, make: evmMake,
	oneOf: [][]string{{"max-price", "tip"}, {"gas-price"}}, all: "the balance less gas × max-price, or gas × gas-price"}

// evmNetwork is a chain by the number that its transactions name.
type evmNetwork struct {
	id     uint64 // EIP-155
	chain  string // in the table of chains
	symbol string
	// more is set where the chain takes a fee that no field of a transaction limits.
	more bool
}

// evmNetworks are those whose numbers are published (the list of chains of viem
// 2.x, https://viem.sh, and chainlist.org). Others go by --chain.
var evmNetworks = []evmNetwork{
	{1, "ETH", "ETH", false}, {10, "OPT_ETH", "ETH", true}, {25, "CRO", "CRO", false}, {30, "RSK", "RBTC", false},
	{40, "TLOS", "TLOS", false}, {50, "XDC", "XDC", false}, {56, "BSC_BNB", "BNB", false}, {60, "GO", "GO", false},
	{61, "ETC", "ETC", false}, {66, "OKC", "OKT", false}, {82, "MTR", "MTR", false}, {88, "TOMO", "VIC", false},
	{97, "TBSC", "tBNB", false}, {100, "XDAI", "XDAI", false}, {108, "TT", "TT", false}, {128, "HECO", "HT", false},
	{130, "UNICHAIN", "ETH", true}, {137, "MATIC", "POL", false}, {143, "MONAD", "MON", false}, {146, "SONIC", "S", false},
	{169, "MANTA", "ETH", true}, {204, "OPBNB", "BNB", true}, {239, "TAC", "TAC", false}, {250, "FTM", "FTM", false},
	{288, "BOBA", "ETH", true}, {321, "KCC", "KCS", false}, {324, "ZKSYNC", "ETH", false}, {338, "TCRO", "tCRO", false},
	{361, "TFUELEVM", "TFUEL", false}, {787, "ACALAEVM", "ACA", false}, {820, "CLO", "CLO", false}, {888, "WAN", "WAN", false},
	{999, "HYPEREVM", "HYPE", false}, {1030, "CFX_ESPACE", "CFX", false}, {1088, "METIS", "METIS", true}, {1101, "POLYGONZKEVM", "ETH", false},
	{1111, "WEMIX", "WEMIX", false}, {1116, "CORE", "CORE", false}, {1284, "MOONBEAM", "GLMR", false}, {1285, "MOONRIVER", "MOVR", false},
	{1329, "SEI_EVM", "SEI", false}, {1890, "LIGHTLINK", "ETH", true}, {1923, "SWELL", "ETH", true}, {2020, "RON", "RON", false},
	{2222, "KAVAEVM", "KAVA", false}, {2818, "MORPH", "ETH", true}, {4200, "MERLIN", "BTC", false}, {4326, "MEGAETH", "ETH", true},
	{4689, "IOTX_EVM", "IOTX", false}, {5000, "MNT", "MNT", true}, {5003, "SMNT_MNT", "MNT", true}, {5165, "FTN", "FTN", false},
	{6000, "TBB", "BB", false}, {6001, "BB", "BB", false}, {7000, "ZETAEVM", "ZETA", false}, {7332, "ZENEON", "ZEN", false},
	{8217, "KAIA", "KAIA", false}, {8453, "BASE_ETH", "ETH", true}, {9001, "EVMOS_EVM", "EVMOS", false}, {9745, "XPL", "XPL", false},
	{10000, "SMARTBCH", "BCH", false}, {10001, "ETHW", "ETHW", false}, {17000, "HOLESKY", "ETH", false}, {34443, "MODE", "ETH", true},
	{42161, "ARBITRUM_ETH", "ETH", false}, {42170, "ARBITRUMNOVA", "ETH", false}, {42220, "CELO", "CELO", true}, {43114, "AVAXC", "AVAX", false},
	{48900, "ZIRCUIT", "ETH", true}, {59144, "LINEA", "ETH", false}, {60808, "BOB", "ETH", true}, {80094, "BERA", "BERA", false},
	{81457, "BLAST", "ETH", true}, {84532, "TBASE_SETH", "ETH", true}, {88888, "CHZ2", "CHZ", false}, {98866, "PLUME", "PLUME", false},
	{167000, "TAIKO", "ETH", false}, {534352, "SCROLL", "ETH", true}, {808813, "SBOB", "ETH", true}, {810180, "ZKLINKNOVA", "ETH", false},
	{11155111, "SETH", "ETH", false}, {21000000, "CORN", "BTCN", false}, {245022934, "NEON", "NEON", false}, {1313161554, "AURORA", "ETH", false},
}

// evmUsual is the most that a transfer usually costs, in thousandths of the coin. It
// is 5 whole coins where the coin is not here.
var evmUsual = map[string]int64{"ETH": 50, "BNB": 50, "tBNB": 50, "BTC": 1, "BTCN": 1, "RBTC": 1, "BCH": 10, "AVAX": 500, "MTR": 500}

// evmCoins are contracts that pay the chain's own coin when they are told to transfer a
// token: a limit of the coin would not count that.
var evmCoins = map[string]string{
	"CELO": "471ece3750da237f93b8e339c536989b8978a438", "METIS": "deaddeaddeaddeaddeaddeaddeaddeaddead0000",
	"MOONBEAM": "0000000000000000000000000000000000000802", "MOONRIVER": "0000000000000000000000000000000000000802",
	"MATIC": "0000000000000000000000000000000000001010", "ACALAEVM": "0000000000000000000100000000000000000000",
}

const evmDecimals = 18

func evmCoin(chain *chains.Chain) (Asset, bool) {
	i := slices.IndexFunc(evmNetworks, func(n evmNetwork) bool { return n.chain == chain.ID })
	if i < 0 {
		return Asset{}, false
	}
	return Asset{Symbol: evmNetworks[i].symbol, Decimals: evmDecimals, Known: true}, true
}

// evmTx is a transaction, whatever its form.
type evmTx struct {
	kind     int // the type of EIP-2718; 0 is the one without a type
	chainID  *big.Int
	nonce    *big.Int
	tip      *big.Int // type 2
	price    *big.Int // of a unit of gas, at most
	gas      *big.Int
	to       []byte
	value    *big.Int
	data     []byte
	from     []byte // nil if the file does not say
	declared bool   // the form is JSON
}

func evmClaims(data []byte) bool {
	text := bytes.TrimSpace(data)
	if len(text) > 0 && text[0] == '{' {
		var probe map[string]json.RawMessage
		if strict.Unmarshal(text, &probe) != nil {
			return false
		}
		for _, name := range []string{"raw", "chainId", "gasPrice", "maxFeePerGas"} {
			if _, ok := probe[name]; ok {
				return true
			}
		}
		return false
	}
	b, ok := evmHex(string(text))
	return ok && len(b) > 2 && (b[0] >= 0xc0 || b[0] >= 1 && b[0] <= 4 && b[1] >= 0xc0 || b[0] == evmMessage)
}

// evmMessage begins what is signed and is no transaction (EIP-191).
const evmMessage = 0x19

// evmHex reads hex with or without 0x.
func evmHex(text string) ([]byte, bool) {
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	return b, err == nil
}

func evmRead(data []byte, named *chains.Chain) (*Transaction, error) {
	x, err := evmParse(bytes.TrimSpace(data))
	if err != nil {
		return nil, err
	}
	network, chain, err := x.network(named)
	if err != nil {
		return nil, err
	}
	t := &Transaction{Chain: chain, Network: fmt.Sprintf("%s (chain ID %s)", chain.Name, x.chainID), Form: x.form(), TextExt: "hex"}
	coin := Asset{Symbol: cmp.Or(network.symbol, "coin of "+chain.Name), Decimals: evmDecimals, Known: true}
	body := &evmBody{tx: x, t: t}

	effect, err := x.effect(chain, coin)
	if err != nil {
		return nil, err
	}
	t.Effects = []Effect{effect}
	slot := Slot{}
	if x.from != nil {
		slot.Address = chain.Encodings[0].Format(x.from)
		t.Effects[0].From = slot.Address
	}
	t.Slots = []Slot{slot}
	t.Fee = x.fee(coin)
	t.Expiry.Text = fmt.Sprintf("until the account sends its transaction number %s; no limit in time", x.nonce)
	t.Claims = []string{fmt.Sprintf("%s nonce %s", t.Network, x.nonce)}
	if slot.Address != "" {
		body.claim(slot.Address)
	}
	if network.more {
		t.Notes = append(t.Notes, "This chain also takes a fee for writing to the chain below it, which no transaction limits.")
	}
	if network.chain == "" {
		t.Notes = append(t.Notes, fmt.Sprintf("That chain ID %s is %s is the user's word.", x.chainID, chain.Name))
	}
	t.body = body
	return t, nil
}

// network finds the chain by its number, or takes the user's word for one that is
// not in the table.
func (x *evmTx) network(named *chains.Chain) (evmNetwork, *chains.Chain, error) {
	for _, n := range evmNetworks {
		if !x.chainID.IsUint64() || x.chainID.Uint64() != n.id {
			continue
		}
		chain, ok := chains.Lookup(n.chain)
		if !ok {
			return n, nil, fmt.Errorf("internal error: there is no chain %q", n.chain)
		}
		if named != nil && named != chain {
			return n, nil, unsafe("its chain ID is %s, which is %s, and --chain says %s", x.chainID, chain.Name, named.Name)
		}
		return n, chain, nil
	}
	if named == nil {
		return evmNetwork{}, nil, unsafe("its chain ID %s is not in the table; if it is meant, name its chain with --chain", x.chainID)
	}
	if slices.ContainsFunc(evmNetworks, func(n evmNetwork) bool { return n.chain == named.ID }) {
		return evmNetwork{}, nil, unsafe("its chain ID is %s, which is not that of %s", x.chainID, named.Name)
	}
	if !evmWrites(named) {
		return evmNetwork{}, nil, unread("%s is no EVM chain", named.Name)
	}
	return evmNetwork{}, named, nil
}

// evmWrites reports whether the chain has accounts as Ethereum has, and writes them
// so. Others read hex, too, and would show another account than the one that is paid.
func evmWrites(chain *chains.Chain) bool {
	eth, ok := chains.Lookup("ETH")
	if !ok || len(chain.Encodings) == 0 {
		return false
	}
	like, form := eth.Encodings[0], chain.Encodings[0]
	zero := make([]byte, like.Payload.Size)
	return form.Payload == like.Payload && form.Format(zero) == like.Format(zero)
}

func (x *evmTx) form() string {
	if x.declared {
		return fmt.Sprintf("JSON of a transaction of type %d", x.kind)
	}
	return fmt.Sprintf("unsigned RLP, type %d", x.kind)
}

func (x *evmTx) fee(coin Asset) Fee {
	f := Fee{Asset: coin, Most: new(big.Int).Mul(x.gas, x.price)}
	f.Rate = fmt.Sprintf("%s gas at %s gwei", x.gas, trimZeros(Asset{Decimals: 9, Known: true}.Text(x.price)))
	usual, ok := evmUsual[coin.Symbol]
	if !ok {
		usual = 5000
	}
	limit := new(big.Int).Mul(big.NewInt(usual), new(big.Int).Exp(big.NewInt(10), big.NewInt(evmDecimals-3), nil))
	if f.Most.Cmp(limit) > 0 {
		f.High = fmt.Sprintf("it may cost %s, and a transfer hardly ever costs %s", coin.Text(f.Most), coin.Text(limit))
	}
	return f
}

// trimZeros drops the blank that an asset without a name leaves, and zeros behind
// the point.
func trimZeros(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// The functions of ERC-20 and what is near it, by their first four bytes.
const evmTransfer = "a9059cbb" // transfer(address,uint256)

var evmRefused = map[string]string{
	"095ea7b3": "approve: somebody else could take tokens later",
	"39509351": "increaseAllowance: somebody else could take tokens later",
	"23b872dd": "transferFrom: it moves what an allowance allows",
	"d505accf": "permit: somebody else could take tokens later",
	"a22cb465": "setApprovalForAll: somebody else could take all tokens",
	"42842e0e": "safeTransferFrom: tokens that are not counted",
}

// effect says what the call does: it pays the chain's coin, or it is exactly the
// transfer of a token.
func (x *evmTx) effect(chain *chains.Chain, coin Asset) (Effect, error) {
	address := chain.Encodings[0].Format
	if bytes.Equal(x.to, make([]byte, 20)) {
		return Effect{}, unsafe("it pays the zero address: the money would be lost")
	}
	if len(x.data) == 0 {
		return Effect{Kind: Pay, Asset: coin, Amount: x.value, To: address(x.to)}, nil
	}
	selector := hex.EncodeToString(x.data[:min(4, len(x.data))])
	if selector != evmTransfer {
		if why, ok := evmRefused[selector]; ok {
			return Effect{}, unsafe("it calls %s", why)
		}
		return Effect{}, unsafe("it calls function %s of a contract, and what that does is not known", selector)
	}
	if len(x.data) != 4+32+32 || !bytes.Equal(x.data[4:16], make([]byte, 12)) {
		return Effect{}, unsafe("its call of transfer is not exactly 68 bytes with zeros before the address")
	}
	payee := x.data[16:36]
	switch {
	case x.value.Sign() != 0:
		return Effect{}, unsafe("it pays a coin to a token's contract with the transfer, which would be lost")
	case hex.EncodeToString(x.to) == evmCoins[chain.ID]:
		return Effect{}, unsafe("it transfers %s, the coin of %s, as a token: pay it as the coin", coin.Symbol, chain.Name)
	case bytes.Equal(payee, make([]byte, 20)):
		return Effect{}, unsafe("it transfers tokens to the zero address: they would be lost")
	case bytes.Equal(payee, x.to):
		return Effect{}, unsafe("it transfers tokens to their own contract: they would be lost")
	}
	return Effect{Kind: Token, Asset: Asset{Contract: address(x.to)}, Amount: new(big.Int).SetBytes(x.data[36:]), To: address(payee)}, nil
}

// evmBody is the transaction and the key that signs it.
type evmBody struct {
	tx *evmTx
	t  *Transaction
}

// claim names the account with the nonce.
func (b *evmBody) claim(address string) {
	b.t.Claims[0] = fmt.Sprintf("%s nonce %s of %s", b.t.Network, b.tx.nonce, address)
}

func (b *evmBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form := b.t.Chain.Encodings[0]
	if k.Curve != form.Curve {
		return nil, because(ErrForeign, "a key on %v signs nothing here", k.Curve)
	}
	account := form.Payload.Of(nil, k)
	if b.tx.from != nil && !bytes.Equal(account, b.tx.from) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	address := form.Format(account)
	b.claim(address)
	b.t.Effects[0].From = address
	hash := chains.Keccak256(b.tx.unsigned())
	return signing(signature.ECDSA, k, hash[:], nil)
}

func (b *evmBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if s.Recovery > 1 {
		return nil, fmt.Errorf("finishing a transaction: the signature has no form on %s", b.t.Network)
	}
	parity := big.NewInt(int64(s.Recovery))
	r, low := new(big.Int).SetBytes(s.Bytes[:32]), new(big.Int).SetBytes(s.Bytes[32:])
	raw := b.tx.signed(parity, r, low)
	id := chains.Keccak256(raw)
	return &Signed{ID: "0x" + hex.EncodeToString(id[:]), Text: "0x" + hex.EncodeToString(raw)}, nil
}

// unsigned returns the bytes whose hash is signed.
func (x *evmTx) unsigned() []byte {
	if x.kind == 0 {
		return rlpList(append(x.fields(), x.chainID, new(big.Int), new(big.Int))...)
	}
	return append([]byte{byte(x.kind)}, rlpList(x.fields()...)...)
}

func (x *evmTx) signed(parity, r, s *big.Int) []byte {
	if x.kind == 0 {
		v := new(big.Int).Add(new(big.Int).Lsh(x.chainID, 1), big.NewInt(35))
		return rlpList(append(x.fields(), v.Add(v, parity), r, s)...)
	}
	return append([]byte{byte(x.kind)}, rlpList(append(x.fields(), parity, r, s)...)...)
}

// fields are those of the type, in their order.
func (x *evmTx) fields() []any {
	switch x.kind {
	case 0:
		return []any{x.nonce, x.price, x.gas, x.to, x.value, x.data}
	case 1:
		return []any{x.chainID, x.nonce, x.price, x.gas, x.to, x.value, x.data, []any{}}
	}
	return []any{x.chainID, x.nonce, x.tip, x.price, x.gas, x.to, x.value, x.data, []any{}}
}

// evmMaxText is the length, in characters, of the longest file that is read. Nodes
// relay 128 KiB, which hex doubles, and no transfer comes near it.
const evmMaxText = 1 << 19

func evmParse(text []byte) (*evmTx, error) {
	x := &evmTx{}
	if len(text) > evmMaxText {
		return nil, unread("it is larger than what nodes take")
	}
	var err error
	if text[0] == '{' {
		err = x.parseJSON(text)
	} else if b, ok := evmHex(string(text)); ok {
		err = x.parseRLP(b)
	} else {
		err = unread("it is not hex")
	}
	if err != nil {
		return nil, err
	}
	return x, x.check()
}

// Bounds of the fields, in bits: EIP-2681 for nonces, EIP-1985 for gas, and 256 for
// what the virtual machine counts.
const (
	evmNonceBits = 64
	evmGasBits   = 63
	evmWordBits  = 256
)

// evmColumn is a field of a transaction in RLP.
type evmColumn struct {
	number **big.Int
	bits   int
	text   *[]byte
	list   bool // an access list
}

func (x *evmTx) columns() []evmColumn {
	n := func(p **big.Int, bits int) evmColumn { return evmColumn{number: p, bits: bits} }
	chainID, nonce := n(&x.chainID, evmWordBits), n(&x.nonce, evmNonceBits)
	price, gas, value := n(&x.price, evmWordBits), n(&x.gas, evmGasBits), n(&x.value, evmWordBits)
	to, data, access := evmColumn{text: &x.to}, evmColumn{text: &x.data}, evmColumn{list: true}
	switch x.kind {
	case 0:
		return []evmColumn{nonce, price, gas, to, value, data, chainID}
	case 1:
		return []evmColumn{chainID, nonce, price, gas, to, value, data, access}
	}
	return []evmColumn{chainID, nonce, n(&x.tip, evmWordBits), price, gas, to, value, data, access}
}

func (x *evmTx) parseRLP(b []byte) error {
	if len(b) == 0 {
		return unread("it is empty")
	}
	if b[0] == evmMessage {
		return unsafe("it is a message or typed data (EIP-191), and not a transaction")
	}
	if b[0] < 0xc0 {
		if err := evmType(int(b[0])); err != nil {
			return err
		}
		x.kind, b = int(b[0]), b[1:]
	}
	top, rest, err := rlpNext(b, 0)
	if err == nil && len(rest) > 0 {
		return unsafe("something follows the transaction: %.40x", rest)
	}
	if err != nil || !top.isL {
		return unread("%w", cmp.Or(err, errRLP))
	}
	fields := top.list
	columns := x.columns()
	if x.kind == 0 {
		switch {
		case len(fields) == 6:
			return unsafe("it has no chain ID, so it would count on every chain (EIP-155)")
		case len(fields) == 9 && (len(fields[7].text) > 0 || len(fields[8].text) > 0 || fields[7].isL || fields[8].isL):
			return unread("it is signed already")
		case len(fields) == 9:
			fields = fields[:7]
		}
	} else if len(fields) == len(columns)+3 {
		return unread("it is signed already")
	}
	if len(fields) > len(columns) {
		return unsafe("it has fields that are not known: a transaction of type %d has %d, and this one %d", x.kind, len(columns), len(fields))
	}
	if len(fields) < len(columns) {
		return unread("a transaction of type %d has %d fields, and this one %d", x.kind, len(columns), len(fields))
	}
	for i, c := range columns {
		f := &fields[i]
		switch {
		case c.number != nil:
			if *c.number, err = f.number(c.bits); err != nil {
				return unread("field %d: %w", i+1, err)
			}
		case c.list:
			if !f.isL {
				return unread("field %d: %w", i+1, errRLP)
			}
			if len(f.list) > 0 {
				return unsafe("it has an access list, which no transfer needs")
			}
		case f.isL:
			return unread("field %d: %w", i+1, errRLP)
		default:
			*c.text = f.text
		}
	}
	return nil
}

// evmType refuses the types that are not signed here.
func evmType(kind int) error {
	switch kind {
	case 0, 1, 2:
		return nil
	case 3:
		return unsafe("it carries blobs (EIP-4844)")
	case 4:
		return unsafe("it hands the account to a program (EIP-7702): whoever controls that could take everything")
	}
	return unsafe("type %d of transactions is not known", kind)
}

// parseJSON reads what eth_sendTransaction and wallets' libraries take. Numbers are
// hex after 0x, or decimal.
func (x *evmTx) parseJSON(text []byte) error {
	x.declared = true
	var fields map[string]json.RawMessage
	if err := strict.Unmarshal(text, &fields); err != nil {
		return unread("%w", err)
	}
	if raw, ok := fields["raw"]; ok {
		return x.parseWrapped(fields, raw)
	}
	var bad error
	text16 := func(names ...string) []byte {
		var b []byte
		for _, name := range names {
			raw, ok := fields[name]
			if !ok {
				continue
			}
			delete(fields, name)
			var s string
			found, isHex := []byte(nil), false
			if json.Unmarshal(raw, &s) == nil && strings.HasPrefix(s, "0x") {
				found, isHex = evmHex(s)
			}
			switch {
			case !isHex:
				bad = cmp.Or(bad, unread("%q is not hex after 0x", name))
			case b != nil && !bytes.Equal(b, found):
				bad = cmp.Or(bad, unsafe("%q says something else than %q", name, names[0]))
			}
			b = found
		}
		return b
	}
	number := func(bits int, names ...string) *big.Int {
		var n *big.Int
		for _, name := range names {
			raw, ok := fields[name]
			if !ok {
				continue
			}
			delete(fields, name)
			found, ok := evmNumber(raw, bits)
			switch {
			case !ok:
				bad = cmp.Or(bad, unread("%q is not a number of at most %d bits", name, bits))
			case n != nil && n.Cmp(found) != 0:
				bad = cmp.Or(bad, unsafe("%q says something else than %q", name, names[0]))
			}
			n = found
		}
		return n
	}
	x.from, x.to = text16("from"), text16("to")
	x.data = text16("data", "input")
	x.chainID, x.nonce = number(evmWordBits, "chainId"), number(evmNonceBits, "nonce")
	x.gas = number(evmGasBits, "gas", "gasLimit")
	x.value = number(evmWordBits, "value")
	kind := number(8, "type")
	legacy, most, tip := number(evmWordBits, "gasPrice"), number(evmWordBits, "maxFeePerGas"), number(evmWordBits, "maxPriorityFeePerGas")
	access, hasAccess := fields["accessList"]
	delete(fields, "accessList")
	for name := range fields {
		return unsafe("its field %.40q is not known", name)
	}
	if bad != nil {
		return bad
	}
	if hasAccess && string(bytes.TrimSpace(access)) != "[]" {
		return unsafe("it has an access list, which no transfer needs")
	}
	switch {
	case kind != nil:
		if err := evmType(int(kind.Int64())); err != nil {
			return err
		}
		x.kind = int(kind.Int64())
	case most != nil:
		x.kind = 2
	}
	if x.price = legacy; x.kind == 2 {
		x.price, x.tip = most, tip
		if legacy != nil {
			return unsafe("it says both gasPrice and maxFeePerGas")
		}
	} else if most != nil || tip != nil {
		return unsafe("it says maxFeePerGas, and its type %d has none", x.kind)
	}
	if x.value == nil {
		x.value = new(big.Int)
	}
	return nil
}

// parseWrapped reads {"from", "raw"}: the bytes that are signed do not say who signs.
func (x *evmTx) parseWrapped(fields map[string]json.RawMessage, raw json.RawMessage) error {
	var from, text string
	if len(fields) != 2 || json.Unmarshal(fields["from"], &from) != nil || json.Unmarshal(raw, &text) != nil {
		return unsafe(`beside "raw" there must be "from" alone`)
	}
	b, ok := evmHex(text)
	account, isHex := evmHex(from)
	if !ok || !isHex {
		return unread(`"from" and "raw" must be hex`)
	}
	x.from = account
	return x.parseRLP(b)
}

func evmNumber(raw json.RawMessage, bits int) (*big.Int, bool) {
	text := string(raw)
	var s string
	if json.Unmarshal(raw, &s) == nil {
		text = s
	}
	base := 10
	if digits, isHex := strings.CutPrefix(text, "0x"); isHex {
		text, base = digits, 16
	}
	if text == "" || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "" {
		return nil, false
	}
	n, ok := new(big.Int).SetString(text, base)
	return n, ok && n.BitLen() <= bits
}

// check refuses what is missing or makes no sense.
func (x *evmTx) check() error {
	for _, f := range []struct {
		name  string
		value *big.Int
	}{{"nonce", x.nonce}, {"gas", x.gas}, {"price of gas", x.price}, {"value", x.value}} {
		if f.value == nil {
			return unread("it has no %s", f.name)
		}
	}
	switch {
	case x.chainID == nil || x.chainID.Sign() == 0:
		return unsafe("it has no chain ID, so it would count on every chain (EIP-155)")
	case len(x.to) == 0:
		return unsafe("it pays nobody: it would make a contract")
	case len(x.to) != 20 || x.from != nil && len(x.from) != 20:
		return unread("an account has 20 bytes")
	case x.kind == 2 && x.tip == nil:
		return unread("it has no maxPriorityFeePerGas")
	case x.kind == 2 && x.tip.Cmp(x.price) > 0:
		return unsafe("its tip is above its highest price of gas, so that no node would take it")
	case x.gas.Cmp(big.NewInt(21000)) < 0:
		return unsafe("its gas of %s is less than any transaction needs", x.gas)
	}
	return nil
}
