package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lifeboat/internal/outfile"
	"lifeboat/internal/prompt/ptytest"
)

// childVerb makes the test binary a program with the verbs of child.
const childVerb = "CLI_TEST_CHILD"

var child = Program{Name: "mpc-test", Verbs: []Verb{
	{Name: "ask", Prepare: writing(func(e *Env, args []string) error {
		out, err := outfile.Create(args[0])
		if err != nil {
			return err
		}
		e.OnExit(out.Abort)
		out.Write([]byte("half"))
		term, err := e.Terminal()
		if err != nil {
			return err
		}
		_, err = term.Password("Passphrase: ")
		return err
	})},
	{Name: "panic", Prepare: simple(func(*Env, []string) error { return sink([]byte("hunter2"), 0) })},
	{Name: "stuck", Prepare: simple(func(e *Env, _ []string) error {
		e.OnExit(func() {
			fmt.Fprintln(e.Stdout, "cleaning")
			select {}
		})
		fmt.Fprintln(e.Stdout, "working")
		for {
			time.Sleep(time.Hour)
		}
	})},
	{Name: "talk", Prepare: simple(func(e *Env, _ []string) error {
		for {
			if _, err := fmt.Fprintln(e.Stdout, "line"); err != nil {
				return err
			}
		}
	})},
	{Name: "undeclared", Prepare: simple(show)},
	declared,
	{Name: "steps", Steps: []Verb{{Name: "undeclared", Prepare: simple(show)}}},
	{Name: "outer", Prepare: simple(func(e *Env, args []string) error {
		inner := &Program{Name: "mpc-inner", Verbs: []Verb{declared}}
		if code := inner.Run(e, append([]string{"declared"}, args...)); code != OK {
			return Fail(code, errors.New("the inner verb failed"))
		}
		return nil
	})},
}}

// declared prints a file that its plan names; the verbs named undeclared print one
// that theirs do not.
var declared = Verb{Name: "declared", Prepare: func(f *Flags, args []string) (*Plan, error) {
	err := f.Parse(args)
	return &Plan{Reads: f.Args(), Run: func(e *Env, _ *Conditions) error { return show(e, f.Args()) }}, err
}}

func show(e *Env, args []string) error {
	b, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(b)
	return err
}

// writing is simple for a verb that makes the files of its arguments.
func writing(do func(e *Env, args []string) error) func(*Flags, []string) (*Plan, error) {
	return func(f *Flags, args []string) (*Plan, error) {
		err := f.Parse(args)
		return &Plan{Outputs: f.Args(), Run: func(e *Env, _ *Conditions) error { return do(e, f.Args()) }}, err
	}
}

// sink panics with a secret in its arguments and in the value.
//
//go:noinline
func sink(secret []byte, i int) error {
	defer func() { panic(string(secret)) }()
	return fmt.Errorf("%c", secret[i-1])
}

func TestMain(m *testing.M) {
	if os.Getenv(childVerb) == "" {
		os.Exit(m.Run())
	}
	os.Exit(child.Main())
}

func start(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVerb+"=1", "GOTRACEBACK=crash")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// Whatever ends it, the terminal is as before, the output is gone, and nothing
// is said about where the program was.
func TestSignals(t *testing.T) {
	ends := map[string]func(*ptytest.PTY, *os.Process){
		"^C":  func(p *ptytest.PTY, _ *os.Process) { p.Type("\x03") },
		"^\\": func(p *ptytest.PTY, _ *os.Process) { p.Type("\x1c") },
	}
	for _, s := range []syscall.Signal{1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 31} {
		ends[unix.SignalName(s)] = func(_ *ptytest.PTY, p *os.Process) { p.Signal(s) }
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := ptytest.New(t)
			before := p.Mode()
			tty, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer tty.Close()
			dir := t.TempDir()
			cmd, stderr := start(t, "ask", filepath.Join(dir, "out"))
			cmd.Stdin = tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			p.Await("Passphrase: ")
			p.Type("hunter2")
			p.Settle()
			end(p, cmd.Process)
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != Interrupted {
				t.Errorf("ended with %v", err)
			}
			if want := "mpc-test: error: interrupted: what was not finished has been removed\n"; stderr.String() != want {
				t.Errorf("got %q, want %q", stderr, want)
			}
			if p.Mode() != before {
				t.Error("the terminal is not as it was")
			}
			if strings.Contains(p.Screen(), "hunter2") {
				t.Errorf("the terminal shows %q", p.Screen())
			}
			if n := p.Unread(); n > 0 {
				t.Errorf("%d characters are left for the shell", n)
			}
			if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// A second signal ends it at once, and as quietly, also where the signals are ones
// that it was started to ignore, as by nohup.
func TestSecondSignal(t *testing.T) {
	for _, c := range []struct {
		name    string
		through []string // what starts it
		signals []syscall.Signal
	}{
		{"plain", nil, []syscall.Signal{syscall.SIGQUIT, syscall.SIGQUIT}},
		{"ignored", []string{"sh", "-c", `trap "" HUP INT; exec "$0" "$@"`}, []syscall.Signal{syscall.SIGHUP, syscall.SIGINT}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, stderr := start(t, "stuck")
			if c.through != nil {
				if _, err := exec.LookPath(c.through[0]); err != nil {
					t.Skipf("no %s", c.through[0])
				}
				outer := exec.Command(c.through[0], slices.Concat(c.through[1:], cmd.Args)...)
				outer.Env, outer.Stderr = cmd.Env, cmd.Stderr
				cmd = outer
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			for i, want := range []string{"working", "cleaning"} {
				if !lines.Scan() || lines.Text() != want {
					t.Errorf("%q, and %q was expected", lines.Text(), want)
				}
				cmd.Process.Signal(c.signals[i])
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != Interrupted || stderr.Len() > 0 {
				t.Errorf("ended with %v, %q", err, stderr)
			}
		})
	}
}

// A panic says nothing of where it was or what it was about, even if the
// environment asks for it.
func TestPanicEndsQuietly(t *testing.T) {
	cmd, stderr := start(t, "panic")
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != Failed {
		t.Errorf("ended with %v", err)
	}
	if want := "mpc-test: error: internal error: please report what was run, without any secret\n"; stderr.String() != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
}

func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd, stderr := start(t, "talk")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != Failed || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("ended with %v, %q", err, stderr)
	}
}
