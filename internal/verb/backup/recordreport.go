package backup

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/share"
	"lifeboat/share/record"
)

// recordReport is what was recorded.
type recordReport struct {
	Record string         `json:"record"`
	Page   string         `json:"page"`
	Serial int            `json:"serial"`
	Date   string         `json:"date"`
	Code   string         `json:"code"`
	SHA256 string         `json:"sha256"`
	Groups []recordGroup  `json:"groups"`
	Since  string         `json:"previous"` // its code; empty for the first
	Change []recordChange `json:"changes"`
}

type recordGroup struct {
	ID           string              `json:"id"`
	Curve        string              `json:"curve"`
	Root         string              `json:"root_extended_public_key,omitempty"`
	RootKey      string              `json:"root_public_key"`
	Tree         string              `json:"tree,omitempty"`
	Scheme       string              `json:"scheme"`
	Threshold    int                 `json:"threshold"`
	Epoch        string              `json:"epoch"`
	Roster       string              `json:"roster_sha256"`
	Participants []participantReport `json:"participants"`
}

type recordChange struct {
	What        string   `json:"what"`
	About       string   `json:"about"`
	How         string   `json:"how"`
	Differences []string `json:"differences"`
}

func (f *recordFlags) describe(r, before *record.Record) *recordReport {
	hash := r.Hash()
	made := &recordReport{Record: f.output, Page: f.page(), Serial: r.Serial, Date: r.Date, Code: r.Code().String(),
		SHA256: hex.EncodeToString(hash[:]), Groups: []recordGroup{}, Change: []recordChange{}}
	for _, g := range r.Groups {
		roster := g.RosterSHA256()
		out := recordGroup{ID: g.ID, Curve: g.Curve.String(), Root: g.Root().Extended(), RootKey: hex.EncodeToString(g.RootKey.Bytes()), Tree: g.Root().Network().Name,
			Scheme: g.Scheme.String(), Threshold: g.Threshold, Epoch: g.Epoch(), Roster: hex.EncodeToString(roster[:])}
		for _, p := range g.Participants {
			out.Participants = append(out.Participants, participantReport{p.NodeID, p.ShareID.Text, share.FormatKey(p.PublicKey)})
		}
		made.Groups = append(made.Groups, out)
	}
	if before == nil {
		return made
	}
	made.Since = before.Code().String()
	for _, c := range r.Changes(before) {
		out := recordChange{c.What, c.About, string(c.How), []string{}}
		for _, d := range c.Differences {
			out.Differences = append(out.Differences, d.String())
		}
		made.Change = append(made.Change, out)
	}
	return made
}

func (m *recordReport) print(w io.Writer, r *record.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "written: %s, and %s for paper\nserial number %d, %s\n", cli.Clean(m.Record), cli.Clean(m.Page), m.Serial, m.Date)
	for _, g := range m.Groups {
		fmt.Fprintf(&b, "group %q on %s\n  root key  %s\n  epoch     %s\n  shares    %d of %d give the key\n", g.ID, g.Curve, cmp.Or(g.Root, g.RootKey), g.Epoch, g.Threshold, len(g.Participants))
		for _, p := range g.Participants {
			who, _ := r.Person(p.NodeID)
			fmt.Fprintf(&b, "  %q  %s\n", p.NodeID, cmp.Or(who.Name, "nobody named"))
		}
	}
	for _, e := range r.Exits {
		fmt.Fprintf(&b, "exit: %s to %s", e.Chain, e.Address)
		if e.Tag != "" {
			fmt.Fprintf(&b, " with tag %q", e.Tag)
		}
		b.WriteByte('\n')
	}
	if r.Book != nil {
		fmt.Fprintf(&b, "address book: %s\n", phrase.Count(r.Book.Rows, "row"))
	}
	for _, c := range m.Change {
		fmt.Fprintf(&b, "since the record before, %s: %s %s", c.How, c.What, c.About)
		if len(c.Differences) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(c.Differences, ", "))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "record code: %s\n", m.Code)
	_, err := io.WriteString(w, b.String())
	return err
}
