package tx_test

import (
	"encoding/hex"
	"fmt"
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

const xrpPayee = "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY"

// xrpPolicy is of a vault that has the test's key on both curves.
func xrpPolicy(t *testing.T) *tx.Policy {
	t.Helper()
	chain, _ := chains.Lookup("XRP")
	keys := new(tx.Keys)
	for i := range chain.Encodings {
		e := &chain.Encodings[i]
		public := publicOf(t, e.Curve, testKey)
		address, err := e.Address(public)
		if err != nil {
			t.Fatal(err)
		}
		keys.Add(&tx.Key{Chain: chain, Address: address, Path: "m/0", Public: *public})
	}
	return &tx.Policy{Keys: keys, Now: noon, NoExpiry: true}
}

// judged reads and judges a file.
func judged(p *tx.Policy, file string) (*tx.Transaction, error) {
	x, err := (&tx.Reader{Known: p.Keys.Knows}).Read([]byte(file))
	if err != nil {
		return nil, err
	}
	_, err = p.Judge(x)
	return x, err
}

// xrpSigned signs with the test's key.
func xrpSigned(t *testing.T, file string) (*tx.Transaction, *tx.Signed) {
	t.Helper()
	x, err := judged(xrpPolicy(t), file)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
	if err != nil {
		t.Fatal(err)
	}
	return x, got
}

func TestXRPIsAsXrplHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/xrp.tsv") {
		t.Run(row[0], func(t *testing.T) {
			key := row[3][strings.LastIndex(row[3], "7321"):][:4+66]
			for _, file := range []string{row[2], row[3], strings.ToLower(row[3]) + "\n", strings.Replace(row[3], key, "", 1)} {
				x, got := xrpSigned(t, file)
				if x.Slots[0].Address != row[1] || got.Text != row[4] || got.ID != row[5] || got.Data != nil {
					t.Errorf("signed by %s\n%+v, want\n%s %s", x.Slots[0].Address, got, row[4], row[5])
				}
				if _, err := judged(xrpPolicy(t), got.Text); !errorIs(err, tx.ErrUnread, "signed already") {
					t.Errorf("what was signed is read with %v", err)
				}
			}
		})
	}
}

func TestXRPEffects(t *testing.T) {
	rows := fixtures.Rows("tx/xrp.tsv")
	for i, want := range []string{
		"1.500000 XRP tag, fee 12, sequence 7, until the ledger 99000000 is closed",
		"1.500000 XRP tag, fee 12, sequence 7, until the ledger 99000000 is closed",
		"1.500000 XRP tag 495, fee 12, sequence 7, until the ledger 99000000 is closed",
		"1.500000 XRP tag 0, fee 12, sequence 7, until the ledger 99000000 is closed",
		"99999999999.999999 XRP tag, fee 100000, sequence 4294967295, no limit",
		"1.500000 XRP tag 4294967295, fee 12, ticket 12, until the ledger 99000000 is closed",
	} {
		x, err := judged(xrpPolicy(t), rows[i][2])
		if err != nil {
			t.Fatal(err)
		}
		e := x.Effects[0]
		tag := "tag"
		if e.Tag != "" {
			tag += " " + e.Tag
		}
		claim, from, _ := strings.Cut(strings.TrimPrefix(x.Claims[0], "XRP Ledger "), " of ")
		got := fmt.Sprintf("%s %s, fee %v, %s, %s", e.Asset.Text(e.Amount), tag, x.Fee.Most, claim, x.Expiry.Text)
		if got != want || len(x.Effects) != 1 || e.Kind != tx.Pay || e.To != xrpPayee || e.From != rows[i][1] || from != e.From || x.Fee.Payers[0].Address != e.From {
			t.Errorf("%s: %s\n%+v\nwant %s", rows[i][0], got, x, want)
		}
		if note := strings.Contains(strings.Join(x.Notes, "\n"), "no destination tag"); note != (e.Tag == "") {
			t.Errorf("%s: the notes are %q", rows[i][0], x.Notes)
		}
	}
}

