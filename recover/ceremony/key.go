package ceremony

import (
	"bytes"
	"crypto/hpke"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
)

// Parts and sums are sealed with HPKE (RFC 9180) in its base mode: the KEM is
// MLKEM768-X25519 (X-Wing), hybrid post-quantum, since a stick may be copied
// today and read when there are quantum computers; HKDF-SHA256; AES-256-GCM.
func kem() hpke.KEM   { return hpke.MLKEM768X25519() }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.AES256GCM() }

// sealedSize is the length of a sealed scalar: the encapsulated key (1088 bytes
// of ML-KEM-768 and 32 of X25519), the scalar and the tag.
const sealedSize = 1088 + 32 + curve.ScalarSize + 16

// Key is a party's one-time private key. It opens what is sealed to the party in
// one ceremony.
type Key struct {
	session string
	node    string
	private hpke.PrivateKey
}

// keyHeader is the first line of a key file.
const keyHeader = "lifeboat-ceremony-key-v1"

// MaxKeySize is the size of the largest key file, in bytes.
const MaxKeySize = 4096

func newKey(session, node string) (*Key, error) {
	private, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("making a one-time key: %w", err)
	}
	return &Key{session, node, private}, nil
}

// Marshal returns the key file: lines of text, secret.
func (k *Key) Marshal() (*secret.Bytes, error) {
	raw, err := k.private.Bytes()
	if err != nil {
		return nil, fmt.Errorf("writing a one-time key: %w", err)
	}
	defer secret.Wipe(raw)
	head := keyHeader + "\nsession: " + k.session + "\nnode: " + k.node + "\nkey: "
	b := make([]byte, 0, len(head)+hex.EncodedLen(len(raw))+1)
	b = append(b, head...)
	b = hex.AppendEncode(b, raw)
	return secret.Take(append(b, '\n')), nil
}

// ParseKey reads a key file. No error shows anything of it.
func ParseKey(text *secret.Bytes) (*Key, error) {
	lines := bytes.Split(text.Expose(), []byte("\n"))
	if text.Len() > MaxKeySize || len(lines) != 5 || string(lines[0]) != keyHeader || len(lines[4]) > 0 {
		return nil, fmt.Errorf("%w: it is no key file of a ceremony", ErrKey)
	}
	session, one := bytes.CutPrefix(lines[1], []byte("session: "))
	node, two := bytes.CutPrefix(lines[2], []byte("node: "))
	digits, three := bytes.CutPrefix(lines[3], []byte("key: "))
	raw := make([]byte, hex.DecodedLen(len(digits)))
	defer secret.Wipe(raw)
	if _, err := hex.Decode(raw, digits); err != nil || !one || !two || !three {
		return nil, fmt.Errorf("%w: its lines cannot be read", ErrKey)
	}
	private, err := kem().NewPrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: its key cannot be used", ErrKey)
	}
	return &Key{string(session), string(node), private}, nil
}

// Node returns whose key it is.
func (k *Key) Node() string { return k.node }

// checkKey compares the key with the join that its party left.
func (c *Ceremony) checkKey(k *Key) error {
	if k.session != c.session {
		return fmt.Errorf("%w: the key was made for another plan", ErrKey)
	}
	j := c.joins[k.node]
	if j == nil {
		return fmt.Errorf("%w: node %q has not joined", ErrKey, k.node)
	}
	if !bytes.Equal(j.public.Bytes(), k.private.PublicKey().Bytes()) {
		return &FileError{Name(StepJoin, k.node), fmt.Errorf("%w: its public key is not that of your key file: somebody replaced it, and may have got what was meant for you", ErrKey)}
	}
	return nil
}

// info binds a sealed scalar to its place: session, joins, step, author,
// receiver, group.
func (c *Ceremony) info(step Step, author, receiver string, group int) []byte {
	return []byte(domain + strings.Join([]string{
		"sealed", c.session, hash(strings.Join(c.hashes(StepJoin), "\n")), string(step), author, receiver, fmt.Sprint(group),
	}, "\n"))
}

// seal seals a scalar to a party.
func (c *Ceremony) seal(x *scalar.Secret, step Step, author, receiver string, group int) ([]byte, error) {
	raw := x.Bytes()
	defer raw.Wipe()
	b, err := hpke.Seal(c.joins[receiver].public, kdf(), aead(), c.info(step, author, receiver, group), raw.Expose())
	if err != nil {
		return nil, fmt.Errorf("sealing to node %q: %w", receiver, err)
	}
	return b, nil
}

// unseal opens what was sealed to the holder of the key.
func (c *Ceremony) unseal(k *Key, sealed []byte, step Step, author string, group int) (*scalar.Secret, error) {
	fail := func(why string) (*scalar.Secret, error) {
		return nil, &FileError{Name(step, author), fmt.Errorf("%w: what it seals to node %q %s: node %q is at fault", ErrMessage, k.node, why, author)}
	}
	raw, err := hpke.Open(k.private, kdf(), aead(), c.info(step, author, k.node, group), sealed)
	if err != nil {
		return fail("does not open")
	}
	defer secret.Wipe(raw)
	x, err := parseScalar(c.plan.groups[group].Curve, raw)
	if err != nil {
		return fail(err.Error())
	}
	return x, nil
}

// parseScalar reads what was sealed. It takes only one spelling of each scalar. Its
// errors show nothing of it.
func parseScalar(on curve.Curve, raw []byte) (*scalar.Secret, error) {
	if len(raw) != curve.ScalarSize {
		return nil, errors.New("is not a scalar")
	}
	x, err := scalar.New(on, raw)
	if err != nil {
		return nil, errors.New("is zero")
	}
	again := x.Bytes()
	defer again.Wipe()
	if subtle.ConstantTimeCompare(again.Expose(), raw) != 1 {
		x.Wipe()
		return nil, errors.New("is not reduced")
	}
	return x, nil
}
