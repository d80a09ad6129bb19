package cli

import (
	"fmt"
	"slices"
	"sync"

	"lifeboat/internal/phrase"
)

// cleanups must be done before the process ends, however it ends.
type cleanups struct {
	mu      sync.Mutex
	pending []*func()
	written []string // outputs that have their names
	told    sync.Once
}

// OnExit has f called when the verb ends or a signal ends it, last one first: to
// remove a temporary output, or to wipe. On a signal, f may run while the verb still
// does. The function returned cancels it.
func (e *Env) OnExit(f func()) (remove func()) {
	c, entry := e.exits, &f
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = append(c.pending, entry)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pending = slices.DeleteFunc(c.pending, func(p *func()) bool { return p == entry })
	}
}

// count returns how many are pending.
func (c *cleanups) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}

// run calls what is pending, last one first, except the first keep. A panic in one
// does not stop the others.
func (c *cleanups) run(keep int) {
	for {
		c.mu.Lock()
		if len(c.pending) <= keep {
			c.mu.Unlock()
			return
		}
		last := len(c.pending) - 1
		f := *c.pending[last]
		c.pending[last] = nil // or what f holds could not be collected
		c.pending = c.pending[:last]
		c.mu.Unlock()
		func() {
			defer func() { _ = recover() }()
			f()
		}()
	}
}

// wrote notes outputs that stay, whatever happens.
func (c *cleanups) wrote(paths ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written = append(c.written, paths...)
}

// withdrew notes that one does not.
func (c *cleanups) withdrew(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written = slices.DeleteFunc(c.written, func(w string) bool { return w == path })
}

// announce says once that the run was interrupted, and what it has written all the same.
func (c *cleanups) announce(e *Env) {
	c.told.Do(func() {
		e.lines("error: ", "interrupted: "+c.kept()+"what was not finished has been removed")
	})
}

// kept begins a sentence with what was written, if anything was.
func (c *cleanups) kept() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.written)
	if n == 0 {
		return ""
	}
	const shown = 3
	names := phrase.Quoted(c.written[:min(n, shown)])
	if n > shown {
		names = append(names, fmt.Sprintf("%d more", n-shown))
	}
	return "it has written " + phrase.And(names) + " and keeps that; "
}
