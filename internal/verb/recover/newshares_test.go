package recover_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/recover"

	"pgregory.net/rapid"
)

// TestRepairGivesTheShareAgain: the file of a lost holder, made from all others,
// some damaged, holds the very share that was lost, or is not written.
func TestRepairGivesTheShareAgain(t *testing.T) {
	made := 0
	checkFew(t, 6, func(t *rapid.T) {
		c := wholeVault(t, 3, 4)
		defer os.RemoveAll(c.dir)
		n := len(c.sharings[0].nodes)
		lost := rapid.IntRange(0, n-1).Draw(t, "lost")
		for _, f := range rapid.Permutation(c.files).Draw(t, "order") {
			if f.holds[0].holder != lost {
				c.given = append(c.given, f.copy())
			}
		}
		if rapid.IntRange(0, 2).Draw(t, "damage") == 0 {
			f, d := rapid.SampledFrom(c.given).Draw(t, "damaged file"), rapid.SampledFrom(anyDamage).Draw(t, "damage")
			f.hurt = d.name
			f.fatal = d.do(t, c.vault, f, c.given)
		}
		c.lay(t)
		out := filepath.Join(c.dir, "again.json")
		code, stderr := c.run(t, recover.Program(), "repair", "--no-record", "--lost", c.sharings[0].nodes[lost], "-o", out, "--new-passphrase-file", c.newPassword(t))
		groups := c.open(t, out)
		if (code == cli.OK) != (groups != nil) {
			t.Fatalf("exit status %d, %d groups in the file\n%s", code, len(groups), stderr)
		}
		for _, s := range c.sharings {
			g := groups[s.root.xpub()]
			switch {
			case g == nil && (code == cli.OK && c.possible(s) || c.enough(s) && c.unhurt()):
				t.Fatalf("exit status %d: the share of group %q is missing\n%s", code, s.id, stderr)
			case g != nil && (g.share.Cmp(s.shares[lost]) != 0 || g.id.Cmp(s.ids[lost]) != 0 || g.node != s.nodes[lost] || len(g.roster) != n):
				t.Fatalf("another share than the lost one of group %q", s.id)
			}
		}
		if code == cli.OK {
			made++
		}
	})
	t.Logf("%d files made", made)
}

// TestReshareGivesTheKey: any new shares that reach the new threshold give the
// root keys, whoever wrote the old files; old and new ones together do not.
func TestReshareGivesTheKey(t *testing.T) {
	checkFew(t, 3, func(t *rapid.T) {
		c := wholeVault(t, 2, 3)
		c.sound = true
		defer os.RemoveAll(c.dir)
		for _, f := range rapid.Permutation(c.files).Draw(t, "order") {
			c.given = append(c.given, f.copy())
		}
		c.lay(t)
		n := rapid.IntRange(2, 3).Draw(t, "new holders")
		threshold := rapid.IntRange(2, n).Draw(t, "new threshold")
		out := filepath.Join(c.dir, "new")
		args := []string{"reshare", "--no-record", "-o", out, "--threshold", fmt.Sprint(threshold)}
		for _, node := range nodes("new", n) {
			args = append(args, "--party", node, "--new-passphrase-file", c.newPassword(t))
		}
		if code, stderr := c.run(t, recover.Program(), args...); code != cli.OK {
			t.Fatalf("exit status %d\n%s", code, stderr)
		}
		points := map[string][]*openedGroup{}
		var files []*file
		for _, node := range nodes("new", n) {
			f := &file{name: "recovery-secrets-" + node + ".json", given: newPassword}
			files = append(files, f)
			for root, g := range c.open(t, filepath.Join(out, f.name)) {
				points[root] = append(points[root], g)
			}
		}
		for _, s := range c.sharings {
			list := points[s.root.xpub()]
			if len(list) != n {
				t.Fatalf("group %q: %d new shares", s.id, len(list))
			}
			for i := range list { // each run of so many of them, around the end
				var some []*openedGroup
				for k := range threshold {
					some = append(some, list[(i+k)%n])
				}
				if x := interpolate(s.root.c, some); x.Cmp(s.root.x) != 0 {
					t.Fatalf("group %q: new shares from the %d-th on give another key", s.id, i+1)
				}
				if x := interpolate(s.root.c, some[1:]); x.Cmp(s.root.x) == 0 {
					t.Fatalf("group %q: too few new shares give the key", s.id)
				}
			}
		}
		// One share too few of the old ones, and one too few of the new.
		old, t1 := c.given[:0:0], c.sharings[0].threshold-1
		for _, f := range c.given {
			if f.holds[0].holder < t1 {
				old = append(old, f)
			}
		}
		c.given = old
		for _, f := range files[:threshold-1] {
			f.path = filepath.Join(out, f.name)
			if err := os.WriteFile(filepath.Join(c.dir, f.name+".txt"), []byte(newPassword), 0o600); err != nil {
				t.Fatal(err)
			}
			c.given = append(c.given, f)
		}
		code, stderr := c.run(t, recover.Program(), "key", "--root", "--plaintext", "-o", filepath.Join(c.dir, "mixed"))
		if code != cli.Mismatch {
			t.Fatalf("old and new shares together: exit status %d\n%s", code, stderr)
		}
		if _, err := os.Lstat(filepath.Join(c.dir, "mixed")); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("old and new shares together gave something: %v", err)
		}
	})
}

