package record

import (
	"encoding/hex"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/phrase"
	"lifeboat/share"
)

// A Difference is a way in which a group differs from the record.
type Difference uint8

// The differences, the gravest first.
const (
	NoCurve    Difference = iota + 1 // the record has no group on the curve
	RootKey                          // it is another vault
	ChainCode                        // and tree: the root key would have other addresses
	Scheme                           // how shares make the key
	Unrecorded                       // the group has a chain code, and the record has none to compare it with
	Threshold                        // how many shares are needed
	Roster                           // share IDs or share public keys: another set of shares
	NodeIDs                          // the same shares under other names
	GroupID                          // the vendor's name of the group, on which no key depends
)

var differences = [...]string{
	NoCurve: "curve", RootKey: "root public key", ChainCode: "chain code or tree", Scheme: "scheme", Unrecorded: "chain code, which is not recorded", Threshold: "threshold",
	Roster: "share IDs or share public keys", NodeIDs: "node IDs", GroupID: "group ID",
}

// String returns what is different.
func (d Difference) String() string { return differences[d] }

// The least difference that stops a task. Lesser ones are only reported.
const (
	// StopsKey is for recovering a key: that is checked against the root public key, and
	// providers refresh shares.
	StopsKey = Scheme
	// StopsDealing is for dealing shares to people, and for swearing to the record: nothing
	// may differ but the vendor's name of the group.
	StopsDealing = NodeIDs
)

// Judge compares a group with the record. Differences as grave as least, or graver, stop
// the task; the others are only told. Of both, the gravest come first. A chain code that
// the record lacks is as good as recorded if one of the vouched root keys has it.
func (r *Record) Judge(g *share.Group, least Difference, vouched []*derive.Key) (grave, told []Difference) {
	_, found := r.Compare(g)
	if slices.ContainsFunc(vouched, g.Root().SameKey) {
		found = slices.DeleteFunc(found, func(d Difference) bool { return d == Unrecorded })
	}
	i := slices.IndexFunc(found, func(d Difference) bool { return d > least })
	if i < 0 {
		i = len(found)
	}
	return found[:i], found[i:]
}

// List lists differences for people.
func List(found []Difference) string {
	var list []string
	for _, d := range found {
		list = append(list, d.String())
	}
	return phrase.And(list)
}

// Compare compares a group with the recorded one of the same root key, or the
// closest of several. recorded is nil if there is none, and the difference is then
// NoCurve or RootKey. The chain code does not differ if the group has none.
func (r *Record) Compare(g *share.Group) (recorded *share.Group, found []Difference) {
	i, found := closest(r.Groups, g)
	switch {
	case i >= 0 && g.ChainCode == nil:
		return r.Groups[i], slices.DeleteFunc(found, func(d Difference) bool { return d == ChainCode })
	case i >= 0:
		return r.Groups[i], found
	case len(r.On(g.Curve)) == 0:
		return nil, []Difference{NoCurve}
	}
	return nil, []Difference{RootKey}
}

// closest returns which group with the root key of g differs least from it, or -1.
func closest(groups []*share.Group, g *share.Group) (at int, found []Difference) {
	at = -1
	for i, o := range groups {
		if !o.SameKey(g) {
			continue
		}
		if d := differ(o, g); at < 0 || weight(d) < weight(found) {
			at, found = i, d
		}
	}
	return at, found
}

// weight makes a difference count for more than all lesser ones together.
func weight(found []Difference) (sum int) {
	for _, d := range found {
		sum += 1 << (GroupID - d)
	}
	return sum
}

// differ compares two groups of one root key.
func differ(recorded, g *share.Group) (found []Difference) {
	add := func(d Difference, is bool) {
		if is {
			found = append(found, d)
		}
	}
	same := recorded.SameShares(g)
	add(ChainCode, recorded.ChainCode != nil && !recorded.Root().SameKey(g.Root()))
	add(Scheme, recorded.Scheme != g.Scheme)
	add(Unrecorded, recorded.ChainCode == nil && g.ChainCode != nil)
	add(Threshold, recorded.Threshold != g.Threshold)
	add(Roster, !same)
	add(NodeIDs, same && !recorded.SameNodes(g))
	add(GroupID, !share.SameID(recorded.ID, g.ID))
	return found
}

// A Change is a way in which a record differs from an earlier one.
type Change struct {
	What        string       // the name of the line that begins it: group, person, exit …
	About       string       // what it is about: a root key, a node ID, an address …
	How         How          // what was done
	Differences []Difference // of a group that was altered
}

// How is what was done to a part of a record.
type How string

// The changes.
const (
	Added   How = "added"
	Removed How = "removed"
	Altered How = "altered"
)

// Changes compares a record with the one before it, in the order of the text. Serial
// number, date and codes are not changes.
func (r *Record) Changes(before *Record) []Change {
	changes := r.groupChanges(before)
	for i, now := range r.parts() {
		changes = append(changes, now.changes(before.parts()[i])...)
	}
	return changes
}

// groupChanges pairs groups that are the same before those that differ.
func (r *Record) groupChanges(before *Record) (changes []Change) {
	old := slices.Clone(before.Groups)
	var left []*share.Group
	for _, g := range r.Groups {
		if i, found := closest(old, g); i >= 0 && len(found) == 0 {
			old = slices.Delete(old, i, i+1)
		} else {
			left = append(left, g)
		}
	}
	for _, g := range left {
		c := Change{What: keyGroup, About: g.Root().String(), How: Added}
		if i, found := closest(old, g); i >= 0 {
			old = slices.Delete(old, i, i+1)
			c.How, c.Differences = Altered, found
		}
		changes = append(changes, c)
	}
	for _, g := range old {
		changes = append(changes, Change{What: keyGroup, About: g.Root().String(), How: Removed})
	}
	return changes
}

// part is one list of a record. Each entry is what it is about, which identifies it, and
// its value.
type part struct {
	what    string
	entries [][2]string
}

func (r *Record) parts() []part {
	people, recipients, exits, book, keys := part{what: keyPerson}, part{what: keyRecipient}, part{what: keyExit}, part{what: "address book"}, part{what: keyRelease}
	for _, p := range r.People {
		people.add(p.NodeID, p.Name+"\n"+p.Contact)
	}
	for _, p := range r.Recipients {
		recipients.add(p.Text, p.Label)
	}
	for _, e := range r.Exits {
		exits.add(shown(e.key()), "")
	}
	if r.Book != nil {
		book.add(hex.EncodeToString(r.Book.SHA256[:]), "")
	}
	for _, k := range r.ReleaseKeys {
		keys.add(k, "")
	}
	return []part{people, recipients, exits, book, keys}
}

func (p *part) add(about, value string) { p.entries = append(p.entries, [2]string{about, value}) }

func (p part) changes(before part) (changes []Change) {
	old := map[string]string{}
	for _, e := range before.entries {
		old[e[0]] = e[1]
	}
	for _, e := range p.entries {
		was, ok := old[e[0]]
		delete(old, e[0])
		switch {
		case !ok:
			changes = append(changes, Change{What: p.what, About: e[0], How: Added})
		case was != e[1]:
			changes = append(changes, Change{What: p.what, About: e[0], How: Altered})
		}
	}
	for _, e := range before.entries {
		if _, left := old[e[0]]; left {
			changes = append(changes, Change{What: p.what, About: e[0], How: Removed})
		}
	}
	return changes
}
