package tx_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

const (
	stellarPayee = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
	stellarUSDC  = "USDC:GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN"
)

// stellarChains are the chains by the names that stellar-sdk has for their networks.
var stellarChains = map[string]string{"PUBLIC": "XLM", "TESTNET": "XLM_TEST"}

// stellarRow is the vector with that name.
func stellarRow(t *testing.T, name string) []string {
	t.Helper()
	for _, row := range fixtures.Rows("tx/stellar.tsv") {
		if row[0] == name {
			return row
		}
	}
	t.Fatalf("there is no vector %q", name)
	return nil
}

// stellarJudged reads and judges with the test's key on a network.
func stellarJudged(t *testing.T, file, network string, payees ...tx.Payee) (*tx.Transaction, *tx.Verdict, error) {
	t.Helper()
	chain, _ := chains.Lookup(network)
	p := tx.Policy{Keys: keysOf(t, testKey, network), Now: noon, NoExpiry: true, Payees: payees}
	x, err := (&tx.Reader{Chain: chain}).Read([]byte(file))
	if err != nil {
		return nil, nil, err
	}
	v, err := p.Judge(x)
	return x, v, err
}

func stellarSigned(t *testing.T, file, network string) (*tx.Transaction, *tx.Signed) {
	t.Helper()
	x, _, err := stellarJudged(t, file, network)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
	if err != nil {
		t.Fatal(err)
	}
	return x, got
}

func TestStellarIsAsItsSDKHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/stellar.tsv") {
		x, got := stellarSigned(t, row[2]+"\n", stellarChains[row[5]])
		if x.Slots[0].Address != row[1] || got.Text != row[3] || got.ID != row[4] || got.Data != nil {
			t.Errorf("%s: signed by %s\n%+v, want\n%s %s", row[0], x.Slots[0].Address, got, row[3], row[4])
		}
		if _, _, err := stellarJudged(t, got.Text, "XLM"); !errorIs(err, tx.ErrUnread, "signed already") {
			t.Errorf("%s: what was signed is read with %v", row[0], err)
		}
	}
}

