package outfile

import "golang.org/x/sys/windows"

const openFlags = 0

// What a disk answers; Hint tells what to do.
var (
	noSpace  = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
	readOnly = []error{windows.ERROR_WRITE_PROTECT}
	broken   = []error{windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_NOT_READY, windows.ERROR_DEVICE_NOT_CONNECTED}
)

// renameNew renames and fails with fs.ErrExist rather than replace.
func renameNew(from, to string) error {
	source, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	target, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(source, target, windows.MOVEFILE_WRITE_THROUGH)
}

// syncFolder does nothing: MOVEFILE_WRITE_THROUGH did.
func syncFolder(string) {}
