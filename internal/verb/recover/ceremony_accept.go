package recover

import (
	"fmt"
	"path/filepath"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
)

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
	e.WarnLeftovers(f.output)
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
		return dir.fail(err)
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
	held, err := dir.Accept(key)
	if err != nil {
		return dir.fail(err)
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
		return dir.fail(err)
	}
	if dir.Has(ceremony.StepConfirm, node) {
		return dir.report(fmt.Sprintf("node %q has confirmed already; the file opens, and nothing was written", node))
	}
	data, err := dir.Confirm(shares)
	if err != nil {
		return dir.fail(err)
	}
	name := ceremony.Name(ceremony.StepConfirm, node)
	if err := dir.add(name, data); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has confirmed", node), filepath.Join(dir.path, name))
}
