package frost

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/signature"

	"pgregory.net/rapid"
)

// vector is one of RFC 9591, appendix E: two of three, signers 1 and 3, message "test".
type vector struct {
	suite   *suite
	scheme  signature.Scheme
	root    string
	signers [Signers]vectorSigner
	sig     string
}

type vectorSigner struct{ share, hidingRandom, bindingRandom, hiding, binding, hidingPublic, bindingPublic, factor, z string }

var vectors = map[string]vector{
	// Appendix E.1.
	"FROST(Ed25519, SHA-512)": {suites[signature.Ed25519], signature.Ed25519, "15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673", [Signers]vectorSigner{{
		"929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509",
		"0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec", "69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501",
		"812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407", "b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301",
		"b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3", "67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932",
		"f2cb9d7dd9beff688da6fcc83fa89046b3479417f47f55600b106760eb3b5603", "001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603",
	}, {
		"d3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02",
		"86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f", "13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775",
		"c256de65476204095ebdc01bd11dc10e57b36bc96284595b8215222374f99c0e", "243d71944d929063bc51205714ae3c2218bd3451d0214dfb5aeec2a90c35180d",
		"cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91", "7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552",
		"b087686bf35a13f3dc78e780a34b0fe8a77fef1b9938c563f5573d71d8d7890f", "bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007",
	}}, "36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbebd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b"},
	// Appendix E.5. Its challenge is another than BIP-340's, and all else is what signs
	// for Taproot, but for the name in the hashes.
	"FROST(secp256k1, SHA-256)": {&suite{context: "FROST-secp256k1-SHA256-v1", challenge: func(s *suite, r, public *curve.Point, message []byte) *curve.Scalar {
		return curve.Secp256k1.ScalarFromBytes(s.number(curve.Secp256k1, "chal", r.Bytes(), public.Bytes(), message))
	}}, signature.Schnorr, "02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f", [Signers]vectorSigner{{
		"08f89ffe80ac94dcb920c26f3f46140bfc7f95b493f8310f5fc1ea2b01f4254c",
		"7ea5ed09af19f6ff21040c07ec2d2adbd35b759da5a401d4c99dd26b82391cb2", "47acab018f116020c10cb9b9abdc7ac10aae1b48ca6e36dc15acb6ec9be5cdc5",
		"841d3a6450d7580b4da83c8e618414d0f024391f2aeb511d7579224420aa81f0", "8d2624f532af631377f33cf44b5ac5f849067cae2eacb88680a31e77c79b5a80",
		"03c699af97d26bb4d3f05232ec5e1938c12f1e6ae97643c8f8f11c9820303f1904", "02fa2aaccd51b948c9dc1a325d77226e98a5a3fe65fe9ba213761a60123040a45e",
		"3e08fe561e075c653cbfd46908a10e7637c70c74f0a77d5fd45d1a750c739ec6", "c4fce1775a1e141fb579944166eab0d65eefe7b98d480a569bbbfcb14f91c197",
	}, {
		"00e95d59dd0d46b0e303e500b62b7ccb0e555d49f5b849f5e748c071da8c0dbc",
		"e6cc56ccbd0502b3f6f831d91e2ebd01c4de0479e0191b66895a4ffd9b68d544", "7203d55eb82a5ca0d7d83674541ab55f6e76f1b85391d2c13706a89a064fd5b9",
		"2b19b13f193f4ce83a399362a90cdc1e0ddcd83e57089a7af0bdca71d47869b2", "7a443bde83dc63ef52dda354005225ba0e553243402a4705ce28ffaafe0f5b98",
		"03077507ba327fc074d2793955ef3410ee3f03b82b4cdc2370f71d865beb926ef6", "02ad53031ddfbbacfc5fbda3d3b0c2445c8e3e99cbc4ca2db2aa283fa68525b135",
		"93f79041bb3fd266105be251adaeb5fd7f8b104fb554a4ba9a0becea48ddbfd7", "0160fd0d388932f4826d2ebcd6b9eaba734f7c71cf25b4279a4ca2581e47b18d",
	}}, "0205b6d04d3774c8929413e3c76024d54149c372d57aae62574ed74319b5ea14d0c65dde8492a7471437e6c2fe3da49b90d23f642b5c6dbe7e36089f096dd97324"},
}

