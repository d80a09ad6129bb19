package recover

import (
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share"
)

// pinFlags are the flags of every step that believes or makes anything: what the
// party compares the folder with, and what did not travel with it.
type pinFlags struct {
	holder.Flags
	groups []string
	json   bool
}

func (f *pinFlags) define(set *cli.Flags) {
	f.Flags.Define(set)
	f.DefineNoRecord(set)
	set.StringArrayVar(&f.groups, "group", nil, "")
	set.BoolVar(&f.json, "json", false, "")
}

// read returns what the flags pin the plan to.
func (f *pinFlags) read(session *holder.Session) *ceremony.Pins {
	return &ceremony.Pins{Record: session.Record, Roots: session.Roots, Groups: f.groups}
}

// against compares the plan in a folder with what the party has recorded, and with
// what the party's own files have shares of.
func (f *pinFlags) against(dir *folder, session *holder.Session) error {
	dir.pins = f.read(session)
	dir.own = groupsIn(session)
	return dir.fail(dir.Pinned(dir.pins, dir.own...))
}

// groupsIn returns the groups that the inputs say they have shares of.
func groupsIn(session *holder.Session) []*share.Group {
	var groups []*share.Group
	for _, in := range session.Inputs {
		for _, sh := range in.Shares {
			if g := sh.Sealed.Group; g != nil && sh.Sealed.Err() == nil {
				groups = append(groups, g)
			}
		}
	}
	return groups
}
