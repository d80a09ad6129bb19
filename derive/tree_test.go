package derive_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

// under is HMAC-SHA512.
func under(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha512.New, key)
	h.Write(slices.Concat(parts...))
	return h.Sum(nil)
}

// edwards are the trees of ed25519 as their descriptions have them, with math/big: the
// tweak and the chain code of a child.
var edwards = map[string]func(a, cc []byte, index uint32) (tweak *big.Int, chainCode []byte){
	"cpub": func(a, cc []byte, index uint32) (*big.Int, []byte) {
		i := under(cc, []byte{0}, a, binary.BigEndian.AppendUint32(nil, index))
		return new(big.Int).SetBytes(i[:32]), i[32:]
	},
	"fpub": func(a, cc []byte, index uint32) (*big.Int, []byte) {
		i := under(cc, a, []byte{0}, binary.BigEndian.AppendUint32(nil, index))
		return new(big.Int).SetBytes(i[:32]), i[32:]
	},
	"bitgo": func(a, cc []byte, index uint32) (*big.Int, []byte) {
		z := under(cc, []byte{2}, a, binary.LittleEndian.AppendUint32(nil, index))[:28]
		slices.Reverse(z)
		return new(big.Int).Lsh(new(big.Int).SetBytes(z), 3), under(cc, []byte{3}, a, binary.LittleEndian.AppendUint32(nil, index))[32:]
	},
}

func TestEdwardsTrees(t *testing.T) {
	c := curve.Ed25519
	for name, rule := range edwards {
		t.Run(name, func(t *testing.T) {
			tree, ok := derive.TreeByName(name)
			if !ok {
				t.Fatal("there is no such tree")
			}
			engine := derive.NewEngine(10)
			rapid.Check(t, func(t *rapid.T) {
				cc := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "chain code"))
				root := derive.NewRootOf(tree, c.MulBase(c.RandomScalar()), cc)
				var path derive.Path
				point, sum := root.Point(), new(big.Int)
				code := cc[:]
				for range rapid.IntRange(1, 5).Draw(t, "depth") {
					index := uint32(rapid.Int32Min(0).Draw(t, "index"))
					path = append(path, index)
					var tweak *big.Int
					tweak, code = rule(point.Uncompressed(), code, index)
					sum.Add(sum, tweak)
					point = point.Add(c.Generator().Mul(c.ScalarFromInt(tweak)))
				}
				k, tweak, err := root.Derive(path)
				if err != nil {
					t.Fatal(err)
				}
				if got := k.ChainCode(); !k.Point().Equal(point) || !slices.Equal(got[:], code) || !tweak.Equal(c.ScalarFromInt(sum)) {
					t.Errorf("%v gives %v", path, k)
				}
				many := make([]derive.Descendant, 10)
				paths := make([]derive.Path, len(many))
				for i := range paths {
					paths[i] = append(slices.Clone(path), uint32(i))
				}
				paths[0] = path
				engine.Bulk(root).Derive(paths, many)
				for i, d := range many {
					one, tweak, err := root.Derive(paths[i])
					if err != nil || d.Err != nil || d.Extended() != one.String() || d.Tweak != tweak.Bytes() {
						t.Errorf("%v among many: %v, %v", paths[i], d.Err, err)
					}
				}
				again, err := derive.Parse(root.String())
				if err != nil || !again.SameKey(root) || !strings.HasPrefix(root.String(), name) {
					t.Errorf("%v is read as %v: %v", root, again, err)
				}
			})
		})
	}
}

// One key in two trees has different descendants, so it is not the same key.
func TestTreesDiffer(t *testing.T) {
	c := curve.Ed25519
	p := c.MulBase(c.RandomScalar())
	var keys []*derive.Key
	for name := range edwards {
		tree, _ := derive.TreeByName(name)
		keys = append(keys, derive.NewRootOf(tree, p, [32]byte{1}))
	}
	for i, k := range keys {
		for _, o := range keys[:i] {
			if k.SameKey(o) || k.Agrees(o) {
				t.Errorf("%v is the same as %v", k, o)
			}
		}
	}
}

func TestParseHexKey(t *testing.T) {
	tree, _ := derive.TreeByName("bitgo")
	k := derive.NewRootOf(tree, curve.Ed25519.Generator(), [32]byte{1})
	digits := strings.TrimPrefix(k.String(), "bitgo:")
	if k.Network().HasPrivate() {
		t.Error("it has an extended private key")
	}
	for name, text := range map[string]string{
		"cut off":              "bitgo:" + digits[:126],
		"longer":               "bitgo:" + digits + "00",
		"no hex":               "bitgo:" + strings.Repeat("g", 128),
		"no point":             "bitgo:" + hex.EncodeToString(make([]byte, 64)),
		"another tree":         "fpub:" + digits,
		"a byte less":          "bitgo:02" + digits[:126],
		"no point of 33 bytes": "bitgo:00" + digits,
	} {
		if got, err := derive.Parse(text); !errors.Is(err, derive.ErrKey) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Without a tree before it, hex of a public key and a chain code is no key: it may be
// anything, and the error says what to write.
func TestParseHexKeySecp256k1(t *testing.T) {
	root := derive.NewRoot(curve.Secp256k1.Generator(), [32]byte{1})
	digits := hex.EncodeToString(root.Point().Bytes()) + "01" + strings.Repeat("00", 31)
	if got, err := derive.Parse("bitgo:" + digits); err != nil || !got.SameKey(root) || got.String() != root.String() {
		t.Errorf("%v, %v; want %v", got, err, root)
	}
	for _, text := range []string{digits, "0x" + digits, digits[2:]} {
		if got, err := derive.ParsePublic(text); !errors.Is(err, derive.ErrKey) || !strings.Contains(err.Error(), "bitgo:") {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
