package prompt

import (
	"bytes"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/text/unicode/norm"

	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

// MaxFile is the size of the largest passphrase file, in bytes.
const MaxFile = 64 << 10

// ReadFile reads a passphrase file, in UTF-8, in UTF-16 with a byte order mark, or
// in whatever it was made. One byte order mark before the passphrase and one line
// end after it, LF or CRLF, are not part of it.
func ReadFile(path string) (*secret.Bytes, error) {
	b, err := strict.ReadFile(path, MaxFile)
	if err != nil {
		return nil, fmt.Errorf("passphrase file: %w", err)
	}
	defer secret.Wipe(b)
	text, _ := strict.Text(b)
	defer secret.Wipe(text)
	p := stripped(text)
	if len(p) == 0 {
		return nil, fmt.Errorf("passphrase file %q is empty", path)
	}
	return secret.Copy(p), nil
}

// CheckFile finds out, without reading it, whether a passphrase file could be read later.
func CheckFile(path string) error {
	f, err := strict.Open(path)
	if err != nil {
		return fmt.Errorf("passphrase file: %w", err)
	}
	defer f.Close()
	switch size := f.Size(); {
	case size == 0:
		return fmt.Errorf("passphrase file %q is empty", path)
	case size > MaxFile:
		return fmt.Errorf("passphrase file %q is %w", path, strict.ErrTooLong)
	}
	return nil
}

// stripped returns the part of a text that is the passphrase.
func stripped(text []byte) []byte {
	if rest, ok := bytes.CutSuffix(text, []byte("\n")); ok {
		return bytes.TrimSuffix(rest, []byte("\r"))
	}
	return text
}

// Exposed reports whether users other than the owner may read the file. It returns
// false where modes mean nothing.
func Exposed(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && runtime.GOOS != "windows" && info.Mode().Perm()&0o044 != 0
}

// Forms returns the byte sequences that may be meant by a passphrase, all of
// them new: itself, and, since keyboards differ in how they compose letters, its
// NFC and NFD forms (Unicode Standard Annex 15) where they differ.
func Forms(p *secret.Bytes) []*secret.Bytes {
	forms := []*secret.Bytes{secret.Copy(p.Expose())}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		// In UTF-8 both forms are at most 3 times as long (UAX 15, section 9), so
		// that append leaves no copy behind.
		buf := make([]byte, 0, 3*p.Len()+norm.MaxTransformChunkSize)
		next := secret.Take(form.Append(buf, p.Expose()...))
		if contains(forms, next) {
			next.Wipe()
			continue
		}
		forms = append(forms, next)
	}
	return forms
}

func contains(forms []*secret.Bytes, p *secret.Bytes) bool {
	for _, f := range forms {
		if f.Equal(p) {
			return true
		}
	}
	return false
}
