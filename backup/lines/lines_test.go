package lines

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifeboat/internal/secret"
)

func encode(t rapid.TB, payload []byte) string {
	t.Helper()
	s, err := Encode(secret.Copy(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(s.Expose())
}

func decode(text string) ([]byte, error) {
	s, err := Decode(secret.Copy([]byte(text)))
	if err != nil {
		return nil, err
	}
	return s.Expose(), nil
}

// The text below was made with Python's base64 and hashlib; a change of
// the format breaks it.
func TestKnown(t *testing.T) {
	payload := make([]byte, 30)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	const want = ` 1: AADQ 4FI4 EMVD COB7 IZGV IW3C NFYH O7UF  5SH3
 2: RSJZ VINI V63L 3RGL AYL3 RVQ  25VV
`
	if got := encode(t, payload); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTyped(t *testing.T) {
	payload := bytes.Repeat([]byte("lifeboat"), 11)
	text := encode(t, payload)
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(rows) != 5 {
		t.Fatalf("%d lines:\n%s", len(rows), text)
	}
	slices.Reverse(rows)
	unnumbered := label.ReplaceAllString(text, " ")
	for name, typed := range map[string]string{
		"as written":      text,
		"lower case":      strings.ToLower(text),
		"one long line":   strings.ReplaceAll(text, "\n", " "),
		"many lines":      strings.ReplaceAll(text, " ", "\r\n"),
		"without blanks":  strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "\n", "\n\n"),
		"dashes":          strings.TrimLeft(strings.ReplaceAll(strings.ReplaceAll(text, " ", "-"), "\n-", "\n"), "-"),
		"from below":      strings.Join(rows, "\n"),
		"a line twice":    text + rows[2],
		"without numbers": unnumbered,
		"in one run":      strings.ReplaceAll(strings.ReplaceAll(unnumbered, "\n", ""), " ", ""),
		"look-alikes":     lookAlikes(text),
	} {
		if got, err := decode(typed); err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%s: %v\n%s", name, err, typed)
		}
	}
}

func lookAlikes(text string) string {
	var out strings.Builder
	for _, row := range strings.SplitAfter(text, "\n") {
		number, rest, _ := strings.Cut(row, ":")
		if row != "" {
			out.WriteString(number + ":" + strings.NewReplacer("O", "0", "I", "1", "B", "8").Replace(rest))
		}
	}
	return out.String()
}

// Every wrong, missing, doubled or swapped character is found, and its line named.
func TestTypingErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "payload")
		text := encode(t, payload)
		rows := strings.SplitAfter(text, "\n")
		n := rapid.IntRange(1, len(rows)-1).Draw(t, "line")
		number, row, _ := strings.Cut(rows[n-1], ":")
		chars := []byte(strings.Join(strings.Fields(row), ""))
		at := rapid.IntRange(0, len(chars)-1).Draw(t, "at")
		before := string(chars)
		switch rapid.IntRange(0, 3).Draw(t, "mistake") {
		case 0:
			chars[at] = rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")).Draw(t, "c")
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
		rows[n-1] = number + ": " + string(chars) + "\n"
		_, err := decode(strings.Join(rows, ""))
		var wrong *Error
		if !errors.As(err, &wrong) || len(wrong.Problems) != 1 || wrong.Problems[0].Line != n {
			t.Fatalf("line %d: %v", n, err)
		}
	})
}

func TestWrongLines(t *testing.T) {
	a := strings.SplitAfter(encode(t, bytes.Repeat([]byte("a"), 50)), "\n")[:3]
	b := strings.SplitAfter(encode(t, bytes.Repeat([]byte("b"), 50)), "\n")[:3]
	join := func(rows ...string) string { return strings.Join(rows, "") }
	relabel := func(row string, n int) string { return fmt.Sprintf("%d:%s", n, row[3:]) }
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", ErrEmpty.Error()},
		"blanks":        {" \n", ErrEmpty.Error()},
		"missing":       {join(a[0], a[2]), "line 2: it is missing"},
		"no first":      {join(a[1], a[2]), "line 1: it is missing"},
		"no last":       {join(a[0], a[1]), "line 2: it is right, but lines after it are missing"},
		"swapped":       {join(relabel(a[1], 1), relabel(a[0], 2), a[2]), "line 1: it has a typing error; line 2: it has a typing error"},
		"two pages":     {join(a[0], b[1], a[2]), ErrTogether.Error()},
		"twice":         {join(a...) + b[1], "line 2: it occurs twice and differs: are two pages in one file?"},
		"too many":      {join(a...) + relabel(a[2], 4), "line 3: it has 27 characters, not 36; line 4: it has a typing error"},
		"after the end": {strings.ReplaceAll(encode(t, make([]byte, 16)), "\n", " ") + a[1], "line 1: it is right, but it is the last line of its page, and there are more; line 2: it is right, but lines after it are missing"},
		"zero":          {"0: AAAA", "line 0: lines are counted from 1"},
		"stray":         {"1: AA?A", "line 1: character 3 is not one of A to Z and 2 to 7"},
		"short":         {"1: AAA", "line 1: it has 3 characters, not 36"},
		"prose":         {"hello 1: AAAA", "there is something before the first numbered line"},
		"only a number": {"999:", ""},
		"endless":       {strings.Repeat("A", maxText+1), ErrTooLong.Error()},
		"many":          {strings.Repeat("A", 36*1000), ErrTooLong.Error()},
	} {
		got, err := decode(c.text)
		if err == nil || c.want != "" && err.Error() != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := Encode(secret.New(MaxPayload + 1)); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	if text, err := Encode(secret.New(MaxPayload)); err != nil {
		t.Error(err)
	} else if s, err := Decode(text); err != nil || s.Len() != MaxPayload {
		t.Errorf("the longest: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, []byte("payload")))
	f.Add(" 1: AAAA\n 2: 0189")
	f.Add("999:")
	f.Fuzz(func(t *testing.T, text string) {
		payload, err := decode(text)
		if err != nil {
			return
		}
		if again, err := decode(encode(t, payload)); err != nil || !bytes.Equal(again, payload) {
			t.Errorf("%q: %v", payload, err)
		}
	})
}
