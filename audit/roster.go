package audit

import (
	"encoding/hex"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Roster is a group known from a file, prepared for checking many statements.
type Roster struct {
	Group  *share.Group
	SHA256 string // hex

	byID map[[curve.ScalarSize]byte]*share.Participant
}

// NewRoster prepares a group that has passed its Check.
func NewRoster(g *share.Group) *Roster {
	sum := g.RosterSHA256()
	r := &Roster{Group: g, SHA256: hex.EncodeToString(sum[:]), byID: map[[curve.ScalarSize]byte]*share.Participant{}}
	for i := range g.Participants {
		p := &g.Participants[i]
		r.byID[p.ShareID.Scalar().Bytes()] = p
	}
	return r
}

// Check compares a statement with the group.
func (r *Roster) Check(s *Statement) error {
	g := r.Group
	var p *share.Participant
	if g.Curve == s.Curve {
		p = r.byID[s.ShareID.Scalar().Bytes()]
	}
	differs := ""
	switch {
	case !g.RootKey.Equal(s.RootKey):
		differs = "root public key"
	case !sameRoster(r.SHA256, s.Roster):
		differs = "epoch: it is of another set of shares"
	case p == nil:
		differs = "share ID"
	case p.PublicKey == nil || !p.PublicKey.Equal(s.PublicKey):
		differs = "share public key"
	case !share.SameNode(p.ShareID, p.NodeID, s.NodeID):
		differs = "node ID"
	case g.Threshold != s.Threshold:
		differs = "threshold"
	default:
		return nil
	}
	return fmt.Errorf("%w: node %q, group %q: it has another %s", ErrContradicts, s.NodeID, g.ID, differs)
}

// Answers compares a statement with what was asked, if anything was, and with the
// groups that are known, if any are.
func (s *Statement) Answers(asked Statement, groups []*Roster) error {
	if want := asked.subjects(); len(want) > 0 && want[0] != s.subjects()[0] {
		return fmt.Errorf("%w: node %q answered another question: %s", ErrContradicts, s.NodeID, s.Subject())
	}
	if len(groups) == 0 {
		return nil
	}
	ofRoot := func(g *Roster) bool { return g.Group.RootKey.Equal(s.RootKey) }
	i := slices.IndexFunc(groups, func(g *Roster) bool { return ofRoot(g) && sameRoster(g.SHA256, s.Roster) })
	if i < 0 {
		i = slices.IndexFunc(groups, ofRoot)
	}
	if i < 0 {
		return fmt.Errorf("%w: node %q attests to a root key that none of the group files has", ErrContradicts, s.NodeID)
	}
	return groups[i].Check(s)
}
