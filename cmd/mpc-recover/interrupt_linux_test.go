package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/fixtures"
	"lifeboat/internal/prompt/ptytest"
)

// ^C while a password is asked for: the terminal is as it was, the exit status is
// 130, and nothing is left of the output. What is typed is never shown.
func TestInterruptedPrompt(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	v := fixtures.Load("2of3")
	for _, f := range v.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := entries(t, dir)
	for _, target := range [][]string{{"--plaintext", "-o", "out"}, {"--seal-passphrase-file", v.Files[0].Name, "-o", "out.age"}} {
		pty := ptytest.New(t)
		mode := pty.Mode()
		tty, err := os.OpenFile(pty.Path, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer tty.Close()
		program, err := exec.LookPath("mpc-recover") // testscript.Main put it there
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, append([]string{"key", v.Files[0].Name, v.Files[1].Name, "--root", "--allow-network", "--allow-swap"}, target...)...)
		cmd.Dir = dir
		var stdout, stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, &stdout, &stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pty.Await(`Password of "recovery-secrets-1.json"`)
		pty.Type(string(v.Files[0].Password) + "\n")
		pty.Await(`Password of "recovery-secrets-2.json"`)
		pty.Type("half a passw\x03")
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("%v: %v", target, err)
		}
		if !strings.Contains(stderr.String(), "interrupted: what was not finished has been removed") {
			t.Errorf("it says %q", stderr.String())
		}
		if after := pty.Mode(); after.Lflag != mode.Lflag || after.Iflag != mode.Iflag {
			t.Errorf("the terminal's mode is %#x, and was %#x", after.Lflag, mode.Lflag)
		}
		for _, shown := range []string{pty.Screen(), stdout.String(), stderr.String()} {
			if strings.Contains(shown, string(v.Files[0].Password)) || strings.Contains(shown, "half a passw") {
				t.Errorf("the password was shown: %q", shown)
			}
		}
		if after := entries(t, dir); after != before {
			t.Errorf("files before: %s; after: %s", before, after)
		}
	}
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
