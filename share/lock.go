package share

import "lifeboat/internal/secret"

// Lock is how a file keeps its share closed: its public parameters. How each kind
// of lock is opened is in share/open.
type Lock interface {
	// InClear reports whether nothing is locked: whoever copies the file has the
	// share.
	InClear() bool
	// KDF describes how a password becomes the key. It is nil if the lock takes no
	// password.
	KDF() *KDF
	// Wipe erases what lies in the clear.
	Wipe()
}

// KDF describes the derivation of a key from a password, for reports. What could
// not be read is zero.
type KDF struct {
	Name       string `json:"name"`
	Hash       string `json:"hash"`
	Iterations int64  `json:"iterations"`
	Length     int    `json:"length"`     // of the key, in bytes
	SaltSize   int    `json:"salt_bytes"` // in bytes
}

// Clear is no lock: the file holds the share itself, in decimal.
type Clear struct{ Digits *secret.Bytes }

// InClear is true.
func (c *Clear) InClear() bool { return true }

// KDF returns nil: there is no password.
func (c *Clear) KDF() *KDF { return nil }

// Wipe erases the share.
func (c *Clear) Wipe() { c.Digits.Wipe() }
