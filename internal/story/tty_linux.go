package story

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeboat/internal/prompt/ptytest"
)

// waiting is a program that waits on a terminal of its own.
type waiting struct {
	pty            *ptytest.PTY
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	done           chan struct{}
}

// test is a story, as a pseudo-terminal sees it.
type test struct {
	*testscript.TestScript
	end func() (time.Time, bool)
}

func (t test) Helper()                          {}
func (t test) Fatal(args ...any)                { t.Fatalf("%v", args) }
func (t test) Skipf(format string, args ...any) { t.Fatalf(format, args...) }
func (t test) Cleanup(f func())                 { t.Defer(f) }
func (t test) Deadline() (time.Time, bool)      { return t.end() }

func canAsk() bool {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

func cmdWaits(s *story, ts *testscript.TestScript, args []string) {
	w := &waiting{pty: ptytest.New(test{ts, s.end}), done: make(chan struct{})}
	tty, err := os.OpenFile(w.pty.Path, os.O_RDWR|syscall.O_NOCTTY, 0)
	ts.Check(err)
	defer tty.Close()
	program := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, args[2]); program == "" {
			if _, err := os.Stat(path); err == nil {
				program = path
			}
		}
	}
	w.cmd = exec.Command(program, append(args[3:], offline...)...)
	w.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "TMPDIR", "PATH", "REAL_COST"} {
		if v := ts.Getenv(name); v != "" {
			w.cmd.Env = append(w.cmd.Env, name+"="+v)
		}
	}
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = tty, &w.stdout, &w.stderr
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(w.cmd.Start())
	ended := make(chan struct{})
	go func() {
		w.cmd.Wait()
		close(ended)
	}()
	w.done = ended
	ts.Defer(func() {
		w.cmd.Process.Kill()
		<-ended
	})
	s.waiting[args[0]] = w
	for !strings.Contains(w.pty.Screen(), args[1]) {
		select {
		case <-ended:
			ts.Fatalf("%s ended before it showed %q: %s%s", args[2], args[1], w.stdout.String(), w.stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func cmdTypes(s *story, ts *testscript.TestScript, args []string) {
	w, ok := s.waiting[args[0]]
	want, err := strconv.Atoi(args[1])
	if !ok || err != nil {
		ts.Fatalf("nothing named %s waits, or %s is no exit status", args[0], args[1])
	}
	text := args[2] + "\n"
	if args[2] == "^C" {
		text = "\x03"
	}
	w.pty.Type(text)
	<-w.done
	for name, text := range map[string][]byte{".out": w.stdout.Bytes(), ".err": w.stderr.Bytes(), ".tty": []byte(w.pty.Screen())} {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+name), text, 0o600))
	}
	if got := w.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, and %d was expected: %s%s", got, want, w.stdout.String(), w.stderr.String())
	}
	s.checkStream(ts, args[0]+".out", w.stdout.Bytes())
	s.checkStream(ts, args[0]+".err", w.stderr.Bytes())
	delete(s.waiting, args[0])
}