func TestStellarEffects(t *testing.T) {
	for name, want := range map[string]string{
		"XLM":                                `pay 1.5000000 XLM "", fee 100, until 2026-09-21T14:13:20Z`,
		"memo of text":                       `pay 1.5000000 XLM "invoice 7", fee 100, until 2026-09-21T14:13:20Z`,
		"memo of a number":                   `pay 1.5000000 XLM "18446744073709551615", fee 100, until 2026-09-21T14:13:20Z`,
		"memo of a number in text":           `pay 1.5000000 XLM "text:495", fee 100, until 2026-09-21T14:13:20Z`,
		"memo of a hash":                     `pay 1.5000000 XLM "hash:` + strings.Repeat("ab", 32) + `", fee 100, until 2026-09-21T14:13:20Z`,
		"memo of a hash that is returned":    `pay 1.5000000 XLM "return:` + strings.Repeat("cd", 32) + `", fee 100, until 2026-09-21T14:13:20Z`,
		"muxed":                              `pay 0.0000001 XLM "muxed:9223372036854775808", fee 100, until 2026-09-21T14:13:20Z`,
		"USDC":                               `token 2.5000000 token ` + stellarUSDC + ` "text:text:28 letters in the memo", fee 100, until 2026-09-21T14:13:20Z`,
		"a longer code, back to its issuer":  `token 922337203685.4775807 token LongerCode12:` + stellarPayee + ` "", fee 100, until 2026-09-21T14:13:20Z`,
		"new account":                        `pay 20.0000000 XLM "", fee 100, until 2026-09-21T14:13:20Z`,
		"three operations":                   `pay 1.0000000 XLM "", fee 3000000, until 2026-09-21T14:13:20Z`,
		"without an expiry":                  `pay 1.5000000 XLM "", fee 100, no limit`,
		"of the test network":                `pay 1.5000000 XLM "", fee 100, until 2026-09-21T14:13:20Z`,
		"of the test network, on the public": `pay 1.5000000 XLM "", fee 100, until 2026-09-21T14:13:20Z`,
	} {
		row := stellarRow(t, strings.TrimSuffix(name, ", on the public"))
		network := stellarChains[row[5]]
		if strings.HasSuffix(name, "on the public") {
			network = "XLM"
		}
		x, _, err := stellarJudged(t, row[2], network)
		if err != nil {
			t.Fatal(err)
		}
		e := x.Effects[0]
		if got := fmt.Sprintf("%s %s %q, fee %v, %s", e.Kind, e.Asset.Text(e.Amount), e.Tag, x.Fee.Most, x.Expiry.Text); got != want || e.To != stellarPayee || e.From != row[1] || x.Fee.High != "" {
			t.Errorf("%s: %s\n%+v\nwant %s", name, got, x, want)
		}
		if want := x.Network + " sequence 7 of " + row[1]; len(x.Claims) != 1 || x.Claims[0] != want {
			t.Errorf("%s: it claims %q, want %q", name, x.Claims, want)
		}
	}
	for name, words := range map[string]string{
		"XLM": "fails if the recipient has no account yet", "USDC": "has said that it takes that", "new account": "A new account", "three operations": "does not count before 2026-08-29",
		"a longer code, back to its issuer": "back to its issuer", "memo of a number in text": "written as text", "of the test network": "It has no memo",
	} {
		x, _, err := stellarJudged(t, stellarRow(t, name)[2], "XLM")
		if err != nil || !strings.Contains(strings.Join(x.Notes, "\n"), words) {
			t.Errorf("%s: the notes are %q, %v, want %q", name, x.Notes, err, words)
		}
	}
	x, v, err := stellarJudged(t, stellarRow(t, "three operations")[2], "XLM", tx.Payee{Address: stellarPayee})
	if err != nil || len(x.Effects) != 3 || x.Effects[1].Asset.Contract != stellarUSDC || !v.Back[2] || v.Back[0] {
		t.Errorf("three operations are read as %+v, %+v, %v", x, v, err)
	}
}

// A memo that the recipient needs is there, and no other one; a number is none of text.
func TestStellarMemos(t *testing.T) {
	for _, c := range []struct{ name, tag, want string }{
		{"XLM", "", ""}, {"XLM", "495", "may be lost"}, {"memo of text", "invoice 7", ""}, {"memo of text", "", "without one"},
		{"memo of a number in text", "text:495", ""}, {"memo of a number in text", "495", "may be lost"},
		{"memo of a number", "18446744073709551615", ""}, {"muxed", "", "without one"}, {"muxed", "9223372036854775808", "may be lost"},
		{"muxed", "muxed:9223372036854775808", ""},
	} {
		_, _, err := stellarJudged(t, stellarRow(t, c.name)[2], "XLM", tx.Payee{Address: stellarPayee, Tag: c.tag})
		if c.want == "" && err != nil || c.want != "" && !errorIs(err, tx.ErrUnsafe, c.want) {
			t.Errorf("%s, allowed with %q: %v", c.name, c.tag, err)
		}
	}
}

func TestStellarRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/stellar_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "XLM")
	}
	pay := stellarRow(t, "XLM")
	refuses(t, "another network", pay[2], tx.ErrUnsafe, "on Stellar testnet and not on Stellar", "XLM_TEST")
	refuses(t, "somebody else's", pay[2], tx.ErrForeign, "not an address of this vault", "ETH")
	refuses(t, "as Solana", pay[2], tx.ErrUnsafe, "on Solana and not on Stellar", "SOL")

	raw := unbase64(t, pay[2])
	text := unbase64(t, stellarRow(t, "memo of text")[2])
	edit := func(b []byte, at int, with ...byte) string {
		b = append([]byte(nil), b...)
		copy(b[at:], with)
		return base64.StdEncoding.EncodeToString(b)
	}
	// Where things stand in a payment without a memo.
	const (
		source, fee, sequence, limits, memo, count, operation, asset, amount = 4, 40, 44, 52, 72, 76, 80, 124, 128
	)
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"bytes after the end", base64.StdEncoding.EncodeToString(append(raw[:len(raw):len(raw)], 0, 0, 0, 0)), tx.ErrUnsafe, "bytes follow"},
		{"cut off", base64.StdEncoding.EncodeToString(raw[:len(raw)-4]), tx.ErrUnread, "cut off"},
		{"another kind of key", edit(raw, source, 0, 0, 0, 1), tx.ErrUnread, ""},
		{"no fee", edit(raw, fee, 0, 0, 0, 0), tx.ErrUnsafe, "fee is nothing"},
		{"a negative sequence", edit(raw, sequence, 0x80), tx.ErrUnsafe, "sequence number"},
		{"another kind of limits", edit(raw, limits, 0, 0, 0, 3), tx.ErrUnsafe, "limits other than times"},
		{"it begins after it ends", edit(raw, limits+4, 0, 0, 0, 1), tx.ErrUnsafe, "expires before"},
		{"an age far away", edit(raw, limits+12, 1), tx.ErrUnread, "of this age"},
		{"another kind of memo", edit(raw, memo, 0, 0, 0, 5), tx.ErrUnsafe, "memo is of type 5"},
		{"nothing to do", base64.StdEncoding.EncodeToString(append(append(append([]byte(nil), raw[:count]...), 0, 0, 0, 0), raw[len(raw)-8:]...)), tx.ErrUnsafe, "does nothing"},
		{"more operations than there may be", edit(raw, count, 0, 0, 0, 101), tx.ErrUnread, ""},
		{"a yes that is none", edit(raw, operation, 0, 0, 0, 2), tx.ErrUnread, ""},
		{"an operation that is not known", edit(raw, operation+4, 0, 0, 0, 27), tx.ErrUnsafe, "type 27"},
		{"an asset that is not known", edit(raw, asset, 0, 0, 0, 3), tx.ErrUnsafe, "asset of type 3"},
		{"a negative amount", edit(raw, amount, 0x80), tx.ErrUnsafe, "pays nothing, or less"},
		{"what fills up a memo is not zero", edit(text, memo+8+9, 1), tx.ErrUnread, ""},
		{"a memo that is too long", edit(text, memo+4, 0, 0, 0, 29), tx.ErrUnread, ""},
		{"base 64 that is not in its one form", strings.TrimSuffix(stellarRow(t, "memo of text")[2], "A==") + "B==", tx.ErrUnread, ""},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "XLM")
	}
	for name, code := range map[string]string{"no code": "\x00\x00\x00\x00", "a code with a gap": "US\x00C", "letters that steer": "\x1b[2J"} {
		row := unbase64(t, stellarRow(t, "USDC")[2])
		file := strings.Replace(string(row), "USDC", code, 1)
		refuses(t, name, base64.StdEncoding.EncodeToString([]byte(file)), tx.ErrUnsafe, "code of its asset", "XLM")
	}
	x, _, err := stellarJudged(t, pay[2], "XLM")
	if err != nil {
		t.Fatal(err)
	}
	wrong := sign(t, testKey, x.Slots[0].Signing)
	wrong.Bytes[3] ^= 1
	if _, err := x.Finish([]*signature.Signature{wrong}); !errorIs(err, signature.ErrInvalid, "") {
		t.Errorf("a signature that does not verify: %v", err)
	}
}

// The user may name an asset by its code and issuer.
func TestStellarTokens(t *testing.T) {
	chain, _ := chains.Lookup("XLM")
	x, _, err := stellarJudged(t, stellarRow(t, "USDC")[2], "XLM")
	if err != nil {
		t.Fatal(err)
	}
	tokens := new(tx.Tokens)
	for _, wrong := range []string{"USDC", "USDC:", ":" + stellarPayee, "US-DC:" + stellarPayee, "ThirteenChars:" + stellarPayee} {
		if tokens.Add(chain, wrong, "USDC", 7) == nil {
			t.Errorf("%q is an asset", wrong)
		}
	}
	if err := tokens.Add(chain, stellarUSDC, "USDC", 7); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil {
		t.Fatal(err)
	}
	if e := x.Effects[0]; e.Asset.Text(e.Amount) != "2.5000000 USDC (token "+stellarUSDC+")" {
		t.Errorf("it is shown as %s", e.Asset.Text(e.Amount))
	}
}

