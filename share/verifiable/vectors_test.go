package verifiable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
)

var update = flag.Bool("update", false, "make the vectors again")

// expected is what the vectors open to, and with what.
type expected struct {
	Identity string            `json:"identity"` // of all of them
	Shares   map[string]string `json:"shares"`   // in hex, by file
}

// stream is SHA-256(name ‖ 0), SHA-256(name ‖ 1), …, with numbers of 4 bytes.
type stream struct {
	name string
	n    uint32
	left []byte
}

func (s *stream) Read(b []byte) (int, error) {
	if len(s.left) == 0 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(s.name), s.n))
		s.left = sum[:]
		s.n++
	}
	n := copy(b, s.left)
	s.left = s.left[n:]
	return n, nil
}

// vector makes the proof of the vectors on a curve.
func vector(t *testing.T, c curve.Curve, identity *secret.Bytes) (*scalar.Secret, []byte) {
	t.Helper()
	sum := sha256.Sum256([]byte("TEST ONLY share on " + c.String()))
	x, err := scalar.New(c, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := recipientOf(identity)
	if err != nil {
		t.Fatal(err)
	}
	g := group(t, x)
	s := &Statement{Group: g, ShareID: g.Participants[0].ShareID, Public: x.Public(), Recipient: recipient, Date: "2026-11-29", Challenge: "TEST ONLY"}
	p, err := prove(x, s, version1, &stream{name: "TEST ONLY " + c.String()})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Format([]*Proof{p})
	if err != nil {
		t.Fatal(err)
	}
	return x, text
}

// The vectors of docs/formats/verifiable.md: from these random numbers, exactly these
// bytes.
func TestVectors(t *testing.T) {
	const folder = "vectors/verifiable"
	key := sha256.Sum256([]byte("TEST ONLY identity"))
	identity := secret.Copy(key[:])
	want := expected{Shares: map[string]string{}}
	if !*update {
		if err := json.Unmarshal(fixtures.Read(folder+"/expected.json"), &want); err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseIdentity(secret.Copy([]byte(want.Identity)))
		if err != nil || !parsed.Equal(identity) {
			t.Fatalf("another identity: %v", err)
		}
	}
	for _, c := range curve.All() {
		x, text := vector(t, c, identity)
		name := c.String() + ".json"
		share := fmt.Sprintf("%x", x.Bytes().Expose())
		if *update {
			want.Shares[name] = share
			writeFixture(t, folder, name, text)
			continue
		}
		if !bytes.Equal(fixtures.Read(folder+"/"+name), text) || want.Shares[name] != share {
			t.Errorf("%v: another proof than the vector", c)
		}
		list, err := ParseFile(fixtures.Read(folder + "/" + name))
		if err != nil {
			t.Fatal(err)
		}
		if err := list[0].Verify(); err != nil {
			t.Error(err)
		}
		if got, err := list[0].Open(identity); err != nil || !got.Equal(x) {
			t.Errorf("%v: %v", c, err)
		}
		if _, err := list[0].Open(secret.New(KeySize)); !errors.Is(err, ErrIdentity) {
			t.Errorf("%v: another identity: %v", c, err)
		}
	}
	if *update {
		want.Identity = identityText(key[:])
		text, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		writeFixture(t, folder, "expected.json", append(text, '\n'))
	}
}

func writeFixture(t *testing.T, folder, name string, data []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "fixtures", folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
