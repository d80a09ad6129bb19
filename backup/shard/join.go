package shard

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/shamir"

	"lifeboat/internal/choose"
	"lifeboat/internal/secret"
)

// maxTries bounds how many choices of shards Join tries when some are wrong.
const maxTries = 1000

// A Joined is an identity that was put together. It must be wiped.
type Joined struct {
	Identity  *secret.Bytes // one line, without its end
	Recipient string
	Set       Shard   // what the shards say of their set; Number and From mean nothing
	Used      []int   // the numbers of those that were joined
	Bad       []Wrong // shards of the set that are wrong, while the others were enough
}

// A Wrong is a shard that does not fit the others.
type Wrong struct {
	Number int
	From   string
	Why    string
}

// Wipe forgets the identity. A nil Joined may be wiped.
func (j *Joined) Wipe() {
	if j != nil {
		j.Identity.Wipe()
	}
}

// Sets sorts shards by their set, in the order of each set's first shard.
func Sets(shards []*Shard) [][]*Shard {
	var sets [][]*Shard
	index := make(map[string]int)
	for _, s := range shards {
		i, ok := index[s.SetID]
		if !ok {
			i = len(sets)
			index[s.SetID] = i
			sets = append(sets, nil)
		}
		sets[i] = append(sets[i], s)
	}
	return sets
}

// Join rebuilds the identity from shards of one set, in any order. A shard given
// twice counts once. A wrong shard is named in Bad if there are enough others to
// tell; if not, the error says so.
func Join(shards []*Shard) (*Joined, error) {
	if len(shards) == 0 {
		return nil, fmt.Errorf("%w: none was given", ErrTooFew)
	}
	if len(shards) > 4*MaxCount {
		return nil, fmt.Errorf("%w: %d were given", ErrShard, len(shards))
	}
	for _, s := range shards {
		if s.SetID != shards[0].SetID {
			return nil, fmt.Errorf("%w: %s is of the set %s, %s of the set %s", ErrShard, shards[0], shards[0].SetID, s, s.SetID)
		}
	}
	// Shards that agree on their set, the largest group first.
	var companies [][]*Shard
	for _, s := range shards {
		i := slices.IndexFunc(companies, func(c []*Shard) bool { return c[0].agrees(s) })
		if i < 0 {
			i = len(companies)
			companies = append(companies, nil)
		}
		if !slices.ContainsFunc(companies[i], s.same) {
			companies[i] = append(companies[i], s)
		}
	}
	slices.SortStableFunc(companies, func(a, b []*Shard) int { return len(b) - len(a) })
	var firstErr error
	for i, c := range companies {
		j, err := join(c)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		for _, other := range slices.Concat(slices.Delete(slices.Clone(companies), i, i+1)...) {
			j.Bad = append(j.Bad, Wrong{other.Number, other.From, "it disagrees with the others about the set"})
		}
		return j, nil
	}
	if len(companies) > 1 {
		return nil, fmt.Errorf("%w; besides, the shards do not agree on what their set is", firstErr)
	}
	return nil, firstErr
}

func (s *Shard) String() string {
	if s.From != "" {
		return fmt.Sprintf("shard %d (%q)", s.Number, s.From)
	}
	return fmt.Sprintf("shard %d", s.Number)
}

func (s *Shard) agrees(t *Shard) bool {
	return s.Threshold == t.Threshold && s.Count == t.Count && s.Fingerprint == t.Fingerprint && s.piece.Len() == t.piece.Len()
}

func (s *Shard) same(t *Shard) bool { return s.Number == t.Number && s.piece.Equal(t.piece) }

func (s *Shard) x() byte { b := s.piece.Expose(); return b[len(b)-1] }

// join tries choices of shards that agree on their set until one is right.
func join(shards []*Shard) (*Joined, error) {
	k := shards[0].Threshold
	if len(shards) < k {
		return nil, fmt.Errorf("%w: %d of %d needed are there (%s)", ErrTooFew, len(shards), k, names(shards))
	}
	tries := 0
	for choice := range choose.Of(len(shards), k) {
		if tries++; tries > maxTries {
			return nil, fmt.Errorf("%w: several are wrong, and there are too many to find out which; give fewer at a time", ErrShard)
		}
		subset := make([]*Shard, k)
		for i, at := range choice {
			subset[i] = shards[at]
		}
		j := joinAll(subset)
		if j == nil {
			continue
		}
		for i, s := range shards {
			if !slices.Contains(choice, i) && !fits(s, subset, j.Identity) {
				j.Bad = append(j.Bad, Wrong{s.Number, s.From, "it does not fit the others"})
			}
		}
		return j, nil
	}
	if len(shards) == k {
		return nil, fmt.Errorf("%w: at least one of them is wrong (%s); give one more to find out which", ErrShard, names(shards))
	}
	return nil, fmt.Errorf("%w: no %d of these give the identity (%s); more than one must be wrong", ErrShard, k, names(shards))
}

func names(shards []*Shard) string {
	words := make([]string, len(shards))
	for i, s := range shards {
		words[i] = s.String()
	}
	return strings.Join(words, ", ")
}

// joinAll joins exactly the threshold of shards, and returns nil unless the
// result is the identity that they name. It is the one caller of shamir.Combine.
func joinAll(subset []*Shard) *Joined {
	parts := make([][]byte, len(subset))
	seen := make(map[byte]bool)
	for i, s := range subset {
		if s.x() == 0 || seen[s.x()] || s.piece.Len() != subset[0].piece.Len() {
			return nil
		}
		seen[s.x()] = true
		parts[i] = s.piece.Expose()
	}
	out, err := shamir.Combine(parts)
	if err != nil || len(out) <= sumSize {
		return nil
	}
	whole := secret.Take(out)
	defer whole.Wipe()
	text := whole.Expose()[:whole.Len()-sumSize]
	sum := sha256.Sum256(text)
	if subtle.ConstantTimeCompare(sum[:sumSize], whole.Expose()[len(text):]) != 1 {
		return nil
	}
	identity := secret.Copy(text)
	recipient, ok := recipientOf(identity)
	if !ok || Fingerprint(recipient) != subset[0].Fingerprint {
		identity.Wipe()
		return nil
	}
	j := &Joined{Identity: identity, Recipient: recipient, Set: *subset[0]}
	j.Set.Number, j.Set.From, j.Set.piece = 0, "", nil
	for _, s := range subset {
		j.Used = append(j.Used, s.Number)
	}
	return j
}

// fits reports whether s gives the same identity with all but one of subset.
func fits(s *Shard, subset []*Shard, identity *secret.Bytes) bool {
	with := append(slices.Clone(subset[1:]), s)
	for _, t := range subset {
		if t.Number == s.Number || t.x() == s.x() {
			return false // same place, other content: same ones were dropped
		}
	}
	j := joinAll(with)
	defer j.Wipe()
	return j != nil && j.Identity.Equal(identity)
}
