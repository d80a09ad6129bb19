package tx_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/tx"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// testKey is the private key of the vectors that other libraries made.
var testKey = bytes.Repeat([]byte{0x46}, 32)

// sign signs like those libraries: RFC 6979 with low s, or RFC 8032 from a seed.
func sign(t *testing.T, private []byte, s *tx.Signing) *signature.Signature {
	t.Helper()
	out := &signature.Signature{Scheme: s.Scheme}
	switch s.Scheme {
	case signature.ECDSA:
		compact := ecdsa.SignCompact(secp256k1.PrivKeyFromBytes(private), s.Message, false)
		out.Recovery = compact[0] - 27
		copy(out.Bytes[:], compact[1:])
	case signature.Ed25519:
		copy(out.Bytes[:], ed25519.Sign(ed25519.NewKeyFromSeed(private), s.Message))
	default:
		t.Fatalf("the test does not sign with %v", s.Scheme)
	}
	if err := signature.Verify(s.Public, s.Message, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// publicOf is the public key of a private key on secp256k1, or of a seed on ed25519.
func publicOf(t *testing.T, c curve.Curve, private []byte) *chains.PublicKey {
	t.Helper()
	public := secp256k1.PrivKeyFromBytes(private).PubKey().SerializeCompressed()
	if c == curve.Ed25519 {
		public = ed25519.NewKeyFromSeed(private)[32:]
	}
	p, err := c.ParsePoint(public)
	if err != nil {
		t.Fatal(err)
	}
	k := chains.NewPublicKey(p)
	return &k
}

// keyOn is a key of a vault on a chain, on the first of its curves.
func keyOn(t *testing.T, id string, private []byte) *tx.Key {
	t.Helper()
	keys := keysOn(t, id, private)
	first := keys[0].Chain.Encodings[0].Curve
	return keys[slices.IndexFunc(keys, func(k *tx.Key) bool { return k.Public.Curve == first })]
}

// keysOn are the keys of a vault on a chain, one on each of its curves.
func keysOn(t *testing.T, id string, private []byte) (list []*tx.Key) {
	t.Helper()
	c, ok := chains.Lookup(id)
	if !ok {
		t.Fatalf("there is no chain %s", id)
	}
	for _, on := range curve.All() {
		if len(c.On(on)) == 0 {
			continue
		}
		public := publicOf(t, on, private)
		address, err := c.On(on)[0].Address(public)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, &tx.Key{Chain: c, Address: address, Path: "m/0", Public: *public})
	}
	return list
}

// keysOf are those of a vault that has the same private key on some chains.
func keysOf(t *testing.T, private []byte, ids ...string) *tx.Keys {
	t.Helper()
	keys := new(tx.Keys)
	for _, id := range ids {
		for _, key := range keysOn(t, id, private) {
			keys.Add(key)
		}
	}
	return keys
}

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// read reads and judges a file with the test's key on some chains.
func read(t *testing.T, data string, ids ...string) (*tx.Transaction, *tx.Verdict, error) {
	t.Helper()
	p := tx.Policy{Keys: keysOf(t, testKey, ids...), Now: noon}
	r := tx.Reader{Known: p.Keys.Knows}
	x, err := r.Read([]byte(data))
	if err != nil {
		return nil, nil, err
	}
	v, err := p.Judge(x)
	return x, v, err
}

// refuses holds files to the reason why they are refused.
func refuses(t *testing.T, name, data string, want error, why string, ids ...string) {
	t.Helper()
	_, _, err := read(t, data, ids...)
	if !errors.Is(err, want) || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v, want %q with %q", name, err, want, why)
	}
}

// mutate flips every bit of a file, and cuts it at every length: either it is
// refused, or the review code is another one.
func mutate(t *testing.T, data []byte, ids ...string) {
	t.Helper()
	code := func(data []byte) (string, error) {
		x, v, err := read(t, string(data), ids...)
		if err != nil {
			return "", err
		}
		var b tx.Batch
		if err := b.Add("", x, v); err != nil {
			t.Fatal(err)
		}
		return b.Code().String(), nil
	}
	original, err := code(data)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, changed []byte) {
		if got, err := code(changed); err == nil && got == original {
			t.Errorf("%s: the review code stays", what)
		}
	}
	for i := range data {
		check("cut", data[:i])
		for bit := range 8 {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			check("flipped", changed)
		}
	}
}

// changed is a file in hex with a part replaced, which must be there once.
func changed(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is %d times in %q", old, strings.Count(text, old), text)
	}
	return strings.Replace(text, old, new, 1)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text writes a number as people type it.
func text[N uint8 | uint16 | uint64](n N) string { return fmt.Sprint(n) }

// rowOf is the row with that name of a table of vectors.
func rowOf(t *testing.T, table, name string) []string {
	t.Helper()
	for _, row := range fixtures.Rows(table) {
		if row[0] == name {
			return row
		}
	}
	t.Fatalf("%s has no row %q", table, name)
	return nil
}
