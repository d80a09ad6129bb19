package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Append opens a file that every run adds to, or makes it. It is for the log of what
// was done: the one kind of output that is neither new nor whole.
func Append(path string) (*os.File, error) {
	flags := os.O_WRONLY | os.O_APPEND | openFlags
	info, err := os.Lstat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	switch {
	case isNew:
		flags |= os.O_CREATE | os.O_EXCL
	case err != nil:
		return nil, failed("open", path, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is no file to add to: move it away", path)
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, failed("open", path, err)
	}
	exposed, err := makePrivate(f, path)
	if err == nil && exposed {
		err = ErrExposed
	}
	if err != nil {
		f.Close()
		if isNew {
			os.Remove(path)
		}
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return f, nil
}
