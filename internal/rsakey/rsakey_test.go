package rsakey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/rsakey"
	"lifeboat/internal/secret"
)

// The keys of the test vaults, in each way that keys are encrypted, open with their
// passphrase and not without, and decrypt.
func TestKeys(t *testing.T) {
	wrong := secret.Copy([]byte("wrong"))
	for _, name := range []string{"fireblocks", "fireblocks-old", "fireblocks-cmp"} {
		v := fixtures.LoadVendor(name)
		text, passphrase := v.Secrets["rsa-key"], secret.Copy(v.Secrets["rsa-passphrase"])
		encrypted := passphrase.Len() > 0
		for _, given := range [][]*secret.Bytes{nil, {wrong}, {wrong, passphrase}} {
			k, err := rsakey.Parse(text, given)
			if encrypted && len(given) < 2 {
				if !errors.Is(err, rsakey.ErrEncrypted) {
					t.Errorf("%s, %d passphrases: %v", name, len(given), err)
				}
				continue
			}
			if err != nil || k.Bits() != 2048 {
				t.Errorf("%s, %d passphrases: %v", name, len(given), err)
			}
		}
	}
}

func TestDecrypt(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for block, der := range map[string][]byte{"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(private), "PRIVATE KEY": pkcs8} {
		text := append([]byte("Bag Attributes\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})...)
		k, err := rsakey.Parse(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", block, err)
		}
		for _, h := range []func() hash.Hash{sha1.New, sha256.New} {
			ciphertext, err := rsa.EncryptOAEP(h(), rand.Reader, &private.PublicKey, []byte("part"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := k.Decrypt(h, ciphertext); err != nil || string(plain) != "part" {
				t.Errorf("%s: %q, %v", block, plain, err)
			}
			ciphertext[9] ^= 1
			if _, err := k.Decrypt(h, ciphertext); !errors.Is(err, rsakey.ErrDecrypt) {
				t.Errorf("%s, damaged: %v", block, err)
			}
			if _, err := k.Decrypt(h, ciphertext[1:]); !errors.Is(err, rsakey.ErrDecrypt) {
				t.Errorf("%s, cut: %v", block, err)
			}
		}
		if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(text, private.D.String()) || !strings.Contains(text, "2048 bits") {
			t.Errorf("it prints %s", text)
		}
		k.Wipe()
		if len(private.D.Bits()) == 0 {
			t.Error("another key was wiped")
		}
	}
}

func TestOthers(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	for name, text := range map[string][]byte{
		"empty": nil, "text": []byte("not a key"), "public": block("PUBLIC KEY", der), "elliptic": block("PRIVATE KEY", der), "cut": block("PRIVATE KEY", der[:20]),
		"PBES2 that is none": block("ENCRYPTED PRIVATE KEY", der), "huge": block("RSA PRIVATE KEY", make([]byte, 20_000)), "cut PKCS #1": block("RSA PRIVATE KEY", []byte{0x30, 0}),
	} {
		if k, err := rsakey.Parse(text, nil); k != nil || !errors.Is(err, rsakey.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParse: no panic, and no key without an error that says why.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"fireblocks", "fireblocks-old", "fireblocks-cmp"} {
		f.Add(fixtures.LoadVendor(name).Secrets["rsa-key"])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := rsakey.Parse(text, nil)
		if (k == nil) != (err != nil) || err != nil && !errors.Is(err, rsakey.ErrFormat) && !errors.Is(err, rsakey.ErrEncrypted) {
			t.Errorf("%v", err)
		}
	})
}
