// Package report makes a page of what an audit, a verification or a rehearsal
// found, and of the record of a vault: one HTML file for people, to be filed and
// printed. It has no scripts and loads nothing. The same content gives the same bytes.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/phrase"
	"lifeboat/internal/plain"
	"lifeboat/internal/shell"
)

// Page is the content of a report. All text is plain; the page escapes it.
type Page struct {
	Title    string
	Tool     string // program and version
	Date     string
	Command  []string // the command line, which never holds a secret; see Command
	Level    audit.Level
	Verdict  string // one word or two
	InShort  string // the same in three words, of an audit
	Summary  string // a sentence or two
	Vaults   []Vault
	Recorded []Set  // what is here of what the record lists
	Sworn    string // whether the record is sworn
	Books    []audit.Book
	Findings []audit.Finding
	Accepted []audit.Accepted // warnings that do not count
	Proves   []string         // what the report proves and does not prove
	Left     []string         // what was not covered
	Facts    [][2]string
	Files    []audit.File
	Steps    string // the heading of Again
	Again    []Step // how to check the report by hand, or what was done
}

// Good is the level of a page without a complaint.
const Good audit.Level = "good"

// Vault is a root key.
type Vault struct {
	Title   string
	Root    string // extended public key, or, without a chain code, the public key
	Notes   []string
	Level   audit.Level
	Verdict string
	Sets    []Set
}

// Set is one set of shares of the root key.
type Set struct {
	Title     string
	Facts     [][2]string
	Level     audit.Level
	Verdict   string
	Threshold int // 0: unknown
	Holders   []Holder
	Ways      []string // sets of holders that give the key
}

// Holder is a holder of a share, for the picture and the table below it.
type Holder struct {
	Name  string
	State State
	Lines []string // where the share is, or what is wrong with it
}

// State is what is known of a holder's share.
type State int

// The states.
const (
	Missing  State = iota // nowhere
	Damaged               // there, and cannot be used
	Here                  // present, not opened
	Sealed                // sealed, as a proof shows
	Attested              // its holder attested
	Opened                // opened and matched
)

var stateNames = [...]string{Missing: "not here", Damaged: "damaged", Here: "present", Sealed: "sealed, verified", Attested: "attested", Opened: "opened"}

func (s State) String() string { return stateNames[s] }

// Counts reports whether the share counts towards the threshold.
func (s State) Counts() bool { return s >= Here }

// Step is a thing to do by hand.
type Step struct {
	Text    string
	Command string
	Result  string // what came of it, if it was done
}

// levels gives each level a word, and a class of the style sheet.
var levels = map[audit.Level][2]string{
	audit.Error:   {"Error", "error"},
	audit.Warning: {"Warning", "warning"},
	audit.Note:    {"Note", "note"},
	Good:          {"Good", "good"},
}

// HTML returns the page.
func (p *Page) HTML() []byte {
	w := begin(p.Title + " " + p.Date)
	p.head(w)
	for i := range p.Vaults {
		p.Vaults[i].write(w)
	}
	p.recorded(w)
	p.findings(w)
	p.accepted(w)
	p.addresses(w)
	list(w, "Not covered", p.Left)
	list(w, "What this proves, and what it does not", p.Proves)
	p.evidence(w)
	p.again(w)
	return w.end()
}

