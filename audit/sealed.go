package audit

import (
	"fmt"
	"slices"

	"lifeboat/share"
	"lifeboat/share/verifiable"
)

// ProvedShare is a share of which proofs that check say that an identity opens it, or
// of which pieces do that enough identities open.
type ProvedShare struct {
	Group      *share.Group
	Holder     share.Participant
	Needed     int      // 1, or how many pieces give the share
	Recipients []string // different ones, of its proofs
	Live       []string // of them, those whose identities answered
	Path       string   // of the first proof
	Date       string   // of the newest, as it states

	pieces map[int]string // recipients, by their places in the cut
}

// Sealed reports whether enough is proved for the share.
func (s *ProvedShare) Sealed() bool { return len(s.Recipients) >= s.Needed }

// Opens reports whether identities that answered are enough for it.
func (s *ProvedShare) Opens() bool { return len(s.Live) >= s.Needed }

// Proofs collects proofs that check.
type Proofs struct {
	live   map[string]bool // recipients whose identities answered
	shares []*ProvedShare
	by     map[string]*ProvedShare
}

// NewProofs starts a collection. live are the recipients whose identities answered.
func NewProofs(live []string) *Proofs {
	p := &Proofs{live: map[string]bool{}, by: map[string]*ProvedShare{}}
	for _, r := range live {
		p.live[r] = true
	}
	return p
}

// Add verifies a proof and, if it checks, counts it for its share.
func (p *Proofs) Add(path string, proof *verifiable.Proof) error {
	if err := proof.Verify(); err != nil {
		return err
	}
	needed, cut := 1, ""
	if proof.Piece != nil {
		needed = len(proof.Piece.Commitments)
		for _, c := range proof.Piece.Commitments {
			cut += fmt.Sprintf(" %x", c.Bytes())
		}
	}
	key := fmt.Sprintf("%v %x %x%s", proof.Curve(), proof.Group.RosterSHA256(), proof.ShareID.Scalar().Bytes(), cut)
	s := p.by[key]
	if s == nil {
		s = &ProvedShare{Group: proof.Group, Holder: *proof.Group.Participant(proof.ShareID), Needed: needed, Path: path, pieces: map[int]string{}}
		p.by[key], p.shares = s, append(p.shares, s)
	}
	s.Date = max(s.Date, proof.Date)
	recipient := verifiable.FormatRecipient(proof.Recipient)
	if proof.Piece != nil {
		if s.pieces[proof.Piece.Index] != "" {
			return nil // another recipient for the same piece is no other piece
		}
		s.pieces[proof.Piece.Index] = recipient
	}
	if !slices.Contains(s.Recipients, recipient) {
		s.Recipients = append(s.Recipients, recipient)
		if p.live[recipient] {
			s.Live = append(s.Live, recipient)
		}
	}
	return nil
}

// ProvedSet are the proved shares of one set.
type ProvedSet struct {
	Group  *share.Group
	Sealed []string // nodes whose shares are sealed, verified
	Opens  []string // of them, those whose identities answered
	Shared []string // recipients that have shares of several holders
}

// SealedVerified reports whether enough shares for the key are sealed, verified.
func (s *ProvedSet) SealedVerified() bool { return len(s.Sealed) >= s.Group.Threshold }

// Recoverable reports whether identities that answered open enough of them.
func (s *ProvedSet) Recoverable() bool { return len(s.Opens) >= s.Group.Threshold }

// Sets returns what the proofs show together.
func (p *Proofs) Sets() []*ProvedSet {
	var sets []*ProvedSet
	holders := map[*ProvedSet]map[string][]string{} // of each recipient
	for _, s := range p.shares {
		i := slices.IndexFunc(sets, func(t *ProvedSet) bool { return t.Group.SameKey(s.Group) && t.Group.SameShares(s.Group) })
		if i < 0 {
			i, sets = len(sets), append(sets, &ProvedSet{Group: s.Group})
			holders[sets[i]] = map[string][]string{}
		}
		t := sets[i]
		node := t.Group.Participant(s.Holder.ShareID).NodeID
		if s.Sealed() && !slices.Contains(t.Sealed, node) {
			t.Sealed = append(t.Sealed, node)
		}
		if s.Opens() && !slices.Contains(t.Opens, node) {
			t.Opens = append(t.Opens, node)
		}
		for _, r := range s.Recipients {
			if of := holders[t][r]; s.Needed == 1 && !slices.Contains(of, node) {
				if holders[t][r] = append(of, node); len(of) == 1 {
					t.Shared = append(t.Shared, r)
				}
			}
		}
	}
	return sets
}
