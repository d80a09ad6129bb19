package backup

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"lifeboat/backup/shard"
	"lifeboat/internal/secret"
)

var testMeta = Meta{Tool: "mpc-backup test", Date: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}

func bytesFile(name string, content []byte, shares ...ShareFacts) File {
	return File{Name: name, Shares: shares, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// A pair is a recipient and what opens it.
type pair struct {
	name     string
	to       Recipient
	identity *Identity
}

func agePair(t testing.TB, classic bool) pair {
	t.Helper()
	id, to, err := NewIdentity(classic)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(to, "the safe")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := ParseIdentities(IdentityFile{"id.txt", id})
	if err != nil {
		t.Fatal(err)
	}
	return pair{string(r.Kind), r, ids[0]}
}

func sshPair(t testing.TB) pair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))+" alice@desk", "")
	if err != nil {
		t.Fatal(err)
	}
	if r.Label != "alice@desk" {
		t.Errorf("label of an SSH key is %q", r.Label)
	}
	ids, err := ParseIdentities(IdentityFile{"id_ed25519", secret.Take(pem.EncodeToMemory(block))})
	if err != nil {
		t.Fatal(err)
	}
	return pair{string(r.Kind), r, ids[0]}
}

// passphrasePair is cheap, unlike what PassphraseRecipient makes.
func passphrasePair(t testing.TB, logN int) pair {
	t.Helper()
	pass := secret.Copy([]byte("correct horse"))
	r, err := PassphraseRecipient(pass, "")
	if err != nil {
		t.Fatal(err)
	}
	r.age.(*age.ScryptRecipient).SetWorkFactor(logN)
	id, err := PassphraseIdentity(pass)
	if err != nil {
		t.Fatal(err)
	}
	return pair{string(Passphrase), r, id}
}

func seal(t testing.TB, files []File, to ...Recipient) ([]byte, *Sealed) {
	t.Helper()
	var out bytes.Buffer
	s, err := Seal(&out, files, to, testMeta)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), s
}

func openBytes(b []byte, ids ...*Identity) (*Bundle, error) {
	return Open(bytes.NewReader(b), int64(len(b)), ids, Options{})
}

func TestRoundTrip(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 20_000) // several chunks of age
	files := []File{
		bytesFile("share.json", []byte("one"), ShareFacts{GroupID: "g", Curve: "ed25519", Threshold: 2, ShareID: "7", NodeID: "n", Epoch: "e", SharePublicKey: "00aa", RootExtendedPublicKey: "cpub"}),
		bytesFile("large.bin", large),
		bytesFile("empty", nil),
		bytesFile("Ünïcödé – 备份.txt", []byte("x")),
		bytesFile(strings.Repeat("n", 180)+".txt", []byte("long")),
	}
	for _, p := range []pair{agePair(t, false), agePair(t, true), sshPair(t), passphrasePair(t, 10)} {
		t.Run(p.name, func(t *testing.T) {
			sealed, s := seal(t, files, p.to)
			if err := s.Check(bytes.NewReader(sealed), int64(len(sealed))); err != nil {
				t.Fatal(err)
			}
			b, err := openBytes(sealed, agePair(t, true).identity, p.identity)
			if err != nil {
				t.Fatal(err)
			}
			if b.Foreign || b.Manifest.Tool != testMeta.Tool || b.Manifest.Created != "2026-11-22T12:00:00Z" || len(b.Manifest.Files) != len(files) {
				t.Fatalf("manifest %+v", b.Manifest)
			}
			if got := b.Manifest.Shares(); len(got) != 1 || got[0] != files[0].Shares[0] {
				t.Errorf("shares %+v", got)
			}
			for _, f := range files {
				want, _ := f.Open()
				content, _ := io.ReadAll(want)
				r, err := b.Reader(f.Name)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s: %d bytes, %v", f.Name, len(got), err)
				}
				if got, err := b.ReadFile(f.Name); err != nil || !bytes.Equal(got.Expose(), content) {
					t.Errorf("%s in memory: %v", f.Name, err)
				}
			}
			h, err := Inspect(bytes.NewReader(sealed), int64(len(sealed)))
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Recipients) != 1 || h.Recipients[0] != p.to.Kind || s.Public.CheckHeader(h) != nil || s.Public.CheckContent(b.Manifest) != nil {
				t.Errorf("header %+v, public %+v", h, s.Public)
			}
			if p.to.Kind == Passphrase && (h.WorkFactor != 10 || h.Memory() != 1<<20 || !h.NeedsPassphrase()) {
				t.Errorf("scrypt header %+v", h)
			}
		})
	}
}

