package backup

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"lifeboat/backup/shard"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

const (
	// MaxIdentityFile is the size of the largest identity file, in bytes.
	MaxIdentityFile = 1 << 20

	// MaxIdentities is the most identities tried on one bundle: age tries each on
	// every recipient of its kind, and a hostile bundle may have 1,024.
	MaxIdentities = 64
)

// An Identity opens bundles.
type Identity struct {
	Kind      Kind
	Recipient string        // what seals to it; empty for SSH keys and passphrases
	From      string        // the name of its file
	Shards    *shard.Joined // if it was joined from shards: which, and which are wrong; its Identity is wiped
	Line      *secret.Bytes // the text of an X25519 identity, which also opens verifiable shares; the caller wipes it
	age       age.Identity
}

// An IdentityFile is the content of a file that was given as an identity.
type IdentityFile struct {
	Name string
	Text *secret.Bytes // stays the caller's to wipe
}

// NewIdentity makes an identity: hybrid post-quantum, or X25519 if classic. The
// identity is one line without a line end, for a file of its own; the recipient is
// public.
func NewIdentity(classic bool) (identity *secret.Bytes, recipient string, err error) {
	// age gives the identity as a string, which cannot be wiped.
	if classic {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, "", fmt.Errorf("%w: couldn't make one", ErrIdentity)
		}
		return secret.Copy([]byte(id.String())), id.Recipient().String(), nil
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, "", fmt.Errorf("%w: couldn't make one", ErrIdentity)
	}
	return secret.Copy([]byte(id.String())), id.Recipient().String(), nil
}

// PassphraseIdentity opens bundles sealed with the passphrase.
func PassphraseIdentity(passphrase *secret.Bytes) (*Identity, error) {
	if passphrase.Len() == 0 {
		return nil, fmt.Errorf("%w: the passphrase is empty", ErrIdentity)
	}
	var id *age.ScryptIdentity
	var err error
	secret.Do(func() { id, err = age.NewScryptIdentity(string(passphrase.Expose())) }) // age wants a string
	if err != nil {
		return nil, fmt.Errorf("%w: age refuses the passphrase", ErrIdentity)
	}
	return &Identity{Kind: Passphrase, age: id}, nil
}

// ParseIdentities reads identity files: lines as age-keygen writes them, an SSH
// private key without a passphrase, or shards. Shards may come from any number of
// files in any order; each set must be enough. An error names the file and the line
// without quoting it; for shards it wraps shard.ErrShard.
func ParseIdentities(files ...IdentityFile) (all []*Identity, err error) {
	secret.Do(func() { all, err = parseIdentities(files) })
	return all, err
}

func parseIdentities(files []IdentityFile) ([]*Identity, error) {
	var all []*Identity
	var shards []*shard.Shard
	defer func() {
		for _, s := range shards {
			s.Wipe()
		}
	}()
	for _, f := range files {
		text, isNew := strict.Text(f.Text.Expose())
		if isNew {
			defer secret.Wipe(text)
		}
		if whole := secret.Take(text); len(text) <= MaxIdentityFile && shard.Is(whole) {
			some, err := shard.ParseAll(whole, f.Name)
			if err != nil {
				return nil, fmt.Errorf("shard %q: %w", f.Name, err)
			}
			shards = append(shards, some...)
			continue
		}
		ids, err := parseIdentityFile(text)
		if err != nil {
			return nil, fmt.Errorf("identity file %q: %w", f.Name, err)
		}
		for _, id := range ids {
			id.From = f.Name
		}
		all = append(all, ids...)
	}
	sets := shard.Sets(shards)
	if n := len(all) + len(sets); n > MaxIdentities {
		return nil, fmt.Errorf("%w: %d were given, and at most %d are tried; give the one that opens the bundle", ErrIdentity, n, MaxIdentities)
	}
	var failures []error // of every set: shards of two sets are no two of one
	for _, set := range sets {
		id, err := joinShards(set)
		failures = append(failures, err)
		all = append(all, id)
	}
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	return all, nil
}

