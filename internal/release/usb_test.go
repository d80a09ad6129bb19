package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestFATFaults(t *testing.T) {
	for _, test := range []struct {
		names []string
		bad   bool
	}{
		{[]string{"bin/linux-amd64/mpc-derive", "bin/windows-amd64/mpc-derive.exe", "START-HERE.html", "a/b", "a/c"}, false},
		{[]string{"a:b"}, true}, {[]string{"a/b?"}, true}, {[]string{`a\b`}, true}, {[]string{"naïve"}, true}, {[]string{"a\x01"}, true},
		{[]string{"a."}, true}, {[]string{"a /b"}, true}, {[]string{"../a"}, true}, {[]string{"/a"}, true},
		{[]string{"con"}, true}, {[]string{"x/Aux.txt"}, true}, {[]string{"console.txt"}, false},
		{[]string{"Readme", "README"}, true}, {[]string{"a/x", "A/y"}, true},
		{[]string{strings.Repeat("x", 101)}, true},
	} {
		if got := fatFaults(test.names); (len(got) > 0) != test.bad {
			t.Errorf("%q: %q", test.names, got)
		}
	}
}

// release makes a small release: pages, manuals, scripts, and programs that are
// shell scripts, with their checksums.
func fakeRelease(t *testing.T) string {
	t.Helper()
	t.Chdir("../..")
	dist := t.TempDir()
	if err := pages([]string{dist}); err != nil {
		t.Fatal(err)
	}
	if err := manuals([]string{dist}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin/linux-amd64/mpc-x", "bin/linux-arm64/mpc-x", "bin/darwin-amd64/mpc-x", "bin/darwin-arm64/mpc-x", "age/linux-amd64/age"} {
		if err := write(filepath.Join(dist, name), []byte("#!/bin/sh\necho ran\n")); err != nil {
			t.Fatal(err)
		}
	}
	makeSums(t, dist)
	return dist
}

