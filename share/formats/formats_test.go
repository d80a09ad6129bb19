package formats_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// What is recognised, and what is nobody's file.
func TestRecognise(t *testing.T) {
	one := string(fixtures.Read("damaged/good-secp256k1.json"))
	list := func(before, after string) string { return before + "[" + one + "]" + after }
	save := string(fixtures.Load("tsslib-ecdsa").Files[0].Data)
	for name, tc := range map[string]struct{ data, form string }{
		"one group":             {one, "recovery-group"},
		"after a mark":          {"\ufeff \n" + one, "recovery-group"},
		"a list":                {list("", ""), "recovery-group"},
		"a list after a mark":   {list("\ufeff\t", ""), "recovery-group"},
		"wrapped":               {list(`{"recovery_groups":`, "}"), "recovery-group"},
		"wrapped, with a label": {list(`{"version":"a label","recovery_groups":`, "}"), "recovery-group"},
		"save data":             {save, "tss-lib"},
		"in UTF-16":             {inUTF16(one), "recovery-group"},
		"save data in UTF-16":   {inUTF16(save), "tss-lib"},
	} {
		shares, err := formats.Parse("x.json", []byte(tc.data), share.Pin{})
		if err != nil || len(shares) != 1 || shares[0].Err() != nil || string(shares[0].Form) != tc.form || shares[0].Path != "x.json" {
			t.Errorf("%s: %v", name, err)
		}
		if !formats.LooksLike([]byte(tc.data)) || !formats.LooksLike([]byte(tc.data[:len(tc.data)*9/10])) {
			t.Errorf("%s does not look like a share file", name)
		}
	}
	for _, data := range []string{`{}`, `{"version":"1","id":[]}`, `{"recovery_groups":null}`, `{"Xi":1}`, `{"Ks":[]}`} {
		if _, err := formats.Parse("x.json", []byte(data), share.Pin{}); !errors.Is(err, formats.ErrUnknown) || !errors.Is(err, share.ErrFormat) {
			t.Errorf("%s: %v", data, err)
		}
		if formats.LooksLike([]byte(data)) != strings.Contains(data, "recovery_groups") {
			t.Errorf("%s looks like what it is not", data)
		}
	}
	for path, data := range map[string]string{"node.bin": "SQLite format 3\x00\x10", "db/Secrets.DB": "\x00\xff", "x: secrets.db": "{}"} {
		if _, err := formats.Parse(path, []byte(data), share.Pin{}); !errors.Is(err, formats.ErrDatabase) || !errors.Is(err, formats.ErrUnknown) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if list, err := formats.Parse("secrets.db", []byte(one), share.Pin{}); err != nil || len(list) != 1 {
		t.Errorf("a share under the name of a database: %v", err)
	}
	for data, words := range map[string]string{
		`{"xi":1,"Ks":[]}`:                   `did you mean "Xi"`,
		`{"Group_Info":{}}`:                  `did you mean "group_info"`,
		`{"recovery_groups":{}}`:             "recovery_groups: a list was expected",
		`{"recovery_groups":[]}`:             "no recovery group",
		`{"group_info":null}`:                "neither a recovery group file",
		`{"group_info":{}}`:                  "share_info is missing",
		`{"Xi":1,"Ks":[1],"group_info":{}}`:  "its key generation did not finish",
		`{"group_info":{},"group_info":null`: "invalid JSON",
	} {
		if list, err := formats.Parse("x.json", []byte(data), share.Pin{}); list != nil || err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// A Reader that has read a roster already says of the next file what another would.
func TestReaderRemembers(t *testing.T) {
	files := slices.Concat(fixtures.Load("2of3").Files, fixtures.Load("other-epoch").Files, fixtures.Load("ids-real").Files, fixtures.Load("tsslib-small").Files, fixtures.Load("tsslib-gotss").Files)
	for _, d := range fixtures.DamagedFiles() {
		files = append(files, fixtures.File{Name: d.File, Data: d.Data})
	}
	var r formats.Reader
	for _, f := range slices.Concat(files, files) {
		again, errAgain := r.Parse(f.Name, f.Data)
		first, err := formats.Parse(f.Name, f.Data, share.Pin{})
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || len(again) != len(first) {
			t.Errorf("%s: %v, and again: %v", f.Name, err, errAgain)
			continue
		}
		for i, s := range first {
			o := again[i]
			if fmt.Sprint(s.Problems) != fmt.Sprint(o.Problems) || s.NodeID != o.NodeID || len(s.Roster) != len(o.Roster) || (s.Group == nil) != (o.Group == nil) {
				t.Errorf("%s: %v, and again: %v", f.Name, s.Problems, o.Problems)
			}
			if s.Group != nil && (s.Group.ID != o.Group.ID || !s.Group.SameShares(o.Group) || !s.Group.SameKey(o.Group)) {
				t.Errorf("%s: another group again", f.Name)
			}
		}
	}
	whole := fixtures.Load("2of3").Files
	one, _ := r.Parse("1", whole[0].Data)
	two, _ := r.Parse("2", whole[1].Data)
	if one[0].Group != two[0].Group {
		t.Error("the roster of a vault was read for each of its files")
	}
}

// inUTF16 is what the > of PowerShell makes of a text.
func inUTF16(text string) string {
	data := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, u)
	}
	return string(data)
}
