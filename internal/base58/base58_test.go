package base58_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"lifeboat/internal/base58"

	peer "github.com/btcsuite/btcd/btcutil/base58"
	"pgregory.net/rapid"
)

// From bitcoin/bitcoin src/test/data/base58_encode_decode.json.
var vectors = []struct{ hex, text string }{
	{"", ""},
	{"61", "2g"},
	{"626262", "a3gV"},
	{"636363", "aPEr"},
	{"73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"},
	{"00eb15231dfceb60925886b67d065299925915aeb172c06647", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"},
	{"516b6fcd0f", "ABnLTmg"},
	{"bf4f89001e670274dd", "3SEo3LWLoPntC"},
	{"572e4794", "3EFU7m"},
	{"ecac89cad93923c02321", "EJDM8drfXA6uyA"},
	{"10c8511e", "Rt5zm"},
	{"00000000000000000000", "1111111111"},
	{"ffffffffffffffffffff", "FPBt6CHo3fovdL"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		b, err := hex.DecodeString(v.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(base58.Encode(nil, b)); got != v.text {
			t.Errorf("%s: wrote %s, want %s", v.hex, got, v.text)
		}
		if got, err := base58.Decode(nil, v.text); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: read %x, %v", v.text, got, err)
		}
	}
}

func TestAgainstPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zeros := rapid.IntRange(0, 5).Draw(t, "zeros")
		b := append(make([]byte, zeros), rapid.SliceOfN(rapid.Byte(), 0, 1300).Draw(t, "bytes")...)
		got := base58.Encode([]byte("x"), b)
		if want := "x" + peer.Encode(b); string(got) != want {
			t.Fatalf("wrote %s, want %s", got, want)
		}
		if len(got) > base58.MaxDecode {
			return
		}
		back, err := base58.Decode([]byte("y"), string(got[1:]))
		if err != nil || !bytes.Equal(back, append([]byte("y"), b...)) {
			t.Fatalf("read %x, %v", back, err)
		}
	})
}

func TestCheckAgainstPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 1, 140).Draw(t, "payload")
		s := string(base58.AppendCheck(nil, b))
		if want := peer.CheckEncode(b[1:], b[0]); s != want {
			t.Fatalf("wrote %s, want %s", s, want)
		}
		back, err := base58.CheckDecode(nil, s)
		if err != nil || !bytes.Equal(back, b) {
			t.Fatalf("read %x, %v", back, err)
		}
		// One changed digit is always found.
		i := rapid.IntRange(0, len(s)-1).Draw(t, "position")
		wrong := []byte(s)
		if wrong[i] = 'z'; s[i] == 'z' {
			wrong[i] = '2'
		}
		if _, err := base58.CheckDecode(nil, string(wrong)); err == nil {
			t.Fatalf("%s passed for %s", wrong, s)
		}
	})
}

func TestRefuses(t *testing.T) {
	for _, s := range []string{"0", "O", "I", "l", " 2", "2 ", "2\n", "é", "\x00", strings.Repeat("z", base58.MaxDecode+1)} {
		if b, err := base58.Decode(nil, s); err == nil {
			t.Errorf("%q was read as %x", s, b)
		}
	}
	if _, err := base58.Decode(nil, strings.Repeat("z", base58.MaxDecode)); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"", "1", "111", "1111", "2g"} {
		if _, err := base58.CheckDecode(nil, s); !errors.Is(err, base58.ErrChecksum) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRippleAlphabet(t *testing.T) {
	// The XRP Ledger's account zero, xrpl.org/accounts.html.
	got := base58.Ripple.Encode(nil, append(make([]byte, 21), 0x94, 0xa0, 0x09, 0x11))
	if string(got) != "rrrrrrrrrrrrrrrrrrrrrhoLvTp" {
		t.Errorf("account zero is %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Add("0OIl")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := base58.Decode(nil, s)
		if err != nil {
			return
		}
		if back := string(base58.Encode(nil, b)); back != s {
			t.Errorf("%q reads as %x, which is written %q", s, b, back)
		}
		if want := peer.Decode(s); !bytes.Equal(b, want) {
			t.Errorf("%q reads as %x, want %x", s, b, want)
		}
	})
}

func BenchmarkExtendedKey(b *testing.B) {
	payload := bytes.Repeat([]byte{0x5a}, 78)
	dst := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		dst = base58.AppendCheck(dst[:0], payload)
	}
}
