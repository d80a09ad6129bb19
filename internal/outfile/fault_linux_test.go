package outfile_test

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/outfile"
)

func mount(t *testing.T, options string, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("couldn't mount a small disk, which takes root: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := mount(t, "size=64k,mode=0700", 0)
	path := filepath.Join(dir, "f")
	if err := writeFile(path, make([]byte, 1<<20)); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	absent(t, dir)

	// A caller that overlooks the error must not get a file either.
	f, err := outfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(make([]byte, 1<<20))
	if err := f.Commit(); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	absent(t, dir)

	d, err := outfile.Mkdir(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := d.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 1<<20))
	if err := w.Commit(); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if d.Commit() == nil {
		t.Error("committed a folder without one of its files")
	}
	absent(t, dir)

	if err := writeFile(path, []byte("fits")); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	dir := mount(t, "mode=0700", unix.MS_RDONLY)
	if err := writeFile(filepath.Join(dir, "f"), nil); !errors.Is(err, unix.EROFS) {
		t.Error(err)
	}
}
