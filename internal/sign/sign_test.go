package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/signature"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"pgregory.net/rapid"
)

var schemes = []signature.Scheme{signature.ECDSA, signature.Schnorr, signature.Ed25519}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type failer interface{ Fatal(...any) }

func secretKey(t failer, c curve.Curve, b []byte) *scalar.Secret {
	s, err := scalar.New(c, b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// public computes in another way than package scalar.
func public(c curve.Curve, key []byte) *curve.Point {
	return c.Generator().Mul(c.ScalarFromBytes(key))
}

func TestRFC6979(t *testing.T) {
	for _, row := range fixtures.Rows("ecdsa.tsv") {
		key := unhex(t, row[0])
		hash := sha256.Sum256([]byte(row[1]))
		s, err := Sign(signature.ECDSA, secretKey(t, curve.Secp256k1, key), public(curve.Secp256k1, key), nil, hash[:], false)
		if err != nil {
			t.Errorf("%q: %v", row[1], err)
		} else if got := hex.EncodeToString(s.DER()); got != row[2] {
			t.Errorf("%q: %s", row[1], got)
		}
	}
}

// TestEIP155 is the example of EIP-155, where v = 35 + 2·1 + the recovery number is 37.
func TestEIP155(t *testing.T) {
	key := bytes.Repeat([]byte{0x46}, 32)
	hash := unhex(t, "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53")
	s, err := Sign(signature.ECDSA, secretKey(t, curve.Secp256k1, key), public(curve.Secp256k1, key), nil, hash, false)
	if err != nil {
		t.Fatal(err)
	}
	const want = "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa63627667cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
	if hex.EncodeToString(s.Bytes[:]) != want || s.Recovery != 0 {
		t.Errorf("%x, recovery %d", s.Bytes, s.Recovery)
	}
}

func TestBIP340(t *testing.T) {
	signed := 0
	for _, row := range fixtures.Rows("bip340.tsv") {
		if row[1] == "" {
			continue
		}
		key, aux, message := unhex(t, row[1]), unhex(t, row[3]), unhex(t, row[4])
		p := public(curve.Secp256k1, key)
		x := secretKey(t, curve.Secp256k1, key)
		if bytes.Equal(aux, make([]byte, 32)) {
			s, err := Sign(signature.Schnorr, x, p, nil, message, false)
			if err != nil || !bytes.Equal(s.Bytes[:], unhex(t, row[5])) {
				t.Errorf("%s: %v, %v", row[0], s, err)
			}
		}
		outputKey(x, p, signature.TaprootOutput(p, nil), nil)
		k, err := bip340(x, p, message, aux)
		if err != nil {
			t.Fatal(err)
		}
		if s := WithNonce(signature.Schnorr, x, k, p, message); !bytes.Equal(s.Bytes[:], unhex(t, row[5])) {
			t.Errorf("%s with its random data: %x", row[0], s.Bytes)
		}
		signed++
	}
	if signed != 4 {
		t.Errorf("%d vectors have a private key", signed)
	}
}

func TestBIP341(t *testing.T) {
	rows := fixtures.Rows("bip341.tsv")
	for _, row := range rows {
		key := unhex(t, row[0])
		p := public(curve.Secp256k1, key)
		tweak := curve.Secp256k1.ScalarFromBytes(unhex(t, row[3]))
		s, err := Sign(signature.Schnorr, secretKey(t, curve.Secp256k1, key), p, tweak, unhex(t, row[5]), false)
		if err != nil || !bytes.Equal(s.Bytes[:], unhex(t, row[6])) {
			t.Errorf("%s: %v, %v", row[1], s, err)
		}
	}
	if len(rows) != 7 {
		t.Errorf("%d vectors", len(rows))
	}
}

// drawScalar draws 32 bytes of a key: random ones, and those at the ends.
func drawScalar(t *rapid.T, c curve.Curve) []byte {
	n := c.Order()
	most := new(big.Int).Sub(n, big.NewInt(1)).FillBytes(make([]byte, 32))
	half := new(big.Int).Rsh(n, 1).FillBytes(make([]byte, 32))
	one := append(make([]byte, 31), 1)
	short := append(make([]byte, 12), rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "short")...)
	random := c.ScalarFromBytes(rapid.SliceOfN(rapid.Byte(), 48, 48).Draw(t, "random")).Bytes()
	key := rapid.SampledFrom([][]byte{random[:], random[:], short, one, most, half}).Draw(t, "key")
	if c.ScalarFromBytes(key).IsZero() {
		t.Skip("zero")
	}
	return key
}

func drawHash(t *rapid.T) []byte {
	return rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 32, 32),
		rapid.Just(make([]byte, 32)),
		rapid.Just(new(big.Int).Sub(curve.Secp256k1.Order(), big.NewInt(1)).Bytes()),
		rapid.Just(append(make([]byte, 31), 1)),
	).Draw(t, "hash")
}

