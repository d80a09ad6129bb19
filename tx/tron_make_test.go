package tx

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"lifeboat/fixtures"

	"pgregory.net/rapid"
)

const (
	tronPayer = "TQLCsShbQNXMTVCjprY64qZmEA4rBarpQp"
	tronPayee = "TSXLdfqxckGx6r8ThdwrspCkpXmWP4dzBU"
	tronUSDT  = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
)

func tronOrder(t testing.TB, amount int64) *Order {
	chain := chainOf(t, "TRON")
	coin, _ := tronCoin(chain)
	return &Order{Chain: chain, From: tronPayer, To: tronPayee, Asset: coin, Amount: big.NewInt(amount), Now: time.UnixMilli(1790000000000).Add(-2 * time.Hour), Numbers: map[string]string{
		"block":      "67116374", // 1d56 at its end
		"block-hash": "0000000004001d569d3b2cc2d1c8a52e" + strings.Repeat("ab", 16),
		"hours":      "2",
	}}
}

// What is made is what TronWeb made of the same numbers.
func TestTRONMakesAsTronWebDoes(t *testing.T) {
	memo, token := tronOrder(t, 1), tronOrder(t, 2_500_000)
	memo.Tag = "invoice 7"
	token.Asset = Asset{Contract: tronUSDT, Decimals: 6, Known: true}
	token.Fee = big.NewInt(30_000_000 + tronBytePrice*(211+tronOverhead))
	orders := []*Order{tronOrder(t, 1_500_000), memo, token}
	for i, row := range fixtures.Rows("tx/tron_made.tsv")[:len(orders)] {
		var got struct {
			Raw string `json:"raw_data_hex"`
			ID  string `json:"txID"`
		}
		d := made(t, orders[i])[0]
		if err := json.Unmarshal(d.Data, &got); err != nil || got.Raw != row[1] || got.ID != row[2] {
			t.Errorf("%s: %v, made\n%s, want\n%s", row[0], err, got, row[1:])
		}
	}
}

func TestTRONMakesWhatItReads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := tronOrder(t, 0)
		form := o.Chain.Encodings[0]
		account := func(name string) string {
			b := rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(rt, name)
			b[0] |= 1
			return form.Format(b)
		}
		number := rapid.Uint64Range(0, 1<<62).Draw(rt, "block")
		o.Numbers["block"] = fmt.Sprint(number)
		o.Numbers["block-hash"] = fmt.Sprintf("%016x%048x", number, rapid.Uint64().Draw(rt, "hash"))
		o.Numbers["hours"] = fmt.Sprint(rapid.IntRange(1, tronMostHours).Draw(rt, "hours"))
		o.From, o.To = account("from"), account("to")
		o.Tag = rapid.StringMatching(`[ -~]{0,40}`).Draw(rt, "memo")
		o.Fee = big.NewInt(rapid.Int64Range(3_000_000, 1e15).Draw(rt, "fee"))
		if rapid.Bool().Draw(rt, "token") {
			o.Asset, o.Amount = Asset{Contract: account("contract"), Decimals: 6, Known: true}, someAmount(rt, 200)
			if o.Asset.Contract == o.To {
				rt.Skip("to the contract")
			}
			if fee := made(rt, o)[0].Read.Fee.Most; fee.Cmp(new(big.Int).Sub(o.Fee, big.NewInt(20*tronBytePrice))) < 0 {
				rt.Fatalf("of a fee of %s, %s are used", o.Fee, fee)
			}
			return
		}
		o.Amount = big.NewInt(rapid.Int64Min(1).Draw(rt, "sun"))
		made(rt, o)
	})
}

func TestTRONMakesNothingElse(t *testing.T) {
	set := func(name, value string) func(o *Order) { return func(o *Order) { o.Numbers[name] = value } }
	token := func(fee int64) func(o *Order) {
		return func(o *Order) {
			o.Asset, o.Fee = Asset{Contract: tronUSDT, Decimals: 6, Known: true}, big.NewInt(fee)
		}
	}
	notMade(t, func() *Order { return tronOrder(t, 5) }, []badOrder{
		{"no block", set("block", ""), `needs "block"`},
		{"another block than the hash's", set("block", "67116375"), "begins with 0000000004001d57"},
		{"a hash that is cut", set("block-hash", "0000000004001d569d3b2cc2d1c8a52e"), "64 hex digits"},
		{"hours that are none", set("hours", "tomorrow"), "not a whole number"},
		{"no time", set("hours", "0"), "1 to 23 hours"},
		{"a day", set("hours", "24"), "1 to 23 hours"},
		{"a token without a fee", func(o *Order) { token(0)(o); o.Fee = nil }, "needs a fee"},
		{"a token for less than its bytes", token(300_000), "the bytes and the memo alone cost up to"},
		{"a token to its contract", func(o *Order) { token(30_000_000)(o); o.To = tronUSDT }, "their own contract"},
		{"TRX for less than their bytes", func(o *Order) { o.Fee = big.NewInt(1000) }, "is to be at most"},
		{"nothing", func(o *Order) { o.Amount = new(big.Int) }, "nobody can pay"},
		{"more than there is", func(o *Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 63) }, "nobody can pay"},
		{"a memo that is no text", func(o *Order) { o.Tag = "\x1b[2J" }, "not plain text"},
		{"an account of Ethereum", func(o *Order) { o.To = "1" + evmPayee }, "not an account"},
		{"no amount", func(o *Order) { o.Amount = nil }, "how much"},
	})
}
