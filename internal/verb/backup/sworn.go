package backup

import (
	"fmt"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// inRecord compares the group of a share with the record that its holder is to sign.
func inRecord(vault *record.Record, sh *verdict.Share) error {
	grave, _ := vault.Judge(sh.Sealed.Group, record.StopsDealing, nil)
	if len(grave) == 0 {
		return nil
	}
	hint := "do not swear to what is not so: find out which of the two does not belong to the vault, or is an older set of shares"
	if grave[0] == record.Unrecorded {
		hint = "have a record made that has it, with --xpub and the root extended public key, and swear to that one"
	}
	return cli.Fail(cli.Mismatch, fmt.Errorf("%q: the record does not have the share of node %q, group %q on %v: it differs in the %s",
		sh.File.Path, sh.Sealed.NodeID, sh.Sealed.Group.ID, sh.Sealed.Curve, record.List(grave)), hint)
}

// seatReport is a holder's place in a group of a record.
type seatReport struct {
	GroupID string `json:"group_id"`
	Curve   string `json:"curve"`
	NodeID  string `json:"node_id"`
	Person  string `json:"person,omitempty"`
}

// unsworn lists the seats of a record for which there is no good statement.
func unsworn(vault *record.Record, answers []answer) []seatReport {
	var good []*audit.Statement
	for _, a := range answers {
		if a.err == nil {
			good = append(good, a.statement)
		}
	}
	list := []seatReport{}
	for _, seat := range audit.Unsworn(vault, good) {
		r := seatReport{GroupID: seat.Group.ID, Curve: seat.Group.Curve.String(), NodeID: seat.Holder.NodeID}
		if p, ok := vault.Person(seat.Holder.NodeID); ok {
			r.Person = p.Name
		}
		list = append(list, r)
	}
	return list
}
