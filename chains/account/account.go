// Package account finds the second key that some addresses hold: the stake key of
// the account, in the base addresses of Cardano.
package account

import (
	"slices"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// depth is how many steps of a path name an account: purpose, coin and account.
const depth = 3

// Stakes notes stake keys on keys below a root. It remembers one account, and is the
// scratch of one goroutine.
type Stakes struct {
	root  *derive.Key
	of    derive.Path
	stake *chains.PublicKey // nil if the account has none
}

// NewStakes returns the stakes below a root.
func NewStakes(root *derive.Key) *Stakes { return &Stakes{root: root} }

// Note notes the stake key of the account that a path belongs to, which is at 2/0
// below the account, on the key that is at the path.
func (s *Stakes) Note(k *chains.PublicKey, path derive.Path) {
	if k.Curve != curve.Ed25519 || s.root.Curve() != curve.Ed25519 || len(path) < depth {
		return
	}
	if account := path[:depth]; !slices.Equal(s.of, account) {
		s.of, s.stake = slices.Clone(account), nil
		if key, _, err := s.root.Derive(append(account[:depth:depth], 2, 0)); err == nil {
			public := chains.NewPublicKey(key.Point())
			s.stake = &public
		}
	}
	if s.stake != nil {
		k.SetStake(s.stake)
	}
}
