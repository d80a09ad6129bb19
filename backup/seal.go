package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"filippo.io/age"

	"lifeboat/internal/secret"
)

// Seal writes a bundle of the files, in their order, to w. The same files, meta
// and program give the same tar.
//
// Nothing is written if a name, a file or the recipients are refused. After an
// error the output is not a bundle and must be thrown away.
func Seal(w io.Writer, files []File, recipients []Recipient, meta Meta) (*Sealed, error) {
	if err := checkRecipients(recipients); err != nil {
		return nil, err
	}
	m, err := measure(files, meta)
	if err != nil {
		return nil, err
	}
	out := &meter{w: w, hash: sha256.New()}
	s := &Sealed{manifest: m}
	inner, err := age.Encrypt(out, s.wrap(recipients)...)
	if err != nil {
		s.Wipe()
		return nil, out.failure("couldn't start sealing", ErrRecipient)
	}
	err = writeTar(inner, m, files, meta)
	if err == nil && inner.Close() != nil {
		err = errSealing
	}
	if err != nil {
		s.Wipe()
		if errors.Is(err, errSealing) {
			return nil, out.failure("couldn't write the bundle", errSealing)
		}
		return nil, err
	}
	s.Public = PublicManifest{
		Format: publicFormat, Version: formatVersion, Tool: m.Tool, Created: m.Created,
		SHA256: hex.EncodeToString(out.hash.Sum(nil)), Size: out.n,
		Shares: publicShares(m.Shares()), Recipients: make([]PublicRecipient, 0, len(recipients)),
	}
	for _, r := range recipients {
		s.Public.Recipients = append(s.Public.Recipients, PublicRecipient{r.Label, r.Kind})
	}
	return s, nil
}

var errSealing = errors.New("internal error: sealing failed")

// A Sealed is a bundle just made. It remembers the key of that one file, to
// check it as it was written, and must be wiped.
type Sealed struct {
	Public   PublicManifest
	manifest *Manifest
	fileKey  *secret.Bytes
}

// Check opens the bundle as it was written, and compares every byte of it with
// what was sealed. It shows that the file is whole; that a recipient's identity
// exists and opens it can only be shown with the identity.
func (s *Sealed) Check(r io.ReaderAt, size int64) error {
	h, err := Inspect(r, size)
	if err != nil {
		return err
	}
	if err := s.Public.CheckHeader(h); err != nil {
		return err
	}
	b, err := open(r, size, []age.Identity{age.NewInjectedFileKeyIdentity(s.fileKey.Expose())}, "")
	if err != nil {
		return err
	}
	if b.Foreign || len(b.Manifest.Files) != len(s.manifest.Files) {
		return fmt.Errorf("%w: it does not hold what was sealed", ErrDamaged)
	}
	for i, f := range b.Manifest.Files {
		if want := s.manifest.Files[i]; f.Name != want.Name || f.Size != want.Size || f.SHA256 != want.SHA256 {
			return fmt.Errorf("%w: file %q is not what was sealed", ErrDamaged, want.Name)
		}
	}
	return nil
}

// Wipe forgets the key. A nil Sealed may be wiped.
func (s *Sealed) Wipe() {
	if s != nil {
		s.fileKey.Wipe()
	}
}

// wrap returns the recipients for age, the first of which lets s learn the key.
func (s *Sealed) wrap(recipients []Recipient) []age.Recipient {
	all := make([]age.Recipient, len(recipients))
	for i, r := range recipients {
		all[i] = r.age
	}
	all[0] = &listener{all[0], s}
	return all
}

// A listener is a recipient that lets a Sealed keep the file key it wraps.
type listener struct {
	age.Recipient
	sealed *Sealed
}

func (l *listener) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	l.sealed.fileKey = secret.Copy(fileKey)
	if r, ok := l.Recipient.(age.RecipientWithLabels); ok {
		return r.WrapWithLabels(fileKey)
	}
	stanzas, err := l.Recipient.Wrap(fileKey)
	return stanzas, nil, err
}

