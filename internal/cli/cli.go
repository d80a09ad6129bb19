// Package cli is what the programs have in common on the command line: verbs and
// flags, the order in which a verb is confined, guarded and run, error, warning and
// hint lines, exit status, progress, and what happens on a signal or a panic. It does
// not know what a verb does.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"lifeboat/internal/airgap"
	"lifeboat/internal/lockdown"
	"lifeboat/internal/outfile"
	"lifeboat/internal/plain"
	"lifeboat/internal/prompt"
)

// Exit status of every program.
const (
	OK          = 0   // done and verified
	Failed      = 1   // could not be done
	Usage       = 2   // wrong usage
	Mismatch    = 3   // keys, shares or addresses do not belong together, or are too few
	Refused     = 4   // unsafe here
	Interrupted = 130 // by a signal
)

// An Error is an error with the exit status it leads to, and hints that say what
// to do next.
type Error struct {
	Code  int
	Err   error
	Hints []string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Fail returns err with an exit status and the hints that are not empty; nil stays
// nil.
func Fail(code int, err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &Error{code, err, slices.DeleteFunc(hints, func(h string) bool { return h == "" })}
}

// An Env is what a verb may use of the world around it.
type Env struct {
	Program string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer

	// Terminal returns the terminal to ask on, the same one each time. Program.Run
	// closes it.
	Terminal func() (prompt.Terminal, error)

	// Interrupt is cancelled by a signal. Long work should watch it.
	Interrupt context.Context

	nested  bool     // a verb is running, and may run others
	plain   []string // outputs with secrets that nothing seals
	exits   *cleanups
	process lockdown.Status // what Harden could do
	probes  probes

	confine func(lockdown.Files) (lockdown.Protection, error) // nil: the process is not the verb's to confine
	sandbox *sandbox
}

// probes are how Guard looks at the machine; tests replace them.
type probes struct {
	network func() ([]string, error)
	swap    func() ([]string, error)
}

// complete fills in what the caller of Run left out.
func (e *Env) complete() {
	if e.Interrupt == nil {
		e.Interrupt = context.Background()
	}
	if e.exits == nil {
		e.exits = new(cleanups)
	}
	if e.Stdin == nil {
		e.Stdin = strings.NewReader("")
	}
	if e.Stdout == nil {
		e.Stdout = io.Discard
	}
	if e.Stderr == nil {
		e.Stderr = io.Discard
	}
	if e.Terminal == nil {
		e.Terminal = prompt.Open
	}
	if e.probes.network == nil {
		root := newKept(os.DirFS("/"))
		e.probes = probes{
			network: func() ([]string, error) { return airgap.Evidence(root) },
			swap:    func() ([]string, error) { return lockdown.Swap(root) },
		}
	}
	if e.sandbox == nil {
		e.sandbox = new(sandbox)
	}
}

// Warn writes a warning line to standard error. Like the lines of Hint and Note
// it cannot contain control characters, whatever the arguments do.
func (e *Env) Warn(format string, args ...any) { e.lines("warning: ", fmt.Sprintf(format, args...)) }

// Hint writes a line that says what to do next.
func (e *Env) Hint(format string, args ...any) { e.lines("hint: ", fmt.Sprintf(format, args...)) }

// Note writes a line that is neither.
func (e *Env) Note(format string, args ...any) { e.lines("", fmt.Sprintf(format, args...)) }

// keys finds extended keys, private and public, and identities. Public ones are
// found so that letters inside them are not taken for anything else.
var keys = regexp.MustCompile(`[A-Za-z]pub[1-9A-HJ-NP-Za-km-z]{40,107}|[A-Za-z]prv[1-9A-HJ-NP-Za-z]{40,}|(?i:AGE-SECRET-KEY-)[0-9A-Za-z-]+`)

// identity finds a complete one: a file's name may begin like an identity.
var identity = regexp.MustCompile(`(?i)AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]{50}`)

// Masked returns a text without private keys, which may be given by mistake.
func Masked(text string) string {
	return keys.ReplaceAllStringFunc(text, func(key string) string {
		if key[1:4] == "pub" {
			return key
		}
		return "[a private key]"
	})
}

// holdsPrivateKey reports whether an argument has a private key in it, which must
// not be on a command line.
func holdsPrivateKey(argument string) bool {
	return identity.MatchString(argument) || slices.ContainsFunc(keys.FindAllString(argument, -1), func(key string) bool {
		return key[1:4] == "prv"
	})
}

func (e *Env) lines(kind, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(Masked(text), "\n"), "\n") {
		fmt.Fprintf(e.Stderr, "%s: %s%s\n", e.Program, kind, Clean(line))
	}
}

// Clean is plain.Line, for text that must not start a line of its own. All of standard
// output is made safe for a terminal anyway (program.go).
func Clean(s string) string { return plain.Line(s) }

// fail reports err and returns its exit status.
func (e *Env) fail(err error) int {
	var told *Error
	code, hints := Failed, []string(nil)
	switch {
	case e.Interrupt.Err() != nil: // what failed was cut off, or no longer matters
		e.exits.announce(e)
		return Interrupted
	case errors.Is(err, errResults):
		hints = []string{e.exits.kept() + "send the results somewhere else"}
	case errors.As(err, &told):
		code, hints = told.Code, told.Hints
	case errors.Is(err, outfile.ErrExists), errors.Is(err, outfile.ErrSharedFolder):
		code = Refused
	case errors.Is(err, outfile.ErrExposed):
		code, hints = Refused, []string{"unmount the stick and mount it for you alone (mount -o umask=077,uid=YOU DEVICE FOLDER), or write to a disk of this machine"}
	}
	if hint := outfile.Hint(err); hint != "" && len(hints) == 0 {
		hints = []string{hint}
	}
	e.lines("error: ", err.Error())
	for _, hint := range hints {
		e.Hint("%s", hint)
	}
	return code
}
