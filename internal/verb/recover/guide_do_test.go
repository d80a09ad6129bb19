package recover

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"lifeboat/docs/runbooks"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/derive"
)

// agreeing is a terminal whose person says yes.
type agreeing struct{ prompt.Terminal }

func (agreeing) Confirm(string) (bool, error) { return true, nil }

// A network that comes up between two steps ends the guide before the next command.
func TestDoLooksBeforeEachStep(t *testing.T) {
	t.Chdir(t.TempDir())
	online := errors.New("this machine looks online")
	var looks []error
	var out bytes.Buffer
	p := &cli.Program{Name: "mpc-test", Verbs: []cli.Verb{{Name: "do", Prepare: func(set *cli.Flags, args []string) (*cli.Plan, error) {
		d := &doing{guide: &guide{is: guideCases[0], do: true, noRecord: true}, set: set, terminal: agreeing{}, log: io.Discard, keys: []string{}}
		d.look = func() error {
			err := looks[0]
			looks = looks[1:]
			return err
		}
		return &cli.Plan{Run: func(e *cli.Env, _ *cli.Conditions) error {
			d.env = e
			return d.goThrough([]action{
				{heading: "A", text: "1. Plug nothing in."},
				{heading: "A", text: "2. Make one.", command: "mpc-backup keygen -o one"},
				{heading: "B", text: "1. Make another.", command: "mpc-backup keygen -o two"},
			})
		}}, set.Parse(args)
	}}}}
	for _, test := range []struct {
		looks []error
		made  []string
	}{
		{[]error{online}, nil},
		{[]error{nil, online}, nil},
		{[]error{nil, nil, online}, []string{"one"}},
	} {
		looks = test.looks
		out.Reset()
		code := p.Run(&cli.Env{Stderr: &out}, []string{"do", "--allow-network", "--allow-swap"})
		if code != cli.Failed || !strings.Contains(out.String(), online.Error()) || len(looks) > 0 {
			t.Errorf("exit status %d, %d looks were left: %s", code, len(looks), out.String())
		}
		for _, name := range []string{"one", "two"} {
			if _, err := os.Stat(name); (err == nil) != slices.Contains(test.made, name) {
				t.Errorf("%q was made: %v", name, err == nil)
			}
		}
	}
}

// Every command of the sections that are gone through is one that is run, or one that is
// done on another machine, and whatever is not known of it the page explains.
func TestDoKnowsItsCommands(t *testing.T) {
	known := programs()
	for _, c := range guideCases {
		g := &guide{is: c}
		for _, heading := range g.sections() {
			for _, w := range runbooks.Ways(runbooks.Section(c.role, heading)) {
				for _, s := range w.Steps {
					for _, command := range s.Commands {
						words := strings.Fields(command)
						p := known[words[0]]
						if words[0] == "mpc-derive" {
							p = derive.Program()
						}
						if p == nil || !slices.ContainsFunc(p.Verbs, func(v cli.Verb) bool { return v.Name == words[1] }) {
							t.Errorf("--lost %s, %s: %q is not run", c.name, heading, command)
						}
						if name, open := runbooks.Open(command); open && runbooks.Meaning(c.role, name) == "" {
							t.Errorf("--lost %s, %s: nothing says what {%s} is", c.name, heading, name)
						}
					}
				}
			}
		}
	}
}

// What the steps make is not taken for what they begin with.
func TestDoKnowsItsOutputs(t *testing.T) {
	for name, want := range map[string]bool{
		"guide-transcript.txt": true, "unsigned": true, "signed": true, "keys.age": true, "keys.age.manifest.json": true, "result.key": true,
		"result.key.pub": true, "keys": true, "client.json": false, "keys.json": false, "new-shares": false, "vault-record.txt": false,
	} {
		if d := (&doing{guide: &guide{is: guideCases[0]}}); d.made(name) != want {
			t.Errorf("the provider is gone, %s: %v", name, !want)
		}
	}
	for name, want := range map[string]bool{"new-shares": true, "new-share.json": true, "a.attest.json": true, "a.oath.json": false, "new-record.txt": true, "signed": false} {
		if d := (&doing{guide: &guide{is: guideCases[1]}}); d.made(name) != want {
			t.Errorf("a share is lost, %s: %v", name, !want)
		}
	}
}
