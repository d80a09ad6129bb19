package backup

import (
	"fmt"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

var openVerb = cli.Verb{
	Name:    "open",
	Summary: "write the files of a bundle into a new folder",
	Usage: `Usage: mpc-backup open B.age -i IDENTITY (-o DIR | --list)

Reads the bundle to its end before anything is written, then writes its files,
byte for byte, into a new folder that appears complete or not at all. A tar that
another program made and age sealed opens, too: only base names of it are used,
and anything but plain files is refused.

  -i, --identity F        an age identity, an SSH key or a shard (repeatable)
  --passphrase-file F     the passphrase of the bundle, instead of asking
  -o, --output DIR        the folder to make
  --list                  only show what is inside
  --max-work-factor N     allow an scrypt work factor above 22
  --json                  print what is inside as JSON

Example:
  mpc-backup open backup.age -i id.txt -o restored
`,
	Run: runOpen,
}

type openReport struct {
	Path    string         `json:"path"`
	Output  string         `json:"output,omitempty"`
	Foreign bool           `json:"foreign"` // another program made it: it has no manifest
	Tool    string         `json:"tool"`
	Created string         `json:"created"`
	Files   []backup.Entry `json:"files"`
}

func runOpen(e *cli.Env, args []string) error {
	set := e.Flags("open")
	f := holder.Flags{BundlesOnly: true}
	f.Define(set)
	output := set.StringP("output", "o", "", "")
	set.Writes("output")
	list := set.Bool("list", false, "")
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() != 1:
		return set.Misuse("give one bundle")
	case (*output == "") == !*list:
		return set.Misuse("give either -o or --list")
	}
	if err := set.Confine(set.Args()...); err != nil {
		return err
	}
	target := &holder.Target{Path: *output, Plain: true}
	if !*list {
		if err := target.Check(); err != nil {
			return err
		}
		e.WarnLeftovers(filepath.Clean(*output))
	}
	in, session, err := openOne(e, set, &f)
	if err != nil {
		return err
	}
	defer session.Close()
	m := in.Bundle.Manifest
	if !*list {
		if err := target.WritePlain(e, in.Bundle.Files()); err != nil {
			return err
		}
	}
	if *asJSON {
		r := openReport{Path: in.Path, Output: *output, Foreign: in.Bundle.Foreign, Tool: m.Tool, Created: m.Created, Files: m.Files}
		if r.Files == nil {
			r.Files = []backup.Entry{}
		}
		return e.WriteJSON(r)
	}
	if !*list {
		_, err = fmt.Fprintf(e.Stdout, "opened: %s into %s\n", countFiles(len(m.Files)), cli.Clean(*output))
		return err
	}
	for _, file := range m.Files {
		if _, err := fmt.Fprintf(e.Stdout, "%12d  %s  %s\n", file.Size, file.SHA256, cli.Clean(file.Name)); err != nil {
			return err
		}
	}
	return nil
}

// openOne opens the one bundle among the arguments. It asks if it has to, after
// a look at the machine.
func openOne(e *cli.Env, set *cli.Flags, f *holder.Flags) (*holder.Input, *holder.Session, error) {
	if _, err := e.Guard(set); err != nil {
		return nil, nil, err
	}
	session, err := holder.Load(e, set, f, set.Args())
	if err != nil {
		return nil, nil, err
	}
	in := session.Inputs[0]
	if err := session.OpenBundle(in); err != nil {
		session.Close()
		return nil, nil, err
	}
	if in.Bundle.Foreign {
		e.Warn("%q was sealed by another program: it has no manifest to compare its files with", in.Path)
	}
	if in.Err != nil { // it opened, and a share file in it is not as it should be
		e.Warn("%v", in.Err)
	}
	return in, session, nil
}
