package program

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/cost"
)

// build compiles a program of a few lines.
func build(t *testing.T, system, arch, body string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n\ngo 1.26\n", "main.go": "package main\n\n" + body} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false", "-o", "mpc-x"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "mpc-x")
}

func open(t *testing.T, file string) *Program {
	t.Helper()
	p, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFaults(t *testing.T) {
	if os.Getenv("RELEASED") == "" {
		t.Skip("RELEASED=1 runs it, as .ci/run does: it builds programs for several systems")
	}
	const quiet = "func main() { println(1) }\n"
	const dials = "import \"net\"\n\nfunc main() { net.Dial(\"tcp\", \"x\") }\n"
	for _, test := range []struct {
		system, body string
		flags        []string
		want         string // the beginning of a fault, or none at all
	}{
		{"linux", quiet, []string{"-ldflags=-w"}, ""},
		{"darwin", quiet, []string{"-ldflags=-w"}, ""},
		{"windows", quiet, []string{"-ldflags=-w"}, ""},
		{"darwin", quiet, []string{"-ldflags=-w -buildid="}, "it has no LC_UUID"},
		{"linux", dials, nil, "it has net.(*sysDialer)"},
		{"darwin", dials, nil, "it has "},
		{"darwin", "import \"syscall\"\n\nfunc main() { syscall.Syscall(97, 2, 1, 0) }\n", nil, "it has syscall.Syscall"},
	} {
		p := open(t, build(t, test.system, "arm64", test.body, test.flags...))
		faults := append(p.FormFaults(), p.NameFaults()...)
		if test.want == "" && len(faults) > 0 || test.want != "" && !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, test.want) }) {
			t.Errorf("%s %q: %q, not %q", test.system, test.flags, faults, test.want)
		}
	}
	if _, err := Open(build(t, "linux", "arm64", quiet, "-ldflags=-s -w")); err == nil {
		t.Error("a stripped program was accepted")
	}
}

func TestOpenOther(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a script was accepted")
	}
}

func sample() *Program {
	return &Program{
		Name: "mpc-x", OS: "linux", Arch: "amd64", Symbols: map[string]uint64{"main.main": 7},
		Info: &debug.BuildInfo{
			GoVersion: "go1.26.8-X:runtimesecret", Path: "lifeboat/cmd/mpc-x",
			Deps: []*debug.Module{
				{Path: "example.org/a", Version: "v1.0.0", Sum: "h1:AAAA"},
				{Path: "example.org/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/c", Version: "v2.0.0+x", Sum: "h1:BBBB"}},
				{Path: "example.org/d", Version: "v1.0.0", Replace: &debug.Module{Path: "./internal/d"}},
			},
			Settings: []debug.BuildSetting{
				{Key: "-buildmode", Value: "exe"}, {Key: "-compiler", Value: "gc"}, {Key: "-trimpath", Value: "true"}, {Key: "CGO_ENABLED", Value: "0"},
				{Key: "GOARCH", Value: "amd64"}, {Key: "GOEXPERIMENT", Value: "runtimesecret"}, {Key: "GOOS", Value: "linux"}, {Key: "GOAMD64", Value: "v1"},
			},
		},
	}
}

const sums = "example.org/a v1.0.0 h1:AAAA\nexample.org/c v2.0.0+x h1:BBBB\n"

