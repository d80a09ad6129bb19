// Package protobuf reads the encoding of protocol buffers
// (https://protobuf.dev/programming-guides/encoding), as far as transactions and
// share files use it: numbers, and what has a length. The library's package protowire
// would read the whole program file at its start.
package protobuf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Types of fields on the wire.
const (
	Number = 0 // a varint
	Bytes  = 2 // a length and as many bytes
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrCutOff means that the message ends too early, or is none.
	ErrCutOff = errors.New("it is no protobuf message, or is cut off")
	// ErrType is wrapped for a field that is neither a number nor has a length.
	ErrType = errors.New("of a type that is not known")
)

// Fields calls f for each field of a message, with its bytes or its number, the other
// being zero. The bytes are those of b.
func Fields(b []byte, f func(n uint64, text []byte, number uint64) error) error {
	next := func() (uint64, error) {
		number, size := binary.Uvarint(b)
		if size <= 0 {
			return 0, ErrCutOff
		}
		b = b[size:]
		return number, nil
	}
	for len(b) > 0 {
		tag, err := next()
		if err != nil {
			return err
		}
		number, err := next()
		if err != nil {
			return err
		}
		var text []byte
		switch tag & 7 {
		case Number:
		case Bytes:
			if number > uint64(len(b)) {
				return ErrCutOff
			}
			text, b, number = b[:number], b[number:], 0
		default:
			return fmt.Errorf("field %d of a message is %w", tag>>3, ErrType)
		}
		if err := f(tag>>3, text, number); err != nil {
			return err
		}
	}
	return nil
}
