package story

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeboat/internal/cost"
)

// Variables that change what tests do. Programs know none of them.
const (
	realCost = "REAL_COST" // in a story: passwords cost what they cost users
	released = "RELEASED"  // tests take the programs apart for minutes; .ci/run sets it
)

// Main runs the tests of a package, or one of the programs if the test binary was
// started under its name.
func Main(m *testing.M, programs map[string]func()) {
	if os.Getenv(realCost) == "" {
		cost.TestOnlyCheap()
	}
	testscript.Main(tidy{m}, programs)
}

// tidy runs tests, and then removes what they have built.
type tidy struct{ testscript.TestingM }

func (t tidy) Run() int {
	defer func() {
		for _, b := range builds.done {
			os.RemoveAll(b.dir)
		}
	}()
	return t.TestingM.Run()
}

// builds are those of this process, by what was asked for.
var builds struct {
	sync.Mutex
	done map[string]built
}

type built struct {
	dir string
	err error
}

// Programs builds the programs, once, and returns their folder. They are as those of
// a release, which have the experiment runtimesecret: without cgo, which has threads
// that Go does not know of, and so no Landlock, and with the real cost of passwords.
func Programs(t *testing.T, experiment string) string {
	t.Helper()
	return build(t, experiment, func(dir string) []string {
		return []string{"build", "-o", dir, "lifeboat/cmd/..."}
	})
}

// CheapPrograms is Programs for the three programs as the tests of mpc-recover have
// them, as its test binary: the same code built the same way, with passwords that cost
// little.
func CheapPrograms(t *testing.T, experiment string) string {
	t.Helper()
	return build(t, experiment+" cheap", func(dir string) []string {
		const file = "mpc-recover"
		for _, name := range []string{"mpc-derive", "mpc-backup"} {
			if err := os.Symlink(file, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		return []string{"test", "-c", "-o", filepath.Join(dir, file), "lifeboat/cmd/mpc-recover"}
	})
}

// build runs go in a new folder, with the arguments that say what goes there.
func build(t *testing.T, what string, args func(dir string) []string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	b, ok := builds.done[what]
	if !ok {
		if builds.done == nil {
			builds.done = map[string]built{}
		}
		b.dir, b.err = os.MkdirTemp("", "programs-")
		if b.err == nil {
			experiment, _, _ := strings.Cut(what, " ")
			a := args(b.dir)
			build := exec.Command("go", slices.Insert(a, 1, "-trimpath", "-buildvcs=false")...)
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT="+experiment, "GOFLAGS=")
			if out, err := build.CombinedOutput(); err != nil {
				b.err = fmt.Errorf("building the programs: %w: %s", err, out)
			}
		}
		builds.done[what] = b
	}
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.dir
}

// Released skips a test that takes the programs apart for minutes, unless it is
// asked for.
func Released(t *testing.T) {
	t.Helper()
	if os.Getenv(released) == "" {
		t.Skip(released + "=1 runs it, as .ci/run does")
	}
}
