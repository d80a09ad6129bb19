package moving

import (
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/tx"
)

// Block writes what one transaction does, for people. Without full, recipients are
// shortened, so that nobody can copy them off the screen.
func (r *Review) Block(w io.Writer, path string, t *tx.Transaction, v *tx.Verdict, full bool) error {
	var b strings.Builder
	// A name may have a line break, and whoever made the files chose it.
	fmt.Fprintf(&b, "%s   %s, %s\n", cli.Clean(r.name(path)), t.Network, t.Form)
	for _, line := range from(t, v) {
		fmt.Fprintf(&b, "  from   %s\n", line)
	}
	for i := range t.Effects {
		e := &t.Effects[i]
		if e.Kind == tx.Data {
			fmt.Fprintf(&b, "  data   %s, kept on the chain for ever\n", e.To)
			continue
		}
		fmt.Fprintf(&b, "  to     %s   %s   %s\n", recipient(e.To, e.Owner, full || v.Back[i]), e.Asset.Text(e.Amount), whose(v, i))
		if e.Tag != "" {
			fmt.Fprintf(&b, "         with the tag or memo %q\n", e.Tag)
		}
		if e.From != "" && len(t.Slots) > 1 {
			fmt.Fprintf(&b, "         from %s\n", e.From)
		}
	}
	if t.Unread != nil {
		unread(&b, t.Unread)
	} else {
		fmt.Fprintf(&b, "  fee    %s\n", fee(t, v))
	}
	if t.Expiry.Text != "" {
		fmt.Fprintf(&b, "  valid  %s\n", t.Expiry.Text)
	}
	for _, n := range notes(t, v, full) {
		fmt.Fprintf(&b, "  note   %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// notes are those of a transaction. Without full, recipients are shortened in them.
func notes(t *tx.Transaction, v *tx.Verdict, full bool) []string {
	list := slices.Clone(t.Notes)
	for i := range t.Effects {
		e := &t.Effects[i]
		for _, address := range []string{e.To, e.Owner} {
			if full || v.Back[i] || e.Kind == tx.Data || address == "" {
				continue
			}
			for n := range list {
				list[n] = strings.ReplaceAll(list[n], address, shorten(address))
			}
		}
	}
	return list
}

// Notes are those of several transactions, each once.
type Notes struct {
	list  []string
	files map[string]int
}

// Add adds those of a transaction.
func (n *Notes) Add(t *tx.Transaction, v *tx.Verdict, full bool) {
	if n.files == nil {
		n.files = make(map[string]int)
	}
	for _, note := range notes(t, v, full) {
		if n.files[note]++; n.files[note] == 1 {
			n.list = append(n.list, note)
		}
	}
}

// Write writes them, with the number of transactions that have each.
func (n *Notes) Write(w io.Writer) error {
	for _, note := range n.list {
		if _, err := fmt.Fprintf(w, "  note   in %s: %s\n", count(n.files[note], "file"), note); err != nil {
			return err
		}
	}
	return nil
}

// name is the name of a file, with its folder where another one has that name, too.
func (r *Review) name(path string) string {
	base := filepath.Base(path)
	if r.bases[base] > 1 {
		return path
	}
	return base
}

// unread says what little is known of a message that nobody read.
func unread(b *strings.Builder, u *tx.Unread) {
	fmt.Fprintf(b, "  UNREAD nothing of it was understood. It may pay anybody, cost anything, or give the account away\n")
	fmt.Fprintf(b, "  length %d bytes; they should be: %s\n", u.Length, u.What)
	fmt.Fprintf(b, "  hash   SHA-256 of the message: %x\n", u.SHA256)
	for _, text := range u.Text {
		fmt.Fprintf(b, "  text   %q\n", text)
	}
}

// recipient says who is paid: where that is an account of an address, the address, too,
// which is what people have on their papers. Without full, it cannot be copied.
func recipient(to, owner string, full bool) string {
	if !full {
		to = shorten(to)
	}
	switch {
	case owner == "":
		return to
	case !full:
		owner = shorten(owner)
	}
	return owner + " (token account " + to + ")"
}

func whose(v *tx.Verdict, i int) string {
	switch {
	case v.Back[i] && v.Forms[i] != "":
		return fmt.Sprintf("back to this vault, %s, as %s", v.Payees[i], v.Forms[i])
	case v.Back[i]:
		return "back to this vault, " + v.Payees[i]
	case v.Payees[i] != "":
		return "allowed by " + v.Payees[i]
	}
	return "to somebody else"
}

// from says who pays: coins as a sum, accounts one by one.
func from(t *tx.Transaction, v *tx.Verdict) []string {
	var lines []string
	var coins, others int
	sum, proven := new(big.Int), true
	for i := range t.Slots {
		s := &t.Slots[i]
		switch {
		case v.Keys[i] == nil:
			others++
		case s.Amount != nil:
			coins++
			sum.Add(sum, s.Amount)
			proven = proven && s.Proof == tx.Proven
		default:
			lines = append(lines, fmt.Sprintf("%s   this vault, %s", s.Address, v.Keys[i].Path))
		}
	}
	if coins > 0 {
		words := "amounts proven"
		if !proven {
			words = "amounts not proven"
			for i := range t.Slots {
				if t.Slots[i].All {
					words = "a lie about an amount would make the signatures void"
				}
			}
		}
		line := fmt.Sprintf("%s of this vault   %s   (%s)", count(coins, "coin"), t.Fee.Asset.Text(sum), words)
		lines = append(lines, line+holders(t, v))
	}
	if others > 0 {
		lines = append(lines, count(others, "signature")+" of other people, who sign elsewhere")
	}
	return lines
}

// maxHolders is how many addresses of coins are shown.
const maxHolders = 3

// holders are lines with the addresses of the vault's coins and their paths, none if
// there are many.
func holders(t *tx.Transaction, v *tx.Verdict) (lines string) {
	var seen []string
	for i := range t.Slots {
		s := &t.Slots[i]
		if v.Keys[i] == nil || s.Amount == nil || slices.Contains(seen, s.Address) {
			continue
		}
		if seen = append(seen, s.Address); len(seen) > maxHolders {
			return ""
		}
		lines += fmt.Sprintf("\n         %s   %s", s.Address, v.Keys[i].Path)
	}
	return lines
}

func fee(t *tx.Transaction, v *tx.Verdict) string {
	text := "up to " + t.Fee.Asset.Text(t.Fee.Most)
	if t.Fee.Rate != "" {
		text += " = " + t.Fee.Rate
	}
	for _, p := range t.Fee.Payers {
		amount, who := "", "this vault"
		if len(t.Fee.Payers) > 1 {
			amount = t.Fee.Asset.Text(p.Most) + " "
		}
		if !v.Pays(t, p.Address) {
			who = byOthers
		}
		text += fmt.Sprintf(", %spaid by %s, %s", amount, who, p.Address)
	}
	return text
}

// byOthers are the signers whose keys are not the vault's.
const byOthers = "other people"

// Totals writes what the whole batch does.
func (r *Review) Totals(w io.Writer, full bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nTogether, %s:\n", count(r.Batch.Len(), "file"))
	if r.Batch.Blind {
		b.WriteString("  nothing is known of what it does: no limit holds it\n")
	}
	for _, t := range r.Batch.Totals() {
		by := ""
		if t.Others {
			by = ", paid by " + byOthers
		}
		if t.To == "" {
			fmt.Fprintf(&b, "  %s: fees up to %s%s\n", t.Network, t.Asset.Text(t.Amount), by)
			continue
		}
		to := recipient(t.To, t.Owner, full || t.Back)
		if t.Back {
			to += ", back to this vault"
		}
		if t.Tag != "" {
			to += fmt.Sprintf(" with the tag or memo %q", t.Tag)
		}
		fmt.Fprintf(&b, "  %s: %s to %s, in %s%s\n", t.Network, t.Asset.Text(t.Amount), to, count(t.Files, "file"), by)
	}
	for _, p := range r.policy.Payees {
		if networks := r.networks(p); len(networks) > 1 {
			to := p.Address
			if !full {
				to = shorten(to)
			}
			fmt.Fprintf(&b, "  note   %s allows %s without a chain, and it is paid on %s. Is it the recipient's on each?\n", p.From, to, phrase.And(networks))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// networks are those on which the batch pays an address that was allowed without a
// chain.
func (r *Review) networks(p tx.Payee) (list []string) {
	for _, t := range r.Batch.Totals() {
		if p.Chain == nil && !t.Back && strings.EqualFold(t.To, p.Address) && !slices.Contains(list, t.Network) {
			list = append(list, t.Network)
		}
	}
	return list
}

// shorten keeps the ends of an address.
func shorten(s string) string {
	if len(s) <= 12 {
		return s[:len(s)/4] + "…"
	}
	return s[:6] + "…" + s[len(s)-4:]
}

func count(n int, what string) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n == 1 {
		return digits + " " + what
	}
	return digits + " " + what + "s"
}
