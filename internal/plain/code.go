package plain

import "strings"

// CodeStyle is what Code and CodeLines need of a style sheet: a line that is too long
// goes on below, set in, and breaks between words. Browsers else break it after a
// hyphen, which on paper is one character more or one less.
const CodeStyle = `code,pre{overflow-wrap:break-word}pre{white-space:pre-wrap}
.line{display:block;padding-left:2em;text-indent:-2em}
.word{display:inline-block;max-width:100%;text-indent:0}`

// paths may be broken where they are joined, if they have to be.
var paths = strings.NewReplacer("/", "/<wbr>", "_", "_<wbr>")

// Code makes a command, or a part of one, fit to be part of a page.
func Code(s string) string {
	var b strings.Builder
	for i, word := range strings.Split(s, " ") {
		if i > 0 {
			b.WriteByte(' ')
		}
		if strings.ContainsFunc(word, breaks) {
			b.WriteString(`<span class="word">` + paths.Replace(HTML(word)) + "</span>")
		} else {
			b.WriteString(HTML(word))
		}
	}
	return b.String()
}

// breaks reports whether a line could be broken beside a character.
func breaks(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// CodeLines makes lines of commands, which have no line ends, fit for a <pre>.
func CodeLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(`<span class="line">` + Code(line) + "\n</span>")
	}
	return b.String()
}
