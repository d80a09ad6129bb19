package share_test

import (
	"math/big"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Parties are told apart whatever their share IDs have in common, and have the same
// name on both curves.
func TestPartyID(t *testing.T) {
	ids := []string{"1", "2", "256", "497331745582092701221684", "24886306551657523410257394018"}
	for bits := 1; bits < share.MaxIDBits; bits++ {
		ids = append(ids, new(big.Int).SetBit(big.NewInt(3), bits+2, 1).String())
	}
	seen := map[string]bool{}
	for _, text := range ids[:len(ids)-2] {
		secp, err := share.NewID(curve.Secp256k1, text)
		if err != nil {
			t.Fatal(err)
		}
		ed, err := share.NewID(curve.Ed25519, text)
		if err != nil {
			t.Fatal(err)
		}
		name := share.PartyID(secp)
		if seen[name] || share.PartyID(ed) != name || len(name) != len("party-")+32 {
			t.Errorf("share ID %s: %s", text, name)
		}
		seen[name] = true
	}
	// printf 'lifeboat-party-v1\001' | sha256sum
	one, _ := share.NewID(curve.Ed25519, "1")
	if got := share.PartyID(one); got != "party-3ab49e17e0ad7dc32ee2f16dcac722b5" {
		t.Errorf("share ID 1: %s", got)
	}
}

func TestOldPartyIDs(t *testing.T) {
	const text = "39104743797683549232438406741710842185558245740645709414745844256444136465733"
	id, err := share.NewID(curve.Secp256k1, text)
	if err != nil {
		t.Fatal(err)
	}
	now, old := share.PartyID(id), "party-5674802a277c04fd"
	if share.NodeID(id, old) != now || share.NodeID(id, now) != now || share.NodeID(id, "client") != "client" {
		t.Error("an old name is not that of today")
	}
	if !share.SameNode(id, old, now) || !share.SameNode(id, now, old) || share.SameNode(id, "party-5674802a277c04fe", now) || share.SameNode(id, "a", "b") {
		t.Error("names of one holder are not the same")
	}
	near, err := share.NewID(curve.Secp256k1, strings.TrimSuffix(text, "3")+"4")
	if err != nil {
		t.Fatal(err)
	}
	g := &share.Group{Curve: curve.Secp256k1, Participants: []share.Participant{{NodeID: now, ShareID: id}}}
	if p := g.ByName(old); p == nil || p.NodeID != now || g.ByNode(old) != nil || g.ByName("party-0000000000000000") != nil {
		t.Error("a holder is not found by an old name")
	}
	g.Participants = append(g.Participants, share.Participant{NodeID: share.PartyID(near), ShareID: near})
	if g.ByName(old) != nil {
		t.Error("one of two holders who had the old name was chosen")
	}
	g.Participants = append(g.Participants, share.Participant{NodeID: old, ShareID: near})
	if p := g.ByName(old); p != &g.Participants[2] {
		t.Error("the holder who has the name is not the one")
	}
}