// A tag that the recipient needs is there, and no other one.
func TestXRPTags(t *testing.T) {
	rows := fixtures.Rows("tx/xrp.tsv")
	for _, c := range []struct {
		row  int
		tag  string
		want string
	}{
		{0, "", ""}, {0, "495", "may be lost"}, {0, "0", "may be lost"},
		{2, "495", ""}, {2, "", "without one"}, {2, "0495", "may be lost"},
		{3, "0", ""}, {3, "", "without one"},
	} {
		p := xrpPolicy(t)
		p.Payees = []tx.Payee{{Address: xrpPayee, Tag: c.tag}}
		_, err := judged(p, rows[c.row][2])
		if c.want == "" && err != nil || c.want != "" && !errorIs(err, tx.ErrUnsafe, c.want) {
			t.Errorf("%s, allowed with %q: %v", rows[c.row][0], c.tag, err)
		}
	}
}

func TestXRPRefuses(t *testing.T) {
	p := xrpPolicy(t)
	p.NoExpiry = false
	for _, row := range fixtures.Rows("tx/xrp_refused.tsv") {
		for _, file := range row[2:] {
			if _, err := judged(p, file); !errorIs(err, tx.ErrUnsafe, row[1]) {
				t.Errorf("%s: %v, want %q", row[0], err, row[1])
			}
		}
	}
	row := fixtures.Rows("tx/xrp.tsv")[2]
	text, raw := row[2], row[3]
	theirs := fixtures.Rows("tx/xrp.tsv")[1][3]
	theirs = theirs[strings.LastIndex(theirs, "7321"):][4:70]
	ours := raw[strings.LastIndex(raw, "7321"):][4:70]
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a field of JSON that is not known", changed(t, text, `"Fee":"12"`, `"Fee":"12","hash":"00"`), tx.ErrUnsafe, "not known"},
		{"DeliverMax", changed(t, text, `"Amount"`, `"DeliverMax"`), tx.ErrUnsafe, "field DeliverMax"},
		{"a field twice", changed(t, text, `"Fee":"12"`, `"Fee":"12","Fee":"12"`), tx.ErrUnsafe, "two programs"},
		{"null", changed(t, text, `"DestinationTag":495`, `"DestinationTag":null`), tx.ErrUnread, ""},
		{"a tag of 33 bits", changed(t, text, `:495`, `:4294967296`), tx.ErrUnread, "32 bits"},
		{"a negative tag", changed(t, text, `:495`, `:-1`), tx.ErrUnread, "32 bits"},
		{"a tag in quotes", changed(t, text, `:495`, `:"495"`), tx.ErrUnread, "32 bits"},
		{"an amount in XRP", changed(t, text, `"1500000"`, `"1.5"`), tx.ErrUnread, "drops"},
		{"an amount without quotes", changed(t, text, `"1500000"`, `1500000`), tx.ErrUnsafe, "issued"},
		{"more than there is", changed(t, text, `"1500000"`, `"100000000000000001"`), tx.ErrUnsafe, "more than there is"},
		{"an X-address", changed(t, text, xrpPayee, "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H"), tx.ErrUnread, "begins with r"},
		{"no address", changed(t, text, xrpPayee, "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDX"), tx.ErrUnread, "not an address"},
		{"no recipient", changed(t, text, `"Destination":"`+xrpPayee+`",`, ""), tx.ErrUnread, "Destination is missing"},
		{"signed", changed(t, text, `"Fee"`, `"TxnSignature":"00","Fee"`), tx.ErrUnread, "signed already"},
		{"another's account", changed(t, text, row[1], xrpPayee+`","Destination":"`+row[1]), tx.ErrUnsafe, "two programs"},
		{"somebody else's", changed(t, changed(t, text, `"Destination":"`+xrpPayee, `"Destination":"`+row[1]), `"Account":"`+row[1], `"Account":"`+xrpPayee), tx.ErrForeign, "not an address of this vault"},
		{"another key", changed(t, raw, ours, theirs), tx.ErrForeign, "SigningPubKey"},
		{"a trailing byte", raw + "00", tx.ErrUnsafe, "something follows it: 00"},
		{"a trailing field", raw + "2400000007", tx.ErrUnsafe, "out of order"},
		{"a field twice, in binary", changed(t, raw, "2400000007", "24000000072400000007"), tx.ErrUnsafe, "out of order"},
		{"fields out of order", changed(t, raw, "24000000072E000001EF", "2E000001EF2400000007"), tx.ErrUnsafe, "out of order"},
		{"a field that is not known", raw + "F2", tx.ErrUnsafe, "type 15 and number 2 is not known"},
		{"an account that is too long", changed(t, raw, "8114", "8115"), tx.ErrUnsafe, "length of 21"},
		{"another type", changed(t, raw, "120000", "12FFFF"), tx.ErrUnsafe, "type 65535"},
		{"a negative amount", changed(t, raw, "61400000000016E360", "61000000000016E360"), tx.ErrUnsafe, "negative"},
	} {
		if _, err := judged(xrpPolicy(t), c.file); !errorIs(err, c.err, c.why) {
			t.Errorf("%s: %v, want %q", c.name, err, c.why)
		}
	}
	// It is read as what it is, whatever --chain says: that is for files of its family.
	eth, _ := chains.Lookup("ETH")
	if x, err := (&tx.Reader{Chain: eth}).Read([]byte(raw)); err != nil || x.Chain.ID != "XRP" {
		t.Errorf("as Ethereum: %v, %v", x, err)
	}
	x, _ := xrpSigned(t, raw)
	wrong := sign(t, testKey, x.Slots[0].Signing)
	wrong.Bytes[40] ^= 1
	if _, err := x.Finish([]*signature.Signature{wrong}); !errorIs(err, signature.ErrInvalid, "") {
		t.Errorf("a signature that does not verify: %v", err)
	}
}

