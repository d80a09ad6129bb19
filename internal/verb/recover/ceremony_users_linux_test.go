package recover

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/cli"
)

// Where modes mean something, a user cannot read what another one wrote, and is told
// what to do.
func TestFolderOfAnother(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plan.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	_, err := func() (map[string][]byte, error) {
		runtime.LockOSThread() // one thread becomes nobody
		defer runtime.UnlockOSThread()
		defer unix.Setfsuid(0)
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		return readFolder(dir)
	}()
	told, ok := err.(*cli.Error)
	if !ok || told.Code != cli.Failed || len(told.Hints) != 1 || !strings.Contains(told.Hints[0], "chmod -R a+rX DIR") {
		t.Errorf("%v: %+v", err, told)
	}
}
