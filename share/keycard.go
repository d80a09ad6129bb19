package share

import (
	"errors"
	"fmt"

	"lifeboat/internal/secret"
)

// Keycard is the lock of a box of BitGo's keycards, which holds one of two shares: box A
// the user's, box B that of the backup. Both are text under a password, which whoever
// made the wallet usually gave both.
type Keycard struct {
	Envelope *Envelope     // nil if the text lies in the clear
	Text     *secret.Bytes // of a box in the clear
	Beside   bool          // the file has a password, too, which is not read
}

// KeycardPassword is what opens a keycard.
var KeycardPassword = Need{Name: "keycard-password", What: "keycard password (the wallet's passphrase)", Once: true}

// Envelope is an encrypted text of BitGo's.
type Envelope struct {
	Version int // 1: AES-CCM under PBKDF2, as the library sjcl writes it; 2: AES-GCM under Argon2id

	Iterations int64 // of PBKDF2; for Argon2id, its passes
	Memory     int64 // of Argon2id, in KiB
	Lanes      int64 // of Argon2id
	Length     int   // of the AES key, in bytes
	TagSize    int   // in bytes

	Salt       []byte
	HKDFSalt   []byte // of version 2: derives the key from what Argon2id gave; nil if that is the key itself
	Nonce      []byte
	Data       []byte // not encrypted, and under the tag
	Ciphertext []byte // and tag
}

// Bounds of Argon2id. The default of BitGo's programs is below a quarter of a gibibyte
// times passes; nothing above the bounds is tried, since it would not end, or find the
// memory, on the machine of a safe.
const (
	maxArgonMemory = 1 << 20 // KiB: 1 GiB
	maxArgonWork   = 1 << 23 // KiB times passes: half a minute or less
	maxArgonLanes  = 64
)

// InClear reports whether there is no envelope.
func (k *Keycard) InClear() bool { return k.Envelope == nil }

func (k *Keycard) String() string {
	if k.Envelope == nil {
		return "none: the share lies in the file in the clear"
	}
	if k.Beside {
		return k.KDF().String() + "; BUT a password lies in the file beside it: it is as good as in the clear"
	}
	return k.KDF().String()
}

// KDF describes the key derivation.
func (k *Keycard) KDF() *KDF {
	e := k.Envelope
	switch {
	case e == nil:
		return nil
	case e.Version == 1:
		return &KDF{Name: "PBKDF2-HMAC", Hash: "SHA-256", Iterations: e.Iterations, Length: e.Length, SaltSize: len(e.Salt)}
	}
	return &KDF{Name: "Argon2id", Iterations: e.Iterations, Memory: e.Memory, Length: e.Length, SaltSize: len(e.Salt)}
}

// Needs returns the password of the keycard.
func (k *Keycard) Needs() []Need {
	if k.Envelope == nil {
		return nil
	}
	return []Need{KeycardPassword}
}

// Wipe erases what lies in the clear.
func (k *Keycard) Wipe() { k.Text.Wipe() }

// Check refuses envelopes that no honest program makes.
func (e *Envelope) Check() error {
	switch {
	case e.Version != 1 && e.Version != 2:
		return fmt.Errorf("envelopes of version %d are not known", e.Version)
	case len(e.Salt) > maxSalt || len(e.HKDFSalt) > maxSalt || len(e.Data) > maxSalt:
		return fmt.Errorf("a salt, or data beside the ciphertext, of more than %d bytes", maxSalt)
	case len(e.Ciphertext) < e.TagSize:
		return errors.New("the ciphertext is shorter than its tag")
	case e.Version == 1:
		return e.checkCCM()
	}
	return e.checkArgon2()
}

func (e *Envelope) checkCCM() error {
	switch {
	case e.Length != 16 && e.Length != 24 && e.Length != 32:
		return fmt.Errorf("ks is %d, which is no length of an AES key in bits (128, 192 or 256)", 8*e.Length)
	case e.TagSize != 8 && e.TagSize != 12 && e.TagSize != 16:
		return fmt.Errorf("ts is %d, which is no length of a tag in bits (64, 96 or 128)", 8*e.TagSize)
	case e.Iterations < 1:
		return fmt.Errorf("iter is %d", e.Iterations)
	case e.Iterations > maxIterations:
		return errors.New("iter is above 2^31, which no honest file has")
	case len(e.Nonce) < 7 || len(e.Nonce) > 16:
		return fmt.Errorf("iv has %d bytes; 7 to 16 are possible", len(e.Nonce))
	}
	return nil
}

func (e *Envelope) checkArgon2() error {
	switch {
	case e.Iterations < 1 || e.Lanes < 1 || e.Lanes > maxArgonLanes || e.Memory < 8*e.Lanes:
		return fmt.Errorf("Argon2id with t %d, m %d and p %d: t is at least 1, p is 1 to %d, and m at least 8 times p", e.Iterations, e.Memory, e.Lanes, maxArgonLanes)
	case e.Memory > maxArgonMemory || e.Iterations > maxArgonWork/e.Memory:
		return fmt.Errorf("Argon2id with t %d and m %d KiB: above 1 GiB, or above 8 GiB times passes, nothing is tried, and no honest file asks for it", e.Iterations, e.Memory)
	case len(e.Salt) < 8:
		return fmt.Errorf("a salt of %d bytes; Argon2id takes 8 or more", len(e.Salt))
	case len(e.Nonce) < 12 || len(e.Nonce) > 16:
		return fmt.Errorf("iv has %d bytes; 12 to 16 are possible", len(e.Nonce))
	}
	return nil
}
