package find_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/chains/find"
	"lifeboat/derive"
	"lifeboat/fixtures/vaults/demo"
	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

// demoRows returns the address book of the demo vault.
func demoRows(t testing.TB) []map[string]string {
	t.Helper()
	b, err := demo.FS.ReadFile("address.csv")
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[all[0][i]] = c
		}
		rows = append(rows, row)
	}
	return rows
}

// at derives the key of a row from the row's own child public key: its only path.
func at(t testing.TB, row map[string]string) *chains.PublicKey {
	t.Helper()
	return ptr(chains.NewPublicKey(point(t, row)))
}

// Every address of the demo vault is found by its key, among all chains and all
// the other addresses, and by no other key.
func TestLook(t *testing.T) {
	rows := demoRows(t)
	var all []string
	for _, r := range rows {
		all = append(all, r["address"])
	}
	for _, c := range curve.All() {
		targets := find.NewTargets(all, nil, c)
		for i, r := range rows {
			if r["curve"] != c.String() {
				continue
			}
			hits := targets.Look(nil, at(t, r))
			if len(hits) != 1 || hits[0].Target != i {
				t.Errorf("%s: %v", r["address"], hits)
				continue
			}
			want, _ := chains.Lookup(r["coin"])
			if a, err := hits[0].Encoding.Address(at(t, r)); err != nil || a != r["address"] {
				t.Errorf("%s: named %s %s, which is %s", r["address"], hits[0].Chain.ID, hits[0].Encoding.Name, a)
			}
			if !slices.ContainsFunc(targets.Coins, func(coin uint32) bool { return slices.Contains(want.SLIP44, coin) }) {
				t.Errorf("%s: none of the coin types of %s would be searched", r["address"], want.ID)
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

func point(t testing.TB, row map[string]string) *curve.Point {
	k, err := derive.Parse(row["child publickey"])
	if err != nil {
		t.Fatal(err)
	}
	return k.Point()
}

func TestUnread(t *testing.T) {
	targets := find.NewTargets([]string{"no address", "", "0x5449952146f1cd773E96c87F0B9858072BFAFA23"}, nil, curve.Secp256k1)
	if !slices.Equal(targets.Unread, []int{0, 1}) || targets.Len() != 1 {
		t.Errorf("unread %v, %d left", targets.Unread, targets.Len())
	}
	eth, _ := chains.Lookup("ETH")
	if got := find.NewTargets(targets.Addresses, []*chains.Chain{eth}, curve.Secp256k1).Coins; !slices.Equal(got, []uint32{60}) {
		t.Errorf("coins %v", got)
	}
}

// The same address given twice is found twice.
func TestTwice(t *testing.T) {
	r := demoRows(t)[9]
	targets := find.NewTargets([]string{r["address"], strings.ToLower(r["address"])}, nil, curve.Secp256k1)
	if hits := targets.Look(nil, at(t, r)); len(hits) != 2 || hits[0].Target == hits[1].Target {
		t.Errorf("%v", hits)
	}
}

// An address that begins as the key's own does is not taken for it.
func TestSameStart(t *testing.T) {
	r := demoRows(t)[9]
	own := strings.ToLower(r["address"])
	other := own[:2+16] + strings.Repeat("0", len(own)-2-16)
	for _, list := range [][]string{{own, other}, {other, own}, {other, own, other, own}} {
		targets := find.NewTargets(list, nil, curve.Secp256k1)
		hits := targets.Look(nil, at(t, r))
		for _, h := range hits {
			if list[h.Target] != own {
				t.Errorf("%q: %s is taken for %s", list, list[h.Target], own)
			}
		}
		if len(hits) != len(list)/2 {
			t.Errorf("%q: %d hits", list, len(hits))
		}
	}
}

func template(t testing.TB, s string) find.Template {
	t.Helper()
	p, err := find.ParseTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTemplates(t *testing.T) {
	for _, bad := range []string{"", "m", "m/", "m/44'/coin", "m/coin/coin", "m/44/Coin", "m//index", "m/2147483648", "m/44/-1", "m/index/x"} {
		if p, err := find.ParseTemplate(bad); !errors.Is(err, derive.ErrPath) {
			t.Errorf("%q: %v, %v", bad, p, err)
		}
	}
}

// A walk goes through every path of the space once, and says beforehand how many.
func TestWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &find.Space{
			Coins:    rapid.SliceOfNDistinct(rapid.Uint32Range(0, 1000), 0, 3, rapid.ID).Draw(t, "coins"),
			Accounts: rapid.Uint32Range(1, 3).Draw(t, "accounts"),
			Indexes:  rapid.SampledFrom([]uint32{1, 2, 1023, 1024, 1025, 3000}).Draw(t, "indexes"),
		}
		for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
			find.Defaults[1], "m/7/coin", "m/8/change/index", "m/9/index/8", "m/1/2",
		}), 1, 3, rapid.ID).Draw(t, "templates") {
			p, err := find.ParseTemplate(text)
			if err != nil {
				t.Fatal(err)
			}
			s.Templates = append(s.Templates, p)
		}
		seen := map[string]bool{}
		walk := s.Paths()
		for {
			paths, err := walk.Next()
			if err == io.EOF {
				break
			}
			if err != nil || len(paths) == 0 || len(paths) > find.Block {
				t.Fatalf("%d paths, %v", len(paths), err)
			}
			for _, p := range paths {
				if seen[p.String()] {
					t.Fatalf("%s comes twice", p)
				}
				seen[p.String()] = true
			}
		}
		if uint64(len(seen)) != s.Size() {
			t.Errorf("%d paths, and Size says %d", len(seen), s.Size())
		}
	})
}

