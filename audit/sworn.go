package audit

import (
	"fmt"
	"slices"

	"lifeboat/share"
	"lifeboat/share/record"
)

// Unsworn lists the seats of a record that have not sworn to it: no statement is over
// the record and agrees with it in the root key, the roster and the share; the node may
// have had another name then. The signatures must have been verified.
func Unsworn(r *record.Record, statements []*Statement) []record.Seat {
	hash := fmt.Sprintf("%x", r.Hash())
	rosters := map[*share.Group]*Roster{}
	for _, g := range r.Groups {
		rosters[g] = NewRoster(g)
	}
	return r.Unsworn(func(seat record.Seat) bool {
		return slices.ContainsFunc(statements, func(s *Statement) bool {
			return s.Record == hash && s.ShareID.Equal(seat.Holder.ShareID) && rosters[seat.Group].Check(s) == nil
		})
	})
}
