package audit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"lifeboat/internal/strict"
)

// Acceptance is somebody's word that a warning is known, and may stay for a while.
type Acceptance struct {
	Code  string // of the finding
	About string // the file or vault, as the finding names it
	Who   string
	Until string // the last day, as 2006-01-02
}

// Accepted is a warning about one file or vault that somebody accepted. It does not
// count as a finding.
type Accepted struct {
	Finding
	Who   string `json:"who"`
	Until string `json:"until"`
}

// acceptColumns are the header of a file of acceptances.
var acceptColumns = []string{"finding", "file", "who", "until"}

const maxAcceptances = 1000

// ReadAcceptances reads a table of acceptances. Half of it is not used: what is wrong
// with a row is an error.
func ReadAcceptances(r io.Reader) ([]Acceptance, error) {
	csv := strict.NewReader(r)
	header, line, err := csv.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !slices.Equal(header, acceptColumns) {
		return nil, fmt.Errorf("line %d: the header must be %s", max(line, 1), strings.Join(acceptColumns, ","))
	}
	list := []Acceptance{}
	for {
		cells, line, err := csv.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if len(cells) != len(acceptColumns) {
			return nil, fmt.Errorf("line %d: it has %d cells, and the header has %d", line, len(cells), len(acceptColumns))
		}
		a := Acceptance{cells[0], cells[1], cells[2], cells[3]}
		day, err := time.Parse(time.DateOnly, a.Until)
		switch {
		case a.Code == "":
			return nil, fmt.Errorf("line %d: it names no finding", line)
		case a.Who == "":
			return nil, fmt.Errorf("line %d: it does not say who accepted the finding", line)
		case err != nil || day.Format(time.DateOnly) != a.Until:
			return nil, fmt.Errorf("line %d: until when is not a date such as 2026-12-31", line)
		case slices.ContainsFunc(list, func(b Acceptance) bool { return a.Code == b.Code && a.About == b.About }):
			return nil, fmt.Errorf("line %d: the same finding about the same file is accepted twice", line)
		case len(list) == maxAcceptances:
			return nil, fmt.Errorf("line %d: more than %d rows", line, maxAcceptances)
		}
		list = append(list, a)
	}
}

// accept takes out of the findings the warnings that were accepted, and says which
// acceptances did nothing.
func (a *Auditor) accept() []Accepted {
	accepted := []Accepted{}
	var idle []Acceptance
	for _, by := range a.o.Accepted {
		if a.levelOf(by) == Warning && !a.expired(by) {
			accepted = append(accepted, a.take(by)...)
		} else {
			idle = append(idle, by)
		}
	}
	for _, by := range idle {
		switch level := a.levelOf(by); level {
		case "":
			a.find(Note, "acceptance-unused", by.About, "take the row out of the file, or name the finding and its file as the audit does",
				"%q was accepted by %q, and nothing of the kind was found here", by.Code, by.Who)
		case Warning:
			a.find(Note, "acceptance-expired", by.About, "mend it, or have it accepted anew",
				"%q was accepted by %q until %s, and counts again", by.Code, by.Who, by.Until)
		default:
			a.find(Note, "acceptance-unused", by.About, "take the row out of the file, and mend what is an error",
				"%q was accepted by %q, and is no warning but of the level %q: only warnings can be accepted", by.Code, by.Who, level)
		}
	}
	return accepted
}

// expired reports whether the last day of an acceptance is over.
func (a *Auditor) expired(by Acceptance) bool { return a.o.Date.Format(time.DateOnly) > by.Until }

func (f *Finding) is(by Acceptance) bool {
	return f.Code == by.Code && slices.Contains(f.About, by.About)
}

// levelOf returns how bad it is what somebody accepted, or nothing if it is not there.
func (a *Auditor) levelOf(by Acceptance) Level {
	for i := range a.findings {
		if a.findings[i].is(by) {
			return a.findings[i].Level
		}
	}
	return ""
}

// take removes from the findings what somebody accepted. None is found after that,
// but for those of acceptances: a.noted has the places before.
func (a *Auditor) take(by Acceptance) (accepted []Accepted) {
	var rest []Finding
	for _, f := range a.findings {
		if f.is(by) {
			one := f
			one.About = []string{by.About}
			accepted = append(accepted, Accepted{one, by.Who, by.Until})
			if f.About = slices.DeleteFunc(f.About, func(about string) bool { return about == by.About }); len(f.About) == 0 {
				continue
			}
		}
		rest = append(rest, f)
	}
	a.findings = rest
	return accepted
}
