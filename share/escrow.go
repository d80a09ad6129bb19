package share

import "fmt"

// Escrow is a lock: a share encrypted to an RSA key in a way that others could check when
// it was made. The share is the value at zero of a polynomial. As many values as its degree
// lie open, and each of the others, which are encrypted (RSA-OAEP with SHA-256), is the
// one that is missing.
type Escrow struct {
	Open, Encrypted []EscrowValue

	// The chain code of the whole file, under AES-256-GCM with a zero nonce, and its key,
	// encrypted like the values. Either may be nil.
	ChainCode, ChainCodeKey []byte
}

// EscrowValue is one value of the polynomial. On the curve's order it is a number of 32
// bytes, big-endian.
type EscrowValue struct {
	X    uint64
	Data []byte
}

// InClear is false.
func (*Escrow) InClear() bool { return false }

func (l *Escrow) String() string {
	if len(l.Encrypted) == 0 {
		return "RSA-OAEP, SHA-256, and nothing that is encrypted"
	}
	return fmt.Sprintf("RSA-OAEP, SHA-256, a key of %d bits; any of %d values", 8*len(l.Encrypted[0].Data), len(l.Encrypted))
}

// KDF returns nil: a private key opens it.
func (*Escrow) KDF() *KDF { return nil }

// Needs returns the private key, and its passphrase.
func (*Escrow) Needs() []Need { return []Need{RSAKey, RSAPassphrase} }

// Wipe does nothing: what lies open is not enough for the share.
func (*Escrow) Wipe() {}
