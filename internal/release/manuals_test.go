package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/release/manual"
	"lifeboat/internal/verb/holder"
)

const docs = "../../docs"

// TestManuals holds what lies in docs against the help texts.
func TestManuals(t *testing.T) {
	want, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || string(got) != text {
			t.Errorf("docs/%s is not what the help texts say (%v): run go run ./internal/release manuals docs", name, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(docs, "runbooks", "forms.md")); err != nil || string(got) != holder.FormsPage() {
		t.Errorf("docs/runbooks/forms.md is not what help forms says (%v): run go run ./internal/release forms docs/runbooks/forms.md", err)
	}
	for _, pattern := range []string{"man/*", "completions/*"} {
		files, err := filepath.Glob(filepath.Join(docs, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name, err := filepath.Rel(docs, file)
			if err != nil {
				t.Fatal(err)
			}
			if want[filepath.ToSlash(name)] == "" {
				t.Errorf("docs/%s belongs to no program", name)
			}
		}
	}
}

// What explains a flag begins in one column of every verb's help, if need be on the
// next line.
func TestColumns(t *testing.T) {
	aligned := regexp.MustCompile(`^(.{24}  \S.*|  -\S+(, --\S+)?( \S+)?)$`)
	n := 0
	for _, p := range programs() {
		text, err := manual.Markdown(p)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasPrefix(line, "  -") {
				continue
			}
			if n++; !aligned.MatchString(line) {
				t.Errorf("%s: %s", p.Name, line)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d flags", n)
	}
}

// How each shell is asked for the completions of the words $2…, the last of which
// is being typed. Both shells' own parts that do the asking are replaced by ones
// that print.
var shells = []struct {
	name, file string
	chooses    bool // its part offers only what begins with the word
	script     string
}{
	{"bash", "mpc-%s.bash", true, `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"; printf '%s\n' "${COMPREPLY[@]}"`},
	{"zsh", "_mpc-%s", false, `
		_describe() { print -rl -- ${${(P)2}%%:*} }
		_files() { print -r files }
		compadd() { shift; print -rl -- "$@" }
		complete() { local file=$1; shift; words=("$@") CURRENT=$# PREFIX=$words[-1]; source $file }
		complete "$@"`},
}

// TestCompletions completes command lines in real shells.
func TestCompletions(t *testing.T) {
	for _, shell := range shells {
		path, err := exec.LookPath(shell.name)
		if err != nil {
			t.Log("no ", shell.name)
			continue
		}
		for _, test := range []struct {
			program, line string
			want          []string // some of the completions
			not           string
		}{
			{"backup", "s", []string{"seal"}, "--output"},
			{"backup", "seal --", []string{"--recipient", "--output", "--check", "--allow-network"}, "--strict"},
			{"recover", "key --sa", []string{"--salvage"}, "--lost"},
			{"derive", "help f", []string{"find"}, "--path"},
			{"derive", "address -", []string{"--path", "-o", "--chain"}, "address"},
			{"derive", "address x", nil, "--path"},
		} {
			file := filepath.Join(docs, "completions", fmt.Sprintf(shell.file, test.program))
			args := append([]string{"-c", shell.script, "-", file, "mpc-" + test.program}, strings.Fields(test.line)...)
			out, err := exec.Command(path, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %s %s: %v: %s", shell.name, test.program, test.line, err, out)
			}
			got := strings.Fields(string(out))
			for _, w := range test.want {
				if !slices.Contains(got, w) {
					t.Errorf("%s: %s %s: %q has no %s", shell.name, test.program, test.line, got, w)
				}
			}
			word := test.line[strings.LastIndexByte(test.line, ' ')+1:]
			if shell.chooses && slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, word) }) {
				t.Errorf("%s: %s %s: %q has what does not begin with %q", shell.name, test.program, test.line, got, word)
			}
			if slices.Contains(got, test.not) {
				t.Errorf("%s: %s %s: %q has %s", shell.name, test.program, test.line, got, test.not)
			}
		}
	}
}
