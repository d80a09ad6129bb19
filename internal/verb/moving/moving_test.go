package moving

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/share/record"
	"lifeboat/tx"
)

// Names that whoever made the files chose add no line, and what several accounts pay
// is told apart.
func TestBlock(t *testing.T) {
	sol, _ := chains.Lookup("SOL")
	coin := tx.Asset{Symbol: "SOL", Decimals: 9, Known: true}
	x := &tx.Transaction{
		Form: "message", Chain: sol, Network: "Solana", Slots: make([]tx.Slot, 2), Fee: tx.Fee{Asset: coin, Most: new(big.Int)},
		Effects: []tx.Effect{{Kind: tx.Pay, Asset: coin, Amount: big.NewInt(5), From: "A", To: "B"}},
	}
	v := &tx.Verdict{Keys: make([]*tx.Key, 2), Payees: make([]string, 1), Back: make([]bool, 1), Forms: make([]string, 1)}
	var b strings.Builder
	if err := new(Review).Block(&b, "dir/a\n  to     nobody", x, v, true); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "\n  to     nobody") || !strings.Contains(got, "\n         from A\n") {
		t.Errorf("shown as:\n%s", got)
	}
	if r := Report("a", x, v); r.Effects[0].From != "A" {
		t.Errorf("reported as %+v", r.Effects[0])
	}
}

// A symbol of the list stands in one line, and a limit is one of its kind.
func TestTokensAndLimits(t *testing.T) {
	at := map[string]int{"chain": 0, "contract": 1, "symbol": 2, "decimals": 3}
	const contract = "0xdac17f958d2ee523a2206206994597c13d831ec7"
	for _, symbol := range []string{"", "A\nB", "A\u202eB", strings.Repeat("A", 30)} {
		if err := addToken(new(tx.Tokens), []string{"ETH", contract, symbol, "6"}, at); err == nil {
			t.Errorf("the symbol %q was taken", symbol)
		}
	}
	tokens := new(tx.Tokens)
	if err := addToken(tokens, []string{"ETH", contract, "USDT", "6"}, at); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		flag  string
		texts []string
		why   string
	}{
		{"--max-total", []string{"ETH=1", "ETH:USDT=5"}, ""},
		{"--max-total", []string{"ETH:USDT=5", "ETH:" + contract + "=6"}, "second limit"},
		{"--max-fee", []string{"ETH=1", "eth=2"}, "second limit"},
		{"--max-fee", []string{"ETH:USDT=5"}, "the chain's coin"},
	} {
		_, err := new(Flags).limits(tc.flag, tc.texts, tokens)
		if (err == nil) != (tc.why == "") || err != nil && !strings.Contains(err.Error(), tc.why) {
			t.Errorf("%s %v: %v, want %q", tc.flag, tc.texts, err, tc.why)
		}
	}
}

// A list may be as PowerShell's > writes it.
func TestPayeesFile(t *testing.T) {
	const address = "0x3535353535353535353535353535353535353535"
	text := "# exits\r\n" + address + "\r\n"
	for name, data := range map[string]string{
		"UTF-8":             text,
		"UTF-8 with a mark": "\ufeff" + text,
		"UTF-16":            "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00",
	} {
		path := filepath.Join(t.TempDir(), "exits.txt")
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, err := (&Flags{toFile: path}).payees(); err != nil || len(list) != 1 || list[0].Address != address {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
}

// An address after CHAIN: is allowed on that chain alone; what only looks like that is
// an address or a tag.
func TestPayee(t *testing.T) {
	for text, want := range map[string]string{
		"0x3535353535353535353535353535353535353535":                 " 0x3535353535353535353535353535353535353535 ",
		"eth:0x3535353535353535353535353535353535353535":             "ETH 0x3535353535353535353535353535353535353535 ",
		"rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:495":                     " rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 495",
		"XRP:rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:495":                 "XRP rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 495",
		"XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H":            " rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 12345",
		"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a":     " bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a ",
		"BCH:bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a": "BCH bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a ",
		"btc:0x3535353535353535353535353535353535353535":             "error",
		"eth:": "error",
	} {
		p, err := new(Flags).payee(text, "--to")
		got := "error"
		if err == nil {
			got = " " + p.Address + " " + p.Tag
			if p.Chain != nil {
				got = p.Chain.ID + got
			}
		}
		if got != want {
			t.Errorf("%q is %q, %v, want %q", text, got, err, want)
		}
	}
}

// What an address has in it counts as its tag, also in a record that has it whole.
func TestExits(t *testing.T) {
	vault := new(record.Record)
	vault.Exits = []record.Exit{
		{Chain: "XRP", Address: "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H"},
		{Chain: "XRP", Address: "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", Tag: "495"},
		{Chain: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
	}
	list, err := Exits(vault)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 12345", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 495", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 "} {
		if got := list[i].Address + " " + list[i].Tag; got != want {
			t.Errorf("exit %d is %q, want %q", i, got, want)
		}
	}
}
