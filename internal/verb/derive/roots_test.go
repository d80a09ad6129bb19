package derive

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// A file of keys may be in UTF-16, as the > of PowerShell writes it.
func TestKeysOfUTF16(t *testing.T) {
	const key = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
	text := "\ufeff# the vault's\r\n" + key + "\r\n"
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		var data []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			data = order.AppendUint16(data, unit)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		keys, err := readKeys([]string{path})
		if err != nil || len(keys) != 1 || keys[0].String() != key {
			t.Errorf("%s endian: %v, %v", name, keys, err)
		}
	}
}

// Two root keys on one curve are two, also of one public key with two chain codes; and a
// bare one is that of the extended key.
func TestOneVault(t *testing.T) {
	secp, ed := curve.Secp256k1.Generator(), curve.Ed25519.Generator()
	key := func(p *curve.Point, code byte) root {
		return root{Key: derive.NewRoot(p, [derive.ChainCodeSize]byte{code})}
	}
	bare := root{Key: derive.NewBare(secp)}
	for name, c := range map[string]struct {
		given []root
		kept  int
		one   bool
	}{
		"one key":                      {[]root{key(secp, 1)}, 1, true},
		"the same twice":               {[]root{key(secp, 1), key(secp, 1)}, 1, true},
		"on two curves":                {[]root{key(secp, 1), key(ed, 1)}, 2, true},
		"bare, and extended":           {[]root{bare, key(secp, 1)}, 1, true},
		"extended, and bare":           {[]root{key(secp, 1), bare}, 1, true},
		"two chain codes":              {[]root{key(secp, 1), key(secp, 2)}, 2, false},
		"two codes, between them bare": {[]root{key(secp, 1), bare, key(secp, 2)}, 2, false},
		"two keys":                     {[]root{key(secp, 1), key(secp.Add(secp), 1)}, 2, false},
	} {
		var roots []root
		for _, r := range c.given {
			roots = add(roots, r)
		}
		err := oneVault(roots)
		if len(roots) != c.kept || (err == nil) != c.one || roots[0].IsBare() {
			t.Errorf("%s: %s, %v", name, fmt.Sprint(keysOf(roots)), err)
		}
	}
}
