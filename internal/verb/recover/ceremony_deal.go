package recover

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

type dealFlags struct {
	pinFlags
	parties       []string
	lost          string
	threshold     int
	joined        []string
	key           string
	keyPassphrase string
}

func prepareDeal(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f dealFlags
	f.define(set)
	set.StringArrayVar(&f.parties, "party", nil, "")
	set.StringVar(&f.lost, "lost", "", "")
	old := set.Int("old-threshold", 0, "")
	set.StringArrayVar(&f.joined, "joined", nil, "")
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.keyPassphrase, "key-passphrase-file", "", "")
	set.Reads("key", "key-passphrase-file")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if f.threshold, err = newThreshold(set, *old); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 2:
		return nil, set.Misuse("give the folder of the ceremony and your old share FILE")
	case f.lost != "" && (len(f.parties) > 0 || f.threshold != 0):
		return nil, set.Misuse("--lost goes with a repair, --party and --threshold go with a reshare")
	}
	if err := f.CheckVouched(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.run(e, set) }}, nil
}

func (f *dealFlags) run(e *cli.Env, set *cli.Flags) error {
	dir, err := openFolder(e, set.Arg(0), f.json)
	if err != nil {
		return err
	}
	f.Refuse = holder.Foreign
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
	if err := dir.takes(); err != nil {
		return err
	}
	if err := f.against(dir, session); err != nil {
		return err
	}
	terms := &ceremony.Terms{Pins: *dir.pins}
	if f.key != "" {
		if terms.Key, err = f.readKey(e, set); err != nil {
			return err
		}
	}
	if step == ceremony.StepDeal {
		if err := f.agree(e, set, dir, terms); err != nil {
			return err
		}
	}
	return f.deal(dir, session, step, terms)
}

// deal makes the first or the second message of a dealer.
func (f *dealFlags) deal(dir *folder, session *holder.Session, step ceremony.Step, terms *ceremony.Terms) error {
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
	var data []byte
	if step == ceremony.StepDeal {
		data, err = dir.Deal(shares, terms)
	} else {
		data, err = dir.Sum(shares, terms.Key)
	}
	if err != nil {
		return dir.fail(err)
	}
	name := ceremony.Name(step, node)
	if err := dir.add(name, data); err != nil {
		return err
	}
	return dir.report(fmt.Sprintf("node %q has dealt", node), filepath.Join(dir.path, name))
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

// agree makes sure that the plan is what the dealer means, and that every join is
// by the one whom the plan names.
func (f *dealFlags) agree(e *cli.Env, set *cli.Flags, dir *folder, terms *ceremony.Terms) error {
	if next, _ := dir.Ceremony.Next(); next == ceremony.StepJoin {
		return dir.fail(dir.Early(ceremony.StepDeal))
	}
	if err := f.restate(e, dir, terms); err != nil {
		return err
	}
	if err := dir.Restated(terms); err != nil {
		return dir.fail(err)
	}
	if err := dir.Seats(terms.Record); err != nil {
		return dir.fail(err)
	}
	terms.Words = map[string]string{}
	for _, text := range f.joined {
		node, words, ok := strings.Cut(text, "=")
		if !ok || !dir.Takes(ceremony.StepJoin, node) {
			return set.Misuse("--joined %q: it is NODE=WORDS, for a node that joins", text)
		}
		terms.Words[node] = words
	}
	about := dir.about() // before the first call
	for _, node := range dir.Joining() {
		_, err := dir.Known(node, terms)
		if errors.Is(err, ceremony.ErrUnknown) {
			err = e.AskThrice("call the owner of each join, and give the words that they read with --joined NODE=WORDS, or run it on a terminal", about+call(dir, node), func(answer string) error {
				about = ""
				terms.Words[node] = answer
				_, err := dir.Known(node, terms)
				return dir.fail(err)
			})
		} else {
			err = dir.fail(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// call says whom to call about a join. The words are never shown: whoever confirms
// words that are shown has not listened.
func call(dir *folder, node string) string {
	who, where := fmt.Sprintf("whoever is to be node %q", node), "a number from your own papers and not from this stick"
	if r := dir.pins.Record; r != nil {
		if p, ok := r.Person(node); ok {
			who = fmt.Sprintf("%q, who is node %q in the record", p.Name, node)
			if p.Contact != "" {
				where = strconv.Quote(p.Contact)
			}
		}
	}
	return "Call " + who + ", at " + where + ", and have the eight words of their join read to you.\nThe words of " + strconv.Quote(node) + ": "
}

// restate takes from the flags what the dealer means to deal for, or asks, before
// the plan is shown.
func (f *dealFlags) restate(e *cli.Env, dir *folder, terms *ceremony.Terms) error {
	terms.Kind, terms.Parties, terms.Threshold = dir.Kind(), f.parties, f.threshold
	const hint = "say what you mean to deal for with --party NODE_ID for each new holder and --threshold T, or in a repair with --lost NODE_ID"
	switch {
	case f.lost != "":
		terms.Kind, terms.Parties = ceremony.Repair, []string{f.lost}
	case len(f.parties) > 0:
		terms.Kind = ceremony.Reshare
	default:
		question := map[ceremony.Kind]string{
			ceremony.Reshare: "Who is to get a new share? Their node IDs, with blanks between them: ",
			ceremony.Repair:  "Whose share is lost? The node ID: ",
		}[dir.Kind()]
		if err := e.AskThrice(hint, question, func(answer string) error {
			if terms.Parties = strings.Fields(answer); len(terms.Parties) == 0 {
				return dir.fail(ceremony.ErrRestated)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if terms.Kind != ceremony.Reshare || terms.Threshold != 0 {
		return nil
	}
	return e.AskThrice(hint, "How many of the new shares will be needed? ", func(answer string) (err error) {
		if terms.Threshold, err = strconv.Atoi(answer); err != nil {
			return dir.fail(ceremony.ErrRestated)
		}
		return nil
	})
}

// openAll opens every share of the one input, or fails. One that opens and has no public
// key is left out: nobody could check what is made with it.
func openAll(session *holder.Session) ([]*open.Share, error) {
	if err := session.Combine(false); err != nil {
		return nil, err
	}
	in := session.Inputs[0]
	in.Shares = slices.DeleteFunc(in.Shares, func(s *verdict.Share) bool {
		if s.Status != verdict.Unproven {
			return false
		}
		s.Sealed.Wipe()
		return true
	})
	if err := in.AllOpened(); err != nil {
		return nil, err
	}
	return session.Held(in.Shares), nil
}
