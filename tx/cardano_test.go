package tx_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
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
	cardanoOurs  = "addr1v89ze0z6mjzxedmw0dgalzk2gcatrdenvv28949yapegmaqatkz9w"
	cardanoPayee = "addr1v8g8mqw9ptjuugxvm558cpc2hu0aws6kp727au8lse7c8ega9n7zz"
)

// cardanoKeys are the two that sign the vectors.
var cardanoKeys = [][]byte{testKey, bytes.Repeat([]byte{0x48}, 32)}

func cardanoRow(t *testing.T, name string) []string {
	t.Helper()
	return rowOf(t, "tx/cardano.tsv", name)
}

// cardanoRead reads a file with both keys.
func cardanoRead(t *testing.T, file string) (*tx.Transaction, error) {
	t.Helper()
	p := tx.Policy{Keys: new(tx.Keys), Now: noon}
	keys := cardanoKeys
	if !strings.Contains(file, `"from"`) {
		keys = keys[:1] // whoever is alone signs
	}
	for _, private := range keys {
		p.Keys.Add(keysOn(t, "ADA", private)[0])
	}
	x, err := (&tx.Reader{Known: p.Keys.Knows}).Read([]byte(file))
	if err != nil {
		return nil, err
	}
	_, err = p.Judge(x)
	return x, err
}

// cardanoSign signs the slots with their keys.
func cardanoSign(t *testing.T, x *tx.Transaction) []*signature.Signature {
	t.Helper()
	var list []*signature.Signature
	for i := range x.Slots {
		list = append(list, sign(t, cardanoKeys[i], x.Slots[i].Signing))
	}
	return list
}

func TestCardanoIsAsTheLibraryHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/cardano.tsv") {
		x, err := cardanoRead(t, row[2]+"\n")
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		if x.Slots[0].Address != row[1] {
			t.Errorf("%s: %s signs, want %s", row[0], x.Slots[0].Address, row[1])
		}
		got, err := x.Finish(cardanoSign(t, x))
		if err != nil || got.Text != row[3] || got.ID != row[4] {
			t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[3], row[4])
			continue
		}
		var file struct {
			Type string `json:"type"`
			CBOR string `json:"cborHex"`
		}
		want := "Tx ConwayEra"
		if strings.Contains(row[2], "Unwitnessed") {
			want = "Witnessed Tx ConwayEra"
		}
		if err := json.Unmarshal(got.Data, &file); err != nil || file.CBOR != row[3] || file.Type != want {
			t.Errorf("%s: the file is %s, %v", row[0], got.Data, err)
		}
	}
}

func TestCardanoEffects(t *testing.T) {
	x, err := cardanoRead(t, cardanoRow(t, "tokens")[2])
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, e := range x.Effects {
		if e.To != cardanoPayee || (e.Kind == tx.Token) != (e.Asset.Contract != "") {
			t.Errorf("%+v", e)
		}
		got[e.Asset.Contract] = e.Amount.String()
	}
	for contract, amount := range map[string]string{
		"": "1500000",
		"f0ff48bbb7bbe9d59a40f1ce90e9e9d0ff5002ec48f232b49ca0fb9a":          "5",
		"f0ff48bbb7bbe9d59a40f1ce90e9e9d0ff5002ec48f232b49ca0fb9a.534e454b": "77",
		"29d222ce763455e3d7a09a665ce554f00ac89d2e99a1a83d267170c6.4d494e":   "9007199254740993",
	} {
		if got[contract] != amount {
			t.Errorf("%q: %s, want %s", contract, got[contract], amount)
		}
	}
	if len(x.Effects) != 4 || x.Fee.Most.Int64() != 170_000 || x.Fee.High != "" {
		t.Errorf("%+v, fee %v %q", x.Effects, x.Fee.Most, x.Fee.High)
	}
	if want := time.Date(2026, 9, 6, 6, 40, 0, 0, time.UTC); !x.Expiry.At.Equal(want) || x.Expiry.Missing {
		t.Errorf("expiry %v, want %v", x.Expiry.At, want)
	}
	x, err = cardanoRead(t, cardanoRow(t, "ADA, an envelope")[2])
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Cardano coin " + strings.Repeat("11", 32) + "#1", "Cardano coin " + strings.Repeat("22", 32) + "#300"}; !slices.Equal(x.Claims, want) {
		t.Errorf("claims %q", x.Claims)
	}
	if e := x.Effects[1]; e.To != cardanoOurs || e.Amount.Int64() != 2_345_678 {
		t.Errorf("the change is %+v", e)
	}
}

func TestCardanoRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/cardano_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "ADA")
	}
	pay, envelope := cardanoRow(t, "ADA")[2], cardanoRow(t, "ADA, an envelope")[2]
	two := cardanoRow(t, "two keys")[2]
	input := "825820" + strings.Repeat("11", 32) + "00"
	const output, fee, ttl = "82581d61d07d81c50ae5ce20ccdd287c070abf1fd743560f95eef0ff867d83e51a0016e360", "021a00029810", "031a0bbfaaed"
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a trailing byte", pay + "00", tx.ErrUnsafe, "bytes follow"},
		{"cut off", `{"type":"Tx ConwayEra","cborHex":"` + pay[:len(pay)-2] + `"}`, tx.ErrUnread, "cut off"},
		{"no hex", `{"type":"Tx ConwayEra","cborHex":"xx"}`, tx.ErrUnread, "not hex"},
		{"an input twice", changed(t, pay, "81"+input, "82"+input+input), tx.ErrUnsafe, "twice"},
		{"a fee twice", changed(t, changed(t, pay, "84a4", "84a5"), fee, fee+fee), tx.ErrUnsafe, "twice"},
		{"no fee", changed(t, changed(t, pay, "84a4", "84a3"), fee, ""), tx.ErrUnread, "field 2"},
		{"no outputs", changed(t, pay, "8182581d", "8082581d")[:6], tx.ErrUnread, ""},
		{"a field that is not known", changed(t, pay, ttl, "17"+ttl[2:]), tx.ErrUnsafe, "field 23"},
		{"a field without a number", changed(t, pay, ttl, "6133"+ttl[2:]), tx.ErrUnread, "no number"},
		{"a fee that is no number", changed(t, pay, fee, "0240"), tx.ErrUnread, "no number"},
		{"a fee below zero", changed(t, pay, fee, "0220"), tx.ErrUnread, "no number"},
		{"a slot of another age", changed(t, pay, ttl, "031b00000001f00000000000"[:20]), tx.ErrUnread, "of this age"},
		{"a number that could be shorter", changed(t, pay, "1a0016e360", "1b000000000016e360"), tx.ErrUnread, ""},
		{"an output of one part", changed(t, pay, output, "81"+output[2:64]), tx.ErrUnread, ""},
		{"an output that is a number", changed(t, pay, output, "05"), tx.ErrUnread, "output 1"},
		{"an output without a value", changed(t, pay, output, "a100"+output[2:64]), tx.ErrUnread, "no value"},
		{"a value that is text", changed(t, pay, "1a0016e360", "6131"), tx.ErrUnread, "value"},
		{"an index that is text", changed(t, pay, input, input[:70]+"6130"), tx.ErrUnread, "input"},
		{"somebody else's", changed(t, cardanoRow(t, "tokens")[2], cardanoOurs, cardanoPayee), tx.ErrForeign, "not an address of this vault"},
		{"from a script", changed(t, cardanoRow(t, "tokens")[2], cardanoOurs, "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx"), tx.ErrUnsafe, "no address of a payment key"},
		{"a field more", changed(t, envelope, `{"type"`, `{"Type2":1,"type"`), tx.ErrUnsafe, "not known"},
		{"a field twice", changed(t, envelope, `{"type"`, `{"type":"","type"`), tx.ErrUnread, "twice"},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "ADA")
	}
	refuses(t, "one key twice", strings.Replace(two, `","addr1`, `","`+cardanoOurs+`","addr1`, 1), tx.ErrUnsafe, "named already", "ADA")
	refuses(t, "nobody's key", pay, tx.ErrUnsafe, "does not say who pays", "BTC")

	// Of two keys, nobody knows which one signs.
	p := tx.Policy{Keys: new(tx.Keys), Now: noon}
	for _, private := range cardanoKeys {
		p.Keys.Add(keysOn(t, "ADA", private)[0])
	}
	x, err := (&tx.Reader{}).Read([]byte(pay))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Judge(x); !errorIs(err, tx.ErrUnsafe, "does not say who pays") {
		t.Errorf("two keys: %v", err)
	}
	late := tx.Policy{Keys: keysOf(t, testKey, "ADA"), Now: noon.AddDate(0, 0, 5)}
	if _, err := late.Judge(x); !errorIs(err, tx.ErrUnsafe, "expired") {
		t.Errorf("an expired transaction: %v", err)
	}
}

