// Package prompt asks on the terminal itself, never on standard input, and
// reads passphrases from there and from files into wiped buffers.
package prompt

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"lifeboat/internal/plain"
	"lifeboat/internal/secret"
)

var (
	// ErrNoTerminal is wrapped by Open's error where there is nobody to ask.
	ErrNoTerminal = errors.New("no terminal to ask on")

	// ErrEnd is returned when the terminal ends (^D) before a line does.
	ErrEnd = errors.New("no answer: the terminal was closed")

	// ErrTooLong is returned for an answer longer than MaxAnswer bytes.
	ErrTooLong = errors.New("the answer is too long")

	// ErrDiffer is returned by Twice.
	ErrDiffer = errors.New("the two passphrases differ")
)

// MaxAnswer is the length of the longest answer, in bytes. Terminals cut lines
// off at 4095 or before.
const MaxAnswer = 4095

// tries is how often a question is asked again after an answer with control
// characters, which arrow keys and the like produce.
const tries = 3

// A Terminal asks the person in front of it. Questions are written as they are;
// text from files must be quoted by the caller.
type Terminal interface {
	// Password asks for a line that is not shown.
	Password(question string) (*secret.Bytes, error)

	// Line asks for a line that is shown, and trims blanks around it.
	Line(question string) (string, error)

	// Confirm asks until the answer is yes or no.
	Confirm(question string) (bool, error)

	// Show shows text that must not stay in the scrollback, until Enter is pressed.
	Show(text string) error

	// Close puts the terminal back as it was, and drops what was typed and not
	// read. It may be called again, and while another call waits for an answer.
	Close() error
}

// Open opens the controlling terminal. Nothing typed is echoed from here to
// Close, except while Line and Confirm wait, so that an impatient answer to a
// question still to come is not shown.
func Open() (Terminal, error) {
	d, err := openDevice()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoTerminal, err)
	}
	t, err := start(d)
	if err != nil {
		return nil, err
	}
	onStop(t.pause, t.again)
	return t, nil
}

func start(d device) (*terminal, error) {
	if err := d.setEcho(false); err != nil {
		d.Close()
		return nil, fmt.Errorf("%w: couldn't switch echo off: %w", ErrNoTerminal, err)
	}
	return &terminal{device: d}, nil
}

// Twice asks for a new passphrase and for its repetition.
func Twice(t Terminal, question string) (*secret.Bytes, error) {
	first, err := t.Password(question)
	if err != nil {
		return nil, err
	}
	second, err := t.Password("Again: ")
	if err != nil {
		first.Wipe()
		return nil, err
	}
	defer second.Wipe()
	if !first.Equal(second) {
		first.Wipe()
		return nil, ErrDiffer
	}
	return first, nil
}

// A device is a terminal in line mode.
type device interface {
	io.ReadWriteCloser
	setEcho(on bool) error
	restore() error
}

type terminal struct {
	device   device
	mu       sync.Mutex // for the others, and held while the mode changes
	closed   bool
	shown    bool   // echo is on
	hidden   bool   // the alternate screen is on
	paused   bool   // the terminal was put back for a while
	question string // that waits for an answer
}

func (t *terminal) echo(on bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrEnd
	}
	t.shown = on
	if t.paused { // the terminal is the shell's
		return nil
	}
	return t.device.setEcho(on)
}

// pause puts the terminal back as it was while the process is stopped: not every
// shell does.
func (t *terminal) pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	if t.hidden {
		t.write(primaryScreen)
	}
	t.device.restore()
	t.paused = true
}

// again sets the mode again after the process was stopped: whatever had the
// terminal meanwhile may have switched echo on. After a pause it asks again.
func (t *terminal) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.device.setEcho(t.shown) != nil || !t.paused {
		return
	}
	t.paused = false
	if t.hidden {
		t.write(alternateScreen)
	}
	t.write(t.question)
}

