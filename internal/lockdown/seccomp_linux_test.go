//go:build amd64 || arm64

package lockdown

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// run is the kernel's machine, as far as program uses it
// (Documentation/userspace-api/seccomp_filter.rst, linux/filter.h).
func run(p []unix.SockFilter, arch, call uint32, args ...uint64) (uint32, error) {
	data := make([]byte, 64)
	binary.LittleEndian.PutUint32(data, call)
	binary.LittleEndian.PutUint32(data[4:], arch)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[16+8*i:], a)
	}
	acc := uint32(0)
	for i := 0; i < len(p); i++ {
		in, taken := p[i], false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			acc = binary.LittleEndian.Uint32(data[in.K:])
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K, nil
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			taken = acc == in.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			taken = acc >= in.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			taken = acc&in.K != 0
		default:
			return 0, fmt.Errorf("instruction %d: %+v", i, in)
		}
		if taken {
			i += int(in.Jt)
		} else {
			i += int(in.Jf)
		}
	}
	return 0, fmt.Errorf("no answer")
}

func TestProgram(t *testing.T) {
	const pid = 4711
	p := program(pid)
	limited := map[uint32]bool{}
	for _, l := range limits(pid) {
		limited[l.call] = true
	}
	// Every number up to well beyond the last call there is.
	for call := range uint32(2000) {
		want, lists := uint32(refuse), 0
		for _, list := range []struct {
			has  bool
			want uint32
		}{
			{slices.Contains(needed, call), allow},
			{slices.Contains(deadly, call), kill},
			{call == unix.SYS_CLONE3, absent},
			{limited[call], refuse}, // with arguments that are nobody's: below
		} {
			if list.has {
				want, lists = list.want, lists+1
			}
		}
		if lists > 1 {
			t.Errorf("call %d is on %d lists", call, lists)
		}
		if limited[call] {
			continue
		}
		if got, err := run(p, auditArch, call); got != want || err != nil {
			t.Errorf("call %d: got %#x, %v; want %#x", call, got, err, want)
		}
	}
	for _, c := range []struct {
		name string
		arch uint32
		call uint32
		args []uint64
		want uint32
	}{
		{"socket on i386", unix.AUDIT_ARCH_I386, 359, nil, kill},
		{"read on i386", unix.AUDIT_ARCH_I386, 3, nil, kill},
		{"read on no machine", 0, unix.SYS_READ, nil, kill},
		{"the highest number", auditArch, 1<<32 - 1, nil, kill},
		{"terminal mode", auditArch, unix.SYS_IOCTL, []uint64{0, unix.TCGETS}, allow},
		{"terminal mode back, input dropped", auditArch, unix.SYS_IOCTL, []uint64{0, unix.TCSETSF}, allow},
		{"terminal mode on any descriptor", auditArch, unix.SYS_IOCTL, []uint64{9, unix.TCSETS}, allow},
		{"typing for the user", auditArch, unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, refuse},
		{"selecting for the user", auditArch, unix.SYS_IOCTL, []uint64{unix.TCGETS, unix.TIOCLINUX}, refuse},
		{"own thread", auditArch, unix.SYS_TGKILL, []uint64{pid, 1, 23}, allow},
		{"another process", auditArch, unix.SYS_TGKILL, []uint64{1, pid, 23}, refuse},
		{"a thread", auditArch, unix.SYS_CLONE, []uint64{0x50f00}, allow}, // runtime.cloneFlags
		{"a process", auditArch, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, refuse},
		{"a process in a user namespace", auditArch, unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER}, refuse},
		{"memory", auditArch, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, allow},
		{"code", auditArch, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, refuse},
		{"memory made code", auditArch, unix.SYS_MPROTECT, []uint64{0, 4096, unix.PROT_EXEC}, refuse},
		{"naming memory", auditArch, unix.SYS_PRCTL, []uint64{unix.PR_SET_VMA}, allow},
		{"dumpable again", auditArch, unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE, 1}, refuse},
	} {
		if got, err := run(p, c.arch, c.call, c.args...); got != c.want || err != nil {
			t.Errorf("%s: got %#x, %v; want %#x", c.name, got, err, c.want)
		}
	}
}

// The x32 ABI has the same calls under other numbers.
func TestProgramX32(t *testing.T) {
	if firstForeign != 0x40000000 {
		t.Skip("no x32 here")
	}
	for _, call := range []uint32{unix.SYS_READ, unix.SYS_SOCKET} {
		if got, err := run(program(1), auditArch, 0x40000000|call); got != kill || err != nil {
			t.Errorf("call %d: got %#x, %v", call, got, err)
		}
	}
}
