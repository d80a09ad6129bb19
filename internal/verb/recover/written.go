package recover

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/open"
)

// party is a holder for whom a share file is written.
type party struct {
	node       string
	recipients []backup.Recipient // if its file is sealed as a bundle
	password   *secret.Bytes      // of the file itself; random if it is in a bundle
	extra      []backup.File      // what else its bundle holds
}

// readParty reads NODE_ID or NODE_ID=RECIPIENT. RECIPIENT is an age recipient, an
// SSH public key, or a file of them.
func readParty(set *cli.Flags, text string) (*party, error) {
	node, to, sealed := strings.Cut(text, "=")
	if err := open.CheckNodeID(node); err != nil {
		return nil, set.Misuse("--party: %w", err)
	}
	p := &party{node: node}
	if !sealed {
		return p, nil
	}
	if strings.HasPrefix(to, "age1") || strings.HasPrefix(to, "ssh-") {
		r, err := backup.ParseRecipient(to, node)
		if err != nil {
			return nil, set.Misuse("--party %s: %w", node, err)
		}
		p.recipients = []backup.Recipient{r}
		return p, nil
	}
	in, err := strict.Open(to)
	if err != nil {
		return nil, set.Misuse("--party %s: neither a recipient (age1…, ssh-…) nor a file of recipients: %w", node, err)
	}
	defer in.Close()
	if p.recipients, err = backup.ParseRecipients(in); err != nil {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("--party %s: recipients file %q: %w", node, to, err))
	}
	return p, nil
}

// recipientFiles returns what may be files in NODE_ID=RECIPIENT.
func recipientFiles(parties []string) []string {
	var files []string
	for _, text := range parties {
		if _, to, sealed := strings.Cut(text, "="); sealed {
			files = append(files, to)
		}
	}
	return files
}

// readPassword takes the party's new password from a file.
func (p *party) readPassword(e *cli.Env, path string) error {
	password, err := prompt.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--new-passphrase-file of node %q: %w", p.node, err)
	}
	p.password = password
	if prompt.Exposed(path) {
		e.Warn("%q can be read by other users of this machine; chmod 600 mends that", path)
	}
	if err := open.CheckNewPassword(password); err != nil {
		return cli.Fail(cli.Usage, fmt.Errorf("%q, for node %q: %w", path, p.node, err))
	}
	return nil
}

