package ceremony

import (
	"fmt"
	"slices"

	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// repair is the kind in which one party gets its lost share again. The signers
// help it: each adds up what the others dealt to it, and passes the sum on.
type repair struct{}

func (repair) check(p *plan) error {
	if p.Threshold != 0 || len(p.Parties) != 1 {
		return fmt.Errorf("%w: a repair changes no threshold and is for one holder", ErrPlan)
	}
	if p.version != oldVersion && p.Reason != Lost {
		return fmt.Errorf("%w: a repair restores a lost share, so its reason is %q; for any other, reshare", ErrPlan, Lost)
	}
	lost := p.Parties[0]
	if slices.Contains(p.Signers, lost) {
		return fmt.Errorf("%w: the share of node %q is lost, and it cannot be a signer", ErrPlan, lost)
	}
	for i, g := range p.groups {
		if g.ByNode(lost) == nil {
			return fmt.Errorf("%w: node %q, whose share is lost, is no node of group %q, whose nodes are %s", ErrPlan, lost, g.ID, names(g.NodeIDs()))
		}
		if p.Groups[i].NewID != g.ID {
			return fmt.Errorf("%w: a repair does not change the ID of group %q", ErrPlan, g.ID)
		}
		for _, h := range g.Participants {
			if err := open.CheckNodeID(h.NodeID); err != nil {
				return fmt.Errorf("%w: %w", ErrPlan, err)
			}
		}
	}
	return nil
}

func (repair) nodes(p *plan, step Step) []string {
	switch step {
	case StepJoin:
		return append(slices.Clone(p.Signers), p.Parties...)
	case StepDeal, StepSum:
		return p.Signers
	case StepAccept, StepConfirm:
		return p.Parties
	}
	return nil
}

func (repair) receivers(p *plan) []string   { return p.Signers }
func (repair) renewed(*plan) []*share.Group { return nil }
func (repair) threshold(p *plan) int        { return p.groups[0].Threshold }
func (repair) parties(p *plan) string       { return "the lost share is that of " + names(p.Parties) }

func (repair) begin(c *Ceremony, group int, signers []share.ID) (dealing, error) {
	g := c.plan.groups[group]
	r, err := recover.NewRepair(g, g.RootKey, signers, g.ByNode(c.plan.Parties[0]).ShareID)
	if err != nil {
		return nil, &FileError{PlanName, err}
	}
	return &repairing{c, group, r}, nil
}

// repairing is the dealing of a repair.
type repairing struct {
	c     *Ceremony
	group int
	r     *recover.Repair
}

func (d *repairing) deal(s *open.Share) (*recover.Commitments, []*scalar.Secret, error) {
	return d.r.Split(s)
}

func (d *repairing) result() (*share.Group, error) {
	_, err := d.r.Verify(d.c.dealt(d.group))
	return d.c.plan.groups[d.group], err
}

func (d *repairing) accept(k *Key) (*scalar.Secret, error) {
	var sums []*scalar.Secret
	defer func() { wipe(sums) }()
	var helpers []share.ID
	for _, node := range d.c.plan.Signers {
		x, err := d.c.unseal(k, d.c.sums[node].sums[d.group], StepSum, node, d.group)
		if err != nil {
			return nil, err
		}
		sums, helpers = append(sums, x), append(helpers, d.c.plan.groups[d.group].ByNode(node).ShareID)
	}
	x, err := d.r.Accept(d.c.dealt(d.group), helpers, sums)
	return x, blame(StepSum, err)
}
