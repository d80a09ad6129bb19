package backup

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
)

// sealFlags are the flags of the verbs whose whole purpose is sealing: recipients,
// and new passphrases, typed or made.
type sealFlags struct {
	holder.RecipientFlags
	ask      bool
	generate bool
	file     string // for the generated passphrase
}

func (f *sealFlags) define(set *cli.Flags) {
	f.Define(set)
	set.BoolVar(&f.ask, "passphrase", false, "")
	set.BoolVar(&f.generate, "generate-passphrase", false, "")
	set.StringVar(&f.file, "generate-passphrase-file", "", "")
}

const sealHelp = holder.RecipientHelp + `  --passphrase            seal with a passphrase that is asked for twice
  --generate-passphrase   make a passphrase of ten words, show it on a screen that leaves no
                          trace, and have it typed before it counts
  --generate-passphrase-file F
                          make a passphrase of ten words and write it to a new file
`

// newPassphrase reports whether a passphrase is made or typed in this run.
func (f *sealFlags) newPassphrase() bool { return f.ask || f.generate || f.file != "" }

// check refuses flags that contradict each other.
func (f *sealFlags) check(set *cli.Flags, output string) error {
	ways := 0
	for _, given := range []bool{f.Given(), f.ask, f.generate, f.file != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return set.Misuse("nobody to seal to: give -r, -R, --seal-passphrase-file, --passphrase or --generate-passphrase")
	case ways > 1:
		return set.Misuse("a new passphrase stands alone: age cannot seal to two passphrases, or to one and to recipients at once")
	case f.file != "" && filepath.Clean(f.file) == filepath.Clean(output):
		return set.Misuse("--generate-passphrase-file and -o are the same file")
	case f.newPassphrase():
		_, err := f.PassphraseLabel(set, "")
		return err
	}
	return f.Check(set)
}

// outputs are all that is written with a bundle.
func (f *sealFlags) outputs(bundle string) []string {
	all := (&holder.Target{Path: bundle}).Outputs()
	if f.file == "" {
		return all
	}
	return append([]string{f.file}, all...)
}

// read returns the recipients that need no new passphrase, and none if there is
// to be one. What age refuses is refused here, before any password is asked for.
func (f *sealFlags) read(e *cli.Env, set *cli.Flags) ([]backup.Recipient, error) {
	if f.newPassphrase() {
		return nil, nil
	}
	rs, err := f.Read(e, set)
	if err != nil || len(rs) == 1 {
		return rs, err
	}
	trial := backup.SecretFile("trial", secret.New(0))
	sealed, err := backup.Seal(io.Discard, []backup.File{trial}, rs, backup.Meta{})
	sealed.Wipe()
	if errors.Is(err, backup.ErrRecipient) {
		err = cli.Fail(cli.Usage, err, "seal it twice, into two bundles, if both are needed")
	}
	return rs, err
}

// seal writes the bundle, for which a passphrase is typed or made if that was
// asked for.
func (f *sealFlags) seal(e *cli.Env, set *cli.Flags, t *holder.Target, files []backup.File) error {
	if !f.newPassphrase() {
		return t.Write(e, files, holder.Meta(e, set))
	}
	p, err := f.makePassphrase(e)
	if err != nil {
		return err
	}
	defer p.Wipe()
	otherwise := ""
	if f.file != "" {
		otherwise = filepath.Base(f.file)
	}
	label, err := f.PassphraseLabel(set, otherwise)
	if err != nil {
		return err
	}
	r, err := backup.PassphraseRecipient(p, label)
	if err != nil {
		return err
	}
	t.Recipients = []backup.Recipient{r}
	var out cli.Outputs
	if f.file != "" {
		out.Add(f.file, p.Expose())
	}
	t.Seal(e, &out, files, holder.Meta(e, set))
	if err := out.Write(e); err != nil {
		return err
	}
	if f.file != "" {
		e.Note("the passphrase is in %q: keep it where the bundle is not", f.file)
	}
	return nil
}

const tries = 3

func (f *sealFlags) makePassphrase(e *cli.Env) (*secret.Bytes, error) {
	switch {
	case f.file != "":
		return backup.NewPassphrase(), nil
	case f.generate:
		return showPassphrase(e)
	}
	t, err := newPassphraseTerminal(e)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		p, err := prompt.Twice(t, "New passphrase of the bundle: ")
		switch {
		case errors.Is(err, prompt.ErrDiffer) && n < tries:
			e.Note("the two differ; type it twice again")
		case err != nil:
			return nil, err
		case p.Len() == 0:
			return nil, errors.New("the passphrase is empty, and nothing was sealed")
		default:
			holder.WarnShort(e, p)
			return p, nil
		}
	}
}

// showPassphrase makes a passphrase, which counts once it has been typed.
func showPassphrase(e *cli.Env) (*secret.Bytes, error) {
	t, err := newPassphraseTerminal(e)
	if err != nil {
		return nil, err
	}
	p := backup.NewPassphrase()
	for range tries {
		text := fmt.Sprintf("The passphrase of the new bundle:\n\n    %s\n\nWrite it down, with the dashes. It is not shown again, and nobody can replace it.", p.Expose())
		if err := t.Show(text); err != nil {
			p.Wipe()
			return nil, err
		}
		typed, err := t.Password("Type the passphrase, with the dashes: ")
		if err != nil {
			p.Wipe()
			return nil, err
		}
		same := typed.Equal(p)
		typed.Wipe()
		if same {
			return p, nil
		}
		e.Note("that is not the passphrase; it is shown once more")
	}
	p.Wipe()
	return nil, errors.New("the passphrase was not typed as it was shown, and nothing was sealed")
}

func newPassphraseTerminal(e *cli.Env) (prompt.Terminal, error) {
	t, err := e.Terminal()
	if err != nil {
		return nil, cli.Fail(cli.Failed, err, "give the passphrase with --seal-passphrase-file, or have one made with --generate-passphrase-file")
	}
	return t, nil
}
