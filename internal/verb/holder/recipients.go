package holder

import (
	"errors"
	"fmt"
	"path/filepath"
	"unicode/utf8"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

// PublicRecipients are the flags that name recipients by what is public of them.
type PublicRecipients struct {
	recipients []string
	labels     []string
	files      []string
}

// RecipientFlags are the flags that say to whom something is sealed.
type RecipientFlags struct {
	PublicRecipients
	passphrase string
}

// Define adds the flags.
func (f *PublicRecipients) Define(set *cli.Flags) {
	set.StringArrayVarP(&f.recipients, "recipient", "r", nil, "")
	set.StringArrayVar(&f.labels, "label", nil, "")
	set.StringArrayVarP(&f.files, "recipients-file", "R", nil, "")
	set.Reads("recipients-file")
}

// Define adds the flags.
func (f *RecipientFlags) Define(set *cli.Flags) {
	f.PublicRecipients.Define(set)
	set.StringVar(&f.passphrase, "seal-passphrase-file", "", "")
	set.Reads("seal-passphrase-file")
}

// RecipientHelp describes them.
const RecipientHelp = `  -r, --recipient R       seal to an age recipient or SSH public key (repeatable)
  --label TEXT            what people call the recipient, public: the i-th is for the i-th -r
  -R, --recipients-file F
                          seal to the recipients in a file, one a line, each under a comment
                          that is its label (repeatable)
  --seal-passphrase-file F
                          seal with the passphrase in a file instead
`

// Given reports whether any of the flags was given.
func (f *RecipientFlags) Given() bool {
	return len(f.recipients)+len(f.files) > 0 || f.passphrase != ""
}

// Check finds misuse.
func (f *RecipientFlags) Check(set *cli.Flags) error {
	if f.passphrase == "" {
		return f.PublicRecipients.Check(set)
	}
	if len(f.recipients)+len(f.files) > 0 {
		return set.Misuse("--seal-passphrase-file must be alone: age cannot seal to a passphrase and to recipients at once")
	}
	_, err := f.PassphraseLabel(set, "")
	return err
}

// Check finds misuse.
func (f *PublicRecipients) Check(set *cli.Flags) error {
	_, err := f.named(set)
	return err
}

// named returns the recipients that were given without a file.
func (f *PublicRecipients) named(set *cli.Flags) ([]backup.Recipient, error) {
	if len(f.labels) > len(f.recipients) {
		return nil, set.Misuse("%s for %s: the i-th --label is for the i-th -r, and a recipients file has labels of its own, as comments", phrase.Count(len(f.labels), "label"), phrase.Count(len(f.recipients), "recipient"))
	}
	var all []backup.Recipient
	for i, text := range f.recipients {
		label := ""
		if i < len(f.labels) {
			label = f.labels[i]
		}
		r, err := backup.ParseRecipient(text, label)
		if err != nil {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("--recipient: %w", err), "-R takes a file of recipients")
		}
		all = append(all, r)
	}
	return all, nil
}

// Read returns the recipients, those in files too.
func (f *PublicRecipients) Read(set *cli.Flags) ([]backup.Recipient, error) {
	all, err := f.named(set)
	if err != nil {
		return nil, err
	}
	for _, path := range f.files {
		rs, err := ReadRecipients(path)
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return all, nil
}

// Read returns the recipients, those in files too.
func (f *RecipientFlags) Read(e *cli.Env, set *cli.Flags) ([]backup.Recipient, error) {
	if f.passphrase == "" {
		return f.PublicRecipients.Read(set)
	}
	if err := f.Check(set); err != nil {
		return nil, err
	}
	p, err := prompt.ReadFile(f.passphrase)
	if err != nil {
		return nil, err
	}
	defer p.Wipe()
	WarnExposed(e, f.passphrase)
	WarnShort(e, p)
	label, err := f.PassphraseLabel(set, filepath.Base(f.passphrase))
	if err != nil {
		return nil, err
	}
	r, err := backup.PassphraseRecipient(p, label)
	return []backup.Recipient{r}, err
}

// ReadRecipients reads a file of recipients. One that holds something else, an
// identity for example, is wrong usage.
func ReadRecipients(path string) ([]backup.Recipient, error) {
	in, err := strict.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recipients file: %w", err)
	}
	defer in.Close()
	all, err := backup.ParseRecipients(in)
	if err != nil {
		code := cli.Failed
		if errors.Is(err, backup.ErrRecipient) {
			code = cli.Usage
		}
		return nil, cli.Fail(code, fmt.Errorf("recipients file %q: %w", path, err))
	}
	return all, nil
}

// shortestGood is how many characters a passphrase has without a warning.
const shortestGood = 12

// WarnShort warns of a passphrase that can be guessed whatever scrypt costs: it is
// all that protects a bundle of which somebody gets a copy.
func WarnShort(e *cli.Env, p *secret.Bytes) {
	if utf8.RuneCount(p.Expose()) < shortestGood {
		e.Warn("the passphrase is short: whoever finds the bundle can try millions; mpc-backup seal --generate-passphrase makes a good one")
	}
}

// PassphraseLabel is the label of a passphrase, which is the only recipient.
func (f *RecipientFlags) PassphraseLabel(set *cli.Flags, otherwise string) (string, error) {
	switch len(f.labels) {
	case 0:
		return otherwise, nil
	case 1:
		return f.labels[0], nil
	}
	return "", set.Misuse("%d labels for one passphrase", len(f.labels))
}
