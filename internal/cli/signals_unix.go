//go:build unix

package cli

import (
	"os"
	"syscall"
)

// caught are the signals that end a program in order. On most of them Go would print a
// traceback, with arguments and registers.
var caught = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT,
	syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS,
}
