package prompt

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// A script is a device that records what happens to it.
type script struct {
	in  io.Reader
	log strings.Builder
}

func (s *script) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s *script) Write(p []byte) (int, error) { return s.log.Write(p) }
func (s *script) Close() error                { return nil }
func (s *script) restore() error              { s.log.WriteString("<restored>"); return nil }

func (s *script) setEcho(on bool) error {
	s.log.WriteString(map[bool]string{true: "<on>", false: "<off>"}[on])
	return nil
}

func play(t *testing.T, typed string) (*script, Terminal) {
	t.Helper()
	s := &script{in: strings.NewReader(typed)}
	term, err := start(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, term
}

func TestEchoIsOffBeforeTheQuestion(t *testing.T) {
	s, term := play(t, "secret\nname\nsecret\n")
	term.Password("A: ")
	term.Line("B: ")
	term.Password("C: ")
	term.Close()
	if got, want := s.log.String(), "<off><off>A: \n<on>B: <off><off>C: \n<restored>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPassword(t *testing.T) {
	long := strings.Repeat("x", MaxAnswer)
	for _, c := range []struct {
		typed, want string
		err         error
	}{
		{"a b\n", "a b", nil},
		{" \n", " ", nil},
		{"\n", "", nil},
		{"a\r\n", "a", nil},
		{"a\x1b[D\nb\n", "b", nil},
		{"a\x00\na\x7f\nb\n", "b", nil},
		{"a\u0085\nb\n", "b", nil},
		{"\xff\xfe\n", "\xff\xfe", nil}, // Latin-1 keyboards
		{"a", "", ErrEnd},
		{"", "", ErrEnd},
		{long + "\nb\n", long, nil},
		{long + "x\nb\n", "", ErrTooLong},
		{strings.Repeat(long, 5) + "\n", "", ErrTooLong},
	} {
		_, term := play(t, c.typed)
		p, err := term.Password("? ")
		if !errors.Is(err, c.err) || err == nil && string(p.Expose()) != c.want {
			t.Errorf("%.20q: %v", c.typed, err)
		}
	}
	_, term := play(t, strings.Repeat("\x1b[D\n", 9))
	if _, err := term.Password("? "); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Error(err)
	}
}

func TestTwice(t *testing.T) {
	for typed, want := range map[string]error{"a\na\n": nil, "a\nb\n": ErrDiffer, "a\n": ErrEnd, "": ErrEnd} {
		_, term := play(t, typed)
		p, err := Twice(term, "? ")
		if !errors.Is(err, want) || err == nil && string(p.Expose()) != "a" {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestConfirm(t *testing.T) {
	for typed, want := range map[string]bool{"yes\n": true, " Y \n": true, "no\n": false, "hm\nwhat\nyes\n": true} {
		_, term := play(t, typed)
		if ok, err := term.Confirm("Go on?"); ok != want || err != nil {
			t.Errorf("%q: %v, %v", typed, ok, err)
		}
	}
	for _, typed := range []string{"", "a\nb\nc\nyes\n", "\xff\n\xff\n\xff\nyes\n"} {
		_, term := play(t, typed)
		if ok, err := term.Confirm("Go on?"); ok || err == nil {
			t.Errorf("%q was taken for yes", typed)
		}
	}
}

func TestShow(t *testing.T) {
	s, term := play(t, "\n")
	if err := term.Show("a b c"); err != nil {
		t.Fatal(err)
	}
	out := s.log.String()
	on, text, off := strings.Index(out, "\x1b[?1049h"), strings.Index(out, "a b c"), strings.Index(out, "\x1b[?1049l")
	if on < 0 || text < on || off < text {
		t.Errorf("%q", out)
	}
	s, term = play(t, "")
	if err := term.Show("a"); !errors.Is(err, ErrEnd) || !strings.HasSuffix(s.log.String(), "\x1b[?1049l") {
		t.Errorf("%v, %q", err, s.log.String())
	}
}

// A signal closes the terminal while a secret is shown: it must not stay there.
func TestCloseClearsTheScreen(t *testing.T) {
	in, typist := io.Pipe()
	defer typist.Close()
	s := &script{in: in}
	term, err := start(s)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- term.Show("a b c") }()
	typist.Write([]byte("x")) // returns when Show reads
	if err := term.Close(); err != nil {
		t.Fatal(err)
	}
	if out := s.log.String(); !strings.HasSuffix(out, "\x1b[?1049l<restored>") {
		t.Errorf("%q", out)
	}
	typist.Write([]byte("\n"))
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := term.Show("later"); !errors.Is(err, ErrEnd) || strings.Contains(s.log.String(), "later") {
		t.Errorf("shown after Close: %v", err)
	}
}

// While the process is being stopped the terminal is the shell's: what is to be
// asked or shown then waits until it goes on.
func TestNothingIsShownWhileStopping(t *testing.T) {
	s, term := play(t, "\n")
	device := term.(*terminal)
	device.pause()
	s.log.Reset()
	s.in = io.MultiReader(readerFunc(func([]byte) (int, error) {
		if got := s.log.String(); got != "" {
			t.Errorf("while it is stopping: %q", got)
		}
		device.again()
		return 0, io.EOF
	}), strings.NewReader("\n"))
	if err := term.Show("TEN WORDS"); err != nil {
		t.Fatal(err)
	}
	if got := s.log.String(); !strings.HasPrefix(got, "<off>"+alternateScreen+"TEN WORDS") || !strings.HasSuffix(got, primaryScreen) {
		t.Errorf("%q", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A signal may come between the switch of the screen and the text.
func TestNothingIsShownAfterClose(t *testing.T) {
	s, term := play(t, "\n")
	device := term.(*terminal)
	device.hide(true)
	device.Close()
	s.log.Reset()
	if _, err := device.ask("TEN WORDS"); !errors.Is(err, ErrEnd) || s.log.Len() > 0 {
		t.Errorf("%v, %q", err, s.log.String())
	}
}
