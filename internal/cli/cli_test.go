package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lifeboat/internal/lockdown"
	"lifeboat/internal/outfile"
	"lifeboat/internal/prompt"
)

// simple prepares what takes no flags, reads and writes nothing.
func simple(do func(e *Env, args []string) error) func(*Flags, []string) (*Plan, error) {
	return func(f *Flags, args []string) (*Plan, error) {
		err := f.Parse(args)
		return &Plan{Run: func(e *Env, _ *Conditions) error { return do(e, f.Args()) }}, err
	}
}

// run runs a program whose one verb is do.
func run(do func(e *Env, args []string) error, env *Env, args ...string) (code int, stdout, stderr string) {
	return prepared(simple(do), env, args...)
}

// prepared is run for a verb with a plan of its own.
func prepared(prepare func(*Flags, []string) (*Plan, error), env *Env, args ...string) (code int, stdout, stderr string) {
	var out, msg bytes.Buffer
	env.Stdout, env.Stderr = &out, &msg
	p := &Program{Name: "mpc-test", Summary: "a test", Verbs: []Verb{
		{Name: "do", Summary: "does it", Usage: "Usage: mpc-test do\n\nExample: mpc-test do", Prepare: prepare},
		{Name: "other", Summary: "does not", Prepare: prepare},
	}}
	return p.Run(env, args), out.String(), msg.String()
}

func TestExitStatus(t *testing.T) {
	plain := errors.New("couldn't")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name   string
		err    error
		env    Env
		code   int
		stderr string
	}{
		{"fine", nil, Env{}, OK, ""},
		{"plain", plain, Env{}, Failed, "mpc-test: error: couldn't\n"},
		{"wrapped", fmt.Errorf("file %q: %w", "a", Fail(Mismatch, plain, "try b", "or c")), Env{}, Mismatch, "mpc-test: error: file \"a\": couldn't\nmpc-test: hint: try b\nmpc-test: hint: or c\n"},
		{"joined", errors.Join(plain, Fail(Refused, errors.New("unsafe"))), Env{}, Refused, "mpc-test: error: couldn't\nmpc-test: error: unsafe\n"},
		{"none", Fail(Usage, nil), Env{}, OK, ""},
		{"no hint", Fail(Failed, plain, "", "try b"), Env{}, Failed, "mpc-test: error: couldn't\nmpc-test: hint: try b\n"},
		{"output exists", fmt.Errorf("x: %w", outfile.ErrExists), Env{}, Refused, "mpc-test: error: x: already exists, and nothing is ever overwritten\n"},
		{"interrupted", fmt.Errorf("x: %w", context.Canceled), Env{Interrupt: cancelled}, Interrupted, "mpc-test: error: interrupted: what was not finished has been removed\n"},
		{"failed after a signal", fmt.Errorf("x: %w", outfile.ErrExists), Env{Interrupt: cancelled}, Interrupted, "mpc-test: error: interrupted: what was not finished has been removed\n"},
		{"cancelled otherwise", context.Canceled, Env{}, Failed, "mpc-test: error: context canceled\n"},
		{"steering", errors.New("a\x1b]0;evil\x07b\u202ec\rd\xff"), Env{}, Failed, `mpc-test: error: a\x1b]0;evil\ab\u202ec\rd\xff` + "\n"},
	} {
		code, stdout, stderr := run(func(*Env, []string) error { return c.err }, &c.env, "do")
		if code != c.code || stdout != "" || stderr != c.stderr {
			t.Errorf("%s: exit %d, %q, %q", c.name, code, stdout, stderr)
		}
	}
}

func TestPanic(t *testing.T) {
	cleaned := false
	code, stdout, stderr := run(func(e *Env, _ []string) error {
		e.OnExit(func() { cleaned = true })
		e.OnExit(func() { panic("hunter2") })
		panic("hunter2")
	}, &Env{}, "do")
	if code != Failed || !cleaned || !strings.Contains(stderr, "internal error") || strings.Contains(stdout+stderr, "hunter2") {
		t.Errorf("exit %d, cleaned %v, %q", code, cleaned, stderr)
	}
}

