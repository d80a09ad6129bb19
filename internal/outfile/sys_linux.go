package outfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNew renames and fails with fs.ErrExist rather than replace.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return linkNew(from, to)
	}
	return err
}

// withoutModes are the file systems on which every file has the same mode: FAT,
// exFAT, and NTFS by either driver (linux/magic.h and the drivers).
var withoutModes = map[int64]bool{0x4d44: true, 0x2011bab0: true, 0x5346544e: true, 0x7366746e: true}

// OnFAT reports whether modes mean nothing in the folder dir. It returns false if
// it cannot tell.
func OnFAT(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && withoutModes[int64(s.Type)]
}
