package open

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// openRSA opens a part of a Fireblocks backup that is encrypted to an RSA key.
func openRSA(c curve.Curve, l *share.RSA, keys Keys) (*scalar.Secret, []share.Participant, error) {
	needs := l.Needs()
	plain, err := decryptRSA(l.Ciphertext, l.Hash, keys, needs[0], needs[1])
	if err != nil {
		return nil, nil, err
	}
	defer secret.Wipe(plain)
	return decodePart(c, plain)
}

// openCBC opens the part of a mobile device. A wrong passphrase is told from a right one
// by the padding, and by what comes out.
func openCBC(c curve.Curve, l *share.CBC, keys Keys) (*scalar.Secret, []share.Participant, error) {
	passphrases := keys[share.MobilePassphrase.Name]
	if l.Passphrase != nil && len(keys[share.MobileRSAKey.Name]) > 0 {
		own, err := decryptRSA(l.Passphrase, "SHA-256", keys, share.MobileRSAKey, share.MobileRSAPassphrase)
		switch {
		case err == nil:
			opened := secret.Take(own)
			defer opened.Wipe()
			passphrases = append([]*secret.Bytes{opened}, passphrases...)
		case len(passphrases) == 0: // one of the two is enough
			return nil, nil, err
		}
	}
	if len(passphrases) == 0 {
		return nil, nil, &SecretError{Need: share.MobilePassphrase, Missing: true}
	}
	if n := len(l.Ciphertext); n == 0 || n%aes.BlockSize != 0 {
		return nil, nil, ErrDamaged
	}
	for _, p := range passphrases {
		plain, err := decryptCBC(l, p.Expose())
		if err != nil {
			return nil, nil, err
		}
		n := int(plain[len(plain)-1])
		if padding := bytes.Repeat([]byte{byte(n)}, n); n >= 1 && n <= aes.BlockSize && bytes.HasSuffix(plain, padding) {
			x, shown, err := decodePart(c, plain[:len(plain)-n])
			if err == nil {
				secret.Wipe(plain)
				return x, shown, nil
			}
		}
		secret.Wipe(plain)
	}
	return nil, nil, &SecretError{Need: share.MobilePassphrase, Detail: ", or the mobile part is damaged: the cipher cannot tell which"}
}

func decryptCBC(l *share.CBC, passphrase []byte) ([]byte, error) {
	// The standard library takes the passphrase as a string; secret.Do erases it.
	key, err := pbkdf2.Key(sha1.New, string(passphrase), l.Salt, share.CBCIterations, 32)
	if err != nil {
		return nil, ErrDamaged
	}
	defer secret.Wipe(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrDamaged
	}
	plain := make([]byte, len(l.Ciphertext))
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(plain, l.Ciphertext)
	return plain, nil
}

// tags are how a part says for which curve it is, in 4 bytes, little-endian.
var tags = map[uint32]curve.Curve{0: curve.Secp256k1, 1: curve.Ed25519}

// decodePart reads a decrypted part: the share in 32 bytes, after 4 that say for which
// curve it is, or in JSON beside metadata with the share public keys of all parts.
func decodePart(c curve.Curve, plain []byte) (*scalar.Secret, []share.Participant, error) {
	if bytes.HasPrefix(bytes.TrimLeft(plain, " \t\r\n"), []byte("{")) && len(plain) > 4+curve.ScalarSize {
		return decodePartJSON(c, plain)
	}
	switch len(plain) {
	case curve.ScalarSize:
	case 4 + curve.ScalarSize:
		if tag, ok := tags[binary.LittleEndian.Uint32(plain)]; !ok || tag != c {
			return nil, nil, ErrContent
		}
		plain = plain[4:]
	default:
		return nil, nil, ErrContent
	}
	x, err := scalar.New(c, plain)
	if err != nil {
		return nil, nil, ErrContent
	}
	return x, nil, nil
}

func decodePartJSON(c curve.Curve, plain []byte) (*scalar.Secret, []share.Participant, error) {
	var doc struct {
		Key      text `json:"key"`
		Metadata text `json:"metadata"`
	}
	defer func() { secret.Wipe(doc.Key) }()
	if strict.Unmarshal(plain, &doc) != nil {
		return nil, nil, ErrContent
	}
	key, err := decodeText(doc.Key)
	defer secret.Wipe(key)
	if err != nil || bytes.HasPrefix(key, []byte("{")) {
		return nil, nil, ErrContent
	}
	x, _, err := decodePart(c, key)
	if err != nil {
		return nil, nil, err
	}
	// Metadata that cannot be read proves nothing, and is not needed for the key.
	metadata, err := decodeText(doc.Metadata)
	if err != nil {
		return x, nil, nil
	}
	shown, err := parseMetadata(c, metadata)
	if err != nil {
		return x, nil, nil
	}
	return x, shown, nil
}

// decodeText decodes hex, or else base64.
func decodeText(t []byte) ([]byte, error) {
	out := make([]byte, len(t))
	if n, err := hex.Decode(out, t); err == nil {
		return out[:n], nil
	}
	n, err := base64.StdEncoding.Decode(out, t)
	if err != nil {
		secret.Wipe(out)
		return nil, ErrContent
	}
	return out[:n], nil
}

// errMetadata is returned for metadata of another form.
var errMetadata = errors.New("the metadata of the part is of another form")

// parseMetadata reads the share public keys of all players:
//
//	public key 33 ‖ t ‖ n ‖ 9 bytes ‖ seed 32 ‖ n × (x, 8 bytes little-endian ‖
//	share public key 33 ‖ 2 × (length, 4 bytes little-endian ‖ as many bytes))
func parseMetadata(c curve.Curve, b []byte) ([]share.Participant, error) {
	const head = curve.PointSize + 1 + 1 + 9 + 32
	if len(b) < head {
		return nil, errMetadata
	}
	n := int(b[curve.PointSize+1])
	b = b[head:]
	var list []share.Participant
	for range n {
		if len(b) < 8+curve.PointSize {
			return nil, errMetadata
		}
		id, err := share.NewID(c, strconv.FormatUint(binary.LittleEndian.Uint64(b), 10))
		if err != nil {
			return nil, errMetadata
		}
		key, err := paddedPoint(c, b[8:8+curve.PointSize])
		if err != nil {
			return nil, errMetadata
		}
		list = append(list, share.Participant{ShareID: id, PublicKey: key})
		b = b[8+curve.PointSize:]
		for range 2 {
			if len(b) < 4 || uint64(len(b)-4) < uint64(binary.LittleEndian.Uint32(b)) {
				return nil, errMetadata
			}
			b = b[4+binary.LittleEndian.Uint32(b):]
		}
	}
	return list, nil
}

// paddedPoint reads a public key in 33 bytes. On ed25519 one of them is zero: the first,
// or the last.
func paddedPoint(c curve.Curve, b []byte) (*curve.Point, error) {
	if c == curve.Ed25519 && b[0] != 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return c.ParsePoint(b)
}
