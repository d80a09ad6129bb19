package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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

// TestBash completes command lines in a real bash.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, test := range []struct {
		program, line string
		want          []string // some of the completions
		not           string
	}{
		{"mpc-backup", "s", []string{"seal"}, "open"},
		{"mpc-backup", "seal --", []string{"--recipient", "--output", "--check", "--allow-network"}, "--quorum"},
		{"mpc-recover", "key --sa", []string{"--salvage"}, "--xpub"},
		{"mpc-derive", "help f", []string{"find"}, "address"},
		{"mpc-derive", "address -", []string{"--path", "-o", "--chain"}, "address"},
		{"mpc-derive", "address x", nil, "--path"},
	} {
		script := `source "$1"; read -ra COMP_WORDS <<<"$2"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "_${3//-/_}"; printf '%s\n' "${COMPREPLY[@]}"`
		out, err := exec.Command(bash, "-c", script, "-", filepath.Join(docs, "completions", test.program+".bash"), test.program+" "+test.line, test.program).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v: %s", test.program, test.line, err, out)
		}
		got := strings.Fields(string(out))
		for _, w := range test.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s %s: %q has no %s", test.program, test.line, got, w)
			}
		}
		if slices.Contains(got, test.not) {
			t.Errorf("%s %s: %q has %s", test.program, test.line, got, test.not)
		}
	}
}
