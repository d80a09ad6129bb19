package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/record"
)

// recordOf makes the record of a vault.
func recordOf(t *testing.T, v *fixtures.Vault) *record.Record {
	t.Helper()
	list, err := formats.Parse("share.json", v.Files[0].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	facts := record.Facts{Serial: 1, Date: "2026-03-01", People: []record.Person{{NodeID: "node-2-7D1723AE", Name: "Acme custody"}}}
	for _, s := range list {
		facts.Groups = append(facts.Groups, s.Group)
	}
	r, err := record.New(facts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is here of each holder that the record has.
func TestRecorded(t *testing.T) {
	r := recordOf(t, vault)
	epoch, other := fixtures.Load("other-epoch"), fixtures.Load("other-group")
	sworn := func(n int) [2]string {
		return attestationFile(t, fmt.Sprintf("o%d.json", n+1), vault, n, func(s *audit.Statement) { s.Challenge, s.Record = "", fmt.Sprintf("%x", r.Hash()) })
	}
	answer := func(v *fixtures.Vault, n int) [2]string {
		return attestationFile(t, fmt.Sprintf("a%d.json", n+1), v, n, func(s *audit.Statement) { s.Date = "2026-03-30" })
	}
	for name, tc := range map[string]struct {
		files  [][2]string
		status audit.Status
		want   string // of the holders on secp256k1
		found  string // a finding
		ok     bool
	}{
		"all are here":                         {of(vault, 0, 1, 2), audit.Present, "2of3-1.json, 2of3-2.json, 2of3-3.json", "", true},
		"two are here":                         {of(vault, 0, 1), audit.Present, "2of3-1.json, 2of3-2.json, not here", "record-missing warning", true},
		"one is here":                          {of(vault, 1), audit.TooFew, "not here, 2of3-2.json, not here", "too-few-shares error", false},
		"nothing is here":                      {nil, audit.Absent, "not here, not here, not here", "no-backup error", false},
		"two have answered":                    {[][2]string{answer(vault, 0), answer(vault, 1)}, audit.Recoverable, "attested a1.json, attested a2.json, not here", "record-missing warning", true},
		"a file, and the answer of its holder": {append(of(vault, 0, 1), answer(vault, 0)), audit.Present, "attested a1.json 2of3-1.json, 2of3-2.json, not here", "record-missing warning", true},
		"they have sworn":                      {append(of(vault, 0, 1, 2), sworn(0), sworn(1), sworn(2)), audit.Present, "2of3-1.json swore, 2of3-2.json swore, 2of3-3.json swore", "", true},
		"one has sworn":                        {append(of(vault, 0, 1, 2), sworn(1)), audit.Present, "2of3-1.json, 2of3-2.json swore, 2of3-3.json", "", true},
		// Whoever knows the root key can make such files, until their holders answer.
		"another epoch":           {of(epoch, 0, 1), audit.Absent, "epoch other-epoch-1.json, epoch other-epoch-2.json, not here", "record-set error", false},
		"another epoch, answered": {[][2]string{answer(epoch, 0), answer(epoch, 1)}, audit.Absent, "epoch a1.json, epoch a2.json, not here", "record-old warning", true},
		"one of another epoch":    {append(of(vault, 0, 1), of(epoch, 2)...), audit.Present, "2of3-1.json, 2of3-2.json, epoch other-epoch-3.json", "record-missing warning", true},
		"another vault":           {of(other, 0, 1, 2), audit.Absent, "vault other-group-1.json, vault other-group-2.json, vault other-group-3.json", "no-backup error", false},
		"beside another vault":    {append(of(other, 0, 1, 2), of(vault, 0, 2)...), audit.Present, "2of3-1.json, vault other-group-2.json, 2of3-3.json", "not-recorded warning", true},
		"another vault, answered": {append(of(vault, 0, 1), answer(other, 0), answer(other, 1)), audit.Present, "2of3-1.json, 2of3-2.json, not here", "not-recorded warning", true},
	} {
		report := auditOf(audit.Options{Record: r, Roots: r.Roots(), Challenge: "audit 2026-Q4"}, tc.files...)
		var got []string
		g := report.Record.Groups[0]
		swore := 0
		for _, h := range g.Holders {
			text := strings.Join(h.Where, " ")
			switch h.State {
			case audit.HasAttested:
				text = "attested " + text
			case audit.OtherEpoch:
				text = "epoch " + text
			case audit.OtherVault:
				text = "vault " + text
			case audit.NotHere:
				text = "not here"
			}
			if h.Swore {
				swore++
				text += " swore"
			}
			got = append(got, text)
			if (h.Person != "") != (h.NodeID == "node-2-7D1723AE") {
				t.Errorf("%s: %q is %q", name, h.NodeID, h.Person)
			}
		}
		if strings.Join(got, ", ") != tc.want || g.Status != tc.status || g.Curve != "secp256k1" || report.Record.Sworn != (swore == 3) {
			t.Errorf("%s: %s: %q", name, g.Status, got)
		}
		if report.OK != tc.ok {
			t.Errorf("%s: in order: %v: %v", name, report.OK, codes(report, audit.Error))
		}
		code, level, _ := strings.Cut(tc.found, " ")
		if found := strings.Join(codes(report, audit.Level(level)), " "); !strings.Contains(found, code) {
			t.Errorf("%s: found %s", name, found)
		}
		for _, v := range report.Vaults {
			if v.Status == audit.Recoverable && !v.Recorded {
				t.Errorf("%s: another vault is recoverable", name)
			}
		}
	}
	if r := auditOf(audit.Options{}, of(vault, 0)...); r.Record != nil {
		t.Error("there was no record")
	}
}

// An address book that is not the recorded one is told; books grow.
func TestRecordedBook(t *testing.T) {
	facts := record.Facts{Serial: 1, Date: "2026-03-01", Groups: recordOf(t, vault).Groups, Book: &record.Book{Rows: 21}}
	r, err := record.New(facts)
	if err != nil {
		t.Fatal(err)
	}
	for rows, want := range map[int64]string{20: "record-book warning", 21: "record-book warning", 22: "record-book-grown note"} {
		a := audit.New(audit.Options{Record: r, Roots: r.Roots(), Date: day})
		const header = "coin,HD path,address\n"
		a.Add(audit.Source{Path: "book.csv", Size: int64(len(header)), Data: strings.NewReader(header)})
		b := audit.Book{Path: "book.csv"}
		b.Totals.Rows = rows
		a.AddBook(b)
		var got []string
		for _, f := range a.Report().Findings {
			if strings.HasPrefix(f.Code, "record-book") {
				got = append(got, f.Code+" "+string(f.Level))
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%d rows: %q", rows, got)
		}
	}
}

// A bundle that names a share of the recorded roster which the record does not list
// counts for nothing.
func TestRecordedManifest(t *testing.T) {
	r := recordOf(t, vault)
	g := r.Groups[0]
	fact := backup.ShareFacts{GroupID: g.ID, Curve: g.Curve.String(), Epoch: g.Epoch(), RosterSHA256: fmt.Sprintf("%x", g.RosterSHA256()),
		ShareID: "12345", NodeID: "somebody"}
	b, m := sealed(t, "b.age", []backup.ShareFacts{fact})
	report := auditOf(audit.Options{Record: r, Roots: r.Roots()}, b, m)
	if found := codes(report, audit.Error); !slices.Contains(found, "manifest-contradicts") {
		t.Errorf("found %q", found)
	}
}
