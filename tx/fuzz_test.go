package tx_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/tx"
)

// FuzzRead reads anything.
func FuzzRead(f *testing.F) {
	for _, name := range []string{
		"tx/evm.tsv",
		"tx/tron.tsv",
		"tx/solana.tsv",
		"tx/xrp.tsv",
		"tx/stellar.tsv",
		"tx/ton.tsv",
		"tx/cosmos.tsv",
		"tx/near.tsv",
		"tx/algorand.tsv",
		"tx/aptos.tsv",
		"tx/sui.tsv",
		"tx/cardano.tsv",
	} {
		for _, row := range fixtures.Rows(name) {
			f.Add([]byte(row[2]))
		}
	}
	f.Fuzz(complete)
}

// fuzzFamily reads anything, beginning with the vectors of a family.
func fuzzFamily(f *testing.F, family string) {
	for _, name := range []string{"tx/" + family + ".tsv", "tx/" + family + "_refused.tsv"} {
		for _, row := range fixtures.Rows(name) {
			f.Add([]byte(row[2]))
		}
	}
	f.Fuzz(complete)
}

// complete checks that what is read has all that a review shows, and that it can be
// judged.
func complete(t *testing.T, data []byte) {
	x, err := (&tx.Reader{}).Read(data)
	if err != nil {
		return
	}
	if x.Chain == nil || x.Network == "" || x.Form == "" || len(x.Slots) == 0 || x.Fee.Most == nil || len(x.Claims) == 0 {
		t.Fatalf("not all of it was read: %+v", x)
	}
	for _, e := range x.Effects {
		if e.Amount == nil || e.Amount.Sign() < 0 || e.Kind == "" || e.To == "" {
			t.Fatalf("an effect without an amount or a recipient: %+v", e)
		}
	}
	if _, err := (&tx.Policy{Keys: new(tx.Keys), Now: noon}).Judge(x); err == nil {
		t.Fatal("a vault without keys signs")
	}
}

// FuzzEVM, FuzzTRON and FuzzSolana change what a wallet's text stands for, which FuzzRead
// seldom gets at: JSON is read as it is, and other bytes as that text.
func FuzzEVM(f *testing.F) {
	fuzzBinary(f, "tx/evm.tsv", func(b []byte) string { return "0x" + hex.EncodeToString(b) })
}

func FuzzTRON(f *testing.F)   { fuzzBinary(f, "tx/tron.tsv", hex.EncodeToString) }
func FuzzSolana(f *testing.F) { fuzzBinary(f, "tx/solana.tsv", base64.StdEncoding.EncodeToString) }

func fuzzBinary(f *testing.F, vectors string, text func([]byte) string) {
	binary := 0
	for _, row := range fixtures.Rows(vectors) {
		f.Add([]byte(row[2]))
		var file struct {
			Raw string `json:"raw_data_hex"`
		}
		plain := strings.TrimPrefix(row[2], "0x")
		if json.Unmarshal([]byte(row[2]), &file) == nil {
			plain = file.Raw
		}
		for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
			if b, err := decode(plain); err == nil && len(b) > 0 {
				f.Add(b)
				binary++
				break
			}
		}
	}
	if binary == 0 {
		f.Fatal("no vector is binary")
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || data[0] != '{' {
			data = []byte(text(data))
		}
		complete(t, data)
	})
}