// checkFew runs a property n times, unless -rapid.checks says how often: the
// passwords of new files are slow to try on purpose.
func checkFew(t *testing.T, n int, property func(*rapid.T)) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	few := checks.Value.String() == checks.DefValue
	done := 0
	rapid.Check(t, func(t *rapid.T) {
		if done++; done <= n || !few {
			property(t)
		}
	})
}

// wholeVault draws a vault of one epoch whose key can be shared without one holder.
func wholeVault(t *rapid.T, least, most int) *scenario {
	v := &vault{r: &random{seed: rapid.Uint64().Draw(t, "seed")}}
	curves := rapid.SampledFrom([][]*onCurve{{koblitz}, {edwards}, {koblitz, edwards}}).Draw(t, "curves")
	n := rapid.IntRange(least, most).Draw(t, "holders")
	var roots []*hdKey
	for _, c := range curves {
		roots = append(roots, v.root(t, c))
	}
	v.epoch(t, "old", roots, rapid.IntRange(2, max(2, n-1)).Draw(t, "threshold"), nodes("node", n), nil)
	c := &scenario{vault: v}
	var err error
	if c.dir, err = os.MkdirTemp("", "whole"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *scenario) unhurt() bool {
	for _, f := range c.given {
		if f.hurt != "" {
			return false
		}
	}
	return true
}

const newPassword = "a new password"

func (c *scenario) newPassword(t *rapid.T) string {
	path := filepath.Join(c.dir, "new.txt")
	if err := os.WriteFile(path, []byte(newPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openedGroup is what a new file holds of one group.
type openedGroup struct {
	node      string
	id, share *big.Int
	roster    []any
}

// open opens a new file as any other program would, by root key. It returns nil
// if there is none.
func (c *scenario) open(t *rapid.T, path string) map[string]*openedGroup {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	type share struct {
		Node   string `json:"node_id"`
		ID     string `json:"share_id"`
		Key    string `json:"share_public_key"`
		Sealed []byte `json:"encrypted_share"`
		KDF    struct {
			Iterations int
			Salt       string
		}
	}
	var groups []struct {
		Version int
		Info    struct {
			Root         string `json:"root_extended_public_key"`
			Curve        string
			Participants []any
		} `json:"group_info"`
		Share share `json:"share_info"`
	}
	if data[0] == '{' {
		data = append(append([]byte{'['}, data...), ']')
	}
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	opened := map[string]*openedGroup{}
	for _, g := range groups {
		salt, err := hex.DecodeString(strings.TrimPrefix(g.Share.KDF.Salt, "0x"))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := password256(newPassword, salt, g.Share.KDF.Iterations).Open(nil, g.Share.Sealed[:12], g.Share.Sealed[12:], nil)
		if err != nil || g.Version != 3 {
			t.Fatalf("version %d: %v", g.Version, err)
		}
		var doc struct {
			Share string `json:"encrypted_share"`
		}
		if err := json.Unmarshal(plain, &doc); err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(doc.Share)
		if err != nil || len(raw) != 32 {
			t.Fatalf("a share of %d bytes: %v", len(raw), err)
		}
		id, _ := new(big.Int).SetString(g.Share.ID, 10)
		o := &openedGroup{g.Share.Node, id, new(big.Int).SetBytes(raw), g.Info.Participants}
		on := map[string]*onCurve{"secp256k1": koblitz, "ed25519": edwards}[g.Info.Curve]
		if o.share.Cmp(on.order) >= 0 || hex0x(on.multiply(o.share)) != g.Share.Key {
			t.Fatalf("the share of node %q is not that of its public key, or not reduced", o.node)
		}
		opened[g.Info.Root] = o
	}
	return opened
}

// interpolate is Lagrange's formula at zero.
func interpolate(on *onCurve, list []*openedGroup) *big.Int {
	sum := new(big.Int)
	for i, a := range list {
		term := new(big.Int).Set(a.share)
		for j, b := range list {
			if i != j {
				difference := new(big.Int).Sub(b.id, a.id)
				term.Mul(term, b.id).Mul(term, difference.ModInverse(difference.Mod(difference, on.order), on.order)).Mod(term, on.order)
			}
		}
		sum.Add(sum, term)
	}
	return sum.Mod(sum, on.order)
}
