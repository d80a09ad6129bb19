package runbooks

import (
	"regexp"
	"strings"
)

// A Way is a numbered list in a section. Where a section has several, the last
// paragraph before each says when it is the one to take.
type Way struct {
	When  string
	Steps []Step
}

// A Step is an item of the list, with its number, and the commands in its text. What
// stands before the list belongs to its first step. Prose that no list follows is a step
// of its own.
type Step struct {
	Text     string
	Commands []string
}

var (
	item    = regexp.MustCompile(`^\d+\. `)
	command = regexp.MustCompile(`(?m)^ {4,}(mpc-.*)$`)
)

// Ways returns the steps of a section.
func Ways(section string) []Way {
	var ways []Way
	var prose []string // that no item follows yet
	add := func(block ...string) {
		if len(ways) == 0 {
			ways = append(ways, Way{})
		}
		step := Step{Text: strings.Join(append(prose, block...), "\n\n")}
		for _, m := range command.FindAllStringSubmatch(step.Text, -1) {
			step.Commands = append(step.Commands, m[1])
		}
		w := &ways[len(ways)-1]
		w.Steps, prose = append(w.Steps, step), nil
	}
	for _, block := range blocks(section) {
		if !item.MatchString(block) {
			prose = append(prose, block)
			continue
		}
		if strings.HasPrefix(block, "1. ") {
			ways = append(ways, Way{When: strings.Join(prose[max(0, len(prose)-1):], "")})
		}
		add(block)
	}
	if len(prose) > 0 {
		add()
	}
	return ways
}

// blocks parts a section into items, with all that is indented below them, and
// paragraphs that belong to none.
func blocks(section string) []string {
	var all []string
	blank := true
	for line := range strings.Lines(section) {
		if len(all) == 0 || item.MatchString(line) || blank && !strings.HasPrefix(line, " ") && line != "\n" {
			all = append(all, "")
		}
		all[len(all)-1] += line
		blank = line == "\n"
	}
	for i := range all {
		all[i] = strings.Trim(all[i], "\n")
	}
	return all
}

// Meaning returns what the page of a role says of a mark, or an empty text.
func Meaning(role, name string) string {
	_, rest, ok := strings.Cut(Page(role), "| `{"+name+"}` | ")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, " |\n")
	return text
}

// Open returns the name of the first mark that is left in a text.
func Open(text string) (name string, ok bool) {
	_, name, ok = strings.Cut(mark.FindString(text), "{")
	return strings.TrimSuffix(name, "}"), ok
}
