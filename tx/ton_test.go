package tx_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

// Who is in the vectors of TON.
const (
	tonPayee  = "UQD56q0pMho24wNErhaoxFZTPIBgBBzUkQ_b5JNDposp126W"
	tonJetton = "UQBaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWgYv" // the vault's wallet of a jetton
)

// tonRow is the vector with that name.
func tonRow(t *testing.T, name string) []string {
	t.Helper()
	for _, row := range fixtures.Rows("tx/ton.tsv") {
		if row[0] == name {
			return row
		}
	}
	t.Fatalf("there is no vector %q", name)
	return nil
}

// tonRead reads and judges with the test's key on a chain.
func tonRead(t *testing.T, chain, file string, change func(*tx.Policy)) (*tx.Transaction, *tx.Verdict, error) {
	t.Helper()
	named, _ := chains.Lookup(chain)
	p := tx.Policy{Keys: keysOf(t, testKey, chain), Now: noon}
	if change != nil {
		change(&p)
	}
	x, err := (&tx.Reader{Chain: named, Known: p.Keys.Knows}).Read([]byte(file))
	if err != nil {
		return nil, nil, err
	}
	v, err := p.Judge(x)
	return x, v, err
}

// tonBOC returns the BOC of a file.
func tonBOC(t *testing.T, file string) []byte {
	t.Helper()
	var fields map[string]string
	if err := json.Unmarshal([]byte(file), &fields); err != nil {
		t.Fatal(err)
	}
	return unbase64(t, fields["raw"])
}

// What @ton/ton signs and @ton/core writes; @ton/sandbox ran it, and took no more than
// what the review says.
func TestTONIsAsTonHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/ton.tsv") {
		boc := tonBOC(t, row[2])
		wrap := func(raw string) string { return fmt.Sprintf(`{"raw": %q, "from": %q}`, raw, row[1]) }
		for i, file := range []string{row[2], row[2] + "\n", wrap(hex.EncodeToString(boc)), wrap(base64.StdEncoding.EncodeToString(withoutCRC(boc)))} {
			x, v, err := tonRead(t, row[5], file, func(p *tx.Policy) { p.NoExpiry = true })
			if err != nil {
				t.Errorf("%s: form %d: %v", row[0], i, err)
				continue
			}
			if x.Slots[0].Address != row[1] || v.Keys[0] == nil || x.Fee.Payers[0].Address != row[1] {
				t.Errorf("%s: from %s, want %s", row[0], x.Slots[0].Address, row[1])
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || got.Text != row[3] || string(got.Data) != string(unbase64(t, row[3])) || got.ID != row[4] {
				t.Errorf("%s: form %d: signed\n%+v, %v, want\n%s %s", row[0], i, got, err, row[3], row[4])
			}
			cost, _ := new(big.Int).SetString(row[6], 10)
			for _, e := range x.Effects {
				if e.Kind == tx.Token {
					cost.Add(cost, big.NewInt(100_000_000))
				}
			}
			if x.Fee.High != "" || x.Fee.Most.Cmp(cost) < 0 || x.Fee.Most.Cmp(cost.Add(cost, big.NewInt(60_000_000))) > 0 {
				t.Errorf("%s: the fee is up to %v, and the sandbox took %s", row[0], x.Fee.Most, row[6])
			}
		}
	}
}

// withoutCRC is a BOC that ends without a CRC.
func withoutCRC(boc []byte) []byte {
	b := bytes.Clone(boc[:len(boc)-4])
	b[4] &^= 0x40
	return b
}

