package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/audit"
	"lifeboat/audit/report"
	"lifeboat/chains/book"
	"lifeboat/fixtures"
)

func auditOf(names map[string]string, vault string, numbers ...int) *audit.Report {
	a := audit.New(audit.Options{Tool: "mpc-backup test", Date: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)})
	v := fixtures.Load(vault)
	for _, n := range numbers {
		name := v.Files[n].Name
		if other, ok := names[name]; ok {
			name = other
		}
		a.Add(audit.Source{Path: name, Size: int64(len(v.Files[n].Data)), Data: bytes.NewReader(v.Files[n].Data)})
	}
	a.AddBook(audit.Book{Path: "address.csv", Totals: book.Totals{Rows: 3, OK: 2, Mismatch: 1}, Rows: []audit.Row{{Line: 3, Text: "mismatch: <b>"}}})
	return a.Report()
}

var tags = regexp.MustCompile(`<(/?)([a-z0-9]+)([^>]*)>`)

// spans are what makes commands break between words. See plain.Code.
var spans = regexp.MustCompile(`</?span[^>]*>|<wbr>`)

// typed returns a page in which commands stand as they are typed.
func typed(page string) string { return spans.ReplaceAllString(page, "") }

// check holds a page against what every page must be: complete, self-contained,
// without scripts, and with balanced tags.
func check(t *testing.T, page string) {
	t.Helper()
	for _, no := range []string{"<script", "javascript:", "http://", "https://", "src=", "href=", "url(", "@import", "<link", "<iframe", "<object", "onload"} {
		if strings.Contains(strings.ToLower(page), no) {
			t.Errorf("the page has %q", no)
		}
	}
	if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'"`) {
		t.Error("the page has no content security policy")
	}
	var open []string
	for _, m := range tags.FindAllStringSubmatch(page, -1) {
		switch {
		case m[2] == "meta" || m[2] == "br" || m[2] == "wbr" || strings.HasSuffix(m[3], "/"):
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Fatalf("</%s> closes nothing: open are %q", m[2], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %q", open)
	}
}

func TestAuditPage(t *testing.T) {
	for _, vault := range []string{"2of3", "3of5", "big-n", "2of2", "tsslib-ecdsa"} {
		r := auditOf(nil, vault, 0, 1)
		page := string(report.Audit(r, []string{"mpc-backup", "audit", "a b", "it's"}).HTML())
		check(t, page)
		again := string(report.Audit(auditOf(nil, vault, 0, 1), []string{"mpc-backup", "audit", "a b", "it's", "--date", r.Date}).HTML())
		if page != again {
			t.Errorf("%s: the same audit gives another page", vault)
		}
		for _, f := range r.Files {
			if !strings.Contains(page, f.SHA256) {
				t.Errorf("%s: no hash of %s", vault, f.Path)
			}
		}
		for _, v := range r.Vaults {
			if !strings.Contains(page, v.Root) || !strings.Contains(page, v.Epochs[0].Epoch) {
				t.Errorf("%s: a root key or an epoch is not on the page", vault)
			}
		}
		for _, want := range []string{"audit &#39;a b&#39; it_s --date 2026-03-31", "line 3: mismatch: &lt;b&gt;", "<svg "} {
			if !strings.Contains(typed(page), want) {
				t.Errorf("%s: the page has no %q", vault, want)
			}
		}
		if strings.Contains(page, `\u000a`) {
			t.Errorf("%s: a line end is shown by its number", vault)
		}
		// The verdict comes before everything else.
		if strings.Index(page, "class=\"verdict") > strings.Index(page, "class=\"vault\"") {
			t.Errorf("%s: the verdict is not first", vault)
		}
	}
}

// Names come from files and from the file system; none becomes markup, and none
// hides or reorders what stands beside it.
func TestHostileNames(t *testing.T) {
	const bad = "<script>alert(1)</script>\"'&\u202e\x1b[2J\n\x00\xff.json"
	r := auditOf(map[string]string{"recovery-secrets-1.json": bad}, "2of3", 0, 1)
	r.Vaults[0].Epochs[0].Holders[0].NodeID = bad
	r.Vaults[0].Epochs[0].GroupIDs = []string{bad}
	r.Findings = append(r.Findings, audit.Finding{Level: audit.Error, Code: "x", Text: bad, Do: bad, About: []string{bad}})
	page := string(report.Audit(r, []string{bad}).HTML())
	check(t, strings.ReplaceAll(page, "&lt;script&gt;", ""))
	for _, no := range []string{"\u202e", "\x1b", "\x00", "\xff"} {
		if strings.Contains(page, no) {
			t.Errorf("the page has %q", no)
		}
	}
	if !strings.Contains(page, `&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;\u202e`) {
		t.Error("the name is not on the page as text")
	}
}

// The word at the top never promises more than the audit has shown.
func TestVerdict(t *testing.T) {
	verdict := func(status audit.Status, unreadable int, levels ...audit.Level) string {
		r := &audit.Report{Vaults: []audit.Vault{{Status: audit.Recoverable}, {Status: status}}, Unreadable: unreadable}
		for _, l := range levels {
			r.Findings = append(r.Findings, audit.Finding{Level: l})
		}
		return report.Audit(r, nil).Verdict
	}
	for _, c := range []struct{ got, want string }{
		{verdict(audit.Recoverable, 0), "Recoverable"},
		{verdict(audit.Recoverable, 0, audit.Warning), "Recoverable, with warnings"},
		{verdict(audit.Recoverable, 0, audit.Error), "Not in order"},
		{verdict(audit.Recoverable, 1), "Not everything could be read"},
		{verdict(audit.Present, 0, audit.Note), "Nothing is missing, but nothing was shown to open"},
		{verdict(audit.Present, 0, audit.Warning), "Nothing is missing, but nothing was shown to open; with warnings"},
		{verdict(audit.TooFew, 0, audit.Error), "Not in order"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
}

// A large set is drawn in part, with those that are there, and listed in full.
func TestLargeSet(t *testing.T) {
	s := report.Set{Title: "x", Threshold: 3}
	for i := range 100 {
		h := report.Holder{Name: fmt.Sprintf("holder-%03d", i)}
		if i >= 97 {
			h.State = report.Here
		}
		s.Holders = append(s.Holders, h)
	}
	page := string((&report.Page{Vaults: []report.Vault{{Sets: []report.Set{s}}}}).HTML())
	check(t, page)
	drawing := page[strings.Index(page, "<svg"):strings.Index(page, "</svg>")]
	for _, want := range []string{"holder-097", "holder-099", "3 here", "and 92 more"} {
		if !strings.Contains(drawing, want) {
			t.Errorf("the picture has no %q", want)
		}
	}
	if !strings.Contains(page, "holder-050") {
		t.Error("the table does not list all holders")
	}
}

func TestCommand(t *testing.T) {
	if got := report.Command("p", "v", []string{"a", "--report", "r.html", "--report=x.html", "--record", "r.txt", "--record-code", "D62F", "--record-code=D62F", "b"}); !slices.Equal(got, []string{"p", "v", "a", "--record", "r.txt", "b"}) {
		t.Errorf("%q", got)
	}
	if got := report.Audit(&audit.Report{Date: "2026-01-01"}, []string{"x", "--date", "2026-01-01"}); !slices.ContainsFunc(got.Again, func(s report.Step) bool { return s.Command == "x --date 2026-01-01 --report AGAIN.html" }) {
		t.Errorf("the date is there twice: %+v", got.Again)
	}
}

// A page is read on any system: no command on it has what a shell could run, and
// the page says that a name was changed.
func TestCommandsAreInert(t *testing.T) {
	for name, want := range map[string]string{
		"a b.json":          "mpc-backup audit &#39;a b.json&#39; --date",
		"a';calc;'.json":    "mpc-backup audit &#39;a_;calc;_.json&#39; --date",
		"a’;calc;’.json":    "mpc-backup audit &#39;a_;calc;_.json&#39; --date",
		"a&calc&.json":      "mpc-backup audit a_calc_.json --date",
		"a\n rm -rf ~.json": "mpc-backup audit &#39;a_ rm -rf ~.json&#39; --date",
	} {
		page := string(report.Audit(&audit.Report{Date: "2026-01-01"}, []string{"mpc-backup", "audit", name}).HTML())
		if n := strings.Count(typed(page), want); n != 2 {
			t.Errorf("%q: %q is there %d times", name, want, n)
		}
		if said := strings.Contains(page, "holds what a shell could run"); said == (name == "a b.json") {
			t.Errorf("%q: said that it was changed: %v", name, said)
		}
	}
}
