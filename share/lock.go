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

// Verifiable is a share encrypted to an X25519 identity of age, with the proof that it
// is (share/verifiable), or pieces of one, each encrypted to an identity of its own.
type Verifiable struct {
	Needed int    // how many of the proofs give the share: 1 if each has all of it
	Cut    string // what pieces of one polynomial have in common; empty for a whole share
	Proofs []VerifiableProof
}

// VerifiableProof is a proof as a file has it.
type VerifiableProof struct {
	Recipient string
	Text      []byte // JSON
}

// InClear is false.
func (*Verifiable) InClear() bool { return false }

// KDF returns nil: an identity opens it.
func (*Verifiable) KDF() *KDF { return nil }

// Wipe does nothing: all of it is public.
func (*Verifiable) Wipe() {}
