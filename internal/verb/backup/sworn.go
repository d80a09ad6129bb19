package backup

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// inRecord compares the group of a share with the record that its holder is to sign.
// Without a record, there is nothing to compare.
func inRecord(vault *record.Record, sh *verdict.Share) error {
	if vault == nil {
		return nil
	}
	_, found := vault.Compare(sh.Sealed.Group)
	var differs []string
	for _, d := range found {
		if d != record.GroupID { // on which no key depends
			differs = append(differs, d.String())
		}
	}
	if len(differs) == 0 {
		return nil
	}
	return cli.Fail(cli.Mismatch, fmt.Errorf("%q: the record does not have the share of node %q, group %q on %v: it differs in the %s",
		sh.File.Path, sh.Sealed.NodeID, sh.Sealed.Group.ID, sh.Sealed.Curve, strings.Join(differs, ", ")),
		"swear to nothing that is not so: find out which of the two is not of the vault, or is an older set of shares")
}

// seatReport is a holder's place in a group of a record.
type seatReport struct {
	GroupID string `json:"group_id"`
	Curve   string `json:"curve"`
	NodeID  string `json:"node_id"`
	Person  string `json:"person,omitempty"`
}

// unsworn lists the seats of a record for which there is no good statement. The record
// binds all of a seat, so the root key, the roster's hash, the share ID and the share
// public key must be those of the record.
func unsworn(vault *record.Record, answers []answer) []seatReport {
	list := []seatReport{}
	for _, seat := range vault.Unsworn(func(seat record.Seat) bool {
		roster := fmt.Sprintf("%x", seat.Group.RosterSHA256())
		return slices.ContainsFunc(answers, func(a answer) bool {
			return a.err == nil && swears(a.statement, seat, roster)
		})
	}) {
		r := seatReport{GroupID: seat.Group.ID, Curve: seat.Group.Curve.String(), NodeID: seat.Holder.NodeID}
		if p, ok := vault.Person(seat.Holder.NodeID); ok {
			r.Person = p.Name
		}
		list = append(list, r)
	}
	return list
}

func swears(s *audit.Statement, seat record.Seat, roster string) bool {
	return s.Record != "" && s.RootKey.Equal(seat.Group.RootKey) && s.Roster == roster &&
		s.ShareID.Equal(seat.Holder.ShareID) && s.PublicKey.Equal(seat.Holder.PublicKey)
}
