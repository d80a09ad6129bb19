package ceremony

import (
	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Kind is what a ceremony is for.
type Kind string

// The kinds.
const (
	Reshare Kind = "reshare" // a new set of shares
	Repair  Kind = "repair"  // one lost share again
)

// Reason is why a ceremony is held.
type Reason string

// The reasons. A share that was stolen is not repaired, and its signature proves
// nothing.
const (
	Lost     Reason = "lost"
	Stolen   Reason = "stolen"
	Rotation Reason = "rotation"
)

// kinds has the rules of each.
var kinds = map[Kind]rules{Reshare: reshare{}, Repair: repair{}}

// rules are what differs between the kinds of ceremony.
type rules interface {
	// check makes the checks that only plans of this kind need.
	check(p *plan) error
	// nodes lists who takes a step, in the order of the plan.
	nodes(p *plan, step Step) []string
	// receivers lists to whom parts are dealt.
	receivers(p *plan) []string
	// renewed are the groups in which whoever joins takes a new share ID.
	renewed(p *plan) []*share.Group
	// threshold is how many of the resulting shares are needed.
	threshold(p *plan) int
	// parties says in words who gets a share.
	parties(p *plan) string
	// begin checks the joins of a group, once all are there. signers are the share
	// IDs of those who deal.
	begin(c *Ceremony, group int, signers []share.ID) (dealing, error)
}

// dealing is the computation of a ceremony for one group.
type dealing interface {
	// deal makes what a signer publishes, and a part for each receiver.
	deal(s *open.Share) (*recover.Commitments, []*scalar.Secret, error)
	// result verifies all deals together, and returns the resulting group.
	result() (*share.Group, error)
	// accept makes the share of the holder of a key, after every check.
	accept(k *Key) (*scalar.Secret, error)
}
