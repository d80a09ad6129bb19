package share

import (
	"fmt"

	"lifeboat/internal/secret"
)

// Lock is how a file keeps its share closed: its public parameters. How each kind
// of lock is opened is in share/open.
type Lock interface {
	// InClear reports whether nothing is locked: whoever copies the file has the
	// share.
	InClear() bool
	// String says for people how it locks, and with it how well.
	String() string
	// KDF describes how a password becomes the key. It is nil if the lock takes no
	// password.
	KDF() *KDF
	// Needs lists the secrets that open it, in the order in which they are asked for.
	Needs() []Need
	// Wipe erases what lies in the clear.
	Wipe()
}

// Exposed reports whether whoever copies the file has the share: it lies in the clear, or
// beside what opens it.
func Exposed(l Lock) bool {
	k, ok := l.(*Keycard)
	return l.InClear() || ok && k.Beside
}

// Need is a secret that opens a lock.
type Need struct {
	Name string // as --secret has it
	What string // for people: "RSA private key"
	File bool   // it is a file, which nobody types
	Once bool   // one answer does for all files of a run
	// IfMissed means that it is asked for only when something else turns out to need
	// it: the passphrase of a private key that is encrypted.
	IfMissed bool
}

// Password is the need of a file under a password of its own.
var Password = Need{Name: "password", What: "password of the file"}

// Identity is the need of a file that is encrypted to an age identity.
var Identity = Need{Name: "identity", What: "age identity, with -i"}

// KDF describes the derivation of a key from a password, for reports. What could
// not be read is zero.
type KDF struct {
	Name       string `json:"name"`
	Hash       string `json:"hash"`
	Iterations int64  `json:"iterations"`
	Memory     int64  `json:"memory_kib,omitempty"` // that each iteration fills, of a hash that takes some
	Length     int    `json:"length"`               // of the key, in bytes
	SaltSize   int    `json:"salt_bytes"`           // in bytes
}

func (k *KDF) String() string {
	if k.Memory > 0 {
		return fmt.Sprintf("%s, %d MiB, %d iterations", k.Name, k.Memory>>10, k.Iterations)
	}
	return fmt.Sprintf("%s, %s, %d iterations", k.Name, k.Hash, k.Iterations)
}

// Clear is no lock: the file holds the share itself.
type Clear struct {
	Digits *secret.Bytes // in decimal
	Raw    bool          // they are no digits, but the bytes of the scalar, big-endian
}

// InClear is true.
func (c *Clear) InClear() bool { return true }

func (c *Clear) String() string { return "none: the share lies in the file in the clear" }

// KDF returns nil: there is no password.
func (c *Clear) KDF() *KDF { return nil }

// Needs returns nothing.
func (c *Clear) Needs() []Need { return nil }

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

func (*Verifiable) String() string { return "none: an identity opens it" }

// Needs returns an identity.
func (*Verifiable) Needs() []Need { return []Need{Identity} }

// KDF returns nil: an identity opens it.
func (*Verifiable) KDF() *KDF { return nil }

// Wipe does nothing: all of it is public.
func (*Verifiable) Wipe() {}
