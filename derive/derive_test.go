package derive_test

import (
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"

	"github.com/btcsuite/btcd/btcutil/hdkeychain"
	"pgregory.net/rapid"
)

func parse(t testing.TB, s string) *derive.Key {
	t.Helper()
	k, err := derive.Parse(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return k
}

func path(t testing.TB, s string) derive.Path {
	t.Helper()
	p, err := derive.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// privateKey returns the number in an extended private key of a vector.
func privateKey(t *testing.T, s string) *big.Int {
	t.Helper()
	raw, err := base58.CheckDecode(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(raw[46:])
}

func TestBIP32Steps(t *testing.T) {
	rows := fixtures.Rows("bip32_steps.tsv")
	if len(rows) != 6 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		parent := parse(t, row[0])
		child, tweak, err := parent.Derive(path(t, row[1]))
		if err != nil {
			t.Fatal(err)
		}
		if child.String() != row[2] {
			t.Errorf("%s: child %s", row[5], child)
		}
		sum := new(big.Int).Add(privateKey(t, row[3]), tweak.Int())
		if sum.Mod(sum, curve.Secp256k1.Order()).Cmp(privateKey(t, row[4])) != 0 {
			t.Errorf("%s: the parent's private key plus the tweak is not the child's", row[5])
		}
	}
}

func TestBIP32Invalid(t *testing.T) {
	rows := fixtures.Rows("bip32_invalid.tsv")
	if len(rows) != 16 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		_, err := derive.Parse(row[0])
		want := derive.ErrKey
		if strings.HasPrefix(row[0], "xprv") {
			want = derive.ErrPrivate
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", row[1], err)
		}
	}
}

func TestVendorEd25519Tree(t *testing.T) {
	rows := fixtures.Rows("cobo_ckd_ed25519_vectors.tsv")
	if len(rows) != 12 {
		t.Fatalf("%d rows", len(rows))
	}
	var root *derive.Key
	var rootPrivate *big.Int
	for _, row := range rows {
		private, _ := new(big.Int).SetString(row[2], 16)
		k := parse(t, row[6])
		if k.String() != row[6] || hex.EncodeToString(k.Point().Uncompressed()) != row[4] {
			t.Errorf("%s %s does not parse and print back", row[0], row[1])
		}
		if row[1] == "m" {
			root, rootPrivate = k, private
		}
		child, tweak, err := root.Derive(path(t, row[1]))
		if err != nil {
			t.Fatal(err)
		}
		if child.String() != row[6] {
			t.Errorf("%s %s: %s", row[0], row[1], child)
		}
		sum := new(big.Int).Add(rootPrivate, tweak.Int())
		if sum.Mod(sum, curve.Ed25519.Order()).Cmp(private) != 0 {
			t.Errorf("%s %s: root plus tweak is not the private key", row[0], row[1])
		}
		network := child.Network()
		serial := child.Serialize(network.Private, append([]byte{0}, private.FillBytes(make([]byte, 32))...))
		if got := string(base58.AppendCheck(nil, serial)); got != row[5] {
			t.Errorf("%s %s: extended private key differs", row[0], row[1])
		}
	}
}

func TestVendorSamples(t *testing.T) {
	rows := fixtures.Rows("cobo_path_vectors.tsv")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		child, _, err := parse(t, row[0]).Derive(path(t, row[1]))
		if err != nil || child.String() != row[2] {
			t.Errorf("%s: %v, %v", row[1], child, err)
		}
	}
}

// The leading zeros of a coordinate must survive: compare many children with a
// library that we did not write.
func TestAgainstHDKeychain(t *testing.T) {
	root := fixtures.Rows("cobo_path_vectors.tsv")[0][0]
	ours := parse(t, root)
	peer, err := hdkeychain.NewKeyFromString(root)
	if err != nil {
		t.Fatal(err)
	}
	short := 0
	for i := range uint32(600) {
		child, _, err := ours.Derive(derive.Path{44, i})
		if err != nil {
			t.Fatal(err)
		}
		if child.Point().Bytes()[1] == 0 {
			short++
		}
		p, err := peer.Derive(44)
		if err != nil {
			t.Fatal(err)
		}
		if p, err = p.Derive(i); err != nil {
			t.Fatal(err)
		}
		if child.String() != p.String() {
			t.Fatalf("child %d: %s, want %s", i, child, p)
		}
	}
	if short == 0 {
		t.Error("no coordinate with a leading zero among the children: the test lost its point")
	}
}

