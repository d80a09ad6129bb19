package share

import "fmt"

// What opens the locks of files that are encrypted to an RSA key.
var (
	RSAKey        = Need{Name: "rsa-key", What: "RSA private key", File: true}
	RSAPassphrase = Need{Name: "rsa-passphrase", What: "passphrase of the RSA private key", IfMissed: true}
)

// What opens the part of a mobile device.
var (
	MobileRSAKey        = Need{Name: "mobile-rsa-key", What: "RSA private key of the mobile part", File: true}
	MobileRSAPassphrase = Need{Name: "mobile-rsa-passphrase", What: "passphrase of the RSA private key of the mobile part", IfMissed: true}
	MobilePassphrase    = Need{Name: "mobile-passphrase", What: "passphrase of the mobile part"}
)

// RSA is a lock: RSA-OAEP (RFC 8017) with an empty label.
type RSA struct {
	Hash       string // SHA-1 or SHA-256
	Ciphertext []byte
	Mobile     bool // the key is that of the mobile part
}

// InClear is false.
func (*RSA) InClear() bool { return false }

func (l *RSA) String() string {
	return fmt.Sprintf("RSA-OAEP, %s, a key of %d bits", l.Hash, 8*len(l.Ciphertext))
}

// KDF returns nil: a private key opens it.
func (*RSA) KDF() *KDF { return nil }

// Needs returns the private key, and its passphrase.
func (l *RSA) Needs() []Need {
	if l.Mobile {
		return []Need{MobileRSAKey, MobileRSAPassphrase}
	}
	return []Need{RSAKey, RSAPassphrase}
}

// Wipe does nothing: nothing lies in the clear.
func (*RSA) Wipe() {}

// CBC is a lock: AES-256-CBC with a zero vector under a key that PBKDF2-HMAC-SHA1
// derives from a passphrase. The cipher does not authenticate anything.
type CBC struct {
	Salt       []byte
	Ciphertext []byte
	Passphrase []byte // RSA-OAEP with SHA-256 of the passphrase; nil if a person has it
}

// CBCIterations is how often it stretches the passphrase.
const CBCIterations = 10_000

// InClear is false.
func (*CBC) InClear() bool { return false }

func (l *CBC) String() string {
	text := l.KDF().String() + ", AES-CBC without a check"
	if l.Passphrase != nil {
		text += "; the file has the passphrase, encrypted to an RSA key"
	}
	return text
}

// KDF describes the key derivation.
func (l *CBC) KDF() *KDF {
	return &KDF{Name: "PBKDF2-HMAC", Hash: "SHA-1", Iterations: CBCIterations, Length: 32, SaltSize: len(l.Salt)}
}

// Needs returns the passphrase, or the private key that opens it.
func (l *CBC) Needs() []Need {
	if l.Passphrase == nil {
		return []Need{MobilePassphrase}
	}
	key, passphrase := MobileRSAKey, MobilePassphrase
	key.IfMissed, passphrase.IfMissed = true, true // one of them is enough
	return []Need{key, MobileRSAPassphrase, passphrase}
}

// Wipe does nothing: nothing lies in the clear.
func (*CBC) Wipe() {}
