//go:build unix

package prompt

import (
	"io"
	"os"
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"
)

// A tty is used by its descriptor: an os.File would put it into non-blocking
// mode, which other processes on the terminal would see.
type tty struct {
	fd     int
	before unix.Termios
}

func openDevice() (device, error) { return openTTY("/dev/tty") }

func openTTY(path string) (*tty, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &tty{fd, *before}, nil
}

func (t *tty) setEcho(on bool) error {
	mode := t.before
	mode.Lflag |= unix.ICANON | unix.ISIG
	mode.Iflag |= unix.ICRNL
	if on {
		mode.Lflag |= unix.ECHO
	} else {
		mode.Lflag &^= unix.ECHO | unix.ECHONL
	}
	return unix.IoctlSetTermios(t.fd, setTermios, &mode)
}

// restore drops what was typed and not read: half a passphrase must not become a
// command line of the shell, which would show it.
func (t *tty) restore() error { return unix.IoctlSetTermios(t.fd, resetTermios, &t.before) }

func (t *tty) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(t.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (t *tty) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n, err := unix.Write(t.fd, p[done:])
		if err != nil && err != unix.EINTR {
			return done, err
		}
		done += max(n, 0)
	}
	return len(p), nil
}

func (t *tty) Close() error { return unix.Close(t.fd) }

// onStop has stopping called before the process is stopped from the terminal (^Z),
// and going whenever it goes on.
func onStop(stopping, going func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTSTP, unix.SIGCONT)
	go func() {
		runtime.LockOSThread()
		for s := range signals {
			if s == unix.SIGTSTP {
				stopping()
				// SIGTSTP stays caught, whatever os/signal is told. SIGTTIN stops in the same
				// way, but where no shell could have the process go on. On Linux it is
				// this thread's own signal, so all stops before raise returns.
				raise(unix.SIGTTIN)
			}
			going()
		}
	}()
}
