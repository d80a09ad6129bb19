package tx

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sort"

	"lifeboat/chains"

	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/chaincfg/chainhash"
	"github.com/btcsuite/btcd/wire"
)

// bitcoinPackets are the chains whose wallets know PSBTs.
var bitcoinPackets = []string{"BTC", "XTN", "SIGNET_BTC", "LTC", "LTC_TEST"}

// bitcoinExplorers say where the unspent outputs of an address stand, and a whole
// transaction.
var bitcoinExplorers = map[string]string{
	"BTC":  "https://mempool.space/api/address/ADDRESS/utxo, and /api/tx/TXID/hex",
	"LTC":  "https://litecoinspace.org/api/address/ADDRESS/utxo, and /api/tx/TXID/hex",
	"DOGE": "https://blockchair.com/dogecoin/address/ADDRESS, and /dogecoin/raw/transaction/TXID of its API",
	"DASH": "https://insight.dash.org/insight-api/addr/ADDRESS/utxo, and /insight-api/rawtx/TXID",
	"BCH":  "https://blockchair.com/bitcoin-cash/address/ADDRESS, and /bitcoin-cash/raw/transaction/TXID of its API",
	"XEC":  "https://explorer.e.cash/address/ADDRESS",
	"BSV":  "https://whatsonchain.com/address/ADDRESS",
}

func bitcoinWants(chain *chains.Chain) []Want {
	where := "gettxout, or scantxoutset with addr(ADDRESS), and getrawtransaction TXID of the chain's own node"
	if explorer := bitcoinExplorers[chain.ID]; explorer != "" {
		where = explorer + "; or " + where
	}
	return []Want{
		{WantCoins, "the coins that are spent, all of them: txid, vout, amount in " + chain.ID + ", address, and previous, the transaction that made the coin", where, false},
		{"rate", "the fee for a virtual byte, in the chain's smallest unit, if the amount is all", "https://mempool.space for Bitcoin, \"transaction fees\"; or estimatesmartfee of the chain's own node, times 100000", true},
		{WantFee, "the fee, if the amount is not all: it and the amount are together what the coins hold; otherwise the most that all transactions of it may cost", "what the coins hold, less the amount", true},
	}
}

// bitcoinCoin is a coin that is spent.
type bitcoinCoin struct {
	outpoint wire.OutPoint
	input    input
}

// bitcoinOrder is an order in the words of Bitcoin.
type bitcoinOrder struct {
	*Order
	coin   *coin
	script []byte // that is paid
	coins  []bitcoinCoin
	seen   map[wire.OutPoint]bool
	sum    int64 // of the coins
}

func bitcoinMake(order *Order) ([]Draft, error) {
	o := &bitcoinOrder{Order: order, seen: make(map[wire.OutPoint]bool), coin: &coins[slices.IndexFunc(coins, func(c coin) bool { return c.id == order.Chain.ID })]}
	var ok bool
	if o.script, ok = o.Chain.OutputScript(o.To); !ok {
		return nil, fmt.Errorf("%.100q is not how transactions of %s write an address", o.To, o.Chain.Name)
	}
	if o.Tag != "" || o.Asset.Contract != "" {
		return nil, fmt.Errorf("on %s, a transfer has no memo and moves no token", o.Chain.Name)
	}
	for i := range o.Coins {
		if err := o.add(&o.Coins[i]); err != nil {
			return nil, fmt.Errorf("the coin %.80s:%d: %w", o.Coins[i].TxID, o.Coins[i].Vout, err)
		}
	}
	if o.Amount != nil {
		return o.exactly()
	}
	return o.sweep()
}

// add adds a coin, after holding what is said of it to the transaction that made it.
func (o *bitcoinOrder) add(u *Unspent) error {
	id, err := chainhash.NewHashFromStr(u.TxID)
	if err != nil || len(u.TxID) != chainhash.MaxHashStringSize {
		return fmt.Errorf("its transaction is not an ID of 64 hex digits")
	}
	c := bitcoinCoin{outpoint: wire.OutPoint{Hash: *id, Index: u.Vout}}
	if o.seen[c.outpoint] {
		return fmt.Errorf("it is there twice")
	}
	o.seen[c.outpoint] = true
	var ok bool
	if c.input.script, ok = o.Chain.OutputScript(u.Address); !ok {
		return fmt.Errorf("%.100q is not how transactions of %s write an address", u.Address, o.Chain.Name)
	}
	if u.Amount == nil || !u.Amount.IsInt64() || u.Amount.Int64() > o.coin.supply-o.sum {
		return fmt.Errorf("there are not as many coins on %s: the column amount is in %s, as in 0.015", o.Chain.Name, o.coin.id)
	}
	amount := u.Amount.Int64()
	c.input.amount = &amount
	if len(u.Previous) > 0 {
		if c.input.previous, err = readTransaction(u.Previous, true); err != nil {
			return err
		}
		if err := c.input.checkPrevious(c.outpoint); err != nil {
			return err
		}
	}
	_, proof, err := c.input.read(o.Chain, o.coin, c.outpoint)
	switch {
	case err != nil && c.input.out != nil && c.input.out.Value != amount:
		return fmt.Errorf("%w; the column amount is in %s, as in 0.015", err, o.coin.id)
	case err != nil:
		return err
	case proof != Proven && c.input.form.legacy && !o.coin.forked:
		return fmt.Errorf("its signature says nothing of its amount, so the transaction that made it must be there, whole, as previous")
	}
	o.coins = append(o.coins, c)
	o.sum += amount
	return nil
}

