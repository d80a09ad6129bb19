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
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

var (
	// ErrExists is wrapped by the errors about an output whose name is taken, whether by
	// a file, a folder or a symbolic link that leads nowhere.
	ErrExists = errors.New("already exists, and nothing is ever overwritten")

	// ErrSharedFolder is wrapped by the errors about a folder in which other users
	// may rename files.
	ErrSharedFolder = errors.New("other users may write there")

	// ErrExposed is wrapped by the errors about secrets that would go to a folder in which
	// other users can read every file.
	ErrExposed = errors.New("other users could read it: its file system keeps no modes")

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
	exposed           bool
	inside            bool // a Dir, which makes its name durable

	mu        sync.Mutex
	f         *os.File // nil when committed or aborted
	back      *os.File // for ReadAt; nil before
	fail      error    // the first failure of Write or sync
	synced    bool     // since the last Write
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
	temp := temporary(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return nil, failed("create", shown, err)
	}
	out := &File{path: path, shown: shown, temp: temp, f: f}
	if out.exposed, err = makePrivate(f, path); err != nil {
		out.Abort()
		return nil, failed("create", shown, err)
	}
	return out, nil
}

// makePrivate gives a file that was opened at path its mode, and reports whether other
// users can read it all the same.
func makePrivate(f *os.File, path string) (exposed bool, err error) {
	// The umask may have taken away more than it should. Success proves nothing, and a
	// stick without modes may fail harmlessly: what counts is the mode that results.
	err = f.Chmod(0o600)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) && runtime.GOOS != "windows" {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	return isExposed(path, info)
}

// Exposed reports whether other users may read the file, since its file system keeps
// no modes, as FAT, NTFS and network drives do. Mounted with umask=077 they give
// every file a private one.
func (f *File) Exposed() bool { return f.exposed }

// Write appends p. After a failure the file cannot be committed.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return 0, errDone
	}
	f.synced = false
	n, err := f.f.Write(p)
	if err != nil {
		f.fail = failed("write", f.shown, err)
		return n, f.fail
	}
	return n, nil
}

// ReadAt reads what was written, so that it can be checked before Commit. It opens
// the file again: a driver for sticks may not give back what was just written
// through the same descriptor.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return 0, errDone
	}
	if f.back == nil {
		if err := f.openBack(); err != nil {
			return 0, failed("read", f.shown, err)
		}
	}
	n, err := f.back.ReadAt(p, offset)
	if err != io.EOF {
		err = failed("read", f.shown, err)
	}
	return n, err
}

func (f *File) openBack() error {
	back, err := os.OpenFile(f.temp, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return err
	}
	written, err := f.f.Stat()
	if err == nil {
		var found fs.FileInfo
		if found, err = back.Stat(); err == nil && !os.SameFile(written, found) {
			err = errors.New("another file has taken its place")
		}
	}
	if err != nil {
		back.Close()
		return err
	}
	f.back = back
	return nil
}

// close closes the file, and returns what the system says about the writes.
func (f *File) close() error {
	err := f.f.Close()
	f.f = nil
	if f.back != nil {
		f.back.Close()
	}
	return err
}

// sync waits until what was written is on the disk.
func (f *File) sync() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncLocked()
}

func (f *File) syncLocked() {
	if f.f != nil && f.fail == nil && !f.synced {
		f.fail, f.synced = failed("write", f.shown, f.f.Sync()), true
	}
}

// Commit gives the file its name, once all of it is on the disk. If it fails
// there is no file, under either name.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return errDone
	}
	f.syncLocked()
	err := f.fail
	if closed := f.close(); err == nil {
		err = failed("write", f.shown, closed)
	}
	if err == nil {
		err = publish(f.temp, f.path, f.shown)
	}
	if err == nil && !f.inside {
		syncFolder(filepath.Dir(f.path))
	}
	if err != nil {
		os.Remove(f.temp)
	}
	f.committed = err == nil
	return err
}

// Abort removes the file. It does nothing after Commit or Abort.
func (f *File) Abort() { f.Withdraw() }

// Withdraw is Abort for a file that was begun only to see whether it can be made. It
// returns what the system says; Abort then tries once more.
func (f *File) Withdraw() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.committed || f.temp == "" {
		return nil
	}
	var err error
	if f.f != nil {
		err = f.close()
	}
	if removed := os.Remove(f.temp); removed == nil {
		f.temp = ""
	} else if err == nil {
		err = removed
	}
	return failed("create", f.shown, err)
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

// publish renames temp to path.
func publish(temp, path, shown string) error {
	if err := renameNew(temp, path); errors.Is(err, fs.ErrExist) {
		return exists(shown)
	} else if err != nil {
		return failed("name", shown, err)
	}
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

// isExposed reports whether what was made for path did not get a private mode. Where
// modes mean something, it refuses a folder in which others could swap the file for
// theirs. On Windows they mean nothing: files inherit the access rights of folders.
func isExposed(path string, made fs.FileInfo) (bool, error) {
	if runtime.GOOS == "windows" {
		return false, nil
	}
	if made.Mode().Perm()&0o077 != 0 {
		return true, nil
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o022 == 0 || info.Mode()&fs.ModeSticky != 0 {
		return false, err
	}
	return false, fmt.Errorf("%w; run chmod go-w on %q or choose another folder", ErrSharedFolder, dir)
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
