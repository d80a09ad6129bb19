package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
)

var sealVerb = cli.Verb{
	Name:    "seal",
	Summary: "seal files into a bundle that age and tar open for ever",
	Usage: `Usage: mpc-backup seal FILE… -o B.age -r RECIPIENT

Seals any files into one new bundle. Share files among them are recognised and
checked first, so that nobody seals a broken share. Beside the bundle it writes a
public manifest for auditors and a text that says how to open it.

  -o, --output B.age           the bundle to write
` + holder.RecipientHelp + `
Example:
  mpc-backup seal recovery-secrets.json address.csv -o backup.age -R custodian.pub
`,
	Run: runSeal,
}

func runSeal(e *cli.Env, args []string) error {
	set := e.Flags("seal")
	var to holder.RecipientFlags
	to.Define(set)
	output := set.StringP("output", "o", "", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() == 0:
		return set.Misuse("no FILE to seal")
	case *output == "":
		return set.Misuse("-o is missing: name the bundle to write")
	case !to.Given():
		return set.Misuse("nobody to seal to: give -r, -R or --seal-passphrase-file")
	}
	target := &holder.Target{Path: *output}
	if err := target.Check(); err != nil {
		return err
	}
	recipients, err := to.Read(e, set)
	if err != nil {
		return err
	}
	var files []backup.File
	var facts []backup.ShareFacts
	for _, path := range set.Args() {
		f, err := fileToSeal(path)
		if err != nil {
			return err
		}
		files = append(files, f)
		facts = append(facts, f.Shares...)
	}
	for _, t := range backup.SharesTogether(facts) {
		e.Warn("shares of %s in one bundle: whoever opens it has %d of the %d shares that give the key", holder.Sentence(quoteAll(t.NodeIDs)), t.Shares, t.Threshold)
	}
	target.Recipients = recipients
	if err := target.Write(e, files, holder.Meta(e, set)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "sealed: %s into %s; it was read back and is whole\n", countFiles(len(files)), *output)
	return err
}

// fileToSeal recognises share files and refuses broken ones.
func fileToSeal(path string) (backup.File, error) {
	f := backup.File{Name: filepath.Base(path), Open: func() (io.ReadCloser, error) { return strict.Open(path) }}
	info, err := os.Stat(path)
	if err != nil {
		return f, fmt.Errorf("couldn't read %q: %w", path, errors.Unwrap(err))
	}
	if filepath.Ext(path) != ".json" || info.Size() > share.MaxFileSize {
		return f, nil
	}
	data, err := strict.ReadFile(path, share.MaxFileSize)
	if err != nil {
		return f, err
	}
	defer clear(data)
	shares, err := share.Parse(path, data, share.Pin{})
	if errors.Is(err, share.ErrUnknown) {
		return f, nil // some other JSON
	}
	if err != nil {
		return f, cli.Fail(cli.Mismatch, fmt.Errorf("%q is a broken share file, and a broken share is no backup: %w", path, err))
	}
	for _, s := range shares {
		defer s.Wipe()
		if err := s.Err(); err != nil {
			return f, cli.Fail(cli.Mismatch, fmt.Errorf("%q: a broken share is no backup: %w", path, err), "export the file again from the node or the phone")
		}
		f.Shares = append(f.Shares, holder.Facts(s))
	}
	return f, nil
}
