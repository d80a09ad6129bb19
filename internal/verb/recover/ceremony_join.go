package recover

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share/open"
)

// keyFileName is the file with the one-time key in a bundle of ceremony join.
const keyFileName = "ceremony-key.txt"

type joinFlags struct {
	pinFlags
	to     holder.RecipientFlags
	node   string
	output string

	*folder // once it was read
}

func prepareJoin(set *cli.Flags, args []string) (*cli.Plan, error) {
	var j joinFlags
	j.define(set)
	j.to.Define(set)
	set.StringVar(&j.node, "node", "", "")
	set.StringVarP(&j.output, "output", "o", "", "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 1 && set.NArg() != 2:
		return nil, set.Misuse("give the folder of the ceremony, and if you sign the join the FILE of your old share")
	case j.node == "":
		return nil, set.Misuse("--node is missing: your node ID in the plan")
	}
	if err := cmp.Or(j.CheckVouched(set), j.to.Check(set)); err != nil {
		return nil, err
	}
	p := &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: true}
	if j.output != "" {
		p.Outputs = (&holder.Target{Path: j.output}).Outputs()
	}
	p.Done = func(e *cli.Env) (bool, error) { return j.done(e, set) }
	p.Run = func(e *cli.Env, _ *cli.Conditions) error { return j.join(e, set) }
	return p, nil
}

// done reports whether the node has joined already.
func (j *joinFlags) done(e *cli.Env, set *cli.Flags) (done bool, err error) {
	if j.folder, err = openFolder(e, set.Arg(0), j.pinFlags.json); err != nil {
		return false, err
	}
	if j.Has(ceremony.StepJoin, j.node) {
		return true, j.report(fmt.Sprintf("node %q has joined already, and nothing was written; whoever lost the key of that join needs a new plan", j.node))
	}
	if j.output == "" {
		return false, set.Misuse("-o is missing: name the file for your one-time key, outside the folder of the ceremony")
	}
	if inside, err := isInside(j.output, j.path); err != nil || inside {
		return false, set.Misuse("-o %q is in the folder of the ceremony: keep your key elsewhere", j.output)
	}
	return false, j.takes()
}

func (j *joinFlags) join(e *cli.Env, set *cli.Flags) error {
	f := j.folder
	recipients, err := j.to.Read(e, set)
	if err != nil {
		return err
	}
	if len(recipients) == 0 {
		if _, err := e.Terminal(); errors.Is(err, prompt.ErrNoTerminal) {
			return set.Misuse("to whom is your one-time key sealed? give your own recipient (-r, -R), or --seal-passphrase-file; a passphrase would be asked for, and there is no terminal")
		} else if err != nil {
			return err
		}
		e.Note("no recipient was given: %q is sealed with a new passphrase, which later steps ask for", j.output)
	}
	j.Refuse = holder.Foreign
	session, err := holder.Load(e, set, &j.Flags, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	if err := j.against(f, session); err != nil {
		return err
	}
	var old []*open.Share
	if len(session.Inputs) > 0 {
		if old, err = openAll(session); err != nil {
			return err
		}
	}
	file, key, err := f.Join(j.node, old...)
	if err != nil {
		return f.fail(err)
	}
	text, err := key.Marshal()
	if err != nil {
		return err
	}
	e.OnExit(text.Wipe)
	if len(recipients) == 0 {
		if recipients, err = askPassphrase(e, j.output); err != nil {
			return err
		}
	}
	name := ceremony.Name(ceremony.StepJoin, j.node)
	var out cli.Outputs
	(&holder.Target{Path: j.output, Recipients: recipients}).Seal(e, &out, []backup.File{backup.SecretFile(keyFileName, text)}, holder.Meta(e, set))
	out.Add(filepath.Join(f.path, name), file)
	if err := out.Write(e); err != nil {
		return err
	}
	if err := f.reread(); err != nil {
		return err
	}
	if f.words, err = f.Words(key); err != nil {
		return f.fail(err)
	}
	return f.report(fmt.Sprintf("node %q has joined", j.node), filepath.Join(f.path, name), j.output)
}

// isInside reports whether a file would be in a folder.
func isInside(path, dir string) (bool, error) {
	a, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false, nil // the check of the target says what is wrong with it
	}
	b, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	return os.SameFile(a, b), nil
}

// askPassphrase asks for a new passphrase to seal with.
func askPassphrase(e *cli.Env, path string) ([]backup.Recipient, error) {
	terminal, err := e.Terminal()
	if err != nil {
		return nil, err
	}
	p, err := prompt.Twice(terminal, fmt.Sprintf("New passphrase for %q: ", path))
	if err != nil {
		return nil, err
	}
	defer p.Wipe()
	holder.WarnShort(e, p)
	r, err := backup.PassphraseRecipient(p, "")
	return []backup.Recipient{r}, err
}

// readKey opens the bundle with the one-time key.
func readKey(session *holder.Session) (*ceremony.Key, error) {
	in := session.Inputs[0]
	if err := session.OpenBundle(in); err != nil {
		return nil, err
	}
	if !in.Has(keyFileName) {
		return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q holds no key of a ceremony", in.Path))
	}
	text, err := in.Bundle.ReadFile(keyFileName)
	if err != nil {
		return nil, fmt.Errorf("bundle %q: %w", in.Path, err)
	}
	defer text.Wipe()
	key, err := ceremony.ParseKey(text)
	if err != nil {
		return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q: %w", in.Path, err))
	}
	return key, nil
}
