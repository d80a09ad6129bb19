package lockdown_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/lockdown"
)

// childHardens makes the test binary a program that hardens itself and looks.
const childHardens = "LOCKDOWN_TEST_CHILD"

func TestMain(m *testing.M) {
	if probe := os.Getenv(childProbes); probe != "" {
		os.Exit(runProbe(probe))
	}
	if os.Getenv(childHardens) == "" {
		os.Exit(m.Run())
	}
	status := lockdown.Harden()
	var core unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_CORE, &core)
	dumpable, err2 := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	self, err3 := os.ReadFile("/proc/self/status")
	locked := !bytes.Contains(self, []byte("VmLck:\t       0 kB"))
	switch {
	case err != nil || !status.CoreLimit || core.Cur != 0 || core.Max != 0:
		os.Exit(2)
	case err2 != nil || !status.NoDump || dumpable != 0:
		os.Exit(3)
	case err3 != nil || status.MemoryLock != locked:
		os.Exit(4)
	}
}

func TestHarden(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childHardens+"=1")
	if err := child.Run(); err != nil {
		t.Errorf("%v (2: core limit, 3: dumpable, 4: locked memory)", err)
	}
}