// The bytes alone do not say who pays: the one key of the book does, if the body is for
// its wallet.
func TestTONWithoutPayer(t *testing.T) {
	own := tonRow(t, "v5r1")
	boc := tonBOC(t, own[2])
	for i, file := range []string{string(boc), hex.EncodeToString(boc), base64.StdEncoding.EncodeToString(boc) + "\n"} {
		x, _, err := tonRead(t, "TON", file, nil)
		if err != nil {
			t.Fatalf("form %d: %v", i, err)
		}
		if want := "TON sequence number 5 of " + own[1]; x.Claims[0] != want || x.Effects[0].From != own[1] {
			t.Errorf("form %d: it claims %q, want %q", i, x.Claims, want)
		}
	}
	other := base64.StdEncoding.EncodeToString(tonBOC(t, tonRow(t, "v4r2")[2]))
	if _, _, err := tonRead(t, "TON", other, nil); !errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), "is that of the wallet v5r1") {
		t.Errorf("a body for another wallet than the book has: %v", err)
	}
	two := func(p *tx.Policy) { p.Keys.Add(keyOn(t, "TON", bytes.Repeat([]byte{0x48}, 32))) }
	if _, _, err := tonRead(t, "TON", string(boc), two); !errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), "does not say who pays") {
		t.Errorf("with two keys in the book: %v", err)
	}
	theirs := func(p *tx.Policy) { p.Keys = keysOf(t, bytes.Repeat([]byte{0x48}, 32), "TON") }
	if _, _, err := tonRead(t, "TON", own[2], theirs); !errors.Is(err, tx.ErrForeign) {
		t.Errorf("somebody else's: %v", err)
	}
	// However the payer is spelt, it is the same account.
	main, _ := chains.Lookup("TON")
	account, _ := main.Encodings[0].Parse(own[1])
	for _, e := range main.Encodings[:3] {
		x, _, err := tonRead(t, "TON", strings.Replace(own[2], own[1], e.Format(account), 1), nil)
		if err != nil || x.Slots[0].Address != own[1] {
			t.Errorf("from %s: %v", e.Format(account), err)
		}
	}
}

