package tx_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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
	aptosPayee = "0x3535353535353535353535353535353535353535353535353535353535353535"
	// aptosSalt is SHA3-256 of APTOS::RawTransaction, as the SDK's getSigningMessage has it.
	aptosSalt = "b5e97db07fa0bd0e5598aa3643a9bc6f6693bddc1a9fec9e674a461eaa00b193"
)

func aptosRow(t *testing.T, name string) []string {
	t.Helper()
	return rowOf(t, "tx/aptos.tsv", name)
}

func TestAptosIsAsTheSDKHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/aptos.tsv") {
		raw := unhex(t, row[2])
		salted := append(unhex(t, aptosSalt), raw...)
		for _, file := range []string{row[2] + "\n", "0x" + row[2], base64.StdEncoding.EncodeToString(raw), string(raw), string(salted), hex.EncodeToString(salted)} {
			x, _, err := read(t, file, "APTOS")
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
				continue
			}
			if x.Slots[0].Address != row[1] || x.Effects[0].From != row[1] || x.Effects[0].To != aptosPayee {
				t.Errorf("%s: from %s, %+v, want %s", row[0], x.Slots[0].Address, x.Effects[0], row[1])
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || got.Text != row[3] || hex.EncodeToString(got.Data) != row[3] || got.ID != row[4] {
				t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[3], row[4])
			}
		}
	}
}