// exactly pays an amount with coins that hold just that and the fee.
func (o *bitcoinOrder) exactly() ([]Draft, error) {
	text := o.coin.asset().Text
	if o.Fee == nil || o.has("rate") {
		return nil, fmt.Errorf("an amount goes with a fee, and all with a rate")
	}
	if need := new(big.Int).Add(o.Amount, o.Fee); need.Cmp(big.NewInt(o.sum)) != 0 {
		return nil, fmt.Errorf("the coins hold %s, and the amount and the fee are %s: nobody gets the change, so choose other coins, or send all", text(big.NewInt(o.sum)), text(need))
	}
	if size := o.transaction(o.coins, 0).size(); size > maxRelayed {
		return nil, fmt.Errorf("it would have %d virtual bytes, and nodes relay %d: spend fewer coins, or send all", size, maxRelayed)
	}
	return o.drafts(o.coins, o.Amount.Int64(), nil)
}

// sweep sends all coins, in as many transactions as nodes relay.
func (o *bitcoinOrder) sweep() ([]Draft, error) {
	const decimals = 3
	rate, err := o.decimal("rate", decimals)
	if err != nil {
		return nil, fmt.Errorf("all goes with a rate: %w", err)
	}
	var drafts []Draft
	for rest := o.coins; len(rest) > 0; {
		n := max(1, sort.Search(len(rest), func(i int) bool { return o.transaction(rest[:i+1], 0).size() > maxRelayed }))
		fee := new(big.Int).Mul(rate, big.NewInt(o.transaction(rest[:n], 0).size()))
		fee.Add(fee, big.NewInt(999)).Quo(fee, big.NewInt(1000))
		left := new(big.Int)
		for i := range rest[:n] {
			left.Add(left, big.NewInt(rest[i].input.out.Value))
		}
		if left.Sub(left, fee); left.Sign() < 0 {
			left.SetInt64(0)
		}
		if drafts, err = o.drafts(rest[:n], left.Int64(), drafts); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return drafts, nil
}

// transaction spends coins and pays an amount.
func (o *bitcoinOrder) transaction(coins []bitcoinCoin, amount int64) *unsigned {
	u := &unsigned{tx: wire.NewMsgTx(2)}
	sequence := uint32(finalSequence)
	if o.packs() {
		sequence = finalSequence - 2 // a higher fee may take its place (BIP 125)
	}
	for i := range coins {
		in := wire.NewTxIn(&coins[i].outpoint, nil, nil)
		in.Sequence = sequence
		u.tx.AddTxIn(in)
		u.inputs = append(u.inputs, coins[i].input)
	}
	u.tx.AddTxOut(wire.NewTxOut(amount, o.script))
	return u
}

func (o *bitcoinOrder) packs() bool { return slices.Contains(bitcoinPackets, o.Chain.ID) }

// drafts adds the file of a transaction.
func (o *bitcoinOrder) drafts(coins []bitcoinCoin, amount int64, list []Draft) ([]Draft, error) {
	if amount < o.coin.dust {
		return nil, fmt.Errorf("%d coins, from %v on, would pay %s, and nodes relay no less than %s: leave small coins out, or take a lower rate",
			len(coins), coins[0].outpoint, o.coin.asset().Text(big.NewInt(amount)), o.coin.asset().Text(big.NewInt(o.coin.dust)))
	}
	u := o.transaction(coins, amount)
	write, ext := u.writePrevtxs, "json"
	if o.packs() {
		write, ext = u.writePacket, "psbt"
	}
	data, err := write(o.coin)
	if err != nil {
		return nil, fmt.Errorf("writing a transaction: %w", err)
	}
	return append(list, Draft{Ext: ext, Data: append(data, '\n')}), nil
}

// writePacket writes a PSBT in base 64.
func (u *unsigned) writePacket(*coin) ([]byte, error) {
	packet, err := psbt.NewFromUnsignedTx(u.tx)
	if err != nil {
		return nil, err
	}
	for i := range u.inputs {
		in := &u.inputs[i]
		packet.Inputs[i].NonWitnessUtxo = in.previous
		if !in.form.legacy {
			packet.Inputs[i].WitnessUtxo = in.out
		}
	}
	text, err := packet.B64Encode()
	return []byte(text), err
}

// writePrevtxs writes what readPrevtxs reads.
func (u *unsigned) writePrevtxs(c *coin) ([]byte, error) {
	raw, err := rawHex(u.tx)
	if err != nil {
		return nil, err
	}
	file := prevtxsFile{Hex: raw}
	seen := make(map[chainhash.Hash]bool)
	for i := range u.inputs {
		in, at := &u.inputs[i], u.tx.TxIn[i].PreviousOutPoint
		amount, err := json.Marshal(trimZeros(Asset{Decimals: c.decimals, Known: true}.Text(big.NewInt(in.out.Value))))
		if err != nil {
			return nil, err
		}
		file.Prevtxs = append(file.Prevtxs, prevtx{TxID: at.Hash.String(), Vout: &at.Index, Script: hex.EncodeToString(in.out.PkScript), Amount: amount})
		if in.previous == nil || seen[at.Hash] {
			continue
		}
		seen[at.Hash] = true
		previous, err := rawHex(in.previous)
		if err != nil {
			return nil, err
		}
		file.Previous = append(file.Previous, previous)
	}
	return json.Marshal(file)
}

func rawHex(tx *wire.MsgTx) (string, error) {
	var raw bytes.Buffer
	err := tx.Serialize(&raw)
	return hex.EncodeToString(raw.Bytes()), err
}
