package recover

import (
	"fmt"
	"io"
	"strings"
	"time"

	"lifeboat/internal/cli"
	"lifeboat/internal/page"
)

// write shows a text, and writes the page of it if one is wanted.
func (g *guide) write(e *cli.Env, set *cli.Flags, t *guideText) error {
	if g.page != "" {
		made := fmt.Sprintf("\nMade by %s %s on %s. Keep it from strangers: it names the files and the people of a vault.\n", e.Program, cli.Version, set.Date().Format(time.DateOnly))
		if err := e.WriteFile(g.page, []byte(page.HTML(t.markdown.String()+made))); err != nil {
			return err
		}
		fmt.Fprintf(&t.terminal, "\nwritten: %s, the same to print\n", cli.Clean(g.page))
	}
	_, err := io.WriteString(e.Stdout, t.terminal.String())
	return err
}

// guideText is what the guide says, for a terminal and as Markdown for a page.
type guideText struct{ terminal, markdown strings.Builder }

// say adds text in which nothing has a meaning, which an indent says in Markdown.
func (t *guideText) say(text string) {
	t.terminal.WriteString(text)
	for line := range strings.Lines(text) {
		t.markdown.WriteString("    " + line)
	}
	t.markdown.WriteString("\n")
}

// title begins the text.
func (t *guideText) title(text string) {
	first, rest, _ := strings.Cut(text, ":")
	fmt.Fprintf(&t.terminal, "%s:%s\n\n", strings.ToUpper(first), rest)
	fmt.Fprintf(&t.markdown, "# %s\n\n", strings.TrimSuffix(text, "."))
}

// prose adds Markdown.
func (t *guideText) prose(markdown string) {
	t.terminal.WriteString(page.Text(markdown))
	t.markdown.WriteString(markdown)
}

// section adds a section of a runbook.
func (t *guideText) section(heading, text string) {
	t.prose(fmt.Sprintf("## %s\n\n%s\n\n", heading, text))
}
