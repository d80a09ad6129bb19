package lockdown

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Swap returns the swap space that memory may be written to, if it is not locked
// (Status.MemoryLock). Compressed memory (zram) without a disk behind it does not
// count. root is the system's root folder.
func Swap(root fs.FS) ([]string, error) { return swap(root) }

// swap reads proc/swaps below root: a heading, then a line for each swap space
// with its file first and its type second (proc_swaps(5)).
func swap(root fs.FS) ([]string, error) {
	f, err := root.Open("proc/swaps")
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(root, "proc/meminfo"); err == nil {
			return nil, nil // a kernel without swap
		}
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the list of swap spaces: %w", err)
	}
	defer f.Close()
	var active []string
	lines := bufio.NewScanner(f)
	for heading := true; lines.Scan(); heading = false {
		fields := strings.Fields(lines.Text())
		if !heading && len(fields) >= 2 && !memoryOnly(root, fields[0], fields[1]) {
			active = append(active, fmt.Sprintf("swap on %q", fields[0]))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("couldn't read the list of swap spaces: %w", err)
	}
	return active, nil
}

// memoryOnly reports whether the swap space is a zram device that writes nothing
// back to a disk (Documentation/admin-guide/blockdev/zram.rst).
func memoryOnly(root fs.FS, file, kind string) bool {
	name, ok := strings.CutPrefix(file, "/dev/")
	if !ok || kind != "partition" || !strings.HasPrefix(name, "zram") {
		return false
	}
	backing, err := fs.ReadFile(root, path.Join("sys/block", name, "backing_dev"))
	return errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(backing)) == "none"
}
