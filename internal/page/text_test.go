package page

import (
	"regexp"
	"strings"
	"testing"

	"lifeboat/docs/runbooks"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"prose", "# A `b`\n\nc `d\n**e** 2 * 3", "A B\n\nc d\ne 2 * 3"},
		{"code", "a\n\n    e '`' | **f**\n\n```sh\n# g\n```\n- `h`", "a\n\n    e '`' | **f**\n\n# g\n- h"},
		{"two columns", "| mark | what |\n| --- | --- |\n| `{F}` | a **file** |\n| `a|b` | |\n\nc", "  {F}\n      a file\n  a|b\n\nc"},
		{"three columns", "| a | b | c |\n|-|-|-|\n| d | | e |", "  d\n      c: e"},
		{"no table", "| a", "  a"},
		{"nothing", "", ""},
	} {
		if got := Text(test.in); got != test.want {
			t.Errorf("%s: %q, not %q", test.name, got, test.want)
		}
	}
}

// A terminal shows no marks of Markdown. Commands stay as they are.
func TestTextOfRunbooks(t *testing.T) {
	for _, role := range runbooks.Roles() {
		markdown := runbooks.Page(role)
		text := Text(markdown)
		if left := regexp.MustCompile("(?m)`|\\*\\*|^#|^\\|").FindString(text); left != "" {
			t.Errorf("%s: %q is left", role, left)
		}
		for _, command := range regexp.MustCompile(`(?m)^ +mpc-.*$`).FindAllString(markdown, -1) {
			if !strings.Contains(text, command+"\n") {
				t.Errorf("%s: no command%s", role, command)
			}
		}
	}
}
