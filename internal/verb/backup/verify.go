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
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/holder"
)

var verifyVerb = cli.Verb{
	Name:    "verify",
	Summary: "open one share after another and prove that they would give the root key",
	Usage: `Usage: mpc-backup verify FILE… [--addresses CSV] [--xpub KEY] [--group ID] [--json]

Opens each share with its password, checks it against its share public key and
wipes it again: no two shares are in memory at once, and nothing secret is shown.
That the shares give the root key is then shown on the public keys. Exit status 0
means that every file is good and every group recoverable with the files given.

Of a bundle it checks every hash, the share files against the manifest inside, and
the public manifest beside it if there is one. Without its identity no more can be
said than its header, size and SHA-256, and the exit status is 1. Nothing is
written.

  --addresses CSV         check every row of the address book against the root keys
  --group ID              only this group must be recoverable
` + holder.FlagsHelp + `  --report F.html         write a page that can be filed and printed
  --json                  print the report as JSON

Example: the quarterly check
  mpc-backup verify client.json custodian.json --addresses address.csv --xpub xpub6…
`,
	Run: runVerify,
}

type verifyReport struct {
	OK          bool                 `json:"ok"`
	Recoverable bool                 `json:"recoverable"`
	Tool        string               `json:"tool"`
	Date        string               `json:"date"`
	Conditions  *cli.Conditions      `json:"conditions"`
	Groups      []holder.GroupReport `json:"groups"`
	Bundles     []bundleReport       `json:"bundles"`
	Files       []holder.FileReport  `json:"unassigned_files"`
	Addresses   *book.Totals         `json:"addresses,omitempty"`

	Proven       []provenReport `json:"proven"`
	NotExercised []string       `json:"not_exercised"`
}

func runVerify(e *cli.Env, args []string) error {
	set := e.Flags("verify")
	var f holder.Flags
	f.Define(set)
	bookPath := set.String("addresses", "", "")
	group := set.String("group", "", "")
	asJSON := set.Bool("json", false, "")
	page := set.String("report", "", "")
	set.Reads("addresses")
	set.Writes("report")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() == 0 {
		return set.Misuse("no FILE")
	}
	if err := checkPage(e, *page); err != nil {
		return err
	}
	if err := set.Confine(withManifests(set.Args())...); err != nil {
		return err
	}
	conditions, err := e.Guard(set)
	if err != nil {
		return err
	}
	session, err := holder.Load(e, set, &f, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	locked := session.Unlock(false, func(*holder.Entry) bool { return false })
	bundles := describeBundles(session)
	if locked != nil && (len(bundles) == 0 || !errors.Is(locked, prompt.ErrNoTerminal)) {
		return locked
	}
	warnOneIdentity(e, session)
	outcome, err := session.Outcome(*group)
	if err != nil {
		return err
	}
	outcome.Blame(e)
	for _, b := range bundles {
		if b.differs != nil {
			e.Warn("%v", b.differs)
		}
	}
	verdict := locked
	if verdict == nil && !onlyFiles(session) {
		verdict = outcome.Verify()
	}
	if verdict == nil {
		verdict = bundlesVerdict(bundles)
	}
	r := &verifyReport{Tool: e.Program + " " + cli.Version, Date: set.Date().Format("2006-01-02"), Conditions: conditions,
		Groups: outcome.Groups(), Bundles: bundles, Files: outcome.Unassigned(), Recoverable: outcome.Verdict() == nil}
	if *bookPath != "" {
		var roots []*derive.Key
		for _, s := range outcome.Wanted() {
			if root := s.Group.Root(); root != nil {
				roots = append(roots, root)
			}
		}
		totals, err := addresses.Check(e, *bookPath, roots)
		if err != nil {
			return err
		}
		r.Addresses = totals
		if verdict == nil && (totals.Failed() || totals.Uncovered > 0 && *group == "") {
			verdict = cli.Fail(cli.Mismatch, fmt.Errorf("address book %q: %d of %d rows are ok, %d mismatch, %d bad, %d have no root key on their curve",
				*bookPath, totals.OK, totals.Rows, totals.Mismatch, totals.Bad, totals.Uncovered))
		}
	}
	r.OK = verdict == nil
	r.Proven, r.NotExercised = proven(session, outcome), notExercised(session, outcome, *bookPath)
	if *page != "" {
		html := r.page(session, outcome, *bookPath, verdict, report.Command(e.Program, "verify", args)).HTML()
		if err := e.WriteFiles(cli.NewFile{Path: *page, Data: html}); err != nil {
			return err
		}
	}
	if *asJSON {
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
		}
		fmt.Fprintf(&b, "group %q on %s, epoch %s: %s\n", g.ID, g.Curve, g.Epoch, verdict)
		fmt.Fprintf(&b, "  root key  %s\n  shares    %d good, %d needed\n", g.Root, g.GoodShares, g.Threshold)
		for _, f := range g.Files {
			fmt.Fprintf(&b, "  %-12s %q, node %q\n", f.Status, f.Path, f.NodeID)
		}
		if len(g.Missing) > 0 {
			fmt.Fprintf(&b, "  not shown  the shares of %s\n", strings.Join(quoteAll(g.Missing), ", "))
		}
	}
	for _, f := range r.Files {
		fmt.Fprintf(&b, "%s: %q\n", f.Status, f.Path)
	}
	if a := r.Addresses; a != nil {
		fmt.Fprintf(&b, "address book: %d rows: %d ok, %d mismatch, %d unsupported, %d bad\n", a.Rows, a.OK, a.Mismatch, a.Unsupported, a.Bad)
	}
	for _, proof := range r.Proven {
		for _, nodes := range proof.Sets {
			fmt.Fprintf(&b, "shown: the shares of %s give the root key on %s\n", holder.Sentence(quoteAll(nodes)), proof.Curve)
		}
		if proof.MoreSets > 0 {
			fmt.Fprintf(&b, "and %d more sets of them\n", proof.MoreSets)
		}
	}
	for _, text := range r.NotExercised {
		fmt.Fprintf(&b, "not exercised: %s\n", cli.Clean(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
