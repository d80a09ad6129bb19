package ceremony

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/record"
)

// recorded is the record of a world, with people.
func recorded(t *testing.T, w *world, people ...record.Person) *record.Record {
	t.Helper()
	r, err := record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: w.groups, People: people})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replan makes another plan of the same vault.
func (w *world) replan(change func(o *Outline)) {
	w.t.Helper()
	o := Outline{Kind: Reshare, Reason: Rotation, Created: "now", Threshold: 2, Groups: w.groups, Signers: w.signers, Parties: w.parties}
	change(&o)
	if o.NewIDs == nil {
		for range o.Groups {
			o.NewIDs = append(o.NewIDs, "TEST ONLY new")
		}
	}
	plan, err := NewPlan(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.files, w.parties = map[string][]byte{PlanName: plan}, o.Parties
}

// refuses fails unless the deal of a node is refused.
func (w *world) refuses(node string, t *Terms, want error) {
	w.t.Helper()
	if b, err := w.open().Deal(w.shares[node], t); b != nil || !errors.Is(err, want) {
		w.t.Errorf("%v, not %v", err, want)
	}
}

// TestCourier: whoever carries the stick joins in a copy of the folder under the
// names of others, and swaps the files before the last honest join. All see the same
// folder, and nothing is dealt.
func TestCourier(t *testing.T) {
	for _, size := range [][4]int{{2, 3, 2, 3}, {2, 3, 0, 0}} {
		w := newWorld(t, size[0], size[1], size[2], size[3])
		mallory := w.clone(t)
		joining := w.open().nodes(StepJoin)
		for _, node := range joining {
			w.join(node)
			mallory.join(node)
		}
		honest := w.terms("") // what the owners read, from their own screens
		for _, node := range joining {
			v := w.clone(t)
			v.files[Name(StepJoin, node)] = mallory.files[Name(StepJoin, node)]
			for _, dealer := range w.signers {
				_, err := v.open().Deal(v.shares[dealer], honest)
				named(t, err, Name(StepJoin, node), ErrWords.Error())
			}
			own := *honest
			own.Key = w.key(node)
			_, err := v.open().Deal(v.shares[w.signers[0]], &own)
			named(t, err, Name(StepJoin, node), ErrKey.Error())
		}
	}
}

// TestKnown: a deal needs each join to be known, and says how each was.
func TestKnown(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3)
	r := recorded(t, w)
	w.replan(func(o *Outline) {
		o.Parties = []string{"new-1", "old-2", "old-3"}
		o.Pins.Record = r
	})
	w.join("new-1")
	w.join("old-3")
	file, key, err := w.open().Join("old-2", w.shares["old-2"]...)
	w.add(StepJoin, "old-2", file, err)
	if w.keys["old-2"], err = key.Marshal(); err != nil {
		t.Fatal(err)
	}
	all := w.terms("new-1") // as if it were a signer's own
	all.Record, all.Roots = r, nil

	for name, change := range map[string]func(t *Terms){
		"a join that nobody called about": func(t *Terms) { delete(t.Words, "old-3") },
		"a signature without a record":    func(t *Terms) { delete(t.Words, "old-2"); t.Record = nil },
		"nothing for one's own":           func(t *Terms) { t.Key = nil },
	} {
		terms := *all
		terms.Words = maps.Clone(all.Words)
		change(&terms)
		if b, err := w.open().Deal(w.shares["old-1"], &terms); b != nil || !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	delete(all.Words, "old-2")
	deal, err := w.open().Deal(w.shares["old-1"], all)
	w.add(StepDeal, "old-1", deal, err)
	var e envelope
	var m dealMessage
	if err := json.Unmarshal(deal, &e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(e.Message), &m); err != nil {
		t.Fatal(err)
	}
	if want := []Known{KnownOwn, KnownSignature, KnownWords}; !slices.Equal(m.Known, want) || !slices.Equal(m.Joins, w.open().hashes(StepJoin)) {
		t.Errorf("the deal says %v of %v", m.Known, m.Joins)
	}
	for name, known := range map[string][]any{
		"two are one's own": {"own", "own", "words"}, "no signature is there": {"own", "words", "signature"}, "another way": {"own", "words", "hearsay"}, "of two joins": {"own", "words"}, "of none": nil,
	} {
		v := w.clone(t)
		v.edit("deal-old-1.json", func(m map[string]any) { m["known"] = known }, v.shares["old-1"]...)
		_, err := Open(v.files)
		if named(t, err, "deal-old-1.json", "known"); err == nil {
			t.Error(name)
		}
	}
	// A signature is the holder's, over this join and no other message.
	v := w.clone(t)
	v.take("deal-old-1.json")
	for name, tamper := range map[string]func(){
		"another's": func() {
			v.edit("join-old-2.json", func(m map[string]any) { m["x"] = 1 }, v.shares["old-3"]...)
		},
		"of one curve": func() {
			v.edit("join-old-2.json", func(m map[string]any) { m["x"] = 1 }, v.shares["old-2"][0])
		},
		"of a swapped join": func() {
			v.edit("join-old-2.json", func(m map[string]any) { m["public_key"] = b64(v.key("old-3").private.PublicKey().Bytes()) })
		},
		"of a node without an old share": func() {
			v.edit("join-new-1.json", func(m map[string]any) { m["x"] = 1 }, v.shares["old-2"]...)
		},
	} {
		was := maps.Clone(v.files)
		tamper()
		if _, err := Open(v.files); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %v", name, err)
		}
		v.files = was
	}
}

