package recover

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/docs/runbooks"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
)

// Every command of the runbooks is one: the verb exists, and so do its flags.
func TestRunbooksTypeRealCommands(t *testing.T) {
	programs := map[string]*cli.Program{"mpc-derive": derive.Program(), "mpc-backup": backup.Program(), "mpc-recover": Program()}
	flags := regexp.MustCompile(`(^| )(--?[a-z][a-z-]*)`)
	n := 0
	for _, role := range runbooks.Roles() {
		for line := range strings.Lines(runbooks.Page(role)) {
			line = strings.TrimSpace(line)
			words := strings.Fields(line)
			if len(words) < 2 || programs[words[0]] == nil || strings.ContainsAny(line, "`") {
				continue
			}
			n++
			verbs := programs[words[0]].Verbs
			i := slices.IndexFunc(verbs, func(v cli.Verb) bool { return v.Name == words[1] })
			if i < 0 {
				t.Errorf("%s: %s has no verb %q", role, words[0], words[1])
				continue
			}
			if strings.Contains(line, "--report ") && slices.Contains([]string{"audit", "verify"}, words[1]) && !strings.Contains(line, "--date DATE") {
				t.Errorf("%s: without --date the page of %q could not be made again byte for byte", role, line)
			}
			for _, m := range flags.FindAllStringSubmatch(line, -1) {
				if m[2] != "--date" && !strings.Contains(verbs[i].Usage, m[2]) { // every verb has --date
					t.Errorf("%s: %s %s does not document %s", role, words[0], words[1], m[2])
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d commands were found", n)
	}
}

// Every section that the guide prints exists.
func TestGuideSections(t *testing.T) {
	for _, c := range guideCases {
		for _, s := range c.sections {
			if runbooks.Section(c.role, s) == "" {
				t.Errorf("--lost %s: the runbook of the %s has no section %q", c.name, c.role, s)
			}
		}
	}
}