// Lists and maps without a length are what cardano-cli writes when they are long.
func TestCardanoReadsEndlessLists(t *testing.T) {
	pay := cardanoRow(t, "ADA")[2]
	input := "825820" + strings.Repeat("11", 32) + "00"
	file := changed(t, changed(t, pay, "81"+input, "9f"+input+"ff"), "018182", "019f82")
	file = changed(t, file, "021a00029810", "ff021a00029810")
	x, _, err := read(t, file, "ADA")
	if err != nil || len(x.Effects) != 1 || x.Effects[0].Amount.Int64() != 1_500_000 {
		t.Fatalf("%+v, %v", x, err)
	}
	if signed, err := x.Finish(cardanoSign(t, x)); err != nil || !strings.Contains(signed.Text, file[2:len(file)-6]) {
		t.Errorf("its bytes did not stay: %v, %v", signed, err)
	}
	// cardano-cli writes outputs as maps.
	if x, _, err = read(t, changed(t, changed(t, pay, "82581d61", "a200581d61"), "1a0016e360", "011a0016e360"), "ADA"); err != nil || x.Effects[0].To != cardanoPayee {
		t.Errorf("an output that is a map: %v", err)
	}
	refuses(t, "no end", file[:len(file)-6], tx.ErrUnread, "", "ADA")
}

// Somebody else signs as well: the file keeps room for that, and is not complete.
func TestCardanoOfOthers(t *testing.T) {
	x, _, err := read(t, cardanoRow(t, "two keys")[2], "ADA")
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing), nil})
	if err != nil || got.Text != "" || len(got.Parts) != 1 || len(got.Data) == 0 {
		t.Errorf("%+v, %v", got, err)
	}
	wrong := sign(t, testKey, x.Slots[0].Signing)
	wrong.Bytes[0] ^= 1
	if _, err := x.Finish([]*signature.Signature{wrong, nil}); !errorIs(err, signature.ErrInvalid, "") {
		t.Errorf("a wrong signature: %v", err)
	}
}

func TestCardanoTokens(t *testing.T) {
	chain, _ := chains.Lookup("ADA")
	var tokens tx.Tokens
	const policy = "f0ff48bbb7bbe9d59a40f1ce90e9e9d0ff5002ec48f232b49ca0fb9a"
	if err := tokens.Add(chain, strings.ToUpper(policy)+"534e454b", "SNEK", 0); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Add(chain, policy, "plain", 2); err != nil {
		t.Fatal(err)
	}
	if a, ok := tokens.Find(chain, policy+".534e454b"); !ok || a.Symbol != "SNEK" {
		t.Errorf("%+v", a)
	}
	for _, name := range []string{policy[2:], policy + ".5", policy + "." + strings.Repeat("00", 33), "SNEK."} {
		if err := tokens.Add(chain, name, "X", 0); err == nil {
			t.Errorf("%q is a token", name)
		}
	}
}

func TestCardanoMutations(t *testing.T) {
	mutate(t, []byte(cardanoRow(t, "ADA, an older envelope, with a start and a network")[2]), "ADA")
	mutate(t, []byte(cardanoRow(t, "a body")[2]), "ADA")
}

// cardanoOrder pays everything that n coins hold.
func cardanoOrder(n int) *tx.Order {
	chain, _ := chains.Lookup("ADA")
	o := &tx.Order{Chain: chain, From: cardanoOurs, To: cardanoPayee, Now: noon, Numbers: map[string]string{"ttl": "197110509"}}
	for i := range n {
		o.Coins = append(o.Coins, tx.Unspent{TxID: strings.Repeat("11", 32), Vout: uint32(i), Amount: big.NewInt(1_500_000)})
	}
	return o
}

