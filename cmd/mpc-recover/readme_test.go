package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"lifeboat/fixtures"
)

// TestReadme runs the commands of README.md on the demo vault, and finds what the
// page says that they print. Passwords come from files here.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, data := range fixtures.Load("demo").Work() {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	printed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    (?:go run \./cmd/)?(mpc-\S+ .*?)(?:  +#.*)?$`).FindAllStringSubmatch(string(page), -1) {
		args := strings.Fields(m[1])
		if args[1] == "verify" || args[1] == "key" {
			args = append(args, "--passphrase-file", "client.txt", "--passphrase-file", "custodian.txt")
		}
		cmd := exec.Command(args[0], append(args[1:], "--allow-network", "--allow-swap")...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", m[1], err, stderr.String())
		}
		printed[m[1]] = string(out)
	}
	if len(printed) != 6 {
		t.Errorf("README.md has %d commands, and not the rehearsal and the five lines", len(printed))
	}

	// "…" alone stands for lines that the page leaves out, and at the end of a line
	// for the rest of it.
	shown := regexp.MustCompile(`(?m)^    \$ (?:go run \./cmd/)?(.*)\n((?:    .*\n)+)`).FindAllStringSubmatch(string(page), -1)
	if len(shown) == 0 {
		t.Error("README.md shows no output")
	}
	for _, m := range shown {
		rest := printed[m[1]]
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSuffix(strings.TrimPrefix(line, "    "), "\n")
			start, cut := strings.CutSuffix(line, "…")
			if !cut {
				start += "\n"
			}
			var found bool
			if _, rest, found = strings.Cut("\n"+rest, "\n"+start); !found {
				t.Errorf("README.md: %s does not print, at this place, %q", m[1], line)
				break
			}
		}
	}
}
