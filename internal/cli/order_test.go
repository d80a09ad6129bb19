package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/internal/lockdown"
	"lifeboat/internal/prompt"
)

// What happens happens in this order, and what is refused is refused before what
// comes after it.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	for _, c := range []struct {
		name         string
		args         string
		output       string
		done, online bool
		failing      string // what returns an error
		code         int
		events       string
		stderr       string // contained
	}{
		{name: "all", code: OK, events: "prepare ask confine done run"},
		{name: "misuse", args: "--none", code: Usage, events: "prepare", stderr: "unknown flag"},
		{name: "help", args: "--help", code: OK, events: "prepare confine"},
		{name: "nothing to ask on", failing: "ask", code: Failed, events: "prepare ask", stderr: "error: no"},
		{name: "no sandbox", failing: "confine", args: "--require-sandbox", output: there, online: true, code: Refused, events: "prepare ask confine", stderr: "--require-sandbox needs"},
		{name: "cannot tell", failing: "done", output: there, online: true, code: Failed, events: "prepare ask confine done", stderr: "error: no"},
		{name: "done before", done: true, output: there, online: true, code: OK, events: "prepare ask confine done"},
		{name: "output is there", output: there, online: true, code: Refused, events: "prepare ask confine done", stderr: "already exists, and nothing is ever overwritten\nmpc-test: hint: choose another name for it"},
		{name: "illegal name", output: filepath.Join(dir, "a:b"), online: true, code: Usage, events: "prepare ask confine done", stderr: `it has one of <>:"/\|?* in it`},
		{name: "no folder", output: filepath.Join(dir, "none", "a"), online: true, code: Failed, events: "prepare ask confine done", stderr: "hint: make the folder first"},
		{name: "online", online: true, code: Refused, events: "prepare ask confine done", stderr: "looks online"},
		{name: "run fails", failing: "run", code: Failed, events: "prepare ask confine done run", stderr: "error: no"},
	} {
		var events []string
		var files lockdown.Files
		happens := func(what string) error {
			if events = append(events, what); what == c.failing {
				return no
			}
			return nil
		}
		if c.output == "" {
			c.output = filepath.Join(dir, "new")
		}
		env := &Env{probes: offline, confine: func(f lockdown.Files) (lockdown.Protection, error) {
			files = f
			if err := happens("confine"); err != nil {
				return lockdown.Protection{}, err
			}
			return lockdown.Protection{Landlock: 7, Seccomp: true}, nil
		}}
		if c.online {
			env.probes.network = func() ([]string, error) { return []string{"route"}, nil }
		}
		code, _, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
			happens("prepare")
			f.StringArray("input", nil, "")
			f.Reads("input")
			err := f.Parse(args)
			return &Plan{
				Reads: []string{"b"}, Outputs: []string{c.output}, Adds: []string{"d"}, Guard: true,
				Ask:  func(func() (prompt.Terminal, error)) ([]string, error) { return []string{"c"}, happens("ask") },
				Done: func(*Env) (bool, error) { return c.done, happens("done") },
				Run:  func(*Env, *Conditions) error { return happens("run") },
			}, err
		}, env, append([]string{"do", "--input", "a"}, strings.Fields(c.args)...)...)
		if got := strings.Join(events, " "); code != c.code || got != c.events || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: exit %d, %s, %q", c.name, code, got, stderr)
		}
		if slices.Contains(events, "ask") && slices.Contains(events, "confine") &&
			(!slices.Equal(files.Read, []string{"a", "b", "c"}) || !slices.Equal(files.Write, []string{c.output, "d"}) || len(files.Own) > 0) {
			t.Errorf("%s: confined to %q", c.name, files)
		}
	}
}

var offline = probes{
	network: func() ([]string, error) { return nil, nil },
	swap:    func() ([]string, error) { return nil, nil },
}

// No verb is spared, whatever it reads, and one that runs others is confined once.
func TestAlwaysConfined(t *testing.T) {
	nothing := simple(func(*Env, []string) error { return nil })
	inner := &Program{Name: "mpc-inner", Verbs: []Verb{{Name: "do", Prepare: nothing}}}
	p := &Program{Name: "mpc-test", Verbs: []Verb{
		{Name: "do", Prepare: nothing},
		{Name: "steps", Steps: []Verb{{Name: "one", Prepare: nothing}, {Name: "two", Prepare: nothing}}},
		{Name: "outer", Prepare: simple(func(e *Env, _ []string) error {
			if code := inner.Run(e, []string{"do", "--require-sandbox"}); code != OK {
				return fmt.Errorf("exit %d", code)
			}
			return nil
		})},
		{Name: "unparsed", Prepare: func(*Flags, []string) (*Plan, error) {
			return &Plan{Run: func(*Env, *Conditions) error { return nil }}, nil
		}},
	}}
	for line, want := range map[string]int{
		"do": OK, "do --help": OK, "help": OK, "--help": OK, "help do": OK, "version": OK, "version --json": OK, "outer": OK, "steps one": OK, "steps two": OK,
		"steps": Usage, "steps three": Usage, "do --none": Usage, "unparsed": Failed,
	} {
		times := 0
		env := &Env{probes: offline, confine: func(lockdown.Files) (lockdown.Protection, error) {
			times++
			return lockdown.Protection{Landlock: 7, Seccomp: true}, nil
		}}
		if code := p.Run(env, strings.Fields(line)); code != want || (times == 1) != (want == OK) || times > 1 {
			t.Errorf("%s: exit %d, confined %d times", line, code, times)
		}
	}
}

