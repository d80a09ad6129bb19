package moving

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/docs"
	"lifeboat/fixtures"
	"lifeboat/tx"
)

// Every chain whose transactions are read has a file that says all there is to know, and
// a part of the page on signing that says how they are made and sent; and every file is
// of some chain.
func TestFamilies(t *testing.T) {
	used := map[string]bool{"moving.md": true}
	for _, c := range chains.All() {
		name, ok := tx.Family(c)
		if !ok {
			continue
		}
		used[strings.ToLower(name)+".md"] = true
		f, ok := familyOf(c)
		if !ok {
			t.Errorf("%s: there is no page of the family %s", c.ID, name)
			continue
		}
		var about []string
		for _, row := range f.rows {
			about = append(about, row[0])
		}
		if want := []string{"fees", "order", "tokens", "emptying", "addresses", "tags", "expiry"}; !slices.Equal(about, want) {
			t.Errorf("%s: the page of its family is about %q, and not %q", c.ID, about, want)
		}
		for _, heading := range []string{"Making one", "Sending it"} {
			if docs.Signing(f.title, heading) == "" {
				t.Errorf("%s: docs/signing.md has no %q below %q", c.ID, heading, f.title)
			}
		}
	}
	files, err := fs.Glob(pages, "*")
	if err != nil || !slices.Equal(files, slices.Sorted(maps.Keys(used))) {
		t.Errorf("%q are of no chain that is read, or missing: %v", files, err)
	}
}

// planned is the plan of an address book.
func planned(t *testing.T, text []byte, roots []*derive.Key) *Plan {
	t.Helper()
	in, err := book.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := in.Chunk()
	if err != nil {
		t.Fatal(err)
	}
	p := &Plan{Tool: "mpc-recover 0", Date: "2026-11-29", Book: "address.csv", Compared: len(roots) > 0, Marks: map[string]string{"FILES": "a.json b.json", "BOOK": "address.csv"}}
	for i, r := range book.NewChecker(derive.NewEngine(0), roots).Check(rows) {
		p.Add(rows[i], &r)
	}
	return p
}

func demo(t *testing.T) (text []byte, roots []*derive.Key) {
	t.Helper()
	v := fixtures.Load("demo")
	for _, g := range v.Expected.Groups {
		root, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	return v.Books["address.csv"], roots
}

var extended = regexp.MustCompile(`[a-z](pub|prv)[1-9A-HJ-NP-Za-km-z]{20}`)

// The page of the demo vault has each of its addresses once, in the section of its chain,
// and no key.
func TestDemo(t *testing.T) {
	text, roots := demo(t)
	p := planned(t, text, roots)
	got := p.Text()
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, ",")
		if cells[1] == "coin" {
			continue
		}
		if n := strings.Count(got, "\n    "+cells[2]+"\n"); n != 1 {
			t.Errorf("%s is there %d times", cells[2], n)
		}
		c, _ := chains.Lookup(cells[1])
		_, section, _ := strings.Cut(got, fmt.Sprintf("\n### %s (%s): ", c.Name, c.ID))
		section, _, _ = strings.Cut(section, "\n### ")
		if !strings.Contains(section, cells[2]) {
			t.Errorf("the section of %s lacks %s", c.ID, cells[2])
		}
		if _, spends := c.OutputScript(cells[2]); !spends && !strings.Contains(got, "\n    "+c.ID+","+cells[2]+",{TO},,{AMOUNT},") {
			t.Errorf("the plan has no row of %s", cells[2])
		}
	}
	for _, want := range []string{
		"mpc-recover sign a.json b.json {--record F} --tx unsigned --addresses address.csv {--to ADDRESS} -o signed",
		"mpc-derive watch {--record F} --addresses address.csv -o watch",
		"| Ethereum (ETH) | 4 | `mpc-recover sign` | ETH | no limit |",
		"p2tr-untweaked, Treasury, vendor's taproot",
		"| `{--record F}` | ",
		"\n    BTC,,{TO},,all,BTC.csv,{rate},",
		"\n    XTN,,{TO},all,XTN.csv,{rate}\n",
		"mpc-derive review unsigned-XTN --chain XTN {--xpub KEY} --addresses address.csv",
		"Every address was compared with the root keys",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if first, last := strings.Index(got, "no key leaves the program"), strings.Index(got, "## Single keys, the last resort"); first < 0 || first > strings.Index(got, "## What there is") || last < strings.Index(got, "## Solana") {
		t.Error("signing does not come first, or single keys not last")
	}
	page := string(p.HTML())
	for where, s := range map[string]string{"text": got, "page": page} {
		if key := extended.FindString(s); key != "" {
			t.Errorf("the %s has the key %s…", where, key)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "http-equiv=\"refresh\"") || !strings.Contains(page, "<h2>Solana</h2>") {
		t.Error("the page has a script, or was not rendered")
	}
}

// Whatever the cells of a book hold, it is shown as it is, and does nothing.
func TestHostile(t *testing.T) {
	const header = "wallet name,coin,address,address label,HD path,child publickey\n"
	_, roots := demo(t)
	for _, cell := range []string{
		"<script>alert(1)</script>", "</code></pre><img src=x onerror=y>", "\x1b[2Jgone", "\u202etxt.exe", "**bold** | `x` | [a](b.md)", "{--record F}", "```", "# heading",
		strings.Repeat("x", 5000), "\xff\xfe", "=cmd",
	} {
		quoted := `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		text := header +
			quoted + ",ETH,0x5449952146f1cd773E96c87F0B9858072BFAFA23," + quoted + ",m/44/60/0/0/0,\n" +
			"w," + quoted + ",0x5449952146f1cd773E96c87F0B9858072BFAFA23,l,m/44/60/0/0/0,\n" +
			"w,ETH," + quoted + ",l,m/44/60/0/0/0,\n" +
			"w,ETH_" + quoted[1:len(quoted)-1] + ",0x5449952146f1cd773E96c87F0B9858072BFAFA23,l,m/44/60/0/0/0,\n"
		for _, roots := range [][]*derive.Key{roots, nil} {
			p := planned(t, []byte(text), roots)
			got, page := p.Text(), string(p.HTML())
			if i := strings.IndexFunc(got+page, func(r rune) bool { return r != '\n' && (!unicode.IsPrint(r) && r != ' ' || r == '\u202e') }); i >= 0 {
				t.Errorf("%.20q: %q is shown", cell, (got + page)[i:i+1])
			}
			if tag := regexp.MustCompile(`<(script|img)|<strong>bold|<a href="b|<h1>heading`).FindString(page); tag != "" {
				t.Errorf("%.20q became %s", cell, tag)
			}
			if !strings.Contains(got, "\n    0x5449952146f1cd773E96c87F0B9858072BFAFA23\n") {
				t.Errorf("%.20q: the good row is not there", cell)
			}
			if len(got) > 100_000 {
				t.Errorf("%.20q: %d bytes", cell, len(got))
			}
		}
	}
}

