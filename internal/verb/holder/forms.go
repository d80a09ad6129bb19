package holder

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// FormsTopic is "help forms": whose files are opened, and by which secrets.
func FormsTopic() cli.Topic {
	var b strings.Builder
	b.WriteString("Forms of share files, as inspect names them, and the secrets that open them.\n")
	var needs []share.Need
	for _, f := range formats.Forms() {
		fmt.Fprintf(&b, "\n%s: %s\n", f.Name, f.What)
		for _, n := range f.Needs {
			if !slices.Contains(needs, n) {
				needs = append(needs, n)
			}
			fmt.Fprintf(&b, "  %-23s %s\n", n.Name, n.What)
		}
	}
	b.WriteString(`
A password is asked for, or given with --passphrase-file, in the order of the files.
The other secrets are given by name, with --secret NAME=FILE; several of one name are
tried in turn. What was not given is asked for by its name, but for a key that is a
file: that must be given.
`)
	return cli.Topic{Name: "forms", Summary: "whose share files are opened, and by which secrets", Text: b.String()}
}
