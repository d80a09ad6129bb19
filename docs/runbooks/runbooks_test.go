package runbooks_test

import (
	"maps"
	"reflect"
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
	if !strings.HasPrefix(s, "Hard key recovery") || strings.Contains(s, "## ") || !strings.Contains(s, "mpc-backup verify {FILES} ") {
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

func TestWays(t *testing.T) {
	text := `First this.

**So**: one
way.

1. Do.

       mpc-backup inspect {FILES}
       mpc-backup verify {FILES}

   And mind.
2. Rest.

**Or** another.

1. Else.

       mpc-recover key {FILES}

After.

Last.`
	want := []runbooks.Way{
		{"**So**: one\nway.", []runbooks.Step{
			{"First this.\n\n**So**: one\nway.\n\n1. Do.\n\n       mpc-backup inspect {FILES}\n       mpc-backup verify {FILES}\n\n   And mind.", []string{"mpc-backup inspect {FILES}", "mpc-backup verify {FILES}"}},
			{"2. Rest.", nil}}},
		{"**Or** another.", []runbooks.Step{
			{"**Or** another.\n\n1. Else.\n\n       mpc-recover key {FILES}", []string{"mpc-recover key {FILES}"}},
			{"After.\n\nLast.", nil}}},
	}
	if got := runbooks.Ways(text); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if got := runbooks.Ways("- Only\n- bullets."); !reflect.DeepEqual(got, []runbooks.Way{{Steps: []runbooks.Step{{Text: "- Only\n- bullets."}}}}) {
		t.Errorf("%q", got)
	}
	if got := runbooks.Ways(""); got != nil {
		t.Errorf("%q", got)
	}
}

// The steps of every section are all of it, in order.
func TestWaysLoseNothing(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^## (.*)$`)
	words := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	for _, role := range runbooks.Roles() {
		for _, m := range heading.FindAllStringSubmatch(runbooks.Page(role), -1) {
			section, all, n := runbooks.Section(role, m[1]), "", 0
			for _, w := range runbooks.Ways(section) {
				for _, s := range w.Steps {
					all += " " + s.Text
					n += len(s.Commands)
				}
			}
			if words(all) != words(section) || n != len(regexp.MustCompile(`(?m)^ +mpc-`).FindAllString(section, -1)) {
				t.Errorf("%s, %s: %q", role, m[1], all)
			}
		}
	}
}

func TestOpen(t *testing.T) {
	if name, open := runbooks.Open("verify a {--record F} {BOOK}"); name != "--record F" || !open {
		t.Errorf("%q", name)
	}
	if name, open := runbooks.Open("verify a {} b"); name != "" || open {
		t.Errorf("%q", name)
	}
	if got := runbooks.Meaning("client", "FOLDER"); got != "a folder with copies of all that is there" {
		t.Errorf("%q", got)
	}
	if runbooks.Meaning("client", "NOTHING") != "" || runbooks.Meaning("nobody", "FOLDER") != "" {
		t.Error("a mark that is none means something")
	}
}
