package open

import (
	"encoding/base64"
	"errors"
	"math/big"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// FuzzDecode feeds the layer below the encryption, which only somebody with the
// password can reach: it never panics, and what it accepts is a scalar below the
// order that is not zero.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "\x01", "0123456789abcdef0123456789abcdef",
		`{"encrypted_share":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}`,
		`{"encrypted_share":"\/\/8="}`, `{"encrypted_share":"AQ=\""}`, `{"encrypted_share":"AQ=="`,
		`{"encrypted_share":null}`, `{"encrypted_share":1}`, `{"Encrypted_Share":"AQ=="}`,
		`{"encrypted_share":"\u0041Q=="}`, `{"encrypted_share":"` + "AQ==" + `","x":[{}]}`, `null`, `[]`, `"AQ=="`,
	} {
		for version := range 4 {
			f.Add([]byte(s), version, true)
			f.Add([]byte(s), version, false)
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte, version int, ed bool) {
		c := curve.Secp256k1
		if ed {
			c = curve.Ed25519
		}
		x, err := decode(c, plain, version < 2)
		if err != nil {
			if !errors.Is(err, ErrContent) || x != nil {
				t.Errorf("error %v", err)
			}
			return
		}
		n := new(big.Int).SetBytes(x.Bytes().Expose())
		if n.Sign() == 0 || n.Cmp(c.Order()) >= 0 {
			t.Error("a scalar that is zero or not reduced")
		}
		if version < 2 {
			want := new(big.Int).SetBytes(plain)
			if want.Mod(want, c.Order()).Cmp(n) != 0 {
				t.Error("another scalar than the bytes")
			}
		}
	})
}

// Base64 with an escaped slash, as some writers have it, is the same.
func TestDecodeEscapes(t *testing.T) {
	raw := []byte{0xff, 0xff, 0xff, 1}
	for _, s := range []string{base64.StdEncoding.EncodeToString(raw), `\/\/\/\/AQ==`, `////\u0041Q==`} {
		x, err := decode(curve.Secp256k1, []byte(`{"encrypted_share":"`+s+`"}`), false)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		} else if n := new(big.Int).SetBytes(x.Bytes().Expose()); n.Cmp(new(big.Int).SetBytes(raw)) != 0 {
			t.Errorf("%s: %v", s, n)
		}
	}
}

func FuzzFromDecimal(f *testing.F) {
	for _, s := range []string{"", "0", "1", "-1", "007", "1e9", "115792089237316195423570985008687907852837564279074904382605163141518161494337",
		"115792089237316195423570985008687907852837564279074904382605163141518161494338", "9999999999999999999999999999999999999999999999999999999999999999999999999999999999", "\"1\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, digits []byte) {
		for _, c := range curve.All() {
			x, err := openClear(c, &share.Clear{Digits: secret.Copy(digits)})
			want, ok := new(big.Int).SetString(string(digits), 10)
			ok = ok && len(digits) <= maxDigits && want.Mod(want, c.Order()).Sign() != 0
			for _, d := range digits {
				ok = ok && d >= '0' && d <= '9'
			}
			if (err == nil) != ok {
				t.Fatalf("%q: %v", digits, err)
			}
			if ok && new(big.Int).SetBytes(x.Bytes().Expose()).Cmp(want) != 0 {
				t.Errorf("%q: another scalar", digits)
			}
		}
	})
}