func TestAnyFiles(t *testing.T) {
	p := agePair(t, true)
	rapid.Check(t, func(t *rapid.T) {
		contents := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 3000), 1, 8).Draw(t, "contents")
		var files []File
		for i, c := range contents {
			files = append(files, bytesFile(fmt.Sprint(i), c))
		}
		var out bytes.Buffer
		if _, err := Seal(&out, files, []Recipient{p.to}, testMeta); err != nil {
			t.Fatal(err)
		}
		b, err := openBytes(out.Bytes(), p.identity)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range contents {
			if got, err := b.ReadFile(fmt.Sprint(i)); err != nil || !bytes.Equal(got.Expose(), c) {
				t.Fatalf("file %d: %v", i, err)
			}
		}
	})
}

func TestSeveralRecipients(t *testing.T) {
	a, b, c := agePair(t, true), agePair(t, true), sshPair(t)
	sealed, s := seal(t, []File{bytesFile("f", []byte("x"))}, a.to, b.to, c.to)
	for _, p := range []pair{a, b, c} {
		if _, err := openBytes(sealed, p.identity); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
	if r := s.Public.Recipients; len(r) != 3 || r[0] != (PublicRecipient{"the safe", X25519}) || r[2] != (PublicRecipient{"alice@desk", SSHEd25519}) {
		t.Errorf("recipients %+v", r)
	}
	_, err := openBytes(sealed, agePair(t, false).identity, passphrasePair(t, 10).identity)
	if !errors.Is(err, ErrNoIdentity) || !strings.Contains(err.Error(), "2 × X25519") {
		t.Errorf("strangers: %v", err)
	}
	if _, err := openBytes(sealed); !errors.Is(err, ErrNoIdentity) {
		t.Errorf("without identities: %v", err)
	}
}

// The tar does not depend on anything but what went in.
func TestDeterministic(t *testing.T) {
	p := agePair(t, true)
	var tars [2][]byte
	for i := range tars {
		sealed, _ := seal(t, []File{bytesFile("f", []byte("x")), bytesFile("g", []byte("y"))}, p.to)
		r, err := age.Decrypt(bytes.NewReader(sealed), p.identity.age)
		if err != nil {
			t.Fatal(err)
		}
		if tars[i], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(tars[0], tars[1]) {
		t.Error("two tars of the same files differ")
	}
}

func TestPublicManifestHidesContent(t *testing.T) {
	facts := ShareFacts{GroupID: "g1", Curve: "secp256k1", Threshold: 2, ShareID: "12", NodeID: "node-b", Epoch: "e1", RosterSHA256: "aa", SharePublicKey: "02abcd", RootExtendedPublicKey: "xpub661"}
	_, s := seal(t, []File{bytesFile("secret-name.json", []byte("content"), facts)}, agePair(t, false).to)
	text, err := s.Public.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	for _, leak := range []string{"secret-name", "02abcd", "xpub661", hex.EncodeToString(sum[:])} {
		if bytes.Contains(text, []byte(leak)) {
			t.Errorf("the public manifest has %q", leak)
		}
	}
	p, err := ParsePublicManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Shares) != 1 || p.Shares[0] != (PublicShare{"g1", "secp256k1", "e1", "aa", "12", "node-b"}) {
		t.Errorf("shares %+v", p.Shares)
	}
	readme := s.Public.Readme("x.age")
	for _, want := range []string{"the safe: hybrid", "age -d -i IDENTITY x.age", "node-b", "2026-11-22"} {
		if !strings.Contains(readme, want) {
			t.Errorf("the read-me lacks %q:\n%s", want, readme)
		}
	}
}

func TestRefusedRecipients(t *testing.T) {
	classic, hybrid, pass := agePair(t, true).to, agePair(t, false).to, passphrasePair(t, 10).to
	for name, c := range map[string]struct {
		to   []Recipient
		want string
	}{
		"none":           {nil, "there is none"},
		"mixed":          {[]Recipient{classic, hybrid}, "quantum computer"},
		"passphrase too": {[]Recipient{classic, pass}, "must be the only one"},
		"two phrases":    {[]Recipient{pass, pass}, "must be the only one"},
	} {
		var out bytes.Buffer
		_, err := Seal(&out, []File{bytesFile("f", nil)}, c.to, testMeta)
		if !errors.Is(err, ErrRecipient) || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes written", name, err, out.Len())
		}
	}
}