func TestTONEffects(t *testing.T) {
	noted := func(x *tx.Transaction, words string, want bool) {
		t.Helper()
		if strings.Contains(strings.Join(x.Notes, "\n"), words) != want {
			t.Errorf("%q is in the notes %q: want %t", words, x.Notes, want)
		}
	}
	judged := func(name string, payee tx.Payee) *tx.Transaction {
		t.Helper()
		row := tonRow(t, name)
		x, _, err := tonRead(t, row[5], row[2], func(p *tx.Policy) { p.NoExpiry, p.Payees = true, []tx.Payee{payee} })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return x
	}
	x := judged("v5r1", tx.Payee{Address: tonPayee})
	if e := x.Effects[0]; len(x.Effects) != 1 || e.Kind != tx.Pay || e.To != tonPayee || e.Asset.Text(e.Amount) != "1.50000000 TON" || e.Tag != "" {
		t.Errorf("a payment is read as %+v", e)
	}
	if x.Form != "body for a wallet v5r1" || x.Expiry.At.Sub(noon).Hours() != 24 || x.Expiry.Missing {
		t.Errorf("a payment is read as %+v", x)
	}
	noted(x, "has no contract yet", false)
	noted(x, "is not there yet", false)
	noted(x, "the sequence number is used up", true)
	noted(judged("v5r1, bounces", tx.Payee{Address: tonPayee}), "If "+tonPayee+" has no contract yet, the money comes back", true)

	x = judged("v4r2, the first one, a memo", tx.Payee{Address: tonPayee, Tag: "invoice 7"})
	noted(x, "is not there yet", true)
	noted(x, "read the same", false)
	noted(judged("v3r1", tx.Payee{Address: tonPayee}), "The wallets v3r2 or v3r1 of a key read the same", true)
	x = judged("v3r2, mode 0", tx.Payee{Address: tonPayee})
	noted(x, "A fee is taken from what "+tonPayee+" gets", true)
	noted(x, "tries again until it expires", true)

	x = judged("v5r1, the first one, ten", tx.Payee{Address: tonPayee})
	for i, e := range x.Effects {
		if len(x.Effects) != 10 || e.Amount.Int64() != int64(i+1)*1_000_000_000 {
			t.Errorf("payment %d of ten is read as %+v", i, e)
		}
	}
	x, _, err := tonRead(t, "TON", tonRow(t, "v4r2, four with a long memo")[2], nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := x.Effects[3]; e.Amount.Int64() != 4 || e.Tag != strings.Repeat("All work and no play makes Jack a dull boy. ", 14)+"4" {
		t.Errorf("the last of four is read as %+v", e)
	}
	if x := judged("v5r1, no expiry", tx.Payee{Address: tonPayee}); !x.Expiry.Missing || !strings.Contains(x.Expiry.Text, "no limit in time") {
		t.Errorf("without an expiry it is read as %+v", x.Expiry)
	}

	for name, tag := range map[string]string{"v5r1, jetton": "", "v4r2, jetton with a memo": "invoice 7", "v4r2, jetton with a memo in a cell": "invoice 7"} {
		x := judged(name, tx.Payee{Address: tonPayee, Tag: tag})
		e := x.Effects[0]
		if e.Kind != tx.Token || e.Asset != (tx.Asset{Contract: tonJetton}) || e.Amount.Int64() != 2_500_000 || e.To != tonPayee {
			t.Errorf("%s: read as %+v", name, e)
		}
		noted(x, "That "+tonJetton+" is this vault's wallet of a jetton, and of which one, is not proven", true)
		noted(x, "0.10000000 TON go with it", true)
	}
}

// However the payee is spelt, it is the same account, with --chain and without. Everscale
// writes its accounts as TON may.
func TestTONPayeesInAnySpelling(t *testing.T) {
	main, _ := chains.Lookup("TON")
	account, _ := main.Encodings[0].Parse(tonPayee)
	for _, e := range main.Encodings[:3] {
		for _, chain := range []*chains.Chain{nil, main} {
			payee := tx.Payee{Chain: chain, Address: e.Format(account)}
			everscale := chain == nil && strings.HasPrefix(payee.Address, "0:")
			_, _, err := tonRead(t, "TON", tonRow(t, "v5r1")[2], func(p *tx.Policy) { p.Payees = []tx.Payee{payee} })
			if everscale && !errorIs(err, tx.ErrUnsafe, "another chain") || !everscale && err != nil {
				t.Errorf("%s: %v", payee.Address, err)
			}
		}
	}
}

func TestTONRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/ton_refused.tsv") {
		if _, _, err := tonRead(t, "TON", row[2], nil); !errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), row[1]) {
			t.Errorf("%s: %v, want %q", row[0], err, row[1])
		}
	}
	own := tonRow(t, "v5r1")
	for _, c := range []struct {
		name, chain, file string
		err               error
		why               string
	}{
		{"v5r1 on the test network", "TON_TEST", own[2], tx.ErrUnsafe, "another network"},
		{"v4r2 on the test network", "TON_TEST", tonRow(t, "v4r2")[2], tx.ErrUnsafe, "counts on TON as well"},
		{"a payer that is none", "TON", strings.Replace(own[2], own[1], own[1][1:], 1), tx.ErrUnread, `"from" is no address`},
		{"a field that is not known", "TON", strings.Replace(own[2], `{"from"`, `{"init":"","from"`, 1), tx.ErrUnsafe, `"from" alone`},
		{"no payer in JSON", "TON", strings.Replace(own[2], "from", "to", 1), tx.ErrUnsafe, `"from" alone`},
		{"a number", "TON", strings.Replace(own[2], `"`+own[1]+`"`, "5", 1), tx.ErrUnread, "from"},
		{"a field twice", "TON", strings.Replace(own[2], `{"from"`, `{"from":"","from"`, 1), tx.ErrUnsafe, "two programs"},
		{"no base 64", "TON", strings.Replace(own[2], "te6cc", "te6cc*", 1), tx.ErrUnread, "neither hex nor base 64"},
		{"what was signed", "TON", own[3], tx.ErrUnread, "signed already"},
	} {
		if _, _, err := tonRead(t, c.chain, c.file, nil); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q with %q", c.name, err, c.err, c.why)
		}
	}
	memo := tonRow(t, "v5r1, the first one, a memo")
	for _, p := range []tx.Payee{{Address: tonPayee}, {Address: tonPayee, Tag: "invoice 8"}} {
		if _, _, err := tonRead(t, "TON", memo[2], func(q *tx.Policy) { q.Payees = []tx.Payee{p} }); !errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), "tag or memo") {
			t.Errorf("with %+v allowed: %v", p, err)
		}
	}
	if _, _, err := tonRead(t, "TON", own[2], func(q *tx.Policy) { q.Payees = []tx.Payee{{Address: tonPayee, Tag: "7"}} }); err == nil || !strings.Contains(err.Error(), "tag or memo") {
		t.Errorf("without the memo that must be there: %v", err)
	}
	// One sequence number, two payments.
	var b tx.Batch
	for i, name := range []string{"v5r1", "v5r1, bounces"} {
		x, v, err := tonRead(t, "TON", tonRow(t, name)[2], nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(name, x, v); (err != nil) != (i == 1) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// boc is a BOC of cells that are written by hand: d1, d2, data, references of a byte.
func boc(cells ...string) string {
	var body []byte
	for _, c := range cells {
		b, err := hex.DecodeString(strings.ReplaceAll(c, " ", ""))
		if err != nil {
			panic(err)
		}
		body = append(body, b...)
	}
	return bocWith(0x41, len(cells), 1, 0, 0, body)
}

func bocWith(flags byte, cells, roots, absent, root int, body []byte) string {
	b := []byte{0xb5, 0xee, 0x9c, 0x72, flags, 2, byte(cells), byte(roots), byte(absent)}
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(body))), byte(root))
	b = append(b, body...)
	if flags&0x40 != 0 {
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	}
	return string(b)
}

