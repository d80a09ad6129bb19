package ceremony

import (
	"crypto/hpke"
	"errors"
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/recover"
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
// goes into a file outside the folder, sealed; the message into the folder.
func (c *Ceremony) Join(node string) (file []byte, key *Key, err error) {
	if !c.Takes(StepJoin, node) {
		return nil, nil, fmt.Errorf("node %q has %w: it is not in the plan", node, ErrParty)
	}
	if key, err = newKey(c.session, node); err != nil {
		return nil, nil, err
	}
	m := joinMessage{head: c.head(StepJoin, node), PublicKey: key.private.PublicKey().Bytes(), ShareIDs: []string{}}
	if c.plan.Kind == Reshare {
		for i, g := range c.plan.groups {
			taken := c.joinedIDs(i)
			for _, p := range g.Participants {
				taken = append(taken, p.ShareID)
			}
			m.ShareIDs = append(m.ShareIDs, open.NewID(g.Curve, taken...).Text)
		}
	}
	if file, err = write(&m); err != nil {
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
	if err := m.unsigned(); err != nil {
		return err
	}
	j := &joinFile{message: m}
	if j.public, err = kem().NewPublicKey(v.PublicKey); err != nil {
		return fmt.Errorf("%w: its public key cannot be used", ErrMessage)
	}
	wanted := len(c.plan.groups)
	if c.plan.Kind == Repair {
		wanted = 0
	}
	if len(v.ShareIDs) != wanted {
		return fmt.Errorf("%w: it has %d share IDs, and %d are needed", ErrMessage, len(v.ShareIDs), wanted)
	}
	for i, text := range v.ShareIDs {
		id, err := share.NewID(c.plan.groups[i].Curve, text)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMessage, err)
		}
		j.ids = append(j.ids, id)
	}
	c.joins[node] = j
	return nil
}

// prepare checks the plan and all joins together.
func (c *Ceremony) prepare() error {
	for i, g := range c.plan.groups {
		var signers []share.ID
		for _, node := range c.plan.Signers {
			signers = append(signers, g.ByNode(node).ShareID)
		}
		if c.plan.Kind == Repair {
			r, err := recover.NewRepair(g, g.RootKey, signers, g.ByNode(c.plan.Parties[0]).ShareID)
			if err != nil {
				return &FileError{PlanName, err}
			}
			c.repairs = append(c.repairs, r)
			continue
		}
		if err := c.distinctIDs(i); err != nil {
			return err
		}
		r, err := recover.NewRedistribution(g, g.RootKey, signers, c.plan.Threshold, c.joinedIDs(i))
		if err != nil {
			return &FileError{PlanName, err}
		}
		c.redistributions = append(c.redistributions, r)
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

// dealFile is a deal that was read.
type dealFile struct {
	*message
	commitments []*recover.Commitments // by group
	parts       [][][]byte             // by group, by receiver; sealed
}

// match finds for each group of the plan the share that belongs to it, and
// returns whose they are. The share files are the dealer's own, so that they pin
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
				why = fmt.Errorf("its file differs from the plan in: %v", serious)
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
		return "", fmt.Errorf("node %q has %w: the signers are %v", node, ErrParty, c.plan.Signers)
	}
	return node, nil
}

// Deal makes an old holder's deal: commitments in the open, a part sealed to each
// receiver, signed with the old shares. The words of Fingerprint must have been
// compared before. The shares stay the caller's to wipe.
func (c *Ceremony) Deal(shares []*open.Share) ([]byte, error) {
	if err := c.reached(StepDeal); err != nil {
		return nil, err
	}
	node, err := c.Dealer(shares)
	if err != nil {
		return nil, err
	}
	_, shares, err = match(c.plan.groups, shares)
	if err != nil {
		return nil, err
	}
	m := dealMessage{head: c.head(StepDeal, node), Joins: c.hashes(StepJoin)}
	for i, s := range shares {
		dealt, err := c.dealGroup(i, node, s)
		if err != nil {
			return nil, err
		}
		m.Groups = append(m.Groups, *dealt)
	}
	return write(&m, shares...)
}

