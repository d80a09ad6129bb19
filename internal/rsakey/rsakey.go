// Package rsakey reads RSA private keys in PEM, encrypted or not, and decrypts with
// them.
//
// The standard library keeps the numbers of a key in math/big, as nothing else here does
// with a secret: they are wiped as far as they can be reached.
package rsakey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"

	"lifeboat/internal/secret"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrFormat is wrapped by the errors about what is no RSA private key that is read.
	ErrFormat = errors.New("not an RSA private key in PEM")
	// ErrEncrypted means that the key is encrypted, and none of the passphrases opens it.
	ErrEncrypted = errors.New("the RSA private key is encrypted under a passphrase")
	// ErrDecrypt means that a ciphertext was not made for the key, or is damaged.
	ErrDecrypt = errors.New("it was encrypted to another RSA key, or is damaged")
)

// maxSize bounds a key in DER, in bytes: one of 16,384 bits, far above anything in use,
// has fewer.
const maxSize = 10_000

// Key is an RSA private key.
type Key struct{ k *rsa.PrivateKey }

// Parse reads the first private key in PEM: of PKCS #1 or PKCS #8, in the clear, in the
// old encrypted form (RFC 1421), or in that of PKCS #8 with PBES2 (RFC 8018). An
// encrypted one opens with the first of the passphrases that fits. Nothing in an error
// is of the key.
func Parse(text []byte, passphrases []*secret.Bytes) (*Key, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, ErrFormat
		}
		if read := kinds[block.Type]; read != nil {
			defer secret.Wipe(block.Bytes)
			return read(block, passphrases)
		}
		secret.Wipe(block.Bytes)
		text = rest
	}
}

// kinds are the kinds of PEM blocks that hold a private key.
var kinds = map[string]func(*pem.Block, []*secret.Bytes) (*Key, error){
	"RSA PRIVATE KEY":       readPKCS1,
	"PRIVATE KEY":           func(b *pem.Block, _ []*secret.Bytes) (*Key, error) { return parsePKCS8(b.Bytes) },
	"ENCRYPTED PRIVATE KEY": readPBES2,
}

func readPKCS1(b *pem.Block, passphrases []*secret.Bytes) (*Key, error) {
	//lint:ignore SA1019 keys are read as they are found
	if !x509.IsEncryptedPEMBlock(b) {
		return parsePKCS1(b.Bytes)
	}
	for _, p := range passphrases {
		//lint:ignore SA1019 keys are read as they are found
		der, err := x509.DecryptPEMBlock(b, p.Expose())
		if err != nil {
			continue
		}
		// One wrong passphrase in 256 passes for right so far.
		key, err := parsePKCS1(der)
		secret.Wipe(der)
		if err == nil {
			return key, nil
		}
	}
	return nil, ErrEncrypted
}

func parsePKCS1(der []byte) (*Key, error) {
	if err := checkSize(der); err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, ErrFormat
	}
	return &Key{k}, nil
}

// checkSize refuses keys that take too long to work with.
func checkSize(der []byte) error {
	if len(der) > maxSize {
		return fmt.Errorf("%w that is read: it has %d bytes; the limit is %d", ErrFormat, len(der), maxSize)
	}
	return nil
}

func parsePKCS8(der []byte) (*Key, error) {
	if err := checkSize(der); err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, ErrFormat
	}
	key, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: it is one of another algorithm", ErrFormat)
	}
	return &Key{key}, nil
}

// The parameters of PBES2 (RFC 8018, appendix A).
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	kdf   struct {
		Salt       []byte
		Iterations int
		Length     int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}

	// prfs are the hashes of PBKDF2's HMAC, by object identifier. Without one it is
	// SHA-1.
	prfs = map[string]func() hash.Hash{
		"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New, "1.2.840.113549.2.11": sha512.New,
	}
	// ciphers are AES-CBC, by object identifier, with the length of their keys.
	ciphers = map[string]int{"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32}
)

// maxIterations is as much as a share's own password derivation may ask for.
const maxIterations = 10_000_000

func readPBES2(b *pem.Block, passphrases []*secret.Bytes) (*Key, error) {
	var e encryptedKey
	var p pbes2
	var k kdf
	var iv []byte
	if !parse(b.Bytes, &e) || !e.Algorithm.Algorithm.Equal(oidPBES2) || !parse(e.Algorithm.Parameters.FullBytes, &p) ||
		!p.KDF.Algorithm.Equal(oidPBKDF2) || !parse(p.KDF.Parameters.FullBytes, &k) || !parse(p.Cipher.Parameters.FullBytes, &iv) {
		return nil, fmt.Errorf("%w that is read: its encryption is not PBES2 with PBKDF2", ErrFormat)
	}
	prf, size := prfs[k.PRF.Algorithm.String()], ciphers[p.Cipher.Algorithm.String()]
	if prf == nil || size == 0 || len(iv) != aes.BlockSize || len(e.Data) == 0 || len(e.Data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w that is read: its encryption is not AES-CBC", ErrFormat)
	}
	if k.Iterations < 1 || k.Iterations > maxIterations {
		return nil, fmt.Errorf("%w that is read: its passphrase is stretched with %d iterations; the limit is %d", ErrFormat, k.Iterations, maxIterations)
	}
	for _, passphrase := range passphrases {
		// The standard library takes the passphrase as a string; secret.Do erases it.
		aesKey, err := pbkdf2.Key(prf, string(passphrase.Expose()), k.Salt, k.Iterations, size)
		if err != nil {
			return nil, ErrFormat
		}
		block, err := aes.NewCipher(aesKey)
		secret.Wipe(aesKey)
		if err != nil {
			return nil, ErrFormat
		}
		der := make([]byte, len(e.Data))
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(der, e.Data)
		n := int(der[len(der)-1])
		if n < 1 || n > aes.BlockSize {
			secret.Wipe(der)
			continue
		}
		key, err := parsePKCS8(der[:len(der)-n])
		secret.Wipe(der)
		if err == nil {
			return key, nil
		}
	}
	return nil, ErrEncrypted
}

// parse reads DER without anything after it.
func parse(der []byte, v any) bool {
	rest, err := asn1.Unmarshal(der, v)
	return err == nil && len(rest) == 0
}

// Bits returns the length of the modulus.
func (k *Key) Bits() int { return k.k.N.BitLen() }

// Decrypt opens an RSA-OAEP ciphertext (RFC 8017) with an empty label. The plaintext is
// the caller's to wipe.
func (k *Key) Decrypt(newHash func() hash.Hash, ciphertext []byte) ([]byte, error) {
	plain, err := rsa.DecryptOAEP(newHash(), nil, k.k, ciphertext, nil)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plain, nil
}

// Wipe erases the numbers of the key that can be reached.
func (k *Key) Wipe() {
	clear(k.k.D.Bits())
	for _, p := range k.k.Primes {
		clear(p.Bits())
	}
}

// Format prints the length only, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "RSA private key of %d bits", k.Bits()) }
