package holder

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Outcome is what a run found out: which shares belong together, which of them
// are good, and what is wrong with the others.
type Outcome struct {
	Sets   []*Set
	Stray  []*Entry // shares of no set that anything is known about
	Inputs []*Input
}

// Set is the shares of one root key and epoch.
type Set struct {
	*share.Set
	Good    []*Entry // one for each holder, in the order given
	Entries []*Entry // all that belong here, good or not
	Missing []share.Participant
	Wanted  bool // neither --group nor --xpub excludes it, nor is it a remainder of another epoch or vault

	excluded bool // --group does
}

// Complete reports whether the good shares reach the threshold.
func (s *Set) Complete() bool { return len(s.Good) >= s.Group.Threshold }

// Clean reports whether every share that was given for the set is good.
func (s *Set) Clean() bool {
	return !slices.ContainsFunc(s.Entries, func(e *Entry) bool { return e.Status != Good && e.Status != Duplicate })
}

// short says how many shares the set needs, and whose would do.
func (s *Set) short() string {
	var who []string
	for _, p := range s.Missing {
		who = append(who, fmt.Sprintf("%q", p.NodeID))
	}
	n := s.Group.Threshold - len(s.Good)
	return fmt.Sprintf("group %q on %v: %d of %d shares are good; %d more needed, of %s",
		s.Group.ID, s.Group.Curve, len(s.Good), s.Group.Threshold, n, Sentence(who))
}

// Outcome sorts what Unlock brought. group, if not empty, narrows it to the
// groups of that ID.
func (s *Session) Outcome(group string) (*Outcome, error) {
	o := &Outcome{Inputs: s.Inputs}
	var sealed []*share.Sealed
	entries := map[*share.Sealed]*Entry{}
	for _, in := range s.Inputs {
		for _, e := range in.Entries {
			entries[e.Sealed] = e
			sealed = append(sealed, e.Sealed)
		}
	}
	for _, set := range share.Collect(sealed) {
		t := &Set{Set: set, Wanted: true}
		for _, sh := range set.Shares {
			t.add(entries[sh])
			delete(entries, sh)
		}
		_, t.Missing = set.Holders(func(sh *share.Sealed) bool {
			return slices.ContainsFunc(t.Good, func(e *Entry) bool { return e.Sealed == sh })
		})
		o.Sets = append(o.Sets, t)
		for _, w := range set.Warnings {
			s.env.Warn("%s", w)
		}
	}
	for _, sh := range sealed { // in the order given
		if e, left := entries[sh]; left {
			o.place(e)
		}
	}
	if err := s.narrow(o, group); err != nil {
		return nil, err
	}
	o.separate()
	return o, nil
}

func (s *Set) add(e *Entry) {
	s.Entries = append(s.Entries, e)
	if !e.Public {
		return
	}
	i := slices.IndexFunc(s.Good, func(g *Entry) bool { return g.Sealed.ShareID.Equal(*e.Sealed.ShareID) })
	if i < 0 {
		s.Good = append(s.Good, e)
		return
	}
	e.Status = Duplicate
	e.Note = fmt.Sprintf("the same share as %q: the two count once", s.Good[i].Input.Path)
}

// place puts a share that cannot be used where a reader would look for it.
func (o *Outcome) place(e *Entry) {
	if e.Status == Unopened && e.Err == nil && e.Sealed.Err() != nil {
		e.set(e.Sealed.Err())
	}
	for _, same := range []func(*Set) bool{
		func(s *Set) bool { return e.Sealed.Group != nil && e.Sealed.Group.SameKey(s.Group) },
		func(s *Set) bool { return e.Sealed.NodeID != "" && s.Group.ByNode(e.Sealed.NodeID) != nil },
		func(s *Set) bool { return true },
	} {
		for _, s := range o.Sets {
			if s.Group.Curve == e.Sealed.Curve && same(s) {
				s.Entries = append(s.Entries, e)
				return
			}
		}
	}
	o.Stray = append(o.Stray, e)
}

// narrow keeps the groups that the user asked for.
func (s *Session) narrow(o *Outcome, group string) error {
	if group != "" {
		found := false
		for _, t := range o.Sets {
			t.Wanted = slices.ContainsFunc(t.Shares, func(sh *share.Sealed) bool { return sh.Group.ID == group })
			t.excluded = !t.Wanted
			found = found || t.Wanted
		}
		if !found {
			return cli.Fail(cli.Mismatch, fmt.Errorf("no file has a usable share of group %q", group), "mpc-backup inspect lists the groups of each file")
		}
	}
	groups := make([]*share.Group, len(o.Sets))
	for i, t := range o.Sets {
		groups[i] = t.Group
	}
	if err := s.find(groups); err != nil {
		return err
	}
	for _, t := range o.Sets {
		if s.contradicts(t.Group) {
			t.exclude("its root key is not the one of --xpub")
		}
	}
	return nil
}

