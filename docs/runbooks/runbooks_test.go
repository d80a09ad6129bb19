package runbooks_test

import (
	"regexp"
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
	if !strings.HasPrefix(s, "Hard key recovery") || strings.Contains(s, "## ") || !strings.Contains(s, "mpc-recover key FILE FILE") {
		t.Errorf("%q", s)
	}
	if runbooks.Section("custodian", "Nothing") != "" {
		t.Error("there is a section for nothing")
	}
}
