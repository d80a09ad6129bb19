package tx_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/tx"
)

// Only what somebody else signs for is somebody else's to pay: an address in another
// spelling, or none, must not take it out of the limits.
func TestWhoPays(t *testing.T) {
	x := &tx.Transaction{Slots: []tx.Slot{{Address: "ours"}, {Address: "theirs"}}}
	v := &tx.Verdict{Keys: []*tx.Key{{}, nil}}
	for from, want := range map[string]bool{"ours": true, "theirs": false, "OURS": true, "": true} {
		if v.Pays(x, from) != want {
			t.Errorf("from %q: the vault pays is %t", from, !want)
		}
	}
}

// An address that is allowed without a chain is that of the chain that writes it so.
func TestPayeesOfOtherChains(t *testing.T) {
	tron, _ := chains.Lookup("TRON")
	file := fixtures.Rows("tx/tron.tsv")[0][2]
	x, _, err := read(t, file, "TRON")
	if err != nil {
		t.Fatal(err)
	}
	to := x.Effects[0].To
	account, _ := tron.Encodings[0].Parse(to)
	eth, _ := chains.Lookup("ETH")
	same := eth.Encodings[0].Format(account)
	for _, tc := range []struct {
		payee   tx.Payee
		refused string
	}{
		{tx.Payee{Address: to}, ""},
		{tx.Payee{Address: same}, "another chain"},
		{tx.Payee{Address: strings.ToLower(same)}, "another chain"},
		{tx.Payee{Address: same, Chain: eth}, "nobody allowed it"},
		{tx.Payee{Address: same, Chain: tron}, ""},
		{tx.Payee{Address: to, Tag: "7"}, "tag or memo"},
	} {
		p := tx.Policy{Keys: keysOf(t, testKey, "TRON"), Now: noon, Payees: []tx.Payee{tc.payee}}
		x, err := (&tx.Reader{Known: p.Keys.Knows}).Read([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Judge(x)
		if tc.refused == "" && err != nil || tc.refused != "" && (!errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), tc.refused)) {
			t.Errorf("%+v: %v, want %q", tc.payee, err, tc.refused)
		}
	}
}

// What counts on the main network as well says so, whatever --chain says that it is.
func TestTestNetworks(t *testing.T) {
	for _, tc := range []struct {
		id, file string
		noted    bool
	}{
		{"SOL", fixtures.Rows("tx/solana.tsv")[0][2], false}, {"SOLDEV_SOL", fixtures.Rows("tx/solana.tsv")[0][2], true},
		{"TRON", fixtures.Rows("tx/tron.tsv")[0][2], false}, {"TTRON", fixtures.Rows("tx/tron.tsv")[0][2], true},
		{"BTC", fixtures.Rows("tx/bitcoin_made.tsv")[0][5], false}, {"XTN", fixtures.Rows("tx/bitcoin_made.tsv")[0][5], true},
		{"TON_TEST", rowOf(t, "tx/ton.tsv", "v5r1, test network")[2], false},
		{"XLM_TEST", fixtures.Rows("tx/stellar.tsv")[0][2], false},
	} {
		chain, _ := chains.Lookup(tc.id)
		x, err := (&tx.Reader{Chain: chain}).Read([]byte(tc.file))
		if err != nil {
			t.Errorf("%s: %v", tc.id, err)
		} else if noted := strings.Contains(strings.Join(x.Notes, "\n"), "for a test"); noted != tc.noted {
			t.Errorf("%s: it is noted that it counts on the main network: %t", tc.id, noted)
		}
	}
}

// A key that is not the slot's is refused, whoever found it.
func TestForeignKeys(t *testing.T) {
	other := bytes.Repeat([]byte{0x48}, 32)
	for _, family := range []string{"tron", "cosmos", "near", "algorand"} {
		x, err := (&tx.Reader{}).Read([]byte(fixtures.Rows("tx/" + family + ".tsv")[0][2]))
		if err != nil {
			t.Fatal(err)
		}
		own := x.Chain.Encodings[0].Curve
		for _, on := range curve.All() {
			for _, private := range [][]byte{testKey, other} {
				ours := on == own && bytes.Equal(private, testKey)
				if err := x.Bind(0, publicOf(t, on, private)); ours && err != nil || !ours && !errors.Is(err, tx.ErrForeign) {
					t.Errorf("%s, a key on %v: %v", family, on, err)
				}
			}
		}
	}
}

// An expiry that nobody lives to see is none.
func TestFarExpiry(t *testing.T) {
	year := 365 * 24 * time.Hour
	for _, tc := range []struct {
		chain, hours, last string
		refused            string
	}{
		{"XLM", "24", "", ""},
		{"XLM", fmt.Sprint(year.Hours()), "", ""},
		{"XLM", "9000", "", "more than a year"},
		{"APTOS", "9000", "", "more than a year"},
		{"XRP", "", "99000000", ""},
		{"XRP", "", "4294967295", "never expires"},
		{"ATOM", "", "29000000", ""},
		{"ATOM", "", "9223372036854775807", "never expires"},
	} {
		chain, _ := chains.Lookup(tc.chain)
		coin, _ := tx.Coin(chain)
		form := chain.Encodings[0]
		address := func(private []byte) string {
			return form.Format(form.Payload.Of(nil, publicOf(t, form.Curve, private)))
		}
		o := &tx.Order{Chain: chain, From: address(testKey), To: address(bytes.Repeat([]byte{0x48}, 32)), Asset: coin, Amount: big.NewInt(2_000_000), Now: noon, Numbers: map[string]string{"sequence": "7"}}
		switch tc.chain {
		case "XRP":
			o.Numbers["last-ledger"] = tc.last
		case "ATOM":
			o.Numbers["timeout-height"], o.Numbers["account-number"] = tc.last, "3"
			o.Public, o.Fee = publicOf(t, form.Curve, testKey), big.NewInt(5000)
		default:
			o.Numbers["hours"] = tc.hours
		}
		made, err := tx.Make(o)
		if err != nil {
			t.Fatalf("%s: %v", tc.chain, err)
		}
		p := tx.Policy{Keys: keysOf(t, testKey, tc.chain), Now: noon}
		for _, p.NoExpiry = range []bool{false, true} {
			x, err := (&tx.Reader{Chain: chain}).Read(made[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Judge(x)
			if meant := tc.refused == "" || p.NoExpiry; meant && err != nil || !meant && !errorIs(err, tx.ErrUnsafe, tc.refused) {
				t.Errorf("%s, %s%s, meant %t: %v", tc.chain, tc.hours, tc.last, p.NoExpiry, err)
			}
		}
	}
}
