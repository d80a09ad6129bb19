//go:build amd64 || arm64

package lockdown

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the filter answers (seccomp(2)). A call that is on no list fails.
const (
	allow  = unix.SECCOMP_RET_ALLOW
	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	kill   = unix.SECCOMP_RET_KILL_PROCESS
)

// deadly calls end the process at once, so that an attempt does not go unnoticed:
// talking, starting programs, reaching into other processes, and ways around the
// filter.
var deadly = append([]uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_EXECVE, unix.SYS_EXECVEAT,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
}, deadlyHere...)

// needed calls are those of the Go runtime, even when it is busy, and of reading and
// writing files.
var needed = append([]uint32{
	// Memory and time.
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_BRK,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_GETRANDOM,
	// Threads and signals.
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	// Waiting for files; the first terminal or pipe makes the runtime want it.
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
	// Open files.
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_LSEEK, unix.SYS_CLOSE,
	unix.SYS_FCNTL, unix.SYS_FSTAT, unix.SYS_FSYNC, unix.SYS_GETDENTS64,
	// Files by name; Landlock says which.
	unix.SYS_OPENAT, unix.SYS_STATFS, unix.SYS_READLINKAT, unix.SYS_GETCWD,
	unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT,
}, neededHere...)

// A limit is a call that is allowed only with some arguments. The argument that is looked
// at is 32 bits wide, or the bit in question is in its lower half.
type limit struct {
	call uint32
	arg  uint32 // from 0
	// One of these holds:
	oneOf []uint32 // the argument is one of these
	has   uint32   // the argument has this bit
	lacks uint32   // the argument lacks it
}

func limits(pid int) []limit {
	return []limit{
		// Asking a terminal for its mode and size, and setting its mode; not TIOCSTI,
		// which types in the user's place.
		{call: unix.SYS_IOCTL, arg: 1, oneOf: []uint32{unix.TCGETS, unix.TCSETS, unix.TCSETSF, unix.TIOCGWINSZ}},
		// The runtime interrupts its own threads.
		{call: unix.SYS_TGKILL, arg: 0, oneOf: []uint32{uint32(pid)}},
		// Threads, not processes.
		{call: unix.SYS_CLONE, arg: 0, has: unix.CLONE_THREAD},
		// Outputs are private. Landlock lets an input's mode be changed through the file
		// that is open for reading.
		{call: unix.SYS_FCHMOD, arg: 1, oneOf: []uint32{0o600}},
		// No new code.
		{call: unix.SYS_MMAP, arg: 2, lacks: unix.PROT_EXEC},
		{call: unix.SYS_MPROTECT, arg: 2, lacks: unix.PROT_EXEC},
		// The runtime names its memory.
		{call: unix.SYS_PRCTL, arg: 0, oneOf: []uint32{unix.PR_SET_VMA}},
	}
}

// Offsets into struct seccomp_data, on little-endian machines.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16
)

// program assembles the filter.
func program(pid int) []unix.SockFilter {
	// A call of another architecture has other numbers.
	p := []unix.SockFilter{
		load(offsetArch), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: auditArch, Jt: 1}, answer(kill),
		load(offsetCall), {Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: firstForeign, Jf: 1}, answer(kill),
	}
	for _, call := range needed {
		p = append(p, ifEqual(call, 1), answer(allow))
	}
	for _, l := range limits(pid) {
		body := l.body()
		p = append(append(p, ifEqual(l.call, len(body))), body...)
	}
	// The arguments of clone3 are out of the filter's reach. The C library falls back to
	// clone only if clone3 does not exist.
	p = append(p, ifEqual(unix.SYS_CLONE3, 1), answer(absent))
	for _, call := range deadly {
		p = append(p, ifEqual(call, 1), answer(kill))
	}
	return append(p, answer(refuse))
}

// body decides about the argument; it never falls through.
func (l limit) body() []unix.SockFilter {
	p := []unix.SockFilter{load(offsetArgs + 8*l.arg)}
	for _, v := range l.oneOf {
		p = append(p, ifEqual(v, 1), answer(allow))
	}
	test := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K}
	switch {
	case l.has != 0:
		test.K, test.Jf = l.has, 1
		p = append(p, test, answer(allow))
	case l.lacks != 0:
		test.K, test.Jt = l.lacks, 1
		p = append(p, test, answer(allow))
	}
	return append(p, answer(refuse))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// ifEqual skips the next instructions if the value differs.
func ifEqual(value uint32, skip int) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: uint8(skip)}
}

func answer(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

// filterCalls loads the filter for all threads, and tries it.
func filterCalls() error {
	filter := program(os.Getpid())
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := seccomp(unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, &prog); err != nil {
		return fmt.Errorf("couldn't load the filter: %w", err)
	}
	// A harmless call that is on no list and that nothing else would refuse.
	if _, _, errno := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0); errno != unix.EPERM {
		return fmt.Errorf("the filter was loaded but is not in force")
	}
	return nil
}

// seccomp makes the system call of that name. With TSYNC a positive result is
// the thread that could not be included.
func seccomp[T any](operation, flags uintptr, args *T) error {
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, operation, flags, uintptr(unsafe.Pointer(args)))
	switch {
	case errno != 0:
		return errno
	case r != 0:
		return fmt.Errorf("thread %d has a filter of its own", r)
	}
	return nil
}
