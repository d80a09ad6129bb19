package share

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"

	"lifeboat/internal/cost"
)

// PBKDF2 is a lock: AES-GCM under a key that PBKDF2-HMAC (RFC 8018) derives from
// a password, with the parameters that a file gives.
type PBKDF2 struct {
	HashType   int // the number of a hash in Go's package crypto; see Hash
	Iterations int64
	Length     int // of the AES key, in bytes
	Salt       []byte
	Ciphertext []byte // nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes)
	Raw        bool   // the plaintext is the bytes of the scalar, not JSON with their base64
}

// Bounds of the key derivation.
const (
	// MaxIterations is the most that is tried unless the user allows more: about
	// three seconds of work.
	MaxIterations = 10_000_000
	// maxIterations is more than any honest file has, and cannot be raised.
	maxIterations = 1 << 31
	maxSalt       = 1024 // bytes
)

// NewPBKDF2 returns the lock of a new file.
func NewPBKDF2(salt []byte) *PBKDF2 {
	return &PBKDF2{HashType: 5, Iterations: cost.Iterations(), Length: 32, Salt: salt}
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
func (l *PBKDF2) Hash() (Hash, bool) {
	for _, h := range hashes {
		if h.Number == l.HashType {
			return h, true
		}
	}
	return Hash{}, false
}

// InClear is false.
func (l *PBKDF2) InClear() bool { return false }

func (l *PBKDF2) String() string { return l.KDF().String() }

// KDF describes the key derivation.
func (l *PBKDF2) KDF() *KDF {
	h, _ := l.Hash()
	return &KDF{Name: "PBKDF2-HMAC", Hash: h.Name, Iterations: l.Iterations, Length: l.Length, SaltSize: len(l.Salt)}
}

// Needs returns a password.
func (l *PBKDF2) Needs() []Need { return []Need{Password} }

// Wipe does nothing: nothing lies in the clear.
func (l *PBKDF2) Wipe() {}

// Check refuses key derivations that no honest file asks for.
func (l *PBKDF2) Check() error {
	if _, ok := l.Hash(); !ok {
		return fmt.Errorf("hash_type %d is not a hash of the SHA-2 family (5 is SHA-256)", l.HashType)
	}
	switch {
	case l.Length != 16 && l.Length != 24 && l.Length != 32:
		return fmt.Errorf("length %d is no length of an AES key (16, 24 or 32)", l.Length)
	case l.Iterations < 1:
		return fmt.Errorf("iterations is %d", l.Iterations)
	case l.Iterations > maxIterations:
		return errors.New("iterations is above 2^31, which no honest file has")
	case len(l.Salt) > maxSalt:
		return fmt.Errorf("a salt of more than %d bytes", maxSalt)
	}
	return nil
}
