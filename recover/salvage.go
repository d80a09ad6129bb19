package recover

import (
	"fmt"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Candidate is an opened share whose share ID is uncertain, since the public facts
// of its file are damaged.
type Candidate struct {
	Share *open.Share
	IDs   []share.ID // what any file says, the likeliest first
}

// maxTrials bounds how many combinations Salvage tries. Incomplete ones cost little,
// and may lead nowhere: it looks at stepsPerTrial times as many.
const (
	maxTrials     = 20_000
	stepsPerTrial = 10
)

// Salvage finds shares of Shamir's scheme that combine to a root key that was
// recorded elsewhere, whatever the files say about the group. It tries sets of
// candidates on their public keys, the smallest first, and combines the shares of
// the first set that fits. Where there are too many sets to try them all, it goes
// on to the set of all candidates. used are the indexes of the candidates in it.
func Salvage(root *derive.Key, candidates []Candidate) (key *Private, used []int, err error) {
	s := &search{root: root, candidates: candidates, maxTrials: maxTrials}
	return s.run()
}

// search walks through the sets of a size, depth first.
type search struct {
	root       *derive.Key
	candidates []Candidate
	maxTrials  int
	threshold  int
	trials     int
	steps      int
	picked     []int
	ids        []*curve.Scalar
}

func (s *search) run() (key *Private, used []int, err error) {
	gaveUp := false
	for s.threshold = 2; s.threshold <= len(s.candidates); s.threshold++ {
		if s.try(0) {
			key, err := weigh(s.root, share.Shamir.Weights(s.ids), s.shares())
			return key, s.picked, err
		}
		if s.spent() && !gaveUp { // all of them together may yet be right
			gaveUp, s.trials, s.steps, s.threshold = true, 0, 0, max(s.threshold, len(s.candidates)-1)
		}
	}
	if gaveUp {
		return nil, nil, fmt.Errorf("%w: there are too many combinations to try them all; give as many files as the key needs, and no more", ErrTooFew)
	}
	return nil, nil, fmt.Errorf("%w: no set of the %d shares that opened combines to the recorded root key", ErrTooFew, len(s.candidates))
}

func (s *search) try(from int) bool {
	if len(s.picked) == s.threshold {
		s.trials++
		return s.fits()
	}
	last := len(s.candidates) - (s.threshold - len(s.picked)) // later ones are too few
	for i := from; i <= last; i++ {
		for _, id := range s.candidates[i].IDs {
			if s.spent() {
				return false
			}
			if s.steps++; containsScalar(s.ids, id.Scalar()) {
				continue
			}
			s.picked, s.ids = append(s.picked, i), append(s.ids, id.Scalar())
			if s.try(i + 1) {
				return true
			}
			s.picked, s.ids = s.picked[:len(s.picked)-1], s.ids[:len(s.ids)-1]
		}
	}
	return false
}

func (s *search) spent() bool { return s.trials >= s.maxTrials || s.steps >= stepsPerTrial*s.maxTrials }

func (s *search) fits() bool {
	points := make([]*curve.Point, len(s.picked))
	for i, c := range s.picked {
		points[i] = s.candidates[c].Share.Public()
	}
	return s.root.Curve().MultiMul(share.Shamir.Weights(s.ids), points).Equal(s.root.Point())
}

func (s *search) shares() []*scalar.Secret {
	xs := make([]*scalar.Secret, len(s.picked))
	for i, c := range s.picked {
		xs[i] = s.candidates[c].Share.Scalar()
	}
	return xs
}
