package tx_test

import (
	"math/big"
	"testing"

	"lifeboat/tx"

	"pgregory.net/rapid"
)

func TestAmounts(t *testing.T) {
	btc := tx.Asset{Symbol: "BTC", Decimals: 8, Known: true}
	eth := tx.Asset{Symbol: "ETH", Decimals: 18, Known: true}
	usdt := tx.Asset{Symbol: "USDT", Contract: "0xda", Decimals: 6, Known: true}
	for _, c := range []struct {
		asset  tx.Asset
		amount string
		want   string
	}{
		{btc, "1", "0.00000001 BTC"}, {btc, "1470000000", "14.70000000 BTC"}, {btc, "0", "0.00000000 BTC"},
		{eth, "2000000000000000000", "2.00000000 ETH"}, {eth, "1", "0.000000000000000001 ETH"},
		{usdt, "1500000", "1.500000 USDT (token 0xda)"},
		{tx.Asset{Symbol: "X", Known: true}, "12", "12 X"},
		{tx.Asset{Contract: "0xda"}, "12", "12 of the smallest unit of token 0xda"},
	} {
		n, _ := new(big.Int).SetString(c.amount, 10)
		if got := c.asset.Text(n); got != c.want {
			t.Errorf("%s: %q, want %q", c.amount, got, c.want)
		}
	}
	for _, text := range []string{"", ".", "1.", ".1.", "-1", "+1", "1e3", "0.000000001", "1,5", "0x1", " 1"} {
		if n, err := btc.ParseAmount(text); err == nil {
			t.Errorf("%q is read as %v", text, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := tx.Asset{Symbol: "X", Decimals: rapid.IntRange(0, 30).Draw(t, "decimals"), Known: true}
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "amount"))
		text := a.Text(n)
		if back, err := a.ParseAmount(text[:len(text)-2]); err != nil || back.Cmp(n) != 0 {
			t.Fatalf("%v is written %q and read %v, %v", n, text, back, err)
		}
	})
}