func (s *Set) exclude(why string) {
	s.Wanted = false
	for _, e := range s.Entries {
		if e.Public {
			e.Status, e.Note = Elsewhere, why
		}
	}
}

// separate tells remainders of another epoch or vault from sets that are wanted
// and too small.
func (o *Outcome) separate() {
	for _, s := range o.Sets {
		if s.Complete() || !s.Wanted {
			continue
		}
		for _, t := range o.Sets {
			if !t.Wanted || !t.Complete() || t.Group.Curve != s.Group.Curve {
				continue
			}
			s.exclude(t.Group.Relation(s.Group))
			break
		}
	}
}

// Wanted returns the sets that count.
func (o *Outcome) Wanted() []*Set {
	return slices.DeleteFunc(slices.Clone(o.Sets), func(s *Set) bool { return !s.Wanted })
}

// Verdict returns nil if every wanted set is complete, and else the error that
// says what is missing. Its status is 1 if files that cannot be read or opened
// are the only reason, and 3 otherwise.
func (o *Outcome) Verdict() error {
	wanted := o.Wanted()
	if len(wanted) == 0 {
		hints := o.hints()
		for _, in := range o.Inputs {
			if in.Bundle != nil && in.Err == nil && len(in.Entries) == 0 {
				hints = append(hints, fmt.Sprintf("%q opens, and holds no share", in.Path))
			}
		}
		return cli.Fail(o.unusable(), errors.New("none of the files has a share that can be used"), hints...)
	}
	var short []string
	code := cli.Failed
	for _, s := range wanted {
		if s.Complete() {
			continue
		}
		short = append(short, "too few shares: "+s.short())
		if len(s.Good)+o.potential(s) < s.Group.Threshold {
			code = cli.Mismatch
		}
	}
	if len(short) == 0 {
		return nil
	}
	return cli.Fail(code, errors.New(strings.Join(short, "\n")), append(o.mixed(wanted), o.hints()...)...)
}

// mixed says why files do not count together that somebody thought would be
// enough: sets that are too small on one curve.
func (o *Outcome) mixed(sets []*Set) []string {
	var hints []string
	first := map[curve.Curve]*Set{}
	for _, s := range sets {
		if s.Complete() {
			continue
		}
		t := first[s.Group.Curve]
		if t == nil {
			first[s.Group.Curve] = s
			continue
		}
		h := fmt.Sprintf("%q does not go with %q: it is of %s", s.Shares[0].Path, t.Shares[0].Path, t.Group.Relation(s.Group))
		if !slices.Contains(hints, h) {
			hints = append(hints, h)
		}
	}
	return hints
}

// potential counts the shares that might be good if their files could be read
// or opened.
func (o *Outcome) potential(s *Set) int {
	n := 0
	for _, e := range append(slices.Clone(s.Entries), o.Stray...) {
		if e.Status == Unopened || e.Status == Unreadable {
			n++
		}
	}
	for _, in := range o.Inputs {
		if in.Err != nil && (len(in.Entries) == 0 || !errors.Is(in.Err, share.ErrInconsistent)) {
			n++
		}
	}
	return n
}

// unusable is the exit status where no set came about.
func (o *Outcome) unusable() int {
	for _, e := range o.Stray {
		if e.Status == Inconsistent {
			return cli.Mismatch
		}
	}
	return cli.Failed
}

func (o *Outcome) hints() []string {
	var hints []string
	for _, in := range o.Inputs {
		if h := in.Hint(); h != "" && !slices.Contains(hints, h) {
			hints = append(hints, h)
		}
		for _, e := range in.Entries {
			if h := "--max-iterations allows more, if you know that the file is honest"; errors.Is(e.Err, open.ErrWork) && !slices.Contains(hints, h) {
				hints = append(hints, h)
			}
		}
	}
	return hints
}

// Blame names every file and share that did not count, and why, on standard
// error.
func (o *Outcome) Blame(e *cli.Env) {
	for _, in := range o.Inputs {
		if in.Err != nil {
			e.Warn("%v", in.Err)
		}
		// What is wrong with all groups of a file is said once.
		type blame struct{ where, why string }
		var order []blame
		curves := map[blame][]string{}
		for _, entry := range in.Entries {
			if entry.Status == Good {
				continue
			}
			b := blame{fmt.Sprintf("%q, node %q", entry.Sealed.Path, entry.Sealed.NodeID), fmt.Sprintf("%s: %s", entry.Status, entry.Reason())}
			if curves[b] == nil {
				order = append(order, b)
			}
			curves[b] = append(curves[b], entry.Sealed.Curve.String())
		}
		for _, b := range order {
			e.Warn("%s, %s: %s", b.where, Sentence(curves[b]), b.why)
		}
	}
}

