package recover_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/backup"

	"pgregory.net/rapid"
)

// answers are attestations of some of the files, to one challenge.
type answers struct {
	paths   []string
	holders map[*sharing]map[int]bool // who signed
	torn    bool                      // what one of them says was changed afterwards
}

const challenge = "hostile 83b1c9"

// attest has the holders of some files sign, those whose passwords open all of them.
func (h *hostile) attest(t *rapid.T) *answers {
	a := &answers{holders: map[*sharing]map[int]bool{}}
	all := rapid.Bool().Draw(t, "all attest")
	for _, f := range h.given {
		if len(f.holds) == 0 || !all && rapid.Bool().Draw(t, "does not attest") {
			continue
		}
		out := f.path + ".attest.json"
		code, _, stderr := bare(backup.Program(), "attest", f.path, "--passphrase-file", filepath.Join(h.dir, f.name+".txt"), "--challenge", challenge, "-o", out)
		h.harmless(t, code, "", stderr)
		if code != cli.OK {
			continue
		}
		a.paths = append(a.paths, out)
		for _, s := range f.holds {
			if a.holders[s.sharing] == nil {
				a.holders[s.sharing] = map[int]bool{}
			}
			a.holders[s.sharing][s.holder] = true
		}
	}
	if len(a.paths) > 0 && rapid.IntRange(0, 4).Draw(t, "torn") == 0 {
		a.torn = true
		text, err := os.ReadFile(a.paths[0])
		if err != nil {
			t.Fatal(err)
		}
		torn := strings.Replace(string(text), "node: node-", "node: mode-", 1)
		if torn == string(text) {
			t.Fatalf("the statement has no node\n%s", text)
		}
		if err := os.WriteFile(a.paths[0], []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// enough reports whether the threshold of one sharing of a root key has signed.
func (a *answers) enough(root *hdKey) bool {
	for s, holders := range a.holders {
		if s.root == root && len(holders) >= s.threshold {
			return true
		}
	}
	return false
}

// look runs a verb that opens nothing: on attestations, and on the files if it is audit.
func (h *hostile) look(t *rapid.T, verb string) int {
	a := h.attest(t)
	paths := slices.Clone(a.paths)
	if verb == "audit" {
		for _, f := range h.given {
			paths = append(paths, f.path)
		}
	}
	if len(paths) == 0 {
		return cli.Mismatch
	}
	args := slices.Concat([]string{verb, "--challenge", challenge, "--json"}, h.args, paths)
	for _, x := range h.xpubs {
		args = append(args, "--xpub", x)
	}
	code, stdout, stderr := bare(backup.Program(), args...)
	h.harmless(t, code, stdout, stderr)
	if code == cli.OK && a.torn {
		t.Fatalf("%s takes an attestation that was changed\n%s", verb, stdout)
	}
	if verb == "check" {
		h.checked(t, a, code, stdout)
	} else {
		h.audited(t, a, code, stdout)
	}
	return code
}

// checked: status 0 only if enough holders of each recorded root key have signed, and
// nobody for another.
func (h *hostile) checked(t *rapid.T, a *answers, code int, stdout string) {
	if code != cli.OK {
		return
	}
	for _, s := range h.real {
		if !a.enough(s.root) {
			t.Fatalf("check says that group %q is recoverable\n%s", s.id, stdout)
		}
	}
	for _, s := range h.made {
		if len(a.holders[s]) > 0 {
			t.Fatalf("check says that all is well, and holders of a made-up vault have signed\n%s", stdout)
		}
	}
}

// audited: no vault but the recorded one is ever recoverable, or somebody's; and with
// status 0 it is there.
func (h *hostile) audited(t *rapid.T, a *answers, code int, stdout string) {
	var r audit.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("exit status %d: %v\n%s", code, err, stdout)
	}
	fatal := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("exit status %d: %s\n%s", code, fmt.Sprintf(format, args...), stdout)
	}
	for _, s := range h.real {
		i := slices.IndexFunc(r.Vaults, func(v audit.Vault) bool { return v.Root == s.root.xpub() })
		if i < 0 || !r.Vaults[i].Recorded {
			fatal("the recorded root key of group %q is not there", s.id)
		}
		if v := r.Vaults[i]; v.Status == audit.Recoverable && !a.enough(s.root) || code == cli.OK && !v.Status.Enough() {
			fatal("group %q is %s", s.id, v.Status)
		}
	}
	for _, v := range r.Vaults {
		if slices.ContainsFunc(h.real, func(s *sharing) bool { return s.root.xpub() == v.Root }) {
			continue
		}
		if v.Recorded || v.Status == audit.Recoverable || slices.ContainsFunc(v.Epochs, func(e audit.Epoch) bool { return e.Yours }) {
			fatal("the root key %s is taken for a recorded one", v.Root)
		}
	}
	if r.Record == nil {
		return
	}
	for _, g := range r.Record.Groups {
		for _, s := range h.real {
			if code == cli.OK && s.id == g.ID && !g.Status.Enough() && !a.enough(s.root) {
				fatal("the recorded set of group %q is %s", g.ID, g.Status)
			}
		}
	}
}
