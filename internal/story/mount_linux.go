package story

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
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

// makers are what makes a file system that a driver mounts.
var makers = map[string][]string{"ntfs-3g": {"mkntfs", "-F", "-Q"}, "fusefat": {"mkfs.vfat"}}

// canPlug tries each driver.
var canPlug = sync.OnceValue(func() bool {
	for driver := range makers {
		dir, err := os.MkdirTemp("", "story-")
		if err != nil {
			return false
		}
		defer os.RemoveAll(dir)
		if plug(driver, dir) != nil {
			return false
		}
		unmount(dir)
	}
	return true
})

// plug mounts a new file system by a driver of FUSE.
func plug(driver, dir string, options ...string) error {
	image, err := os.CreateTemp("", "story-stick-")
	if err != nil {
		return err
	}
	defer os.Remove(image.Name()) // the driver has it open
	defer image.Close()
	if err := image.Truncate(16 << 20); err != nil {
		return err
	}
	all := append([]string{"rw+"}, options...) // fusefat's word for read and write
	if driver != "fusefat" {
		all = append([]string{"rw"}, options...)
	}
	for _, command := range [][]string{
		append(makers[driver], image.Name()),
		{driver, "-o", strings.Join(all, ","), image.Name(), dir},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command[0], err, out)
		}
	}
	return nil
}

func unmount(dir string) { syscall.Unmount(dir, syscall.MNT_DETACH) }