func TestVectors(t *testing.T) {
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			c := v.scheme.Curve()
			// number reads what SerializeScalar writes.
			number := func(text string) *curve.Scalar {
				b := unhex(t, text)
				if c == curve.Ed25519 {
					slices.Reverse(b)
				}
				return c.ScalarFromBytes(b)
			}
			root, err := c.ParsePoint(unhex(t, v.root))
			if err != nil {
				t.Fatal(err)
			}
			var shares [Signers]*scalar.Secret
			var nonces [Signers]*Nonces
			var signers [Signers]Signer
			for i, s := range v.signers {
				b := number(s.share).Bytes()
				if shares[i], err = scalar.New(c, b[:]); err != nil {
					t.Fatal(err)
				}
				var made [2]*scalar.Secret
				for j, random := range []string{s.hidingRandom, s.bindingRandom} {
					if made[j], err = v.suite.nonce(shares[i], func(b []byte) { copy(b, unhex(t, random)) }); err != nil {
						t.Fatal(err)
					}
				}
				n := &Nonces{Commitment{made[0].Public(), made[1].Public()}, made[0], made[1]}
				for what, pair := range map[string][2]string{
					"hiding nonce": {secretHex(made[0]), s.hiding}, "binding nonce": {secretHex(made[1]), s.binding},
					"hiding commitment":  {hex.EncodeToString(pointBytes(n.Hiding)), s.hidingPublic},
					"binding commitment": {hex.EncodeToString(pointBytes(n.Binding)), s.bindingPublic},
				} {
					if pair[0] != pair[1] {
						t.Errorf("signer %d: %s %s, want %s", i, what, pair[0], pair[1])
					}
				}
				nonces[i] = n
				signers[i] = Signer{c.ScalarFromUint(uint64(2*i + 1)), shares[i].Public(), n.Commitment}
			}
			key := &Key{Public: root, scheme: v.scheme, add: c.Scalar()}
			session, err := newSession(v.suite, key, []byte("test"), signers)
			if err != nil {
				t.Fatal(err)
			}
			sum := c.Scalar()
			for i, s := range v.signers {
				if got := hex.EncodeToString(scalarBytes(session.factors[i])); got != s.factor {
					t.Errorf("signer %d: binding factor %s, want %s", i, got, s.factor)
				}
				z, err := session.Sign(i, shares[i], nonces[i])
				if err != nil {
					t.Fatal(err)
				}
				if got := hex.EncodeToString(scalarBytes(z)); got != s.z {
					t.Errorf("signer %d: signature share %s, want %s", i, got, s.z)
				}
				sum.Add(z)
			}
			if got := hex.EncodeToString(append(pointBytes(session.nonce), scalarBytes(sum)...)); got != v.sig {
				t.Errorf("signature %s, want %s", got, v.sig)
			}
		})
	}
}

func unhex(t *testing.T, text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func secretHex(x *scalar.Secret) string {
	b := x.Bytes().Expose()
	if x.Curve() == curve.Ed25519 {
		slices.Reverse(b)
	}
	return hex.EncodeToString(b)
}

// world is a vault of which two shares sign.
type world struct {
	scheme  signature.Scheme
	root    *curve.Point
	shares  [Signers]*scalar.Secret
	signers [Signers]Signer
	nonces  [Signers]*Nonces
	key     *Key
	message []byte
}

func drawScalar(t *rapid.T, c curve.Curve, label string) *curve.Scalar {
	return c.ScalarFromBytes(rapid.SliceOfN(rapid.Byte(), 40, 40).Draw(t, label))
}

func draw(t *rapid.T, scheme signature.Scheme) *world {
	c := scheme.Curve()
	w := &world{scheme: scheme, message: rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "message")}
	a, b := scalar.Random(c), scalar.Random(c)
	w.root = a.Public()
	for i := range w.signers {
		id := drawScalar(t, c, "share ID")
		for id.IsZero() || i == 1 && id.Equal(w.signers[0].ID) {
			id.Add(c.ScalarFromUint(uint64(i + 1)))
		}
		w.shares[i] = b.Clone().MulPublic(id).Add(a)
		n, err := NewNonces(scheme, w.shares[i], func(b []byte) { rand.Read(b) }, []byte("test"))
		if err != nil {
			t.Fatal(err)
		}
		w.nonces[i] = n
		w.signers[i] = Signer{id, w.shares[i].Public(), n.Commitment}
	}
	var output *curve.Scalar
	if scheme == signature.Schnorr && rapid.Bool().Draw(t, "tweaked") {
		output = drawScalar(t, c, "output tweak")
	}
	key, err := NewKey(w.root, drawScalar(t, c, "path tweak"), scheme, output)
	if err != nil {
		t.Fatal(err)
	}
	w.key = key
	return w
}

