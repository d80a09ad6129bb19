package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The programs of age are excused from some rules by their folder and not by what
// they say of themselves, and the others are not.
func TestFolders(t *testing.T) {
	if os.Getenv("RELEASED") == "" {
		t.Skip("RELEASED=1 runs it, as .ci/run does: it builds a program")
	}
	self := filepath.Join(t.TempDir(), "release") // a program of this source
	if out, err := exec.Command("go", "build", "-o", self, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for folder, foreign := range map[string]bool{"bin": false, "age": true} {
		file := filepath.Join(t.TempDir(), folder, "linux-amd64", "program")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := copyFile(self, file); err != nil {
			t.Fatal(err)
		}
		faults, _, err := inspect(file, runtime.Version(), "")
		if err != nil {
			t.Fatal(err)
		}
		has := func(text string) bool {
			return slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, text) })
		}
		if has("does not belong in this folder") != foreign || has("but is in the folder") != (runtime.GOOS+runtime.GOARCH != "linuxamd64") {
			t.Errorf("%s: %q", folder, faults)
		}
		other := filepath.Join(filepath.Dir(filepath.Dir(file)), "solaris-sparc64", "program")
		if err := os.MkdirAll(filepath.Dir(other), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file, other); err != nil {
			t.Fatal(err)
		}
		if faults, _, err = inspect(other, runtime.Version(), ""); err != nil || !has("but is in the folder solaris-sparc64") {
			t.Errorf("%s: %q, %v", folder, faults, err)
		}
	}
}
