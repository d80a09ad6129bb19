package verdict

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/share"
)

// Sharing is a set of shares that belong together: of one root key, chain code and
// epoch.
type Sharing struct {
	Group    *share.Group
	Sealed   []*share.Sealed // in the order given; the same share may be there twice
	Warnings []string        // differences that change no key
}

// Collect sorts shares into sharings. Shares with problems are left out. The
// sharings come in the order in which their first share was given.
func Collect(shares []*share.Sealed) []*Sharing {
	var all []*Sharing
	for _, s := range shares {
		if s.Err() != nil || s.Group == nil {
			continue
		}
		i := slices.IndexFunc(all, func(t *Sharing) bool { return t.takes(s) })
		if i < 0 {
			all = append(all, &Sharing{Group: s.Group, Sealed: []*share.Sealed{s}})
			continue
		}
		t := all[i]
		if t.Group.ChainCode == nil {
			t.Group = s.Group // tss-lib does not store the chain code
		}
		if k := slices.IndexFunc(t.Sealed, func(o *share.Sealed) bool { return o.Form == s.Form }); k >= 0 {
			if _, minor := t.Sealed[k].Group.Differences(s.Group); len(minor) > 0 {
				t.Warnings = append(t.Warnings, fmt.Sprintf("%q and %q describe the same shares and differ in: %s", t.Sealed[k].Path, s.Path, strings.Join(minor, ", ")))
			}
		}
		t.Sealed = append(t.Sealed, s)
	}
	return all
}

func (t *Sharing) takes(s *share.Sealed) bool {
	if t.Group.Curve != s.Curve || !t.Group.SameKey(s.Group) {
		return false
	}
	serious, _ := t.Group.Differences(s.Group)
	return len(serious) == 0
}

// named reports whether any of the files gives the group this ID.
func (t *Sharing) named(id string) bool {
	return slices.ContainsFunc(t.Sealed, func(s *share.Sealed) bool { return share.SameID(s.Group.ID, id) })
}

// Relation says in words how a group of the same curve that cannot be mixed with g
// is related to it.
func Relation(g, o *share.Group) string {
	switch {
	case !g.SameKey(o):
		return "another group: its root key is a different one"
	case g.ChainCode != nil && o.ChainCode != nil && *g.ChainCode != *o.ChainCode:
		return "the same root key with another chain code"
	case !g.SameShares(o):
		return "another epoch of the same root key: its shares were made by another reshare and do not mix"
	}
	return "the same group"
}
