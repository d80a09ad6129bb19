package backup

import (
	"fmt"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

var openVerb = cli.Verb{
	Name:    "open",
	Summary: "write the files of a bundle into a new folder",
	Usage: `Usage: mpc-backup open B.age -i IDENTITY (-o DIR | --list)

Reads the bundle to its end before anything is written, then writes its files,
byte for byte, into a new folder that appears complete or not at all.

  -i, --identity F        an age identity, an SSH key or a shard (repeatable)
  --passphrase-file F     the passphrase of the bundle, instead of asking
  -o, --output DIR        the folder to make
  --list                  only show what is inside
  --max-work-factor N     allow an scrypt work factor above 22

Example:
  mpc-backup open backup.age -i id.txt -o restored
`,
	Run: runOpen,
}

func runOpen(e *cli.Env, args []string) error {
	set := e.Flags("open")
	f := holder.Flags{BundlesOnly: true}
	f.Define(set)
	output := set.StringP("output", "o", "", "")
	list := set.Bool("list", false, "")
	set.Writes("output")
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
	}
	if _, err := e.Guard(set); err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	in := session.Inputs[0]
	if err := session.OpenBundle(in); err != nil {
		return err
	}
	if *list {
		for _, file := range in.Bundle.Manifest.Files {
			if _, err := fmt.Fprintf(e.Stdout, "%12d  %s  %s\n", file.Size, file.SHA256, cli.Clean(file.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := target.WritePlain(e, in.Bundle.Files()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "opened: %s into %s\n", countFiles(len(in.Bundle.Manifest.Files)), *output)
	return err
}
