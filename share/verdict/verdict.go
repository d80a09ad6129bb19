// Package verdict judges the files given: which shares count, which set of them is
// meant, and who is to blame for the others. It sees what files say and how opening
// each share went; it opens and combines none. It neither prints nor chooses an
// exit status: its callers do, from errors and warnings.
package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Status is the verdict on a share.
type Status string

// The statuses.
const (
	Good         Status = "good"
	Duplicate    Status = "duplicate"    // good, and another file holds the same share
	Unopened     Status = "unopened"     // wrong password, or damaged ciphertext, or no identity
	Unproven     Status = "unproven"     // opened, and only combining it with others can prove it
	Unreadable   Status = "unreadable"   // a file or a field that cannot be read
	Inconsistent Status = "inconsistent" // can be read, and contradicts itself
	Elsewhere    Status = "elsewhere"    // another group's, or another epoch's
	Salvaged     Status = "salvaged"     // used although its public facts are damaged
)

// StatusOf returns the status that an error of package share gives a share.
func StatusOf(err error) Status {
	switch {
	case err == nil:
		return Good
	case errors.Is(err, share.ErrInconsistent):
		return Inconsistent
	}
	return Unreadable
}

// File is one of the files that were given.
type File struct {
	Path   string
	SHA256 string
	Err    error // why it, or part of it, cannot be used
	Shares []*Share
}

// Add adds a share that the file holds, as one that was not opened.
func (f *File) Add(s *share.Sealed) {
	f.Shares = append(f.Shares, &Share{File: f, Sealed: s, Status: Unopened})
}

// contradicts reports whether the file can be read and contradicts itself.
func (f *File) contradicts() bool { return errors.Is(f.Err, share.ErrInconsistent) }

// Share is one share of a file, with the result of opening it and then of the
// judgement.
type Share struct {
	File   *File
	Sealed *share.Sealed
	Public *curve.Point // share public key of what was opened; nil if nothing was
	Status Status
	Err    error  // why it was not opened
	Note   string // why a good share does not count, or how a damaged one does
}

// Opened notes that the share was opened and matches this share public key.
func (s *Share) Opened(public *curve.Point) { s.Public, s.Status, s.Err = public, Good, nil }

// Failed notes why the share was not opened, and its status.
func (s *Share) Failed(as Status, err error) { s.Public, s.Status, s.Err = nil, as, err }

// Salvaged notes that the share was used, if its public facts are damaged.
func (s *Share) Salvaged() {
	if err := s.Sealed.Err(); err != nil {
		s.Status, s.Note = Salvaged, fmt.Sprintf("used although its public facts are damaged: %v", err)
	}
}

// Reason says why the share does not count, or is empty.
func (s *Share) Reason() string {
	switch {
	case s.Note != "":
		return s.Note
	case s.Err != nil:
		return s.Err.Error()
	}
	return ""
}

// counted reports whether nothing is wrong with the share.
func (s *Share) counted() bool { return s.Status == Good || s.Status == Duplicate }

// Asked is what the user said about the vault.
type Asked struct {
	Roots    Roots  // from the user's own records
	Record   bool   // Roots are those of a record: nothing else is meant, and not all need to be there
	NoRecord bool   // the user has none, and said so
	Group    string // only groups of this ID, if not empty
	Only     bool   // for Choose: use only what Roots has, even on a curve of which it has nothing

	// Root keys of earlier recoveries that were given beside the shares. They never
	// stand in for shares that are there.
	Beside []Known
}

// Judgement says which shares belong together, which of them are good, and what is
// wrong with the others.
type Judgement struct {
	Files    []*File
	Sets     []*Set
	Stray    []*Share // of no known set
	Warnings []string

	asked Asked
}

