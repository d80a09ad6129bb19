package paper

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of pages
	_ "image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode"

	"lifeboat/internal/secret"
)

// Limits of a picture.
const (
	MaxPicture = 64 << 20 // bytes of the file
	maxPixels  = 50e6     // A4 at 600 dots per inch has 35 million
)

// A Picture is a PNG or JPEG file.
type Picture struct {
	Name string // for errors
	Data io.Reader
}

// Scan finds the QR codes in pictures of pages and returns the numbered lines in
// them for Read, which finds every mistake of this.
//
// The reading is done by gozxing, a port of ZXing. It never was made for hostile
// pictures, so its panics are errors here, and nothing it returns is believed.
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

func scan(r io.Reader) (found []string, err error) {
	defer func() {
		if recover() != nil {
			found, err = nil, fmt.Errorf("couldn't read it; try another picture, or type the lines")
		}
	}()
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
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	seen := make(map[string]bool)
	for _, binarizer := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		bitmap, err := gozxing.NewBinaryBitmap(binarizer(gozxing.NewLuminanceSourceFromImage(picture)))
		if err != nil {
			continue
		}
		results, _ := multi.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints)
		if one, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
			results = append(results, one)
		}
		for _, r := range results {
			if text := r.GetText(); !seen[text] {
				seen[text] = true
				found = append(found, text)
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no QR code that can be read; take the picture straight and sharp, one code at a time, or type the lines")
	}
	return found, nil
}
