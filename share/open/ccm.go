package open

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"lifeboat/internal/secret"
)

// ccm is AES-CCM (NIST SP 800-38C, RFC 3610), of which the standard library has only the
// block cipher. It opens messages and seals none. A message's length is a number of
// 15 bytes less the nonce.
type ccm struct {
	block   cipher.Block
	tagSize int
}

// errTag means that a message was changed, or is under another key.
var errTag = errors.New("the message does not fit its tag")

const blockSize = 16

// open returns the plaintext of sealed, which ends with the tag.
func (c *ccm) open(nonce, sealed, data []byte) ([]byte, error) {
	lengthSize := blockSize - 1 - len(nonce)
	switch {
	case c.tagSize < 4 || c.tagSize > blockSize || c.tagSize%2 != 0,
		lengthSize < 2 || lengthSize > 8,
		len(sealed) < c.tagSize,
		lengthSize < 8 && uint64(len(sealed)-c.tagSize)>>(8*lengthSize) > 0,
		len(data) >= 0xff00:
		return nil, errTag
	}
	text, tag := sealed[:len(sealed)-c.tagSize], sealed[len(sealed)-c.tagSize:]

	// The counter begins at 0, which masks the tag.
	counter := make([]byte, blockSize)
	counter[0] = byte(lengthSize - 1)
	copy(counter[1:], nonce)
	stream := cipher.NewCTR(c.block, counter)
	mask, plain := make([]byte, blockSize), make([]byte, len(text))
	stream.XORKeyStream(mask, mask)
	stream.XORKeyStream(plain, text)

	sum := c.mac(nonce, plain, data)
	subtle.XORBytes(sum, sum, mask)
	defer secret.Wipe(sum)
	if subtle.ConstantTimeCompare(sum[:c.tagSize], tag) != 1 {
		secret.Wipe(plain)
		return nil, errTag
	}
	return plain, nil
}

// mac returns the CBC-MAC over the parameters, the data and the text, each filled up to
// whole blocks.
func (c *ccm) mac(nonce, text, data []byte) []byte {
	lengthSize := blockSize - 1 - len(nonce)
	first := make([]byte, blockSize)
	binary.BigEndian.PutUint64(first[8:], uint64(len(text)))
	copy(first[1:], nonce) // over the zeros before the length
	first[0] = byte((c.tagSize-2)/2<<3 | (lengthSize - 1))
	if len(data) > 0 {
		first[0] |= 1 << 6
		data = append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...)
	}
	sum := make([]byte, blockSize)
	for _, part := range [][]byte{first, data, text} {
		for ; len(part) > 0; part = part[min(blockSize, len(part)):] {
			subtle.XORBytes(sum, sum[:min(blockSize, len(part))], part)
			c.block.Encrypt(sum, sum)
		}
	}
	return sum
}