// One sequence counts once, whatever it pays; a ticket is another number.
func TestXRPClaims(t *testing.T) {
	rows := fixtures.Rows("tx/xrp.tsv")
	var b tx.Batch
	for i, want := range []string{"", "", "sequence 7 of", "sequence 7 of", "", ""} {
		p := xrpPolicy(t)
		x, err := (&tx.Reader{}).Read([]byte(rows[i][3]))
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Judge(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(rows[i][0], x, v); want == "" && err != nil || want != "" && !errorIs(err, tx.ErrUnsafe, want) {
			t.Errorf("%s: %v", rows[i][0], err)
		}
	}
}

func TestXRPMutations(t *testing.T) {
	rows := fixtures.Rows("tx/xrp.tsv")
	mutate(t, []byte(rows[2][2]), "XRP")
	mutate(t, []byte(rows[2][3]), "XRP")
	mutate(t, []byte(rows[0][3]), "XRP")
}

// xrpOrder is the transfer that a vector makes.
func xrpOrder(from string) *tx.Order {
	chain, _ := chains.Lookup("XRP")
	coin, _ := tx.Coin(chain)
	return &tx.Order{Chain: chain, From: from, To: xrpPayee, Asset: coin, Amount: big.NewInt(1_500_000), Fee: big.NewInt(12),
		Numbers: map[string]string{"sequence": "7", "last-ledger": "99000000"}, Now: noon}
}

// What is made and signed is what xrpl.js signs.
func TestXRPMakesWhatXrplMakes(t *testing.T) {
	rows := fixtures.Rows("tx/xrp.tsv")
	for i, tag := range map[int]string{1: "", 2: "495"} {
		o := xrpOrder(rows[i][1])
		o.Tag = tag
		drafts, err := tx.Make(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := xrpSigned(t, string(drafts[0].Data)); len(drafts) != 1 || drafts[0].Ext != "json" || got.Text != rows[i][4] {
			t.Errorf("%s: made\n%s, signed\n%s", rows[i][0], drafts[0].Data, got.Text)
		}
	}
}

func TestXRPMakesWhatItReads(t *testing.T) {
	p := xrpPolicy(t)
	from := fixtures.Rows("tx/xrp.tsv")[1][1]
	rapid.Check(t, func(r *rapid.T) {
		o := xrpOrder(from)
		o.Amount = new(big.Int).SetUint64(rapid.Uint64Range(1, 100_000_000_000_000_000).Draw(r, "amount"))
		o.Fee = nil
		if rapid.Bool().Draw(r, "a fee") {
			o.Fee = big.NewInt(rapid.Int64Range(1, 100_000).Draw(r, "fee"))
		}
		if rapid.Bool().Draw(r, "tagged") {
			o.Tag = strconv.FormatUint(uint64(rapid.Uint32().Draw(r, "tag")), 10)
		}
		sequence := rapid.Uint32Range(1, 1<<32-1).Draw(r, "sequence")
		o.Numbers = map[string]string{"sequence": fmt.Sprint(sequence)}
		if rapid.Bool().Draw(r, "a last ledger") {
			o.Numbers["last-ledger"] = fmt.Sprint(rapid.Uint32Range(1, 1<<30-1).Draw(r, "ledger"))
		}
		drafts, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		x, err := judged(p, string(drafts[0].Data))
		if err != nil {
			r.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.From != o.From || e.To != o.To || e.Tag != o.Tag || e.Amount.Cmp(o.Amount) != 0 || e.Asset != o.Asset || e.Kind != tx.Pay {
			r.Errorf("%+v is read as %+v", o, e)
		}
		if o.Fee != nil && x.Fee.Most.Cmp(o.Fee) != 0 || x.Fee.High != "" {
			r.Errorf("the fee is %+v, want %v", x.Fee, o.Fee)
		}
		if x.Expiry.Missing != (o.Numbers["last-ledger"] == "") || !strings.HasSuffix(x.Claims[0], fmt.Sprintf("sequence %d of %s", sequence, from)) {
			r.Errorf("%+v is read as %+v", o, x)
		}
	})
}

func TestXRPMakesNothingWrong(t *testing.T) {
	from := fixtures.Rows("tx/xrp.tsv")[1][1]
	for want, change := range map[string]func(o *tx.Order){
		`needs "sequence"`:      func(o *tx.Order) { delete(o.Numbers, "sequence") },
		"sequence: ":            func(o *tx.Order) { o.Numbers["sequence"] = "4294967296" },
		"last-ledger: ":         func(o *tx.Order) { o.Numbers["last-ledger"] = "-1" },
		"no use for":            func(o *tx.Order) { o.Numbers["nonce"] = "1" },
		"begins with r":         func(o *tx.Order) { o.To = "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H" },
		"account that pays":     func(o *tx.Order) { o.From = "" },
		"not a destination tag": func(o *tx.Order) { o.Tag = "0495" },
		"XRP alone":             func(o *tx.Order) { o.Asset.Contract = from },
		"how much":              func(o *tx.Order) { o.Amount = nil },
	} {
		o := xrpOrder(from)
		change(o)
		if _, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// FuzzXRP reads the binary form.
func FuzzXRP(f *testing.F) {
	for _, row := range append(fixtures.Rows("tx/xrp.tsv"), fixtures.Rows("tx/xrp_refused.tsv")...) {
		b, err := hex.DecodeString(row[3])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	chain, _ := chains.Lookup("XRP")
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := (&tx.Reader{Chain: chain}).Read([]byte(hex.EncodeToString(data)))
		if err != nil {
			return
		}
		if e := x.Effects[0]; e.Amount.Sign() <= 0 || e.To == "" || e.From != x.Slots[0].Address || x.Fee.Most.Sign() <= 0 {
			t.Fatalf("it is read as %+v", x)
		}
	})
}
