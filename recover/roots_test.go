package recover_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/secret"
	"lifeboat/recover"
)

// longHex is what no error may show: it may be a piece of a key.
var longHex = regexp.MustCompile(`[0-9a-fA-F]{12}`)

// deeper writes a root key as one of depth 1.
func deeper(t testing.TB, xpub string) string {
	b, err := base58.CheckDecode(nil, xpub)
	if err != nil {
		t.Fatal(err)
	}
	b[4] = 1
	return string(base58.AppendCheck(nil, b))
}

// bareOf returns a root key without its chain code.
func bareOf(t testing.TB, xpub string) *derive.Key {
	k, err := derive.Parse(xpub)
	if err != nil {
		t.Fatal(err)
	}
	return derive.NewBare(k.Point())
}

// A key that was recovered without its chain code gets the one that is recorded
// meanwhile, and no other.
func TestParseRootsRecorded(t *testing.T) {
	for _, g := range fixtures.Load("2of3").Expected.Groups {
		bare := bareOf(t, g.RootXpub)
		text := func() *secret.Bytes {
			return secret.Copy([]byte(`{"groups": [{"root_private_key": "` + g.RootPrivate + `", "root_public_key": "` + bare.String() + `"}]}`))
		}
		extended, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		other := derive.NewRoot(bare.Curve().Generator(), [32]byte{1})
		for _, tc := range []struct {
			recorded []*derive.Key
			want     *derive.Key
		}{{nil, bare}, {[]*derive.Key{other, bare}, bare}, {[]*derive.Key{other, extended}, extended}} {
			roots, err := recover.ParseRoots(text(), tc.recorded)
			if err != nil || len(roots) != 1 || !roots[0].Key.Public().SameKey(tc.want) {
				t.Errorf("%v: %v, %v; want %v", tc.recorded, roots, err, tc.want)
			}
		}
	}
}

// Not every tree has a form for extended private keys. Without one, the hex says it all.
func TestRootWithoutExtended(t *testing.T) {
	tree, ok := derive.TreeByName("bitgo")
	if !ok {
		t.Fatal("no such tree")
	}
	one := secret.Copy(append(make([]byte, 31), 1))
	key, err := recover.NewPrivate(derive.NewRootOf(tree, tree.Curve.Generator(), [32]byte{1}), one)
	if err != nil {
		t.Fatal(err)
	}
	text := recover.MarshalRoots([]*recover.Root{{Group: "g", Key: key}}, true)
	if bytes.Contains(text.Expose(), []byte("root_extended_private_key")) {
		t.Errorf("%s", text.Expose())
	}
	again, err := recover.ParseRoots(text, nil)
	if err != nil || !again[0].Key.Public().SameKey(key.Public()) {
		t.Errorf("%v, %v", again, err)
	}
}

// FuzzParseRoots: each root key that is read is the private key of its public key,
// what is written again is read as the same, and an error shows no key.
func FuzzParseRoots(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"groups": []}`))
	f.Add([]byte(`{"groups": [null]}`))
	f.Add([]byte(`{"groups": [{"root_private_key": null}]}`))
	for _, name := range []string{"2of3", "root-zero-2", "sample"} {
		var groups []string
		for _, g := range fixtures.Load(name).Expected.Groups {
			groups = append(groups, fmt.Sprintf(`{"id": %q, "curve": %q, "root_private_key": %q, "root_extended_private_key": %q, "root_extended_public_key": %q}`,
				g.ID, g.Curve, g.RootPrivate, g.RootXprv, g.RootXpub))
			f.Add([]byte(`{"groups": [{"root_private_key": "` + g.RootPrivate + `", "root_public_key": "` + bareOf(f, g.RootXpub).String() + `"}]}`))
			f.Add([]byte(`{"groups": [{"id": "a", "root_extended_public_key": "` + g.RootXpub + `"}]}`))
			f.Add([]byte(`{"groups": [{"root_private_key": "` + g.RootPrivate[2:] + `", "root_extended_public_key": "` + g.RootXpub + `"}]}`))
			f.Add([]byte(`{"groups": [{"root_private_key": "` + strings.Repeat("00", 32) + `", "root_extended_public_key": "` + g.RootXpub + `"}]}`))
		}
		child := fixtures.Load(name).Expected.Groups[0]
		f.Add([]byte(`{"groups": [{"root_private_key": "` + child.RootPrivate + `", "root_extended_public_key": "` + deeper(f, child.RootXpub) + `"}]}`))
		whole := `{"groups": [` + strings.Join(groups, ", ") + `]}`
		f.Add([]byte(whole))
		f.Add([]byte(whole[:len(whole)/2]))
		f.Add([]byte(strings.Replace(whole, `"root_private_key": "`, `"root_private_key": "0x`, 1)))
		f.Add([]byte(strings.Replace(whole, `"root_private_key": "`, `"root_private_key": "1`, 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		roots, err := recover.ParseRoots(secret.Copy(data), nil)
		if err != nil {
			if roots != nil || longHex.MatchString(err.Error()) || len(err.Error()) > 1000 {
				t.Errorf("%d root keys, error %v", len(roots), err)
			}
			return
		}
		for _, r := range roots {
			public := r.Key.Public()
			x := r.Key.Scalar().Expose()
			if g := public.Curve().Generator().Mul(public.Curve().ScalarFromBytes(x)); !g.Equal(public.Point()) {
				t.Errorf("group %q: another key than its public key's", r.Group)
			}
			if !public.IsRoot() {
				t.Errorf("group %q: a key of depth %d", r.Group, public.Depth())
			}
			if public.IsBare() {
				if r.Key.Extended() != nil {
					t.Errorf("group %q: an extended key without a chain code", r.Group)
				}
			} else if extended, err := base58.CheckDecode(nil, string(r.Key.Extended().Expose())); err != nil || !bytes.Equal(extended[len(extended)-32:], x) {
				t.Errorf("group %q: the extended private key is another: %v", r.Group, err)
			}
			if again, err := derive.ParsePublic(public.String()); err != nil || !again.SameKey(public) {
				t.Errorf("group %q: root key %v: %v", r.Group, public, err)
			}
		}
		again, err := recover.ParseRoots(recover.MarshalRoots(roots, true), nil)
		if err != nil || len(again) != len(roots) {
			t.Fatalf("%d root keys of %d when written again: %v", len(again), len(roots), err)
		}
		for i, r := range roots {
			if a := again[i]; a.Group != r.Group || !a.Key.Public().SameKey(r.Key.Public()) || !a.Key.Scalar().Equal(r.Key.Scalar()) {
				t.Errorf("group %q is %q when written again", r.Group, a.Group)
			}
		}
	})
}
