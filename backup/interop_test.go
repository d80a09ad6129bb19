package backup

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// ageDir is where age's own command is built. TestMain makes and removes it.
var ageDir string

// buildAge builds age's own command, of the version this module requires, once.
var buildAge = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(ageDir, "age")
	if out, err := exec.Command("go", "build", "-o", bin, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		return bin, fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	var err error
	if ageDir, err = os.MkdirTemp("", "age"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(ageDir)
	os.Exit(status)
}

func ageCommand(t *testing.T) string {
	t.Helper()
	bin, err := buildAge()
	if err != nil {
		t.Skipf("age's own command cannot be built here: %v", err)
	}
	return bin
}

func find(t *testing.T, program string) string {
	t.Helper()
	bin, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	return bin
}

// pipe runs `producer | consumer`, each a program and its arguments.
func pipe(t *testing.T, dir string, producer, consumer []string) {
	t.Helper()
	first, second := exec.Command(producer[0], producer[1:]...), exec.Command(consumer[0], consumer[1:]...)
	second.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // bsdtar refuses names that the locale does not have
	first.Dir, second.Dir = dir, dir
	var complaints bytes.Buffer
	var out bytes.Buffer
	first.Stdout, first.Stderr, second.Stderr = &out, &complaints, &complaints
	if err := first.Run(); err != nil {
		t.Fatalf("%v: %v: %s", producer, err, &complaints)
	}
	second.Stdin = &out
	if err := second.Run(); err != nil {
		t.Fatalf("%v: %v: %s", consumer, err, &complaints)
	}
	if complaints.Len() > 0 {
		t.Errorf("%v | %v complained: %s", producer, consumer, &complaints)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// identityFile makes an identity, its recipient and the text of its file.
func identityFile(t *testing.T, classic bool) (pair, []byte) {
	t.Helper()
	id, to, err := NewIdentity(classic)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(to, "")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := ParseIdentities(IdentityFile{"id", id})
	if err != nil {
		t.Fatal(err)
	}
	return pair{"", r, ids[0]}, append(bytes.Clone(id.Expose()), '\n')
}

// sshFile is identityFile for an SSH key.
func sshFile(t *testing.T) (pair, []byte) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(string(ssh.MarshalAuthorizedKey(key)), "")
	if err != nil {
		t.Fatal(err)
	}
	return pair{to: r}, pem.EncodeToMemory(block)
}

// What we seal, age and tar open.
func TestAgeAndTarOpenOurs(t *testing.T) {
	installed := func(t *testing.T) string { return find(t, "age") }
	hybrid := func(t *testing.T) (pair, []byte) { return identityFile(t, false) }
	classic := func(t *testing.T) (pair, []byte) { return identityFile(t, true) }
	for _, c := range []struct {
		name string
		key  func(*testing.T) (pair, []byte)
		age  func(*testing.T) string
		tar  string
	}{
		{"age of this module, hybrid, tar", hybrid, ageCommand, "tar"},
		{"age of this module, hybrid, bsdtar", hybrid, ageCommand, "bsdtar"},
		{"age of this module, SSH, tar", sshFile, ageCommand, "tar"},
		{"installed age, X25519, tar", classic, installed, "tar"},
		{"installed age, SSH, tar", sshFile, installed, "tar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tar, age := find(t, c.tar), c.age(t)
			dir := t.TempDir()
			p, id := c.key(t)
			write(t, filepath.Join(dir, "id.txt"), id)
			seal, content := sealForOthers(t, p)
			write(t, filepath.Join(dir, "x.age"), seal)
			if err := os.Mkdir(filepath.Join(dir, "out"), 0o700); err != nil {
				t.Fatal(err)
			}
			pipe(t, dir, []string{age, "-d", "-i", "id.txt", "x.age"}, []string{tar, "-x", "-f", "-", "-C", "out"})
			checkOpened(t, filepath.Join(dir, "out"), content)
		})
	}
}

// With a passphrase, age wants a terminal, which script gives it.
func TestAgeOpensOurPassphrase(t *testing.T) {
	script, tar := find(t, "script"), find(t, "tar")
	for name, command := range map[string]func(*testing.T) string{
		"age of this module": ageCommand,
		"installed age":      func(t *testing.T) string { return find(t, "age") },
	} {
		t.Run(name, func(t *testing.T) {
			age, dir := command(t), t.TempDir()
			seal, content := sealForOthers(t, passphrasePair(t, 12))
			write(t, filepath.Join(dir, "x.age"), seal)
			run := exec.Command(script, "-q", "-e", "-c", age+" -d -o x.tar x.age", os.DevNull)
			run.Dir, run.Stdin = dir, strings.NewReader("correct horse\n")
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if out, err := exec.Command(tar, "-x", "-f", filepath.Join(dir, "x.tar"), "-C", dir).CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%v: %s", err, out)
			}
			checkOpened(t, dir, content)
		})
	}
}

func sealForOthers(t *testing.T, p pair) (sealed, content []byte) {
	t.Helper()
	content = bytes.Repeat([]byte("lifeboat"), 30_000)
	sealed, _ = seal(t, []File{bytesFile("a.json", content), bytesFile("Überblick.txt", nil)}, p.to)
	return sealed, content
}

func checkOpened(t *testing.T, dir string, content []byte) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(dir, "a.json")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("a.json: %d bytes, %v", len(got), err)
	}
	for _, name := range []string{"manifest.json", "README.txt", "Überblick.txt"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// What tar and age seal, we open.
func TestOpenTheirs(t *testing.T) {
	for _, c := range []struct {
		name, tar string
		flags     []string
		armor     bool
	}{
		{"flat", "tar", []string{"-c", "a.json", "b.txt"}, false},
		{"a folder", "tar", []string{"-c", "-C", "..", "in"}, false},
		{"everything here, armoured", "tar", []string{"-c", "."}, true},
		{"PAX", "tar", []string{"-c", "--format=pax", "."}, false},
		{"old", "tar", []string{"-c", "--format=v7", "a.json", "b.txt"}, false},
		{"bsdtar", "bsdtar", []string{"-c", "-f", "-", "."}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tar, age := find(t, c.tar), ageCommand(t)
			dir := filepath.Join(t.TempDir(), "in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			p, _ := identityFile(t, false)
			content := bytes.Repeat([]byte("lifeboat"), 30_000)
			write(t, filepath.Join(dir, "a.json"), content)
			write(t, filepath.Join(dir, "b.txt"), []byte("b"))
			out := filepath.Join(filepath.Dir(dir), "x.age")
			seal := []string{age, "-r", p.to.Text, "-o", out}
			if c.armor {
				seal = append(seal, "-a")
			}
			pipe(t, dir, append([]string{tar}, c.flags...), seal)
			sealed, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			b, err := openBytes(sealed, p.identity)
			if err != nil {
				t.Fatal(err)
			}
			if !b.Foreign || len(b.Manifest.Files) != 2 {
				t.Fatalf("foreign %v, %+v", b.Foreign, b.Manifest.Files)
			}
			if got, err := b.ReadFile("a.json"); err != nil || !bytes.Equal(got.Expose(), content) {
				t.Errorf("a.json: %v", err)
			}
		})
	}
}
