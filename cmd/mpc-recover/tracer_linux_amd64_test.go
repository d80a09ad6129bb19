package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A change is a system call that changes what is in a folder.
type change struct {
	name   string
	of     string // the file or folder that it is for, if a descriptor says so
	folder bool   // it is for a folder
}

func (c change) String() string { return strings.TrimSpace(c.name + " " + c.of) }

// changes are the calls that can change a folder, by what their first argument is.
var changes = map[uint64]struct {
	name string
	kind argument
}{
	unix.SYS_OPEN: {"open", other}, unix.SYS_CREAT: {"creat", other}, unix.SYS_OPENAT: {"openat", flags}, unix.SYS_OPENAT2: {"openat2", other},
	unix.SYS_WRITE: {"write", descriptor}, unix.SYS_PWRITE64: {"pwrite64", descriptor}, unix.SYS_WRITEV: {"writev", descriptor},
	unix.SYS_FTRUNCATE: {"ftruncate", descriptor}, unix.SYS_FALLOCATE: {"fallocate", descriptor}, unix.SYS_FCHMOD: {"fchmod", descriptor},
	unix.SYS_FSYNC: {"fsync", descriptor}, unix.SYS_FDATASYNC: {"fdatasync", descriptor}, unix.SYS_CLOSE: {"close", temporaryDescriptor},
	unix.SYS_SENDFILE: {"sendfile", descriptor}, unix.SYS_COPY_FILE_RANGE: {"copy_file_range", other}, unix.SYS_SPLICE: {"splice", other},
	unix.SYS_MKDIR: {"mkdir", other}, unix.SYS_MKDIRAT: {"mkdirat", other}, unix.SYS_RMDIR: {"rmdir", other},
	unix.SYS_UNLINK: {"unlink", other}, unix.SYS_UNLINKAT: {"unlinkat", other},
	unix.SYS_RENAME: {"rename", other}, unix.SYS_RENAMEAT: {"renameat", other}, unix.SYS_RENAMEAT2: {"renameat2", other},
	unix.SYS_LINK: {"link", other}, unix.SYS_LINKAT: {"linkat", other}, unix.SYS_SYMLINKAT: {"symlinkat", other},
	unix.SYS_CHMOD: {"chmod", other}, unix.SYS_FCHMODAT: {"fchmodat", other}, unix.SYS_TRUNCATE: {"truncate", other},
}

// argument says which of the calls of one name are changes.
type argument int

const (
	other               argument = iota // all of them
	flags                               // those that create
	descriptor                          // those for a file in the folder
	temporaryDescriptor                 // those for a file that has no name yet
)

// A fault is what befalls a program when it is about to make its change number at,
// counted from 1.
type fault struct {
	at     int
	signal syscall.Signal // SIGKILL, or SIGINT
	errno  func(change) syscall.Errno
	each   bool // not only that change: every later one, too
}

// A traced run is a program that runs with the thread that started it as its
// tracer.
type traced struct {
	t       *testing.T
	dir     string // what the changes are counted in
	pid     int
	fault   fault
	changes []change
	fails   map[int]syscall.Errno // by thread, while a call is kept from happening

	held    int // the thread that waits until a signal is handled
	handled bool
	patient int // looks that were in vain since
}

