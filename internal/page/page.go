// Package page turns the Markdown of docs/ into pages that a browser without a
// network shows and prints. It knows headings, paragraphs, lists, tables, quotes, code,
// bold, links, comments and the names of other pages; everything else stays as the
// text it is.
package page

import (
	"fmt"
	"html"
	"path"
	"regexp"
	"strconv"
	"strings"

	"lifeboat/internal/plain"
)

const style = `body{font:17px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#111;background:#fff}
h1,h2,h3,h4{line-height:1.25;break-after:avoid}
body{overflow-wrap:break-word}
pre{background:#f3f3f3;padding:.7em;border-left:3px solid #999}
pre code{font-size:.76em}
code{font:.92em ui-monospace,Consolas,Menlo,monospace}
table{border-collapse:collapse;font-size:.8em}td,th{border:1px solid #bbb;padding:.2em .35em;text-align:left;vertical-align:top}
li{margin:.5em 0}li>p,li>pre{margin:.6em 0}
blockquote{border-left:3px solid #bbb;margin-left:0;padding-left:1em}
` + plain.CodeStyle + `
@media screen and (max-width:50em){table{display:block;overflow-x:auto}}
@page{margin:16mm 15mm}
@media print{body{max-width:none;margin:0;padding:0;font-size:11pt}tr{break-inside:avoid}}`

// screens is the look on dark screens, and, everywhere, that nothing of a command is
// clipped.
const screens = `:root{color-scheme:light dark}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
@media screen and (prefers-color-scheme:dark){body{color:#eee;background:#181818}pre{background:#262626}td,th,pre,blockquote{border-color:#666}a{color:#8cb4ff}}
@media print{:root{color-scheme:light}}`

// HTML makes a whole page. Its title is the first heading. It loads nothing and
// runs nothing.
func HTML(markdown string) string {
	lines := strings.Split(strings.ReplaceAll(markdown, "\r\n", "\n"), "\n")
	title := "Lifeboat"
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, "# "); ok {
			title = text
			break
		}
	}
	return "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width\">\n" +
		"<title>" + html.EscapeString(title) + "</title>\n<style>\n" + style + "\n" + screens + "\n</style>\n</head>\n<body>\n" +
		blocks(lines) + "</body>\n</html>\n"
}

var (
	heading = regexp.MustCompile(`^(#{1,6}) +(.*?) *#*$`)
	item    = regexp.MustCompile(`^( {0,3})([-*]|[0-9]{1,4}\.)( +)\S`)
	rule    = regexp.MustCompile(`^\|[-| :]+\|$`)
)

// blocks renders lines without a common indent.
func blocks(lines []string) string {
	var b strings.Builder
	for i := 0; i < len(lines); {
		line := lines[i]
		n := 1
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "<!--"):
			for !strings.Contains(lines[i+n-1], "-->") && i+n < len(lines) {
				n++
			}
		case strings.HasPrefix(line, "```"):
			for i+n < len(lines) && !strings.HasPrefix(lines[i+n], "```") {
				n++
			}
			code(&b, lines[i+1:i+n])
			n = min(n+1, len(lines)-i)
		case strings.HasPrefix(line, "    "):
			last := 1
			for i+n < len(lines) && (strings.HasPrefix(lines[i+n], "    ") || strings.TrimSpace(lines[i+n]) == "") {
				n++
				if strings.TrimSpace(lines[i+n-1]) != "" {
					last = n
				}
			}
			n = last
			code(&b, dedent(lines[i:i+n], 4))
		case heading.MatchString(line):
			m := heading.FindStringSubmatch(line)
			fmt.Fprintf(&b, "<h%d>%s</h%[1]d>\n", len(m[1]), inline(m[2]))
		case strings.HasPrefix(line, "|") && i+1 < len(lines) && rule.MatchString(strings.TrimSpace(lines[i+1])):
			for i+n < len(lines) && strings.HasPrefix(lines[i+n], "|") {
				n++
			}
			table(&b, lines[i:i+n])
		case strings.HasPrefix(line, ">"):
			var quoted []string
			for n = 0; i+n < len(lines) && strings.HasPrefix(lines[i+n], ">"); n++ {
				quoted = append(quoted, strings.TrimPrefix(strings.TrimPrefix(lines[i+n], ">"), " "))
			}
			b.WriteString("<blockquote>\n" + blocks(quoted) + "</blockquote>\n")
		case item.MatchString(line):
			n = list(&b, lines[i:])
		default:
			for i+n < len(lines) && !begins(lines[i+n]) {
				n++
			}
			b.WriteString("<p>" + inline(strings.Join(lines[i:i+n], "\n")) + "</p>\n")
		}
		i += n
	}
	return b.String()
}

// begins says whether a line ends the paragraph before it.
func begins(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "|") || strings.HasPrefix(line, ">") ||
		heading.MatchString(line) || item.MatchString(line)
}

func code(b *strings.Builder, lines []string) {
	b.WriteString("<pre><code>" + plain.CodeLines(lines) + "</code></pre>\n")
}

