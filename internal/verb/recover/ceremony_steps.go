package recover

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share/open"
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
	if _, err := e.Guard(set); err != nil {
		return err
	}
	recipients, err := to.Read(e, set)
	if err != nil {
		return err
	}
	file, key, err := f.Join(*node)
	if err != nil {
		return ceremonyError(err)
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
	if err := target.Write(e, []backup.File{backup.SecretFile(keyFileName, text)}, holder.Meta(e, set)); err != nil {
		return err
	}
	name := ceremony.Name(ceremony.StepJoin, *node)
	if err := f.add(name, file); err != nil {
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

type dealFlags struct {
	holder.Flags
	identities    []string // for the key as well
	words         string
	key           string
	keyPassphrase string
	json          bool
}

func runDeal(e *cli.Env, set *cli.Flags, args []string) error {
	var f dealFlags
	f.Flags.Define(set)
	set.StringVar(&f.words, "words", "", "")
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.keyPassphrase, "key-passphrase-file", "", "")
	set.Reads("key", "key-passphrase-file")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 2 {
		return set.Misuse("give the folder of the ceremony and your old share FILE")
	}
	var err error
	if f.identities, err = set.GetStringArray("identity"); err != nil {
		return err
	}
	if err := confine(set, set.Arg(0), set.Arg(1)); err != nil {
		return err
	}
	dir, err := openFolder(e, set.Arg(0))
	if err != nil {
		return err
	}
	dir.json = f.json
	if _, err := e.Guard(set); err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	step := ceremony.StepDeal
	if next, _ := dir.Ceremony.Next(); next != ceremony.StepJoin && next != ceremony.StepDeal && dir.Kind() == ceremony.Repair {
		step = ceremony.StepSum
	}
	if node := nodeOf(session); dir.Has(step, node) {
		return dir.report(fmt.Sprintf("node %q has dealt already: its file is good, and nothing was written", node))
	}
	if step == ceremony.StepSum && f.key == "" {
		return set.Misuse("all signers have dealt; for the second deal of a repair give --key, the key of your join")
	}
	if err := f.compareWords(e, dir); err != nil {
		return err
	}
	shares, err := openAll(session)
	if err != nil {
		return err
	}
	node, err := dir.Dealer(shares)
	if err != nil {
		return ceremonyError(err)
	}
	if dir.Has(step, node) { // a bundle does not say before it is open
		return dir.report(fmt.Sprintf("node %q has dealt already: its file is good, and nothing was written", node))
	}
	data, err := f.deal(e, dir, step, shares)
	if err != nil {
		return err
	}
	name := ceremony.Name(step, node)
	if err := dir.add(name, data); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has dealt", node), filepath.Join(dir.path, name))
}

// deal makes the first or the second message of a dealer.
func (f *dealFlags) deal(e *cli.Env, dir *folder, step ceremony.Step, shares []*open.Share) (data []byte, err error) {
	if step == ceremony.StepDeal {
		secret.Do(func() { data, err = dir.Deal(shares) })
		return data, ceremonyError(err)
	}
	key, err := f.readKey(e)
	if err != nil {
		return nil, err
	}
	secret.Do(func() { data, err = dir.Sum(shares, key) })
	return data, ceremonyError(err)
}

// readKey opens the one-time key beside the share, with the same identities.
func (f *dealFlags) readKey(e *cli.Env) (*ceremony.Key, error) {
	set := e.Flags("ceremony")
	flags := holder.Flags{BundlesOnly: true}
	flags.Define(set)
	var args []string
	for _, path := range f.identities {
		args = append(args, "--identity", path)
	}
	if f.keyPassphrase != "" {
		args = append(args, "--passphrase-file", f.keyPassphrase)
	}
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	session, err := holder.Load(e, set, &flags, []string{f.key})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return readKey(session)
}

// nodeOf returns whose share a file says it holds, or "" if it does not say.
func nodeOf(session *holder.Session) string {
	for _, entry := range session.Inputs[0].Entries {
		return entry.Sealed.NodeID
	}
	return ""
}

// compareWords goes on only if the words of the plan and all joins are those
// that everybody sees.
func (f *dealFlags) compareWords(e *cli.Env, dir *folder) error {
	words, err := dir.Fingerprint()
	if err != nil {
		return ceremonyError(err)
	}
	if f.words != "" {
		if !ceremony.SameWords(words, f.words) {
			return cli.Fail(cli.Mismatch, errors.New("--words are not the twelve words of the files in this folder: a file was swapped, or the words were mistyped"), "compare the words with every party before you try again")
		}
		return nil
	}
	terminal, err := e.Terminal()
	if err != nil {
		return err
	}
	yes, err := terminal.Confirm(dir.about() + showWords(words) + "Have all parties compared these words with theirs, and are they the same?")
	if err != nil {
		return err
	}
	if !yes {
		return cli.Fail(cli.Refused, errors.New("nothing is dealt before the twelve words are compared"), "ask each party for the words of \"ceremony status\"; if they differ, a file was swapped: begin a new ceremony")
	}
	return nil
}

// openAll opens the shares of the one input, and wants all of them.
func openAll(session *holder.Session) ([]*open.Share, error) {
	if err := session.Unlock(false, func(*holder.Entry) bool { return true }); err != nil {
		return nil, err
	}
	in := session.Inputs[0]
	if in.Err != nil {
		var hints []string
		if h := in.Hint(); h != "" {
			hints = append(hints, h)
		}
		return nil, cli.Fail(cli.Failed, in.Err, hints...)
	}
	var shares []*open.Share
	for _, entry := range in.Entries {
		if entry.Share == nil {
			code := cli.Failed
			if entry.Status == holder.Inconsistent {
				code = cli.Mismatch
			}
			return nil, cli.Fail(code, fmt.Errorf("%q, node %q, %v: %s: %s", in.Path, entry.Sealed.NodeID, entry.Sealed.Curve, entry.Status, entry.Reason()))
		}
		shares = append(shares, entry.Share)
	}
	return shares, nil
}

type acceptFlags struct {
	holder.Flags
	to         holder.RecipientFlags
	key        string
	passphrase string
	output     string
	json       bool
}

func runAccept(e *cli.Env, set *cli.Flags, args []string) error {
	var f acceptFlags
	f.Flags.Define(set)
	f.to.Define(set)
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.passphrase, "new-passphrase-file", "", "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.Reads("key", "new-passphrase-file")
	set.Writes("output")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	f.BundlesOnly = true
	switch {
	case set.NArg() != 1:
		return set.Misuse("give the folder of the ceremony")
	case f.key == "":
		return set.Misuse("--key is missing: the key file of your join")
	case len(f.Xpubs) == 0:
		return set.Misuse("--xpub is missing: the root extended public key of each group, from your own records; nothing else tells you that the plan is of your vault")
	case f.output == "":
		return set.Misuse("-o is missing: name the file for your new share, outside the folder of the ceremony")
	case f.passphrase != "" && f.to.Given():
		return set.Misuse("--new-passphrase-file and a recipient contradict each other: a bundle brings the password of the file in it")
	}
	if err := confine(set, set.Arg(0)); err != nil {
		return err
	}
	dir, err := openFolder(e, set.Arg(0))
	if err != nil {
		return err
	}
	dir.json = f.json
	if inside, err := isInside(f.output, dir.path); err != nil || inside {
		return set.Misuse("-o %q is in the folder of the ceremony: keep your share elsewhere", f.output)
	}
	if err := (&holder.Target{Path: f.output, Plain: !f.to.Given()}).Check(); err != nil {
		return err
	}
	warnLeftovers(e, f.output)
	recipients, err := f.to.Read(e, set)
	if err != nil {
		return err
	}
	if _, err := e.Guard(set); err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, []string{f.key})
	if err != nil {
		return err
	}
	defer session.Close()
	if err := dir.Pinned(session.Roots); err != nil {
		return ceremonyError(err)
	}
	return f.accept(e, set, dir, session, &party{recipients: recipients})
}

