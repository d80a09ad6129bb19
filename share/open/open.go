// Package open decrypts key shares and holds them, and writes new ones.
//
// A Share exists only if its scalar was checked against its share public key:
// there is no way to hold an unchecked one.
package open

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
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
}

// Open decrypts a share with the first of the passwords that fits, each tried as
// it is and then without the blanks around it, and checks it against its share
// public key. tss-lib save data is not encrypted; its passwords are ignored.
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
		if s.Kind == share.TSSLib {
			x, err = fromDecimal(s.Curve, s.Plain.Expose())
		} else {
			x, err = decrypt(s, passwords, o)
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

func decrypt(s *share.Sealed, passwords []*secret.Bytes, o Options) (*scalar.Secret, error) {
	h, ok := s.KDF.Hash()
	if !ok || s.KDF.Iterations < 1 || s.KDF.Length < 16 || s.KDF.Length > 32 || len(s.Ciphertext) < 12+16 {
		return nil, ErrDamaged
	}
	limit := int64(share.MaxIterations)
	if o.MaxIterations > 0 {
		limit = o.MaxIterations
	}
	if s.KDF.Iterations > limit {
		return nil, fmt.Errorf("%w: %d, and the limit is %d", ErrWork, s.KDF.Iterations, limit)
	}
	for _, password := range candidates(passwords) {
		// The standard library takes the password as a string; secret.Do erases it.
		key, err := pbkdf2.Key(h.New, string(password), s.KDF.Salt, int(s.KDF.Iterations), s.KDF.Length)
		if err != nil {
			return nil, ErrDamaged
		}
		plain, err := unseal(key, s.Ciphertext)
		secret.Wipe(key)
		if err != nil {
			continue
		}
		defer secret.Wipe(plain)
		return decode(s, plain)
	}
	return nil, ErrPassword
}

// candidates lists the passwords in the order in which they are tried: the
// vendor's programs trim blanks when a file is made.
func candidates(passwords []*secret.Bytes) [][]byte {
	var list [][]byte
	for _, p := range passwords {
		for _, c := range [][]byte{p.Expose(), bytes.TrimSpace(p.Expose())} {
			if len(list) == 0 || !bytes.Equal(list[len(list)-1], c) {
				list = append(list, c)
			}
		}
	}
	return list
}

func unseal(key, sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
}

// decode reads a decrypted share: the scalar's bytes in version 1, and JSON with
// their base64 since.
func decode(s *share.Sealed, plain []byte) (*scalar.Secret, error) {
	raw := plain
	if s.Version >= 2 {
		var doc struct {
			Share text `json:"encrypted_share"`
		}
		if strict.Unmarshal(plain, &doc) != nil {
			return nil, ErrContent
		}
		defer secret.Wipe(doc.Share)
		raw = make([]byte, base64.StdEncoding.DecodedLen(len(doc.Share)))
		defer secret.Wipe(raw)
		n, err := base64.StdEncoding.Decode(raw, doc.Share)
		if err != nil {
			return nil, ErrContent
		}
		raw = raw[:n]
	}
	x, err := scalar.New(s.Curve, raw)
	if err != nil {
		return nil, ErrContent
	}
	return x, nil
}

// text is a JSON string of base64 as bytes, so that it never becomes a string.
type text []byte

// UnmarshalJSON takes the bytes between the quotes. Some writers escape the
// slash, and some the equals sign, as \u003d; other escapes stay, and are no
// base64.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		return ErrContent
	}
	b = b[1 : len(b)-1]
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		var code [2]byte
		if bytes.HasPrefix(b[i:], []byte(`\/`)) {
			c = '/'
			i++
		} else if bytes.HasPrefix(b[i:], []byte(`\u00`)) && len(b) >= i+6 {
			if _, err := hex.Decode(code[:], b[i+2:i+6]); err != nil {
				return ErrContent
			}
			c = code[1]
			i += 5
		}
		out = append(out, c)
	}
	*t = out
	return nil
}

var _ json.Unmarshaler = (*text)(nil)

// fromDecimal reads the scalar of tss-lib's JSON without math/big.
func fromDecimal(c curve.Curve, digits []byte) (*scalar.Secret, error) {
	if len(digits) == 0 || len(digits) > maxDigits {
		return nil, ErrContent
	}
	x, ten := scalar.Zero(c), c.ScalarFromUint(10)
	for _, d := range digits {
		if d < '0' || d > '9' {
			x.Wipe()
			return nil, ErrContent
		}
		x.MulPublic(ten).AddDigit(d - '0')
	}
	if x.IsZero() {
		return nil, ErrContent
	}
	return x, nil
}

// maxDigits bounds a share in decimal: 2^256 has 78 digits, and a share that was
// not reduced a few more.
const maxDigits = 82
