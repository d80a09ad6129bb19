package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/audit"
)

func TestReadAcceptances(t *testing.T) {
	const header = "finding,file,who,until\n"
	got, err := audit.ReadAcceptances(strings.NewReader(header + "weak-kdf,\"a, b.json\",Ada Auditor,2027-06-30\n\nall-needed;x,root key,Bo,2026-12-31\n"))
	want := []audit.Acceptance{{"weak-kdf", "a, b.json", "Ada Auditor", "2027-06-30"}, {"all-needed;x", "root key", "Bo", "2026-12-31"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := audit.ReadAcceptances(strings.NewReader(header)); err != nil || len(got) != 0 {
		t.Errorf("a table without rows: %q, %v", got, err)
	}
	for in, why := range map[string]string{
		"":                                               "line 1: the header must be",
		"finding,file,until,who\n":                       "line 1: the header must be",
		header + "a,b,c\n":                               "line 2: it has 3 cells",
		header + ",b,c,2027-01-01\n":                     "line 2: it names no finding",
		header + "a,b, ,2027-01-01\n":                    "line 2: it does not say who",
		header + "a,b,c,\n":                              "line 2: until when is not a date",
		header + "a,b,c,for ever\n":                      "line 2: until when is not a date",
		header + "a,b,c,2027-02-30\n":                    "line 2: until when is not a date",
		header + "a,b,c,2027-1-1\n":                      "line 2: until when is not a date",
		header + "a,b,\"c,2027-01-01\n":                  "line 2",
		header + strings.Repeat("a,b,c,2027-01-01\n", 2): "line 3: the same finding about the same file",
	} {
		if got, err := audit.ReadAcceptances(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), why) || got != nil {
			t.Errorf("%q: %q, %v; not %q", in, got, err, why)
		}
	}
}

// One warning about one file is accepted, until a day and not after it. An error is not.
func TestAccept(t *testing.T) {
	const rest = "weak-kdf"
	names := []string{vault.Files[0].Name, vault.Files[1].Name}
	report := func(date string, rows ...audit.Acceptance) *audit.Report {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		a := audit.New(audit.Options{Date: day, Accepted: rows})
		for i, name := range names {
			a.Add(audit.Source{Path: name, Size: int64(len(vault.Files[i].Data)), Data: strings.NewReader(string(vault.Files[i].Data))})
		}
		a.Add(audit.Source{Path: "b.age", Size: 3, Data: strings.NewReader("age-encryption.org/v1\n-> X25519 a\n")})
		return a.Report()
	}
	about := func(r *audit.Report, code string) []string {
		for _, f := range r.Findings {
			if f.Code == code {
				return f.About
			}
		}
		return nil
	}
	row := audit.Acceptance{Code: rest, About: names[0], Who: "Ada", Until: "2026-12-31"}
	before := report("2026-12-31")
	if !slices.Equal(about(before, rest), names) || len(before.Accepted) != 0 {
		t.Fatalf("%+v", before.Findings)
	}
	for date, expired := range map[string]bool{"2026-12-31": false, "2027-01-01": true} {
		r := report(date, row)
		want := names[1:]
		if expired {
			want = names
		}
		if !slices.Equal(about(r, rest), want) || (len(r.Accepted) == 0) != expired || (about(r, "acceptance-expired") != nil) != expired {
			t.Errorf("on %s: %+v, accepted %+v", date, r.Findings, r.Accepted)
		}
		if !expired {
			if a := r.Accepted[0]; a.Code != rest || !slices.Equal(a.About, names[:1]) || a.Who != "Ada" || a.Until != "2026-12-31" || a.Text == "" {
				t.Errorf("%+v", a)
			}
		}
	}
	second := row
	second.About = names[1]
	if r := report("2026-12-31", row, second); about(r, rest) != nil || len(r.Accepted) != 2 || r.Count(audit.Warning) != before.Count(audit.Warning)-1 {
		t.Errorf("both: %+v, accepted %+v", r.Findings, r.Accepted)
	}
	// Rows that do nothing, around ones that do.
	none := audit.Acceptance{Code: rest, About: "c", Who: "Ada", Until: "2027-01-01"}
	noneToo := none
	noneToo.About = "d"
	if r := report("2026-12-31", none, row, second, noneToo); !slices.Equal(about(r, "acceptance-unused"), []string{"c", "d"}) || len(r.Accepted) != 2 {
		t.Errorf("%+v, accepted %+v", r.Findings, r.Accepted)
	}
	for _, no := range []audit.Acceptance{
		{Code: rest, About: "other.json", Who: "Ada", Until: "2027-01-01"},
		{Code: "short-salt", About: names[0], Who: "Ada", Until: "2027-01-01"},
		{Code: "damaged-bundle", About: "b.age", Who: "Ada", Until: "2027-01-01"}, // an error
		{Code: "not-opened", About: before.Findings[len(before.Findings)-1].About[0], Who: "Ada", Until: "2027-01-01"},
	} {
		r := report("2026-12-31", no)
		if !slices.Equal(about(r, "acceptance-unused"), []string{no.About}) || len(r.Accepted) != 0 ||
			r.Count(audit.Error) != before.Count(audit.Error) || r.Count(audit.Warning) != before.Count(audit.Warning) {
			t.Errorf("%+v: %+v, accepted %+v", no, r.Findings, r.Accepted)
		}
	}
}
