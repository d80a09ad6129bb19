package strict_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lifeboat/internal/strict"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, make([]byte, 1024), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		if b, err := strict.ReadFile(p, 1024); err != nil || len(b) != 1024 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}
	_, err := strict.ReadFile(path, 1023)
	if !errors.Is(err, strict.ErrTooLong) || err.Error() != `"`+path+`" is longer than 1023 bytes` {
		t.Error(err)
	}
	_, err = strict.ReadFile(filepath.Join(dir, "a\x1b"), 1)
	if want := `couldn't stat "` + dir + `/a\x1b": no such file or directory`; !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err = strict.ReadFile(dir, 1); !errors.Is(err, strict.ErrNotRegular) || err.Error() != `"`+dir+`" is a folder: not a regular file` {
		t.Error(err)
	}
}

// A file may say that it is empty and still have bytes, or never end.
func TestReadFileWithoutSize(t *testing.T) {
	const path = "/proc/self/status"
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	if b, err := strict.ReadFile(path, 1<<20); err != nil || len(b) == 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := strict.ReadFile(path, 10); !errors.Is(err, strict.ErrTooLong) {
		t.Error(err)
	}
}
