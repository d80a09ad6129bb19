package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/recover/frost"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/record"
)

// Errors of signing that callers tell apart with errors.Is. What was changed on its way
// is ErrMessage: nobody's signature is on it.
var (
	// ErrDishonest means that a message is signed by its author, and is wrong.
	ErrDishonest = errors.New("it is wrong, and signed by its author: that machine computes wrongly, or its owner is dishonest")
	// ErrElsewhere means that a message is its author's, and of another signing.
	ErrElsewhere = errors.New("it is genuine, and belongs to another signing")
	// ErrBatch means that the other holder means to sign something else.
	ErrBatch = errors.New("the other holder's batch is another than yours")
	// ErrThreshold means that two shares are not what the key takes.
	ErrThreshold = errors.New("two holders sign where two shares are enough: with more, all commitments must be there before anybody answers, and one carry each way would not do")
	// ErrShares means that public keys do not say what each holder must compute.
	ErrShares = errors.New("two holders sign with shares of Shamir's scheme, whose public keys are all recorded")
	// ErrBoth means that one machine has the shares of both holders.
	ErrBoth = errors.New("the shares of both holders are here, which give the key: mpc-recover sign makes the signatures on one machine")
	// ErrECDSA means that a key signs with ECDSA.
	ErrECDSA = errors.New("two holders make no ECDSA signature: the protocols for it take many carries, and their checks are known to be forgeable; mpc-recover sign makes it from enough shares on one machine")
	// ErrSlots means that a batch needs too many signatures.
	ErrSlots = errors.New("too many signatures for one message")
	// ErrForeignKey means that a key that signs does not descend from a recorded one.
	ErrForeignKey = errors.New("the key does not descend from the root key in the record")
)

// The steps of a signing. The one who asks needs the signatures; the other answers.
const (
	StepRequest Step = "sign-request"
	StepAnswer  Step = "sign-answer"
)

// maxSlots is how many signatures fit into a message of MaxFileSize.
const maxSlots = 30_000

// Slot is a signature that a batch needs.
type Slot struct {
	Root    *derive.Key  // the root key
	Tweak   *[32]byte    // big-endian; the private key is the root's plus this
	Public  *curve.Point // what that gives
	Output  *curve.Scalar
	Scheme  signature.Scheme // Output is the tweak of a Taproot output key, nil if there is none
	Message []byte
}

// Signing is a batch that two holders sign. Everything in it comes from the record and
// from the holder's own files; nothing comes from the other holder.
type Signing struct {
	record *record.Record
	other  string // as the record has it
	batch  [32]byte
	slots  []Slot
	keys   []*frost.Key // of each slot

	self  string
	seats []seat // one for each root key that signs
	seat  []int  // of each slot
}

// seat is where the two holders are in a group.
type seat struct {
	root       *derive.Key
	group      *share.Group // nil before Sit
	share      *open.Share
	own, other *share.Participant
}

// NewSigning checks that two holders can sign a batch, of which batch is the hash. other
// is the node ID of the other one. No share is needed yet.
func NewSigning(r *record.Record, other string, batch [32]byte, slots []Slot) (*Signing, error) {
	s := &Signing{record: r, batch: batch, slots: slots}
	if len(slots) > maxSlots {
		return nil, fmt.Errorf("%w: %d of them, and the limit is %d: sign the batch in parts", ErrSlots, len(slots), maxSlots)
	}
	for i := range slots {
		at, err := s.place(&slots[i], other)
		if err != nil {
			return nil, fmt.Errorf("signature %d: %w", i+1, err)
		}
		s.seat = append(s.seat, at)
	}
	return s, nil
}

// place returns the seat that signs a slot, and makes the key of the slot.
func (s *Signing) place(slot *Slot, other string) (int, error) {
	if slot.Scheme == signature.ECDSA {
		return 0, ErrECDSA
	}
	at := slices.IndexFunc(s.seats, func(o seat) bool { return o.root.Agrees(slot.Root) })
	if at < 0 {
		if err := s.addSeat(slot.Root, other); err != nil {
			return 0, err
		}
		at = len(s.seats) - 1
	}
	c := slot.Root.Curve()
	key, err := frost.NewKey(s.seats[at].root.Point(), c.ScalarFromBytes(slot.Tweak[:]), slot.Scheme, slot.Output)
	if err != nil {
		return 0, err
	}
	same := key.Public.Equal(slot.Public)
	if slot.Scheme == signature.Schnorr { // of whose public keys only x counts
		same = bytes.Equal(signature.X(key.Public), signature.X(signature.TaprootOutput(slot.Public, slot.Output)))
	}
	if !same {
		return 0, ErrForeignKey
	}
	s.keys = append(s.keys, key)
	return at, nil
}

// addSeat finds a root key in the record.
func (s *Signing) addSeat(root *derive.Key, other string) error {
	err := fmt.Errorf("%w: the record gives node %q no share of the root key on %v that must sign", ErrParty, other, root.Curve())
	for _, g := range s.record.Groups {
		p := g.ByName(other)
		if !g.Root().Agrees(root) || p == nil {
			continue
		}
		if unfit := fits(g); unfit != nil {
			err = unfit // another set of shares may fit
			continue
		}
		if s.other != "" && s.other != p.NodeID {
			return fmt.Errorf("%w: the record has %q under two names", ErrParty, other)
		}
		s.other = p.NodeID
		s.seats = append(s.seats, seat{root: g.Root()})
		return nil
	}
	return err
}

// fits checks that two shares of a group can sign.
func fits(g *share.Group) error {
	switch {
	case g.Threshold != frost.Signers:
		return fmt.Errorf("%w: group %q on %v needs %d", ErrThreshold, g.ID, g.Curve, g.Threshold)
	case g.Scheme != share.Shamir || !g.KeysKnown():
		return fmt.Errorf("%w, and not with those of group %q on %v", ErrShares, g.ID, g.Curve)
	}
	return nil
}

// Other returns the node ID of the other holder.
func (s *Signing) Other() string { return s.other }

// Self returns the node ID of this holder, once Sit was called.
func (s *Signing) Self() string { return s.self }

// Sit brings the shares of this holder, which stay the caller's to wipe. Where the
// record has several sets of shares of a root key, they say which one is meant.
func (s *Signing) Sit(shares []*open.Share) error {
	for i := range s.seats {
		if err := s.seats[i].take(s.record, s.other, shares); err != nil {
			return err
		}
		node := s.seats[i].own.NodeID
		if s.self != "" && s.self != node {
			return fmt.Errorf("%w: the shares are those of the nodes %q and %q", ErrParty, s.self, node)
		}
		s.self = node
	}
	if s.self == s.other {
		return fmt.Errorf("%w: the share is that of node %q itself, and two holders sign", ErrParty, s.other)
	}
	return nil
}

func (t *seat) take(r *record.Record, other string, shares []*open.Share) error {
	for _, g := range r.Groups {
		if !g.Root().Agrees(t.root) || g.ByNode(other) == nil || fits(g) != nil {
			continue
		}
		for _, x := range shares {
			for i := range g.Participants {
				p := &g.Participants[i]
				if !p.PublicKey.Equal(x.Public()) {
					continue
				}
				if t.own != nil && p != t.own && (p.NodeID == other || t.own.NodeID == other) {
					return ErrBoth
				}
				if t.own == nil {
					t.group, t.share, t.own, t.other = g, x, p, g.ByNode(other)
				}
			}
		}
		if t.own != nil {
			return nil
		}
	}
	return fmt.Errorf("%w: the file has no share, as the record has them, of the root key on %v that must sign", ErrParty, t.root.Curve())
}
