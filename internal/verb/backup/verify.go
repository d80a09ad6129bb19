package backup

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"lifeboat/audit/report"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/record"
)

var verifyVerb = cli.Verb{
	Name:    "verify",
	Summary: "open one share after another and prove that they would give the root key",
	Usage: `Usage: mpc-backup verify FILE… [--addresses CSV] [--record F] [--group ID] [--json]

Opens each share with its password, checks it against its share public key and
wipes it again: no two shares are in memory at once, and nothing secret is shown.
The public keys then show that the shares give the root key. Exit status 0
means that every file is good and every group recoverable with the files given.

For a bundle it checks every hash, the share files against the manifest inside, and
the public manifest beside it if there is one. Without the identity it can only show
the header, size and SHA-256, and the exit status is 1. Nothing is written.

  --addresses CSV         check every row of the address book against the root keys
  --group ID              only this group must be recoverable
` + holder.FlagsHelp + `  --report F.html         write a page that can be filed and printed
  --json                  print the report as JSON

Example: the quarterly check
  mpc-backup verify client.json custodian.json --addresses address.csv --xpub xpub6…
`,
	Prepare: prepareVerify,
}

type verifyReport struct {
	OK          bool `json:"ok"`
	Recoverable bool `json:"recoverable"`
	holder.Heading
	Groups    []holder.GroupReport `json:"groups"`
	Bundles   []bundleReport       `json:"bundles"`
	Files     []holder.FileReport  `json:"unassigned_files"`
	Addresses *book.Totals         `json:"addresses,omitempty"`

	Proven       []provenReport `json:"proven"`
	NotExercised []string       `json:"not_exercised"`
}

type verifyFlags struct {
	holder.Flags
	addresses string
	group     string
	json      bool
	report    string
}

func prepareVerify(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f verifyFlags
	f.Define(set)
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringVar(&f.group, "group", "", "")
	set.BoolVar(&f.json, "json", false, "")
	set.StringVar(&f.report, "report", "", "")
	set.Reads("addresses")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 {
		return nil, set.Misuse("no FILE")
	}
	return &cli.Plan{Reads: WithManifests(set.Args()), Outputs: Pages(f.report), Guard: true,
		Run: func(e *cli.Env, c *cli.Conditions) error { return f.verify(e, set, args, c) }}, nil
}

func (f *verifyFlags) verify(e *cli.Env, set *cli.Flags, args []string, conditions *cli.Conditions) error {
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	locked := session.Unlock(false, holder.Forget)
	bundles := describeBundles(session)
	if locked != nil && (len(bundles) == 0 || !errors.Is(locked, prompt.ErrNoTerminal)) {
		return locked
	}
	warnOneIdentity(e, session)
	judgement, err := session.Judge(f.group)
	if err != nil {
		return err
	}
	session.Blame()
	if err := session.CheckRecord(judgement.Wanted(), record.StopsKey); err != nil {
		return err
	}
	for _, b := range bundles {
		if b.differs != nil {
			e.Warn("%v", b.differs)
		}
	}
	verdict := locked
	if verdict == nil && !onlyFiles(session) {
		verdict = session.Fail(judgement.AllGood())
	}
	if verdict == nil {
		verdict = bundlesVerdict(bundles)
	}
	r := &verifyReport{Heading: session.Heading(set, conditions),
		Groups: holder.Groups(judgement), Bundles: bundles, Files: holder.Unassigned(judgement), Recoverable: judgement.Enough() == nil}
	for i, s := range judgement.Sets {
		if s.Wanted && s.Unshown() {
			g := &r.Groups[i]
			g.Unproven, g.Recoverable, g.OK, r.Recoverable = true, false, false, false
		}
	}
	if f.addresses != "" {
		var roots []*derive.Key
		for _, s := range judgement.Wanted() {
			roots = append(roots, s.Group.Root())
		}
		totals, err := addresses.Check(e, f.addresses, roots)
		if err != nil {
			return err
		}
		r.Addresses = totals
		if verdict == nil && (totals.Failed() || totals.Uncovered > 0 && f.group == "") {
			verdict = cli.Fail(cli.Mismatch, fmt.Errorf("address book %q: %s", f.addresses, totals.Shortfall()))
		}
	}
	r.OK = verdict == nil
	r.Proven, r.NotExercised = proven(session.Roots, judgement), notExercised(session.Roots, judgement, f.addresses)
	if f.report != "" {
		html := r.page(session, judgement, f.addresses, verdict, report.Command(e.Program, "verify", args)).HTML()
		if err := e.WriteFile(f.report, html); err != nil {
			return err
		}
	}
	if f.json {
		err = e.WriteJSON(r)
	} else {
		err = r.print(e.Stdout)
	}
	if err != nil {
		return err
	}
	return verdict
}

func (r *verifyReport) print(w io.Writer) error {
	var b strings.Builder
	for _, bundle := range r.Bundles {
		bundle.print(&b)
	}
	for _, g := range r.Groups {
		verdict := "NOT RECOVERABLE with these files"
		if g.Recoverable {
			verdict = "recoverable with these files"
		} else if g.Unproven {
			verdict = "the shares open; whether they give the root key, only combining them shows (mpc-recover key --check-only)"
		}
		fmt.Fprintf(&b, "group %q on %s, epoch %s: %s\n", g.ID, g.Curve, g.Epoch, verdict)
		fmt.Fprintf(&b, "  root key  %s\n  shares    %s\n", rootText(g.Root, g.RootKey, g.Lack), g.Counts())
		for _, f := range g.Files {
			fmt.Fprintf(&b, "  %-12s %q, node %q\n", f.Status, f.Path, f.NodeID)
		}
		if len(g.Missing) > 0 {
			fmt.Fprintf(&b, "  not shown  the shares of %s\n", phrase.Some(g.Missing))
		}
	}
	for _, f := range r.Files {
		fmt.Fprintf(&b, "%s: %q\n", f.Status, f.Path)
	}
	fmt.Fprintf(&b, "compared with: %s\n", r.HeldAgainst)
	if a := r.Addresses; a != nil {
		fmt.Fprintf(&b, "address book: %v\n", a)
	}
	for _, proof := range r.Proven {
		for _, nodes := range proof.Sets {
			fmt.Fprintf(&b, "shown: the shares of %s give the root key on %s\n", phrase.Some(nodes), proof.Curve)
		}
		if proof.MoreSets > 0 {
			fmt.Fprintf(&b, "and %s of them\n", phrase.Count(proof.MoreSets, "more set"))
		}
	}
	for _, text := range r.NotExercised {
		fmt.Fprintf(&b, "not exercised: %s\n", cli.Clean(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
