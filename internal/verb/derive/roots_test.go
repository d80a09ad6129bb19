package derive

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"
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
