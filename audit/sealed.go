package audit

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/backup"
	"lifeboat/share"
	"lifeboat/share/record"
	"lifeboat/share/verifiable"
)

// Proofs are proofs of sealed shares that were verified, and what they show together.
type Proofs struct{ sets []*ProvedSet }

// ProvedSet is one set of shares of a root key.
type ProvedSet struct {
	Group   *share.Group
	Holders []*ProvedHolder // whose shares a proof, or a piece, is of
}

// ProvedHolder is a holder and what is proved of their share.
type ProvedHolder struct {
	share.Participant
	Cuts []*Cut // different ways to get the share
}

// Cut is a way to get a share: from one recipient, or from pieces of several.
type Cut struct {
	Needed     int            // recipients
	Recipients map[int]string // by the place of their piece
	Paths      []string
	Date       string // of the newest proof, as it states

	name string
}

// Add verifies a proof and counts it for its share.
func (p *Proofs) Add(path string, proof *verifiable.Proof) error {
	if err := proof.Verify(); err != nil {
		return err
	}
	p.add(path, proof)
	return nil
}

func (p *Proofs) add(path string, proof *verifiable.Proof) {
	recipient := verifiable.FormatRecipient(proof.Recipient)
	needed, place, name := 1, 0, recipient
	if piece := proof.Piece; piece != nil {
		needed, place = len(piece.Commitments), piece.Index
		name = fmt.Sprintf("%x", piece.Recipients) // lest one of them has two pieces, by two lists
		for _, c := range piece.Commitments {
			name += fmt.Sprintf(" %x", c.Bytes())
		}
	}
	c := p.set(proof.Group).holder(proof.ShareID).cut(name, needed)
	c.Recipients[place] = recipient
	c.Paths, c.Date = append(c.Paths, path), max(c.Date, proof.Date)
}

func (p *Proofs) set(g *share.Group) *ProvedSet {
	i := slices.IndexFunc(p.sets, func(t *ProvedSet) bool { return t.Group.SameKey(g) && t.Group.SameShares(g) })
	if i < 0 {
		i, p.sets = len(p.sets), append(p.sets, &ProvedSet{Group: g})
	}
	return p.sets[i]
}

func (t *ProvedSet) holder(id share.ID) *ProvedHolder {
	i := slices.IndexFunc(t.Holders, func(h *ProvedHolder) bool { return h.ShareID.Equal(id) })
	if i < 0 {
		i, t.Holders = len(t.Holders), append(t.Holders, &ProvedHolder{Participant: *t.Group.Participant(id)})
	}
	return t.Holders[i]
}

func (h *ProvedHolder) cut(name string, needed int) *Cut {
	i := slices.IndexFunc(h.Cuts, func(c *Cut) bool { return c.name == name })
	if i < 0 {
		i, h.Cuts = len(h.Cuts), append(h.Cuts, &Cut{Needed: needed, Recipients: map[int]string{}, name: name})
	}
	return h.Cuts[i]
}

// Sets returns what was added, by sets of shares.
func (p *Proofs) Sets() []*ProvedSet { return p.sets }

// among counts the recipients that have answered.
func (c *Cut) among(live map[string]bool) int {
	n := 0
	for _, r := range c.Recipients {
		if live[r] {
			n++
		}
	}
	return n
}

// Sealed returns a cut that gives the share, one that Opens if there is one, or nil.
func (h *ProvedHolder) Sealed(live map[string]bool) *Cut {
	var found *Cut
	for _, c := range h.Cuts {
		if len(c.Recipients) >= c.Needed && (found == nil || c.among(live) >= c.Needed) {
			found = c
		}
	}
	return found
}

// Opens reports whether identities that answered give the share.
func (c *Cut) Opens(live map[string]bool) bool { return c.among(live) >= c.Needed }

