package derive

import (
	"bytes"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
)

// FuzzAddressList: what is read of a list is cells of it, without the blanks
// around them, and an error is short and shows nothing of it.
func FuzzAddressList(f *testing.F) {
	for _, s := range []string{
		"", "\n\n", "bc1q\n0xabc\n", "\xef\xbb\xbfaddress\r\nbc1q\r\n", "wallet name,coin,Address,memo\nA,BTC, bc1q ,\n\nB,ETH\n", "coin;address\nBTC;bc1q\n",
		"address\n", `"address` + "\nbc1q\n", `"a""b",c` + "\n", strings.Repeat("x", 1<<17), "\x00\n", "\xff\xfe\n", "address,address\nq,r\n",
		"bc1q, 0xabc\n", "bc1q;0xabc;\r\n", "\r0\n0", "address\nq\nADDRESS\nr\n", "address\nq\nx,address\n", "\"a\nb\"\n", "\xff\xfea\x00\n\x00", "a\x00d\x00d\x00r\x00e\x00s\x00s\x00\n\x00q\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseAddresses(bytes.NewReader(data))
		if (err == nil) != (len(list) > 0) || len(list) > maxTargets {
			t.Fatalf("%d addresses: %v", len(list), err)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("error %v", err)
		}
		if strict.Unmarked(data) != nil || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
			return // UTF-16
		}
		bare := bytes.ReplaceAll(data, []byte(`"`), nil)
		for _, a := range list {
			if a == "" || a != strings.TrimSpace(a) || strings.ContainsAny(a, "\n") || !bytes.Contains(bare, []byte(strings.ReplaceAll(a, `"`, ""))) {
				t.Errorf("address %q", a)
			}
		}
	})
}

// FuzzPathRange: a range is a path, or a path and a star for so many indexes
// below it, none of them hardened.
func FuzzPathRange(f *testing.F) {
	for _, s := range []string{"m", "m/*", "m/44/60/0/0/*", "44/0/*", "*", "/*", "m/*/*", "m/44'/*", "m/7", ""} {
		f.Add(s, uint32(0), uint32(5))
		f.Add(s, uint32(1<<31-2), uint32(2))
		f.Add(s, uint32(1<<31-1), uint32(2))
	}
	f.Fuzz(func(t *testing.T, text string, from, count uint32) {
		flags := &addressFlags{from: from, count: count}
		r, err := flags.pathRange(new(cli.Flags), text)
		base, star := strings.CutSuffix(text, "/*")
		parent, refused := derive.ParsePath(base)
		within := !star || uint64(from)+uint64(count) <= 1<<31
		if (err == nil) != (refused == nil && within) {
			t.Fatalf("%q from %d, %d times: %v", text, from, count, err)
		}
		if err != nil || star && count == 0 {
			return
		}
		first, last := r.paths(0)[0], r.paths(r.count - 1)[0]
		if star {
			if want := append(parent[:len(parent):len(parent)], from); first.String() != want.String() {
				t.Errorf("%q begins with %v, not %v", text, first, want)
			}
			parent = append(parent, from+count-1)
		}
		if last.String() != parent.String() {
			t.Errorf("%q ends with %v, not %v", text, last, parent)
		}
	})
}