// FileReport is what came of one share of one file.
type FileReport struct {
	Path    string `json:"path"`
	SHA256  string `json:"sha256,omitempty"`
	NodeID  string `json:"node_id"`
	ShareID string `json:"share_id,omitempty"`
	Status  Status `json:"status"`
	Reason  string `json:"reason"`
}

// GroupReport is what came of one group.
type GroupReport struct {
	ID          string       `json:"id"`
	Curve       string       `json:"curve"`
	Epoch       string       `json:"epoch"`
	OK          bool         `json:"ok"`          // recoverable, and every file good
	Recoverable bool         `json:"recoverable"` // with the shares that were opened
	Threshold   int          `json:"threshold"`
	GoodShares  int          `json:"good_shares"`
	Missing     []string     `json:"missing"` // node IDs whose shares were not given or are not good
	Root        string       `json:"root_extended_public_key"`
	Files       []FileReport `json:"files"`
}

func report(e *Entry) FileReport {
	f := FileReport{Path: e.Input.Path, SHA256: e.Input.SHA256, NodeID: e.Sealed.NodeID, Status: e.Status, Reason: e.Reason()}
	if e.Sealed.ShareID != nil {
		f.ShareID = e.Sealed.ShareID.Text
	}
	return f
}

// Groups returns the reports of all groups.
func (o *Outcome) Groups() []GroupReport {
	groups := []GroupReport{}
	for _, s := range o.Sets {
		g := GroupReport{
			ID: s.Group.ID, Curve: s.Group.Curve.String(), Epoch: s.Group.Epoch(), Threshold: s.Group.Threshold,
			GoodShares: len(s.Good), Recoverable: s.Wanted && s.Complete(), Missing: []string{}, Files: []FileReport{},
		}
		g.OK = g.Recoverable && s.Clean()
		if root := s.Group.Root(); root != nil {
			g.Root = root.String()
		}
		for _, p := range s.Missing {
			g.Missing = append(g.Missing, p.NodeID)
		}
		for _, e := range s.Entries {
			g.Files = append(g.Files, report(e))
		}
		groups = append(groups, g)
	}
	return groups
}

// Unassigned returns the reports of files and shares that belong to no group.
func (o *Outcome) Unassigned() []FileReport {
	files := []FileReport{}
	for _, in := range o.Inputs {
		if in.Err != nil {
			files = append(files, FileReport{Path: in.Path, SHA256: in.SHA256, Status: Unreadable, Reason: in.Err.Error()})
		}
	}
	for _, e := range o.Stray {
		files = append(files, report(e))
	}
	return files
}

// Verify is Verdict for a rehearsal: every file must be good as well. A good
// file too few is found by Verdict; of the others, one that was opened or read
// and does not belong is exit status 3, and so is a share that does not open
// where the rest shows that it should; a file that cannot be read, or a bundle
// without its identity, is 1.
func (o *Outcome) Verify() error {
	if err := o.Verdict(); err != nil {
		return err
	}
	for _, s := range o.Wanted() {
		var holders []share.Participant
		for _, e := range s.Good {
			holders = append(holders, *s.Group.Participant(*e.Sealed.ShareID))
		}
		sum, err := s.Group.CombinePublic(holders)
		if err != nil || !sum.Equal(s.Group.RootKey) {
			return cli.Fail(cli.Mismatch, fmt.Errorf("group %q: the public keys of the opened shares do not combine to the root public key", s.Group.ID))
		}
	}
	code, bad := cli.OK, []string{}
	for _, in := range o.Inputs {
		worst := cli.OK
		if in.Err != nil {
			worst = cli.Failed
		}
		if errors.Is(in.Err, share.ErrInconsistent) {
			worst = cli.Mismatch
		}
		for _, e := range in.Entries {
			if e.Status != Good && e.Status != Duplicate && o.counts(e) {
				worst = cli.Mismatch
			}
		}
		if worst != cli.OK {
			bad = append(bad, fmt.Sprintf("%q", in.Path))
		}
		code = max(code, worst)
	}
	if code == cli.OK {
		return nil
	}
	return cli.Fail(code, fmt.Errorf("recoverable, but not every file is good: %s", Sentence(bad)), o.hints()...)
}

// counts reports whether a share is of a group that was asked for.
func (o *Outcome) counts(e *Entry) bool {
	for _, s := range o.Sets {
		if slices.Contains(s.Entries, e) {
			return !s.excluded
		}
	}
	return true
}