// A private key may stand wherever something else was expected.
func TestPrivateKeysAreNotRepeated(t *testing.T) {
	for _, key := range []string{
		"AGE-SECRET-KEY-1" + strings.Repeat("Q", 58), "age-secret-key-pq-1" + strings.Repeat("q", 58),
		"xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
	} {
		code, stdout, stderr := run(nil, &Env{}, "do", "-R"+key+"!")
		if code != Usage || stdout != "" || !strings.Contains(stderr, "argument 2 holds a private key") || strings.Contains(stderr, key) {
			t.Errorf("exit %d: %q", code, stderr)
		}
		// One that was read elsewhere, whatever is before it and behind it.
		public := "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
		for _, before := range []string{"", "=", "-R", "_", "id", "\t", "\n", "\ufeff", "\u200b", public} {
			_, _, stderr = run(func(*Env, []string) error { return fmt.Errorf("line %q", before+key+"\t") }, &Env{}, "do")
			if !strings.Contains(stderr, `[a private key]`) || strings.Contains(stderr, key[12:40]) {
				t.Errorf("%q", stderr)
			}
		}
	}
}

// A flag that takes one value is not given two, of which one would be lost.
func TestFlagsGivenTwice(t *testing.T) {
	do := func(f *Flags, args []string) (*Plan, error) {
		f.String("one", "", "")
		f.StringArray("many", nil, "")
		f.Bool("yes", false, "")
		f.Int("count", 0, "")
		return &Plan{Run: func(*Env, *Conditions) error { return nil }}, f.Parse(args)
	}
	for _, c := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"--one", "a", "--many", "a", "--many", "a", "--yes", "--yes"}, OK, ""},
		{[]string{"--one", "a", "--one=b"}, Usage, "--one takes one value, and was given twice"},
		{[]string{"--count", "1", "--count", "1"}, Usage, "--count takes one value, and was given twice"},
		{[]string{"--yes=hunter2"}, Usage, "--yes takes no value"},
		{[]string{"--count=hunter2"}, Usage, "--count takes a whole number"},
	} {
		code, _, stderr := prepared(do, &Env{}, append([]string{"do"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.stderr) || strings.Contains(stderr, "hunter2") {
			t.Errorf("%q: exit %d, %q", c.args, code, stderr)
		}
	}
}

// Letters in the middle of a public key make no private one of it.
func TestPublicKeysAreRepeated(t *testing.T) {
	key := "xpub661MyMwAqRbcGX2hr6NgxzC9n2gfsmipaxnHDBoJbGwprvJD5YYf3WV1DCdGvUCA9UTfJWwjvBeEUaQPJgx8tZ1vB9VtPTjbDfQXFvVkYpC"
	do := func(*Env, []string) error { return errors.New(key) }
	if _, _, stderr := run(do, &Env{}, "do", key); !strings.Contains(stderr, "error: "+key) {
		t.Errorf("%q", stderr)
	}
}

func TestDispatch(t *testing.T) {
	do := func(f *Flags, args []string) (*Plan, error) {
		n := f.Int("count", 0, "")
		err := f.Parse(args)
		return &Plan{Run: func(e *Env, _ *Conditions) error {
			fmt.Fprintln(e.Stdout, *n, f.Args())
			return nil
		}}, err
	}
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string // contained
	}{
		{"do --count 3 a b", OK, "3 [a b]", ""},
		{"do a --count=3 -- --b", OK, "3 [a --b]", ""},
		{"do --allow-network --allow-swap --date 2026-01-02", OK, "0 []", ""},
		{"", Usage, "", "hint: the verbs are do, other, help and version"},
		{"undo", Usage, "", `error: unknown verb "undo"`},
		{"help undo", Usage, "", `error: unknown verb "undo"`},
		{"help do other", Usage, "", "error: help takes one verb"},
		{"do --count x", Usage, "", "hint: mpc-test help do shows how it is used"},
		{"do --count", Usage, "", "error: flag needs an argument: --count"},
		{"do --nothing\x1b[2J", Usage, "", `error: unknown flag: --nothing\x1b[2J`},
		{"do -test.v", Usage, "", `error: unknown flag "-test.v"`},
		{"do -- -test.v", OK, "0 [-test.v]", ""},
		{"do --date 2026-02-30", Usage, "", `--date "2026-02-30"`},
		{"help", OK, "  other      does not\n", ""},
		{"-h", OK, "Exit status:", ""},
		{"help do", OK, "Example: mpc-test do\n", ""},
		{"do --help", OK, "--allow-network", ""},
		{"do a -h", OK, "Example: mpc-test do\n", ""},
		{"version", OK, "mpc-test " + Version, ""},
		{"version x", Usage, "", "error: version takes nothing but --json"},
	} {
		code, stdout, stderr := prepared(do, &Env{}, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) ||
			(stdout == "") != (c.stdout == "") || (stderr == "") != (c.stderr == "") {
			t.Errorf("%q: exit %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
}

func TestDate(t *testing.T) {
	f := newFlags("mpc-test", "do")
	if err := f.Parse([]string{"--date", "2026-03-04"}); err != nil || !f.Date().Equal(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) {
		t.Error(f.Date(), err)
	}
	f = newFlags("mpc-test", "do")
	if err := f.Parse([]string{"--date", "2026-03-04T05:06:07+02:00"}); err != nil || !f.Date().Equal(time.Date(2026, 3, 4, 3, 6, 7, 0, time.UTC)) || f.Date().Location() != time.UTC {
		t.Error(f.Date(), err)
	}
	f = newFlags("mpc-test", "do")
	if err := f.Parse(nil); err != nil || f.Date().IsZero() || f.Date().Location() != time.UTC || f.Date().Nanosecond() != 0 {
		t.Error(f.Date(), err)
	}
}

func TestVersionJSON(t *testing.T) {
	code, stdout, _ := run(nil, &Env{}, "version", "--json")
	var got Build
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil || code != OK || got.Program != "mpc-test" || got.Version != Version || dec.More() {
		t.Errorf("exit %d, %v, %s", code, err, stdout)
	}
	if got.Settings == nil || got.Modules == nil || got.Go == "" || !strings.Contains(got.Platform, "/") {
		t.Errorf("%+v", got)
	}
}

func TestWriteJSON(t *testing.T) {
	for text, warned := range map[string]bool{"a\xff": true, `\\` + "\xff": true, "a\ufffd": false, `\ufffd`: false, `\\ufffd`: false, "ä": false} {
		_, stdout, stderr := run(func(e *Env, _ []string) error { return e.WriteJSON(text) }, &Env{}, "do")
		if strings.Contains(stderr, "warning: a name is not UTF-8") != warned || !json.Valid([]byte(stdout)) {
			t.Errorf("%q: %q, %q", text, stdout, stderr)
		}
	}
	_, stdout, _ := run(func(e *Env, _ []string) error { return e.WriteJSON(map[string]any{"a": "<&>", "b": []int{}}) }, &Env{}, "do")
	if want := "{\n  \"a\": \"<&>\",\n  \"b\": []\n}\n"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
	code, stdout, _ := run(func(e *Env, _ []string) error { return e.WriteJSON(func() {}) }, &Env{}, "do")
	if code != Failed || stdout != "" {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// A verb that does not look whether its results arrived must not report success.
func TestLostResults(t *testing.T) {
	var stderr bytes.Buffer
	p := &Program{Name: "mpc-test", Verbs: []Verb{{Name: "do", Prepare: simple(func(e *Env, _ []string) error {
		fmt.Fprintln(e.Stdout, "result")
		return nil
	})}}}
	if code := p.Run(&Env{Stdout: brokenPipe{}, Stderr: &stderr}, []string{"do"}); code != Failed || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("exit %d, %q", code, &stderr)
	}
}

func TestOnExit(t *testing.T) {
	var order []string
	run(func(e *Env, _ []string) error {
		e.OnExit(func() { order = append(order, "first") })
		remove := e.OnExit(func() { order = append(order, "removed") })
		e.OnExit(func() { order = append(order, "last") })
		remove()
		remove()
		return nil
	}, &Env{}, "do")
	if !slices.Equal(order, []string{"last", "first"}) {
		t.Errorf("%q", order)
	}
}

// What a verb runs cleans up after itself, and only that.
func TestNested(t *testing.T) {
	term := new(fakeTerminal)
	var order []string
	inner := &Program{Name: "mpc-inner", Verbs: []Verb{{Name: "do", Prepare: simple(func(e *Env, _ []string) error {
		e.OnExit(func() { order = append(order, "inner") })
		_, err := e.Terminal()
		return err
	})}}}
	run(func(e *Env, _ []string) error {
		e.OnExit(func() { order = append(order, "outer") })
		if _, err := e.Terminal(); err != nil {
			return err
		}
		env := *e
		env.Stdout = new(bytes.Buffer)
		if code := inner.Run(&env, []string{"do"}); code != OK {
			t.Errorf("exit %d", code)
		}
		order = append(order, "between")
		if term.closed > 0 {
			t.Error("the inner verb closed the outer one's terminal")
		}
		return nil
	}, &Env{Terminal: func() (prompt.Terminal, error) { return term, nil }}, "do")
	if !slices.Equal(order, []string{"inner", "between", "outer"}) || term.closed != 1 {
		t.Errorf("%q, closed %d times", order, term.closed)
	}
}

type fakeTerminal struct {
	prompt.Terminal
	closed int
}

func (f *fakeTerminal) Close() error { f.closed++; return nil }

func TestTerminal(t *testing.T) {
	term, opened := new(fakeTerminal), 0
	run(func(e *Env, _ []string) error {
		for range 2 {
			if got, err := e.Terminal(); got != term || err != nil {
				t.Error(got, err)
			}
		}
		return nil
	}, &Env{Terminal: func() (prompt.Terminal, error) { opened++; return term, nil }}, "do")
	if opened != 1 || term.closed != 1 {
		t.Errorf("opened %d times, closed %d times", opened, term.closed)
	}
	code, _, stderr := run(func(e *Env, _ []string) error { _, err := e.Terminal(); return err },
		&Env{Terminal: func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }}, "do")
	if code != Failed || !strings.Contains(stderr, "hint: give passphrases with --passphrase-file") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestGuard(t *testing.T) {
	blind := errors.New("no /proc")
	whole, half, none := lockdown.Protection{Landlock: 7, Seccomp: true}, lockdown.Protection{Seccomp: true}, lockdown.Protection{}
	for _, c := range []struct {
		name       string
		network    []string
		networkErr error
		swap       []string
		swapErr    error
		process    lockdown.Status
		sandbox    *lockdown.Protection // nil: whole
		args       string
		code       int
		stderr     string // contained
	}{
		{name: "safe", code: OK},
		{name: "online", network: []string{"route", "address"}, code: Refused, stderr: "looks online: route; address\nmpc-test: hint: unplug"},
		{name: "online, allowed", network: []string{"route"}, args: "--allow-network", code: OK, stderr: "warning: this machine looks online: route"},
		{name: "online, other flag", network: []string{"route"}, args: "--allow-swap", code: Refused, stderr: "--allow-network"},
		{name: "cannot look", networkErr: blind, code: Refused, stderr: "couldn't tell: no /proc"},
		{name: "swap", swap: []string{"sda"}, code: Refused, stderr: "swapoff -a"},
		{name: "swap, allowed", swap: []string{"sda"}, args: "--allow-swap", code: OK, stderr: "warning: memory may be written to disk: sda"},
		{name: "swap, locked", swap: []string{"sda"}, process: lockdown.Status{MemoryLock: true}, code: OK},
		{name: "cannot see swap", swapErr: blind, code: Refused, stderr: "couldn't tell: no /proc"},
		{name: "no sandbox", sandbox: &none, code: OK, stderr: "warning: the sandbox in force is none (no such call; nor such)\n"},
		{name: "no sandbox, wanted", sandbox: &none, args: "--require-sandbox", code: Refused, stderr: "the sandbox in force is none (no such call; nor such)\nmpc-test: hint: use"},
		{name: "half a sandbox", sandbox: &half, code: OK, stderr: "warning: the sandbox in force is seccomp only (no such call"},
		{name: "half a sandbox, wanted", sandbox: &half, args: "--require-sandbox", code: Refused, stderr: "seccomp only"},
		{name: "sandbox, wanted", args: "--require-sandbox", code: OK},
	} {
		env := &Env{process: c.process, probes: probes{
			network: func() ([]string, error) { return c.network, c.networkErr },
			swap:    func() ([]string, error) { return c.swap, c.swapErr },
		}, confine: func(lockdown.Files) (lockdown.Protection, error) {
			if c.sandbox == nil {
				return whole, nil
			}
			return *c.sandbox, errors.New("no such call\nnor such")
		}}
		code, stdout, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
			return &Plan{Guard: true, Run: func(e *Env, c *Conditions) error { return e.WriteJSON(c) }}, f.Parse(args)
		}, env, append([]string{"do"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: exit %d, %q", c.name, code, stderr)
		}
		if (stdout == "") != (code != OK) || strings.Contains(stdout, "null") {
			t.Errorf("%s: %q", c.name, stdout)
		}
	}
}

func TestProgressIntoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := NewProgress(&Env{Stderr: f}, "deriving", 2)
	p.next = time.Time{}
	p.Add(1)
	p.Done()
	if b, err := os.ReadFile(path); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestProgress(t *testing.T) {
	var screen bytes.Buffer
	p := &Progress{what: "deriving", total: 200, screen: &screen}
	p.Add(100)
	p.next = time.Now().Add(time.Hour)
	p.Add(50) // too soon to be shown
	p.Done()
	line := "deriving: 100 of 200 (50%)"
	if want := "\r" + line + "\r" + strings.Repeat(" ", len(line)) + "\r"; screen.String() != want {
		t.Errorf("got %q, want %q", screen.String(), want)
	}
}

// What goes to a Tee is kept, and progress goes to its screen alone.
func TestTee(t *testing.T) {
	var screen, log bytes.Buffer
	e := &Env{Program: "mpc-test", Stderr: Tee{&screen, &log}}
	e.Warn("no")
	if want := "mpc-test: warning: no\n"; screen.String() != want || log.String() != want {
		t.Errorf("%q, %q", screen.String(), log.String())
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here")
	}
	defer terminal.Close()
	e.Stderr = Tee{terminal, &log}
	if p := NewProgress(e, "deriving", 2); p.screen != terminal {
		t.Error("no progress is shown")
	}
}

// A disk that is full behind standard output takes nothing from files that are
// whole, and the message says which those are: none, if it was full before.
func TestFullDiskBehindStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		files []string
		hint  string
	}{
		{nil, "hint: send the results somewhere else"},
		{[]string{path}, fmt.Sprintf("hint: it has written %q and keeps that; send the results somewhere else", path)},
	} {
		var stderr bytes.Buffer
		p := &Program{Name: "mpc-test", Verbs: []Verb{{Name: "do", Prepare: simple(func(e *Env, _ []string) error {
			for _, f := range c.files {
				if err := e.WriteFile(f, []byte("result")); err != nil {
					return err
				}
			}
			_, err := fmt.Fprintln(e.Stdout, "done")
			return err
		})}}}
		code := p.Run(&Env{Stdout: fullDisk{}, Stderr: &stderr}, []string{"do"})
		if code != Failed || !strings.Contains(stderr.String(), c.hint+"\n") || strings.Contains(stderr.String(), "nothing is left") {
			t.Errorf("exit %d: %q, want %q", code, stderr.String(), c.hint)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
