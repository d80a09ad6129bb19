package qrcode_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"

	"lifeboat/internal/qrcode"
)

// The runs of the path are the black modules of the code, and no others.
func TestSVG(t *testing.T) {
	run := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	for _, text := range []string{"", "0123-4567", strings.Repeat("A", 2000)} {
		svg, err := qrcode.SVG(text)
		if err != nil {
			t.Fatal(err)
		}
		black := map[[2]int]bool{}
		for _, m := range run.FindAllSubmatch(svg, -1) {
			var n [4]int
			for i := range n {
				n[i], _ = strconv.Atoi(string(m[i+1]))
			}
			if n[2] != n[3] {
				t.Fatalf("%q: a run that does not close", m[0])
			}
			for x := range n[2] {
				black[[2]int{n[0] + x, n[1]}] = true
			}
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		for y := -4; y < code.Size+4; y++ {
			for x := -4; x < code.Size+4; x++ {
				if black[[2]int{x + 4, y + 4}] != code.Black(x, y) {
					t.Fatalf("%.10q: module %d, %d", text, x, y)
				}
			}
		}
	}
	if _, err := qrcode.SVG(strings.Repeat("A", 5000)); !errors.Is(err, qrcode.ErrTooLong) {
		t.Error(err)
	}
}
