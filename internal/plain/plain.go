// Package plain makes text that comes from files fit to be shown: on a terminal, on a
// page, in a table, and in JSON. What could steer a terminal, turn a line around or
// be invisible is written as an escape that can be read.
package plain

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fits reports whether a character shows, or is a blank, and stays in its place: it is
// no control character, no mark of direction, and none without width, such as the
// fillers and selectors that Unicode counts among letters and marks.
func fits(r rune) bool {
	return unicode.IsGraphic(r) && r != utf8.RuneError && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Line makes text fit to be part of a line.
func Line(s string) string { return escape(s, false) }

// Lines makes text fit that may have several lines.
func Lines(s string) string { return escape(s, true) }

// HTML makes text fit to be part of a page.
func HTML(s string) string { return html.EscapeString(Line(s)) }

func escape(s string, lines bool) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !fits(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case fits(r) || lines && r == '\n':
			b.WriteString(s[:n])
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// JSON escapes in JSON, as encoding/json writes it, what that does not. The document
// says the same.
func JSON(document []byte) []byte {
	if bytes.IndexFunc(document, func(r rune) bool { return !fits(r) && r != '\n' }) < 0 {
		return document
	}
	var b bytes.Buffer
	for _, r := range string(document) {
		switch {
		case fits(r) || r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// A Writer makes what is written to it fit for a terminal, line ends apart, and passes
// it on. Of a character that is not complete it waits for the rest.
type Writer struct {
	w    io.Writer
	rest []byte
}

// NewWriter returns a writer that passes text on to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes text.
func (w *Writer) Write(p []byte) (int, error) {
	text := p
	if len(w.rest) > 0 {
		text = append(w.rest, p...)
		w.rest = nil
	} else if ascii(p) {
		return w.w.Write(p)
	}
	end := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if at := len(text) - n; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				end = at
			}
			break
		}
	}
	w.rest = bytes.Clone(text[end:])
	if _, err := io.WriteString(w.w, Lines(string(text[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was left of a character that did not become complete.
func (w *Writer) Flush() error {
	rest := w.rest
	w.rest = nil
	_, err := io.WriteString(w.w, Lines(string(rest)))
	return err
}

// ascii reports whether nothing in the text needs a closer look.
func ascii(p []byte) bool {
	for _, c := range p {
		if (c < ' ' || c > '~') && c != '\n' {
			return false
		}
	}
	return true
}
