package recover_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/recover"

	"pgregory.net/rapid"
)

// asked reports whether --group and --xpub leave a sharing in.
func (c *scenario) asked(s *sharing) bool {
	on := slices.ContainsFunc(c.sharings, func(o *sharing) bool {
		return o.root.c == s.root.c && slices.Contains(c.xpubs, o.root.xpub())
	})
	wrong := len(c.xpubs) == 1 && !slices.ContainsFunc(c.sharings, func(o *sharing) bool { return c.xpubs[0] == o.root.xpub() })
	switch {
	case wrong: // of none of the vault's root keys
		return false
	case on && !slices.Contains(c.xpubs, s.root.xpub()):
		return false
	case c.salvage && !on:
		return false
	}
	return c.group == "" || c.group == s.id
}

// enough reports whether the untouched files hold enough shares of a sharing;
// with --salvage, also those of which only public facts were touched, if there are
// not too many files to try them all.
func (c *scenario) enough(s *sharing) bool {
	few := c.salvage && len(c.given) <= 6
	holders := map[int]bool{}
	for _, f := range c.given {
		for _, h := range f.holds {
			if h.sharing == s && (f.hurt == "" || few && f.public) {
				holders[h.holder] = true
			}
		}
	}
	return len(holders) >= s.threshold
}

// possible reports whether the files that may be usable hold enough shares.
func (c *scenario) possible(s *sharing) bool {
	holders := map[int]bool{}
	for _, f := range c.given {
		for _, h := range f.holds {
			if h.sharing == s && !f.fatal {
				holders[h.holder] = true
			}
		}
	}
	return len(holders) >= s.threshold
}

// early reports whether the arguments stop the run whatever the shares are: a
// --group or an --xpub of no file that is surely usable, a --chain of no
// recovered curve, a broken address book.
func (c *scenario) early(stderr string) bool {
	given := func(has func(*sharing) bool) bool {
		return slices.ContainsFunc(c.given, func(f *file) bool {
			return f.hurt == "" && slices.ContainsFunc(f.holds, func(h held) bool { return has(h.sharing) })
		})
	}
	lost := slices.ContainsFunc(c.xpubs, func(x string) bool { return !given(func(s *sharing) bool { return s.root.xpub() == x }) })
	// Two root keys on one curve of which none is named, or shares that are all from one file.
	vaults, alone := false, false
	for _, s := range c.sharings {
		named := slices.ContainsFunc(c.sharings, func(o *sharing) bool { return o.root.c == s.root.c && slices.Contains(c.xpubs, o.root.xpub()) })
		other := func(o *sharing) bool { return o.root.c == s.root.c && o.root != s.root }
		vaults = vaults || !named && given(func(o *sharing) bool { return o == s }) && slices.ContainsFunc(c.given, func(f *file) bool { return slices.ContainsFunc(f.holds, func(h held) bool { return other(h.sharing) }) })
		files := 0
		for _, f := range c.given {
			if f.hurt == "" && slices.ContainsFunc(f.holds, func(h held) bool { return h.sharing == s }) {
				files++
			}
		}
		alone = alone || !named && files < 2
	}
	return vaults && strings.Contains(stderr, "the files belong to 2 vaults on") ||
		alone && strings.Contains(stderr, "nothing else vouches for its root key") ||
		lost && strings.Contains(stderr, "is the root key of none of the groups") ||
		!given(func(s *sharing) bool { return s.id == c.group }) && strings.Contains(stderr, "no file has a usable share of group") ||
		c.chain != "" && strings.Contains(stderr, "none of the recovered root keys is on a curve of this chain") ||
		c.brokenBook && strings.Contains(stderr, "error: address book")
}

