package open_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// kitFile is recovery data, to be changed.
type kitFile struct {
	PublicKey    string     `json:"public_key"`
	Version      any        `json:"version,omitempty"`
	SharingType  string     `json:"sharing_type"`
	Parts        []*kitPart `json:"key_parts"`
	ChainCode    string     `json:"master_chain_code,omitempty"`
	ChainCodeKey string     `json:"master_chain_code_key,omitempty"`
}

type kitPart struct {
	Commitment string            `json:"commitment,omitempty"`
	Values     map[string]string `json:"values"`
	Encrypted  map[string]string `json:"encrypted_values"`
}

func loadKit(t testing.TB, name string) (*kitFile, open.Keys) {
	v := fixtures.LoadVendor(name)
	var k kitFile
	if err := json.Unmarshal(v.Files[0].Data, &k); err != nil {
		t.Fatal(err)
	}
	keys := open.Keys{}
	for name, text := range v.Secrets {
		keys[name] = append(keys[name], secret.Copy(text))
	}
	return &k, keys
}

func (k *kitFile) parse(pin share.Pin) ([]*share.Sealed, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	return formats.Parse("kit.json", data, pin)
}

// first returns the lowest index of a list of values.
func first(values map[string]string) string { return slices.Sorted(maps.Keys(values))[0] }

// Every kit gives its key with its RSA key, and on secp256k1 the chain code.
func TestKits(t *testing.T) {
	for _, name := range fixtures.Vendors() {
		if !strings.HasPrefix(name, "ers-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := fixtures.LoadVendor(name).Expected
			k, keys := loadKit(t, name)
			list, err := k.parse(share.Pin{})
			if err != nil {
				t.Fatal(err)
			}
			g := list[0].Group
			if g.Threshold != want.Threshold || g.ID != want.Groups[0].ID || !g.Root().IsBare() {
				t.Errorf("%d of them give the key of %s, and its root key is %v", g.Threshold, g.ID, g.Root())
			}
			var ids, values []*big.Int
			for _, s := range list {
				if s.Err() != nil {
					t.Fatal(s.Problems)
				}
				u, err := open.Unlock(s, keys, open.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err = u.Check(open.Options{}); err != nil && !(name == "ers-bare" && errors.Is(err, open.ErrUnproven)) {
					t.Fatal(err)
				}
				proven, err := open.Prove(g, []*open.Unproven{u})
				if !errors.Is(err, open.ErrTooFew) {
					t.Fatalf("one part alone: %v, %v", proven, err)
				}
				ids = append(ids, s.ShareID.Scalar().Int())
			}
			if g.Root().String() != want.Groups[0].RootXpub {
				t.Errorf("the root key is %v, not %v", g.Root(), want.Groups[0].RootXpub)
			}
			var all []*open.Unproven
			for _, s := range list {
				u, err := open.Unlock(s, keys, open.Options{})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, u)
			}
			proven, err := open.Prove(g, all)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range proven {
				values = append(values, value(s))
			}
			order := g.Curve.Order()
			var x *big.Int
			switch g.Scheme {
			case share.Shamir:
				x = interpolate(order, ids[:2], values[:2])
			case share.Additive:
				x = new(big.Int)
				for _, v := range values {
					x.Mod(x.Add(x, v), order)
				}
			default:
				x = big.NewInt(1)
				for _, v := range values {
					x.Mod(x.Mul(x, v), order)
				}
			}
			if got := fmt.Sprintf("%064x", x); got != want.Groups[0].RootPrivate {
				t.Errorf("the key is %s, not %s", got, want.Groups[0].RootPrivate)
			}
		})
	}
}

