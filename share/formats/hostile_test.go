package formats_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// What is too big to keep as a file.
func TestHostileSizes(t *testing.T) {
	good := string(fixtures.Read("damaged/good-secp256k1.json"))
	entry := good[strings.Index(good, `"participants": [`)+len(`"participants": [`):]
	entry = entry[:strings.Index(entry, "}")+1]
	digits := strings.Repeat("9", 4<<20)
	for name, tc := range map[string]struct{ data, words string }{
		"megabytes of [":            {strings.Repeat("[", 8<<20), "nested deeper than"},
		"megabytes of {\"a\":":      {strings.Repeat(`{"a":`, 2<<20), "nested deeper than"},
		"a string of brackets":      {`"` + strings.Repeat("[", 8<<20) + `"`, "an object was expected"},
		"a 4 MB integer":            {digits, "number"},
		"a 4 MB threshold":          {strings.Replace(good, `"threshold": 2`, `"threshold": `+digits, 1), "a number of more than"},
		"a 4 MB share ID":           {strings.Replace(good, `"share_id": "`, `"share_id": "`+digits, 1), "a number of more than"},
		"a 4 MB unknown number":     {strings.Replace(good, `"threshold": 2`, `"threshold": 2, "x": `+digits, 1), "a number of more than"},
		"a 4 MB group ID":           {strings.Replace(good, `"id": "`, `"id": "x`+digits, 1), "group_info.id: longer than 256 bytes"},
		"a 4 MB xpub":               {strings.Replace(good, `"xpub`, `"xpub`+strings.Repeat("1", 4<<20), 1), "group_info.root_extended_public_key"},
		"a 4 MB curve":              {strings.Replace(good, `"curve": "`, `"curve": "`+strings.Repeat("c", 4<<20), 1), "group_info.curve"},
		"a 4 MB key":                {strings.Replace(good, `"share_public_key": "0x`, `"share_public_key": "0x`+strings.Repeat("ab", 2<<20), 1), "too long"},
		"17 MB":                     {strings.Repeat(" ", 17<<20) + good, "the document is"},
		"1001 groups":               {"[" + strings.TrimSuffix(strings.Repeat(good+",", share.MaxGroups+1), ",") + "]", "1001 groups; the limit is 1000"},
		"a million nulls":           {"[" + strings.Repeat("null,", 1<<20) + "null]", "[0]: an object was expected, found null"},
		"a million empty groups":    {"[" + strings.Repeat("{},", 1<<20) + "{}]", "the limit is 1000"},
		"1001 participants":         {strings.Replace(good, `"participants": [`, `"participants": [`+strings.Repeat(entry+",", share.MaxParticipants), 1), "the limit is 1000"},
		"6 groups of 1000":          {"[" + strings.TrimSuffix(strings.Repeat(strings.Replace(good, `"participants": [`, `"participants": [`+strings.Repeat(entry+",", share.MaxParticipants-3), 1)+",", 6), ",") + "]", "6000 participants together; the limit is 5000"},
		"control characters":        {strings.Replace(good, `"curve": "secp256k1"`, `"curve": "\u001b]0;evil\u0007"`, 1), `"\x1b]0;evil\a"`},
		"turned around":             {strings.Replace(good, `"curve": "secp256k1"`, `"curve": "\u202esecp256k1"`, 1), `\u202e`},
		"a node ID with a line end": {strings.Replace(strings.Replace(good, `"node_id": "`, `"node_id": "\n`, 1), `"threshold": 2`, `"threshold": 2`, 1), `\n`},
	} {
		list, err := formats.Parse("hostile.json", []byte(tc.data), share.Pin{})
		if err == nil {
			err = errors.Join(list[0].Problems...)
		}
		if err == nil || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %.300v", name, err)
			continue
		}
		if len(err.Error()) > 2000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// Hundreds of groups in one file are read.
func TestManyGroups(t *testing.T) {
	good := fixtures.Read("damaged/good-ed25519.json")
	list, err := formats.Parse("many.json", fmt.Appendf(nil, "[%s]", bytes.Join(slicesRepeat(good, 100), []byte(","))), share.Pin{})
	if err != nil || len(list) != 100 {
		t.Fatalf("%d: %v", len(list), err)
	}
	if sets := verdict.Collect(list); len(sets) != 1 || len(sets[0].Sealed) != 100 {
		t.Errorf("%d sets", len(sets))
	}
	broken := fmt.Appendf(nil, `[%s, {"group_info": {}}]`, good)
	if _, err := formats.Parse("x.json", broken, share.Pin{}); err == nil || !strings.Contains(err.Error(), "group 2 of 2: share_info is missing") {
		t.Errorf("a broken second group: %v", err)
	}
}

func slicesRepeat(b []byte, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = b
	}
	return list
}

// FuzzParse: no panic; an error is a sentence that wraps ErrFormat; a share
// without problems has a group that passes its own check and that it is part of.
func FuzzParse(f *testing.F) {
	for _, name := range fixtures.Vaults() {
		if strings.HasPrefix(name, "kdf-") || name == "big-n" {
			continue // nothing new for the parser
		}
		f.Add(fixtures.Load(name).Files[0].Data)
	}
	for _, d := range fixtures.DamagedFiles() {
		f.Add(d.Data)
	}
	for _, name := range fixtures.Vendors() {
		for _, file := range fixtures.LoadVendor(name).Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := formats.Parse("fuzz.json", data, share.Pin{})
		if err != nil {
			if list != nil || !errors.Is(err, share.ErrFormat) {
				t.Fatalf("%d shares, error %v", len(list), err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if len(list) == 0 {
			t.Fatal("neither shares nor an error")
		}
		for _, s := range list {
			for _, p := range s.Problems {
				if !errors.Is(p, share.ErrFormat) && !errors.Is(p, share.ErrInconsistent) {
					t.Errorf("problem %v", p)
				}
			}
			if s.Err() != nil {
				continue
			}
			if err := s.Group.Check(); err != nil {
				t.Errorf("a share without problems: %v", err)
			}
			p := s.Group.Participant(*s.ShareID)
			if p == nil || p.NodeID != s.NodeID || share.KeyText(p.PublicKey) != share.KeyText(s.PublicKey) {
				t.Error("a share without problems is not part of its group")
			}
			if l, ok := s.Lock.(*share.PBKDF2); ok && (len(l.Ciphertext) < 29 || l.Check() != nil) {
				t.Error("a share without problems cannot be opened")
			}
		}
		verdict.Collect(list)
	})
}
