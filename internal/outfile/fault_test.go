//go:build unix

package outfile_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lifeboat/internal/outfile"
)

func TestModes(t *testing.T) {
	for _, mask := range []int{0, 0o077, 0o777} {
		dir := t.TempDir()
		old := syscall.Umask(mask)
		f, err := outfile.Create(filepath.Join(dir, "f"))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		temp, err := os.Lstat(outfile.Leftovers(dir)[0])
		if err != nil || temp.Mode().Perm() != 0o600 {
			t.Errorf("umask %o: temporary file has mode %v, %v", mask, temp.Mode(), err)
		}
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(filepath.Join(dir, "f")); err != nil || info.Mode() != 0o600 {
			t.Errorf("umask %o: file has mode %v, %v", mask, info.Mode(), err)
		}
	}
	dir := t.TempDir()
	old := syscall.Umask(0)
	d, err := outfile.Mkdir(filepath.Join(dir, "d"))
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "d")); err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("folder has mode %v, %v", info.Mode(), err)
	}
}

func TestSharedFolder(t *testing.T) {
	for mode, want := range map[os.FileMode]error{
		0o755: nil, 0o777 | os.ModeSticky: nil, 0o777: outfile.ErrSharedFolder, 0o775: outfile.ErrSharedFolder,
	} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(filepath.Join(dir, "f"), nil); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

func TestHint(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC: "make room", syscall.EDQUOT: "make room", syscall.EROFS: "unlock", syscall.EIO: "use another one",
		syscall.ENOENT: "", outfile.ErrExists: "",
	} {
		if got := outfile.Hint(fmt.Errorf("x: %w", &os.PathError{Err: err})); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("modes do not keep root out")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, "f"), nil); !errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), ".tmp") {
		t.Error(err)
	}
}

// childFolder makes the test binary a program that writes outputs until killed.
const childFolder = "OUTFILE_TEST_FOLDER"

const (
	childWrite  = 1000 // bytes
	childWrites = 65   // a file
)

var childContent = bytes.Repeat([]byte("x"), childWrite*childWrites)

func TestMain(m *testing.M) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		os.Exit(m.Run())
	}
	for i := 0; ; i++ {
		f, err := outfile.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		for rest := childContent; len(rest) > 0; rest = rest[childWrite:] {
			f.Write(rest[:childWrite])
			fmt.Println(i) // one line a write
		}
		if err := f.Commit(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if i == 0 { // a folder beside the files
			d, _ := outfile.Mkdir(filepath.Join(dir, "d"))
			w, _ := d.Create("half")
			w.Write([]byte("half"))
		}
	}
}

// Whenever the process is killed, what has a name is complete.
func TestKilled(t *testing.T) {
	for _, writes := range []int{1, 30, 65, 66, 100, 180} {
		dir := t.TempDir()
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range writes {
			if !lines.Scan() {
				t.Fatal("the child stopped by itself")
			}
		}
		child.Process.Kill()
		child.Wait()

		left := outfile.Leftovers(dir)
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, childContent) {
				t.Errorf("after %d writes %s has %d bytes, %v", writes, e.Name(), len(b), err)
			}
		}
		if named := len(entries) - len(left); named < (writes-1)/childWrites || len(left) > 2 {
			t.Errorf("after %d writes: %d names, leftovers %q", writes, named, left)
		}
	}
}
