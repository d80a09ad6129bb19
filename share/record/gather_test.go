package record_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// file reads a share file of a vault, with texts replaced in it.
func file(t *testing.T, vault string, number int, replace ...string) *verdict.File {
	t.Helper()
	f := fixtures.Load(vault).Files[number-1]
	data := []byte(strings.NewReplacer(replace...).Replace(string(f.Data)))
	if len(replace) > 0 && bytes.Equal(data, f.Data) {
		t.Fatalf("nothing of %q in %s/%s", replace, vault, f.Name)
	}
	out := &verdict.File{Path: vault + "/" + f.Name}
	shares, err := formats.Parse(out.Path, data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shares {
		out.Add(s)
	}
	return out
}

// both is one file with the shares of two.
func both(a, b *verdict.File) *verdict.File {
	for _, s := range b.Shares {
		a.Add(s.Sealed)
	}
	return a
}

func TestGather(t *testing.T) {
	for name, c := range map[string]struct {
		files  []*verdict.File
		groups int
		warns  []string
		err    string
	}{
		"one file":     {files: []*verdict.File{file(t, "2of3", 1)}, groups: 2},
		"all files":    {files: []*verdict.File{file(t, "2of3", 1), file(t, "2of3", 3), file(t, "2of3", 2)}, groups: 2},
		"one twice":    {files: []*verdict.File{file(t, "2of3", 1), file(t, "2of3", 1)}, groups: 2},
		"two vaults":   {files: []*verdict.File{file(t, "2of3", 1), file(t, "3of5", 1)}, groups: 4, warns: []string{"two root keys on secp256k1", "two root keys on ed25519"}},
		"two epochs":   {files: []*verdict.File{file(t, "2of3", 1), file(t, "other-epoch", 2)}, err: "another epoch of the same root key"},
		"other labels": {files: []*verdict.File{file(t, "2of3", 1), file(t, "2of3", 2, "TEST ONLY 2of3 secp", "TEST ONLY renamed secp")}, groups: 2, warns: []string{"differ in: group ID"}},
		"other names":  {files: []*verdict.File{file(t, "2of3", 1), file(t, "2of3", 2, node(t, "2of3", 3), "somebody")}, err: `and "somebody"`},
		"a bad field":  {files: []*verdict.File{file(t, "2of3", 1, `"threshold": 2`, `"threshold": 3`)}, err: "the threshold is damaged"},
		// One file with both sets: they are in use at once, unless a holder of both
		// has only one of them.
		"both in one file":      {files: []*verdict.File{both(file(t, "2of3", 1), file(t, "other-epoch", 1))}, groups: 4},
		"both in each file":     {files: []*verdict.File{both(file(t, "2of3", 1), file(t, "other-epoch", 1)), both(file(t, "2of3", 2), file(t, "other-epoch", 2))}, groups: 4},
		"a holder lacks one":    {files: []*verdict.File{both(file(t, "2of3", 1), file(t, "other-epoch", 1)), file(t, "2of3", 2)}, err: "another epoch of the same root key"},
		"a stranger to one":     {files: []*verdict.File{both(file(t, "2of3", 1, node(t, "2of3", 3), "provider"), file(t, "other-epoch", 1)), file(t, "other-epoch", 3)}, groups: 4},
		"tss-lib":               {files: []*verdict.File{file(t, "tsslib-ecdsa", 1), file(t, "tsslib-ecdsa", 2)}, groups: 1},
		"tss-lib of two curves": {files: []*verdict.File{file(t, "tsslib-ecdsa", 1), file(t, "tsslib-eddsa", 2)}, groups: 2},
	} {
		list, warnings, err := record.Gather(c.files)
		if c.err != "" {
			if list != nil || !errors.Is(err, share.ErrInconsistent) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %d groups, %v", name, len(list), err)
			}
			continue
		}
		if err != nil || len(list) != c.groups || len(warnings) != len(c.warns) {
			t.Errorf("%s: %d groups, %q, %v", name, len(list), warnings, err)
			continue
		}
		for i, want := range c.warns {
			if !strings.Contains(warnings[i], want) {
				t.Errorf("%s: %q has no %q", name, warnings[i], want)
			}
		}
		if _, err := record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: list}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// node returns the ID of a node of a vault.
func node(t *testing.T, vault string, number int) string {
	return file(t, vault, number).Shares[0].Sealed.NodeID
}
