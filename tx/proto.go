package tx

import "encoding/binary"

// The encoding of protocol buffers (https://protobuf.dev/programming-guides/encoding),
// as far as transactions use it: numbers, and what has a length. The library's
// package protowire would read the whole program file at its start.

const (
	protoNumber = 0 // a varint
	protoBytes  = 2 // a length and as many bytes
)

// protoFields calls f for each field of a message, with its bytes or its number, the
// other being zero.
func protoFields(b []byte, f func(n uint64, text []byte, number uint64) error) error {
	next := func() (uint64, error) {
		number, size := binary.Uvarint(b)
		if size <= 0 {
			return 0, unread("it is no protobuf message, or is cut off")
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
		case protoNumber:
		case protoBytes:
			if number > uint64(len(b)) {
				return unread("field %d of a message is cut off", tag>>3)
			}
			text, b, number = b[:number], b[number:], 0
		default:
			return unsafe("field %d of a message has a type that is not known", tag>>3)
		}
		if err := f(tag>>3, text, number); err != nil {
			return err
		}
	}
	return nil
}

// appendProto writes a field with bytes, unless there are none.
func appendProto(b []byte, n uint64, text []byte) []byte {
	if len(text) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, n<<3|protoBytes)
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendProtoNumber writes a field with a number, unless it is zero.
func appendProtoNumber(b []byte, n uint64, number int64) []byte {
	if number == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, n<<3|protoNumber), uint64(number))
}
