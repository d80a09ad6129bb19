package open

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// box is what a box of a keycard holds: one of two numbers whose sum is the key. BitGo
// shares a key among three, of which it keeps one itself; with the weights that the
// user's and the backup's have in the sum, these two are an additive sharing.
type box struct {
	curve     curve.Curve
	root      *curve.Point
	chainCode [32]byte
	index     int // 0 the user's, box A; 1 that of the backup, box B
	x         *scalar.Secret
	keys      []*curve.Point // share public keys of both; nil if the box does not show them
}

// weights are those of Shamir's shares at 1 and 2: 2 and -1.
func weights(c curve.Curve) []*curve.Scalar {
	return share.LagrangeAt(c.Scalar(), []*curve.Scalar{c.ScalarFromUint(1), c.ScalarFromUint(2)})
}

// term is a secret number, big-endian, that comes into a share times its weight, and the
// public key that it must have if that is known.
type term struct {
	weight *curve.Scalar
	number []byte
	public *curve.Point
}

// sum sets the share of the box.
func (b *box) sum(terms ...term) error {
	b.x = scalar.Zero(b.curve)
	for _, t := range terms {
		x, err := scalar.New(b.curve, t.number)
		if err != nil {
			return err
		}
		if t.public != nil && !x.Public().Equal(t.public) {
			x.Wipe()
			return errors.New("a part of it does not have the public key that it should have")
		}
		b.x.Add(x.MulPublic(t.weight))
		x.Wipe()
	}
	return nil
}

// readBox reads the text of a box, in any of the forms that BitGo's programs wrote over
// the years.
func readBox(text []byte) (*box, error) {
	b := new(box)
	if err := b.read(text); err != nil {
		b.x.Wipe()
		return nil, err
	}
	return b, nil
}

func (b *box) read(text []byte) error {
	if bytes.HasPrefix(text, []byte("{")) {
		var doc boxJSON
		defer doc.wipe()
		if err := strict.Unmarshal(text, &doc); err != nil {
			return err
		}
		switch {
		case doc.PShare != nil:
			return b.fromGG18(&doc)
		case doc.UShare != nil:
			return b.fromEdDSA(&doc)
		}
		return errors.New("neither pShare nor uShare is in it")
	}
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	defer secret.Wipe(raw)
	n, err := base64.RawStdEncoding.Decode(raw, bytes.TrimRight(text, "="))
	if err != nil {
		return errors.New("it is neither JSON nor base64")
	}
	fields, ok := cborFields(raw[:n])
	if !ok {
		return errors.New("it is neither JSON nor the base64 of CBOR")
	}
	defer wipeFields(fields)
	if _, ok := fields["keyShare"]; ok {
		return b.fromSchnorr(fields)
	}
	return b.fromDKLS(fields)
}

// boxJSON is the text of a box of the first versions. Each of the three parties shared a
// number of its own among all, and the key is the sum of the numbers.
type boxJSON struct {
	PShare *ownJSON `json:"pShare"` // ECDSA (GG18)
	UShare *ownJSON `json:"uShare"` // EdDSA

	UserN   *partJSON `json:"userNShare"`
	BackupN *partJSON `json:"backupNShare"`
	BitGoN  *partJSON `json:"bitgoNShare"`
	UserY   *partJSON `json:"userYShare"`
	BackupY *partJSON `json:"backupYShare"`
	BitGoY  *partJSON `json:"bitgoYShare"`
}

// ownJSON is the party's own number. y is its public key.
type ownJSON struct {
	I         int    `json:"i"`
	Y         string `json:"y"`
	U         digits `json:"u"`    // ECDSA: the party's own share of it
	Seed      digits `json:"seed"` // EdDSA: RFC 8032 makes the number of it
	ChainCode string `json:"chaincode"`
}

// partJSON is the party's share of another's number. y is the public key of the number,
// and v of the slope of the line on which the shares lie; old files have no v.
type partJSON struct {
	I         int    `json:"i"`
	J         int    `json:"j"`
	Y         string `json:"y"`
	V         string `json:"v"`
	U         digits `json:"u"`
	ChainCode string `json:"chaincode"`
}

// digits are the bytes of a JSON string of hex, which never become a string.
type digits []byte