func TestAptosEffects(t *testing.T) {
	for name, want := range map[string]struct {
		kind     tx.Kind
		amount   int64
		contract string
	}{
		"APT":                   {tx.Pay, 150_000_000, ""},
		"APT, coin::transfer":   {tx.Pay, 1, ""},
		"APT as fungible asset": {tx.Pay, 7, ""},
		"coin":                  {tx.Token, 2_500_000, "0xf22bede237a07e121b56d91a491eb7bcdfd1f5907926a9e58338f964a01b17fa::asset::USDC"},
		"fungible asset":        {tx.Token, 2_500_000, "0xbae207659db88bea0cbead6da0ed00aac12edcdda169e591cd41c94180b46f3b"},
	} {
		x, _, err := read(t, aptosRow(t, name)[2], "APTOS")
		if err != nil {
			t.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.Kind != want.kind || e.Amount.Int64() != want.amount || e.Asset.Contract != want.contract {
			t.Errorf("%s is read as %+v", name, x.Effects)
		}
		if x.Fee.Most.Int64() != 200_000 || x.Fee.High != "" || !x.Expiry.At.Equal(noon.AddDate(0, 0, 1)) {
			t.Errorf("%s: fee %v %q, expiry %v", name, x.Fee.Most, x.Fee.High, x.Expiry.At)
		}
		if !strings.HasPrefix(x.Claims[0], "Aptos sequence number ") || !strings.HasSuffix(x.Claims[0], " of "+x.Slots[0].Address) {
			t.Errorf("%s claims %q", name, x.Claims)
		}
	}
}

// What names no coin is refused, and a name means the same however it is spelt.
func TestAptosTokens(t *testing.T) {
	chain, _ := chains.Lookup("APTOS")
	var tokens tx.Tokens
	contract := "0xF22bede237a07e121b56d91a491eb7bcdfd1f5907926a9e58338f964a01b17fa::asset::USDC"
	if err := tokens.Add(chain, contract, "USDC", 6); err != nil {
		t.Fatal(err)
	}
	if err := tokens.Add(chain, strings.ToLower(contract[:66])+contract[66:], "other", 6); err == nil {
		t.Error("one token has two names")
	}
	x, _, err := read(t, aptosRow(t, "coin")[2], "APTOS")
	if err != nil {
		t.Fatal(err)
	}
	if err := tokens.Name(x); err != nil || x.Effects[0].Asset.Symbol != "USDC" {
		t.Errorf("%+v, %v", x.Effects[0].Asset, err)
	}
	for _, name := range []string{"0x1::coin", "1::a::B", "0x1::a::B::C", "0x1::a-b::C", "0x" + strings.Repeat("1", 65) + "::a::B", "0x1::" + strings.Repeat("a", 129) + "::B", "0x1::a::" + strings.Repeat("B", 129), "0x1::a::", "0x1::a::B<0x1::c::D>"} {
		if err := tokens.Add(chain, name, "X", 1); err == nil {
			t.Errorf("%q is taken as a token", name)
		}
	}
	if err := tokens.Add(chain, "0x0000001::a::B", "TOY", 0); err != nil {
		t.Error(err)
	}
	if a, ok := tokens.Find(chain, "0x1::a::B"); !ok || a.Contract != "0x1::a::B" {
		t.Errorf("0x1::a::B is found as %+v", a)
	}
}

func TestAptosRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/aptos_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "APTOS")
	}
	pay, coin := aptosRow(t, "APT")[2], aptosRow(t, "coin")[2]
	const price, chainID = "6400000000000000", "01"
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a trailing byte", pay + "00", tx.ErrUnsafe, "bytes follow"},
		{"cut off", aptosSalt + pay[:len(pay)-2], tx.ErrUnread, "cut off"},
		{"no payload", aptosSalt + pay[:60], tx.ErrUnread, "cut off"},
		{"a kind of payload that is not known", aptosSalt + pay[:80] + "0600", tx.ErrUnread, "kind 6"},
		{"a count in two bytes", changed(t, pay, "0d6170746f735f6163636f756e74", "8d006170746f735f6163636f756e74"), tx.ErrUnread, ""},
		{"a module whose name is none", aptosSalt + changed(t, pay, "0d6170746f735f6163636f756e74", "0d6170746f731b6163636f756e74"), tx.ErrUnread, "module"},
		{"a function whose name is none", aptosSalt + changed(t, pay, "087472616e73666572", "087472616e73663a72"), tx.ErrUnread, "function"},
		{"a type that is a number", changed(t, coin, "0107f22b", "0102f22b"), tx.ErrUnsafe, "kind 2"},
		{"a type made of others", changed(t, coin, "0455534443000220", "0455534443010220"), tx.ErrUnsafe, "made of others"},
		{"a type whose name is none", aptosSalt + changed(t, coin, "0455534443000220", "0431534443000220"), tx.ErrUnread, "type"},
		{"gas above what is allowed", changed(t, pay, "d007000000000000"+price, "81841e0000000000"+price), tx.ErrUnsafe, "2000000"},
		{"another network", pay[:len(pay)-2] + "02", tx.ErrUnsafe, "chain ID 2"},
		{"somebody else's", "ff" + pay[2:], tx.ErrForeign, "not an address of this vault"},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "APTOS")
	}
	refuses(t, "a fee that is high", changed(t, pay, price, "6527000000000000"), tx.ErrUnsafe, "hardly ever costs", "APTOS")

	late := tx.Policy{Keys: keysOf(t, testKey, "APTOS"), Now: noon.AddDate(1, 0, 0)}
	x, err := (&tx.Reader{}).Read([]byte(pay))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.Judge(x); !errorIs(err, tx.ErrUnsafe, "expired") {
		t.Errorf("an expired transaction: %v", err)
	}
	other := publicOf(t, chains.All()[0].Encodings[0].Curve, bytes.Repeat([]byte{0x47}, 32))
	if err := x.Bind(0, other); !errorIs(err, tx.ErrForeign, "another one") {
		t.Errorf("another key: %v", err)
	}
}

func TestAptosMutations(t *testing.T) {
	mutate(t, []byte(aptosRow(t, "APT")[2]), "APTOS")
	mutate(t, unhex(t, aptosRow(t, "fungible asset")[2]), "APTOS")
}

// aptosOrder is the transfer of a vector.
func aptosOrder(t *testing.T, name, sequence string) *tx.Order {
	t.Helper()
	row := aptosRow(t, name)
	x, _, err := read(t, row[2], "APTOS")
	if err != nil {
		t.Fatal(err)
	}
	e := x.Effects[0]
	return &tx.Order{
		Chain: x.Chain, From: row[1], To: e.To, Asset: e.Asset, Amount: e.Amount, Fee: x.Fee.Most, Now: noon,
		Numbers: map[string]string{"sequence": sequence},
	}
}

