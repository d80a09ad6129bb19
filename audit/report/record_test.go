package report_test

import (
	"bytes"
	"html"
	"strings"
	"testing"

	"lifeboat/audit/report"
	"lifeboat/fixtures"
	"lifeboat/internal/qrcode"
	"lifeboat/share/record"
)

// Every line of a record is on its page, and its code and its root keys as QR codes.
func TestRecordPage(t *testing.T) {
	for _, name := range []string{"full", "least"} {
		r, err := record.Parse(fixtures.Read("records/" + name + ".txt"))
		if err != nil {
			t.Fatal(err)
		}
		data, err := report.Record(r)
		if err != nil {
			t.Fatal(err)
		}
		page := string(data)
		check(t, page)
		if again, err := report.Record(r); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s: the same record gives another page: %v", name, err)
		}
		if !strings.Contains(page, html.EscapeString(string(r.Text()))) {
			t.Errorf("%s: the page has not the text", name)
		}
		codes := []string{r.Code().String()}
		for _, root := range r.Roots() {
			codes = append(codes, root.String())
		}
		for _, text := range codes {
			svg, err := qrcode.SVG(text)
			if err != nil || !strings.Contains(page, string(svg)) {
				t.Errorf("%s: no QR code of %s: %v", name, text, err)
			}
		}
		if !strings.Contains(page, "TEST ONLY: Record of a vault") {
			t.Errorf("%s: the page does not say what vault it is", name)
		}
	}
}

// What people have written cannot become a part of the page.
func TestRecordPageEscapes(t *testing.T) {
	r, err := record.Parse(fixtures.Read("records/full.txt"))
	if err != nil {
		t.Fatal(err)
	}
	const evil = `</pre><script src="http://x">alert('1')</script> & co`
	f := r.Facts
	f.People[0].Name, f.People[0].Contact = evil, evil
	f.Recipients[0].Label = evil
	f.Exits[0].Tag = evil
	f.Recipients = append(f.Recipients, record.Recipient{Text: "age1pq1" + strings.Repeat("q", 1952), Label: evil})
	if r, err = record.New(f); err != nil {
		t.Fatal(err)
	}
	data, err := report.Record(r)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(data), html.EscapeString(evil), "")
	check(t, page)
	if strings.Contains(page, "alert") {
		t.Error("something was not escaped")
	}
}
