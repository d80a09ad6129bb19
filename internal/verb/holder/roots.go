package holder

import (
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// ParseRoots reads the root extended public keys that the user recorded.
func ParseRoots(texts []string) ([]*derive.Key, error) {
	var roots []*derive.Key
	for i, t := range texts {
		k, err := derive.Parse(t)
		if err != nil {
			return nil, fmt.Errorf("--xpub number %d: %w", i+1, err)
		}
		if !k.IsRoot() {
			return nil, fmt.Errorf("--xpub number %d: it has depth %d; a root key has depth 0", i+1, k.Depth())
		}
		roots = append(roots, k)
	}
	return roots, nil
}

// RecordedOn reports whether the user recorded a root key on the curve.
func (s *Session) RecordedOn(c curve.Curve) bool {
	return slices.ContainsFunc(s.Roots, func(r *derive.Key) bool { return r.Curve() == c })
}

// Records reports whether a root key is one that the user recorded. nil is none.
func (s *Session) Records(root *derive.Key) bool {
	return root != nil && slices.ContainsFunc(s.Roots, root.SameKey)
}

// CheckRoots holds the root keys that the user recorded against the groups of
// all shares, for verbs that use every file they are given.
func (s *Session) CheckRoots() error {
	var groups []*share.Group
	for _, in := range s.Inputs {
		for _, e := range in.Entries {
			g := e.Sealed.Group
			if g == nil {
				continue
			}
			if s.contradicts(g) {
				return cli.Fail(cli.Mismatch, fmt.Errorf("%q: the root key of group %q on %v is not the one of --xpub", in.Path, g.ID, g.Curve),
					"check which vault the file is of; mpc-backup inspect shows the root key of each group")
			}
			groups = append(groups, g)
		}
	}
	return s.find(groups)
}

// find refuses a recorded root key that is of none of the groups.
func (s *Session) find(groups []*share.Group) error {
	for _, r := range s.Roots {
		if !slices.ContainsFunc(groups, func(g *share.Group) bool { root := g.Root(); return root != nil && root.SameKey(r) }) {
			return cli.Fail(cli.Mismatch, fmt.Errorf("--xpub %s is the root key of none of the groups in these files", r),
				"check which vault the files are of; mpc-backup inspect shows the root key of each group")
		}
	}
	return nil
}

// contradicts reports whether a root key was recorded on the group's curve, and
// it is another.
func (s *Session) contradicts(g *share.Group) bool {
	return s.RecordedOn(g.Curve) && !s.Records(g.Root())
}
