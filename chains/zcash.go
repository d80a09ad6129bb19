package chains

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"lifeboat/internal/blake2b"
)

// Zcash beyond its transparent addresses.

func (c Chain) zcash() Chain {
	c.Note = "transparent addresses only, of which tex is a spelling for senders (ZIP 320)"
	p2pkh := c.Encodings[0]
	c.Encodings = append(c.Encodings, encode("tex", hash160, bech32mText("tex"), p2pkh.export))
	c.underivable = append(c.underivable,
		rule{"a unified address, whose shielded part cannot be derived", hash160, readUnified},
		foreign("a shielded address", 43, bech32Text("zs")),
		foreign("a shielded address", 64, bitcoin58.text("\x16\x9a")),
	)
	return c
}

// readUnified reads a unified address of ZIP 316: of its receivers a key decides the
// transparent one, if there is one.
func readUnified(s string) (part []byte, ok bool) {
	const hrp, paddingSize, shortest = "u", 16, 48
	b, ok := bech32mText(hrp).parse(s)
	if !ok || len(b) < shortest {
		return nil, false
	}
	unjumble(b)
	var padding [paddingSize]byte
	copy(padding[:], hrp)
	items, end := b[:len(b)-paddingSize], b[len(b)-paddingSize:]
	if string(end) != string(padding[:]) {
		return nil, false
	}
	sizes := []int{20, 20, 43, 43} // P2PKH, P2SH, Sapling, Orchard; others may have any
	for last := -1; len(items) > 0; {
		// Types and lengths from 253 on would not fit in an address, or mean nothing here.
		if len(items) < 2 || items[0] >= 253 || items[1] >= 253 {
			return nil, false
		}
		kind, size := int(items[0]), int(items[1])
		if items = items[2:]; kind <= last || size > len(items) || kind < len(sizes) && size != sizes[kind] {
			return nil, false
		}
		if kind == 0 {
			part = items[:size]
		}
		last, items = kind, items[size:]
	}
	return part, true
}

// unjumble is the reverse of F4Jumble: four rounds of a Feistel network.
func unjumble(b []byte) {
	n := min(blake2b.MaxSize, len(b)/2)
	left, right := b[:n], b[n:]
	for round := byte(2); round > 0; round-- {
		h := blake2b.Append(nil, n, fmt.Sprintf("UA_F4Jumble_H%c\x00\x00", round-1), right)
		subtle.XORBytes(left, left, h)
		for j := 0; j*blake2b.MaxSize < len(right); j++ {
			personal := binary.LittleEndian.AppendUint16([]byte{'U', 'A', '_', 'F', '4', 'J', 'u', 'm', 'b', 'l', 'e', '_', 'G', round - 1}, uint16(j))
			block := right[j*blake2b.MaxSize:]
			subtle.XORBytes(block, block, blake2b.Append(nil, blake2b.MaxSize, string(personal), left))
		}
	}
}
