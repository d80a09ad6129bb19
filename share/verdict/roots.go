package verdict

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Roots are the root keys that the user recorded: extended, or bare.
type Roots []*derive.Key

// Add returns the root keys with another one. Of two that agree, the one with a chain
// code is kept.
func (r Roots) Add(k *derive.Key) Roots {
	i := slices.IndexFunc(r, k.Agrees)
	switch {
	case i < 0:
		return append(r, k)
	case r[i].IsBare():
		r = slices.Clone(r)
		r[i] = k
	case !k.IsBare() && !slices.ContainsFunc(r, k.SameKey):
		return append(r, k)
	}
	return r
}

// Completed returns the root keys with the chain codes that bare ones lack, from keys
// that agree with them.
func (r Roots) Completed(from []*derive.Key) Roots {
	for _, k := range from {
		if r.Have(k) {
			r = r.Add(k)
		}
	}
	return r
}

// On reports whether a root key was recorded on the curve.
func (r Roots) On(c curve.Curve) bool {
	return slices.ContainsFunc(r, func(k *derive.Key) bool { return k.Curve() == c })
}

// Have reports whether a root key is a recorded one, as far as both are known.
func (r Roots) Have(root *derive.Key) bool { return slices.ContainsFunc(r, root.Agrees) }

// Uncompared returns those of some root keys whose chain code was not recorded, but
// only the public key.
func (r Roots) Uncompared(roots []*derive.Key) (left []*derive.Key) {
	for _, k := range roots {
		if r.Have(k) && !k.IsBare() && !slices.ContainsFunc(r, k.SameKey) {
			left = append(left, k)
		}
	}
	return left
}

// excludes says why a root key is not meant, or nothing if it may be.
func (a Asked) excludes(root *derive.Key) string {
	switch {
	case a.Roots.Have(root):
	case a.Roots.On(root.Curve()):
		return "its root key is not the recorded one"
	case a.Record:
		return fmt.Sprintf("nothing is recorded on %v", root.Curve())
	}
	return ""
}

// vouched reports whether a root key may be used although it comes from one file alone.
func (a Asked) vouched(root *derive.Key) bool { return a.NoRecord || a.Roots.Have(root) }

// find refuses a recorded root key that is not among those of the files. Of the root
// keys of a record, one is enough.
func (a Asked) find(roots []*derive.Key) error {
	found := false
	var absent error
	for _, k := range a.Roots {
		if slices.ContainsFunc(roots, k.Agrees) {
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
			if a.excludes(g.Root()) != "" {
				return fmt.Errorf("%q: the root key of group %q on %v %w", f.Path, g.ID, g.Curve, ErrOtherRoot)
			}
			groups = append(groups, g)
		}
	}
	return a.find(share.Roots(groups))
}

// oneVault refuses root keys of one curve that are different, unless it is recorded
// which is meant. Shares of a vault that somebody made up open, and combine; and
// their group may have any ID. So a share that did not open counts, too: it may be the
// honest one, whose password was mistyped.
func (a Asked) oneVault(known []Known) error {
	for _, c := range curve.All() {
		e := &VaultsError{Curve: c}
		for _, k := range known {
			if k.Root.Curve() == c && !a.Roots.On(c) && !a.Record {
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
				known = append(known, Known{Path: f.Path, Group: g.ID, Root: g.Root(), Unopened: closed})
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

// Known is a root key that a file names.
type Known struct {
	Path     string
	Group    string // the ID of its group
	Root     *derive.Key
	Unopened bool // only the file's word says that it belongs to this root key
}

// Choose returns the indexes of the root keys of earlier recoveries that were asked
// for, and of those that are left out because they are not recorded. Each is in one
// file, so something else must vouch for it.
func Choose(known []Known, asked Asked) (kept, unrecorded []int, err error) {
	var roots []*derive.Key
	for _, k := range known {
		roots = append(roots, k.Root)
	}
	if err := asked.find(roots); err != nil {
		return nil, nil, err
	}
	if err := asked.oneVault(known); err != nil {
		return nil, nil, err
	}
	for i, k := range known {
		switch {
		case asked.Group != "" && !share.SameID(k.Group, asked.Group):
		case asked.Only && !asked.Roots.Have(k.Root), asked.excludes(k.Root) != "":
			unrecorded = append(unrecorded, i)
		case !asked.vouched(k.Root):
			return nil, nil, fmt.Errorf("the root key of group %q on %v is from %q alone, and %w", k.Group, k.Root.Curve(), k.Path, ErrUnvouched)
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
				if p.NodeID == s.Sealed.NodeID || s.Public != nil && p.PublicKey != nil && p.PublicKey.Equal(s.Public) {
					add(p.ShareID)
				}
			}
		}
	}
	return ids
}
