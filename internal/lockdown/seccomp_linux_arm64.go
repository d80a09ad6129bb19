package lockdown

import "golang.org/x/sys/unix"

const (
	auditArch    = unix.AUDIT_ARCH_AARCH64
	firstForeign = 1 << 31 // there are no others
)

var deadlyHere []uint32

var neededHere = []uint32{unix.SYS_FSTATAT}
