//go:build amd64 || arm64

package lockdown_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"lifeboat/internal/lockdown"
	"lifeboat/internal/outfile"
	"lifeboat/internal/prompt/ptytest"
)

// childProbes makes the test binary a program that confines itself to the files
// of its folder and then tries something.
const childProbes = "LOCKDOWN_TEST_PROBE"

// confined are the files of a probe; outside is out of its reach.
type confined struct{ in, folder, link, out, own, outside string }

func layOut(dir string) confined {
	return confined{
		in: filepath.Join(dir, "in", "file"), folder: filepath.Join(dir, "folder"), link: filepath.Join(dir, "out", "link"),
		out: filepath.Join(dir, "out", "result"), own: filepath.Join(dir, "tmp", "own"), outside: filepath.Join(dir, "in", "beside"),
	}
}

// A probe returns an error if something can be done that should not be, or the
// other way round.
var probes = map[string]func(confined) error{
	"files": func(c confined) error {
		for _, path := range []string{c.in, filepath.Join(c.folder, "sub", "file")} {
			if b, err := os.ReadFile(path); err != nil || string(b) != "content" {
				return fmt.Errorf("%q, %w", b, err)
			}
		}
		f, err := outfile.Create(c.out)
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte("result")); err != nil {
			return err
		}
		if err := f.Commit(); err != nil {
			return err
		}
		dir, err := outfile.Mkdir(c.out + ".d")
		if err != nil {
			return err
		}
		w, err := dir.Create("file")
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte("x")); err != nil {
			return err
		}
		if err := errors.Join(w.Commit(), dir.Commit()); err != nil {
			return err
		}
		aborted, err := outfile.Mkdir(c.out + ".aborted")
		if err != nil {
			return err
		}
		if _, err := aborted.Create("file"); err != nil {
			return err
		}
		aborted.Abort()
		if left := outfile.Leftovers(filepath.Dir(c.out)); len(left) > 0 {
			return fmt.Errorf("left %q", left)
		}
		if err := os.WriteFile(filepath.Join(c.own, "file"), nil, 0o600); err != nil {
			return err
		}
		return os.RemoveAll(c.own)
	},
	"foreign files": func(c confined) error {
		open := func(path string, flags int) error {
			f, err := os.OpenFile(path, flags, 0o600)
			f.Close()
			return err
		}
		input, err := os.Open(c.in)
		if err != nil {
			return err
		}
		defer input.Close()
		for what, err := range map[string]error{
			"opening an input to others":           input.Chmod(0o666),
			"reading a file beside an input":       open(c.outside, os.O_RDONLY),
			"reading a file through a link":        open(c.link, os.O_RDONLY),
			"reading a folder beside":              open(filepath.Dir(c.in), os.O_RDONLY),
			"reading /etc/passwd":                  open("/etc/passwd", os.O_RDONLY),
			"reading the process":                  open("/proc/self/mem", os.O_RDONLY),
			"writing to an input":                  open(c.in, os.O_WRONLY),
			"writing into an input folder":         open(filepath.Join(c.folder, "new"), os.O_WRONLY|os.O_CREATE),
			"writing beside an input":              open(c.in+".new", os.O_WRONLY|os.O_CREATE),
			"writing into the temporary folder":    open("/tmp/lifeboat-probe", os.O_WRONLY|os.O_CREATE),
			"emptying a file in the output folder": open(filepath.Join(filepath.Dir(c.out), "old"), os.O_WRONLY|os.O_TRUNC),
			"removing an input":                    os.Remove(c.in),
			"renaming an input into the output":    os.Rename(c.in, c.out),
			"linking an input into the output":     os.Link(c.in, c.out),
			"making a link":                        os.Symlink("/etc/passwd", c.out),
			"making a pipe":                        unix.Mkfifo(c.out, 0o600),
			"changing the mode of an input":        os.Chmod(c.in, 0o666),
		} {
			if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EXDEV) {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return nil
	},
	"calls": func(confined) error {
		for what, call := range map[string][4]uintptr{
			"a signal to the parent":        {unix.SYS_KILL, uintptr(os.Getppid()), 0},
			"a process":                     {unix.SYS_CLONE, uintptr(unix.SIGCHLD)},
			"a namespace":                   {unix.SYS_UNSHARE, unix.CLONE_NEWUSER},
			"executable memory":             {unix.SYS_MMAP, 0, 4096, unix.PROT_EXEC | unix.PROT_READ},
			"a file without a name":         {unix.SYS_MEMFD_CREATE, uintptr(unsafe.Pointer(&[]byte("x\x00")[0]))},
			"being dumpable":                {unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1},
			"more rules":                    {unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION},
			"limits":                        {unix.SYS_PRLIMIT64},
			"keys":                          {unix.SYS_KEYCTL},
			"another user":                  {unix.SYS_SETUID, 1},
			"another root":                  {unix.SYS_CHROOT},
			"a shared memory":               {unix.SYS_SHMGET},
			"a message":                     {unix.SYS_SENDTO},
			"a call of the future":          {9999},
			"typing into a closed terminal": {unix.SYS_IOCTL, 99, unix.TIOCSTI},
		} {
			if r, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != unix.EPERM {
				return fmt.Errorf("%s: %d, %v", what, int(r), errno)
			}
		}
		return nil
	},
	"runtime": func(confined) error {
		r, w, err := os.Pipe() // the poller
		if err != nil {
			return err
		}
		go func() {
			time.Sleep(time.Millisecond)
			w.Close()
		}()
		if _, err := io.ReadAll(r); err != nil {
			return err
		}
		var threads sync.WaitGroup
		for range 32 {
			threads.Go(func() {
				runtime.LockOSThread() // a thread each, which ends with the goroutine
				b := make([]byte, 1<<20)
				for i := range b {
					b[i] = byte(i)
				}
				time.Sleep(time.Millisecond)
			})
		}
		threads.Wait()
		runtime.GC()
		return nil
	},
	"terminal": func(confined) error {
		tty, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return err
		}
		mode, err := unix.IoctlGetTermios(tty, unix.TCGETS)
		if err != nil {
			return err
		}
		mode.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(tty, unix.TCSETS, mode); err != nil {
			return err
		}
		if _, err := unix.IoctlGetWinsize(tty, unix.TIOCGWINSZ); err != nil {
			return err
		}
		if err := unix.IoctlSetPointerInt(tty, unix.TIOCSTI, 'x'); err != unix.EPERM {
			return fmt.Errorf("typing for the user: %v", err)
		}
		return nil
	},
	// Waits for standard input to end, so that it can be looked at.
	"wait": func(confined) error {
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	},
}

