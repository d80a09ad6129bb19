package report

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/phrase"
	"lifeboat/internal/shell"
)

// Audit makes the page of an audit. The command that it shows has the date, so that
// it makes the same page again.
func Audit(r *audit.Report, command []string) *Page {
	command = withDate(command, r.Date)
	p := &Page{
		Title: "Audit of backups", Tool: r.Tool, Date: r.Date, Command: command,
		Summary: r.Summary, Books: r.Books, InShort: r.InShort(), Findings: r.Findings, Accepted: r.Accepted, Left: r.NotCovered, Proves: audit.Proves(), Files: r.Files,
	}
	p.Level, p.Verdict = verdict(r)
	for i := range r.Vaults {
		p.Vaults = append(p.Vaults, ofVault(&r.Vaults[i]))
	}
	if r.Record != nil {
		p.Sworn = fmt.Sprintf("Record number %d, of %s: %s", r.Record.Serial, r.Record.Date, r.Record.Signed())
		for _, g := range r.Record.Groups {
			p.Recorded = append(p.Recorded, ofRecorded(g))
		}
	}
	p.Facts = [][2]string{{"Program", r.Tool}, {"Date of the audit", r.Date}, {"Files looked at", fmt.Sprint(len(r.Files))}}
	p.Again = []Step{
		{Text: "Compare the files with the hashes above.", Command: "sha256sum FILE"},
		{Text: "Read what each share file says, and compare the root keys and epochs with your records.", Command: "mpc-backup inspect FILE"},
		{Text: "Run the audit again on the same files. With the same date it makes this page again, byte for byte.", Command: shell.Line(append(slices.Clone(command), "--report", "AGAIN.html")...)},
		{Text: "Have each holder show that the share opens: alone, or as an answer to a challenge of your choice.", Command: "mpc-backup verify FILE\nmpc-backup attest FILE --challenge TEXT -o A.json"},
		{Text: "Check the attestations.", Command: "mpc-backup check A.json B.json --challenge TEXT"},
		{Text: "Sign this page with a share, or with an ssh-ed25519 key, and check the signature.",
			Command: "mpc-backup attest FILE --report THIS.html -o A.json\nmpc-backup check A.json --report THIS.html --partial\nssh-keygen -Y sign -f KEY -n lifeboat-report THIS.html\nssh-keygen -Y verify -f ALLOWED -I NAME -n lifeboat-report -s THIS.html.sig < THIS.html"},
	}
	return p
}

// withDate adds the date to a command line that has none.
func withDate(command []string, date string) []string {
	for _, a := range command {
		if a == "--date" || strings.HasPrefix(a, "--date=") {
			return command
		}
	}
	return append(command[:len(command):len(command)], "--date", date)
}

// verdict sums up an audit in a few words. "In order" is not said of shares that nobody
// has shown to open.
func verdict(r *audit.Report) (audit.Level, string) {
	shown := true
	for _, v := range r.Vaults {
		shown = shown && v.Status == audit.Recoverable
	}
	switch {
	case r.Count(audit.Error) > 0:
		return audit.Error, "Not in order"
	case r.Unreadable > 0:
		return audit.Error, "Not everything could be read"
	case shown && r.Count(audit.Warning) == 0:
		return Good, "Recoverable"
	case shown:
		return audit.Warning, "Recoverable, with warnings"
	case r.Count(audit.Warning) > 0:
		return audit.Warning, "Nothing is missing, but nothing was shown to open; with warnings"
	}
	return audit.Note, "Nothing is missing, but nothing was shown to open"
}

func levelOf(s audit.Status) audit.Level {
	switch s {
	case audit.Recoverable:
		return Good
	case audit.Present:
		return audit.Note
	case audit.Unknown:
		return audit.Warning
	}
	return audit.Error
}

func ofVault(v *audit.Vault) Vault {
	out := Vault{Title: "Root key on " + v.Curve, Root: v.Root, Level: levelOf(v.Status), Verdict: v.Verdict}
	if v.Root == "" && v.RootKey != "" {
		out.Root = v.RootKey
		out.Notes = append(out.Notes, "No chain code is known, so only addresses of the root key itself can be checked: if the vault has one, it is in the root extended public key.")
	}
	if v.Recorded {
		out.Notes = append(out.Notes, "The root key is a recorded one.")
	}
	if v.TestOnly {
		out.Notes = append(out.Notes, "TEST ONLY: the keys of this vault are published.")
	}
	for i := range v.Epochs {
		out.Sets = append(out.Sets, ofEpoch(&v.Epochs[i]))
	}
	return out
}

