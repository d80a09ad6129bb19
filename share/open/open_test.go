package open_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

var ordinary = fixtures.Load("2of3")

// sealed returns the shares of one file of the ordinary vault.
func sealed(t *testing.T, file int) []*share.Sealed {
	t.Helper()
	return parse(t, ordinary.Files[file])
}

// quiet fails the test if a text has one of the secrets in any of the forms in
// which one could slip into it.
func quiet(t *testing.T, text string, secrets ...[]byte) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{
			string(s), hex.EncodeToString(s), strings.ToUpper(hex.EncodeToString(s)),
			base64.StdEncoding.EncodeToString(s), base64.RawURLEncoding.EncodeToString(s),
			new(big.Int).SetBytes(s).String(), fmt.Sprint(s),
		} {
			if len(form) > 4 && strings.Contains(text, form) {
				t.Errorf("a secret is in %q", text)
			}
		}
	}
}

// secrets are the scalars, root keys and passwords of a vault.
func secrets(t *testing.T, v *fixtures.Vault) [][]byte {
	t.Helper()
	var list [][]byte
	for _, g := range v.Expected.Groups {
		list = append(list, unhex(t, g.RootPrivate))
	}
	for _, f := range v.Files {
		list = append(list, f.Password)
		for _, s := range parse(t, f) {
			o, err := open.Open(s, passwords(f.Password), open.Options{})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, bytes.Clone(o.Scalar().Bytes().Expose()))
		}
	}
	return list
}

