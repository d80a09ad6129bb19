package backup

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"

	"lifeboat/internal/secret"
)

// A vector is a file of C2SP's CCTV/age test suite.
type vector struct {
	expect, payload string
	identities      []*Identity
	file            []byte
}

func parseVector(t *testing.T, text []byte) vector {
	t.Helper()
	v := vector{}
	compressed := false
	for {
		line, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			t.Fatal("no payload")
		}
		if text = rest; len(line) == 0 {
			break
		}
		key, value, _ := strings.Cut(string(line), ": ")
		switch key {
		case "expect":
			v.expect = value
		case "payload":
			v.payload = value
		case "identity":
			ids, err := ParseIdentities(IdentityFile{"id", secret.Copy([]byte(value))})
			if err != nil {
				t.Fatal(err)
			}
			v.identities = append(v.identities, ids...)
		case "passphrase":
			id, err := PassphraseIdentity(secret.Copy([]byte(value)))
			if err != nil {
				t.Fatal(err)
			}
			v.identities = append(v.identities, id)
		case "compressed":
			compressed = true
		case "armored", "file key", "comment":
		default:
			t.Fatalf("unknown key %q", key)
		}
	}
	if v.file = text; compressed {
		z, err := zlib.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if v.file, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// Of every vector that must fail, Open releases nothing and says what kind of
// failure it is; every vector that must open does, and is one file.
func TestVectors(t *testing.T) {
	entries, err := fs.ReadDir(agetest.Vectors, ".")
	if err != nil || len(entries) < 100 {
		t.Fatalf("%d vectors, %v", len(entries), err)
	}
	wants := map[string][]error{
		"success":         {ErrNotBundle}, // nothing is inside
		"no match":        {ErrNoIdentity},
		"HMAC failure":    {ErrDamaged},
		"payload failure": {ErrDamaged},
		"header failure":  {ErrDamaged, ErrNotBundle, ErrTooExpensive},
		"armor failure":   {ErrDamaged, ErrNotBundle},
	}
	for _, e := range entries {
		t.Run(e.Name(), func(t *testing.T) {
			text, err := fs.ReadFile(agetest.Vectors, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			v := parseVector(t, text)
			if len(v.identities) == 0 {
				v.identities = []*Identity{agePair(t, true).identity}
			}
			b, err := openBytes(v.file, v.identities...)
			if v.expect == "success" && b != nil {
				whole := b.Manifest.Files[0]
				if err != nil || !b.Foreign || len(b.Manifest.Files) != 1 || whole.Name != "content" || whole.SHA256 != v.payload || whole.Size == 0 {
					t.Errorf("%+v, %v", b.Manifest, err)
				}
				return
			}
			if b != nil {
				t.Fatal("it opened")
			}
			ok := false
			for _, want := range wants[v.expect] {
				ok = ok || errors.Is(err, want)
			}
			if !ok {
				t.Fatalf("expected %s, got: %v", v.expect, err)
			}
			if v.expect != "success" {
				return
			}
			p, _, err := decrypt(bytes.NewReader(v.file), int64(len(v.file)), ageIdentities(v.identities, DefaultWorkFactor))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.New()
			if _, err := io.Copy(sum, p.section(0, p.size)); err != nil || hex.EncodeToString(sum.Sum(nil)) != v.payload {
				t.Errorf("payload: %v", err)
			}
		})
	}
}
