// Package qrcode draws QR codes, for pages that are printed and for terminals.
package qrcode

import (
	"errors"
	"fmt"
	"strings"

	"rsc.io/qr"
)

// ErrTooLong is returned for text that does not fit into one code.
var ErrTooLong = errors.New("the text does not fit into a QR code")

const quiet = 4 // modules of white around a code (ISO/IEC 18004, 9.1)

// SVG returns a code that can be read with 15 % of it damaged (level M). The code's
// modules are wiped, since the text may be secret.
func SVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, ErrTooLong // the library's error may repeat the text
	}
	defer clear(code.Bitmap)
	size := code.Size + 2*quiet
	out := fmt.Appendf(make([]byte, 0, 64<<10), `<svg viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path d="`, size, size, size, size)
	// The black modules are runs of one path.
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for code.Black(x, y) {
				x++
			}
			if x > start {
				out = fmt.Appendf(out, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	return append(out, `"/></svg>`...), nil
}

// Blocks returns a code for a terminal, two rows of modules in a line, which can be
// read with 7 % of it damaged (level L). It is drawn in the colour of the text on the
// background: right on a dark terminal, and inverted on a light one, which most readers
// take as well. The text must not be secret.
func Blocks(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", ErrTooLong
	}
	var out strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		for x := -quiet; x < code.Size+quiet; x++ {
			// Light modules are drawn: most terminals are dark.
			switch upper, lower := !code.Black(x, y), !code.Black(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}
