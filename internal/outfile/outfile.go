// Package outfile creates files that are new, private, and complete or absent.
//
// A file is written under a temporary name in its own folder, synced, and then
// renamed without replacing anything. A process that is killed may leave the
// temporary name behind, which Leftovers finds.
package outfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

var (
	// ErrExists is wrapped by the errors about an output whose name is taken, be
	// it by a file, a folder or a symbolic link that leads nowhere.
	ErrExists = errors.New("already exists, and nothing is ever overwritten")

	// ErrSharedFolder is wrapped by the errors about a folder in which other users
	// may rename files.
	ErrSharedFolder = errors.New("other users may write there")

	errDone = errors.New("internal error: the output was committed or aborted before")
)

// A temporary name is prefix, 16 hex digits and suffix: legal on FAT, hidden
// elsewhere.
const (
	prefix = ".lifeboat-"
	suffix = ".tmp"
)

// A File is an output that has no name yet. Its methods may be called from
// several goroutines, and Abort from a signal handler's.
type File struct {
	path, shown, temp string

	mu        sync.Mutex
	f         *os.File // nil when committed or aborted
	fail      error    // the first failure of Write
	committed bool
}

// Create starts a new file that is to be called path. Its mode is 0600.
func Create(path string) (*File, error) { return create(path, path) }

// create is Create with a name for errors, since a Dir's files are not yet where
// they will be.
func create(path, shown string) (*File, error) {
	if err := checkNew(path, shown); err != nil {
		return nil, err
	}
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	temp := temporary(path)
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return nil, failed("create", shown, err)
	}
	out := &File{path: path, shown: shown, temp: temp, f: f}
	// The umask may have taken more away than it should.
	if err := f.Chmod(0o600); err != nil && runtime.GOOS != "windows" && !OnFAT(filepath.Dir(path)) {
		out.Abort()
		return nil, failed("create", shown, err)
	}
	return out, nil
}

// Write appends p. After a failure the file cannot be committed.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return 0, errDone
	}
	n, err := f.f.Write(p)
	if err != nil {
		f.fail = failed("write", f.shown, err)
		return n, f.fail
	}
	return n, nil
}

// ReadAt reads what was written, so that it can be checked before Commit.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return 0, errDone
	}
	return f.f.ReadAt(p, offset)
}

// Commit gives the file its name, once all of it is on the disk. If it fails
// there is no file, under either name.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return errDone
	}
	err := f.fail
	if err == nil {
		err = failed("write", f.shown, f.f.Sync())
	}
	if closed := f.f.Close(); err == nil {
		err = failed("write", f.shown, closed)
	}
	f.f = nil
	if err == nil {
		err = publish(f.temp, f.path, f.shown)
	}
	if err != nil {
		os.Remove(f.temp)
	}
	f.committed = err == nil
	return err
}

// Abort removes the file. It does nothing after Commit or Abort.
func (f *File) Abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f != nil {
		f.f.Close()
		f.f = nil
		os.Remove(f.temp)
	}
}

// CommitAll gives several files their names, in that order, or none of them: a
// crash between two of them leaves the first ones.
func CommitAll(files ...*File) error {
	for i, f := range files {
		if err := f.Commit(); err != nil {
			for _, done := range files[:i] {
				os.Remove(done.path)
			}
			return err
		}
	}
	return nil
}

// named reports whether the file was committed.
func (f *File) named() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.committed
}

// Leftovers returns the temporary names in the folder dir that a killed run left,
// or that another one is still writing.
func Leftovers(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var left []string
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), prefix)
		if middle, isTemp := strings.CutSuffix(middle, suffix); ok && isTemp && len(middle) == 16 {
			left = append(left, filepath.Join(dir, e.Name()))
		}
	}
	return left
}

// temporary returns a new name in the folder of path.
func temporary(path string) string {
	random := make([]byte, 8)
	rand.Read(random)
	return filepath.Join(filepath.Dir(path), prefix+hex.EncodeToString(random)+suffix)
}

// publish renames temp to path and waits until the disk knows.
func publish(temp, path, shown string) error {
	if err := renameNew(temp, path); errors.Is(err, fs.ErrExist) {
		return exists(shown)
	} else if err != nil {
		return failed("name", shown, err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// CheckNew refuses a path at which there is something, before work is done for
// an output there.
func CheckNew(path string) error { return checkNew(path, path) }

func checkNew(path, shown string) error {
	if path == "" {
		return errors.New("the output has no name")
	}
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) {
		path = filepath.Clean(path)
	}
	if _, err := os.Lstat(path); err == nil {
		return exists(shown)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return failed("create", shown, err)
	}
	return nil
}

// checkFolder refuses a folder in which others could swap the file for theirs.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return failed("use folder", dir, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%q is not a folder", dir)
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o022 == 0 || info.Mode()&fs.ModeSticky != 0 || OnFAT(dir) {
		return nil
	}
	return fmt.Errorf("couldn't create anything in %q: %w; run chmod go-w on it or choose another folder", dir, ErrSharedFolder)
}

func exists(path string) error { return fmt.Errorf("output %q %w", path, ErrExists) }

// Hint says what to do if err comes from a disk that is full, locked or broken,
// and nothing otherwise.
func Hint(err error) string {
	for _, advice := range []struct {
		causes []error
		hint   string
	}{
		{noSpace, "make room there, or write to another disk; nothing is left of the output"},
		{readOnly, "unlock the stick, or write to another disk"},
		{broken, "the disk or the stick may be failing, or was pulled out: use another one"},
	} {
		for _, cause := range advice.causes {
			if errors.Is(err, cause) {
				return advice.hint
			}
		}
	}
	return ""
}

// failed describes a failure without the temporary name; nil stays nil.
func failed(what, path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	return fmt.Errorf("couldn't %s %q: %w", what, path, err)
}
