package verifiable

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
)

// Limits of a quorum.
const (
	MinQuorum  = 2
	MaxMembers = 255
)

// Piece says which piece of a share is encrypted: the value of a polynomial whose value
// at 0 is the share, and whose coefficients are committed to (Feldman, "A practical
// scheme for non-interactive verifiable secret sharing", 1987). As many pieces as there
// are commitments give the share.
type Piece struct {
	Index       int             // from 1: the place of its recipient in Recipients
	Commitments []*curve.Point  // of the coefficients; the first is the share public key
	Recipients  [][KeySize]byte // of all pieces, in their order
}

// checkPiece holds a piece to its statement.
func (s *Statement) checkPiece() error {
	p := s.Piece
	if p == nil {
		return nil
	}
	k, n := len(p.Commitments), len(p.Recipients)
	switch {
	case k < MinQuorum || k > n || n > MaxMembers:
		return fmt.Errorf("%w: a quorum of %d of %d", ErrProof, k, n)
	case p.Index < 1 || p.Index > n:
		return fmt.Errorf("%w: piece %d of %d", ErrProof, p.Index, n)
	case !p.Commitments[0].Equal(s.Public):
		return fmt.Errorf("%w: the pieces are not of the share", ErrProof)
	case p.Recipients[p.Index-1] != s.Recipient:
		return fmt.Errorf("%w: the recipient is not that of piece %d", ErrProof, p.Index)
	}
	for i, r := range p.Recipients {
		for _, o := range p.Recipients[:i] {
			if r == o {
				return fmt.Errorf("%w: one recipient has two pieces", ErrProof)
			}
		}
	}
	return nil
}

// public returns the public key of the piece, Σ index^j·C_j.
func (p *Piece) public() *curve.Point { return curve.Evaluate(p.at(), p.Commitments) }

// at returns where the polynomial has the piece as its value.
func (p *Piece) at() *curve.Scalar {
	return p.Commitments[0].Curve().ScalarFromUint(uint64(p.Index))
}

// fields are what a statement binds of the piece.
func (p *Piece) fields() [][]byte {
	list := [][]byte{[]byte("piece"), binary.BigEndian.AppendUint32(nil, uint32(p.Index))}
	var all []byte
	for _, c := range p.Commitments {
		all = append(all, c.Bytes()...)
	}
	list = append(list, all)
	all = nil
	for _, r := range p.Recipients {
		all = append(all, r[:]...)
	}
	return append(list, all)
}

// ProveQuorum cuts the share x of a statement into a piece for each of recipients, of
// which any k give it back, and proves each. The statement's own recipient and piece
// are not used.
func ProveQuorum(x *scalar.Secret, s *Statement, k int, recipients [][KeySize]byte) ([]*Proof, error) {
	return proveQuorum(x, s, k, recipients, version1, rand.Reader)
}

func proveQuorum(x *scalar.Secret, s *Statement, k int, recipients [][KeySize]byte, n params, random io.Reader) ([]*Proof, error) {
	if k < MinQuorum || k > len(recipients) || len(recipients) > MaxMembers {
		return nil, fmt.Errorf("cutting a share: %d of %d; %d to %d recipients are supported, and at least %d of them must be needed", k, len(recipients), MinQuorum, MaxMembers, MinQuorum)
	}
	coefficients := []*scalar.Secret{x.Clone()}
	for range k - 1 {
		coefficients = append(coefficients, scalar.Random(x.Curve()))
	}
	var commitments []*curve.Point
	for _, a := range coefficients {
		defer a.Wipe()
		commitments = append(commitments, a.Public())
	}
	var proofs []*Proof
	for i := range recipients {
		one := *s
		one.Recipient = recipients[i]
		one.Piece = &Piece{Index: i + 1, Commitments: commitments, Recipients: recipients}
		if err := one.check(); err != nil {
			return nil, err
		}
		y := scalar.Evaluate(one.Piece.at(), coefficients)
		p, err := prove(y, &one, n, random)
		y.Wipe()
		if err != nil {
			return nil, fmt.Errorf("piece %d: %w", i+1, err)
		}
		proofs = append(proofs, p)
	}
	return proofs, nil
}

// ErrPieces means that pieces do not belong together or are too few.
var ErrPieces = errors.New("the pieces do not give the share")

// Join gives the share of opened pieces: proofs and what Open returned for each. It
// was checked against the share public key. Two of one piece count once.
func Join(proofs []*Proof, opened []*scalar.Secret) (*scalar.Secret, error) {
	if len(proofs) == 0 || len(proofs) != len(opened) {
		return nil, ErrPieces
	}
	first := proofs[0]
	if first.Piece == nil {
		return nil, fmt.Errorf("%w: the first is a whole share", ErrPieces)
	}
	k := len(first.Piece.Commitments)
	var xs []*curve.Scalar
	var ys []*scalar.Secret
	seen := map[int]bool{}
	for i, p := range proofs {
		switch {
		case p.Piece == nil || !p.sameCut(first):
			return nil, fmt.Errorf("%w: they are of different cuts", ErrPieces)
		case seen[p.Piece.Index] || len(xs) == k:
			continue
		}
		seen[p.Piece.Index] = true
		xs, ys = append(xs, p.Piece.at()), append(ys, opened[i])
	}
	if len(xs) < k {
		return nil, fmt.Errorf("%w: %d of the %d that are needed", ErrPieces, len(xs), k)
	}
	sum := scalar.Combine(first.Curve(), ys, share.Shamir.Weights(xs))
	if !sum.Public().Equal(first.Public) {
		sum.Wipe()
		return nil, ErrPieces
	}
	return sum, nil
}

// sameCut reports whether two pieces are of one polynomial.
func (p *Proof) sameCut(o *Proof) bool {
	a, b := p.Piece.Commitments, o.Piece.Commitments
	if p.Curve() != o.Curve() || len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}
