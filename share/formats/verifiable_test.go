package formats_test

import (
	"errors"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// A file of proofs is a form like others: what it says of the shares is read, and
// nothing of it is in the clear or takes a password.
func TestVerifiable(t *testing.T) {
	for _, c := range curve.All() {
		text := string(fixtures.Read("vectors/verifiable/" + c.String() + ".json"))
		list, err := formats.Parse("p.json", []byte(text), share.Pin{})
		if err != nil || len(list) != 1 || list[0].Err() != nil {
			t.Fatalf("%v: %v", c, err)
		}
		s := list[0]
		lock, ok := s.Lock.(*share.Verifiable)
		if s.Form != "verifiable-share" || s.Curve != c || s.NodeID != "node-1" || s.Group.Threshold != 2 || s.Group.ChainCode != nil || !s.TestOnly() ||
			!ok || lock.Needed != 1 || lock.Cut != "" || lock.InClear() || lock.KDF() != nil || !formats.LooksLike([]byte(text)) {
			t.Errorf("%v: %+v", c, s)
		}
		for what, change := range map[string]struct{ old, new string }{
			"another roster":    {`"roster_sha256": "`, `"roster_sha256": "0`},
			"another threshold": {`"threshold": 2`, `"threshold": 3`},
			"another node":      {`"participants": [`, `"participants": [{"node_id":"x","share_id":"5","share_public_key":""},`},
			"another share":     {`"share_public_key": "0x`, `"share_public_key": "0xff`},
		} {
			bad := strings.Replace(text, change.old, change.new, 1)
			list, err := formats.Parse("p.json", []byte(bad), share.Pin{})
			if bad == text || err == nil && list[0].Err() == nil {
				t.Errorf("%v, %s: no problem", c, what)
			}
		}
	}
	for _, bad := range []string{`{"share_proofs":[]}`, `{"share_proofs":{}}`, `{"share_proofs":[null]}`, `{"share_proofs":[{"curve":"x"}]}`,
		`{"share_proofs":[{"curve":"ed25519","share_id":"0"}]}`, `{"share_proofs":[` + strings.Repeat("{},", share.MaxGroups) + `{}]}`} {
		if list, err := formats.Parse("p.json", []byte(bad), share.Pin{}); list != nil || !errors.Is(err, share.ErrFormat) {
			t.Errorf("%.60s: %v", bad, err)
		}
	}
}

// The recorded key brings the chain code and the tree, if it has them: a bare one has
// neither, and zeros in their place would give other children.
func TestVerifiablePin(t *testing.T) {
	for _, c := range curve.All() {
		text := fixtures.Read("vectors/verifiable/" + c.String() + ".json")
		parse := func(root *derive.Key) *share.Group {
			t.Helper()
			list, err := formats.Parse("p.json", text, share.Pin{Roots: []*derive.Key{root}})
			if err != nil || len(list) != 1 || list[0].Err() != nil {
				t.Fatalf("%v: %v", c, err)
			}
			return list[0].Group
		}
		bare := derive.NewBare(parse(derive.NewBare(c.Generator())).RootKey)
		if g := parse(bare); g.ChainCode != nil || !g.Root().IsBare() {
			t.Errorf("%v: a bare key brings the chain code %x", c, g.ChainCode)
		}
		trees := []*derive.Tree{derive.MainNetwork(c).Tree}
		if c == curve.Ed25519 {
			other, _ := derive.TreeByName("fpub")
			trees = append(trees, other)
		}
		for _, tree := range trees {
			if root := derive.NewRootOf(tree, bare.Point(), [derive.ChainCodeSize]byte{1}); !parse(root).Root().SameKey(root) {
				t.Errorf("%v: %v is read as %v", c, root, parse(root).Root())
			}
		}
	}
}
