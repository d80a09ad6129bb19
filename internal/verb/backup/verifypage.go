package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/audit/report"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/internal/shell"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

// provenReport says which sets of holders, whose shares were opened, give the
// root key of a group.
type provenReport struct {
	Curve    string     `json:"curve"`
	Epoch    string     `json:"epoch"`
	Recorded bool       `json:"root_recorded"` // the root key is one of --xpub
	Sets     [][]string `json:"sets"`          // node IDs
	MoreSets int        `json:"more_sets"`
}

// proven returns it for every complete set.
func proven(roots verdict.Roots, j *verdict.Judgement) []provenReport {
	list := []provenReport{}
	for _, s := range j.Wanted() {
		if s.Complete() {
			r := provenReport{Curve: s.Group.Curve.String(), Epoch: s.Group.Epoch(), Recorded: roots.Have(s.Group.Root())}
			r.Sets, r.MoreSets = s.Proven()
			list = append(list, r)
		}
	}
	return list
}

// notExercised lists what the verification did not try.
func notExercised(roots verdict.Roots, j *verdict.Judgement, bookPath string) []string {
	var list []string
	for _, set := range j.Sets {
		if !set.Wanted {
			list = append(list, fmt.Sprintf("group %q on %v, epoch %s: it was left out", set.Group.ID, set.Group.Curve, set.Group.Epoch()))
		} else if len(set.Missing) > 0 {
			list = append(list, fmt.Sprintf("on %v, epoch %s: the shares of %s", set.Group.Curve, set.Group.Epoch(), phrase.Some(set.MissingNodes())))
		}
	}
	if len(roots) == 0 {
		list = append(list, "your own records of the root keys: no --record or --xpub was given, so the root keys are what the files say")
	} else {
		for _, c := range curve.All() {
			if !roots.On(c) && slices.ContainsFunc(j.Sets, func(set *verdict.Set) bool { return set.Wanted && set.Group.Curve == c }) {
				list = append(list, fmt.Sprintf("your own record of the root key on %v: no --record or --xpub was given for it, so it is what the files say", c))
			}
		}
	}
	var groups []*share.Group
	for _, set := range j.Wanted() {
		groups = append(groups, set.Group)
	}
	for _, k := range roots.Uncompared(share.Roots(groups)) {
		list = append(list, fmt.Sprintf("the chain code on %v, on which all addresses depend: the recorded root key is a bare public key", k.Curve()))
	}
	if bookPath == "" {
		list = append(list, "the addresses: no address book was given")
	}
	return append(list, "combining the shares, making private keys of addresses, and signing with them: mpc-recover does that (key --check-only writes nothing), and its drill rehearses it")
}

// page makes the page of the report.
func (r *verifyReport) page(s *holder.Session, j *verdict.Judgement, bookPath string, failed error, command []string) *report.Page {
	p := &report.Page{
		Title: "Verification of backups", Tool: r.Tool, Date: r.Date, Command: command, Left: r.NotExercised,
		Proves: []string{
			"Every share that is called opened was decrypted with its password or identity, matched its share public key, and was wiped again; no two were in memory at once.",
			"The public keys show that the shares give the root key: the share public keys of the holders combine to the root public key.",
			"Root keys count as yours if they are the ones that you recorded before and gave with --record or --xpub.",
			"Nothing here says who else has copies.",
		},
		Facts: [][2]string{{"Program", r.Tool}, {"Date", r.Date}, {"Compared with", r.HeldAgainst.String()}, {"Sandbox", r.Conditions.Sandbox},
			{"Signs of a network", orNone(r.Conditions.Network)}, {"Unlocked swap", orNone(r.Conditions.Swap)}},
		Again: []report.Step{
			{Text: "Compare the files with the hashes above.", Command: "sha256sum FILE"},
			{Text: "Verify the same files again; every holder gives their own password.", Command: shell.Line(command...)},
			{Text: "Have somebody sign this page, and check the signature.", Command: "mpc-backup attest FILE --report THIS.html -o A.json\nmpc-backup check A.json --report THIS.html --partial"},
		},
	}
	switch {
	case failed == nil && len(r.Groups) > 0:
		p.Level, p.Verdict, p.Summary = report.Good, "Recoverable", "Every file is good, and the shares that were opened give every root key."
	case failed == nil:
		p.Level, p.Verdict, p.Summary = report.Good, "In order", "Every bundle opens and is whole. It holds no share."
	case errors.Is(failed, share.ErrUnprovable):
		p.Level, p.Verdict, p.Summary = audit.Warning, "Opened, and not proven", failed.Error()+" (mpc-recover key --check-only)"
	case r.Recoverable:
		p.Level, p.Verdict, p.Summary = audit.Error, "Recoverable, but not everything is good", failed.Error()
	default:
		p.Level, p.Verdict, p.Summary = audit.Error, "Not recoverable with these files", failed.Error()
	}
	for _, set := range j.Sets {
		p.Vaults = append(p.Vaults, r.vault(set))
	}
	p.Findings = r.findings()
	if a := r.Addresses; a != nil {
		p.Books = []audit.Book{{Path: bookPath, Totals: *a}}
	}
	for _, in := range s.Inputs {
		f := audit.File{Path: in.Path, Kind: audit.ShareFile, SHA256: in.SHA256}
		switch {
		case in.Header != nil:
			f.Kind, f.Size = audit.Bundle, in.Header.Size
		case len(in.Shares) > 0:
			f.Kind = audit.FileKind(in.Shares[0].Sealed.Form)
		case in.SHA256 == "":
			f.Kind = audit.Unread
		default:
			f.Kind = audit.Unrecognised
		}
		p.Files = append(p.Files, f)
	}
	return p
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none found"
	}
	return strings.Join(list, "; ")
}