// measure reads every file once and makes the manifest.
func measure(files []File, meta Meta) (*Manifest, error) {
	m := &Manifest{Format: manifestFormat, Version: formatVersion, Tool: meta.Tool, Created: meta.created(), Files: make([]Entry, 0, len(files))}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: there is no file to seal", ErrName)
	}
	if len(files) > MaxFiles {
		return nil, fmt.Errorf("%w: %d files, at most %d fit in one bundle", ErrTooLarge, len(files), MaxFiles)
	}
	names := newNameSet()
	for _, f := range files {
		if why := names.add(f.Name); why != "" {
			return nil, fmt.Errorf("%w: %q: %s; rename it", ErrName, f.Name, why)
		}
		size, sum, err := copyFile(io.Discard, f)
		if err != nil {
			return nil, err
		}
		m.Files = append(m.Files, Entry{f.Name, size, sum, f.Shares})
	}
	return m, nil
}

// copyFile writes a file's content to w and returns its size and SHA-256. An
// error is errSealing if w failed.
func copyFile(w io.Writer, f File) (size int64, sum string, err error) {
	in, err := f.Open()
	if err != nil {
		return 0, "", fmt.Errorf("couldn't open %q to seal it: %w", f.Name, err)
	}
	defer in.Close()
	src := &source{r: in}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, h), src)
	if src.err != nil {
		return 0, "", fmt.Errorf("couldn't read %q to seal it: %w", f.Name, src.err)
	}
	if errors.Is(err, tar.ErrWriteTooLong) {
		return 0, "", fmt.Errorf("%w: %q; close what is writing to it and try again", ErrChanged, f.Name)
	}
	if err != nil {
		return 0, "", errSealing
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// writeTar writes the files as the manifest has them, or fails.
func writeTar(w io.Writer, m *Manifest, files []File, meta Meta) error {
	manifest, err := marshal(m)
	if err != nil {
		return fmt.Errorf("internal error: couldn't write %s", manifestName)
	}
	if len(manifest) > maxManifest {
		return fmt.Errorf("%w: the manifest; seal fewer files at once", ErrTooLarge)
	}
	t := tar.NewWriter(w)
	for _, f := range []struct {
		name string
		text []byte
	}{{manifestName, manifest}, {readmeName, []byte(insideReadme(meta))}} {
		if t.WriteHeader(tarHeader(f.name, int64(len(f.text)), meta.Date)) != nil {
			return errSealing
		}
		if _, err := io.Copy(t, bytes.NewReader(f.text)); err != nil {
			return errSealing
		}
	}
	for i, f := range files {
		want := m.Files[i]
		if t.WriteHeader(tarHeader(f.Name, want.Size, meta.Date)) != nil {
			return errSealing
		}
		size, sum, err := copyFile(t, f)
		if err != nil {
			return err
		}
		if size != want.Size || sum != want.SHA256 {
			return fmt.Errorf("%w: %q; close what is writing to it and try again", ErrChanged, f.Name)
		}
	}
	if t.Close() != nil {
		return errSealing
	}
	return nil
}

func tarHeader(name string, size int64, date time.Time) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: date.UTC().Truncate(time.Second)}
}

// A source keeps the error of the reader it reads.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// A meter counts and hashes what reaches w, and keeps its error.
type meter struct {
	w    io.Writer
	hash hash.Hash
	n    int64
	err  error
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.hash.Write(p[:n])
	m.n += int64(n)
	if err != nil {
		m.err = err
	}
	return n, err
}

// failure returns the writer's own error, or what else may be the cause.
func (m *meter) failure(doing string, otherwise error) error {
	if m.err != nil {
		return fmt.Errorf("%s: %w", doing, m.err)
	}
	return fmt.Errorf("%s: %w", doing, otherwise)
}
