package recover_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/backup"

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
	sound bool // no file is to be damaged

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
	sealing := !c.sound && rapid.IntRange(0, 3).Draw(t, "bundles") == 0
	for _, f := range c.given {
		write(f.name, f.render())
		write(f.name+".txt", []byte(f.given+"\n"))
		f.path = filepath.Join(c.dir, f.name)
		if sealing && rapid.Bool().Draw(t, "in a bundle") {
			c.seal(t, f, id.Recipient().String())
		}
	}
	text := c.bookText()
	c.brokenBook = len(c.rows) == 0 // an empty book is none
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
	f.hurt, f.public, f.fatal = "its bundle is damaged", false, true
	if err := os.WriteFile(bundle, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command line on the given files, in this process.
func (c *scenario) run(t *rapid.T, p *cli.Program, args ...string) (int, string) {
	args = c.line(args)
	code, stdout, stderr := bare(p, args...)
	c.harmless(t, code, stdout, stderr)
	if code != cli.OK && code != cli.Failed && code != cli.Mismatch {
		t.Fatalf("exit status %d:\n%s", code, stderr)
	}
	if code != cli.OK && !c.names(stderr) {
		t.Fatalf("neither a file nor a group nor a row is named:\n%s", stderr)
	}
	return code, stderr
}

// line adds what is given to a command line.
func (c *scenario) line(args []string) []string {
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
	return args
}

// harmless looks at what was printed.
func (c *scenario) harmless(t *rapid.T, code int, stdout, stderr string) {
	if strings.Contains(stderr, "internal error") {
		t.Fatalf("%s", stderr)
	}
	for _, secret := range c.secrets() {
		if strings.Contains(stdout+stderr, secret) {
			t.Fatalf("a secret is printed: %q\n%s%s", secret, stdout, stderr)
		}
	}
	if (code != cli.OK) != strings.Contains(stderr, ": error: ") {
		t.Fatalf("exit status %d:\n%s", code, stderr)
	}
}

// bare runs a command line in this process, without a terminal.
func bare(p *cli.Program, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	env := &cli.Env{Stdout: &out, Stderr: &errs, Terminal: func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }}
	code = p.Run(env, append(args, "--allow-network", "--allow-swap"))
	return code, out.String(), errs.String()
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
