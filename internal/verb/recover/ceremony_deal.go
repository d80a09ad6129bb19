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
		return dir.fail(err)
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
		data, err = dir.Deal(shares)
		return data, dir.fail(err)
	}
	key, err := f.readKey(e)
	if err != nil {
		return nil, err
	}
	data, err = dir.Sum(shares, key)
	return data, dir.fail(err)
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
