package report_test

import (
	"bytes"
	"html"
	"os"
	"regexp"
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
		if !strings.Contains(typed(page), html.EscapeString(string(r.Text()))) {
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

// The page has what the stick says, with the fingerprint in its place: the commands
// that check a stick are typed from paper, and without a release key there are none.
func TestRecordPageChecksSticks(t *testing.T) {
	text, err := os.ReadFile("../../docs/usb/START-HERE.markdown")
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Parse(fixtures.Read("records/full.txt"))
	if err != nil {
		t.Fatal(err)
	}
	full, err := report.Record(r)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Facts
	f.ReleaseKeys = nil
	without, err := record.New(f)
	if err != nil {
		t.Fatal(err)
	}
	none, err := report.Record(without)
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^ {4}((?:cmd /c "|)ssh-keygen|sha256sum|shasum|Get-Content).*$`).FindAllString(string(text), -1)
	if len(commands) != 5 {
		t.Fatalf("START-HERE has %q", commands)
	}
	for _, c := range commands {
		c = html.EscapeString(strings.ReplaceAll(strings.TrimSpace(c), "FINGERPRINT", record.Fingerprint(r.ReleaseKeys[0])))
		if !strings.Contains(typed(string(full)), c) {
			t.Errorf("the page has no %s", c)
		}
		if strings.Contains(typed(string(none)), c) {
			t.Errorf("the page of a record without a release key has %s", c)
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
	page := strings.ReplaceAll(typed(string(data)), html.EscapeString(evil), "")
	check(t, page)
	if strings.Contains(page, "alert") {
		t.Error("something was not escaped")
	}
}
