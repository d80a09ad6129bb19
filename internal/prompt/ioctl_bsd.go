//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package prompt

import "golang.org/x/sys/unix"

// TIOCSETA keeps what was typed ahead, and TIOCSETAF drops it.
const (
	getTermios   = unix.TIOCGETA
	setTermios   = unix.TIOCSETA
	resetTermios = unix.TIOCSETAF
)
