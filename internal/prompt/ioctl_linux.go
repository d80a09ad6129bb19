package prompt

import "golang.org/x/sys/unix"

// TCSETS keeps what was typed ahead, and TCSETSF drops it.
const (
	getTermios   = unix.TCGETS
	setTermios   = unix.TCSETS
	resetTermios = unix.TCSETSF
)
