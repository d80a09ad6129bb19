package tx

import (
	"encoding/binary"
	"errors"

	"lifeboat/internal/protobuf"
)

// protoFields calls f for each field of a message, with its bytes or its number, the
// other being zero.
func protoFields(b []byte, f func(n uint64, text []byte, number uint64) error) error {
	err := protobuf.Fields(b, f)
	switch {
	case errors.Is(err, protobuf.ErrCutOff):
		return unread("%v", err)
	case errors.Is(err, protobuf.ErrType):
		return unsafe("%v", err)
	}
	return err
}

// appendProto writes a field with bytes, unless there are none.
func appendProto(b []byte, n uint64, text []byte) []byte {
	if len(text) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, n<<3|protobuf.Bytes)
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendProtoNumber writes a field with a number, unless it is zero.
func appendProtoNumber(b []byte, n uint64, number int64) []byte {
	if number == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, n<<3|protobuf.Number), uint64(number))
}
