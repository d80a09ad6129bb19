package papercode_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/papercode"

	"pgregory.net/rapid"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func anyCode(t *rapid.T) papercode.Code {
	return papercode.Code(rapid.SliceOfN(rapid.Byte(), papercode.Size, papercode.Size).Draw(t, "code"))
}

func TestCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCode(t)
		text := c.String()
		if len(text) != 39 || strings.Trim(text, alphabet+"-") != "" {
			t.Fatal(text)
		}
		for _, typed := range []string{
			text, strings.ToLower(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", " "),
			" " + strings.ReplaceAll(text, "-", "\r\n") + "\t", strings.NewReplacer("0", "O", "1", "I").Replace(text),
			strings.NewReplacer("0", "o", "1", "l").Replace(text), strings.NewReplacer("1", "i").Replace(text),
		} {
			if got, err := papercode.Parse(typed); err != nil || !got.Equal(c) {
				t.Fatalf("%q: %v, %v", typed, got, err)
			}
		}
	})
}

// The code of all bytes, by hand:
//
//	printf '\0\1\2…\23' | base32 | tr A-Z2-7 0-9A-HJKMNP-TV-Z
func TestKnownCode(t *testing.T) {
	var c papercode.Code
	for i := range c {
		c[i] = byte(i)
	}
	const want = "000G-40R4-0M30-E209-185G-R38E-1W81-24GK"
	if c.String() != want {
		t.Error(c)
	}
}

// A code that was typed wrongly is refused or is another one.
func TestTypingErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCode(t)
		chars := []byte(strings.ReplaceAll(c.String(), "-", ""))
		before := string(chars)
		at := rapid.IntRange(0, len(chars)-1).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "mistake") {
		case 0:
			chars[at] = rapid.SampledFrom([]byte(alphabet)).Draw(t, "c")
		case 1:
			chars = slices.Delete(chars, at, at+1)
		case 2:
			chars = slices.Insert(chars, at, chars[at])
		case 3:
			other := rapid.IntRange(0, len(chars)-1).Draw(t, "other")
			chars[at], chars[other] = chars[other], chars[at]
		}
		if string(chars) == before {
			t.Skip("no mistake")
		}
		if got, err := papercode.Parse(string(chars)); err == nil && got.Equal(c) || err != nil && !errors.Is(err, papercode.ErrCode) {
			t.Fatalf("%s for %s: %v, %v", chars, before, got, err)
		}
	})
}

func TestNoCode(t *testing.T) {
	good := "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ"
	for text, want := range map[string]string{
		"":                                   "it has 0 characters, not 32",
		good[1:]:                             "it has 31 characters, not 32",
		good + "0":                           "it has 33 characters, not 32",
		strings.Replace(good, "V", "U", 1):   "character 4 of group 7",
		strings.Replace(good, "89", "8ß", 1): "character 2 of group 3",
		strings.Replace(good, "8", "８", 1):   "character 1 of group 3",
		strings.Replace(good, "-", "–", 1):   "character 1 of group 2",
		strings.Replace(good, "-", "*", 1):   "character 1 of group 2",
		strings.Repeat(" ", 257):             "longer than 256 bytes",
		strings.Repeat(good, 7):              "longer than 256 bytes",
	} {
		if _, err := papercode.Parse(text); !errors.Is(err, papercode.ErrCode) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; %q was expected", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ")
	f.Add("oil0 oil0\n89ab cdef ghjk mnpq rstv wxyz")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := papercode.Parse(text)
		if err != nil {
			return
		}
		if again, err := papercode.Parse(c.String()); err != nil || !again.Equal(c) {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	})
}
