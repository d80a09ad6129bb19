package ceremony

import (
	"fmt"

	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// reshare is the kind in which all parties get a new set of shares.
type reshare struct{}

func (reshare) check(p *plan) error {
	switch n := len(p.Parties); {
	case p.Threshold < 2:
		return fmt.Errorf("%w: a threshold of %d; with less than 2, every share would be the key", ErrPlan, p.Threshold)
	case n < p.Threshold || n > share.MaxParticipants:
		return fmt.Errorf("%w: %d new holders for a threshold of %d", ErrPlan, n, p.Threshold)
	}
	return nil
}

func (reshare) nodes(p *plan, step Step) []string {
	switch step {
	case StepDeal:
		return p.Signers
	case StepJoin, StepAccept, StepConfirm:
		return p.Parties
	}
	return nil
}

func (reshare) receivers(p *plan) []string     { return p.Parties }
func (reshare) renewed(p *plan) []*share.Group { return p.groups }
func (reshare) threshold(p *plan) int          { return p.Threshold }
func (reshare) parties(p *plan) string         { return "its parties are " + names(p.Parties) }

func (reshare) begin(c *Ceremony, group int, signers []share.ID) (dealing, error) {
	if err := c.distinctIDs(group); err != nil {
		return nil, err
	}
	g := c.plan.groups[group]
	r, err := recover.NewRedistribution(g, g.RootKey, signers, c.plan.Threshold, c.joinedIDs(group))
	if err != nil {
		return nil, &FileError{PlanName, err}
	}
	return &resharing{c, group, r}, nil
}

// resharing is the dealing of a reshare.
type resharing struct {
	c     *Ceremony
	group int
	r     *recover.Redistribution
}

func (d *resharing) deal(s *open.Share) (*recover.Commitments, []*scalar.Secret, error) {
	return d.r.Deal(s)
}

func (d *resharing) result() (*share.Group, error) {
	p := d.c.plan
	return d.r.Group(p.Groups[d.group].NewID, p.Created, p.Parties, d.c.dealt(d.group))
}

func (d *resharing) accept(k *Key) (*scalar.Secret, error) {
	parts, err := d.c.parts(k, d.group)
	defer wipe(parts)
	if err != nil {
		return nil, err
	}
	x, err := d.r.Accept(d.c.joins[k.node].ids[d.group], d.c.dealt(d.group), parts)
	return x, blame(StepDeal, err)
}