func dedent(lines []string, by int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[min(by, len(line)-len(strings.TrimLeft(line, " "))):]
	}
	return out
}

// list renders the list that lines begin with, and returns its length.
func list(b *strings.Builder, lines []string) int {
	m := item.FindStringSubmatch(lines[0])
	indent, bullet := len(m[1]), len(m[2]) == 1
	tag, open := "ul", "<ul>\n"
	if !bullet {
		start, _ := strconv.Atoi(strings.TrimSuffix(m[2], "."))
		tag, open = "ol", fmt.Sprintf("<ol start=\"%d\">\n", start)
	}
	b.WriteString(open)
	i := 0
	for i < len(lines) {
		m := item.FindStringSubmatch(lines[i])
		if m == nil || len(m[1]) != indent || (len(m[2]) == 1) != bullet {
			break
		}
		inside := len(m[1]) + len(m[2]) + len(m[3])
		n, last := 1, 1
		for i+n < len(lines) {
			line := lines[i+n]
			blank := strings.TrimSpace(line) == ""
			deep := len(line)-len(strings.TrimLeft(line, " ")) >= inside
			if !blank && !deep && (last < n || begins(line)) {
				break
			}
			n++
			if !blank {
				last = n
			}
		}
		body := append([]string{lines[i][inside:]}, dedent(lines[i+1:i+last], inside)...)
		text := blocks(body)
		if one := strings.TrimSuffix(strings.TrimPrefix(text, "<p>"), "</p>\n"); strings.Count(text, "<p>") == 1 && strings.HasPrefix(text, "<p>") && !strings.Contains(one, "</p>") {
			text = one
		}
		b.WriteString("<li>" + text + "</li>\n")
		i += last
		// Blank lines between items belong to the list.
		next := i
		for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
			next++
		}
		if next < len(lines) && item.MatchString(lines[next]) {
			i = next
		}
	}
	b.WriteString("</" + tag + ">\n")
	return i
}

func table(b *strings.Builder, lines []string) {
	b.WriteString("<table>\n")
	for i, line := range lines {
		if i == 1 {
			continue
		}
		cell := "td"
		if i == 0 {
			cell = "th"
		}
		b.WriteString("<tr>")
		for _, text := range cells(line) {
			b.WriteString("<" + cell + ">" + inline(text) + "</" + cell + ">")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

// cells splits a row at the bars that are neither escaped nor in code.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	var list []string
	var cell strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '|':
			cell.WriteByte('|')
			i++
		case c == '|' && !quoted:
			list = append(list, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			quoted = quoted != (c == '`')
			cell.WriteByte(c)
		}
	}
	return append(list, strings.TrimSpace(cell.String()))
}

// source is the name of a page in the source, which no reader of HTML has.
var source = regexp.MustCompile(`\b([a-z-]+)\.md\b`)

// unmarked renders text in which nothing is marked.
func unmarked(s string) string { return html.EscapeString(source.ReplaceAllString(s, "$1.html")) }

var link = regexp.MustCompile(`^\[([^\]\n]+)\]\(([^)\s]+)\)`)

// inline renders code, bold and links in a piece of text.
func inline(s string) string {
	var b strings.Builder
	for s != "" {
		switch {
		case s[0] == '`':
			ticks := s[:len(s)-len(strings.TrimLeft(s, "`"))]
			if text, rest, ok := strings.Cut(s[len(ticks):], ticks); ok {
				b.WriteString("<code>" + plain.Code(strings.ReplaceAll(text, "\n", " ")) + "</code>")
				s = rest
				continue
			}
		case strings.HasPrefix(s, "**"):
			if text, rest, ok := strings.Cut(s[2:], "**"); ok && text != "" {
				b.WriteString("<strong>" + inline(text) + "</strong>")
				s = rest
				continue
			}
		case s[0] == '*' && len(s) > 1 && s[1] != ' ':
			if text, rest, ok := strings.Cut(s[1:], "*"); ok && text != "" && !strings.HasSuffix(text, " ") {
				b.WriteString("<em>" + inline(text) + "</em>")
				s = rest
				continue
			}
		case s[0] == '[':
			if m := link.FindStringSubmatch(s); m != nil {
				b.WriteString(anchor(m[1], m[2]))
				s = s[len(m[0]):]
				continue
			}
		}
		next := strings.IndexAny(s[1:], "`*[") + 1
		if next == 0 {
			next = len(s)
		}
		b.WriteString(unmarked(s[:next]))
		s = s[next:]
	}
	return b.String()
}

// anchor links to another page, which has become HTML as well. Links to files of
// the source and to the network stay as text: neither is beside the page.
func anchor(text, target string) string {
	name, fragment, _ := strings.Cut(target, "#")
	if strings.Contains(target, ":") || path.Ext(name) != ".md" && path.Ext(name) != ".html" {
		return inline(text)
	}
	name = strings.TrimSuffix(name, ".md")
	if path.Ext(name) != ".html" {
		name += ".html"
	}
	if fragment != "" {
		name += "#" + fragment
	}
	return `<a href="` + html.EscapeString(name) + `">` + inline(text) + "</a>"
}
