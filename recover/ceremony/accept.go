package ceremony

import (
	"encoding/hex"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Accept makes a party's new shares, one for each group, after every check. Call
// Pinned first, with what the party has recorded. The shares are the caller's to
// wipe.
func (c *Ceremony) Accept(k *Key) ([]open.Held, error) {
	if err := c.reached(StepAccept); err != nil {
		return nil, err
	}
	if !c.Takes(StepAccept, k.node) {
		return nil, fmt.Errorf("node %q has %w: it gets no share", k.node, ErrParty)
	}
	if err := c.checkKey(k); err != nil {
		return nil, err
	}
	var held []open.Held
	for i, g := range c.groups {
		x, err := c.dealings[i].accept(k)
		if err != nil {
			for _, h := range held {
				h.Share.Wipe()
			}
			return nil, err
		}
		held = append(held, open.Held{Group: g, Holder: *g.ByNode(k.node), Share: x})
	}
	return held, nil
}

// Confirmer returns whose new shares these are.
func (c *Ceremony) Confirmer(shares []*open.Share) (node string, err error) {
	if err := c.reached(StepConfirm); err != nil {
		return "", err
	}
	if node, _, err = match(c.groups, shares); err != nil {
		return "", fmt.Errorf("the new shares are not what the deals in this folder give; if the file was written by accept, a deal was replaced since: %w", err)
	}
	if !c.Takes(StepConfirm, node) {
		return "", fmt.Errorf("node %q has %w: it gets no share", node, ErrParty)
	}
	return node, nil
}

// Confirm makes a party's confirmation: with its new shares, opened from the file
// that will be kept, it signs which messages it has seen. When all parties have
// confirmed the same messages, nobody was shown anything else.
func (c *Ceremony) Confirm(shares []*open.Share) ([]byte, error) {
	node, err := c.Confirmer(shares)
	if err != nil {
		return nil, err
	}
	_, shares, err = match(c.groups, shares)
	if err != nil {
		return nil, err
	}
	m := confirmMessage{
		head: c.head(StepConfirm, node), Joins: c.hashes(StepJoin), Deals: c.hashes(StepDeal), Sums: c.hashes(StepSum), Epochs: c.rosters(),
	}
	return write(StepConfirm, &m, shares...)
}

// rosters returns the roster hashes of the new groups, in hex. Version 1 had the
// first share.OldEpoch digits.
func (c *Ceremony) rosters() []string {
	var list []string
	for _, g := range c.groups {
		sum := g.RosterSHA256()
		digits := hex.EncodeToString(sum[:])
		if c.Legacy() {
			digits = digits[:share.OldEpoch]
		}
		list = append(list, digits)
	}
	return list
}

func (c *Ceremony) readConfirm(node string, data []byte) error {
	var v confirmMessage
	m, err := c.read(StepConfirm, node, data, &v)
	if err != nil {
		return err
	}
	// What was seen is compared before the signature: another deal makes another
	// share public key, and the error should say that the deals differ.
	for _, seen := range []struct {
		step   Step
		hashes []string
	}{{StepJoin, v.Joins}, {StepDeal, v.Deals}, {StepSum, v.Sums}} {
		if err := agree(seen.step, c.nodes(seen.step), seen.hashes, c.hashes(seen.step)); err != nil {
			return err
		}
	}
	var keys []*curve.Point
	for _, g := range c.groups {
		keys = append(keys, g.ByNode(node).PublicKey)
	}
	if err := m.verify(StepConfirm, keys); err != nil {
		return err
	}
	if len(v.Epochs) != len(c.groups) {
		return fmt.Errorf("%w: it confirms %d groups, and there are %d", ErrMessage, len(v.Epochs), len(c.groups))
	}
	if !slices.Equal(v.Epochs, c.rosters()) {
		return fmt.Errorf("%w: it confirms another epoch", ErrMessage)
	}
	c.confirms[node] = m
	return nil
}
