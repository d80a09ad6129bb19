package moving

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/docs/runbooks"
	"lifeboat/tx"
)

// usual are, by family, the numbers of a plan that make can do without, and a person
// should not. Where make wants one of several lists, the first is usual as well.
var usual = map[string][]string{
	"Solana": {"fee-payer"},
	"XRP":    {"last-ledger"},
	"Cosmos": {"timeout-height"},
}

// ofTokens is what a token needs beside what the coin of its chain does, by family.
var ofTokens = map[string][]string{"TRON": {tx.WantFee}, "Solana": {"create"}}

// The columns of a plan for make that are no numbers.
var columns = []string{"chain", "from", "to", "asset", "amount", tx.WantFee, tx.WantCoins}

// transfers writes the plan by which make moves it all. Test networks have one each,
// since a run of sign reads either one of them or what is none.
func (p *Plan) transfers(b *strings.Builder, families []kin) {
	var main, tests []*place
	for _, f := range families {
		for _, at := range f.places {
			if _, ok := tx.Wants(at.chain); ok && tx.IsTest(at.chain) {
				tests = append(tests, at)
			} else if ok {
				main = append(main, at)
			}
		}
	}
	if len(main)+len(tests) == 0 {
		return
	}
	b.WriteString(general("The plan") + "\n\n")
	if len(main) > 0 {
		p.makes(b, main, "")
	}
	for _, at := range tests {
		fmt.Fprintf(b, "%s is a test network. It cannot be in one batch with anything else, and is named with `--chain`. Its plan is `plan-%s.csv`:\n\n", at, at.chain.ID)
		p.makes(b, []*place{at}, "-"+at.chain.ID)
		p.block(b,
			fmt.Sprintf("mpc-derive review unsigned-%s --chain %[1]s {--xpub KEY} --addresses {BOOK}", at.chain.ID),
			fmt.Sprintf("mpc-recover sign {FILES} {--record F} --chain %s --tx unsigned-%[1]s --addresses {BOOK} {--to ADDRESS} -o signed-%[1]s", at.chain.ID))
	}
	b.WriteString(general("Tokens") + "\n\n")
}

// makes writes a plan, and the command that takes it.
func (p *Plan) makes(b *strings.Builder, places []*place, suffix string) {
	lines, tokens := template(places), ""
	if strings.Contains(strings.Join(lines, "\n"), "{TOKEN}") {
		tokens = " --tokens tokens.csv"
	}
	p.block(b, lines...)
	p.block(b, fmt.Sprintf("mpc-derive make --plan plan%s.csv%s {--xpub KEY} --addresses {BOOK} -o unsigned%[1]s", suffix, tokens))
}

// block writes lines as they are to be typed.
func (p *Plan) block(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		b.WriteString("    " + runbooks.Fill(line, p.Marks) + "\n")
	}
	b.WriteString("\n")
}

// template returns the lines of a plan, the header first.
func template(places []*place) []string {
	var rows []map[string]string
	used, names := map[string]bool{}, slices.Clone(columns)
	for _, at := range places {
		for _, row := range at.rowsOf() {
			rows = append(rows, row)
			for name := range row {
				used[name] = true
			}
		}
		family, _ := tx.Family(at.chain)
		if tx.MakesTokens(at.chain) { // so that a row can be made one of a token
			for _, name := range append([]string{"asset"}, ofTokens[family]...) {
				used[name] = true
			}
		}
		wants, _ := tx.Wants(at.chain)
		for _, w := range wants {
			if !slices.Contains(names, w.Name) {
				names = append(names, w.Name)
			}
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !used[name] })
	lines := []string{strings.Join(names, ",")}
	for _, row := range rows {
		var cells []string
		for _, name := range names {
			cells = append(cells, row[name])
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return lines
}

// rowsOf are the rows of a chain: one for all of its coins, or one for each account,
// before it one for a token if the address book names some.
func (at *place) rowsOf() (rows []map[string]string) {
	wants, _ := tx.Wants(at.chain)
	family, _ := tx.Family(at.chain)
	asks := slices.Clone(usual[family])
	if lists := tx.OneOf(at.chain); len(lists) > 0 {
		asks = append(asks, lists[0]...)
	}
	row := func(from, asset string) map[string]string {
		cells := map[string]string{"chain": at.chain.ID, "from": from, "to": "{TO}", "asset": asset, "amount": "{AMOUNT}"}
		if asset == "" {
			delete(cells, "asset")
		}
		for _, w := range wants {
			asked := !w.Optional || slices.Contains(asks, w.Name) || asset != "" && slices.Contains(ofTokens[family], w.Name)
			switch {
			case w.Name == tx.WantCoins:
				cells["amount"], cells[w.Name] = "all", at.chain.ID+".csv"
			case asked && family == "Sui" && w.Name == "gas": // it has commas in it
				cells[w.Name] = `"{gas}"`
			case asked:
				cells[w.Name] = "{" + w.Name + "}"
			}
		}
		return cells
	}
	if slices.ContainsFunc(wants, func(w tx.Want) bool { return w.Name == tx.WantCoins }) {
		return append(rows, row("", ""))
	}
	for _, a := range at.listed {
		if !at.chain.Reads(a.text) {
			continue
		}
		if a.token && tx.MakesTokens(at.chain) {
			rows = append(rows, row(a.text, "{TOKEN}"))
		}
		rows = append(rows, row(a.text, ""))
	}
	return rows
}
