package formats

import (
	"bytes"
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
// threshold nor the chain code. go-tss, the node of THORChain and of those who took it
// over, keeps it in its own file, which names the root key and the nodes as well.
var tssLib = form{
	name:  "tss-lib",
	what:  "tss-lib's save data, or go-tss's with local_data: JSON with long numbers (Xi, BigXj), a share in the clear",
	parts: "as --threshold says, or the fewest that fit",
	page:  "tss-lib",
	marks: []string{`"BigXj"`, `"local_data"`},
	is: func(d *document) bool {
		return bool(d.keys.Xi && d.keys.Ks || d.keys.LocalData && d.keys.PubKey)
	},
	read:      readSaveData,
	renewable: true,
}

type tssLibKeys struct {
	Xi, Ks    present
	LocalData present `json:"local_data"`
	PubKey    present `json:"pub_key"`
}

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

// pointJSON has the name of the curve in one of two fields, or in none: old versions
// knew one curve only.
type pointJSON struct {
	Curve     string        `json:"Curve"`
	CurveType string        `json:"CurveType"`
	Coords    []json.Number `json:"Coords"`
}

// scheme is what CurveType calls the curve.
var scheme = map[curve.Curve]string{curve.Secp256k1: "ecdsa", curve.Ed25519: "eddsa"}

// wrapped is save data in a file of go-tss: an object, or the base64 of its text.
type wrapped struct {
	LocalData json.RawMessage `json:"local_data"`
}

// unwrap returns the text of the save data, which is secret.
func (w *wrapped) unwrap() ([]byte, error) {
	if !bytes.HasPrefix(w.LocalData, []byte(`"`)) {
		return w.LocalData, nil
	}
	defer secret.Wipe(w.LocalData)
	var data []byte
	if json.Unmarshal(w.LocalData, &data) != nil {
		secret.Wipe(data)
		return nil, errors.New("it is neither save data nor the base64 of such")
	}
	return data, nil
}

func readSaveData(r *Reader, doc *document) ([]*share.Sealed, error) {
	if !doc.keys.LocalData {
		return r.readLocal(doc.data)
	}
	var w wrapped
	if err := strict.Unmarshal(doc.data, &w); err != nil {
		return nil, err
	}
	data, err := w.unwrap()
	if err != nil {
		return nil, fmt.Errorf("local_data: %w", err)
	}
	defer secret.Wipe(data)
	list, err := r.readLocal(data)
	if err != nil {
		return nil, fmt.Errorf("local_data: %w", err)
	}
	return list, nil
}

func (r *Reader) readLocal(data []byte) ([]*share.Sealed, error) {
	var d saveData
	if err := strict.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	s := &share.Sealed{Version: 2, Lock: &share.Clear{Digits: digits(d.Xi)}}
	if err := r.fill(s, &d, nil, nil); err != nil {
		s.Wipe()
		return nil, err
	}
	return []*share.Sealed{s}, nil
}

// digits takes the text of a number, which programs that have no long ones write as a
// string.
func digits(raw json.RawMessage) *secret.Bytes {
	defer secret.Wipe(raw)
	return secret.Copy(bytes.Trim(raw, `"`))
}

// fill reads all that is public. complete, which may be nil, adds to the group what
// the file says outside the save data; more is all that it depends on.
func (r *Reader) fill(s *share.Sealed, d *saveData, more any, complete func(*share.Group) error) error {
	s.Curve = curve.Secp256k1
	if d.EDDSAPub != nil {
		s.Curve = curve.Ed25519
	}
	facts := []any{d.Ks, d.BigXj, d.ECDSAPub, d.EDDSAPub, more}
	known, err := r.once(facts, func() *public {
		g, err := d.group(r.Pin)
		if err == nil && complete != nil {
			err = complete(g)
		}
		if err != nil {
			return &public{problems: []error{err}}
		}
		return &public{group: g}
	})
	if err != nil {
		return err
	}
	if len(known.problems) > 0 {
		return known.problems[0]
	}
	id, err := share.NewID(s.Curve, d.ShareID.String())
	if err != nil {
		return fmt.Errorf("field ShareID: %w", err)
	}
	g := known.group
	own := g.Participant(id)
	if own == nil {
		return fmt.Errorf("%w: ShareID is not in Ks", share.ErrInconsistent)
	}
	s.NodeID, s.ShareID, s.PublicKey = own.NodeID, &own.ShareID, own.PublicKey
	s.Group, s.Roster = g, g.Participants
	s.CheckOwn(known.err)
	return nil
}

// group reads the group of save data.
func (d *saveData) group(pin share.Pin) (*share.Group, error) {
	c, root := curve.Secp256k1, d.ECDSAPub
	if d.EDDSAPub != nil {
		if root != nil {
			return nil, errors.New("it has both ECDSAPub and EDDSAPub")
		}
		c, root = curve.Ed25519, d.EDDSAPub
	}
	if root == nil {
		return nil, errors.New("it has neither ECDSAPub nor EDDSAPub, so its key generation did not finish")
	}
	switch n := len(d.Ks); {
	case n < 2 || n > share.MaxParticipants:
		return nil, fmt.Errorf("%d parties in Ks; 2 to %d are supported", n, share.MaxParticipants)
	case len(d.BigXj) != n:
		return nil, fmt.Errorf("%d parties in Ks and %d in BigXj", n, len(d.BigXj))
	}
	key, err := root.point(c)
	if err != nil {
		return nil, fmt.Errorf("the root public key: %w", err)
	}
	g := &share.Group{Curve: c, Scheme: share.Shamir, RootKey: key}
	known := map[[curve.ScalarSize]byte]bool{}
	for i, k := range d.Ks {
		id, err := share.NewID(c, k.String())
		if err != nil {
			return nil, fmt.Errorf("field Ks[%d]: %w", i, err)
		}
		x := id.Scalar().Bytes()
		if known[x] {
			return nil, fmt.Errorf("%w: two parties have the same share ID modulo the order of %v", share.ErrInconsistent, c)
		}
		known[x] = true
		key, err := d.BigXj[i].point(c)
		if err != nil {
			return nil, fmt.Errorf("field BigXj[%d]: %w", i, err)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: share.PartyID(id), ShareID: id, PublicKey: key})
	}
	if g.Threshold = pin.Threshold; g.Threshold == 0 {
		if g.Threshold, err = g.FitThreshold(); err != nil {
			return nil, err
		}
	}
	pin.Complete(g)
	g.ID = share.TSSLibID + g.Epoch()
	return g, nil
}

// point reads affine coordinates and checks that they are on the curve.
func (j *pointJSON) point(c curve.Curve) (*curve.Point, error) {
	if j.Curve != "" && j.Curve != c.String() {
		return nil, fmt.Errorf("a point of curve %.40q, not %v", j.Curve, c)
	}
	if j.CurveType != "" && j.CurveType != scheme[c] {
		return nil, fmt.Errorf("a point of curve type %.40q, not %s", j.CurveType, scheme[c])
	}
	if len(j.Coords) != 2 {
		return nil, fmt.Errorf("%d coordinates", len(j.Coords))
	}
	var xy [2]*big.Int
	for i, n := range j.Coords {
		text := n.String()
		v, ok := new(big.Int), len(text) <= share.MaxIDDigits
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
