package tx

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/chains"

	"pgregory.net/rapid"
)

// made makes an order, and compares what comes out with it once more, not in the way in
// which Make does.
func made(t rapid.TB, o *Order) []Draft {
	t.Helper()
	drafts, err := Make(o)
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	paid, fees := new(big.Int), new(big.Int)
	for _, d := range drafts {
		x, err := (&Reader{Chain: o.Chain}).Read(d.Data)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Effects) != 1 || x.Chain != o.Chain {
			t.Fatalf("%d effects on %s", len(x.Effects), x.Network)
		}
		e := x.Effects[0]
		if (e.Kind == Token) != (o.Asset.Contract != "") || e.Asset.Contract != o.Asset.Contract || e.Tag != o.Tag || !e.Reaches(o.To) {
			t.Fatalf("%+v is read back as %+v", o, e)
		}
		if o.From != "" && !slices.ContainsFunc(x.Slots, func(s Slot) bool { return s.Address == o.From }) {
			t.Fatalf("%s does not sign", o.From)
		}
		paid.Add(paid, e.Amount)
		fees.Add(fees, x.Fee.Most)
	}
	meant := o.Amount
	if meant == nil {
		meant = new(big.Int)
		for _, c := range o.Coins {
			meant.Add(meant, c.Amount)
		}
		meant.Sub(meant, fees)
	}
	if paid.Cmp(meant) != 0 {
		t.Fatalf("%s is paid, and not %s", paid, meant)
	}
	if o.Fee != nil && fees.Cmp(o.Fee) > 0 {
		t.Fatalf("it costs %s, and may cost %s", fees, o.Fee)
	}
	return drafts
}

// badOrder is an order that is changed so that nothing may be made of it.
type badOrder struct {
	name   string
	change func(o *Order)
	why    string
}

// notMade changes an order in ways that must be refused.
func notMade(t *testing.T, o func() *Order, cases []badOrder) {
	t.Helper()
	made(t, o())
	for _, c := range cases {
		bad := o()
		c.change(bad)
		if drafts, err := Make(bad); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %d drafts, %v, want %q", c.name, len(drafts), err, c.why)
		}
	}
}

// amounts of up to so many bits, from 1.
func someAmount(t *rapid.T, bits int) *big.Int {
	b := rapid.SliceOfN(rapid.Byte(), 1, bits/8).Draw(t, "amount")
	n := new(big.Int).SetBytes(b)
	return n.Add(n, big.NewInt(1))
}

func digits(n int64) string { return big.NewInt(n).String() }

var makeTime = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// Every chain says of all that it wants what it is and where it stands, under names that
// are no columns of a plan.
func TestWants(t *testing.T) {
	made := 0
	for _, c := range chains.All() {
		wants, ok := Wants(c)
		if !ok {
			continue
		}
		made++
		seen := map[string]bool{"": true, "chain": true, "from": true, "to": true, "asset": true, "amount": true}
		for _, w := range wants {
			if seen[w.Name] || w.What == "" || w.Where == "" || w.Name != strings.ToLower(w.Name) || strings.ContainsAny(w.Name, "=, ") {
				t.Errorf("%s: %+v", c.ID, w)
			}
			seen[w.Name] = true
		}
		for _, name := range slices.Concat(OneOf(c)...) {
			if !slices.ContainsFunc(wants, func(w Want) bool { return w.Name == name && w.Optional }) {
				t.Errorf("%s: one of several is %q, which can't be left out", c.ID, name)
			}
		}
		coins := slices.ContainsFunc(wants, func(w Want) bool { return w.Name == WantCoins })
		if all := maker(c).all; coins != (all == "") {
			t.Errorf("%s: all that can be paid is %q", c.ID, all)
		}
	}
	if made < len(coins)+len(evmNetworks) {
		t.Errorf("transfers can be made on %d chains", made)
	}
}

// Text that looks like the hex of other bytes is not shown as they are.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"104857": "104857", "\x00\xff": "hex 00ff", "hex 00ff": "hex 6865782030306666", "é": "hex c3a9"} {
		if got := printable([]byte(text)); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
