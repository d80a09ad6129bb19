package share

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
)

// KDF is PBKDF2-HMAC (RFC 8018) with the parameters that a file gives.
type KDF struct {
	HashType   int // the number of a hash in Go's package crypto; see Hash
	Iterations int64
	Length     int // of the AES key, in bytes
	Salt       []byte
}

// Bounds of a KDF.
const (
	// MaxIterations is the most that is tried without being asked: about three
	// seconds of work.
	MaxIterations = 10_000_000
	// maxIterations is what no honest file exceeds, whatever is asked.
	maxIterations = 1 << 31
	maxSalt       = 1024 // bytes
)

// Default is how new files are sealed.
func Default(salt []byte) KDF {
	return KDF{HashType: 5, Iterations: 600_000, Length: 32, Salt: salt}
}

// Hash is a hash function of the SHA-2 family.
type Hash struct {
	Number int // in Go's package crypto, which is what files record
	Name   string
	New    func() hash.Hash
}

var hashes = []Hash{
	{4, "SHA-224", sha256.New224},
	{5, "SHA-256", sha256.New},
	{6, "SHA-384", sha512.New384},
	{7, "SHA-512", sha512.New},
	{14, "SHA-512/224", sha512.New512_224},
	{15, "SHA-512/256", sha512.New512_256},
}

// Hash returns the hash function, if it is one of the SHA-2 family.
func (k KDF) Hash() (Hash, bool) {
	for _, h := range hashes {
		if h.Number == k.HashType {
			return h, true
		}
	}
	return Hash{}, false
}

func (k KDF) check() error {
	if _, ok := k.Hash(); !ok {
		return fmt.Errorf("hash_type %d is not a hash of the SHA-2 family (5 is SHA-256)", k.HashType)
	}
	switch {
	case k.Length != 16 && k.Length != 24 && k.Length != 32:
		return fmt.Errorf("length %d is no length of an AES key (16, 24 or 32)", k.Length)
	case k.Iterations < 1:
		return fmt.Errorf("iterations is %d", k.Iterations)
	case k.Iterations > maxIterations:
		return errors.New("iterations is above 2^31, which no honest file has")
	case len(k.Salt) > maxSalt:
		return fmt.Errorf("a salt of more than %d bytes", maxSalt)
	}
	return nil
}