// UnmarshalJSON takes the bytes between the quotes.
func (d *digits) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	// A number that was written without its first zero has an odd number of digits.
	padded := make([]byte, len(b)%2, len(b)+1)
	defer secret.Wipe(padded)
	if len(b)%2 == 1 {
		padded[0] = '0'
	}
	padded = append(padded, b...)
	out := make([]byte, len(padded)/2)
	if _, err := hex.Decode(out, padded); err != nil {
		secret.Wipe(out)
		return ErrContent
	}
	*d = out
	return nil
}

var _ json.Unmarshaler = (*digits)(nil)

func (d *boxJSON) wipe() {
	for _, own := range []*ownJSON{d.PShare, d.UShare} {
		if own != nil {
			secret.Wipe(own.U)
			secret.Wipe(own.Seed)
		}
	}
	for _, part := range []*partJSON{d.UserN, d.BackupN, d.BitGoN, d.UserY, d.BackupY, d.BitGoY} {
		if part != nil {
			secret.Wipe(part.U)
		}
	}
}

// common reads what is public in a box of the first versions: whose it is, and the sums
// that are the root key and its chain code.
func (b *box) common(own *ownJSON, of [2]*partJSON, bitgo *partJSON) (other *partJSON, err error) {
	if own.I != 1 && own.I != 2 {
		return nil, fmt.Errorf("it is the share of party %d: 1 is the user, 2 the backup", own.I)
	}
	b.index = own.I - 1
	other = of[1-b.index]
	if other == nil || bitgo == nil {
		return nil, errors.New("the shares of the other two parties' numbers are not in it")
	}
	if other.I != own.I || other.J != 3-own.I || bitgo.I != own.I || bitgo.J != 3 {
		return nil, errors.New("its parts are not numbered for one party")
	}
	b.root = b.curve.Identity()
	for _, part := range []struct{ y, chainCode string }{{own.Y, own.ChainCode}, {other.Y, other.ChainCode}, {bitgo.Y, bitgo.ChainCode}} {
		y, err := b.point(part.y)
		if err != nil {
			return nil, err
		}
		b.root = b.root.Add(y)
		if err := b.addChainCode(part.chainCode); err != nil {
			return nil, err
		}
	}
	return other, nil
}

// addChainCode adds up numbers modulo 2^256.
func (b *box) addChainCode(text string) error {
	digits := 2 * len(b.chainCode)
	code, err := hex.DecodeString(strings.Repeat("0", max(0, digits-len(text))) + text) // old files leave out the first zeros
	if err != nil || len(code) != len(b.chainCode) {
		return errors.New("a chain code in it is not 32 bytes in hex")
	}
	carry := 0
	for i := len(code) - 1; i >= 0; i-- {
		carry += int(b.chainCode[i]) + int(code[i])
		b.chainCode[i] = byte(carry)
		carry >>= 8
	}
	return nil
}

func (b *box) point(text string) (*curve.Point, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("a public key in it is not hexadecimal")
	}
	return b.curve.ParsePoint(raw)
}

// at returns the public key of the value at x of the line through y with slope v, or nil
// if the box does not have v.
func (b *box) at(part *partJSON, x int) (*curve.Point, error) {
	if part.V == "" {
		return nil, nil
	}
	y, err := b.point(part.Y)
	if err != nil {
		return nil, err
	}
	v, err := b.point(part.V)
	if err != nil {
		return nil, err
	}
	return y.Add(v.Mul(b.curve.ScalarFromUint(uint64(x)))), nil
}

// fromGG18 sums up the party's shares of all three numbers: a share of the key at 1 or 2.
func (b *box) fromGG18(d *boxJSON) error {
	b.curve = curve.Secp256k1
	other, err := b.common(d.PShare, [2]*partJSON{d.UserN, d.BackupN}, d.BitGoN)
	if err != nil {
		return err
	}
	w := weights(b.curve)[b.index]
	terms := []term{{w, d.PShare.U, nil}}
	for _, part := range []*partJSON{other, d.BitGoN} {
		public, err := b.at(part, d.PShare.I)
		if err != nil {
			return err
		}
		terms = append(terms, term{w, part.U, public})
	}
	return b.sum(terms...)
}

