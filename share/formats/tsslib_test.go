package formats_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"

	ecdsa "github.com/bnb-chain/tss-lib/v2/ecdsa/keygen"
	eddsa "github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
)

// What is read of save data is what tss-lib itself reads.
func TestTSSLib(t *testing.T) {
	for _, f := range fixtures.Load("tsslib-ecdsa").Files {
		var want ecdsa.LocalPartySaveData
		if err := json.Unmarshal(f.Data, &want); err != nil {
			t.Fatal(err)
		}
		s := tssShare(t, f, share.Pin{})
		x, y := coordinates(s.Group.RootKey)
		if s.Curve != curve.Secp256k1 || x.Cmp(want.ECDSAPub.X()) != 0 || y.Cmp(want.ECDSAPub.Y()) != 0 || s.ShareID.Text != want.ShareID.String() || string(s.Lock.(*share.Clear).Digits.Expose()) != want.Xi.String() {
			t.Errorf("%s is read otherwise than tss-lib reads it", f.Name)
		}
		for i, p := range s.Group.Participants {
			x, y := coordinates(p.PublicKey)
			if x.Cmp(want.BigXj[i].X()) != 0 || y.Cmp(want.BigXj[i].Y()) != 0 || p.ShareID.Text != want.Ks[i].String() {
				t.Errorf("%s: party %d", f.Name, i)
			}
		}
	}
	for _, f := range fixtures.Load("tsslib-eddsa").Files {
		var want eddsa.LocalPartySaveData
		if err := json.Unmarshal(f.Data, &want); err != nil {
			t.Fatal(err)
		}
		s := tssShare(t, f, share.Pin{})
		if s.Curve != curve.Ed25519 || s.ShareID.Text != want.ShareID.String() || len(s.Group.Participants) != len(want.Ks) || string(s.Lock.(*share.Clear).Digits.Expose()) != want.Xi.String() {
			t.Errorf("%s is read otherwise than tss-lib reads it", f.Name)
		}
	}
}

func coordinates(p *curve.Point) (x, y *big.Int) {
	b := p.Uncompressed()
	return new(big.Int).SetBytes(b[1:33]), new(big.Int).SetBytes(b[33:])
}

func tssShare(t *testing.T, f fixtures.File, pin share.Pin) *share.Sealed {
	t.Helper()
	list, err := formats.Parse(f.Name, f.Data, pin)
	if err != nil || len(list) != 1 || list[0].Err() != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	s := list[0]
	if s.Form != "tss-lib" || s.Group.Threshold != 2 || len(s.Group.Participants) != 3 || !strings.HasPrefix(s.NodeID, "party-") {
		t.Errorf("%s: %v of %d, node %q", f.Name, s.Group.Threshold, len(s.Group.Participants), s.NodeID)
	}
	return s
}

func TestTSSLibPins(t *testing.T) {
	f := fixtures.Load("tsslib-eddsa").Files[0]
	s := tssShare(t, f, share.Pin{Threshold: 2})
	if !s.Group.Root().IsBare() {
		t.Error("a chain code from nowhere")
	}
	other := derive.NewRoot(curve.Ed25519.Generator(), [32]byte{9})
	ecdsaRoot := derive.NewRoot(curve.Secp256k1.Generator(), [32]byte{8})
	right := derive.NewRoot(s.Group.RootKey, [32]byte{7})
	if s := tssShare(t, f, share.Pin{Roots: []*derive.Key{other, ecdsaRoot, s.Group.Root()}}); s.Group.ChainCode != nil {
		t.Error("the chain code of another key, or of a bare one")
	}
	if s := tssShare(t, f, share.Pin{Roots: []*derive.Key{ecdsaRoot, other, right}}); s.Group.ChainCode == nil || s.Group.ChainCode[0] != 7 {
		t.Error("no chain code from the recorded root key")
	}
	for _, threshold := range []int{1, 3, 4, -1, 1 << 40} {
		list, err := formats.Parse("party-1.json", f.Data, share.Pin{Threshold: threshold})
		if err != nil || !errors.Is(list[0].Err(), share.ErrInconsistent) {
			t.Errorf("threshold %d: %v", threshold, err)
		}
	}
}

// document is save data as maps, to be damaged.
type document = map[string]any

