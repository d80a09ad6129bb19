package ceremony

import (
	"bytes"
	"crypto/hpke"
	"fmt"
	"slices"

	"lifeboat/share"
	"lifeboat/share/open"
)

// joinFile is a join that was read.
type joinFile struct {
	*message
	ids    []share.ID // by group, of a reshare
	public hpke.PublicKey
}

// Join makes a party's one-time key, and in a reshare its new share IDs. The key
// goes into a file outside the folder, sealed; the message into the folder, signed
// with the party's old shares, if they are given and the plan lets signatures count.
func (c *Ceremony) Join(node string, old ...*open.Share) (file []byte, key *Key, err error) {
	if err := c.reached(StepJoin); err != nil {
		return nil, nil, err
	}
	if !c.Takes(StepJoin, node) {
		return nil, nil, fmt.Errorf("node %q has %w: it is not in the plan", node, ErrParty)
	}
	if len(old) > 0 {
		if err := c.maySign(node); err != nil {
			return nil, nil, err
		}
		var holder string
		if holder, old, err = match(c.plan.groups, old); err != nil {
			return nil, nil, err
		}
		if holder != node {
			return nil, nil, fmt.Errorf("the old shares are of node %q, which has %w as node %q: only a holder who keeps the node ID can sign", holder, ErrParty, node)
		}
	}
	if key, err = newKey(c.session, node); err != nil {
		return nil, nil, err
	}
	m := joinMessage{head: c.head(StepJoin, node), PublicKey: key.private.PublicKey().Bytes(), ShareIDs: []string{}}
	for i, g := range c.plan.rules.renewed(c.plan) {
		taken := c.joinedIDs(i)
		for _, p := range g.Participants {
			taken = append(taken, p.ShareID)
		}
		m.ShareIDs = append(m.ShareIDs, open.NewID(g.Curve, taken...).Text)
	}
	if file, err = write(StepJoin, &m, old...); err != nil {
		return nil, nil, err
	}
	return file, key, nil
}

// joinedIDs lists the share IDs that parties have taken in a group.
func (c *Ceremony) joinedIDs(group int) []share.ID {
	var ids []share.ID
	for _, node := range c.plan.Parties {
		if j := c.joins[node]; j != nil {
			ids = append(ids, j.ids[group])
		}
	}
	return ids
}

func (c *Ceremony) readJoin(node string, data []byte) error {
	var v joinMessage
	m, err := c.read(StepJoin, node, data, &v)
	if err != nil {
		return err
	}
	if len(m.signatures) > 0 {
		if err := c.maySign(node); err != nil {
			return fmt.Errorf("%w: it carries signatures: %w", ErrMessage, err)
		}
		if err := m.verify(StepJoin, c.oldKeys(node)); err != nil {
			return err
		}
	}
	j := &joinFile{message: m}
	if j.public, err = kem().NewPublicKey(v.PublicKey); err != nil {
		return fmt.Errorf("%w: its public key cannot be used", ErrMessage)
	}
	renewed := c.plan.rules.renewed(c.plan)
	if len(v.ShareIDs) != len(renewed) {
		return fmt.Errorf("%w: it has %d share IDs, and %d are needed", ErrMessage, len(v.ShareIDs), len(renewed))
	}
	for i, text := range v.ShareIDs {
		id, err := share.NewID(renewed[i].Curve, text)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMessage, err)
		}
		j.ids = append(j.ids, id)
	}
	c.joins[node] = j
	return nil
}

// maySign returns why a join cannot be signed with an old share. Where a share may
// be stolen, its signature is the thief's as well as the holder's.
func (c *Ceremony) maySign(node string) error {
	held := !slices.ContainsFunc(c.plan.groups, func(g *share.Group) bool { return g.ByNode(node) == nil })
	switch {
	case c.Legacy():
		return ErrVersion
	case c.plan.Reason == Stolen:
		return fmt.Errorf("%w: shares were stolen, so that a signature proves nothing", ErrUnsigned)
	case c.plan.Kind == Repair && slices.Contains(c.plan.Parties, node):
		return fmt.Errorf("%w: the share of node %q is lost", ErrUnsigned, node)
	case !held:
		return fmt.Errorf("%w: node %q has no old share in every group", ErrUnsigned, node)
	}
	return nil
}

// prepare checks the plan and all joins together.
func (c *Ceremony) prepare() error {
	nodes := c.nodes(StepJoin)
	for i, node := range nodes {
		for _, o := range nodes[:i] {
			if bytes.Equal(c.joins[o].public.Bytes(), c.joins[node].public.Bytes()) {
				return &FileError{Name(StepJoin, node), fmt.Errorf("%w: its public key is the same as in %q: one person would have two seats", ErrMessage, Name(StepJoin, o))}
			}
		}
	}
	for i, g := range c.plan.groups {
		var signers []share.ID
		for _, node := range c.plan.Signers {
			signers = append(signers, g.ByNode(node).ShareID)
		}
		d, err := c.plan.rules.begin(c, i, signers)
		if err != nil {
			return err
		}
		c.dealings = append(c.dealings, d)
	}
	return nil
}

// distinctIDs names whoever took a share ID that was taken.
func (c *Ceremony) distinctIDs(group int) error {
	ids := c.joinedIDs(group)
	for i, id := range ids {
		if p := c.plan.groups[group].Participant(id); p != nil {
			return &FileError{Name(StepJoin, c.plan.Parties[i]), fmt.Errorf("%w: its share ID is that of the old share of node %q", ErrMessage, p.NodeID)}
		}
		for j := range i {
			if ids[j].Equal(id) {
				return &FileError{Name(StepJoin, c.plan.Parties[i]), fmt.Errorf("%w: its share ID is the same as in %q", ErrMessage, Name(StepJoin, c.plan.Parties[j]))}
			}
		}
	}
	return nil
}
