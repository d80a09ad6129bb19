package recover

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/open"
	"lifeboat/share/record"
)

// party is a holder for whom a share file is written.
type party struct {
	node       string
	from       string             // a file of its recipients, which readRecipients reads
	recipients []backup.Recipient // if its file is sealed as a bundle
	password   *secret.Bytes      // of the file itself; random if it is in a bundle
	extra      []backup.File      // what else its bundle holds
}

// parseParty parses NODE_ID or NODE_ID=RECIPIENT. RECIPIENT is an age recipient, an
// SSH public key, or a file of them.
func parseParty(set *cli.Flags, text string) (*party, error) {
	node, to, sealed := strings.Cut(text, "=")
	if err := open.CheckNodeID(node); err != nil {
		return nil, set.Misuse("--party: %w", err)
	}
	p := &party{node: node}
	if !sealed {
		return p, nil
	}
	if to != "" && !strings.HasPrefix(to, "age1") && !strings.HasPrefix(to, "ssh-") {
		p.from = to
		return p, nil
	}
	r, err := backup.ParseRecipient(to, node)
	if err != nil {
		return nil, set.Misuse("--party %s: %w", node, err)
	}
	p.recipients = []backup.Recipient{r}
	return p, nil
}

// readRecipients reads the file of the party's recipients, if they are in one.
func (p *party) readRecipients(set *cli.Flags) (err error) {
	if p.from == "" {
		return nil
	}
	if p.recipients, err = holder.ReadRecipients(p.from); errors.Is(err, fs.ErrNotExist) {
		return set.Misuse("--party %s: %q is neither a recipient (age1…, ssh-…) nor a file of them", p.node, p.from)
	}
	return err
}

// sealed reports whether the party's file is a bundle.
func (p *party) sealed() bool { return p.from != "" || p.recipients != nil }

// readPassword takes the party's new password from a file.
func (p *party) readPassword(e *cli.Env, path string) error {
	password, err := prompt.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--new-passphrase-file: %w", err)
	}
	p.password = password
	holder.WarnExposed(e, path)
	if err := open.CheckNewPassword(password); err != nil {
		if p.node == "" { // accept learns it from the key, later
			return cli.Fail(cli.Usage, fmt.Errorf("%q: %w", path, err))
		}
		return cli.Fail(cli.Usage, fmt.Errorf("%q, for node %q: %w", path, p.node, err))
	}
	return nil
}

// choosePassword asks for the party's new password, by name if the record has one, or
// makes a random one for a bundle, unless there is one.
func (p *party) choosePassword(e *cli.Env, vault *record.Record) error {
	if p.password != nil {
		return nil
	}
	if p.recipients != nil {
		p.password = randomPassword()
		return nil
	}
	terminal, err := e.Terminal()
	if err != nil {
		return err
	}
	whose := fmt.Sprintf("the file of node %q", p.node)
	if vault != nil {
		if who, ok := vault.Person(p.node); ok {
			whose = fmt.Sprintf("%s's file, node %q", cli.Clean(who.Name), p.node)
		}
	}
	question := fmt.Sprintf("New password for %s, of at least %d characters, with no blank at either end: ", whose, open.MinPassword)
	for {
		p.password, err = prompt.Twice(terminal, question)
		if err == nil {
			err = open.CheckNewPassword(p.password)
		}
		if err == nil {
			return nil
		}
		p.password.Wipe()
		p.password = nil
		switch {
		case errors.Is(err, prompt.ErrDiffer), errors.Is(err, open.ErrNewPassword):
			e.Note("%v; try again", err)
		default:
			return err
		}
	}
}

// randomPassword returns 160 random bits in the letters and digits of base32.
func randomPassword() *secret.Bytes {
	raw := make([]byte, 20)
	defer secret.Wipe(raw)
	rand.Read(raw)
	return secret.Take(base32.StdEncoding.AppendEncode(nil, raw))
}

func (p *party) wipe() { p.password.Wipe() }
