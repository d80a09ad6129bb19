package cli

import (
	"os"
	"syscall"
)

// caught are the signals that end a program in order: ^C and ^Break, and the
// closing of the window.
var caught = []os.Signal{os.Interrupt, syscall.SIGTERM}
