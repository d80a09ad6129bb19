package qrcode

import (
	"errors"
	"strings"
	"testing"

	"rsc.io/qr"
)

// The blocks have the modules of the code, and four rows of light around it.
func TestBlocks(t *testing.T) {
	for _, text := range []string{"0x02f8", strings.Repeat("ab01", 250)} {
		picture, err := Blocks(text)
		if err != nil {
			t.Fatal(err)
		}
		code, err := qr.Encode(text, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		side := code.Size + 2*quiet
		lines := strings.Split(strings.TrimSuffix(picture, "\n"), "\n")
		if len(lines) != (side+1)/2 {
			t.Fatalf("%d lines for %d modules", len(lines), side)
		}
		for y := range side {
			line := []rune(lines[y/2])
			if len(line) != side {
				t.Fatalf("line %d has %d characters, not %d", y/2, len(line), side)
			}
			for x, r := range line {
				light := r == '█' || y%2 == 0 && r == '▀' || y%2 == 1 && r == '▄'
				if light == code.Black(x-quiet, y-quiet) {
					t.Fatalf("module %d, %d is wrong", x, y)
				}
			}
		}
	}
	if _, err := Blocks(strings.Repeat("x", 3000)); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}
