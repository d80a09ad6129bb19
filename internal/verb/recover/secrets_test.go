package recover_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/story"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// vaults are those whose files, damaged in every way, the command lines use.
var vaults = []string{"2of3", "sample", "root-zero-2", "share-zero-short", "unreduced", "password-blanks", "other-epoch", "v1-single", "tsslib-ecdsa", "tsslib-eddsa"}

// No secret of the test vaults, in any spelling, comes out on standard output, on
// standard error, or in a file that was not asked for in the clear, whether the
// command lines succeed or fail.
func TestNoSecretComesOut(t *testing.T) {
	var secrets []story.Secret
	for _, name := range vaults {
		secrets = append(secrets, story.OfVault(name)...)
	}
	secrets = append(secrets, story.Secret{What: "a passphrase", Text: []byte("sealed for the safe")})
	if len(secrets) < 500 {
		t.Fatalf("only %d spellings of secrets", len(secrets))
	}
	dir := t.TempDir()
	t.Chdir(dir)
	lay := func(path string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lay("seal.txt", []byte("sealed for the safe\n"))
	for _, name := range vaults {
		v := fixtures.Load(name)
		for i, f := range v.Files {
			lay(fmt.Sprintf("%s/%d.json", name, i+1), f.Data)
			lay(fmt.Sprintf("%s/%d.txt", name, i+1), []byte(cmp.Or(string(f.Password), "none is needed")+"\n"))
			for what, data := range damages(f.Data) {
				lay(fmt.Sprintf("%s/%d-%s.json", name, i+1, what), data)
			}
		}
		for file, data := range v.Books {
			lay(name+"/"+file, data)
		}
	}
	inputs := tree(t, dir)

	run := func(wantOK bool, line string) {
		t.Helper()
		args := strings.Fields(line)
		program := map[string]*cli.Program{"mpc-recover": recover.Program(), "mpc-backup": backup.Program(), "mpc-derive": derive.Program()}[args[0]]
		var stdout, stderr bytes.Buffer
		env := &cli.Env{Stdout: &stdout, Stderr: &stderr, Terminal: func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }}
		code := program.Run(env, append(args[1:], "--allow-network", "--allow-swap"))
		if (code == cli.OK) != wantOK {
			t.Errorf("%s: exit status %d: %s", line, code, stderr.String())
		}
		for stream, text := range map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes()} {
			if what := story.Find(secrets, text); what != "" {
				t.Errorf("%s: %s is on %s", line, what, stream)
			}
		}
		for path := range tree(t, dir) {
			if inputs[path] || strings.HasPrefix(path, "id") { // what keygen is asked for
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if what := story.Find(secrets, data); what != "" {
				t.Errorf("%s: %s is in %s", line, what, path)
			}
			if !wantOK {
				t.Errorf("%s: it failed and left %s", line, path)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(true, "mpc-backup keygen -o id")
	run(true, "mpc-recover drill")
	run(true, "mpc-recover key 2of3/1.json 2of3/2.json --passphrase-file 2of3/1.txt --passphrase-file 2of3/2.txt --root --seal-passphrase-file seal.txt -o out.age")
	for _, name := range vaults {
		run2of3(t, name, run)
	}

	// Where secrets are asked for, they would be found.
	env := &cli.Env{Terminal: func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }}
	recover.Program().Run(env, strings.Fields("key 2of3/1.json 2of3/2.json --passphrase-file 2of3/1.txt --passphrase-file 2of3/2.txt --root --plaintext -o clear --allow-network --allow-swap"))
	if root, err := os.ReadFile("clear/root.json"); err != nil || story.Find(secrets, root) == "" {
		t.Errorf("the test does not see secrets: %v", err)
	}
}

// run2of3 runs the verbs on a vault, and on its files damaged in every way.
func run2of3(t *testing.T, name string, run func(ok bool, line string)) {
	xpub := ""
	if strings.HasPrefix(name, "tsslib-") {
		xpub = " --xpub " + tsslibRoot(t, name)
	}
	pair := func(a, b string) string { return fmt.Sprintf("%s/%s.json %s/%s.json", name, a, name, b) }
	pass := func(a, b string) string {
		return fmt.Sprintf(" --passphrase-file %s/%s.txt --passphrase-file %s/%s.txt", name, a, name, b)
	}
	seal := " -R id.pub -o out.age"
	run(true, "mpc-recover key "+pair("1", "2")+pass("1", "2")+xpub+" --root --path m/44/0/0/0/0"+seal)
	run(true, "mpc-recover key "+pair("1", "2")+pass("1", "2")+xpub+" --check-only --path m/44/0/0/0/0 --json")
	run(true, "mpc-backup verify "+pair("1", "3")+pass("1", "3")+xpub+" --json")
	run(true, "mpc-backup inspect "+pair("1", "2")+" --json")
	run(true, "mpc-backup seal "+name+"/1.json -R id.pub -o one.age")
	run(false, "mpc-recover key "+pair("1", "2")+pass("1", "2")+xpub+" --root -o out.age")
	run(false, "mpc-recover key "+pair("1", "1")+pass("1", "1")+xpub+" --root"+seal)
	run(false, "mpc-backup verify "+name+"/1.json --passphrase-file "+name+"/1.txt"+xpub)
	run(false, "mpc-derive address "+xprv(name)+" --path m/0")
	if xpub == "" {
		run(false, "mpc-recover key "+pair("1", "2")+pass("2", "1")+" --root"+seal)
		run(false, "mpc-recover key "+pair("1", "2")+pass("1", "2")+" --root --xpub "+xprv(name)+seal)
	}
	for what := range damages(fixtures.Load(name).Files[1].Data) {
		bad := "2-" + what
		run(false, "mpc-recover key "+pair("1", bad)+pass("1", "2")+xpub+" --root"+seal)
		run(true, fmt.Sprintf("mpc-recover key %s %s/3.json%s --passphrase-file %s/3.txt%s --root%s", pair("1", bad), name, pass("1", "2"), name, xpub, seal))
		run(false, "mpc-backup verify "+pair("1", bad)+pass("1", "2")+xpub+" --json")
	}
}

func xprv(name string) string {
	if groups := fixtures.Load(name).Expected.Groups; len(groups) > 0 {
		return groups[0].RootXprv
	}
	return fixtures.Load("2of3").Expected.Groups[0].RootXprv
}

// damages are defects that no good file survives.
func damages(data []byte) map[string][]byte {
	return map[string][]byte{
		"cut":    data[:len(data)/2],
		"quoted": bytes.ReplaceAll(data, []byte(`":`), []byte(`" `)),
		"empty":  nil,
		"number": []byte("1e999999999"),
		"twice":  append(slices.Clone(data), data...),
	}
}

func tree(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			path, err = filepath.Rel(dir, path)
			files[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tsslibRoot is a root extended public key for save data of tss-lib, which has
// no chain code.
func tsslibRoot(t *testing.T, name string) string {
	t.Helper()
	f := fixtures.Load(name).Files[0]
	shares, err := formats.Parse(f.Name, f.Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	g := shares[0].Group
	g.ChainCode = &[32]byte{7}
	return g.Root().String()
}
