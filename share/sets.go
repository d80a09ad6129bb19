package share

import (
	"fmt"
	"slices"
	"strings"
)

// Set is the shares that belong together: of one root key, chain code and epoch.
type Set struct {
	Group    *Group
	Shares   []*Sealed // in the order given; the same share may be there twice
	Warnings []string  // differences that change no key
}

// Collect sorts shares into sets. Shares with problems belong to none. The sets
// come in the order in which their first share was given.
func Collect(shares []*Sealed) []*Set {
	var sets []*Set
	for _, s := range shares {
		if s.Err() != nil || s.Group == nil {
			continue
		}
		i := slices.IndexFunc(sets, func(t *Set) bool { return t.takes(s) })
		if i < 0 {
			sets = append(sets, &Set{Group: s.Group, Shares: []*Sealed{s}})
			continue
		}
		t := sets[i]
		if t.Group.ChainCode == nil {
			t.Group = s.Group // tss-lib does not store the chain code
		}
		if _, minor := t.Group.Differences(s.Group); len(minor) > 0 && s.Form == t.Shares[0].Form {
			t.Warnings = append(t.Warnings, fmt.Sprintf("%q and %q describe the same shares and differ in: %s", t.Shares[0].Path, s.Path, strings.Join(minor, ", ")))
		}
		t.Shares = append(t.Shares, s)
	}
	return sets
}

func (t *Set) takes(s *Sealed) bool {
	if t.Group.Curve != s.Curve || !t.Group.SameKey(s.Group) {
		return false
	}
	serious, _ := t.Group.Differences(s.Group)
	return len(serious) == 0
}

// Holders returns the participants whose shares are in the set, each once.
func (t *Set) Holders(has func(*Sealed) bool) (present, missing []Participant) {
	for _, p := range t.Group.Participants {
		if slices.ContainsFunc(t.Shares, func(s *Sealed) bool { return s.ShareID.Equal(p.ShareID) && has(s) }) {
			present = append(present, p)
		} else {
			missing = append(missing, p)
		}
	}
	return present, missing
}

// Relation says in words how a group that cannot be mixed with g is related to it.
func (g *Group) Relation(o *Group) string {
	switch {
	case g.Curve != o.Curve:
		return "another curve"
	case !g.SameKey(o):
		return "another group: its root key is a different one"
	case g.ChainCode != nil && o.ChainCode != nil && *g.ChainCode != *o.ChainCode:
		return "the same root key with another chain code"
	case g.Epoch() != o.Epoch():
		return "another epoch of the same root key: its shares were made by another reshare and do not mix"
	}
	return "the same group"
}
