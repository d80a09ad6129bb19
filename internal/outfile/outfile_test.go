package outfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lifeboat/internal/outfile"
)

// absent checks that the folder has no files but those named.
func absent(t *testing.T, dir string, but ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), strings.Join(but, " "); got != want {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.age")
	f, err := outfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"one ", "two"} {
		if n, err := f.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	left := outfile.Leftovers(dir)
	if len(left) != 1 {
		t.Fatalf("before Commit there is %q", left)
	}
	if err := outfile.CheckName(filepath.Base(left[0])); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the name appeared before Commit")
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if b, err := os.ReadFile(path); string(b) != "one two" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if f.Commit() == nil {
		t.Error("committed twice")
	}
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("wrote after Commit")
	}
	absent(t, dir, "out.age")
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	f, err := outfile.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("x"))
	f.Abort()
	f.Abort()
	if f.Commit() == nil {
		t.Error("committed after Abort")
	}
	absent(t, dir)
}

// Abort comes from a signal handler, at any time.
func TestAbortBesideCommit(t *testing.T) {
	for range 50 {
		dir := t.TempDir()
		f, err := outfile.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("x"))
		var committed error
		var wait sync.WaitGroup
		wait.Go(func() { committed = f.Commit() })
		wait.Go(f.Abort)
		wait.Wait()
		if committed == nil {
			absent(t, dir, "out")
		} else {
			absent(t, dir)
		}
	}
}

func TestNeverReplaces(t *testing.T) {
	for name, occupy := range map[string]func(path string) error{
		"file":             func(path string) error { return os.WriteFile(path, []byte("old"), 0o600) },
		"folder":           func(path string) error { return os.Mkdir(path, 0o700) },
		"dangling symlink": func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "target"), path) },
		"symlink":          func(path string) error { return os.Symlink(os.DevNull, path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out")

			// Taken between Create and Commit.
			f, err := outfile.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			d, err := outfile.Mkdir(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := occupy(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			if err := f.Commit(); !errors.Is(err, outfile.ErrExists) {
				t.Errorf("file: %v", err)
			}
			if err := d.Commit(); !errors.Is(err, outfile.ErrExists) {
				t.Errorf("folder: %v", err)
			}

			// Taken from the start.
			if _, err := outfile.Create(path); !errors.Is(err, outfile.ErrExists) {
				t.Error(err)
			}
			if _, err := outfile.Mkdir(path); !errors.Is(err, outfile.ErrExists) {
				t.Error(err)
			}
			if _, err := outfile.Mkdir(path + "/"); !errors.Is(err, outfile.ErrExists) {
				t.Error(err)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("replaced: %v", err)
			}
			absent(t, dir, "out")
		})
	}
}