// TestUnsigned: where a signature proves nothing, a join that carries one is refused.
func TestUnsigned(t *testing.T) {
	stolen := newWorld(t, 2, 3, 2, 3)
	stolen.replan(func(o *Outline) { o.Reason, o.Parties = Stolen, []string{"old-1", "old-2", "new-3"} })
	for node, w := range map[string]*world{"old-2": stolen, "old-3": newWorld(t, 2, 3, 0, 0)} {
		if _, _, err := w.open().Join(node, w.shares[node]...); !errors.Is(err, ErrUnsigned) {
			t.Error(err)
		}
		w.join(node)
		w.edit(Name(StepJoin, node), func(m map[string]any) { m["x"] = 1 }, w.shares[node]...)
		_, err := Open(w.files)
		named(t, err, Name(StepJoin, node), ErrUnsigned.Error())
	}
	w := newWorld(t, 2, 3, 2, 3)
	if _, _, err := w.open().Join("new-1", w.shares["old-1"]...); !errors.Is(err, ErrUnsigned) {
		t.Error(err)
	}
	w.replan(func(o *Outline) { o.Parties = []string{"old-1", "old-2"} })
	if _, _, err := w.open().Join("old-1", w.shares["old-2"]...); !errors.Is(err, ErrParty) {
		t.Error(err)
	}
	if _, _, err := w.open().Join("old-1", w.shares["old-1"][:1]...); !errors.Is(err, ErrParty) {
		t.Error(err)
	}
}

// TestRestated: the dealer says who is to get what, and the plan must say the same.
func TestRestated(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	for _, change := range []func(t *Terms){
		func(t *Terms) { t.Parties = t.Parties[1:] },
		func(t *Terms) { t.Parties = append(t.Parties[:2:2], "mallory") },
		func(t *Terms) { t.Parties = nil },
		func(t *Terms) { t.Kind = Repair },
		func(t *Terms) { t.Threshold = 3 },
		func(t *Terms) { t.Threshold = 0 },
		func(t *Terms) { t.Groups = []string{"TEST ONLY secp256k1"} },
	} {
		terms := w.terms("")
		change(terms)
		w.refuses("old-1", terms, ErrRestated)
	}
	repair := newWorld(t, 2, 3, 0, 0).until(StepDeal)
	terms := repair.terms("old-1")
	terms.Parties = []string{"old-2"}
	repair.refuses("old-1", terms, ErrRestated)
}

