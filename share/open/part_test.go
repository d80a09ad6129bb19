package open

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// players are those of a key that is their sum, and its metadata.
func players(c curve.Curve, tail bool, shares ...byte) (g *share.Group, metadata []byte, xs []*scalar.Secret) {
	sum := scalar.Zero(c)
	var list []byte
	g = &share.Group{ID: "sum", Curve: c, Scheme: share.Additive, Threshold: len(shares)}
	for i, b := range shares {
		x, err := scalar.New(c, []byte{b})
		if err != nil {
			panic(err)
		}
		sum.Add(x)
		id, err := share.NewID(c, fmt.Sprint(1000+i))
		if err != nil {
			panic(err)
		}
		key := x.Public().Bytes()
		if tail && c == curve.Ed25519 {
			key = append(key[1:], 0)
		}
		list = append(binary.LittleEndian.AppendUint64(list, uint64(1000+i)), key...)
		list = append(list, 1, 0, 0, 0, 0xaa, 0, 0, 0, 0)
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprint("node-", i), ShareID: id})
		xs = append(xs, x)
	}
	g.RootKey = sum.Public()
	metadata = append(g.RootKey.Bytes(), byte(len(shares)), byte(len(shares)))
	return g, append(append(metadata, make([]byte, 9+32)...), list...), xs
}

func part(key []byte, metadata []byte) []byte {
	return fmt.Appendf(nil, `{"key":"%x","metadata":%q,"auxiliaryKeys":{"x":[]}}`, key, base64.StdEncoding.EncodeToString(metadata))
}

// A part in JSON is held against the share public keys of its metadata, if the root
// public key vouches for them; and one of them proves all.
func TestParts(t *testing.T) {
	for _, c := range curve.All() {
		for _, tail := range []bool{false, true} {
			g, metadata, xs := players(c, tail, 3, 4, 5)
			unlock := func(i int, plain []byte) *Unproven {
				p := g.Participants[i]
				x, shown, err := decodePart(c, plain)
				if err != nil {
					t.Fatal(err)
				}
				return &Unproven{&share.Sealed{Curve: c, Group: g, NodeID: p.NodeID, ShareID: &p.ShareID, Lock: &share.RSA{}}, x, shown}
			}
			key := func(i int) []byte { return xs[i].Bytes().Expose() }
			if s, err := unlock(0, part(key(0), metadata)).Check(Options{}); err != nil || !s.Scalar().Equal(xs[0]) {
				t.Errorf("%v: a part with its metadata: %v", c, err)
			}
			if _, err := unlock(0, part(key(1), metadata)).Check(Options{}); !errors.Is(err, ErrNotThisShare) {
				t.Errorf("%v: another's share: %v", c, err)
			}
			proven, err := Prove(g, []*Unproven{unlock(0, key(0)), unlock(1, part(key(1), metadata)), unlock(2, key(0))})
			if err != nil || proven[0] == nil || proven[1] == nil || proven[2] != nil {
				t.Errorf("%v: one of three is bad: %v, %v", c, proven, err)
			}
			// Whoever makes a part may make up its metadata. That costs no key, and blames
			// nobody else's part.
			_, other, others := players(c, tail, 6, 4, 2)
			if proven, err := Prove(g, []*Unproven{unlock(0, part(key(0), other)), unlock(1, part(key(1), metadata)), unlock(2, key(2))}); err != nil || slices.Contains(proven, nil) {
				t.Errorf("%v: good shares, and another's metadata: %v, %v", c, proven, err)
			}
			made := part(others[0].Bytes().Expose(), other)
			if proven, err := Prove(g, []*Unproven{unlock(0, made), unlock(1, part(key(1), metadata)), unlock(2, key(2))}); !errors.Is(err, ErrNoProof) {
				t.Errorf("%v: a share that is made up with its metadata: %v, %v", c, proven, err)
			}
			forged := bytes.Clone(metadata)
			copy(forged[curve.PointSize+2+9+32+8:], xs[1].Public().Bytes())
			for name, m := range map[string][]byte{"forged": forged, "cut": metadata[:len(metadata)-1], "short": metadata[:40], "none": nil} {
				if _, err := unlock(0, part(key(0), m)).Check(Options{}); !errors.Is(err, ErrUnproven) {
					t.Errorf("%v, %s metadata: %v", c, name, err)
				}
			}
		}
	}
}

