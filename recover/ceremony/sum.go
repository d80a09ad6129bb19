package ceremony

import (
	"fmt"

	"lifeboat/share/open"
)

// sumFile is a sum that was read.
type sumFile struct {
	*message
	sums [][]byte // by group; sealed
}

// Sum makes a helper's second message in a repair: the sum of the parts that it
// got, sealed to the holder of the lost share, signed with the helper's shares. Open
// has compared the joins of the helper's own deal with those in the folder.
func (c *Ceremony) Sum(shares []*open.Share, k *Key) ([]byte, error) {
	if err := c.reached(StepSum); err != nil {
		return nil, err
	}
	node, shares, err := match(c.plan.groups, shares)
	if err != nil {
		return nil, err
	}
	if !c.Takes(StepSum, node) || k.node != node {
		return nil, fmt.Errorf("node %q has %w, or the key is of node %q", node, ErrParty, k.node)
	}
	if err := c.checkKey(k); err != nil {
		return nil, err
	}
	m := sumMessage{head: c.head(StepSum, node), Joins: c.hashes(StepJoin), Deals: c.hashes(StepDeal)}
	for i := range c.plan.groups {
		sealed, err := c.sumGroup(i, node, k)
		if err != nil {
			return nil, err
		}
		m.Sums = append(m.Sums, sealed)
	}
	return write(StepSum, &m, shares...)
}

func (c *Ceremony) sumGroup(group int, node string, k *Key) ([]byte, error) {
	parts, err := c.parts(k, group)
	defer wipe(parts)
	if err != nil {
		return nil, err
	}
	x, err := c.dealings[group].(*repairing).r.Sum(c.plan.groups[group].ByNode(node).ShareID, c.dealt(group), parts)
	if err != nil {
		return nil, blame(StepDeal, err)
	}
	defer x.Wipe()
	return c.seal(x, StepSum, node, c.plan.Parties[0], group)
}

func (c *Ceremony) readSum(node string, data []byte) error {
	var v sumMessage
	m, err := c.readOld(StepSum, node, data, &v, &v.Joins)
	if err != nil {
		return err
	}
	if err := agree(StepDeal, c.plan.Signers, v.Deals, c.hashes(StepDeal)); err != nil {
		return err
	}
	if len(v.Sums) != len(c.plan.groups) {
		return fmt.Errorf("%w: it has %d sums, and the plan has %d groups", ErrMessage, len(v.Sums), len(c.plan.groups))
	}
	for _, s := range v.Sums {
		if len(s) != sealedSize {
			return fmt.Errorf("%w: a sum has %d bytes, not %d", ErrMessage, len(s), sealedSize)
		}
	}
	c.sums[node] = &sumFile{m, v.Sums}
	return nil
}
