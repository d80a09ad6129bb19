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
