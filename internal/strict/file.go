package strict

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

var (
	// ErrNotRegular is wrapped by the errors of Open and ReadFile for a folder, a
	// pipe, a device or a socket.
	ErrNotRegular = errors.New("not a regular file")

	// ErrTooLong is wrapped by the errors about a file or document over its limit.
	ErrTooLong = errors.New("too long")

	// ErrChanged is wrapped by the errors about a file that is not what it was when
	// it was opened.
	ErrChanged = errors.New("it changed while it was read; copy it to where nothing writes, and read the copy")
)

// A File is a regular file that is read. Part of an old file and part of a new one must
// not pass for a whole, so each read fails once the file's size or time is not what it
// was when it was opened.
type File struct {
	f     *os.File
	path  string
	size  int64
	mtime time.Time
}

// Size is the size of the file, in bytes.
func (f *File) Size() int64 { return f.size }

// Read reads what comes next.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.f.Read(p)
	return f.checked(n, err)
}

// ReadAt reads at an offset.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.f.ReadAt(p, offset)
	return f.checked(n, err)
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// checked returns what a read returned, or that the file changed.
func (f *File) checked(n int, err error) (int, error) {
	if err != nil && !errors.Is(err, io.EOF) {
		return n, err
	}
	info, failed := f.f.Stat()
	if failed == nil && (info.Size() != f.size || !info.ModTime().Equal(f.mtime)) {
		failed = &fs.PathError{Op: "read", Path: f.path, Err: ErrChanged}
	}
	if failed != nil {
		return 0, failed // nobody should use what was read before looking at the error
	}
	return n, err
}

// notRegular names what a path may lead to instead of a file.
var notRegular = []struct {
	mode fs.FileMode
	name string
}{
	{fs.ModeDir, "a folder"},
	{fs.ModeNamedPipe, "a pipe"},
	{fs.ModeSocket, "a socket"},
	{fs.ModeDevice, "a device"},
}

// Open opens a regular file for reading. It follows symbolic links, and neither
// waits for a pipe nor touches a device.
func Open(path string) (*File, error) {
	// Opening some devices has effects, so look first. What is there may have
	// changed by the time it is open, so look again.
	info, err := os.Stat(path)
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		return nil, pathError(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, pathError(path, err)
	}
	info, err = f.Stat()
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, pathError(path, err)
	}
	return &File{f, path, info.Size(), info.ModTime()}, nil
}

// ReadFile reads a regular file of at most limit bytes. The bytes are in one
// buffer, which the caller may wipe; no other copy is made while the file keeps
// its size.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.size > limit {
		return nil, fmt.Errorf("%q is %w", path, tooLong(limit))
	}
	var b bytes.Buffer
	b.Grow(int(f.size) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, pathError(path, err)
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("%q is %w", path, tooLong(limit))
	}
	return b.Bytes(), nil
}

// SHA256 returns the hash of a regular file of any size.
func SHA256(path string) (sum [sha256.Size]byte, err error) {
	f, err := Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, pathError(path, err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

func checkRegular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	for _, kind := range notRegular {
		if info.Mode()&kind.mode != 0 {
			return fmt.Errorf("%q is %s: %w", path, kind.name, ErrNotRegular)
		}
	}
	return fmt.Errorf("%q is %w", path, ErrNotRegular)
}

// pathError quotes the path in the errors of package os.
func pathError(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("couldn't %s %q: %w", p.Op, path, p.Err)
	}
	return err
}

type lengthError int64

func tooLong(limit int64) error { return lengthError(limit) }

func (e lengthError) Error() string {
	switch n := int64(e); {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("longer than %d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("longer than %d KiB", n>>10)
	default:
		return fmt.Sprintf("longer than %d bytes", n)
	}
}

func (e lengthError) Is(target error) bool { return target == ErrTooLong }