func TestCommitAll(t *testing.T) {
	dir := t.TempDir()
	start := func(names ...string) (files []*outfile.File) {
		for _, name := range names {
			f, err := outfile.Create(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(f.Abort)
			files = append(files, f)
		}
		return files
	}
	if err := outfile.CommitAll(start("a", "b")...); err != nil {
		t.Error(err)
	}
	absent(t, dir, "a", "b")
	files := start("c", "d", "e")
	if err := os.WriteFile(filepath.Join(dir, "d"), nil, 0o600); err != nil { // since the check
		t.Fatal(err)
	}
	if err := outfile.CommitAll(files...); !errors.Is(err, outfile.ErrExists) {
		t.Error(err)
	}
	files[2].Abort()
	absent(t, dir, "a", "b", "d")
}

func TestRefusesFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := outfile.Create(filepath.Join(dir, "none", "out")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	if err := writeFile(file, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := outfile.Create(filepath.Join(file, "out")); err == nil {
		t.Error("created a file below a file")
	}
	if _, err := outfile.Create(""); err == nil {
		t.Error("created a file without a name")
	}
	absent(t, dir, "file")
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	d, err := outfile.Mkdir(path + "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.json", "b.csv"} {
		w, err := d.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(name))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Create("a.json"); !errors.Is(err, outfile.ErrExists) || !strings.Contains(err.Error(), strconv.Quote(filepath.Join(path, "a.json"))) {
		t.Errorf("a second file of one name: %v", err)
	}
	for _, name := range []string{"", "..", "../x", "a:b"} {
		if _, err := d.Create(name); err == nil {
			t.Errorf("created %q", name)
		}
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the folder appeared before Commit")
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	d.Abort()
	absent(t, dir, "out")
	absent(t, path, "a.json", "b.csv")
	if b, err := os.ReadFile(filepath.Join(path, "b.csv")); !bytes.Equal(b, []byte("b.csv")) || err != nil {
		t.Error(b, err)
	}
	if d.Commit() == nil {
		t.Error("committed twice")
	}
	if _, err := d.Create("c"); err == nil {
		t.Error("created a file after Commit")
	}
}

// Files that are finished together are all there, or the folder is not.
func TestDirFinish(t *testing.T) {
	for _, taken := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out")
		d, err := outfile.Mkdir(path)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprintf("%03d", i))
			w, err := d.Create(names[i])
			if err != nil {
				t.Fatal(err)
			}
			w.Write([]byte(names[i]))
			if taken && i == 97 {
				if err := os.WriteFile(filepath.Join(outfile.Leftovers(dir)[0], names[i]), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Finish(w); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Sync(); taken != errors.Is(err, outfile.ErrExists) || !taken && err != nil {
			t.Errorf("%t: %v", taken, err)
		}
		if err := d.Commit(); taken != (err != nil) {
			t.Errorf("%t: %v", taken, err)
		}
		if taken {
			absent(t, dir)
			continue
		}
		absent(t, path, names...)
		if b, err := os.ReadFile(filepath.Join(path, "099")); string(b) != "099" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
}

func TestDirIncomplete(t *testing.T) {
	dir := t.TempDir()
	for _, end := range []func(*outfile.Dir) error{
		(*outfile.Dir).Commit,
		func(d *outfile.Dir) error { d.Abort(); return d.Commit() },
	} {
		d, err := outfile.Mkdir(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := d.Create("a")
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("half"))
		if end(d) == nil {
			t.Error("committed a folder with half a file")
		}
		absent(t, dir)
		if w.Commit() == nil {
			t.Error("committed a file of a folder that is gone")
		}
		absent(t, dir)
	}
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".lifeboat-0123456789abcdef.tmp", ".lifeboat-x.tmp", "lifeboat", ".tmp"} {
		os.WriteFile(filepath.Join(dir, name), nil, 0o600)
	}
	if got := outfile.Leftovers(dir); len(got) != 1 || filepath.Base(got[0]) != ".lifeboat-0123456789abcdef.tmp" {
		t.Errorf("%q", got)
	}
	if got := outfile.Leftovers(filepath.Join(dir, "none")); got != nil {
		t.Errorf("%q", got)
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"a", "root.json", ".hidden", "recovery-secrets-node_1.json", "COM10", "CONSOLE", "com", "é", strings.Repeat("x", 255), "a b"} {
		if err := outfile.CheckName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "a/b", `a\b`, "a:b", "a*", "a?", `a"`, "<a", "a>", "a|b", "a\x00", "a\n", "a\x7f", "a\u0085", "a.", "a ", "a. .",
		"con", "CON.txt", "nul.tar.gz", "Com1", "lpt9.age", "COM¹", "aux .txt", "CONIN$", "a\xff", strings.Repeat("x", 256),
	} {
		if err := outfile.CheckName(bad); err == nil {
			t.Errorf("%q is said to be legal", bad)
		} else if len(err.Error()) > 200 || strings.ContainsAny(err.Error(), "\x00\n\x7f") {
			t.Errorf("%q", err)
		}
	}
}

// writeFile creates a file with the bytes of data.
func writeFile(path string, data []byte) error {
	f, err := outfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}
