package paper

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of pages
	_ "image/png"
	"io"
	"slices"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/detector"

	"lifeboat/internal/secret"
)

// Limits of a picture.
const (
	MaxPicture = 64 << 20 // bytes of the file
	maxPixels  = 36e6     // A4 at 600 dots per inch has 35 million
	maxCorners = 100      // of QR codes, three to each; a page of ours has 18
)

// Steps is how often Step of a picture without an error is called.
const Steps = 5

// A Picture is a PNG or JPEG file.
type Picture struct {
	Name string // for errors
	Data io.Reader
	Step func() // called while the picture is read; may be nil
}

// Scan finds the QR codes in pictures of pages and returns the numbered lines in
// them for Read, which finds every mistake.
//
// The reading is done by gozxing, a port of ZXing, which was never made for hostile
// pictures: its panics and cubic searches end here, and nothing that it returns is
// trusted.
func Scan(pictures ...Picture) (*secret.Bytes, error) {
	var all []byte
	for _, p := range pictures {
		if p.Step == nil {
			p.Step = func() {}
		}
		found, err := p.scan()
		if err != nil {
			secret.Wipe(all)
			return nil, fmt.Errorf("%w: picture %q: %w", ErrPaper, p.Name, err)
		}
		for _, text := range found {
			all = append(append(all, text...), '\n')
		}
	}
	return secret.Take(all), nil
}

func (p *Picture) scan() ([]string, error) {
	data, err := io.ReadAll(io.LimitReader(p.Data, MaxPicture+1))
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(data)
	if len(data) > MaxPicture {
		return nil, fmt.Errorf("longer than %d MiB", MaxPicture>>20)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, notRead(data)
	}
	if c.Width < 1 || c.Height < 1 || float64(c.Width)*float64(c.Height) > maxPixels {
		return nil, fmt.Errorf("%d × %d pixels; at most %d million are read: scan the page at 300 dots per inch, or take the picture with fewer", c.Width, c.Height, int(maxPixels/1e6))
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, notRead(data)
	}
	grey := brightness(picture)
	defer secret.Wipe(grey)
	p.Step()
	source, err := gozxing.NewPlanarYUVLuminanceSource(grey, c.Width, c.Height, 0, 0, c.Width, c.Height, false)
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	var found []string
	for _, binarizer := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		bitmap, err := gozxing.NewBinaryBitmap(binarizer(source))
		if err != nil {
			return nil, fmt.Errorf("internal error: %w", err)
		}
		for _, look := range []func(*gozxing.BinaryBitmap, hints) ([]*gozxing.Result, error){several, single} {
			for _, text := range attempt(bitmap, look) {
				if !slices.Contains(found, text) {
					found = append(found, text)
				}
			}
			p.Step()
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no QR code that can be read; take the picture straight and sharp, one code at a time, or type the lines")
	}
	return found, nil
}

// brightness returns how bright each pixel is, row by row, on white paper. It takes
// colours by value: At, and gozxing's own conversion with it, allocates for every
// pixel, which takes a minute where what is allocated is tracked (package secret).
func brightness(m image.Image) []byte {
	b := m.Bounds()
	out := make([]byte, 0, b.Dx()*b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		switch m := m.(type) {
		case *image.Gray:
			out = append(out, m.Pix[m.PixOffset(b.Min.X, y):][:b.Dx()]...)
		case *image.YCbCr:
			out = append(out, m.Y[m.YOffset(b.Min.X, y):][:b.Dx()]...)
		case image.RGBA64Image: // whatever else image/png and image/jpeg return
			for x := b.Min.X; x < b.Max.X; x++ {
				c := m.RGBA64At(x, y) // premultiplied: what is transparent is 0
				sum := uint32(c.R) + 2*uint32(c.G) + uint32(c.B)
				out = append(out, byte((sum/4+0xffff-uint32(c.A))>>8))
			}
		}
	}
	return out
}

type hints = map[gozxing.DecodeHintType]any

func several(b *gozxing.BinaryBitmap, h hints) ([]*gozxing.Result, error) {
	return multi.NewQRCodeMultiReader().DecodeMultiple(b, h)
}

func single(b *gozxing.BinaryBitmap, h hints) ([]*gozxing.Result, error) {
	r, err := qrcode.NewQRCodeReader().Decode(b, h)
	return []*gozxing.Result{r}, err
}

// attempt looks for codes in one way. If anything goes wrong, it found nothing.
func attempt(bitmap *gozxing.BinaryBitmap, look func(*gozxing.BinaryBitmap, hints) ([]*gozxing.Result, error)) (found []string) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	corners := 0
	results, err := look(bitmap, hints{
		gozxing.DecodeHintType_TRY_HARDER: true,
		// gozxing tries all choices of three corners. The callback is the only
		// place where it can be stopped, and a panic the only way.
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(p gozxing.ResultPoint) {
			if _, ok := p.(*detector.FinderPattern); !ok {
				return
			}
			if corners++; corners > maxCorners {
				panic("more corners of codes than a page has")
			}
		}),
	})
	if err != nil {
		return nil
	}
	for _, r := range results {
		found = append(found, r.GetText())
	}
	return found
}
