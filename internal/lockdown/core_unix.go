//go:build unix

package lockdown

import "golang.org/x/sys/unix"

func noCore() bool {
	return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) == nil
}
