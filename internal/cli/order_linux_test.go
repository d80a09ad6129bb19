package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/internal/lockdown"
)

// A verb that forgets to say what it reads cannot read it. The child is built as
// releases are, without cgo, which keeps Landlock from being set for all threads.
func TestForgetfulVerb(t *testing.T) {
	if s := lockdown.Supported(); s.Landlock == 0 || !s.Seccomp {
		t.Skip("this system has no sandbox")
	}
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "file"), filepath.Join(dir, "child")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line, want := range map[string]bool{"declared": true, "undeclared": false, "steps undeclared": false, "outer": false} {
		cmd := exec.Command(binary, append(strings.Fields(line), file, "--require-sandbox")...)
		cmd.Env = append(os.Environ(), childVerb+"=1")
		out, err := cmd.CombinedOutput()
		switch {
		case want && (err != nil || string(out) != "content"):
			t.Errorf("%s: %v, %q", line, err, out)
		case !want && (cmd.ProcessState.ExitCode() != Failed || !strings.Contains(string(out), "permission denied")):
			t.Errorf("%s: %v, %q", line, err, out)
		}
	}
}
