package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"filippo.io/age"

	"lifeboat/internal/secret"
)

// DefaultWorkFactor is the highest scrypt work factor accepted unless the caller
// allows more: 4 GiB of memory. Honest files have 18 to 21.
const DefaultWorkFactor = 22

// maxWorkFactor is the highest that age accepts.
const maxWorkFactor = 30

// Options are what a user may allow. The zero value allows nothing unusual.
type Options struct {
	WorkFactor int    // the highest scrypt work factor, 1 to 30; 0 means DefaultWorkFactor
	Name       string // what to call content that is no tar, but one file
}

// A Bundle is an open bundle, authenticated in full.
type Bundle struct {
	Header   *Header
	Manifest *Manifest // of a foreign bundle, what was measured
	Foreign  bool      // this project did not make it: it has no manifest

	// NotUnpacked is why the files of a foreign tar can be read, and not be written
	// out: links beside them, paths, or names that are taken or illegal. Nil else.
	NotUnpacked error

	plain *plaintext
	at    map[string]span // by name
}

type span struct{ offset, index int64 }

// Open opens a bundle of size bytes with the first identity that fits. It reads
// all of it, checks that it authenticates to its end and that every file is as
// the manifest says, and only then returns: nothing of a file that fails is
// released. r must stay readable while the Bundle is used; what is read again
// later is authenticated again.
//
// What some other program made and age encrypted opens too, as Foreign, within the
// same limits: one file, or a tar, of which folders are dropped and only base names
// kept. What else is in such a tar keeps it from being unpacked, not from being read.
func Open(r io.ReaderAt, size int64, identities []*Identity, options Options) (*Bundle, error) {
	h, err := ReadHeader(r, size)
	if err != nil {
		return nil, err
	}
	if len(identities) == 0 {
		return nil, fmt.Errorf("%w: none was given; it is sealed to %s", ErrNoIdentity, h.describe())
	}
	limit := options.WorkFactor
	if limit == 0 {
		limit = DefaultWorkFactor
	}
	if limit < 1 || limit > maxWorkFactor {
		return nil, fmt.Errorf("%w: a work factor of %d cannot be allowed, at most %d", ErrTooExpensive, limit, maxWorkFactor)
	}
	for _, id := range identities {
		if id.Kind == Passphrase && h.WorkFactor > limit {
			return nil, fmt.Errorf("%w: scrypt work factor %d, which takes %d GiB; allow it explicitly if you trust where the file comes from", ErrTooExpensive, h.WorkFactor, h.Memory()>>30)
		}
	}
	return open(r, size, ageIdentities(identities, limit), options.Name)
}

// ageIdentities gives age the limit as well: the file may change after its header
// was read.
func ageIdentities(identities []*Identity, workFactor int) []age.Identity {
	all := make([]age.Identity, len(identities))
	for i, id := range identities {
		all[i] = id.age
		if s, ok := id.age.(*age.ScryptIdentity); ok {
			limited := *s
			limited.SetMaxWorkFactor(workFactor)
			all[i] = &limited
		}
	}
	return all
}

// open is Open with age's own identities.
func open(r io.ReaderAt, size int64, identities []age.Identity, name string) (*Bundle, error) {
	p, h, err := decrypt(r, size, identities)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Header: h, plain: p}
	if err := b.scan(name); err != nil {
		return nil, err
	}
	return b, nil
}

// A plaintext reads the content of an age file at any offset. Every read is
// authenticated.
type plaintext struct {
	r    io.ReaderAt
	size int64
	src  *sourceAt
}

// decrypt unwraps the file key. It does not authenticate the content yet.
func decrypt(r io.ReaderAt, size int64, identities []age.Identity) (*plaintext, *Header, error) {
	binary, binarySize, h, err := unarmor(r, size)
	if err != nil {
		return nil, nil, err
	}
	src := &sourceAt{r: binary}
	plain, plainSize, err := age.DecryptReaderAt(src, binarySize, identities...)
	var mismatch *age.NoIdentityMatchError
	switch {
	case src.err != nil:
		return nil, nil, fmt.Errorf("couldn't read the bundle: %w", src.err)
	case errors.As(err, &mismatch):
		return nil, nil, fmt.Errorf("%w: %d given; it is sealed to %s", ErrNoIdentity, len(identities), h.describe())
	case err != nil:
		return nil, nil, fmt.Errorf("%w: it does not authenticate; get another copy", ErrDamaged)
	}
	return &plaintext{plain, plainSize, src}, h, nil
}

