package open

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/choose"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// Errors about shares without share public keys.
var (
	// ErrUnproven means that a share opened and has no share public key to be checked
	// against.
	ErrUnproven = errors.New("it opens, and its form has no share public key: only combining it with the others shows whether it is right")
	// ErrTooFew means that shares of too few holders are there to be proven.
	ErrTooFew = errors.New("too few shares to prove any")
	// ErrNoProof means that no combination of shares gives the root public key.
	ErrNoProof = errors.New("the shares do not combine to the root public key")
	// ErrBad means that a share is not among those that combine to the root public key.
	ErrBad = errors.New("it is not the share that goes with the others and the root public key: it is damaged, or another vault's")
)

// Unproven is a share that was decrypted and not checked. There is nothing to be done
// with it but Check and Prove.
type Unproven struct {
	sealed *share.Sealed
	x      *scalar.Secret
	shown  []share.Participant // with the share public keys that opening showed; nil if it showed none
}

// Sealed returns what the file says about the share.
func (u *Unproven) Sealed() *share.Sealed { return u.sealed }

// Wipe erases the share. One that a Share was made of is the Share's to wipe.
func (u *Unproven) Wipe() {
	u.x.Wipe()
	u.sealed.Wipe()
}

// Check makes a Share of it, which then owns its scalar, if there is a share public key
// that it matches: the file's own, one that is salvaged, or one that opening showed along
// with others that combine to the root public key. The error is ErrUnproven if the
// group's share public keys are unknown and opening did not show them.
func (u *Unproven) Check(o Options) (*Share, error) {
	expected := u.expected(o)
	if g := u.sealed.Group; len(expected) == 0 && g != nil && !g.KeysKnown() && u.sealed.Err() == nil {
		return nil, ErrUnproven
	}
	public := u.x.Public()
	if !slices.ContainsFunc(expected, public.Equal) {
		return nil, ErrNotThisShare
	}
	return &Share{u.sealed, public, u.x}, nil
}

// expected lists the share public keys that the share may have.
func (u *Unproven) expected(o Options) []*curve.Point {
	keys := append([]*curve.Point{u.sealed.PublicKey}, u.keyShown())
	if o.Salvage {
		for _, p := range u.sealed.Roster {
			keys = append(keys, p.PublicKey)
		}
		keys = append(keys, o.Known...)
	}
	return slices.DeleteFunc(keys, func(p *curve.Point) bool { return p == nil })
}

// keyShown returns the share's own key among those that opening showed, if the root
// public key vouches for them.
func (u *Unproven) keyShown() *curve.Point {
	if g := u.vouched(); g != nil && u.sealed.ShareID != nil {
		return g.Participant(*u.sealed.ShareID).PublicKey
	}
	return nil
}

// vouched returns the group with the share public keys that opening showed, or nil unless
// they are those of its holders and combine to its root public key.
func (u *Unproven) vouched() *share.Group {
	if u.sealed.Group == nil || len(u.shown) != len(u.sealed.Group.Participants) {
		return nil
	}
	g := *u.sealed.Group
	g.Participants = slices.Clone(u.shown)
	for i := range g.Participants {
		p := u.sealed.Group.Participant(g.Participants[i].ShareID)
		if p == nil {
			return nil
		}
		g.Participants[i].NodeID = p.NodeID
	}
	if g.Check() != nil || !g.Provable() {
		return nil
	}
	return &g
}

// maxTrials bounds how many combinations Prove tries.
const maxTrials = 20_000

// Prove makes Shares of those that combine, by the scheme of their group, to its root
// public key; at the same index, what does not fit them is nil. More shares than are
// needed may be there, and several of one holder: the first combination that is right
// decides about the others. If the scheme takes all shares, and no combination is right,
// nothing shows which of them is wrong, unless opening some of them showed the share
// public keys of all: then each is held against its own, and a few are proven as well as
// all. Where shares show different ones, none of them counts.
//
// What does not become a Share stays the caller's to wipe.
func Prove(g *share.Group, list []*Unproven) (proven []*Share, err error) {
	secret.Do(func() {
		p := &prover{group: g, list: list}
		proven, err = p.run()
	})
	return proven, err
}

// prover tries combinations of shares. Shares are named by their index in list.
type prover struct {
	group *share.Group
	list  []*Unproven
	of    [][]int // the shares of each holder, by holder
}

