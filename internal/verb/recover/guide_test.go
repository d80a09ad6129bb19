package recover

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/audit"
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
			if strings.Contains(line, "--report ") && slices.Contains([]string{"audit", "verify"}, words[1]) && !strings.Contains(line, "--date {DATE}") {
				t.Errorf("%s: without --date the page of %q could not be made again byte for byte", role, line)
			}
			if strings.Contains(line, "{--record F}") && !strings.Contains(verbs[i].Usage, "--sworn") {
				t.Errorf("%s: %s %s takes no oaths, which {--record F} brings", role, words[0], words[1])
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

// The holders are known only if one set of them stands for every root key, and a
// new set can have their names.
func TestGuideHolders(t *testing.T) {
	vault := func(threshold int, roster bool, nodes ...string) audit.Vault {
		e := audit.Epoch{Threshold: threshold, Roster: roster}
		for _, n := range nodes {
			e.Holders = append(e.Holders, audit.Holder{NodeID: n})
		}
		return audit.Vault{Epochs: []audit.Epoch{e}}
	}
	for _, test := range []struct {
		name   string
		vaults []audit.Vault
		known  bool
	}{
		{"one", []audit.Vault{vault(2, true, "b", "a")}, true},
		{"two alike", []audit.Vault{vault(2, true, "b", "a", "c"), vault(2, true, "a", "b", "c")}, true},
		{"a recorded root key without a set", []audit.Vault{{}, vault(2, true, "a", "b")}, true},
		{"none", nil, false},
		{"no roster", []audit.Vault{vault(2, false, "a", "b")}, false},
		{"no threshold", []audit.Vault{vault(0, true, "a", "b")}, false},
		{"other threshold", []audit.Vault{vault(2, true, "a", "b", "c"), vault(3, true, "a", "b", "c")}, false},
		{"other holders", []audit.Vault{vault(2, true, "a", "b"), vault(2, true, "a", "c")}, false},
		{"a name that seals to somebody", []audit.Vault{vault(2, true, "a", "b=age1pq1stranger")}, false},
	} {
		g := &guide{found: &audit.Report{Vaults: test.vaults}}
		nodes, threshold, known := g.holders()
		if known != test.known || known && (threshold != 2 || !slices.IsSorted(nodes) || len(nodes) < 2) {
			t.Errorf("%s: %q, %d, %v", test.name, nodes, threshold, known)
		}
		const command = "{--party NODE --threshold T} {HOLDER} {ATTESTATIONS}"
		if line := g.fill(command); !test.known && line != command {
			t.Errorf("%s: %s", test.name, line)
		}
	}
}
