package lifeboat_test

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// No program for Linux has a function that could open a connection. Names are
// one half of the proof, the import table of imports_test.go the other: package
// net is linked for its types, and the linker leaves its dialers out.
var (
	opens = regexp.MustCompile(`(?i)^(syscall|internal/syscall/unix|golang\.org/x/sys/unix)\.(socket|socketpair|connect|bind|listen)$|^net\..*(dial|listen|socket)|net/http|crypto/tls|os/exec`)
	// What acts on a connection that is open already. tss-lib's protobuf makes the
	// linker keep these in mpc-recover; the other programs have none.
	talks = regexp.MustCompile(`(?i)^(syscall|internal/syscall/unix|golang\.org/x/sys/unix)\.(accept4?|shutdown|send(to|msg|msgN|mmsg)|recv(from|msg|mmsg)|[gs]etsockopt.*)$`)
)

// TestReleasedPrograms builds the programs as they are released, and looks into them.
func TestReleasedPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: building the programs twice takes a minute or two when nothing is cached")
	}
	if runtime.GOOS == "windows" {
		t.Skip("build.sh needs a POSIX shell")
	}
	if want, found := releaseToolchain(t), run(t, nil, "go", "env", "GOVERSION"); found != want {
		t.Skipf("releases are built with %s, and this is %s", want, found)
	}
	watch(t)
	out := filepath.Join(t.TempDir(), "dist")
	run(t, []string{"OUT=" + out, "TARGETS=linux/amd64 linux/arm64"}, "./build.sh")
	files, err := filepath.Glob(filepath.Join(out, "bin", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("cmd/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2*len(sources) || len(files) == 0 {
		t.Fatalf("%d programs came out of %d folders: %q", len(files), len(sources), files)
	}
	for _, file := range files {
		target, program := filepath.Base(filepath.Dir(file)), filepath.Base(file)
		t.Run(target+"/"+program, func(t *testing.T) {
			checkStatic(t, file)
			checkSymbols(t, file, program)
			checkBuild(t, file, strings.TrimPrefix(target, "linux-"))
		})
	}
}

// checkStatic checks that no loader and no library is asked for.
func checkStatic(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is dynamically linked: it has a %v", p.Type)
		}
	}
}

func checkSymbols(t *testing.T, file, program string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatalf("the program must keep its symbol table: %v", err)
	}
	known := false
	for _, s := range symbols {
		known = known || s.Name == "syscall.write"
		if opens.MatchString(s.Name) || program != "mpc-recover" && talks.MatchString(s.Name) {
			t.Errorf("the program has %s", s.Name)
		}
	}
	if !known {
		t.Error("syscall.write is not among the symbols, so the absence of others proves nothing")
	}
}

// checkBuild checks what "go version -m" shows.
func checkBuild(t *testing.T, file, arch string) {
	t.Helper()
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if version, _, _ := strings.Cut(info.GoVersion, "-"); version != releaseToolchain(t) {
		t.Errorf("built with %s", info.GoVersion)
	}
	want := map[string]string{
		"-buildmode": "exe", "-compiler": "gc", "-trimpath": "true", "CGO_ENABLED": "0",
		"GOEXPERIMENT": "runtimesecret", "GOOS": "linux", "GOARCH": arch,
	}
	switch arch {
	case "amd64":
		want["GOAMD64"] = "v1"
	case "arm64":
		want["GOARM64"] = "v8.0"
	}
	for _, s := range info.Settings {
		if want[s.Key] != s.Value {
			t.Errorf("built with %s=%s, not %q", s.Key, s.Value, want[s.Key])
		}
		delete(want, s.Key)
	}
	for key, value := range want {
		t.Errorf("built without %s=%s", key, value)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(sums), "\n")
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		if d.Path == "./internal/golog" {
			continue // of this repository
		}
		if !slices.Contains(lines, d.Path+" "+d.Version+" "+d.Sum) {
			t.Errorf("module %s %s %s is not in go.sum", d.Path, d.Version, d.Sum)
		}
	}
}

// releaseToolchain reads the toolchain that build.sh wants, and checks that
// go.mod names the same one.
func releaseToolchain(t *testing.T) string {
	t.Helper()
	found := map[string]string{}
	for file, line := range map[string]string{"build.sh": `(?m)^go=(.*)$`, "go.mod": `(?m)^toolchain (.*)$`} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		match := regexp.MustCompile(line).FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s names no toolchain", file)
		}
		found[file] = string(match[1])
	}
	if found["build.sh"] != found["go.mod"] {
		t.Fatalf("build.sh wants %s and go.mod %s", found["build.sh"], found["go.mod"])
	}
	return found["build.sh"]
}

// TestNames holds the expressions against names that they must and must not match.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"syscall.Socket", "syscall.socket", "syscall.connect", "golang.org/x/sys/unix.Bind", "syscall.Listen",
		"net.(*sysDialer).dialTCP", "net.ListenPacket", "net.sysSocket", "net/http.(*Client).Do", "type:.eq.net/http.header",
	} {
		if !opens.MatchString(name) {
			t.Errorf("%s is missed", name)
		}
	}
	for _, name := range []string{"syscall.Accept4", "syscall.recvfrom", "syscall.SendmsgN", "golang.org/x/sys/unix.Sendto", "syscall.GetsockoptInt"} {
		if !talks.MatchString(name) {
			t.Errorf("%s is missed", name)
		}
	}
	for _, name := range []string{"syscall.write", "net.IP.String", "net.init", "syscall.Getpid", "main.main"} {
		if opens.MatchString(name) || talks.MatchString(name) {
			t.Errorf("%s is taken for a connection", name)
		}
	}
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