// key runs hard key recovery and judges what came of it.
func (c *scenario) key(t *rapid.T) {
	out := filepath.Join(c.dir, "out")
	args := []string{"key", "-o", out, "--plaintext"}
	if c.root {
		args = append(args, "--root")
	}
	if c.salvage {
		args = append(args, "--salvage")
	}
	for _, p := range c.paths {
		args = append(args, "--path", p)
	}
	if c.chain != "" {
		args = append(args, "--chain", c.chain)
	}
	code, stderr := c.run(t, recover.Program(), args...)
	c.lastKeyExit = code
	c.note("key: exit status %d, %d files damaged", code, len(slices.DeleteFunc(slices.Clone(c.given), func(f *file) bool { return f.hurt == "" })))
	fatal := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("exit status %d: %s\n%s", code, fmt.Sprintf(format, args...), stderr)
	}
	roots := c.readRoots(fatal, out)
	for _, s := range c.sharings {
		has := slices.ContainsFunc(roots, func(k *hdKey) bool { return k == s.root })
		if c.enough(s) && c.asked(s) && !has && !c.early(stderr) {
			fatal("the root key of group %q, epoch of %d of %d, is not recovered", s.id, s.threshold, len(s.nodes))
		}
		if has && !slices.ContainsFunc(c.sharings, func(o *sharing) bool { return o.root == s.root && c.possible(o) }) {
			fatal("the root key of group %q comes of too few shares", s.id)
		}
	}
	if code == cli.OK && len(roots) == 0 {
		fatal("nothing was recovered")
	}
	if code == cli.Failed && c.unhurt() && !c.brokenBook {
		fatal("every file can be read and opened, so that what is wrong is that they do not belong together, or are too few: status %d was expected", cli.Mismatch)
	}
	if len(roots) == 0 {
		c.note("key: nothing recovered: %s", c.why(stderr))
		if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
			fatal("an output was left: %v", err)
		}
		return
	}
	c.note("key: recovered %d root keys", len(roots))
	if c.book || len(c.paths) > 0 {
		c.judgeKeys(fatal, out, roots, code)
	}
}

// why says in a few words what an error was about.
func (c *scenario) why(stderr string) string {
	for _, words := range []string{"too few shares", "root key of none of the groups", "no file has a usable share of group", "vaults on", "nothing else vouches", "has a share that can be used",
		"combines to the recorded root key", "on a curve of this chain", "address book"} {
		if strings.Contains(stderr, words) {
			return words
		}
	}
	return stderr
}

func (c *scenario) note(format string, args ...any) {
	c.seen = append(c.seen, fmt.Sprintf(format, args...))
}

