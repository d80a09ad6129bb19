package verifiable

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"

	"lifeboat/internal/bechsum"
	"lifeboat/internal/secret"
)

// ErrRecipient means that a text is no age X25519 recipient. Others cannot be proved.
var ErrRecipient = errors.New("not an X25519 recipient of age (age1…): only those can be proved; make one with keygen --classic")

const recipientPrefix = "age"

// ParseRecipient reads an age X25519 recipient (age1…, BIP 173).
func ParseRecipient(text string) (key [KeySize]byte, err error) {
	hrp, data, err := bech32.Decode(text)
	if err != nil || hrp != recipientPrefix || strings.ToLower(text) != text {
		return key, ErrRecipient
	}
	b, err := bech32.ConvertBits(data, 5, 8, false)
	if err != nil || len(b) != KeySize || !canonical([KeySize]byte(b)) {
		return key, ErrRecipient
	}
	return [KeySize]byte(b), nil
}

// canonical reports whether a public key is below 2^255 - 19, as everybody writes it.
// X25519 takes the others too, so a proof for one would check, but the identity would
// have another recipient.
func canonical(key [KeySize]byte) bool {
	slices.Reverse(key[:])
	prime := [KeySize]byte{0: 0x7f, KeySize - 1: 0xed}
	for i := range prime[1 : KeySize-1] {
		prime[1+i] = 0xff
	}
	return bytes.Compare(key[:], prime[:]) < 0
}

// FormatRecipient writes an X25519 public key as age does.
func FormatRecipient(key [KeySize]byte) string {
	data, err := bech32.ConvertBits(key[:], 8, 5, true)
	if err == nil {
		var text string
		if text, err = bech32.Encode(recipientPrefix, data); err == nil {
			return text
		}
	}
	panic(fmt.Sprintf("verifiable: writing a recipient: %v", err)) // 32 bytes always have a form
}

const identityPrefix = "age-secret-key-"

// ParseIdentity reads an age X25519 identity (AGE-SECRET-KEY-1…), which stays the
// caller's to wipe, as what is returned. The library of BIP 173 would make strings of
// it.
func ParseIdentity(line *secret.Bytes) (*secret.Bytes, error) {
	text := bytes.ToLower(bytes.TrimSpace(line.Expose()))
	defer secret.Wipe(text)
	if !bytes.HasPrefix(text, []byte(identityPrefix+"1")) {
		return nil, fmt.Errorf("%w: it starts with AGE-SECRET-KEY-1…", ErrIdentity)
	}
	sum := bechsum.Begin(identityPrefix)
	key, acc, bits := secret.New(KeySize), uint32(0), 0
	n, digits := 0, text[len(identityPrefix)+1:]
	for i, ch := range digits {
		v := strings.IndexByte(bechsum.Charset, ch)
		if v < 0 {
			key.Wipe()
			return nil, fmt.Errorf("%w: it has a letter that none has", ErrIdentity)
		}
		sum = bechsum.Step(sum, byte(v))
		if i >= len(digits)-bechsum.ChecksumSize {
			continue
		}
		acc, bits = acc<<5|uint32(v), bits+5
		if bits >= 8 && n < KeySize {
			bits -= 8
			key.Expose()[n] = byte(acc >> bits)
			n++
			acc &= 1<<bits - 1
		}
	}
	if sum != bechsum.Const || n != KeySize || bits >= 5 || acc != 0 {
		key.Wipe()
		return nil, fmt.Errorf("%w: it was mistyped or cut off", ErrIdentity)
	}
	return key, nil
}