// begin starts a page.
func begin(title string) *writer {
	w := &writer{}
	w.raw(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light">
`)
	w.tag("title", title)
	w.raw("<style>\n" + style + "</style>\n</head>\n<body>\n<main>\n")
	return w
}

func (w *writer) end() []byte {
	w.raw("</main>\n</body>\n</html>\n")
	return []byte(w.String())
}

func (p *Page) head(w *writer) {
	w.raw("<header>\n")
	w.raw(`<p class="program">` + esc(p.Tool) + `</p>` + "\n")
	w.tag("h1", p.Title)
	w.raw(`<p class="date">` + esc(p.Date) + "</p>\n</header>\n")
	w.raw(`<section class="verdict ` + levels[p.Level][1] + `">` + "\n")
	w.tag("h2", p.Verdict)
	if p.InShort != "" {
		w.raw("<p><b>" + esc(sentence(p.InShort)) + "</b></p>\n")
	}
	w.tag("p", p.Summary)
	if len(p.Findings)+len(p.Vaults) > 0 {
		counts := map[audit.Level]int{}
		for _, f := range p.Findings {
			counts[f.Level]++
		}
		line := fmt.Sprintf("%s · %s · %s", phrase.Count(counts[audit.Error], "error"), phrase.Count(counts[audit.Warning], "warning"), phrase.Count(counts[audit.Note], "note"))
		if n := len(p.Accepted); n > 0 {
			line += fmt.Sprintf(" · %d accepted", n)
		}
		w.raw(`<p class="counts">` + line + "</p>\n")
	}
	w.raw("</section>\n")
}

func (v *Vault) write(w *writer) {
	w.raw(`<section class="vault">` + "\n")
	w.tag("h2", v.Title)
	if v.Root != "" {
		w.raw(`<p class="key">` + esc(v.Root) + "</p>\n")
	}
	w.badge(v.Level, v.Verdict)
	for _, n := range v.Notes {
		w.tag("p", n)
	}
	for i := range v.Sets {
		s := &v.Sets[i]
		w.raw(`<div class="set">` + "\n")
		w.tag("h3", s.Title)
		w.raw(`<div class="columns">` + "\n<figure>\n")
		w.raw(picture(s))
		w.raw("</figure>\n<div>\n")
		if i > 0 {
			w.badge(s.Level, s.Verdict)
		}
		facts(w, s.Facts)
		w.raw("</div>\n</div>\n")
		s.table(w)
		if len(s.Ways) > 0 {
			who := "Who can recover it:"
			if s.Level != Good {
				who = "Who could recover it, if the shares open:"
			}
			w.raw("<p><b>" + who + "</b> " + esc(strings.Join(s.Ways, "; ")) + ".</p>\n")
		}
		w.raw("</div>\n")
	}
	w.raw("</section>\n")
}

func (s *Set) table(w *writer) {
	w.raw("<table>\n<thead><tr><th>Holder</th><th>Share</th><th>Where</th></tr></thead>\n<tbody>\n")
	for _, h := range s.Holders {
		w.raw("<tr><td>" + esc(h.Name) + `</td><td class="state">` + h.State.String() + "</td><td>")
		for i, l := range h.Lines {
			if i > 0 {
				w.raw("<br>")
			}
			w.raw(esc(l))
		}
		w.raw("</td></tr>\n")
	}
	w.raw("</tbody>\n</table>\n")
}

func (p *Page) recorded(w *writer) {
	if len(p.Recorded) == 0 {
		return
	}
	w.raw("<section>\n<h2>Compared with the record</h2>\n")
	w.tag("p", sentence(p.Sworn))
	for i := range p.Recorded {
		s := &p.Recorded[i]
		w.tag("h3", s.Title)
		w.badge(s.Level, s.Verdict)
		s.table(w)
	}
	w.raw("</section>\n")
}

func (p *Page) findings(w *writer) {
	if len(p.Findings) == 0 && len(p.Vaults) == 0 {
		return // of a rehearsal
	}
	w.raw("<section>\n<h2>Findings</h2>\n")
	if len(p.Findings) == 0 {
		w.tag("p", "None.")
	}
	for _, f := range p.Findings {
		look := levels[f.Level]
		w.raw(`<article class="finding ` + look[1] + `">` + "\n")
		w.raw(`<p class="label"><b>` + look[0] + `</b> <span>` + esc(f.Code) + "</span></p>\n")
		w.tag("p", sentence(f.Text))
		for _, a := range f.About {
			w.raw(`<p class="path">` + esc(a) + "</p>\n")
		}
		if f.Do != "" {
			w.raw("<p><b>What to do:</b> " + esc(sentence(f.Do)) + "</p>\n")
		}
		w.raw("</article>\n")
	}
	w.raw("</section>\n")
}

// accepted lists the warnings that somebody took upon themselves.
func (p *Page) accepted(w *writer) {
	if len(p.Accepted) == 0 {
		return
	}
	w.raw("<section>\n<h2>Accepted warnings</h2>\n")
	w.tag("p", "They do not count until the day that is named, which is the last one.")
	var rows [][]string
	for _, a := range p.Accepted {
		rows = append(rows, []string{a.Code, a.About[0], sentence(a.Text), a.Who, a.Until})
	}
	table(w, "accepted", []string{"Finding", "File", "What was found", "Who", "Until"}, rows)
	w.raw("</section>\n")
}

func (p *Page) addresses(w *writer) {
	if len(p.Books) == 0 {
		return
	}
	w.raw("<section>\n<h2>Address books</h2>\n<table class=\"numbers\">\n<thead><tr><th>Rows</th><th>Match</th><th>Differ</th><th>Bad</th><th>Not checked</th></tr></thead>\n")
	for _, b := range p.Books {
		t := b.Totals
		w.raw(`<tbody><tr><td colspan="5" class="path">` + esc(b.Path) + "</td></tr>\n")
		fmt.Fprintf(w, "<tr><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td></tr></tbody>\n", t.Rows, t.OK, t.Mismatch, t.Bad, t.Unsupported)
	}
	w.raw("</table>\n")
	for _, b := range p.Books {
		var rows []string
		for _, r := range b.Rows {
			rows = append(rows, fmt.Sprintf("%s, line %d: %s", b.Path, r.Line, r.Text))
		}
		items(w, rows)
	}
	w.raw("</section>\n")
}

func list(w *writer, title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.raw("<section>\n")
	w.tag("h2", title)
	items(w, texts)
	w.raw("</section>\n")
}

func items(w *writer, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.raw("<ul>\n")
	for _, t := range texts {
		w.tag("li", sentence(t))
	}
	w.raw("</ul>\n")
}

func facts(w *writer, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	w.raw("<dl>\n")
	for _, f := range rows {
		if f[1] != "" {
			w.tag("dt", f[0])
			w.tag("dd", f[1])
		}
	}
	w.raw("</dl>\n")
}

func (p *Page) evidence(w *writer) {
	w.raw("<section>\n<h2>Evidence</h2>\n")
	w.raw(`<p>Command: <code>` + plain.Code(shell.Line(p.Command...)) + "</code></p>\n")
	p.rename(w)
	facts(w, p.Facts)
	if len(p.Files) > 0 {
		w.raw(`<table class="files">` + "\n<thead><tr><th>File</th><th>Kind</th><th>Bytes</th></tr></thead>\n")
		for _, f := range p.Files {
			w.raw("<tbody>\n<tr><td>" + esc(f.Path) + "</td><td>" + esc(string(f.Kind)) + "</td><td>" + size(f) + "</td></tr>\n")
			if f.SHA256 != "" {
				w.raw(`<tr><td colspan="3" class="hash"><span>SHA-256</span> ` + esc(f.SHA256) + "</td></tr>\n")
			}
			w.raw("</tbody>\n")
		}
		w.raw("</table>\n")
	}
	w.raw("</section>\n")
}

func size(f audit.File) string {
	if f.Size == 0 {
		return ""
	}
	return fmt.Sprint(f.Size)
}

func (p *Page) again(w *writer) {
	if len(p.Again) == 0 {
		return
	}
	w.raw("<section>\n")
	w.tag("h2", cmp.Or(p.Steps, "How to check this by hand"))
	p.rename(w)
	w.raw("<ol>\n")
	for _, s := range p.Again {
		w.raw("<li>" + esc(s.Text))
		if s.Command != "" {
			w.code(strings.Split(s.Command, "\n")...)
		}
		for l := range strings.SplitSeq(s.Result, "\n") {
			if l != "" {
				w.raw(`<p class="result">` + esc(sentence(strings.TrimSpace(l))) + "</p>")
			}
		}
		w.raw("</li>\n")
	}
	w.raw("</ol>\n</section>\n")
}

// Command returns a command line without the name of the report, so that the page
// does not depend on what it is called, and without the code of the record, which
// stays on paper.
func Command(program, verb string, args []string) []string {
	line := []string{program, verb}
	for i := 0; i < len(args); i++ {
		switch name, _, joined := strings.Cut(args[i], "="); {
		case name != "--report" && name != "--record-code":
			line = append(line, args[i])
		case !joined:
			i++ // and its value
		}
	}
	return line
}

// renameFirst explains why a name is not shown in a command as it is.
const renameFirst = "A name in the command holds what a shell could run, so _ stands in its place. Give that file another name before you type the command."

// rename writes that if there is such a name.
func (p *Page) rename(w *writer) {
	if slices.ContainsFunc(p.Command, func(word string) bool { return !shell.Safe(word) }) {
		w.tag("p", renameFirst)
	}
}

// sentence begins a text with a capital and ends it with a full stop. The name of a
// file or a curve stays as it is.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if first, _, _ := strings.Cut(s, " "); s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsAny(strings.TrimRight(first, ".:,"), "./0123456789") {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// esc escapes text for HTML.
func esc(s string) string { return plain.HTML(s) }

// writer collects the page.
type writer struct{ strings.Builder }

func (w *writer) raw(s string) { w.WriteString(s) }

func (w *writer) tag(name, text string) {
	w.raw("<" + name + ">" + esc(text) + "</" + name + ">\n")
}

// code writes commands, one a line.
func (w *writer) code(lines ...string) { w.raw("<pre>" + plain.CodeLines(lines) + "</pre>\n") }

func (w *writer) badge(level audit.Level, text string) {
	look := levels[level]
	w.raw(`<p class="badge ` + look[1] + `">` + esc(text) + "</p>\n")
}
