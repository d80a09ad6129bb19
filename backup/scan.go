package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	tarBlock  = 512
	tarEnd    = 2 * tarBlock // zeros that end a tar
	maxTarEnd = 1 << 20      // zeros after it: tar fills up to a record
)

// scan reads the tar to the end of the plaintext, which authenticates all of it.
func (b *Bundle) scan() error {
	in := &position{r: b.plain.section(0, b.plain.size)}
	s := &scanner{in: in, tar: tar.NewReader(in), names: nameSet{}}
	err := s.entries()
	// Whatever was wrong: a file that does not authenticate is damaged, and
	// nothing that it said is worth repeating.
	if _, e := io.Copy(io.Discard, in); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	b.Manifest, b.Foreign = s.manifest, s.manifest == nil
	if b.Foreign {
		b.Manifest = &Manifest{Files: s.files}
	}
	b.at = make(map[string]span, len(s.files))
	for i, f := range s.files {
		b.at[f.Name] = span{s.offsets[i], int64(i)}
	}
	return nil
}

// A scanner reads the entries of a tar, and refuses all but plain files.
type scanner struct {
	in       *position
	tar      *tar.Reader
	manifest *Manifest // nil for a foreign tar
	names    nameSet   // of a foreign tar: nothing is reserved
	files    []Entry
	offsets  []int64
	count    int // headers, folders included
}

func (s *scanner) entries() error {
	for {
		end := s.in.n
		h, err := s.tar.Next()
		if err == io.EOF {
			return s.finish(end)
		}
		if err != nil {
			return s.malformed()
		}
		if s.count++; s.count > MaxFiles+2 {
			return fmt.Errorf("%w: more than %d files", ErrHostile, MaxFiles)
		}
		if err := s.entry(h); err != nil {
			return err
		}
	}
}

// malformed says why a tar cannot be read further.
func (s *scanner) malformed() error {
	if s.in.err != nil {
		return s.in.err
	}
	if s.count == 0 {
		return fmt.Errorf("%w: it opens, but what is inside is not a tar; age -d gives it as it is", ErrNotBundle)
	}
	return fmt.Errorf("%w: the tar inside is broken after %d entries", ErrDamaged, s.count)
}

func (s *scanner) entry(h *tar.Header) error {
	switch {
	case h.Typeflag == tar.TypeDir && s.manifest == nil:
		if h.Size != 0 {
			return fmt.Errorf("%w: folder %q has content", ErrHostile, brief(h.Name))
		}
		return checkPath(strings.TrimSuffix(h.Name, "/"))
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%w: %q is not a plain file", ErrHostile, brief(h.Name))
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return fmt.Errorf("%w: %q is a sparse file", ErrHostile, brief(h.Name))
		}
	}
	if s.count == 1 && h.Name == manifestName {
		return s.first(h)
	}
	if s.manifest == nil {
		return s.foreign(h)
	}
	return s.listed(h)
}

// first reads a manifest.json, which may be somebody else's.
func (s *scanner) first(h *tar.Header) error {
	if h.Size > maxManifest {
		return fmt.Errorf("%w: %s has %d bytes", ErrTooLarge, manifestName, h.Size)
	}
	offset := s.in.n
	data, err := io.ReadAll(s.tar)
	if err != nil {
		return s.malformed()
	}
	m, ours, err := parseManifest(data)
	if ours {
		s.manifest = m
		return err
	}
	return s.keep(h.Name, offset, h.Size, sha256.Sum256(data))
}

// listed checks an entry against the manifest.
func (s *scanner) listed(h *tar.Header) error {
	if s.count == 2 {
		if h.Name != readmeName || h.Size > maxReadme {
			return fmt.Errorf("%w: %q is where %s belongs", ErrHostile, brief(h.Name), readmeName)
		}
		return s.skip()
	}
	i := len(s.files)
	if i == len(s.manifest.Files) {
		return fmt.Errorf("%w: %q is not in the manifest", ErrHostile, brief(h.Name))
	}
	want := s.manifest.Files[i]
	if h.Name != want.Name || h.Size != want.Size {
		return fmt.Errorf("%w: %q of %d bytes is where the manifest has %q of %d", ErrHostile, brief(h.Name), h.Size, want.Name, want.Size)
	}
	offset := s.in.n
	sum, err := s.hash()
	if err != nil {
		return err
	}
	if hex.EncodeToString(sum[:]) != want.SHA256 {
		return fmt.Errorf("%w: the SHA-256 of %q is not the one in the manifest", ErrDamaged, want.Name)
	}
	s.files = append(s.files, want)
	s.offsets = append(s.offsets, offset)
	return nil
}

// foreign takes an entry of a tar without a manifest.
func (s *scanner) foreign(h *tar.Header) error {
	if err := checkPath(h.Name); err != nil {
		return err
	}
	offset := s.in.n
	sum, err := s.hash()
	if err != nil {
		return err
	}
	return s.keep(path.Base(h.Name), offset, h.Size, sum)
}

func (s *scanner) keep(name string, offset, size int64, sum [sha256.Size]byte) error {
	if why := s.names.add(name); why != "" {
		return fmt.Errorf("%w: file %q: %s", ErrHostile, brief(name), why)
	}
	s.files = append(s.files, Entry{Name: name, Size: size, SHA256: hex.EncodeToString(sum[:])})
	s.offsets = append(s.offsets, offset)
	return nil
}

// finish checks that the tar ends as tars do. end is where the last header ended.
func (s *scanner) finish(end int64) error {
	if s.in.err != nil {
		return s.in.err
	}
	if s.count == 0 {
		return s.malformed()
	}
	if s.manifest != nil && (s.count < 2 || len(s.files) != len(s.manifest.Files)) {
		return fmt.Errorf("%w: %d of the %d files in the manifest are missing", ErrDamaged, len(s.manifest.Files)-len(s.files), len(s.manifest.Files))
	}
	if s.in.n-end < tarEnd {
		return fmt.Errorf("%w: the tar inside has no end", ErrDamaged)
	}
	rest, err := io.ReadAll(io.LimitReader(s.in, maxTarEnd+1))
	if err != nil {
		return err
	}
	if len(rest) > maxTarEnd || len(bytes.Trim(rest, "\x00")) > 0 {
		return fmt.Errorf("%w: something follows the end of the tar", ErrHostile)
	}
	return nil
}

func (s *scanner) skip() error {
	_, err := s.hash()
	return err
}

// hash reads the current entry to its end.
func (s *scanner) hash() (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, s.tar); err != nil {
		return sum, s.malformed()
	}
	h.Sum(sum[:0])
	return sum, nil
}

// checkPath refuses a path that could lead out of the folder it is written to. Only
// its base name is used.
func checkPath(name string) error {
	if name == "." {
		return nil
	}
	clean := strings.TrimPrefix(name, "./")
	for part := range strings.SplitSeq(clean, "/") {
		if why := checkName(part); why != "" {
			return fmt.Errorf("%w: path %q: %s", ErrHostile, brief(name), why)
		}
	}
	return nil
}

// brief shortens a name from a tar, which may have a megabyte.
func brief(name string) string {
	const most = 100
	if len(name) > most {
		return name[:most] + "…"
	}
	return name
}

// A position counts what is read, and keeps the error.
type position struct {
	r   io.Reader
	n   int64
	err error
}

func (p *position) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return n, err
}
