package backup

import (
	"fmt"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

var rewrapVerb = cli.Verb{
	Name:    "rewrap",
	Summary: "seal what is in a bundle to other recipients",
	Usage: `Usage: mpc-backup rewrap OLD.age -i IDENTITY -o NEW.age -r RECIPIENT

Seals the content of a bundle again, to other recipients: when an identity is to
be replaced, or somebody leaves. The old bundle is checked to its end first, the
new one is read back and compared, and what is inside never touches the disk. The
files are the same, byte for byte; the public manifest is new.

The old bundle still opens with the old identity. If it must not, destroy every copy
of the bundle or of the identity.

  -o, --output NEW.age    the bundle to write
` + sealHelp + `
For the old bundle:
  -i, --identity F        an age identity, an SSH key or a shard (repeatable)
  --passphrase-file F     its passphrase, instead of asking
  --max-work-factor N     allow an scrypt work factor above 22
  --json                  print the public manifest of the new bundle

Example: from one identity to a quorum
  mpc-backup keygen -o directors --quorum 2/3
  mpc-backup rewrap backup.age -i old.key -o backup-2026.age -R directors.pub
`,
	Prepare: prepareRewrap,
}

type rewrapFlags struct {
	holder.Flags
	to     sealFlags
	output string
	json   bool
}

func prepareRewrap(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := rewrapFlags{Flags: holder.Flags{BundlesOnly: true}}
	f.to.define(set)
	f.Define(set)
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 1:
		return nil, set.Misuse("give one bundle")
	case f.output == "":
		return nil, set.Misuse("-o is missing: name the bundle to write")
	}
	if err := f.to.check(set, f.output); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Outputs: f.to.outputs(f.output), Plain: []string{f.to.file}, Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.rewrap(e, set) }}, nil
}

func (f *rewrapFlags) rewrap(e *cli.Env, set *cli.Flags) error {
	recipients, err := f.to.read(e, set)
	if err != nil {
		return err
	}
	in, session, err := openOne(e, set, &f.Flags)
	if err != nil {
		return err
	}
	defer session.Close()
	files, err := contentOf(in)
	if err != nil {
		return err
	}
	warnTogether(e, files, session)
	if err := f.to.seal(e, set, &holder.Target{Path: f.output, Recipients: recipients}, files); err != nil {
		return err
	}
	e.Note("%q still opens with what opened it until now: destroy every copy that must not", in.Path)
	if f.json {
		manifest, err := readPublicManifest(f.output)
		if err != nil {
			return err
		}
		return e.WriteJSON(manifest)
	}
	_, err = fmt.Fprintf(e.Stdout, "rewrapped: %s from %s into %s; it was read back and is whole\n", countFiles(len(files)), cli.Clean(in.Path), cli.Clean(f.output))
	return err
}

// contentOf returns the files of an open bundle. Where its manifest does not list the
// shares of a file, it adds them.
func contentOf(in *holder.Input) ([]backup.File, error) {
	files, err := in.Bundle.Files()
	if err != nil {
		return nil, notUnpacked(in, err)
	}
	for i, f := range files {
		if len(f.Shares) > 0 {
			continue
		}
		for _, entry := range in.Shares {
			inside, ok := strings.CutPrefix(entry.Sealed.Path, in.Path+": "+f.Name)
			if ok && (inside == "" || strings.HasPrefix(inside, ": ")) && entry.Sealed.Err() == nil {
				files[i].Shares = append(files[i].Shares, holder.Facts(entry.Sealed))
			}
		}
	}
	return files, nil
}
