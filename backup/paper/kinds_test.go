package paper

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A picture of a kind that is not read is named, and never taken for typed lines.
func TestKinds(t *testing.T) {
	for data, name := range map[string]string{
		"GIF89a\x01": "a GIF picture",
		"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00": "an AVIF picture",
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00": "a HEIC picture",
		"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00": "a HEIC picture",
		"RIFF\x24\x00\x00\x00WEBPVP8 ":             "a WebP picture",
		"II*\x00\x08\x00\x00\x00":                  "a TIFF picture",
		"MM\x00*\x00\x00\x00\x08":                  "a TIFF picture",
		"\xff\x0a\x00":                             "a JPEG XL picture",
		"\x00\x00\x00\x0cJXL \r\n\x87\n":           "a JPEG XL picture",
		"\x00\x00\x00\x0cjP  \r\n\x87\n":           "a JPEG 2000 picture",
		"%PDF-1.7\n":                               "a PDF",
		"\x89PNG\r\n\x1a\n":                        "neither PNG nor JPEG, or damaged",
		"\xff\xd8\xff\xe0":                         "neither PNG nor JPEG, or damaged",
	} {
		_, err := Scan(Picture{Name: "p", Data: strings.NewReader(data)})
		if !IsPicture([]byte(data)) || !errors.Is(err, ErrPaper) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", data, err)
		}
	}
	for _, text := range []string{"", " 1: JRBF GMIC", "\xff\xfe1\x00:\x00", "-----BEGIN LIFEBOAT SHARD-----", "GIF", "RIFF"} {
		if IsPicture([]byte(text)) || unread(bytes.Repeat([]byte{0}, 20)) != "" {
			t.Errorf("%q is taken for a picture", text)
		}
	}
}
