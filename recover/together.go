package recover

import (
	"fmt"

	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// What follows plays every party of a Redistribution or a Repair in turn, on one
// machine. Every check is still made, and the root private key is not computed.

// Resharing is a new sharing with its shares, in the order of the participants.
type Resharing struct {
	Group  *share.Group
	Shares []*scalar.Secret
}

// Wipe erases the new shares.
func (r *Resharing) Wipe() { WipeAll(r.Shares) }

// Reshare makes the new shares of a group, one for each of nodes, from exactly as
// many old ones as are needed. threshold, id and created are the new group's.
func Reshare(old *share.Group, helpers []*open.Share, nodes []string, threshold int, id, created string) (*Resharing, error) {
	dealers, err := idsOf(helpers)
	if err != nil {
		return nil, err
	}
	var taken []share.ID
	for _, p := range old.Participants {
		taken = append(taken, p.ShareID)
	}
	for range nodes {
		taken = append(taken, open.NewID(old.Curve, taken...))
	}
	ids := taken[len(old.Participants):]
	plan, err := NewRedistribution(old, old.RootKey, dealers, threshold, ids)
	if err != nil {
		return nil, err
	}
	dealings, parts, err := deal(helpers, plan.Deal)
	defer wipeParts(parts)
	if err != nil {
		return nil, err
	}
	r := &Resharing{}
	if r.Group, err = plan.Group(id, created, nodes, dealings); err != nil {
		return nil, err
	}
	for j, n := range ids {
		x, err := plan.Accept(n, dealings, parts[j])
		if err != nil {
			r.Wipe()
			return nil, err
		}
		r.Shares = append(r.Shares, x)
	}
	return r, nil
}

// RepairShare restores the share with a lost share ID from exactly as many others
// as are needed. It is the caller's to wipe.
func RepairShare(g *share.Group, helpers []*open.Share, lost share.ID) (*scalar.Secret, error) {
	ids, err := idsOf(helpers)
	if err != nil {
		return nil, err
	}
	plan, err := NewRepair(g, g.RootKey, ids, lost)
	if err != nil {
		return nil, err
	}
	splits, parts, err := deal(helpers, plan.Split)
	defer wipeParts(parts)
	if err != nil {
		return nil, err
	}
	var sums []*scalar.Secret
	defer func() { WipeAll(sums) }()
	for j, id := range ids {
		x, err := plan.Sum(id, splits, parts[j])
		if err != nil {
			return nil, err
		}
		sums = append(sums, x)
	}
	return plan.Accept(splits, ids, sums)
}

func idsOf(helpers []*open.Share) ([]share.ID, error) {
	var ids []share.ID
	for _, h := range helpers {
		id := h.Sealed().ShareID
		if id == nil { // it was salvaged
			return nil, fmt.Errorf("share of %q: %w", h.Sealed().Path, ErrNotOfGroup)
		}
		ids = append(ids, *id)
	}
	return ids, nil
}

// deal lets each helper deal, and sorts the parts by who gets them: parts[j][i] is
// for the j-th party, from the i-th helper.
func deal(helpers []*open.Share, by func(*open.Share) (*Commitments, []*scalar.Secret, error)) (public []*Commitments, parts [][]*scalar.Secret, err error) {
	for i, h := range helpers {
		c, dealt, err := by(h)
		if err != nil {
			return nil, parts, err
		}
		if i == 0 {
			parts = make([][]*scalar.Secret, len(dealt))
		}
		public = append(public, c)
		for j, x := range dealt {
			parts[j] = append(parts[j], x)
		}
	}
	return public, parts, nil
}

func wipeParts(parts [][]*scalar.Secret) {
	for _, list := range parts {
		WipeAll(list)
	}
}
