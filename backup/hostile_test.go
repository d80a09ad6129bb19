package backup

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"lifeboat/backup/shard"
	"lifeboat/internal/secret"
)

// encrypt is what `age -r` does.
func encrypt(t testing.TB, to Recipient, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to.age)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type tarEntry struct {
	tar.Header
	content string
}

func plainEntry(name, content string) tarEntry {
	return tarEntry{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o600}, content}
}

func makeTar(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
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

// openTar seals a tar to p and opens it.
func openTar(t testing.TB, p pair, tarball []byte) (*Bundle, error) {
	t.Helper()
	return openBytes(encrypt(t, p.to, tarball), p.identity)
}

// manifestText is the manifest of a bundle with the files a=1 and b=22.
func manifestText(t testing.TB) string {
	t.Helper()
	m, err := measure([]File{bytesFile("a", []byte("1")), bytesFile("b", []byte("22"))}, testMeta)
	if err != nil {
		t.Fatal(err)
	}
	text, err := marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestForeign(t *testing.T) {
	p := agePair(t, true)
	folder := tarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "./vault/", Mode: 0o700}}
	b, err := openTar(t, p, makeTar(t, tarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "./"}}, folder,
		plainEntry("./vault/a.json", "{}"), plainEntry("vault/deep/b.json", "[]"), plainEntry("manifest.json", `{"format":"other"}`), plainEntry("README.txt", "hi")))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range b.Manifest.Files {
		names = append(names, f.Name)
	}
	if !b.Foreign || strings.Join(names, " ") != "a.json b.json manifest.json README.txt" {
		t.Errorf("foreign %v, files %q", b.Foreign, names)
	}
	if c, err := b.ReadFile("b.json"); err != nil || string(c.Expose()) != "[]" {
		t.Errorf("b.json: %v", err)
	}
	if _, err := b.ReadFile("nowhere"); err == nil {
		t.Error("read a file that is not there")
	}
	// Somebody else's manifest.json may also be the first file.
	for _, text := range []string{`{"name":"an extension","version":"2"}`, "not JSON", ""} {
		b, err := openTar(t, p, makeTar(t, plainEntry("manifest.json", text), plainEntry("a", "x")))
		if err != nil || !b.Foreign || len(b.Manifest.Files) != 2 {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if c, err := b.ReadFile("manifest.json"); err != nil || string(c.Expose()) != text {
			t.Errorf("%q reads as %v", text, err)
		}
	}
}

func TestArmored(t *testing.T) {
	p := agePair(t, true)
	sealed, _ := seal(t, []File{bytesFile("f", make([]byte, 100_000))}, p.to)
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	w.Write(sealed)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := openBytes(text.Bytes(), p.identity)
	if err != nil || !b.Header.Armored {
		t.Fatal(err)
	}
	if _, err := openBytes(text.Bytes()[:50_000], p.identity); !errors.Is(err, ErrDamaged) {
		t.Errorf("half of it: %v", err)
	}
}

// inUTF16 is what the > of PowerShell makes of a text.
func inUTF16(text string) []byte {
	data := []byte("\xff\xfe")
	for _, c := range text { // all of them ASCII
		data = append(data, byte(c), 0)
	}
	return data
}

