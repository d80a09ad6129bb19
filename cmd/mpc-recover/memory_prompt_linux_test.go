package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/fixtures"
	"lifeboat/internal/prompt/ptytest"
	"lifeboat/internal/story"
)

// onTerminal gives a command a terminal of its own. What it says elsewhere is returned.
func onTerminal(t *testing.T, cmd *exec.Cmd) (*ptytest.PTY, *bytes.Buffer) {
	t.Helper()
	pty := ptytest.New(t)
	tty, err := os.OpenFile(pty.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	said := new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return pty, said
}

// While the second password is asked for, which may take hours, the first is gone
// from memory.
func TestMemoryBetweenPasswords(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	story.Released(t)
	password := bytes.TrimSpace(fixtures.Load("2of3").Files[0].Password)
	for _, c := range []struct{ program, verb string }{{"mpc-backup", "verify"}, {"mpc-recover", "key"}} {
		t.Run(c.program, func(t *testing.T) {
			dir := rescue(t)
			args := []string{c.verb, "a.json", "b.json", "--allow-network", "--allow-swap"}
			if c.verb == "key" {
				args = append(args, "--root", "--plaintext", "-o", "out")
			}
			cmd := exec.Command(filepath.Join(story.Programs(t, "runtimesecret"), c.program), args...)
			cmd.Dir = dir
			pty, _ := onTerminal(t, cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			pty.Await(`Password of "a.json"`)
			pty.Type(string(password) + "\n")
			pty.Await(`Password of "b.json"`)
			pty.Settle()
			held := slices.ContainsFunc(writable(t, cmd.Process.Pid), func(piece []byte) bool { return bytes.Contains(piece, password) })
			if held {
				t.Error("the first password is still there")
			}
		})
	}
}