func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestLinks checks that the pages of a release link only to what is in it, and
// that they name no page as it is called in the source.
func TestLinks(t *testing.T) {
	dist := fakeRelease(t)
	links := 0
	for _, name := range tree(t, dist) {
		if filepath.Ext(name) != ".html" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`[a-z/-]+\.md\b`).Find(text); m != nil {
			t.Errorf("%s names %s, which a release does not have", name, m)
		}
		for _, m := range regexp.MustCompile(`<a href="([^"#]+)`).FindAllSubmatch(text, -1) {
			links++
			if _, err := os.Stat(filepath.Join(dist, filepath.Dir(name), string(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
	if links < 10 {
		t.Errorf("only %d links", links)
	}
}

func TestUSB(t *testing.T) {
	dist := fakeRelease(t)
	stick := filepath.Join(t.TempDir(), "stick")
	for _, hidden := range []string{".Trashes", "System Volume Information"} {
		if err := os.MkdirAll(filepath.Join(stick, hidden), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := usb([]string{dist, stick}); err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, stick), tree(t, dist); !slices.Equal(got, want) {
		t.Errorf("the stick has %q\nnot %q", got, want)
	}
	if err := usb([]string{dist, stick}); err == nil {
		t.Error("a stick with files on it was written to")
	}
	if err := write(filepath.Join(dist, "START-HERE.html"), []byte("other")); err != nil {
		t.Fatal(err)
	}
	if err := usb([]string{dist, filepath.Join(t.TempDir(), "other")}); err == nil || !strings.Contains(err.Error(), "START-HERE.html") {
		t.Errorf("a file that changed was copied: %v", err)
	}
}

// shell runs check.sh of a stick, and returns what it said and its exit status.
func shell(t *testing.T, stick string, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command("sh", append([]string{filepath.Join(stick, "check.sh")}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// The exit status of check.sh.
const (
	checked   = 0
	wrong     = 1
	unchecked = 2
)

// signers are throw-away keys: "releaser" and "stranger".
type signers string

func newSigners(t *testing.T) signers {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen")
	}
	keys := signers(t.TempDir())
	for _, name := range []string{"releaser", "stranger"} {
		keygen(t, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", keys.file(name))
	}
	return keys
}

func (s signers) file(name string) string { return filepath.Join(string(s), name) }

func (s signers) public(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(s.file(name) + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fingerprint is what is on paper.
func (s signers) fingerprint(t *testing.T, name string) string {
	t.Helper()
	return strings.Fields(keygen(t, "-l", "-f", s.file(name)+".pub"))[1]
}

// sign makes the signature of a file, or makes it anew.
func (s signers) sign(t *testing.T, name, namespace, file string) {
	t.Helper()
	os.Remove(file + ".sig")
	keygen(t, "-Y", "sign", "-f", s.file(name), "-n", namespace, file)
}

func keygen(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ssh-keygen", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v: %s", args, err, out)
	}
	return string(out)
}

// smallStick is a stick with check.sh and one program.
func smallStick(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("check.sh needs a POSIX shell")
	}
	stick := t.TempDir()
	script, err := os.ReadFile("../../docs/usb/check.sh")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"check.sh": script}
	for _, system := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
		files["bin/"+system+"/mpc-x"] = []byte("#!/bin/sh\n")
	}
	for name, data := range files {
		if err := write(filepath.Join(stick, name), data); err != nil {
			t.Fatal(err)
		}
	}
	makeSums(t, stick)
	return stick
}

// makeSums makes the SHA256SUMS of a stick, as whoever has it can.
func makeSums(t *testing.T, stick string) {
	t.Helper()
	var list strings.Builder
	for _, name := range tree(t, stick) {
		if slices.Contains(extras, name) {
			continue
		}
		sum, err := hashFile(filepath.Join(stick, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, name)
	}
	if err := write(filepath.Join(stick, "SHA256SUMS"), []byte(list.String())); err != nil {
		t.Fatal(err)
	}
}

// Whoever changes a program can make SHA256SUMS anew and take the signature away,
// or the list of those who may sign. That is no checked stick: the exit status says
// so, and nothing is copied but for somebody who asks for what is not signed.
func TestNotChecked(t *testing.T) {
	stick := smallStick(t)
	keys := newSigners(t)
	sums, allowed := filepath.Join(stick, "SHA256SUMS"), filepath.Join(stick, "allowed_signers")
	keys.sign(t, "releaser", "lifeboat-release", sums)
	if err := write(allowed, []byte("release@example.org "+keys.public(t, "releaser"))); err != nil {
		t.Fatal(err)
	}
	if out, status := shell(t, stick); status != checked || strings.Contains(out, "NOT CHECKED") {
		t.Errorf("a good stick: status %d:\n%s", status, out)
	}
	for _, system := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
		if err := write(filepath.Join(stick, "bin", system, "mpc-x"), []byte("#!/bin/sh\necho evil\n")); err != nil {
			t.Fatal(err)
		}
	}
	makeSums(t, stick)
	to := filepath.Join(t.TempDir(), "to")
	for _, test := range []struct {
		what   string
		take   string // away
		want   string
		status int
	}{
		{"the list made anew", "", "the signature of SHA256SUMS is wrong", wrong},
		{"no allowed_signers", allowed, "NOT CHECKED: SHA256SUMS is signed, but the file allowed_signers is missing", unchecked},
		{"no signature", sums + ".sig", "NOT CHECKED: SHA256SUMS carries no signature", unchecked},
	} {
		os.Remove(test.take)
		for _, args := range [][]string{nil, {to}} {
			if out, status := shell(t, stick, args...); status != test.status || !strings.Contains(out, test.want) {
				t.Errorf("%s, %q: status %d:\n%s", test.what, args, status, out)
			}
			if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%s: it was copied", test.what)
			}
		}
	}
	if out, status := shell(t, stick, "--unsigned", to); status != unchecked || !strings.Contains(out, "NOT CHECKED") {
		t.Errorf("--unsigned: status %d:\n%s", status, out)
	}
	if got := tree(t, to); !slices.Equal(got, []string{"mpc-x"}) {
		t.Errorf("--unsigned copied %q", got)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"one", "two"}, "one folder at most"},
		{[]string{"--all"}, "--all is no option"},
		{[]string{"one", "-Unsigned"}, "-Unsigned is no option"},
	} {
		if out, status := shell(t, stick, test.args...); status != wrong || !strings.Contains(out, test.want) {
			t.Errorf("%q: status %d:\n%s", test.args, status, out)
		}
	}
}

// Nothing hides what is not listed: not its kind, and not a name that would steer the
// terminal, or that has a listed name on a line of its own.
func TestUnlisted(t *testing.T) {
	stick := smallStick(t)
	for _, name := range []string{"\x1b[2Jall is well", `\033[2J`, "\u202egpj.sh", "check.sh\ncheck.sh"} {
		if err := write(filepath.Join(stick, name), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/bin/sh", filepath.Join(stick, "link")); err != nil {
		t.Fatal(err)
	}
	out, _ := shell(t, stick)
	for _, shown := range []string{"?[2Jall is well", `\033[2J`, "???gpj.sh", "what has a line break in its name", "link"} {
		if !strings.Contains(out, "warning: "+shown+" is not listed") {
			t.Errorf("no warning of %s:\n%q", shown, out)
		}
	}
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("it steers the terminal:\n%q", out)
	}
}

// The commands that are typed from paper find what check.sh of a false stick would
// not: another signer, also with a list of signers and a script that fit.
func TestFromPaper(t *testing.T) {
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("the commands are those for Linux")
	}
	stick := smallStick(t)
	keys := newSigners(t)
	sums := filepath.Join(stick, "SHA256SUMS")
	typed := paperCommands(t)
	run := func(command string) (string, bool) {
		t.Helper()
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "FINGERPRINT", keys.fingerprint(t, "releaser")))
		cmd.Dir = stick
		out, err := cmd.Output()
		return string(out), err == nil
	}
	for _, test := range []struct {
		key, namespace  string
		signed, isWhole bool
		do              func()
	}{
		{"releaser", "lifeboat-release", true, true, nil},
		{"releaser", "file", false, true, nil},
		{"stranger", "lifeboat-release", false, true, nil},
		{"releaser", "lifeboat-release", true, false, func() { write(filepath.Join(stick, "check.sh"), []byte("exit 0\n")) }},
		{"releaser", "lifeboat-release", false, true, func() { makeSums(t, stick) }}, // made anew after it was signed
		{"", "", false, true, func() { os.Remove(sums + ".sig") }},
	} {
		if test.key != "" {
			keys.sign(t, test.key, test.namespace, sums)
		}
		if test.do != nil {
			test.do()
		}
		if out, ok := run(typed[0]); ok != test.signed || strings.HasPrefix(out, "Good") != test.signed {
			t.Errorf("%s, %s: the signature: %v, %q", test.key, test.namespace, ok, out)
		}
		if out, ok := run(typed[1]); ok != test.isWhole {
			t.Errorf("%s, %s: the files: %v, %q", test.key, test.namespace, ok, out)
		}
	}
}

