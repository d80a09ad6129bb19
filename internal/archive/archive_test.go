package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"lifeboat/internal/archive"
)

func limit() *archive.Limit { return &archive.Limit{Files: 100, Bytes: 1 << 20, File: 1 << 18} }

// look returns what is found, as name=content, and the error.
func look(data []byte, l *archive.Limit) (string, error) {
	var found []string
	err := archive.Walk(data, l, func(name string, data []byte) { found = append(found, name+"="+string(data)) })
	return strings.Join(found, " "), err
}

type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o600}, content}
}

func makeTar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func makeGzip(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Name = name
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func makeZip(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(e, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// encryptedZip says that the file in it is encrypted, in both places.
func encryptedZip(t testing.TB) []byte {
	z := makeZip(t, "a=1")
	z[6] |= 1
	z[bytes.Index(z, []byte("PK\x01\x02"))+8] |= 1
	return z
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const mailHead = `Received: from a by b;
	Mon, 1 Jan 2024 00:00:00 +0000
From: a@example.org
Subject: the share
MIME-Version: 1.0
`

var mail = mailHead + `Content-Type: multipart/mixed;
	boundary="=_outer"

For programs that know no better.
--=_outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello=20Bob=
!
--inner--
--=_outer
Content-Type: application/json; name="=?utf-8?Q?sh=C3=A4re.json?="
Content-Transfer-Encoding: BASE64
Content-Disposition: attachment

eyJh
  Ijox
fQ==
--=_outer
Content-Type: message/rfc822

Subject: forwarded
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*=UTF-8''b%20c.json

[2]
--=_outer--
not looked at
`

func TestWalk(t *testing.T) {
	a, b := file("x/a.json", "1"), file("../b", "2")
	link := entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/etc/passwd"}}
	folder := entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "x/"}}
	big := file("big", strings.Repeat("x", 1<<18+1))
	pax := file(strings.Repeat("long/", 60)+"p", "3")
	for name, c := range map[string]struct {
		data  []byte
		kind  string
		found string
		err   error
	}{
		"zip":                 {makeZip(t, "x/a.json=1", "../b=2", "d/="), "zip", "x/a.json=1 ../b=2", nil},
		"zip, two of a name":  {makeZip(t, "a=1", "a=2"), "zip", "a=1 a=2", nil},
		"zip in a zip":        {makeZip(t, "a="+string(makeZip(t, "b=1"))), "zip", "a=" + string(makeZip(t, "b=1")), nil},
		"zip, empty":          {makeZip(t), "zip", "", nil},
		"zip, encrypted":      {encryptedZip(t), "zip", "", archive.ErrUnread},
		"zip, a large file":   {makeZip(t, "a="+big.content, "b=2"), "zip", "b=2", archive.ErrTooMuch},
		"zip, cut":            {makeZip(t, "a=1")[:40], "zip", "", archive.ErrDamaged},
		"tar":                 {makeTar(t, folder, a, link, b, a), "tar", "x/a.json=1 ../b=2 x/a.json=1", nil},
		"tar, a long name":    {makeTar(t, pax), "tar", pax.Name + "=3", nil},
		"tar, a large file":   {makeTar(t, a, big, b), "tar", "x/a.json=1 ../b=2", archive.ErrTooMuch},
		"tar, cut":            {makeTar(t, a, b)[:1300], "tar", "x/a.json=1", archive.ErrDamaged},
		"tar.gz":              {makeGzip(t, "", makeTar(t, a, link, b)), "gzip file", "x/a.json=1 ../b=2", nil},
		"tar.gz, a long name": {makeGzip(t, "", makeTar(t, pax)), "gzip file", pax.Name + "=3", nil},
		"tar.gz, large":       {makeGzip(t, "", makeTar(t, a, big, b)), "gzip file", "x/a.json=1 ../b=2", archive.ErrTooMuch},
		"tar.gz, cut":         {makeGzip(t, "", makeTar(t, a, b))[:60], "gzip file", "", archive.ErrDamaged},
		"gzip":                {makeGzip(t, "x/a.json", []byte("1")), "gzip file", "a.json=1", nil},
		"gzip without a name": {makeGzip(t, "", nil), "gzip file", "content=", nil},
		"gzip, large":         {makeGzip(t, "", []byte(big.content)), "gzip file", "", archive.ErrTooMuch},
		"7z":                  {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), "7z archive", "", archive.ErrUnread},
		"RAR":                 {[]byte("Rar!\x1a\x07\x01\x00"), "RAR archive", "", archive.ErrUnread},
		"mail":                {[]byte(mail), "mail", "part 3=Hello Bob! shäre.json={\"a\":1} b c.json=[2]", nil},
		"mail, CRLF":          {[]byte(crlf(mail)), "mail", "part 3=Hello Bob! shäre.json={\"a\":1} b c.json=[2]\r", nil},
		"mail in a mailbox":   {[]byte("From a@b Mon Jan  1 00:00:00 2024\n" + mailHead + "\n{}\n"), "mail", "part 1={}\n", nil},
		"mail, one part":      {[]byte(mailHead + "Content-Transfer-Encoding: base64\n\nMQ==\n"), "mail", "part 1=1", nil},
		"mail, a bad part":    {[]byte(strings.Replace(mail, "eyJh", "e*Jh", 1)), "mail", "part 3=Hello Bob! b c.json=[2]", archive.ErrDamaged},
		"mail, cut":           {[]byte(mail[:strings.Index(mail, "--=_outer--")]), "mail", "part 3=Hello Bob! shäre.json={\"a\":1} b c.json=[2]\n", nil},
		"mails in mails":      {[]byte(strings.Repeat("Content-Type: message/rfc822\n\n", 99)), "mail", "", archive.ErrTooMuch},
		"text with a colon":   {[]byte("Note: this is no mail\n\n{}"), "", "", archive.ErrUnread},
		"mail without a body": {[]byte("Content-Type: text/plain\n"), "mail", "part 1=", nil},
		"the head of a mail":  {[]byte(mailHead + "Subj"), "mail", "part 1=", nil},
		"a long header":       {[]byte(mailHead + strings.Repeat("X-Spam: yes\n", 6000)), "", "", archive.ErrUnread},
		"one long line":       {[]byte("Content-Type: " + strings.Repeat("x", 70_000)), "", "", archive.ErrUnread},
		"JSON":                {[]byte(`{"Content-Type": 1}`), "", "", archive.ErrUnread},
		"zeros":               {make([]byte, 10240), "", "", archive.ErrUnread},
		"nothing":             {nil, "", "", archive.ErrUnread},
	} {
		t.Run(name, func(t *testing.T) {
			if kind := archive.Kind(c.data); kind != c.kind {
				t.Errorf("it is a %q", kind)
			}
			found, err := look(c.data, limit())
			if found = strings.ReplaceAll(found, "\n ", " "); !errors.Is(err, c.err) {
				t.Error(err)
			}
			if strings.TrimRight(strings.ReplaceAll(found, "\r ", " "), "\n") != strings.TrimRight(c.found, "\n") {
				t.Errorf("found %q, expected %q", found, c.found)
			}
		})
	}
}

// Bombs end at the limit, which is for all archives together.
func TestLimit(t *testing.T) {
	zeros := string(make([]byte, 200<<10))
	var files []string
	var entries []entry
	for i := range 20 {
		files = append(files, fmt.Sprintf("%d=%s", i, zeros))
		entries = append(entries, file(fmt.Sprint(i), zeros))
	}
	parts := strings.Repeat("--b\n\nx\n", 200)
	for name, data := range map[string][]byte{
		"zip":                       makeZip(t, files...),
		"zip of names":              makeZip(t, strings.Split(strings.Repeat("a=1 ", 200), " ")...),
		"tar":                       makeTar(t, entries...),
		"tar.gz":                    makeGzip(t, "", makeTar(t, entries...)),
		"tar.gz of what is skipped": makeGzip(t, "", makeTar(t, file("big", string(make([]byte, 4<<20))), file("a", "1"))),
		"gzip":                      makeGzip(t, "", make([]byte, 4<<20)),
		"mail":                      []byte("Content-Type: multipart/mixed; boundary=b\n\n" + parts),
	} {
		l := limit()
		total := 0
		err := archive.Walk(data, l, func(_ string, data []byte) { total += len(data) })
		if !errors.Is(err, archive.ErrTooMuch) || total > 1<<20 || l.Files < 0 || l.Bytes < 0 {
			t.Errorf("%s: %d bytes, %+v, %v", name, total, *l, err)
		}
	}
	l := limit()
	for range 5 {
		if _, err := look(makeZip(t, "a="+zeros), l); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := look(makeZip(t, "a="+zeros), l); !errors.Is(err, archive.ErrTooMuch) || found != "" {
		t.Errorf("the sixth: %v", err)
	}
}

// What was visited is wiped.
func TestWiped(t *testing.T) {
	for name, data := range map[string][]byte{
		"zip": makeZip(t, "a=secret"), "tar": makeTar(t, file("a", "secret")), "gzip": makeGzip(t, "", []byte("secret")),
		"mail": []byte(mailHead + "Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("secret"))),
	} {
		var kept []byte
		if err := archive.Walk(data, limit(), func(_ string, data []byte) { kept = data }); err != nil || len(kept) != 6 || !bytes.Equal(kept, make([]byte, 6)) {
			t.Errorf("%s: %q, %v", name, kept, err)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "\xff": "\ufffd", strings.Repeat("ä", 51): strings.Repeat("ä", 50) + "…", strings.Repeat("a", 99) + "ä": strings.Repeat("a", 99) + "…"} {
		if got := archive.Short(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// FuzzWalk holds that nothing panics, and that no more comes out than is allowed.
func FuzzWalk(f *testing.F) {
	f.Add(makeZip(f, "a=1", "b=2"))
	f.Add(encryptedZip(f))
	f.Add(makeTar(f, file("a", "1")))
	f.Add(makeGzip(f, "a", []byte("1")))
	f.Add(makeGzip(f, "", makeTar(f, file("a", "1"))))
	f.Add([]byte(mail))
	f.Add([]byte(crlf(mail)))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := limit()
		files, total := 0, 0
		err := archive.Walk(data, l, func(_ string, data []byte) {
			files, total = files+1, total+len(data)
		})
		if files > 100 || total > 1<<20 || l.Files < 0 || l.Bytes < 0 {
			t.Fatalf("%d files, %d bytes, %+v", files, total, *l)
		}
		if archive.Kind(data) == "" && (files > 0 || err == nil) {
			t.Fatal("files in what is no archive")
		}
	})
}
