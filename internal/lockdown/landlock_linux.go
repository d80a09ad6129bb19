//go:build amd64 || arm64

package lockdown

import (
	"errors"
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a rule may allow (landlock(7)).
const (
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readDir  = unix.LANDLOCK_ACCESS_FS_READ_DIR

	// An output is made under a temporary name, read back, and renamed or removed,
	// all in one folder, which is listed to sync it. It is never truncated.
	makeOutput = readFile | readDir | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR

	terminal = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	onFiles  = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// access is what each version of the interface adds to what can be forbidden. All of it
// is forbidden, unless a rule allows it.
var access = []unix.LandlockRulesetAttr{
	{Handled_access_fs: 1<<13 - 1},
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_REFER},
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
	{Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
	// Signals are left out: up to Linux 6.14 that would keep the Go runtime from
	// interrupting its own threads.
	{Scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET},
}

// landlockVersion returns the version of the interface, 0 for none.
func landlockVersion() int {
	v, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// restrictFiles puts everything but the files out of reach, and returns the
// version of Landlock that is in force then.
func restrictFiles(files Files) (int, error) {
	version := landlockVersion()
	if version == 0 {
		return 0, errors.New("the system does not have it")
	}
	var all unix.LandlockRulesetAttr
	for _, a := range access[:min(version, len(access))] {
		all.Handled_access_fs |= a.Handled_access_fs
		all.Handled_access_net |= a.Handled_access_net
		all.Scoped |= a.Scoped
	}
	fd, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&all)), unsafe.Sizeof(all), 0)
	if errno != 0 {
		return 0, fmt.Errorf("couldn't make a set of rules: %w", errno)
	}
	rules := ruleset{int(fd), all.Handled_access_fs}
	defer unix.Close(rules.fd)
	if err := rules.add(files); err != nil {
		return 0, err
	}
	if err := onAllThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return 0, err
	}
	if err := onAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules.fd), 0, 0); err != nil {
		return 0, fmt.Errorf("couldn't enforce the rules: %w", err)
	}
	if root, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
		unix.Close(root)
		return 0, errors.New("the root folder can still be read")
	}
	return version, nil
}

type ruleset struct {
	fd      int
	handled uint64 // what is forbidden without a rule
}

func (r *ruleset) add(files Files) error {
	if err := r.allow("/dev/tty", terminal); err != nil {
		return err
	}
	for _, path := range files.Read {
		if err := r.allow(path, readFile|readDir); err != nil {
			return err
		}
	}
	for _, path := range files.Write {
		if err := r.allow(filepath.Dir(filepath.Clean(path)), makeOutput); err != nil {
			return err
		}
	}
	for _, path := range files.Own {
		if err := r.allow(path, makeOutput); err != nil {
			return err
		}
		if err := r.allow(filepath.Dir(filepath.Clean(path)), readDir|unix.LANDLOCK_ACCESS_FS_REMOVE_DIR); err != nil {
			return err
		}
	}
	return nil
}

// allow adds a rule for what is at path now, and for all below if it is a folder.
func (r *ruleset) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // opening it will fail, too
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("couldn't look at %q: %w", path, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
	case unix.S_IFIFO, unix.S_IFSOCK:
		return nil // not an input; and there can be no rule for something without a name
	default:
		rights &= onFiles
	}
	if rights &= r.handled; rights == 0 {
		return nil
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.RawSyscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("couldn't add a rule for %q: %w", path, errno)
	}
	return nil
}
