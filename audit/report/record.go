package report

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/phrase"
	"lifeboat/internal/qrcode"
	"lifeboat/share"
	"lifeboat/share/record"
)

// recordRules are what the holders of the paper should know.
var recordRules = []string{
	"This paper is to be kept from strangers: with one of the root keys on it, a single private key of an address gives the private key of the whole vault",
	"Each holder keeps one paper, apart from the programs and from the shares",
	"On the day that it is needed, two holders compare their papers: the record codes must be the same, character for character",
	"Type the code from the paper, all of it. No program that asks for it shows it, and a code that somebody shows or tells you may be that of another record",
	"Until every holder has signed the record with their share, and two people have signed below that the vault's money is where it says, the record is unsworn: it is as good as whoever made it",
	"After a reshare there is a new record, which names this one's code. Then this paper only shows what was before",
}

// Record returns the page of a record. Its error wraps qrcode.ErrTooLong.
func Record(r *record.Record) ([]byte, error) {
	title := "Record of a vault"
	if r.TestOnly() {
		title = "TEST ONLY: " + title
	}
	w := begin(title + " " + r.Date)
	w.raw("<header>\n")
	w.tag("h1", title)
	w.raw(fmt.Sprintf("<p class=\"date\">Serial number %d, %s</p>\n</header>\n<section class=\"verdict note\">\n", r.Serial, esc(r.Date)))
	if err := w.qr(r.Code().String()); err != nil {
		return nil, err
	}
	w.tag("h2", "Record code")
	w.raw(`<p class="key code">` + esc(r.Code().String()) + "</p>\n")
	if r.Previous != nil {
		w.tag("p", "The record before this one has the code "+r.Previous.String())
	}
	w.raw("</section>\n")
	rules := recordRules
	if slices.ContainsFunc(r.Groups, func(g *share.Group) bool { return !g.KeysKnown() }) {
		rules = append(slices.Clone(rules), "Holders without a share public key cannot sign with their share, so this record stays unsworn: hold it against the papers of the others")
	}
	list(w, "What this paper is for", rules)
	for _, g := range r.Groups {
		if err := recordGroup(w, r, g); err != nil {
			return nil, err
		}
	}
	var people, exits, backups [][]string
	for _, p := range r.People {
		people = append(people, []string{p.Name, p.Contact, p.NodeID})
	}
	for _, e := range r.Exits {
		exits = append(exits, []string{e.Chain, e.Address, e.Tag})
	}
	for _, p := range r.Recipients {
		backups = append(backups, []string{p.Label, abridged(p.Text)})
	}
	section(w, "Whom to call", []string{"Who", "Where to call back", "Node"}, people, "The record names nobody")
	section(w, "Where money may go", []string{"Chain", "Address", "Tag or memo"}, exits, "The record names no address: one that somebody brings on the day was not agreed beforehand")
	section(w, "To whom backups are sealed", []string{"What people call it", "Recipient"}, backups, "The record names no recipient")
	w.raw("<section>\n<h2>Also recorded</h2>\n")
	var also [][2]string
	for _, k := range r.ReleaseKeys {
		also = append(also, [2]string{"Release key", record.Fingerprint(k)})
	}
	if b := r.Book; b != nil {
		also = append(also, [2]string{"Address book", fmt.Sprintf("%s, SHA-256 %x; books grow, so another one is no fault", phrase.Count(b.Rows, "row"), b.SHA256)})
	}
	hash := r.Hash()
	facts(w, append(also, [2]string{"SHA-256", hex.EncodeToString(hash[:])}))
	w.raw("</section>\n")
	fromPaper(w, r.ReleaseKeys)
	signatures(w, r)
	w.raw("<section>\n<h2>The record itself</h2>\n<p>To the letter, for whoever has lost the file. This gives the code of a file:</p>\n")
	w.code("sha256sum vault-record.txt | cut -c1-40 | xxd -r -p | base32 | tr A-Z2-7 0-9A-HJKMNP-TV-Z")
	w.code(strings.Split(strings.TrimSuffix(string(r.Text()), "\n"), "\n")...)
	w.raw("</section>\n")
	return w.end(), nil
}