// TestSameAsDecred compares with a signer that shares no line with ours, where key
// and hash have leading zeros or lie at the ends. Hashes that are not below the order
// are left out: decred and libsecp256k1 do not reduce them for the nonce, as the RFC does.
func TestSameAsDecred(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, hash := drawScalar(t, curve.Secp256k1), drawHash(t)
		s, err := Sign(signature.ECDSA, secretKey(t, curve.Secp256k1, key), public(curve.Secp256k1, key), nil, hash, false)
		if err != nil {
			t.Fatal(err)
		}
		want := ecdsa.SignCompact(secp.PrivKeyFromBytes(key), hash, false)
		if got := append([]byte{27 + s.Recovery}, s.Bytes[:]...); !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	})
}

// TestLeadingZeros signs until r and s have each begun with a zero byte.
func TestLeadingZeros(t *testing.T) {
	for _, scheme := range []signature.Scheme{signature.ECDSA, signature.Schnorr} {
		key := bytes.Repeat([]byte{5}, 32)
		c := scheme.Curve()
		x, p := secretKey(t, c, key), public(c, key)
		r, s := false, false
		for i := 0; !r || !s; i++ {
			if i == 10_000 {
				t.Fatalf("%v: no leading zeros in %d signatures", scheme, i)
			}
			message := sha256.Sum256(fmt.Append(nil, i))
			got, err := Sign(scheme, x, p, nil, message[:], false)
			if err != nil {
				t.Fatal(err)
			}
			r = r || got.Bytes[0] == 0
			s = s || got.Bytes[32] == 0
		}
	}
}

// TestAnyKey: the signature of any key over any message verifies, by verifiers that
// others wrote, is the same again, and is another one each time with hedge.
func TestAnyKey(t *testing.T) {
	for _, scheme := range schemes {
		t.Run(scheme.String(), func(t *testing.T) {
			c := scheme.Curve()
			rapid.Check(t, func(t *rapid.T) {
				key, message := drawScalar(t, c), drawHash(t)
				var tweak *curve.Scalar
				if scheme == signature.Ed25519 {
					message = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "message")
				}
				x, p := secretKey(t, c, key), public(c, key)
				owner := p
				if scheme == signature.Schnorr {
					if rapid.Bool().Draw(t, "tweaked") {
						tweak = signature.TapTweak(p)
					}
					owner = signature.TaprootOutput(p, tweak)
				}
				var got []*signature.Signature
				for _, hedge := range []bool{false, false, true, true} {
					s, err := Sign(scheme, x, p, tweak, message, hedge)
					if err != nil {
						t.Fatal(err)
					}
					if err := signature.Verify(owner, message, s); err != nil {
						t.Error(err)
					}
					if scheme == signature.Ed25519 && !ed25519.Verify(p.Bytes()[1:], message, s.Bytes[:]) {
						t.Error("crypto/ed25519 refuses it")
					}
					got = append(got, s)
				}
				if *got[0] != *got[1] {
					t.Error("not deterministic")
				}
				if got[0].Bytes == got[2].Bytes || got[2].Bytes == got[3].Bytes {
					t.Error("hedge changes nothing")
				}
				if !bytes.Equal(x.Bytes().Expose(), key) {
					t.Error("the key was changed")
				}
			})
		})
	}
}

// TestEd25519Nonce holds the example of docs/formats/signature.md, which was computed without this code.
func TestEd25519Nonce(t *testing.T) {
	const want = "2e7dd2068f4bbdf00a4c2f24254cb26dfedd3d20a0f66f4cfb4b13c3ec7c013c4849d00f67216089be5039b525ceb64a6ad26736550498c097835d49804c4c07"
	key := append(make([]byte, 30), 0x12, 0x34)
	s, err := Sign(signature.Ed25519, secretKey(t, curve.Ed25519, key), public(curve.Ed25519, key), nil, []byte("TEST ONLY"), false)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(s.Bytes[:]); got != want {
		t.Error(got)
	}
}

// TestNoncesDiffer: the same key and message have a nonce of their own in each scheme,
// and with other extra bytes.
func TestNoncesDiffer(t *testing.T) {
	key, message := bytes.Repeat([]byte{1}, 32), make([]byte, 32)
	seen := map[string]bool{}
	count := 0
	for _, scheme := range schemes {
		c := scheme.Curve()
		for _, extra := range [][]byte{nil, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)} {
			for _, m := range [][]byte{message, append(message[:31:31], 1)} {
				k, err := nonces[scheme](secretKey(t, c, key), public(c, key), m, extra)
				if err != nil {
					t.Fatal(err)
				}
				seen[string(k.Bytes().Expose())] = true
				count++
			}
		}
	}
	if len(seen) != count {
		t.Errorf("%d of %d nonces are different", len(seen), count)
	}
}

