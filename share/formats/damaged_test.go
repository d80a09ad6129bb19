package formats_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// sentence checks that an error reads as one: it starts in lower case or with
// what it names, ends without a full stop, stays short, and has nothing in it
// that a terminal would act on.
func sentence(t *testing.T, err error) {
	t.Helper()
	s := err.Error()
	if s == "" || len(s) > 400 || strings.HasSuffix(s, ".") || strings.Contains(s, "%!") {
		t.Errorf("not a sentence: %q", s)
	}
	for _, r := range s {
		if r < ' ' || r > '~' && r != '…' {
			t.Errorf("control or odd characters in %q", s)
			break
		}
	}
	if s[0] >= 'A' && s[0] <= 'Z' {
		t.Errorf("starts with a capital: %q", s)
	}
	if long.MatchString(s) {
		t.Errorf("repeats a value of the file: %q", s)
	}
}

// long matches what could be a key, a share, a salt or a ciphertext.
var long = regexp.MustCompile(`[0-9A-Za-z+/=]{41,}`)

func TestDamagedFiles(t *testing.T) {
	layers := map[string]int{}
	for _, d := range fixtures.DamagedFiles() {
		layers[d.Layer]++
		t.Run(d.File, func(t *testing.T) {
			list, err := formats.Parse(d.File, d.Data, share.Pin{})
			if d.Layer == "json" {
				if !errors.Is(err, share.ErrFormat) {
					t.Fatalf("%s: error %v", d.What, err)
				}
				if len(list) != 0 {
					t.Errorf("shares beside an error")
				}
				sentence(t, err)
				if !strings.Contains(err.Error(), d.Words) {
					t.Errorf("%s: %q does not say %q", d.What, err, d.Words)
				}
				return
			}
			if err != nil || len(list) != 1 {
				t.Fatalf("%s: %d shares, error %v", d.What, len(list), err)
			}
			s := list[0]
			for _, p := range s.Problems {
				sentence(t, p)
			}
			all := errors.Join(s.Problems...)
			switch d.Layer {
			case "field":
				if !errors.Is(all, share.ErrFormat) {
					t.Errorf("%s: %v", d.What, s.Problems)
				}
			case "group":
				if !errors.Is(all, share.ErrInconsistent) || errors.Is(all, share.ErrFormat) {
					t.Errorf("%s: %v", d.What, s.Problems)
				}
			case "open", "none":
				if s.Err() != nil || s.Group == nil {
					t.Fatalf("%s: %v", d.What, s.Problems)
				}
				return
			default:
				t.Fatalf("layer %q", d.Layer)
			}
			if len(s.Problems) == 0 || s.Err() != s.Problems[0] {
				t.Fatal("Err is not the first problem")
			}
			if !strings.Contains(all.Error(), d.Words) {
				t.Errorf("%s: %q does not say %q", d.What, all, d.Words)
			}
			if len(verdict.Collect(list)) != 0 {
				t.Error("a damaged share was put in a set")
			}
		})
	}
	for _, layer := range []string{"json", "field", "group", "open", "none"} {
		if layers[layer] < 10 {
			t.Errorf("%d damaged files for layer %s", layers[layer], layer)
		}
	}
}
