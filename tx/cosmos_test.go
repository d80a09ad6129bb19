package tx_test

import (
	"encoding/hex"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

// cosmosIDs are the chains on which the vault of the vectors has its key.
var cosmosIDs = []string{"ATOM", "OSMO", "DYDX", "LUNA", "LUNC"}

// cosmosRead reads and judges with the test's key, with or without an expiry.
func cosmosRead(t *testing.T, file, chain string, payees ...tx.Payee) (*tx.Transaction, *tx.Verdict, error) {
	t.Helper()
	p := tx.Policy{Keys: keysOf(t, testKey, cosmosIDs...), Now: noon, NoExpiry: true, Payees: payees}
	r := tx.Reader{Known: p.Keys.Knows}
	if chain != "" {
		r.Chain, _ = chains.Lookup(chain)
	}
	x, err := r.Read([]byte(file))
	if err != nil {
		return nil, nil, err
	}
	v, err := p.Judge(x)
	return x, v, err
}

func TestCosmosIsAsCosmJSHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/cosmos.tsv") {
		chain := ""
		if row[0] == "another chain ID" {
			chain = "ATOM"
		}
		raw := unbase64(t, row[2])
		for _, file := range []string{row[2], row[2] + "\n", string(raw), hex.EncodeToString(raw)} {
			x, _, err := cosmosRead(t, file, chain)
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
				continue
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || string(got.Data) != row[3] || got.Text != hex.EncodeToString(unbase64(t, row[3])) || got.ID != row[4] {
				t.Errorf("%s: signed\n%s %+v, %v, want\n%s", row[0], got.Data, got, err, row[3])
			}
			if x.Slots[0].Address != row[1] || x.Effects[0].From != row[1] || x.Effects[0].To != row[5] || x.Fee.Payers[0].Address != row[1] {
				t.Errorf("%s: it is read as %+v", row[0], x)
			}
			if _, _, err := cosmosRead(t, string(got.Data), chain); !errorIs(err, tx.ErrUnread, "signed already") {
				t.Errorf("%s: what comes out is read with %v", row[0], err)
			}
		}
	}
}

