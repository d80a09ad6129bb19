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

// errNotTar is returned for content that is one file, and not a tar of them.
var errNotTar = errors.New("not a tar")

// scan reads the tar to the end of the plaintext, which authenticates all of it.
// Content that is no tar is one file of the given name.
func (b *Bundle) scan(name string) error {
	in := &position{r: b.plain.section(0, b.plain.size)}
	s := &scanner{in: in, tar: tar.NewReader(in), names: nameSet{}}
	err := s.entries()
	// Whatever was wrong: a file that does not authenticate is damaged, and
	// nothing that it said is worth repeating.
	if _, e := io.Copy(io.Discard, in); e != nil {
		return e
	}
	switch {
	case err == nil:
		b.Manifest, b.Foreign, b.NotUnpacked = s.manifest, s.manifest == nil, s.refused
	case errors.Is(err, errNotTar):
		b.Foreign = true
		if err := s.whole(b.plain, name); err != nil {
			return err
		}
	default:
		return err
	}
	if b.Foreign {
		b.Manifest = &Manifest{Files: s.files}
	}
	b.at = make(map[string]span, len(s.files))
	for i, f := range s.files {
		b.at[f.Name] = span{s.offsets[i], int64(i)}
	}
	return nil
}

// A scanner reads the plain files of a tar. In one with a manifest there must be
// nothing else; a foreign one with other entries is read, and not unpacked.
type scanner struct {
	in       *position
	tar      *tar.Reader
	manifest *Manifest // nil for a foreign tar
	names    nameSet   // of a foreign tar: nothing is reserved
	refused  error     // why a foreign tar is not unpacked
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
		return errNotTar
	}
	return fmt.Errorf("%w: the tar inside is broken after %d entries", ErrDamaged, s.count)
}

func (s *scanner) entry(h *tar.Header) error {
	why := notPlain(h)
	if s.manifest != nil {
		if why != nil {
			return fmt.Errorf("%w: %w", ErrHostile, why)
		}
		return s.listed(h)
	}
	switch {
	case h.Typeflag == tar.TypeDir && h.Size == 0:
		s.refuse(checkPath(strings.TrimSuffix(h.Name, "/")))
		return nil
	case why != nil: // a link is not followed, and holds nothing
		s.refuse(why)
		return nil
	case s.count == 1 && h.Name == manifestName:
		return s.first(h)
	}
	return s.foreign(h)
}

// notPlain says why an entry is no plain file.
func notPlain(h *tar.Header) error {
	if h.Typeflag != tar.TypeReg {
		return fmt.Errorf("%q is not a plain file", brief(h.Name))
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return fmt.Errorf("%q is a sparse file", brief(h.Name))
		}
	}
	return nil
}

// refuse keeps the first reason not to unpack the tar.
func (s *scanner) refuse(why error) {
	if s.refused == nil && why != nil {
		s.refused = fmt.Errorf("%w: %w", ErrNotUnpacked, why)
	}
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
	s.keep(h.Name, offset, h.Size, sha256.Sum256(data))
	return nil
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
	offset := s.in.n
	sum, err := s.hash()
	if err != nil {
		return err
	}
	s.keep(h.Name, offset, h.Size, sum)
	return nil
}

// keep notes a file under its base name or, if that is taken or cannot be written
// everywhere, under a name for people.
func (s *scanner) keep(full string, offset, size int64, sum [sha256.Size]byte) {
	err := checkPath(full)
	name := path.Base(full)
	if err == nil {
		if why := s.names.add(name); why != "" {
			err = fmt.Errorf("file %q: %s", brief(full), why)
		}
	}
	if err != nil {
		s.refuse(err)
		name = s.names.distinct(brief(full))
	}
	s.files = append(s.files, Entry{Name: name, Size: size, SHA256: hex.EncodeToString(sum[:])})
	s.offsets = append(s.offsets, offset)
}

// whole takes the content as one file.
func (s *scanner) whole(p *plaintext, name string) error {
	if p.size == 0 {
		return fmt.Errorf("%w: it opens, and nothing is inside", ErrNotBundle)
	}
	if checkName(name) != "" {
		name = "content"
	}
	h := sha256.New()
	if _, err := io.Copy(h, p.section(0, p.size)); err != nil {
		return err
	}
	s.files, s.offsets = nil, nil
	s.keep(name, 0, p.size, [sha256.Size]byte(h.Sum(nil)))
	return nil
}

// finish checks that the tar ends as tars do. end is where the last header ended.
func (s *scanner) finish(end int64) error {
	if s.in.err != nil {
		return s.in.err
	}
	if s.count == 0 {
		return fmt.Errorf("%w: it opens, and nothing is inside", ErrNotBundle)
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

// checkPath says why a path could lead out of the folder it is written to. Only
// its base name is used.
func checkPath(name string) error {
	if name == "." {
		return nil
	}
	clean := strings.TrimPrefix(name, "./")
	for part := range strings.SplitSeq(clean, "/") {
		if why := checkName(part); why != "" {
			return fmt.Errorf("path %q: %s", brief(name), why)
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
