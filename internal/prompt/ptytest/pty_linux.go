// Package ptytest opens pseudo-terminals for tests.
package ptytest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A PTY is a terminal without a person.
type PTY struct {
	Path string // of the side that programs use

	t      T
	master *os.File
	mu     sync.Mutex
	screen bytes.Buffer
}

// T is what a test is to a pseudo-terminal: a *testing.T, or a story.
type T interface {
	Helper()
	Fatal(args ...any)
	Skipf(format string, args ...any)
	Cleanup(f func())
	Deadline() (time.Time, bool)
}

// New opens a pseudo-terminal, which echoes, until the test ends.
func New(t T) *PTY {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	p := &PTY{t: t, master: master}
	p.control(func(fd int) error {
		n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
		p.Path = fmt.Sprintf("/dev/pts/%d", n)
		if err != nil {
			return err
		}
		return unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	})
	// The terminal would be hung up whenever nobody has it open.
	keep, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { keep.Close() })
	go p.watch()
	return p
}

func (p *PTY) control(f func(fd int) error) {
	p.t.Helper()
	raw, err := p.master.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = f(int(fd)) })
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *PTY) watch() {
	b := make([]byte, 4096)
	for {
		n, err := p.master.Read(b)
		p.mu.Lock()
		p.screen.Write(b[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Type types text.
func (p *PTY) Type(text string) {
	p.t.Helper()
	if _, err := p.master.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// Settle waits until the terminal has taken in what was typed. Input is handled in
// order, and a ^S after it shows from outside: nothing can be written any more.
func (p *PTY) Settle() {
	p.t.Helper()
	fd, err := unix.Open(p.Path, unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer unix.Close(fd)
	p.Type("\x13")
	p.until(func() bool {
		_, err := unix.Write(fd, []byte{0})
		return err == unix.EAGAIN
	}, func() string { return "the terminal did not take in what was typed" })
	p.Type("\x11")
}

// until waits as long as the test may take, however slow the machine is.
func (p *PTY) until(done func() bool, complaint func() string) {
	p.t.Helper()
	end := time.Now().Add(time.Hour)
	if d, ok := p.t.Deadline(); ok {
		end = d.Add(-5 * time.Second) // so that it can still complain
	}
	for !done() {
		if time.Now().After(end) {
			p.t.Fatal(complaint())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Unread returns how many bytes were typed that no program has read, in whole
// lines or not.
func (p *PTY) Unread() (n int) {
	p.t.Helper()
	fd, err := unix.Open(p.Path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer unix.Close(fd)
	before := p.Mode()
	raw := before
	raw.Lflag &^= unix.ICANON
	for _, step := range []func() error{
		func() error { return unix.IoctlSetTermios(fd, unix.TCSETS, &raw) },
		func() (err error) { n, err = unix.IoctlGetInt(fd, unix.TIOCINQ); return err },
		func() error { return unix.IoctlSetTermios(fd, unix.TCSETS, &before) },
	} {
		if err := step(); err != nil {
			p.t.Fatal(err)
		}
	}
	return n
}

// Screen returns what was shown so far.
func (p *PTY) Screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

// Await waits until the screen shows text.
func (p *PTY) Await(text string) {
	p.t.Helper()
	p.until(func() bool { return strings.Contains(p.Screen(), text) },
		func() string { return fmt.Sprintf("the terminal does not show %q but %q", text, p.Screen()) })
}

// Mode returns the terminal's settings.
func (p *PTY) Mode() (mode unix.Termios) {
	p.t.Helper()
	p.control(func(fd int) error {
		m, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err == nil {
			mode = *m
		}
		return err
	})
	return mode
}
