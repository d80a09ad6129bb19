package backup

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ageCommand builds age's own command, of the version this module requires.
func ageCommand(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "age")
	if out, err := exec.Command("go", "build", "-o", bin, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Skipf("age's own command cannot be built here: %v: %s", err, out)
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

// What we seal, age and tar open.
func TestAgeAndTarOpenOurs(t *testing.T) {
	for _, c := range []struct {
		name    string
		classic bool
		age     func(*testing.T) string
		tar     string
	}{
		{"age of this module, hybrid, tar", false, ageCommand, "tar"},
		{"age of this module, hybrid, bsdtar", false, ageCommand, "bsdtar"},
		{"installed age, X25519, tar", true, func(t *testing.T) string { return find(t, "age") }, "tar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			age, tar := c.age(t), find(t, c.tar)
			dir := t.TempDir()
			p, id := identityFile(t, c.classic)
			write(t, filepath.Join(dir, "id.txt"), id)
			content := bytes.Repeat([]byte("lifeboat"), 30_000)
			sealed, _ := seal(t, []File{bytesFile("a.json", content), bytesFile("Überblick.txt", nil)}, p.to)
			write(t, filepath.Join(dir, "x.age"), sealed)
			if err := os.Mkdir(filepath.Join(dir, "out"), 0o700); err != nil {
				t.Fatal(err)
			}
			pipe(t, dir, []string{age, "-d", "-i", "id.txt", "x.age"}, []string{tar, "-x", "-f", "-", "-C", "out"})
			if got, err := os.ReadFile(filepath.Join(dir, "out", "a.json")); err != nil || !bytes.Equal(got, content) {
				t.Errorf("a.json: %d bytes, %v", len(got), err)
			}
			for _, name := range []string{"manifest.json", "README.txt", "Überblick.txt"} {
				info, err := os.Stat(filepath.Join(dir, "out", name))
				if errors.Is(err, fs.ErrNotExist) || info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s: %v, %v", name, info, err)
				}
			}
		})
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
			age, tar := ageCommand(t), find(t, c.tar)
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
