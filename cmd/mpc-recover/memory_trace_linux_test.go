package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// memoryAtExit runs a program and returns what it could write to when it ended.
func memoryAtExit(t *testing.T, cmd *exec.Cmd, said *bytes.Buffer) (memory [][]byte) {
	t.Helper()
	status := atExit(t, cmd, func(pid int) { memory = writable(t, pid) })
	if !status.Exited() || status.ExitStatus() != 0 {
		t.Fatalf("it ended with %#x: %s", status, said)
	}
	return memory
}

// atExit runs a program, calls look when it is about to end and has all of its
// memory, and returns its status.
func atExit(t *testing.T, cmd *exec.Cmd, look func(pid int)) unix.WaitStatus {
	t.Helper()
	return atExitOf(t, cmd, make(chan int, 1), look)
}

// atExitOf also tells the process's number, once it runs.
func atExitOf(t *testing.T, cmd *exec.Cmd, started chan<- int, look func(pid int)) unix.WaitStatus {
	t.Helper()
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	main := cmd.Process.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(main, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	if err := unix.PtraceSetOptions(main, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEEXIT|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	if err := unix.PtraceCont(main, 0); err != nil {
		t.Fatal(err)
	}
	started <- main
	looked := false
	for {
		thread, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			t.Fatal(err)
		case thread == main && !status.Stopped():
			if !looked {
				t.Fatalf("it ended with %#x before anybody looked", status)
			}
			cmd.Wait() // for what it wrote
			return status
		case !status.Stopped():
			continue
		}
		signal := int(status.StopSignal())
		switch {
		case status.TrapCause() == unix.PTRACE_EVENT_EXIT:
			if !looked {
				looked = true
				look(main)
			}
			signal = 0
		case signal == int(unix.SIGTRAP), signal == int(unix.SIGSTOP): // a new thread
			signal = 0
		}
		unix.PtraceCont(thread, signal)
	}
}

// writable returns the memory that a stopped process can write to.
func writable(t *testing.T, pid int) (memory [][]byte) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		piece := make([]byte, to-from)
		n, _ := f.ReadAt(piece, int64(from)) // some cannot be read
		memory = append(memory, used(piece[:n])...)
	}
	return memory
}

// used returns the stretches of pages that are not all zero.
func used(piece []byte) (stretches [][]byte) {
	zero := make([]byte, os.Getpagesize())
	start := 0
	for at := 0; at < len(piece); at += len(zero) {
		if end := min(at+len(zero), len(piece)); bytes.Equal(piece[at:end], zero) {
			stretches = append(stretches, piece[start:at])
			start = end
		}
	}
	stretches = append(stretches, piece[start:])
	return slices.DeleteFunc(stretches, func(s []byte) bool { return len(s) == 0 })
}
