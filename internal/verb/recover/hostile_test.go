package recover_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/recover"
	"lifeboat/share/record"

	"pgregory.net/rapid"
)

// TestOnlyTheRecordedVault: whatever some of the files are, no verb ends with status 0
// on another vault than the recorded one, nor on one that no honest file is of.
//
//	go test ./internal/verb/recover -run TestOnlyTheRecordedVault -v -rapid.checks=10000
//
// Hostile files have shares of made-up vaults under the IDs of the real one or their own,
// of other epochs, rosters of one vault around shares of another, and root keys in place of
// shares; several holders' in one file, or one holder's in several.
func TestOnlyTheRecordedVault(t *testing.T) {
	count := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 2 { // verbs, each on files of its own
			h := anyHostile(t)
			defer os.RemoveAll(h.dir)
			verb := rapid.SampledFrom([]string{"key", "key", "verify", "repair", "reshare", "audit", "check"}).Draw(t, "verb")
			h.vouch(t, verb)
			judge := h.judge
			if verb == "audit" || verb == "check" {
				judge = h.look
			}
			code := judge(t, verb)
			count[fmt.Sprintf("%s %d", verb, code)]++
		}
	})
	for _, verb := range []string{"key", "verify", "repair", "reshare", "audit", "check"} {
		t.Logf("%s: exit status 0 %d times, 1 %d, 2 %d, 3 %d", verb, count[verb+" 0"], count[verb+" 1"], count[verb+" 2"], count[verb+" 3"])
	}
}

// hostile is a vault of two epochs, made-up ones, and files of all of them.
type hostile struct {
	*scenario
	real, old, made []*sharing
	recorded        string            // the arguments that bring the record, if that is made
	foreign         bool              // some file has a share of a made-up vault
	honest          map[*onCurve]bool // on which a file of the real vault as it is was given
	args, opens     []string          // on the command line: what brings the record, and what opens bundles
}

func anyHostile(t *rapid.T) *hostile {
	c := wholeVault(t, 3, 3)
	h := &hostile{scenario: c, real: c.sharings, honest: map[*onCurve]bool{}}
	c.sound = true // no bundles but those below
	how := sealing{version: 3, iterations: 2}
	share := func(name string, root func(s *sharing) *hdKey) []*sharing {
		var list []*sharing
		for _, s := range h.real {
			o := anySharing(t, c.r, root(s), s.id, 2, s.nodes)
			if name != "" {
				o.id = fmt.Sprintf("TEST ONLY %s %s", s.root.c.name, name)
			}
			list = append(list, o)
		}
		return list
	}
	h.old = share("before", func(s *sharing) *hdKey { return s.root })
	h.made = share(rapid.SampledFrom([]string{"", "made up"}).Draw(t, "made-up ID"), func(s *sharing) *hdKey { return c.vault.root(t, s.root.c) })
	c.sharings = slices.Concat(h.real, h.old, h.made) // whose secrets must not be printed

	mistypes := rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "of three holders mistype")
	for i, f := range c.files { // of any number of holders
		if rapid.IntRange(0, 3).Draw(t, "given") > 0 {
			g := f.copy()
			if rapid.IntRange(1, 3).Draw(t, "mistyped") <= mistypes {
				g.given = "mistyped"
			}
			for _, o := range g.holds {
				h.honest[o.root.c] = true
			}
			g.name = fmt.Sprintf("%d-%s", i, g.name)
			c.given = append(c.given, g)
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "hostile files") {
		password := fmt.Sprintf("pass %x", c.r.bytes(8))
		f := &file{name: fmt.Sprintf("hostile-%d.json", i), wrapping: "list", password: password, given: password}
		for range rapid.IntRange(1, 4).Draw(t, "shares") {
			of := rapid.SampledFrom([][]*sharing{h.made, h.made, h.old, h.real}).Draw(t, "of")
			at, holder := rapid.IntRange(0, len(of)-1).Draw(t, "curve"), rapid.IntRange(0, 2).Draw(t, "holder")
			entry := of[at].entry(c.r, holder, password, how)
			if rapid.IntRange(0, 4).Draw(t, "another roster") == 0 {
				other := rapid.SampledFrom([]*sharing{h.real[at], h.made[at], h.old[at]}).Draw(t, "whose")
				entry["group_info"] = other.entry(c.r, holder, password, how)["group_info"]
				f.hurt = "a roster of another vault"
			}
			h.foreign = h.foreign || of[at] == h.made[at]
			f.groups, f.holds = append(f.groups, entry), append(f.holds, held{of[at], holder})
		}
		c.given = append(c.given, f)
	}
	if rapid.IntRange(0, 2).Draw(t, "colluding files") == 0 { // enough for what was made up, each in order by itself
		of := rapid.SampledFrom([][]*sharing{h.made, h.made, h.old}).Draw(t, "they are of")
		h.foreign = h.foreign || &of[0] == &h.made[0]
		for i := range 2 {
			f := &file{name: fmt.Sprintf("colluding-%d.json", i), wrapping: "list", password: "colluding", given: "colluding"}
			for _, s := range of {
				f.groups, f.holds = append(f.groups, s.entry(c.r, i, f.password, how)), append(f.holds, held{s, i})
			}
			c.given = append(c.given, f)
		}
	}
	c.given = rapid.Permutation(c.given).Draw(t, "order")
	c.root = true
	c.lay(t)
	h.record(t)
	if rapid.IntRange(0, 3).Draw(t, "root.json") == 0 {
		h.rootJSON(t)
	}
	return h
}

