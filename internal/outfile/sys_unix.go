//go:build unix

package outfile

import (
	"os"
	"syscall"
)

const openFlags = syscall.O_NOFOLLOW

// What a disk answers; Hint tells what to do.
var (
	noSpace  = []error{syscall.ENOSPC, syscall.EDQUOT}
	readOnly = []error{syscall.EROFS}
	broken   = []error{syscall.EIO, syscall.ENXIO, syscall.ENODEV}
)

// syncFolder makes names in dir durable. Some file systems cannot, which is no
// reason to remove a file.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// linkNew renames where the system or the file system has no call for it. A link never
// replaces anything, but FAT has no links and a folder cannot have one: there, a name
// taken since the check is noticed only if it is a file's.
func linkNew(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return os.Remove(from)
	} else if os.IsExist(err) {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return os.ErrExist
	}
	return os.Rename(from, to)
}
