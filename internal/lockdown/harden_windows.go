package lockdown

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/windows/registry"
)

// Harden does nothing on Windows, which writes no dumps unless it was set up to.
func Harden() Status { return Status{} }

const memoryKey = `SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management`

// Swap returns the page files in use.
func Swap(fs.FS) ([]string, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, memoryKey, registry.QUERY_VALUE)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the page file settings: %w", err)
	}
	defer k.Close()
	files, _, err := k.GetStringsValue("ExistingPageFiles")
	if err != nil && err != registry.ErrNotExist {
		return nil, fmt.Errorf("couldn't read the page file settings: %w", err)
	}
	var active []string
	for _, f := range files {
		if f != "" {
			active = append(active, fmt.Sprintf("page file %q", f))
		}
	}
	return active, nil
}