func TestRefusedNames(t *testing.T) {
	to := []Recipient{agePair(t, true).to}
	for _, names := range [][]string{
		{""}, {"."}, {".."}, {"a/b"}, {`a\b`}, {"/a"}, {"a:b"}, {"a\x00"}, {"a\nb"}, {"a\u202eb"}, {"a "}, {" a"}, {"a."},
		{"CON"}, {"nul.txt"}, {"com1.json"}, {"LPT¹"}, {"CONIN$"}, {"\xff"}, {strings.Repeat("a", 201)},
		{"manifest.json"}, {"README.txt"}, {"Readme.TXT"}, {"a", "a"}, {"a", "A"}, {"é", "É"}, {"é", "e\u0301"}, {"ß", "ẞ"},
	} {
		var files []File
		for _, n := range names {
			files = append(files, bytesFile(n, nil))
		}
		var out bytes.Buffer
		if _, err := Seal(&out, files, to, testMeta); !errors.Is(err, ErrName) || out.Len() > 0 {
			t.Errorf("%q: %v, %d bytes written", names, err, out.Len())
		}
	}
	if _, err := Seal(io.Discard, nil, to, testMeta); !errors.Is(err, ErrName) {
		t.Errorf("no files: %v", err)
	}
}

// A file that changes between measuring and writing is not sealed.
func TestChangingFile(t *testing.T) {
	for _, second := range []string{"abd", "ab", "abcd", ""} {
		contents := []string{"abc", second}
		f := File{Name: "f", Open: func() (io.ReadCloser, error) {
			c := contents[0]
			contents = contents[1:]
			return io.NopCloser(strings.NewReader(c)), nil
		}}
		if _, err := Seal(io.Discard, []File{f, bytesFile("g", nil)}, []Recipient{agePair(t, true).to}, testMeta); !errors.Is(err, ErrChanged) {
			t.Errorf("abc then %q: %v", second, err)
		}
	}
}

var errDisk = errors.New("disk on fire")

type brokenDisk struct{ left int }

func (d *brokenDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n := d.left
		d.left = 0
		return n, errDisk
	}
	d.left -= len(p)
	return len(p), nil
}

func (d *brokenDisk) Read([]byte) (int, error)          { return 0, errDisk }
func (d *brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errDisk }
func (d *brokenDisk) Close() error                      { return nil }

