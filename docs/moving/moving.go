// Package moving says, chain by chain, how the money of an address book is moved, as
// text and as a page. What holds for a family of chains stands in a file each; how its
// transactions are made and sent is taken from the page on signing, what a transfer needs
// from package tx, and the steps from the runbook. No key is in it, neither a private
// one nor one of the vault or of a row.
package moving

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/chains/book"
	"lifeboat/docs"
	"lifeboat/docs/runbooks"
	"lifeboat/internal/page"
	"lifeboat/internal/phrase"
	"lifeboat/internal/plain"
	"lifeboat/tx"
)

//go:embed *.md
var pages embed.FS

// The most that is listed of what a book may have any number of.
const (
	maxAddresses = 100 // of a chain
	maxCoins     = 50  // that are not in the table, and tokens of a chain
	maxCell      = 60  // characters of a cell
)

// Plan is what is to be moved, and by which commands.
type Plan struct {
	Tool string // program and version
	Date string
	Book string // what the address book is called; empty if there is none
	// Compared says that each row was compared with the root keys.
	Compared bool
	// Marks fill in the commands, as in the runbooks. An extended key must not be
	// among them.
	Marks map[string]string

	places  map[*chains.Chain]*place
	unknown map[string]int // rows by coin, of coins that are not in the table
	more    int            // rows of further such coins
	failed  int            // rows that differ, or cannot be used
}

// place is what the book has on a chain.
type place struct {
	chain  *chains.Chain
	rows   int
	tokens []string // by the coins of the rows
	listed []address
}

type address struct {
	text, facts string
	token       bool // a row names a token on it
}

// Add takes in a row of the address book.
func (p *Plan) Add(row *book.Row, r *book.Result) {
	if p.places == nil {
		p.places, p.unknown = make(map[*chains.Chain]*place), make(map[string]int)
	}
	switch {
	case r.Status == book.Mismatch || r.Status == book.Bad:
		p.failed++
	case r.Chain == nil:
		coin := cell(row.Get(book.Coin))
		if _, ok := p.unknown[coin]; !ok && len(p.unknown) == maxCoins {
			p.more++
			return
		}
		p.unknown[coin]++
	default:
		at := p.places[r.Chain]
		if at == nil {
			at = &place{chain: r.Chain}
			p.places[r.Chain] = at
		}
		at.add(row, r)
	}
}

func (at *place) add(row *book.Row, r *book.Result) {
	at.rows++
	_, own := chains.Lookup(row.Get(book.Coin))
	if token := cell(row.Get(book.Coin)); !own && len(at.tokens) < maxCoins && !slices.Contains(at.tokens, token) {
		at.tokens = append(at.tokens, token)
	}
	text := plain.Line(cmp.Or(row.Get(book.Address), r.Derived))
	if i := slices.IndexFunc(at.listed, func(a address) bool { return a.text == text }); i >= 0 {
		at.listed[i].token = at.listed[i].token || !own
		return
	}
	if text == "" || len(at.listed) == maxAddresses {
		return
	}
	facts := []string{cell(row.Get(book.Path)), "", cell(row.Get(book.Wallet)), cell(row.Get(book.Label))}
	switch {
	case r.Key != nil && r.Encoding != nil && r.Status == book.OK:
		facts[1] = r.Encoding.Name
	case !r.Uncovered:
		facts[1] = plain.Line(r.Text())
	}
	facts = slices.DeleteFunc(facts, func(s string) bool { return s == "" })
	at.listed = append(at.listed, address{text, strings.Join(facts, ", "), !own})
}

// cell makes a cell fit to be shown.
func cell(s string) string {
	if r := []rune(s); len(r) > maxCell {
		s = string(r[:maxCell]) + "…"
	}
	return plain.Line(s)
}

// family is what chains have in common whose transactions are written alike.
type family struct {
	title string
	rows  [][2]string // what about, and what to know
}

// familyOf returns the family of a chain, if its transactions are read.
func familyOf(c *chains.Chain) (*family, bool) {
	name, ok := tx.Family(c)
	if !ok {
		return nil, false
	}
	text, err := pages.ReadFile(strings.ToLower(name) + ".md")
	if err != nil {
		return nil, false
	}
	var f family
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			f.title = strings.TrimSpace(title)
		}
		if m := card.FindStringSubmatch(line); m != nil && m[1] != "about" {
			f.rows = append(f.rows, [2]string{m[1], m[2]})
		}
	}
	return &f, true
}

