package share_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// load parses files of vaults, given as "2of3/1": the first file of 2of3.
func load(t *testing.T, names ...string) []*share.Sealed {
	t.Helper()
	var list []*share.Sealed
	for _, name := range names {
		vault, file, _ := strings.Cut(name, "/")
		f := fixtures.Load(vault).Files[file[0]-'1']
		shares, err := formats.Parse(name, f.Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, shares...)
	}
	return list
}

func TestDifferences(t *testing.T) {
	a := load(t, "2of3/1")
	group := func(vault string) *share.Group { return load(t, vault+"/1")[0].Group }
	renamed, retimed, moved, chain, threshold := clone(a[0].Group), clone(a[0].Group), clone(a[0].Group), clone(a[0].Group), clone(a[0].Group)
	renamed.ID = "TEST ONLY another"
	retimed.CreatedTime = "2030"
	moved.Participants[0].NodeID = "moved"
	slices.Reverse(retimed.Participants)
	chain.ChainCode = new([32]byte)
	threshold.Threshold = 3
	unknown := clone(a[0].Group)
	unknown.ChainCode = nil
	for name, tc := range map[string]struct {
		other          *share.Group
		serious, minor string
	}{
		"itself":         {a[0].Group, "", ""},
		"another file":   {load(t, "2of3/2")[0].Group, "", ""},
		"another ID":     {renamed, "", "group ID"},
		"another time":   {retimed, "", "created_time"},
		"another node":   {moved, "", "node IDs"},
		"chain code":     {chain, "chain code", ""},
		"no chain code":  {unknown, "", ""},
		"threshold":      {threshold, "threshold", ""},
		"another epoch":  {group("other-epoch"), "share IDs or share public keys", "group ID"},
		"same share IDs": {group("other-epoch-same-ids"), "share IDs or share public keys", "group ID"},
		"another group":  {group("other-group"), "root public key, chain code, share IDs or share public keys", "group ID"},
		"another curve":  {a[1].Group, "curve", ""},
	} {
		for _, pair := range [][2]*share.Group{{a[0].Group, tc.other}, {tc.other, a[0].Group}} {
			serious, minor := pair[0].Differences(pair[1])
			if got := strings.Join(serious, ", "); got != tc.serious {
				t.Errorf("%s: serious %q", name, got)
			}
			if got := strings.Join(minor, ", "); got != tc.minor {
				t.Errorf("%s: minor %q", name, got)
			}
		}
	}
}

func TestTestOnly(t *testing.T) {
	for id, want := range map[string]bool{"TEST ONLY x": true, "x test-only": true, "my_test_only_vault": true, "treasury": false, "TESTONLY": false, "": false} {
		if g := (&share.Group{ID: id, Curve: curve.Secp256k1}); g.TestOnly() != want {
			t.Errorf("%q", id)
		}
	}
	for _, vault := range fixtures.Vaults() {
		for _, s := range load(t, vault+"/1") {
			if !s.TestOnly() {
				t.Errorf("%s: the share on %v is not marked", s.Path, s.Curve)
			}
		}
	}
}

// The private keys of vendors' own test files are published with these, so their public
// keys are known as such.
func TestPublished(t *testing.T) {
	for c, keys := range map[curve.Curve][]string{
		curve.Secp256k1: {
			"473d1820ca4bf7cf6b018a8520b1ec0849cb99bce4fff45c5598723f67b3bd52", // Fireblocks
			"66b1baf063db6e7152480334ebab0ab098e85f682b784754e46c18c962a1aa9d",
			"f57c18e98a24ca0b36fbbd103233aff128b740426da189ce208545d44bbad050",
			"065637684f34e33123c9867303afeaad11a4ee89f3ee832fc5a9e24c1f527d91", // BitGo
			"500de305cfca2e0faee71296ccaf13d55a063bcaa0b2d97883e2bba2ab5007c0",
			"1bbfb2b193244ec30a4ec90401808675569c9a8eec76f69dbe9451c3504298fc", // Vultisig
			"0806a352d32950671e711225514a5fd53d6411dc9f4525d7bad11ef73956c601",
			"d5df3942a52e152607f690251b9c25935d0faf25021371332d6bf3d09eac6876", // Vaultody
			"bd97869bc4f53fd0c8a885d860a063eeaf08643f783c760d0a659deca5a655e6", // go-tss
		},
		curve.Ed25519: {
			"0d74820d02cc2aa09e2d0bcb36aeb92625b3d92c8d202063eab5513fd4453a44", // Fireblocks
			"0a536dc2f2d744ae78eb26fdfb4b9e234a649525e0a1142bf900cd9c26987007",
			"0d3e7975f712567bff5c5b20cfdacc610f9f50232edbd976f730649e68ddaefa", // BitGo
			"06f95aec53fcf4c2cf4349cfabe6912dc138cf3d4127c9d3604c7a9fcc5240e7", // Vultisig
			"071e632a7f73f8b3cb8d2aa528bd0a50119f62f2fdd0d81773e416b10ca03d73",
			"078d5f2b7be5dca97a1561f04012700c842a9f035dd75abfc3724fd288d1148a", // Vaultody
		},
	} {
		for _, key := range keys {
			b, err := hex.DecodeString(key)
			if err != nil {
				t.Fatal(err)
			}
			if g := (&share.Group{ID: "treasury", Curve: c, RootKey: c.Generator().Mul(c.ScalarFromBytes(b))}); !g.TestOnly() {
				t.Errorf("%s of %v is not known", share.KeyText(g.RootKey), c)
			}
		}
	}
}
