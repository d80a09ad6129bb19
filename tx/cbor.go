package tx

import "encoding/binary"

// CBOR (RFC 8949), as far as Cardano's transactions without scripts use it. Numbers
// must be in their shortest form; lists and maps may be of a length that is not said
// before they end.

// The major types. Of the last, only false, true and null are read.
const (
	cborNumber = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

const (
	cborTrue = 21
	cborNull = 22
)

// cborItem is a value.
type cborItem struct {
	kind   byte
	number uint64 // of a number, a tag, or a simple value
	bytes  []byte
	list   []cborItem // of a map: each key before its value; of a tag: what is tagged
	raw    []byte     // all of it
}

const (
	cborDepth = 8
	cborBreak = 0xff
)

// cborRead reads one item, and nothing may follow it.
func cborRead(b []byte) (*cborItem, error) {
	item, rest, ok := cborNext(b, 0)
	switch {
	case !ok:
		return nil, unread("it is no CBOR that is known, or is cut off")
	case len(rest) > 0:
		return nil, unsafe("bytes follow its CBOR")
	}
	return &item, nil
}

func cborNext(b []byte, depth int) (item cborItem, rest []byte, ok bool) {
	if len(b) == 0 || depth > cborDepth {
		return item, nil, false
	}
	head, rest := b[0], b[1:]
	item.kind = head >> 5
	endless := head&31 == 31 && (item.kind == cborList || item.kind == cborMap)
	if !endless {
		if item.number, rest, ok = cborLength(head&31, rest); !ok {
			return item, nil, false
		}
	}
	n := item.number
	switch item.kind {
	case cborBytes, cborText:
		if n > uint64(len(rest)) {
			return item, nil, false
		}
		item.bytes, rest = rest[:n], rest[n:]
	case cborList, cborMap, cborTag:
		if n > uint64(len(rest)) && item.kind != cborTag {
			return item, nil, false
		}
		switch item.kind {
		case cborMap:
			n *= 2
		case cborTag:
			n = 1
		}
		for i := uint64(0); endless || i < n; i++ {
			if endless && len(rest) > 0 && rest[0] == cborBreak {
				rest = rest[1:]
				break
			}
			var next cborItem
			if next, rest, ok = cborNext(rest, depth+1); !ok {
				return item, nil, false
			}
			item.list = append(item.list, next)
		}
		if item.kind == cborMap && len(item.list)%2 == 1 {
			return item, nil, false
		}
	case cborSimple:
		if head&31 < 20 || head&31 > cborNull {
			return item, nil, false
		}
	}
	item.raw = b[:len(b)-len(rest)]
	return item, rest, true
}

// cborLength reads the number behind the first byte of an item.
func cborLength(info byte, b []byte) (n uint64, rest []byte, ok bool) {
	if info < 24 {
		return uint64(info), b, true
	}
	size := 1 << (info - 24)
	if info > 27 || len(b) < size {
		return 0, nil, false
	}
	var eight [8]byte
	copy(eight[8-size:], b)
	n = binary.BigEndian.Uint64(eight[:])
	least := uint64(24)
	if size > 1 {
		least = 1 << (4 * size)
	}
	return n, b[size:], n >= least
}

// untagged returns what is behind a tag of that number, if it has one.
func (i *cborItem) untagged(tag uint64) *cborItem {
	if i.kind == cborTag && i.number == tag {
		return &i.list[0]
	}
	return i
}

// asMap returns the item if it is a map, else an empty one.
func (i *cborItem) asMap() *cborItem {
	if i.kind == cborMap {
		return i
	}
	return new(cborItem)
}

// appendCBOR writes the head of an item.
func appendCBOR(b []byte, kind byte, n uint64) []byte {
	kind <<= 5
	switch {
	case n < 24:
		return append(b, kind|byte(n))
	case n < 1<<8:
		return append(b, kind|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, kind|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, kind|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, kind|27), n)
}

func appendCBORBytes(b, text []byte) []byte {
	return append(appendCBOR(b, cborBytes, uint64(len(text))), text...)
}
