package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"lifeboat/internal/phrase"
)

// The picture of a set of shares: a row for each holder, with a mark for what is
// known of the share, and lines from those that count to the key. It is drawn in
// units of a pixel on a narrow window.
const (
	pictureWidth = 360
	rowHeight    = 40
	keyWidth     = 92
	markSize     = 16
	maxRows      = 9
	maxName      = 16 // characters that fit
)

// picture returns the SVG of a set.
func picture(s *Set) string {
	rows, hidden := s.Holders, 0
	if len(rows) > maxRows {
		rows, hidden = chosen(rows), len(s.Holders)-maxRows+1
	}
	n := len(rows)
	if hidden > 0 {
		n++
	}
	height := max(n*rowHeight, 2*rowHeight) + 8
	keyX, keyY := pictureWidth-keyWidth-2, height/2-36
	lineX := keyX - 34 // where the lines meet
	have := 0
	for _, h := range s.Holders {
		if h.State.Counts() {
			have++
		}
	}
	enough := s.Threshold > 0 && have >= s.Threshold

	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n", pictureWidth, height, pictureWidth, height, esc(s.caption(have)))
	fmt.Fprintf(&b, "<title>%s</title>\n", esc(s.caption(have)))
	for i, h := range rows {
		y := 4 + i*rowHeight + rowHeight/2
		if h.State.Counts() {
			fmt.Fprintf(&b, `<path class="line%s" d="M%d %dH%dL%d %dH%d"/>`+"\n", dashed(enough), lineX-22, y, lineX-14, lineX, height/2, keyX)
		}
		mark(&b, 2, y-markSize/2, h.State)
		fmt.Fprintf(&b, `<text class="name" x="28" y="%d">%s</text>`+"\n", y-1, esc(brief(h.Name)))
		fmt.Fprintf(&b, `<text class="small" x="28" y="%d">%s</text>`+"\n", y+13, h.State)
	}
	if hidden > 0 {
		fmt.Fprintf(&b, `<text class="small" x="28" y="%d">and %d more</text>`+"\n", 4+len(rows)*rowHeight+rowHeight/2+4, hidden)
	}
	class := "key"
	if !enough {
		class = "key open"
	}
	fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="72" rx="3"/>`+"\n", class, keyX, keyY, keyWidth)
	needed := "? needed"
	if s.Threshold > 0 {
		needed = fmt.Sprintf("%d needed", s.Threshold)
	}
	for i, t := range []string{"root key", fmt.Sprintf("%d here", have), needed} {
		fmt.Fprintf(&b, `<text class="in%s" x="%d" y="%d">%s</text>`+"\n", first(i), keyX+keyWidth/2, keyY+22+i*19, t)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (s *Set) caption(have int) string {
	if s.Threshold == 0 {
		return fmt.Sprintf("%s here; how many are needed is unknown", phrase.Count(have, "share"))
	}
	return fmt.Sprintf("%s here, of %d needed", phrase.Count(have, "share"), s.Threshold)
}

// chosen returns the rows that are drawn of a large set: those that are not
// missing first.
func chosen(all []Holder) []Holder {
	var rows []Holder
	for _, want := range []bool{true, false} {
		for _, h := range all {
			if (h.State != Missing) == want && len(rows) < maxRows-1 {
				rows = append(rows, h)
			}
		}
	}
	return rows
}

// mark draws what is known of a share, so that it can be told without colours.
func mark(b *strings.Builder, x, y int, s State) {
	const m = markSize
	class := "mark"
	if !s.Counts() {
		class = "mark none"
	}
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`+"\n", class, x, y, m, m)
	switch s {
	case Attested, Opened:
		fmt.Fprintf(b, `<path class="tick" d="M%d %dl4 4l6 -8"/>`+"\n", x+3, y+8)
	case Damaged:
		fmt.Fprintf(b, `<path class="cross" d="M%d %dl8 8m0 -8l-8 8"/>`+"\n", x+4, y+4)
	}
}

func dashed(enough bool) string {
	if enough {
		return ""
	}
	return " open"
}

func first(i int) string {
	if i == 0 {
		return " head"
	}
	return ""
}

// brief shortens a name in its middle, since names differ at both ends.
func brief(s string) string {
	if utf8.RuneCountInString(s) <= maxName {
		return s
	}
	r := []rune(s)
	return string(r[:maxName/2]) + "…" + string(r[len(r)-maxName/2+1:])
}
