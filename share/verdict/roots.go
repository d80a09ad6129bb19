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

// Have reports whether a root key is a recorded one. nil is none.
func (r Roots) Have(root *derive.Key) bool {
	return root != nil && slices.ContainsFunc(r, root.SameKey)
}

// contradict reports whether a root key was recorded on the group's curve, and it
// is another.
func (r Roots) contradict(g *share.Group) bool { return r.On(g.Curve) && !r.Have(g.Root()) }

// find refuses a recorded root key that is of none of the groups.
func (r Roots) find(groups []*share.Group) error {
	for _, k := range r {
		if !slices.ContainsFunc(groups, func(g *share.Group) bool { root := g.Root(); return root != nil && root.SameKey(k) }) {
			return fmt.Errorf("the recorded root key %s %w", k, ErrRootAbsent)
		}
	}
	return nil
}

// Check holds the recorded root keys against every share of the files, for those
// who use all that they are given.
func (r Roots) Check(files []*File) error {
	var groups []*share.Group
	for _, f := range files {
		for _, s := range f.Shares {
			g := s.Sealed.Group
			if g == nil {
				continue
			}
			if r.contradict(g) {
				return fmt.Errorf("%q: the root key of group %q on %v %w", f.Path, g.ID, g.Curve, ErrOtherRoot)
			}
			groups = append(groups, g)
		}
	}
	return r.find(groups)
}

// Groups returns the groups that files describe, for those who open nothing. Every
// share must be in order.
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
	if err := asked.Roots.Check(files); err != nil {
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

// Known is a root key that an earlier recovery wrote, and the ID of its group.
type Known struct {
	Group string
	Root  *derive.Key
}

// Choose returns the indexes of the known root keys that were asked for, and of
// those that are left out since they are not recorded.
func Choose(known []Known, asked Asked) (kept, unrecorded []int, err error) {
	for _, r := range asked.Roots {
		if !slices.ContainsFunc(known, func(k Known) bool { return k.Root.SameKey(r) }) {
			return nil, nil, fmt.Errorf("the recorded root key %s %w", r, ErrRootAbsent)
		}
	}
	for i, k := range known {
		switch {
		case asked.Group != "" && !share.SameID(k.Group, asked.Group):
		case (asked.Only || asked.Roots.On(k.Root.Curve())) && !asked.Roots.Have(k.Root):
			unrecorded = append(unrecorded, i)
		default:
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return nil, unrecorded, errors.New("none of the root keys in these files is of the group and of the recorded root key that were asked for")
	}
	return kept, unrecorded, nil
}

// Beside is the judgement on what was given beside known root keys: the files that
// cannot be used, and shares, which are not combined then.
func Beside(files []*File, known []Known) *Judgement {
	j := &Judgement{Files: files}
	for _, f := range files {
		for _, s := range f.Shares {
			if s.Status == Good {
				s.Status, s.Note = Elsewhere, "not used: the root keys are those of a bundle, and the file of this share names none of them; run key again without the bundle"
				group := s.Sealed.Group // nil if it is damaged and was salvaged
				if group != nil && slices.ContainsFunc(known, func(k Known) bool { return group.RootKey.Equal(k.Root.Point()) }) {
					s.Note = "not needed: the root keys are those of a bundle"
				}
			}
			j.Stray = append(j.Stray, s)
		}
	}
	return j
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