// readRoots judges root.json, and returns the vault's root keys that are in it.
func (c *scenario) readRoots(fatal func(string, ...any), out string) []*hdKey {
	data, err := os.ReadFile(filepath.Join(out, "root.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var doc struct {
		Groups []struct {
			ID       string `json:"id"`
			Curve    string `json:"curve"`
			Private  string `json:"root_private_key"`
			Extended string `json:"root_extended_private_key"`
			Public   string `json:"root_extended_public_key"`
		} `json:"groups"`
	}
	if err != nil || json.Unmarshal(data, &doc) != nil {
		fatal("root.json: %v", err)
	}
	var roots []*hdKey
	for _, g := range doc.Groups {
		i := slices.IndexFunc(c.sharings, func(s *sharing) bool { return s.root.xpub() == g.Public })
		if i < 0 {
			fatal("root.json has a root key that no vault has: %s", g.Public)
		}
		k := c.sharings[i].root
		if g.Curve != k.c.name || c.root && (g.Private != k.hex() || g.Extended != k.xprv()) || !c.root && g.Private+g.Extended != "" {
			fatal("root.json: the private key of group %q is wrong", g.ID)
		}
		roots = append(roots, k)
	}
	return roots
}

// judgeKeys judges keys.csv.
func (c *scenario) judgeKeys(fatal func(string, ...any), out string, roots []*hdKey, code int) {
	data, err := os.ReadFile(filepath.Join(out, "keys.csv"))
	if err != nil {
		fatal("%v", err)
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		fatal("keys.csv: %v", err)
	}
	column := func(record []string, name string) string {
		if i := slices.Index(records[0], name); i >= 0 && i < len(record) {
			return record[i]
		}
		return ""
	}
	for _, record := range records[1:] {
		private, extended, public := column(record, "hex private key"), column(record, "extended private key"), column(record, "extended public key")
		if private == "" {
			if extended != "" || column(record, "export") != "" || column(record, "import as") != "" {
				fatal("a row without a key has other forms of one: %q", record)
			}
			continue
		}
		right := slices.ContainsFunc(roots, func(root *hdKey) bool {
			key := root.find(column(record, "HD path"))
			if key == nil || key.hex() != private || key.xprv() != extended || key.xpub() != public {
				return false
			}
			child := column(record, "child publickey")
			return c.brokenBook || child == "" || child == public
		})
		if !right {
			fatal("a wrong key in row %q", record)
		}
	}
	if !c.book {
		return
	}
	for _, row := range c.rows {
		i := slices.IndexFunc(records, func(record []string) bool { return record[0] == row.cells[0] })
		if c.brokenBook {
			continue
		}
		if i < 0 {
			fatal("row %q is missing", row.cells)
		}
		private, status := column(records[i], "hex private key"), column(records[i], "status")
		recovered := slices.Contains(roots, row.root)
		switch {
		case recovered && row.key != nil && private != row.key.hex():
			fatal("row %q has no key: %s", row.cells, status)
		case row.key == nil && private != "":
			fatal("row %q has a key, and nothing vouches for it", row.cells)
		case row.failing && (recovered || c.group == "") && code == cli.OK:
			fatal("row %q is wrong: %s", row.cells, status)
		case !recovered && !row.anybodys && code == cli.OK && c.group == "":
			fatal("row %q has no root key", row.cells)
		case recovered && !row.failing && strings.HasPrefix(status, "mismatch"):
			fatal("row %q is right: %s", row.cells, status)
		}
		if private != "" {
			c.note("key: rows with their key")
		} else {
			c.note("key: rows without a key")
		}
	}
}

// find follows a path that may be malformed.
func (k *hdKey) find(path string) *hdKey {
	for _, r := range strings.TrimPrefix(path, "m/") {
		if r != '/' && (r < '0' || r > '9') {
			return nil
		}
	}
	return k.at(strings.TrimPrefix(path, "/"))
}

// verify rehearses the same, and judges its exit status by that of key.
func (c *scenario) verify(t *rapid.T) {
	if c.salvage {
		return // verify has none
	}
	code, stderr := c.run(t, backup.Program(), "verify")
	c.note("verify: exit status %d", code)
	bad := slices.IndexFunc(c.given, func(f *file) bool { return f.fatal })
	if code == cli.OK && bad >= 0 && c.group == "" {
		t.Fatalf("verify says that all is well, and of file %q %s\n%s", c.given[bad].name, c.given[bad].hurt, stderr)
	}
	if code == cli.OK && c.lastKeyExit != cli.OK && c.chain == "" {
		t.Fatalf("verify says that all is well, and key ends with status %d\n%s", c.lastKeyExit, stderr)
	}
	if code != cli.OK && c.clean() {
		t.Fatalf("verify finds fault with sound files: status %d\n%s", code, stderr)
	}
}

// clean reports whether nothing at all is wrong: untouched files of one epoch on
// each curve, enough of them, and a right address book.
func (c *scenario) clean() bool {
	epoch := map[*onCurve]*sharing{}
	for _, f := range c.given {
		for _, h := range f.holds {
			if f.hurt != "" || epoch[h.root.c] != nil && epoch[h.root.c] != h.sharing || !c.asked(h.sharing) || !c.enough(h.sharing) {
				return false
			}
			epoch[h.root.c] = h.sharing
		}
	}
	if c.book && (c.brokenBook || slices.ContainsFunc(c.rows, func(r *row) bool { return r.failing || epoch[r.root.c] == nil || epoch[r.root.c].root != r.root })) {
		return false
	}
	return len(c.xpubs) == 0 // one of a root key that no file has is an error
}
