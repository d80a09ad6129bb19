package tx

import (
	"bytes"
	"crypto/ed25519"
	"maps"
	"math/big"
	"strings"
	"testing"

	"lifeboat/fixtures"

	"pgregory.net/rapid"
)

// solanaKeyOf is the address of a seed of 32 equal bytes.
func solanaKeyOf(b byte) string {
	return solanaText(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32))[32:])
}

const solanaUSDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"

func solanaOrder(t testing.TB, amount uint64, numbers map[string]string) *Order {
	chain := chainOf(t, "SOL")
	coin, _ := solanaCoin(chain)
	return &Order{Chain: chain, From: solanaKeyOf(0x46), To: solanaKeyOf(0x48), Asset: coin, Amount: new(big.Int).SetUint64(amount), Numbers: maps.Clone(numbers), Now: makeTime}
}

// solanaNonce are the numbers of the vectors.
func solanaNonce() map[string]string {
	return map[string]string{
		"nonce-account": solanaKeyOf(0x49), "nonce": solanaText(bytes.Repeat([]byte{0x11}, 32)),
		"nonce-authority": solanaKeyOf(0x47), "fee-payer": solanaKeyOf(0x47),
	}
}

// What is made is what web3.js and spl-token made of the same numbers.
func TestSolanaMakesAsWeb3Does(t *testing.T) {
	usdc := Asset{Contract: solanaUSDC, Decimals: 6, Known: true}
	blockHash := map[string]string{"block-hash": solanaNonce()["nonce"]}
	orders := map[string]*Order{
		"SOL, recent block hash":          solanaOrder(t, 1_500_000_000, blockHash),
		"SOL, durable nonce, memo":        solanaOrder(t, 1_500_000_000, solanaNonce()),
		"SPL, durable nonce":              solanaOrder(t, 2_500_000, solanaNonce()),
		"SPL, durable nonce, new account": solanaOrder(t, 2_500_000, solanaNonce()),
		"SPL, own fee":                    solanaOrder(t, 2_500_000, blockHash),
	}
	rows := fixtures.Rows("tx/solana_made.tsv")
	if len(rows) != len(orders) {
		t.Errorf("%d vectors", len(rows))
	}
	for _, row := range rows {
		o := orders[row[0]]
		if strings.HasPrefix(row[0], "SPL") {
			o.Asset = usdc
		}
		if strings.HasSuffix(row[0], "memo") {
			o.Tag = "invoice 7"
		}
		if strings.HasSuffix(row[0], "new account") {
			o.Numbers["create"] = "yes"
		}
		if got := made(t, o); string(got[0].Data) != row[1]+"\n" {
			t.Errorf("%s: made\n%s, want\n%s", row[0], got[0].Data, row[1])
		}
	}
}

func TestSolanaMakesWhatItReads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seeds := rapid.SliceOfNDistinct(rapid.Byte(), 7, 7, rapid.ID).Draw(rt, "keys")
		key := func(i int) string { return solanaKeyOf(seeds[i]) }
		o := solanaOrder(t, rapid.Uint64().Draw(rt, "amount"), map[string]string{"block-hash": key(0)})
		o.From, o.To = key(1), key(2)
		o.Tag = rapid.StringMatching(`[ -~]{0,40}`).Draw(rt, "memo")
		if rapid.Bool().Draw(rt, "durable") {
			o.Numbers = map[string]string{"nonce-account": key(3), "nonce": key(0), "nonce-authority": key(rapid.SampledFrom([]int{1, 4}).Draw(rt, "authority"))}
		}
		payer := o.From
		if rapid.Bool().Draw(rt, "payer") {
			payer = key(rapid.SampledFrom([]int{1, 4, 5}).Draw(rt, "fee payer"))
			o.Numbers["fee-payer"] = payer
		}
		if rapid.Bool().Draw(rt, "token") {
			o.Asset = Asset{Contract: key(6), Decimals: rapid.IntRange(0, 77).Draw(rt, "decimals"), Known: true}
			if rapid.Bool().Draw(rt, "create") {
				o.Numbers["create"] = "yes"
			}
		}
		x := made(rt, o)[0].Read
		if len(x.Fee.Payers) != 1 || x.Fee.Payers[0].Address != payer || (x.Expiry.Short == 0) != o.has("nonce") {
			rt.Fatalf("%+v pay the fee, valid %s", x.Fee.Payers, x.Expiry.Text)
		}
	})
}

func TestSolanaMakesNothingElse(t *testing.T) {
	set := func(name, value string) func(o *Order) { return func(o *Order) { o.Numbers[name] = value } }
	token := func(o *Order) { o.Asset = Asset{Contract: solanaUSDC, Decimals: 6, Known: true} }
	notMade(t, func() *Order { return solanaOrder(t, 5, solanaNonce()) }, []badOrder{
		{"no nonce", set("nonce", ""), "give nonce-account, nonce and nonce-authority"},
		{"nothing that dates it", func(o *Order) { o.Numbers = nil }, "or block-hash alone"},
		{"a nonce and a block hash", set("block-hash", solanaUSDC), "or block-hash alone"},
		{"a nonce that is none", set("nonce", "5"), "32 bytes in base 58"},
		{"a fee payer that is none", set("fee-payer", "0x35"), "32 bytes in base 58"},
		{"an account for SOL", set("create", "yes"), "create is for tokens"},
		{"perhaps an account", func(o *Order) { token(o); o.Numbers["create"] = "perhaps" }, "create"},
		{"a token to a token account", func(o *Order) { token(o); o.To = solanaAccount(o.To, solanaUSDC) }, "address of its owner"},
		{"a program", func(o *Order) { o.To = solanaToken }, "the money would be lost"},
		{"a memo that is no text", func(o *Order) { o.Tag = "\x1b[2J" }, "not plain text"},
		{"a long memo", func(o *Order) { o.Tag = strings.Repeat("x", 128) }, "at most 127 bytes"},
		{"more than there is", func(o *Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 64) }, "nobody can pay"},
		{"a fee above what it may cost", func(o *Order) { o.Fee = big.NewInt(9999) }, "is to be at most"},
		{"an account above what it may cost", func(o *Order) { token(o); o.Numbers["create"], o.Fee = "yes", big.NewInt(10_000) }, "is to be at most"},
		{"no amount", func(o *Order) { o.Amount = nil }, "how much"},
	})
}
