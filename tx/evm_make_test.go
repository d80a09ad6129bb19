package tx

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"

	"pgregory.net/rapid"
)

const (
	evmPayer = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"
	evmPayee = "0x3535353535353535353535353535353535353535"
)

func evmOrder(t testing.TB, id, amount string, numbers map[string]string) *Order {
	chain := chainOf(t, id)
	n, ok := new(big.Int).SetString(amount, 10)
	if !ok {
		t.Fatal(amount)
	}
	coin, _ := evmCoin(chain)
	return &Order{Chain: chain, From: evmPayer, To: evmPayee, Asset: coin, Amount: n, Numbers: maps.Clone(numbers), Now: makeTime}
}

// What is made is what ethers made of the same numbers.
func TestEVMMakesAsEthersDoes(t *testing.T) {
	usdt := evmOrder(t, "ETH", "1500000", map[string]string{"nonce": "6", "gas": "65000", "max-price": "30", "tip": "2"})
	usdt.Asset = Asset{Contract: "0xdAC17F958D2ee523a2206206994597C13D831ec7", Symbol: "USDT", Decimals: 6, Known: true}
	orders := map[string]*Order{
		"type 0, EIP-155 example": evmOrder(t, "ETH", "1000000000000000000", map[string]string{"nonce": "9", "gas": "21000", "gas-price": "20"}),
		"type 2":                  evmOrder(t, "ETH", "2000000000000000000", map[string]string{"nonce": "5", "gas": "21000", "max-price": "30", "tip": "1"}),
		"type 2, ERC-20":          usdt,
	}
	found := 0
	for _, row := range fixtures.Rows("tx/evm.tsv") {
		o := orders[row[0]]
		if o == nil {
			continue
		}
		found++
		want, err := json.Marshal(map[string]string{"from": row[1], "raw": row[2]})
		if err != nil {
			t.Fatal(err)
		}
		if got := made(t, o); len(got) != 1 || string(got[0].Data) != string(want)+"\n" || got[0].Ext != "json" {
			t.Errorf("%s: made\n%s, want\n%s", row[0], got[0].Data, want)
		}
	}
	if found != len(orders) {
		t.Errorf("%d of %d vectors are there", found, len(orders))
	}
}

func TestEVMMakesWhatItReads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := evmNetworks[rapid.IntRange(0, len(evmNetworks)-1).Draw(rt, "network")]
		tip := rapid.Int64Range(0, 1e6).Draw(rt, "tip")
		o := evmOrder(t, n.chain, "0", map[string]string{
			"nonce": digits(rapid.Int64Min(0).Draw(rt, "nonce")),
			"gas":   digits(rapid.Int64Range(21000, 1e9).Draw(rt, "gas")),
		})
		if rapid.Bool().Draw(rt, "legacy") {
			o.Numbers["gas-price"] = fmt.Sprintf("%d.%09d", tip, rapid.IntRange(0, 1e9-1).Draw(rt, "wei"))
		} else {
			o.Numbers["tip"], o.Numbers["max-price"] = digits(tip), digits(tip+rapid.Int64Range(0, 1e6).Draw(rt, "more"))
		}
		form := o.Chain.Encodings[0]
		account := func(name string) string {
			b := rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(rt, name)
			b[0] |= 1 // not the zero address
			return form.Format(b)
		}
		o.From, o.To, o.Amount = account("from"), account("to"), someAmount(rt, 200)
		if rapid.Bool().Draw(rt, "token") {
			o.Asset = Asset{Contract: account("contract"), Decimals: 6, Known: true}
			if o.Asset.Contract == o.To {
				rt.Skip("to the contract")
			}
		}
		made(rt, o)
	})
}

func TestEVMMakesNothingElse(t *testing.T) {
	order := func() *Order {
		return evmOrder(t, "ETH", "1", map[string]string{"nonce": "5", "gas": "21000", "max-price": "30", "tip": "1"})
	}
	token := Asset{Contract: "0xdAC17F958D2ee523a2206206994597C13D831ec7", Decimals: 6, Known: true}
	set := func(name, value string) func(o *Order) { return func(o *Order) { o.Numbers[name] = value } }
	notMade(t, order, []badOrder{
		{"no nonce", set("nonce", ""), `needs "nonce"`},
		{"no gas", set("gas", ""), `needs "gas"`},
		{"no price", set("max-price", ""), "give max-price and tip"},
		{"no tip", set("tip", ""), "give max-price and tip"},
		{"both prices", set("gas-price", "1"), "not both"},
		{"an unknown number", set("sequence", "1"), `no use for "sequence"`},
		{"a nonce that is none", set("nonce", "0x5"), "not a whole number"},
		{"a nonce of 65 bits", set("nonce", "18446744073709551616"), "not a whole number"},
		{"a price of too many decimals", set("max-price", "1.0000000001"), "at most 9 decimals"},
		{"a tip above the price", set("tip", "31"), "tip is above"},
		{"too little gas", set("gas", "20999"), "less than any"},
		{"a fee above what it may cost", func(o *Order) { o.Fee = big.NewInt(629_999_999_999_999) }, "is to be at most"},
		{"a memo", func(o *Order) { o.Tag = "7" }, "no tags"},
		{"nobody pays", func(o *Order) { o.From = "" }, "needs the account that pays"},
		{"a payer that is none", func(o *Order) { o.From = "0x35" }, "not an account"},
		{"a payee that is none", func(o *Order) { o.To = evmPayee + "3" }, "not an account"},
		{"a payee with a wrong checksum", func(o *Order) { o.To = "0x9D8A62f656a8d1615C1294fd71e9CFb3E4855A4F" }, "not an account"},
		{"the zero address", func(o *Order) { o.To = "0x0000000000000000000000000000000000000000" }, "zero address"},
		{"a token to its contract", func(o *Order) { o.Asset, o.To = token, token.Contract }, "their own contract"},
		{"no amount", func(o *Order) { o.Amount = nil }, "how much"},
		{"too much of a token", func(o *Order) { o.Asset, o.Amount = token, new(big.Int).Lsh(big.NewInt(1), 256) }, "no token counts"},
		{"too much of the coin", func(o *Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 256) }, "canonical"},
		{"coins", func(o *Order) { o.Coins = []Unspent{{}} }, "spends no coins"},
		{"a chain that is not known", func(o *Order) { o.Chain = &chains.Chain{Name: "Nowhere"} }, "cannot be made here"},
	})
	at := order()
	at.Fee = big.NewInt(630_000_000_000_000)
	made(t, at)
}
