package recover

import (
	"errors"
	"fmt"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share"
	"lifeboat/share/record"
)

// pinFlags are the flags of every step that believes or makes anything: what the
// party holds the folder against, which did not travel with it.
type pinFlags struct {
	holder.Flags
	record string
	code   string
	groups []string
	json   bool
}

func (f *pinFlags) define(set *cli.Flags) {
	f.Flags.Define(set)
	set.StringVar(&f.record, "record", "", "")
	set.StringVar(&f.code, "record-code", "", "")
	f.DefineNoRecord(set)
	set.StringArrayVar(&f.groups, "group", nil, "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("record")
}

func (f *pinFlags) misuse(set *cli.Flags) error {
	known := f.record != "" || len(f.Xpubs) > 0
	switch {
	case known && f.NoRecord:
		return set.Misuse("--no-record contradicts --record and --xpub")
	case !known && !f.NoRecord:
		return set.Misuse("give --record, or the root extended public key of each group with --xpub, from your own papers; nothing else tells you that the plan is of your vault; --no-record says that you have neither")
	case f.code != "" && f.record == "":
		return set.Misuse("--record-code is the code of a --record")
	}
	return nil
}

// read returns what the flags pin the plan to.
func (f *pinFlags) read(e *cli.Env, session *holder.Session) (*ceremony.Pins, error) {
	p := &ceremony.Pins{Roots: session.Roots, Groups: f.groups}
	if f.record == "" {
		return p, nil
	}
	data, err := strict.ReadFile(f.record, record.MaxSize)
	if err != nil {
		return nil, err
	}
	if p.Record, err = record.Parse(data); err != nil {
		return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q: %w", f.record, err))
	}
	check := func(text string) error {
		code, err := record.ParseCode(text)
		if err == nil && !code.Equal(p.Record.Code()) {
			err = fmt.Errorf("%q has another code than your paper: it is another record, or was changed", f.record)
		}
		return cli.Fail(cli.Mismatch, err)
	}
	if f.code != "" {
		return p, check(f.code)
	}
	return p, askThrice(e, "give the code on your paper with --record-code, or run it on a terminal", fmt.Sprintf("The record code on your paper, for %q: ", f.record), check)
}

// against holds the plan in a folder against what the party has recorded, and
// against what the party's own files are of.
func (f *pinFlags) against(e *cli.Env, dir *folder, session *holder.Session) (err error) {
	if dir.pins, err = f.read(e, session); err != nil {
		return err
	}
	dir.own = groupsIn(session)
	return dir.fail(dir.Pinned(dir.pins, dir.own...))
}

// groupsIn returns the groups that the inputs say they have shares of.
func groupsIn(session *holder.Session) []*share.Group {
	var groups []*share.Group
	for _, in := range session.Inputs {
		for _, sh := range in.Shares {
			if g := sh.Sealed.Group; g != nil && sh.Sealed.Err() == nil {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// tries is how often something is asked for.
const tries = 3

// askThrice asks until an answer passes.
func askThrice(e *cli.Env, hint, question string, check func(string) error) error {
	terminal, err := e.Terminal()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return cli.Fail(cli.Failed, err, hint)
	}
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		answer, err := terminal.Line(question)
		if err != nil {
			return err
		}
		if err = check(answer); err == nil || n == tries {
			return err
		}
		e.Note("that is not it (%d of %d tries)", n, tries)
	}
}