func joinShards(set []*shard.Shard) (*Identity, error) {
	joined, err := shard.Join(set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", set[0].InSet(), err)
	}
	defer joined.Wipe()
	id, err := parseIdentity(joined.Identity.Expose())
	if err != nil {
		return nil, err
	}
	id.From, id.Shards = fmt.Sprintf("%d shards", len(joined.Used)), joined
	return id, nil
}

func parseIdentityFile(text []byte) ([]*Identity, error) {
	switch {
	case len(text) > MaxIdentityFile:
		return nil, fmt.Errorf("%w: longer than %d MiB", ErrIdentity, MaxIdentityFile>>20)
	case Is(text):
		return nil, fmt.Errorf("%w: it is itself encrypted with age; open it first", ErrIdentity)
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")):
		id, err := parseSSHIdentity(text)
		return []*Identity{id}, err
	}
	var all []*Identity
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		id, err := parseIdentity(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if all = append(all, id); len(all) > MaxIdentities {
			return nil, fmt.Errorf("%w: more than %d; keep the one that opens the bundle in a file of its own", ErrIdentity, MaxIdentities)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is none in the file", ErrIdentity)
	}
	return all, nil
}

// parseIdentity reads one line. Blanks around it are gone.
func parseIdentity(line []byte) (*Identity, error) {
	upper := bytes.ToUpper(line)
	defer secret.Wipe(upper)
	switch {
	case bytes.HasPrefix(upper, []byte("AGE-SECRET-KEY-PQ-1")):
		id, err := age.ParseHybridIdentity(string(line)) // age wants a string
		if err != nil {
			return nil, fmt.Errorf("%w: it starts like one but is incomplete or mistyped", ErrIdentity)
		}
		return &Identity{Kind: Hybrid, Recipient: id.Recipient().String(), age: id}, nil
	case bytes.HasPrefix(upper, []byte("AGE-SECRET-KEY-1")):
		id, err := age.ParseX25519Identity(string(line))
		if err != nil {
			return nil, fmt.Errorf("%w: it starts like one but is incomplete or mistyped", ErrIdentity)
		}
		return &Identity{Kind: X25519, Recipient: id.Recipient().String(), Line: secret.Copy(line), age: id}, nil
	case bytes.HasPrefix(upper, []byte("AGE-PLUGIN-")):
		return nil, fmt.Errorf("%w: it needs a plugin, and plugins are not run here; use age itself", ErrIdentity)
	case bytes.HasPrefix(upper, []byte("AGE1")), bytes.HasPrefix(upper, []byte("SSH-")):
		return nil, fmt.Errorf("%w: this is a public recipient; the identity starts with AGE-SECRET-KEY-", ErrIdentity)
	}
	return nil, fmt.Errorf("%w: a line that starts with AGE-SECRET-KEY- was expected", ErrIdentity)
}

// parseSSHIdentity reads OpenSSH's own format only: in others crypto/x509 does not
// limit the primes of an RSA key, and a few kilobytes of them take minutes.
func parseSSHIdentity(text []byte) (*Identity, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: it starts like a private key but is incomplete or damaged", ErrIdentity)
	}
	secret.Wipe(block.Bytes)
	if block.Type != "OPENSSH PRIVATE KEY" {
		return nil, fmt.Errorf("%w: a private key of OpenSSH starts with BEGIN OPENSSH PRIVATE KEY; turn a copy of this one into that with ssh-keygen -p, on this machine, and destroy the copy afterwards", ErrIdentity)
	}
	id, err := agessh.ParseIdentity(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fmt.Errorf("%w: the SSH key has a passphrase; take it off a copy with ssh-keygen -p, on this machine, and destroy the copy afterwards", ErrIdentity)
	case err != nil:
		return nil, fmt.Errorf("%w: not an SSH private key of type ed25519 or RSA", ErrIdentity)
	}
	kind := SSHRSA
	if _, ok := id.(*agessh.Ed25519Identity); ok {
		kind = SSHEd25519
	}
	return &Identity{Kind: kind, age: id}, nil
}
