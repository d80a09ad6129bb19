package formats_test

import (
	"errors"
	"strings"
	"testing"

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
