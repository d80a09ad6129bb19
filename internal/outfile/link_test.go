//go:build unix

package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The way of systems that cannot rename without replacing.
func TestLinkNew(t *testing.T) {
	dir := t.TempDir()
	a, b, d, e := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "d"), filepath.Join(dir, "e")
	os.WriteFile(a, []byte("a"), 0o600)
	os.Symlink("nowhere", b)
	os.Mkdir(d, 0o700)
	for _, taken := range [][2]string{{a, b}, {a, d}, {d, a}, {d, b}} {
		if err := linkNew(taken[0], taken[1]); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%q: %v", taken, err)
		}
	}
	if err := linkNew(a, e); err != nil {
		t.Error(err)
	}
	if err := linkNew(d, a); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(e); string(got) != "a" || err != nil {
		t.Error(got, err)
	}
	if info, err := os.Lstat(a); err != nil || !info.IsDir() {
		t.Error(err)
	}
}
