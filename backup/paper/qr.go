package paper

import (
	"bytes"
	"fmt"

	"lifeboat/internal/qrcode"
	"lifeboat/internal/secret"
)

const linesPerCode = 30 // numbered lines, about 1,200 characters

// codes returns QR codes as SVG, which together hold the numbered lines, without
// blanks inside a line: "1:JRBF… 2:…", all in the alphanumeric alphabet.
func codes(text *secret.Bytes) (svgs [][]byte, err error) {
	rows := bytes.Split(bytes.TrimSpace(text.Expose()), []byte("\n"))
	for at := 0; at < len(rows); at += linesPerCode {
		var run []byte
		for _, row := range rows[at:min(at+linesPerCode, len(rows))] {
			run = append(append(run, bytes.ReplaceAll(row, []byte(" "), nil)...), ' ')
		}
		svg, err := qrcode.SVG(string(run[:len(run)-1])) // the library wants a string
		secret.Wipe(run)
		if err != nil {
			return nil, fmt.Errorf("%w: internal error: %w", ErrPaper, err)
		}
		svgs = append(svgs, svg)
	}
	return svgs, nil
}
