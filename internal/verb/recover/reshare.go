package recover

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

var reshareVerb = cli.Verb{
	Name:    "reshare",
	Summary: "a new set of shares of the same key, for the same or other holders",
	Usage: `Usage: mpc-recover reshare FILE FILE… --party NODE_ID --party NODE_ID… --threshold T -o DIR
         --record F | --xpub KEY… | --no-record

Soft or third-party key recovery on one machine: enough old shares become a new
set, for new holders, of another threshold and number if so wished. The root key,
the chain code and all addresses stay. The root private key is never computed; yet
this machine sees enough shares to compute it, so where the holders do not trust
one machine, use "mpc-recover ceremony".

It must be said whose vault it is: whoever made the files may have made it up. A
record, or root keys from your own records, decide; a set of shares that the record
does not have is refused, and so is leaving out one that it has.

Every group of the files is reshared, so a vault's two curves stay together. Each
new holder's file is opened again before the folder appears.

  --party NODE_ID         a new holder whose file gets a password (repeatable)
  --party NODE_ID=RECIPIENT
                          a new holder whose file is sealed as a bundle; RECIPIENT is an age
                          recipient, an SSH public key or a file of them
  --threshold T           how many new shares give the key, 2 or more (default: as before)
  --new-passphrase-file F
                          the password of a new file, instead of asking: the i-th is for the
                          i-th party without a recipient
  -o, --output DIR        the new folder for the new files
  --group ID              only this group
  --to tss-lib            into each bundle LocalPartySaveData of tss-lib as well, for nodes that
                          sign with it; every party needs a recipient
  -i, --identity F        an age identity, an SSH key or a shard that opens bundles (repeatable)
  --passphrase-file F     the password of an old file: the i-th is for the i-th FILE
  --xpub KEY              a root public key from your own records: extended, or in hex where the
                          vault has no chain code; or a file of them (repeatable)
  --record F              the record of the vault, which replaces --xpub; its code is asked for
  --record-code CODE      the whole code on the paper, where there is no terminal
  --sworn A.json          attestations of the record, which show whether every holder has signed
                          it (repeatable)
  --no-record             nothing was recorded: trust what the files say of whose vault it is
  --old-threshold T       how many old shares were needed, for tss-lib files, which do not say
  --max-iterations N      allow password derivations of more than 10,000,000 iterations
  --max-work-factor N     allow bundles with an scrypt work factor above 22
  --json                  print the report as JSON

Example: the client's share is lost; the provider's and the custodian's make a new set
  mpc-recover reshare provider.json custodian.json --party client --party provider \
    --party custodian=age1pq1… --threshold 2 --record vault-record.txt -o new-shares
`,
	Prepare: prepareReshare,
}

// notKnown ends every reshare.
const notKnown = "The custody provider's system does not know this set of shares: it serves recovery only."

type reshareFlags struct {
	holder.Flags
	parties      []string
	passphrases  []string
	threshold    int
	oldThreshold int
	output       string
	group        string
	to           string
	json         bool
}

