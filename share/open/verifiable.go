package open

import (
	"errors"
	"fmt"

	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/verifiable"
)

// ErrIdentity is returned for a verifiable share if none of the identities opens it, or
// too few of its pieces.
var ErrIdentity = errors.New("no identity that was given opens it")

// openVerifiable opens a verifiable share, or as many of its pieces as are needed.
func openVerifiable(l *share.Verifiable, identities []*secret.Bytes) (*scalar.Secret, error) {
	var proofs []*verifiable.Proof
	var opened []*scalar.Secret
	defer func() {
		for _, x := range opened {
			x.Wipe()
		}
	}()
	var failed error
	seen := map[int]bool{}
	for _, text := range l.Proofs {
		p, err := verifiable.Parse(text.Text)
		if err != nil {
			failed = err
			continue
		}
		if p.Piece != nil && seen[p.Piece.Index] {
			continue
		}
		x, err := openOne(p, identities)
		if errors.Is(err, verifiable.ErrIdentity) {
			continue
		}
		if err != nil {
			failed = err
			continue
		}
		if p.Piece == nil {
			return x, nil
		}
		seen[p.Piece.Index] = true
		proofs, opened = append(proofs, p), append(opened, x)
	}
	switch {
	case len(opened) > 0 && len(opened) >= l.Needed:
		return verifiable.Join(proofs, opened)
	case failed != nil:
		return nil, failed
	case l.Cut != "":
		return nil, fmt.Errorf("%w: %d of its %d pieces that are needed", ErrIdentity, len(opened), l.Needed)
	}
	return nil, fmt.Errorf("%w: it is sealed to %.80q", ErrIdentity, l.Proofs[0].Recipient)
}

func openOne(p *verifiable.Proof, identities []*secret.Bytes) (*scalar.Secret, error) {
	for _, id := range identities {
		x, err := p.Open(id)
		if !errors.Is(err, verifiable.ErrIdentity) {
			return x, err
		}
	}
	return nil, verifiable.ErrIdentity
}