func TestCosmosEffects(t *testing.T) {
	rows := make(map[string][]string)
	for _, row := range fixtures.Rows("tx/cosmos.tsv") {
		rows[row[0]] = row
	}
	read := func(name, chain string, payees ...tx.Payee) *tx.Transaction {
		t.Helper()
		x, _, err := cosmosRead(t, rows[name][2], chain, payees...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	row := rows["ATOM with a memo"]
	x := read(row[0], "", tx.Payee{Address: row[5], Tag: "104857"})
	if e := x.Effects[0]; e.Kind != tx.Pay || e.Asset.Text(e.Amount) != "1.500000 ATOM" || e.Tag != "104857" {
		t.Errorf("a payment is read as %+v", e)
	}
	if x.Network != "Cosmos Hub (chain ID cosmoshub-4)" || x.Fee.Most.Int64() != 5000 || x.Fee.High != "" || x.Expiry.Missing ||
		!strings.Contains(x.Expiry.Text, "up to block 29000000") || x.Claims[0] != "Cosmos Hub (chain ID cosmoshub-4) sequence 5 of "+row[1] {
		t.Errorf("a payment is read as %+v", x)
	}
	if _, _, err := cosmosRead(t, row[2], "", tx.Payee{Address: row[5]}); !errorIs(err, tx.ErrUnsafe, "without one") {
		t.Errorf("a memo that nobody allowed: %v", err)
	}
	if _, _, err := cosmosRead(t, rows["ATOM without a timeout"][2], "", tx.Payee{Address: row[5], Tag: "104857"}); !errorIs(err, tx.ErrUnsafe, "may be lost") {
		t.Errorf("a memo that is missing: %v", err)
	}

	x = read("a token on Osmosis", "")
	e := &x.Effects[0]
	if e.Kind != tx.Token || !strings.HasPrefix(e.Asset.Contract, "ibc/27394F") || e.Asset.Known || x.Chain.ID != "OSMO" {
		t.Errorf("a token is read as %+v", e)
	}
	var tokens tx.Tokens
	if err := tokens.Add(x.Chain, e.Asset.Contract, "ATOM", 6); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil || !strings.HasPrefix(e.Asset.Text(e.Amount), "2.500000 ATOM (token ibc/") {
		t.Errorf("a token that the user named is %s, %v", e.Asset.Text(e.Amount), err)
	}
	if x = read("18 decimals", ""); x.Effects[0].Asset.Text(x.Effects[0].Amount) != "2.50000000 DYDX" {
		t.Errorf("18 decimals are read as %+v", x.Effects)
	}
	// Two chains that write their accounts alike are told apart by the chain ID.
	if x = read("two coins", ""); x.Chain.ID != "LUNA" || len(x.Effects) != 2 || x.Effects[0].Kind != tx.Token || x.Effects[1].Kind != tx.Pay || x.Fee.Most.Sign() != 0 {
		t.Errorf("two coins are read as %+v", x)
	}
	if x = read("Terra Classic", ""); x.Chain.ID != "LUNC" || !strings.Contains(x.Notes[0], "tax") {
		t.Errorf("a chain with a tax is read as %+v", x)
	}
	chain, _ := chains.Lookup("COREUM")
	form := chain.Encodings[0]
	account := form.Format(form.Payload.Of(nil, publicOf(t, form.Curve, testKey)))
	made, err := tx.Make(&tx.Order{
		Chain: chain, From: account, Public: publicOf(t, form.Curve, testKey), To: account, Amount: big.NewInt(1), Fee: big.NewInt(1),
		Asset: tx.Asset{Contract: "drop-" + account}, Numbers: map[string]string{"sequence": "1", "account-number": "1"}, Now: noon,
	})
	if err != nil || !strings.Contains(made[0].Read.Notes[0], "issuer may have more taken") {
		t.Errorf("a token on Coreum: %v, %+v", err, made)
	}
	if x = read("another chain ID", "ATOM"); len(x.Notes) != 2 || !strings.Contains(x.Notes[0], "the user's word") {
		t.Errorf("a chain ID that is not in the table has the notes %q", x.Notes)
	}
}

func TestCosmosRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/cosmos_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], cosmosIDs...)
	}
	pay := fixtures.Rows("tx/cosmos.tsv")[0][2]
	doc := hex.EncodeToString(unbase64(t, pay))
	x, _, err := cosmosRead(t, pay, "")
	if err != nil {
		t.Fatal(err)
	}
	public := hex.EncodeToString(x.Slots[0].Signing.Public.Bytes())
	other := hex.EncodeToString(publicOf(t, curve.Secp256k1, unhex(t, strings.Repeat("48", 32))).Key[:])
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"generate-only", `{"body": {}, "auth_info": {}, "signatures": []}`, tx.ErrUnread, "account number and the sequence"},
		{"Amino", `{"account_number": "1", "chain_id": "cosmoshub-4", "fee": {}, "memo": "", "msgs": [], "sequence": "5"}`, tx.ErrUnread, "Amino"},
		{"a field of SignDoc that is not known", doc + "2801", tx.ErrUnsafe, "field 5 of its SignDoc"},
		{"the account number twice", doc + "2001", tx.ErrUnsafe, "twice"},
		{"a number that is not in its shortest form", changed(t, doc, "2087ad4b", "2087adcb00"), tx.ErrUnsafe, "shortest form"},
		{"another's public key", changed(t, doc, public, other), tx.ErrForeign, "not that of its account"},
		{"no chain ID that can be shown", changed(t, doc, hex.EncodeToString([]byte("cosmoshub-4")), strings.Repeat("07", 11)), tx.ErrUnread, "names no chain"},
		{"somebody else's", row(t, "tx/cosmos.tsv", "ATOM with a memo")[2], tx.ErrForeign, "not an address of this vault"},
	} {
		ids := cosmosIDs
		if c.name == "somebody else's" {
			ids = []string{"ETH"}
		}
		refuses(t, c.name, c.file, c.err, c.why, ids...)
	}
	refuses(t, "on another chain of the vault", pay, tx.ErrUnsafe, "on Osmosis and not on Cosmos Hub", "OSMO")
	for chain, why := range map[string]string{"OSMO": "--chain says Osmosis", "LUNC": "--chain says Terra Classic"} {
		if _, _, err := cosmosRead(t, pay, chain); !errorIs(err, tx.ErrUnsafe, why) {
			t.Errorf("--chain %s: %v", chain, err)
		}
	}
	if _, _, err := cosmosRead(t, row(t, "tx/cosmos.tsv", "another chain ID")[2], "DOT"); !errors.Is(err, tx.ErrUnread) {
		t.Errorf("a chain that writes otherwise: %v", err)
	}
}

// row is the vector with that name.
func row(t *testing.T, file, name string) []string {
	t.Helper()
	for _, r := range fixtures.Rows(file) {
		if r[0] == name {
			return r
		}
	}
	t.Fatalf("there is no vector %q in %s", name, file)
	return nil
}

