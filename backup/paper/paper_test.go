package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"lifeboat/backup"
	"lifeboat/backup/lines"
	"lifeboat/backup/shard"
	"lifeboat/fixtures"
	"lifeboat/internal/secret"
)

// samples are the three things that go on paper.
func samples(t testing.TB) map[Kind]*secret.Bytes {
	t.Helper()
	id, to, err := backup.NewIdentity(false)
	if err != nil {
		t.Fatal(err)
	}
	shards, err := shard.Split(id, 2, 3, "<the vault> & “co”")
	if err != nil {
		t.Fatal(err)
	}
	text, err := shards[1].Text("2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	r, err := backup.ParseRecipient(to, "")
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	file := backup.SecretFile("share.json", secret.New(1500))
	if _, err := backup.Seal(&sealed, []backup.File{file}, []backup.Recipient{r}, backup.Meta{Tool: "test", Date: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	return map[Kind]*secret.Bytes{
		Shard:    text,
		Identity: secret.Copy([]byte("# public key: " + to + "\n" + string(id.Expose()) + "\n")),
		Bundle:   secret.Take(sealed.Bytes()),
	}
}

func page(t testing.TB, text *secret.Bytes) string {
	t.Helper()
	p, err := Page(text, Label{Title: "<b>our</b> safe", Made: "2026-11-22"})
	if err != nil {
		t.Fatal(err)
	}
	return string(p.Expose())
}

// typed returns the numbered lines that stand on a page.
func typed(t testing.TB, page string) *secret.Bytes {
	t.Helper()
	_, rest, ok := strings.Cut(page, "<pre")
	_, rest, ok2 := strings.Cut(rest, ">")
	text, _, ok3 := strings.Cut(rest, "</pre>")
	if !ok || !ok2 || !ok3 {
		t.Fatal("no lines on the page")
	}
	return secret.Copy([]byte(text))
}

func check(t *testing.T, kind Kind, f *File, want *secret.Bytes) {
	t.Helper()
	if f.Kind != kind {
		t.Fatalf("a %s became a %s", kind, f.Kind)
	}
	switch kind {
	case Bundle:
		if !f.Text.Equal(want) {
			t.Error("the bundle differs")
		}
	case Identity:
		if !bytes.HasSuffix(want.Expose(), append([]byte("\n"), f.Text.Expose()...)) {
			t.Error("the identity differs")
		}
	case Shard:
		a, err := shard.Parse(want, "")
		if err != nil {
			t.Fatal(err)
		}
		b, err := shard.Parse(f.Text, "")
		if err != nil {
			t.Fatal(err)
		}
		x, _ := a.Lines()
		y, _ := b.Lines()
		if !x.Equal(y) {
			t.Error("the shard differs")
		}
	}
}

func TestTypedAndScanned(t *testing.T) {
	for kind, text := range samples(t) {
		t.Run(string(kind), func(t *testing.T) { readBack(t, kind, page(t, text), text) })
	}
}

// TestLegacy reads pages that were printed at an earlier time.
func TestLegacy(t *testing.T) {
	const dir = "legacy/2026-11/"
	for kind, names := range map[Kind][2]string{
		Shard:    {"shard-1.html", "board.shard-1.txt"},
		Identity: {"identity.html", "classic.key"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			readBack(t, kind, string(fixtures.Read(dir+names[0])), secret.Copy(fixtures.Read(dir+names[1])))
		})
	}
}

// readBack types the lines of a page, and takes pictures of its codes.
func readBack(t *testing.T, kind Kind, page string, want *secret.Bytes) {
	t.Helper()
	f, err := Read(typed(t, page))
	if err != nil {
		t.Fatal(err)
	}
	check(t, kind, f, want)
	var pictures []Picture
	for i, m := range drawn(t, page) {
		var out bytes.Buffer
		if i%2 == 0 {
			err = png.Encode(&out, m)
		} else {
			err = jpeg.Encode(&out, turned(m), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, Picture{Name: fmt.Sprint(i), Data: &out})
	}
	scanned, err := Scan(pictures...)
	if err != nil {
		t.Fatal(err)
	}
	f, err = Read(scanned)
	if err != nil {
		t.Fatal(err)
	}
	check(t, kind, f, want)
}

var (
	viewBox = regexp.MustCompile(`viewBox="0 0 (\d+) \d+"`)
	run     = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// drawn renders the codes of a page.
func drawn(t testing.TB, page string) []image.Image {
	t.Helper()
	const scale = 5
	var all []image.Image
	for _, svg := range strings.Split(page, "<svg")[1:] {
		size, _ := strconv.Atoi(viewBox.FindStringSubmatch(svg)[1])
		m := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
		for i := range m.Pix {
			m.Pix[i] = 255
		}
		for _, r := range run.FindAllStringSubmatch(svg, -1) {
			x, _ := strconv.Atoi(r[1])
			y, _ := strconv.Atoi(r[2])
			n, _ := strconv.Atoi(r[3])
			for i := x * scale; i < (x+n)*scale; i++ {
				for j := y * scale; j < (y+1)*scale; j++ {
					m.SetGray(i, j, color.Gray{})
				}
			}
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		t.Fatal("no codes on the page")
	}
	return all
}

// A page refers to nothing outside and runs nothing, and shows no markup of ours.
func TestPageIsAlone(t *testing.T) {
	for kind, text := range samples(t) {
		p := page(t, text)
		for _, bad := range []string{"<script", "<b>", "<the vault>", "src=", "href=", "url(", "@import", "https:", "onload"} {
			if strings.Contains(p, bad) {
				t.Errorf("%s: the page has %q", kind, bad)
			}
		}
		if n := strings.Count(p, "http:"); n != strings.Count(p, `xmlns="http://www.w3.org/2000/svg"`) {
			t.Errorf("%s: the page has %d addresses", kind, n)
		}
		for _, want := range []string{"&lt;b&gt;our&lt;/b&gt; safe", "2026-11-22", "<li>"} {
			if !strings.Contains(p, want) {
				t.Errorf("%s: the page lacks %q", kind, want)
			}
		}
	}
	shardPage := page(t, samples(t)[Shard])
	for _, want := range []string{"Shard 2 of 3", "2 of 3", "&lt;the vault&gt; &amp; “co”"} {
		if !strings.Contains(shardPage, want) {
			t.Errorf("the page of a shard lacks %q", want)
		}
	}
}

func TestMistypedLineIsNamed(t *testing.T) {
	for kind, text := range samples(t) {
		rows := strings.SplitAfter(string(typed(t, page(t, text)).Expose()), "\n")
		c := "A"
		if rows[1][6:7] == c {
			c = "B"
		}
		rows[1] = rows[1][:6] + c + rows[1][7:]
		_, err := Read(secret.Copy([]byte(strings.Join(rows, ""))))
		var wrong *lines.Error
		if !errors.As(err, &wrong) || !errors.Is(err, ErrPaper) || len(wrong.Problems) != 1 || wrong.Problems[0].Line != 2 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestRefused(t *testing.T) {
	id, _, _ := backup.NewIdentity(true)
	two := append(append(bytes.Clone(id.Expose()), '\n'), id.Expose()...)
	long := append([]byte("age-encryption.org/v1\n"), make([]byte, MaxBundle)...)
	for name, text := range map[string][]byte{"empty": nil, "prose": []byte("hello"), "two identities": two, "a long bundle": long, "half a header": []byte("age-encryption.org/v1\n-> X"), "half a shard": []byte("-----BEGIN LIFEBOAT SHARD-----\n1: AA")} {
		if _, err := Page(secret.Copy(text), Label{}); !errors.Is(err, ErrPaper) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, payload := range map[string]string{"short": "LB", "unknown": "LBX1abc", "no identity": "LBI1AGE-SECRET-KEY-1", "no bundle": "LBB1hello", "no shard": "LBS1hello"} {
		l, err := lines.Encode(secret.Copy([]byte(payload)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(l); !errors.Is(err, ErrPaper) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	var blank, cut bytes.Buffer
	if err := png.Encode(&blank, image.NewGray(image.Rect(0, 0, 300, 300))); err != nil {
		t.Fatal(err)
	}
	cut.Write(blank.Bytes()[:blank.Len()/2])
	huge := bytes.Clone(blank.Bytes())
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 × 65,536; the checksum is not looked at first
	for name, b := range map[string][]byte{"blank": blank.Bytes(), "cut": cut.Bytes(), "huge": huge, "empty": nil, "text": []byte("hello")} {
		if _, err := Scan(Picture{Name: "p.png", Data: bytes.NewReader(b)}); !errors.Is(err, ErrPaper) || !strings.Contains(err.Error(), "p.png") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever kind of picture the decoders return, its brightness is that of its
// colours on white paper, and is found without an allocation for each pixel: in a
// released program that took minutes.
func TestBrightness(t *testing.T) {
	r := image.Rect(3, 5, 67, 48)
	colours := color.Palette{color.NRGBA{A: 255}, color.NRGBA{200, 10, 90, 255}, color.NRGBA{0, 0, 0, 0}, color.NRGBA{20, 30, 40, 128}, color.White}
	pictures := []draw.Image{image.NewGray(r), image.NewGray16(r), image.NewRGBA(r), image.NewRGBA64(r),
		image.NewNRGBA(r), image.NewNRGBA64(r), image.NewCMYK(r), image.NewPaletted(r, colours)}
	photo := image.NewYCbCr(r, image.YCbCrSubsampleRatio420)
	for i := range photo.Y {
		photo.Y[i] = uint8(i)
	}
	for i := range photo.Cb {
		photo.Cb[i], photo.Cr[i] = 128, 128
	}
	all := []image.Image{photo}
	for _, m := range pictures {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				m.Set(x, y, colours[(x+3*y)%len(colours)])
			}
		}
		all = append(all, m, m.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(r.Inset(7)))
	}
	for _, m := range all {
		page := image.NewRGBA(m.Bounds())
		draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(page, page.Rect, m, page.Rect.Min, draw.Over)
		got := brightness(m)
		if len(got) != len(page.Pix)/4 {
			t.Errorf("%T: %d pixels of %d", m, len(got), len(page.Pix)/4)
			continue
		}
		for i, is := range got {
			p := page.Pix[4*i:]
			if want := (int(p[0]) + 2*int(p[1]) + int(p[2])) / 4; abs(int(is)-want) > 1 {
				t.Errorf("%T: pixel %d is %d, not %d", m, i, is, want)
				break
			}
		}
		if n := testing.AllocsPerRun(1, func() { brightness(m) }); n > 2 {
			t.Errorf("%T: %v allocations", m, n)
		}
	}
}

// While a picture is read, each step is told.
func TestSteps(t *testing.T) {
	var out bytes.Buffer
	if err := png.Encode(&out, drawn(t, page(t, samples(t)[Identity]))[0]); err != nil {
		t.Fatal(err)
	}
	steps := 0
	if _, err := Scan(Picture{Data: &out, Step: func() { steps++ }}); err != nil || steps != Steps {
		t.Errorf("%d steps, %v", steps, err)
	}
}

// The biggest bundle still makes a page.
func TestLargestBundle(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, MaxBundle-sealed.Len()-16))
	w.Close()
	if sealed.Len() != MaxBundle {
		t.Fatal(sealed.Len())
	}
	f, err := Read(typed(t, page(t, secret.Copy(sealed.Bytes()))))
	if err != nil || !bytes.Equal(f.Text.Expose(), sealed.Bytes()) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range samples(f) {
		f.Add(typed(f, page(f, text)).Expose())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Read(secret.Copy(text))
		if err != nil {
			return
		}
		if _, err := Page(file.Text, Label{}); err != nil && file.Kind != Identity {
			t.Error(err)
		}
	})
}

// A picture full of corners of QR codes ends soon: gozxing alone would try all
// choices of three of a hundred thousand.
func TestManyCorners(t *testing.T) {
	const side, corner = 3000, 10 // pixels; a corner has 7 modules
	m := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			ring := max(abs(x%corner-3), abs(y%corner-3))
			if ring == 2 || ring > 3 {
				m.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	if _, err := Scan(Picture{Name: "p.png", Data: &out}); !errors.Is(err, ErrPaper) {
		t.Error(err)
	}
}

func abs(n int) int { return max(n, -n) }

// Whatever the picture, reading it ends.
func FuzzScan(f *testing.F) {
	for _, m := range drawn(f, page(f, samples(f)[Identity])) {
		var out bytes.Buffer
		if err := png.Encode(&out, m); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, picture []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(picture)); err == nil && c.Width*c.Height > 1e6 {
			return // allowed, but slow
		}
		if s, err := Scan(Picture{Name: "p", Data: bytes.NewReader(picture)}); err == nil && s.Len() == 0 {
			t.Error("found nothing and said nothing")
		}
	})
}

// turned turns a picture by a quarter and greys it, as a scanner would.
func turned(m image.Image) image.Image {
	b := m.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			v := 40 + int(m.At(x, y).(color.Gray).Y)*160/255 + (x*7+y*13)%30 - 15
			out.SetGray(b.Dy()-1-y, x, color.Gray{Y: uint8(v)})
		}
	}
	return out
}