// Judge sorts the shares of files after opening was tried on all of them, and
// notes on each what became of it. An error says that nothing of what was asked for is
// there, or is a VaultsError; the judgement then has no sets.
func Judge(files []*File, asked Asked) (*Judgement, error) {
	j := &Judgement{Files: files, asked: asked}
	var sealed []*share.Sealed
	of := map[*share.Sealed]*Share{}
	for _, f := range files {
		for _, s := range f.Shares {
			sealed = append(sealed, s.Sealed)
			of[s.Sealed] = s
		}
	}
	for _, t := range Collect(sealed) {
		set := &Set{Sharing: t, Wanted: true}
		for _, s := range t.Sealed {
			set.add(of[s])
			delete(of, s)
		}
		set.Missing = slices.DeleteFunc(slices.Clone(t.Group.Participants), set.has)
		j.Sets = append(j.Sets, set)
		j.Warnings = append(j.Warnings, t.Warnings...)
	}
	for _, s := range sealed { // in the order given
		if left := of[s]; left != nil {
			j.place(left)
		}
	}
	err := j.narrow(asked)
	if err == nil {
		err = asked.oneVault(append(claimed(files), asked.Beside...))
	}
	if err != nil {
		return &Judgement{Files: files, Warnings: j.Warnings}, err
	}
	j.separate()
	return j, nil
}

// place puts a share that cannot be used where a reader would look for it.
func (j *Judgement) place(s *Share) {
	if err := s.Sealed.Err(); err != nil && s.Status == Unopened && s.Err == nil {
		s.Failed(StatusOf(err), err)
	}
	for _, same := range []func(*Set) bool{
		func(t *Set) bool { return s.Sealed.Group != nil && s.Sealed.Group.SameKey(t.Group) },
		func(t *Set) bool { return s.Sealed.NodeID != "" && t.Group.ByNode(s.Sealed.NodeID) != nil },
		func(*Set) bool { return true },
	} {
		for _, t := range j.Sets {
			if t.Group.Curve == s.Sealed.Curve && same(t) {
				t.Given = append(t.Given, s)
				return
			}
		}
	}
	j.Stray = append(j.Stray, s)
}

// narrow keeps the sets that were asked for.
func (j *Judgement) narrow(asked Asked) error {
	groups := make([]*share.Group, len(j.Sets))
	found := false
	for i, s := range j.Sets {
		groups[i] = s.Group
		if asked.Group != "" {
			s.Wanted = s.named(asked.Group)
			s.excluded = !s.Wanted
			found = found || s.Wanted
		}
	}
	if asked.Group != "" && !found {
		return fmt.Errorf("%w %q", ErrNoGroup, asked.Group)
	}
	if err := asked.find(share.Roots(groups)); err != nil {
		return err
	}
	for _, s := range j.Sets {
		if why := asked.excludes(s.Group.Root()); why != "" {
			s.exclude(why)
		}
	}
	return nil
}

// separate tells remainders of another epoch from sets that are wanted but too small.
// Shares of another root key are never a remainder: theirs may be the vault that is
// meant, and the complete set made up.
func (j *Judgement) separate() {
	for _, s := range j.Sets {
		if s.Complete() || !s.Wanted {
			continue
		}
		i := slices.IndexFunc(j.Sets, func(t *Set) bool { return t.Recoverable() && t.Group.SameKey(s.Group) })
		if i >= 0 {
			s.exclude(Relation(j.Sets[i].Group, s.Group))
		}
	}
}

// Wanted returns the sets that count.
func (j *Judgement) Wanted() []*Set {
	return slices.DeleteFunc(slices.Clone(j.Sets), func(s *Set) bool { return !s.Wanted })
}

