package tx

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"

	"github.com/btcsuite/btcd/wire"
	"pgregory.net/rapid"
)

// coinsOf are those that a file spends, with the transactions that made them.
func coinsOf(t *testing.T, chain *chains.Chain, file string) []Unspent {
	t.Helper()
	x, err := (&Reader{Chain: chain}).Read([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	body := x.body.(*bitcoinBody)
	var list []Unspent
	for i, in := range body.inputs {
		at := body.tx.TxIn[i].PreviousOutPoint
		list = append(list, Unspent{at.Hash.String(), at.Index, big.NewInt(in.out.Value), x.Slots[i].Address, serialized(t, in.previous)})
	}
	return list
}

func bitcoinSpends(t *testing.T, id string, coins []Unspent, to string) *Order {
	chain := chainOf(t, id)
	asset, _ := coinBitcoin(chain)
	return &Order{Chain: chain, To: to, Asset: asset, Coins: coins, Numbers: map[string]string{}, Now: makeTime}
}

// What is made is what bitcoinjs-lib made of the same coins.
func TestBitcoinMakesAsBitcoinjsDoes(t *testing.T) {
	for _, row := range fixtures.Rows("tx/bitcoin_made.tsv") {
		v := bitcoinVectorNamed(t, row[1])
		o := bitcoinSpends(t, row[0], coinsOf(t, chainOf(t, row[0]), v.File), row[2])
		o.Amount, _ = new(big.Int).SetString(row[3], 10)
		o.Fee, _ = new(big.Int).SetString(row[4], 10)
		d := made(t, o)[0]
		got := strings.TrimSpace(string(d.Data))
		if d.Ext == "json" {
			var file prevtxsFile
			if err := json.Unmarshal(d.Data, &file); err != nil {
				t.Fatal(err)
			}
			got = file.Hex
		}
		if got != row[5] {
			t.Errorf("%s: made\n%s, want\n%s", row[1], got, row[5])
		}
	}
}

// bitcoinCoins makes up coins of a chain, one of each form in turn.
func bitcoinCoins(t rapid.TB, chain *chains.Chain, amounts []int64, previous func(i int) bool) []Unspent {
	var coins []Unspent
	for i, amount := range amounts {
		k := bitcoinPublic(t, i%6)
		e := chain.Encodings[i%len(chain.Encodings)]
		address, err := e.Address(&k)
		if err != nil {
			t.Fatal(err)
		}
		script, ok := chain.OutputScript(address)
		if !ok { // the old form of Bitcoin Cash, which transactions are not shown with
			e = chain.Encodings[0]
			address, _ = e.Address(&k)
			script, _ = chain.OutputScript(address)
		}
		made := wire.NewMsgTx(2)
		made.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: sha256.Sum256(fmt.Append(nil, i))}, nil, nil))
		made.AddTxOut(wire.NewTxOut(amount, script))
		u := Unspent{made.TxID(), 0, big.NewInt(amount), address, nil}
		if previous(i) || strings.HasPrefix(e.Name, "p2pkh") {
			u.Previous = serialized(t, made)
		}
		coins = append(coins, u)
	}
	return coins
}

func TestBitcoinMakesWhatItReads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.SampledFrom(coins).Draw(rt, "coin")
		chain := chainOf(t, c.id)
		amounts := rapid.SliceOfN(rapid.Int64Range(c.dust+1e6, c.supply/100), 1, 8).Draw(rt, "amounts")
		proven := rapid.Bool().Draw(rt, "proven")
		list := bitcoinCoins(rt, chain, amounts, func(int) bool { return proven })
		o := bitcoinSpends(t, c.id, list, rapid.SampledFrom(list).Draw(rt, "to").Address)
		if rapid.Bool().Draw(rt, "all") {
			rate := rapid.IntRange(0, 400_000).Draw(rt, "rate")
			o.Numbers["rate"] = fmt.Sprintf("%d.%03d", rate/1000, rate%1000)
			x := made(rt, o)[0].Read
			size := x.body.(*bitcoinBody).size()
			if fee := x.Fee.Most.Int64() * 1000; fee < size*int64(rate) || fee >= size*int64(rate)+1000 {
				rt.Fatalf("%d for %d bytes at %d thousandths", x.Fee.Most, size, rate)
			}
			return
		}
		sum := new(big.Int)
		for _, u := range list {
			sum.Add(sum, u.Amount)
		}
		o.Fee = big.NewInt(rapid.Int64Range(0, 1e6).Draw(rt, "fee"))
		o.Amount = sum.Sub(sum, o.Fee)
		if got := made(rt, o); len(got) != 1 || got[0].Read.Fee.Most.Cmp(o.Fee) != 0 {
			rt.Fatalf("%d drafts", len(got))
		}
	})
}

