package tx

import (
	"encoding/binary"
	"math"
)

// MessagePack (https://github.com/msgpack/msgpack, spec.md), as far as transactions
// use it. Reading takes every length of a value; whoever wants the shortest writes it
// again and compares.

// msgpackField is an entry of a map.
type msgpackField struct {
	name  string
	value any // as of msgpackBytes.value
}

// msgpackBytes are what of a message is still to be read.
type msgpackBytes struct{ counted }

// msgpackDepth is how deep values may be in each other.
const msgpackDepth = 8

// value reads a uint64, a string, a []byte, a bool, a []any or a []msgpackField.
func (b *msgpackBytes) value(depth int) any {
	if depth > msgpackDepth {
		b.bad = true
	}
	number := func(size int) uint64 {
		var wide [8]byte
		copy(wide[8-size:], b.take(size))
		return binary.BigEndian.Uint64(wide[:])
	}
	text := func(n uint64) []byte { return b.take(int(min(n, math.MaxInt32))) }
	switch c := b.byte(); {
	case b.bad:
	case c < 0x80:
		return uint64(c)
	case c < 0x90:
		return b.fields(uint64(c&0x0f), depth)
	case c < 0xa0:
		return b.list(uint64(c&0x0f), depth)
	case c < 0xc0:
		return string(text(uint64(c & 0x1f)))
	case c == 0xc2 || c == 0xc3:
		return c == 0xc3
	case c >= 0xc4 && c <= 0xc6:
		return text(number(1 << (c - 0xc4)))
	case c >= 0xcc && c <= 0xcf:
		return number(1 << (c - 0xcc))
	case c >= 0xd9 && c <= 0xdb:
		return string(text(number(1 << (c - 0xd9))))
	case c == 0xdc || c == 0xdd:
		return b.list(number(2<<(c-0xdc)), depth)
	case c == 0xde || c == 0xdf:
		return b.fields(number(2<<(c-0xde)), depth)
	}
	b.bad = true
	return nil
}

func (b *msgpackBytes) list(n uint64, depth int) []any {
	var list []any
	for ; n > 0 && !b.bad; n-- {
		list = append(list, b.value(depth+1))
	}
	return list
}

func (b *msgpackBytes) fields(n uint64, depth int) []msgpackField {
	var list []msgpackField
	for ; n > 0 && !b.bad; n-- {
		name, ok := b.value(depth + 1).(string)
		b.bad = b.bad || !ok
		list = append(list, msgpackField{name, b.value(depth + 1)})
	}
	return list
}

// appendMsgpack writes a uint64, a string of at most 31 bytes, a []byte of at most
// 65,535 or a map of at most 15 fields, in its shortest form. Fields that are zero or
// empty are left out of a map.
func appendMsgpack(b []byte, value any) []byte {
	switch v := value.(type) {
	case uint64:
		switch {
		case v < 0x80:
			return append(b, byte(v))
		case v <= math.MaxUint8:
			return append(b, 0xcc, byte(v))
		case v <= math.MaxUint16:
			return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(v))
		case v <= math.MaxUint32:
			return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(v))
		}
		return binary.BigEndian.AppendUint64(append(b, 0xcf), v)
	case string:
		return append(append(b, 0xa0|byte(len(v))), v...)
	case []byte:
		if len(v) <= math.MaxUint8 {
			return append(append(b, 0xc4, byte(len(v))), v...)
		}
		return append(binary.BigEndian.AppendUint16(append(b, 0xc5), uint16(len(v))), v...)
	case []msgpackField:
		at, n := len(b), 0
		b = append(b, 0)
		for _, f := range v {
			if !msgpackZero(f.value) {
				b = appendMsgpack(appendMsgpack(b, f.name), f.value)
				n++
			}
		}
		b[at] = 0x80 | byte(n)
		return b
	}
	panic("internal error: no transaction has such a value")
}

func msgpackZero(value any) bool {
	switch v := value.(type) {
	case uint64:
		return v == 0
	case string:
		return v == ""
	case []byte:
		return len(v) == 0
	}
	return false
}