// What a part may be, and what not.
func TestDecodePart(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	for name, tc := range map[string]struct {
		plain []byte
		c     curve.Curve
		ok    bool
	}{
		"bytes":              {key, curve.Secp256k1, true},
		"with its curve":     {append([]byte{1, 0, 0, 0}, key...), curve.Ed25519, true},
		"of another curve":   {append([]byte{1, 0, 0, 0}, key...), curve.Secp256k1, false},
		"of no curve":        {append([]byte{2, 0, 0, 0}, key...), curve.Secp256k1, false},
		"zero":               {make([]byte, 32), curve.Secp256k1, false},
		"short":              {key[:31], curve.Secp256k1, false},
		"empty":              {nil, curve.Secp256k1, false},
		"JSON, hex":          {part(key, nil), curve.Secp256k1, true},
		"JSON, base64":       {fmt.Appendf(nil, `{"key":%q}`, base64.StdEncoding.EncodeToString(key)), curve.Secp256k1, true},
		"JSON, neither":      {[]byte(`{"key":"?????????????????????????????????"}`), curve.Secp256k1, false},
		"JSON in JSON":       {part(part(key, nil), nil), curve.Secp256k1, false},
		"JSON without a key": {[]byte(`{"metadata":"00000000000000000000000000000000000000"}`), curve.Secp256k1, false},
		"JSON, a key twice":  {fmt.Appendf(nil, `{"key":"%x","key":"%x"}`, key, key), curve.Secp256k1, false},
	} {
		x, _, err := decodePart(tc.c, tc.plain)
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrContent) {
			t.Errorf("%s: %v", name, err)
		} else if tc.ok && hex.EncodeToString(x.Bytes().Expose()) != hex.EncodeToString(key) {
			t.Errorf("%s: another scalar", name)
		}
	}
}

// FuzzPart feeds the layer below the encryption of a backup's parts.
func FuzzPart(f *testing.F) {
	for _, c := range curve.All() {
		_, metadata, xs := players(c, false, 3, 4)
		key := xs[0].Bytes().Expose()
		f.Add(key, false)
		f.Add(append([]byte{1, 0, 0, 0}, key...), true)
		f.Add(part(key, metadata), c == curve.Ed25519)
		f.Add(metadata, true)
	}
	f.Fuzz(func(t *testing.T, plain []byte, ed bool) {
		c := curve.Secp256k1
		if ed {
			c = curve.Ed25519
		}
		x, _, err := decodePart(c, plain)
		if (x == nil) != (err != nil) || err != nil && !errors.Is(err, ErrContent) {
			t.Errorf("error %v", err)
		}
		list, err := parseMetadata(c, plain)
		for _, p := range list {
			if err != nil || p.PublicKey == nil {
				t.Errorf("a holder without a key: %v", err)
			}
		}
	})
}

// A passphrase that is wrong is told from one that is right, whatever the cipher gives.
func TestWrongMobilePassphrase(t *testing.T) {
	l := &share.CBC{Salt: []byte("user"), Ciphertext: bytes.Repeat([]byte{7}, 48)}
	for i := range 300 { // one in 256 gives a padding of one byte
		keys := Keys{share.MobilePassphrase.Name: {secret.Copy(fmt.Append(nil, i))}}
		_, _, err := openCBC(curve.Secp256k1, l, keys)
		var need *SecretError
		if !errors.As(err, &need) || need.Missing || need.Need != share.MobilePassphrase {
			t.Fatalf("passphrase %d: %v", i, err)
		}
	}
}

// Where a backup has the passphrase as well, encrypted to an RSA key, one of the two opens
// the part, and the other one may be wrong.
func TestMobilePassphraseBesideKey(t *testing.T) {
	l := &share.CBC{Salt: []byte("user"), Passphrase: make([]byte, 256)}
	key, err := pbkdf2.Key(sha1.New, "right", l.Salt, share.CBCIterations, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := aes.NewCipher(key)
	l.Ciphertext = append(bytes.Repeat([]byte{1}, curve.ScalarSize), bytes.Repeat([]byte{aes.BlockSize}, aes.BlockSize)...)
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(l.Ciphertext, l.Ciphertext)
	keys := Keys{share.MobileRSAKey.Name: {secret.Copy([]byte("no key"))}}
	var need *SecretError
	if _, _, err := openCBC(curve.Secp256k1, l, keys); !errors.As(err, &need) || need.Need != share.MobileRSAKey {
		t.Errorf("a wrong key alone: %v", err)
	}
	keys[share.MobilePassphrase.Name] = []*secret.Bytes{secret.Copy([]byte("right"))}
	if _, _, err := openCBC(curve.Secp256k1, l, keys); err != nil {
		t.Errorf("a wrong key and the right passphrase: %v", err)
	}
	keys[share.MobilePassphrase.Name] = []*secret.Bytes{secret.Copy([]byte("wrong"))}
	if _, _, err := openCBC(curve.Secp256k1, l, keys); !errors.As(err, &need) || need.Need != share.MobilePassphrase {
		t.Errorf("both wrong: %v", err)
	}
}
