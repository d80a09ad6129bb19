package paper

import (
	"bytes"
	"fmt"
)

// otherKinds are pictures, and what pages are scanned into, that are not read: offset
// and text by which each is known.
var otherKinds = []struct {
	name   string
	offset int
	mark   string
}{
	{"a GIF picture", 0, "GIF8"},
	{"an AVIF picture", 4, "ftypavif"},
	{"an AVIF picture", 4, "ftypavis"},
	{"a HEIC picture, as phones make them", 4, "ftyphei"},
	{"a HEIC picture, as phones make them", 4, "ftyphev"},
	{"a HEIC picture, as phones make them", 4, "ftypmif1"},
	{"a HEIC picture, as phones make them", 4, "ftypmsf1"},
	{"a WebP picture", 8, "WEBPVP8"},
	{"a TIFF picture", 0, "II*\x00"},
	{"a TIFF picture", 0, "MM\x00*"},
	{"a JPEG XL picture", 0, "\xff\x0a"},
	{"a JPEG XL picture", 4, "JXL \r\n\x87\n"},
	{"a JPEG 2000 picture", 4, "jP  \r\n\x87\n"},
	{"a PDF", 0, "%PDF-"},
}

// unread says what kind of picture data is, if it is one that is not read, or "".
func unread(data []byte) string {
	for _, k := range otherKinds {
		if len(data) > k.offset && bytes.HasPrefix(data[k.offset:], []byte(k.mark)) {
			return k.name
		}
	}
	return ""
}

// IsPicture reports whether data is a picture, read or not, and no text.
func IsPicture(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x89PNG")) || bytes.HasPrefix(data, []byte("\xff\xd8\xff")) || unread(data) != ""
}

// notRead is the error about a picture that cannot be decoded.
func notRead(data []byte) error {
	if kind := unread(data); kind != "" {
		return fmt.Errorf("it is %s, which is not read; save it as PNG or JPEG, on this machine, or scan or photograph the page again", kind)
	}
	return fmt.Errorf("neither PNG nor JPEG, or damaged")
}
