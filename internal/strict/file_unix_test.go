//go:build unix

package strict_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"lifeboat/internal/strict"
)

// Opening a pipe must not wait for a writer, and a device must not be opened.
func TestOpenNotRegular(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/null", "/dev/tty"} {
		f, err := strict.Open(path)
		if !errors.Is(err, strict.ErrNotRegular) {
			f.Close()
			t.Errorf("%s: %v", path, err)
		}
	}
}
