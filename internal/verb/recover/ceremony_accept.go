package recover

import (
	"cmp"
	"fmt"
	"path/filepath"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
)

type acceptFlags struct {
	pinFlags
	to         holder.RecipientFlags
	key        string
	passphrase string
	output     string
}

func prepareAccept(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f acceptFlags
	f.define(set)
	f.to.Define(set)
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.passphrase, "new-passphrase-file", "", "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.Reads("key", "new-passphrase-file")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	f.BundlesOnly = true
	switch {
	case set.NArg() != 1:
		return nil, set.Misuse("give the folder of the ceremony")
	case f.key == "":
		return nil, set.Misuse("--key is missing: the key file of your join")
	case f.output == "":
		return nil, set.Misuse("-o is missing: name the file for your new share, outside the folder of the ceremony")
	case f.passphrase != "" && f.to.Given():
		return nil, set.Misuse("--new-passphrase-file and a recipient contradict each other: a bundle brings the password of the file in it")
	}
	if err := cmp.Or(f.CheckVouched(set), f.to.Check(set)); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Outputs: shareOutputs(f.output, &f.to), Adds: adds(set.Arg(0)), Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.run(e, set) }}, nil
}

func (f *acceptFlags) run(e *cli.Env, set *cli.Flags) error {
	dir, err := openFolder(e, set.Arg(0), f.json)
	if err != nil {
		return err
	}
	if inside, err := isInside(f.output, dir.path); err != nil || inside {
		return set.Misuse("-o %q is in the folder of the ceremony: keep your share elsewhere", f.output)
	}
	recipients, err := f.to.Read(e, set)
	if err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, []string{f.key})
	if err != nil {
		return err
	}
	defer session.Close()
	if err := f.against(dir, session); err != nil {
		return err
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
	if err := p.choosePassword(e, session.Record); err != nil {
		return err
	}
	var out cli.Outputs
	if err := p.addFile(e, set, &out, f.output, held); err != nil {
		return err
	}
	if err := out.Write(e); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has accepted: every deal was checked, and the new share opens; now confirm, with this file", p.node), f.output)
}

func prepareConfirm(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f pinFlags
	f.define(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() != 2 {
		return nil, set.Misuse("give the folder of the ceremony and the FILE that accept wrote")
	}
	if err := f.CheckVouched(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return confirm(e, set, &f) }}, nil
}

func confirm(e *cli.Env, set *cli.Flags, f *pinFlags) error {
	dir, err := openFolder(e, set.Arg(0), f.json)
	if err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	if !dir.Has(ceremony.StepConfirm, nodeOf(session)) {
		if err := dir.takes(); err != nil {
			return err
		}
	}
	if err := f.against(dir, session); err != nil {
		return err
	}
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
