package report

import "testing"

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"it is whole":               "It is whole.",
		"refused: too few.":         "Refused: too few.",
		"result.key opens it":       "result.key opens it.",
		"result/root.json has both": "result/root.json has both.",
		"secp256k1 matches":         "secp256k1 matches.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
