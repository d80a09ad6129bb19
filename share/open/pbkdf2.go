package open

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// openPBKDF2 opens the lock of a share.
func openPBKDF2(c curve.Curve, l *share.PBKDF2, passwords []*secret.Bytes, o Options) (*scalar.Secret, error) {
	plain, err := decryptPBKDF2(l, passwords, o)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plain)
	return decode(c, plain, l.Raw)
}

// decryptPBKDF2 opens the lock with the first of the passwords that fits.
func decryptPBKDF2(l *share.PBKDF2, passwords []*secret.Bytes, o Options) ([]byte, error) {
	if _, ok := l.Hash(); !ok || l.Iterations < 1 || l.Length < 16 || l.Length > 32 || len(l.Ciphertext) < 12+16 {
		return nil, ErrDamaged
	}
	if err := o.allow(l.Iterations); err != nil {
		return nil, err
	}
	return decryptGCM(l.Ciphertext, passwords, func(password []byte) (cipher.AEAD, error) { return stretch(l, password) })
}

// decryptUnstretched is decryptPBKDF2 without the stretching.
func decryptUnstretched(l *share.Unstretched, passwords []*secret.Bytes) ([]byte, error) {
	if len(l.Ciphertext) < 12+16 {
		return nil, ErrDamaged
	}
	return decryptGCM(l.Ciphertext, passwords, func(password []byte) (cipher.AEAD, error) {
		key := sha256.Sum256(password)
		defer secret.Wipe(key[:])
		return gcm(key[:])
	})
}

// decryptGCM opens nonce ‖ ciphertext ‖ tag with the first of the passwords that fits.
func decryptGCM(ciphertext []byte, passwords []*secret.Bytes, aeadOf func(password []byte) (cipher.AEAD, error)) ([]byte, error) {
	for _, password := range candidates(passwords) {
		aead, err := aeadOf(password)
		if err != nil {
			return nil, ErrDamaged
		}
		nonce, sealed := ciphertext[:aead.NonceSize()], ciphertext[aead.NonceSize():]
		plain, err := aead.Open(nil, nonce, sealed, nil)
		if err == nil {
			return plain, nil
		}
	}
	return nil, ErrPassword
}

// allow refuses more iterations than are tried.
func (o Options) allow(iterations int64) error {
	limit := int64(share.MaxIterations)
	if o.MaxIterations > 0 {
		limit = o.MaxIterations
	}
	if iterations > limit {
		return fmt.Errorf("%w: %d, and the limit is %d", ErrWork, iterations, limit)
	}
	return nil
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

// stretch derives the cipher's key from the password.
func stretch(l *share.PBKDF2, password []byte) (cipher.AEAD, error) {
	h, _ := l.Hash()
	// The standard library takes the password as a string; secret.Do erases it.
	key, err := pbkdf2.Key(h.New, string(password), l.Salt, int(l.Iterations), l.Length)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(key)
	return gcm(key)
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// decode reads a decrypted share: the scalar's bytes if it is raw, or else JSON
// with their base64.
func decode(c curve.Curve, plain []byte, isRaw bool) (*scalar.Secret, error) {
	raw := plain
	if !isRaw {
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
	x, err := scalar.New(c, raw)
	if err != nil {
		return nil, ErrContent
	}
	return x, nil
}

// text is a JSON string of base64 as bytes, so that it never becomes a string.
type text []byte

// UnmarshalJSON takes the bytes between the quotes. Some writers escape the slash,
// and some the equals sign, as \u003d; other escapes stay, and are not base64.
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

// closePBKDF2 seals the scalar, in 32 bytes, into the lock, as the vendor's files
// of version 2 and later do.
func closePBKDF2(l *share.PBKDF2, x *scalar.Secret, password *secret.Bytes) (err error) {
	secret.Do(func() {
		var aead cipher.AEAD
		if aead, err = stretch(l, password.Expose()); err != nil {
			return
		}
		raw := x.Bytes()
		defer raw.Wipe()
		plain := make([]byte, 0, 128)
		defer secret.Wipe(plain)
		plain = append(plain, `{"encrypted_share":"`...)
		plain = base64.StdEncoding.AppendEncode(plain, raw.Expose())
		plain = append(plain, `"}`...)
		nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
		rand.Read(nonce)
		l.Ciphertext = aead.Seal(nonce, nonce, plain, nil)
	})
	return err
}
