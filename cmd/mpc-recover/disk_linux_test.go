package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lifeboat/internal/story"
)

// Every line that writes, on disks that are full or locked, and where names are
// taken by links: of the programs as they are released.
func TestDisks(t *testing.T) {
	s := newStage(t, story.Programs)
	for name, w := range everyWrite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("links", func(t *testing.T) { s.links(t, &w) })
			for _, free := range []int{0, 8 << 10} {
				t.Run(fmt.Sprintf("full but for %d bytes", free), func(t *testing.T) { s.full(t, &w, free) })
			}
			t.Run("no more files", func(t *testing.T) { s.noFiles(t, &w) })
			t.Run("locked", func(t *testing.T) { s.locked(t, &w) })
			t.Run("locked inputs", func(t *testing.T) { s.lockedInputs(t, &w) })
		})
	}
}

// mount puts a small file system on a folder.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=700,"+options); err != nil {
		t.Skipf("couldn't mount a small disk, which takes root: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

// lock makes a disk read-only. A program that another test starts just now has the
// files that were written to it open until it is executed, so the disk may be busy.
func lock(t *testing.T, dir string) {
	t.Helper()
	err := error(unix.EBUSY)
	for tries := 0; errors.Is(err, unix.EBUSY) && tries < 500; tries++ {
		if tries > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		err = unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, "mode=700")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// refused runs a line that cannot write, and checks that it says so and leaves
// nothing.
func (s *stage) refused(t *testing.T, w *writes, dir, why string) {
	t.Helper()
	before := readTree(t, dir)
	r := s.run(t, dir, w.line)
	added := readTree(t, dir).without(t, before)
	s.quiet(t, w, r, added)
	refused(t, r, added)
	if !strings.Contains(r.stderr, why) {
		t.Errorf("it does not say %q: %s", why, r.stderr)
	}
}

// refused checks that a run could not be done, says so with a hint, and has left
// nothing.
func refused(t *testing.T, r result, added tree) {
	t.Helper()
	if r.code != 1 || !strings.Contains(r.stderr, ": error: ") || !strings.Contains(r.stderr, ": hint: ") {
		t.Errorf("exit status %d: %s", r.code, r.stderr)
	}
	if strings.Contains(r.stderr, ".lifeboat-") {
		t.Errorf("it names a temporary name: %s", r.stderr)
	}
	for name := range added {
		t.Errorf("%s was left behind", name)
	}
}

func (s *stage) full(t *testing.T, w *writes, free int) {
	dir := t.TempDir()
	mount(t, dir, "size=4m")
	s.copyTo(t, dir)
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4<<10))
	}
	f.Close()
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if free == 0 {
		s.refused(t, w, dir, "no space left")
		return
	}
	info, err := os.Stat(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Name(), info.Size()-int64(free)); err != nil {
		t.Fatal(err)
	}
	before := readTree(t, dir)
	r := s.run(t, dir, w.line)
	added := readTree(t, dir).without(t, before)
	if r.code != 0 { // else it fits
		refused(t, r, added)
		return
	}
	if got := w.sort(t, dir, added); len(got.outputs) != len(w.outputs) || len(got.rest) > 0 {
		t.Errorf("it says that all is well, and leaves %q and %q", got.outputs, got.rest)
	}
}

func (s *stage) noFiles(t *testing.T, w *writes) {
	dir := t.TempDir()
	mount(t, dir, "size=4m,nr_inodes=200")
	s.copyTo(t, dir)
	var err error
	for i := 0; err == nil; i++ {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprint("ballast", i)), nil, 0o600)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	s.refused(t, w, dir, "no space left")
}

func (s *stage) locked(t *testing.T, w *writes) {
	dir := t.TempDir()
	mount(t, dir, "size=4m")
	s.copyTo(t, dir)
	lock(t, dir)
	s.refused(t, w, dir, "read-only file system")
}

// lockedInputs runs a line whose inputs are on a locked disk, and its outputs on
// another. A ceremony's folder is both, so that it is carried on an open one.
func (s *stage) lockedInputs(t *testing.T, w *writes) {
	dir := t.TempDir()
	mount(t, dir, "size=4m")
	s.copyTo(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "s0"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		open := filepath.Join(dir, folder)
		mount(t, open, "size=1m")
		if folder == "out" || folder == "s0" {
			continue
		}
		if err := os.CopyFS(open, os.DirFS(filepath.Join(s.dir, folder))); err != nil {
			t.Fatal(err)
		}
		private(t, open)
	}
	lock(t, dir)
	before := readTree(t, dir)
	if r := s.run(t, dir, w.line); r.code != 0 {
		t.Fatalf("exit status %d: %s", r.code, r.stderr)
	}
	added := readTree(t, dir).without(t, before)
	if got := w.sort(t, dir, added); len(got.outputs) != len(w.outputs) || len(got.rest) > 0 {
		t.Errorf("it leaves %q and %q", got.outputs, got.rest)
	}
}

// links takes the name of each output in turn, by a link to a file and by one
// that leads nowhere.
func (s *stage) links(t *testing.T, w *writes) {
	for _, target := range []string{"note.txt", "nowhere"} {
		for _, o := range w.outputs {
			dir := s.copy(t)
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(o)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../"+target, filepath.Join(dir, o)); err != nil {
				t.Fatal(err)
			}
			before := readTree(t, dir)
			r := s.run(t, dir, w.line)
			// What is in a ceremony's folder is read first, and is no message; an answer is not.
			if want := map[bool]int{true: 4, false: 1}[strings.HasPrefix(o, "out/") || strings.HasPrefix(o, "s4/")]; r.code != want && !(want == 1 && r.code == 3) {
				t.Errorf("%s is a link to %s: exit status %d: %s", o, target, r.code, r.stderr)
			}
			for name := range readTree(t, dir).without(t, before) {
				t.Errorf("%s is a link to %s: %s was left behind", o, target, name)
			}
		}
	}
}
