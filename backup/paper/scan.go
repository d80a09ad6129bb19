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
	maxPixels  = 50e6     // A4 at 600 dots per inch has 35 million
	maxCorners = 100      // of QR codes, three to each; a page of ours has 18
)

// A Picture is a PNG or JPEG file.
type Picture struct {
	Name string // for errors
	Data io.Reader
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
		found, err := scan(p.Data)
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

func scan(r io.Reader) ([]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxPicture+1))
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(data)
	if len(data) > MaxPicture {
		return nil, fmt.Errorf("longer than %d MiB", MaxPicture>>20)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("neither PNG nor JPEG, or damaged")
	}
	if c.Width < 1 || c.Height < 1 || float64(c.Width)*float64(c.Height) > maxPixels {
		return nil, fmt.Errorf("%d × %d pixels; at most %d million are read", c.Width, c.Height, int(maxPixels/1e6))
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("neither PNG nor JPEG, or damaged")
	}
	var found []string
	for _, binarizer := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		for _, look := range []func(*gozxing.BinaryBitmap, hints) ([]*gozxing.Result, error){several, single} {
			for _, text := range attempt(binarizer, look, picture) {
				if !slices.Contains(found, text) {
					found = append(found, text)
				}
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no QR code that can be read; take the picture straight and sharp, one code at a time, or type the lines")
	}
	return found, nil
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
func attempt(binarizer func(gozxing.LuminanceSource) gozxing.Binarizer, look func(*gozxing.BinaryBitmap, hints) ([]*gozxing.Result, error), picture image.Image) (found []string) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	bitmap, err := gozxing.NewBinaryBitmap(binarizer(gozxing.NewLuminanceSourceFromImage(picture)))
	if err != nil {
		return nil
	}
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
