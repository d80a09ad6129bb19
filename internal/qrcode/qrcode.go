// Package qrcode draws QR codes for pages that are printed.
package qrcode

import (
	"errors"
	"fmt"

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