func TestCandidate(t *testing.T) {
	n := curve.Secp256k1.Order()
	for _, tc := range []struct {
		v  *big.Int
		ok bool
	}{
		{new(big.Int), false}, {big.NewInt(1), true}, {new(big.Int).Sub(n, big.NewInt(1)), true},
		{n, false}, {new(big.Int).Add(n, big.NewInt(1)), false}, {new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)), false},
	} {
		if k := candidate(tc.v.FillBytes(make([]byte, 32))); (k != nil) != tc.ok {
			t.Errorf("%x: %v", tc.v, k)
		}
	}
}

// TestFault has the second signature, or both, come out wrong in one bit.
func TestFault(t *testing.T) {
	message := make([]byte, 32)
	for _, scheme := range schemes {
		c := scheme.Curve()
		x := scalar.Random(c)
		owner := x.Public()
		if scheme == signature.Schnorr {
			owner = signature.TaprootOutput(owner, nil)
		}
		good, err := Sign(scheme, x, owner, nil, message, false)
		if signature.Schnorr == scheme && x.Public().Bytes()[0] == 3 {
			good, err = Sign(scheme, x.Clone().Neg(), owner, nil, message, false)
		}
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * 65 {
			for _, from := range []int{0, 1} { // from this one on, they are wrong
				var made []*signature.Signature
				s, err := release(owner, message, func() (*signature.Signature, error) {
					one := *good
					if len(made) >= from {
						if bit < 512 {
							one.Bytes[bit/8] ^= 1 << (bit % 8)
						} else {
							one.Recovery ^= 1 << (bit % 8)
						}
					}
					made = append(made, &one)
					return &one, nil
				})
				if !errors.Is(err, ErrFault) || s != nil {
					t.Fatalf("%v, bit %d, wrong from the %d. on: %v, %v", scheme, bit, from+1, s, err)
				}
				for _, one := range made {
					if *one != (signature.Signature{}) {
						t.Fatalf("%v, bit %d: a wrong signature stays in memory", scheme, bit)
					}
				}
			}
		}
		if s, err := release(owner, message, func() (*signature.Signature, error) { return nil, scalar.ErrZero }); !errors.Is(err, ErrFault) || !errors.Is(err, scalar.ErrZero) || s != nil {
			t.Errorf("without a nonce: %v, %v", s, err)
		}
	}
}

// TestOtherNonce: two signatures that both verify, and are not the same, are refused.
func TestOtherNonce(t *testing.T) {
	for _, scheme := range schemes {
		x := scalar.Random(scheme.Curve())
		owner, message := x.Public(), make([]byte, 32)
		s, err := release(owner, message, func() (*signature.Signature, error) {
			return Sign(scheme, x, owner, nil, message, true)
		})
		if !errors.Is(err, ErrFault) || s != nil {
			t.Errorf("%v: %v, %v", scheme, s, err)
		}
	}
}

// TestForeign: a private key that does not belong to the public key signs nothing,
// and neither does what is no request at all.
func TestForeign(t *testing.T) {
	g, e := curve.Secp256k1.Generator(), curve.Ed25519.Generator()
	k, l := scalar.Random(curve.Secp256k1), scalar.Random(curve.Ed25519)
	tweak := curve.Secp256k1.ScalarFromUint(7)
	hash := make([]byte, 32)
	for i, tc := range []struct {
		scheme signature.Scheme
		key    *scalar.Secret
		public *curve.Point
		tweak  *curve.Scalar
		m      []byte
		fault  bool
	}{
		{signature.ECDSA, k, g, nil, hash, true},
		{signature.Schnorr, k, g, nil, hash, true},
		{signature.Schnorr, k, g, tweak, hash, true},
		{signature.Ed25519, l, e, nil, hash, true},
		{signature.ECDSA, k, k.Public(), tweak, hash, false},
		{signature.Ed25519, l, l.Public(), tweak, hash, false},
		{signature.ECDSA, l, k.Public(), nil, hash, false},
		{signature.Ed25519, k, l.Public(), nil, hash, false},
		{signature.ECDSA, k, k.Public(), nil, hash[1:], false},
		{signature.Ed25519, k, k.Public(), nil, hash, false},
		{0, k, k.Public(), nil, hash, false},
	} {
		if s, err := Sign(tc.scheme, tc.key, tc.public, tc.tweak, tc.m, false); err == nil || s != nil || errors.Is(err, ErrFault) != tc.fault {
			t.Errorf("%d: %v, %v", i, s, err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, scheme := range schemes {
		b.Run(scheme.String(), func(b *testing.B) {
			x := scalar.Random(scheme.Curve())
			p := x.Public()
			message := make([]byte, 32)
			var tweak *curve.Scalar
			if scheme == signature.Schnorr {
				tweak = signature.TapTweak(p)
			}
			for b.Loop() {
				if _, err := Sign(scheme, x, p, tweak, message, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, scheme := range schemes {
		b.Run(scheme.String(), func(b *testing.B) {
			x := scalar.Random(scheme.Curve())
			p := x.Public()
			message := make([]byte, 32)
			s, err := Sign(scheme, x, p, nil, message, false)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := signature.Verify(p, message, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