func TestBuildFaults(t *testing.T) {
	for _, test := range []struct {
		spoil func(*Program)
		want  string
	}{
		{func(*Program) {}, ""},
		{func(p *Program) { p.Info.GoVersion = "go1.26.7" }, "it was built with go1.26.7"},
		{func(p *Program) { p.Info.Settings[3].Value = "1" }, "it was built with CGO_ENABLED=1"},
		{func(p *Program) { p.Info.Settings = p.Info.Settings[:7] }, "it was built without GOAMD64=v1"},
		{func(p *Program) {
			p.Info.Settings = append(p.Info.Settings, debug.BuildSetting{Key: "-tags", Value: "evil"})
		}, "it was built with -tags=evil"},
		{func(p *Program) { p.Info.Deps[0].Sum = "h1:AAAB" }, "module example.org/a"},
		{func(p *Program) { p.Info.Deps[1].Replace.Version = "v3.0.0" }, "module example.org/c"},
	} {
		p := sample()
		test.spoil(p)
		got := p.BuildFaults("go1.26.8", sums)
		if len(got) > 1 || (len(got) == 1) != (test.want != "") || len(got) == 1 && !strings.HasPrefix(got[0], test.want) {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	for _, test := range []struct {
		spoil func(*Program)
		want  string
	}{
		{func(p *Program) { p.Info.GoVersion = "go1.26.7" }, "toolchain: go1.26.8-X:runtimesecret here, go1.26.7 there"},
		{func(p *Program) { p.Info.Settings[7].Value = "v3" }, "setting GOAMD64: v1 here, v3 there"},
		{func(p *Program) { p.Info.Settings = p.Info.Settings[:7] }, "setting GOAMD64: v1 here, none there"},
		{func(p *Program) { p.Info.Deps[0].Version = "v1.0.1" }, "module example.org/a: v1.0.0 h1:AAAA here, v1.0.1 h1:AAAA there"},
		{func(p *Program) { p.Info.Deps = p.Info.Deps[1:] }, "module example.org/a: v1.0.0 h1:AAAA here, none there"},
		{func(p *Program) { p.Symbols["main.main"] = 8 }, "main.main has 7 bytes here, 8 there"},
		{func(p *Program) { p.Symbols["main.evil"] = 8 }, "function or variable main.evil is only there"},
		{func(p *Program) {}, "toolchain, settings and modules are the same"},
	} {
		p := sample()
		test.spoil(p)
		if got := Differences(sample(), p); !strings.HasPrefix(got[len(got)-1], test.want) {
			t.Errorf("%q, not %q", got, test.want)
		}
	}
}

func TestSBOM(t *testing.T) {
	one, err := sample().SBOM("1.0.0", []byte{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	two, err := sample().SBOM("1.0.0", []byte{1, 2})
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the second is another: %v", err)
	}
	var got bom
	d := json.NewDecoder(bytes.NewReader(one))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, c := range got.Components {
		refs = append(refs, c.Ref)
	}
	want := []string{"pkg:golang/stdlib@1.26.8", "pkg:golang/example.org/a@v1.0.0", "pkg:golang/example.org/c@v2.0.0+x", "source:./internal/d"}
	if !slices.Equal(refs, want) || !slices.Equal(got.Dependencies[0].On, want) {
		t.Errorf("components %q", refs)
	}
	if h := got.Metadata.Component.Hashes[0]; got.Spec != "1.6" || h.Content != "0102" {
		t.Errorf("specification %s, hash %v", got.Spec, h)
	}
	for _, banned := range []string{"serialNumber", "timestamp"} {
		if strings.Contains(string(one), banned) {
			t.Errorf("it has a %s", banned)
		}
	}
	p := sample()
	p.Info.Deps[0].Sum = ""
	if _, err := p.SBOM("", nil); err == nil {
		t.Error("a module without a hash was accepted")
	}
}

// TestNames holds the expressions against names that they must and must not match.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"syscall.Socket", "syscall.socket", "syscall.connect", "golang.org/x/sys/unix.Bind", "syscall.Listen", "_socket", "_connect",
		"net.(*sysDialer).dialTCP", "net.ListenPacket", "net.sysSocket", "net/http.(*Client).Do", "type:.eq.net/http.header",
		"syscall.Accept4", "syscall.recvfrom", "syscall.SendmsgN", "golang.org/x/sys/unix.Sendto", "syscall.GetsockoptInt", "_sendto",
	} {
		if !talks.MatchString(name) {
			t.Errorf("%s is missed", name)
		}
	}
	for _, name := range []string{"syscall.Syscall", "syscall.Syscall.abi0", "syscall.RawSyscall6", "golang.org/x/sys/unix.Syscall9", "_syscall", "___syscall", "_dlsym"} {
		if !gates.MatchString(name) {
			t.Errorf("%s is missed", name)
		}
	}
	for _, name := range []string{"syscall.write", "net.IP.String", "net.init", "syscall.Getpid", "main.main", "_write", "syscall.syscall6"} {
		if talks.MatchString(name) || gates.MatchString(name) {
			t.Errorf("%s is taken for a connection", name)
		}
	}
}

// A released program cannot make passwords cheap, on any system: what could do it is
// not in it. A program in which it is fails.
func TestForTests(t *testing.T) {
	name := runtime.FuncForPC(reflect.ValueOf(cost.TestOnlyCheap).Pointer()).Name()
	for _, system := range []string{"linux", "darwin", "windows"} {
		p := sample()
		p.OS = system
		if got := p.NameFaults(); len(got) > 0 {
			t.Errorf("%s: %q", system, got)
		}
		p.Symbols[name] = 1
		if got := p.NameFaults(); !slices.Equal(got, []string{"it has " + name}) {
			t.Errorf("%s: %q", system, got)
		}
	}
}
