package holder

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// A password is read when its file's turn comes, and not kept in memory from the start:
// the second is written only when the first share is open.
func TestPasswordsAreReadOneAfterTheOther(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Error(err)
		}
		return path
	}
	files := fixtures.Load("demo").Files
	var paths []string
	var f Flags
	for _, file := range files[:2] {
		paths = append(paths, write(file.Name, file.Data))
		f.passphrases = append(f.passphrases, write(file.Name+".txt", []byte("not yet")))
	}
	write(files[0].Name+".txt", files[0].Password)
	unlock := func(e *cli.Env, _ *cli.Conditions) error {
		s, err := Load(e, new(cli.Flags), &f, paths)
		if err != nil {
			return err
		}
		defer s.Close()
		err = s.Unlock(false, func(*verdict.Share, *open.Share) bool {
			write(files[1].Name+".txt", files[1].Password)
			return false
		})
		for _, in := range s.Inputs {
			for _, sh := range in.Shares {
				if sh.Status != verdict.Good {
					t.Errorf("%s is %v: %v", in.Path, sh.Status, sh.Err)
				}
			}
		}
		return err
	}
	p := &cli.Program{Name: "test", Verbs: []cli.Verb{{Name: "unlock", Prepare: func(set *cli.Flags, args []string) (*cli.Plan, error) {
		return &cli.Plan{Run: unlock}, set.Parse(args)
	}}}}
	var stderr bytes.Buffer
	if code := p.Run(&cli.Env{Stderr: &stderr}, []string{"unlock"}); code != cli.OK {
		t.Errorf("exit %d: %s", code, &stderr)
	}
}
