package prompt

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"lifeboat/internal/secret"
)

// FuzzStripped: a passphrase is what a file holds but for one line end after it; its
// forms begin with itself, differ, and mean the same.
func FuzzStripped(f *testing.F) {
	for _, s := range []string{"", "\n", "\r\n", "a", "a\n", "a\r\n", "a\n\n", "a\r", " a ", "\xef\xbb\xbfa\n", "\xef\xbb\xbf", "\xff\n", "Caf\u00e9 \u212b\n", "Cafe\u0301\n", "\u1e9b\u0323\n", strings.Repeat("\u0fa2", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := secret.Copy(stripped(data))
		defer p.Wipe()
		if p.Len() == 0 && len(bytes.Trim(data, "\r\n")) > 0 {
			t.Errorf("%q is empty", data)
		}
		if end, ok := bytes.CutPrefix(data, p.Expose()); !ok || len(bytes.TrimPrefix(end, []byte("\r"))) > 1 || len(end) > 0 && !bytes.HasSuffix(end, []byte("\n")) {
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
