package tsslib

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// The JSON of LocalPartySaveData, whose fields have no tags. Numbers are JSON
// integers.
type (
	sharedSave struct {
		Xi      *big.Int
		ShareID *big.Int
		Ks      []*big.Int
		BigXj   []pointSave
	}
	eddsaSave struct {
		sharedSave
		EDDSAPub pointSave
	}
	ecdsaSave struct {
		PaillierSK                     paillierKey
		NTildei, H1i, H2i, Alpha, Beta *big.Int
		P, Q                           *big.Int
		sharedSave
		NTildej, H1j, H2j []*big.Int
		PaillierPKs       []paillierPublic
		ECDSAPub          pointSave
	}
	paillierPublic struct{ N *big.Int }
	pointSave      struct {
		Curve  string
		Coords [2]*big.Int
	}
)

// Party is a holder for whom save data is written.
type Party struct {
	Holder share.Participant
	Share  *scalar.Secret
	Params *Params // for secp256k1; those of the others are public to each other
}

// Marshal writes the save data of every party of a group: all holders, in any
// order. The result is in the order of the parties and is secret: tss-lib
// encrypts nothing.
//
// tss-lib keeps the parties in the order of their share IDs as integers.
func Marshal(g *share.Group, parties []Party) ([]*secret.Bytes, error) {
	if len(parties) != len(g.Participants) {
		return nil, errors.New("internal error: save data for only some of the holders")
	}
	sorted := slices.Clone(parties)
	slices.SortFunc(sorted, func(a, b Party) int { return number(a).Cmp(number(b)) })
	common, err := publicPart(g, sorted)
	if err != nil {
		return nil, err
	}
	var list []*secret.Bytes
	for _, p := range parties {
		own := g.Participant(p.Holder.ShareID)
		if own == nil || !p.Share.Public().Equal(own.PublicKey) {
			return nil, fmt.Errorf("writing tss-lib save data of node %q: the share does not belong to its share public key", p.Holder.NodeID)
		}
		raw := p.Share.Bytes()
		save := common
		save.Xi, save.ShareID = new(big.Int).SetBytes(raw.Expose()), number(p)
		raw.Wipe()
		text, err := encode(g, save, p, sorted)
		clear(save.Xi.Bits())
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// number returns a party's share ID as the integer that the files name.
func number(p Party) *big.Int {
	n, ok := new(big.Int).SetString(p.Holder.ShareID.Text, 10)
	if !ok {
		panic("unreachable: share.NewID reads decimal numbers only")
	}
	return n
}

func publicPart(g *share.Group, sorted []Party) (sharedSave, error) {
	var s sharedSave
	for _, p := range sorted {
		if g.Curve == curve.Secp256k1 && p.Params == nil {
			return s, fmt.Errorf("internal error: node %q has no parameters for ECDSA", p.Holder.NodeID)
		}
		s.Ks, s.BigXj = append(s.Ks, number(p)), append(s.BigXj, coordinates(p.Holder.PublicKey))
	}
	return s, nil
}

func encode(g *share.Group, s sharedSave, own Party, sorted []Party) (*secret.Bytes, error) {
	var v any = eddsaSave{s, coordinates(g.RootKey)}
	if g.Curve == curve.Secp256k1 {
		o := own.Params
		e := ecdsaSave{
			PaillierSK: o.paillier, NTildei: o.nTilde, H1i: o.h1, H2i: o.h2, Alpha: o.alpha, Beta: o.beta, P: o.p, Q: o.q,
			sharedSave: s, ECDSAPub: coordinates(g.RootKey),
		}
		for _, p := range sorted {
			e.NTildej, e.H1j, e.H2j = append(e.NTildej, p.Params.nTilde), append(e.H1j, p.Params.h1), append(e.H2j, p.Params.h2)
			e.PaillierPKs = append(e.PaillierPKs, paillierPublic{p.Params.paillier.N})
		}
		v = e
	}
	// The encoder's own buffer is erased by secret.Do at best.
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing tss-lib save data: %w", err)
	}
	defer secret.Wipe(text)
	return secret.Take(append(bytes.Clone(text), '\n')), nil
}

// coordinates returns a point as tss-lib writes it: affine.
func coordinates(p *curve.Point) pointSave {
	s := pointSave{Curve: p.Curve().String()}
	if p.Curve() == curve.Secp256k1 {
		b := p.Uncompressed()
		s.Coords = [2]*big.Int{new(big.Int).SetBytes(b[1:33]), new(big.Int).SetBytes(b[33:])}
		return s
	}
	s.Coords[0], s.Coords[1] = edwardsCoordinates(p.Uncompressed())
	return s
}

// edwardsCoordinates decodes a point as RFC 8032 section 5.1.3 does. It is a point
// of the curve, so that the square root exists.
func edwardsCoordinates(b []byte) (x, y *big.Int) {
	little := slices.Clone(b)
	sign := little[31] >> 7
	little[31] &= 0x7f
	slices.Reverse(little)
	y = new(big.Int).SetBytes(little)
	p := new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mod(d.Mul(d, big.NewInt(-121665)), p)
	// x² = (y² - 1)/(d·y² + 1)
	yy := new(big.Int).Mod(new(big.Int).Mul(y, y), p)
	den := new(big.Int).ModInverse(new(big.Int).Add(new(big.Int).Mul(d, yy), one), p)
	xx := new(big.Int).Mul(new(big.Int).Sub(yy, one), den)
	x = new(big.Int).ModSqrt(xx.Mod(xx, p), p)
	if x == nil {
		panic("unreachable: a point of ed25519 is on the curve")
	}
	if byte(x.Bit(0)) != sign {
		x.Sub(p, x)
	}
	return x, y
}