func TestTONHostileBOCs(t *testing.T) {
	// Every level refers to the next one four times: 4^200 ways to the last.
	var bomb []byte
	for i := range 200 {
		bomb = append(bomb, 4, 0, byte(i+1), byte(i+1), byte(i+1), byte(i+1))
	}
	bomb = append(bomb, 0, 0)
	var deep []byte
	for i := range 600 {
		deep = binary.BigEndian.AppendUint16(append(deep, 1, 0), uint16(i+1))
	}
	deep = append(deep, 0, 0)
	long := []byte{0xb5, 0xee, 0x9c, 0x72, 2, 2, 0x02, 0x59, 0, 1, 0, 0}
	long = append(binary.BigEndian.AppendUint16(long, uint16(len(deep))), 0, 0)
	good := tonBOC(t, tonRow(t, "v5r1")[2])
	damaged := bytes.Clone(good)
	damaged[20] ^= 1
	for _, c := range []struct{ name, file, why string }{
		{"a bomb", bocWith(0x41, 201, 1, 0, 0, bomb), "too short"},
		{"cells that are too deep", string(append(long, deep...)), "512 deep"},
		{"two roots", bocWith(0x41, 2, 2, 0, 0, []byte{0, 0, 0, 0}), "2 roots"},
		{"no root", bocWith(0x41, 1, 0, 0, 0, []byte{0, 0}), "0 roots"},
		{"a root that is not the first cell", bocWith(0x41, 2, 1, 0, 1, []byte{1, 0, 1, 0, 0}), "root"},
		{"absent cells", bocWith(0x41, 1, 1, 1, 0, []byte{0, 0}), "lacks 1"},
		{"an index", bocWith(0xc1, 1, 1, 0, 0, []byte{0, 0}), "index"},
		{"cache bits", bocWith(0x61, 1, 1, 0, 0, []byte{0, 0}), "index"},
		{"flags", bocWith(0x49, 1, 1, 0, 0, []byte{0, 0}), "index"},
		{"numbers of no bytes", bocWith(0x40, 1, 1, 0, 0, []byte{0, 0}), "numbers"},
		{"numbers of seven bytes", bocWith(0x47, 1, 1, 0, 0, []byte{0, 0}), "numbers"},
		{"no cells", bocWith(0x41, 0, 1, 0, 0, nil), "0 cells"},
		{"more cells than bytes", bocWith(0x41, 9, 1, 0, 0, []byte{0, 0}), "9 cells in 2 bytes"},
		{"an exotic cell", boc("08 02 01"), "exotic"},
		{"a cell of a level", boc("20 00"), "exotic"},
		{"a cell with hashes", boc("10 00"), "exotic"},
		{"five references", boc("05 00 01 01 01 01 01", "00 00"), "exotic"},
		{"an absent cell", boc("07 00"), "exotic"},
		{"a reference to itself", boc("01 00 00"), "does not come later"},
		{"a reference backwards", boc("01 00 01", "01 00 00"), "does not come later"},
		{"a reference out of it", boc("01 00 02", "00 00"), "does not come later"},
		{"a cell that nothing refers to", boc("00 00", "00 00"), "nothing refers to it"},
		{"bits without an end", boc("00 01 00"), "no end"},
		{"a whole byte with an end", boc("00 01 80"), "no end"},
		{"a cell that is cut off", boc("00 08 01"), "cut off"},
		{"bytes after the last cell", bocWith(0x41, 1, 1, 0, 0, []byte{0, 0, 0}), "bytes follow"},
		{"a damaged one", string(damaged), "CRC"},
		{"a magic number alone", "\xb5\xee\x9c\x72", "no BOC"},
		{"a long one", string(good) + strings.Repeat("\x00", 65535), "no BOC of at most"},
		{"an empty cell", boc("00 00"), "too short"},
		{"four bytes", boc("00 08 00 00 00 00"), "no body"},
	} {
		if _, _, err := tonRead(t, "TON", c.file, nil); !errors.Is(err, tx.ErrUnread) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", c.name, err, c.why)
		}
	}
	for _, whole := range [][]byte{good, withoutCRC(good)} {
		if _, _, err := tonRead(t, "TON", string(whole)+"\x00", nil); !errorIs(err, tx.ErrUnsafe, "something follows its BOC: 00") {
			t.Errorf("a byte after the end: %v", err)
		}
	}
}

