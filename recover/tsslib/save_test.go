package tsslib

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"

	"github.com/bnb-chain/tss-lib/v2/common"
	"github.com/bnb-chain/tss-lib/v2/crypto/dlnproof"
	"github.com/bnb-chain/tss-lib/v2/crypto/facproof"
	"github.com/bnb-chain/tss-lib/v2/crypto/modproof"
	ecdsakeygen "github.com/bnb-chain/tss-lib/v2/ecdsa/keygen"
	eddsakeygen "github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	eddsasigning "github.com/bnb-chain/tss-lib/v2/eddsa/signing"
	"github.com/bnb-chain/tss-lib/v2/tss"
)

// testParams makes the parameters of three parties from the primes in testdata.
func testParams(t *testing.T) []*Params {
	t.Helper()
	text, err := os.ReadFile("testdata/primes.txt")
	if err != nil {
		t.Fatal(err)
	}
	var primes []safePrime
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		p, ok := new(big.Int).SetString(strings.TrimSpace(line), 16)
		if !ok || p.BitLen() != primeBits {
			t.Fatal("testdata/primes.txt")
		}
		primes = append(primes, safePrime{p, new(big.Int).Rsh(p, 1)})
	}
	var list []*Params
	for four := range slices.Chunk(primes, 4) {
		list = append(list, newParams([4]safePrime(four)))
	}
	return list
}

// testGroup shares a random key, 2 of 3.
func testGroup(t *testing.T, c curve.Curve, params []*Params) (*share.Group, []Party) {
	t.Helper()
	key, slope := c.RandomScalar(), c.RandomScalar()
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: share.Shamir, Threshold: 2, RootKey: c.Generator().Mul(key)}
	var parties []Party
	for i := range 3 {
		id := open.NewID(c)
		v := slope.Clone().Mul(id.Scalar()).Add(key)
		b := v.Bytes()
		x, err := scalar.New(c, b[:])
		if err != nil {
			t.Fatal(err)
		}
		h := share.Participant{NodeID: fmt.Sprintf("node-%d", i), ShareID: id, PublicKey: c.Generator().Mul(v)}
		g.Participants = append(g.Participants, h)
		p := Party{Holder: h, Share: x}
		if params != nil {
			p.Params = params[i]
		}
		parties = append(parties, p)
	}
	return g, parties
}

