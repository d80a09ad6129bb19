package verifiable

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/btcsuite/btcd/btcutil/bech32"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// newIdentity makes an identity with age, and reads it as files are read.
func newIdentity(t testing.TB) (*secret.Bytes, [KeySize]byte) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseIdentity(secret.Copy([]byte(id.String())))
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := ParseRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	if FormatRecipient(recipient) != id.Recipient().String() {
		t.Fatalf("the recipient %s is written as %s", id.Recipient(), FormatRecipient(recipient))
	}
	if own, err := recipientOf(key); err != nil || own != recipient {
		t.Fatal("the identity has another recipient")
	}
	return key, recipient
}

// recipientOf returns the recipient of an identity.
func recipientOf(identity *secret.Bytes) (public [KeySize]byte, err error) {
	key, err := ecdh.X25519().NewPrivateKey(identity.Expose())
	if err != nil {
		return public, err
	}
	return [KeySize]byte(key.PublicKey().Bytes()), nil
}

// identityText writes an identity as age does.
func identityText(key []byte) string {
	data, err := bech32.ConvertBits(key, 8, 5, true)
	if err != nil {
		panic(err)
	}
	text, err := bech32.Encode("age-secret-key-", data)
	if err != nil {
		panic(err)
	}
	return strings.ToUpper(text)
}

func parseWithAge(text string) (*age.X25519Identity, error) { return age.ParseX25519Identity(text) }

// statement is about a made-up share.
func statement(t testing.TB, c curve.Curve) (*scalar.Secret, *Statement, *secret.Bytes) {
	t.Helper()
	x := scalar.Random(c)
	key, recipient := newIdentity(t)
	g := group(t, x)
	return x, &Statement{
		Group: g, ShareID: g.Participants[0].ShareID, Public: x.Public(),
		Recipient: recipient, Date: "2026-11-29", Challenge: "TEST ONLY",
	}, key
}

// group makes up the group of a share x: 2 of 3 with the root 3x, so that the others
// have -x and -3x with the IDs 2 and 3 times its own.
func group(t testing.TB, x *scalar.Secret) *share.Group {
	t.Helper()
	c, id := x.Curve(), big.NewInt(1<<62)
	public := func(k int64) *curve.Point {
		return x.Clone().MulPublic(c.ScalarFromInt(new(big.Int).Mod(big.NewInt(k), c.Order()))).Public()
	}
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: share.Shamir, Threshold: 2, RootKey: public(3)}
	for i, k := range []int64{1, -1, -3} {
		n, err := share.NewID(c, new(big.Int).Mul(id, big.NewInt(int64(i+1))).String())
		if err != nil {
			t.Fatal(err)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprintf("node-%d", i+1), ShareID: n, PublicKey: public(k)})
	}
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	return g
}

func eachCurve(t *testing.T, f func(t *testing.T, c curve.Curve)) {
	for _, c := range curve.All() {
		t.Run(c.String(), func(t *testing.T) { f(t, c) })
	}
}

func TestProve(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		x, s, key := statement(t, c)
		p, err := Prove(x, s)
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.Text()
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Verify(); err != nil {
			t.Fatal(err)
		}
		if n := len(q.append(nil)); n > 4096 {
			t.Errorf("%d bytes", n)
		}
		again, err := q.Text()
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("it is written differently after it was read: %v", err)
		}
		got, err := q.Open(key)
		if err != nil || !got.Equal(x) {
			t.Errorf("it opens to something else: %v", err)
		}
		other, _ := newIdentity(t)
		if _, err := q.Open(other); !errors.Is(err, ErrIdentity) {
			t.Errorf("another identity: %v", err)
		}
		if _, err := Prove(scalar.Random(c), s); !errors.Is(err, ErrShare) {
			t.Errorf("another share: %v", err)
		}
	})
}

// Other vendors' groups have other schemes, and keys that nobody knows: of those nothing
// could be read back.
func TestOtherGroups(t *testing.T) {
	for what, change := range map[string]func(*share.Group){
		"additive":       func(g *share.Group) { g.Scheme = share.Additive },
		"multiplicative": func(g *share.Group) { g.Scheme = share.Multiplicative },
		"its own key":    func(g *share.Group) { g.Participants[0].PublicKey = nil },
		"another's key":  func(g *share.Group) { g.Participants[2].PublicKey = nil },
	} {
		x, s, _ := statement(t, curve.Secp256k1)
		change(s.Group)
		if _, err := Prove(x, s); !errors.Is(err, ErrGroup) {
			t.Errorf("%s: %v", what, err)
		}
		_, a := newIdentity(t)
		_, b := newIdentity(t)
		if _, err := ProveQuorum(x, s, 2, [][KeySize]byte{a, b}); !errors.Is(err, ErrGroup) {
			t.Errorf("%s, in pieces: %v", what, err)
		}
	}
}

// Every closed leaf alone gives the share.
func TestEachLeafOpens(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		x, s, key := statement(t, c)
		p, err := Prove(x, s)
		if err != nil {
			t.Fatal(err)
		}
		for k := range p.closed {
			q := *p
			for j := range q.closed {
				if j != k {
					q.closed[j].masked[0] ^= 1
				}
			}
			if got, err := q.Open(key); err != nil || !got.Equal(x) {
				t.Errorf("leaf %d: %v", k, err)
			}
		}
	})
}

func TestQuorum(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		x, s, _ := statement(t, c)
		var keys []*secret.Bytes
		var recipients [][KeySize]byte
		for range 4 {
			k, r := newIdentity(t)
			keys, recipients = append(keys, k), append(recipients, r)
		}
		proofs, err := ProveQuorum(x, s, 3, recipients)
		if err != nil {
			t.Fatal(err)
		}
		var pieces []*scalar.Secret
		for i, p := range proofs {
			text, err := p.Text()
			if err != nil {
				t.Fatal(err)
			}
			q, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := q.Verify(); err != nil {
				t.Fatal(err)
			}
			y, err := q.Open(keys[i])
			if err != nil {
				t.Fatal(err)
			}
			proofs[i], pieces = q, append(pieces, y)
		}
		for leftOut := range proofs {
			var ps []*Proof
			var ys []*scalar.Secret
			for i := range proofs {
				if i != leftOut {
					ps, ys = append(ps, proofs[i]), append(ys, pieces[i])
				}
			}
			if got, err := Join(ps, ys); err != nil || !got.Equal(x) {
				t.Errorf("without piece %d: %v", leftOut+1, err)
			}
			if _, err := Join(ps[:2], ys[:2]); !errors.Is(err, ErrPieces) {
				t.Errorf("two pieces: %v", err)
			}
			ps[2], ys[2] = ps[0], ys[0]
			if _, err := Join(ps, ys); !errors.Is(err, ErrPieces) {
				t.Errorf("one piece twice: %v", err)
			}
		}
		if _, err := Join(proofs[:3], []*scalar.Secret{pieces[1], pieces[0], pieces[2]}); !errors.Is(err, ErrPieces) {
			t.Errorf("pieces swapped: %v", err)
		}
	})
}

func BenchmarkProve(b *testing.B) { benchmark(b, false) }

func BenchmarkVerify(b *testing.B) { benchmark(b, true) }

func benchmark(b *testing.B, verify bool) {
	for _, c := range curve.All() {
		b.Run(c.String(), func(b *testing.B) {
			x, s, _ := statement(b, c)
			p, err := Prove(x, s)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if verify {
					err = p.Verify()
				} else {
					_, err = Prove(x, s)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