func (t *terminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	if t.hidden { // a signal came while a secret was shown
		t.write(primaryScreen)
	}
	// The device stays open: a read that waits on it could not be ended safely,
	// and the process is about to.
	return t.device.restore()
}

func (t *terminal) Password(question string) (*secret.Bytes, error) {
	if err := t.echo(false); err != nil { // it is off, unless Close was called
		return nil, err
	}
	for range tries {
		answer, err := t.ask(question)
		t.write("\n") // the one typed was not echoed
		if err != nil {
			return nil, err
		}
		if !hasControl(answer.Expose()) {
			return answer, nil
		}
		answer.Wipe()
		t.write("That had a control character in it, perhaps from an arrow key. Type it once more.\n")
	}
	return nil, errors.New("a passphrase must not have control characters")
}

func (t *terminal) Line(question string) (string, error) {
	if err := t.echo(true); err != nil {
		return "", err
	}
	defer t.echo(false)
	for range tries {
		answer, err := t.ask(question)
		if err != nil {
			return "", err
		}
		s := strings.TrimSpace(string(answer.Expose()))
		answer.Wipe()
		if utf8.ValidString(s) && !hasControl([]byte(s)) {
			return s, nil
		}
		t.write("That had a control character in it. Type it once more.\n")
	}
	return "", errors.New("an answer must not have control characters")
}

func (t *terminal) Confirm(question string) (bool, error) {
	for range tries {
		answer, err := t.Line(question + " (yes or no) ")
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "yes", "y":
			return true, nil
		case "no", "n":
			return false, nil
		}
	}
	return false, errors.New("the answer was neither yes nor no")
}

// The alternate screen of xterm and its kin has no scrollback.
const (
	alternateScreen = "\x1b[?1049h\x1b[2J\x1b[H"
	primaryScreen   = "\x1b[2J\x1b[?1049l"
)

func (t *terminal) Show(text string) error {
	if err := t.hide(true); err != nil {
		return err
	}
	defer t.hide(false)
	answer, err := t.ask(text + "\n\nPress Enter to clear this screen. ")
	answer.Wipe()
	return err
}

// hide switches to the alternate screen, and back.
func (t *terminal) hide(on bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrEnd
	case t.hidden == on:
		return nil
	}
	t.hidden = on
	if t.paused {
		return nil
	}
	if on {
		return t.write(alternateScreen)
	}
	return t.write(primaryScreen)
}

func (t *terminal) write(s string) error {
	if _, err := io.WriteString(t.device, s); err != nil {
		return fmt.Errorf("couldn't write to the terminal: %w", err)
	}
	return nil
}

// ask writes a question and reads the answer.
func (t *terminal) ask(question string) (*secret.Bytes, error) {
	if err := t.put(question); err != nil {
		return nil, err
	}
	defer t.put("")
	return t.line()
}

// put writes a question, which is repeated after every stop. While the process is
// being stopped, that is all.
func (t *terminal) put(question string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrEnd
	}
	t.question = plain.Lines(question)
	if t.paused {
		return nil
	}
	return t.write(t.question)
}

// line reads up to the end of the line, byte by byte: what was typed ahead is
// for the next question.
func (t *terminal) line() (*secret.Bytes, error) {
	buf := make([]byte, MaxAnswer+1)
	defer secret.Wipe(buf)
	for n := 0; ; {
		k, err := t.device.Read(buf[min(n, MaxAnswer):][:1])
		switch {
		case err == io.EOF || err == nil && k == 0:
			return nil, ErrEnd
		case err != nil:
			return nil, fmt.Errorf("couldn't read from the terminal: %w", err)
		case buf[min(n, MaxAnswer)] != '\n':
			n++
		case n > MaxAnswer:
			return nil, ErrTooLong
		default:
			if n > 0 && buf[n-1] == '\r' {
				n--
			}
			return secret.Copy(buf[:n]), nil
		}
	}
}

func hasControl(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if unicode.IsControl(r) {
			return true
		}
		b = b[size:]
	}
	return false
}
