package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
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
	var list bytes.Buffer
	for _, name := range tree(t, dist) {
		sum, err := hashFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, name)
	}
	if err := write(filepath.Join(dist, "SHA256SUMS"), list.Bytes()); err != nil {
		t.Fatal(err)
	}
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

// shell runs check.sh of a stick.
func shell(t *testing.T, stick string, args ...string) (string, bool) {
	t.Helper()
	out, err := exec.Command("sh", append([]string{filepath.Join(stick, "check.sh")}, args...)...).CombinedOutput()
	return string(out), err == nil
}

// TestCheck runs the script of the stick, with a signature of a throw-away key.
func TestCheck(t *testing.T) {
	if os.Getenv("RELEASED") == "" {
		t.Skip("RELEASED=1 runs it, as .ci/run does: it checks a release of many files some thirty times")
	}
	if runtime.GOOS == "windows" {
		t.Skip("check.sh needs a POSIX shell")
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen")
	}
	stick := fakeRelease(t)
	says := func(want string, good bool, args ...string) {
		t.Helper()
		if out, ok := shell(t, stick, args...); ok != good || !strings.Contains(out, want) {
			t.Errorf("check.sh %q: good %v, not %v, or without %q:\n%s", args, ok, good, want, out)
		}
	}
	says("carries no signature", true)

	keys := t.TempDir()
	ssh := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ssh-keygen", args...).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen %q: %v: %s", args, err, out)
		}
	}
	signed := filepath.Join(stick, "SHA256SUMS")
	sign := func(key, namespace string) {
		t.Helper()
		os.Remove(signed + ".sig")
		ssh("-Y", "sign", "-f", filepath.Join(keys, key), "-n", namespace, signed)
	}
	for _, name := range []string{"releaser", "stranger"} {
		ssh("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", filepath.Join(keys, name))
	}
	public, err := os.ReadFile(filepath.Join(keys, "releaser.pub"))
	if err != nil {
		t.Fatal(err)
	}
	sign("releaser", "lifeboat-release")
	says("the signature was NOT checked", true)
	allowed := "release@example.org namespaces=\"lifeboat-release\" " + string(public)
	if err := os.WriteFile(filepath.Join(stick, "allowed_signers"), []byte(allowed), 0o644); err != nil {
		t.Fatal(err)
	}
	says("signed by release@example.org", true)
	local := filepath.Join(t.TempDir(), "a b")
	says("mpc-recover guide", true, local)
	out, err := exec.Command(filepath.Join(local, "mpc-x")).Output()
	if err != nil || string(out) != "ran\n" {
		t.Errorf("the copy: %q, %v", out, err)
	}
	says("exists; name a new folder", false, local)

	for _, test := range []struct{ key, namespace string }{{"stranger", "lifeboat-release"}, {"releaser", "file"}} {
		sign(test.key, test.namespace)
		says("the signature of SHA256SUMS is wrong, or by nobody", false)
	}
	sign("releaser", "lifeboat-release")

	// A list of several people, and tools as they are elsewhere.
	stranger, err := os.ReadFile(filepath.Join(keys, "stranger.pub"))
	if err != nil {
		t.Fatal(err)
	}
	allowed = "# who may sign\n\nfirst@example.org " + string(stranger) + "third@example.org," + allowed
	if err := os.WriteFile(filepath.Join(stick, "allowed_signers"), []byte(allowed), 0o644); err != nil {
		t.Fatal(err)
	}
	says("signed by third@example.org.", true)
	real, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tool, script, want string
		good               bool
	}{
		{"ssh-keygen", `[ "$2" != find-principals ] || exit 1; exec ` + real + ` "$@"`, "signed by third@example.org.", true}, // OpenSSH 8.1
		{"ssh-keygen", "echo 'unknown option -- Y' >&2; exit 1", "the signature was NOT checked", true},                       // and before
		{"shasum", `[ "$LC_ALL" = C ] || exit 1; shift 2; exec sha256sum "$@"`, "signed by third@example.org.", true},         // it speaks the user's language
		{"shasum", "exit 1", "these files are damaged", false},
		{"shasum", "echo Killed >&2; exit 137", "these files are damaged", false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, test.tool), []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		path := os.Getenv("PATH")
		t.Setenv("PATH", dir+string(os.PathListSeparator)+path)
		says(test.want, test.good)
		t.Setenv("PATH", path)
	}

	// What is not listed is not copied, and is said wherever it lies.
	for _, name := range []string{"bin/linux-amd64/more", "bin/darwin-arm64/more", "attest/evil.exe", "bin/SHA256SUMS"} {
		if err := write(filepath.Join(stick, name), nil); err != nil {
			t.Fatal(err)
		}
		says("warning: "+name+" is not listed", true)
	}
	if err := write(filepath.Join(stick, "attest", "somebody", "SHA256SUMS"), nil); err != nil {
		t.Fatal(err)
	}
	if out, _ := shell(t, stick); strings.Contains(out, "somebody") {
		t.Errorf("it warns of an attestation:\n%s", out)
	}
	second := filepath.Join(t.TempDir(), `a \new folder, it's $HOME "here"`)
	text, ok := shell(t, stick, second)
	if line := regexp.MustCompile(`(?m)^  export PATH=.*$`).FindString(text); !ok || line == "" {
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
	says("warning: extra.exe is not listed", true)

	program := filepath.Join(stick, "bin", "linux-amd64", "mpc-x")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho evil\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	says("bin/linux-amd64/mpc-x", false)
	if _, err := os.Stat(filepath.Join(t.TempDir(), "none")); err == nil {
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
	says("the signature of SHA256SUMS is wrong", false)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	os.Remove(signed + ".sig")
	says("bin/linux-amd64/mpc-x", false)
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
