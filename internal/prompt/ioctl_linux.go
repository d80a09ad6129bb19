package prompt

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// TCSETS keeps what was typed ahead, and TCSETSF drops it.
const (
	getTermios   = unix.TCGETS
	setTermios   = unix.TCSETS
	resetTermios = unix.TCSETSF
)

func raise(s syscall.Signal) error { return unix.Tgkill(unix.Getpid(), unix.Gettid(), s) }
