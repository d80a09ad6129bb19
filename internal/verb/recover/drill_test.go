package recover

import (
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
)

func TestDiffer(t *testing.T) {
	const want = "mpc-recover key a.json b.json --root -o keys.age --passphrase-file a.txt --passphrase-file b.txt"
	for _, c := range []struct {
		got            string
		missing, extra []string
		paired         bool
	}{
		{want, nil, nil, true},
		{"mpc-recover key --root --passphrase-file a.txt -o keys.age --passphrase-file b.txt a.json b.json", nil, nil, true},
		{"mpc-recover  key b.json a.json --root -o keys.age --passphrase-file a.txt --passphrase-file b.txt", nil, nil, false},
		{"mpc-recover key a.json b.json --root -o keys.age --passphrase-file b.txt --passphrase-file a.txt", nil, nil, false},
		{"mpc-recover key a.json b.json -o keys.age --passphrase-file a.txt --passphrase-file b.txt", []string{"--root"}, nil, true},
		{"mpc-recover key a.json b.json b.json --root -o other.age --passphrase-file a.txt --passphrase-file b.txt", []string{"-o keys.age"}, []string{"b.json", "-o other.age"}, true},
	} {
		missing, extra := differ(want, c.got)
		if !slices.Equal(missing, c.missing) || !slices.Equal(extra, c.extra) {
			t.Errorf("%q: missing %q, extra %q", c.got, missing, extra)
		}
		if len(missing)+len(extra) == 0 && paired(want, c.got) != c.paired {
			t.Errorf("%q: paired is not %v", c.got, c.paired)
		}
	}
}

// Every step says what it is for, and its command is one that its program has.
func TestDrillSteps(t *testing.T) {
	d := &drill{}
	full := map[string]*cli.Program{"mpc-derive": derive.Program(), "mpc-backup": backup.Program(), "mpc-recover": Program()}
	for _, s := range d.scenarios() {
		if s.title == "" || s.end == "" || len(s.steps) == 0 {
			t.Errorf("%s: no title, no end or no steps", s.name)
		}
		for _, st := range s.steps {
			verb, _, _ := strings.Cut(st.args, " ")
			if !slices.ContainsFunc(full[st.program.Name].Verbs, func(v cli.Verb) bool { return v.Name == verb }) || st.title == "" || st.say == nil {
				t.Errorf("%s: %s %s: no such verb, no title or nothing to look for", s.name, st.program.Name, verb)
			}
		}
	}
}

// The address book of the drill is over ten chains and more, on both curves.
func TestDrillBook(t *testing.T) {
	b, err := drillBook()
	if err != nil {
		t.Fatal(err)
	}
	coins, curves := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(line, ",")
		coins[cells[1]], curves[cells[3]] = true, true
	}
	if len(coins)-1 < 10 || !curves["secp256k1"] || !curves["ed25519"] {
		t.Errorf("coins %v, curves %v", coins, curves)
	}
}
