// Package runbooks holds the runbooks, one for each role, as pages of text.
// "mpc-recover guide" prints them, so that there is one source. What a command
// leaves open is a mark in braces, such as {FILE}, which the guide fills in where it
// knows more.
package runbooks

import (
	"embed"
	"regexp"
	"strings"
)

//go:embed custodian.md client.md auditor.md
var pages embed.FS

// Roles lists the runbooks.
func Roles() []string { return []string{"custodian", "client", "auditor"} }

var link = regexp.MustCompile(`\[([^\]\n]+)\]\([^)\s]+\)`)

// Page returns the runbook of a role, or an empty text. Of links only the words
// are left: "docs/verifying" is a page both in the source and on a stick.
func Page(role string) string {
	b, err := pages.ReadFile(role + ".md")
	if err != nil {
		return ""
	}
	return link.ReplaceAllString(string(b), "$1")
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

var mark = regexp.MustCompile(` ?\{[^{}\n]+\}`)

// Fill puts values in the place of marks, by what is between the braces. An empty
// value takes the mark away, and the blank before it; a mark without a value stays.
func Fill(text string, values map[string]string) string {
	return mark.ReplaceAllStringFunc(text, func(found string) string {
		blank, name, _ := strings.Cut(strings.TrimSuffix(found, "}"), "{")
		switch value, ok := values[name]; {
		case !ok:
			return found
		case value == "":
			return ""
		default:
			return blank + value
		}
	})
}
