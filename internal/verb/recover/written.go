package recover

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// secretsName is the recovery group file of a node.
func secretsName(node string) string { return "recovery-secrets-" + node + ".json" }

// fileName is what the party's file is called among those of a new set.
func (p *party) fileName() string {
	if p.sealed() {
		return "recovery-secrets-" + p.node + ".age"
	}
	return secretsName(p.node)
}

// addFile adds what the party gets to the outputs: the recovery group file under its
// own password, or a bundle with it and its random password, or with other files alone.
func (p *party) addFile(e *cli.Env, set *cli.Flags, out *cli.Outputs, path string, held []open.Held) error {
	files := p.extra
	if len(held) > 0 {
		text, err := open.Marshal(held, p.password)
		if err != nil {
			return err
		}
		shares, err := p.check(text, held)
		if err != nil {
			return err
		}
		if !p.sealed() {
			out.Add(path, text)
			return nil
		}
		var facts []backup.ShareFacts
		for _, s := range shares {
			facts = append(facts, holder.Facts(s))
		}
		files = append([]backup.File{
			backup.SecretFile(secretsName(p.node), secret.Take(text), facts...),
			backup.SecretFile(p.node+holder.PassphraseSuffix, p.password),
		}, files...)
	}
	(&holder.Target{Path: path, Recipients: p.recipients}).Seal(e, out, files, holder.Meta(e, set))
	return nil
}

// check opens a recovery group file with the party's password, as its holder
// will, and compares it with what it should be: the group, whose share public
// keys Parse has checked to lie on one polynomial through the root public key,
// and the share, which Open has checked against its share public key.
func (p *party) check(text []byte, held []open.Held) ([]*share.Sealed, error) {
	shares, err := formats.Parse(secretsName(p.node), text, share.Pin{})
	if err != nil {
		return nil, err
	}
	if len(shares) != len(held) {
		return nil, fmt.Errorf("internal error: %d shares were written and %d are there", len(held), len(shares))
	}
	for i, s := range shares {
		h := held[i]
		if err := s.Err(); err != nil {
			return nil, err
		}
		if serious, minor := h.Group.Differences(s.Group); len(serious)+len(minor) > 0 {
			return nil, fmt.Errorf("internal error: the group that was written differs in: %s", strings.Join(append(serious, minor...), ", "))
		}
		o, err := open.Open(s, open.Passwords(p.password), open.Options{})
		if err != nil {
			return nil, err
		}
		same := h.Is(o)
		o.Wipe()
		if !same {
			return nil, errors.New("internal error: another share was written")
		}
	}
	return shares, nil
}

// newGroupID returns the ID of a new group: 20 random hex digits. The groups of
// a test vault say so.
func newGroupID(old *share.Group) string {
	raw := make([]byte, 10)
	rand.Read(raw)
	id := hex.EncodeToString(raw)
	if old.TestOnly() {
		id = "TEST ONLY " + id
	}
	return id
}

// createdTime is how the vendor's files write the time.
const createdTime = "2006-01-02 15:04:05 +0000 UTC"