// rootJSON gives the result of a recovery of a made-up vault in place of shares.
func (h *hostile) rootJSON(t *rapid.T) {
	var groups []object
	for _, s := range h.made {
		groups = append(groups, object{"id": s.id, "curve": s.root.c.name, "root_private_key": s.root.hex(),
			"root_extended_private_key": s.root.xprv(), "root_extended_public_key": s.root.xpub()})
	}
	text, err := json.Marshal(object{"groups": groups})
	if err != nil {
		t.Fatal(err)
	}
	f := &file{name: "root.json", path: filepath.Join(h.dir, "hostile.age")}
	key := filepath.Join(h.dir, "hostile")
	for path, data := range map[string][]byte{filepath.Join(h.dir, f.name): text, filepath.Join(h.dir, f.name+".txt"): []byte("none\n")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.quiet(t, backup.Program(), "keygen", "--classic", "-o", key)
	h.quiet(t, backup.Program(), "seal", filepath.Join(h.dir, f.name), "-R", key+".pub", "-o", f.path)
	h.opens = append(h.opens, "-i", key)
	h.given = append(h.given, f) // verify has nothing to say of it: it holds no share
}

// record makes the record of the real vault, from the files as they were.
func (h *hostile) record(t *rapid.T) {
	out := filepath.Join(h.dir, "record.txt")
	args := []string{"record", "-o", out}
	for _, f := range h.files {
		path := filepath.Join(h.dir, "real-"+f.name)
		if err := os.WriteFile(path, f.render(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	h.quiet(t, backup.Program(), args...)
	h.recorded = out
}

// quiet runs what must go well.
func (h *hostile) quiet(t *rapid.T, p *cli.Program, args ...string) {
	code, _, stderr := bare(p, args...)
	if code != cli.OK {
		t.Fatalf("%q: exit status %d\n%s", args, code, stderr)
	}
}

// vouch draws what the files are held against. Without anything there must be an honest
// file on the curve, if only one that does not open.
func (h *hostile) vouch(t *rapid.T, verb string) {
	ways := []string{"record", "xpub"}
	if len(h.honest) > 0 && (verb == "key" || verb == "verify") {
		ways = append(ways, "nothing")
	}
	switch rapid.SampledFrom(ways).Draw(t, "held against") {
	case "record":
		text, err := os.ReadFile(h.recorded)
		if err != nil {
			t.Fatal(err)
		}
		r, err := record.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		h.args = append(h.args, "--record", h.recorded, "--record-code", r.Code().String())
	case "xpub":
		for _, s := range h.real {
			h.xpubs = append(h.xpubs, s.root.xpub())
		}
	}
	if verb != "audit" && verb != "check" && rapid.IntRange(0, 2).Draw(t, "--group") == 0 {
		h.group = rapid.SampledFrom(slices.Concat(h.real, h.made)).Draw(t, "group").id
	}
}

// judge runs a verb on the files, and looks at whose vault it took them for.
func (h *hostile) judge(t *rapid.T, verb string) int {
	out := filepath.Join(h.dir, "out")
	program, args := recover.Program(), slices.Concat([]string{verb}, h.args, h.opens)
	switch verb {
	case "key":
		args = append(args, "--root", "--plaintext", "-o", out)
	case "verify":
		program = backup.Program()
	case "repair":
		lost := rapid.IntRange(0, 2).Draw(t, "lost")
		h.given = slices.DeleteFunc(h.given, func(f *file) bool {
			return slices.ContainsFunc(f.holds, func(o held) bool { return o.holder == lost })
		})
		args = append(args, "--lost", h.real[0].nodes[lost], "--new-passphrase-file", h.newPassword(t), "-o", out)
	case "reshare":
		args = append(args, "--party", "new-1", "--new-passphrase-file", h.newPassword(t), "--party", "new-2", "--new-passphrase-file", h.newPassword(t), "-o", out)
	}
	if len(h.given) == 0 {
		return cli.OK
	}
	code, stdout, stderr := bare(program, h.line(args)...)
	h.harmless(t, code, stdout, stderr)
	written := map[string]string{"key": filepath.Join(out, "root.json"), "repair": out, "reshare": filepath.Join(out, "recovery-secrets-new-1.json")}[verb]
	roots := rootsWritten(t, written)
	if code == cli.OK && len(roots) == 0 && verb != "verify" {
		t.Fatalf("exit status 0, and nothing was written\n%s", stderr)
	}
	if verb != "key" && code != cli.OK && len(roots) > 0 {
		t.Fatalf("exit status %d, and something was written\n%s", code, stderr)
	}
	recorded := len(h.xpubs) > 0 || slices.Contains(h.args, "--record")
	for _, root := range roots {
		has := func(s *sharing) bool { return s.root.xpub() == root }
		believed := slices.ContainsFunc(h.made, func(s *sharing) bool { return has(s) && !h.honest[s.root.c] })
		if (recorded || code == cli.OK && !believed) && !slices.ContainsFunc(h.real, has) {
			t.Fatalf("exit status %d, and the made-up root key %s\n%s", code, root, stderr)
		}
	}
	if verb == "verify" && code == cli.OK && h.foreign && h.group == "" {
		t.Fatalf("verify says that all is well, and files are of a made-up vault\n%s", stderr)
	}
	return code
}

// rootsWritten lists the root extended public keys in what was written, if anything was.
func rootsWritten(t *rapid.T, path string) []string {
	data, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var roots []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for name, e := range v {
				if root, ok := e.(string); ok && name == "root_extended_public_key" {
					roots = append(roots, root)
				}
				walk(e)
			}
		}
	}
	walk(v)
	return roots
}
