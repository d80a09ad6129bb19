package holder

import (
	"cmp"
	"fmt"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/share/formats"
)

// otherFiles are those that are no form, and are asked about all the same.
const (
	databaseFile = "secrets.db, of a node: nothing but the node's own program opens it. Have it export its shares"
	bundleFile   = "….age: a bundle of Lifeboat's. An identity (-i), shards of one, or a passphrase opens it"
)

const formsNotes = `- A password is asked for, or given with --passphrase-file, in the order of the files.
- The other secrets are given by name, with --secret NAME=FILE; several of one name are tried in turn. What was
  not given is asked for by its name, but for a key that is a file: that must be given.
- If a secret is wrong, the message names it. Where a cipher cannot tell a wrong secret from a damaged file, it
  says so.
- A file that has all parts is the key, once it is open. Keep it apart from what opens it, and each of those from
  the others.
- Where a file has no public keys of its shares, verify can only say "unproven", with exit status 1: they open. Enough
  of them together are tried with mpc-recover key --check-only.
- A vault of another vendor's is recovered (key) and signed for (sign); new shares for it are not made.
- Whoever made a single file may have made up the vault in it: compare the root key with your own records (--xpub,
  --record).
`

// FormsTopic is "help forms": whose files are opened, and by which secrets.
func FormsTopic() cli.Topic {
	var b strings.Builder
	b.WriteString("Forms of share files, as inspect names them, and the secrets that open them.\n")
	for _, f := range formats.Forms() {
		fmt.Fprintf(&b, "\n%s: %s\n  needed: %s\n", f.Name, f.What, f.Parts)
		for _, n := range f.Needs {
			fmt.Fprintf(&b, "  %-23s %s\n", n.Name, n.What)
		}
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n\n%s", databaseFile, bundleFile, formsNotes)
	return cli.Topic{Name: "forms", Summary: "whose share files are opened, and by which secrets", Text: b.String()}
}

// FormsPage is the same for docs/runbooks.
func FormsPage() string {
	var b strings.Builder
	b.WriteString(`# Whose file is this, and what do I need?

` + "`mpc-backup inspect FILE` says it without any secret. `mpc-backup help forms` has the same as this page." + `

| the file | ` + "`inspect`" + ` calls it | needed | what opens it |
| --- | --- | --- | --- |
`)
	for _, f := range formats.Forms() {
		var names []string
		for _, n := range f.Needs {
			names = append(names, "`"+n.Name+"`")
		}
		opens := cmp.Or(strings.Join(names, ", "), "nothing: it is not encrypted")
		fmt.Fprintf(&b, "| %s | [%s](../formats/%s.md) | %s | %s |\n", f.What, f.Name, f.Page, f.Parts, opens)
	}
	fmt.Fprintf(&b, "\n- %s.\n- %s.\n%s", databaseFile, bundleFile, formsNotes)
	return b.String()
}
