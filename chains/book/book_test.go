package book_test

import (
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"lifeboat/chains"
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
	// rewritten writes every row in another way.
	rewritten := func(row func(cells []string) string) string {
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, r := range records {
			b.WriteString(row(r) + "\n")
		}
		return b.String()
	}
	each := func(cells []string, write func(string) string) string {
		for i, c := range cells {
			cells[i] = write(c)
		}
		return strings.Join(cells, ",")
	}
	utf16le := func(s string) string {
		b := []byte("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	for what, form := range map[string]string{
		"CR":                    strings.ReplaceAll(text, "\n", "\r"),
		"UTF-16 without a mark": utf16le(text)[2:],
		"UTF-16":                utf16le(strings.ReplaceAll(text, "\n", "\r\n")),
		"sep=":                  "sep=;\r\n" + semicolons(text),
		"text formulas": rewritten(func(r []string) string {
			return each(r, func(c string) string { return `"=""` + strings.ReplaceAll(c, `"`, `""""`) + `"""` })
		}),
		"bare text formulas": rewritten(func(r []string) string {
			return each(r, func(c string) string { return `="` + strings.ReplaceAll(c, `"`, `""`) + `"` })
		}),
		"rows of commas":   text + ",,,,,,,\n , ,\n",
		"the header again": strings.ReplaceAll(text, "\n", "\n"+strings.ToUpper(head)+"\n"),
		"lines in labels":  head + "\n" + strings.ReplaceAll(rest, ",,,m/", ",,\"one\ntwo, \"\"three\"\"\",m/"),
		"GBK labels":       head + "\n" + strings.ReplaceAll(rest, ",,,m/", ",,\xb1\xb8\xd3\xc3,m/"),
		"no curve column": rewritten(func(r []string) string {
			return each(slices.Delete(r, 3, 4), func(c string) string { return `"` + c + `"` })
		}),
		"paths with M":         head + "\n" + strings.ReplaceAll(rest, ",m/", ",M/"),
		"paths with /M and /":  head + "\n" + strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(rest, ",m/", ",/M/"), ",xpub", "/,xpub"), ",cpub", "/,cpub"),
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
		{"not UTF-8", "w\xff,ETH,,,,,m/44/60/0/0/0," + ethKey, book.OK, true, ""},
		{"a path that is not UTF-8", "w,ETH,,,,,m/44/60/0/0/\xa3\xb0," + ethKey, book.Bad, false, "path"},
		{"a coin that is not UTF-8", "w,ETH\xa3," + ethAt + ",,,,m/44/60/0/0/0,", book.Unsupported, false, `"ETH\xa3"`},
		{"a token", "w,ETH_USDT," + ethAt + ",,,,m/44/60/0/0/0,", book.OK, true, ""},
		{"a token at another address", "w,ETH_USDT," + other["address"] + ",,,,m/44/60/0/0/0,", book.Mismatch, false, "none of"},
		{"a test network that is unknown", "w,ETH_TEST9," + ethAt + ",,,,m/44/60/0/0/0,", book.Unsupported, false, `"ETH_TEST9"`},
		{"0X", "w,ETH,0X" + ethAt[2:] + ",,,,m/44/60/0/0/0,", book.OK, true, ""},
		{"a stranger on a curve that the coin and the roots have", "w,XRP,rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY,,,,m/44/144/0/0/0,", book.Mismatch, false, "none of the 2 forms"},
		{"a name", "w,NEAR,alice.near,,,,m/44/397/0/0/0,", book.Unsupported, false, "needs a look-up online"},
		{"out of reach", "w,BTM2,bm1q,,,,m/44/60/0/0/0," + ethKey, book.Unsupported, true, "derivation scheme of its own"},
		{"out of reach, no key", "w,XMR,4x,,,,m/44/128/0/0/0,", book.Unsupported, false, "not on these curves"},
		{"another way to write the key", "w,ETH,,,,,m/44/60/0/0/0,zpub6qyMFL6T9zAqgxVF5mk3dfkUc9JnwFr6ss7i6JyHcTQcUKBLhQpJcc1rkRjFGDn1zVLvuT8A8rgqSiTYmXpRJ7DJeVb4oF9tRJqHHHoNcKe", book.Bad, false, "child publickey"},
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

// A book without rows is an error, so that nobody takes it for one that was checked.
func TestEmpty(t *testing.T) {
	for _, text := range []string{header, strings.TrimSpace(header), header + "\n\n", header + ",,,\n", header + header, "\ufeffsep=,\r" + header} {
		in, err := book.NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := in.Chunk(); !errors.Is(err, book.ErrEmpty) {
			t.Errorf("%q: %d rows, %v", text, len(rows), err)
		}
	}
}

// Rows below a header with other columns are bad until the first one comes again.
func TestOtherHeader(t *testing.T) {
	roots, text := vault(t, "demo")
	eth := cells(t, text, "m/44/60/0/0/0")
	row := "w,ETH," + eth["address"] + ",,,,m/44/60/0/0/0,\n"
	rows, results := read(t, header+row+"coin,HD path,address\nETH,m/44/60/0/0/0,"+eth["address"]+"\n"+header+row, roots...)
	if len(rows) != 3 || results[0].Status != book.OK || results[2].Status != book.OK {
		t.Fatalf("%d rows: %v", len(rows), results)
	}
	if r := results[1]; r.Status != book.Bad || !strings.Contains(r.Reason, "header, in line 3") || r.Key != nil || rows[1].Line != 4 {
		t.Errorf("line %d: %s", rows[1].Line, r.Text())
	}
}

// The curve of a row that does not say it is the one on which its address is the
// key's; if there is no root key on a curve that it may be on, it is not denied.
func TestCurveOfRow(t *testing.T) {
	roots, _ := vault(t, "demo")
	path := derive.Path{44, 7, 0, 0, 3}
	for _, chain := range []string{"XRP", "DOT", "SUI", "APTOS", "SOL", "ETH", "XTZ", "ICP", "CSPR", "XRD", "HBAR"} {
		c, _ := chains.Lookup(chain)
		for i, root := range roots {
			key, _, err := root.Derive(path)
			if err != nil {
				t.Fatal(err)
			}
			public := chains.NewPublicKey(key.Point())
			for _, e := range c.On(root.Curve()) {
				address, _ := e.Address(&public)
				for _, text := range []string{"coin,HD path,address\n%s,%s,%s\n", "coin,HD path,address,curve\n%s,%s,%s,\n"} {
					text = fmt.Sprintf(text, chain, path, address)
					if _, r := read(t, text, roots...); r[0].Status != book.OK || r[0].Public.Key != public.Key {
						t.Errorf("%s %s on %v: %s", chain, address, root.Curve(), r[0].Text())
					}
					if _, r := read(t, text, roots[1-i]); r[0].Status != book.Unsupported || !r[0].Uncovered || r[0].Key != nil {
						t.Errorf("%s %s on %v, with the other root: %s", chain, address, root.Curve(), r[0].Text())
					}
				}
			}
		}
	}
}

// The parts of an address that a key decides are held against it, whatever the rest is.
func TestPartsOfAddresses(t *testing.T) {
	roots, _ := vault(t, "demo")
	key := func(root *derive.Key, path ...uint32) *chains.PublicKey {
		k, _, err := root.Derive(path)
		if err != nil {
			t.Fatal(err)
		}
		public := chains.NewPublicKey(k.Point())
		return &public
	}
	ours, account := key(roots[1], 44, 1815, 0, 0, 0), key(roots[1], 44, 1815, 0, 2, 0)
	stranger := key(roots[1], 9)
	base := func(chain string, payment, stake *chains.PublicKey) string {
		c, _ := chains.Lookup(chain)
		k := *payment
		k.SetStake(stake)
		for _, e := range c.On(roots[1].Curve()) {
			if e.Name == "base-account-stake" {
				s, err := e.Address(&k)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		}
		t.Fatal("no such form")
		return ""
	}
	for _, tc := range []struct {
		what, coin, address string
		want                book.Status
		key                 bool
		words               string
	}{
		{"our payment key, the account's stake key", "ADA", base("ADA", ours, account), book.OK, true, ""},
		{"the same on a test network", "ADA_TEST", base("ADA_TEST", ours, account), book.OK, true, ""},
		{"the same, called Cardano", "ADA", base("ADA_TEST", ours, account), book.OK, true, ""},
		{"our payment key staked by itself", "ADA", base("ADA", ours, ours), book.OK, true, ""},
		{"our payment key, another stake key", "ADA", base("ADA", ours, stranger), book.Unsupported, true, "another stake key"},
		{"another payment key, our stake key", "ADA", base("ADA", stranger, account), book.Mismatch, false, "pays to another key"},
		{"another payment key on a test network", "ADA_TEST", base("ADA_TEST", stranger, account), book.Mismatch, false, "pays to another key"},
		{"both of a stranger", "ADA", base("ADA", stranger, stranger), book.Mismatch, false, "pays to another key"},
		{"a stranger's pointer address", "ADA", "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k", book.Mismatch, false, "pays to another key"},
		{"a script", "ADA", "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx", book.Unsupported, false, "script"},
		{"a stranger's confidential address", "LBTC", "lq1qqf8er278e6nyvuwtgf39e6ewvdcnjupn9a86rzpx655y5lhkt0walu3djf9cklkxd3ryld97hu8h3xepw7sh2rlu7q45dcew5", book.Mismatch, false, "pays to another key"},
		{"rubbish", "LBTC", "lq1rubbish", book.Mismatch, false, "none of"},
		{"rubbish", "ZEC", "u1rubbish", book.Mismatch, false, "none of"},
		{"rubbish", "ZEC", "zcrubbish", book.Mismatch, false, "none of"},
		{"rubbish", "XTZ", "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitm", book.Mismatch, false, "none of"},
		{"rubbish", "FIL", "f2rubbish", book.Mismatch, false, "none of"},
		{"rubbish", "STX", "SMRUBBISH", book.Mismatch, false, "none of"},
		{"rubbish", "XLM", "C" + strings.Repeat("A", 55), book.Mismatch, false, "none of"},
	} {
		_, results := read(t, header+"w,"+tc.coin+","+tc.address+",,,,m/44/1815/0/0/0,\n", roots...)
		if r := results[0]; r.Status != tc.want || (r.Key != nil) != tc.key || !strings.Contains(r.Reason, tc.words) {
			t.Errorf("%s (%s): %s, key: %v", tc.what, tc.coin, r.Text(), r.Key != nil)
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
			if errors.Is(err, io.EOF) || len(rows) == 0 && errors.Is(err, book.ErrEmpty) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, chunk...)
		}
		if lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1; len(rows) > lines {
			t.Fatalf("%d rows from %d lines", len(rows), lines)
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
			if err != nil || !r.Key.Agrees(want) {
				t.Fatalf("another key than the root's at %s: %v", path, err)
			}
			if child := rows[i].Get(book.Child); child != "" {
				if k, err := derive.Parse(child); err != nil || !k.SameKey(want) {
					t.Fatal("a key although the child publickey differs")
				}
			} else if u := r.Chain.Underivable(rows[i].Get(book.Address)); r.Derived == "" || r.Status != book.OK && (u == nil || !u.PaysTo(&r.Public)) {
				t.Fatal("a key although nothing vouches for it")
			}
			if len(rows[i].Output(8)) != 8 {
				t.Fatal("the width of the output")
			}
		}
	})
}
