package protobuf_test

import (
	"errors"
	"testing"

	"lifeboat/internal/protobuf"
)

func TestFields(t *testing.T) {
	for in, want := range map[string]error{
		"":                     nil,
		"\x08\x96\x01":         nil, // the first example of the encoding's guide
		"\x12\x07testing":      nil, // and the one of strings
		"\x12\x08testing":      protobuf.ErrCutOff,
		"\x08":                 protobuf.ErrCutOff,
		"\x08\x96":             protobuf.ErrCutOff,
		"\x0d\x00\x00\x00\x00": protobuf.ErrType,
	} {
		err := protobuf.Fields([]byte(in), func(n uint64, text []byte, number uint64) error {
			if !(n == 1 && text == nil && number == 150 || n == 2 && string(text) == "testing" && number == 0) {
				t.Errorf("%x: field %d, %q, %d", in, n, text, number)
			}
			return nil
		})
		if !errors.Is(err, want) {
			t.Errorf("%x: %v", in, err)
		}
	}
}
