package open

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"lifeboat/internal/rsakey"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// hashes are those of OAEP.
var hashes = map[string]func() hash.Hash{"SHA-1": sha1.New, "SHA-256": sha256.New}

// decryptRSA opens RSA-OAEP with the first of the private keys that fits. key and
// passphrase are the needs by which they are given.
func decryptRSA(ciphertext []byte, hash string, keys Keys, key, passphrase share.Need) ([]byte, error) {
	if len(keys[key.Name]) == 0 {
		return nil, &SecretError{Need: key, Missing: true}
	}
	var err error
	for _, text := range keys[key.Name] {
		var plain []byte
		if plain, err = decryptOne(ciphertext, hash, text, keys[passphrase.Name], key, passphrase); err == nil {
			return plain, nil
		}
	}
	return nil, err
}

func decryptOne(ciphertext []byte, hash string, text *secret.Bytes, passphrases []*secret.Bytes, key, passphrase share.Need) ([]byte, error) {
	k, err := rsakey.Parse(text.Expose(), passphrases)
	switch {
	case errors.Is(err, rsakey.ErrEncrypted):
		return nil, &SecretError{Need: passphrase, Missing: len(passphrases) == 0}
	case err != nil:
		return nil, &SecretError{Need: key, Detail: ": what was given is " + err.Error()}
	}
	defer k.Wipe()
	if bits := 8 * len(ciphertext); (k.Bits()+7)/8*8 != bits {
		return nil, &SecretError{Need: key, Detail: fmt.Sprintf(": it has %d bits, and the file was encrypted to one of %d", k.Bits(), bits)}
	}
	plain, err := k.Decrypt(hashes[hash], ciphertext)
	if err != nil {
		return nil, &SecretError{Need: key, Detail: ", or this part of the file is damaged: the cipher cannot tell which"}
	}
	return plain, nil
}
