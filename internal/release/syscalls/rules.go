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
	talks        bool // it acts on a connection that is open already
}

var forbidden = []call{
	{"socket", 41, 198, false}, {"socketpair", 53, 199, false}, {"connect", 42, 203, false},
	{"bind", 49, 200, false}, {"listen", 50, 201, false},
	{"execve", 59, 221, false}, {"execveat", 322, 281, false}, {"ptrace", 101, 117, false},
	{"process_vm_readv", 310, 270, false}, {"process_vm_writev", 311, 271, false}, {"bpf", 321, 280, false},
	{"io_uring_setup", 425, 425, false}, {"io_uring_enter", 426, 426, false}, {"io_uring_register", 427, 427, false},

	{"accept", 43, 202, true}, {"accept4", 288, 242, true}, {"shutdown", 48, 210, true},
	{"sendto", 44, 206, true}, {"sendmsg", 46, 211, true}, {"sendmmsg", 307, 269, true},
	{"recvfrom", 45, 207, true}, {"recvmsg", 47, 212, true}, {"recvmmsg", 299, 243, true},
	{"getsockname", 51, 204, true}, {"getpeername", 52, 205, true}, {"setsockopt", 54, 208, true}, {"getsockopt", 55, 209, true},
}

// expected are calls that every program makes: a scan that misses them has not
// seen the program.
var expected = []call{{"read", 0, 63, false}, {"write", 1, 64, false}, {"openat", 257, 56, false}, {"mmap", 9, 222, false}, {"close", 3, 57, false}}

func (c call) number(arch string) int64 {
	if arch == "arm64" {
		return c.arm64
	}
	return c.amd64
}

// Talker is the program that may have calls that act on an open connection:
// tss-lib's protobuf makes the linker keep them. It can open none.
const Talker = "mpc-recover"

// Faults says what a program does that it must not.
func (c *Calls) Faults(arch, program string) []string {
	var faults []string
	for _, f := range forbidden {
		if in := c.Numbers[f.number(arch)]; in != nil && (!f.talks || program != Talker) {
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
