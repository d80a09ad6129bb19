package syscalls

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// explained are the functions whose number is not a constant and that are no
// gates either. A new one must be understood before it is added here.
var explained = map[string]string{
	"runtime.runPerThreadSyscall": "repeats on each thread the call that AllThreadsSyscall was asked for",
}

// call is a system call that a program must not make.
type call struct {
	name         string
	amd64, arm64 int64
}

var forbidden = []call{
	{"socket", 41, 198}, {"socketpair", 53, 199}, {"connect", 42, 203},
	{"bind", 49, 200}, {"listen", 50, 201},
	{"execve", 59, 221}, {"execveat", 322, 281}, {"ptrace", 101, 117},
	{"process_vm_readv", 310, 270}, {"process_vm_writev", 311, 271}, {"pidfd_getfd", 438, 438}, {"bpf", 321, 280},
	{"io_uring_setup", 425, 425}, {"io_uring_enter", 426, 426}, {"io_uring_register", 427, 427},

	{"accept", 43, 202}, {"accept4", 288, 242}, {"shutdown", 48, 210},
	{"sendto", 44, 206}, {"sendmsg", 46, 211}, {"sendmmsg", 307, 269},
	{"recvfrom", 45, 207}, {"recvmsg", 47, 212}, {"recvmmsg", 299, 243},
	{"getsockname", 51, 204}, {"getpeername", 52, 205}, {"setsockopt", 54, 208}, {"getsockopt", 55, 209},
}

// expected are calls that every program makes: a scan that misses them has not
// seen the program.
var expected = []call{{"read", 0, 63}, {"write", 1, 64}, {"openat", 257, 56}, {"mmap", 9, 222}, {"close", 3, 57}}

func (c call) number(arch string) int64 {
	if arch == "arm64" {
		return c.arm64
	}
	return c.amd64
}

// Faults says what a program does that it must not.
func (c *Calls) Faults(arch string) []string {
	var faults []string
	for _, f := range forbidden {
		if in := c.Numbers[f.number(arch)]; in != nil {
			faults = append(faults, fmt.Sprintf("system call %d, %s, in %s", f.number(arch), f.name, strings.Join(in, ", ")))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c.Numbers)) {
		if n < 0 || n >= 512 { // 512 and up are those of another ABI, on amd64
			faults = append(faults, fmt.Sprintf("%#x is not the number of a system call, in %s", n, strings.Join(c.Numbers[n], ", ")))
		}
	}
	for _, e := range expected {
		if c.Numbers[e.number(arch)] == nil {
			faults = append(faults, fmt.Sprintf("found no system call %d, %s, which every program makes: the scan proves nothing", e.number(arch), e.name))
		}
	}
	for _, name := range c.Open {
		if explained[name] == "" && !gates.MatchString(name) {
			faults = append(faults, name+" makes a system call whose number is not a constant")
		}
	}
	return faults
}
