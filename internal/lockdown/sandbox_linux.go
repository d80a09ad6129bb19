//go:build amd64 || arm64

package lockdown

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Confine gives up, for the whole process and for good, what the program does not
// need: files other than the named ones (Landlock), and system calls other than those
// of the Go runtime and of reading and writing files (seccomp). Call it once, when the
// inputs and outputs are known and before any input is read.
//
// The result is what was found to be in force by trying, not what was asked for.
// The error says why it is not all of it; whether to go on is for the caller to
// decide.
func Confine(files Files) (Protection, error) {
	runtime.LockOSThread() // no_new_privs and the filter are the thread's, until all have them
	defer runtime.UnlockOSThread()
	var p Protection
	var landlockErr, seccompErr error
	// This makes both available to ordinary users.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return p, fmt.Errorf("couldn't give up gaining privileges: %w", err)
	}
	// Seccomp comes second, since it forbids the calls of Landlock.
	if p.Landlock, landlockErr = restrictFiles(files); landlockErr != nil {
		landlockErr = fmt.Errorf("landlock: %w", landlockErr)
	}
	if seccompErr = filterCalls(); seccompErr != nil {
		seccompErr = fmt.Errorf("seccomp: %w", seccompErr)
	}
	p.Seccomp = seccompErr == nil
	return p, errors.Join(landlockErr, seccompErr)
}

// Supported asks the kernel what it offers.
func Supported() Support {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	return Support{Landlock: landlockVersion(), Seccomp: seccomp(unix.SECCOMP_GET_ACTION_AVAIL, 0, &action) == nil}
}

// onAllThreads makes a system call on every thread of the process. It fails if there
// are threads that Go does not know of.
func onAllThreads(call, a, b, c uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall(call, a, b, c)
	switch errno {
	case 0:
		return nil
	case syscall.ENOTSUP:
		return errors.New("this program was built with cgo, which keeps it from being set for all threads")
	}
	return errno
}
