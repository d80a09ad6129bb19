package tx_test

import (
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
	} {
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
