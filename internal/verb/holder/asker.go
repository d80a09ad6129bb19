package holder

import (
	"errors"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/share/open"
)

// tries is how many times a password is asked for.
const tries = 3

// asker gets passwords for one input, from files or from the terminal.
type asker struct {
	env       *cli.Env
	fromFiles bool
	files     []string // those that were not read yet
	file      string   // that is asked about: the input, or one in the bundle
	gaveUp    error    // why the file is not asked about again
}

// next moves on to a file. All groups of one file share its tries.
func (a *asker) next(file string) {
	if a.file != file {
		a.file, a.gaveUp = file, nil
	}
}

// stopError is a reason to end the run, and not only to give up one file.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// errSkipped counts as a wrong password but says that none was given.
var errSkipped error = skipped{}

type skipped struct{}

func (skipped) Error() string        { return "no password was given" }
func (skipped) Is(target error) bool { return target == open.ErrPassword || target == errSkipped }

// ask tries passwords until try returns something other than retry.
func (a *asker) ask(question string, try func(forms []*secret.Bytes) error, retry error) error {
	if a.fromFiles {
		if len(a.files) == 0 {
			return retry
		}
		p, err := prompt.ReadFile(a.files[0]) // the bundle's own comes first
		if err != nil {
			return &stopError{err}
		}
		a.files = a.files[1:]
		forms := prompt.Forms(p)
		p.Wipe()
		defer secret.WipeAll(forms)
		return try(forms)
	}
	if a.gaveUp != nil {
		return a.gaveUp
	}
	terminal, err := a.env.Terminal()
	if err != nil {
		return &stopError{err}
	}
	for n := 1; ; n++ {
		secret.Collect() // the answer may take hours: nothing of the last password must stay in memory
		p, err := terminal.Password(question)
		if err != nil {
			return &stopError{err}
		}
		if p.Len() == 0 {
			a.gaveUp = errSkipped
			a.env.Note("skipped")
			return a.gaveUp
		}
		forms := prompt.Forms(p)
		p.Wipe()
		err = try(forms)
		secret.WipeAll(forms)
		if !errors.Is(err, retry) {
			return err
		}
		if n == tries {
			a.gaveUp = err
			a.env.Note("that did not open it either: going on without it")
			return err
		}
		a.env.Note("that did not open it (%d of %d tries); an empty line skips the file", n, tries)
	}
}
