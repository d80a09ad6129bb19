package formats

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// tssLib is tss-lib's save data. It lies in the clear, and stores neither the
// threshold nor the chain code.
var tssLib = form{
	name:  "tss-lib",
	marks: []string{"BigXj"},
	is:    func(d *document) bool { return bool(d.keys.Xi && d.keys.Ks) },
	read:  readSaveData,
}

type tssLibKeys struct{ Xi, Ks present }

// saveData is the part of tss-lib's LocalPartySaveData
// (github.com/bnb-chain/tss-lib v2, ecdsa/keygen and eddsa/keygen) that describes a
// share. Numbers are JSON integers; points are affine coordinates. Xi is the share
// itself and is kept as the bytes of the file.
type saveData struct {
	Xi       json.RawMessage `json:"Xi"`
	ShareID  json.Number     `json:"ShareID"`
	Ks       []json.Number   `json:"Ks"`
	BigXj    []pointJSON     `json:"BigXj"`
	ECDSAPub *pointJSON      `json:"ECDSAPub"`
	EDDSAPub *pointJSON      `json:"EDDSAPub"`
}

type pointJSON struct {
	Curve  string        `json:"Curve"`
	Coords []json.Number `json:"Coords"`
}

// maxDigits is the longest decimal number below 2^256, and a little more for a
// share that was not reduced.
const maxDigits = 82

func readSaveData(doc *document, pin share.Pin) ([]*share.Sealed, error) {
	var d saveData
	if err := strict.Unmarshal(doc.data, &d); err != nil {
		return nil, err
	}
	s := &share.Sealed{Version: 2, Lock: &share.Clear{Digits: secret.Take(d.Xi)}}
	if err := d.fill(s, pin); err != nil {
		s.Wipe()
		return nil, err
	}
	return []*share.Sealed{s}, nil
}

// fill reads all that is public.
func (d *saveData) fill(s *share.Sealed, pin share.Pin) error {
	root := d.ECDSAPub
	s.Curve = curve.Secp256k1
	if d.EDDSAPub != nil {
		if root != nil {
			return errors.New("it has both ECDSAPub and EDDSAPub")
		}
		s.Curve, root = curve.Ed25519, d.EDDSAPub
	}
	if root == nil {
		return errors.New("it has neither ECDSAPub nor EDDSAPub, so its key generation did not finish")
	}
	switch n := len(d.Ks); {
	case n < 2 || n > share.MaxParticipants:
		return fmt.Errorf("%d parties in Ks; 2 to %d are supported", n, share.MaxParticipants)
	case len(d.BigXj) != n:
		return fmt.Errorf("%d parties in Ks and %d in BigXj", n, len(d.BigXj))
	}
	key, err := root.point(s.Curve)
	if err != nil {
		return fmt.Errorf("the root public key: %w", err)
	}
	g := &share.Group{Curve: s.Curve, Scheme: share.Shamir, RootKey: key}
	for i, k := range d.Ks {
		id, err := share.NewID(s.Curve, k.String())
		if err != nil {
			return fmt.Errorf("field Ks[%d]: %w", i, err)
		}
		if p := g.Participant(id); p != nil {
			return fmt.Errorf("%w: two parties have the same share ID", share.ErrInconsistent)
		}
		key, err := d.BigXj[i].point(s.Curve)
		if err != nil {
			return fmt.Errorf("field BigXj[%d]: %w", i, err)
		}
		x := id.Scalar().Bytes()
		g.Participants = append(g.Participants, share.Participant{NodeID: "party-" + hex.EncodeToString(x[:8]), ShareID: id, PublicKey: key})
	}
	id, err := share.NewID(s.Curve, d.ShareID.String())
	if err != nil {
		return fmt.Errorf("field ShareID: %w", err)
	}
	own := g.Participant(id)
	if own == nil {
		return fmt.Errorf("%w: ShareID is not in Ks", share.ErrInconsistent)
	}
	s.NodeID, s.ShareID, s.PublicKey = own.NodeID, &own.ShareID, own.PublicKey
	if g.Threshold = pin.Threshold; g.Threshold == 0 {
		if g.Threshold, err = g.FitThreshold(); err != nil {
			return err
		}
	}
	for _, root := range pin.Roots {
		if root.Point().Equal(key) {
			cc := root.ChainCode()
			g.ChainCode = &cc
		}
	}
	g.ID = share.TSSLibID + g.Epoch()
	s.Group, s.Roster = g, g.Participants
	s.CheckOwn()
	return nil
}

// point reads affine coordinates and checks that they are on the curve.
func (j *pointJSON) point(c curve.Curve) (*curve.Point, error) {
	if j.Curve != c.String() {
		return nil, fmt.Errorf("a point of curve %.40q, not %v", j.Curve, c)
	}
	if len(j.Coords) != 2 {
		return nil, fmt.Errorf("%d coordinates", len(j.Coords))
	}
	var xy [2]*big.Int
	for i, n := range j.Coords {
		text := n.String()
		v, ok := new(big.Int), len(text) <= maxDigits
		if ok {
			v, ok = v.SetString(text, 10)
		}
		if !ok || v.Sign() < 0 || v.BitLen() > 256 {
			return nil, errors.New("a coordinate is not an integer below 2^256")
		}
		xy[i] = v
	}
	if c == curve.Secp256k1 {
		b := make([]byte, 65)
		b[0] = 4
		xy[0].FillBytes(b[1:33])
		xy[1].FillBytes(b[33:])
		return c.ParsePoint(b)
	}
	return edwardsPoint(xy[0], xy[1])
}

// edwardsPoint checks x against the curve equation -x² + y² = 1 + d·x²·y² (RFC
// 8032 section 5.1), since the encoded form has only its lowest bit, and reads
// that form.
func edwardsPoint(x, y *big.Int) (*curve.Point, error) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mod(d.Mul(d, big.NewInt(-121665)), p)
	xx, yy := new(big.Int).Mul(x, x), new(big.Int).Mul(y, y)
	left := new(big.Int).Sub(yy, xx)
	right := new(big.Int).Mul(xx, yy)
	right.Add(right.Mul(right, d), big.NewInt(1))
	if x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || left.Sub(left, right).Mod(left, p).Sign() != 0 {
		return nil, fmt.Errorf("%w: the coordinates are not on ed25519", curve.ErrPoint)
	}
	b := y.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	b[31] |= byte(x.Bit(0)) << 7
	return curve.Ed25519.ParsePoint(b)
}
