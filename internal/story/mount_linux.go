package story

import (
	"os"
	"sync"
	"syscall"
)

// canMount tries, since root in a container often may not.
var canMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "story-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	if mount(dir, "64k", false) != nil {
		return false
	}
	unmount(dir)
	return true
})

func mount(dir, size string, readOnly bool) error {
	flags := uintptr(syscall.MS_NOSUID | syscall.MS_NODEV)
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", flags, "mode=700,size="+size)
}

func unmount(dir string) { syscall.Unmount(dir, syscall.MNT_DETACH) }
