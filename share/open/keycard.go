package open

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"

	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// hkdfInfo is what BitGo's programs derive a session's key for.
const hkdfInfo = "bitgo-v2-session"

// boxes are what BitGo calls the two.
var boxes = [2]string{"box A, the user's", "box B, the backup's"}

// openKeycard opens the share in a box.
func openKeycard(s *share.Sealed, k *share.Keycard, passwords []*secret.Bytes, o Options) (*scalar.Secret, []share.Participant, error) {
	b, text, err := openBox(k, passwords, o)
	if err != nil {
		return nil, nil, err
	}
	defer secret.Wipe(text)
	shown, err := b.of(s)
	if err != nil {
		b.x.Wipe()
		return nil, nil, err
	}
	return b.x, shown, nil
}

// openBox opens a box. The text stays the caller's to wipe.
func openBox(k *share.Keycard, passwords []*secret.Bytes, o Options) (b *box, text []byte, err error) {
	if k.Envelope == nil {
		text = bytes.Clone(k.Text.Expose())
	} else if text, err = openEnvelope(k.Envelope, passwords, o); err != nil {
		return nil, nil, err
	}
	if b, err = readBox(text); err != nil {
		secret.Wipe(text)
		if k.Envelope == nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		err = fmt.Errorf("%w: %w", ErrContent, err)
		return nil, nil, err
	}
	return b, text, nil
}

// of compares the box with what the file says, and returns the holders with the share
// public keys that the box shows, if it does.
func (b *box) of(s *share.Sealed) ([]share.Participant, error) {
	g := s.Group
	if g == nil || s.ShareID == nil {
		return nil, nil // to be salvaged
	}
	switch {
	case b.curve != g.Curve || !b.root.Equal(g.RootKey) || b.chainCode != *g.ChainCode:
		return nil, fmt.Errorf("%w: it is of the wallet whose box C is %s%x, which is another", ErrOtherShare, strings.TrimPrefix(share.KeyText(b.root), "00"), b.chainCode)
	case !s.ShareID.Equal(g.Participants[b.index].ShareID):
		return nil, fmt.Errorf("%w: it is %s, in the place of the other", ErrOtherShare, boxes[b.index])
	case b.keys == nil:
		return nil, nil
	}
	shown := slices.Clone(g.Participants)
	for i := range shown {
		shown[i].PublicKey = b.keys[i]
	}
	return shown, nil
}

// describeKeycard opens a box that says nothing before it is open, and returns JSON with
// its public facts and its text.
func describeKeycard(k *share.Keycard, passwords []*secret.Bytes, o Options) ([]byte, error) {
	b, text, err := openBox(k, passwords, o)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(text)
	b.x.Wipe()
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(text))+512)
	out = fmt.Appendf(out, `{"curve":"%v","root":"%s","chain_code":"%x","box":%d,"text":"`, b.curve, share.KeyText(b.root), b.chainCode, b.index)
	out = base64.StdEncoding.AppendEncode(out, text)
	return append(out, `"}`...), nil
}

// openEnvelope decrypts an envelope with the first of the passwords that fits.
func openEnvelope(e *share.Envelope, passwords []*secret.Bytes, o Options) ([]byte, error) {
	if e.Check() != nil {
		return nil, ErrDamaged
	}
	if len(passwords) == 0 {
		return nil, &SecretError{Need: share.KeycardPassword, Missing: true}
	}
	if e.Version == 1 {
		if err := o.allow(e.Iterations); err != nil {
			return nil, err
		}
	}
	for _, password := range candidates(passwords) {
		key, err := envelopeKey(e, password)
		if err != nil {
			return nil, ErrDamaged
		}
		plain, err := decryptEnvelope(e, key)
		secret.Wipe(key)
		if err == nil {
			return plain, nil
		}
	}
	return nil, &SecretError{Need: share.KeycardPassword, Detail: ", or the box is damaged: the cipher cannot tell which"}
}

// envelopeKey derives the cipher's key from a password.
func envelopeKey(e *share.Envelope, password []byte) ([]byte, error) {
	if e.Version == 1 {
		return pbkdf2.Key(sha256.New, string(password), e.Salt, int(e.Iterations), e.Length)
	}
	key := argon2.IDKey(password, e.Salt, uint32(e.Iterations), uint32(e.Memory), uint8(e.Lanes), uint32(e.Length))
	if e.HKDFSalt == nil {
		return key, nil
	}
	defer secret.Wipe(key)
	return hkdf.Key(sha256.New, key, e.HKDFSalt, hkdfInfo, e.Length)
}

func decryptEnvelope(e *share.Envelope, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	if e.Version == 1 {
		return (&ccm{block, e.TagSize}).open(shortNonce(e), e.Ciphertext, e.Data)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, len(e.Nonce))
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	return gcm.Open(nil, e.Nonce, e.Ciphertext, e.Data)
}

// shortNonce cuts the nonce as sjcl does: the message's length is a number of as few
// bytes as it needs, and not under two, and takes their place.
func shortNonce(e *share.Envelope) []byte {
	lengthSize := 2
	for (len(e.Ciphertext)-e.TagSize)>>(8*lengthSize) > 0 {
		lengthSize++
	}
	return e.Nonce[:min(len(e.Nonce), blockSize-1-lengthSize)]
}