// TestSeats: no person gets two parts.
func TestSeats(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	w.edit("join-new-3.json", func(m map[string]any) { m["public_key"] = b64(w.key("new-1").private.PublicKey().Bytes()) })
	_, err := Open(w.files)
	named(t, err, "join-new-3.json", `the same as in "join-new-1.json"`)

	w = newWorld(t, 2, 3, 2, 3)
	w.replan(func(o *Outline) { o.Parties = []string{"old-1", "old-2", "new-3"} })
	w.until(StepDeal)
	for name, tc := range map[string]struct {
		people []record.Person
		want   error
	}{
		"a name":    {[]record.Person{{NodeID: "old-1", Name: "Alice"}, {NodeID: "old-2", Name: "ALICE"}}, ErrSeats},
		"a contact": {[]record.Person{{NodeID: "old-1", Name: "Alice", Contact: "+1"}, {NodeID: "old-2", Name: "Bob", Contact: "+1"}}, ErrSeats},
		"two":       {[]record.Person{{NodeID: "old-1", Name: "Alice"}, {NodeID: "old-2", Name: "Bob"}, {NodeID: "old-3", Name: "Alice"}}, nil},
	} {
		terms := w.terms("old-1")
		terms.Record = recorded(t, w, tc.people...)
		if b, err := w.open().Deal(w.shares["old-1"], terms); (b == nil) != (tc.want != nil) || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPinned: a plan for another vault, with another chain code, or of other shares
// than the recorded ones, is refused.
func TestPinned(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3)
	var roots []*derive.Key
	for _, g := range w.groups {
		roots = append(roots, g.Root())
	}
	c := w.open()
	if err := c.Pinned(&Pins{Roots: roots}); err != nil {
		t.Error(err)
	}
	r := recorded(t, w)
	if err := c.Pinned(&Pins{Record: r, Roots: roots}); err != nil {
		t.Error(err)
	}
	other := newWorld(t, 2, 3, 2, 3)
	code := derive.NewRoot(w.groups[0].RootKey, [derive.ChainCodeSize]byte{99})
	for name, roots := range map[string][]*derive.Key{"one curve": roots[:1], "the other curve": roots[1:]} {
		if err := c.Pinned(&Pins{Roots: roots}); !errors.Is(err, ErrUnpinned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, p := range map[string]*Pins{
		"another vault": {Roots: []*derive.Key{roots[0], other.groups[1].Root()}}, "another chain code": {Roots: []*derive.Key{code, roots[1]}},
		"the record of another vault": {Record: recorded(t, other)},
	} {
		if err := c.Pinned(p); !errors.Is(err, recover.ErrPinned) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Another set of shares of the same root keys, as a planner may have made up.
	fresh := *w
	fresh.groups = w.clone(t).until("").open().New()
	renamed := *w
	renamed.groups = slices.Clone(w.groups)
	g := *w.groups[0]
	g.Participants = slices.Clone(g.Participants)
	g.Participants[0].NodeID, g.Participants[1].NodeID = g.Participants[1].NodeID, g.Participants[0].NodeID
	renamed.groups[0] = &g
	for _, o := range []*world{&fresh, &renamed} {
		if err := c.Pinned(&Pins{Record: recorded(t, o)}); !errors.Is(err, ErrRecord) {
			t.Error(err)
		}
	}
	w.replan(func(o *Outline) { o.Pins.Record = r })
	later := recorded(t, w, record.Person{NodeID: "old-1", Name: "Alice"})
	if err := w.open().Pinned(&Pins{Record: later}); !errors.Is(err, ErrRecord) || !strings.Contains(err.Error(), "another record") {
		t.Error(err)
	}
	if err := w.open().Pinned(&Pins{Record: r}); err != nil {
		t.Error(err)
	}
}

// TestOmitted: a curve that is left out is named by whoever deals and accepts, and
// the plan carries it.
func TestOmitted(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3)
	r := recorded(t, w)
	all, ed := w.groups, w.groups[1:]
	w.replan(func(o *Outline) { o.Groups, o.Others, o.Pins.Record = ed, all, r })
	w.until(StepDeal)
	terms := w.terms("")
	for _, p := range []Pins{{Roots: terms.Roots}, {Record: r}, {}} { // of {}, the dealer's own file says it
		terms.Pins = p
		w.refuses("old-1", terms, ErrOmitted)
		terms.Groups = []string{all[0].ID}
		w.refuses("old-1", terms, ErrRestated)
		terms.Groups = []string{ed[0].ID}
		if _, err := w.open().Deal(w.shares["old-1"], terms); err != nil {
			t.Error(err)
		}
	}
	c := w.open()
	for _, p := range []*Pins{{Roots: []*derive.Key{all[0].Root(), all[1].Root()}}, {Record: r}} {
		if err := c.Pinned(p); !errors.Is(err, ErrOmitted) {
			t.Error(err)
		}
		p.Groups = []string{ed[0].ID}
		if err := c.Pinned(p); err != nil {
			t.Error(err)
		}
		if o := c.Omitted(p, all...); len(o) != 1 || o[0].ID != all[0].ID || o[0].Curve != "secp256k1" {
			t.Errorf("left out: %+v", o)
		}
	}
	if err := c.Pinned(&Pins{}, ed...); err != nil {
		t.Error(err)
	}
	// A plan that hides it is no better.
	w.replan(func(o *Outline) { o.Groups = []*share.Group{ed[0]} })
	if o := w.open().Omitted(&Pins{}); len(o) != 0 {
		t.Errorf("left out: %+v", o)
	}
	if err := w.open().Pinned(&Pins{Record: r}); !errors.Is(err, ErrOmitted) {
		t.Error(err)
	}
	if o := w.open().Omitted(&Pins{Record: r}); len(o) != 1 {
		t.Errorf("left out: %+v", o)
	}
}
