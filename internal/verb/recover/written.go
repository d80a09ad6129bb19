package recover

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

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
	shares, err := formats.Parse(w.name, content, share.Pin{})
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

// An output is a file to be made.
type output struct {
	name    string
	content []byte
	verify  func([]byte) error // of what is read back; nil: that it is the same will do
}

// outputs are the file, and what lies beside it if it is a bundle.
func (w *writtenFile) outputs(name string) ([]output, error) {
	list := []output{{name, w.content, w.verify}}
	if w.sealed == nil {
		return list, nil
	}
	manifest, err := w.sealed.Public.Marshal()
	if err != nil {
		return nil, err
	}
	return append(list, output{name + ".manifest.json", manifest, nil}, output{name + ".README.txt", []byte(w.sealed.Public.Readme(name)), nil}), nil
}

// writeFolder writes the files into a new folder, reads each back from there,
// checks it, and only then lets the folder appear.
func writeFolder(e *cli.Env, path string, files []*writtenFile) error {
	dir, err := e.Mkdir(path)
	if err != nil {
		return err
	}
	defer dir.Abort()
	for _, w := range files {
		if err := e.Interrupt.Err(); err != nil {
			return err
		}
		list, err := w.outputs(w.name)
		if err != nil {
			return err
		}
		for _, o := range list {
			out, err := dir.Create(o.name)
			if err != nil {
				return err
			}
			if err := o.writeTo(out); err != nil {
				return fmt.Errorf("%q: %w", filepath.Join(path, o.name), err)
			}
			if err := out.Close(); err != nil {
				return err
			}
		}
	}
	return dir.Commit()
}

// writeShare writes one file of shares and what lies beside it, all or nothing.
func writeShare(e *cli.Env, path string, w *writtenFile) error {
	list, err := w.outputs(filepath.Base(path))
	if err != nil {
		return err
	}
	var outs []*outfile.File
	for _, o := range list {
		name := filepath.Join(filepath.Dir(path), o.name)
		out, err := e.Create(name)
		if err != nil {
			return err
		}
		defer out.Abort()
		if err := o.writeTo(out); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		outs = append(outs, out)
	}
	return e.Commit(outs...)
}

// writeTo writes the output, reads it back and verifies it.
func (o *output) writeTo(out io.Writer) error {
	if _, err := out.Write(o.content); err != nil {
		return err
	}
	r, ok := out.(io.ReaderAt)
	if !ok {
		return errors.New("internal error: an output that cannot be read back")
	}
	got := make([]byte, len(o.content))
	if _, err := r.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("couldn't read it back: %w", err)
	}
	if !bytes.Equal(got, o.content) {
		return errors.New("what was read back is not what was written: the disk or the stick is damaged; use another one")
	}
	if o.verify == nil {
		return nil
	}
	if err := o.verify(got); err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	return nil
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
