package record_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/share"
	"lifeboat/share/record"
)

// altered returns a copy of a group with a change.
func altered(g *share.Group, change func(*share.Group)) *share.Group {
	c := *g
	c.Participants = slices.Clone(g.Participants)
	change(&c)
	return &c
}

// otherScheme is not the one that it does as.
type otherScheme struct{ share.Scheme }

func TestCompare(t *testing.T) {
	list := groups(t, "2of3") // of both curves
	secp := list[0]
	r := newRecord(t, record.Facts{Serial: 1, Date: "2026-11-22", Groups: list[:1]})
	other := groups(t, "v3-list")
	code := [32]byte{1}
	for name, c := range map[string]struct {
		group *share.Group
		want  []record.Difference
	}{
		"itself":           {secp, nil},
		"in another order": {altered(secp, func(g *share.Group) { slices.Reverse(g.Participants) }), nil},
		"of another time":  {altered(secp, func(g *share.Group) { g.CreatedTime = "today" }), nil},
		"no chain code":    {altered(secp, func(g *share.Group) { g.ChainCode = nil }), nil},
		"another ID":       {altered(secp, func(g *share.Group) { g.ID = "other" }), []record.Difference{record.GroupID}},
		"another node":     {altered(secp, func(g *share.Group) { g.Participants[1].NodeID = "other" }), []record.Difference{record.NodeIDs}},
		"nodes swapped": {altered(secp, func(g *share.Group) {
			g.Participants[1].NodeID, g.Participants[0].NodeID = g.Participants[0].NodeID, g.Participants[1].NodeID
		}), []record.Difference{record.NodeIDs}},
		"another key":        {altered(secp, func(g *share.Group) { g.Participants[1].PublicKey = g.Curve.Generator() }), []record.Difference{record.Roster}},
		"another share ID":   {altered(secp, func(g *share.Group) { g.Participants[1].ShareID, _ = share.NewID(g.Curve, "7") }), []record.Difference{record.Roster}},
		"a holder less":      {altered(secp, func(g *share.Group) { g.Participants = g.Participants[:2] }), []record.Difference{record.Roster}},
		"another scheme":     {altered(secp, func(g *share.Group) { g.Scheme = otherScheme{g.Scheme} }), []record.Difference{record.Scheme}},
		"another threshold":  {altered(secp, func(g *share.Group) { g.Threshold = 3 }), []record.Difference{record.Threshold}},
		"another chain code": {altered(secp, func(g *share.Group) { g.ChainCode = &code }), []record.Difference{record.ChainCode}},
		"much": {altered(secp, func(g *share.Group) {
			g.ID, g.Threshold, g.ChainCode, g.Participants[0].PublicKey = "x", 3, &code, g.Curve.Generator()
		}), []record.Difference{record.ChainCode, record.Threshold, record.Roster, record.GroupID}},
		"a decoy with its ID": {altered(other[0], func(g *share.Group) { g.ID = secp.ID }), []record.Difference{record.RootKey}},
		"the other curve":     {list[1], []record.Difference{record.NoCurve}},
	} {
		recorded, got := r.Compare(c.group)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
		if none := slices.Contains(got, record.RootKey) || slices.Contains(got, record.NoCurve); none != (recorded == nil) {
			t.Errorf("%s: the recorded group is %v", name, recorded)
		}
	}
	bare := newRecord(t, record.Facts{Serial: 1, Date: "2026-11-22", Groups: []*share.Group{altered(secp, func(g *share.Group) { g.ChainCode = nil })}})
	if _, got := bare.Compare(secp); !slices.Equal(got, []record.Difference{record.Unrecorded}) {
		t.Errorf("a chain code that nobody recorded: %v", got)
	}
	// One record does not do without what the other has.
	for want, changes := range map[record.Difference][]record.Change{record.ChainCode: bare.Changes(r), record.Unrecorded: r.Changes(bare)} {
		if len(changes) != 1 || changes[0].How != record.Altered || !slices.Equal(changes[0].Differences, []record.Difference{want}) {
			t.Errorf("a chain code in one record: %v", changes)
		}
	}
	if got := fmt.Sprint(record.NoCurve, record.Roster, record.GroupID); got != "curve share IDs or share public keys group ID" {
		t.Error(got)
	}
}

