package paper

import (
	"bytes"
	"fmt"

	"rsc.io/qr"

	"lifeboat/internal/secret"
)

const (
	linesPerCode = 30 // numbered lines, about 1,200 characters
	quiet        = 4  // modules of white around a code (ISO/IEC 18004, 9.1)
)

// codes returns QR codes as SVG, which together hold the numbered lines, without
// blanks inside a line: "1:JRBF… 2:…", all in the alphanumeric alphabet.
func codes(text *secret.Bytes) (svgs [][]byte, err error) {
	rows := bytes.Split(bytes.TrimSpace(text.Expose()), []byte("\n"))
	for at := 0; at < len(rows); at += linesPerCode {
		var run []byte
		for _, row := range rows[at:min(at+linesPerCode, len(rows))] {
			run = append(append(run, bytes.ReplaceAll(row, []byte(" "), nil)...), ' ')
		}
		code, err := qr.Encode(string(run[:len(run)-1]), qr.M) // the library wants a string
		secret.Wipe(run)
		if err != nil {
			return nil, fmt.Errorf("%w: internal error: couldn't draw a QR code", ErrPaper)
		}
		svgs = append(svgs, svg(code))
		clear(code.Bitmap)
	}
	return svgs, nil
}

// svg draws the black modules as runs of one path.
func svg(code *qr.Code) []byte {
	size := code.Size + 2*quiet
	out := fmt.Appendf(make([]byte, 0, 64<<10), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path d="`, size, size, size, size)
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
	return append(out, `"/></svg>`...)
}
