package tx

import "encoding/binary"

// counted cuts up bytes in which lists begin with their length, 7 bits a byte, as
// Solana, Aptos and Sui write them. Once they ran out, bad is set and all that it gives
// is empty.
type counted struct {
	rest []byte
	bad  bool
}

func (b *counted) take(n int) []byte {
	if b.bad || n > len(b.rest) {
		b.bad = true
		return nil
	}
	taken := b.rest[:n:n]
	b.rest = b.rest[n:]
	return taken
}

func (b *counted) byte() int {
	if one := b.take(1); one != nil {
		return int(one[0])
	}
	return 0
}

// uint64 reads a number of 8 bytes, little-endian.
func (b *counted) uint64() uint64 {
	if eight := b.take(8); eight != nil {
		return binary.LittleEndian.Uint64(eight)
	}
	return 0
}

// text reads bytes after their number.
func (b *counted) text() []byte { return b.take(b.count()) }

// appendCounted writes bytes after their number.
func appendCounted(b, text []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// count reads a number in its shortest form, at most 65,535, 7 bits a byte.
func (b *counted) count() int {
	n := 0
	for shift := 0; shift <= 14; shift += 7 {
		c := b.byte()
		n |= c & 0x7f << shift
		if c < 0x80 {
			b.bad = b.bad || c == 0 && shift > 0 || n > 0xffff
			return n
		}
	}
	b.bad = true
	return 0
}

// list calls f for each part of a list.
func (b *counted) list(f func()) (n int) {
	n = b.count()
	for i := 0; i < n && !b.bad; i++ {
		f()
	}
	return n
}