func TestDamagedFiles(t *testing.T) {
	good := map[curve.Curve][]byte{}
	for _, f := range []string{"good-secp256k1.json", "good-ed25519.json"} {
		list, err := formats.Parse(f, fixtures.Read("damaged/"+f), share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := open.Open(list[0], passwords([]byte(fixtures.DamagedPassword)), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		good[list[0].Curve] = bytes.Clone(o.Scalar().Bytes().Expose())
	}
	for _, d := range fixtures.DamagedFiles() {
		if d.Layer == "json" {
			continue
		}
		t.Run(d.File, func(t *testing.T) {
			list, err := formats.Parse(d.File, d.Data, share.Pin{})
			if err != nil {
				t.Fatal(err)
			}
			o, err := open.Open(list[0], passwords([]byte(fixtures.DamagedPassword)), open.Options{})
			if d.Layer == "none" {
				if err != nil {
					t.Fatalf("%s: %v", d.What, err)
				}
				return
			}
			if err == nil || o != nil {
				t.Fatalf("%s: opened", d.What)
			}
			quiet(t, err.Error(), good[curve.Secp256k1], good[curve.Ed25519], []byte(fixtures.DamagedPassword))
			if d.Layer != "open" {
				if !errors.Is(err, share.ErrFormat) && !errors.Is(err, share.ErrInconsistent) {
					t.Errorf("%s: a share with problems gives %v", d.What, err)
				}
			} else if !strings.Contains(err.Error(), d.Words) {
				t.Errorf("%s: %q does not say %q", d.What, err, d.Words)
			}
		})
	}
}

// With salvage, what is damaged beside the share does not matter, and what is
// damaged of the share never comes out as another one.
func TestSalvage(t *testing.T) {
	recorded := map[curve.Curve]*share.Sealed{}
	for _, f := range []string{"good-secp256k1.json", "good-ed25519.json"} {
		list, err := formats.Parse(f, fixtures.Read("damaged/"+f), share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		recorded[list[0].Curve] = list[0]
	}
	opened := 0
	for _, d := range fixtures.DamagedFiles() {
		if d.Layer == "json" || strings.HasSuffix(d.File, "5.json") { // the 3 of 5 has another share
			continue
		}
		list, err := formats.Parse(d.File, d.Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		s := list[0]
		var known []*curve.Point
		for _, r := range recorded {
			known = append(known, r.PublicKey)
		}
		o, err := open.Open(s, passwords([]byte(fixtures.DamagedPassword)), open.Options{Salvage: true, Known: known})
		if err != nil {
			continue
		}
		opened++
		if want := recorded[s.Curve].PublicKey; !o.Public().Equal(want) && d.Layer != "none" {
			if s.Group == nil || s.Group.Threshold != 3 {
				t.Errorf("%s: salvaged something else", d.File)
			}
		}
		if !o.Scalar().Public().Equal(o.Public()) {
			t.Errorf("%s: the scalar was not checked", d.File)
		}
	}
	if opened < 60 {
		t.Errorf("only %d files were salvaged", opened)
	}
}

func TestWrongPasswords(t *testing.T) {
	known := secrets(t, ordinary)
	s := sealed(t, 0)[0]
	for name, list := range map[string]open.Keys{
		"none":        nil,
		"empty":       passwords([]byte("")),
		"swapped":     passwords(ordinary.Files[1].Password),
		"case":        passwords(bytes.ToUpper(ordinary.Files[0].Password)),
		"one letter":  passwords(ordinary.Files[0].Password[:len(ordinary.Files[0].Password)-1]),
		"blank in it": passwords(append([]byte("p "), ordinary.Files[0].Password[1:]...)),
		"long":        passwords(bytes.Repeat([]byte("x"), 1<<16)),
		"binary":      passwords([]byte{0xff, 0xfe, 0}),
	} {
		o, err := open.Open(s, list, open.Options{})
		if o != nil || !errors.Is(err, open.ErrPassword) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		quiet(t, err.Error(), known...)
	}
	// The right one among others, in any place.
	o, err := open.Open(s, passwords([]byte("no"), ordinary.Files[1].Password, ordinary.Files[0].Password), open.Options{})
	if err != nil || !o.Public().Equal(s.PublicKey) {
		t.Errorf("the third password: %v", err)
	}
}

// The vendor's programs trim blanks; files made with other ones keep them.
func TestBlanks(t *testing.T) {
	for name, tc := range map[string]struct {
		vault    string
		password string
		ok       bool
	}{
		"as the file was made":       {"password-blanks", "  blanks around 1 ", true},
		"a blank is missing":         {"password-blanks", " blanks around 1 ", false},
		"trimmed, the file is not":   {"password-blanks", "blanks around 1", false},
		"the file was trimmed":       {"password-trimmed", "\t trimmed by the vendor 1  ", true},
		"both trimmed":               {"password-trimmed", "trimmed by the vendor 1", true},
		"a line end":                 {"password-trimmed", "trimmed by the vendor 1\r\n", true},
		"inner blanks are the words": {"password-trimmed", "trimmed by  the vendor 1", false},
		"short":                      {"password-short", "abc01", true},
		"composed for decomposed":    {"password-nfd", string(fixtures.Load("password-nfc").Files[0].Password), false},
	} {
		for _, s := range parse(t, fixtures.Load(tc.vault).Files[0]) {
			_, err := open.Open(s, passwords([]byte(tc.password)), open.Options{})
			if tc.ok && err != nil || !tc.ok && !errors.Is(err, open.ErrPassword) {
				t.Errorf("%s, %v: %v", name, s.Curve, err)
			}
		}
	}
}

// Every bit of the ciphertext counts.
func TestFlippedBits(t *testing.T) {
	s := sealed(t, 0)[0]
	l := s.Lock.(*share.PBKDF2)
	good := bytes.Clone(l.Ciphertext)
	for i := range good {
		l.Ciphertext = bytes.Clone(good)
		l.Ciphertext[i] ^= 1 << (i % 8)
		if o, err := open.Open(s, passwords(ordinary.Files[0].Password), open.Options{}); o != nil || !errors.Is(err, open.ErrPassword) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for n := range good {
		l.Ciphertext = good[:n]
		if o, err := open.Open(s, passwords(ordinary.Files[0].Password), open.Options{}); o != nil || err == nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestNotThisShare(t *testing.T) {
	a, b := sealed(t, 0)[0], sealed(t, 1)[0]
	a.PublicKey = b.PublicKey
	o, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{})
	if o != nil || !errors.Is(err, open.ErrNotThisShare) {
		t.Errorf("a foreign share public key: %v", err)
	}
	a.PublicKey = nil
	if o, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{}); o != nil || !errors.Is(err, open.ErrNotThisShare) {
		t.Errorf("no share public key: %v", err)
	}
	// Salvage looks through the roster, and only there.
	if o, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{Salvage: true}); err != nil || o.Public().Equal(b.PublicKey) {
		t.Errorf("salvage by the roster: %v", err)
	}
	a.Roster = nil
	if o, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{Salvage: true}); o != nil || !errors.Is(err, open.ErrNotThisShare) {
		t.Errorf("salvage without a roster: %v", err)
	}
	known := []*curve.Point{b.PublicKey, a.Group.Participant(*a.ShareID).PublicKey}
	if _, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{Salvage: true, Known: known}); err != nil {
		t.Errorf("salvage by other files' rosters: %v", err)
	}
	if o, err := open.Open(a, passwords(ordinary.Files[0].Password), open.Options{Known: known}); o != nil || !errors.Is(err, open.ErrNotThisShare) {
		t.Errorf("known keys without salvage: %v", err)
	}
}

func TestWork(t *testing.T) {
	s := sealed(t, 0)[0]
	p := passwords(ordinary.Files[0].Password)
	for _, tc := range []struct {
		limit int64
		want  error
	}{{999, open.ErrWork}, {1000, nil}, {1 << 40, nil}, {0, nil}, {-1, nil}} {
		if _, err := open.Open(s, p, open.Options{MaxIterations: tc.limit}); !errors.Is(err, tc.want) {
			t.Errorf("limit %d: %v", tc.limit, err)
		}
	}
	s.Lock.(*share.PBKDF2).Iterations = share.MaxIterations + 1
	if _, err := open.Open(s, p, open.Options{}); !errors.Is(err, open.ErrWork) {
		t.Errorf("more than share.MaxIterations: %v", err)
	}
}

// A share whose KDF or ciphertext could not be read does not crash the salvage.
func TestSalvageOfNothing(t *testing.T) {
	for name, change := range map[string]func(*share.Sealed, *share.PBKDF2){
		"no kdf":        func(_ *share.Sealed, l *share.PBKDF2) { *l = share.PBKDF2{Ciphertext: l.Ciphertext} },
		"hash 99":       func(_ *share.Sealed, l *share.PBKDF2) { l.HashType = 99 },
		"length":        func(_ *share.Sealed, l *share.PBKDF2) { l.Length = 17 },
		"length 0":      func(_ *share.Sealed, l *share.PBKDF2) { l.Length = 0 },
		"iterations":    func(_ *share.Sealed, l *share.PBKDF2) { l.Iterations = -5 },
		"no ciphertext": func(_ *share.Sealed, l *share.PBKDF2) { l.Ciphertext = nil },
		"27 bytes":      func(_ *share.Sealed, l *share.PBKDF2) { l.Ciphertext = make([]byte, 27) },
		"28 bytes":      func(_ *share.Sealed, l *share.PBKDF2) { l.Ciphertext = make([]byte, 28) },
		"no salt":       func(_ *share.Sealed, l *share.PBKDF2) { l.Salt = nil },
		"no lock":       func(s *share.Sealed, _ *share.PBKDF2) { s.Lock = nil },
		"no curve":      func(s *share.Sealed, _ *share.PBKDF2) { s.Curve = 0 },
	} {
		s := sealed(t, 0)[0]
		change(s, s.Lock.(*share.PBKDF2))
		o, err := open.Open(s, passwords(ordinary.Files[0].Password), open.Options{Salvage: true})
		if o != nil || err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestWipe(t *testing.T) {
	for _, name := range []string{"2of3", "tsslib-ecdsa", "tsslib-eddsa"} {
		f := fixtures.Load(name).Files[0]
		s := parse(t, f)[0]
		o, err := open.Open(s, passwords(f.Password), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Wipe()
		l, inClear := s.Lock.(*share.Clear)
		if !o.Scalar().IsZero() || inClear && l.Digits.Len() != 0 {
			t.Errorf("%s: Wipe left something", name)
		}
		if inClear {
			if o, err := open.Open(s, nil, open.Options{}); o != nil || !errors.Is(err, open.ErrContent) {
				t.Errorf("%s: opened after it was wiped: %v", name, err)
			}
		}
	}
	(*open.Share)(nil).Wipe()
}

// A Share does not print what it holds.
func TestPrintsNothing(t *testing.T) {
	for _, name := range []string{"2of3", "tsslib-ecdsa", "tsslib-eddsa"} {
		f := fixtures.Load(name).Files[0]
		s := parse(t, f)[0]
		o, err := open.Open(s, passwords(f.Password), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := bytes.Clone(o.Scalar().Bytes().Expose())
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			quiet(t, fmt.Sprintf(verb, o), x, f.Password)
			quiet(t, fmt.Sprintf(verb, *s), x, f.Password)
		}
	}
}