func TestAptosMakesAsTheSDK(t *testing.T) {
	for name, sequence := range map[string]string{"APT": "5", "coin": "6", "fungible asset": "7", "single secp256k1": "5"} {
		drafts, err := tx.Make(aptosOrder(t, name, sequence))
		if err != nil || len(drafts) != 1 || string(drafts[0].Data) != aptosRow(t, name)[2]+"\n" {
			t.Errorf("%s: %+v, %v", name, drafts, err)
		}
	}
	for what, change := range map[string]func(o *tx.Order){
		"no amount":         func(o *tx.Order) { o.Amount = nil },
		"a large amount":    func(o *tx.Order) { o.Amount = new(big.Int).Lsh(big.NewInt(1), 64) },
		"a memo":            func(o *tx.Order) { o.Tag = "7" },
		"no payer":          func(o *tx.Order) { o.From = "" },
		"no recipient":      func(o *tx.Order) { o.To = "0x12345678901234567890" },
		"no token":          func(o *tx.Order) { o.Asset.Contract = "USDC" },
		"too little gas":    func(o *tx.Order) { o.Fee = big.NewInt(99) },
		"no sequence":       func(o *tx.Order) { delete(o.Numbers, "sequence") },
		"a sequence":        func(o *tx.Order) { o.Numbers["sequence"] = "18446744073709551616" },
		"a gas price":       func(o *tx.Order) { o.Numbers["gas-price"] = "-1" },
		"hours":             func(o *tx.Order) { o.Numbers["hours"] = "1.5" },
		"a number too much": func(o *tx.Order) { o.Numbers["nonce"] = "1" },
	} {
		o := aptosOrder(t, "APT", "5")
		change(o)
		if drafts, err := tx.Make(o); err == nil {
			t.Errorf("%s: %s is made", what, drafts[0].Data)
		}
	}
}

// What is made reads back as it was ordered.
func TestAptosMakesWhatIsRead(t *testing.T) {
	model := aptosOrder(t, "APT", "5")
	rapid.Check(t, func(r *rapid.T) {
		o := *model
		o.To = "0x" + hex.EncodeToString(rapid.SliceOfN(rapid.ByteMin(1), 32, 32).Draw(r, "to"))
		o.Amount = new(big.Int).SetUint64(rapid.Uint64().Draw(r, "amount"))
		o.Fee = big.NewInt(rapid.Int64Range(1000, 20_000_000).Draw(r, "fee"))
		o.Asset.Contract = rapid.SampledFrom([]string{"", "0x" + strings.Repeat("ab", 32) + "::m::T", "0x" + strings.Repeat("cd", 32)}).Draw(r, "token")
		price, sequence, hours := rapid.Uint16Range(1, 1000).Draw(r, "price"), rapid.Uint64().Draw(r, "sequence"), rapid.Uint8Min(1).Draw(r, "hours")
		o.Numbers = map[string]string{"gas-price": text(price), "sequence": text(sequence), "hours": text(hours)}
		drafts, err := tx.Make(&o)
		if err != nil {
			r.Fatal(err)
		}
		x, _, err := read(t, string(drafts[0].Data), "APTOS")
		if err != nil {
			r.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.From != o.From || e.To != o.To || e.Amount.Cmp(o.Amount) != 0 || e.Asset.Contract != o.Asset.Contract || x.Fee.Most.Cmp(o.Fee) > 0 {
			r.Fatalf("%+v is read as %+v, fee %v", o, e, x.Fee.Most)
		}
		if want := noon.Add(time.Duration(hours) * time.Hour); !x.Expiry.At.Equal(want) || x.Claims[0] != "Aptos sequence number "+text(sequence)+" of "+o.From {
			r.Fatalf("expiry %v, claims %q", x.Expiry.At, x.Claims)
		}
	})
}

func FuzzAptos(f *testing.F) {
	for _, name := range []string{"tx/aptos.tsv", "tx/aptos_refused.tsv"} {
		for _, row := range fixtures.Rows(name) {
			b, err := hex.DecodeString(row[2])
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	salt, _ := hex.DecodeString(aptosSalt)
	f.Fuzz(func(t *testing.T, data []byte) {
		complete(t, append(slices.Clone(salt), data...))
	})
}