func eachScheme(t *testing.T, f func(t *rapid.T, w *world)) {
	for scheme := range suites {
		t.Run(scheme.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { f(t, draw(t, scheme)) })
		})
	}
}

// Any IDs, any child key, tweaked and not: the signature verifies, and nonces are gone.
func TestSign(t *testing.T) {
	eachScheme(t, func(t *rapid.T, w *world) {
		s, err := NewSession(w.key, w.message, w.signers)
		if err != nil {
			t.Fatal(err)
		}
		var z [Signers]*curve.Scalar
		for i := range z {
			if z[i], err = s.Sign(i, w.shares[i], w.nonces[i]); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Sign(i, w.shares[i], w.nonces[i]); !errors.Is(err, ErrSpent) {
				t.Errorf("nonces used twice: %v", err)
			}
		}
		sig, err := s.Finish(z)
		if err != nil {
			t.Fatal(err)
		}
		if err := signature.Verify(w.key.Public, w.message, sig); err != nil {
			t.Error(err)
		}
		// The other side sees the same session, in whatever order.
		back, err := NewSession(w.key, w.message, [Signers]Signer{w.signers[1], w.signers[0]})
		if err != nil {
			t.Fatal(err)
		}
		if other, err := back.Finish([Signers]*curve.Scalar{z[1], z[0]}); err != nil || !bytes.Equal(other.Bytes[:], sig.Bytes[:]) {
			t.Errorf("in the other order: %v", err)
		}
	})
}

// A dishonest side is named, and no wrong signature comes out.
func TestBlame(t *testing.T) {
	eachScheme(t, func(t *rapid.T, w *world) {
		s, err := NewSession(w.key, w.message, w.signers)
		if err != nil {
			t.Fatal(err)
		}
		liar := rapid.IntRange(0, Signers-1).Draw(t, "liar")
		var z [Signers]*curve.Scalar
		for i := range z {
			if z[i], err = s.Sign(i, w.shares[i], w.nonces[i]); err != nil {
				t.Fatal(err)
			}
		}
		z[liar].Add(w.scheme.Curve().ScalarFromUint(1))
		var blamed *SignerError
		if _, err := s.Finish(z); !errors.As(err, &blamed) || blamed.Signer != liar {
			t.Errorf("signer %d lied: %v", liar, err)
		}
	})
}

// A signer who was given another session than that of the nonces, or another share than
// that of the roster, makes nothing.
func TestRefuse(t *testing.T) {
	eachScheme(t, func(t *rapid.T, w *world) {
		c := w.scheme.Curve()
		other := w.signers
		other[0].Hiding = other[0].Hiding.Add(c.Generator())
		s, err := NewSession(w.key, w.message, other)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sign(0, w.shares[0], w.nonces[0]); !errors.Is(err, ErrSession) {
			t.Errorf("nonces of another session: %v", err)
		}
		s, err = NewSession(w.key, w.message, w.signers)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sign(1, w.shares[0], w.nonces[1]); !errors.Is(err, ErrShare) {
			t.Errorf("another share: %v", err)
		}
		for name, change := range map[string]func(*[Signers]Signer){
			"one ID":             func(s *[Signers]Signer) { s[1].ID = s[0].ID },
			"another ID":         func(s *[Signers]Signer) { s[1].ID = s[1].ID.Clone().Add(s[0].ID) },
			"another public key": func(s *[Signers]Signer) { s[1].Public = s[1].Public.Add(c.Generator()) },
		} {
			bad := w.signers
			change(&bad)
			if _, err := NewSession(w.key, w.message, bad); !errors.Is(err, ErrSession) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestSchemes(t *testing.T) {
	x := scalar.Random(curve.Secp256k1)
	if _, err := NewKey(x.Public(), curve.Secp256k1.Scalar(), signature.ECDSA, nil); !errors.Is(err, ErrScheme) {
		t.Errorf("ECDSA: %v", err)
	}
	if _, err := NewNonces(signature.ECDSA, x, func([]byte) {}, nil); !errors.Is(err, ErrScheme) {
		t.Errorf("ECDSA: %v", err)
	}
}