// fromEdDSA takes the party's own number, and its part of BitGo's.
func (b *box) fromEdDSA(d *boxJSON) error {
	b.curve = curve.Ed25519
	other, err := b.common(d.UShare, [2]*partJSON{d.UserY, d.BackupY}, d.BitGoY)
	if err != nil {
		return err
	}
	if len(d.UShare.Seed) != 32 || len(d.BitGoY.U) != 32 {
		return errors.New("a number in it is not of 32 bytes")
	}
	seed := sha512.Sum512(d.UShare.Seed)
	defer clear(seed[:])
	own := seed[:32]
	own[0] &= 248
	own[31] = own[31]&127 | 64
	slices.Reverse(own)
	slices.Reverse(d.BitGoY.U)

	one, w := b.curve.ScalarFromUint(1), weights(b.curve)
	var publics [2]*curve.Point
	for i := range publics {
		if publics[i], err = b.at(d.BitGoY, i+1); err != nil {
			return err
		}
	}
	y, err := b.point(d.UShare.Y)
	if err != nil {
		return err
	}
	if publics[0] != nil {
		others, err := b.point(other.Y)
		if err != nil {
			return err
		}
		owns := [2]*curve.Point{y, y}
		owns[1-b.index] = others
		for i, p := range publics {
			b.keys = append(b.keys, owns[i].Add(p.Mul(w[i])))
		}
	}
	return b.sum(term{one, own, y}, term{w[b.index], d.BitGoY.U, publics[b.index]})
}

// fromDKLS reads a Shamir share at a point of the list; all their public keys are there.
func (b *box) fromDKLS(fields map[string][][]byte) error {
	b.curve = curve.Secp256k1
	keys, points, number := fields["bigSList"], fields["xList"], only(fields["prv"])
	if len(keys) != 3 || len(points) != 3 || len(number) != 32 {
		return errors.New("it has not the three share public keys, the three points and the share of a wallet")
	}
	if err := b.setRoot(only(fields["pub"]), only(fields["rootChainCode"])); err != nil {
		return err
	}
	x, err := scalar.New(b.curve, number)
	if err != nil {
		return err
	}
	public := x.Public()
	x.Wipe()
	var publics []*curve.Point
	for _, k := range keys {
		p, err := b.curve.ParsePoint(k)
		if err != nil {
			return err
		}
		publics = append(publics, p)
	}
	switch b.index = slices.IndexFunc(publics, public.Equal); b.index {
	case -1:
		return errors.New("its share has none of the share public keys that it lists")
	case 2:
		return errors.New("it is BitGo's own share")
	}
	var at []*curve.Scalar
	for _, p := range points[:2] {
		if len(p) != 32 {
			return errors.New("a point in it is not of 32 bytes")
		}
		at = append(at, b.curve.ScalarFromBytes(p))
	}
	if at[0].IsZero() || at[1].IsZero() || at[0].Equal(at[1]) {
		return errors.New("its points are not those of two shares")
	}
	w := share.LagrangeAt(b.curve.Scalar(), at)
	for i := range w {
		b.keys = append(b.keys, publics[i].Mul(w[i]))
	}
	return b.sum(term{w[b.index], number, public})
}

// fromSchnorr reads a Shamir share at 1 or 2, of 132 bytes.
func (b *box) fromSchnorr(fields map[string][][]byte) error {
	b.curve = curve.Ed25519
	s := only(fields["keyShare"])
	if len(s) != 132 {
		return fmt.Errorf("its keyShare has %d bytes, not 132", len(s))
	}
	if s[0] != 2 || s[1] != 3 || s[2] > 1 {
		return fmt.Errorf("it is share %d of a wallet of %d, of which %d are needed: a keycard has shares 1 and 2 of three, and two are needed", int(s[2])+1, s[1], s[0])
	}
	number, pub, code := s[3:35], s[35:67], s[100:132]
	if !bytes.Equal(pub, only(fields["pub"])) || !bytes.Equal(code, only(fields["rootChainCode"])) {
		return errors.New("its public key or chain code is not that of its keyShare")
	}
	if err := b.setRoot(pub, code); err != nil {
		return err
	}
	b.index = int(s[2])
	slices.Reverse(number)
	return b.sum(term{weights(b.curve)[b.index], number, nil})
}

func (b *box) setRoot(pub, code []byte) (err error) {
	if len(code) != len(b.chainCode) {
		return errors.New("its chain code is not of 32 bytes")
	}
	copy(b.chainCode[:], code)
	b.root, err = b.curve.ParsePoint(pub)
	return err
}

// only returns the one value of a field, or nil.
func only(list [][]byte) []byte {
	if len(list) != 1 {
		return nil
	}
	return list[0]
}