func recordGroup(w *writer, r *record.Record, g *share.Group) error {
	root := g.Root().String()
	w.raw(`<section class="vault">` + "\n")
	if err := w.qr(root); err != nil {
		return err
	}
	w.tag("h2", "Root key on "+g.Curve.String())
	w.raw(`<p class="key">` + esc(root) + "</p>\n")
	roster := g.RosterSHA256()
	facts(w, [][2]string{
		{"Group", g.ID}, {"Needed", fmt.Sprintf("%d of %d shares", g.Threshold, len(g.Participants))},
		{"Scheme", g.Scheme.String()}, {"Tree", g.Root().Network().Name},
		{"Epoch", g.Epoch()}, {"Roster, SHA-256", hex.EncodeToString(roster[:])},
	})
	var rows [][]string
	for _, p := range g.Participants {
		who, _ := r.Person(p.NodeID)
		rows = append(rows, []string{p.NodeID, who.Name, p.ShareID.Text, share.KeyText(p.PublicKey)})
	}
	table(w, "keys", []string{"Node", "Who", "Share ID", "Share public key"}, rows)
	w.raw("</section>\n")
	return nil
}

// fromPaper says how to check a stick. A false stick would say otherwise, so it has to
// be on paper. internal/release tries the commands.
func fromPaper(w *writer, releaseKeys []string) {
	if len(releaseKeys) == 0 {
		return
	}
	const signed = "ssh-keygen -Y check-novalidate -n lifeboat-release -s SHA256SUMS.sig < SHA256SUMS | "
	w.raw("<section>\n<h2>Before anything that is on a stick is run</h2>\n")
	w.tag("p", "Whoever can change the programs on a stick can change the scripts and pages beside them. Copy the stick to a folder, and type this there.")
	for _, k := range releaseKeys {
		w.tag("p", "Linux and macOS: a line that begins with Good says that this release key has signed the list of files.")
		w.code(signed + "grep " + record.Fingerprint(k))
		w.tag("p", "Windows, in PowerShell:")
		w.code(`cmd /c "` + signed + "findstr /l " + record.Fingerprint(k) + `"`)
	}
	w.tag("p", "Without that line, stop. With it, compare the files with the list: on Linux and macOS each must be OK, on Windows the wrong ones are named.")
	w.code(
		"sha256sum -c SHA256SUMS",
		"shasum -a 256 -c SHA256SUMS",
		"Get-Content SHA256SUMS | % { $s, $n = $_ -split '  ', 2; if ((Get-FileHash -LiteralPath $n).Hash -ne $s) { $n } }",
	)
	w.raw("</section>\n")
}

// signatures are lines for pens.
func signatures(w *writer, r *record.Record) {
	const looked = "With an explorer I have found this vault's money at an address that its root keys give: "
	rows := [][]string{{looked, "", ""}, {looked, "", ""}}
	done := map[string]bool{}
	for _, g := range r.Groups {
		for _, p := range g.Participants {
			if done[p.NodeID] {
				continue
			}
			done[p.NodeID] = true
			name := p.NodeID
			if who, ok := r.Person(p.NodeID); ok {
				name = who.Name + " (" + p.NodeID + ")"
			}
			signed := "I have signed this record with my share, on my own machine: "
			if p.PublicKey == nil { // there is nothing to check such a signature against
				signed = "I have read this record, and compared its code with that of the file: "
			}
			rows = append(rows, []string{signed + name, "", ""})
		}
	}
	w.raw("<section>\n<h2>Signatures</h2>\n")
	table(w, "sign", []string{"", "Date", "Signature"}, rows)
	w.raw("</section>\n")
}

// section is a table under a heading, or a sentence where there are no rows.
func section(w *writer, title string, head []string, rows [][]string, none string) {
	w.raw("<section>\n")
	w.tag("h2", title)
	if len(rows) == 0 {
		w.tag("p", sentence(none))
	} else {
		table(w, "", head, rows)
	}
	w.raw("</section>\n")
}

func table(w *writer, class string, head []string, rows [][]string) {
	w.raw(`<table class="` + class + "\">\n<thead><tr>")
	for _, h := range head {
		w.raw("<th>" + esc(h) + "</th>")
	}
	w.raw("</tr></thead>\n<tbody>\n")
	for _, row := range rows {
		w.raw("<tr>")
		for _, cell := range row {
			w.raw("<td>" + esc(cell) + "</td>")
		}
		w.raw("</tr>\n")
	}
	w.raw("</tbody>\n</table>\n")
}

// abridged shortens what nobody reads: a hybrid recipient has 1,959 characters.
func abridged(s string) string {
	const most, kept = 120, 24
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s…%s (%d characters, in full below)", s[:kept], s[len(s)-kept:], len(s))
}

// qr draws a code beside what comes next.
func (w *writer) qr(text string) error {
	svg, err := qrcode.SVG(text)
	if err != nil {
		return err
	}
	w.raw(`<div class="qr">` + string(svg) + "</div>\n")
	return nil
}