// Enough returns nil if every wanted set is complete, and nothing shows that there is
// another root key. Otherwise it is a NothingError or a TooFewError, or wraps ErrUnplaced, or
// share.ErrUnprovable if shares opened that may be enough.
func (j *Judgement) Enough() error {
	wanted := j.Wanted()
	if len(wanted) == 0 {
		return nothing(0, j.Stray)
	}
	few := &TooFewError{}
	var unprovable error
	first := map[curve.Curve]*Set{}
	for _, s := range wanted {
		if s.Complete() {
			continue
		}
		if s.Unproven() && len(s.Group.Absent) == 0 {
			unprovable = cmp.Or(unprovable, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, share.ErrUnprovable))
			continue
		}
		opened := s.Opened()
		others := slices.DeleteFunc(s.MissingNodes(), func(node string) bool { return slices.Contains(opened, node) })
		few.Short = append(few.Short, Shortage{Group: s.Group, Have: len(s.Good), Opened: len(opened), Of: others, Unknown: j.unknown(s)})
		t := first[s.Group.Curve]
		if t == nil {
			first[s.Group.Curve] = s
			continue
		}
		if a := (Apart{s.Sealed[0].Path, t.Sealed[0].Path, Relation(t.Group, s.Group)}); !slices.Contains(few.Apart, a) {
			few.Apart = append(few.Apart, a)
		}
	}
	if len(few.Short) > 0 {
		return few
	}
	if unprovable != nil {
		return unprovable
	}
	for _, c := range curve.All() {
		if stray := j.stray(c); len(stray) > 0 {
			return nothing(c, stray)
		}
	}
	if lost := j.unplaced(); lost != nil {
		return fmt.Errorf("%q has a share that cannot be read, and %w", lost.Path, ErrUnplaced)
	}
	return nil
}

// unplaced returns a file with more shares that show no group than there are complete
// sets that do without the file: one is then of a root key that nothing else tells of.
func (j *Judgement) unplaced() *File {
	complete := slices.DeleteFunc(slices.Clone(j.Sets), func(t *Set) bool { return !t.Complete() })
	lost := func(k *derive.Key) bool {
		return !slices.ContainsFunc(complete, func(t *Set) bool { return t.Group.Root().Agrees(k) })
	}
	if j.asked.Group != "" || j.asked.Record && !slices.ContainsFunc(j.asked.Roots, lost) {
		return nil
	}
	for _, f := range j.Files {
		places := 0
		for _, t := range complete {
			if !slices.ContainsFunc(t.Given, func(s *Share) bool { return s.File == f && s.counted() }) {
				places++
			}
		}
		for _, s := range f.Shares {
			if !s.counted() && s.Sealed.Group == nil {
				places--
			}
		}
		if places < 0 {
			return f
		}
	}
	return nil
}

// stray returns the shares on a curve that are of no known set and may be of what was
// asked for. No share on that curve can be used then, or it would be of a set. If the record
// has a root key there, and all sets are of others, theirs are returned as well.
func (j *Judgement) stray(on curve.Curve) []*Share {
	if j.asked.Record && !j.asked.Roots.On(on) {
		return nil
	}
	left := slices.Clone(j.Stray)
	if !slices.ContainsFunc(j.Wanted(), func(s *Set) bool { return s.Group.Curve == on }) {
		for _, s := range j.Sets {
			if s.Group.Curve == on && !s.excluded {
				left = append(left, s.Given...)
			}
		}
	}
	return slices.DeleteFunc(left, func(s *Share) bool {
		g := s.Sealed.Group
		return s.Sealed.Curve != on || j.asked.Group != "" && (g == nil || !share.SameID(g.ID, j.asked.Group))
	})
}

// unknown counts the shares that might be good if their files could be read or
// opened.
func (j *Judgement) unknown(set *Set) int {
	n := 0
	for _, s := range slices.Concat(set.Given, j.Stray) {
		if s.Status == Unopened || s.Status == Unreadable || s.Status == Unproven {
			n++
		}
	}
	for _, f := range j.Files {
		if f.Err != nil && !errors.Is(f.Err, ErrOtherRoot) && (len(f.Shares) == 0 || !f.contradicts()) {
			n++
		}
	}
	return n
}

// AllGood is Enough for a rehearsal: every file must be good as well, and the
// public keys of the opened shares must combine to the root public key. An error
// about files is a BadFilesError.
func (j *Judgement) AllGood() error {
	if err := j.Enough(); err != nil {
		return err
	}
	for _, s := range j.Wanted() {
		if _, err := s.Group.CombinePublic(s.holders()); errors.Is(err, share.ErrUnprovable) {
			return err
		}
		if !s.combines(s.holders()) {
			return fmt.Errorf("group %q: the public keys of the opened shares do not combine to the root public key", s.Group.ID)
		}
	}
	bad := &BadFilesError{}
	for _, f := range j.Files {
		b := BadFile{Path: f.Path, Contradicts: f.contradicts() || slices.ContainsFunc(f.Shares, func(s *Share) bool { return !s.counted() && j.counts(s) })}
		if f.Err != nil || b.Contradicts {
			bad.Files = append(bad.Files, b)
		}
	}
	if len(bad.Files) == 0 {
		return nil
	}
	return bad
}

