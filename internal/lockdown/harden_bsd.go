//go:build unix && !linux

package lockdown

import "io/fs"

// Harden limits what the process can leave behind, as far as the system lets it.
// Call it at the start of main: it affects the whole process.
func Harden() Status { return Status{CoreLimit: noCore()} }

// Swap returns the swap space that memory may be written to. macOS encrypts it
// with a key that is gone after a restart, so there is nothing to report.
func Swap(fs.FS) ([]string, error) { return nil, nil }
