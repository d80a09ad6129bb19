package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// interval is the shortest time between two updates of a progress line.
const interval = 200 * time.Millisecond

// A Progress is a line on the terminal that says how far long work has got. Several
// goroutines may use it. It writes only to a terminal.
type Progress struct {
	what   string
	total  int64
	screen io.Writer // nil: not a terminal

	mu    sync.Mutex
	done  int64
	next  time.Time
	width int // of the line on the screen
}

// NewProgress starts a line about work of total units, or of an unknown number
// if total is 0.
func NewProgress(e *Env, what string, total int64) *Progress {
	p := &Progress{what: Clean(what), total: total, next: time.Now().Add(interval)}
	w := e.Stderr
	if tee, ok := w.(Tee); ok {
		w = tee.Screen
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.screen = f
	}
	return p
}

// Add says that n more units are done.
func (p *Progress) Add(n int64) {
	if p.screen == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(interval)
		p.show(p.line())
	}
}

// Done erases the line.
func (p *Progress) Done() {
	if p.screen == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width > 0 {
		p.show("")
		fmt.Fprint(p.screen, "\r")
	}
}

func (p *Progress) line() string {
	if p.total > 0 {
		return fmt.Sprintf("%s: %d of %d (%d%%)", p.what, p.done, p.total, 100*p.done/p.total)
	}
	return fmt.Sprintf("%s: %d", p.what, p.done)
}

// show replaces the line by another, padded to hide the old one.
func (p *Progress) show(line string) {
	fmt.Fprintf(p.screen, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

// A Tee is a standard error that is kept as well, but for progress lines.
type Tee struct{ Screen, Log io.Writer }

func (t Tee) Write(p []byte) (int, error) {
	if n, err := t.Screen.Write(p); err != nil {
		return n, err
	}
	return t.Log.Write(p)
}
