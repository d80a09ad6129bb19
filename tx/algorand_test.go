package tx_test

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

// algorandWrapped is a transaction as goal writes it.
func algorandWrapped(raw []byte) string { return "\x81\xa3txn" + string(raw) }

func TestAlgorandIsAsItsSDKHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/algorand.tsv") {
		raw := unbase64(t, row[2])
		for _, file := range []string{row[2], row[2] + "\n", string(raw), hex.EncodeToString(raw), algorandWrapped(raw)} {
			x, _, err := read(t, file, "ALGO")
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
				continue
			}
			if x.Slots[0].Address != row[1] || x.Effects[0].To != row[5] {
				t.Errorf("%s: it is read as %+v", row[0], x)
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || string(got.Data) != string(unbase64(t, row[3])) || got.Text != row[3] || got.ID != row[4] {
				t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[3], row[4])
			}
			if _, _, err := read(t, string(got.Data), "ALGO"); !errorIs(err, tx.ErrUnread, "signed already") {
				t.Errorf("%s: what comes out is read with %v", row[0], err)
			}
		}
	}
}

func TestAlgorandEffects(t *testing.T) {
	get := func(name string) *tx.Transaction {
		t.Helper()
		x, _, err := read(t, row(t, "tx/algorand.tsv", name)[2], "ALGO")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	r := row(t, "tx/algorand.tsv", "a payment with a note")
	x := get(r[0])
	if e := x.Effects[0]; e.Kind != tx.Pay || e.From != r[1] || e.Asset.Text(e.Amount) != "1.500000 ALGO" || e.Tag != "104857" {
		t.Errorf("a payment is read as %+v", e)
	}
	if x.Fee.Most.Int64() != 1000 || x.Fee.High != "" || x.Fee.Payers[0].Address != r[1] || x.Expiry.Text != "from round 50000000 to round 50001000, about 46m43s" || x.Claims[0] != "Algorand transaction "+r[4] {
		t.Errorf("a payment is read as %+v", x)
	}
	for payee, why := range map[tx.Payee]string{
		{Address: r[5], Tag: "104857"}: "",
		{Address: r[5]}:                "without one",
		{Address: r[5], Tag: "7"}:      "may be lost",
		{Address: r[1], Tag: "104857"}: "nobody allowed it",
	} {
		p := tx.Policy{Keys: keysOf(t, testKey, "ALGO"), Now: noon, Payees: []tx.Payee{payee}}
		if _, err := p.Judge(x); why == "" && err != nil || why != "" && !errorIs(err, tx.ErrUnsafe, why) {
			t.Errorf("%+v: %v, want %q", payee, err, why)
		}
	}
	x = get("an asset")
	e := &x.Effects[0]
	if e.Kind != tx.Token || e.Asset.Contract != "31566704" || e.Amount.Int64() != 2_500_000 || !strings.Contains(x.Notes[0], "opted in") {
		t.Errorf("an asset is read as %+v, with %q", e, x.Notes)
	}
	var tokens tx.Tokens
	if err := tokens.Add(x.Chain, "31566704", "USDC", 6); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil || e.Asset.Text(e.Amount) != "2.500000 USDC (token 31566704)" {
		t.Errorf("an asset that the user named is %s, %v", e.Asset.Text(e.Amount), err)
	}
	for _, contract := range []string{"031566704", "0", "-1", "USDC"} {
		if tokens.Add(x.Chain, contract, "x", 6) == nil {
			t.Errorf("%q is taken as the number of an asset", contract)
		}
	}
	x = get("an opt-in")
	v, err := (&tx.Policy{Keys: keysOf(t, testKey, "ALGO"), Now: noon, Payees: []tx.Payee{}}).Judge(x)
	if err != nil || !v.Back[0] || x.Effects[0].Amount.Sign() != 0 || !strings.Contains(x.Notes[0], "locks 0.1 ALGO") {
		t.Errorf("an opt-in is read as %+v, %+v, %v", x, v, err)
	}
}

func TestAlgorandRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/algorand_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "ALGO")
		raw := unbase64(t, row[2])
		if raw[0]&0xf0 == 0x80 && row[0] != "several keys" {
			refuses(t, row[0]+", as goal writes it", algorandWrapped(raw), tx.ErrUnsafe, row[1], "ALGO")
		}
	}
	pay := row(t, "tx/algorand.tsv", "a payment")
	raw := hex.EncodeToString(unbase64(t, pay[2]))
	asset := hex.EncodeToString(unbase64(t, row(t, "tx/algorand.tsv", "an asset")[2]))
	hexOf := func(s string) string { return hex.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a field that is not known", "8a" + raw[2:] + hexOf("\xa2zz") + "01", tx.ErrUnsafe, `"zz" is not known`},
		{"a field twice", "8a" + raw[2:] + hexOf("\xa4type\xa3pay"), tx.ErrUnsafe, "twice"},
		{"a field that is empty", "8a" + raw[2:] + hexOf("\xa4note\xc4\x00"), tx.ErrUnsafe, "twice"},
		{"an asset's field in a payment", "8a" + raw[2:] + hexOf("\xa4xaid\x05"), tx.ErrUnsafe, `"xaid" is not known`},
		{"a number that is not in its shortest form", changed(t, raw, hexOf("fee\xcd\x03\xe8"), hexOf("fee\xce\x00\x00\x03\xe8")), tx.ErrUnsafe, "shortest form"},
		{"a length that is not in its shortest form", changed(t, raw, hexOf("\xa3pay"), hexOf("\xd9\x03pay")), tx.ErrUnsafe, "shortest form"},
		{"a map that is not in its shortest form", string(unhex(t, "de0009"+raw[2:])), tx.ErrUnsafe, "shortest form"},
		{"text where bytes should be", changed(t, raw, hexOf("snd\xc4\x20"), hexOf("snd\xd9\x20")), tx.ErrUnread, "another type"},
		{"no type", "88" + changed(t, raw, hexOf("\xa4type\xa3pay"), "")[2:], tx.ErrUnsafe, "not known"},
		{"a type that is not known", changed(t, raw, hexOf("\xa3pay"), hexOf("\xa3pax")), tx.ErrUnsafe, `"pax"`},
		{"a wrapper with more", hexOf("\x82\xa3txn") + raw + hexOf("\xa2zz\x01"), tx.ErrUnsafe, `"zz" is not known`},
		{"a program's account", hexOf("\x82\xa4lsig\x80\xa3txn") + raw, tx.ErrUnsafe, "account of a program"},
		{"a key that another account has", hexOf("\x82\xa4sgnr\xc4\x00\xa3txn") + raw, tx.ErrUnsafe, "another key owns"},
		{"a wrapper around nothing", hexOf("\x81\xa3txn\x01"), tx.ErrUnread, "no map"},
		{"a sender of 31 bytes", changed(t, raw, hexOf("snd\xc4\x20\xee"), hexOf("snd\xc4\x1f")), tx.ErrUnread, "no sender"},
		{"an asset without its number", changed(t, changed(t, asset, "8aa46161", "89a46161"), hexOf("\xa4xaid\xce\x01\xe1\xab\x70"), ""), tx.ErrUnread, "no asset"},
		{"deep values", strings.Repeat("91", 100) + raw, tx.ErrUnread, ""},
		{"cut off", raw[:len(raw)-2], tx.ErrUnread, ""},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "ALGO")
	}
	refuses(t, "on another chain of the vault", pay[2], tx.ErrUnsafe, "on NEAR and not on Algorand", "NEAR")
	refuses(t, "nobody's key", pay[2], tx.ErrForeign, "not an address of this vault", "ETH")
}

