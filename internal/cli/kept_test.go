package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a file says now is read, although nothing can be opened any more; and what was
// not there stays away.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "route")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("none\n")
	k := newKept(os.DirFS(dir))
	listed := func() string {
		list, err := fs.Glob(k, "*")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(list, " ")
	}
	if got := listed(); got != "route" {
		t.Errorf("the folder has %q", got)
	}
	for _, want := range []string{"none\n", "a default route\n", "none\n"} {
		write(want)
		if got, err := fs.ReadFile(k, "route"); string(got) != want || err != nil {
			t.Errorf("%q, %v; not %q", got, err, want)
		}
	}
	if _, err := fs.ReadFile(k, "swaps"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.Rename(path, filepath.Join(dir, "swaps")); err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(k, "route"); string(got) != "none\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := fs.ReadFile(k, "swaps"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if list, err := fs.ReadDir(k, "."); len(list) != 1 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := listed(); got != "route" {
		t.Errorf("the folder had %q, and then %q", "route", got)
	}
}
