package holder

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// Recorded reports whether anything was given that did not travel with the files.
func (f *Flags) Recorded() bool { return f.Record.Given() || len(f.Xpubs) > 0 }

// CheckVouched refuses to go on for a vault that nobody vouches for, not even in so
// many words.
func (f *Flags) CheckVouched(set *cli.Flags) error {
	switch {
	case f.Recorded() && f.NoRecord:
		return set.Misuse("--no-record contradicts --record and --xpub")
	case !f.Recorded() && !f.NoRecord:
		return set.Misuse("give --record, or the root extended public key of each group with --xpub, from your own papers; nothing else tells you whose vault it is; --no-record says that you have neither")
	}
	return f.Record.Check(set)
}

// readRecord reads the record, if one was given.
func (s *Session) readRecord() (err error) {
	if s.Record, err = s.flags.Record.Read(s.env); err != nil || s.Record == nil {
		return err
	}
	if s.sworn, err = s.flags.oaths.Judge(s.env, &s.flags.Record, s.Record); err != nil {
		return err
	}
	s.Roots, err = s.flags.Record.Roots(s.Record, s.Roots)
	return err
}

// CheckRecord compares sets with the record. least is the least difference that stops
// the run; lesser ones give a warning.
func (s *Session) CheckRecord(sets []*verdict.Set, least record.Difference) error {
	if s.Record == nil {
		return nil
	}
	for _, set := range sets {
		differs := func(found []record.Difference) error {
			return fmt.Errorf("group %q on %v is not as the record has it; different: %s", set.Group.ID, set.Group.Curve, record.List(found))
		}
		grave, told := s.Record.Judge(set.Group, least, s.Roots)
		if len(grave) > 0 {
			hint := "if these are the shares that are in use, have a record made of them first: mpc-backup record FILE… --previous " + cli.Clean(s.flags.Record.Path())
			if grave[0] == record.Unrecorded {
				hint = "give the root extended public key with --xpub beside the record, from your own papers: it has the chain code"
			}
			return cli.Fail(cli.Mismatch, differs(grave), hint)
		}
		// WarnUncompared has told of a chain code that was not recorded.
		if told = slices.DeleteFunc(told, func(d record.Difference) bool { return d == record.Unrecorded }); len(told) > 0 {
			s.env.Warn("%v", differs(told))
		}
	}
	return nil
}

// recorded are the groups of the record, if there is one.
func (s *Session) recorded() []*share.Group {
	if s.Record == nil {
		return nil
	}
	return s.Record.Groups
}

// CheckDealing compares the sets that are dealt with the record, and returns the groups
// that are left out; if a node is named, those in which it has a share.
func (s *Session) CheckDealing(j *verdict.Judgement, sets []*verdict.Set, node string) (left []*share.Group, err error) {
	if err := s.CheckRecord(sets, record.StopsDealing); err != nil {
		return nil, err
	}
	left = j.Uncovered(s.recorded(), sets, node)
	if err := j.Covered(left); err != nil {
		return nil, s.Fail(err)
	}
	s.WarnUnrecorded(func(c curve.Curve) bool {
		return slices.ContainsFunc(sets, func(s *verdict.Set) bool { return s.Group.Curve == c })
	})
	return left, nil
}

// CheckKeys compares the sets whose keys are recovered with the record, and names the
// recorded groups whose keys are not.
func (s *Session) CheckKeys(j *verdict.Judgement, sets []*verdict.Set) error {
	if err := s.CheckRecord(sets, record.StopsKey); err != nil {
		return err
	}
	left := j.Uncovered(s.recorded(), sets, "")
	if j.Covered(left) == nil {
		return nil
	}
	for _, g := range left {
		s.env.Warn("the record has group %q on %v, but its key is not recovered", g.ID, g.Curve)
	}
	return nil
}

// HeldAgainst says in a report what the files were compared with.
type HeldAgainst struct {
	What     string `json:"what"`              // record, xpub or nothing
	Only     string `json:"only_on,omitempty"` // the one curve on which --xpub had a root key
	NoRecord bool   `json:"no_record"`         // nothing, as the user said
	Serial   int    `json:"record_serial,omitempty"`
	Date     string `json:"record_date,omitempty"`
	Sworn    bool   `json:"record_sworn"` // --sworn showed that every holder has signed it
}

// heldAgainst returns what the flags said.
func (s *Session) heldAgainst() HeldAgainst {
	switch {
	case s.Record != nil:
		return HeldAgainst{What: "record", Serial: s.Record.Serial, Date: s.Record.Date, Sworn: s.sworn}
	case len(s.Roots) > 0:
		h := HeldAgainst{What: "xpub"}
		if on := slices.DeleteFunc(curve.All(), func(c curve.Curve) bool { return !s.Roots.On(c) }); len(on) == 1 {
			h.Only = on[0].String()
		}
		return h
	}
	return HeldAgainst{What: "nothing", NoRecord: s.flags.NoRecord}
}

func (h HeldAgainst) String() string {
	switch {
	case h.Sworn:
		return fmt.Sprintf("record number %d, of %s, which every holder has signed", h.Serial, h.Date)
	case h.What == "record":
		return fmt.Sprintf("record number %d, of %s, which is unsworn as far as is known here", h.Serial, h.Date)
	case h.Only != "":
		return fmt.Sprintf("the root keys of --xpub on %s, and on other curves nothing", h.Only)
	case h.What == "xpub":
		return "the root keys of --xpub"
	}
	said := ""
	if h.NoRecord {
		said = ", as --no-record says"
	}
	return fmt.Sprintf("nothing%s: it is the vault of whoever made the files", said)
}

// WarnUnrecorded names the curves that are used, and on which --xpub has no root key,
// although it has one on another.
func (s *Session) WarnUnrecorded(used func(curve.Curve) bool) {
	for _, c := range curve.All() {
		if len(s.Roots) > 0 && !s.Roots.On(c) && used(c) {
			s.env.Warn("no --xpub was given on %v: the root key there is the one that the files name", c)
		}
	}
}

// question asks for the password of a share, of the person who has it if the record
// says who that is, and by the node, since a person may have several.
func (s *Session) question(sh *share.Sealed) string {
	if s.Record != nil {
		if p, ok := s.Record.Person(sh.NodeID); ok {
			return fmt.Sprintf("Password of %s's file %q, node %q: ", strings.TrimSpace(cli.Clean(p.Name)), sh.Path, sh.NodeID)
		}
	}
	return fmt.Sprintf("Password of %q, node %q: ", sh.Path, sh.NodeID)
}
