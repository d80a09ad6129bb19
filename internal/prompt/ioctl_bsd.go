//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package prompt

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// TIOCSETA keeps what was typed ahead, and TIOCSETAF drops it.
const (
	getTermios   = unix.TIOCGETA
	setTermios   = unix.TIOCSETA
	resetTermios = unix.TIOCSETAF
)

func raise(s syscall.Signal) error { return unix.Kill(unix.Getpid(), s) }
