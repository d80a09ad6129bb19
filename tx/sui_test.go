package tx_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"pgregory.net/rapid"
)

const (
	suiPayee = "0x3535353535353535353535353535353535353535353535353535353535353535"
	suiOther = "0x4747474747474747474747474747474747474747474747474747474747474747"
	suiToken = "0x76cb819b01abed502bee8a702b4c2d547532c12f25001c9dea795a5e631c26f1::fud::FUD"
)

func suiRow(t *testing.T, name string) []string {
	t.Helper()
	return rowOf(t, "tx/sui.tsv", name)
}

func TestSuiIsAsTheSDKHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/sui.tsv") {
		x, _, err := read(t, row[2]+"\n", "SUI")
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		if x.Slots[0].Address != row[1] {
			t.Errorf("%s: from %s, want %s", row[0], x.Slots[0].Address, row[1])
		}
		got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
		if err != nil || got.Text != row[4] || got.ID != row[5] {
			t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[4], row[5])
			continue
		}
		var out struct {
			Data       string   `json:"tx_bytes"`
			Signatures []string `json:"signatures"`
		}
		if err := json.Unmarshal(got.Data, &out); err != nil || !strings.Contains(row[2], out.Data) || len(out.Signatures) != 1 || out.Signatures[0] != row[3] {
			t.Errorf("%s: the file is %s, %v, want the signature %s", row[0], got.Data, err, row[3])
		}
	}
}

func TestSuiEffects(t *testing.T) {
	type effect struct {
		to     string
		amount int64
		token  string
	}
	for name, want := range map[string][]effect{
		"SUI":                                    {{suiPayee, 1_500_000_000, ""}},
		"SUI of two coins, to two, for an epoch": {{suiPayee, 2_000_000_000, ""}, {suiOther, 7, ""}},
		"SUI with a coin merged that is not proven": {{suiPayee, 9, ""}},
		"all SUI":                           {{suiPayee, 2_495_000_000, ""}}, // less the budget
		"a token, two coins merged, a part": {{suiPayee, 5_500_000, suiToken}},
		"a token, a whole coin":             {{suiPayee, 700_000, suiToken}},
	} {
		x, _, err := read(t, suiRow(t, name)[2], "SUI")
		if err != nil {
			t.Fatal(err)
		}
		var got []effect
		for _, e := range x.Effects {
			if (e.Kind == tx.Token) != (e.Asset.Contract != "") {
				t.Errorf("%s: %+v", name, e)
			}
			got = append(got, effect{e.To, e.Amount.Int64(), e.Asset.Contract})
		}
		if !slices.Equal(got, want) || x.Fee.Most.Int64() != 5_000_000 || x.Fee.High != "" {
			t.Errorf("%s is read as %+v, fee %v %q", name, got, x.Fee.Most, x.Fee.High)
		}
		if len(x.Claims) == 0 || x.Claims[0] != "Sui object 0x"+strings.Repeat("01", 32)+" version 101" {
			t.Errorf("%s claims %q", name, x.Claims)
		}
	}
	x, _, err := read(t, suiRow(t, "SUI of two coins, to two, for an epoch")[2], "SUI")
	if err != nil || !strings.Contains(x.Expiry.Text, "epoch 1200") || len(x.Claims) != 2 {
		t.Errorf("%q, %q, %v", x.Expiry.Text, x.Claims, err)
	}
}

func TestSuiRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/sui_refused.tsv") {
		refuses(t, row[0], row[2], tx.ErrUnsafe, row[1], "SUI")
	}
	file := suiRow(t, "SUI")[2]
	raw := hex.EncodeToString(unbase64(t, file))
	owner := raw[len(raw)-2*(32+8+8+1) : len(raw)-2*(8+8+1)]
	const budget = "404b4c0000000000"
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a trailing byte", raw + "00", tx.ErrUnsafe, "bytes follow"},
		{"cut off", raw[:len(raw)-2], tx.ErrUnread, "cut off"},
		{"another kind of transaction", "0001" + raw[4:], tx.ErrUnread, ""},
		{"version 2", "01" + raw[2:], tx.ErrUnread, ""},
		{"an expiration that is not known", raw[:len(raw)-2] + "02", tx.ErrUnsafe, "expiration"},
		{"an input that is taken from a balance", changed(t, raw, "0000020008", "0000020208"), tx.ErrUnsafe, "input 1"},
		{"a command that is not known", changed(t, raw, "020200010100000101", "020700010100000101"), tx.ErrUnsafe, "number 7"},
		{"an argument that is not known", changed(t, raw, "020200010100000101", "020200010400000101"), tx.ErrUnread, ""},
		{"a result that is not there yet", changed(t, raw, "010103000000000101", "010103010000000101"), tx.ErrUnsafe, "is no coin"},
		{"a part that is not there", changed(t, raw, "010103000000000101", "010103000001000101"), tx.ErrUnsafe, "is no coin"},
		{"an input that is not there", changed(t, raw, "010103000000000101", "010103000000000102"), tx.ErrUnsafe, "not an input"},
		{"a digest of 31 bytes", changed(t, raw, "650000000000000020", "65000000000000001f"), tx.ErrUnread, ""},
		{"somebody else's", strings.ReplaceAll(raw, owner, strings.Repeat("47", 32)), tx.ErrForeign, "not an address of this vault"},
		{"a fee that is high", changed(t, raw, budget, "01e1f50500000000"), tx.ErrUnsafe, "hardly ever costs"},
	} {
		refuses(t, c.name, base64.StdEncoding.EncodeToString(unhex(t, c.file)), c.err, c.why, "SUI")
	}

	// Gas that is also an input, and the same object twice for gas.
	gas := strings.Repeat("01", 32) + changed(t, raw[strings.Index(raw, "6500000000000000"):], owner, "")[:2*(8+33)]
	twice := changed(t, raw, owner+"01"+gas, owner+"02"+gas+gas)
	refuses(t, "gas twice", base64.StdEncoding.EncodeToString(unhex(t, twice)), tx.ErrUnsafe, "in it twice", "SUI")

	all := suiRow(t, "all SUI")[2]
	for name, c := range map[string]struct{ file, why string }{
		"a field more":             {changed(t, all, `{"tx_bytes"`, `{"balance":"1","tx_bytes"`), "not known"},
		"a field twice":            {changed(t, all, `{"tx_bytes"`, `{"tx_bytes":"","tx_bytes"`), "twice"},
		"an object in hex":         {changed(t, all, `"objects":["`, `"objects":["0x`), "object 1"},
		"a transaction in hex":     {changed(t, all, `{"tx_bytes":"`, `{"tx_bytes":"0x`), "not base 64"},
		"no transaction, to speak": {`{"tx_bytes":"","objects":[]}`, ""},
	} {
		if _, _, err := read(t, c.file, "SUI"); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", name, err, c.why)
		}
	}
}

// A lie about what an object holds has another hash, so that it says nothing.
func TestSuiLiesProveNothing(t *testing.T) {
	var file struct {
		Data    string   `json:"tx_bytes"`
		Objects []string `json:"objects"`
	}
	if err := json.Unmarshal([]byte(suiRow(t, "a token, a whole coin")[2]), &file); err != nil {
		t.Fatal(err)
	}
	object := unbase64(t, file.Objects[0])
	for i := range object {
		object[i] ^= 1
		file.Objects[0] = base64.StdEncoding.EncodeToString(object)
		object[i] ^= 1
		lie, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, "a lie", string(lie), tx.ErrUnsafe, "write the object beside it", "SUI")
	}
}

func TestSuiMutations(t *testing.T) {
	mutate(t, []byte(suiRow(t, "SUI")[2]), "SUI")
	mutate(t, []byte(suiRow(t, "a token, a whole coin")[2]), "SUI")
}

// suiOrder is the transfer of the first vector.
func suiOrder(t *testing.T) *tx.Order {
	t.Helper()
	row := suiRow(t, "SUI")
	x, _, err := read(t, row[2], "SUI")
	if err != nil {
		t.Fatal(err)
	}
	return &tx.Order{
		Chain: x.Chain, From: row[1], To: suiPayee, Asset: x.Effects[0].Asset, Amount: x.Effects[0].Amount, Fee: x.Fee.Most, Now: noon,
		Numbers: map[string]string{"gas": "0x" + strings.Repeat("01", 32) + ",101," + suiGasDigest},
	}
}

// suiGasDigest is the digest of the coin of the first vector, as the SDK has it.
const suiGasDigest = "DC6onwg931yocb5boZTEGtWDxta9JSCevxg1of9LUHtc"