func (c *Ceremony) dealGroup(group int, node string, s *open.Share) (*groupDealt, error) {
	var public *recover.Commitments
	var parts []*scalar.Secret
	var err error
	if c.plan.Kind == Repair {
		public, parts, err = c.repairs[group].Split(s)
	} else {
		public, parts, err = c.redistributions[group].Deal(s)
	}
	if err != nil {
		return nil, err
	}
	defer wipe(parts)
	dealt := &groupDealt{Commitments: formatPoints(public.Points)}
	for j, receiver := range c.plan.receivers() {
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

func (c *Ceremony) readDeal(node string, data []byte) error {
	var v dealMessage
	m, err := c.read(StepDeal, node, data, &v)
	if err != nil {
		return err
	}
	if err := m.verify(c.oldKeys(node)); err != nil {
		return err
	}
	if err := agree(StepJoin, c.plan.joiners(), v.Joins, c.hashes(StepJoin)); err != nil {
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
		if len(v.Groups[i].Parts) != len(c.plan.receivers()) {
			return fmt.Errorf("%w: it has %d parts for %d receivers", ErrMessage, len(v.Groups[i].Parts), len(c.plan.receivers()))
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

// combine verifies all deals together, and finds the groups that come of them.
func (c *Ceremony) combine() error {
	for i, g := range c.plan.groups {
		if c.plan.Kind == Repair {
			if _, err := c.repairs[i].Verify(c.dealt(i)); err != nil {
				return blame(StepDeal, err)
			}
			c.groups = append(c.groups, g)
			continue
		}
		made, err := c.redistributions[i].Group(c.plan.Groups[i].NewID, c.plan.Created, c.plan.Parties, c.dealt(i))
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
	own := index(c.plan.receivers(), k.node)
	for _, node := range c.plan.Signers {
		x, err := c.unseal(k, c.deals[node].parts[group][own], StepDeal, node, group)
		if err != nil {
			return list, err
		}
		list = append(list, x)
	}
	return list, nil
}

// sumFile is a sum that was read.
type sumFile struct {
	*message
	sums [][]byte // by group; sealed
}

// Sum makes a helper's second message in a repair: the sum of the parts that it
// got, sealed to the holder of the lost share, signed with the helper's shares.
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
	return write(&m, shares...)
}

func (c *Ceremony) sumGroup(group int, node string, k *Key) ([]byte, error) {
	parts, err := c.parts(k, group)
	defer wipe(parts)
	if err != nil {
		return nil, err
	}
	x, err := c.repairs[group].Sum(c.plan.groups[group].ByNode(node).ShareID, c.dealt(group), parts)
	if err != nil {
		return nil, blame(StepDeal, err)
	}
	defer x.Wipe()
	return c.seal(x, StepSum, node, c.plan.Parties[0], group)
}

func (c *Ceremony) readSum(node string, data []byte) error {
	var v sumMessage
	m, err := c.read(StepSum, node, data, &v)
	if err != nil {
		return err
	}
	if err := m.verify(c.oldKeys(node)); err != nil {
		return err
	}
	if err := agree(StepJoin, c.plan.joiners(), v.Joins, c.hashes(StepJoin)); err != nil {
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

// Accept makes a party's new shares, one for each group, after every check: call
// Pinned before, with the root keys of the party's own records. The shares are
// the caller's to wipe.
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
		x, err := c.acceptGroup(i, k)
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

func (c *Ceremony) acceptGroup(group int, k *Key) (*scalar.Secret, error) {
	if c.plan.Kind == Reshare {
		parts, err := c.parts(k, group)
		defer wipe(parts)
		if err != nil {
			return nil, err
		}
		x, err := c.redistributions[group].Accept(c.joins[k.node].ids[group], c.dealt(group), parts)
		return x, blame(StepDeal, err)
	}
	var sums []*scalar.Secret
	defer func() { wipe(sums) }()
	var helpers []share.ID
	for _, node := range c.plan.Signers {
		x, err := c.unseal(k, c.sums[node].sums[group], StepSum, node, group)
		if err != nil {
			return nil, err
		}
		sums, helpers = append(sums, x), append(helpers, c.plan.groups[group].ByNode(node).ShareID)
	}
	x, err := c.repairs[group].Accept(c.dealt(group), helpers, sums)
	return x, blame(StepSum, err)
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
		head: c.head(StepConfirm, node), Joins: c.hashes(StepJoin), Deals: c.hashes(StepDeal), Sums: c.hashes(StepSum), Epochs: c.epochs(),
	}
	return write(&m, shares...)
}

func (c *Ceremony) epochs() []string {
	var list []string
	for _, g := range c.groups {
		list = append(list, g.Epoch())
	}
	return list
}

func (c *Ceremony) readConfirm(node string, data []byte) error {
	var v confirmMessage
	m, err := c.read(StepConfirm, node, data, &v)
	if err != nil {
		return err
	}
	// What was seen is compared before the signature, since another deal makes
	// another share public key: the difference is what is to be told.
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
	if err := m.verify(keys); err != nil {
		return err
	}
	if len(v.Epochs) != len(c.groups) {
		return fmt.Errorf("%w: it confirms %d groups, and there are %d", ErrMessage, len(v.Epochs), len(c.groups))
	}
	for i, epoch := range c.epochs() {
		if v.Epochs[i] != epoch {
			return fmt.Errorf("%w: it confirms another epoch", ErrMessage)
		}
	}
	c.confirms[node] = m
	return nil
}
