package strict_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"lifeboat/internal/strict"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"UTF-8", "pässword\r\n", "pässword\r\n"},
		{"with a mark", "\ufeffpässword", "pässword"},
		{"UTF-16, little end first", "\xff\xfep\x00\xe4\x00\r\x00\n\x00", "pä\r\n"},
		{"UTF-16, big end first", "\xfe\xff\x00p\x00\xe4", "pä"},
		{"UTF-16, a pair", "\xff\xfe\x3d\xd8\x0a\xde", "😊"},
		{"UTF-16, a mark alone", "\xff\xfe", ""},
		{"half a unit", "\xff\xfep\x00q", "\xff\xfep\x00q"},
		{"half a pair", "\xff\xfe\x3d\xd8", "\xff\xfe\x3d\xd8"},
		{"half a pair, and a letter", "\xff\xfe\x3d\xd8p\x00", "\xff\xfe\x3d\xd8p\x00"},
		{"the halves in the wrong order", "\xff\xfe\x0a\xde\x3d\xd8", "\xff\xfe\x0a\xde\x3d\xd8"},
		{"Latin-1", "\xe4\xf6", "\xe4\xf6"},
		{"nothing", "", ""},
	} {
		got, isNew := strict.Text([]byte(c.data))
		if string(got) != c.want || isNew != strings.HasPrefix(c.name, "UTF-16") {
			t.Errorf("%s: %q, %v, expected %q", c.name, got, isNew, c.want)
		}
	}
}

// FuzzText holds that every text comes back from UTF-16 of either order.
func FuzzText(f *testing.F) {
	f.Add("{\"a\": \"b\"}\r\n")
	f.Add("😊 ä")
	f.Add("\xff\xfep\x00")
	f.Fuzz(func(t *testing.T, s string) {
		strict.Text([]byte(s))
		if !utf8.ValidString(s) {
			return
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			data := order.AppendUint16(nil, 0xfeff)
			for _, u := range utf16.Encode([]rune(s)) {
				data = order.AppendUint16(data, u)
			}
			if got, _ := strict.Text(data); !bytes.Equal(got, []byte(s)) {
				t.Fatalf("%q came back as %q", s, got)
			}
		}
	})
}