func TestSuiMakesAsTheSDK(t *testing.T) {
	drafts, err := tx.Make(suiOrder(t))
	if err != nil || len(drafts) != 1 || string(drafts[0].Data) != suiRow(t, "SUI")[2]+"\n" {
		t.Errorf("%+v, %v", drafts, err)
	}
	for what, change := range map[string]func(o *tx.Order){
		"no amount":    func(o *tx.Order) { o.Amount = nil },
		"a memo":       func(o *tx.Order) { o.Tag = "7" },
		"no recipient": func(o *tx.Order) { o.To = "" },
		"a token":      func(o *tx.Order) { o.Asset.Contract = suiToken },
		"no fee":       func(o *tx.Order) { o.Fee = new(big.Int) },
		"a gas price":  func(o *tx.Order) { o.Numbers["gas-price"] = "x" },
		"no coin":      func(o *tx.Order) { delete(o.Numbers, "gas") },
		"a coin without a digest": func(o *tx.Order) {
			o.Numbers["gas"] = strings.TrimSuffix(o.Numbers["gas"], ","+suiGasDigest)
		},
		"a coin of another length": func(o *tx.Order) { o.Numbers["gas"] = strings.Replace(o.Numbers["gas"], "01", "", 1) },
		"a version that is none":   func(o *tx.Order) { o.Numbers["gas"] = strings.Replace(o.Numbers["gas"], ",101,", ",-1,", 1) },
	} {
		o := suiOrder(t)
		change(o)
		if drafts, err := tx.Make(o); err == nil {
			t.Errorf("%s: %s is made", what, drafts[0].Data)
		}
	}
}

// What is made reads back as it was ordered.
func TestSuiMakesWhatIsRead(t *testing.T) {
	model := suiOrder(t)
	rapid.Check(t, func(r *rapid.T) {
		o := *model
		o.To = "0x" + hex.EncodeToString(rapid.SliceOfN(rapid.ByteMin(1), 32, 32).Draw(r, "to"))
		o.Amount = new(big.Int).SetUint64(rapid.Uint64().Draw(r, "amount"))
		o.Fee = big.NewInt(rapid.Int64Range(1, 100_000_000).Draw(r, "fee"))
		version := rapid.Uint64().Draw(r, "version")
		o.Numbers = map[string]string{"gas": model.Numbers["gas"] + "  0x" + strings.Repeat("ab", 32) + "," + text(version) + "," + suiGasDigest}
		drafts, err := tx.Make(&o)
		if err != nil {
			r.Fatal(err)
		}
		x, _, err := read(t, string(drafts[0].Data), "SUI")
		if err != nil {
			r.Fatal(err)
		}
		e := x.Effects[0]
		if len(x.Effects) != 1 || e.From != o.From || e.To != o.To || e.Amount.Cmp(o.Amount) != 0 || e.Kind != tx.Pay || x.Fee.Most.Cmp(o.Fee) != 0 {
			r.Fatalf("%+v is read as %+v, fee %v", o, e, x.Fee.Most)
		}
		if len(x.Claims) != 2 || x.Claims[1] != "Sui object 0x"+strings.Repeat("ab", 32)+" version "+text(version) {
			r.Fatalf("claims %q", x.Claims)
		}
	})
}

func FuzzSui(f *testing.F) {
	for _, name := range []string{"tx/sui.tsv", "tx/sui_refused.tsv"} {
		for _, row := range fixtures.Rows(name) {
			file := struct {
				Data    string   `json:"tx_bytes"`
				Objects []string `json:"objects"`
			}{Data: row[2]}
			if strings.HasPrefix(row[2], "{") {
				if err := json.Unmarshal([]byte(row[2]), &file); err != nil {
					f.Fatal(err)
				}
			}
			raw, _ := base64.StdEncoding.DecodeString(file.Data)
			object, _ := base64.StdEncoding.DecodeString(strings.Join(file.Objects[:min(1, len(file.Objects))], ""))
			f.Add(raw, object)
		}
	}
	f.Fuzz(func(t *testing.T, data, object []byte) {
		text := base64.StdEncoding.EncodeToString
		complete(t, []byte(`{"tx_bytes":"`+text(data)+`","objects":["`+text(object)+`"]}`))
	})
}
