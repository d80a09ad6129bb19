package prompt

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/prompt/ptytest"
)

func openPTY(t *testing.T) (*ptytest.PTY, Terminal) {
	t.Helper()
	p := ptytest.New(t)
	d, err := openTTY(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	term, err := start(d)
	if err != nil {
		t.Fatal(err)
	}
	return p, term
}

func password(t *testing.T, term Terminal, question, want string) {
	t.Helper()
	p, err := term.Password(question)
	if err != nil || string(p.Expose()) != want {
		t.Errorf("%s got %q, %v", question, p.Expose(), err)
	}
}

func TestTypedAfterTheQuestion(t *testing.T) {
	p, term := openPTY(t)
	go func() {
		p.Await("First: ")
		p.Type("hunter2 é \n")
	}()
	password(t, term, "First: ", "hunter2 é ")
	p.Await("First: \r\n")
	if s := p.Screen(); strings.Contains(s, "hunter2") {
		t.Errorf("the terminal shows %q", s)
	}
}

func TestTypedBeforeTheQuestion(t *testing.T) {
	p, term := openPTY(t)
	p.Type("hunter2\nhunter3\n")
	password(t, term, "First: ", "hunter2")
	password(t, term, "Second: ", "hunter3")
	p.Await("Second: \r\n")
	if s := p.Screen(); strings.Contains(s, "hunter") {
		t.Errorf("the terminal shows %q", s)
	}
}

func TestLineIsShown(t *testing.T) {
	p, term := openPTY(t)
	go func() {
		p.Await("Name: ")
		p.Type("  alice \nhunter2\n")
	}()
	if s, err := term.Line("Name: "); s != "alice" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if p.Mode().Lflag&unix.ECHO != 0 {
		t.Error("echo is on after Line")
	}
	p.Await("alice")
	password(t, term, "Passphrase: ", "hunter2")
}

func TestCloseRestores(t *testing.T) {
	p := ptytest.New(t)
	before := p.Mode()
	d, err := openTTY(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	term, err := start(d)
	if err != nil {
		t.Fatal(err)
	}
	if p.Mode().Lflag&unix.ECHO != 0 {
		t.Error("echo is on after Open")
	}
	// A signal handler closes while a question waits.
	done := make(chan error)
	go func() {
		_, err := term.Line("Name: ")
		done <- err
	}()
	p.Await("Name: ")
	for range 2 {
		if err := term.Close(); err != nil {
			t.Error(err)
		}
	}
	if p.Mode() != before {
		t.Error("the terminal is not as it was")
	}
	p.Type("alice\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if p.Mode() != before {
		t.Error("a late answer changed the terminal")
	}
	if _, err := term.Line("Name: "); !errors.Is(err, ErrEnd) {
		t.Errorf("asked after Close: %v", err)
	}
	if _, err := term.Password("Passphrase: "); !errors.Is(err, ErrEnd) {
		t.Errorf("asked with echo on after Close: %v", err)
	}
}

func TestEndOfTerminal(t *testing.T) {
	p, term := openPTY(t)
	p.Type("\x04")
	if _, err := term.Password("Passphrase: "); !errors.Is(err, ErrEnd) {
		t.Error(err)
	}
}

// childTTY makes the test binary a program that asks on its own terminal.
const childTTY = "PROMPT_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childTTY) == "" {
		os.Exit(m.Run())
	}
	term, err := Open()
	if errors.Is(err, ErrNoTerminal) {
		os.Exit(3)
	}
	defer term.Close()
	p, err := Twice(term, "Passphrase: ")
	if err != nil || string(p.Expose()) != "hunter2" {
		os.Exit(4)
	}
}

// startOnTTY starts a command on a terminal of its own.
func startOnTTY(t *testing.T, name string, args ...string) (*ptytest.PTY, *exec.Cmd) {
	t.Helper()
	p := ptytest.New(t)
	tty, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), childTTY+"=1", "PS1=$ ")
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return p, c
}

// awaitNoEcho waits until echo is off, or for ever.
func awaitNoEcho(p *ptytest.PTY) {
	for p.Mode().Lflag&unix.ECHO != 0 {
		runtime.Gosched()
	}
}

func TestOpen(t *testing.T) {
	alone := exec.Command(os.Args[0])
	alone.Env = append(os.Environ(), childTTY+"=1")
	alone.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var exit *exec.ExitError
	if err := alone.Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("without a terminal: %v", err)
	}
	p, child := startOnTTY(t, os.Args[0])
	p.Await("Passphrase: ")
	during := p.Mode()
	p.Type("hunter2\nhunter2\n")
	if err := child.Wait(); err != nil {
		t.Errorf("%v; the terminal shows %q", err, p.Screen())
	}
	p.Await("Again: ")
	if after := p.Mode(); strings.Contains(p.Screen(), "hunter") || after.Lflag != during.Lflag|unix.ECHO {
		t.Errorf("the terminal shows %q", p.Screen())
	}
}

// A shell switches echo on while the program is stopped (^Z), and bash leaves it on
// when the program goes on (fg).
func TestStoppedAtThePrompt(t *testing.T) {
	p, child := startOnTTY(t, os.Args[0])
	p.Await("Passphrase: ")
	var status unix.WaitStatus
	child.Process.Signal(unix.SIGSTOP)
	if _, err := unix.Wait4(child.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	tty := int(child.Stdin.(*os.File).Fd())
	shell := p.Mode()
	shell.Lflag |= unix.ECHO
	if err := unix.IoctlSetTermios(tty, setTermios, &shell); err != nil {
		t.Fatal(err)
	}
	child.Process.Signal(unix.SIGCONT)
	awaitNoEcho(p)
	p.Type("hunter2\nhunter2\n")
	if err := child.Wait(); err != nil {
		t.Errorf("%v; the terminal shows %q", err, p.Screen())
	}
	if strings.Contains(p.Screen(), "hunter") {
		t.Errorf("the terminal shows %q", p.Screen())
	}
}

// ^Z gives the shell its terminal back, and fg takes it again.
func TestSuspended(t *testing.T) {
	shell, err := exec.LookPath("dash") // leaves the terminal's mode alone, and edits no line
	if err != nil {
		t.Skip("there is no dash on this machine")
	}
	p, c := startOnTTY(t, shell, "-i")
	p.Await("$ ")
	before := p.Mode()
	p.Type(os.Args[0] + "\n")
	p.Await("Passphrase: ")
	p.Type("half\x1a")
	p.Await("Stopped")
	if p.Mode() != before {
		t.Error("the shell has no echo")
	}
	p.Type("fg\n")
	awaitNoEcho(p)
	p.Type("hunter2\nhunter2\n")
	p.Await("Again: \r\n$ ")
	p.Type("exit\n")
	if err := c.Wait(); err != nil {
		t.Errorf("%v; the terminal shows %q", err, p.Screen())
	}
	if s := p.Screen(); strings.Contains(s, "hunter") || strings.Contains(s, "half") || strings.Count(s, "Passphrase: ") != 2 {
		t.Errorf("the terminal shows %q", s)
	}
}

// Where no shell could have it go on, ^Z does nothing.
func TestSuspendedWithoutShell(t *testing.T) {
	p, child := startOnTTY(t, os.Args[0])
	p.Await("Passphrase: ")
	p.Type("\x1a")
	for strings.Count(p.Screen(), "Passphrase: ") < 2 {
		runtime.Gosched()
	}
	p.Type("hunter2\nhunter2\n")
	if err := child.Wait(); err != nil || strings.Contains(p.Screen(), "hunter") {
		t.Errorf("%v; the terminal shows %q", err, p.Screen())
	}
}
