package verdict

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Roots are the root extended public keys that the user recorded.
type Roots []*derive.Key

// On reports whether a root key was recorded on the curve.
func (r Roots) On(c curve.Curve) bool {
	return slices.ContainsFunc(r, func(k *derive.Key) bool { return k.Curve() == c })
}

// Have reports whether a root key is a recorded one. nil is not.
func (r Roots) Have(root *derive.Key) bool {
	return root != nil && slices.ContainsFunc(r, root.SameKey)
}

// contradict reports whether the root key recorded on the group's curve is another
// one.
func (r Roots) contradict(g *share.Group) bool { return r.On(g.Curve) && !r.Have(g.Root()) }

// excludes says why a group is not meant, or nothing if it may be.
func (a Asked) excludes(g *share.Group) string {
	switch {
	case a.Roots.contradict(g):
		return "its root key is not the recorded one"
	case a.Record && !a.Roots.Have(g.Root()):
		return fmt.Sprintf("nothing is recorded on %v", g.Curve)
	}
	return ""
}

// vouched reports whether a root key may be used although it comes from one file alone.
func (a Asked) vouched(root *derive.Key) bool { return a.NoRecord || a.Roots.Have(root) }

// find refuses a recorded root key that none of the groups has. Of the root keys of a
// record, one is enough.
func (a Asked) find(groups []*share.Group) error {
	found := false
	var absent error
	for _, k := range a.Roots {
		if slices.ContainsFunc(groups, func(g *share.Group) bool { root := g.Root(); return root != nil && root.SameKey(k) }) {
			found = true
		} else if absent == nil {
			absent = fmt.Errorf("the recorded root key %s %w", k, ErrRootAbsent)
		}
	}
	if a.Record && found {
		return nil
	}
	return absent
}

// Check compares every share of the files with what was recorded, for callers who use
// all that they are given.
func (a Asked) Check(files []*File) error {
	var groups []*share.Group
	for _, f := range files {
		for _, s := range f.Shares {
			g := s.Sealed.Group
			if g == nil {
				continue
			}
			if a.excludes(g) != "" {
				return fmt.Errorf("%q: the root key of group %q on %v %w", f.Path, g.ID, g.Curve, ErrOtherRoot)
			}
			groups = append(groups, g)
		}
	}
	return a.find(groups)
}

// oneVault refuses root keys of one curve that are different, unless it is recorded
// which is meant. Shares of a vault that somebody made up open, and combine; and
// their group may have any ID. So a share that did not open counts, too: it may be the
// honest one, whose password was mistyped.
func (a Asked) oneVault(known []Known) error {
	for _, c := range curve.All() {
		e := &VaultsError{Curve: c}
		for _, k := range known {
			if k.Point.Curve() == c && !a.Roots.On(c) && !a.Record {
				e.add(k)
			}
		}
		if len(e.Vaults) > 1 {
			return e
		}
	}
	return nil
}

// claimed returns the root keys that shares claim to belong to: those that were opened,
// and those that were not and contradict nothing.
func claimed(files []*File) (known []Known) {
	for _, f := range files {
		for _, s := range f.Shares {
			closed := s.Status == Unopened && s.Sealed.Err() == nil
			if g := s.Sealed.Group; g != nil && (s.Public != nil || closed) {
				known = append(known, Known{Path: f.Path, Group: g.ID, Point: g.RootKey, Root: g.Root(), Unopened: closed})
			}
		}
	}
	return known
}

// Groups returns the groups that files describe, for callers that open nothing.
// Every share must be sound.
func Groups(files []*File, asked Asked) ([]*share.Group, error) {
	var sealed []*share.Sealed
	for _, f := range files {
		for _, s := range f.Shares {
			if err := s.Sealed.Err(); err != nil {
				return nil, fmt.Errorf("%q: %w", f.Path, err)
			}
			sealed = append(sealed, s.Sealed)
		}
	}
	if err := asked.Check(files); err != nil {
		return nil, err
	}
	var groups []*share.Group
	for _, t := range Collect(sealed) {
		if asked.Group == "" || t.named(asked.Group) {
			groups = append(groups, t.Group)
		}
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("no file is of group %q", asked.Group)
	}
	return groups, nil
}

// Known is a root key that a file names. Root is nil if the chain code is unknown.
type Known struct {
	Path     string
	Group    string // the ID of its group
	Point    *curve.Point
	Root     *derive.Key
	Unopened bool // only the file's word says that it belongs to this root key
}

// Choose returns the indexes of the root keys of earlier recoveries that were asked
// for, and of those that are left out because they are not recorded. Each is in one
// file, so something else must vouch for it.
func Choose(known []Known, asked Asked) (kept, unrecorded []int, err error) {
	var groups []*share.Group
	for _, k := range known {
		chain := k.Root.ChainCode()
		groups = append(groups, &share.Group{Curve: k.Point.Curve(), RootKey: k.Point, ChainCode: &chain})
	}
	if err := asked.find(groups); err != nil {
		return nil, nil, err
	}
	if err := asked.oneVault(known); err != nil {
		return nil, nil, err
	}
	for i, k := range known {
		switch {
		case asked.Group != "" && !share.SameID(k.Group, asked.Group):
		case asked.Only && !asked.Roots.Have(k.Root), asked.excludes(groups[i]) != "":
			unrecorded = append(unrecorded, i)
		case !asked.vouched(k.Root):
			return nil, nil, fmt.Errorf("the root key of group %q on %v is from %q alone, and %w", k.Group, k.Point.Curve(), k.Path, ErrUnvouched)
		default:
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return nil, unrecorded, errors.New("none of the root keys in these files has the group and the recorded root key that were asked for")
	}
	return kept, unrecorded, nil
}

// PossibleIDs lists the share IDs that an opened share may have: its own, and
// those that any of the files lists for its node or its share public key.
func PossibleIDs(files []*File, s *Share) []share.ID {
	var ids []share.ID
	add := func(id share.ID) {
		if !slices.ContainsFunc(ids, id.Equal) {
			ids = append(ids, id)
		}
	}
	if s.Sealed.ShareID != nil {
		add(*s.Sealed.ShareID)
	}
	for _, f := range files {
		for _, other := range f.Shares {
			if other.Sealed.Curve != s.Sealed.Curve {
				continue
			}
			for _, p := range other.Sealed.Roster {
				if p.NodeID == s.Sealed.NodeID || s.Public != nil && p.PublicKey.Equal(s.Public) {
					add(p.ShareID)
				}
			}
		}
	}
	return ids
}