// What stops a recovery, what stops dealing, and what is told.
func TestJudge(t *testing.T) {
	list := groups(t, "2of3") // of both curves
	secp := list[0]
	r := newRecord(t, record.Facts{Serial: 1, Date: "2026-11-22", Groups: list[:1]})
	code := [32]byte{1}
	for name, c := range map[string]struct {
		group                  *share.Group
		key, dealing           string // the grave ones
		keyTells, dealingTells string
	}{
		"itself":             {group: secp},
		"the other curve":    {group: list[1], key: "curve", dealing: "curve"},
		"another vault":      {group: groups(t, "v3-list")[0], key: "root public key", dealing: "root public key"},
		"another chain code": {group: altered(secp, func(g *share.Group) { g.ChainCode = &code }), key: "chain code or tree", dealing: "chain code or tree"},
		"another scheme":     {group: altered(secp, func(g *share.Group) { g.Scheme = otherScheme{g.Scheme} }), key: "scheme", dealing: "scheme"},
		"another epoch": {group: groups(t, "other-epoch")[0], dealing: "share IDs or share public keys",
			keyTells: "share IDs or share public keys and group ID", dealingTells: "group ID"},
		"another threshold": {group: altered(secp, func(g *share.Group) { g.Threshold = 3 }), dealing: "threshold", keyTells: "threshold"},
		"another node":      {group: altered(secp, func(g *share.Group) { g.Participants[1].NodeID = "other" }), dealing: "node IDs", keyTells: "node IDs"},
		"another ID":        {group: altered(secp, func(g *share.Group) { g.ID = "other" }), keyTells: "group ID", dealingTells: "group ID"},
		"much": {group: altered(secp, func(g *share.Group) {
			g.ID, g.Threshold, g.ChainCode = "x", 3, &code
		}), key: "chain code or tree", keyTells: "threshold and group ID", dealing: "chain code or tree and threshold", dealingTells: "group ID"},
	} {
		for _, use := range []struct {
			least       record.Difference
			grave, told string
		}{{record.StopsKey, c.key, c.keyTells}, {record.StopsDealing, c.dealing, c.dealingTells}} {
			grave, told := r.Judge(c.group, use.least, nil)
			if record.List(grave) != use.grave || record.List(told) != use.told {
				t.Errorf("%s, and %v: %v stop it, %v are told", name, use.least, grave, told)
			}
		}
	}
}

// A record without a chain code does not keep the key from its holders, who may have
// learned the chain code by opening their shares; nor does it vouch for one that is dealt.
// A recorded root key beside it may.
func TestJudgeUnrecordedChainCode(t *testing.T) {
	secp := groups(t, "2of3")[0]
	bare := newRecord(t, record.Facts{Serial: 1, Date: "2026-11-22", Groups: []*share.Group{altered(secp, func(g *share.Group) { g.ChainCode = nil })}})
	other := derive.NewRoot(secp.RootKey, [derive.ChainCodeSize]byte{1})
	const what = "chain code, which is not recorded"
	for name, c := range map[string]struct {
		vouched                []*derive.Key
		key, dealing           string // the grave ones
		keyTells, dealingTells string
	}{
		"nothing beside it":      {dealing: what, keyTells: what},
		"the root key beside it": {vouched: []*derive.Key{secp.Root()}},
		"a bare key beside it":   {vouched: []*derive.Key{derive.NewBare(secp.RootKey)}, dealing: what, keyTells: what},
		"another code beside it": {vouched: []*derive.Key{other}, dealing: what, keyTells: what},
	} {
		for _, use := range []struct {
			least       record.Difference
			grave, told string
		}{{record.StopsKey, c.key, c.keyTells}, {record.StopsDealing, c.dealing, c.dealingTells}} {
			grave, told := bare.Judge(secp, use.least, c.vouched)
			if record.List(grave) != use.grave || record.List(told) != use.told {
				t.Errorf("%s, and %v: %v stop it, %v are told", name, use.least, grave, told)
			}
		}
	}
}

