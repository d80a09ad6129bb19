package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
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

func countFiles(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
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
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() != 1:
		return set.Misuse("give one bundle")
	case (*output == "") == !*list:
		return set.Misuse("give either -o or --list")
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

var keygenVerb = cli.Verb{
	Name:    "keygen",
	Summary: "make an identity that opens bundles",
	Usage: `Usage: mpc-backup keygen -o ID [--classic]

Writes a new age identity to a new file, and its public recipient to standard
output and beside it, as ID.pub, for -R of the verbs that seal. The identity is
hybrid post-quantum (ML-KEM-768 with X25519).

  -o, --output ID         the file to write
  --classic               an X25519 identity, which age opens since version 1.0

Example:
  mpc-backup keygen -o custodian.key
`,
	Run: runKeygen,
}

func runKeygen(e *cli.Env, args []string) error {
	set := e.Flags("keygen")
	output := set.StringP("output", "o", "", "")
	classic := set.Bool("classic", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 || *output == "" {
		return set.Misuse("keygen takes no arguments but -o, the file to write")
	}
	for _, p := range []string{*output, *output + ".pub"} {
		if err := (&holder.Target{Path: p, Plain: true}).Check(); err != nil {
			return err
		}
	}
	if _, err := e.Guard(set); err != nil {
		return err
	}
	id, recipient, err := backup.NewIdentity(*classic)
	if err != nil {
		return err
	}
	e.OnExit(id.Wipe)
	head := fmt.Sprintf("# made by %s %s on %s\n# public key: %s\n", e.Program, cli.Version, set.Date().Format("2006-01-02"), recipient)
	text := make([]byte, 0, len(head)+id.Len()+1)
	defer clear(text[:cap(text)])
	text = append(append(append(text, head...), id.Expose()...), '\n')
	if err := outfile.WriteFile(*output, text); err != nil {
		return err
	}
	public := fmt.Sprintf("# %s\n%s\n", filepath.Base(*output), recipient)
	if err := outfile.WriteFile(*output+".pub", []byte(public)); err != nil {
		return err
	}
	e.Note("%q opens what is sealed to it: keep it where the bundles are not", *output)
	_, err = fmt.Fprintln(e.Stdout, recipient)
	return err
}