func (p *prover) run() ([]*Share, error) {
	proven, err := p.combined()
	if err == nil {
		return proven, nil
	}
	if g := p.vouched(); g != nil {
		return p.against(g), nil
	}
	return nil, err
}

// vouched returns the group with the share public keys that opening showed. If two shares
// show different ones, nothing tells which are right, and it returns nil.
func (p *prover) vouched() (found *share.Group) {
	for _, u := range p.list {
		g := u.vouched()
		if g != nil && found != nil && !g.SameShares(found) {
			return nil
		}
		found = cmp.Or(found, g)
	}
	return found
}

// combined finds shares that combine to the root public key, and holds all others against
// them.
func (p *prover) combined() ([]*Share, error) {
	for i := range p.group.Participants {
		if shares := p.ofHolder(p.group.Participants[i].ShareID); shares != nil {
			p.of = append(p.of, shares)
		}
	}
	if len(p.of) < p.group.Threshold {
		return nil, fmt.Errorf("%w: those of %d holders, and %d are needed", ErrTooFew, len(p.of), p.group.Threshold)
	}
	right, err := p.search()
	if err != nil {
		return nil, err
	}
	proven := make([]*Share, len(p.list))
	for i, u := range p.list {
		if u.sealed.ShareID != nil && p.group.Participant(*u.sealed.ShareID) != nil && p.gives(p.with(right, i)) {
			proven[i] = &Share{u.sealed, u.x.Public(), u.x}
		}
	}
	return proven, nil
}

// against holds each share against its share public key.
func (p *prover) against(g *share.Group) []*Share {
	proven := make([]*Share, len(p.list))
	for i, u := range p.list {
		if u.sealed.ShareID == nil {
			continue
		}
		holder, public := g.Participant(*u.sealed.ShareID), u.x.Public()
		if holder != nil && public.Equal(holder.PublicKey) {
			proven[i] = &Share{u.sealed, public, u.x}
		}
	}
	return proven
}

func (p *prover) ofHolder(id share.ID) (shares []int) {
	for i, u := range p.list {
		if u.sealed.ShareID != nil && u.sealed.ShareID.Equal(id) {
			shares = append(shares, i)
		}
	}
	return shares
}

// search returns the first combination that gives the root public key.
func (p *prover) search() ([]int, error) {
	trials := 0
	for holders := range choose.Of(len(p.of), p.group.Threshold) {
		// picks counts through the shares of these holders like the wheels of a meter.
		picks := make([]int, len(holders))
		for {
			shares := make([]int, len(holders))
			for i, h := range holders {
				shares[i] = p.of[h][picks[i]]
			}
			if p.gives(shares) {
				return shares, nil
			}
			if trials++; trials == maxTrials {
				return nil, fmt.Errorf("%w: there are too many combinations to try them all; give each holder's share once, and no more than are needed", ErrNoProof)
			}
			wheel := 0
			for wheel < len(picks) {
				if picks[wheel]++; picks[wheel] < len(p.of[holders[wheel]]) {
					break
				}
				picks[wheel] = 0
				wheel++
			}
			if wheel == len(picks) {
				break
			}
		}
	}
	if p.group.Scheme.All() || len(p.of) == p.group.Threshold {
		return nil, fmt.Errorf("%w; all of them are needed, so nothing shows which one is wrong, or whether one is missing", ErrNoProof)
	}
	return nil, ErrNoProof
}

// with puts a share into a combination that is right, in the place of its holder's, or
// else of the first. It is right as well if and only if the share is.
func (p *prover) with(right []int, share int) []int {
	out := slices.Clone(right)
	id := p.list[share].sealed.ShareID
	at := slices.IndexFunc(right, func(i int) bool { return p.list[i].sealed.ShareID.Equal(*id) })
	out[max(at, 0)] = share
	return out
}

// gives reports whether shares combine to the root public key.
func (p *prover) gives(shares []int) bool {
	ids := make([]*curve.Scalar, len(shares))
	xs := make([]*scalar.Secret, len(shares))
	for n, i := range shares {
		ids[n], xs[n] = p.list[i].sealed.ShareID.Scalar(), p.list[i].x
	}
	key := scalar.Combine(p.group.Curve, xs, p.group.Scheme.Weights(ids))
	defer key.Wipe()
	return key.Public().Equal(p.group.RootKey)
}
