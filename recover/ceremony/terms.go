package ceremony

import (
	"encoding/hex"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/record"
)

// Pins are what somebody knows of a vault that did not come with the folder. Without
// any, the plan is believed.
type Pins struct {
	Record *record.Record
	Roots  []*derive.Key // root keys
	Groups []string      // IDs of the groups that are meant, if not all are
}

// Terms are what a dealer knows that did not come with the folder.
type Terms struct {
	Pins
	Kind      Kind              // what the dealer means to do
	Parties   []string          // who is to get a share; in a repair, whose share is lost
	Threshold int               // of the new shares; 0 in a repair
	Key       *Key              // the dealer's own one-time key; nil without one
	Words     map[string]string // what the owners read of their joins, by node
}

// Known is how a dealer knows that a join was made by the one the plan names.
type Known string

// The ways. A signature counts under the share public keys of the record.
const (
	KnownOwn       Known = "own"       // the dealer has its key
	KnownWords     Known = "words"     // its owner read its words, called back by the dealer
	KnownSignature Known = "signature" // it is signed with the old shares of its node
)

// Pinned compares the plan with what a party has recorded, and with the groups of
// which its own file has shares.
func (c *Ceremony) Pinned(p *Pins, own ...*share.Group) error {
	for _, g := range c.plan.groups {
		if err := p.check(g); err != nil {
			return fmt.Errorf("group %q on %v: %w", g.ID, g.Curve, err)
		}
	}
	if p.Record != nil && c.plan.Record != "" && c.plan.Record != recordHash(p.Record) {
		return fmt.Errorf("%w: it was made with another record than yours: compare the two papers", ErrRecord)
	}
	var ids []string
	for _, g := range c.plan.groups {
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	meant := slices.Sorted(slices.Values(p.Groups))
	left := c.plan.left(p, own)
	switch {
	case len(meant) > 0 && !slices.Equal(slices.Compact(meant), slices.Compact(ids)):
		return fmt.Errorf("%w: its groups are %s, not %s", ErrRestated, names(ids), names(meant))
	case len(meant) == 0 && len(left) > 0:
		return fmt.Errorf("%w: %s on %s, root public key %s", ErrOmitted, names([]string{left[0].ID}), left[0].Curve, left[0].Root)
	}
	return nil
}

func recordHash(r *record.Record) string {
	sum := r.Hash()
	return hex.EncodeToString(sum[:])
}

// check compares a group of a plan with the pins.
func (p *Pins) check(g *share.Group) error {
	if p.Record != nil {
		grave, _ := p.Record.Judge(g, record.StopsDealing, p.Roots)
		switch {
		case len(grave) > 0 && grave[0] <= record.ChainCode:
			return recover.ErrPinned
		case len(grave) > 0:
			return fmt.Errorf("%w: they differ in %s", ErrRecord, record.List(grave))
		}
	}
	if len(p.Roots) == 0 {
		return nil
	}
	if !slices.ContainsFunc(p.Roots, func(r *derive.Key) bool { return r.Curve() == g.Curve }) {
		return ErrUnpinned
	}
	if !slices.ContainsFunc(p.Roots, func(r *derive.Key) bool { return r.Agrees(g.Root()) }) {
		return recover.ErrPinned
	}
	return nil
}

// left lists what is recorded, or among the party's own groups, and not in the
// plan, each root key once.
func (p *plan) left(pins *Pins, own []*share.Group) []Omission {
	var list []Omission
	add := func(id string, c curve.Curve, root *curve.Point) {
		o := Omission{ID: id, Curve: c.String(), Root: hex.EncodeToString(root.Bytes())}
		if !slices.ContainsFunc(p.groups, func(g *share.Group) bool { return g.Curve == c && g.RootKey.Equal(root) }) &&
			!slices.ContainsFunc(list, o.same) {
			list = append(list, o)
		}
	}
	if pins.Record != nil {
		own = slices.Concat(pins.Record.Groups, own)
	}
	for _, g := range own {
		add(g.ID, g.Curve, g.RootKey)
	}
	for _, r := range pins.Roots {
		add("", r.Curve(), r.Point())
	}
	return list
}

func (o Omission) same(other Omission) bool { return o.Curve == other.Curve && o.Root == other.Root }

// Omitted lists what the ceremony does not deal for, as far as the plan says it or
// the party knows of it.
func (c *Ceremony) Omitted(p *Pins, own ...*share.Group) []Omission {
	list := slices.Clone(c.plan.Omitted)
	for _, o := range c.plan.left(p, own) {
		if !slices.ContainsFunc(list, o.same) {
			list = append(list, o)
		}
	}
	return list
}

// Restated compares the plan with what a dealer means to do, and for whom.
func (c *Ceremony) Restated(t *Terms) error {
	switch {
	case c.plan.Kind != t.Kind:
		return fmt.Errorf("%w: it is for a %s", ErrRestated, c.plan.Kind)
	case !sameNodes(c.plan.Parties, t.Parties):
		return fmt.Errorf("%w: %s", ErrRestated, c.plan.rules.parties(c.plan))
	case c.plan.Threshold != t.Threshold:
		return fmt.Errorf("%w: its threshold is %d, not %d", ErrRestated, c.plan.Threshold, t.Threshold)
	}
	return nil
}

// Seats checks that no two of those who join are one person in the record.
func (c *Ceremony) Seats(r *record.Record) error {
	if r == nil {
		return nil
	}
	var seated []record.Person
	for _, node := range c.nodes(StepJoin) {
		p, ok := r.Person(node)
		if !ok {
			continue
		}
		for _, o := range seated {
			if p.Same(o) {
				return fmt.Errorf("%w: the record has %.80q for the nodes %q and %q", ErrSeats, p.Name, o.NodeID, node)
			}
		}
		seated = append(seated, p)
	}
	return nil
}

// Known returns how a dealer knows a join, by one of the three ways. It returns
// ErrUnknown if there is none, and a FileError that wraps ErrWords for wrong words.
// Terms that hold a record must have been given to Pinned.
func (c *Ceremony) Known(node string, t *Terms) (Known, error) {
	j := c.joins[node]
	if j == nil {
		return "", fmt.Errorf("%w: waiting for the join of %s", ErrTooEarly, names([]string{node}))
	}
	read, given := t.Words[node]
	fits := given && sameWords(j.words(), read)
	if t.Key != nil && t.Key.node == node {
		// Whoever knows a recipient can seal another key to it, and cannot have the words.
		if err := c.checkKey(t.Key); err != nil || fits || !given {
			return KnownOwn, err
		}
	}
	switch {
	case fits:
		return KnownWords, nil
	case given:
		return "", &FileError{Name(StepJoin, node), ErrWords}
	case t.Record != nil && len(j.signatures) > 0:
		return KnownSignature, nil
	}
	return "", &FileError{Name(StepJoin, node), ErrUnknown}
}

// check compares the plan and every join with the terms of a dealer.
func (c *Ceremony) check(t *Terms, shares []*open.Share) ([]Known, error) {
	var own []*share.Group
	for _, s := range shares {
		if g := s.Sealed().Group; g != nil {
			own = append(own, g)
		}
	}
	for _, check := range []func() error{
		func() error { return c.Pinned(&t.Pins, own...) },
		func() error { return c.Restated(t) },
		func() error { return c.Seats(t.Record) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	var list []Known
	for _, node := range c.nodes(StepJoin) {
		known, err := c.Known(node, t)
		if err != nil {
			return nil, err
		}
		list = append(list, known)
	}
	return list, nil
}

// checkKnown checks how a dealer says that the joins were known.
func (c *Ceremony) checkKnown(list []Known) error {
	nodes := c.nodes(StepJoin)
	if c.Legacy() {
		nodes = nil
	}
	if len(list) != len(nodes) {
		return fmt.Errorf("%w: it says how %d joins were known, and there are %d", ErrMessage, len(list), len(nodes))
	}
	own := 0
	for i, known := range list {
		switch {
		case known == KnownWords, known == KnownSignature && len(c.joins[nodes[i]].signatures) > 0:
		case known == KnownOwn && own == 0:
			own++
		default:
			return fmt.Errorf("%w: it cannot have known %q by %.20q", ErrMessage, Name(StepJoin, nodes[i]), known)
		}
	}
	return nil
}
