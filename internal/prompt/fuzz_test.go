package prompt

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// FuzzReadFile: a passphrase is what the file holds but for one mark before it and
// one line end after it; its forms begin with itself, differ, and mean the same.
func FuzzReadFile(f *testing.F) {
	for _, s := range []string{"", "\n", "\r\n", "a", "a\n", "a\r\n", "a\n\n", "a\r", " a ", "\xef\xbb\xbfa\n", "\xef\xbb\xbf", "\xff\n", "Caf\u00e9 \u212b\n", "Cafe\u0301\n", "\u1e9b\u0323\n", strings.Repeat("\u0fa2", 100)} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "passphrase.txt")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := ReadFile(path)
		if err != nil {
			if p != nil || len(bytes.Trim(data, "\xef\xbb\xbf\r\n")) > 0 && len(data) <= MaxFile || len(err.Error()) > len(path)+200 {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		around := func(before, after string) bool {
			return bytes.Equal(data, []byte(before+string(p.Expose())+after))
		}
		if !around("", "") && !around("", "\n") && !around("", "\r\n") && !around("\ufeff", "") && !around("\ufeff", "\n") && !around("\ufeff", "\r\n") {
			t.Errorf("%q is read as %q", data, p.Expose())
		}
		forms := Forms(p)
		if len(forms) > 3 || !forms[0].Equal(p) {
			t.Fatalf("%q has %d forms", data, len(forms))
		}
		for i, form := range forms {
			if contains(forms[:i], form) || !bytes.Equal(norm.NFC.Bytes(form.Expose()), norm.NFC.Bytes(p.Expose())) {
				t.Errorf("form %d of %q is %q", i, data, form.Expose())
			}
		}
	})
}
