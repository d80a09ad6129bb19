package prompt

import "golang.org/x/sys/unix"

// TCSETS keeps what was typed ahead.
const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)