func ofEpoch(e *audit.Epoch) Set {
	s := Set{Title: "Shares of epoch " + e.Epoch, Level: levelOf(e.Status), Verdict: e.Verdict, Threshold: e.Threshold}
	needed := "unknown"
	if e.Threshold > 0 {
		needed = fmt.Sprintf("%d of %d", e.Threshold, len(e.Holders))
	}
	if e.Threshold > 0 && !e.Roster {
		needed = fmt.Sprintf("%d; no share file says of how many", e.Threshold)
	}
	s.Facts = [][2]string{{"Needed", needed}, {"Present", fmt.Sprint(e.Present)}, {"Sealed, verified", fmt.Sprint(e.Sealed)}, {"Attested", fmt.Sprint(e.Attested)},
		{"Epoch recorded", yes(e.Recorded)}, {"Enough are here", yes(e.Here)}, {"These open", yes(e.Opens)}, {"They are yours", yes(e.Yours)}, {"Group", strings.Join(e.GroupIDs, "; ")}, {"Made", strings.Join(e.Created, "; ")}}
	for i := range e.Holders {
		s.Holders = append(s.Holders, ofHolder(&e.Holders[i]))
	}
	for _, set := range e.Sets {
		s.Ways = append(s.Ways, strings.Join(set, " + "))
	}
	if e.MoreSets > 0 {
		s.Ways = append(s.Ways, fmt.Sprintf("and %s of %d", phrase.Count(e.MoreSets, "more set"), e.Threshold))
	}
	return s
}

func ofRecorded(g audit.RecordedGroup) Set {
	s := Set{Title: fmt.Sprintf("Group %q on %s, epoch %s", g.ID, g.Curve, g.Epoch), Level: levelOf(g.Status), Verdict: string(g.Status)}
	for _, h := range g.Holders {
		out := Holder{Name: h.NodeID, Lines: h.Where}
		if h.Person != "" {
			out.Name += " (" + h.Person + ")"
		}
		switch {
		case h.State == audit.HasAttested:
			out.State = Attested
		case h.State == audit.HasSealed:
			out.State = Sealed
		case h.State.Counts():
			out.State = Here
		}
		if !h.State.Counts() && len(h.Where) > 0 {
			out.Lines = append([]string{h.State.String() + ":"}, h.Where...)
		}
		s.Holders = append(s.Holders, out)
	}
	return s
}

// yes says whether a fact was shown.
func yes(shown bool) string {
	if shown {
		return "yes"
	}
	return "not shown"
}

func ofHolder(h *audit.Holder) Holder {
	out := Holder{Name: h.NodeID}
	if len(h.Damaged) > 0 {
		out.State = Damaged
	}
	if len(h.Copies) > 0 {
		out.State = Here
	}
	if h.Here || h.Attested != nil {
		out.Lines = append(out.Lines, h.States())
	}
	for _, c := range h.Copies {
		line := c.Path
		switch {
		case c.Bundle:
			line += " (bundle)"
		case c.Clear:
			line += " (not encrypted)"
		}
		if c.Opened {
			line += " (its holder opened it)"
		}
		out.Lines = append(out.Lines, line)
	}
	for _, d := range h.Damaged {
		out.Lines = append(out.Lines, d+" (damaged)")
	}
	if s := h.Sealed; s != nil {
		out.State = Sealed
		live := "not challenged, or no answer"
		if s.Live {
			live = "its identity answered"
		}
		out.Lines = append(out.Lines, fmt.Sprintf("%s: sealed on %s, %d of %s; %s", strings.Join(s.Paths, ", "), s.Date, s.Needed, strings.Join(s.Recipients, ", "), live))
	}
	if a := h.Attested; a != nil {
		out.State = Attested
		out.Lines = append(out.Lines, fmt.Sprintf("%s: attestation of %s, %s", a.Path, a.Date, a.Subject))
	}
	return out
}
