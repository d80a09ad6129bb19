package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/story"
)

// everyFault names the variable that has every change tried, which takes long.
const everyFault = "EVERY_FAULT"

// often says which changes of one kind are tried of a file.
type often int

const (
	never often = iota
	once        // the first in a line
	all         // of a line that is thin, the first
	always
)

// tables are the changes that are tried in an ordinary run: those before which the
// folder is another than before the last one; all that can fail; and those around
// which a signal finds different work to do.
var tables = [3]map[string]often{
	{"mkdirat": all, "openat": all, "write": all, "fsync": all, "renameat2": always},
	{"mkdirat": all, "openat": all, "write": all, "fsync": all, "renameat2": always, "fchmod": once, "close": once, "fsync of a folder": once},
	{"mkdirat": all, "openat": once, "fchmod": once, "write": once, "renameat2": all},
}

// sample returns the numbers of the changes that are tried, from 0. Of several
// writes in a row they are the first and the last one. A kind that is in none of
// the tables is always tried.
func (f *faulty) sample(table map[string]often) (numbers []int) {
	seen := map[string]bool{}
	known := func(kind string) bool {
		return slices.ContainsFunc(tables[:], func(t map[string]often) bool { return t[kind] != never })
	}
	for i, c := range f.changes {
		kind := c.name
		if c.folder {
			kind += " of a folder"
		}
		middle := i > 0 && i+1 < len(f.changes) && c == f.changes[i-1] && c == f.changes[i+1]
		last := i+1 == len(f.changes)
		switch how := table[kind]; {
		case os.Getenv(everyFault) == "" && f.slow && known(kind) && kind != "renameat2" && !last:
		case os.Getenv(everyFault) != "", last, !known(kind), how == always, how == all && !f.thin && !middle, how != never && !seen[kind]:
			numbers = append(numbers, i)
		}
		seen[kind] = true
	}
	return numbers
}

// Whenever a program that writes is killed, interrupted or told by the system
// that it cannot: outputs are whole or absent, inputs are as they were, temporary
// names show no secret, and the next run names them and succeeds. No fault is about
// what a password costs, which a thousand runs would pay.
func TestFaults(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can trace a process that is not dumpable")
	}
	s := newStage(t, story.CheapPrograms)
	var tried [len(tables)]atomic.Int64
	var late atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d kills, %d failing calls and %d interrupts (%d of them too late), in %d command lines", tried[0].Load(), tried[1].Load(), tried[2].Load(), late.Load(), len(everyWrite))
		if late.Load() == tried[2].Load() {
			t.Error("every interrupt came too late to prove anything")
		}
	})
	for name, w := range everyWrite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &faulty{stage: s, writes: &w, late: &late}
			f.unharmed(t)
			for i, test := range []func(*testing.T, int, change){f.killed, f.failing, f.interrupted} {
				for _, at := range f.sample(tables[i]) {
					test(t, at+1, f.changes[at])
					tried[i].Add(1)
				}
			}
		})
	}
}

// faulty is a line, and what it does if it is left alone.
type faulty struct {
	*stage
	*writes
	changes []change
	good    tree // what it adds
	late    *atomic.Int64
}