func TestTONMutations(t *testing.T) {
	mutate(t, []byte(tonRow(t, "v5r1")[2]), "TON")
	// Under a CRC nothing gets far, so the same without.
	mutate(t, withoutCRC(tonBOC(t, tonRow(t, "v5r1")[2])), "TON")
	mutate(t, withoutCRC(tonBOC(t, tonRow(t, "v5r1, jetton")[2])), "TON")
}

// tonOrder is a payment of the vault, as the vectors have it.
func tonOrder(t *testing.T, from string) *tx.Order {
	chain, _ := chains.Lookup("TON")
	coin, _ := tx.Coin(chain)
	return &tx.Order{
		Chain: chain, From: from, Public: publicOf(t, curve.Ed25519, testKey), To: tonPayee, Asset: coin, Amount: big.NewInt(1_500_000_000),
		Numbers: map[string]string{"seqno": "5"}, Now: noon,
	}
}

// What is made is what @ton/ton makes.
func TestTONMakesWhatTonMakes(t *testing.T) {
	main, _ := chains.Lookup("TON")
	payee, _ := main.Encodings[0].Parse(tonPayee)
	bounceable := main.Encodings[1].Format(payee)
	for name, change := range map[string]func(*tx.Order){
		"v5r1": nil, "v4r2": nil, "v3r2": nil, "v3r1": nil,
		"v4r2, the first one, a memo": func(o *tx.Order) { o.Numbers["seqno"], o.Tag = "0", "invoice 7" },
		"v5r1, bounces":               func(o *tx.Order) { o.To = bounceable },
		"v5r1, jetton":                func(o *tx.Order) { o.Asset, o.Amount = tx.Asset{Contract: tonJetton}, big.NewInt(2_500_000) },
		"v4r2, jetton with a memo": func(o *tx.Order) {
			o.Asset, o.Amount, o.Tag = tx.Asset{Contract: tonJetton}, big.NewInt(2_500_000), "invoice 7"
		},
	} {
		row := tonRow(t, name)
		o := tonOrder(t, row[1])
		if change != nil {
			change(o)
		}
		drafts, err := tx.Make(o)
		if err != nil || len(drafts) != 1 || drafts[0].Ext != "json" {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := tonBOC(t, string(drafts[0].Data)), tonBOC(t, row[2]); !bytes.Equal(got, want) {
			t.Errorf("%s: made\n%x, want\n%x", name, got, want)
		}
	}
}

func TestTONMakesOnlyWhatItIsTold(t *testing.T) {
	own := tonRow(t, "v5r1")[1]
	test, _ := chains.Lookup("TON_TEST")
	payee, _ := test.Encodings[0].Parse(tonPayee)
	for why, change := range map[string]func(*tx.Order){
		`needs "seqno"`:              func(o *tx.Order) { delete(o.Numbers, "seqno") },
		"not a whole number":         func(o *tx.Order) { o.Numbers["seqno"] = "4294967296" },
		"hours:":                     func(o *tx.Order) { o.Numbers["hours"] = "-1" },
		"no use for":                 func(o *tx.Order) { o.Numbers["nonce"] = "1" },
		"needs the public key":       func(o *tx.Order) { o.Public = nil },
		"from: ":                     func(o *tx.Order) { o.From = tonPayee },
		"to: ":                       func(o *tx.Order) { o.To = tonPayee[1:] },
		"address of another network": func(o *tx.Order) { o.To = test.Encodings[0].Format(payee) },
		"how much":                   func(o *tx.Order) { o.Amount = nil },
		"more than there can be":     func(o *tx.Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 120) },
		"the memo":                   func(o *tx.Order) { o.Tag = "é" },
		"of at most 120 plain":       func(o *tx.Order) { o.Tag = strings.Repeat("x", 121) },
		"the jetton wallet":          func(o *tx.Order) { o.Asset = tx.Asset{Contract: "USDT"} },
		"would be lost":              func(o *tx.Order) { o.To = "0:" + strings.Repeat("00", 32) },
		"would cost up to 0.0056":    func(o *tx.Order) { o.Fee = big.NewInt(1_000_000) },
		"would cost up to 0.106":     func(o *tx.Order) { o.Fee, o.Asset = big.NewInt(100_000_000), tx.Asset{Contract: tonJetton} },
	} {
		o := tonOrder(t, own)
		change(o)
		if _, err := tx.Make(o); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

// What is made is read back as what was ordered.
func TestTONMadeIsRead(t *testing.T) {
	chain, _ := chains.Lookup("TON")
	rapid.Check(t, func(r *rapid.T) {
		o := tonOrder(t, tonRow(t, rapid.SampledFrom([]string{"v5r1", "v4r2", "v3r2", "v3r1"}).Draw(r, "from"))[1])
		account := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "to")
		account[0] |= 1 // not the zero address
		o.To = chain.Encodings[rapid.IntRange(0, 2).Draw(r, "form")].Format(account)
		o.Tag = rapid.StringMatching(`[ -~]{0,120}`).Draw(r, "tag")
		o.Amount = new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 15).Draw(r, "amount"))
		o.Numbers["seqno"] = fmt.Sprint(rapid.Uint32().Draw(r, "seqno"))
		o.Numbers["hours"] = fmt.Sprint(rapid.Uint16Range(1, 8000).Draw(r, "hours"))
		o.Fee = big.NewInt(200_000_000)
		kind := tx.Pay
		if rapid.Bool().Draw(r, "token") {
			kind, o.Asset = tx.Token, tx.Asset{Contract: tonJetton}
		}
		drafts, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		x, v, err := tonRead(t, "TON", string(drafts[0].Data), nil)
		if err != nil {
			r.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.Kind != kind || e.Asset != o.Asset || e.Amount.Cmp(o.Amount) != 0 || e.From != o.From || !tx.Same(chain, e.To, o.To) || e.Tag != o.Tag {
			r.Fatalf("%+v was ordered, and %+v is read", o, e)
		}
		if x.Fee.Most.Cmp(o.Fee) > 0 || v.Keys[0] == nil || !strings.HasPrefix(x.Claims[0], "TON sequence number "+o.Numbers["seqno"]+" of") {
			r.Fatalf("it is read as %+v", x)
		}
		if hours := fmt.Sprint(x.Expiry.At.Sub(noon).Hours()); hours != o.Numbers["hours"] {
			r.Fatalf("it is valid for %s hours, want %s", hours, o.Numbers["hours"])
		}
	})
}

// FuzzTON reads anything as a BOC.
func FuzzTON(f *testing.F) {
	for _, row := range append(fixtures.Rows("tx/ton.tsv"), fixtures.Rows("tx/ton_refused.tsv")...) {
		var fields map[string]string
		if err := json.Unmarshal([]byte(row[2]), &fields); err != nil {
			f.Fatal(err)
		}
		b, err := base64.StdEncoding.DecodeString(fields["raw"])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(withoutCRC(b)[4:])
	}
	chain, _ := chains.Lookup("TON")
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := (&tx.Reader{Chain: chain}).Read(append([]byte{0xb5, 0xee, 0x9c, 0x72}, data...))
		if err != nil {
			return
		}
		if len(x.Effects) == 0 || len(x.Slots) != 1 || len(x.Claims) != 1 || x.Fee.Most.Sign() <= 0 || x.Expiry.Text == "" {
			t.Fatalf("not all of it was read: %+v", x)
		}
		for _, e := range x.Effects {
			if _, ok := chain.Encodings[0].Parse(e.To); !ok || e.Amount.Sign() < 0 || strings.ContainsFunc(e.Tag, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("an effect is read as %+v", e)
			}
		}
	})
}