// Armour as mail programs, editors and shells hand it on.
func TestArmorAsFound(t *testing.T) {
	p := agePair(t, false)
	var armored bytes.Buffer
	w := armor.NewWriter(&armored)
	w.Write(encrypt(t, p.to, makeTar(t, plainEntry("a", "1"))))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	plain := armored.String()
	each := func(prefix string) string {
		return prefix + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n"+prefix) + "\n"
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"as it is":             {plain, nil},
		"after a mark":         {"\ufeff" + plain, nil},
		"in UTF-16":            {string(inUTF16(plain)), nil},
		"CRLF":                 {strings.ReplaceAll(plain, "\n", "\r\n"), nil},
		"in UTF-16, CRLF":      {string(inUTF16(strings.ReplaceAll(plain, "\n", "\r\n"))), nil},
		"indented":             {each("    "), nil},
		"with tabs":            {each("\t"), nil},
		"quoted":               {each("> "), nil},
		"quoted twice":         {">\n" + each("> > ") + ">\n\n", nil},
		"quoted, after a mark": {"\ufeff" + each("> "), nil},
		"a line quoted twice":  {strings.Replace(each("> "), "\n> ", "\n> > ", 1), ErrDamaged},
		"a line not quoted":    {strings.Replace(each("> "), "\n> ", "\n", 1), nil},
		"quoted otherwise":     {each("| "), ErrNotBundle},
		"after words":          {"look:\n" + plain, ErrNotBundle},
		"words after it":       {each("> ") + "> Regards\n", ErrDamaged},
		"its first line":       {"> " + armor.Header + "\n", ErrDamaged},
	} {
		b, err := openBytes([]byte(c.text), p.identity)
		if !errors.Is(err, c.want) || (b != nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if Is([]byte(c.text)) != (c.want != ErrNotBundle) {
			t.Errorf("%s: Is is wrong", name)
		}
		if b != nil && (!b.Header.Armored || len(b.Manifest.Files) != 1) {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

func TestHostileTar(t *testing.T) {
	p := agePair(t, true)
	manifest := plainEntry("manifest.json", manifestText(t))
	readme := plainEntry("README.txt", "hi")
	a, b := plainEntry("a", "1"), plainEntry("b", "22")
	if _, err := openTar(t, p, makeTar(t, manifest, readme, a, b)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	good := makeTar(t, manifest, readme, a, b)
	foreign := makeTar(t, a, b)
	special := func(kind byte, name, link string) tarEntry {
		return tarEntry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: link}}
	}
	edit := func(text, old, new string) tarEntry {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in the manifest", old)
		}
		return plainEntry("manifest.json", strings.Replace(text, old, new, 1))
	}
	m := manifest.content
	many := make([]tarEntry, MaxFiles+3)
	for i := range many {
		many[i] = plainEntry(fmt.Sprint(i), "")
	}
	for name, c := range map[string]struct {
		tar  []byte
		want error
	}{
		"too many":                {makeTar(t, many...), ErrHostile},
		"something after":         {append(bytes.Clone(good), "more"...), ErrHostile},
		"another tar after":       {append(bytes.Clone(good), good...), ErrHostile},
		"megabytes after":         {append(bytes.Clone(good), make([]byte, 2<<20)...), ErrHostile},
		"no end":                  {good[:len(good)-tarEnd], ErrDamaged},
		"half an end":             {good[:len(good)-tarBlock], ErrDamaged},
		"foreign without end":     {foreign[:len(foreign)-tarEnd], ErrDamaged},
		"cut in a file":           {good[:len(good)-tarEnd-300], ErrDamaged},
		"cut in a header":         {good[:700], ErrDamaged},
		"empty":                   {nil, ErrNotBundle},
		"only zeros":              {make([]byte, 10240), ErrNotBundle},
		"sparse":                  {append(makeTar(t, manifest, readme)[:2*tarBlock+roundUp(len(m))+tarBlock], paxSparse(t)...), ErrHostile},
		"no read-me":              {makeTar(t, manifest, a, b), ErrHostile},
		"one missing":             {makeTar(t, manifest, readme, a), ErrDamaged},
		"all missing":             {makeTar(t, manifest), ErrDamaged},
		"one too many":            {makeTar(t, manifest, readme, a, b, plainEntry("c", "")), ErrHostile},
		"other order":             {makeTar(t, manifest, readme, b, a), ErrHostile},
		"other size":              {makeTar(t, manifest, readme, a, plainEntry("b", "222")), ErrHostile},
		"other content":           {makeTar(t, manifest, readme, a, plainEntry("b", "23")), ErrDamaged},
		"other name":              {makeTar(t, manifest, readme, a, plainEntry("c", "22")), ErrHostile},
		"in a folder":             {makeTar(t, manifest, readme, plainEntry("./a", "1"), b), ErrHostile},
		"link instead":            {makeTar(t, manifest, readme, a, special(tar.TypeSymlink, "b", "x")), ErrHostile},
		"folder too":              {makeTar(t, manifest, readme, special(tar.TypeDir, "d/", ""), a, b), ErrHostile},
		"manifest: bad name":      {makeTar(t, edit(m, `"a"`, `"../a"`), readme, plainEntry("../a", "1"), b), ErrHostile},
		"manifest: same name":     {makeTar(t, edit(m, `"b"`, `"A"`), readme, a, b), ErrHostile},
		"manifest: reserved":      {makeTar(t, edit(m, `"b"`, `"readme.TXT"`), readme, a, b), ErrHostile},
		"manifest: duplicate":     {makeTar(t, edit(m, `"tool"`, `"tool": "x", "tool"`), readme, a, b), ErrDamaged},
		"manifest: in other case": {makeTar(t, edit(m, `"size"`, `"Size": 9, "size"`), readme, a, b), ErrDamaged},
		"manifest: negative":      {makeTar(t, edit(m, `"size": 1`, `"size": -1`), readme, a, b), ErrDamaged},
		"manifest: no hash":       {makeTar(t, edit(m, `"sha256": "`, `"sha256": "0`), readme, a, b), ErrDamaged},
		"manifest: version":       {makeTar(t, edit(m, `"version": 1`, `"version": 2`), readme, a, b), ErrNotBundle},
		"manifest: huge":          {makeTar(t, plainEntry("manifest.json", strings.Repeat(" ", maxManifest+1))), ErrTooLarge},
		"read-me: huge":           {makeTar(t, manifest, plainEntry("README.txt", strings.Repeat(" ", maxReadme+1)), a, b), ErrHostile},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := openTar(t, p, c.tar)
			if !errors.Is(err, c.want) || got != nil {
				t.Errorf("%v", err)
			}
			if name == "sparse" && !strings.Contains(fmt.Sprint(err), "sparse") {
				t.Errorf("refused for another reason: %v", err)
			}
			if err != nil && len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func roundUp(n int) int { return (n + tarBlock - 1) / tarBlock * tarBlock }

// What must not be unpacked can be read: every plain file, and nothing else.
func TestNotUnpacked(t *testing.T) {
	p := agePair(t, true)
	special := func(kind byte, name, link string) tarEntry {
		return tarEntry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: link}}
	}
	a := plainEntry("a", "1")
	end := 2 * tarBlock
	joined := func(sparse []byte) []byte { return append(makeTar(t, a)[:end], sparse...) }
	many := make([]tarEntry, MaxFiles)
	for i := range many {
		many[i] = a
	}
	for name, c := range map[string]struct {
		tar   []byte
		files string // name=content
	}{
		"absolute":             {makeTar(t, plainEntry("/etc/passwd", "x")), "/etc/passwd=x"},
		"upwards":              {makeTar(t, plainEntry("../x", "x")), "../x=x"},
		"upwards inside":       {makeTar(t, plainEntry("a/../../x", "x")), "a/../../x=x"},
		"upwards folder":       {makeTar(t, special(tar.TypeDir, "../", ""), a), "a=1"},
		"backslash":            {makeTar(t, plainEntry(`..\x`, "x")), `..\x=x`},
		"drive":                {makeTar(t, plainEntry(`C:x`, "x")), "C:x=x"},
		"not UTF-8":            {makeTar(t, plainEntry("\xff", "x")), "\ufffd=x"},
		"symbolic link":        {makeTar(t, special(tar.TypeSymlink, "b", "/etc/passwd"), a), "a=1"},
		"link, then file":      {makeTar(t, special(tar.TypeSymlink, "d", "/etc"), plainEntry("d/a", "1")), "a=1"},
		"hard link":            {makeTar(t, a, special(tar.TypeLink, "b", "a")), "a=1"},
		"device":               {makeTar(t, special(tar.TypeChar, "b", ""), a), "a=1"},
		"pipe":                 {makeTar(t, special(tar.TypeFifo, "b", ""), a), "a=1"},
		"twice":                {makeTar(t, a, plainEntry("a", "2")), "a=1 a (2)=2"},
		"twice, and foreseen":  {makeTar(t, a, plainEntry("a (3)", "2"), plainEntry("a", "3")), "a=1 a (3)=2 a (4)=3"},
		"twice in case":        {makeTar(t, a, plainEntry("A", "2")), "a=1 A (2)=2"},
		"twice in two folders": {makeTar(t, plainEntry("x/a", "1"), plainEntry("y/a", "2")), "a=1 y/a=2"},
		"a manifest with them": {makeTar(t, plainEntry("manifest.json", "{}"), special(tar.TypeSymlink, "b", "x")), "manifest.json={}"},
		"PAX sparse":           {joined(paxSparse(t)), "a=1"},
		"GNU sparse":           {joined(gnuSparse(t)), "a=1"},
		"many of a name":       {makeTar(t, many...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := openTar(t, p, c.tar)
			if err != nil || !b.Foreign {
				t.Fatal(err)
			}
			if _, err := b.Files(); !errors.Is(err, ErrNotUnpacked) || !errors.Is(b.NotUnpacked, ErrNotUnpacked) || len(err.Error()) > 600 {
				t.Errorf("%v", err)
			}
			if c.files == "" {
				return
			}
			var found []string
			for _, f := range b.Manifest.Files {
				content, err := b.ReadFile(f.Name)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, f.Name+"="+string(content.Expose()))
			}
			if got := strings.Join(found, " "); got != c.files {
				t.Errorf("%q, expected %q", got, c.files)
			}
		})
	}
}

// A file that age encrypted alone is a bundle of one.
func TestOneFile(t *testing.T) {
	p := agePair(t, true)
	text := bytes.Repeat([]byte("hello "), 1000)
	sealed := encrypt(t, p.to, text)
	for name, want := range map[string]string{"share.json": "share.json", "": "content", "../x": "content", "a:b": "content"} {
		b, err := Open(bytes.NewReader(sealed), int64(len(sealed)), []*Identity{p.identity}, Options{Name: name})
		if err != nil || !b.Foreign || len(b.Manifest.Files) != 1 || b.Manifest.Files[0].Name != want {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if c, err := b.ReadFile(want); err != nil || !bytes.Equal(c.Expose(), text) {
			t.Errorf("%q: %v", name, err)
		}
		if files, err := b.Files(); err != nil || len(files) != 1 {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// paxSparse is a file of 10 GB that takes 2 kB, in the PAX way.
func paxSparse(t testing.TB) []byte {
	body := "1\n0\n512\n"
	body += strings.Repeat("\x00", tarBlock-len(body)) + strings.Repeat("x", tarBlock)
	e := plainEntry("GNUSparseFile.0/a", body)
	e.Format = tar.FormatPAX
	e.PAXRecords = map[string]string{"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": "a", "XNU.sparse.realsize": "10000000000"}
	return bytes.ReplaceAll(makeTar(t, e), []byte("XNU.sparse"), []byte("GNU.sparse")) // the writer refuses GNU.sparse
}

// gnuSparse is the same in the old GNU way.
func gnuSparse(t testing.TB) []byte {
	e := plainEntry("a", strings.Repeat("x", tarBlock))
	e.Format = tar.FormatGNU
	b := makeTar(t, e)
	b[156] = tar.TypeGNUSparse
	copy(b[386:], "00000000000\x0000000001000\x00") // one piece: offset 0, 512 bytes
	copy(b[483:], "77777777777\x00")                // real size
	sum := 0
	for i := range b[:tarBlock] {
		if i >= 148 && i < 156 {
			sum += ' '
		} else {
			sum += int(b[i])
		}
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	r := tar.NewReader(bytes.NewReader(b))
	if h, err := r.Next(); err != nil || h.Size != 0o77777777777 {
		t.Fatalf("not the sparse file it should be: %v", err)
	}
	return b
}

// Whichever byte is changed and wherever the file is cut, nothing comes out.
func TestEveryDamage(t *testing.T) {
	p := agePair(t, true)
	sealed, _ := seal(t, []File{bytesFile("f", make([]byte, 140_000))}, p.to)
	step := len(sealed)/150 + 1
	for at := 0; at < len(sealed); at += step {
		bad := bytes.Clone(sealed)
		bad[at] ^= 0x20
		if b, err := openBytes(bad, p.identity); b != nil || err == nil {
			t.Fatalf("byte %d changed: opened", at)
		}
		if b, err := openBytes(sealed[:at], p.identity); b != nil || err == nil {
			t.Fatalf("cut to %d bytes: opened", at)
		}
	}
	for _, tail := range []string{"x", "\n", string(sealed)} {
		if _, err := openBytes(append(bytes.Clone(sealed), tail...), p.identity); !errors.Is(err, ErrDamaged) {
			t.Errorf("with a tail: %v", err)
		}
	}
}

// What is read after Open is authenticated again.
func TestChangedAfterOpen(t *testing.T) {
	p := agePair(t, true)
	sealed, _ := seal(t, []File{bytesFile("f", make([]byte, 300_000))}, p.to)
	b, err := openBytes(sealed, p.identity)
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)/2] ^= 1
	if s, err := b.ReadFile("f"); !errors.Is(err, ErrDamaged) || s != nil {
		t.Errorf("changed after it was opened: %v", err)
	}
}

func TestReadFileLimit(t *testing.T) {
	p := agePair(t, true)
	sealed, _ := seal(t, []File{bytesFile("f", make([]byte, MaxReadFile+1)), bytesFile("g", make([]byte, MaxReadFile))}, p.to)
	b, err := openBytes(sealed, p.identity)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReadFile("f"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	if s, err := b.ReadFile("g"); err != nil || s.Len() != MaxReadFile {
		t.Errorf("as much as allowed: %v", err)
	}
}

func TestBadRecipients(t *testing.T) {
	good := agePair(t, false)
	id, _, _ := NewIdentity(true)
	line := string(id.Expose())
	for _, text := range []string{"", "#only a comment", "age1", "age1pq1qqq", good.to.Text[:500], good.to.Text + "q", line, strings.ToLower(line),
		"ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB", "hello", strings.Repeat("a", maxRecipientLine+1), good.to.Text + "\n" + line} {
		_, err := ParseRecipients(strings.NewReader(text))
		if !errors.Is(err, ErrRecipient) {
			t.Errorf("%.40q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), line[20:40]) {
			t.Errorf("the error shows an identity: %v", err)
		}
	}
	if rs, err := ParseRecipients(bytes.NewReader(inUTF16("# Alice\r\n" + good.to.Text + "\r\n"))); err != nil || len(rs) != 1 || rs[0].Label != "Alice" {
		t.Errorf("in UTF-16: %+v, %v", rs, err)
	}
	if _, err := ParseRecipients(strings.NewReader(strings.Repeat("#\n", maxRecipients/2+1))); !errors.Is(err, ErrRecipient) {
		t.Errorf("a file that is too long: %v", err)
	}
	sshLine := sshPublic(t) + "\n" // of two, one would be sealed to
	if _, err := ParseRecipient(sshLine+sshLine, ""); !errors.Is(err, ErrRecipient) {
		t.Errorf("two SSH keys: %v", err)
	}
	if _, err := ParseRecipient(sshLine, ""); err != nil {
		t.Errorf("one SSH key: %v", err)
	}
	text := "\ufeff# Alice's  \x1b[2J safe\r\n" + good.to.Text + "\r\n\r\n# x\n\n" + good.to.Text
	rs, err := ParseRecipients(strings.NewReader(text))
	if err != nil || len(rs) != 2 || rs[0].Label != "Alice's [2J safe" || rs[1].Label != "" || rs[0].Kind != Hybrid {
		t.Errorf("%+v, %v", rs, err)
	}
	if _, err := PassphraseRecipient(new(secret.Bytes), ""); !errors.Is(err, ErrRecipient) {
		t.Errorf("empty passphrase: %v", err)
	}
	if _, err := PassphraseIdentity(new(secret.Bytes)); !errors.Is(err, ErrIdentity) {
		t.Errorf("empty passphrase: %v", err)
	}
}

func TestBadIdentities(t *testing.T) {
	id, to, _ := NewIdentity(false)
	line := string(id.Expose())
	for _, text := range []string{"", "# nothing\n", line[:40], line + "Q", "x" + line, to, "AGE-PLUGIN-YUBIKEY-1QQQ", "age-encryption.org/v1\n", "-----BEGIN AGE ENCRYPTED FILE-----\n",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", lockedSSHKey(t), line + "\n" + line[:50], strings.Repeat("#\n", MaxIdentityFile)} {
		_, err := ParseIdentities(IdentityFile{"id.txt", secret.Copy([]byte(text))})
		if !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), `"id.txt"`) {
			t.Errorf("%.40q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), line[25:40]) {
			t.Errorf("the error shows the identity: %v", err)
		}
	}
	_, err := ParseIdentities(IdentityFile{"id", secret.Copy([]byte(lockedSSHKey(t)))})
	if err == nil || !strings.Contains(err.Error(), "has a passphrase") {
		t.Errorf("locked SSH key: %v", err)
	}
	// Their primes have no limit in crypto/x509.
	if _, err := ParseIdentities(IdentityFile{"id", secret.Copy(rsaPEM(t))}); !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "ssh-keygen -p") {
		t.Errorf("SSH key in an older form: %v", err)
	}
	many := strings.Repeat(line+"\n", MaxIdentities)
	for name, files := range map[string][]string{"one file": {many + line}, "two files": {many, line}} {
		var given []IdentityFile
		for _, text := range files {
			given = append(given, IdentityFile{"id", secret.Copy([]byte(text))})
		}
		if _, err := ParseIdentities(given...); !errors.Is(err, ErrIdentity) {
			t.Errorf("too many in %s: %v", name, err)
		}
		if ids, err := ParseIdentities(IdentityFile{"id", secret.Copy([]byte(many))}); len(ids) != MaxIdentities || err != nil {
			t.Errorf("%d of %d, %v", len(ids), MaxIdentities, err)
		}
	}
	text := "\ufeff# created: 2026\r\n# public key: " + to + "\r\n" + line + "\r\n\n" + line
	ids, err := ParseIdentities(IdentityFile{"id.txt", secret.Copy([]byte(text))})
	if err != nil || len(ids) != 2 || ids[0].Recipient != to || ids[0].Kind != Hybrid || ids[0].From != "id.txt" {
		t.Errorf("%v, %v", ids, err)
	}
}

// An identity and a shard, as PowerShell's > writes them.
func TestIdentitiesInUTF16(t *testing.T) {
	id, to, err := NewIdentity(true)
	if err != nil {
		t.Fatal(err)
	}
	shards, err := shard.Split(id, 2, 2, "x")
	if err != nil {
		t.Fatal(err)
	}
	var files []IdentityFile
	for _, s := range shards {
		text, err := s.Text("")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, IdentityFile{"shard", secret.Take(inUTF16(string(text.Expose())))})
	}
	for _, given := range [][]IdentityFile{files, {{"id", secret.Take(inUTF16(string(id.Expose()) + "\r\n"))}}} {
		if ids, err := ParseIdentities(given...); err != nil || len(ids) != 1 || ids[0].Recipient != to {
			t.Errorf("%v, %v", ids, err)
		}
	}
}

// rsaPEM is an SSH key as ssh-keygen wrote it until 2018.
func rsaPEM(t testing.TB) []byte {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
}

func sshPublic(t testing.TB) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// lockedSSHKey is an SSH key with a passphrase.
func lockedSSHKey(t testing.TB) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func TestCreatedIsUTC(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	if got := (Meta{Date: time.Date(2026, 1, 1, 3, 0, 0, 999, zone)}).created(); got != "2025-12-31T22:00:00Z" {
		t.Error(got)
	}
}
