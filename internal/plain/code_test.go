package plain_test

import (
	"testing"

	"lifeboat/internal/plain"
)

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"ls  a":              "ls  a",
		"mpc-x verify <a> b": `<span class="word">mpc-x</span> verify <span class="word">&lt;a&gt;</span> b`,
		"a/b_c":              `<span class="word">a/<wbr>b_<wbr>c</span>`,
		"\x1b[2J":            `<span class="word">\x1b[2J</span>`,
	} {
		if got := plain.Code(in); got != want {
			t.Errorf("%q: %s\nnot %s", in, got, want)
		}
	}
	if got, want := plain.CodeLines([]string{"a b", "", "-c"}), "<span class=\"line\">a b\n</span><span class=\"line\">\n</span><span class=\"line\"><span class=\"word\">-c</span>\n</span>"; got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
}
