package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"lifeboat/backup/shard"
	"lifeboat/internal/cost"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

// A Kind is a way to seal, named as in the header of an age file.
type Kind string

// The kinds of recipients and identities.
const (
	X25519     Kind = "X25519"
	Hybrid     Kind = "mlkem768x25519" // post-quantum: ML-KEM-768 with X25519
	SSHEd25519 Kind = "ssh-ed25519"
	SSHRSA     Kind = "ssh-rsa"
	Passphrase Kind = "scrypt"
)

var kindNames = map[Kind]string{
	X25519:     "X25519 identity",
	Hybrid:     "hybrid post-quantum identity",
	SSHEd25519: "SSH key (ed25519)",
	SSHRSA:     "SSH key (RSA)",
	Passphrase: "passphrase",
}

// String says what opens a file of this kind.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("unknown kind %q", string(k))
}

// A Recipient is somebody, or a passphrase, to seal to.
type Recipient struct {
	Kind  Kind
	Label string // what people call it; public
	Text  string // the recipient as text; empty for a passphrase
	age   age.Recipient
}

// Fingerprint is the first 16 bytes of the SHA-256 of a recipient's text, in hex, or
// empty for a passphrase.
func (r *Recipient) Fingerprint() string {
	if r.Text == "" {
		return ""
	}
	return shard.Fingerprint(r.Text)
}

const (
	maxRecipientLine = 64 << 10 // bytes; a hybrid recipient has 1,959
	maxRecipients    = 4 << 20  // bytes of a file of them
	maxLabel         = 200      // bytes
)

// ParseRecipient reads an age1… recipient, X25519 or hybrid, or a line of an SSH
// public key, whose comment becomes the label if there is none.
func ParseRecipient(text, label string) (Recipient, error) {
	r := Recipient{Label: cleanLabel(label), Text: strings.TrimSpace(text)}
	var err error
	switch {
	case strings.HasPrefix(strings.ToUpper(r.Text), "AGE-SECRET-KEY-"), strings.Contains(r.Text, "PRIVATE KEY"):
		return r, fmt.Errorf("%w: this is the secret identity; its public recipient starts with age1", ErrRecipient)
	case strings.ContainsAny(r.Text, "\r\n"): // of several SSH keys one would be used
		return r, fmt.Errorf("%w: it has several lines; give each recipient separately, or a file of them", ErrRecipient)
	case strings.HasPrefix(r.Text, "age1pq1"):
		r.Kind = Hybrid
		r.age, err = age.ParseHybridRecipient(r.Text)
	case strings.HasPrefix(r.Text, "age1"):
		r.Kind = X25519
		r.age, err = age.ParseX25519Recipient(r.Text)
	case strings.HasPrefix(r.Text, "ssh-"):
		return parseSSHRecipient(r)
	default:
		return r, fmt.Errorf("%w: an age1… recipient or an ssh-ed25519 or ssh-rsa line was expected", ErrRecipient)
	}
	if err != nil {
		return r, fmt.Errorf("%w: it starts like an age recipient but is mistyped, incomplete, or for a plugin", ErrRecipient)
	}
	return r, nil
}

func parseSSHRecipient(r Recipient) (Recipient, error) {
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(r.Text))
	if err != nil {
		return r, fmt.Errorf("%w: it starts like an SSH public key but is incomplete or mistyped", ErrRecipient)
	}
	r.Kind = Kind(key.Type())
	if r.age, err = agessh.ParseRecipient(r.Text); err != nil {
		return r, fmt.Errorf("%w: only SSH keys of type ssh-ed25519, and ssh-rsa of 2048 bits or more, can be sealed to", ErrRecipient)
	}
	if r.Label == "" {
		r.Label = cleanLabel(comment)
	}
	return r, nil
}

// ParseRecipients reads a file of recipients, one per line. A line that starts
// with # is a comment; the comment just above a recipient is its label.
func ParseRecipients(in io.Reader) ([]Recipient, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxRecipients+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxRecipients {
		return nil, fmt.Errorf("%w: longer than %d MiB", ErrRecipient, maxRecipients>>20)
	}
	text, _ := strict.Text(data)
	var all []Recipient
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxRecipientLine)
	label, number := "", 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if comment, ok := strings.CutPrefix(line, "#"); ok || line == "" {
			label = strings.TrimSpace(comment)
			continue
		}
		r, err := ParseRecipient(line, label)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if label = ""; len(all) == MaxRecipients {
			return nil, fmt.Errorf("%w: more than %d", ErrRecipient, MaxRecipients)
		}
		all = append(all, r)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: %w: longer than %d KiB", number+1, ErrRecipient, maxRecipientLine>>10)
	} else if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is none in the file", ErrRecipient)
	}
	return all, nil
}

// PassphraseRecipient seals with a passphrase, stretched by scrypt: each try takes
// a second and 256 MiB.
func PassphraseRecipient(passphrase *secret.Bytes, label string) (Recipient, error) {
	if passphrase.Len() == 0 {
		return Recipient{}, fmt.Errorf("%w: the passphrase is empty", ErrRecipient)
	}
	var r *age.ScryptRecipient
	var err error
	secret.Do(func() { r, err = age.NewScryptRecipient(string(passphrase.Expose())) }) // age wants a string
	if err != nil {
		return Recipient{}, fmt.Errorf("%w: age refuses the passphrase", ErrRecipient)
	}
	r.SetWorkFactor(cost.WorkFactor())
	return Recipient{Kind: Passphrase, Label: cleanLabel(label), age: r}, nil
}

// cleanLabel makes a label fit for one line of a public file.
func cleanLabel(label string) string {
	label = oneBlank(strings.ToValidUTF8(label, ""))
	label = strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, label)
	label = oneBlank(label) // again, since what was between blanks may be gone
	if len(label) > maxLabel {
		label = oneBlank(strings.ToValidUTF8(label[:maxLabel], ""))
	}
	return label
}

// oneBlank puts one blank between words, and none around them.
func oneBlank(s string) string { return strings.Join(strings.Fields(s), " ") }

// checkRecipients refuses what age refuses, with the reason.
func checkRecipients(recipients []Recipient) error {
	if len(recipients) == 0 {
		return fmt.Errorf("%w: there is none", ErrRecipient)
	}
	if len(recipients) > MaxRecipients {
		return fmt.Errorf("%w: more than %d", ErrRecipient, MaxRecipients)
	}
	var first [2]string // the first classic and the first post-quantum one
	for i, r := range recipients {
		if r.age == nil {
			return fmt.Errorf("internal error: recipient %d was not made by this package", i+1)
		}
		if r.Kind == Passphrase && len(recipients) > 1 {
			return fmt.Errorf("%w: a passphrase must be the only one, or whoever has another identity could forge a file that the passphrase opens", ErrRecipient)
		}
		group := 0
		if r.Kind == Hybrid {
			group = 1
		}
		if first[group] == "" {
			first[group] = r.describe(i)
		}
	}
	if first[0] != "" && first[1] != "" {
		return fmt.Errorf("%w: %s is post-quantum and %s is not; sealed to both, a quantum computer could open it through the second one", ErrRecipient, first[1], first[0])
	}
	return nil
}

func (r Recipient) describe(i int) string {
	if r.Label != "" {
		return fmt.Sprintf("recipient %d (%q)", i+1, r.Label)
	}
	return fmt.Sprintf("recipient %d", i+1)
}
