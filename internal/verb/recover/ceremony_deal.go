package recover

import (
	"errors"
	"fmt"
	"path/filepath"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share/open"
)

type dealFlags struct {
	holder.Flags
	words         string
	key           string
	keyPassphrase string
	json          bool
}

func prepareDeal(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f dealFlags
	f.Flags.Define(set)
	set.StringVar(&f.words, "words", "", "")
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.keyPassphrase, "key-passphrase-file", "", "")
	set.Reads("key", "key-passphrase-file")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() != 2 {
		return nil, set.Misuse("give the folder of the ceremony and your old share FILE")
	}
	return &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.run(e, set) }}, nil
}

func (f *dealFlags) run(e *cli.Env, set *cli.Flags) error {
	dir, err := openFolder(e, set.Arg(0), f.json)
	if err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	step := ceremony.StepDeal // or the second deal of a repair
	if next, _ := dir.Ceremony.Next(); next != ceremony.StepJoin && next != ceremony.StepDeal && dir.Takes(ceremony.StepSum, dir.Signers()[0]) {
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
		return dir.fail(err)
	}
	if dir.Has(step, node) { // a bundle does not say before it is open
		return dir.report(fmt.Sprintf("node %q has dealt already: its file is good, and nothing was written", node))
	}
	data, err := f.deal(e, set, dir, step, shares)
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
func (f *dealFlags) deal(e *cli.Env, set *cli.Flags, dir *folder, step ceremony.Step, shares []*open.Share) (data []byte, err error) {
	if step == ceremony.StepDeal {
		data, err = dir.Deal(shares)
		return data, dir.fail(err)
	}
	key, err := f.readKey(e, set)
	if err != nil {
		return nil, err
	}
	data, err = dir.Sum(shares, key)
	return data, dir.fail(err)
}

// readKey opens the one-time key beside the share, with the same identities.
func (f *dealFlags) readKey(e *cli.Env, set *cli.Flags) (*ceremony.Key, error) {
	session, err := holder.Load(e, set, f.Beside(f.keyPassphrase), []string{f.key})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return readKey(session)
}

// nodeOf returns whose share a file says it holds, or "" if it does not say.
func nodeOf(session *holder.Session) string {
	for _, sh := range session.Inputs[0].Shares {
		return sh.Sealed.NodeID
	}
	return ""
}

// compareWords goes on only if the words of the plan and all joins are those
// that everybody sees.
func (f *dealFlags) compareWords(e *cli.Env, dir *folder) error {
	words, err := dir.Fingerprint()
	if err != nil {
		return dir.fail(err)
	}
	if f.words != "" {
		if !ceremony.SameWords(words, f.words) {
			return cli.Fail(cli.Mismatch, errors.New("--words are not the twelve words of the files in this folder: a file was swapped, or the words were mistyped"), "compare the words with every party before you try again")
		}
		return nil
	}
	terminal, err := e.Terminal()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return cli.Fail(cli.Failed, err, "compare the twelve words with every party, and give them with --words, or run it on a terminal")
	}
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
	if err := session.Unlock(false, holder.Keep); err != nil {
		return nil, err
	}
	in := session.Inputs[0]
	if err := in.AllOpened(); err != nil {
		return nil, err
	}
	return session.Held(in.Shares), nil
}
