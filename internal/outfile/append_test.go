//go:build unix

package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A log grows, whatever mode it was given meanwhile, and follows no link.
func TestAppend(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	for _, text := range []string{"one\n", "two\n"} {
		f, err := Append(path)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(text)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		os.Chmod(path, 0o644)
	}
	if data, err := os.ReadFile(path); string(data) != "one\ntwo\n" {
		t.Errorf("%q, %v", data, err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "other"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dir} {
		if _, err := Append(path); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
	shared := filepath.Join(dir, "shared")
	if err := errors.Join(os.Mkdir(shared, 0o700), os.Chmod(shared, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := Append(filepath.Join(shared, "log")); !errors.Is(err, ErrSharedFolder) {
		t.Errorf("%v", err)
	}
	for _, path := range []string{filepath.Join(dir, "other"), filepath.Join(shared, "log")} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
}