func TestCardanoMakes(t *testing.T) {
	for what, change := range map[string]func(o *tx.Order){
		"a memo":             func(o *tx.Order) { o.Tag = "7" },
		"a token":            func(o *tx.Order) { o.Asset.Contract = "f0" },
		"no recipient":       func(o *tx.Order) { o.To = "" },
		"a script":           func(o *tx.Order) { o.To = "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx" },
		"no coins":           func(o *tx.Order) { o.Coins = nil },
		"no payer":           func(o *tx.Order) { o.From = "" },
		"a coin without ID":  func(o *tx.Order) { o.Coins[0].TxID = "11" },
		"a coin of nothing":  func(o *tx.Order) { o.Coins[0].Amount = nil },
		"less than the fee":  func(o *tx.Order) { o.Coins[0].Amount = big.NewInt(1000) },
		"more than there is": func(o *tx.Order) { o.Amount = big.NewInt(1_400_000) },
		"little change":      func(o *tx.Order) { o.Amount = big.NewInt(1_000_000) },
		"a fee too low":      func(o *tx.Order) { o.Fee = big.NewInt(155_381) },
		"a slot":             func(o *tx.Order) { o.Numbers["ttl"] = "x" },
		"coins that do not fit": func(o *tx.Order) {
			o.Coins, o.Amount = cardanoOrder(1000).Coins, big.NewInt(2_000_000)
		},
	} {
		o := cardanoOrder(1)
		change(o)
		if drafts, err := tx.Make(o); err == nil {
			t.Errorf("%s: %s is made", what, drafts[0].Data)
		}
	}
	test := cardanoOrder(1)
	test.Chain, _ = chains.Lookup("ADA_TEST")
	delete(test.Numbers, "ttl")
	if _, err := tx.Make(test); err == nil || !strings.Contains(err.Error(), `"ttl"`) {
		t.Errorf("a test network without a slot: %v", err)
	}
}

// The library makes the same, with the fee that its own rule gives.
func TestCardanoMakesAsTheLibrary(t *testing.T) {
	for _, row := range fixtures.Rows("tx/cardano_made.tsv") {
		var n int
		var amount int64
		if _, err := fmt.Sscan(row[0], &n, &amount); err != nil {
			t.Fatal(err)
		}
		o := cardanoOrder(n)
		if amount > 0 {
			o.Amount = big.NewInt(amount)
		}
		drafts, err := tx.Make(o)
		if err != nil || len(drafts) != 1 || !strings.Contains(string(drafts[0].Data), `"cborHex": "`+row[1]+`"`) {
			t.Errorf("%s: %+v, %v, want %s", row[0], drafts, err, row[1])
		}
	}
}

// What is made reads back as it was ordered, and costs what the network takes.
func TestCardanoMakesWhatIsRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 900).Draw(r, "coins")
		o := cardanoOrder(n)
		delete(o.Numbers, "ttl")
		if n < 300 && rapid.Bool().Draw(r, "part") {
			o.Amount = big.NewInt(rapid.Int64Range(1_000_000, int64(n)*1_500_000-2_000_000).Draw(r, "amount"))
		}
		drafts, err := tx.Make(o)
		if err != nil {
			r.Fatal(err)
		}
		moved, claims := new(big.Int), 0
		for _, d := range drafts {
			x, err := cardanoRead(t, string(d.Data))
			if err != nil {
				r.Fatal(err)
			}
			signed, err := x.Finish(cardanoSign(t, x))
			if err != nil {
				r.Fatal(err)
			}
			size := int64(len(signed.Text) / 2)
			if least := 155_381 + 44*size; x.Fee.Most.Int64() != least || size > 16384 {
				r.Fatalf("%d bytes cost %v, and the network takes %d", size, x.Fee.Most, least)
			}
			claims += len(x.Claims)
			moved.Add(moved, x.Fee.Most)
			for i, e := range x.Effects {
				moved.Add(moved, e.Amount)
				if want := []string{cardanoPayee, cardanoOurs}[i]; e.To != want || e.Kind != tx.Pay || i == 0 && o.Amount != nil && e.Amount.Cmp(o.Amount) != 0 {
					r.Fatalf("%+v", e)
				}
			}
			if (len(x.Effects) == 2) != (o.Amount != nil) || !x.Expiry.At.Equal(noon.AddDate(0, 0, 1)) {
				r.Fatalf("%+v, %v", x.Effects, x.Expiry)
			}
		}
		if moved.Int64() != int64(n)*1_500_000 || claims != n {
			r.Fatalf("%v moved with %d coins of %d", moved, claims, n)
		}
	})
}

func FuzzCardano(f *testing.F) {
	for _, name := range []string{"tx/cardano.tsv", "tx/cardano_refused.tsv"} {
		for _, row := range fixtures.Rows(name) {
			file := struct {
				CBOR string `json:"cborHex"`
			}{row[2]}
			if strings.HasPrefix(row[2], "{") {
				if err := json.Unmarshal([]byte(row[2]), &file); err != nil {
					f.Fatal(err)
				}
			}
			b, err := hex.DecodeString(file.CBOR)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		complete(t, []byte(`{"type":"Tx ConwayEra","cborHex":"`+hex.EncodeToString(data)+`"}`))
	})
}
