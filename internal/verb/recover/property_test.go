package recover_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/recover"

	"filippo.io/age"
	"pgregory.net/rapid"
)

// TestKeyIsNeverWrong: of any vault, any files in any order, any of them damaged
// in any way, key writes the right keys or says why not. verify says the same of
// the files.
//
//	go test ./internal/verb/recover -run TestKeyIsNeverWrong -v -rapid.checks=10000
//
// In words:
//   - whatever the exit status, every key that is written is the right one, no
//     secret is in what is printed, and nothing panics;
//   - if enough untouched files of an epoch are there with their passwords, and
//     --group and --xpub do not exclude it, its root key is recovered, and every
//     row that records what vouches for its key gets it;
//   - exit status 0 means in addition that no row of the address book is wrong;
//     any other comes with an error, and too few files never give a key.
func TestKeyIsNeverWrong(t *testing.T) {
	count := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		c := anyCase(t)
		defer os.RemoveAll(c.dir)
		c.key(t)
		c.verify(t)
		for _, what := range c.seen {
			count[what]++
		}
	})
	for _, what := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%6d  %s", count[what], what)
	}
}

// scenario is a vault, the files of it that are given, and what is asked for.
type scenario struct {
	*vault
	dir   string
	given []*file

	group       string
	xpubs       []string
	salvage     bool
	root, book  bool
	paths       []string
	chain       string
	brokenBook  bool
	seen        []string // for the statistics
	lastKeyExit int
}

