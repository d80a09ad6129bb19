//go:build amd64 || arm64

package lockdown_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/lockdown"
)

// Variables that make the test binary another program.
const (
	childHardens = "LOCKDOWN_TEST_CHILD" // hardens itself, looks, and waits if it is to
	childLooks   = "LOCKDOWN_TEST_LOOK"  // tries to look into the process of that number
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childProbes) != "":
		os.Exit(runProbe(os.Getenv(childProbes)))
	case os.Getenv(childLooks) != "":
		os.Exit(lookInto(os.Getenv(childLooks)))
	case os.Getenv(childHardens) == soft:
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	case os.Getenv(childHardens) == "":
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
	if os.Getenv(childHardens) == hard {
		os.Stdout.WriteString("ready\n")
		io.Copy(io.Discard, os.Stdin)
	}
}

// Children that wait for the end of standard input: one as it is, for the tests
// to show that they can fail, and one that hardened itself.
const (
	soft = "soft"
	hard = "hard"
)

// lookInto returns 0 if it could look into another process in any way.
func lookInto(pid string) int {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return 2
	}
	for _, name := range []string{"mem", "environ", "maps"} {
		f, err := os.Open(filepath.Join("/proc", pid, name))
		if err != nil {
			continue
		}
		if _, err := f.Read(make([]byte, 1)); err == nil {
			return 0
		}
	}
	runtime.LockOSThread()
	if unix.PtraceAttach(n) == nil {
		return 0
	}
	return 1
}

// ordinary returns a command that runs the test binary as a user who is not root.
func ordinary(t *testing.T, variable string) *exec.Cmd {
	t.Helper()
	dir, err := os.MkdirTemp("", "lockdown-") // t.TempDir is not for everybody
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	if err := errors.Join(os.WriteFile(program, binary, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), variable, "GOTRACEBACK=crash")
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// waiting starts a child that waits, with core dumps of any size.
func waiting(t *testing.T, kind string) *exec.Cmd {
	t.Helper()
	cmd := ordinary(t, childHardens+"="+kind)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: before.Max, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	err = cmd.Start()
	if err := errors.Join(err, unix.Setrlimit(unix.RLIMIT_CORE, &before)); err != nil {
		t.Fatal(err)
	}
	if kind == hard {
		if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
			t.Fatal("it did not start: ", err)
		}
	}
	return cmd
}

// The user's own processes cannot look into a hardened one.
func TestNobodyLooksIn(t *testing.T) {
	for _, kind := range []string{soft, hard} {
		target := waiting(t, kind)
		err := ordinary(t, childLooks+"="+strconv.Itoa(target.Process.Pid)).Run()
		var exit *exec.ExitError
		switch {
		case kind == soft && err != nil:
			t.Skip("here no process can look into another one anyway: ", err)
		case kind == hard && (!errors.As(err, &exit) || exit.ExitCode() != 1):
			t.Error("a process of the same user could look in: ", err)
		}
		target.Process.Kill()
		target.Wait()
	}
}

// A hardened process leaves no core, even if the environment asks for one.
func TestNoCore(t *testing.T) {
	for _, kind := range []string{soft, hard} {
		cmd := waiting(t, kind)
		cmd.Process.Signal(unix.SIGABRT)
		cmd.Wait()
		end := cmd.ProcessState.Sys().(syscall.WaitStatus)
		switch {
		case kind == soft && !end.CoreDump():
			t.Skip("no process leaves a core here anyway: ", cmd.ProcessState)
		case kind == hard && (end.Signal() != unix.SIGABRT || end.CoreDump()):
			t.Error("it ended with ", cmd.ProcessState)
		}
	}
}

func TestHarden(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childHardens+"=1")
	if err := child.Run(); err != nil {
		t.Errorf("%v (2: core limit, 3: dumpable, 4: locked memory)", err)
	}
}
