package runbooks_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/docs/runbooks"
)

func TestPages(t *testing.T) {
	for _, role := range runbooks.Roles() {
		page := runbooks.Page(role)
		if !strings.HasPrefix(page, "# Runbook: "+role+"\n") {
			t.Errorf("%s: no title", role)
		}
		if name := regexp.MustCompile(`\]\(|\S+\.md\b`).FindString(page); name != "" {
			t.Errorf("%s: %q, which a stick does not have", role, name)
		}
		// What every role must have been told.
		for _, want := range []string{"outside the provider", "2 of 2", "ecord", "estroy", "root private key", "scalar", "does not know", "`--xpub`", "for each curve", "command not found"} {
			if role == "auditor" && want == "estroy" {
				continue // an auditor destroys nothing
			}
			if !strings.Contains(strings.Join(strings.Fields(page), " "), want) {
				t.Errorf("%s: nothing about %q", role, want)
			}
		}
	}
	if page := runbooks.Page("client"); !strings.Contains(page, "(docs/verifying)") {
		t.Error("the page that says how to check the stick is not named")
	}
	if runbooks.Page("nobody") != "" || runbooks.Page("../formats/bundle") != "" {
		t.Error("there is a page for nobody")
	}
}

func TestSection(t *testing.T) {
	s := runbooks.Section("custodian", "The provider is gone")
	if !strings.HasPrefix(s, "Hard key recovery") || strings.Contains(s, "## ") || !strings.Contains(s, "mpc-recover key {FILES} ") {
		t.Errorf("%q", s)
	}
	if runbooks.Section("custodian", "Nothing") != "" {
		t.Error("there is a section for nothing")
	}
}

// What both holders do is said to both in the same words.
func TestSharedSections(t *testing.T) {
	for _, heading := range []string{"The record of the vault", "There is no record", "The provider is away for a while"} {
		if a, b := runbooks.Section("client", heading), runbooks.Section("custodian", heading); a == "" || a != b {
			t.Errorf("%s: the client and the custodian read different things", heading)
		}
	}
}

// What a command leaves open is marked, and the head of the page says what it is.
func TestMarks(t *testing.T) {
	mark, capitals := regexp.MustCompile(`\{[^{}]+\}`), regexp.MustCompile(`\b[A-Z]{3,}\b`)
	command := regexp.MustCompile(`^ +(mpc-|ssh-keygen )`)
	for _, role := range runbooks.Roles() {
		head, rest, _ := strings.Cut(runbooks.Page(role), "\n## ")
		used := map[string]bool{}
		for line := range strings.Lines(rest) {
			if !command.MatchString(line) {
				if prose := mark.FindString(line); prose != "" {
					t.Errorf("%s: the mark %s is in no command", role, prose)
				}
				continue
			}
			for _, m := range mark.FindAllString(line, -1) {
				used[m] = true
			}
			if bare := capitals.FindString(mark.ReplaceAllString(line, "")); bare != "" {
				t.Errorf("%s: %s is not marked: %s", role, bare, line)
			}
		}
		rows := map[string]bool{}
		for _, m := range regexp.MustCompile("(?m)^\\| `(\\{.*?\\})` \\|").FindAllStringSubmatch(head, -1) {
			rows[m[1]] = true
		}
		if !maps.Equal(used, rows) {
			t.Errorf("%s: the commands have %v, and the head of the page explains %v", role, slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(rows)))
		}
	}
}

func TestFill(t *testing.T) {
	values := map[string]string{"FILES": "a b", "--addresses BOOK": "", "--xpub KEY": "--xpub {KEY on secp256k1}"}
	for text, want := range map[string]string{
		"verify {FILES} {--addresses BOOK} --root": "verify a b --root",
		"{FILES}":                              "a b",
		"key {--xpub KEY} {NODE}":              "key --xpub {KEY on secp256k1} {NODE}",
		"-o {FILES}.json x{--addresses BOOK}y": "-o a b.json xy",
		"no mark: {} { a\n}":                   "no mark: {} { a\n}",
	} {
		if got := runbooks.Fill(text, values); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
