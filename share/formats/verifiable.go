package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// verifiableShare is our own: shares, or pieces of them, each encrypted to an identity
// in a way that anybody can check. Here only what it says of the shares is read;
// share/verifiable checks it. Like tss-lib's, its files do not store the chain code.
var verifiableShare = form{
	name:  "verifiable-share",
	what:  "a verifiable share of Lifeboat's own: encrypted to an identity, and checked by anybody",
	parts: "as many as it says",
	page:  "verifiable",
	marks: []string{`"share_proofs"`},
	is:    func(d *document) bool { return bool(d.keys.ShareProofs) },
	read:  readProofs,

	needs:     []share.Need{share.Identity},
	renewable: true,
}

type verifiableKeys struct {
	ShareProofs present `json:"share_proofs"`
}

// proofJSON is what is read of a proof.
type proofJSON struct {
	Curve          string `json:"curve"`
	RootPublicKey  string `json:"root_public_key"`
	RosterSHA256   string `json:"roster_sha256"`
	ShareID        string `json:"share_id"`
	SharePublicKey string `json:"share_public_key"`
	Recipient      string `json:"recipient"`
	Group          struct {
		ID           string            `json:"id"`
		Threshold    int               `json:"threshold"`
		Participants []participantJSON `json:"participants"`
	} `json:"group"`
	Piece *struct {
		Commitments []string `json:"commitments"`
	} `json:"piece"`
}

func readProofs(r *Reader, d *document) ([]*share.Sealed, error) {
	var file struct {
		Proofs []json.RawMessage `json:"share_proofs"`
	}
	if err := strict.Unmarshal(d.data, &file); err != nil {
		return nil, err
	}
	if n := len(file.Proofs); n == 0 || n > share.MaxGroups {
		return nil, fmt.Errorf("it holds %d proofs; 1 to %d are supported", n, share.MaxGroups)
	}
	var shares []*share.Sealed
	total := 0
	for i, text := range file.Proofs {
		s, err := r.VerifiableShare(text)
		if err != nil {
			return nil, fmt.Errorf("share_proofs[%d]: %w", i, err)
		}
		if total += len(s.Roster); total > share.MaxEntries {
			return nil, fmt.Errorf("its groups list more than %d participants together", share.MaxEntries)
		}
		shares = append(shares, s)
	}
	return shares, nil
}

// VerifiableShare reads one proof of a file: all of it that is not the proof itself, which
// share/verifiable reads.
func (r *Reader) VerifiableShare(text []byte) (*share.Sealed, error) {
	var j proofJSON
	if err := strict.Unmarshal(text, &j); err != nil {
		return nil, err
	}
	lock := &share.Verifiable{Needed: 1, Proofs: []share.VerifiableProof{{Recipient: j.Recipient, Text: text}}}
	if j.Piece != nil {
		lock.Needed, lock.Cut = len(j.Piece.Commitments), strings.Join(j.Piece.Commitments, " ")
	}
	s := &share.Sealed{Version: 1, Lock: lock}
	var ok bool
	if s.Curve, ok = curve.ByName(j.Curve); !ok {
		return nil, fmt.Errorf("curve: %.40q is neither secp256k1 nor ed25519", j.Curve)
	}
	id, err := share.NewID(s.Curve, j.ShareID)
	if err != nil {
		return nil, fmt.Errorf("share_id: %w", err)
	}
	s.ShareID = &id
	if s.PublicKey, err = parsePoint(s.Curve, j.SharePublicKey); err != nil {
		s.Malformed("share_public_key", err)
	}
	facts := []any{j.Curve, j.RootPublicKey, j.RosterSHA256, j.Group}
	known, err := r.once(facts, func() *public {
		g, err := j.group(s.Curve, r.Pin)
		if err != nil {
			return &public{problems: []error{fmt.Errorf("%w: group: %w", share.ErrFormat, err)}}
		}
		return &public{group: g, roster: g.Participants}
	})
	if err != nil {
		return nil, err
	}
	s.Group, s.Roster, s.Problems = known.group, known.roster, append(s.Problems, known.problems...)
	if s.Group != nil {
		if own := s.Group.Participant(id); own != nil {
			s.NodeID = own.NodeID
		}
	}
	s.CheckOwn(known.err)
	return s, nil
}

// group reads the group, whose roster must be the one that the proof is about.
func (j *proofJSON) group(c curve.Curve, pin share.Pin) (*share.Group, error) {
	root, err := parsePoint(c, j.RootPublicKey)
	if err != nil {
		return nil, fmt.Errorf("root_public_key: %w", err)
	}
	g := &share.Group{ID: j.Group.ID, Curve: c, Scheme: share.Shamir, Threshold: j.Group.Threshold, RootKey: root}
	if n := len(j.Group.Participants); n > share.MaxParticipants {
		return nil, fmt.Errorf("%d participants; the limit is %d", n, share.MaxParticipants)
	}
	if len(g.ID) > maxText {
		return nil, fmt.Errorf("an ID of more than %d bytes", maxText)
	}
	for i, p := range j.Group.Participants {
		id, err := share.NewID(c, p.ShareID)
		if err != nil {
			return nil, fmt.Errorf("participants[%d].share_id: %w", i, err)
		}
		key, err := parsePoint(c, p.SharePublicKey)
		if err != nil {
			return nil, fmt.Errorf("participants[%d].share_public_key: %w", i, err)
		}
		if len(p.NodeID) > maxText {
			return nil, fmt.Errorf("participants[%d].node_id: more than %d bytes", i, maxText)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: share.NodeID(id, p.NodeID), ShareID: id, PublicKey: key})
	}
	if fmt.Sprintf("%x", g.RosterSHA256()) != j.RosterSHA256 {
		return nil, errors.New("its participants are not those of roster_sha256")
	}
	pin.Complete(g)
	return g, nil
}