func TestTSSLibDamage(t *testing.T) {
	list := func(d document, key string) []any { return d[key].([]any) }
	point := func(d document, i int) []any { return list(d, "BigXj")[i].(document)["Coords"].([]any) }
	prime := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	number := func(v any) *big.Int { n, _ := new(big.Int).SetString(v.(json.Number).String(), 10); return n }
	for name, tc := range map[string]struct {
		change func(d document)
		words  string
	}{
		"no root key":      {func(d document) { delete(d, "EDDSAPub") }, "did not finish"},
		"two root keys":    {func(d document) { d["ECDSAPub"] = d["EDDSAPub"] }, "both ECDSAPub and EDDSAPub"},
		"other curve":      {func(d document) { d["ECDSAPub"] = d["EDDSAPub"]; delete(d, "EDDSAPub") }, `a point of curve "ed25519", not secp256k1`},
		"no parties":       {func(d document) { d["Ks"] = []any{} }, "0 parties in Ks"},
		"too many parties": {func(d document) { d["Ks"] = make([]int, 1001) }, "1001 parties in Ks"},
		"a party less":     {func(d document) { d["BigXj"] = list(d, "BigXj")[:2] }, "3 parties in Ks and 2 in BigXj"},
		"ID zero":          {func(d document) { list(d, "Ks")[1] = 0 }, "Ks[1]: the share ID is zero"},
		"ID negative":      {func(d document) { list(d, "Ks")[1] = -5 }, "Ks[1]: a share ID is a decimal number"},
		"ID exponent":      {func(d document) { list(d, "Ks")[1] = json.Number("1e70") }, "Ks[1]: a share ID is a decimal number"},
		"ID of 2^300": {func(d document) {
			list(d, "Ks")[1] = json.Number(new(big.Int).Lsh(big.NewInt(1), 300).String())
		}, "Ks[1]: the share ID has more than 300 bits"},
		"ID of the order": {func(d document) {
			list(d, "Ks")[1] = json.Number(new(big.Int).Lsh(curve.Ed25519.Order(), 40).String())
		}, "Ks[1]: the share ID is zero modulo the order"},
		"the same ID": {func(d document) { list(d, "Ks")[1] = list(d, "Ks")[0] }, "two parties have the same share ID"},
		"the same ID modulo the order": {func(d document) {
			n := number(list(d, "Ks")[0])
			list(d, "Ks")[1] = json.Number(n.Mod(n, curve.Ed25519.Order()).String())
		}, "two parties have the same share ID"},
		"own ID":          {func(d document) { d["ShareID"] = 7 }, "ShareID is not in Ks"},
		"own ID missing":  {func(d document) { delete(d, "ShareID") }, "ShareID: a share ID has 1 to 91 digits"},
		"another ID":      {func(d document) { list(d, "Ks")[1] = 7 }, "no threshold fits"},
		"keys swapped":    {func(d document) { x := list(d, "BigXj"); x[1], x[2] = x[2], x[1] }, "no threshold fits"},
		"curve name":      {func(d document) { list(d, "BigXj")[1].(document)["Curve"] = "Ed25519" }, `BigXj[1]: a point of curve "Ed25519"`},
		"curve type":      {func(d document) { list(d, "BigXj")[1].(document)["CurveType"] = "ecdsa" }, `BigXj[1]: a point of curve type "ecdsa", not eddsa`},
		"one coordinate":  {func(d document) { list(d, "BigXj")[1].(document)["Coords"] = point(d, 1)[:1] }, "BigXj[1]: 1 coordinates"},
		"x off the curve": {func(d document) { point(d, 1)[0] = 12345 }, "not on ed25519"},
		"y off the curve": {func(d document) { point(d, 1)[1] = 12345 }, "not on ed25519"},
		"x's other root": {func(d document) {
			point(d, 1)[0] = json.Number(new(big.Int).Sub(prime, number(point(d, 1)[0])).String())
		}, "no threshold fits"},
		"x plus the prime": {func(d document) {
			point(d, 1)[0] = json.Number(new(big.Int).Add(prime, number(point(d, 1)[0])).String())
		}, "not on ed25519"},
		"y plus the prime": {func(d document) {
			point(d, 1)[1] = json.Number(new(big.Int).Add(prime, number(point(d, 1)[1])).String())
		}, "not on ed25519"},
		"negative":   {func(d document) { point(d, 1)[0] = -1 }, "not an integer below 2^256"},
		"fraction":   {func(d document) { point(d, 1)[0] = 1.5 }, "not an integer below 2^256"},
		"long":       {func(d document) { point(d, 1)[0] = json.Number(strings.Repeat("1", 1000)) }, "not an integer below 2^256"},
		"longer":     {func(d document) { point(d, 1)[0] = json.Number(strings.Repeat("1", 4<<20)) }, "a number of more than 1300 characters"},
		"long share": {func(d document) { d["Xi"] = json.Number(strings.Repeat("1", 4<<20)) }, "a number of more than 1300 characters"},
		"identity":   {func(d document) { point(d, 1)[0], point(d, 1)[1] = 0, 1 }, "neutral element"},
		"order 2": {func(d document) {
			point(d, 1)[0] = 0
			point(d, 1)[1] = json.Number(prime.Sub(prime, big.NewInt(1)).String())
		}, "prime-order group"},
		"root key": {func(d document) { d["EDDSAPub"] = list(d, "BigXj")[0] }, "no threshold fits"},
	} {
		prime.SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
		var d document
		decoder := json.NewDecoder(bytes.NewReader(fixtures.Load("tsslib-eddsa").Files[0].Data))
		decoder.UseNumber()
		if err := decoder.Decode(&d); err != nil {
			t.Fatal(err)
		}
		xi := fmt.Sprint(d["Xi"])
		tc.change(d)
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		shares, err := formats.Parse("party-1.json", b, share.Pin{})
		if err == nil && len(shares) == 1 {
			err = shares[0].Err()
		}
		if err == nil || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sentence(t, err)
		if strings.Contains(err.Error(), xi) {
			t.Errorf("%s: the share is in %q", name, err)
		}
	}
}
