package prompt

import (
	"os"

	"golang.org/x/sys/windows"
)

// A console is read through os.File, which turns its UTF-16 into UTF-8.
type console struct {
	in, out *os.File
	before  uint32
}

func openDevice() (device, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		in.Close()
		return nil, err
	}
	c := &console{in: in, out: out}
	if err := windows.GetConsoleMode(windows.Handle(in.Fd()), &c.before); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *console) setEcho(on bool) error {
	mode := c.before | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	if on {
		mode |= windows.ENABLE_ECHO_INPUT
	} else {
		mode &^= windows.ENABLE_ECHO_INPUT
	}
	return windows.SetConsoleMode(windows.Handle(c.in.Fd()), mode)
}

func (c *console) restore() error {
	return windows.SetConsoleMode(windows.Handle(c.in.Fd()), c.before)
}

func (c *console) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *console) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c *console) Close() error {
	c.out.Close()
	return c.in.Close()
}

// onStop does nothing: a process on Windows is not stopped from the terminal.
func onStop(_, _ func()) {}
