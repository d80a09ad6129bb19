package recover

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/shell"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

var repairVerb = cli.Verb{
	Name:    "repair",
	Summary: "a lost share again, so that the other files stay valid",
	Usage: `Usage: mpc-recover repair FILE FILE… --lost NODE_ID -o FILE --record F | --xpub KEY… | --no-record

Makes the share of one holder again, at its old share ID, from enough of the
others. It is the same share as before: the other files stay valid and agree with
the new one. The root private key is never computed.

Only for a share that is lost. One that may be in somebody's hands stays as good
as it was: use "mpc-recover reshare" then, and destroy the old shares.

It must be said whose vault it is: whoever made the files may have made it up. A
record, or root keys from your own records, decide; a set of shares that the record
does not have is refused.

  --lost NODE_ID          whose share it is
  --new-passphrase-file F
                          the password of the new file, instead of asking
  -o, --output FILE       the file to write: a recovery group file, or with a recipient a bundle
` + holder.RecipientHelp + `  --group ID              only this group (default: every group of the files)
` + holder.NoRecordHelp + holder.FlagsHelp + `  --json                  print the report as JSON

Example: the client's file is gone
  mpc-recover repair provider.json custodian.json --lost client --record vault-record.txt \
    -o client.json
`,
	Prepare: prepareRepair,
}

type repairFlags struct {
	holder.Flags
	to         holder.RecipientFlags
	lost       string
	passphrase string
	output     string
	group      string
	json       bool
}

func prepareRepair(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f repairFlags
	f.Refuse = holder.Foreign
	f.Flags.Define(set)
	f.to.Define(set)
	set.StringVar(&f.lost, "lost", "", "")
	set.StringVar(&f.passphrase, "new-passphrase-file", "", "")
	set.StringVarP(&f.output, "output", "o", "", "")
	set.StringVar(&f.group, "group", "", "")
	set.BoolVar(&f.json, "json", false, "")
	f.DefineNoRecord(set)
	set.Reads("new-passphrase-file")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if err := f.misuse(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Outputs: shareOutputs(f.output, &f.to), Guard: true,
		Run: func(e *cli.Env, c *cli.Conditions) error { return f.run(e, set, c) }}, nil
}

// shareOutputs are what is written for a share file, which with a recipient is a
// bundle.
func shareOutputs(path string, to *holder.RecipientFlags) []string {
	return (&holder.Target{Path: path, Plain: !to.Given()}).Outputs()
}

func (f *repairFlags) run(e *cli.Env, set *cli.Flags, conditions *cli.Conditions) error {
	recipients, err := f.to.Read(e, set)
	if err != nil {
		return err
	}
	p := &party{node: f.lost, recipients: recipients}
	e.OnExit(p.wipe)
	if f.passphrase != "" {
		if err := p.readPassword(e, f.passphrase); err != nil {
			return err
		}
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	// Not before it is known whose vault it is: other vendors' names have blanks.
	if err := open.CheckNodeID(f.lost); err != nil {
		return set.Misuse("--lost: %w", err)
	}
	r := &repairReport{Heading: session.Heading(set, conditions),
		NodeID: f.lost, Path: f.output, Bundle: p.recipients != nil, Groups: []repairedReport{}}
	if err := f.repair(e, set, session, p, r); err != nil {
		return err
	}
	if f.json {
		return e.WriteJSON(r)
	}
	return r.print(e.Stdout)
}

// misuse finds what is missing, and what contradicts itself.
func (f *repairFlags) misuse(set *cli.Flags) error {
	switch {
	case set.NArg() == 0:
		return set.Misuse("no FILE: give the share files of enough other holders")
	case f.lost == "":
		return set.Misuse("--lost is missing: the node ID whose share is lost")
	case f.output == "":
		return set.Misuse("-o is missing: name the file to write")
	case f.passphrase != "" && f.to.Given():
		return set.Misuse("--new-passphrase-file and a recipient contradict each other: a bundle brings the password of the file in it")
	}
	if err := f.to.Check(set); err != nil {
		return err
	}
	return f.CheckVouched(set)
}

func (f *repairFlags) repair(e *cli.Env, set *cli.Flags, session *holder.Session, p *party, report *repairReport) error {
	if err := session.Combine(false); err != nil {
		return err
	}
	judgement, err := session.Judge(f.group)
	if err != nil {
		return err
	}
	session.Blame()
	sets, err := judgement.Repairable(f.lost)
	if err == nil {
		err = verdict.Extended(sets)
	}
	if err != nil {
		return session.Fail(err)
	}
	left, err := session.CheckDealing(judgement, sets, f.lost)
	if err != nil {
		return err
	}
	var held []open.Held
	e.OnExit(func() {
		for _, h := range held {
			h.Share.Wipe()
		}
	})
	for _, s := range sets {
		lost := s.Group.ByName(f.lost)
		x, err := recover.RepairShare(s.Group, session.Held(s.Used()), lost.ShareID)
		if err != nil {
			return cli.Fail(cli.Mismatch, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, err))
		}
		held = append(held, open.Held{Group: s.Group, Holder: *lost, Share: x})
		report.add(s)
	}
	report.Next = append(report.Next, notDone(left)...)
	if err := p.choosePassword(e, session.Record); err != nil {
		return err
	}
	var out cli.Outputs
	if err := p.addFile(e, set, &out, f.output, held); errors.Is(err, open.ErrNodeID) {
		return cli.Fail(cli.Usage, fmt.Errorf("the file would not be accepted: %w", err))
	} else if err != nil {
		return err
	}
	return out.Write(e)
}

// repairReport is what --json prints. It holds no secret.
type repairReport struct {
	holder.Heading
	NodeID string           `json:"node_id"`
	Path   string           `json:"path"`
	Bundle bool             `json:"bundle"`
	Groups []repairedReport `json:"groups"`
	Next   []string         `json:"next"`
}

type repairedReport struct {
	ID    string   `json:"id"`
	Curve string   `json:"curve"`
	Epoch string   `json:"epoch"`
	Used  []string `json:"used"`
}

func (r *repairReport) add(s *verdict.Set) {
	r.Groups = append(r.Groups, repairedReport{ID: s.Group.ID, Curve: s.Group.Curve.String(), Epoch: s.Group.Epoch(), Used: s.UsedNodes()})
	r.Next = []string{
		"While the other holders are here, see that it fits their files: mpc-backup verify, with all of them. Then seal it, and take the bundle off this machine.",
		fmt.Sprintf("The holder of %q opens the file on their own machine, with their own password or identity: %s. Of the one file alone verify says too few shares, exit status 3; what counts is that it is good.", r.NodeID,
			shell.Line("mpc-backup", "attest", filepath.Base(r.Path), "--challenge", "TEXT", "-o", "A.json")),
		"It is the same share as before. If the old copy may be in somebody's hands, this is not enough: reshare, and destroy the old shares.",
	}
}

func (r *repairReport) print(w io.Writer) error {
	var b strings.Builder
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "repaired: the share of node %q of group %q on %s, epoch %s, from the shares of %s\n", r.NodeID, g.ID, g.Curve, g.Epoch, phrase.And(phrase.Quoted(g.Used)))
	}
	how := "under its new password"
	if r.Bundle {
		how = "bundle"
	}
	fmt.Fprintf(&b, "written: %s (%s; read back and opened)\n", cli.Clean(r.Path), how)
	fmt.Fprintf(&b, "compared with: %s\n", r.HeldAgainst)
	printNext(&b, r.Next)
	_, err := io.WriteString(w, b.String())
	return err
}