// paperCommands returns the two commands for Linux, which stand on the stick and in
// the manual in the same words.
func paperCommands(t *testing.T) []string {
	t.Helper()
	var all [][]string
	for _, page := range []string{"../../docs/usb/START-HERE.markdown", "../../docs/verifying.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^ {4}((?:ssh-keygen -Y check-novalidate|sha256sum) [^#\n]*?) *$`).FindAllStringSubmatch(string(text), -1)
		var commands []string
		for _, m := range found {
			commands = append(commands, m[1])
		}
		if len(commands) != 2 {
			t.Fatalf("%s has the commands %q", page, commands)
		}
		all = append(all, commands)
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("the stick says %q and the manual %q", all[0], all[1])
	}
	return all[0]
}

// TestCheck runs the script of the stick, with a signature of a throw-away key.
func TestCheck(t *testing.T) {
	if os.Getenv("RELEASED") == "" {
		t.Skip("RELEASED=1 runs it, as .ci/run does: it checks a release of many files some thirty times")
	}
	if runtime.GOOS == "windows" {
		t.Skip("check.sh needs a POSIX shell")
	}
	stick := fakeRelease(t)
	says := func(want string, status int, args ...string) {
		t.Helper()
		if out, got := shell(t, stick, args...); got != status || !strings.Contains(out, want) {
			t.Errorf("check.sh %q: status %d, not %d, or without %q:\n%s", args, got, status, want, out)
		}
	}
	keys := newSigners(t)
	signed := filepath.Join(stick, "SHA256SUMS")
	sign := func(key, namespace string) {
		t.Helper()
		keys.sign(t, key, namespace, signed)
	}
	sign("releaser", "lifeboat-release")
	allowed := "release@example.org namespaces=\"lifeboat-release\" " + keys.public(t, "releaser")
	if err := os.WriteFile(filepath.Join(stick, "allowed_signers"), []byte(allowed), 0o644); err != nil {
		t.Fatal(err)
	}
	says("signature for release@example.org with ED25519 key SHA256:", checked)
	local := filepath.Join(t.TempDir(), "a b")
	says("mpc-recover guide", checked, local)
	out, err := exec.Command(filepath.Join(local, "mpc-x")).Output()
	if err != nil || string(out) != "ran\n" {
		t.Errorf("the copy: %q, %v", out, err)
	}
	says("exists; name a new folder", wrong, local)

	for _, test := range []struct{ key, namespace string }{{"stranger", "lifeboat-release"}, {"releaser", "file"}} {
		sign(test.key, test.namespace)
		says("the signature of SHA256SUMS is wrong, or by nobody", wrong)
	}
	sign("releaser", "lifeboat-release")

	// A list of several people, and tools as they are elsewhere.
	allowed = "# who may sign\n\nfirst@example.org " + keys.public(t, "stranger") + "third@example.org," + allowed
	if err := os.WriteFile(filepath.Join(stick, "allowed_signers"), []byte(allowed), 0o644); err != nil {
		t.Fatal(err)
	}
	says("signature for third@example.org with", checked)
	real, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tool, script, want string
		status             int
	}{
		{"ssh-keygen", `[ "$2" != find-principals ] || exit 1; exec ` + real + ` "$@"`, "signature for third@example.org with", checked},     // OpenSSH 8.1
		{"ssh-keygen", "echo 'unknown option -- Y' >&2; exit 1", "NOT CHECKED: SHA256SUMS is signed, but there is no ssh-keygen", unchecked}, // and before
		{"shasum", `[ "$LC_ALL" = C ] || exit 1; shift 2; exec sha256sum "$@"`, "signature for third@example.org with", checked},             // it speaks the user's language
		{"shasum", "exit 1", "these files are damaged", wrong},
		{"shasum", "echo Killed >&2; exit 137", "these files are damaged", wrong},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, test.tool), []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		path := os.Getenv("PATH")
		t.Setenv("PATH", dir+string(os.PathListSeparator)+path)
		says(test.want, test.status)
		t.Setenv("PATH", path)
	}

	// What is not listed is not copied, and is said wherever it lies.
	for _, name := range []string{"bin/linux-amd64/more", "bin/darwin-arm64/more", "attest/evil.exe", "bin/SHA256SUMS"} {
		if err := write(filepath.Join(stick, name), nil); err != nil {
			t.Fatal(err)
		}
		says("warning: "+name+" is not listed", checked)
	}
	if err := write(filepath.Join(stick, "attest", "somebody", "SHA256SUMS"), nil); err != nil {
		t.Fatal(err)
	}
	if out, _ := shell(t, stick); strings.Contains(out, "somebody") {
		t.Errorf("it warns of an attestation:\n%s", out)
	}
	second := filepath.Join(t.TempDir(), `a \new folder, it's $HOME "here"`)
	text, status := shell(t, stick, second)
	if line := regexp.MustCompile(`(?m)^  export PATH=.*$`).FindString(text); status != checked || line == "" {
		t.Errorf("it does not say how the programs are found:\n%s", text)
	} else if out, err := exec.Command("sh", "-c", line+"; mpc-x").CombinedOutput(); err != nil || string(out) != "ran\n" {
		t.Errorf("%s: %q, %v", line, out, err)
	}
	if names := tree(t, second); slices.Contains(names, "more") || !slices.Contains(names, "mpc-x") {
		t.Errorf("it copied %q", names)
	}

	// A folder of the same name elsewhere does not matter.
	elsewhere := t.TempDir()
	if err := os.Mkdir(filepath.Join(elsewhere, filepath.Base(stick)), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CDPATH", elsewhere)
	cmd := exec.Command("sh", filepath.Join(filepath.Base(stick), "check.sh"))
	cmd.Dir = filepath.Dir(stick)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("with CDPATH: %v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(stick, "extra.exe"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	says("warning: extra.exe is not listed", checked)

	program := filepath.Join(stick, "bin", "linux-amd64", "mpc-x")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho evil\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	says("bin/linux-amd64/mpc-x", wrong, none)
	if _, err := os.Lstat(none); err == nil {
		t.Error("copied in spite of it")
	}
	// A list that was made to fit: the signature finds it.
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("#!/bin/sh\necho evil\n")))
	list, err := os.ReadFile(signed)
	if err != nil {
		t.Fatal(err)
	}
	list = regexp.MustCompile(`(?m)^.{64}(  bin/linux-amd64/mpc-x)$`).ReplaceAll(list, []byte(sum+"$1"))
	if err := os.WriteFile(signed, list, 0o644); err != nil {
		t.Fatal(err)
	}
	says("the signature of SHA256SUMS is wrong", wrong)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	os.Remove(signed + ".sig")
	says("bin/linux-amd64/mpc-x", wrong)
}

