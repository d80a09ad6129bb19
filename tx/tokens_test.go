package tx_test

import (
	"math/big"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/tx"
)

const usdt = "0xdAC17F958D2ee523a2206206994597C13D831ec7"

// A limit counts a token however its list spells the contract.
func TestTokensAreCountedInAnySpelling(t *testing.T) {
	eth, _ := chains.Lookup("ETH")
	for _, spelt := range []string{usdt, strings.ToLower(usdt), strings.ToUpper(usdt[2:])} {
		var tokens tx.Tokens
		if err := tokens.Add(eth, spelt, "USDT", 6); err != nil {
			t.Fatal(err)
		}
		x, v, err := read(t, evmRow(t, "type 2, ERC-20"), "ETH")
		if err != nil {
			t.Fatal(err)
		}
		if err := tokens.Name(x); err != nil || x.Effects[0].Asset.Symbol != "USDT" {
			t.Errorf("%s: %+v, %v", spelt, x.Effects[0].Asset, err)
		}
		var b tx.Batch
		if err := b.Add("a", x, v); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"USDT", usdt, strings.ToLower(usdt)} {
			asset, ok := tokens.Find(eth, name)
			if spent := b.Spent(eth, asset.Contract); !ok || spent.Cmp(big.NewInt(1_500_000)) != 0 {
				t.Errorf("%s, found by %s: %v spent", spelt, name, spent)
			}
		}
	}
}

// A token whose contract is called what the list calls another one is not that one.
func TestTokensAreNamedByContractAlone(t *testing.T) {
	x, _, err := cosmosRead(t, row(t, "tx/cosmos.tsv", "a token on Osmosis")[2], "")
	if err != nil {
		t.Fatal(err)
	}
	e := &x.Effects[0]
	var tokens tx.Tokens
	if err := tokens.Add(x.Chain, "factory/osmo1/stake", e.Asset.Contract, 18); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil || e.Asset.Symbol != "" || e.Asset.Known {
		t.Errorf("%s has the name of another token: %+v, %v", e.Asset.Contract, e.Asset, err)
	}
}

// Whoever writes the list must not turn a limit to another token.
func TestTokensOfOneNameAreRefused(t *testing.T) {
	eth, _ := chains.Lookup("ETH")
	const other = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
	for _, second := range [][2]string{{other, "USDT"}, {other, usdt}, {strings.ToLower(usdt), "USDC"}, {"0x12", "USDC"}} {
		var tokens tx.Tokens
		if err := tokens.Add(eth, usdt, "USDT", 6); err != nil {
			t.Fatal(err)
		}
		if err := tokens.Add(eth, second[0], second[1], 6); err == nil {
			t.Errorf("%v was taken", second)
		}
		if a, ok := tokens.Find(eth, usdt); !ok || a.Contract != usdt {
			t.Errorf("after %v, %s is %+v", second, usdt, a)
		}
	}
}
