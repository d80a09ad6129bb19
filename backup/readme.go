package backup

import (
	"fmt"
	"strings"

	"lifeboat/internal/shell"
)

// howTo is how a bundle is opened without this project. %s is its file name.
const howTo = `HOW TO OPEN IT WITHOUT LIFEBOAT

Use a computer that is not connected to any network. You need two programs:
"age", version 1.3 or newer (https://age-encryption.org), and "tar".

If it is sealed to an identity, IDENTITY is the file that holds that one, such
as result.key for result.key.pub:

    mkdir opened
    age -d -i IDENTITY %[1]s | tar -x -v -f - -C opened

If it is sealed with a passphrase, leave out "-i IDENTITY"; age asks for it.
If the identity is divided into shards, each shard says how to join them.

If age reports an error, delete what is in "opened": it is not complete.
The file manifest.json lists the SHA-256 of every file.
`

// insideReadme is README.txt in a bundle.
func insideReadme(meta Meta) string {
	return fmt.Sprintf(`WHAT THIS IS

You are looking at the content of a sealed backup ("bundle"), made by
%s on %s. manifest.json says what each file is.

Some of these files may be secret. A key share is one of several pieces of a
private key: whoever holds enough of them owns what the key protects. Work on a
computer without a network, and do not leave opened files behind.

%s`, meta.Tool, meta.created(), fmt.Sprintf(howTo, "BUNDLE.age"))
}

// Readme returns the text that lies beside the bundle of that file name: what it
// is, what opens it, and how, with this project and without.
func (p *PublicManifest) Readme(bundle string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `WHAT THIS IS

%s is a sealed backup ("bundle"), made by %s
on %s. Nobody can read it without one of the following.

WHAT OPENS IT

`, bundle, cleanLabel(p.Tool), cleanLabel(p.Created))
	for i, r := range p.Recipients {
		label := cleanLabel(r.Label)
		if label == "" {
			label = "(no name was given)"
		}
		fmt.Fprintf(&b, "%3d. %s: %s\n", i+1, label, r.Kind)
	}
	if len(p.Shares) > 0 {
		b.WriteString("\nWHAT IS INSIDE\n\n")
		for _, s := range p.Shares {
			fmt.Fprintf(&b, "  key share of node %s, share ID %s, group %s, curve %s, epoch %s\n", plain(s.NodeID), plain(s.ShareID), plain(s.GroupID), plain(s.Curve), plain(s.Epoch))
		}
		b.WriteString("\nA key share usually has a password of its own, which is needed as well.\n")
	}
	name := shell.Line(shell.Paths([]string{bundle})...)
	b.WriteString("\nHOW TO OPEN IT WITH LIFEBOAT\n\n")
	if !shell.Safe(bundle) {
		name = "BUNDLE.age"
		fmt.Fprintf(&b, "Its name holds what a shell could run: name a copy of it %s first.\n\n", name)
	}
	fmt.Fprintf(&b, `    mpc-backup open %[1]s -i IDENTITY -o opened

To check it, and write nothing:

    mpc-backup verify %[1]s -i IDENTITY

IDENTITY is the file of the identity, such as result.key for result.key.pub.
Without it, the second compares no more than its size and SHA-256.

`, name)
	fmt.Fprintf(&b, howTo, name)
	return b.String()
}

// plain quotes what could disturb a text: it may come from a stranger's file.
func plain(s string) string {
	if q := fmt.Sprintf("%+q", s); q != `"`+s+`"` {
		return q
	}
	return s
}
