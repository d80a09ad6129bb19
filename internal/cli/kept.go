package cli

import (
	"io"
	"io/fs"
	"math"
)

// kept is a file system whose files stay open, so that a process that was confined
// since can read them again, as they are by then. A file that was not there stays
// away, and a folder has in it what it had. It is for the few files that tell of the
// machine.
type kept struct {
	fs.FS
	files   map[string]keptFile
	folders map[string]keptFolder
}

type keptFolder struct {
	list []fs.DirEntry
	err  error
}

type keptFile struct {
	fs.File
	err error
}

func newKept(root fs.FS) *kept { return &kept{root, map[string]keptFile{}, map[string]keptFolder{}} }

// Open opens a file, or reads the one that is open from its beginning.
func (k *kept) Open(name string) (fs.File, error) {
	f, ok := k.files[name]
	if !ok {
		f.File, f.err = k.FS.Open(name)
		if f.err == nil {
			if info, err := f.Stat(); err == nil && info.IsDir() {
				return f.File, nil // a folder by itself tells nothing
			}
		}
		k.files[name] = f
	}
	if f.err != nil {
		return nil, f.err
	}
	return &reread{f.File, io.NewSectionReader(f.File.(io.ReaderAt), 0, math.MaxInt64)}, nil
}

// ReadDir lists a folder as it was the first time.
func (k *kept) ReadDir(name string) ([]fs.DirEntry, error) {
	f, ok := k.folders[name]
	if !ok {
		f.list, f.err = fs.ReadDir(k.FS, name)
		k.folders[name] = f
	}
	return f.list, f.err
}

// reread reads an open file from its beginning, and leaves it open.
type reread struct {
	fs.File
	from io.Reader
}

func (r *reread) Read(p []byte) (int, error) { return r.from.Read(p) }
func (r *reread) Close() error               { return nil }
