package find_test

import (
	"fmt"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/chains/account"
	"lifeboat/chains/book"
	"lifeboat/chains/find"
	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// Every form that a key has on a chain is taken by the check of an address book, which
// is not told the curve, and found by a search; and what one of them takes in another
// spelling, the other does.
func TestOneSetOfForms(t *testing.T) {
	roots := map[curve.Curve]*derive.Key{}
	var all []*derive.Key
	for i, c := range curve.All() {
		roots[c] = derive.NewRoot(c.Generator().Mul(c.ScalarFromUint(uint64(0x5eed+i))), [32]byte{byte(i + 1)})
		all = append(all, roots[c])
	}
	type form struct {
		chain   *chains.Chain
		name    string
		address string
		path    derive.Path
		key     *chains.PublicKey
	}
	var forms []form
	var text strings.Builder
	text.WriteString("coin,HD path,address\n")
	for i, c := range chains.All() {
		path := derive.Path{44, 7, uint32(i), 0, 3}
		for _, on := range curve.All() {
			k, _, err := roots[on].Derive(path)
			if err != nil {
				t.Fatal(err)
			}
			public := chains.NewPublicKey(k.Point())
			account.NewStakes(roots[on]).Note(&public, path)
			for _, e := range c.On(on) {
				address, err := e.Address(&public)
				if err != nil {
					t.Fatalf("%s/%s: %v", c.ID, e.Name, err)
				}
				for _, spelling := range []string{address, strings.ToLower(address), strings.ToUpper(address), "0X" + strings.TrimPrefix(address, "0x")} {
					forms = append(forms, form{c, e.Name, spelling, path, &public})
					fmt.Fprintf(&text, "%s,%s,%s\n", c.ID, path, spelling)
				}
			}
		}
	}
	in, err := book.NewReader(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	checker := book.NewChecker(derive.NewEngine(int64(len(forms))), all)
	var results []book.Result
	for {
		rows, err := in.Chunk()
		if err != nil {
			break
		}
		results = append(results, checker.Check(rows)...)
	}
	if len(results) != len(forms) {
		t.Fatalf("%d results for %d forms", len(results), len(forms))
	}
	for i, f := range forms {
		r := &results[i]
		targets := find.NewTargets([]string{f.address}, []*chains.Chain{f.chain}, f.key.Curve)
		hits := targets.Look(nil, f.key)
		taken, found := r.Status == book.OK, len(hits) == 1 && hits[0].Part == nil
		if i%4 == 0 { // as it is written
			switch {
			case !taken || !found:
				t.Errorf("%s/%s: %s: %s in a book, found: %v", f.chain.ID, f.name, f.address, r.Text(), found)
			case r.Derived != f.address || hits[0].Encoding.Name != r.Encoding.Name:
				t.Errorf("%s/%s: %s is called %s in a book, and %s by the search", f.chain.ID, f.name, f.address, r.Encoding.Name, hits[0].Encoding.Name)
			case f.key.Curve != r.Public.Curve:
				t.Errorf("%s/%s: %s is a key on %v in a book", f.chain.ID, f.name, f.address, r.Public.Curve)
			}
		} else if taken != found {
			t.Errorf("%s/%s: %s: %s in a book, found: %v", f.chain.ID, f.name, f.address, r.Text(), found)
		}
	}
}

// An address is named after the chain that writes it so, and not after one that only
// reads it; one that a key decides in part is found, and said to be so.
func TestNames(t *testing.T) {
	root := derive.NewRoot(curve.Ed25519.Generator().Mul(curve.Ed25519.ScalarFromUint(5)), [32]byte{1})
	path := derive.Path{44, 1815, 2, 0, 1}
	at := func(path derive.Path) *chains.PublicKey {
		k, _, err := root.Derive(path)
		if err != nil {
			t.Fatal(err)
		}
		public := chains.NewPublicKey(k.Point())
		account.NewStakes(root).Note(&public, path)
		return &public
	}
	ours, stranger := at(path), at(derive.Path{9, 9, 9, 9, 9})
	address := func(id, name string, k *chains.PublicKey) string {
		c, _ := chains.Lookup(id)
		for _, e := range c.On(curve.Ed25519) {
			if e.Name == name {
				s, err := e.Address(k)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		}
		t.Fatalf("%s has no form %s", id, name)
		return ""
	}
	mixed := *ours
	mixed.SetStake(stranger)
	theirs := *stranger
	theirs.Stake = ours.Stake
	for _, tc := range []struct{ address, chain, form string }{
		{address("KSM", "ed25519", ours), "KSM", "ed25519"},
		{address("DOT", "ed25519-other-prefix", ours), "TAO", "ed25519"},
		{address("TAO", "ed25519-other-prefix", ours), "DOT", "ed25519"},
		{address("TON_TEST", "v4r2-bounceable-testnet", ours), "TON_TEST", "v4r2-bounceable-testnet"},
		{address("ADA", "base-account-stake", ours), "ADA", "base-account-stake"},
		{address("ADA_TEST", "base-account-stake", ours), "ADA_TEST", "base-account-stake"},
		{address("ADA", "base-account-stake", &mixed), "ADA", "in part: Cardano base address with another stake key"},
		{address("ADA", "base-account-stake", &theirs), "", ""},
	} {
		targets := find.NewTargets([]string{tc.address}, nil, curve.Ed25519)
		hits := targets.Look(nil, ours)
		if tc.chain == "" {
			if len(hits) != 0 {
				t.Errorf("%s: %v", tc.address, hits)
			}
			continue
		}
		if len(hits) != 1 || hits[0].Chain.ID != tc.chain || hits[0].Form() != tc.form {
			t.Errorf("%s: %+v, not %s %s", tc.address, hits, tc.chain, tc.form)
		}
	}
}
