package shell_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/shell"

	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		word, want string
		safe       bool
	}{
		{"client.json", "client.json", true},
		{"/media/stick/a-b_c.age", "/media/stick/a-b_c.age", true},
		{"C:/shares/a.json", "C:/shares/a.json", true},
		{"--root", "--root", true},
		{"", "''", true},
		{"third party.json", "'third party.json'", true},
		{"Müller 東京.json", "'Müller 東京.json'", true},
		{"$(calc).json", "'$(calc).json'", true},
		{"a;calc", "'a;calc'", true},
		{"`calc`", "'`calc`'", true},
		{"*?[a]{b,c}~#(x)", "'*?[a]{b,c}~#(x)'", true},
		{"=ls", "'=ls'", true},         // zsh
		{"@(calc)", "'@(calc)'", true}, // PowerShell
		{"BTC,ETH", "'BTC,ETH'", true}, // PowerShell makes two of it
		{"-a.json", "'-a.json'", true}, // and of this
		{"--date=2026-01-01", "'--date=2026-01-01'", true},
		{"a';calc;'.json", "'a_;calc;_.json'", false},
		{"a’;calc;’.json", "'a_;calc;_.json'", false}, // PowerShell's other quotes
		{"a‘b‚c‛d", "a_b_c_d", false},
		{"a&calc&.json", "a_calc_.json", false}, // cmd, as all that follow
		{"a|b", "a_b", false},
		{"a>b<c", "a_b_c", false},
		{"%COMSPEC%", "_COMSPEC_", false},
		{"a^b", "a_b", false},
		{`a"b`, "a_b", false},
		{`a\`, "a_", false}, // fish: a quote that does not end
		{"a!b", "a_b", false},
		{"a\nb", "a_b", false},
		{"a\x1bb\u202eb\u00a0c", "a_b_b_c", false},
		{"a\ufe0fb\u3164c", "a_b_c", false}, // they do not show
		{"a\xffb", "a_b", false},
	} {
		if got := shell.Line(test.word); got != test.want || shell.Safe(test.word) != test.safe {
			t.Errorf("%q is written %s, safe %v", test.word, got, shell.Safe(test.word))
		}
	}
	if got := shell.Line("mpc-backup", "verify", "a b", "c"); got != "mpc-backup verify 'a b' c" {
		t.Error(got)
	}
}

func TestPaths(t *testing.T) {
	if got := shell.Paths([]string{"-rf", "a", "--", "./-x"}); !slices.Equal(got, []string{"./-rf", "a", "./--", "./-x"}) {
		t.Errorf("%q", got)
	}
}

// A reading splits a line as a shell does. It fails where the shell would do more
// than to start one program with these words.
type reading func(line string) (words []string, err error)

// readings are the rules of each shell, as its manual has them.
var readings = map[string]reading{
	"POSIX":      quotes("'", `$;&|<>()*?[]{}~#!"\`+"`", ""),
	"fish":       quotes("'", `$;&|<>()*?[]{}~#!"\`+"`", `\`),
	"csh":        quotes("'", `$;&|<>()*?[]{}~#!"\`+"`", "!\\"),
	"PowerShell": quotes("'‘’‚‛", `$;&|<>(){}@#,"`+"`“”„", ""),
	"cmd":        cmd,
}

// quotes reads single quotes, of whatever form. Outside of them no character may
// have a meaning, and inside none of live.
func quotes(marks, outside, live string) reading {
	return func(line string) (words []string, err error) {
		var word strings.Builder
		inside, any := false, false
		for _, r := range line + " " {
			switch {
			case strings.ContainsRune(marks, r):
				inside, any = !inside, true
			case inside && strings.ContainsRune(live, r), !inside && strings.ContainsRune(outside, r), r < ' ':
				return nil, fmt.Errorf("%q has a meaning", r)
			case r != ' ' || inside:
				any = true
				word.WriteRune(r)
			case any:
				words = append(words, word.String())
				word.Reset()
				any = false
			}
		}
		if inside {
			return nil, fmt.Errorf("a quote is open")
		}
		return words, nil
	}
}

// cmd knows no single quotes: it may take the words wrong, and must start nothing
// and open nothing.
func cmd(line string) ([]string, error) {
	if i := strings.IndexAny(line, "&|<>^%\"!\r\n"); i >= 0 {
		return nil, fmt.Errorf("%q has a meaning", line[i])
	}
	return nil, nil
}

// nasty draws words of what shells give a meaning to.
var nasty = rapid.StringOfN(rapid.SampledFrom([]rune("ab-./=:@ ,;&|<>()[]{}*?~#!$%^'\"`\\‘’‚‛“\n\t\x00\u202eé")), 0, 12, -1)

// Every shell splits a line into the words that it was made of, or with _ in them
// where a word is not safe; and none finds a command in it.
func TestEveryShellReadsTheWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(nasty, 1, 5).Draw(t, "words")
		line := shell.Line(words...)
		for name, read := range readings {
			got, err := read(line)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, line, err)
			}
			if name == "cmd" {
				continue
			}
			if len(got) != len(words) {
				t.Fatalf("%s: %s is %q", name, line, got)
			}
			for i, w := range words {
				if (got[i] == w) != shell.Safe(w) {
					t.Fatalf("%s: %q, safe %v, is read as %q", name, w, shell.Safe(w), got[i])
				}
			}
		}
	})
}

// The shells that are here agree.
func TestRealShells(t *testing.T) {
	words := []string{"a b", "$(echo x)", "`echo x`", "a;echo x", "*", "~", "#", "=ls", "@(1)", "BTC,ETH", "-a.json", "Müller", "${HOME}", "[a-z]*", "{a,b}", "a';echo x;'b", "a’;echo x;’b", `a\`, "; echo x ;", "!!", "a&echo x&b", ""}
	want := words[:len(words):len(words)]
	for i, w := range want {
		if !shell.Safe(w) {
			want = slices.Clone(want)
			want[i] = strings.Trim(shell.Line(w), "'")
		}
	}
	run := 0
	for _, name := range []string{"sh", "bash", "zsh", "fish", "tcsh", "pwsh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		run++
		out, err := exec.Command(path, "-c", "/usr/bin/printf '%s\\n' "+shell.Line(words...)).CombinedOutput()
		if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
	if run == 0 {
		t.Skip("no shell")
	}
}

// A line says which words it has, if they are safe.
func TestWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[ -~é]*`).Filter(shell.Safe)).Draw(t, "words")
		if got := shell.Words(shell.Line(words...)); !slices.Equal(got, words) {
			t.Errorf("%q became %q", words, got)
		}
	})
	if got := shell.Words("  a  'b c"); !slices.Equal(got, []string{"a", "b c"}) {
		t.Errorf("%q", got)
	}
}