// Of several groups of one root key the right one is compared.
func TestCompareOneOfSeveral(t *testing.T) {
	old, now := groups(t, "2of3")[0], groups(t, "other-epoch")[0]
	if !old.SameKey(now) || old.Epoch() == now.Epoch() {
		t.Fatal("the vaults are not two epochs of one root key")
	}
	r := newRecord(t, record.Facts{Serial: 1, Date: "2026-11-22", Groups: []*share.Group{old, now}})
	for _, g := range []*share.Group{old, now} {
		if recorded, got := r.Compare(g); len(got) != 0 || recorded.Epoch() != g.Epoch() {
			t.Errorf("%v", got)
		}
		renamed := altered(g, func(g *share.Group) { g.Participants[0].NodeID = "other" })
		if recorded, got := r.Compare(renamed); !slices.Equal(got, []record.Difference{record.NodeIDs}) || recorded.Epoch() != g.Epoch() {
			t.Errorf("%v", got)
		}
	}
	if roots := r.Roots(); len(roots) != 1 {
		t.Errorf("%d roots of one key", len(roots))
	}
}

func TestChanges(t *testing.T) {
	f := full(t)
	before := newRecord(t, f)
	code := before.Code()
	f.Serial, f.Previous = 3, &code
	same := newRecord(t, f)
	if got := same.Changes(before); len(got) != 0 {
		t.Errorf("nothing was changed: %v", got)
	}

	g := altered(f.Groups[1], func(g *share.Group) { g.Participants[0].NodeID = "node-9" })
	second := altered(f.Groups[1], func(g *share.Group) { g.ID, g.Participants = "second", doubled(g) })
	f.Groups = []*share.Group{g, second}
	f.People = []record.Person{{NodeID: "node-1-EA4212E8", Name: "Somebody else"}, {NodeID: "node-2-7D1723AE", Name: "Acme custody", Contact: "duty desk, +44 20 7946 0000"}, {NodeID: "node-9", Name: "New"}}
	f.Recipients = f.Recipients[:1]
	f.Exits[0].Tag = "496"
	f.Book = nil
	f.ReleaseKeys = nil
	after := newRecord(t, f)
	var got []string
	for _, c := range after.Changes(before) {
		got = append(got, fmt.Sprint(c.How, " ", c.What, " ", c.About[:min(len(c.About), 45)], c.Differences))
	}
	want := []string{
		"altered group xpub661MyMwAqRbcEpUZPUxQTXe5pDiYSmN4t5YkpuSCp[node IDs]",
		"added group xpub661MyMwAqRbcEpUZPUxQTXe5pDiYSmN4t5YkpuSCp[]",
		"removed group cpubGCmTMqXYTnzkcCZepaKG6kk4nq3YHno3svyerCqkQ[]",
		"altered person node-1-EA4212E8[]",
		"added person node-9[]",
		"removed person node-3-B5414719[]",
		"removed recipient " + releaseKey[:45] + "[]",
		"added exit XRP rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 496[]",
		"removed exit XRP rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY 495[]",
		"removed address book ab" + strings.Repeat("0", 43) + "[]",
		"removed release-key " + releaseKey[:45] + "[]",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// doubled shares the root key anew: with f the polynomial of a 2-of-n sharing, the
// line through f(0) of twice the slope.
func doubled(g *share.Group) []share.Participant {
	var list []share.Participant
	two := g.Curve.ScalarFromUint(2)
	for _, p := range g.Participants {
		p.PublicKey = p.PublicKey.Sub(g.RootKey).Mul(two).Add(g.RootKey)
		list = append(list, p)
	}
	return list
}
