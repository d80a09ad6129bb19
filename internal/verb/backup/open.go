package backup

import (
	"fmt"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

var openVerb = cli.Verb{
	Name:    "open",
	Summary: "write the files of a bundle into a new folder",
	Usage: `Usage: mpc-backup open B.age -i IDENTITY (-o DIR | --list)

Reads the bundle to its end before anything is written, then writes its files,
byte for byte, into a new folder that appears complete or not at all. It also opens
what another program sealed with age, be it one file or a tar. Of a tar only base
names are used; one with links, or with names that are taken or cannot be written
everywhere, is not unpacked. The verbs that take shares still read them in it.

  -i, --identity F        an age identity, an SSH key or a shard (repeatable)
  --passphrase-file F     the passphrase of the bundle, instead of asking
  -o, --output DIR        the folder to make
  --list                  only show what is inside
  --max-work-factor N     allow an scrypt work factor above 22
  --json                  print what is inside as JSON

Example:
  mpc-backup open backup.age -i id.txt -o restored
`,
	Prepare: prepareOpen,
}

type openReport struct {
	Path    string         `json:"path"`
	Output  string         `json:"output,omitempty"`
	Foreign bool           `json:"foreign"` // another program made it: it has no manifest
	Tool    string         `json:"tool"`
	Created string         `json:"created"`
	Files   []backup.Entry `json:"files"`
}

type openFlags struct {
	holder.Flags
	output string
	list   bool
	json   bool
}

func prepareOpen(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := openFlags{Flags: holder.Flags{BundlesOnly: true}}
	f.Define(set)
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.list, "list", false, "")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 1:
		return nil, set.Misuse("give one bundle")
	case (f.output == "") == !f.list:
		return nil, set.Misuse("give either -o or --list")
	}
	p := &cli.Plan{Reads: set.Args(), Guard: true, Run: func(e *cli.Env, _ *cli.Conditions) error { return f.open(e, set) }}
	if !f.list {
		p.Outputs = []string{f.output}
		p.Plain = p.Outputs
	}
	return p, nil
}

func (f *openFlags) open(e *cli.Env, set *cli.Flags) error {
	in, session, err := openOne(e, set, &f.Flags)
	if err != nil {
		return err
	}
	defer session.Close()
	m := in.Bundle.Manifest
	if !f.list {
		files, err := in.Bundle.Files()
		if err != nil {
			return notUnpacked(in, err)
		}
		if err := holder.WriteFolder(e, f.output, files); err != nil {
			return err
		}
	}
	if f.json {
		r := openReport{Path: in.Path, Output: f.output, Foreign: in.Bundle.Foreign, Tool: m.Tool, Created: m.Created, Files: m.Files}
		if r.Files == nil {
			r.Files = []backup.Entry{}
		}
		return e.WriteJSON(r)
	}
	if !f.list {
		_, err = fmt.Fprintf(e.Stdout, "opened: %s into %s\n", countFiles(len(m.Files)), cli.Clean(f.output))
		return err
	}
	for _, file := range m.Files {
		if _, err := fmt.Fprintf(e.Stdout, "%12d  %s  %s\n", file.Size, file.SHA256, cli.Clean(file.Name)); err != nil {
			return err
		}
	}
	return nil
}

// notUnpacked is the error about a tar of another program of which nothing is written.
func notUnpacked(in *holder.Input, err error) error {
	return cli.Fail(cli.Failed, fmt.Errorf("bundle %q: %w", in.Path, err),
		"verify, key and the other verbs that take shares read it as it is, and --list shows what is in it",
		"to have its files, run age -d and tar in an empty folder; then seal them anew under other names")
}

// openOne opens the one bundle among the arguments. It asks if it has to.
func openOne(e *cli.Env, set *cli.Flags, f *holder.Flags) (*holder.Input, *holder.Session, error) {
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
