package bechsum

import (
	"strings"
	"testing"
)

// The valid strings of BIP 173 and BIP 350, in lower case, and the same with their last
// character changed.
func TestChecksum(t *testing.T) {
	for text, want := range map[string]uint32{
		"a12uel5l": Const, "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw": Const, "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": Const, "?1ezyfcl": Const,
		"a1lqfn3a": ConstM, "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx": ConstM, "split1checkupstagehandshakeupstreamerranterredcaperredlc445v": ConstM, "?1v759aa": ConstM,
	} {
		if got := sum(t, text); got != want {
			t.Errorf("%s: %x, want %x", text, got, want)
		}
		last := len(text) - 1
		if other := Charset[(strings.IndexByte(Charset, text[last])+1)%len(Charset)]; sum(t, text[:last]+string(other)) == want {
			t.Errorf("%s: a wrong last character passes", text)
		}
	}
}

func sum(t *testing.T, text string) uint32 {
	t.Helper()
	cut := strings.LastIndexByte(text, '1')
	c := Begin(text[:cut])
	for _, ch := range text[cut+1:] {
		v := strings.IndexRune(Charset, ch)
		if v < 0 {
			t.Fatalf("%s has %q", text, ch)
		}
		c = Step(c, byte(v))
	}
	return c
}