func anyCase(t *rapid.T) *scenario {
	c := &scenario{vault: anyVault(t)}
	order := rapid.Permutation(c.files).Draw(t, "order")
	most := len(order) - rapid.SampledFrom([]int{0, 0, 1, 2, 4, 8}).Draw(t, "files left out")
	most = max(most, rapid.IntRange(1, 2).Draw(t, "at least"))
	for _, f := range order[:most] {
		c.given = append(c.given, f.copy())
	}
	hurt := rapid.SampledFrom([]int{0, 0, 1, 1, 2, 3}).Draw(t, "damaged files")
	for _, i := range rapid.Permutation(indexes(len(c.given))).Draw(t, "which")[:min(hurt, len(c.given))] {
		f, d := c.given[i], rapid.SampledFrom(anyDamage).Draw(t, "damage")
		f.hurt = d.name
		f.fatal = d.do(t, c.vault, f, c.given)
	}
	if rapid.IntRange(0, 4).Draw(t, "a copy") == 0 { // under another name, of a damaged file or a good one
		f := rapid.SampledFrom(c.given).Draw(t, "of").copy()
		f.name = "copy-" + f.name
		if f.text == nil && f.hurt == "" && rapid.Bool().Draw(t, "under another node ID") {
			for i, g := range f.groups {
				rename(g, "twin", i)
			}
			f.hurt = "the same share under another node ID"
		}
		c.given = append(c.given, f)
	}
	c.options(t)
	var err error
	if c.dir, err = os.MkdirTemp("", "any"); err != nil {
		t.Fatal(err)
	}
	c.lay(t)
	return c
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// options draws what is asked for.
func (c *scenario) options(t *rapid.T) {
	s := rapid.SampledFrom(rapid.SampledFrom(c.given).Draw(t, "file").holds).Draw(t, "sharing")
	if rapid.IntRange(0, 7).Draw(t, "--group") == 0 {
		c.group = rapid.SampledFrom([]string{s.id, s.id, s.id, "no such group"}).Draw(t, "group")
	}
	switch rapid.SampledFrom([]string{"", "", "", "", "one", "one", "all", "all", "wrong"}).Draw(t, "--xpub") {
	case "one":
		c.xpubs = []string{s.root.xpub()}
	case "all":
		for _, f := range c.given {
			for _, h := range f.holds {
				if x := h.root.xpub(); !slices.Contains(c.xpubs, x) {
					c.xpubs = append(c.xpubs, x)
				}
			}
		}
	case "wrong":
		c.xpubs = []string{c.vault.root(t, s.root.c).xpub()}
	}
	c.salvage = c.group == "" && len(c.xpubs) > 0 && rapid.Bool().Draw(t, "--salvage")
	c.root = rapid.Bool().Draw(t, "--root")
	c.book = rapid.Bool().Draw(t, "--addresses")
	if rapid.IntRange(0, 2).Draw(t, "--path") == 0 || !c.root && !c.book {
		c.paths = []string{"m/44/0/0/0/7", "m/9"}
		c.chain = map[*onCurve]string{koblitz: "BTC,ETH", edwards: "SOL"}[s.root.c]
		c.chain = rapid.SampledFrom([]string{"", "", c.chain, c.chain, c.chain, "SOL,ETH"}).Draw(t, "--chain")
	}
}

// lay writes the files.
func (c *scenario) lay(t *rapid.T) {
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(c.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	write("identity.txt", []byte(id.String()+"\n"))
	sealing := rapid.IntRange(0, 3).Draw(t, "bundles") == 0
	for _, f := range c.given {
		write(f.name, f.render())
		write(f.name+".txt", []byte(f.given+"\n"))
		f.path = filepath.Join(c.dir, f.name)
		if sealing && rapid.Bool().Draw(t, "in a bundle") {
			c.seal(t, f, id.Recipient().String())
		}
	}
	text := c.bookText()
	if c.book && rapid.IntRange(0, 9).Draw(t, "a damaged address book") == 0 {
		flip(t, text)
		c.brokenBook = true
	}
	write("address.csv", text)
}

// seal puts a file into a bundle, some of which are then damaged. What cannot be
// read as a share file is not taken into one.
func (c *scenario) seal(t *rapid.T, f *file, recipient string) {
	bundle := strings.TrimSuffix(f.path, ".json") + ".age"
	var errs bytes.Buffer
	if code := backup.Program().Run(&cli.Env{Stderr: &errs}, []string{"seal", f.path, "-r", recipient, "-o", bundle}); code != cli.OK {
		if f.hurt == "" {
			t.Fatalf("sealing %s: exit status %d: %s", f.name, code, errs.String())
		}
		return
	}
	f.path = bundle
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	switch rapid.SampledFrom([]string{"", "", "a bit of the bundle", "the bundle's end is missing"}).Draw(t, "its bundle") {
	case "":
		return
	case "a bit of the bundle":
		flip(t, data)
	default:
		data = data[:rapid.IntRange(0, len(data)-1).Draw(t, "length")]
	}
	f.hurt, f.fatal = "its bundle is damaged", true
	if err := os.WriteFile(bundle, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command line on the given files, in this process.
func (c *scenario) run(t *rapid.T, p *cli.Program, args ...string) (code int, stderr string) {
	args = append(args, "-i", filepath.Join(c.dir, "identity.txt"))
	for _, f := range c.given {
		args = append(args, f.path, "--passphrase-file", filepath.Join(c.dir, f.name+".txt"))
	}
	for _, x := range c.xpubs {
		args = append(args, "--xpub", x)
	}
	if c.group != "" {
		args = append(args, "--group", c.group)
	}
	if c.book {
		args = append(args, "--addresses", filepath.Join(c.dir, "address.csv"))
	}
	var out, errs bytes.Buffer
	env := &cli.Env{Stdout: &out, Stderr: &errs, Terminal: func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }}
	code = p.Run(env, append(args, "--allow-network", "--allow-swap"))
	stderr = errs.String()
	if strings.Contains(stderr, "internal error") {
		t.Fatalf("%s", stderr)
	}
	for _, secret := range c.secrets() {
		if strings.Contains(out.String()+stderr, secret) {
			t.Fatalf("a secret is printed: %q\n%s%s", secret, out.String(), stderr)
		}
	}
	if (code != cli.OK) != strings.Contains(stderr, ": error: ") {
		t.Fatalf("exit status %d:\n%s", code, stderr)
	}
	if code != cli.OK && code != cli.Failed && code != cli.Mismatch {
		t.Fatalf("exit status %d:\n%s", code, stderr)
	}
	if code != cli.OK && !c.names(stderr) {
		t.Fatalf("neither a file nor a group nor a row is named:\n%s", stderr)
	}
	return code, stderr
}

// names reports whether the messages name a file, a group, a row or an argument.
func (c *scenario) names(stderr string) bool {
	return slices.ContainsFunc(c.given, func(f *file) bool { return strings.Contains(stderr, f.path) }) ||
		slices.ContainsFunc([]string{"address.csv", "group \"", "--xpub", "--chain", "line "}, func(s string) bool { return strings.Contains(stderr, s) })
}

// secrets lists what must not be printed.
func (c *scenario) secrets() []string {
	var list []string
	for _, f := range c.files {
		list = append(list, f.password)
	}
	for _, s := range c.sharings {
		list = append(append(list, s.root.xprv()), spellings(s.root.x)...)
		for _, x := range s.shares {
			list = append(list, spellings(x)...)
		}
	}
	for _, r := range c.rows {
		if r.key != nil {
			list = append(append(list, r.key.xprv()), spellings(r.key.x)...)
		}
		if child := r.cells[7]; strings.HasPrefix(child, "xprv") || strings.HasPrefix(child, "cprv") {
			list = append(list, child)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < 8 }) // others come about by chance
}

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

// enough reports whether the untouched files hold enough shares of a sharing.
func (c *scenario) enough(s *sharing) bool {
	holders := map[int]bool{}
	for _, f := range c.given {
		for _, h := range f.holds {
			if h.sharing == s && f.hurt == "" {
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
	return lost && strings.Contains(stderr, "is the root key of none of the groups") ||
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
	for _, words := range []string{"too few shares", "root key of none of the groups", "no file has a usable share of group", "has a share that can be used",
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
			if extended != "" || column(record, "export") != "" {
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
		case !recovered && code == cli.OK && c.group == "":
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
