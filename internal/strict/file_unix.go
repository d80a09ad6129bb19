//go:build unix

package strict

import "syscall"

// Without O_NONBLOCK, opening a pipe waits for a writer.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY
