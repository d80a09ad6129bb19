package record

import (
	"fmt"
	"slices"

	"lifeboat/share"
	"lifeboat/share/verdict"
)

// Gather returns the groups that share files describe, for a record, and warnings.
// Nothing in the files needs to be opened.
//
// An error wraps share.ErrInconsistent if a file contradicts itself or another one,
// even if it only has another set of shares of the same root key. A vault may have
// several sets in use at once, like a provider's groups, and then a holder of two
// has both in one file. Other errors are about fields that cannot be read.
func Gather(files []*verdict.File) (groups []*share.Group, warnings []string, err error) {
	var all []*share.Sealed
	for _, f := range files {
		for _, s := range f.Shares {
			if err := s.Sealed.Err(); err != nil {
				return nil, nil, fmt.Errorf("%q: %w", f.Path, err)
			}
			if g := s.Sealed.Group; g != nil && len(g.Absent) > 0 {
				return nil, nil, fmt.Errorf("%w: %q is not complete: of group %q it lacks the part of %q", share.ErrInconsistent, f.Path, g.ID, g.Absent[0])
			}
			all = append(all, s.Sealed)
		}
	}
	sets := verdict.Collect(all)
	for i, a := range sets {
		if err := sameNodes(a); err != nil {
			return nil, nil, err
		}
		for _, b := range sets[:i] {
			switch {
			case a.Group.Curve != b.Group.Curve:
			case !a.Group.SameKey(b.Group):
				warnings = append(warnings, fmt.Sprintf("%q and %q have two root keys on %v: is that one vault?", b.Sealed[0].Path, a.Sealed[0].Path, a.Group.Curve))
			case !together(files, a, b):
				return nil, nil, fmt.Errorf("%w: %q and %q: %s", share.ErrInconsistent, b.Sealed[0].Path, a.Sealed[0].Path, verdict.Relation(b.Group, a.Group))
			}
		}
		groups = append(groups, a.Group)
		warnings = append(warnings, a.Warnings...)
	}
	return groups, warnings, nil
}

// sameNodes compares what files call the holders. tss-lib has no names for them, so only
// files of one form are compared.
func sameNodes(t *verdict.Sharing) error {
	named := t.Sealed[slices.IndexFunc(t.Sealed, func(s *share.Sealed) bool { return s.Group == t.Group })]
	for _, s := range t.Sealed {
		for _, p := range s.Group.Participants {
			if q := named.Group.Participant(p.ShareID); s.Form == named.Form && !share.SameNode(p.ShareID, q.NodeID, p.NodeID) {
				return fmt.Errorf("%w: %q and %q call one holder %q and %q", share.ErrInconsistent, named.Path, s.Path, q.NodeID, p.NodeID)
			}
		}
	}
	return nil
}

// together reports whether two sets of shares of one root key are in use at once: a
// file has shares of both, and no file has shares of only one although its node is
// listed in both. Otherwise one set has replaced the other.
func together(files []*verdict.File, a, b *verdict.Sharing) bool {
	both := false
	for _, f := range files {
		inA, inB := holds(f, a), holds(f, b)
		if inA != inB && lists(a, f) && lists(b, f) {
			return false
		}
		both = both || inA && inB
	}
	return both
}

func holds(f *verdict.File, t *verdict.Sharing) bool {
	return slices.ContainsFunc(f.Shares, func(s *verdict.Share) bool { return slices.Contains(t.Sealed, s.Sealed) })
}

func lists(t *verdict.Sharing, f *verdict.File) bool {
	return slices.ContainsFunc(f.Shares, func(s *verdict.Share) bool { return t.Group.ByNode(s.Sealed.NodeID) != nil })
}