// vault draws one set of shares.
func (r *verifyReport) vault(set *verdict.Set) report.Vault {
	g := set.Group
	v := report.Vault{Title: "Root key on " + g.Curve.String(), Level: audit.Error, Root: g.Root().String()}
	s := report.Set{Title: "Shares of epoch " + g.Epoch(), Threshold: g.Threshold,
		Facts: [][2]string{{"Needed", fmt.Sprintf("%d of %d", g.Threshold, len(g.Participants))}, {"Opened", fmt.Sprint(len(set.Good))}, {"Group", g.ID}, {"Made", g.CreatedTime}}}
	for _, proof := range r.Proven {
		if proof.Epoch != g.Epoch() || proof.Curve != g.Curve.String() {
			continue
		}
		recorded := "no: no recorded key was given"
		if proof.Recorded {
			recorded = "yes"
		}
		s.Facts = append(s.Facts, [2]string{"Root recorded", recorded})
		for _, nodes := range proof.Sets {
			s.Ways = append(s.Ways, strings.Join(nodes, " + "))
		}
		if proof.MoreSets > 0 {
			s.Ways = append(s.Ways, fmt.Sprintf("and %s of %d", phrase.Count(proof.MoreSets, "more set"), g.Threshold))
		}
	}
	switch {
	case !set.Wanted:
		v.Level, v.Verdict = audit.Note, "Left out of this verification."
	case set.Unshown():
		v.Level, v.Verdict = audit.Warning, "The shares open. Whether they give the root key, only combining them shows (mpc-recover key --check-only)."
	case set.Complete():
		v.Level, v.Verdict = report.Good, fmt.Sprintf("Recoverable: %s opened, of %d needed.", phrase.Count(len(set.Good), "share"), g.Threshold)
	default:
		v.Verdict = fmt.Sprintf("Not recoverable with these files: %s opened, of %d needed.", phrase.Count(len(set.Good), "share"), g.Threshold)
	}
	s.Level, s.Verdict = v.Level, v.Verdict
	for _, p := range g.Participants {
		s.Holders = append(s.Holders, drawHolder(set, p))
	}
	if g.TestOnly() {
		v.Notes = append(v.Notes, "TEST ONLY: the keys of this vault are published.")
	}
	v.Sets = []report.Set{s}
	return v
}

func drawHolder(set *verdict.Set, p share.Participant) report.Holder {
	h := report.Holder{Name: p.NodeID}
	for _, sh := range set.Of(p) {
		h.Lines = append(h.Lines, fmt.Sprintf("%s: %s", sh.File.Path, sh.Status))
		if sh.Status == verdict.Good || sh.Status == verdict.Duplicate {
			h.State = report.Opened
		} else if sh.Status == verdict.Unproven && h.State != report.Opened {
			h.State = report.Here
		} else if h.State == report.Missing {
			h.State = report.Damaged
		}
	}
	return h
}

// findings lists everything that is not simply good.
func (r *verifyReport) findings() []audit.Finding {
	var list []audit.Finding
	add := func(level audit.Level, code, about, text, do string) {
		list = append(list, audit.Finding{Level: level, Code: code, About: []string{about}, Text: text, Do: do})
	}
	file := func(f holder.FileReport) {
		level, do := audit.Error, "take another copy, or export the file again from the holder's node or phone"
		switch f.Status {
		case verdict.Good:
			return
		case verdict.Duplicate:
			level, do = audit.Note, "guard each copy as well as the others"
		case verdict.Elsewhere:
			level, do = audit.Warning, "give the files of one vault and epoch at a time"
		case verdict.Unopened:
			do = "check the password or the identity; try another copy"
		case verdict.Unproven:
			level, do = audit.Warning, "combine it with the others: mpc-recover key --check-only writes nothing, and tells"
		}
		add(level, string(f.Status), f.Path, fmt.Sprintf("the share of node %.70q: %s", f.NodeID, f.Reason), do)
	}
	for _, f := range r.Files {
		file(f)
	}
	for _, g := range r.Groups {
		for _, f := range g.Files {
			file(f)
		}
	}
	for _, b := range r.Bundles {
		if !b.OK && b.Reason != "" {
			add(audit.Error, "bundle", b.Path, b.Reason, "take another copy of the bundle, or find the identity that opens it")
		}
	}
	if a := r.Addresses; a != nil && (a.Failed() || a.Uncovered > 0) {
		add(audit.Error, "address-book", "", a.Shortfall(),
			"mpc-backup verify names the lines; the book is of another vault, was edited, or is damaged")
	}
	if c := r.Conditions; len(c.Network) > 0 {
		add(audit.Warning, "network", "", "the machine looked online, and --allow-network was given", "verify on a machine without a network")
	}
	if c := r.Conditions; len(c.Swap) > 0 {
		add(audit.Warning, "swap", "", "memory could be written to disk, and --allow-swap was given", "switch swap off first")
	}
	for i := range list {
		list[i].About = slices.DeleteFunc(list[i].About, func(s string) bool { return s == "" })
	}
	order := []audit.Level{audit.Error, audit.Warning, audit.Note}
	slices.SortStableFunc(list, func(x, y audit.Finding) int { return slices.Index(order, x.Level) - slices.Index(order, y.Level) })
	return list
}