// choosePassword asks for the party's new password, or makes a random one for a
// bundle, unless there is one.
func (p *party) choosePassword(e *cli.Env) error {
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
	for {
		p.password, err = prompt.Twice(terminal, fmt.Sprintf("New password for the file of node %q: ", p.node))
		if err == nil {
			err = open.CheckNewPassword(p.password)
		}
		switch {
		case err == nil:
			return nil
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

// secretsName is the recovery group file of a node.
func secretsName(node string) string { return "recovery-secrets-" + node + ".json" }

// file returns the name and the content of what the party gets: the recovery
// group file under its own password, or a bundle with it and its random password.
func (p *party) file(e *cli.Env, set *cli.Flags, held []open.Held) (*writtenFile, error) {
	text, err := open.Marshal(held, p.password)
	if err != nil {
		return nil, err
	}
	w := &writtenFile{party: p, held: held, name: secretsName(p.node), content: text}
	if p.recipients == nil {
		return w, nil // it is checked when it was written
	}
	shares, err := w.check(text)
	if err != nil {
		return nil, err
	}
	files := p.bundled(text, shares)
	var b bytes.Buffer
	w.sealed, err = backup.Seal(&b, files, p.recipients, holder.Meta(e, set))
	if err != nil {
		return nil, fmt.Errorf("sealing the file of node %q: %w", p.node, err)
	}
	w.name, w.content = strings.TrimSuffix(w.name, ".json")+".age", b.Bytes()
	return w, nil
}

// bundled lists what a party's bundle holds.
func (p *party) bundled(text []byte, shares []*share.Sealed) []backup.File {
	var facts []backup.ShareFacts
	for _, s := range shares {
		facts = append(facts, holder.Facts(s))
	}
	return append([]backup.File{
		backup.SecretFile(secretsName(p.node), secret.Copy(text), facts...),
		backup.SecretFile(p.node+holder.PassphraseSuffix, p.password),
	}, p.extra...)
}

// writtenFile is a file with shares that is about to appear.
type writtenFile struct {
	party   *party
	held    []open.Held
	name    string
	content []byte
	sealed  *backup.Sealed // if it is a bundle
}

// verify checks what was read back from the disk: a bundle against what was
// sealed, which was checked before; a recovery group file by opening it.
func (w *writtenFile) verify(content []byte) error {
	if w.sealed != nil {
		return w.sealed.Check(bytes.NewReader(content), int64(len(content)))
	}
	_, err := w.check(content)
	return err
}

// check opens a recovery group file with the party's password, as its holder
// will, and compares it with what it should be: the group, whose share public
// keys Parse has checked to lie on one polynomial through the root public key,
// and the share, which Open has checked against its share public key.
func (w *writtenFile) check(content []byte) ([]*share.Sealed, error) {
	shares, err := share.Parse(w.name, content, share.Pin{})
	if err != nil {
		return nil, err
	}
	if len(shares) != len(w.held) {
		return nil, fmt.Errorf("internal error: %d shares were written and %d are there", len(w.held), len(shares))
	}
	for i, s := range shares {
		h := w.held[i]
		if err := s.Err(); err != nil {
			return nil, err
		}
		if serious, minor := h.Group.Differences(s.Group); len(serious)+len(minor) > 0 {
			return nil, fmt.Errorf("internal error: the group that was written differs in: %s", strings.Join(append(serious, minor...), ", "))
		}
		o, err := open.Open(s, []*secret.Bytes{w.party.password}, open.Options{})
		if err != nil {
			return nil, err
		}
		same := o.Scalar().Equal(h.Share) && s.NodeID == h.Holder.NodeID && s.ShareID.Equal(h.Holder.ShareID)
		o.Wipe()
		if !same {
			return nil, errors.New("internal error: another share was written")
		}
	}
	return shares, nil
}

// wipe forgets the key of a bundle; the content may be public by then.
func (w *writtenFile) wipe() { w.sealed.Wipe() }

// writeFolder writes the files into a new folder, reads each back from there,
// checks it, and only then lets the folder appear.
func writeFolder(e *cli.Env, path string, files []*writtenFile) error {
	dir, err := outfile.Mkdir(path)
	if err != nil {
		return err
	}
	defer dir.Abort()
	defer e.OnExit(dir.Abort)()
	for _, w := range files {
		if err := e.Interrupt.Err(); err != nil {
			return err
		}
		if err := writeInto(dir, w.name, w.content, w.verify); err != nil {
			return fmt.Errorf("%q: %w", filepath.Join(path, w.name), err)
		}
		if w.sealed == nil {
			continue
		}
		manifest, err := w.sealed.Public.Marshal()
		if err != nil {
			return err
		}
		if err := writeInto(dir, w.name+".manifest.json", manifest, nil); err != nil {
			return err
		}
		if err := writeInto(dir, w.name+".README.txt", []byte(w.sealed.Public.Readme(w.name)), nil); err != nil {
			return err
		}
	}
	return dir.Commit()
}

func writeInto(dir *outfile.Dir, name string, content []byte, verify func([]byte) error) error {
	out, err := dir.Create(name)
	if err != nil {
		return err
	}
	if _, err := out.Write(content); err != nil {
		return err
	}
	if err := readBack(out, content, verify); err != nil {
		return err
	}
	return out.Close()
}

// readBack reads what was written and verifies it.
func readBack(out io.Writer, content []byte, verify func([]byte) error) error {
	r, ok := out.(io.ReaderAt)
	if !ok {
		return errors.New("internal error: an output that cannot be read back")
	}
	got := make([]byte, len(content))
	if _, err := r.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("couldn't read it back: %w", err)
	}
	if !bytes.Equal(got, content) {
		return errors.New("what was read back is not what was written: the disk or the stick is damaged; use another one")
	}
	if verify == nil {
		return nil
	}
	if err := verify(got); err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	return nil
}

// writeShare writes one file of shares, whole or not at all.
func writeShare(e *cli.Env, path string, w *writtenFile) error {
	out, err := outfile.Create(path)
	if err != nil {
		return err
	}
	defer out.Abort()
	defer e.OnExit(out.Abort)()
	if _, err := out.Write(w.content); err != nil {
		return err
	}
	if err := readBack(out, w.content, w.verify); err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	if err := out.Commit(); err != nil || w.sealed == nil {
		return err
	}
	manifest, err := w.sealed.Public.Marshal()
	if err != nil {
		return err
	}
	if err := outfile.WriteFile(path+".manifest.json", manifest); err != nil {
		return err
	}
	return outfile.WriteFile(path+".README.txt", []byte(w.sealed.Public.Readme(filepath.Base(path))))
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