func TestStellarMutations(t *testing.T) {
	mutate(t, []byte(stellarRow(t, "memo of text")[2]), "XLM")
	mutate(t, []byte(stellarRow(t, "USDC")[2]), "XLM")
}

// stellarOrder is the transfer that the first vector makes.
func stellarOrder(t *testing.T) *tx.Order {
	chain, _ := chains.Lookup("XLM")
	coin, _ := tx.Coin(chain)
	return &tx.Order{Chain: chain, From: stellarRow(t, "XLM")[1], To: stellarPayee, Asset: coin, Amount: big.NewInt(15_000_000), Fee: big.NewInt(100),
		Numbers: map[string]string{"sequence": "7", "hours": "12"}, Now: time.Unix(1790000000, 0).Add(-12 * time.Hour)}
}

func TestStellarMakesWhatItsSDKMakes(t *testing.T) {
	for name, change := range map[string]func(o *tx.Order){
		"XLM":                             func(*tx.Order) {},
		"memo of text":                    func(o *tx.Order) { o.Tag = "invoice 7" },
		"memo of a number":                func(o *tx.Order) { o.Tag = "18446744073709551615" },
		"memo of a number in text":        func(o *tx.Order) { o.Tag = "text:495" },
		"memo of a hash":                  func(o *tx.Order) { o.Tag = "hash:" + strings.Repeat("ab", 32) },
		"memo of a hash that is returned": func(o *tx.Order) { o.Tag = "return:" + strings.Repeat("cd", 32) },
		"muxed":                           func(o *tx.Order) { o.Tag, o.Amount = "muxed:9223372036854775808", big.NewInt(1) },
		"USDC": func(o *tx.Order) {
			o.Tag, o.Asset.Contract, o.Amount = "text:text:28 letters in the memo", stellarUSDC, big.NewInt(25_000_000)
		},
		"a longer code, back to its issuer": func(o *tx.Order) {
			o.Asset.Contract, o.Amount = "LongerCode12:"+stellarPayee, big.NewInt(math.MaxInt64)
		},
		"new account": func(o *tx.Order) { o.Numbers["new-account"], o.Amount = "yes", big.NewInt(200_000_000) },
	} {
		o := stellarOrder(t)
		change(o)
		drafts, err := tx.Make(o)
		if err != nil || len(drafts) != 1 || drafts[0].Ext != "xdr" || string(drafts[0].Data) != stellarRow(t, name)[2]+"\n" {
			t.Errorf("%s: made %+v, %v, want %s", name, drafts, err, stellarRow(t, name)[2])
		}
	}
}

