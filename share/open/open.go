// Package open decrypts key shares and holds them, and writes new ones.
//
// A Share exists only if its scalar was checked against its share public key:
// there is no way to hold an unchecked one.
package open

import (
	"errors"

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
	// ErrDamaged means that fields which are needed to open the share cannot be read.
	ErrDamaged = errors.New("fields that are needed to open the share are damaged")
)

// Share is an opened key share.
type Share struct {
	sealed *share.Sealed
	public *curve.Point
	x      *scalar.Secret
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

// Open decrypts a share with the first of the passwords that fits, each tried as
// it is and then without the blanks around it, and checks it against its share
// public key. A share in the clear needs none, and they are ignored.
//
// A share with problems is refused unless it is salvaged. The passwords stay the
// caller's to wipe.
func Open(s *share.Sealed, passwords []*secret.Bytes, o Options) (*Share, error) {
	if err := s.Err(); err != nil && !o.Salvage {
		return nil, err
	}
	var x *scalar.Secret
	var err error
	secret.Do(func() {
		switch l := s.Lock.(type) {
		case *share.PBKDF2:
			x, err = openPBKDF2(s.Curve, l, passwords, o)
		case *share.Clear:
			x, err = openClear(s.Curve, l)
		case *share.Verifiable:
			x, err = openVerifiable(l, o.Identities)
		default:
			err = ErrDamaged
		}
	})
	if err != nil {
		return nil, err
	}
	public := x.Public()
	for _, known := range expected(s, o) {
		if public.Equal(known) {
			return &Share{s, public, x}, nil
		}
	}
	x.Wipe()
	return nil, ErrNotThisShare
}

// expected lists the share public keys that the share may have.
func expected(s *share.Sealed, o Options) []*curve.Point {
	var keys []*curve.Point
	if s.PublicKey != nil {
		keys = append(keys, s.PublicKey)
	}
	if o.Salvage {
		for _, p := range s.Roster {
			keys = append(keys, p.PublicKey)
		}
		keys = append(keys, o.Known...)
	}
	return keys
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