// These end the process.
var deadlyProbes = map[string][4]uintptr{
	"internet socket":    {unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM},
	"local socket":       {unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM},
	"netlink socket":     {unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW},
	"socket pair":        {unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM},
	"connect":            {unix.SYS_CONNECT, 99},
	"bind":               {unix.SYS_BIND, 99},
	"exec":               {unix.SYS_EXECVE},
	"exec at":            {unix.SYS_EXECVEAT},
	"ptrace":             {unix.SYS_PTRACE, unix.PTRACE_TRACEME},
	"read other memory":  {unix.SYS_PROCESS_VM_READV, 1},
	"write other memory": {unix.SYS_PROCESS_VM_WRITEV, 1},
	"io_uring":           {unix.SYS_IO_URING_SETUP, 1},
	"bpf":                {unix.SYS_BPF},
}

// exit statuses of a probe.
const (
	probeFailed = 1
	unconfined  = 2
	notStarted  = 3
)

func runProbe(name string) int {
	c := layOut(os.Args[1])
	// Threads that exist before must be confined as well.
	var mu sync.Mutex
	mu.Lock()
	late := make(chan error, 8)
	for range cap(late) {
		go func() {
			runtime.LockOSThread()
			mu.Lock()
			defer mu.Unlock()
			_, err := os.ReadFile(c.outside)
			_, _, errno := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
			if !errors.Is(err, unix.EACCES) || errno != unix.EPERM {
				late <- fmt.Errorf("a thread of before is not confined: %v, %v", err, errno)
			}
			late <- nil
		}()
	}
	p, err := lockdown.Confine(lockdown.Files{
		Read: []string{c.in, c.folder, filepath.Join(c.folder, "not there"), "xpub" + strings.Repeat("6", 5000),
			"/dev/fd/1"}, // a pipe, as the shell's <(…) is
		Write: []string{c.out, c.out + ".d/"}, Own: []string{c.own},
	})
	if !p.Complete() || err != nil {
		fmt.Println(p, err)
		return unconfined
	}
	mu.Unlock()
	for range cap(late) {
		if err := <-late; err != nil {
			fmt.Println(err)
			return probeFailed
		}
	}
	if call, ok := deadlyProbes[name]; ok {
		r, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3])
		fmt.Println("still alive:", r, errno)
		return probeFailed
	}
	probe, ok := probes[name]
	if !ok {
		return notStarted
	}
	if err := probe(c); err != nil {
		fmt.Println(err)
		return probeFailed
	}
	return 0
}

