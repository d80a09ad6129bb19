package holder

import (
	"fmt"
	"time"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

// Heading is how reports begin.
type Heading struct {
	Tool        string          `json:"tool"`
	Date        string          `json:"date"`
	Conditions  *cli.Conditions `json:"conditions"`
	HeldAgainst HeldAgainst     `json:"held_against"`
}

// Heading says who did it when, under which conditions, and whose vault it is.
func (s *Session) Heading(set *cli.Flags, conditions *cli.Conditions) Heading {
	return Heading{Tool: s.env.Program + " " + cli.Version, Date: set.Date().Format(time.DateOnly), Conditions: conditions, HeldAgainst: s.heldAgainst()}
}

// Blame names every file and share that did not count, and why, on standard
// error.
func (s *Session) Blame() {
	for _, in := range s.Inputs {
		if in.Err != nil {
			s.env.Warn("%v", in.Err)
		}
		// A fault that all groups of a file have is told once.
		type blame struct{ where, why string }
		var order []blame
		curves := map[blame][]string{}
		for _, sh := range in.Shares {
			if sh.Status == verdict.Good {
				continue
			}
			b := blame{fmt.Sprintf("%q, node %q", sh.Sealed.Path, sh.Sealed.NodeID), fmt.Sprintf("%s: %s", sh.Status, sh.Reason())}
			if curves[b] == nil {
				order = append(order, b)
			}
			curves[b] = append(curves[b], sh.Sealed.Curve.String())
		}
		for _, b := range order {
			s.env.Warn("%s, %s: %s", b.where, phrase.And(curves[b]), b.why)
		}
	}
}

// FileReport is what came of one share of one file.
type FileReport struct {
	Path    string         `json:"path"`
	SHA256  string         `json:"sha256,omitempty"`
	NodeID  string         `json:"node_id"`
	ShareID string         `json:"share_id,omitempty"`
	Status  verdict.Status `json:"status"`
	Reason  string         `json:"reason"`
}

// GroupReport is what came of one group.
type GroupReport struct {
	ID          string       `json:"id"`
	Curve       string       `json:"curve"`
	Epoch       string       `json:"epoch"`
	OK          bool         `json:"ok"`          // recoverable, and every file good
	Recoverable bool         `json:"recoverable"` // with the shares that were opened
	Threshold   int          `json:"threshold"`
	GoodShares  int          `json:"good_shares"`
	Unproven    bool         `json:"unproven,omitempty"`        // enough opened, and only combining them shows whether they are good
	Missing     []string     `json:"missing"`                   // node IDs whose shares were not given or are not good
	Root        string       `json:"root_extended_public_key"`  // empty if there is no chain code
	RootKey     string       `json:"root_public_key,omitempty"` // in that case
	Files       []FileReport `json:"files"`

	Lack share.Lack `json:"-"` // why there is no chain code
}

// Counts says how many shares of the group are what.
func (g *GroupReport) Counts() string {
	opened := 0
	for _, f := range g.Files {
		if f.Status == verdict.Unproven {
			opened++
		}
	}
	if opened > 0 {
		return fmt.Sprintf("%d good, %d opened and unproven, %d needed", g.GoodShares, opened, g.Threshold)
	}
	return fmt.Sprintf("%d good, %d needed", g.GoodShares, g.Threshold)
}

func report(sh *verdict.Share) FileReport {
	f := FileReport{Path: sh.File.Path, SHA256: sh.File.SHA256, NodeID: sh.Sealed.NodeID, Status: sh.Status, Reason: sh.Reason()}
	if sh.Sealed.ShareID != nil {
		f.ShareID = sh.Sealed.ShareID.Text
	}
	return f
}

// RootTexts returns a root key as reports have it: extended, or, for want of a chain
// code, bare.
func RootTexts(root *derive.Key) (extended, key string) {
	if root.IsBare() {
		return "", root.String()
	}
	return root.String(), ""
}

// Groups returns the reports of all sets of a judgement.
func Groups(j *verdict.Judgement) []GroupReport {
	groups := []GroupReport{}
	for _, s := range j.Sets {
		g := GroupReport{
			ID: s.Group.ID, Curve: s.Group.Curve.String(), Epoch: s.Group.Epoch(), Threshold: s.Group.Needed(),
			GoodShares: len(s.Good), Recoverable: s.Recoverable(), Unproven: s.Unproven() && len(s.Group.Absent) == 0, OK: s.Recoverable() && s.Clean(), Missing: s.MissingNodes(), Files: []FileReport{}, Lack: s.Group.Lack,
		}
		g.Root, g.RootKey = RootTexts(s.Group.Root())
		for _, sh := range s.Given {
			g.Files = append(g.Files, report(sh))
		}
		groups = append(groups, g)
	}
	return groups
}

// Unassigned returns the reports of files and shares that belong to no set.
func Unassigned(j *verdict.Judgement) []FileReport {
	files := []FileReport{}
	for _, f := range j.Files {
		if f.Err != nil {
			files = append(files, FileReport{Path: f.Path, SHA256: f.SHA256, Status: verdict.Unreadable, Reason: f.Err.Error()})
		}
	}
	for _, sh := range j.Stray {
		files = append(files, report(sh))
	}
	return files
}
