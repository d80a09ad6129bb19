package open

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// boxTexts opens the envelopes of all keycards.
func boxTexts(t testing.TB) map[string][]byte {
	texts := map[string][]byte{}
	for _, vendor := range fixtures.Vendors() {
		name, ok := strings.CutPrefix(vendor, "bitgo-")
		if !ok || strings.HasPrefix(name, "text-") {
			continue
		}
		v := fixtures.LoadVendor(vendor)
		password := secret.Copy(v.Secrets[share.KeycardPassword.Name])
		list, err := formats.Parse(name, v.Files[0].Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			text, err := openEnvelope(s.Lock.(*share.Keycard).Envelope, []*secret.Bytes{password}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			texts[name+" "+s.NodeID] = text
		}
	}
	return texts
}

// swapped returns JSON with one value changed, which must be there.
func swapped(t *testing.T, text []byte, part, field string, value any) []byte {
	var doc map[string]map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if part != "" && field != "" {
		if _, ok := doc[part][field]; !ok {
			t.Fatalf("%s has no %s", part, field)
		}
		doc[part][field] = value
		if value == nil {
			delete(doc[part], field)
		}
	} else {
		delete(doc, part)
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBoxesRefused(t *testing.T) {
	texts := boxTexts(t)
	one := "01" + strings.Repeat("00", 31)
	for _, tc := range []struct {
		box, part, field string
		value            any
	}{
		{"gg18 user", "bitgoNShare", "u", one},
		{"gg18 user", "backupNShare", "u", one},
		{"gg18 user", "bitgoNShare", "v", "02" + strings.Repeat("00", 32)},
		{"gg18 user", "bitgoNShare", "y", "02zz"},
		{"gg18 user", "bitgoNShare", "chaincode", one + "00"},
		{"gg18 user", "bitgoNShare", "chaincode", "-1"},
		{"gg18 user", "bitgoNShare", "i", 2},
		{"gg18 user", "bitgoNShare", "j", 2},
		{"gg18 user", "backupNShare", "j", 3},
		{"gg18 user", "pShare", "i", 3},
		{"gg18 user", "pShare", "i", 0},
		{"gg18 user", "pShare", "i", 2},
		{"gg18 user", "pShare", "u", ""},
		{"gg18 user", "pShare", "u", one + one + one},
		{"gg18 user", "pShare", "u", strings.Repeat("00", 32)},
		{"gg18 user", "pShare", "u", nil},
		{"gg18 user", "pShare", "", nil},
		{"gg18 user", "bitgoNShare", "", nil},
		{"gg18 user", "backupNShare", "", nil},
		{"eddsa backup", "uShare", "seed", one},
		{"eddsa backup", "uShare", "seed", one + "00"},
		{"eddsa backup", "uShare", "y", one},
		{"eddsa backup", "bitgoYShare", "u", one},
		{"eddsa backup", "bitgoYShare", "u", "01"},
		{"eddsa backup", "userYShare", "", nil},
		{"eddsa backup", "userYShare", "y", ""},
	} {
		changed := swapped(t, texts[tc.box], tc.part, tc.field, tc.value)
		if b, err := readBox(changed); err == nil {
			t.Errorf("%s with %s.%s %v: a share of %v", tc.box, tc.part, tc.field, tc.value, b.curve)
		} else if strings.Contains(err.Error(), one[:16]) {
			t.Errorf("the error has a value: %v", err)
		}
	}
	for _, text := range []string{"", "{}", "[]", "{", `{"pShare": null}`, "AA", "AAA", "AAAA", "AAAAAA==", "uQAD", "?", base64.StdEncoding.EncodeToString([]byte("\xa0")), "0x00"} {
		if _, err := readBox([]byte(text)); err == nil {
			t.Errorf("%q is a box", text)
		}
	}
}

// cborOf finds the bytes of a field in the text of a box, and what is changed there must
// be noticed.
func TestCBORBoxesRefused(t *testing.T) {
	texts := boxTexts(t)
	for _, tc := range []struct{ box, old, new string }{
		{"dkls user", "cprv\x98\x20", "cprv\x98\x1f"},   // shorter than it is
		{"dkls user", "cprv", "cprw"},                   // another name
		{"dkls user", "cpub", "cprv"},                   // twice
		{"dkls user", "hbigSList\x83", "hbigSList\x82"}, // two keys of three
		{"dkls user", "exList\x83\x98\x20", "exList\x80\x98\x20"},
		{"dkls user", "\xb9\x00\x05", "\xb9\x00\x06"},
		{"dkls user", "\xb9\x00\x05", "\xbf\x00\x05"},
		{"dkls user", "\xb9\x00\x05", "\x9a\x00\x05"},
		{"eddsa-mpcv2 user", "hkeyShare\x98\x84\x02\x03\x00", "hkeyShare\x98\x84\x02\x03\x02"}, // BitGo's own
		{"eddsa-mpcv2 user", "hkeyShare\x98\x84\x02\x03\x00", "hkeyShare\x98\x84\x03\x03\x00"},
		{"eddsa-mpcv2 user", "hkeyShare\x98\x84\x02\x03\x00", "hkeyShare\x98\x84\x02\x04\x00"},
		{"eddsa-mpcv2 user", "hkeyShare\x98\x84", "hkeyShare\x98\x83"},
		{"eddsa-mpcv2 user", "cpub\x98\x20", "cpub\x98\x1f"},
	} {
		raw, err := base64.StdEncoding.DecodeString(string(texts[tc.box]))
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(raw, []byte(tc.old), []byte(tc.new), 1)
		if bytes.Equal(changed, raw) {
			t.Fatalf("%s has no %q", tc.box, tc.old)
		}
		for name, data := range map[string][]byte{"changed": changed, "cut off": raw[:len(raw)-1], "longer": append(raw, 0)} {
			if _, err := readBox([]byte(base64.StdEncoding.EncodeToString(data))); err == nil {
				t.Errorf("%s, %q for %q, %s: it is a box", tc.box, tc.new, tc.old, name)
			}
		}
	}
	// A number of the share is changed, and no longer fits its share public key.
	raw, err := base64.StdEncoding.DecodeString(string(texts["dkls user"]))
	if err != nil {
		t.Fatal(err)
	}
	raw[bytes.Index(raw, []byte("cprv\x98\x20"))+7] ^= 1
	if _, err := readBox([]byte(base64.StdEncoding.EncodeToString(raw))); err == nil {
		t.Error("a changed share of DKLS was not noticed")
	}
}

func TestCBORFields(t *testing.T) {
	for text, want := range map[string]map[string][][]byte{
		"\xa0":                                  {},
		"\xb9\x00\x01\x61a\x83\x01\x18\x18\x00": {"a": {{1, 24, 0}}},
		"\xa1\x61a\x43abc":                      {"a": {[]byte("abc")}},
		"\xa1\x61a\x82\x81\x01\x41b":            {"a": {{1}, []byte("b")}},
		"\xa1\x61a\x80":                         {"a": {{}}},
		"\xa2\x61a\xf6\x61b\x41b":               {"a": nil, "b": {[]byte("b")}}, // null
		"\xa2\x61a\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00\x61b\x41b": {"a": nil, "b": {[]byte("b")}}, // 1.0
		"\xa2\x61a\xa1\x01\xc1\x02\x61b\x41b":                     {"a": nil, "b": {[]byte("b")}}, // a map with a tag
		"\xa2\x61a\x81\x19\x01\x00\x61b\x41b":                     {"a": nil, "b": {[]byte("b")}}, // 256 is no byte
		"\xa2\x61a\x20\x61b\x41b":                                 {"a": nil, "b": {[]byte("b")}}, // -1
		"\xa2\x61a\x62xy\x61b\x41b":                               {"a": nil, "b": {[]byte("b")}}, // text
	} {
		got, ok := cborFields([]byte(text))
		if !ok || !maps.EqualFunc(got, want, func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }) {
			t.Errorf("%x: %x, %v; want %x", text, got, ok, want)
		}
	}
	deep := "\xa1\x61a" + strings.Repeat("\x81\x80", 1)
	if _, ok := cborFields([]byte(deep)); !ok {
		t.Errorf("%x was refused", deep)
	}
	for _, text := range []string{
		"", "\x80", "\xa1", "\xa1\x61", "\xa1\x61a", "\xa1\x01\x02", "\xa0\x00", "\xa2\x61a\x01\x61a\x01",
		"\xbf\x61a\x01\xff", "\xa1\x61a\x9f\x01\xff", "\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x61a\x5a\xff\xff\xff\xff",
		"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x61a" + strings.Repeat("\xa1\x01", 100) + "\x01",
	} {
		if got, ok := cborFields([]byte(text)); ok {
			t.Errorf("%x: %x", text, got)
		}
	}
}

// FuzzBox: whatever is encrypted in a box, it is a share or an error.
func FuzzBox(f *testing.F) {
	for _, text := range boxTexts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := readBox(text)
		if err != nil {
			return
		}
		if b.x == nil || b.root == nil || b.index < 0 || b.index > 1 || b.keys != nil && len(b.keys) != 2 {
			t.Errorf("%+v", b)
		}
		if b.keys != nil && !b.x.Public().Equal(b.keys[b.index]) {
			t.Error("the share public key is not that of the share")
		}
	})
}

// FuzzCBOR: fields are copies, and no more than the text has.
func FuzzCBOR(f *testing.F) {
	f.Add([]byte("\xb9\x00\x02\x61a\x83\x01\x18\x18\x00\x61b\x82\x81\x01\x41b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, ok := cborFields(data)
		if !ok {
			return
		}
		n := 0
		for name, list := range fields {
			n += len(name)
			for _, b := range list {
				n += len(b)
			}
		}
		if n > len(data) {
			t.Errorf("%d bytes out of %d", n, len(data))
		}
		wipeFields(fields)
	})
}