func TestParseRefuses(t *testing.T) {
	xpub := fixtures.Rows("cobo_path_vectors.tsv")[0][0]
	raw, err := base58.CheckDecode(nil, xpub)
	if err != nil {
		t.Fatal(err)
	}
	cpub, err := base58.CheckDecode(nil, fixtures.Rows("cobo_ckd_ed25519_vectors.tsv")[0][6])
	if err != nil {
		t.Fatal(err)
	}
	edit := func(raw []byte, change func([]byte) []byte) string {
		return string(base58.AppendCheck(nil, change(append([]byte{}, raw...))))
	}
	setKey := func(key string) func([]byte) []byte {
		b, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		return func(raw []byte) []byte { copy(raw[45:], b); return raw }
	}
	for name, s := range map[string]string{
		"empty":                  "",
		"abc":                    "abc",
		"a letter changed":       strings.Replace(xpub, "uQ", "uR", 1),
		"trailing blank":         xpub + " ",
		"very long":              strings.Repeat("1", 1<<20),
		"one byte short":         edit(raw, func(b []byte) []byte { return b[:77] }),
		"one byte long":          edit(raw, func(b []byte) []byte { return append(b, 0) }),
		"key prefix 07":          edit(raw, func(b []byte) []byte { b[45] = 7; return b }),
		"key prefix 00":          edit(raw, func(b []byte) []byte { b[45] = 0; return b }),
		"off the curve":          edit(raw, setKey("020000000000000000000000000000000000000000000000000000000000000005")),
		"ed25519 in an xpub":     edit(raw, setKey("005866666666666666666666666666666666666666666666666666666666666666")),
		"cpub with prefix 02":    edit(cpub, func(b []byte) []byte { b[45] = 2; return b }),
		"cpub of order 2":        edit(cpub, setKey("00ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")),
		"cpub, neutral element":  edit(cpub, setKey("000100000000000000000000000000000000000000000000000000000000000000")),
		"cpub with depth 0, fp":  edit(cpub, func(b []byte) []byte { b[5] = 1; return b }),
		"ypub":                   edit(raw, func(b []byte) []byte { copy(b, []byte{4, 0x9d, 0x7c, 0xb2}); return b }),
		"not base58 in the tail": xpub[:len(xpub)-1] + "0",
	} {
		_, err := derive.Parse(s)
		if !errors.Is(err, derive.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(s) > 20 && strings.Contains(err.Error(), s[10:20]) {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"cprv":        fixtures.Rows("cobo_ckd_ed25519_vectors.tsv")[0][5],
		"tprv":        edit(raw, func(b []byte) []byte { copy(b, []byte{4, 0x35, 0x83, 0x94}); return b }),
		"zprv cut":    "zprvAWgYBBk7JR8Gj",
		"hex":         strings.Repeat("0b", 32),
		"hex with 0x": "0x" + strings.Repeat("0b", 32),
	} {
		if _, err := derive.Parse(s); !errors.Is(err, derive.ErrPrivate) || strings.Contains(err.Error(), s[:8]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTestnet(t *testing.T) {
	raw, err := base58.CheckDecode(nil, fixtures.Rows("cobo_path_vectors.tsv")[0][0])
	if err != nil {
		t.Fatal(err)
	}
	copy(raw, []byte{0x04, 0x35, 0x87, 0xcf})
	k := parse(t, string(base58.AppendCheck(nil, raw)))
	child, _, err := k.Derive(derive.Path{1})
	if err != nil || !strings.HasPrefix(k.String(), "tpub") || !strings.HasPrefix(child.String(), "tpub") {
		t.Errorf("%v %v %v", k, child, err)
	}
}

func TestPaths(t *testing.T) {
	for in, want := range map[string]string{
		"m": "m", "m/0": "m/0", "44/60/0/0/7": "m/44/60/0/0/7", "m/2147483647": "m/2147483647", "0": "m/0",
	} {
		p, err := derive.ParsePath(in)
		if err != nil || p.String() != want {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
	for _, in := range []string{
		"", "/", "m/", "/m/44", "m//1", "M/1", " m/1", "m/1 ", "m/ 1", "m1", "mm", "m/-1", "m/+1", "m/1.0", "m/0x1", "m/01", "m/00",
		"m/4294967296", "m/99999999999999999999", "m/１", "n/1", "m/1/", "44 /60", strings.Repeat("1/", 300) + "1", "m" + strings.Repeat("/1", 256),
	} {
		if p, err := derive.ParsePath(in); !errors.Is(err, derive.ErrPath) || errors.Is(err, derive.ErrHardened) {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
	for _, in := range []string{"m/44'", "44h/0", "m/0/1H", "m/2147483648", "m/4294967295", "m/44’/0"} {
		if p, err := derive.ParsePath(in); !errors.Is(err, derive.ErrHardened) {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
	for _, in := range []string{" m/44/60 ", "/m/44/60", "/44/60", "44/60\t", "M/44/60", "m/44/60/", " /M/44/60/ "} {
		p, err := derive.ParseBookPath(in)
		if err != nil || p.String() != "m/44/60" {
			t.Errorf("book %q: %v, %v", in, p, err)
		}
	}
	for _, in := range []string{"", "/", "//m/44", "m/44//", "M44", "mM/44", "n/44"} {
		if p, err := derive.ParseBookPath(in); !errors.Is(err, derive.ErrPath) {
			t.Errorf("book %q: %v", in, p)
		}
	}
}

func TestTooDeep(t *testing.T) {
	root := parse(t, fixtures.Rows("cobo_path_vectors.tsv")[0][0])
	deep, _, err := root.Derive(make(derive.Path, 255))
	if err != nil || deep.Depth() != 255 {
		t.Fatalf("%v %v", deep, err)
	}
	if _, _, err := deep.Derive(derive.Path{0}); !errors.Is(err, derive.ErrPath) {
		t.Errorf("depth 256: %v", err)
	}
	if _, _, err := root.Derive(derive.Path{1 << 31}); !errors.Is(err, derive.ErrHardened) {
		t.Errorf("hardened: %v", err)
	}
}

// On both curves the child's key is the parent's plus tweak·G, and deriving in
// two parts is deriving at once.
func TestTweaks(t *testing.T) {
	for _, c := range curve.All() {
		rapid.Check(t, func(t *rapid.T) {
			var cc [32]byte
			copy(cc[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "chain code"))
			root := derive.NewRoot(c.Generator().Mul(c.RandomScalar()), cc)
			p := derive.Path(rapid.SliceOfN(rapid.Uint32Range(0, 1<<31-1), 0, 6).Draw(t, "path"))
			cut := rapid.IntRange(0, len(p)).Draw(t, "cut")
			whole, tweak, err := root.Derive(p)
			if err != nil {
				t.Fatal(err)
			}
			first, a, err := root.Derive(p[:cut])
			if err != nil {
				t.Fatal(err)
			}
			second, b, err := first.Derive(p[cut:])
			if err != nil {
				t.Fatal(err)
			}
			if second.String() != whole.String() || !a.Add(b).Equal(tweak) {
				t.Error("deriving in two parts gives another key")
			}
			if !root.Point().Add(c.Generator().Mul(tweak)).Equal(whole.Point()) {
				t.Error("the key is not the root plus tweak·G")
			}
			back, err := derive.Parse(whole.String())
			if err != nil || back.String() != whole.String() || !back.SameKey(whole) {
				t.Errorf("does not parse back: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range fixtures.Rows("bip32_invalid.tsv") {
		f.Add(row[0])
	}
	for _, row := range fixtures.Rows("cobo_path_vectors.tsv") {
		f.Add(row[0])
	}
	f.Add(fixtures.Rows("cobo_ckd_ed25519_vectors.tsv")[0][6])
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := derive.Parse(s); err == nil && k.String() != s {
			t.Errorf("%q prints back as %q", s, k)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"m", "m/44/60/0/0/7", "44/0'/1h", "m//", "2147483648"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := derive.ParsePath(s)
		if err != nil {
			return
		}
		if q, err := derive.ParsePath(p.String()); err != nil || q.String() != p.String() {
			t.Errorf("%q: %v, %v", s, q, err)
		}
	})
}

// A zpub is the xpub in other letters, and the error says which.
func TestRespelt(t *testing.T) {
	root := parse(t, fixtures.Rows("cobo_path_vectors.tsv")[0][0])
	child, _, err := root.Derive(derive.Path{44, 0})
	if err != nil {
		t.Fatal(err)
	}
	point := child.Point().Bytes()
	spell := func(version [4]byte, key []byte) string {
		return string(base58.AppendCheck(nil, child.Serialize(version, key)))
	}
	for prefix, version := range map[string][4]byte{
		"ypub": {0x04, 0x9d, 0x7c, 0xb2}, "Ypub": {0x02, 0x95, 0xb4, 0x3f}, "zpub": {0x04, 0xb2, 0x47, 0x46}, "Zpub": {0x02, 0xaa, 0x7e, 0xd3},
		"upub": {0x04, 0x4a, 0x52, 0x62}, "Upub": {0x02, 0x42, 0x89, 0xef}, "vpub": {0x04, 0x5f, 0x1c, 0xf6}, "Vpub": {0x02, 0x57, 0x54, 0x83},
		"Ltub": {0x01, 0x9d, 0xa4, 0x62}, "Mtub": {0x01, 0xb2, 0x6e, 0xf6}, "dgub": {0x02, 0xfa, 0xca, 0xfd},
	} {
		text := spell(version, point)
		if text[:4] != prefix {
			t.Errorf("%x is spelt %s", version, text[:4])
		}
		_, err := derive.Parse(text)
		if !errors.Is(err, derive.ErrKey) || !errors.Is(err, derive.ErrRespelt) || !strings.Contains(err.Error(), "it is a "+prefix+",") {
			t.Errorf("%s: %v", prefix, err)
			continue
		}
		words := strings.Fields(err.Error())
		if usual, err := derive.Parse(words[len(words)-1]); err != nil || !usual.SameKey(child) {
			t.Errorf("%s: the usual spelling is no key, or another: %v", prefix, err)
		}
		// What is no public key is not repeated in any spelling.
		if _, err := derive.Parse(spell(version, append([]byte{0}, point[1:]...))); !errors.Is(err, derive.ErrKey) || strings.Contains(err.Error(), "pub6") {
			t.Errorf("%s of a private key: %v", prefix, err)
		}
	}
}