// Two files with one sequence: only one of them could count.
func TestCosmosReplays(t *testing.T) {
	p := tx.Policy{Keys: keysOf(t, testKey, "ATOM"), Now: noon}
	var b tx.Batch
	for i, name := range []string{"first", "second"} {
		x, err := (&tx.Reader{Known: p.Keys.Knows}).Read([]byte(fixtures.Rows("tx/cosmos.tsv")[0][2]))
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Judge(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(name, x, v); i == 0 && err != nil || i == 1 && !errorIs(err, tx.ErrUnsafe, "sequence 5 of cosmos1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCosmosMutations(t *testing.T) {
	rows := fixtures.Rows("tx/cosmos.tsv")
	mutate(t, unbase64(t, rows[0][2]), cosmosIDs...)
	mutate(t, []byte(rows[2][2]), cosmosIDs...)
}

// cosmosOrder is the order of the first vector.
func cosmosOrder(t *testing.T) *tx.Order {
	t.Helper()
	r := fixtures.Rows("tx/cosmos.tsv")[0]
	chain, _ := chains.Lookup("ATOM")
	coin, _ := tx.Coin(chain)
	return &tx.Order{
		Chain: chain, From: r[1], To: r[5], Public: publicOf(t, curve.Secp256k1, testKey), Tag: "104857", Asset: coin, Amount: big.NewInt(1_500_000), Fee: big.NewInt(5000),
		Numbers: map[string]string{"account-number": "1234567", "sequence": "5", "timeout-height": "29000000"},
	}
}

func TestCosmosMakes(t *testing.T) {
	made, err := tx.Make(cosmosOrder(t))
	if want := fixtures.Rows("tx/cosmos.tsv")[0][2] + "\n"; err != nil || len(made) != 1 || string(made[0].Data) != want {
		t.Errorf("it makes %+v, %v, want %s", made, err, want)
	}
	for name, c := range map[string]struct {
		change func(*tx.Order)
		why    string
	}{
		"no fee":              {func(o *tx.Order) { o.Fee = nil }, `needs "fee"`},
		"no amount":           {func(o *tx.Order) { o.Amount = nil }, "how much"},
		"no key":              {func(o *tx.Order) { o.Public = nil }, "public key"},
		"nothing":             {func(o *tx.Order) { o.Amount = new(big.Int) }, "no amount"},
		"no sequence":         {func(o *tx.Order) { delete(o.Numbers, "sequence") }, "/cosmos/auth/v1beta1/accounts"},
		"a number that is no": {func(o *tx.Order) { o.Numbers["sequence"] = "-5" }, "not a whole number"},
		"another chain's":     {func(o *tx.Order) { o.To = "osmo1" + o.To[7:] }, "no account"},
		"a strange number":    {func(o *tx.Order) { o.Numbers["nonce"] = "5" }, "no use"},
	} {
		o := cosmosOrder(t)
		c.change(o)
		if made, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
}

// What is made is read as what was ordered.
func TestCosmosMakesWhatItReads(t *testing.T) {
	keys := keysOf(t, testKey, "ATOM", "DYDX")
	rapid.Check(t, func(r *rapid.T) {
		o := cosmosOrder(t)
		chain := keyOn(t, rapid.SampledFrom([]string{"ATOM", "DYDX"}).Draw(r, "chain"), testKey)
		o.Chain, o.From = chain.Chain, chain.Address
		o.To = keyOn(t, o.Chain.ID, unhex(t, strings.Repeat("48", 32))).Address
		o.Asset, _ = tx.Coin(o.Chain)
		if rapid.Bool().Draw(r, "token") {
			o.Asset = tx.Asset{Contract: rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9/:._-]{2,60}`).Filter(func(s string) bool { return s != "uatom" && s != "adydx" }).Draw(r, "denom")}
		}
		o.Amount = new(big.Int).SetUint64(rapid.Uint64Min(1).Draw(r, "amount"))
		o.Fee = big.NewInt(rapid.Int64Range(0, 100_000).Draw(r, "fee"))
		o.Tag = rapid.StringMatching(`[ -~]{0,40}`).Draw(r, "memo")
		sequence := rapid.Int64Min(0).Draw(r, "sequence")
		o.Numbers["sequence"] = strconv.FormatInt(sequence, 10)
		made, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		readsBack(r, o, made, tx.Policy{Keys: keys, Now: noon})
	})
}

// readsBack checks that what was made is what was ordered, and may be signed.
func readsBack(r *rapid.T, o *tx.Order, made []tx.Draft, p tx.Policy) *tx.Transaction {
	if len(made) != 1 {
		r.Fatalf("%d transactions were made", len(made))
	}
	p.Payees = []tx.Payee{{Chain: o.Chain, Address: o.To, Tag: o.Tag}}
	x, err := (&tx.Reader{Known: p.Keys.Knows}).Read(made[0].Data)
	if err != nil {
		r.Fatal(err)
	}
	if _, err := p.Judge(x); err != nil {
		r.Fatal(err)
	}
	e := x.Effects[0]
	if len(x.Effects) != 1 || x.Chain != o.Chain || e.From != o.From || e.To != o.To || e.Tag != o.Tag || e.Amount.Cmp(o.Amount) != 0 ||
		e.Asset.Contract != o.Asset.Contract || o.Fee != nil && x.Fee.Most.Cmp(o.Fee) > 0 {
		r.Fatalf("%+v is made as %+v", o, x)
	}
	return x
}

func FuzzCosmos(f *testing.F) { fuzzFamily(f, "cosmos") }
