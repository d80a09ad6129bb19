package book_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/fixtures"
)

// vault is a test vault's root keys and address book.
func vault(t testing.TB, name string) (roots []*derive.Key, text string) {
	t.Helper()
	v := fixtures.Load(name)
	for _, g := range v.Expected.Groups {
		k, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, k)
	}
	return roots, string(v.Books["address.csv"])
}

// read returns all rows and their results.
func read(t testing.TB, text string, roots ...*derive.Key) (rows []*book.Row, results []book.Result) {
	t.Helper()
	in, err := book.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows, book.NewChecker(derive.NewEngine(int64(len(rows))), roots).Check(rows)
}

// cells of the demo vault's address book by path.
func cells(t testing.TB, text, path string) map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		if r[6] == path {
			m := map[string]string{}
			for i, name := range records[0] {
				m[name] = r[i]
			}
			return m
		}
	}
	t.Fatalf("no row at %s", path)
	return nil
}

// The books of every vault, in both layouts, are right in every row.
func TestVaults(t *testing.T) {
	for _, name := range []string{"demo", "2of3", "root-zero-1", "sample"} {
		roots, _ := vault(t, name)
		for file, data := range fixtures.Load(name).Books {
			rows, results := read(t, string(data), roots...)
			if len(rows) < 8 {
				t.Errorf("%s/%s: only %d rows", name, file, len(rows))
			}
			for i, r := range results {
				if r.Status != book.OK || r.Key == nil || r.Key.Extended() != rows[i].Get(book.Child) || r.Root == nil {
					t.Errorf("%s/%s, line %d: %s", name, file, rows[i].Line, r.Text())
				}
				if a := rows[i].Get(book.Address); a != "" && !strings.EqualFold(a, r.Derived) {
					t.Errorf("%s/%s, line %d: derived %q, not %q", name, file, rows[i].Line, r.Derived, a)
				}
			}
		}
	}
}

const header = "wallet name,coin,address,curve,memo,address label,HD path,child publickey\n"