// A sweep is cut into transactions that nodes relay, each as large as may be.
func TestBitcoinSweeps(t *testing.T) {
	const n = 3000
	amounts := make([]int64, n)
	for i := range amounts {
		amounts[i] = 100_000
	}
	chain := chainOf(t, "BTC")
	for form, want := range map[int]int{0: 675, 3: 1469, 5: 1738} { // p2pkh, p2wpkh, p2tr-untweaked
		one := *chain
		one.Encodings = chain.Encodings[form : form+1]
		o := bitcoinSpends(t, "BTC", bitcoinCoins(t, &one, amounts, func(int) bool { return false }), bitcoinPayee)
		o.Numbers["rate"] = "2.5"
		drafts := made(t, o)
		for i, d := range drafts[:len(drafts)-1] {
			if got, size := len(d.Read.Slots), d.Read.body.(*bitcoinBody).size(); got != want || size > maxRelayed {
				t.Errorf("%s: file %d spends %d coins in %d bytes, want %d", one.Encodings[0].Name, i+1, got, size, want)
			}
		}
	}
}

const bitcoinPayee = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"

func TestBitcoinMakesNothingElse(t *testing.T) {
	chain := chainOf(t, "BTC")
	order := func() *Order {
		o := bitcoinSpends(t, "BTC", bitcoinCoins(t, chain, []int64{50_000, 60_000, 70_000, 80_000}, func(int) bool { return true }), bitcoinPayee)
		o.Numbers["rate"] = "2"
		return o
	}
	pay := func(amount, fee int64) func(o *Order) {
		return func(o *Order) {
			o.Amount, o.Fee = big.NewInt(amount), big.NewInt(fee)
			delete(o.Numbers, "rate")
		}
	}
	other := func(o *Order) { o.Coins[1].Amount = big.NewInt(60_001) }
	notMade(t, order, []badOrder{
		{"no coins", func(o *Order) { o.Coins = nil }, `needs "coins"`},
		{"no rate", func(o *Order) { o.Numbers = nil }, "all goes with a rate"},
		{"a rate that is none", func(o *Order) { o.Numbers["rate"] = "2e3" }, "rate"},
		{"change", pay(200_000, 1_000), "nobody gets the change"},
		{"more than there is", pay(260_000, 1_000), "nobody gets the change"},
		{"no fee", func(o *Order) { pay(260_000, 0)(o); o.Fee = nil }, "an amount goes with a fee"},
		{"a fee and a rate", func(o *Order) { o.Amount, o.Fee = big.NewInt(259_000), big.NewInt(1000) }, "an amount goes with a fee"},
		{"dust", pay(545, 259_455), "no less than 0.00000546 BTC"},
		{"less than the fee", func(o *Order) { o.Numbers["rate"] = "1000" }, "no less than"},
		{"all for more than it may cost", func(o *Order) { o.Fee = big.NewInt(500) }, "is to be at most"},
		{"a coin twice", func(o *Order) { o.Coins[2] = o.Coins[1] }, "there twice"},
		{"another amount than the coin's", other, "the column amount is in BTC"},
		{"another address than the coin's", func(o *Order) { o.Coins[3].Address = bitcoinPayee }, "something else of it"},
		{"a coin of somebody else", func(o *Order) { o.From = bitcoinPayee }, "internal error: a coin of"},
		{"a transaction that is another", func(o *Order) { o.Coins[1].Previous = o.Coins[2].Previous }, "from another transaction"},
		{"an output that is not there", func(o *Order) { o.Coins[1].Vout = 1 }, "only 1 output"},
		{"a transaction that is cut", func(o *Order) { o.Coins[1].Previous = o.Coins[1].Previous[:40] }, "cut"},
		{"no transaction of a p2pkh coin", func(o *Order) { o.Coins[0].Previous = nil }, "must be there, whole"},
		{"an ID that is cut", func(o *Order) { o.Coins[0].TxID = o.Coins[0].TxID[:62] }, "64 hex digits"},
		{"more coins than there are", func(o *Order) { o.Coins[3].Amount = big.NewInt(21e14) }, "not as many coins"},
		{"a script of several keys", func(o *Order) {
			o.Coins[3].Address, o.Coins[3].Previous = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", nil
		}, "single key"},
		{"a memo", func(o *Order) { o.Tag = "7" }, "no memo"},
		{"a payee of another chain", func(o *Order) { o.To = "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9" }, "not how transactions"},
		{"an unknown number", func(o *Order) { o.Numbers["nonce"] = "1" }, "no use for"},
	})
	big1 := order()
	big1.Coins = bitcoinCoins(t, chain, make([]int64, 3000), func(int) bool { return true })
	for i := range big1.Coins {
		big1.Coins[i].Amount = new(big.Int)
	}
	pay(0, 0)(big1)
	if _, err := Make(big1); err == nil || !strings.Contains(err.Error(), "virtual bytes") {
		t.Errorf("an amount from too many coins: %v", err)
	}
}
