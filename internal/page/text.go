package page

import (
	"fmt"
	"strings"
)

var marks = strings.NewReplacer("**", "", "`", "")

// Text makes Markdown fit for a terminal: without marks, headings in capitals, and the
// cells of a row one below the other. Of more than two columns the later ones are named
// in each row. Code stays as it is, since names in it may have any characters.
func Text(markdown string) string {
	var b strings.Builder
	var names []string // of the columns
	fenced := false
	lines := strings.Split(markdown, "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
			continue
		case fenced, strings.HasPrefix(line, "    "):
			b.WriteString(line)
		case heading.MatchString(line):
			b.WriteString(strings.ToUpper(marks.Replace(heading.FindStringSubmatch(line)[2])))
		case rule.MatchString(line):
			continue
		case strings.HasPrefix(line, "|") && i+1 < len(lines) && rule.MatchString(lines[i+1]):
			names = cells(line)
			continue
		case strings.HasPrefix(line, "|"):
			b.WriteString(row(names, cells(line)))
		default:
			b.WriteString(marks.Replace(line))
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// row writes the cells of a row that are not empty.
func row(names, cells []string) string {
	lines := []string{"  " + marks.Replace(cells[0])}
	for i, cell := range cells[1:] {
		switch i++; {
		case cell == "":
		case len(names) > 2 && i < len(names):
			lines = append(lines, fmt.Sprintf("      %s: %s", names[i], marks.Replace(cell)))
		default:
			lines = append(lines, "      "+marks.Replace(cell))
		}
	}
	return strings.Join(lines, "\n")
}
