package tx_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

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
