package plain_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"lifeboat/internal/plain"
)

var cases = []struct{ in, line string }{
	{"", ""},
	{"node-1 Zürich 東京　😀", "node-1 Zürich 東京　😀"},
	{"\x1b]0;x\a\x1b[2J", `\x1b]0;x\a\x1b[2J`},
	{"a\r\nb\tc\x00\x7f\u009b", `a\r\nb\tc\x00\x7f\u009b`},
	{"\u202e\u2066\u200b\u2028\ufeff\U000e0001", `\u202e\u2066\u200b\u2028\ufeff\U000e0001`},
	{"a\ufe0f\u034f\u3164\u115f\U000e0100", `a\ufe0f\u034f\u3164\u115f\U000e0100`},
	{"\xff\xc3", `\xff\xc3`},
	{"\ufffd", `\ufffd`},
}

func TestLine(t *testing.T) {
	for _, c := range cases {
		if got := plain.Line(c.in); got != c.line {
			t.Errorf("%q became %q", c.in, got)
		}
		if got, want := plain.Lines(c.in), strings.ReplaceAll(c.line, `\n`, "\n"); got != want {
			t.Errorf("%q became %q in lines", c.in, got)
		}
	}
	if got := plain.HTML("<b>\u202e&"); got != `&lt;b&gt;\u202e&amp;` {
		t.Errorf("HTML: %q", got)
	}
}

// However the text is cut into writes, the same arrives.
func TestWriter(t *testing.T) {
	for _, c := range cases {
		for size := 1; size <= len(c.in); size++ {
			var b bytes.Buffer
			w := plain.NewWriter(&b)
			for rest := []byte(c.in); len(rest) > 0; {
				n := min(size, len(rest))
				if got, err := w.Write(rest[:n]); err != nil || got != n {
					t.Fatal(got, err)
				}
				rest = rest[n:]
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if want := plain.Lines(c.in); b.String() != want {
				t.Errorf("%q in parts of %d became %q, not %q", c.in, size, b.String(), want)
			}
		}
	}
	for _, text := range []string{"plain", "é", "\x1b"} {
		if _, err := plain.NewWriter(failing{}).Write([]byte(text)); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, iotest.ErrTimeout }

// The JSON of any text says the same, and is fit to be shown.
func FuzzJSON(f *testing.F) {
	for _, c := range cases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		document, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		fit := plain.JSON(document)
		if bytes.ContainsFunc(fit, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Fatalf("%q", fit)
		}
		var before, after string
		if json.Unmarshal(document, &before) != nil || json.Unmarshal(fit, &after) != nil || before != after {
			t.Fatalf("%q became %q", document, fit)
		}
	})
}
