package tx_test

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

func TestNEARIsAsItsLibraryHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/near.tsv") {
		raw := unbase64(t, row[2])
		for _, file := range []string{row[2], row[2] + "\n", string(raw), hex.EncodeToString(raw), "0x" + hex.EncodeToString(raw)} {
			x, _, err := read(t, file, "NEAR")
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
				continue
			}
			if x.Slots[0].Address != row[1] || x.Effects[0].To != row[5] {
				t.Errorf("%s: it is read as %+v", row[0], x)
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || string(got.Data) != row[3] || got.Text != row[3] || got.ID != row[4] {
				t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[3], row[4])
			}
			if _, _, err := read(t, got.Text, "NEAR"); !errorIs(err, tx.ErrUnread, "signed already") {
				t.Errorf("%s: what comes out is read with %v", row[0], err)
			}
		}
	}
}

func TestNEAREffects(t *testing.T) {
	get := func(name string) *tx.Transaction {
		t.Helper()
		x, _, err := read(t, row(t, "tx/near.tsv", name)[2], "NEAR")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	vault := row(t, "tx/near.tsv", "to a key")[1]
	x := get("to a key")
	if e := x.Effects[0]; e.Kind != tx.Pay || e.From != vault || e.Asset.Text(e.Amount) != "1.50000000 NEAR" || len(x.Notes) != 0 {
		t.Errorf("a payment is read as %+v, with %q", e, x.Notes)
	}
	if x.Fee.Most.String() != "10000000000000000000000" || x.Fee.High != "" || x.Fee.Payers[0].Address != vault || x.Expiry.Short != 14*time.Hour || x.Expiry.Missing {
		t.Errorf("a payment is read as %+v", x)
	}
	if want := "NEAR nonce 121000005 of " + vault + " by " + vault; x.Claims[0] != want {
		t.Errorf("it claims %q, want %q", x.Claims, want)
	}
	x, v, err := read(t, row(t, "tx/near.tsv", "from a name")[2], "NEAR")
	if err != nil || x.Slots[0].Address != vault || !strings.Contains(x.Notes[0], "from the account treasury.vault.near") {
		t.Fatalf("a payment of an account with a name is read as %+v, %v", x, err)
	}
	// What such an account pays counts like what the key's own account does.
	var batch tx.Batch
	if err := batch.Add("", x, v); err != nil {
		t.Fatal(err)
	}
	if got := batch.Spent(x.Chain, "").String(); got != "2010000000000000000000000" {
		t.Errorf("the vault pays %s", got)
	}
	x = get("a token with a memo")
	e := &x.Effects[0]
	if e.Kind != tx.Token || e.Asset.Contract != "wrap.near" || e.Asset.Known || e.Amount.Int64() != 1 || e.Tag != "104857" {
		t.Errorf("a token is read as %+v", e)
	}
	if x.Fee.Most.String() != "40000000000000000000001" || !strings.Contains(x.Fee.Rate, "40 Tgas at 10 times") || !strings.Contains(x.Notes[0], "not registered") {
		t.Errorf("a token's transfer costs %+v, with %q", x.Fee, x.Notes)
	}
	var tokens tx.Tokens
	if err := tokens.Add(x.Chain, "wrap.near", "wNEAR", 24); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil || e.Asset.Symbol != "wNEAR" {
		t.Errorf("a token that the user named is %+v, %v", e.Asset, err)
	}
	if err := tokens.Add(x.Chain, "Wrap.near", "x", 24); err == nil {
		t.Error("a token of a contract that is none")
	}
	for payee, why := range map[tx.Payee]string{
		{Address: "exchange.near", Tag: "104857"}: "",
		{Address: "exchange.near"}:                "without one",
		{Address: "exchange.near", Tag: "104858"}: "may be lost",
		{Address: "exchanqe.near", Tag: "104857"}: "nobody allowed it",
	} {
		p := tx.Policy{Keys: keysOf(t, testKey, "NEAR"), Now: noon, Payees: []tx.Payee{payee}}
		if _, err := p.Judge(x); why == "" && err != nil || why != "" && !errorIs(err, tx.ErrUnsafe, why) {
			t.Errorf("%+v: %v, want %q", payee, err, why)
		}
	}
}

func TestNEARRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/near_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "NEAR")
	}
	pay := row(t, "tx/near.tsv", "to a key")
	raw := hex.EncodeToString(unbase64(t, pay[2]))
	refuses(t, "on another chain of the vault", pay[2], tx.ErrUnsafe, "on Solana and not on NEAR", "SOL")
	refuses(t, "nobody's key", pay[2], tx.ErrForeign, "not an address of this vault", "ETH")
	refuses(t, "cut off", raw[:len(raw)-2], tx.ErrUnread, "cut off", "NEAR")
	// The payer and its key are two accounts, of which the file may name somebody else's.
	other := hex.EncodeToString([]byte(strings.Repeat("48", 32)))
	x, _, err := read(t, changed(t, raw, hex.EncodeToString([]byte(pay[1])), other), "NEAR")
	if err != nil || !strings.Contains(strings.Join(x.Notes, "\n"), "from the account 4848") {
		t.Errorf("an account of another key: %+v, %v", x, err)
	}
}