// counts reports whether a share belongs to a group that was asked for.
func (j *Judgement) counts(s *Share) bool {
	return !slices.ContainsFunc(j.Sets, func(t *Set) bool { return t.excluded && slices.Contains(t.Given, s) })
}

// Combinable returns the wanted sets that are complete.
func (j *Judgement) Combinable() ([]*Set, error) {
	sets := slices.DeleteFunc(j.Wanted(), func(s *Set) bool { return !s.Complete() })
	for _, s := range sets {
		if err := j.usable(s); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// usable says why a complete set must not be used.
func (j *Judgement) usable(s *Set) error {
	if path := s.oneFile(); path != "" && !j.asked.vouched(s.Group.Root()) {
		return fmt.Errorf("group %q on %v: all shares are from %q, and %w", s.Group.ID, s.Group.Curve, path, ErrUnvouched)
	}
	return nil
}

// Extended refuses sets without a chain code, for callers who write it into files.
func Extended(sets []*Set) error {
	for _, s := range sets {
		if s.Group.Root().IsBare() {
			return fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, ErrChainCode)
		}
	}
	return nil
}

// Uncovered returns the groups that are not among the sets that are used: recorded ones,
// and those left out because another group was asked for. If a node is named, only
// groups in which it has a share count.
func (j *Judgement) Uncovered(recorded []*share.Group, used []*Set, node string) []*share.Group {
	left := slices.Clone(recorded)
	for _, s := range j.Sets {
		if s.excluded && j.asked.excludes(s.Group.Root()) == "" {
			left = append(left, s.Group)
		}
	}
	var groups []*share.Group
	for _, g := range left {
		same := func(o *share.Group) bool { return o.SameKey(g) && o.SameShares(g) }
		if (node == "" || g.ByNode(node) != nil) && !slices.ContainsFunc(groups, same) &&
			!slices.ContainsFunc(used, func(s *Set) bool { return same(s.Group) }) {
			groups = append(groups, g)
		}
	}
	return groups
}

// Covered refuses to leave groups out, unless the group to use was named.
func (j *Judgement) Covered(left []*share.Group) error {
	if len(left) == 0 || j.asked.Group != "" {
		return nil
	}
	return fmt.Errorf("the record has group %q on %v, and %w", left[0].ID, left[0].Curve, ErrUncovered)
}

// Resharable returns the sets that a reshare takes: the wanted ones, all complete,
// and no two of one root key.
func (j *Judgement) Resharable() ([]*Set, error) {
	if err := j.Enough(); err != nil {
		return nil, err
	}
	sets := j.Wanted()
	for i, s := range sets {
		if err := j.usable(s); err != nil {
			return nil, err
		}
		for _, t := range sets[:i] {
			if s.Group.Curve == t.Group.Curve && s.Group.SameKey(t.Group) {
				return nil, fmt.Errorf("%w: groups %q and %q", ErrEpochs, t.Group.ID, s.Group.ID)
			}
		}
	}
	return sets, nil
}

// Repairable returns the sets in which a node's share is made again: the wanted
// ones, all complete without it.
func (j *Judgement) Repairable(node string) ([]*Set, error) {
	if err := j.Enough(); err != nil {
		return nil, err
	}
	sets := j.Wanted()
	for _, s := range sets {
		lost := s.Group.ByName(node)
		if lost == nil {
			return nil, &NodeError{s.Group, node}
		}
		if i := slices.IndexFunc(s.Good, func(h *Share) bool { return h.Sealed.ShareID.Equal(lost.ShareID) }); i >= 0 {
			return nil, fmt.Errorf("the share of node %q %w: %q holds it and opens", node, ErrNotLost, s.Good[i].File.Path)
		}
		if err := j.usable(s); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
