// Package runbooks holds the runbooks, one for each role, as pages of text.
// "mpc-recover guide" prints them, so that there is one source.
package runbooks

import (
	"embed"
	"strings"
)

//go:embed custodian.md client.md auditor.md
var pages embed.FS

// Roles lists the runbooks.
func Roles() []string { return []string{"custodian", "client", "auditor"} }

// Page returns the runbook of a role, or an empty text.
func Page(role string) string {
	b, err := pages.ReadFile(role + ".md")
	if err != nil {
		return ""
	}
	return string(b)
}

// Section returns the text below a heading of the second level, without the
// heading, or an empty text.
func Section(role, heading string) string {
	_, rest, ok := strings.Cut(Page(role), "\n## "+heading+"\n")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return strings.Trim(text, "\n")
}