// Count returns which holders' shares are sealed, verified, and which of them identities
// open that answered.
func (t *ProvedSet) Count(live map[string]bool) (sealed, opens []string) {
	for _, h := range t.Holders {
		c := h.Sealed(live)
		if c == nil {
			continue
		}
		sealed = append(sealed, h.NodeID)
		if c.Opens(live) {
			opens = append(opens, h.NodeID)
		}
	}
	return sealed, opens
}

// Shared lists recipients who have whole shares of several holders.
func (t *ProvedSet) Shared() []string {
	var seen, twice []string
	for _, h := range t.Holders {
		for _, c := range h.Cuts {
			r := c.Recipients[0]
			switch {
			case r == "" || slices.Contains(twice, r):
			case slices.Contains(seen, r):
				twice = append(twice, r)
			default:
				seen = append(seen, r)
			}
		}
	}
	return twice
}

// Fitting returns the expectation that an answer fulfils, or nil.
func Fitting(a *backup.Answer, expected []*backup.Expected) *backup.Expected {
	i := slices.IndexFunc(expected, func(e *backup.Expected) bool { return e.Fits(a) })
	if i < 0 {
		return nil
	}
	return expected[i]
}

// Errors about proofs that check, and are not what was recorded.
var (
	ErrRecipient = errors.New("the record does not list its recipient, so nobody knows who could open it")
	ErrRoster    = errors.New("it is not of the recorded set of shares")
)

// HoldProof compares a proof with the record: the root key, the whole roster and the
// recipients. Then the group of the proof is the recorded one, whose names of holders
// are known: those of the file are bound by nothing.
func HoldProof(r *record.Record, p *verifiable.Proof) error {
	if grave, _ := r.Judge(p.Group, record.Roster, nil); len(grave) > 0 {
		return fmt.Errorf("%w: different: %s", ErrRoster, record.List(grave))
	}
	p.Group, _ = r.Compare(p.Group)
	recipients := [][verifiable.KeySize]byte{p.Recipient}
	if p.Piece != nil {
		recipients = p.Piece.Recipients
	}
	for _, key := range recipients {
		if text := verifiable.FormatRecipient(key); !r.HasRecipient(text) {
			return fmt.Errorf("%w: %s", ErrRecipient, text)
		}
	}
	return nil
}

// SealedCopy is a share that a recipient, or enough of several, can open, as proofs show
// that anybody can check.
type SealedCopy struct {
	Paths      []string `json:"paths"`
	Date       string   `json:"date"` // as the newest of them states
	Recipients []string `json:"recipients"`
	Needed     int      `json:"needed"` // of the recipients
	Live       bool     `json:"live"`   // so many of them answered
}

// maxProofs is how many proofs an audit verifies, which takes minutes.
const maxProofs = 1000

