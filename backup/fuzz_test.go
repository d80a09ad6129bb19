package backup

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"lifeboat/internal/secret"
)

// plainBundle scans a tar as if it had just been decrypted.
func plainBundle(tarball []byte) (*Bundle, error) {
	r := bytes.NewReader(tarball)
	b := &Bundle{plain: &plaintext{r, int64(len(tarball)), &sourceAt{r: r}}}
	return b, b.scan("content")
}

// Whatever is inside: what opens can be read whole, under names that differ, and what
// is given out to be written has names that can do no harm.
func FuzzTar(f *testing.F) {
	a, b := plainEntry("a", "1"), plainEntry("b", "22")
	f.Add(makeTar(f, plainEntry("manifest.json", manifestText(f)), plainEntry("README.txt", "hi"), a, b))
	f.Add(makeTar(f, plainEntry("x/a", "1"), b))
	f.Add(makeTar(f, plainEntry("../a", "1"), plainEntry("manifest.json", "{}")))
	f.Add(makeTar(f, a, a, plainEntry("C:a", "x")))
	f.Add([]byte("one file"))
	f.Add(paxSparse(f))
	f.Add(gnuSparse(f))
	f.Fuzz(func(t *testing.T, tarball []byte) {
		b, err := plainBundle(tarball)
		if err != nil {
			return
		}
		names, read := make(nameSet), map[string]bool{}
		files, err := b.Files()
		if (err == nil) != (b.NotUnpacked == nil) {
			t.Fatal(err)
		}
		for _, f := range files {
			if why := names.add(f.Name); why != "" {
				t.Fatalf("%q: %s", f.Name, why)
			}
		}
		for _, e := range b.Manifest.Files {
			if read[e.Name] {
				t.Fatalf("%q twice", e.Name)
			}
			read[e.Name] = true
			r, err := b.Reader(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); err != nil || n != e.Size {
				t.Fatalf("%q: %d bytes of %d, %v", e.Name, n, e.Size, err)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	text := manifestText(f)
	f.Add([]byte(text))
	f.Add([]byte(strings.Replace(text, `"a"`, `"../a"`, 1)))
	f.Add([]byte(`{"format":"lifeboat-bundle","version":1,"files":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ours, err := parseManifest(data)
		if err != nil {
			return
		}
		again, err := marshal(m)
		if err != nil || !ours {
			t.Fatal(err)
		}
		if _, _, err := parseManifest(again); err != nil && len(again) < len(data)*8 {
			t.Fatalf("%s: %v", again, err)
		}
	})
}

func FuzzPublicManifest(f *testing.F) {
	f.Add([]byte(`{"format":"lifeboat-bundle-public","version":1,"sha256":"` + strings.Repeat("0", 64) + `","size":1,"shares":[{"node_id":"a\u001bb"}],"recipients":[{"label":"x","kind":"y"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePublicManifest(data)
		if err != nil {
			return
		}
		p.Readme("x.age")
		if p.CheckHeader(&Header{Size: p.Size, SHA256: p.SHA256}) != nil {
			t.Error("a manifest that does not match itself")
		}
	})
}

// FuzzOpen feeds whole files: headers, stanzas, armour.
func FuzzOpen(f *testing.F) {
	p := agePair(f, true)
	sealed, _ := seal(f, []File{bytesFile("a", []byte("1"))}, p.to)
	f.Add(sealed)
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAA 99999\n\n--- "))
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := openBytes(data, p.identity); err == nil && !bytes.Equal(data, sealed) && b.Header.Size == 0 {
			t.Error("opened nothing")
		}
		if h, err := Inspect(bytes.NewReader(data), int64(len(data))); err == nil {
			_ = h.describe()
			_ = h.Memory()
		}
	})
}

func FuzzRecipients(f *testing.F) {
	f.Add("# Alice\n" + agePair(f, false).to.Text)
	f.Add(sshPair(f).to.Text)
	f.Fuzz(func(t *testing.T, text string) {
		rs, err := ParseRecipients(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range rs {
			if cleanLabel(r.Label) != r.Label {
				t.Errorf("label %q", r.Label)
			}
			if again, err := ParseRecipient(r.Text, ""); err != nil || again.Kind != r.Kind {
				t.Errorf("%q: %v", r.Text, err)
			}
		}
	})
}

func FuzzIdentities(f *testing.F) {
	for _, classic := range []bool{true, false} {
		id, to, _ := NewIdentity(classic)
		f.Add(append([]byte("# "+to+"\n"), id.Expose()...))
	}
	f.Add([]byte(lockedSSHKey(f)))
	f.Fuzz(func(t *testing.T, text []byte) {
		ids, err := ParseIdentities(IdentityFile{"f", secret.Copy(text)})
		if err != nil {
			return
		}
		for _, id := range ids {
			var _ age.Identity = id.age
			if id.age == nil || id.From != "f" {
				t.Error("half an identity")
			}
		}
	})
}
