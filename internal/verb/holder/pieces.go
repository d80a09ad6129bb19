package holder

import (
	"fmt"
	"slices"

	"lifeboat/backup"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/verdict"
	"lifeboat/share/verifiable"
)

// x25519Keys are the private keys of the identities that open verifiable shares.
func x25519Keys(identities []*backup.Identity) ([]*secret.Bytes, error) {
	var keys []*secret.Bytes
	for _, id := range identities {
		if id.Line == nil {
			continue
		}
		key, err := verifiable.ParseIdentity(id.Line)
		if err != nil {
			secret.WipeAll(keys)
			return nil, fmt.Errorf("identity file %q: %w", id.From, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// gatherPieces makes one share of all pieces of one share that the files hold, in the
// place of the first. A file with nothing but pieces that went there holds no share.
func (s *Session) gatherPieces() {
	first := map[string]*share.Verifiable{}
	for _, in := range s.Inputs {
		had := len(in.Shares)
		in.Shares = slices.DeleteFunc(in.Shares, func(sh *verdict.Share) bool {
			l, ok := sh.Sealed.Lock.(*share.Verifiable)
			if !ok || l.Cut == "" || sh.Sealed.Err() != nil {
				return false
			}
			key := fmt.Sprintf("%v %x %x %s", sh.Sealed.Curve, sh.Sealed.Group.RosterSHA256(), sh.Sealed.ShareID.Scalar().Bytes(), l.Cut)
			if first[key] == nil {
				first[key] = l
				return false
			}
			first[key].Proofs = append(first[key].Proofs, l.Proofs...)
			return true
		})
		in.Other = in.Other || had > 0 && len(in.Shares) == 0
	}
}

// Answer answers a challenge to one of the identities.
func (s *Session) Answer(challenge []byte) (*backup.Answer, error) {
	return backup.AnswerChallenge(challenge, s.identities)
}
