// Package archive finds files in a zip, a tar, a gzip file or a mail.
//
// It works in memory and looks one level deep: a zip in a zip is a single file. Nothing
// is written to disk, so a path in a name does no harm; links are not followed. What it
// reads is wiped.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"lifeboat/internal/secret"
)

// Errors of Walk. What was visited before the error is good.
var (
	ErrDamaged = errors.New("damaged or incomplete")
	ErrTooMuch = errors.New("more than is looked at")
	ErrUnread  = errors.New("of a kind that is not read")
)

// A Limit is how much is looked at in all archives together. Walk counts it down.
type Limit struct {
	Files int   // including whatever else an archive lists
	Bytes int64 // unpacked
	File  int64 // unpacked; a larger file is skipped
}

// NewLimit returns the limit for one file, or for the files of one bundle.
func NewLimit(largest int64) Limit { return Limit{Files: 10_000, Bytes: 64 << 20, File: largest} }

// visit is called for each file. data is wiped after it.
type visit func(name string, data []byte)

// kind is a way to put files into a file.
type kind struct {
	name string
	is   func(data []byte) bool
	walk func(data []byte, limit *Limit, v visit) error
}

// kinds are tried in this order.
var kinds = []kind{
	{"zip", begins("PK\x03\x04", "PK\x05\x06"), walkZip},
	{"gzip file", begins("\x1f\x8b\x08"), walkGzip},
	{"7z archive", begins("7z\xbc\xaf\x27\x1c"), nil},
	{"RAR archive", begins("Rar!\x1a\x07"), nil},
	{"xz file", begins("\xfd7zXZ\x00"), nil},
	{"bzip2 file", begins("BZh1", "BZh2", "BZh3", "BZh4", "BZh5", "BZh6", "BZh7", "BZh8", "BZh9"), nil},
	{"zstd file", begins("\x28\xb5\x2f\xfd"), nil},
	{"tar", isTar, walkTar},
	{"mail", isMail, walkMail},
}

func begins(marks ...string) func([]byte) bool {
	return func(data []byte) bool {
		for _, m := range marks {
			if bytes.HasPrefix(data, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func find(data []byte) *kind {
	for i := range kinds {
		if kinds[i].is(data) {
			return &kinds[i]
		}
	}
	return nil
}

// Kind says what kind of archive data is, or "" if it is none.
func Kind(data []byte) string {
	if k := find(data); k != nil {
		return k.name
	}
	return ""
}

// Walk visits the files in an archive. An error says what was not looked at.
func Walk(data []byte, limit *Limit, v func(name string, data []byte)) error {
	k := find(data)
	if k == nil {
		return ErrUnread
	}
	if k.walk == nil {
		return fmt.Errorf("a %s, %w", k.name, ErrUnread)
	}
	return k.walk(data, limit, v)
}

// entry counts something that an archive lists.
func (l *Limit) entry() error {
	if l.Files <= 0 {
		return fmt.Errorf("%w: too many files", ErrTooMuch)
	}
	l.Files--
	return nil
}

// read visits one file of at most l.File bytes, whatever size the archive states, and
// says if it was skipped.
func (l *Limit) read(name string, r io.Reader, size int64, v visit) (skipped bool, err error) {
	most := min(l.File, l.Bytes)
	buffer := make([]byte, 0, min(max(size, 0), most)+1) // one more than can be read, to see the end
	defer func() { secret.Wipe(buffer) }()
	for {
		if len(buffer) == cap(buffer) {
			larger := make([]byte, len(buffer), min(2*int64(cap(buffer)), most+1))
			copy(larger, buffer)
			secret.Wipe(buffer)
			buffer = larger
		}
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if int64(len(buffer)) > most {
			l.Bytes -= most
			if most < l.File {
				return true, fmt.Errorf("%w: too much when it is unpacked", ErrTooMuch)
			}
			return true, nil
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, reason(err)
		}
	}
	l.Bytes -= int64(len(buffer))
	v(name, buffer)
	return false, nil
}

// reason says why reading stopped: a limit, or damage.
func reason(err error) error {
	if errors.Is(err, ErrTooMuch) {
		return err
	}
	return ErrDamaged
}

// tooLarge says which file was too large to be looked at.
func (l *Limit) tooLarge(name string) error {
	return fmt.Errorf("%w: %q has more than %d MiB", ErrTooMuch, Short(name), l.File>>20)
}

// Short is a name from an archive for a message.
func Short(name string) string {
	const most = 100
	name = strings.ToValidUTF8(name, "\ufffd")
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

func walkZip(data []byte, limit *Limit, v visit) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return ErrDamaged
	}
	var rest error // why something was not looked at
	for _, f := range z.File {
		if err := limit.entry(); err != nil {
			return err
		}
		const encrypted = 1
		switch {
		case f.FileInfo().IsDir() || !f.Mode().IsRegular():
			continue
		case f.Flags&encrypted != 0:
			rest = cmp.Or(rest, fmt.Errorf("%w: %q in it is encrypted", ErrUnread, Short(f.Name)))
			continue
		}
		r, err := f.Open()
		if errors.Is(err, zip.ErrAlgorithm) {
			rest = cmp.Or(rest, fmt.Errorf("%w: %q in it is packed with an unsupported method", ErrUnread, Short(f.Name)))
			continue
		}
		if err != nil {
			rest = cmp.Or(rest, ErrDamaged)
			continue
		}
		skipped, err := limit.read(f.Name, r, int64(min(f.UncompressedSize64, math.MaxInt64)), v)
		r.Close()
		if errors.Is(err, ErrTooMuch) {
			return err
		}
		if skipped {
			err = limit.tooLarge(f.Name)
		}
		rest = cmp.Or(rest, err)
	}
	return rest
}

func isTar(data []byte) bool {
	_, err := tar.NewReader(bytes.NewReader(data)).Next()
	return err == nil
}

func walkTar(data []byte, limit *Limit, v visit) error {
	return walkTarReader(bytes.NewReader(data), limit, v)
}

func walkTarReader(r io.Reader, limit *Limit, v visit) error {
	var rest error
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return rest
		}
		if err != nil {
			return reason(err)
		}
		if err := limit.entry(); err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg { // a link holds nothing
			continue
		}
		skipped, err := limit.read(h.Name, t, h.Size, v)
		if err != nil {
			return err
		}
		if skipped {
			rest = cmp.Or(rest, limit.tooLarge(h.Name))
		}
	}
}

// walkGzip unpacks one file, which may be a tar.
func walkGzip(data []byte, limit *Limit, v visit) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return ErrDamaged
	}
	// A tar may be larger than the largest file that is looked at, so it is recognised
	// by its head.
	head := make([]byte, 16<<10)
	n, err := io.ReadFull(z, head)
	defer secret.Wipe(head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return ErrDamaged
	}
	unpacked := io.MultiReader(bytes.NewReader(head[:n]), z)
	if isTar(head[:n]) {
		b := &bounded{unpacked, limit.Bytes}
		err := walkTarReader(b, limit, v)
		limit.Bytes = min(limit.Bytes, b.left) // what was skipped had to be unpacked, too
		return err
	}
	if err := limit.entry(); err != nil {
		return err
	}
	name := path.Base(z.Name)
	if z.Name == "" {
		name = "content"
	}
	skipped, err := limit.read(name, unpacked, 0, v)
	if skipped && err == nil {
		err = limit.tooLarge(name)
	}
	return err
}

// A bounded reader fails after that many bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: too much when it is unpacked", ErrTooMuch)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
