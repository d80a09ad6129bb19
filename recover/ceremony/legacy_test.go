package ceremony

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
)

// legacy reads the folders of two ceremonies that were held at an earlier time.
func legacy(t *testing.T) map[Kind]map[string][]byte {
	t.Helper()
	folders := map[Kind]map[string][]byte{Reshare: {}, Repair: {}}
	for kind, files := range folders {
		dir := "legacy/2026-11/" + string(kind) + "-stick"
		entries, err := fs.ReadDir(fixtures.FS, dir)
		if err != nil || len(entries) != 9 {
			t.Fatalf("%s has %d files: %v", dir, len(entries), err)
		}
		for _, e := range entries {
			files[e.Name()] = fixtures.Read(dir + "/" + e.Name())
		}
	}
	return folders
}

// TestLegacy reads them whole, as they were left.
func TestLegacy(t *testing.T) {
	for kind, files := range legacy(t) {
		c, err := Open(files)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if step, who := c.Next(); c.Kind() != kind || step != "" || !slices.Equal(c.Signers(), []string{"node-2-7D1723AE", "node-3-B5414719"}) {
			t.Errorf("%s: it is a %s of %v, and next is the %s of %v", kind, c.Kind(), c.Signers(), step, who)
		}
		if len(c.New()) != 2 {
			t.Fatalf("%s: %d new groups", kind, len(c.New()))
		}
		for i, g := range c.New() {
			old := c.Old()[i]
			if !g.RootKey.Equal(old.RootKey) || *g.ChainCode != *old.ChainCode || g.Threshold != 2 || len(g.Participants) != 3 || (g.Epoch() == old.Epoch()) != (kind == Repair) {
				t.Errorf("%s: the new group is %+v", kind, g)
			}
		}
	}
}

// TestLegacyBegun reads them as they were before their last steps. Nobody is
// promised that a later version goes on from there.
func TestLegacyBegun(t *testing.T) {
	for kind, files := range legacy(t) {
		for _, step := range []Step{StepConfirm, StepSum, StepDeal, StepJoin} {
			before := len(files)
			maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, string(step)+"-") })
			if len(files) == before {
				continue // a reshare has no sums
			}
			c, err := Open(files)
			if err != nil {
				t.Fatalf("%s before the %s: %v", kind, step, err)
			}
			if next, _ := c.Next(); next != step {
				t.Errorf("%s before the %s: next is the %s", kind, step, next)
			}
		}
		if len(files) != 1 {
			t.Errorf("%s: %d files are left", kind, len(files))
		}
	}
}

// TestLegacyOver: no step goes on with them.
func TestLegacyOver(t *testing.T) {
	for kind, files := range legacy(t) {
		for _, step := range []Step{"", StepConfirm, StepSum, StepDeal, StepJoin} {
			if step != "" {
				maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, string(step)+"-") })
			}
			c, err := Open(files)
			if err != nil || !c.Legacy() {
				t.Fatal(kind, step, err)
			}
			_, _, join := c.Join(c.Parties()[0])
			_, deal := c.Deal(nil, &Terms{})
			_, sum := c.Sum(nil, nil)
			_, accept := c.Accept(nil)
			_, confirm := c.Confirm(nil)
			for i, err := range []error{join, deal, sum, accept, confirm} {
				if !errors.Is(err, ErrVersion) {
					t.Errorf("%s without %q, step %d: %v", kind, step, i+1, err)
				}
			}
		}
	}
}

// TestLegacyTampered: they are checked as they were when they were made.
func TestLegacyTampered(t *testing.T) {
	for kind, files := range legacy(t) {
		for name, data := range files {
			bad := maps.Clone(files)
			bad[name] = slices.Clone(data)
			bad[name][len(data)/2] ^= 1
			if _, err := Open(bad); err == nil {
				t.Errorf("%s: %s was changed, and nothing is said", kind, name)
			}
		}
	}
}
