package verifiable

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcutil/bech32"

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

// RecipientOf returns the recipient of an identity.
func RecipientOf(identity *secret.Bytes) (public [KeySize]byte, err error) {
	secret.Do(func() {
		var key *ecdh.PrivateKey
		if key, err = ecdh.X25519().NewPrivateKey(identity.Expose()); err == nil {
			public = [KeySize]byte(key.PublicKey().Bytes())
		}
	})
	if err != nil {
		return public, ErrIdentity
	}
	return public, nil
}

const (
	identityPrefix = "AGE-SECRET-KEY-1"
	charset        = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
)

// ParseIdentity reads an age X25519 identity (AGE-SECRET-KEY-1…), which stays the
// caller's to wipe, as what is returned. The library of BIP 173 would make strings of
// it.
func ParseIdentity(line *secret.Bytes) (*secret.Bytes, error) {
	text := bytes.ToUpper(bytes.TrimSpace(line.Expose()))
	defer secret.Wipe(text)
	if !bytes.HasPrefix(text, []byte(identityPrefix)) {
		return nil, fmt.Errorf("%w: it starts with %s…", ErrIdentity, identityPrefix)
	}
	const prefix, check = len(identityPrefix) - 1, 6
	values := make([]byte, 0, len(text))
	defer func() { secret.Wipe(values) }()
	for _, ch := range text[:prefix] {
		values = append(values, ch|0x20)
	}
	sum := polymod(values)
	key, acc, bits := secret.New(KeySize), uint32(0), 0
	n, digits := 0, text[prefix+1:]
	for i, ch := range digits {
		v := bytes.IndexByte([]byte(charset), ch)
		if v < 0 {
			key.Wipe()
			return nil, fmt.Errorf("%w: it has a letter that none has", ErrIdentity)
		}
		sum = step(sum, byte(v))
		if i >= len(digits)-check {
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
	if sum != 1 || n != KeySize || bits >= 5 || acc != 0 {
		key.Wipe()
		return nil, fmt.Errorf("%w: it was mistyped or cut off", ErrIdentity)
	}
	return key, nil
}

// polymod begins a checksum of BIP 173 with its prefix.
func polymod(prefix []byte) uint32 {
	c := uint32(1)
	for _, b := range prefix {
		c = step(c, b>>5)
	}
	c = step(c, 0)
	for _, b := range prefix {
		c = step(c, b&31)
	}
	return c
}

func step(c uint32, v byte) uint32 {
	top := c >> 25
	c = c&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		c ^= g & -(top >> i & 1)
	}
	return c
}