func TestNEARMutations(t *testing.T) {
	mutate(t, unbase64(t, row(t, "tx/near.tsv", "from a name")[2]), "NEAR")
	mutate(t, []byte(row(t, "tx/near.tsv", "a token with a memo")[2]), "NEAR")
}

// nearOrder is the order of a vector.
func nearOrder(t *testing.T, name string) *tx.Order {
	t.Helper()
	r := row(t, "tx/near.tsv", name)
	chain, _ := chains.Lookup("NEAR")
	coin, _ := tx.Coin(chain)
	recent := string(base58.Encode(nil, bytes.Repeat([]byte{0x11}, 32)))
	return &tx.Order{Chain: chain, From: r[1], To: r[5], Asset: coin, Numbers: map[string]string{"nonce": "121000005", "block-hash": recent}}
}

func TestNEARMakes(t *testing.T) {
	pay := nearOrder(t, "to a key")
	pay.Amount, _ = pay.Asset.ParseAmount("1.5")
	named := nearOrder(t, "from a name")
	named.From, named.Public = "treasury.vault.near", publicOf(t, curve.Ed25519, testKey)
	named.Amount, _ = pay.Asset.ParseAmount("2")
	token := nearOrder(t, "a token with a memo")
	token.Asset, token.Amount, token.Tag = tx.Asset{Contract: "wrap.near"}, big.NewInt(1), "104857"
	for name, o := range map[string]*tx.Order{"to a key": pay, "from a name": named, "a token with a memo": token} {
		made, err := tx.Make(o)
		if want := row(t, "tx/near.tsv", name)[2] + "\n"; err != nil || len(made) != 1 || string(made[0].Data) != want {
			t.Errorf("%s: it makes %+v, %v, want %s", name, made, err, want)
		}
	}
	for name, c := range map[string]struct {
		change func(*tx.Order)
		why    string
	}{
		"no amount":                {func(o *tx.Order) { o.Amount = nil }, "how much"},
		"a fee that is too low":    {func(o *tx.Order) { o.Fee = big.NewInt(1) }, "were allowed"},
		"a name without a key":     {func(o *tx.Order) { o.From = "treasury.vault.near" }, "make it with near-cli"},
		"a memo that breaks out":   {func(o *tx.Order) { o.Tag = `","amount":"9` }, "one way"},
		"a memo of NEAR":           {func(o *tx.Order) { o.Asset.Contract = "" }, "has no memo"},
		"a hash that is none":      {func(o *tx.Order) { o.Numbers["block-hash"] = "11" }, "not 32 bytes"},
		"no nonce":                 {func(o *tx.Order) { delete(o.Numbers, "nonce") }, "view_access_key"},
		"a recipient that is none": {func(o *tx.Order) { o.To = "0x35" }, "neither an account"},
	} {
		o := nearOrder(t, "a token with a memo")
		o.Asset, o.Amount, o.Tag = tx.Asset{Contract: "wrap.near"}, big.NewInt(1), "104857"
		c.change(o)
		if made, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
}

// What is made is read as what was ordered.
func TestNEARMakesWhatItReads(t *testing.T) {
	keys := keysOf(t, testKey, "NEAR")
	rapid.Check(t, func(r *rapid.T) {
		o := nearOrder(t, "to a key")
		if rapid.Bool().Draw(r, "to a name") {
			o.To = rapid.StringMatching(`[a-z0-9]{1,20}([-_][a-z0-9]{1,8})?\.near`).Draw(r, "to")
		}
		if rapid.Bool().Draw(r, "token") {
			o.Asset = tx.Asset{Contract: rapid.StringMatching(`[a-z0-9]{2,20}(\.[a-z]{2,8})?\.near`).Filter(func(s string) bool { return s != o.To }).Draw(r, "contract")}
			o.Tag = rapid.StringMatching(`[ !#-[\]-~]{0,40}`).Draw(r, "memo")
		}
		o.Amount = new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 16).Draw(r, "amount"))
		o.Amount.SetBit(o.Amount, 0, 1)
		o.Fee, _ = new(big.Int).SetString("50000000000000000000000", 10) // 0.05 NEAR
		o.Numbers["nonce"] = strconv.FormatInt(rapid.Int64Min(0).Draw(r, "nonce"), 10)
		made, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		readsBack(r, o, made, tx.Policy{Keys: keys, Now: noon})
	})
}

func FuzzNEAR(f *testing.F) { fuzzFamily(f, "near") }