// trace runs a program to its end, in the folder dir. It returns the changes that
// it made or was about to make there.
func trace(t *testing.T, cmd *exec.Cmd, dir string, f fault) ([]change, unix.WaitStatus) {
	t.Helper()
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Release()
	r := &traced{t: t, dir: dir, pid: cmd.Process.Pid, fault: f, fails: map[int]syscall.Errno{}}
	var status unix.WaitStatus
	if _, err := unix.Wait4(r.pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	if err := unix.PtraceSetOptions(r.pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	unix.PtraceSyscall(r.pid, 0)
	for {
		thread, status := r.wait()
		switch {
		case thread == r.pid && !status.Stopped():
			return r.changes, status
		case !status.Stopped():
			continue // another thread has ended
		}
		signal := int(status.StopSignal())
		switch {
		case signal == int(unix.SIGTRAP|0x80):
			if !r.atCall(thread) {
				continue
			}
			signal = 0
		case signal == int(unix.SIGTRAP), signal == int(unix.SIGSTOP): // a new thread
			signal = 0
		}
		unix.PtraceSyscall(thread, signal) // fails if it was killed
	}
}

// patience is how often a held thread is looked at, a millisecond apart, after the
// signal has come in: the program may take that long to notice, or to end.
const patience = 100

// wait returns the next event. While a thread is held, it lets that go on once the
// signal has been dealt with, as far as that is possible without it.
func (r *traced) wait() (thread int, status unix.WaitStatus) {
	for {
		options := unix.WALL | unix.WNOTHREAD
		if r.held != 0 {
			options |= unix.WNOHANG
		}
		thread, err := unix.Wait4(-1, &status, options, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			r.t.Fatal(err)
		case thread != 0:
			return thread, status
		case r.handled && r.patient >= patience:
			unix.PtraceSyscall(r.held, 0)
			r.held = 0
		default:
			if r.handled {
				r.patient++
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// syscallInfo is struct ptrace_syscall_info of ptrace(2).
type syscallInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	ip, sp uint64
	number uint64
	args   [6]uint64
	_      [16]byte
}

const (
	ptraceGetSyscallInfo = 0x420e
	atEntry              = 1
)

// atCall deals with a thread that is about to make a call, or has made one. It
// reports whether the thread may go on.
func (r *traced) atCall(thread int) bool {
	var info syscallInfo
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(thread), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return true // killed
	}
	if info.op != atEntry {
		if errno, ok := r.fails[thread]; ok {
			delete(r.fails, thread)
			r.setRegisters(thread, func(regs *unix.PtraceRegs) { regs.Rax = uint64(-int64(errno)) })
		}
		return true
	}
	if r.held != 0 && info.number == unix.SYS_RT_SIGRETURN {
		r.handled = true
	}
	c, ok := r.change(&info)
	if !ok {
		return true
	}
	r.changes = append(r.changes, c)
	if n := len(r.changes); n != r.fault.at && !(r.fault.each && r.fault.at != 0 && n > r.fault.at) {
		return true
	}
	if r.fault.errno != nil {
		if errno := r.fault.errno(c); errno != 0 {
			r.fails[thread] = errno
			// A call that does nothing takes its place, and the sandbox allows it.
			r.setRegisters(thread, func(regs *unix.PtraceRegs) { regs.Orig_rax = unix.SYS_GETTID })
		}
		return true
	}
	unix.Kill(r.pid, r.fault.signal)
	if r.fault.signal == unix.SIGINT {
		r.held = thread
	}
	return false
}

func (r *traced) setRegisters(thread int, set func(*unix.PtraceRegs)) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(thread, &regs); err != nil {
		r.t.Error(err)
	}
	set(&regs)
	if err := unix.PtraceSetRegs(thread, &regs); err != nil {
		r.t.Error(err)
	}
}

// change returns what a call changes in the folder, if it does.
func (r *traced) change(call *syscallInfo) (change, bool) {
	kind, ok := changes[call.number]
	if !ok || kind.kind == flags && call.args[2]&unix.O_CREAT == 0 {
		return change{}, false
	}
	c := change{name: kind.name}
	if kind.kind < descriptor {
		return c, true
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", r.pid, int32(call.args[0])))
	if err != nil || path != r.dir && !strings.HasPrefix(path, r.dir+"/") {
		return change{}, false
	}
	info, err := os.Stat(path)
	c.of, c.folder = strings.TrimPrefix(path, r.dir+"/"), err == nil && info.IsDir()
	return c, kind.kind == descriptor || !c.folder && strings.Contains(path, "/.lifeboat-")
}
