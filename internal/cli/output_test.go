package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lifeboat/internal/outfile"
)

var errNo = errors.New("no")

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// tree reads a folder and those in it.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, err := os.ReadFile(path)
			all[strings.TrimPrefix(path, dir+"/")] = string(b)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// damage changes a byte of the outputs that have no name yet.
func damage(t *testing.T, dir string) {
	t.Helper()
	for name, content := range tree(t, dir) {
		if strings.Contains(name, ".tmp") && content != "" {
			f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte{content[0] ^ 1}, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// All are there, as they should be, or none, whatever goes wrong with the third of
// four: as files beside each other, and as files of a new folder.
func TestOutputs(t *testing.T) {
	large := strings.Repeat("0123456789", 20_000)
	verified := func(want string, err error) func(io.ReaderAt, int64) error {
		return func(r io.ReaderAt, size int64) error {
			got := make([]byte, size)
			if _, e := r.ReadAt(got, 0); e != nil || string(got) != want {
				t.Errorf("%d bytes are read back, %v", size, e)
			}
			return err
		}
	}
	for _, folder := range []string{"", "new"} {
		for _, c := range []struct {
			name   string
			third  func(o *Outputs, dir string, interrupt func())
			code   int
			stderr string // contained
		}{
			{"nothing", func(o *Outputs, _ string, _ func()) { o.AddFunc("c", text(large), nil) }, OK, ""},
			{"verified", func(o *Outputs, _ string, _ func()) { o.AddFunc("c", text(large), verified(large, nil)) }, OK, ""},
			{"it cannot be made", func(o *Outputs, _ string, _ func()) {
				o.AddFunc("c", func(w io.Writer) error { text(large)(w); return errNo }, nil)
			}, Failed, "error: no\n"},
			{"it is not good", func(o *Outputs, _ string, _ func()) { o.AddFunc("c", text(large), verified(large, errNo)) }, Failed, "back: no\n"},
			{"the disk is bad", func(o *Outputs, dir string, _ func()) {
				o.AddFunc("c", func(w io.Writer) error { text(large)(w); damage(t, dir); return nil }, nil)
			}, Failed, "back: it is not what was written\nmpc-test: hint: the disk or the stick may be failing"},
			{"an interruption", func(o *Outputs, _ string, interrupt func()) {
				o.AddFunc("c", func(w io.Writer) error { interrupt(); return nil }, nil)
			}, Interrupted, "what was not finished has been removed"},
			{"an interruption before it is read back", func(o *Outputs, _ string, interrupt func()) {
				o.AddFunc("c", func(w io.Writer) error { defer interrupt(); return text(large)(w) }, nil)
			}, Interrupted, "what was not finished has been removed"},
			{"an interruption while it is written", func(o *Outputs, _ string, interrupt func()) {
				o.AddFunc("c", func(w io.Writer) error {
					interrupt()
					if err := text(large)(w); !errors.Is(err, context.Canceled) {
						t.Errorf("it is written after an interruption: %v", err)
					}
					return errNo
				}, nil)
			}, Interrupted, "what was not finished has been removed"},
			{"it is there twice", func(o *Outputs, _ string, _ func()) { o.Add("a", nil) }, Refused, "already exists"},
			{"it has appeared", func(o *Outputs, dir string, _ func()) {
				o.AddFunc("c", func(w io.Writer) error {
					name := filepath.Join(dir, "c")
					if folder != "" {
						name = filepath.Join(dir, folder)
					}
					return os.WriteFile(name, []byte("other"), 0o600)
				}, nil)
			}, Refused, "already exists"},
		} {
			t.Run(folder+" "+c.name, func(t *testing.T) {
				dir := t.TempDir()
				t.Chdir(dir)
				interrupt, cancel := context.WithCancel(context.Background())
				code, _, stderr := run(func(e *Env, _ []string) error {
					o := Outputs{Folder: folder}
					o.Add("a", []byte("1"))
					o.Add("b", []byte(large))
					c.third(&o, dir, cancel)
					o.Add("d", nil)
					return o.Write(e)
				}, &Env{Interrupt: interrupt}, "do")
				if code != c.code || !strings.Contains(stderr, c.stderr) {
					t.Errorf("exit %d, %q", code, stderr)
				}
				got := tree(t, dir)
				for name, content := range got {
					if content == "other" {
						delete(got, name)
					}
				}
				want := map[string]string{}
				if c.code == OK {
					for name, content := range map[string]string{"a": "1", "b": large, "c": large, "d": ""} {
						want[filepath.Join(folder, name)] = content
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("there are %d files, and %d should be", len(got), len(want))
				}
			})
		}
	}
}

// What was added as bytes is compared, too.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	var o Outputs
	o.Add(filepath.Join(dir, "a"), []byte("hunter2"))
	file, err := outfile.Create(o.files[0].path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Abort()
	write := o.files[0].write
	o.files[0].write = func(w io.Writer) error { defer damage(t, dir); return write(w) }
	if err := o.files[0].writeTo(&Env{Interrupt: context.Background()}, file, "a"); !errors.Is(err, errDiffers) || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	if err := readBack(bytes.NewReader([]byte("hunter")), 7, func([]byte, int64) bool { return true }); !errors.Is(err, errDiffers) {
		t.Errorf("a file that is too short: %v", err)
	}
}

// What has its name before a signal stays, and that is said.
func TestInterruptedAfterOutputs(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		folder string
		files  []string
		said   string
	}{
		{"", []string{"a"}, `it has written "a" and keeps that; `},
		{"", []string{"b", "c", "d", "e", "f"}, `it has written "b", "c", "d" and 2 more and keeps that; `},
		{"new", []string{"a", "b"}, `it has written "new" and keeps that; `},
	} {
		interrupt, cancel := context.WithCancel(context.Background())
		code, _, stderr := run(func(e *Env, _ []string) error {
			o := Outputs{Folder: c.folder}
			for _, f := range c.files {
				o.Add(f, nil)
			}
			if err := o.Write(e); err != nil {
				return err
			}
			cancel()
			return interrupt.Err()
		}, &Env{Interrupt: interrupt}, "do")
		if want := "mpc-test: error: interrupted: " + c.said + "what was not finished has been removed\n"; code != Interrupted || stderr != want {
			t.Errorf("exit %d, %q, want %q", code, stderr, want)
		}
		for _, f := range c.files {
			if _, err := os.Stat(filepath.Join(c.folder, f)); err != nil {
				t.Error(err)
			}
		}
	}
}

// After a signal no output is begun, and none gets its name.
func TestOutputAfterSignal(t *testing.T) {
	dir := t.TempDir()
	interrupt, cancel := context.WithCancel(context.Background())
	code, _, stderr := run(func(e *Env, _ []string) error {
		f, err := begin(e, outfile.Create, filepath.Join(dir, "a"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begin(e, outfile.Mkdir, filepath.Join(dir, "b")); err != nil {
			t.Fatal(err)
		}
		cancel()
		if left := outfile.Leftovers(dir); len(left) != 2 {
			t.Errorf("before the end there is %q", left)
		}
		if err := e.uninterrupted(f.Commit); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := (&Outputs{Folder: filepath.Join(dir, "c")}).Write(e); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return e.WriteFile(filepath.Join(dir, "d"), nil)
	}, &Env{Interrupt: interrupt}, "do")
	if left, err := os.ReadDir(dir); code != Interrupted || len(left) > 0 || err != nil {
		t.Errorf("exit %d, %q; left %v, %v", code, stderr, left, err)
	}
}

// onStick is an output where modes mean nothing.
type onStick struct{ aborted *bool }

func (s onStick) Abort()        { *s.aborted = true }
func (s onStick) Exposed() bool { return true }

// Secrets that nothing seals do not go where others can read them.
func TestExposed(t *testing.T) {
	for _, plain := range []bool{false, true} {
		aborted := false
		var e Env
		e.complete()
		if plain {
			e.Plain("a/id")
		}
		_, err := begin(&e, func(string) (onStick, error) { return onStick{&aborted}, nil }, "a/id")
		if errors.Is(err, outfile.ErrExposed) != plain || aborted != plain {
			t.Errorf("%v: %v, aborted: %v", plain, err, aborted)
		}
		if plain && e.fail(err) != Refused {
			t.Error(err)
		}
	}
}

// What a killed run left is named before the names that it took are refused, and so
// is everything that belongs to it.
func TestLeftoversFirst(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".lifeboat-0123456789abcdef.tmp")
	paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")}
	run := func() (int, string) {
		code, _, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
			return &Plan{Outputs: paths, Run: func(*Env, *Conditions) error { return nil }}, f.Parse(args)
		}, &Env{}, "do")
		return code, stderr
	}
	for _, taken := range []string{paths[0], paths[1], left, paths[2]} {
		if err := os.WriteFile(taken, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		code, stderr := run()
		warning, failure := strings.Index(stderr, "was left by a run that was killed"), strings.Index(stderr, "already exists")
		if code != Refused || failure < 0 || warning > failure || !strings.Contains(stderr, "is incomplete: look at ") {
			t.Errorf("with %q: %d, %s", taken, code, stderr)
		}
		if (warning >= 0) != (taken == left || taken == paths[2]) {
			t.Errorf("with %q: %s", taken, stderr)
		}
		for _, p := range paths {
			if _, err := os.Lstat(p); err == nil && !strings.Contains(stderr[failure:], strconv.Quote(p)) {
				t.Errorf("%q is not named: %s", p, stderr)
			}
		}
	}
	// All of them, and nothing else, are no sign of a killed run.
	if err := os.Remove(left); err != nil {
		t.Fatal(err)
	}
	if code, stderr := run(); code != Refused || !strings.Contains(stderr, "hint: choose another name") {
		t.Errorf("%d, %s", code, stderr)
	}
}