// failure explains why reading p failed.
func (p *plaintext) failure() error {
	if p.src.err != nil {
		return fmt.Errorf("couldn't read the bundle: %w", p.src.err)
	}
	return fmt.Errorf("%w: it does not authenticate to its end; get another copy", ErrDamaged)
}

// section returns a reader of a part, whose errors come from failure.
func (p *plaintext) section(offset, n int64) io.Reader {
	const chunk = 64 << 10 // what age authenticates at once
	return bufio.NewReaderSize(&plainReader{p, io.NewSectionReader(p.r, offset, n)}, chunk)
}

type plainReader struct {
	p *plaintext
	r io.Reader
}

func (r *plainReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if err != nil && err != io.EOF {
		return 0, r.p.failure()
	}
	return n, err
}

// A sourceAt keeps the error of the file it reads.
type sourceAt struct {
	r   io.ReaderAt
	err error
}

func (s *sourceAt) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.r.ReadAt(p, offset)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// describe says what opens the file, in words.
func (h *Header) describe() string {
	count := make(map[Kind]int)
	var kinds []Kind
	for _, k := range h.Recipients {
		if count[k]++; count[k] == 1 {
			kinds = append(kinds, k)
		}
	}
	const shown = 8
	var words []string
	for i, k := range kinds {
		if i == shown {
			words = append(words, "others")
			break
		}
		words = append(words, fmt.Sprintf("%d × %s", count[k], k))
	}
	return strings.Join(words, ", ")
}

// Reader reads a file of the bundle. At the end it fails if the content is not
// what Open saw.
func (b *Bundle) Reader(name string) (io.Reader, error) {
	at, ok := b.at[name]
	if !ok {
		return nil, fmt.Errorf("internal error: no file %q in the bundle", name)
	}
	entry := b.Manifest.Files[at.index]
	return &checked{r: b.plain.section(at.offset, entry.Size), hash: sha256.New(), entry: entry}, nil
}

// Files returns the content, to be written out or sealed again: giving it to Seal is
// a rewrap, and the plaintext never leaves memory. The error is NotUnpacked.
func (b *Bundle) Files() ([]File, error) {
	if b.NotUnpacked != nil {
		return nil, b.NotUnpacked
	}
	files := make([]File, len(b.Manifest.Files))
	for i, f := range b.Manifest.Files {
		files[i] = File{Name: f.Name, Shares: f.Shares, Open: func() (io.ReadCloser, error) {
			r, err := b.Reader(f.Name)
			return io.NopCloser(r), err
		}}
	}
	return files, nil
}

// A checked reader compares the hash at the end.
type checked struct {
	r     io.Reader
	hash  hash.Hash
	entry Entry
	n     int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	if err == io.EOF && (c.n != c.entry.Size || hex.EncodeToString(c.hash.Sum(nil)) != c.entry.SHA256) {
		return n, fmt.Errorf("%w: %q", ErrChanged, c.entry.Name)
	}
	return n, err
}

// ReadFile returns a file of at most MaxReadFile bytes in memory.
func (b *Bundle) ReadFile(name string) (*secret.Bytes, error) {
	r, err := b.Reader(name)
	if err != nil {
		return nil, err
	}
	size := b.Manifest.Files[b.at[name].index].Size
	if size > MaxReadFile {
		return nil, fmt.Errorf("%w: %q has %d bytes, at most %d are read into memory", ErrTooLarge, name, size, int64(MaxReadFile))
	}
	s := secret.New(int(size))
	if _, err := io.ReadFull(r, s.Expose()); err != nil {
		s.Wipe()
		return nil, err
	}
	// The hash is compared at the end.
	if _, err := io.Copy(io.Discard, r); err != nil {
		s.Wipe()
		return nil, err
	}
	return s, nil
}
