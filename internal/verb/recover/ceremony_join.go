package recover

import (
	"fmt"
	"os"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
)

// keyFileName is the file with the one-time key in a bundle of ceremony join.
const keyFileName = "ceremony-key.txt"

func runJoin(e *cli.Env, set *cli.Flags, args []string) error {
	var to holder.RecipientFlags
	to.Define(set)
	node := set.String("node", "", "")
	output := set.StringP("output", "o", "", "")
	set.Writes("output")
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() != 1:
		return set.Misuse("give the folder of the ceremony")
	case *node == "":
		return set.Misuse("--node is missing: your node ID in the plan")
	}
	if err := confine(set, set.Arg(0)); err != nil {
		return err
	}
	f, err := openFolder(e, set.Arg(0))
	if err != nil {
		return err
	}
	f.json = *asJSON
	if f.Has(ceremony.StepJoin, *node) {
		return f.report(fmt.Sprintf("node %q has joined already, and nothing was written; whoever lost the key of that join needs a new plan", *node))
	}
	if *output == "" {
		return set.Misuse("-o is missing: name the file for your one-time key, outside the folder of the ceremony")
	}
	if inside, err := isInside(*output, f.path); err != nil || inside {
		return set.Misuse("-o %q is in the folder of the ceremony: keep your key elsewhere", *output)
	}
	target := &holder.Target{Path: *output}
	if err := target.Check(); err != nil {
		return err
	}
	e.WarnLeftovers(*output)
	if _, err := e.Guard(set); err != nil {
		return err
	}
	recipients, err := to.Read(e, set)
	if err != nil {
		return err
	}
	file, key, err := f.Join(*node)
	if err != nil {
		return f.fail(err)
	}
	text, err := key.Marshal()
	if err != nil {
		return err
	}
	e.OnExit(text.Wipe)
	if len(recipients) == 0 {
		if recipients, err = askPassphrase(e, *output); err != nil {
			return err
		}
	}
	target.Recipients = recipients
	name := ceremony.Name(ceremony.StepJoin, *node)
	target.After = []cli.NewFile{{Path: filepath.Join(f.path, name), Data: file}}
	if err := target.Write(e, []backup.File{backup.SecretFile(keyFileName, text)}, holder.Meta(e, set)); err != nil {
		return err
	}
	if err := f.reread(); err != nil {
		return err
	}
	return f.report(fmt.Sprintf("node %q has joined", *node), filepath.Join(f.path, name), *output)
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