// One damaged value does no harm, as long as another one is good; a damaged open value
// spoils them all, and its part is named.
func TestKitDamagedValues(t *testing.T) {
	k, keys := loadKit(t, "ers-multiplicative")
	p := k.Parts[0]
	other := slices.Sorted(maps.Keys(p.Encrypted))[1]
	p.Encrypted[first(p.Encrypted)] = p.Encrypted[other] // it decrypts, to the value of another index
	list, err := k.parse(share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Open(list[0], keys, open.Options{}); err != nil {
		t.Errorf("the first value is another: %v", err)
	}
	noise := base64.StdEncoding.EncodeToString(make([]byte, 256))
	for i, x := range slices.Sorted(maps.Keys(p.Encrypted)) {
		if i < 3 {
			p.Encrypted[x] = noise
		}
	}
	if list, err = k.parse(share.Pin{}); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Open(list[0], keys, open.Options{}); err != nil {
		t.Errorf("three values do not decrypt: %v", err)
	}

	k, keys = loadKit(t, "ers-multiplicative")
	p = k.Parts[1]
	p.Values[first(p.Values)] = base64.StdEncoding.EncodeToString([]byte{1})
	if list, err = k.parse(share.Pin{}); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Open(list[0], keys, open.Options{}); err != nil {
		t.Errorf("the other part: %v", err)
	}
	if _, err := open.Open(list[1], keys, open.Options{}); !errors.Is(err, open.ErrNotThisShare) {
		t.Errorf("an open value is another: %v", err)
	}
}

// Which secret is wrong is said, after a few trials.
func TestKitWrongSecrets(t *testing.T) {
	k, keys := loadKit(t, "ers-shamir")
	_, others := loadKit(t, "ers-additive")
	list, err := k.parse(share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	wrong := []*secret.Bytes{secret.Copy([]byte("wrong"))}
	for name, tc := range map[string]struct {
		keys    open.Keys
		need    share.Need
		missing bool
	}{
		"nothing":          {open.Keys{}, share.RSAKey, true},
		"another key":      {others, share.RSAKey, false},
		"no key":           {open.Keys{"rsa-key": wrong}, share.RSAKey, false},
		"no passphrase":    {open.Keys{"rsa-key": keys["rsa-key"]}, share.RSAPassphrase, true},
		"wrong passphrase": {open.Keys{"rsa-key": keys["rsa-key"], "rsa-passphrase": wrong}, share.RSAPassphrase, false},
	} {
		_, err := open.Open(list[0], tc.keys, open.Options{})
		var need *open.SecretError
		if !errors.As(err, &need) || need.Need != tc.need || need.Missing != tc.missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A chain code that does not open costs no key, and a recorded one stands in for it.
func TestKitChainCode(t *testing.T) {
	noise := base64.StdEncoding.EncodeToString(make([]byte, 256))
	root, err := derive.Parse(fixtures.LoadVendor("ers-additive").Expected.Groups[0].RootXpub)
	if err != nil {
		t.Fatal(err)
	}
	other := derive.NewRoot(root.Point(), [32]byte{1})
	for name, tc := range map[string]struct {
		change func(*kitFile)
		pin    share.Pin
		want   *derive.Key
	}{
		"as it is":          {func(*kitFile) {}, share.Pin{}, root},
		"none":              {func(k *kitFile) { k.ChainCode, k.ChainCodeKey = "", "" }, share.Pin{}, derive.NewBare(root.Point())},
		"no key":            {func(k *kitFile) { k.ChainCodeKey = "" }, share.Pin{}, derive.NewBare(root.Point())},
		"noise for key":     {func(k *kitFile) { k.ChainCodeKey = noise }, share.Pin{}, derive.NewBare(root.Point())},
		"noise":             {func(k *kitFile) { k.ChainCode = noise }, share.Pin{}, derive.NewBare(root.Point())},
		"no base64":         {func(k *kitFile) { k.ChainCode = "?" }, share.Pin{}, derive.NewBare(root.Point())},
		"recorded":          {func(*kitFile) {}, share.Pin{Roots: []*derive.Key{root}}, root},
		"another":           {func(*kitFile) {}, share.Pin{Roots: []*derive.Key{other}}, root},
		"lost, and another": {func(k *kitFile) { k.ChainCodeKey = "" }, share.Pin{Roots: []*derive.Key{other}}, other},
	} {
		k, keys := loadKit(t, "ers-additive")
		tc.change(k)
		list, err := k.parse(tc.pin)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := open.Open(list[0], keys, open.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := list[1].Group.Root(); !got.SameKey(tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// A chain code may begin like JSON, and those of two kits of one key are not mixed.
func TestKitsOfOneKey(t *testing.T) {
	k, keys := loadKit(t, "ers-additive")
	block, _ := pem.Decode(keys["rsa-key"][0].Expose())
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	var r formats.Reader
	list := map[byte]*share.Sealed{}
	for _, first := range []byte{0, '{'} {
		key := make([]byte, 32)
		ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &private.(*rsa.PrivateKey).PublicKey, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := aes.NewCipher(key)
		gcm, _ := cipher.NewGCM(block)
		code := bytes.Repeat([]byte{first}, 32)
		k.Version, k.ChainCodeKey = "1", string(base64Of(ciphertext))
		k.ChainCode = string(base64Of(gcm.Seal(nil, make([]byte, 12), code, nil)))
		data, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		shares, err := r.Parse("kit.json", data)
		if err != nil {
			t.Fatal(err)
		}
		list[first] = shares[0]
	}
	for _, s := range list {
		if _, err := open.Open(s, keys, open.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for first, s := range list {
		if code := s.Group.ChainCode; code == nil || code[0] != first {
			t.Errorf("%.2x…: the chain code is %x", first, code)
		}
	}
}

func TestKitsRefused(t *testing.T) {
	small := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for name, change := range map[string]func(*kitFile){
		"version 4":               func(k *kitFile) { k.Version = "4" },
		"version as an object":    func(k *kitFile) { k.Version = map[string]any{} },
		"sharing":                 func(k *kitFile) { k.SharingType = "geometric" },
		"no sharing":              func(k *kitFile) { k.SharingType = "" },
		"one part":                func(k *kitFile) { k.Parts = k.Parts[:1] },
		"no part":                 func(k *kitFile) { k.Parts = nil },
		"many parts":              func(k *kitFile) { k.Parts = slices.Repeat(k.Parts, 33) },
		"no public key":           func(k *kitFile) { k.PublicKey = "" },
		"no base64":               func(k *kitFile) { k.PublicKey = "?" },
		"no DER":                  func(k *kitFile) { k.PublicKey = small(91) },
		"another curve":           func(k *kitFile) { k.PublicKey = strings.Replace(k.PublicKey, "K4EEAAoD", "K4EEAAsD", 1) },
		"a point off it":          func(k *kitFile) { k.PublicKey = k.PublicKey[:len(k.PublicKey)-8] + "AAAAAAA=" },
		"no commitment in base64": func(k *kitFile) { k.Parts[0].Commitment = "?" },
		"commitment off it":       func(k *kitFile) { k.Parts[0].Commitment = small(65) },
		"no values":               func(k *kitFile) { k.Parts[1].Values = nil },
		"no encrypted values":     func(k *kitFile) { k.Parts[1].Encrypted = nil },
		"index 0":                 func(k *kitFile) { k.Parts[1].Values["0"] = small(32) },
		"index 07":                func(k *kitFile) { k.Parts[1].Values["0700"] = small(32) },
		"index -1":                func(k *kitFile) { k.Parts[1].Values["-1"] = small(32) },
		"index 2^64":              func(k *kitFile) { k.Parts[1].Values["18446744073709551617"] = small(32) },
		"index of both":           func(k *kitFile) { k.Parts[1].Values[first(k.Parts[1].Encrypted)] = small(32) },
		"value of 33 bytes":       func(k *kitFile) { k.Parts[1].Values["99"] = small(33) },
		"value of none":           func(k *kitFile) { k.Parts[1].Values["99"] = "" },
		"ciphertext of 64 bytes":  func(k *kitFile) { k.Parts[1].Encrypted["99"] = small(64) },
		"ciphertext of 2 kB":      func(k *kitFile) { k.Parts[1].Encrypted["99"] = small(2048) },
		"many values": func(k *kitFile) {
			for i := range 300 {
				k.Parts[1].Values[fmt.Sprint(1000+i)] = small(32)
			}
		},
	} {
		k, keys := loadKit(t, "ers-multiplicative")
		change(k)
		list, err := k.parse(share.Pin{})
		if err == nil {
			_, err = open.Open(list[1], keys, open.Options{})
		}
		if !errors.Is(err, share.ErrFormat) && !errors.Is(err, share.ErrInconsistent) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}
