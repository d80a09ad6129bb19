package outfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNew renames and fails with fs.ErrExist rather than replace.
func renameNew(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return linkNew(from, to)
	}
	return err
}

// withoutModes are the file systems on which every file has the same mode.
var withoutModes = map[string]bool{"msdos": true, "exfat": true, "ntfs": true}

// OnFAT reports whether modes mean nothing in the folder dir. It returns false if
// it cannot tell.
func OnFAT(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && withoutModes[unix.ByteSliceToString(s.Fstypename[:])]
}