func TestFailingDisk(t *testing.T) {
	p := agePair(t, true)
	files := []File{bytesFile("f", make([]byte, 200_000))}
	whole, _ := seal(t, files, p.to)
	for _, n := range []int{0, 10, 190, 66_000, len(whole) - 1} {
		if _, err := Seal(&brokenDisk{n}, files, []Recipient{p.to}, testMeta); !errors.Is(err, errDisk) {
			t.Errorf("full after %d bytes: %v", n, err)
		}
	}
	broken := File{Name: "f", Open: func() (io.ReadCloser, error) { return &brokenDisk{}, nil }}
	if _, err := Seal(io.Discard, []File{broken}, []Recipient{p.to}, testMeta); !errors.Is(err, errDisk) {
		t.Errorf("unreadable file: %v", err)
	}
	if _, err := Open(&brokenDisk{}, 1000, []*Identity{p.identity}, Options{}); !errors.Is(err, errDisk) {
		t.Errorf("unreadable bundle: %v", err)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	p := agePair(t, true)
	sealed, s := seal(t, []File{bytesFile("f", make([]byte, 100_000))}, p.to)
	other, _ := seal(t, []File{bytesFile("f", make([]byte, 100_000))}, p.to)
	bad := bytes.Clone(sealed)
	bad[len(bad)/2] ^= 1
	for name, b := range map[string][]byte{"flipped": bad, "cut": sealed[:len(sealed)-1], "another": other} {
		if err := s.Check(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Wipe()
	s.Wipe()
}

func TestRewrap(t *testing.T) {
	from, to := agePair(t, true), agePair(t, false)
	facts := ShareFacts{GroupID: "g", NodeID: "n"}
	sealed, _ := seal(t, []File{bytesFile("f", []byte("x"), facts), bytesFile("g", make([]byte, 100_000))}, from.to)
	b, err := openBytes(sealed, from.identity)
	if err != nil {
		t.Fatal(err)
	}
	files, err := b.Files()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := seal(t, files, to.to)
	c, err := openBytes(again, to.identity)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range c.Manifest.Files {
		if g := b.Manifest.Files[i]; f.Name != g.Name || f.SHA256 != g.SHA256 || len(f.Shares) != len(g.Shares) {
			t.Errorf("%+v became %+v", g, f)
		}
	}
}

func TestWorkFactor(t *testing.T) {
	p := passphrasePair(t, 12)
	sealed, _ := seal(t, []File{bytesFile("f", nil)}, p.to)
	if _, err := Open(bytes.NewReader(sealed), int64(len(sealed)), []*Identity{p.identity}, Options{WorkFactor: 11}); !errors.Is(err, ErrTooExpensive) {
		t.Errorf("12 with a limit of 11: %v", err)
	}
	if _, err := Open(bytes.NewReader(sealed), int64(len(sealed)), []*Identity{p.identity}, Options{WorkFactor: 31}); !errors.Is(err, ErrTooExpensive) {
		t.Errorf("a limit of 31: %v", err)
	}
	for factor, want := range map[string]int{"23": 23, "65535": 65535, "99999999999999999999": 65535, "0x17": 0} {
		dear := bytes.Replace(sealed, []byte(" 12\n"), []byte(" "+factor+"\n"), 1)
		h, err := ReadHeader(bytes.NewReader(dear), int64(len(dear)))
		if err != nil || h.WorkFactor != want {
			t.Errorf("work factor %s read as %+v, %v", factor, h, err)
		}
		_, err = openBytes(dear, p.identity)
		if want > 0 && !errors.Is(err, ErrTooExpensive) || want == 0 && !errors.Is(err, ErrDamaged) {
			t.Errorf("work factor %s: %v", factor, err)
		}
	}
	wrong, _ := PassphraseIdentity(secret.Copy([]byte("wrong")))
	if _, err := openBytes(sealed, wrong); !errors.Is(err, ErrNoIdentity) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := openBytes(sealed, wrong, p.identity); err != nil {
		t.Errorf("the second of two passphrases: %v", err)
	}
}

// A bundle opens with shards, given like identities.
func TestShardsOpen(t *testing.T) {
	id, to, err := NewIdentity(false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(to, "")
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := seal(t, []File{bytesFile("f", []byte("x"))}, r)
	shards, err := shard.Split(id, 2, 3, "the vault")
	if err != nil {
		t.Fatal(err)
	}
	var files []IdentityFile
	for _, s := range shards {
		text, err := s.Text("")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, IdentityFile{fmt.Sprintf("shard-%d.txt", s.Number), text})
	}
	other, _, _ := NewIdentity(true)
	ids, err := ParseIdentities(files[2], IdentityFile{"other.txt", other}, files[0])
	if err != nil || len(ids) != 2 || ids[1].Recipient != to || len(ids[1].Shards.Used) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	if _, err := openBytes(sealed, ids...); err != nil {
		t.Error(err)
	}
	if _, err := ParseIdentities(files[1]); !errors.Is(err, shard.ErrTooFew) || !strings.Contains(err.Error(), "shard-2.txt") {
		t.Errorf("one of two: %v", err)
	}
	many := IdentityFile{"many.txt", secret.Copy(bytes.Repeat(append(other.Expose(), '\n'), MaxIdentities))}
	if _, err := ParseIdentities(files[2], many, files[0]); !errors.Is(err, ErrIdentity) {
		t.Errorf("one of shards beyond the limit: %v", err)
	}
	typed, err := shards[1].Lines()
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := ParseIdentities(IdentityFile{"typed.txt", typed}, files[2]); err != nil || len(ids) != 1 {
		t.Errorf("typed from paper: %v", err)
	}
	mistyped := secret.Copy(bytes.Replace(files[0].Text.Expose(), []byte(" 2: "), []byte(" 2: A"), 1))
	if _, err := ParseIdentities(files[1], IdentityFile{"typed.txt", mistyped}); !errors.Is(err, shard.ErrShard) || !strings.Contains(err.Error(), `"typed.txt"`) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("mistyped: %v", err)
	}
}

// Memory does not grow with the files.
func TestMemory(t *testing.T) {
	const size, most = 48 << 20, 24 << 20
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	check := func() {
		var now runtime.MemStats
		if runtime.ReadMemStats(&now); now.HeapAlloc > before.HeapAlloc+most {
			t.Fatalf("%d bytes more than before", now.HeapAlloc-before.HeapAlloc)
		}
	}
	p := agePair(t, true)
	out, err := os.Create(filepath.Join(t.TempDir(), "x.age"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	zeros := File{Name: "zeros", Open: func() (io.ReadCloser, error) { return io.NopCloser(&zeroReader{size, check}), nil }}
	s, err := Seal(out, []File{zeros}, []Recipient{p.to}, testMeta)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(out, s.Public.Size, []*Identity{p.identity}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check()
	r, err := b.Reader("zeros")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	check()
}

// A zeroReader gives n zeros and looks around after each megabyte.
type zeroReader struct {
	left  int
	check func()
}

func (z *zeroReader) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.left)
	clear(p[:n])
	if z.left>>20 != (z.left-n)>>20 {
		z.check()
	}
	z.left -= n
	return n, nil
}

func TestReadmeQuotes(t *testing.T) {
	p := PublicManifest{Recipients: []PublicRecipient{{Label: "a\x1b[2Jb"}}, Shares: []PublicShare{{NodeID: "n\nHOW TO"}}}
	text := p.Readme("my vault.age")
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\nHOW TO,") || !strings.Contains(text, `age -d -i IDENTITY 'my vault.age'`) || strings.Contains(text, "BUNDLE.age") {
		t.Error(text)
	}
	// Nobody knows in which shell the commands are typed.
	text = p.Readme("vault';calc;'.age")
	if strings.Count(text, "calc") != 1 || !strings.Contains(text, "name a copy of it BUNDLE.age first") || !strings.Contains(text, "age -d -i IDENTITY BUNDLE.age") {
		t.Error(text)
	}
}

func TestSecretFile(t *testing.T) {
	p := agePair(t, true)
	want := bytes.Repeat([]byte("secret"), 20_000)
	sealed, _ := seal(t, []File{SecretFile("f", secret.Copy(want)), SecretFile("empty", secret.New(0))}, p.to)
	b, err := openBytes(sealed, p.identity)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.ReadFile("f"); err != nil || !bytes.Equal(got.Expose(), want) {
		t.Errorf("%v", err)
	}
}

func TestPublicManifestRefuses(t *testing.T) {
	p := agePair(t, true)
	sealed, s := seal(t, []File{bytesFile("f", nil, ShareFacts{NodeID: "a"})}, p.to)
	other, _ := seal(t, []File{bytesFile("f", nil, ShareFacts{NodeID: "b"})}, p.to)
	b, err := openBytes(other, p.identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Public.CheckContent(b.Manifest); !errors.Is(err, ErrDamaged) {
		t.Errorf("other shares: %v", err)
	}
	h, err := Inspect(bytes.NewReader(other), int64(len(other)))
	if err != nil || len(other) != len(sealed) {
		t.Fatal(err)
	}
	if err := s.Public.CheckHeader(h); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), h.SHA256) {
		t.Errorf("another bundle of the same size: %v", err)
	}
	if h.Size++; !strings.Contains(fmt.Sprint(s.Public.CheckHeader(h)), "bytes") {
		t.Error("another size goes unnoticed")
	}
	text, err := s.Public.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{publicFormat, manifestFormat}, {`"version": 1`, `"version": 2`}, {s.Public.SHA256, s.Public.SHA256[1:]}, {`"size": `, `"size": -`}, {"}", ""}} {
		bad := strings.Replace(string(text), change[0], change[1], 1)
		if _, err := ParsePublicManifest([]byte(bad)); err == nil || bad == string(text) {
			t.Errorf("%q for %q: accepted", change[1], change[0])
		}
	}
}