func (f *acceptFlags) accept(e *cli.Env, set *cli.Flags, dir *folder, session *holder.Session, p *party) error {
	e.OnExit(func() { p.wipe() })
	if f.passphrase != "" {
		if err := p.readPassword(e, f.passphrase); err != nil {
			return err
		}
	}
	key, err := readKey(session)
	if err != nil {
		return err
	}
	p.node = key.Node()
	var held []open.Held
	secret.Do(func() { held, err = dir.Accept(key) })
	if err != nil {
		return ceremonyError(err)
	}
	e.OnExit(func() {
		for _, h := range held {
			h.Share.Wipe()
		}
	})
	if err := p.choosePassword(e); err != nil {
		return err
	}
	w, err := p.file(e, set, held)
	if err != nil {
		return err
	}
	defer w.wipe()
	if err := writeShare(e, f.output, w); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has accepted: every deal was checked, and the new share opens; now confirm, with this file", p.node), f.output)
}

func runConfirm(e *cli.Env, set *cli.Flags, args []string) error {
	var f holder.Flags
	f.Define(set)
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 2 {
		return set.Misuse("give the folder of the ceremony and the FILE that accept wrote")
	}
	if err := confine(set, set.Arg(0), set.Arg(1)); err != nil {
		return err
	}
	dir, err := openFolder(e, set.Arg(0))
	if err != nil {
		return err
	}
	dir.json = *asJSON
	if _, err := e.Guard(set); err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	shares, err := openAll(session)
	if err != nil {
		return err
	}
	node, err := dir.Confirmer(shares)
	if err != nil {
		return ceremonyError(err)
	}
	if dir.Has(ceremony.StepConfirm, node) {
		return dir.report(fmt.Sprintf("node %q has confirmed already; the file opens, and nothing was written", node))
	}
	data, err := dir.Confirm(shares)
	if err != nil {
		return ceremonyError(err)
	}
	name := ceremony.Name(ceremony.StepConfirm, node)
	if err := dir.add(name, data); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has confirmed", node), filepath.Join(dir.path, name))
}