// Forms of a whole file that say the same.
func TestFileForms(t *testing.T) {
	roots, text := vault(t, "demo")
	semicolons := func(s string) string {
		records, err := csv.NewReader(strings.NewReader(s)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, r := range records {
			b.WriteString(strings.Join(r, ";") + "\n")
		}
		return b.String()
	}
	head, rest, _ := strings.Cut(text, "\n")
	for what, form := range map[string]string{
		"byte order mark":      "\ufeff" + text,
		"CRLF":                 strings.ReplaceAll(text, "\n", "\r\n"),
		"mark, ; and CRLF":     "\ufeff" + strings.ReplaceAll(semicolons(text), "\n", "\r\n"),
		"tabs":                 strings.ReplaceAll(semicolons(text), ";", "\t"),
		"capitals in header":   strings.ToUpper(head) + "\n" + rest,
		"underscores":          strings.ReplaceAll(head, " ", "_") + "\n" + rest,
		"blanks in the header": strings.ReplaceAll(head, ",", " , ") + "\n" + rest,
		"quoted header":        `"` + strings.ReplaceAll(head, ",", `","`) + "\"\n" + rest,
		"empty lines":          "\n\n" + strings.ReplaceAll(text, "\n", "\n\n"),
		"no last line end":     strings.TrimSuffix(text, "\n"),
		"curve in capitals":    head + "\n" + strings.ReplaceAll(strings.ReplaceAll(rest, "secp256k1", "SECP256K1"), "ed25519", "Ed25519"),
		"no curve":             head + "\n" + strings.ReplaceAll(strings.ReplaceAll(rest, ",secp256k1,", ",,"), ",ed25519,", ",,"),
		"blanks around cells":  head + "\n" + strings.ReplaceAll(strings.ReplaceAll(rest, ",xpub", " , xpub"), ",cpub", " , cpub"),
		"paths without m":      head + "\n" + strings.ReplaceAll(rest, ",m/", ","),
		"paths with a slash":   head + "\n" + strings.ReplaceAll(rest, ",m/", ",/"),
		"paths with /m":        head + "\n" + strings.ReplaceAll(rest, ",m/", ",/m/"),
		"trailing commas":      strings.ReplaceAll(text, "\n", ",,\n"),
	} {
		_, results := read(t, form, roots...)
		if len(results) != 21 {
			t.Errorf("%s: %d rows", what, len(results))
		}
		for i, r := range results {
			if r.Status != book.OK {
				t.Errorf("%s: row %d: %s", what, i+1, r.Text())
			}
		}
	}
}

// One row and what becomes of it. {} is replaced by the row's facts.
func TestRows(t *testing.T) {
	roots, text := vault(t, "demo")
	eth, sol, btc := cells(t, text, "m/44/60/0/0/0"), cells(t, text, "m/44/501/0/0/0"), cells(t, text, "m/84/0/0/0/0")
	other := cells(t, text, "m/44/60/0/0/1")
	ethAt, ethKey, solKey := eth["address"], eth["child publickey"], sol["child publickey"]
	for _, test := range []struct {
		what, row string
		want      book.Status
		key       bool   // a private key may be written
		words     string // in the reason
	}{
		{"as exported", "w,ETH," + ethAt + ",secp256k1,,,m/44/60/0/0/0," + ethKey, book.OK, true, ""},
		{"lower-case address", "w,ETH," + strings.ToLower(ethAt) + ",secp256k1,,,m/44/60/0/0/0," + ethKey, book.OK, true, ""},
		{"no address", "w,ETH,,,,,m/44/60/0/0/0," + ethKey, book.OK, true, ""},
		{"no child key", "w,ETH," + ethAt + ",,,,m/44/60/0/0/0,", book.OK, true, ""},
		{"short row", "w,ETH," + ethAt + ",,,,m/44/60/0/0/0", book.OK, true, ""},
		{"no child key on ed25519", "w,SOL," + sol["address"] + ",,,,m/44/501/0/0/0,", book.OK, true, ""},
		{"another Bitcoin form", "w,BTC," + btc["address"] + ",,,,m/84/0/0/0/0,", book.OK, true, ""},
		{"quoted, with a comma", `"a, b",ETH,` + ethAt + `,,,"say ""x""",m/44/60/0/0/0,` + ethKey, book.OK, true, ""},

		{"another address, the right key", "w,ETH," + other["address"] + ",,,,m/44/60/0/0/0," + ethKey, book.Mismatch, true, "the address is none of"},
		{"another address, no key", "w,ETH," + other["address"] + ",,,,m/44/60/0/0/0,", book.Mismatch, false, "the address is none of"},
		{"the right address, another key", "w,ETH," + ethAt + ",,,,m/44/60/0/0/0," + other["child publickey"], book.Mismatch, false, "child publickey"},
		{"another path", "w,ETH," + ethAt + ",,,,m/44/60/0/0/8," + ethKey, book.Mismatch, false, "child publickey"},

		{"unknown coin, the right key", "w,DREAM,whatever,,,,m/44/60/0/0/0," + ethKey, book.Unsupported, true, `"DREAM"`},
		{"unknown coin, no key", "w,DREAM,whatever,,,,m/44/60/0/0/0,", book.Unsupported, false, `"DREAM"`},
		{"unknown coin, another key", "w,DREAM,whatever,,,,m/44/60/0/0/9," + ethKey, book.Mismatch, false, "child publickey"},
		{"no coin", "w,,,,,,m/44/60/0/0/0," + ethKey, book.Unsupported, true, ""},

		{"neither key nor address", "w,ETH,,,,,m/44/60/0/0/0,", book.Bad, false, "nothing vouches"},
		{"hardened", "w,ETH,,,,,m/44'/60/0/0/0," + ethKey, book.Bad, false, "hardened"},
		{"hardened by number", "w,ETH,,,,,m/2147483648/60/0/0/0," + ethKey, book.Bad, false, "hardened"},
		{"no path", "w,ETH,,,,,," + ethKey, book.Bad, false, "path"},
		{"a path that is none", "w,ETH,,,,,m/44/x/0," + ethKey, book.Bad, false, "path"},
		{"an endless path", "w,ETH,,,,,m" + strings.Repeat("/1", 300) + "," + ethKey, book.Bad, false, "255"},
		{"another curve than its key's", "w,ETH,,ed25519,,,m/44/60/0/0/0," + ethKey, book.Bad, false, "ed25519"},
		{"a curve that is none", "w,ETH,,p256,,,m/44/60/0/0/0," + ethKey, book.Bad, false, `"p256"`},
		{"a damaged key", "w,ETH,,,,,m/44/60/0/0/0," + ethKey[:len(ethKey)-1] + "z", book.Bad, false, "child publickey"},
		{"a text as a key", "w,ETH,,,,,m/44/60/0/0/0,abc", book.Bad, false, "child publickey"},
		{"too many cells", "w,ETH," + ethAt + ",,,a, b,m/44/60/0/0/0," + ethKey, book.Bad, false, "is a comma unquoted?"},
		{"a stray quote", `w,ETH,` + ethAt + `,,"memo,,m/44/60/0/0/0,` + ethKey, book.Bad, false, "quote"},
		{"a quote within", `w 5",ETH,` + ethAt + `,,,,m/44/60/0/0/0,` + ethKey, book.Bad, false, "quote"},
		{"not UTF-8", "w\xff,ETH,,,,,m/44/60/0/0/0," + ethKey, book.Bad, false, "UTF-8"},
		{"a NUL", "w\x00,ETH,,,,,m/44/60/0/0/0," + ethKey, book.Bad, false, "NUL"},
		{"solana's key at ethereum's path", "w,SOL,,,,,m/44/60/0/0/0," + solKey, book.Mismatch, false, "child publickey"},
	} {
		// The rows around it must not notice.
		good := "w,ETH," + ethAt + ",,,,m/44/60/0/0/0," + ethKey + "\n"
		rows, results := read(t, header+good+test.row+"\n"+good, roots...)
		if len(rows) != 3 || results[0].Status != book.OK || results[2].Status != book.OK {
			t.Errorf("%s: %d rows, and its neighbours are %s and %s", test.what, len(rows), results[0].Text(), results[len(results)-1].Text())
			continue
		}
		r := results[1]
		if r.Status != test.want || (r.Key != nil) != test.key || rows[1].Line != 3 || !strings.Contains(r.Reason, test.words) {
			t.Errorf("%s: line %d, %s, key: %v", test.what, rows[1].Line, r.Text(), r.Key != nil)
		}
		if r.Key != nil && (r.Root == nil || r.Key.Err != nil) {
			t.Errorf("%s: a key without a root", test.what)
		}
	}
}

// Roots decide: none on the curve, the wrong one, the right one among several.
func TestRoots(t *testing.T) {
	roots, text := vault(t, "demo")
	others, _ := vault(t, "other-group")
	count := func(roots ...*derive.Key) (n book.Totals) {
		_, results := read(t, text, roots...)
		for i := range results {
			n.Add(&results[i])
		}
		return n
	}
	for _, test := range []struct {
		what  string
		roots []*derive.Key
		want  book.Totals
	}{
		{"none", nil, book.Totals{Rows: 21, Unsupported: 21, Uncovered: 21}},
		{"one curve", roots[:1], book.Totals{Rows: 21, OK: 17, Unsupported: 4, Uncovered: 4}},
		{"another vault's", others, book.Totals{Rows: 21, Mismatch: 21}},
		{"the right ones last", append(others[:2:2], roots...), book.Totals{Rows: 21, OK: 21}},
		{"the right ones first", append(roots[:2:2], others...), book.Totals{Rows: 21, OK: 21}},
	} {
		if got := count(test.roots...); got != test.want {
			t.Errorf("%s: %+v", test.what, got)
		}
		if test.want.Failed() != (test.want.Mismatch > 0) {
			t.Errorf("%s: Failed is %v", test.what, test.want.Failed())
		}
	}
}

func TestHeaders(t *testing.T) {
	for text, ok := range map[string]bool{
		header:                                 true,
		"coin,HD path,child publickey":         true,
		"coin,HD path,address":                 true,
		"HD path;coin;address":                 true,
		"note,coin,other,HD path,address,more": true,
		"":                                     false,
		"\n\n":                                 false,
		"coin,address,child publickey":         false,
		"HD path,address,child publickey":      false,
		"coin,HD path":                         false,
		"coin,coin,HD path,address":            false,
		`{"version": 3}`:                       false,
		"m/44/60/0/0/0,ETH,0x00":               false,
		"\xff\xfec\x00o\x00i\x00n\x00":         false,
		"\"coin,HD path,address":               false,
	} {
		if _, err := book.NewReader(strings.NewReader(text)); (err == nil) != ok || err != nil && !errors.Is(err, book.ErrHeader) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOutput(t *testing.T) {
	rows, _ := read(t, header+"w,coin,address,c,memo,label\n")
	got := strings.Join(rows[0].Output(9), "|")
	if want := "w|coin|address|c|memo|label|||"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	made := book.NewRow([]string{"HD Path", "x", "COIN"}, book.Cells{book.Coin: "ETH", book.Path: "m/0", book.Memo: "lost"})
	if got := strings.Join(made.Output(3), "|"); got != "m/0||ETH" {
		t.Errorf("%q", got)
	}
}

// lines generates a book without holding it.
type lines struct {
	n, max int
	left   []byte
	row    string
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		if l.n == l.max {
			return 0, io.EOF
		}
		l.n++
		l.left = fmt.Appendf(l.left[:0], l.row, l.n)
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

// Memory does not grow with the rows: what is live after 200,000 of them is what
// was live after a few, and each costs a bounded number of bytes on its way.
func TestStreams(t *testing.T) {
	const rows, perRow = 200_000, 4096
	in, err := book.NewReader(io.MultiReader(strings.NewReader(header), &lines{max: rows, row: "w,ETH,,secp256k1,,row,m/44/60/0/0/%d,xpub\n"}))
	if err != nil {
		t.Fatal(err)
	}
	var first, last runtime.MemStats
	n := 0
	for ; ; n++ {
		chunk, err := in.Chunk()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(chunk) == 0 || len(chunk) > book.ChunkRows {
			t.Fatalf("%d rows, %v", len(chunk), err)
		}
		if n == 3 {
			runtime.GC()
			runtime.ReadMemStats(&first)
		}
	}
	if want := (rows + book.ChunkRows - 1) / book.ChunkRows; n != want {
		t.Errorf("%d chunks, not %d", n, want)
	}
	runtime.GC()
	runtime.ReadMemStats(&last)
	if grown := int64(last.HeapAlloc) - int64(first.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes more are live after %d rows", grown, rows)
	}
	if each := (last.TotalAlloc - first.TotalAlloc) / rows; each > perRow {
		t.Errorf("%d bytes for each row", each)
	}
	runtime.KeepAlive(in)
}

// Whatever a file holds, reading it ends, no row is invented, and no key is
// given to a row whose child public key is another.
func FuzzBook(f *testing.F) {
	roots, whole := vault(f, "demo")
	list := strings.SplitAfter(whole, "\n")
	text := list[0] + list[10] + list[len(list)-2] // short: the fuzzer minimises slowly
	for _, seed := range []string{text, strings.ReplaceAll(text, ",", ";"), header, header + "w,ETH,,,,,m/44/60/0/0/0,\n",
		header + "\"w,ETH\n,,,,,,\n", "coin,HD path,address\nETH,m/44'/60,0x0\nSOL,m,\nADA,m/1/2/3/4,addr1\n", "\ufeffcoin\tHD path\taddress\nBTC\tm/1\tx\n"} {
		f.Add(seed)
	}
	engine := derive.NewEngine(64)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := book.NewReader(strings.NewReader(text))
		if err != nil {
			return
		}
		var rows []*book.Row
		for len(rows) < 50 {
			chunk, err := in.Chunk()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, chunk...)
		}
		if len(rows) > strings.Count(text, "\n")+1 {
			t.Fatalf("%d rows from %d lines", len(rows), strings.Count(text, "\n")+1)
		}
		results := book.NewChecker(engine, roots).Check(rows)
		if len(results) != len(rows) {
			t.Fatalf("%d results for %d rows", len(results), len(rows))
		}
		for i, r := range results {
			switch r.Status {
			case book.OK, book.Mismatch, book.Unsupported, book.Bad:
			default:
				t.Fatalf("status %q", r.Status)
			}
			if (r.Status == book.OK) != (r.Reason == "") || r.Status == book.OK && r.Key == nil {
				t.Fatalf("%s, key: %v", r.Text(), r.Key != nil)
			}
			if r.Key == nil {
				continue
			}
			path, err := derive.ParseBookPath(rows[i].Get(book.Path))
			if err != nil {
				t.Fatal("a key at a path that is none")
			}
			want, _, err := r.Root.Derive(path)
			if err != nil || !r.Key.Is(want) {
				t.Fatalf("another key than the root's at %s: %v", path, err)
			}
			if child := rows[i].Get(book.Child); child != "" {
				if k, err := derive.Parse(child); err != nil || !k.SameKey(want) {
					t.Fatal("a key although the child publickey differs")
				}
			} else if !strings.EqualFold(rows[i].Get(book.Address), r.Derived) && r.Derived == "" {
				t.Fatal("a key although nothing vouches for it")
			}
			if len(rows[i].Output(8)) != 8 {
				t.Fatal("the width of the output")
			}
		}
	})
}