func TestStellarMakesWhatItReads(t *testing.T) {
	keys := keysOf(t, testKey, "XLM")
	rapid.Check(t, func(r *rapid.T) {
		o := stellarOrder(t)
		o.Now = noon
		o.Amount = big.NewInt(rapid.Int64Range(1, math.MaxInt64).Draw(r, "amount"))
		o.Fee = nil
		if rapid.Bool().Draw(r, "a fee") {
			o.Fee = big.NewInt(rapid.Int64Range(1, 1_000_000).Draw(r, "fee"))
		}
		number := strconv.FormatUint(rapid.Uint64().Draw(r, "number"), 10)
		hex := rapid.StringMatching("[0-9a-f]{64}").Draw(r, "hash")
		o.Tag = rapid.SampledFrom([]string{"", number, "muxed:" + number, "hash:" + hex, "return:" + hex, "text:" + number[:1],
			rapid.StringMatching("[ -9;-~]{0,27}[a-z]").Draw(r, "text")}).Draw(r, "tag")
		if rapid.Bool().Draw(r, "a token") {
			o.Asset = tx.Asset{Contract: rapid.StringMatching("[A-Za-z0-9]{1,12}").Draw(r, "code") + ":" + stellarPayee, Decimals: 7, Known: true}
		}
		sequence := rapid.Int64Range(1, math.MaxInt64).Draw(r, "sequence")
		hours := rapid.Uint16Range(1, 8000).Draw(r, "hours")
		o.Numbers = map[string]string{"sequence": fmt.Sprint(sequence), "hours": fmt.Sprint(hours)}
		drafts, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		x, err := (&tx.Reader{}).Read(drafts[0].Data)
		if err != nil {
			r.Fatal(err)
		}
		if _, err := (&tx.Policy{Keys: keys, Now: noon}).Judge(x); err != nil {
			r.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.From != o.From || e.To != o.To || e.Tag != o.Tag || e.Amount.Cmp(o.Amount) != 0 || e.Asset != o.Asset {
			r.Errorf("%+v is read as %+v", o, e)
		}
		if o.Fee != nil && x.Fee.Most.Cmp(o.Fee) != 0 || !x.Expiry.At.Equal(noon.Add(time.Duration(hours)*time.Hour)) ||
			x.Claims[0] != fmt.Sprintf("Stellar sequence %d of %s", sequence, o.From) {
			r.Errorf("%+v is read as %+v", o, x)
		}
	})
}

func TestStellarMakesNothingWrong(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(o *tx.Order)
	}{
		{`needs "sequence"`, func(o *tx.Order) { delete(o.Numbers, "sequence") }},
		{"sequence: ", func(o *tx.Order) { o.Numbers["sequence"] = "9223372036854775808" }},
		{"hours: ", func(o *tx.Order) { o.Numbers["hours"] = "65536" }},
		{"neither yes nor no", func(o *tx.Order) { o.Numbers["new-account"] = "perhaps" }},
		{"with XLM alone", func(o *tx.Order) { o.Numbers["new-account"], o.Asset.Contract = "yes", stellarUSDC }},
		{"with XLM alone, and without a number", func(o *tx.Order) { o.Numbers["new-account"], o.Tag = "yes", "muxed:1" }},
		{"begins with G", func(o *tx.Order) { o.To = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLK" }},
		{"account that pays", func(o *tx.Order) { o.From = "" }},
		{"not CODE:ISSUER", func(o *tx.Order) { o.Asset.Contract = "USDC" }},
		{"not CODE:ISSUER", func(o *tx.Order) { o.Asset.Contract = "US DC:" + stellarPayee }},
		{"how much", func(o *tx.Order) { o.Amount = nil }},
		{"no account of Stellar can pay", func(o *tx.Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 63) }},
		{"a fee of", func(o *tx.Order) { o.Fee = new(big.Int).Lsh(big.NewInt(1), 32) }},
		{"not a number", func(o *tx.Order) { o.Tag = "0495" }},
		{"not a number", func(o *tx.Order) { o.Tag = "18446744073709551616" }},
		{"not a number", func(o *tx.Order) { o.Tag = "muxed:" }},
		{"32 bytes", func(o *tx.Order) { o.Tag = "hash:ab" }},
		{"plain text", func(o *tx.Order) { o.Tag = strings.Repeat("a", 29) }},
		{"plain text", func(o *tx.Order) { o.Tag = "text:" }},
		{"plain text", func(o *tx.Order) { o.Tag = "ä" }},
	} {
		o := stellarOrder(t)
		c.change(o)
		if _, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// FuzzStellar reads envelopes.
func FuzzStellar(f *testing.F) {
	for _, row := range append(fixtures.Rows("tx/stellar.tsv"), fixtures.Rows("tx/stellar_refused.tsv")...) {
		b, err := base64.StdEncoding.DecodeString(row[2])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	chain, _ := chains.Lookup("XLM")
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := (&tx.Reader{Chain: chain}).Read([]byte(base64.StdEncoding.EncodeToString(data)))
		if err != nil {
			return
		}
		for _, e := range x.Effects {
			if e.Amount.Sign() <= 0 || e.To == "" || e.From != x.Slots[0].Address || len(e.Tag) > 80 {
				t.Fatalf("it is read as %+v", x)
			}
		}
	})
}
