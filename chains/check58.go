package chains

import (
	"lifeboat/internal/base58"
)

// check58 is base 58 with a checksum at the end.
type check58 struct {
	alphabet *base58.Alphabet
	sum      func(payload []byte) [base58.ChecksumSize]byte
}

var bitcoin58 = check58{base58.Bitcoin, base58.Checksum}

// append appends payload and its checksum; both may be secret.
func (c check58) append(dst, payload []byte) []byte {
	var stack [128]byte
	buf := append(stack[:0], payload...)
	sum := c.sum(payload)
	buf = append(buf, sum[:]...)
	dst = c.alphabet.Encode(dst, buf)
	clear(buf)
	return dst
}

// read returns what follows prefix and precedes the checksum. The prefix is checked
// first, which saves most hashes when an address is tried on many chains.
func (c check58) read(s, prefix string) ([]byte, bool) {
	b, err := c.alphabet.Decode(nil, s)
	end := len(b) - base58.ChecksumSize
	if err != nil || end < len(prefix) || string(b[:len(prefix)]) != prefix {
		return nil, false
	}
	return b[len(prefix):end], c.sum(b[:end]) == [base58.ChecksumSize]byte(b[end:])
}

// text is prefix and payload, with the checksum.
func (c check58) text(prefix string) text {
	return text{
		format: func(p []byte) string { return string(c.append(nil, append([]byte(prefix), p...))) },
		parse:  func(s string) ([]byte, bool) { return c.read(s, prefix) },
	}
}
