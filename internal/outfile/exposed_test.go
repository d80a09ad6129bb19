//go:build unix

package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// made is a file with the mode that some driver gave it.
type made struct {
	fs.FileInfo
	mode fs.FileMode
}

func (m made) Mode() fs.FileMode { return m.mode }

// What counts is the mode that a file got. Others may write in the folder of a stick
// as they may in every other there; where modes mean something, that is refused.
func TestIsExposed(t *testing.T) {
	for _, c := range []struct {
		file, folder fs.FileMode
		exposed      bool
		err          error
	}{
		{0o600, 0o700, false, nil},
		{0o600, 0o755, false, nil},
		{0o600, 0o777, false, ErrSharedFolder},
		{0o600, 0o777 | fs.ModeSticky, false, nil},
		{0o700, 0o700, false, nil}, // FAT with umask=077
		{0o755, 0o755, true, nil},  // with umask=022
		{0o777, 0o777, true, nil},  // NTFS through FUSE
		{0o640, 0o750, true, nil},
		{fs.ModeDir | 0o777, 0o777, true, nil},
		{fs.ModeDir | 0o700, 0o777, false, ErrSharedFolder},
	} {
		dir := t.TempDir()
		if err := os.Chmod(dir, c.folder); err != nil {
			t.Fatal(err)
		}
		exposed, err := isExposed(filepath.Join(dir, "f"), made{mode: c.file})
		if exposed != c.exposed || !errors.Is(err, c.err) {
			t.Errorf("%v in %v: %v, %v", c.file, c.folder, exposed, err)
		}
	}
}

// A file that has taken the place of the one that was written is not read back.
func TestReadAtSwapped(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	f.Write([]byte("mine"))
	if err := os.Rename(f.temp, f.temp+"-old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.temp, []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := f.ReadAt(make([]byte, 4), 0); err == nil || n != 0 {
		t.Error(n, err)
	}
}

// A file system may lose what is in a folder that it renames.
func TestDirLoses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	d, err := Mkdir(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.temp, "f")); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder is there")
	}
}
