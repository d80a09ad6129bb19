package lockdown

import "golang.org/x/sys/unix"

const (
	auditArch    = unix.AUDIT_ARCH_X86_64
	firstForeign = 0x40000000 // numbers from here on are of the x32 ABI
)

var deadlyHere = []uint32{unix.SYS_FORK, unix.SYS_VFORK}

var neededHere = []uint32{unix.SYS_NEWFSTATAT}
