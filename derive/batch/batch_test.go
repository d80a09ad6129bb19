package batch_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lifeboat/derive/batch"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/btcsuite/btcd/btcutil/hdkeychain"
	"pgregory.net/rapid"
)

// tables are shared by the tests: building one takes longer than using it.
var tables = sync.OnceValue(func() map[curve.Curve]*batch.Table {
	return map[curve.Curve]*batch.Table{
		curve.Secp256k1: batch.NewTable(batch.BIP32, 1), curve.Ed25519: batch.NewTable(batch.Cpub, 1),
	}
})

// extended reads an extended public key of either curve: version 4, depth 1,
// fingerprint 4, number 4, chain code 32, key 33, checksum 4.
func extended(t testing.TB, s string) (p batch.Parent) {
	t.Helper()
	b := base58.Decode(s)
	if len(b) != 82 {
		t.Fatalf("%q is no extended key", s)
	}
	copy(p.ChainCode[:], b[13:])
	copy(p.Key[:], b[45:])
	return p
}

func one(t testing.TB, w *batch.Worker, p batch.Parent, index uint32) batch.Child {
	t.Helper()
	var many, each [1]batch.Child
	w.Children(&p, []uint32{index}, many[:])
	w.EachChild([]batch.Parent{p}, []uint32{index}, each[:])
	if many[0] != each[0] {
		t.Fatalf("Children and EachChild differ: %v and %v", many[0], each[0])
	}
	if many[0].Err != nil {
		t.Fatal(many[0].Err)
	}
	return many[0]
}

// TestBIP32 has the public derivations of BIP 32's test vectors 1 and 2.
func TestBIP32(t *testing.T) {
	w := tables()[curve.Secp256k1].Worker()
	for _, v := range []struct {
		parent string
		index  uint32
		child  string
	}{
		{ // vector 1: m/0' to m/0'/1
			"xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw", 1,
			"xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
		}, { // m/0'/1/2' to m/0'/1/2'/2 and on
			"xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5", 2,
			"xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
		}, {
			"xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV", 1000000000,
			"xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
		}, { // vector 2: m to m/0
			"xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB", 0,
			"xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
		}, { // m/0/2147483647'/1/2147483646' to its child 2
			"xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL", 2,
			"xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt",
		},
	} {
		parent, want := extended(t, v.parent), extended(t, v.child)
		got := one(t, w, parent, v.index)
		if got.Key != want.Key || got.ChainCode != want.ChainCode {
			t.Errorf("child %d of %s is %x, chain code %x", v.index, v.parent, got.Key, got.ChainCode)
		}
	}
}