func TestPack(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"b/run": 0o700, "a.txt": 0o640, ".git/x": 0o644, "dist/y": 0o644, "b/dist": 0o644} {
		if err := write(filepath.Join(dir, name), []byte(name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	out := t.TempDir()
	one, two := filepath.Join(out, "1.tar"), filepath.Join(out, "2.tar")
	if err := packSource([]string{one}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.txt", "b/run"} { // only the owner's right to run it counts
		if err := os.Chmod(name, map[string]os.FileMode{"a.txt": 0o666, "b/run": 0o755}[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := packSource([]string{two}); err != nil {
		t.Fatal(err)
	}
	a, err := hashFile(one)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := hashFile(two); err != nil || a != b {
		t.Errorf("the second archive is another: %v", err)
	}
	got, err := exec.Command("tar", "-tf", one).Output()
	if err != nil {
		t.Skip("no tar")
	}
	var names []string
	for line := range strings.Lines(string(got)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "/")
		names = append(names, name)
	}
	if want := []string{"a.txt", "b/dist", "b/run"}; !slices.Equal(names, want) {
		t.Errorf("the archive has %q, not %q", names, want)
	}
	if err := packSource([]string{one}); err == nil {
		t.Error("an archive was overwritten")
	}
	if err := os.Symlink("a.txt", "link"); err != nil {
		t.Fatal(err)
	}
	if err := packSource([]string{filepath.Join(out, "3.tar")}); err == nil {
		t.Error("a link was packed")
	}
}

func TestSums(t *testing.T) {
	file := filepath.Join(t.TempDir(), "SHA256SUMS")
	sum := strings.Repeat("0a", 32)
	for text, want := range map[string][]string{
		sum + "  a b\n" + sum + " *c\r\n": {"a b", "c"},
		"":                                nil,
		sum + " a\n":                      nil,
		sum + "  a\n" + sum + "  a\n":     nil,
		"\\" + sum + "  a\\n\n":           nil,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readSums(file)
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) && err == nil || (err == nil) != (want != nil) {
			t.Errorf("%q: %q, %v", text, names, err)
		}
	}
}

func TestCompare(t *testing.T) {
	ours, theirs := t.TempDir(), t.TempDir()
	sums := func(dir string, names ...string) {
		t.Helper()
		var list strings.Builder
		for _, name := range names {
			name, text, _ := strings.Cut(name, "=")
			if err := write(filepath.Join(dir, name), []byte(text)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256([]byte(text)), name)
		}
		if err := write(filepath.Join(dir, "SHA256SUMS"), []byte(list.String())); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		ours, theirs   []string
		tampered, want string
	}{
		{[]string{"a=1", "b=2"}, []string{"a=1", "b=2", "c=3"}, "", ""},
		{[]string{"a=1", "b=2"}, []string{"a=1", "b=2"}, "b", "b is listed as it is built here, but "},
		{[]string{"a=1"}, []string{"a=2"}, "", "a differs"},
		{[]string{"a=1", "b=2"}, []string{"a=1"}, "", "b is built here and not listed there"},
	} {
		sums(ours, test.ours...)
		sums(theirs, test.theirs...)
		if test.tampered != "" {
			if err := write(filepath.Join(theirs, test.tampered), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		err := compare([]string{ours, filepath.Join(theirs, "SHA256SUMS")})
		if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%q and %q: %v", test.ours, test.theirs, err)
		}
	}
	if err := os.Remove(filepath.Join(theirs, "a")); err != nil {
		t.Fatal(err)
	}
	sums(ours, "a=3")
	if err := compare([]string{ours, filepath.Join(theirs, "SHA256SUMS")}); err == nil || !strings.Contains(err.Error(), "put the published file at") {
		t.Errorf("without the published file: %v", err)
	}
}
