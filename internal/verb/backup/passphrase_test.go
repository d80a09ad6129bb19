package backup

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
)

// reader is a person who types what the screen showed, after some other answers.
type reader struct {
	prompt.Terminal
	shown   []string
	answers []string
}

func (r *reader) Close() error { return nil }

func (r *reader) Show(text string) error {
	r.shown = append(r.shown, text)
	return nil
}

func (r *reader) Password(string) (*secret.Bytes, error) {
	if len(r.answers) > 0 {
		answer := r.answers[0]
		r.answers = r.answers[1:]
		return secret.Copy([]byte(answer)), nil
	}
	return secret.Copy([]byte(strings.Fields(r.shown[len(r.shown)-1])[6])), nil
}

// A passphrase that was made is the bundle's when it has been typed, and it is
// nowhere but on the screen.
func TestGeneratedPassphrase(t *testing.T) {
	dir := t.TempDir()
	notes, bundle := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "b.age")
	if err := os.WriteFile(notes, []byte("under the mat"), 0o600); err != nil {
		t.Fatal(err)
	}
	person := &reader{answers: []string{"something else"}}
	var out, msg bytes.Buffer
	run := func(args ...string) int {
		out.Reset()
		msg.Reset()
		env := &cli.Env{Stdout: &out, Stderr: &msg, Terminal: func() (prompt.Terminal, error) { return person, nil }}
		return Program().Run(env, append(args, "--allow-network", "--allow-swap"))
	}
	if code := run("seal", notes, "--generate-passphrase", "-o", bundle); code != cli.OK {
		t.Fatalf("exit %d: %s", code, &msg)
	}
	if len(person.shown) != 2 || person.shown[0] != person.shown[1] {
		t.Errorf("shown: %q", person.shown)
	}
	words := strings.Fields(person.shown[0])[6]
	if strings.Count(words, "-") != 9 {
		t.Fatalf("the passphrase on the screen is %q", words)
	}
	if strings.Contains(out.String()+msg.String(), words) {
		t.Error("the passphrase is on an output")
	}
	if code := run("open", bundle, "-o", filepath.Join(dir, "out")); code != cli.OK {
		t.Fatalf("exit %d: %s", code, &msg)
	}
	got, err := os.ReadFile(filepath.Join(dir, "out", "notes.txt"))
	if err != nil || string(got) != "under the mat" {
		t.Errorf("%q, %v", got, err)
	}
}