func TestSharesTogether(t *testing.T) {
	a := ShareFacts{Curve: "secp256k1", Epoch: "e1", GroupID: "g1", ShareID: "1", NodeID: "a", Threshold: 2}
	b, c, other := a, a, a
	b.ShareID, b.NodeID = "2", "b"
	c.ShareID, c.NodeID, c.GroupID = "3", "c", "g2"
	other.Epoch, other.ShareID, other.NodeID = "e2", "9", "b"
	if got := SharesTogether([]ShareFacts{a, a, other}); got != nil {
		t.Errorf("one share of each epoch: %+v", got)
	}
	got := SharesTogether([]ShareFacts{a, other, b, c})
	if len(got) != 1 || got[0].Shares != 3 || !got[0].Enough || strings.Join(got[0].NodeIDs, "") != "abc" || len(got[0].GroupIDs) != 2 {
		t.Errorf("three shares: %+v", got)
	}
	const epoch = "18054e576906fa62f08471925cf6f706"
	a.Epoch, b.Epoch = epoch, epoch[:16]
	if got := SharesTogether([]ShareFacts{a, b}); len(got) != 1 || !got[0].Enough {
		t.Errorf("an epoch as an earlier version wrote it: %+v", got)
	}
	a.Threshold, b.Threshold = 3, 3
	if got := SharesTogether([]ShareFacts{a, b}); len(got) != 1 || got[0].Enough {
		t.Errorf("two of three needed: %+v", got)
	}
}
