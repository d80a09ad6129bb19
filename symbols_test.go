package lifeboat_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/release/program"
	"lifeboat/internal/release/syscalls"
)

// TestReleasedPrograms builds the programs for Linux as they are released, and
// looks into them: names, system calls by number, settings, modules.
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
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		target, name := filepath.Base(filepath.Dir(file)), filepath.Base(file)
		t.Run(target+"/"+name, func(t *testing.T) {
			p, err := program.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			calls, arch, err := syscalls.File(file)
			if err != nil {
				t.Fatal(err)
			}
			if p.Name != name || p.OS+"-"+p.Arch != target || arch != p.Arch {
				t.Errorf("it is %s for %s-%s", p.Name, p.OS, p.Arch)
			}
			for _, fault := range slices.Concat(p.FormFaults(), p.NameFaults(), p.BuildFaults(releaseToolchain(t), string(sums)), calls.Faults(arch)) {
				t.Error(fault)
			}
		})
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
