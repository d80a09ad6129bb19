package open

import (
	"encoding/binary"

	"lifeboat/internal/secret"
)

// cborFields reads one map of CBOR (RFC 8949) and returns the values of its fields that
// are bytes, or lists of bytes. Bytes may be a list of numbers: what JavaScript's typed
// arrays become. Every value is a copy, which the caller wipes; other kinds of values are
// skipped. ok is false for all else.
func cborFields(b []byte) (fields map[string][][]byte, ok bool) {
	r := &cborReader{rest: b}
	kind, n := r.head()
	fields = map[string][][]byte{}
	for ; kind == cborMap && n > 0 && !r.bad; n-- {
		kind, size := r.head()
		name := string(r.take(size))
		if _, dup := fields[name]; kind != cborText || dup {
			r.bad = true
			break
		}
		fields[name] = r.value()
	}
	if kind != cborMap || r.bad || len(r.rest) > 0 {
		wipeFields(fields)
		return nil, false
	}
	return fields, true
}

// wipeFields erases what cborFields returned.
func wipeFields(fields map[string][][]byte) {
	for _, list := range fields {
		for _, b := range list {
			secret.Wipe(b)
		}
	}
}

// The major types that are read.
const (
	cborNumber = 0
	cborBytes  = 2
	cborText   = 3
	cborList   = 4
	cborMap    = 5
	cborTag    = 6
)

// maxCBORDepth bounds what is skipped.
const maxCBORDepth = 8

// cborReader reads items. What is cut off or not known makes it bad, and it stays so.
type cborReader struct {
	rest []byte
	bad  bool
}

// head reads the first bytes of an item: its major type, and its number or length. No
// length is above that of the rest, so that nothing large is made for a small file.
func (r *cborReader) head() (kind byte, n int) {
	first := r.take(1)
	if r.bad {
		return 0, 0
	}
	kind, info := first[0]>>5, first[0]&31
	value := uint64(info)
	if info >= 24 {
		if info > 27 { // of a length that is not said before it ends
			r.bad = true
			return 0, 0
		}
		var wide [8]byte
		size := 1 << (info - 24)
		copy(wide[8-size:], r.take(size))
		value = binary.BigEndian.Uint64(wide[:])
	}
	if kind == cborBytes || kind == cborText || kind == cborList || kind == cborMap {
		r.bad = r.bad || value > uint64(len(r.rest))
	}
	if r.bad {
		return 0, 0
	}
	return kind, int(min(value, 1<<31-1))
}

func (r *cborReader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

// value reads bytes as a list of one, or a list of bytes. It returns nil for any other
// item, which it skips.
func (r *cborReader) value() [][]byte {
	start := *r
	if kind, n := r.head(); kind == cborList && len(r.rest) > 0 && r.rest[0]>>5 != cborNumber {
		list := [][]byte{}
		for ; n > 0 && !r.bad; n-- {
			if b := r.bytes(); b != nil {
				list = append(list, b)
			}
		}
		return list
	}
	*r = start
	if b := r.bytes(); b != nil {
		return [][]byte{b}
	}
	return nil
}

// bytes reads bytes, or a list of numbers up to 255. It returns nil for any other item,
// which it skips.
func (r *cborReader) bytes() []byte {
	start := *r
	kind, n := r.head()
	switch kind {
	case cborBytes:
		return append(make([]byte, 0, n), r.take(n)...)
	case cborList:
		out := make([]byte, 0, n)
		for range n {
			kind, digit := r.head()
			if kind != cborNumber || digit > 255 || r.bad {
				secret.Wipe(out)
				out = nil
				break
			}
			out = append(out, byte(digit))
		}
		if out != nil {
			return out
		}
	}
	*r = start
	r.skip(0)
	return nil
}

// skip goes past an item of any kind.
func (r *cborReader) skip(depth int) {
	kind, n := r.head()
	switch {
	case depth > maxCBORDepth:
		r.bad = true
	case kind == cborBytes || kind == cborText:
		r.take(n)
	case kind == cborList || kind == cborTag || kind == cborMap:
		switch kind {
		case cborTag:
			n = 1
		case cborMap:
			n *= 2
		}
		for ; n > 0 && !r.bad; n-- {
			r.skip(depth + 1)
		}
	}
}