func TestSteps(t *testing.T) {
	verb := Verb{Name: "go", Usage: "Usage: mpc-test go STEP", Steps: []Verb{{Name: "one"}, {Name: "two"}, {Name: "three", Prepare: simple(func(e *Env, args []string) error {
		fmt.Fprint(e.Stdout, args)
		return nil
	})}}}
	for line, want := range map[string]string{
		"go": "a step was expected: one, two or three\nmpc-test: hint: mpc-test help go shows how it is used\n", "go four": "a step was expected",
		"go -h": "Usage: mpc-test go STEP", "go three -h": "Usage: mpc-test go STEP", "go three x": "[x]", "go three --x": "hint: mpc-test help go shows",
		"help go two": "Usage: mpc-test go STEP", "help go four": "help takes one verb", "help go two three": "help takes one verb", "help on two": "help takes one verb",
	} {
		var out strings.Builder
		(&Program{Name: "mpc-test", Verbs: []Verb{verb}}).Run(&Env{Stdout: &out, Stderr: &out}, strings.Fields(line))
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q", line, &out)
		}
	}
}

// A folder of the run's own is there when the process is confined to it. It is
// removed in the end, if it was not to be kept or nothing came into it.
func TestOwn(t *testing.T) {
	no := errors.New("no")
	keep := filepath.Join(t.TempDir(), "keep")
	for _, c := range []struct {
		name, keep string
		files      int
		err        error
		code       int
		stays      bool
	}{
		{"for a while", "", 1, nil, OK, false},
		{"for a while, failing", "", 1, no, Failed, false},
		{"kept, failing with nothing in it", keep, 0, no, Failed, false},
		{"kept", keep, 1, nil, OK, true},
		{"there already", keep, 1, nil, Refused, true},
	} {
		own := &Own{Keep: c.keep}
		var confined []string
		env := &Env{probes: offline, confine: func(f lockdown.Files) (lockdown.Protection, error) {
			for _, path := range f.Own {
				if info, err := os.Stat(path); err == nil && info.IsDir() {
					confined = append(confined, path)
				}
			}
			return lockdown.Protection{}, nil
		}}
		code, _, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
			return &Plan{Own: own, Run: func(*Env, *Conditions) error {
				for i := range c.files {
					os.WriteFile(filepath.Join(own.Path, fmt.Sprint(i)), nil, 0o600)
				}
				return c.err
			}}, f.Parse(args)
		}, env, "do")
		_, err := os.Stat(own.Path)
		if code != c.code || (err == nil) != c.stays || code != Refused && !slices.Equal(confined, []string{own.Path}) {
			t.Errorf("%s: exit %d, %q, confined to %q, %v", c.name, code, stderr, confined, err)
		}
	}
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".lifeboat-0123456789abcdef.tmp")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
		return &Plan{Outputs: []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, Adds: []string{filepath.Join(dir, "c")},
			Run: func(*Env, *Conditions) error { return nil }}, f.Parse(args)
	}, &Env{}, "do")
	if code != OK || strings.Count(stderr, fmt.Sprintf("%q was left by a run that was killed", left)) != 1 {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// A clock that cannot be right is named by verbs that take a date from it.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		clock      string
		args       string
		dated, bad bool
	}{
		{"1970-01-01", "", true, true},
		{"1970-01-01", "", false, false},
		{"1970-01-01", "--date 2027-01-01", true, false},
		{"2026-10-30", "", true, true},
		{"2026-10-31", "", true, false},
		{"2046-11-01", "", true, false},
		{"2046-11-02", "", true, true},
	} {
		code, _, stderr := prepared(func(f *Flags, args []string) (*Plan, error) {
			err := f.Parse(args)
			if c.args == "" {
				f.date, _ = time.Parse(time.DateOnly, c.clock)
			}
			return &Plan{Run: func(*Env, *Conditions) error {
				if c.dated {
					f.Date()
				}
				return nil
			}}, err
		}, &Env{}, append([]string{"do"}, strings.Fields(c.args)...)...)
		if bad := strings.Contains(stderr, "the clock of this machine says "+c.clock); code != OK || bad != c.bad || !bad && stderr != "" {
			t.Errorf("%+v: %d, %q", c, code, stderr)
		}
	}
}

// A folder that is there is the run's own, and stays when the run fails.
func TestWithin(t *testing.T) {
	dir := t.TempDir()
	var files lockdown.Files
	env := &Env{probes: offline, confine: func(f lockdown.Files) (lockdown.Protection, error) {
		files = f
		return lockdown.Protection{}, nil
	}}
	code, _, _ := prepared(func(f *Flags, args []string) (*Plan, error) {
		return &Plan{Within: dir, Run: func(*Env, *Conditions) error { return errors.New("no") }}, f.Parse(args)
	}, env, "do")
	if code != Failed || !slices.Equal(files.Own, []string{dir}) || len(files.Read)+len(files.Write) > 0 {
		t.Errorf("exit %d, confined to %q", code, files)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
