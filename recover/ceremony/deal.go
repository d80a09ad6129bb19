package ceremony

import (
	"errors"
	"fmt"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// dealFile is a deal that was read.
type dealFile struct {
	*message
	commitments []*recover.Commitments // by group
	parts       [][][]byte             // by group, by receiver; sealed
}

// match finds for each group of the plan the share that belongs to it, and
// returns whose they are. The shares come from the dealer's own files, and so pin
// the plan to the root key, the chain code and the roster that the dealer knows.
func match(groups []*share.Group, shares []*open.Share) (node string, sorted []*open.Share, err error) {
	for _, g := range groups {
		var found *open.Share
		why := errors.New("its file has no share of that root key")
		for _, s := range shares {
			own := s.Sealed().Group
			if own == nil || own.Curve != g.Curve || !own.SameKey(g) {
				continue
			}
			if serious, _ := g.Differences(own); len(serious) > 0 {
				why = fmt.Errorf("its file differs from the plan in: %s", strings.Join(serious, ", "))
				continue
			}
			found = s
		}
		if found == nil {
			return "", nil, fmt.Errorf("group %q on %v: %w: %w", g.ID, g.Curve, ErrParty, why)
		}
		p := g.Participant(*found.Sealed().ShareID)
		if p == nil || !p.PublicKey.Equal(found.Public()) || node != "" && p.NodeID != node {
			return "", nil, fmt.Errorf("group %q on %v: %w: the shares are not those of one node", g.ID, g.Curve, ErrParty)
		}
		node, sorted = p.NodeID, append(sorted, found)
	}
	return node, sorted, nil
}

// Dealer returns whose shares these are in the plan.
func (c *Ceremony) Dealer(shares []*open.Share) (node string, err error) {
	if node, _, err = match(c.plan.groups, shares); err != nil {
		return "", err
	}
	if !c.Takes(StepDeal, node) {
		return "", fmt.Errorf("node %q has %w: the signers are %s", node, ErrParty, names(c.plan.Signers))
	}
	return node, nil
}

// Deal makes an old holder's deal: commitments in the open, a part sealed to each
// receiver, signed with the old shares. Nothing is dealt before the plan and every
// join agree with the terms. The shares stay the caller's to wipe.
func (c *Ceremony) Deal(shares []*open.Share, t *Terms) ([]byte, error) {
	if err := c.reached(StepDeal); err != nil {
		return nil, err
	}
	node, err := c.Dealer(shares)
	if err != nil {
		return nil, err
	}
	known, err := c.check(t, shares)
	if err != nil {
		return nil, err
	}
	_, shares, err = match(c.plan.groups, shares)
	if err != nil {
		return nil, err
	}
	m := dealMessage{head: c.head(StepDeal, node), Joins: c.hashes(StepJoin), Known: known}
	for i, s := range shares {
		dealt, err := c.dealGroup(i, node, s)
		if err != nil {
			return nil, err
		}
		m.Groups = append(m.Groups, *dealt)
	}
	return write(StepDeal, &m, shares...)
}

func (c *Ceremony) dealGroup(group int, node string, s *open.Share) (*groupDealt, error) {
	public, parts, err := c.dealings[group].deal(s)
	if err != nil {
		return nil, err
	}
	defer wipe(parts)
	dealt := &groupDealt{Commitments: formatPoints(public.Points)}
	for j, receiver := range c.plan.rules.receivers(c.plan) {
		sealed, err := c.seal(parts[j], StepDeal, node, receiver, group)
		if err != nil {
			return nil, err
		}
		dealt.Parts = append(dealt.Parts, sealed)
	}
	return dealt, nil
}

func wipe(list []*scalar.Secret) {
	for _, s := range list {
		s.Wipe()
	}
}

// oldKeys returns a node's share public keys, by group.
func (c *Ceremony) oldKeys(node string) []*curve.Point {
	var keys []*curve.Point
	for _, g := range c.plan.groups {
		keys = append(keys, g.ByNode(node).PublicKey)
	}
	return keys
}

// readOld reads a message that the holder of an old share signed, and that says
// which joins it saw.
func (c *Ceremony) readOld(step Step, node string, data []byte, v headed, joins *[]string) (*message, error) {
	m, err := c.read(step, node, data, v)
	if err != nil {
		return nil, err
	}
	if err := m.verify(step, c.oldKeys(node)); err != nil {
		return nil, err
	}
	return m, agree(StepJoin, c.nodes(StepJoin), *joins, c.hashes(StepJoin))
}

func (c *Ceremony) readDeal(node string, data []byte) error {
	var v dealMessage
	m, err := c.readOld(StepDeal, node, data, &v, &v.Joins)
	if err != nil {
		return err
	}
	if err := c.checkKnown(v.Known); err != nil {
		return err
	}
	if len(v.Groups) != len(c.plan.groups) {
		return fmt.Errorf("%w: it deals for %d groups, and the plan has %d", ErrMessage, len(v.Groups), len(c.plan.groups))
	}
	d := &dealFile{message: m}
	for i, g := range c.plan.groups {
		points, err := parsePoints(g.Curve, v.Groups[i].Commitments)
		if err != nil {
			return fmt.Errorf("%w: commitments: %w", ErrMessage, err)
		}
		if len(v.Groups[i].Parts) != len(c.plan.rules.receivers(c.plan)) {
			return fmt.Errorf("%w: it has %d parts for %d receivers", ErrMessage, len(v.Groups[i].Parts), len(c.plan.rules.receivers(c.plan)))
		}
		for _, part := range v.Groups[i].Parts {
			if len(part) != sealedSize {
				return fmt.Errorf("%w: a part has %d bytes, not %d", ErrMessage, len(part), sealedSize)
			}
		}
		d.commitments = append(d.commitments, &recover.Commitments{Dealer: g.ByNode(node).ShareID, Points: points})
		d.parts = append(d.parts, v.Groups[i].Parts)
	}
	c.deals[node] = d
	return nil
}

// dealt returns the commitments of all signers for a group.
func (c *Ceremony) dealt(group int) []*recover.Commitments {
	var list []*recover.Commitments
	for _, node := range c.plan.Signers {
		list = append(list, c.deals[node].commitments[group])
	}
	return list
}

// combine verifies all deals together, and finds the resulting groups.
func (c *Ceremony) combine() error {
	for _, d := range c.dealings {
		made, err := d.result()
		if err != nil {
			return blame(StepDeal, err)
		}
		c.groups = append(c.groups, made)
	}
	return nil
}

// blame names the file of whoever cheated.
func blame(step Step, err error) error {
	var cheat *recover.CheatError
	if errors.As(err, &cheat) {
		return &FileError{Name(step, cheat.NodeID), err}
	}
	return err
}

// parts opens what all signers sealed to the holder of a key, for a group. The
// parts are the caller's to wipe, also after an error.
func (c *Ceremony) parts(k *Key, group int) ([]*scalar.Secret, error) {
	var list []*scalar.Secret
	own := index(c.plan.rules.receivers(c.plan), k.node)
	for _, node := range c.plan.Signers {
		x, err := c.unseal(k, c.deals[node].parts[group][own], StepDeal, node, group)
		if err != nil {
			return list, err
		}
		list = append(list, x)
	}
	return list, nil
}
