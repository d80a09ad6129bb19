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
		if slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, "does not belong into this folder") }) != foreign {
			t.Errorf("%s: %q", folder, faults)
		}
	}
}