// Low indexes of every account come before high ones of any.
func TestOrder(t *testing.T) {
	s := &find.Space{Templates: []find.Template{template(t, "m/account/index")}, Accounts: 2, Indexes: 2 * find.Block}
	walk := s.Paths()
	var starts []string
	for {
		paths, err := walk.Next()
		if err != nil {
			break
		}
		starts = append(starts, paths[0].String())
	}
	if want := []string{"m/0/0", "m/1/0", "m/0/1024", "m/1/1024"}; !slices.Equal(starts, want) {
		t.Errorf("%v", starts)
	}
}

// BenchmarkFind is the cost of a candidate, derivation included, against one and
// against 100,000 addresses.
func BenchmarkFind(b *testing.B) {
	root := derive.NewRoot(curve.Secp256k1.Generator(), [32]byte{1})
	for _, n := range []int{1, 100_000} {
		b.Run(fmt.Sprintf("targets=%d", n), func(b *testing.B) {
			addresses := make([]string, n)
			for i := range addresses {
				addresses[i] = fmt.Sprintf("0x%040x", i+1)
			}
			eth, _ := chains.Lookup("ETH")
			targets := find.NewTargets(addresses, []*chains.Chain{eth}, curve.Secp256k1)
			bulk := derive.NewEngine(1 << 24).Bulk(root)
			paths := make([]derive.Path, find.Block)
			keys := make([]derive.Descendant, find.Block)
			var hits []find.Hit
			from := uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				for i := range paths {
					paths[i] = derive.Path{44, 60, 0, 0, from}
					from++
				}
				bulk.Derive(paths, keys)
				for i := range keys {
					public := chains.DerivedKey(keys[i].Curve(), keys[i].Child.Key, keys[i].Child.XY)
					hits = targets.Look(hits[:0], &public)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/find.Block, "ns/candidate")
		})
	}
}

// FuzzParseTemplate: a template is taken exactly if it is a path once its named
// steps, each there at most once, are numbers; and that path is where it leads.
func FuzzParseTemplate(f *testing.F) {
	for _, s := range []string{
		find.Defaults[1], "44/coin/account/change/index", "m/84/0/account/1/index", "m/7", "index",
		"", "m", "m/", "m/m/1", "m/44/", "/44", "m/44'/0", "m/0/0h", "m/2147483648", "m/2147483647", "m/007",
		"m/index/index", "m/Coin", "m/ 1", "m/coin1", "m" + strings.Repeat("/1", derive.MaxDepth), "m" + strings.Repeat("/1", derive.MaxDepth+1),
	} {
		f.Add(s)
	}
	first := map[string]string{"coin": "60", "account": "0", "change": "0", "index": "0"}
	f.Fuzz(func(t *testing.T, s string) {
		parts, seen, twice := strings.Split(strings.TrimPrefix(s, "m/"), "/"), map[string]bool{}, false
		for i, p := range parts {
			if number, named := first[p]; named {
				parts[i], twice = number, twice || seen[p]
				seen[p] = true
			}
		}
		want, refused := derive.ParsePath("m/" + strings.Join(parts, "/"))
		template, err := find.ParseTemplate(s)
		if taken := refused == nil && !twice && len(want) > 0; (err == nil) != taken {
			t.Fatalf("%q: %v; as a path: %v", s, err, refused)
		}
		if err != nil {
			if !errors.Is(err, derive.ErrPath) || len(err.Error()) > 500 {
				t.Errorf("%q: error %v", s, err)
			}
			return
		}
		space := find.Space{Templates: []find.Template{template}, Coins: []uint32{60, 61}, Accounts: 2, Indexes: 3}
		walk, n := space.Paths(), uint64(0)
		for {
			paths, err := walk.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 && paths[0].String() != want.String() {
				t.Fatalf("%q leads to %v first", s, paths[0])
			}
			for _, p := range paths {
				if _, err := derive.ParsePath(p.String()); err != nil {
					t.Fatalf("%q leads to %v: %v", s, p, err)
				}
			}
			n += uint64(len(paths))
		}
		if n != space.Size() {
			t.Errorf("%q: %d paths of %d", s, n, space.Size())
		}
	})
}