func prepareReshare(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f reshareFlags
	f.define(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if err := f.thresholds(set); err != nil {
		return nil, err
	}
	parties, err := f.parseParties(set)
	if err != nil {
		return nil, err
	}
	if err := checkTo(set, f.to, parties); err != nil {
		return nil, err
	}
	if f.output == "" {
		return nil, set.Misuse("-o is missing: name the new folder for the new files")
	}
	takers, err := f.takers(set, parties)
	if err != nil {
		return nil, err
	}
	if err := f.CheckVouched(set); err != nil {
		return nil, err
	}
	reads := slices.Clone(set.Args())
	for _, p := range parties {
		if p.from != "" {
			reads = append(reads, p.from)
		}
	}
	return &cli.Plan{Reads: reads, Outputs: []string{f.output}, Guard: true,
		Run: func(e *cli.Env, c *cli.Conditions) error { return f.run(e, set, parties, takers, c) }}, nil
}

func (f *reshareFlags) run(e *cli.Env, set *cli.Flags, parties, takers []*party, conditions *cli.Conditions) error {
	e.OnExit(func() { wipeParties(parties) })
	for _, p := range parties {
		if err := p.readRecipients(set); err != nil {
			return err
		}
	}
	if err := readNewPasswords(e, takers, f.passphrases); err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	judgement, sets, err := f.unlock(session)
	if err != nil {
		return err
	}
	left, err := session.CheckDealing(judgement, sets, "")
	if err != nil {
		return err
	}
	r := &reshareReport{Heading: session.Heading(set, conditions),
		Groups: []resharedReport{}, Files: []newFileReport{}, Old: holder.Groups(judgement), Next: notDone(left)}
	if err := f.reshare(e, set, session, parties, sets, r); err != nil {
		return err
	}
	if f.json {
		return e.WriteJSON(r)
	}
	return r.print(e.Stdout)
}

func (f *reshareFlags) define(set *cli.Flags) {
	f.Refuse = holder.Foreign
	f.Flags.Define(set)
	set.StringArrayVar(&f.parties, "party", nil, "")
	set.StringArrayVar(&f.passphrases, "new-passphrase-file", nil, "")
	set.IntVar(&f.oldThreshold, "old-threshold", 0, "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.StringVar(&f.group, "group", "", "")
	set.StringVar(&f.to, "to", "", "")
	set.BoolVar(&f.json, "json", false, "")
	f.DefineNoRecord(set)
	set.Reads("new-passphrase-file")
}

// thresholds checks how many shares there will be, and how many are needed.
func (f *reshareFlags) thresholds(set *cli.Flags) error {
	var err error
	if f.threshold, err = newThreshold(set, f.oldThreshold); err != nil {
		return err
	}
	switch n := len(f.parties); {
	case set.NArg() == 0:
		return set.Misuse("no FILE: give the share files of enough old holders")
	case n == 0:
		return set.Misuse("no new holder: give --party NODE_ID for each")
	case n == 1, f.threshold == 1:
		return cli.Fail(cli.Refused, errors.New("a threshold of 1, or a single holder, would make one share the key"), "give at least two parties, each with a --party of its own, and --threshold 2 or more")
	case f.threshold > n:
		return set.Misuse("--threshold %d among %d parties", f.threshold, n)
	case n > share.MaxParticipants:
		return set.Misuse("%d parties; at most %d are supported", n, share.MaxParticipants)
	}
	return nil
}

func (f *reshareFlags) parseParties(set *cli.Flags) ([]*party, error) {
	var parties []*party
	for _, text := range f.parties {
		p, err := parseParty(set, text)
		if err != nil {
			return nil, err
		}
		// They become file names, and some systems do not tell capitals apart.
		if slices.ContainsFunc(parties, func(q *party) bool { return strings.EqualFold(p.node, q.node) }) {
			return nil, set.Misuse("--party %s was given twice; capitals do not make another name", p.node)
		}
		parties = append(parties, p)
	}
	return parties, nil
}

func wipeParties(parties []*party) {
	for _, p := range parties {
		p.wipe()
	}
}

// takers are the parties whose passwords are in the files of --new-passphrase-file.
// Without any, the passwords are asked for later.
func (f *reshareFlags) takers(set *cli.Flags, parties []*party) ([]*party, error) {
	if len(f.passphrases) == 0 {
		return nil, nil
	}
	takers := slices.DeleteFunc(slices.Clone(parties), (*party).sealed)
	if len(takers) != len(f.passphrases) {
		return nil, set.Misuse("files of --new-passphrase-file: %d, and parties without a recipient: %d; give one for each, in their order", len(f.passphrases), len(takers))
	}
	return takers, nil
}

// readNewPasswords reads the file of each party's new password.
func readNewPasswords(e *cli.Env, takers []*party, files []string) error {
	for i, p := range takers {
		if err := p.readPassword(e, files[i]); err != nil {
			return err
		}
		for _, q := range takers[:i] {
			if p.password.Equal(q.password) {
				e.Warn("the files of nodes %q and %q get the same password: whoever knows it and has both files has both shares", q.node, p.node)
				break
			}
		}
	}
	return nil
}

// unlock opens the old shares and returns the sets that will be reshared.
func (f *reshareFlags) unlock(session *holder.Session) (*verdict.Judgement, []*verdict.Set, error) {
	if err := session.Combine(false); err != nil {
		return nil, nil, err
	}
	judgement, err := session.Judge(f.group)
	if err != nil {
		return nil, nil, err
	}
	session.Blame()
	sets, err := judgement.Resharable()
	if err == nil && f.to != toTSSLib {
		err = verdict.Extended(sets)
	}
	return judgement, sets, session.Fail(err)
}

// resharing is one group's new sharing, and what it was made from.
type resharing struct {
	*recover.Resharing
	from *verdict.Set
}

func (f *reshareFlags) reshare(e *cli.Env, set *cli.Flags, session *holder.Session, parties []*party, sets []*verdict.Set, report *reshareReport) error {
	warnSameRecipients(e, parties)
	for _, p := range parties {
		if err := p.choosePassword(e, session.Record); err != nil {
			return err
		}
	}
	var all []*resharing
	e.OnExit(func() {
		for _, r := range all {
			r.Wipe()
		}
	})
	var nodes []string
	for _, p := range parties {
		nodes = append(nodes, p.node)
	}
	for _, s := range sets {
		threshold := f.threshold
		if threshold == 0 {
			threshold = s.Group.Threshold
		}
		made, err := recover.Reshare(s.Group, session.Held(s.Used()), nodes, threshold, newGroupID(s.Group), set.Date().UTC().Format(createdTime))
		if errors.Is(err, recover.ErrPlan) {
			return cli.Fail(cli.Usage, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, err))
		}
		if err != nil {
			return cli.Fail(cli.Mismatch, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, err))
		}
		r := &resharing{made, s}
		all = append(all, r)
		report.add(r)
	}
	if f.to == toTSSLib {
		if err := addSaveData(e, parties, all); err != nil {
			return err
		}
		report.Next = append([]string{saveDataNote}, report.Next...)
	}
	out := cli.Outputs{Folder: f.output}
	progress := cli.NewProgress(e, "files sealed and opened again", int64(len(parties)))
	defer progress.Done()
	for j, p := range parties {
		if err := e.Interrupt.Err(); err != nil {
			return err
		}
		var held []open.Held
		for _, r := range all {
			if r.Group.Root().IsBare() {
				continue // its save data is in the bundle
			}
			held = append(held, open.Held{Group: r.Group, Holder: r.Group.Participants[j], Share: r.Shares[j]})
		}
		if err := p.addFile(e, set, &out, p.fileName(), held); err != nil {
			return err
		}
		report.Files = append(report.Files, newFileReport{p.node, filepath.Join(f.output, p.fileName()), p.sealed()})
		progress.Add(1)
	}
	progress.Done()
	return out.Write(e)
}

func warnSameRecipients(e *cli.Env, parties []*party) {
	for i, p := range parties {
		for _, q := range parties[:i] {
			for _, r := range p.recipients {
				for _, s := range q.recipients {
					if r.Text == s.Text {
						e.Warn("the files of nodes %q and %q are sealed to one identity: whoever has it has both shares", q.node, p.node)
					}
				}
			}
		}
	}
}
