package tx

import (
	"testing"

	"lifeboat/chains"
)

// Every family says which coins it has, and Coin asks all of them.
func TestCoin(t *testing.T) {
	for id, want := range map[string]Asset{
		"BTC": {Symbol: "BTC", Decimals: 8, Known: true}, "XEC": {Symbol: "XEC", Decimals: 2, Known: true},
		"ETH": {Symbol: "ETH", Decimals: 18, Known: true}, "TRON": {Symbol: "TRX", Decimals: 6, Known: true},
		"SOL": {Symbol: "SOL", Decimals: 9, Known: true},
		"XRP": {Symbol: "XRP", Decimals: 6, Known: true},
		"XLM": {Symbol: "XLM", Decimals: 7, Known: true}, "XLM_TEST": {Symbol: "XLM", Decimals: 7, Known: true},
		"TON":  {Symbol: "TON", Decimals: 9, Known: true},
		"NEAR": {Symbol: "NEAR", Decimals: 24, Known: true},
		"ALGO": {Symbol: "ALGO", Decimals: 6, Known: true},
		"ATOM": {Symbol: "ATOM", Decimals: 6, Known: true}, "DYDX": {Symbol: "DYDX", Decimals: 18, Known: true},
		"APT": {Symbol: "APT", Decimals: 8, Known: true},
		"SUI": {Symbol: "SUI", Decimals: 9, Known: true},
		"ADA": {Symbol: "ADA", Decimals: 6, Known: true},
	} {
		chain, _ := chains.Lookup(id)
		if got, ok := Coin(chain); !ok || got != want {
			t.Errorf("%s: %+v, %v", id, got, ok)
		}
	}
	for _, chain := range chains.All() {
		if a, ok := Coin(chain); ok && (a.Symbol == "" || !a.Known) {
			t.Errorf("%s: %+v", chain.ID, a)
		}
	}
}
