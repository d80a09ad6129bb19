package strict_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

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

// Each way of reading notices that the file is no more what was opened.
func TestChanged(t *testing.T) {
	changes := map[string]func(path string) error{
		"cut": func(path string) error { return os.Truncate(path, 500) },
		"longer": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteString("x")
			return err
		},
		"written anew": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)) },
		"as it was":    func(string) error { return nil },
	}
	reads := map[string]func(f *strict.File, p []byte) (int, error){
		"in turn":        func(f *strict.File, p []byte) (int, error) { return f.Read(p) },
		"at an offset":   func(f *strict.File, p []byte) (int, error) { return f.ReadAt(p, 100) },
		"to its end":     func(f *strict.File, p []byte) (int, error) { return f.ReadAt(p, 400) },
		"beyond its end": func(f *strict.File, p []byte) (int, error) { return f.ReadAt(p, 1000) },
		"all of it": func(f *strict.File, _ []byte) (int, error) {
			n, err := io.Copy(io.Discard, f)
			return int(n), err
		},
	}
	for change, apply := range changes {
		for name, read := range reads {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, make([]byte, 1000), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := strict.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 100)
			if n, err := f.Read(p); n != 100 || err != nil || f.Size() != 1000 {
				t.Fatal(n, err)
			}
			if err := apply(path); err != nil {
				t.Fatal(err)
			}
			n, err := read(f, p)
			f.Close()
			if changed := errors.Is(err, strict.ErrChanged); changed != (change != "as it was") || changed && n != 0 && name != "all of it" {
				t.Errorf("%s, read %s: %d bytes, %v", change, name, n, err)
			}
		}
	}
}

func TestSHA256(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum, err := strict.SHA256(path); err != nil || sum != sha256.Sum256([]byte("abc")) {
		t.Errorf("%x, %v", sum, err)
	}
	if _, err := strict.SHA256(path + "x"); !errors.Is(err, fs.ErrNotExist) {
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