var card = regexp.MustCompile(`^\| ([a-z]+) \| (.*) \|\n?$`)

// about returns what to know of one thing.
func (f *family) about(what string) string {
	for _, row := range f.rows {
		if row[0] == what {
			return row[1]
		}
	}
	return ""
}

// Text returns it all as Markdown, which can be read as it is.
func (p *Plan) Text() string {
	var b strings.Builder
	b.WriteString("# Moving the money\n\n")
	fmt.Fprintf(&b, "%s, %s. ", plain.Line(p.Tool), plain.Line(p.Date))
	b.WriteString(p.scope() + "\n\n")
	first := runbooks.Fill(general("Without a key leaving")+"\n\n"+runbooks.Section("custodian", "Moving the money"), p.Marks)
	order := runbooks.Fill(general("In which order"), p.Marks)
	b.WriteString(first + "\n\n" + marks(first+order))
	families, others := p.sorted()
	p.overview(&b, families, others)
	b.WriteString(order + "\n\n")
	p.transfers(&b, families)
	for _, f := range families {
		p.family(&b, f)
	}
	p.others(&b, others)
	for _, heading := range []string{"Single keys, the last resort", "A child key leaks"} {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", heading, runbooks.Section("custodian", heading))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// HTML returns it all as a page.
func (p *Plan) HTML() []byte { return []byte(page.HTML(p.Text())) }

// scope says what the rest is about.
func (p *Plan) scope() string {
	switch {
	case p.Book == "" && len(p.places) == 0:
		return "No address book was given, so this is about no address in particular: `mpc-derive find` makes a book of known addresses."
	case !p.Compared:
		return "**No address was compared with a root key.** `mpc-derive address --addresses` and `mpc-backup verify` compare them."
	}
	return "Every address was compared with the root keys; one that could not be says so."
}

// general returns a section of the text about all chains.
func general(heading string) string {
	text, err := pages.ReadFile("moving.md")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	return "## " + heading + "\n\n" + strings.Trim(section, "\n")
}

var mark = regexp.MustCompile(`\{[^{}\n]+\}`)

// marks explains what is left open in commands, as the runbook does.
func marks(commands string) string {
	var rows []string
	for line := range strings.Lines(runbooks.Page("custodian")) {
		if m := mark.FindString(line); m != "" && strings.HasPrefix(line, "| `"+m+"` |") && strings.Contains(commands, m) {
			rows = append(rows, line)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	return "| mark | what |\n| --- | --- |\n" + strings.Join(rows, "") + "\n"
}

// kin are the places of a family.
type kin struct {
	*family
	places []*place
}

// sorted returns what the book has, by family in the order of their titles, and what is
// of none.
func (p *Plan) sorted() (families []kin, others []*place) {
	byTitle := map[string]*kin{}
	for _, at := range slices.SortedFunc(maps.Values(p.places), func(x, y *place) int { return cmp.Compare(x.chain.ID, y.chain.ID) }) {
		f, ok := familyOf(at.chain)
		if !ok {
			others = append(others, at)
			continue
		}
		if byTitle[f.title] == nil {
			byTitle[f.title] = &kin{family: f}
		}
		byTitle[f.title].places = append(byTitle[f.title].places, at)
	}
	for _, title := range slices.Sorted(maps.Keys(byTitle)) {
		families = append(families, *byTitle[title])
	}
	return families, others
}

// overview has a line for each chain.
func (p *Plan) overview(b *strings.Builder, families []kin, others []*place) {
	b.WriteString("## What there is\n\n")
	if len(families)+len(others) > 0 {
		b.WriteString("| chain | rows | what moves it | what pays the fees | how long a signed file is good |\n| --- | --- | --- | --- | --- |\n")
	}
	for _, f := range families {
		for _, at := range f.places {
			coin, _ := tx.Coin(at.chain)
			expiry, _, _ := strings.Cut(f.about("expiry"), ":")
			fmt.Fprintf(b, "| %s | %d | `mpc-recover sign` | %s | %s |\n", at, at.rows, coin.Symbol, strings.ReplaceAll(expiry, "**", ""))
		}
	}
	for _, at := range others {
		fmt.Fprintf(b, "| %s | %d | see \"Other chains\" | | |\n", at, at.rows)
	}
	b.WriteString("\n")
	if p.failed > 0 {
		fmt.Fprintf(b, "**Not ok: %s of the address book**, and not listed here. The column `status` of keys.csv, or `mpc-backup verify`, says why. "+
			"Such an address may be of another vault, and what is sent to it lost.\n\n", phrase.Count(p.failed, "row"))
	}
	if len(p.unknown) > 0 {
		b.WriteString("Coins that are not in the table of chains. Find out on which chain they are; a token moves as the others of its chain do.\n\n")
		for _, coin := range slices.Sorted(maps.Keys(p.unknown)) {
			fmt.Fprintf(b, "    %s: %s\n", coin, phrase.Count(p.unknown[coin], "row"))
		}
		if p.more > 0 {
			fmt.Fprintf(b, "    and others: %s\n", phrase.Count(p.more, "row"))
		}
		b.WriteString("\n")
	}
}

// String names the chain as the table of chains does.
func (at *place) String() string { return fmt.Sprintf("%s (%s)", at.chain.Name, at.chain.ID) }

// family writes all about the chains of a family.
func (p *Plan) family(b *strings.Builder, f kin) {
	fmt.Fprintf(b, "## %s\n\n| about | what to know |\n| --- | --- |\n", f.title)
	for _, row := range f.rows {
		fmt.Fprintf(b, "| %s | %s |\n", row[0], row[1])
	}
	b.WriteString("\n")
	var told []tx.Want
	for _, at := range f.places {
		at.list(b)
		if wants, ok := tx.Wants(at.chain); ok && !slices.Equal(wants, told) {
			b.WriteString("| in the plan | what it is | where it stands |\n| --- | --- | --- |\n")
			for _, w := range wants {
				fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", w.Name, optional(w), w.What, w.Where)
			}
			b.WriteString("\n")
			told = wants
		}
	}
	for _, heading := range []string{"Making one", "Sending it"} {
		fmt.Fprintf(b, "### %s: %s\n\n%s\n\n", f.title, strings.ToLower(heading), link.ReplaceAllString(docs.Signing(f.title, heading), "$1"))
	}
}

var link = regexp.MustCompile(`\[([^\]\n]+)\]\([^)\s]+\)`)

func optional(w tx.Want) string {
	if w.Optional {
		return ", may be left out"
	}
	return ""
}

// list lists the addresses. What the book says is in a block of its own, where nothing
// has a meaning.
func (at *place) list(b *strings.Builder) {
	fmt.Fprintf(b, "### %s: %s\n\n", at, phrase.Count(at.rows, "row"))
	if len(at.tokens) > 0 {
		fmt.Fprintf(b, "Tokens that the address book names, to be moved before the coin:\n\n    %s\n\n", phrase.And(at.tokens))
	}
	for _, a := range at.listed {
		fmt.Fprintf(b, "    %s\n        %s\n", a.text, a.facts)
	}
	if len(at.listed) == maxAddresses {
		fmt.Fprintf(b, "    The first %d addresses; the address book has all.\n", maxAddresses)
	}
	b.WriteString("\n")
}

// others writes what can be done on chains whose transactions are not read.
func (p *Plan) others(b *strings.Builder, others []*place) {
	if len(others) == 0 {
		return
	}
	b.WriteString(general("Other chains") + "\n\n")
	for _, at := range others {
		at.list(b)
		b.WriteString(at.taker() + "\n\n")
	}
}

// taker says by what the money of a chain is moved where sign does not.
func (at *place) taker() string {
	if at.chain.Status == chains.OutOfReach {
		return "No key of this vault is one of this chain: " + at.chain.Note + "."
	}
	var takers []string
	scalar := false
	for i := range at.chain.Encodings {
		e := &at.chain.Encodings[i]
		if taker := e.Taker(); taker != "" && !slices.Contains(takers, taker) {
			takers = append(takers, taker)
		}
		scalar = scalar || e.Taker() == ""
	}
	var text string
	if schemes := tx.BlindSchemes(at.chain); len(schemes) > 0 {
		text = fmt.Sprintf("`sign --blind --chain %s --scheme %s --from ADDRESS` signs a message unread. ", at.chain.ID, strings.Join(schemes, "|"))
	}
	if len(takers) > 0 {
		text += "The column `import as` of keys.csv is taken by " + phrase.And(takers) + "."
	}
	if scalar {
		text += " Where that column is empty, nothing is known to take the key: a signer that takes the column `export` is needed."
	}
	if at.chain.Status == chains.LookUp {
		text += " The account is found by the public key: " + at.chain.Note + "."
	}
	return strings.TrimSpace(text)
}