// A book of any length makes a page that is not much longer, and rows that are not right
// are counted and not listed.
func TestMany(t *testing.T) {
	_, roots := demo(t)
	var b strings.Builder
	b.WriteString("wallet name,coin,address,HD path,child publickey\n")
	for i := range 500 {
		coin := fmt.Sprintf("COIN%d", i)
		if i%2 == 0 {
			coin = "ETH_USDT"
		}
		fmt.Fprintf(&b, "w,%s,,m/44/60/0/0/%d,%s\n", coin, i, child(t, roots[0], i))
	}
	b.WriteString("w,ETH,0xd3C0D87fb461473E1eDA70942b135EaF21FF6Bc5,m/44/60/0/0/7,\n")
	got := planned(t, []byte(b.String()), roots).Text()
	for _, want := range []string{
		"### Ethereum (ETH): 250 rows", "The first 100 addresses; the address book has all", "\n    ETH_USDT\n",
		"\n    COIN1: 1 row\n", "\n    and others: 200 rows\n", "**Not ok: 1 row of the address book**",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if strings.Contains(got, "0xd3C0D87fb461473E1eDA70942b135EaF21FF6Bc5") {
		t.Error("an address that is not of its path is listed")
	}
}

func child(t *testing.T, root *derive.Key, i int) string {
	t.Helper()
	path, err := derive.ParsePath(fmt.Sprintf("m/44/60/0/0/%d", i))
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := root.Derive(path)
	if err != nil {
		t.Fatal(err)
	}
	return key.String()
}

// Chains whose transactions are not read have what there is.
func TestOthers(t *testing.T) {
	got := planned(t, []byte("wallet name,coin,address,HD path\nw,EOS,EOS5,m/44/194/0/0/0\nw,DOT,1x,m/44/354/0/0/0\nw,XMR,4x,m/44/128/0/0/0\n"), nil).Text()
	for _, want := range []string{
		"## Other chains\n", "`import as` of keys.csv is taken by cleos wallet import.", "The account is found by the public key",
		"### Polkadot (DOT): 1 row", "`sign --blind --chain DOT --scheme ed25519|ecdsa --from ADDRESS` signs a message unread.", "a signer that takes the column `export` is needed", "No key of this vault is one of this chain: a view key belongs to every address.",
		"No address was compared with a root key",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "## Bitcoin") {
		t.Error("there is a section of a chain that the book does not have")
	}
}

// Without a book, the general parts are there.
func TestNoBook(t *testing.T) {
	got := (&Plan{Tool: "x", Date: "y"}).Text()
	if !strings.Contains(got, "No address book was given") || !strings.Contains(got, "mpc-recover sign {FILES} {--record F}") {
		t.Errorf("%s", got)
	}
}
