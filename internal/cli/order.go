package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lifeboat/internal/lockdown"
	"lifeboat/internal/outfile"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
)

// The order in which a verb works is kept in this file, and nowhere else. The rules:
//
//  1. Prepare takes the flags and arguments apart and finds misuse. It has no Env,
//     so no stream, no terminal and no file: it reads nothing.
//  2. The process is confined to what the Plan reads and writes. No verb is exempt,
//     not even one that reads nothing. A verb that runs others in the same process is
//     confined once, to its own Plan.
//  3. Outputs that could not be made are refused, before a secret is read, asked
//     for or made.
//  4. If secrets are handled, the machine is looked at.
//  5. Run does the work.
//
// There are three exceptions, each a field of Plan. Own and Ask come before rule 2:
// a folder must be there before a process can be confined to it, and so must the
// names of files. Done comes before rule 3: an output of a step that was done before
// is no reason to refuse the step.

// A Plan is what a command line asks for, known before anything is read.
type Plan struct {
	Reads   []string // files, and folders with all that is in them, beside those of Flags.Reads
	Outputs []string // files and folders to be made; none of them may exist
	Plain   []string // those of Outputs that hold secrets in the clear
	Adds    []string // files and folders to be made unless they exist
	Own     *Own     // nil: the run needs no folder of its own
	Within  string   // a folder that is there, in which the run may do anything; "": none
	Guard   bool     // secrets are handled

	// Ask asks for the names of further files to read that were left out.
	Ask func(terminal func() (prompt.Terminal, error)) (reads []string, err error)

	// Done reports whether there is nothing left to do, and if so tells the user.
	Done func(e *Env) (bool, error)

	// Run does the work. The conditions are nil without Guard.
	Run func(e *Env, c *Conditions) error
}

// Own is a folder of the run itself, in which it may do anything.
type Own struct {
	Keep string // the value of --keep: the name of a folder that stays; "": it is removed in the end
	Path string // where it is, once Run is called
}

// carryOut does what the plan says, in the order of the rules.
func (e *Env) carryOut(f *Flags, p *Plan) (err error) {
	if !f.Parsed() {
		return errors.New("internal error: the verb did not parse its flags")
	}
	files := lockdown.Files{Read: append(f.files(), p.Reads...), Write: slices.Concat(p.Outputs, p.Adds)}
	if p.Ask != nil {
		reads, err := p.Ask(e.Terminal)
		if err != nil {
			return err
		}
		files.Read = append(files.Read, reads...)
	}
	if p.Own != nil {
		if err := e.makeOwn(p.Own); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				os.Remove(p.Own.Path) // which fails if anything is in it
			}
		}()
		files.Own = []string{p.Own.Path}
	}
	if p.Within != "" {
		files.Own = append(files.Own, p.Within)
	}
	if err := e.confineTo(f, files); err != nil {
		return err
	}
	if p.Done != nil {
		if done, err := p.Done(e); done || err != nil {
			return err
		}
	}
	e.plain = p.Plain
	if err := e.checkOutputs(p.Outputs, e.warnLeftovers(files.Write)); err != nil {
		return err
	}
	var c *Conditions
	if p.Guard {
		if c, err = e.Guard(f); err != nil {
			return err
		}
	}
	defer e.warnClock(f) // only then is it known whether a date was needed
	return p.Run(e, c)
}

// warnClock warns if a verb has written or compared a date from a clock that is wrong.
func (e *Env) warnClock(f *Flags) {
	if fault := clockFault(f.date); fault != "" && f.dated && !f.Changed("date") {
		e.Warn("the clock of this machine says %s, which %s: dates that were written or compared are wrong; set the clock, or give --date", f.date.Format(time.DateOnly), fault)
	}
}

// makeOwn makes the folder: a new one that stays, or one that is removed when the
// run is over.
func (e *Env) makeOwn(o *Own) (err error) {
	if o.Keep != "" {
		o.Path, err = o.Keep, os.Mkdir(o.Keep, 0o700)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("--keep %q %w", o.Keep, outfile.ErrExists)
		}
	} else if o.Path, err = os.MkdirTemp("", "lifeboat-"); err == nil {
		e.OnExit(func() { os.RemoveAll(o.Path) })
	}
	if err != nil {
		return fmt.Errorf("making a folder for the run: %w", err)
	}
	return nil
}

// checkOutputs refuses outputs that exist, whose names a stick could not hold, or whose
// folder is missing or does not take them. left says that a killed run left something
// beside them.
func (e *Env) checkOutputs(paths []string, left bool) error {
	var there, missing []string
	for _, path := range paths {
		if err := outfile.CheckName(filepath.Base(path)); err != nil {
			return Fail(Usage, fmt.Errorf("output %q: %w", path, err))
		}
		if err := outfile.CheckNew(path); errors.Is(err, outfile.ErrExists) {
			there = append(there, path)
		} else {
			missing = append(missing, path)
		}
	}
	if len(there) > 0 {
		hint := "choose another name for it"
		if left || len(missing) > 0 {
			hint = fmt.Sprintf("if a run was killed, what it made is incomplete: look at %s, remove it, and run this again; or choose another name", phrase.And(phrase.Quoted(there)))
		}
		return Fail(Refused, fmt.Errorf("output %q %w", there[0], outfile.ErrExists), hint)
	}
	tried := map[string]bool{}
	for _, path := range paths {
		dir := filepath.Dir(path)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return Fail(Failed, fmt.Errorf("the folder of output %q does not exist", path), "make the folder first")
		}
		if tried[dir] {
			continue
		}
		tried[dir] = true
		if err := e.TryOutput(path); err != nil {
			return err
		}
	}
	return nil
}

// TryOutput finds out whether an output could be made, by beginning it: there is no
// other way to know. A verb that learns only in Run what it adds to a folder calls it
// before it asks for a secret.
func (e *Env) TryOutput(path string) error {
	out, err := begin(e, outfile.Create, path)
	if err != nil {
		return err
	}
	return out.Withdraw()
}

// warnLeftovers names the temporary files that killed runs left beside outputs, and
// reports whether there are any.
func (e *Env) warnLeftovers(paths []string) (any bool) {
	var folders []string
	for _, p := range paths {
		folders = append(folders, filepath.Dir(p))
	}
	slices.Sort(folders)
	for _, dir := range slices.Compact(folders) {
		for _, left := range outfile.Leftovers(dir) {
			any = true
			e.Warn("%q was left by a run that was killed; look at it and remove it", left)
		}
	}
	return any
}