func supported(t *testing.T) {
	t.Helper()
	if s := lockdown.Supported(); s.Landlock < 3 || !s.Seccomp {
		t.Skipf("the system has Landlock %d and seccomp: %v, so there is nothing to test", s.Landlock, s.Seccomp)
	}
}

func probe(t *testing.T, name string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	c := layOut(dir)
	for _, path := range []string{c.in, c.outside, filepath.Join(c.folder, "sub", "file"), filepath.Join(filepath.Dir(c.out), "old"), filepath.Join(c.own, "old")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(c.outside, c.link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childProbes+"="+name)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

func TestConfined(t *testing.T) {
	supported(t)
	for name := range probes {
		t.Run(name, func(t *testing.T) {
			cmd, out := probe(t, name)
			if name == "terminal" {
				tty, err := os.OpenFile(ptytest.New(t).Path, os.O_RDWR|unix.O_NOCTTY, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer tty.Close()
				cmd.Stdin, cmd.SysProcAttr = tty, &syscall.SysProcAttr{Setsid: true, Setctty: true}
			}
			if err := cmd.Run(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestDeadly(t *testing.T) {
	supported(t)
	for name := range deadlyProbes {
		t.Run(name, func(t *testing.T) {
			cmd, out := probe(t, name)
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
				t.Errorf("ended with %v: %s", err, out)
			}
		})
	}
}

// What the process says of itself is what the kernel says, of every thread.
func TestConfinedFromOutside(t *testing.T) {
	supported(t)
	cmd, out := probe(t, "wait")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	confined := func(status []byte) bool {
		return bytes.Contains(status, []byte("\nSeccomp:\t2\n")) && bytes.Contains(status, []byte("\nNoNewPrivs:\t1\n"))
	}
	all := false
	for ended := false; !all && !ended; time.Sleep(10 * time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
		if err != nil || len(tasks) == 0 {
			t.Fatal(tasks, err)
		}
		all = true
		for _, task := range tasks {
			status, err := os.ReadFile(task)
			all = all && (err != nil || confined(status)) // a thread may have ended
			ended = ended || bytes.Contains(status, []byte("\nState:\tZ"))
		}
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil || !all {
		t.Errorf("%v, all threads: %v, %s", err, all, out)
	}
}

func TestProtection(t *testing.T) {
	for _, c := range []struct {
		p        lockdown.Protection
		text     string
		complete bool
	}{
		{lockdown.Protection{}, "none", false},
		{lockdown.Protection{Landlock: 3}, "Landlock (version 3) only", false},
		{lockdown.Protection{Seccomp: true}, "seccomp only", false},
		{lockdown.Protection{Landlock: 7, Seccomp: true}, "Landlock (version 7) and seccomp", true},
	} {
		if c.p.String() != c.text || c.p.Complete() != c.complete {
			t.Errorf("%v: complete %v", c.p, c.p.Complete())
		}
	}
}