// TestVendorVectors walks the vendor's ed25519 tree: every row whose parent is in
// the file as well.
func TestVendorVectors(t *testing.T) {
	f, err := fixtures.FS.Open("vectors/cobo_ckd_ed25519_vectors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.Comment, r.FieldsPerRecord = '\t', '#', -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		batch.Parent
		private *curve.Scalar
	}
	tree, steps := map[string]node{}, 0
	w := tables()[curve.Ed25519].Worker()
	for _, row := range rows {
		var n node
		chain, path, private, code, key := row[0], row[1], row[2], row[3], row[4]
		for dst, s := range map[*[32]byte]string{(*[32]byte)(n.Key[1:]): key, &n.ChainCode: code} {
			if _, err := hex.Decode(dst[:], []byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := hex.DecodeString(private); err == nil && len(b) > 0 {
			n.private = curve.Ed25519.ScalarFromBytes(b)
		}
		tree[chain+path] = n
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			continue
		}
		parent, ok := tree[chain+path[:cut]]
		if !ok {
			continue
		}
		index, err := strconv.ParseUint(path[cut+1:], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		steps++
		got := one(t, w, parent.Parent, uint32(index))
		if got.Key != n.Key || got.ChainCode != n.ChainCode {
			t.Errorf("%s %s is %x, chain code %x", chain, path, got.Key, got.ChainCode)
		}
		if parent.private != nil && n.private != nil {
			if k := parent.private.Clone().Add(curve.Ed25519.ScalarFromBytes(got.Tweak[:])); !k.Equal(n.private) {
				t.Errorf("%s %s: the tweak leads to another private key", chain, path)
			}
		}
	}
	if steps < 3 {
		t.Errorf("only %d steps in the file", steps)
	}
}

// TestHDKeychain compares with another implementation of BIP 32, down five levels.
func TestHDKeychain(t *testing.T) {
	w := tables()[curve.Secp256k1].Worker()
	root := "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
	rapid.Check(t, func(rt *rapid.T) {
		want, err := hdkeychain.NewKeyFromString(root)
		if err != nil {
			t.Fatal(err)
		}
		at := extended(t, root)
		for range 5 {
			index := rapid.Uint32Range(0, 1<<31-1).Draw(rt, "index")
			if want, err = want.Derive(index); err != nil {
				t.Fatal(err)
			}
			key, err := want.ECPubKey()
			if err != nil {
				t.Fatal(err)
			}
			got := one(t, w, at, index)
			if got.Key != [33]byte(key.SerializeCompressed()) || got.ChainCode != [32]byte(want.ChainCode()) ||
				got.XY != [64]byte(key.SerializeUncompressed()[1:]) {
				rt.Fatalf("child %d of %x is %x", index, at.Key, got.Key)
			}
			at = got.Parent
		}
	})
}

// TestBatch derives batches of awkward lengths and compares each row with package
// curve, using the tweak it reports, and with one row alone.
func TestBatch(t *testing.T) {
	for c, table := range tables() {
		t.Run(c.String(), func(t *testing.T) {
			w, alone := table.Worker(), table.Worker()
			parent := batch.Parent{Key: [33]byte(c.Generator().Mul(c.ScalarFromUint(1234567891011)).Bytes())}
			at, err := c.ParsePoint(parent.Key[:])
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{0, 1, 2, 3, 1023, 1024, 1025, 2100} {
				indexes := make([]uint32, n)
				for i := range indexes {
					indexes[i] = uint32(i * 2_000_003) // the last are hardened
				}
				out := make([]batch.Child, n)
				w.Children(&parent, indexes, out)
				for i := range out {
					if indexes[i] >= 1<<31 {
						if !errors.Is(out[i].Err, batch.ErrHardened) || out[i].Key != [33]byte{} {
							t.Fatalf("row %d of %d: hardened index %d gave %x, %v", i, n, indexes[i], out[i].Key, out[i].Err)
						}
						continue
					}
					if i%97 == 0 && out[i] != one(t, alone, parent, indexes[i]) {
						t.Fatalf("row %d of %d is not what it is alone", i, n)
					}
					if i%31 != 0 && i != n-1 {
						continue
					}
					want := at.Add(c.Generator().Mul(c.ScalarFromBytes(out[i].Tweak[:])))
					if out[i].Err != nil || out[i].Key != [33]byte(want.Bytes()) {
						t.Fatalf("row %d of %d is %x, %v", i, n, out[i].Key, out[i].Err)
					}
				}
			}
		})
	}
}

func TestHardened(t *testing.T) {
	for c, table := range tables() {
		w := table.Worker()
		p := batch.Parent{Key: [33]byte(c.Generator().Bytes())}
		indexes := []uint32{1<<31 - 1, 1 << 31, 1<<32 - 1}
		var many, each [3]batch.Child
		w.Children(&p, indexes, many[:])
		w.EachChild([]batch.Parent{p, p, p}, indexes, each[:])
		if many != each || many[0].Err != nil {
			t.Errorf("%v: %v and %v", c, many[0].Err, each[0].Err)
		}
		for i, c := range many[1:] {
			if !errors.Is(c.Err, batch.ErrHardened) || (c != batch.Child{Err: batch.ErrHardened}) {
				t.Errorf("index %d: %x, %v", indexes[i+1], c.Key, c.Err)
			}
		}
	}
}

// TestLengths has slices that do not belong together, a mistake in the caller.
func TestLengths(t *testing.T) {
	w := tables()[curve.Secp256k1].Worker()
	for name, f := range map[string]func(){
		"out":     func() { w.Children(new(batch.Parent), make([]uint32, 2), make([]batch.Child, 1)) },
		"parents": func() { w.EachChild(make([]batch.Parent, 1), make([]uint32, 2), make([]batch.Child, 2)) },
		"weights": func() { w.WeightedSum(make([]batch.Child, 1), make([]uint16, 2)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// badParents is every way in which a key can be no key.
var badParents = map[curve.Curve]map[string]string{
	curve.Secp256k1: {
		"zeros":            "000000000000000000000000000000000000000000000000000000000000000000",
		"x not on curve":   "020000000000000000000000000000000000000000000000000000000000000005",
		"x is p":           "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
		"uncompressed tag": "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
		"an ed25519 key":   "005866666666666666666666666666666666666666666666666666666666666666",
	},
	curve.Ed25519: {
		"zeros, of order 4":            "000000000000000000000000000000000000000000000000000000000000000000",
		"neutral":                      "000100000000000000000000000000000000000000000000000000000000000000",
		"order 2":                      "00ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order 8":                      "0026e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"mixed order, -B plus order 2": "0095" + strings.Repeat("99", 31),
		"y is p+1":                     "00eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"no x":                         "000200000000000000000000000000000000000000000000000000000000000000",
		"a secp256k1 key":              "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	},
}

// TestBadParents has one bad parent among good ones.
func TestBadParents(t *testing.T) {
	for c, table := range tables() {
		w := table.Worker()
		good := batch.Parent{Key: [33]byte(c.Generator().Bytes())}
		alone := one(t, w, good, 7)
		for name, s := range badParents[c] {
			var p batch.Parent
			if _, err := hex.Decode(p.Key[:], []byte(s)); err != nil {
				t.Fatal(err)
			}
			var out [3]batch.Child
			w.EachChild([]batch.Parent{good, p, good}, []uint32{7, 7, 7}, out[:])
			if !errors.Is(out[1].Err, curve.ErrPoint) || (out[1] != batch.Child{Err: out[1].Err}) {
				t.Errorf("%v, %s: %v", c, name, out[1].Err)
			}
			if out[0] != alone || out[2] != alone {
				t.Errorf("%v, %s: the rows beside it are wrong", c, name)
			}
			w.Children(&p, []uint32{1, 2}, out[:2])
			if !errors.Is(out[0].Err, curve.ErrPoint) || !errors.Is(out[1].Err, curve.ErrPoint) {
				t.Errorf("%v, %s: Children gave %v, %v", c, name, out[0].Err, out[1].Err)
			}
		}
	}
}

// TestChangedParent shows that a Parent whose Key was changed, or that came from a
// batch on the other curve, does not keep its old point.
func TestChangedParent(t *testing.T) {
	for c, table := range tables() {
		w := table.Worker()
		good := batch.Parent{Key: [33]byte(c.Generator().Bytes())}
		child, other := one(t, w, good, 1), one(t, w, good, 2)
		mixed := child.Parent
		mixed.Key, mixed.ChainCode = other.Key, other.ChainCode
		if one(t, w, mixed, 3) != one(t, w, other.Parent, 3) {
			t.Errorf("%v: the old point was used", c)
		}
		for d, table := range tables() {
			var out [1]batch.Child
			table.Worker().Children(&child.Parent, []uint32{3}, out[:])
			if (d == c) != (out[0].Err == nil) {
				t.Errorf("a parent of %v on %v: %v", c, d, out[0].Err)
			}
		}
	}
}

// TestConcurrent has several goroutines start with a table that is not built yet.
func TestConcurrent(t *testing.T) {
	table := batch.NewTable(batch.BIP32, 100)
	parent := batch.Parent{Key: [33]byte(curve.Secp256k1.Generator().Bytes())}
	want := one(t, tables()[curve.Secp256k1].Worker(), parent, 5)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var out [1]batch.Child
			table.Worker().Children(&parent, []uint32{5}, out[:])
			if out[0] != want {
				t.Errorf("%x", out[0].Key)
			}
		})
	}
	wg.Wait()
}

// FuzzParent derives from any bytes, and compares with the definition.
func FuzzParent(f *testing.F) {
	for c, bad := range badParents {
		f.Add(c.Generator().Bytes(), []byte{1, 2, 3}, uint32(7))
		f.Add(c.Generator().Bytes(), []byte(nil), uint32(1<<31))
		for _, s := range bad {
			key, err := hex.DecodeString(s)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(key, []byte{9}, uint32(0))
		}
	}
	workers := map[curve.Curve]*batch.Worker{}
	for c, table := range tables() {
		workers[c] = table.Worker()
	}
	f.Fuzz(func(t *testing.T, key, code []byte, index uint32) {
		var p batch.Parent
		copy(p.Key[:], key)
		copy(p.ChainCode[:], code)
		mac := hmac.New(sha512.New, p.ChainCode[:])
		mac.Write(binary.BigEndian.AppendUint32(p.Key[:], index))
		sum := mac.Sum(nil)
		for c, w := range workers {
			var out [1]batch.Child
			w.Children(&p, []uint32{index}, out[:])
			got := &out[0]
			at, err := c.ParsePoint(p.Key[:])
			switch {
			case err != nil:
				if !errors.Is(got.Err, curve.ErrPoint) {
					t.Errorf("%v: a bad parent gave %v", c, got.Err)
				}
				continue
			case index >= 1<<31:
				if !errors.Is(got.Err, batch.ErrHardened) {
					t.Errorf("%v: a hardened index gave %v", c, got.Err)
				}
				continue
			}
			want := at.Add(c.Generator().Mul(c.ScalarFromBytes(sum[:32])))
			if got.Err != nil || got.Key != [33]byte(want.Bytes()) || got.ChainCode != [32]byte(sum[32:]) {
				t.Errorf("%v: child %d of %x is %x, %v", c, index, p.Key, got.Key, got.Err)
			}
		}
	})
}