// TestParams: the parameters pass the proofs that tss-lib's key generation makes
// of its own.
func TestParams(t *testing.T) {
	list := testParams(t)
	p, other := list[0], list[1]
	if p.paillier.N.BitLen() != 2048 || p.nTilde.BitLen() != 2048 || differenceBits(safePrime{p: p.paillier.P}, safePrime{p: p.paillier.Q}) < minDifference {
		t.Error("the moduli are too short, or their primes too close")
	}
	session := []byte("session")
	if !dlnproof.NewDLNProof(p.h1, p.h2, p.alpha, p.p, p.q, p.nTilde, rand.Reader).Verify(p.h1, p.h2, p.nTilde) {
		t.Error("h2 is not proved to be a power of h1")
	}
	if !dlnproof.NewDLNProof(p.h2, p.h1, p.beta, p.p, p.q, p.nTilde, rand.Reader).Verify(p.h2, p.h1, p.nTilde) {
		t.Error("h1 is not proved to be a power of h2")
	}
	mod, err := modproof.NewProof(session, p.paillier.N, p.paillier.P, p.paillier.Q, rand.Reader)
	if err != nil || !mod.Verify(session, p.paillier.N) {
		t.Errorf("the Paillier modulus is not proved: %v", err)
	}
	fac, err := facproof.NewProof(session, tss.S256(), p.paillier.N, other.nTilde, other.h1, other.h2, p.paillier.P, p.paillier.Q, rand.Reader)
	if err != nil || !fac.Verify(session, tss.S256(), p.paillier.N, other.nTilde, other.h1, other.h2) {
		t.Errorf("the Paillier modulus has small factors: %v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", p, p, p, p); strings.Contains(s, p.paillier.P.String()) || strings.Contains(s, "{") {
		t.Error("parameters are printed")
	}
}

// TestSaveECDSA: tss-lib and package share read what was written.
func TestSaveECDSA(t *testing.T) {
	g, parties := testGroup(t, curve.Secp256k1, testParams(t))
	ecdsaSaves(t, g, parties)
}

// ecdsaSaves writes save data and loads it with tss-lib.
func ecdsaSaves(t *testing.T, g *share.Group, parties []Party) []ecdsakeygen.LocalPartySaveData {
	t.Helper()
	files, err := Marshal(g, parties)
	if err != nil {
		t.Fatal(err)
	}
	var saves []ecdsakeygen.LocalPartySaveData
	for i, f := range files {
		var s ecdsakeygen.LocalPartySaveData
		if err := json.Unmarshal(f.Expose(), &s); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(s)
		if err != nil || !sameJSON(t, again, f.Expose()) {
			t.Error("tss-lib writes what it read otherwise")
		}
		if !s.ValidateWithProof() || s.ShareID.String() != parties[i].Holder.ShareID.Text {
			t.Error("tss-lib finds the data incomplete")
		}
		checkShare(t, g, parties[i], f.Expose())
		saves = append(saves, s)
	}
	return saves
}

// TestSignEdDSA loads what was written with tss-lib, signs there with every two of
// the three parties, and verifies with the root key.
func TestSignEdDSA(t *testing.T) {
	g, parties := testGroup(t, curve.Ed25519, nil)
	files, err := Marshal(g, parties)
	if err != nil {
		t.Fatal(err)
	}
	var saves []eddsakeygen.LocalPartySaveData
	for i, f := range files {
		var s eddsakeygen.LocalPartySaveData
		if err := json.Unmarshal(f.Expose(), &s); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(s)
		if err != nil || !sameJSON(t, again, f.Expose()) {
			t.Error("tss-lib writes what it read otherwise")
		}
		checkShare(t, g, parties[i], f.Expose())
		saves = append(saves, s)
	}
	message := []byte("\x00\x00a transaction")
	for _, pair := range [][2]int{{0, 1}, {1, 2}, {2, 0}} {
		signature := sign(t, pair, func(i int) *big.Int { return saves[i].ShareID },
			func(i int, params func() (*tss.Parameters, chan tss.Message, chan *common.SignatureData)) tss.Party {
				p, out, end := params()
				return eddsasigning.NewLocalParty(new(big.Int).SetBytes(message), p, saves[i], out, end, len(message))
			}, curve.Ed25519)
		if !ed25519.Verify(g.RootKey.Uncompressed(), message, signature.Signature) {
			t.Error("the signature does not verify under the root key")
		}
	}
}

// sign runs tss-lib's signing with two parties and returns the signature.
func sign(t *testing.T, pair [2]int, id func(int) *big.Int, party func(int, func() (*tss.Parameters, chan tss.Message, chan *common.SignatureData)) tss.Party, c curve.Curve) *common.SignatureData {
	t.Helper()
	var ids tss.UnSortedPartyIDs
	for _, i := range pair {
		ids = append(ids, tss.NewPartyID(fmt.Sprint(i), fmt.Sprint(i), id(i)))
	}
	sorted := tss.SortPartyIDs(ids)
	on := tss.S256()
	if c == curve.Ed25519 {
		on = tss.Edwards()
	}
	out, end := make(chan tss.Message, 100), make(chan *common.SignatureData, 2)
	failed := make(chan error, 100)
	parties := make([]tss.Party, 2)
	for _, i := range pair {
		at := slices.IndexFunc(sorted, func(p *tss.PartyID) bool { return p.Id == fmt.Sprint(i) })
		parties[at] = party(i, func() (*tss.Parameters, chan tss.Message, chan *common.SignatureData) {
			return tss.NewParameters(on, tss.NewPeerContext(sorted), sorted[at], 2, 1), out, end
		})
	}
	for _, p := range parties {
		go func() {
			if err := p.Start(); err != nil {
				failed <- err
			}
		}()
	}
	for { // it hangs where data does not fit
		select {
		case m := <-out:
			raw, routing, err := m.WireBytes()
			if err != nil {
				t.Fatal(err)
			}
			to := parties[1-m.GetFrom().Index]
			go func() {
				if _, err := to.UpdateFromBytes(raw, routing.From, routing.IsBroadcast); err != nil {
					failed <- err
				}
			}()
		case s := <-end:
			return s
		case err := <-failed:
			t.Fatal(err)
		}
	}
}

// checkShare reads save data as package share does.
func checkShare(t *testing.T, g *share.Group, p Party, data []byte) {
	t.Helper()
	list, err := formats.Parse("save.json", data, share.Pin{})
	if err != nil || len(list) != 1 || list[0].Err() != nil {
		t.Fatalf("%v", err)
	}
	if list[0].Group.Epoch() != g.Epoch() || list[0].Group.Threshold != g.Threshold || !list[0].Group.SameKey(g) {
		t.Error("another group was written")
	}
	o, err := open.Open(list[0], nil, open.Options{})
	if err != nil || !o.Scalar().Equal(p.Share) {
		t.Errorf("another share was written: %v", err)
	}
}

// sameJSON compares two documents whatever the order of their keys.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var texts [2][]byte
	for i, data := range [][]byte{a, b} {
		var v any
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		var err error
		if texts[i], err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	return bytes.Equal(texts[0], texts[1])
}

func TestMarshalRefuses(t *testing.T) {
	g, parties := testGroup(t, curve.Secp256k1, nil)
	if _, err := Marshal(g, parties); err == nil {
		t.Error("ECDSA without parameters")
	}
	g, parties = testGroup(t, curve.Ed25519, nil)
	if _, err := Marshal(g, parties[:2]); err == nil {
		t.Error("a part of the holders")
	}
	parties[0].Share, parties[1].Share = parties[1].Share, parties[0].Share
	if _, err := Marshal(g, parties); err == nil {
		t.Error("another's share")
	}
}

// TestCoordinates: both coordinates, of points with every sign and with leading
// zeros, are those that the encoding names.
func TestCoordinates(t *testing.T) {
	for range 200 {
		p := curve.Ed25519.Generator().Mul(curve.Ed25519.RandomScalar())
		s := coordinates(p)
		y := s.Coords[1].FillBytes(make([]byte, 32))
		slices.Reverse(y)
		y[31] |= byte(s.Coords[0].Bit(0)) << 7
		if !bytes.Equal(y, p.Uncompressed()) || s.Curve != "ed25519" {
			t.Fatal("another point")
		}
	}
}