// proofs looks at a file of proofs. Shares whose proofs do not check count for nothing.
func (a *Auditor) proofs(s Source, data []byte) {
	if !a.file(s, VerifiableShares) {
		return
	}
	const again = "take another copy, or have the holder seal the share again (mpc-backup seal --verifiable)"
	list, err := verifiable.ParseFile(data)
	if err != nil {
		a.find(Error, "proof-invalid", s.Path, again, "it cannot be read: %v", err)
		return
	}
	shares, err := a.reader.Parse(s.Path, data)
	if err != nil || len(shares) != len(list) {
		a.find(Error, "proof-invalid", s.Path, again, "the file of verifiable shares cannot be read: %v", err)
		return
	}
	if a.verified += len(list); a.verified > maxProofs {
		a.find(Error, "proofs-too-many", s.Path, "audit fewer files at once", "the files hold more than %d verifiable shares: those of this one were not looked at", maxProofs)
		return
	}
	for i, p := range list {
		err := p.Verify()
		if err == nil && a.o.Record != nil {
			err = HoldProof(a.o.Record, p)
		}
		if err == nil && Future(p.Date, a.o.Date) {
			err = fmt.Errorf("it is dated %s, after the day of the audit", p.Date)
		}
		switch {
		case errors.Is(err, verifiable.ErrProof):
			a.find(Error, "proof-invalid", s.Path, again, "the proof of the share of node %.70q: %v", shares[i].NodeID, err)
			continue
		case err != nil:
			a.find(Error, "proof-not-recorded", s.Path, "find out who sealed it to whom; seal it again to a recorded recipient, or have a record made", "the sealed share of node %.70q counts for nothing: %v", shares[i].NodeID, err)
			continue
		case a.o.Record == nil:
			a.find(Warning, "recipient-not-compared", s.Path, "give the record (--record), which lists the recipients of backups", "who the recipient of a sealed share is was not compared with a record")
		}
		switch node := shares[i].NodeID; {
		case a.o.Challenge == "" || p.Challenge == a.o.Challenge:
		case p.Challenge == "":
			a.find(Note, "proof-unasked", s.Path, "nothing, if only whether the share is sealed matters and not since when", "the sealed share of node %.70q answers no challenge", node)
		default:
			a.find(Warning, "proof-other", s.Path, "have the share sealed again to the challenge, if it matters that it is done now",
				"the sealed share of node %.70q answers the challenge %q, and not the one that was set, %q: it is sealed, and when is the holder's word", node, p.Challenge, a.o.Challenge)
		}
		a.proved.add(s.Path, p)
		a.addShares(s.Path, shares[i:i+1])
	}
}

// answer notes the answer of an identity.
func (a *Auditor) answer(s Source, data []byte) {
	if !a.file(s, AnswerFile) {
		return
	}
	got, err := backup.ParseAnswer(data)
	if err != nil {
		a.find(Error, "answer-invalid", s.Path, "ask for the answer again", "%v", err)
		return
	}
	e := Fitting(got, a.o.Expected)
	switch {
	case len(a.o.Expected) == 0:
		a.find(Warning, "challenge-not-given", s.Path, "give what mpc-backup challenge wrote beside the challenge with --expect", "an answer of an identity is not counted: without the challenge, it may be an old one")
	case e == nil:
		a.find(Warning, "answer-other", s.Path, "ask for the answer to the challenge that you set", "an answer of an identity is not the expected one of any challenge: it is not counted")
	case Future(e.Date, a.o.Date) || a.o.MaxAge > 0 && a.age(e.Date) > a.o.MaxAge:
		a.find(Warning, "answer-old", s.Path, "set a new challenge (mpc-backup challenge), and compare the clocks", "the challenge that an identity answers is dated %s, after the audit or longer before it than is allowed: the answer is not counted", e.Date)
	default:
		a.live[e.Recipient] = true
	}
}

// sealed notes for the holders of a set what is proved of their shares.
func (a *Auditor) sealed(e *epoch) {
	if e.set == nil {
		return
	}
	for _, t := range a.proved.Sets() {
		if !t.Group.SameKey(e.set.Group) || !t.Group.SameShares(e.set.Group) {
			continue
		}
		for _, h := range t.Holders {
			c := h.Sealed(a.live)
			if c == nil {
				continue
			}
			s := &SealedCopy{Paths: c.Paths, Date: c.Date, Needed: c.Needed, Live: c.Opens(a.live)}
			for _, r := range c.Recipients {
				s.Recipients = append(s.Recipients, r)
			}
			slices.Sort(s.Recipients)
			e.holder(h.ShareID, h.NodeID).Sealed = s
		}
		for _, r := range t.Shared() {
			a.find(Warning, "one-recipient", r, "seal each holder's share to an identity of its own", "the shares of several holders are sealed to one recipient: whoever has its identity has all of them")
		}
	}
}

// pieceOnly reports whether a share file has no more than a piece of the share.
func pieceOnly(s *share.Sealed) bool {
	l, ok := s.Lock.(*share.Verifiable)
	return ok && l.Cut != ""
}
