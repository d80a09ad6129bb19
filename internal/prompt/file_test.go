package prompt

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pass.txt")
	for content, want := range map[string]string{
		"a": "a", "a\n": "a", "a\r\n": "a", "a\n\n": "a\n", "a\r": "a\r", " a \n": " a ", "\xef\xbb\xbfa\n": "a", "\xef\xbb\xbf\xef\xbb\xbfa": "\xef\xbb\xbfa", "a\nb": "a\nb",
		"\xff\xfea\x00\r\x00\n\x00": "a", "\xfe\xff\x00\xe4\x00\n": "ä", "\xff\xfea": "\xff\xfea", // as PowerShell's > writes it, and no UTF-16
		strings.Repeat("x", MaxFile): strings.Repeat("x", MaxFile),
	} {
		os.WriteFile(path, []byte(content), 0o600)
		if p, err := ReadFile(path); err != nil || string(p.Expose()) != want {
			t.Errorf("%.20q: %v", content, err)
		}
	}
	for _, content := range []string{"", "\n", "\r\n", "\xef\xbb\xbf\r\n", "\xff\xfe", "\xff\xfe\r\x00\n\x00"} {
		os.WriteFile(path, []byte(content), 0o600)
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%q: %v", content, err)
		}
	}
	os.WriteFile(path, make([]byte, MaxFile+1), 0o600)
	if _, err := ReadFile(path); !errors.Is(err, strict.ErrTooLong) {
		t.Error(err)
	}
	if _, err := ReadFile(filepath.Dir(path)); !errors.Is(err, strict.ErrNotRegular) {
		t.Error(err)
	}
}

func TestExposed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pass.txt")
	os.WriteFile(path, []byte("a"), 0o600)
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		want = want && runtime.GOOS != "windows"
		if Exposed(path) != want {
			t.Errorf("%v: %v", mode, !want)
		}
	}
	if Exposed(path + "x") {
		t.Error("a file that is not there is exposed")
	}
}

func TestForms(t *testing.T) {
	for in, want := range map[string][]string{
		"":              {""},
		"plain":         {"plain"},
		"\u00e9":        {"\u00e9", "e\u0301"},
		"e\u0301":       {"e\u0301", "\u00e9"},
		"\u212b":        {"\u212b", "\u00c5", "A\u030a"}, // the sign for ångström
		"\uac00":        {"\uac00", "\u1100\u1161"},
		"\xffe\u0301":   {"\xffe\u0301", "\xff\u00e9"},
		"\u4e2d\u6587":  {"\u4e2d\u6587"},
		"\U0001d160é\n": {"\U0001d160é\n", "\U0001d158\U0001d165\U0001d16eé\n", "\U0001d158\U0001d165\U0001d16ee\u0301\n"},
	} {
		var got []string
		for _, f := range Forms(secret.Copy([]byte(in))) {
			got = append(got, string(f.Expose()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+q: got %+q, want %+q", in, got, want)
		}
	}
}
