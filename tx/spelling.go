package tx

import (
	"bytes"
	"encoding/base64"
)

// spellings returns what a file may stand for: its bytes, or those that it spells in
// hex or in base 64.
func spellings(data []byte) [][]byte {
	forms := [][]byte{data}
	text := string(bytes.TrimSpace(data))
	if b, ok := evmHex(text); ok {
		forms = append(forms, b)
	}
	if b, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
		forms = append(forms, b)
	}
	return forms
}