func TestAlgorandMutations(t *testing.T) {
	mutate(t, unbase64(t, row(t, "tx/algorand.tsv", "an asset with a note")[2]), "ALGO")
	mutate(t, []byte(algorandWrapped(unbase64(t, row(t, "tx/algorand.tsv", "a payment")[2]))), "ALGO")
	mutate(t, []byte(row(t, "tx/algorand.tsv", "a payment with a note")[2]), "ALGO")
}

// algorandOrder is the order of a vector.
func algorandOrder(t *testing.T, name string) *tx.Order {
	t.Helper()
	r := row(t, "tx/algorand.tsv", name)
	chain, _ := chains.Lookup("ALGO")
	coin, _ := tx.Coin(chain)
	return &tx.Order{Chain: chain, From: r[1], To: r[5], Asset: coin, Amount: big.NewInt(1_500_000), Numbers: map[string]string{"first-round": "50000000"}}
}

func TestAlgorandMakes(t *testing.T) {
	pay, token, small := algorandOrder(t, "a payment with a note"), algorandOrder(t, "an asset"), algorandOrder(t, "all fields are large")
	pay.Tag = "104857"
	token.Asset, token.Amount, token.Numbers["last-round"] = tx.Asset{Contract: "31566704"}, big.NewInt(2_500_000), "50001000"
	small.Amount, small.Fee, small.Tag = big.NewInt(10_000_000_000_000_000), big.NewInt(70_000), strings.Repeat("x", 300)
	small.Numbers = map[string]string{"first-round": "5000000000", "last-round": "5000000999"}
	for name, o := range map[string]*tx.Order{"a payment with a note": pay, "an asset": token, "all fields are large": small} {
		made, err := tx.Make(o)
		if want := algorandWrapped(unbase64(t, row(t, "tx/algorand.tsv", name)[2])); err != nil || len(made) != 1 || string(made[0].Data) != want {
			t.Errorf("%s: it makes %+v, %v, want %q", name, made, err, want)
		}
	}
	for name, c := range map[string]struct {
		change func(*tx.Order)
		why    string
	}{
		"no amount":           {func(o *tx.Order) { o.Amount = nil }, "how much"},
		"too much":            {func(o *tx.Order) { o.Amount = new(big.Int).Lsh(o.Amount, 64) }, "at most 64 bits"},
		"a fee too low":       {func(o *tx.Order) { o.Fee = big.NewInt(999) }, "are the least"},
		"a fee too high":      {func(o *tx.Order) { o.Fee = new(big.Int).Lsh(o.Amount, 64) }, "more than there are"},
		"nobody":              {func(o *tx.Order) { o.To = "alice" }, "no address"},
		"an asset by name":    {func(o *tx.Order) { o.Asset.Contract = "USDC" }, "number of an asset"},
		"no round":            {func(o *tx.Order) { delete(o.Numbers, "first-round") }, "/v2/status"},
		"too long":            {func(o *tx.Order) { o.Numbers["last-round"] = "50001001" }, "are the most"},
		"a note beyond ASCII": {func(o *tx.Order) { o.Tag = "\u200b" }, "ASCII"},
		"a round that is no":  {func(o *tx.Order) { o.Numbers["last-round"] = "soon" }, "not a whole number"},
		"a first that is no":  {func(o *tx.Order) { o.Numbers["first-round"] = "now" }, "not a whole number"},
		"a strange number":    {func(o *tx.Order) { o.Numbers["nonce"] = "5" }, "no use"},
	} {
		o := algorandOrder(t, "a payment")
		c.change(o)
		if made, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
}

// What is made is read as what was ordered.
func TestAlgorandMakesWhatItReads(t *testing.T) {
	keys := keysOf(t, testKey, "ALGO")
	rapid.Check(t, func(r *rapid.T) {
		o := algorandOrder(t, "a payment")
		if rapid.Bool().Draw(r, "asset") {
			o.Asset = tx.Asset{Contract: strconv.FormatUint(rapid.Uint64Min(1).Draw(r, "number"), 10)}
		}
		o.Amount = new(big.Int).SetUint64(rapid.Uint64().Draw(r, "amount"))
		if rapid.Bool().Draw(r, "with a fee") {
			o.Fee = big.NewInt(rapid.Int64Range(1000, 100_000).Draw(r, "fee"))
		}
		o.Tag = rapid.StringMatching(`[ -~]{0,300}`).Draw(r, "note")
		first := rapid.Uint64Range(0, 1<<61).Draw(r, "first")
		o.Numbers["first-round"] = strconv.FormatUint(first, 10)
		made, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		readsBack(r, o, made, tx.Policy{Keys: keys, Now: noon})
	})
}

func FuzzAlgorand(f *testing.F) { fuzzFamily(f, "algorand") }
