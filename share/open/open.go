// Package open decrypts key shares and holds them, and writes new ones.
//
// A Share exists only if its scalar was checked against its share public key:
// there is no way to hold an unchecked one. A form without share public keys gives an
// Unproven, which only Prove makes Shares of.
package open

import (
	"errors"
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// Errors that callers tell apart with errors.Is. None of them says anything
// about a secret.
var (
	// ErrPassword means that the share did not decrypt.
	ErrPassword = errors.New("wrong password, or the encrypted share is damaged: the cipher cannot tell which. Check capital letters and the keyboard's layout, or take another copy of the file")
	// ErrWork means that deriving the key from the password would take too long.
	ErrWork = errors.New("the password derivation asks for too many iterations")
	// ErrContent means that the share decrypted, so the password is right, and
	// what came out is no share.
	ErrContent = errors.New("the password is right, but what was encrypted is not a key share")
	// ErrNotThisShare means that the share decrypted and is not the one that its
	// share public key names.
	ErrNotThisShare = errors.New("the share does not belong to its share public key: the file was damaged or put together from two")
	// ErrOtherShare means that what opened is the share of another key, or of another
	// holder, than the file says.
	ErrOtherShare = errors.New("it opened, and is another share than it should be")
	// ErrDamaged means that fields which are needed to open the share cannot be read.
	ErrDamaged = errors.New("fields that are needed to open the share are damaged")
)

// Share is an opened key share.
type Share struct {
	sealed *share.Sealed
	public *curve.Point
	x      *scalar.Secret
}

// Keys are the secrets that were given, by the name of what needs them (share.Need).
// Several of a name are tried in turn. They stay the caller's to wipe.
type Keys map[string][]*secret.Bytes

// Passwords are the keys of files under a password of their own.
func Passwords(list ...*secret.Bytes) Keys { return Keys{share.Password.Name: list} }

// SecretError says which of the secrets that a lock needs was not given, or does not
// fit.
type SecretError struct {
	Need    share.Need
	Missing bool
	Detail  string // of one that does not fit: what else may be wrong
}

func (e *SecretError) Error() string {
	if e.Missing {
		return fmt.Sprintf("the %s is needed", e.Need.What)
	}
	return fmt.Sprintf("wrong %s%s", e.Need.What, e.Detail)
}

// Options change how a share is opened.
type Options struct {
	// MaxIterations overrides share.MaxIterations, for slow but honest files.
	MaxIterations int64
	// Salvage opens a share whose public facts are damaged. It must then match a
	// share public key from anywhere in the file, or one of Known, which other
	// files list.
	Salvage bool
	Known   []*curve.Point
	// Identities are X25519 private keys, which open verifiable shares.
	Identities []*secret.Bytes
}

// Open decrypts a share, as Unlock does, and checks it against its share public key.
// The error is ErrUnproven if there is none.
func Open(s *share.Sealed, keys Keys, o Options) (*Share, error) {
	u, err := Unlock(s, keys, o)
	if err != nil {
		return nil, err
	}
	opened, err := u.Check(o)
	if err != nil {
		u.Wipe()
	}
	return opened, err
}

// Unlock decrypts a share with the first of the keys that fits. A share in the clear
// needs none, and they are ignored. A share with problems is refused unless it is
// salvaged.
func Unlock(s *share.Sealed, keys Keys, o Options) (*Unproven, error) {
	if err := s.Err(); err != nil && !o.Salvage {
		return nil, err
	}
	u := &Unproven{sealed: s}
	var err error
	secret.Do(func() { u.x, u.shown, err = locked(s, keys, o) })
	if err != nil {
		return nil, err
	}
	return u, nil
}

// locked opens each kind of lock. shown are the holders with the share public keys
// that opening showed, if it did.
func locked(s *share.Sealed, keys Keys, o Options) (x *scalar.Secret, shown []share.Participant, err error) {
	switch l := s.Lock.(type) {
	case *share.PBKDF2:
		x, err = openPBKDF2(s.Curve, l, keys[share.Password.Name], o)
	case *share.Clear:
		x, err = openClear(s.Curve, l)
	case *share.Verifiable:
		x, err = openVerifiable(l, o.Identities)
	case *share.RSA:
		x, shown, err = openRSA(s.Curve, l, keys)
	case *share.CBC:
		x, shown, err = openCBC(s.Curve, l, keys)
	case *share.Escrow:
		x, err = openEscrow(s, l, keys)
	case *share.Keycard:
		x, shown, err = openKeycard(s, l, keys[share.KeycardPassword.Name], o)
	default:
		err = ErrDamaged
	}
	return x, shown, err
}

// File decrypts a file that is encrypted as a whole, with the first of the keys that
// fits.
func File(lock share.Lock, keys Keys, o Options) (text *secret.Bytes, err error) {
	secret.Do(func() {
		var plain []byte
		switch l := lock.(type) {
		case *share.PBKDF2:
			plain, err = decryptPBKDF2(l, keys[share.Password.Name], o)
		case *share.Keycard:
			plain, err = describeKeycard(l, keys[share.KeycardPassword.Name], o)
		case *share.Unstretched:
			plain, err = decryptUnstretched(l, keys[share.Password.Name])
		default:
			err = ErrDamaged
		}
		text = secret.Take(plain)
	})
	return text, err
}

// Sealed returns what the file says about the share.
func (s *Share) Sealed() *share.Sealed { return s.sealed }

// Public returns the share public key that the share was checked against.
func (s *Share) Public() *curve.Point { return s.public }

// Scalar returns the share itself. It is gone after Wipe.
func (s *Share) Scalar() *scalar.Secret { return s.x }

// Wipe erases the share. A nil share may be wiped.
func (s *Share) Wipe() {
	if s != nil {
		s.x.Wipe()
		s.sealed.Wipe()
	}
}