// traced runs the line in a fresh folder, and returns it, what was there before,
// and how the run ended.
func (f *faulty) traced(t *testing.T, do fault) (dir string, before tree, r result, changes []change) {
	t.Helper()
	dir = f.copy(t)
	before = readTree(t, dir)
	streams := t.TempDir()
	cmd := f.command(f.line)
	stdout, err := os.Create(filepath.Join(streams, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	stderr, err := os.Create(filepath.Join(streams, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr // no goroutine of ours copies
	changes, status := trace(t, cmd, dir, do)
	if do.at > len(changes) {
		t.Fatalf("it made only %d changes", len(changes))
	}
	r.code = status.ExitStatus() // -1 if a signal ended it
	for stream, text := range map[*os.File]*string{stdout: &r.stdout, stderr: &r.stderr} {
		data, err := os.ReadFile(stream.Name())
		if err != nil {
			t.Fatal(err)
		}
		*text = string(data)
	}
	return dir, before, r, changes
}

func (f *faulty) unharmed(t *testing.T) {
	dir, before, r, changes := f.traced(t, fault{})
	if r.code != 0 {
		t.Fatalf("exit status %d: %s", r.code, r.stderr)
	}
	f.changes, f.good = changes, readTree(t, dir).without(t, before)
	t.Log(changes)
	if got := f.sort(t, dir, f.good); len(got.outputs) != len(f.outputs) || len(got.rest) > 0 {
		t.Fatalf("the outputs are %q, the rest is %q", got.outputs, got.rest)
	}
	f.opens(t, f.writes, dir, f.good)
}

func (f *faulty) killed(t *testing.T, at int, c change) {
	t.Run(fmt.Sprintf("killed at %d, %v", at, c), func(t *testing.T) {
		dir, before, r, _ := f.traced(t, fault{at: at, signal: unix.SIGKILL})
		if r.code != -1 {
			t.Errorf("exit status %d", r.code)
		}
		now := readTree(t, dir)
		added := now.without(t, before)
		got := f.sort(t, dir, added)
		f.quiet(t, f.writes, r, added)
		// Of several outputs, that which the others are about comes first.
		for i, o := range got.outputs {
			if o != f.outputs[i] {
				t.Errorf("%q is there, and %q is not", o, f.outputs[i])
			}
		}
		f.whole(t, added, f.good)
		f.opens(t, f.writes, dir, added)
		if r := f.again(t, dir, got); at == 1 {
			f.opens(t, f.writes, dir, r)
		}
	})
}

// again is what the user does next. It returns what that adds.
func (f *faulty) again(t *testing.T, dir string, got found) (added tree) {
	t.Helper()
	now := readTree(t, dir)
	r := f.run(t, dir, f.line)
	added = readTree(t, dir).without(t, now)
	f.quiet(t, f.writes, r, added)
	for _, name := range got.rest {
		if !strings.Contains(filepath.Dir(name), ".lifeboat-") && !strings.Contains(r.stderr, fmt.Sprintf("%q was left by a run that was killed", name)) && r.code == 0 {
			t.Errorf("the next run does not name %q: %s", name, r.stderr)
		}
	}
	switch {
	case len(got.outputs) == 0:
		if r.code != 0 {
			t.Errorf("the next run has exit status %d: %s", r.code, r.stderr)
		}
		f.whole(t, added, f.good)
		if again := f.sort(t, dir, added); len(again.outputs) != len(f.outputs) || len(again.rest) > 0 {
			t.Errorf("the next run leaves %q and %q", again.outputs, again.rest)
		}
	case f.done && len(got.outputs) == len(f.outputs):
		if r.code != 0 || len(added) > 0 {
			t.Errorf("the next run has exit status %d, and adds %v", r.code, added)
		}
	default:
		if r.code != 4 || len(added) > 0 {
			t.Errorf("the next run has exit status %d, and adds %d names: %s", r.code, len(added), r.stderr)
		}
	}
	return added
}

// errnos are what the calls fail with: the disk is full, or the stick is pulled out.
var errnos = map[string]syscall.Errno{"fsync": unix.EIO, "fdatasync": unix.EIO, "fchmod": unix.EIO, "close": unix.EIO}

func errnoOf(c change) syscall.Errno {
	if e := errnos[c.name]; e != 0 {
		return e
	}
	return unix.ENOSPC
}

func (f *faulty) failing(t *testing.T, at int, c change) {
	t.Run(fmt.Sprintf("failing at %d, %v", at, c), func(t *testing.T) {
		dir, before, r, _ := f.traced(t, fault{at: at, errno: errnoOf})
		added := readTree(t, dir).without(t, before)
		f.quiet(t, f.writes, r, added)
		if c.name == "fsync" && c.folder {
			// Some file systems cannot, and the output is not worth less for that.
			if r.code != 0 {
				t.Errorf("exit status %d: %s", r.code, r.stderr)
			}
			f.whole(t, added, f.good)
			return
		}
		refused(t, r, added)
	})
}

func (f *faulty) interrupted(t *testing.T, at int, c change) {
	t.Run(fmt.Sprintf("interrupted at %d, %v", at, c), func(t *testing.T) {
		dir, before, r, _ := f.traced(t, fault{at: at, signal: unix.SIGINT})
		added := readTree(t, dir).without(t, before)
		got := f.sort(t, dir, added)
		f.quiet(t, f.writes, r, added)
		if r.code == 0 && len(got.outputs) == len(f.outputs) {
			f.late.Add(1) // it was done before it knew of the signal
		} else if r.code != 130 || strings.Contains(r.stderr, "interrupted: what was not finished has been removed") == (len(got.outputs) > 0) ||
			strings.Contains(r.stderr, "interrupted: it has written ") != (len(got.outputs) > 0) || strings.Count(r.stderr, ": error: ") != 1 {
			t.Errorf("exit status %d: %s", r.code, r.stderr)
		}
		if len(got.rest) > 0 || len(got.outputs) != 0 && len(got.outputs) != len(f.outputs) {
			t.Errorf("it leaves %q and %q", got.outputs, got.rest)
		}
		f.whole(t, added, f.good)
	})
}
