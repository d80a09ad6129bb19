package ceremony

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/open"
)

// TestReshare holds whole ceremonies, from 2-of-2 to 5-of-9. The folder is read
// anew for every step, and keys come from their files: whoever is switched off
// between two steps goes on.
func TestReshare(t *testing.T) {
	for _, size := range [][4]int{{2, 3, 2, 3}, {2, 2, 3, 5}, {3, 5, 2, 2}, {2, 3, 5, 9}, {5, 9, 2, 3}} {
		w := newWorld(t, size[0], size[1], size[2], size[3])
		if step, who := w.open().Next(); step != StepJoin || !slices.Equal(who, w.parties) {
			t.Errorf("next is %s of %v", step, who)
		}
		w.until(StepConfirm)
		if step, who := w.open().Next(); step != StepConfirm || !slices.Equal(who, w.parties) {
			t.Errorf("next is %s of %v", step, who)
		}
		for _, node := range w.parties {
			w.confirm(node)
		}
		if step, who := w.open().Next(); step != "" || who != nil {
			t.Errorf("next is %s of %v", step, who)
		}
		if !w.combines(w.parties[:size[2]]...) || !w.combines(w.parties[size[3]-size[2]:]...) {
			t.Error("the new shares do not give the root keys")
		}
		if w.combines(w.parties[1:size[2]]...) || w.combines(append(w.parties[1:size[2]:size[2]], w.signers[0])...) {
			t.Error("too few new shares, or a mix with an old one, give the root keys")
		}
		for i, g := range w.open().New() {
			if g.Threshold != size[2] || len(g.Participants) != size[3] || !g.RootKey.Equal(w.groups[i].RootKey) || *g.ChainCode != *w.groups[i].ChainCode || g.ID == w.groups[i].ID {
				t.Errorf("the new group is %+v", g)
			}
		}
	}
}

func TestRepair(t *testing.T) {
	for _, size := range [][2]int{{2, 3}, {3, 5}, {5, 9}} {
		w := newWorld(t, size[0], size[1], 0, 0).until("")
		lost := w.parties[0]
		for i := range w.groups {
			if !w.fresh[lost][i].Scalar().Equal(w.shares[lost][i].Scalar()) {
				t.Error("another share came back")
			}
		}
		if step, _ := w.open().Next(); step != "" {
			t.Errorf("next is %s", step)
		}
		for i, g := range w.open().New() {
			if serious, minor := g.Differences(w.groups[i]); serious != nil || minor != nil {
				t.Errorf("the group has changed: %v %v", serious, minor)
			}
		}
	}
}

// TestAnyOrder: within a step, the order of the parties does not matter.
func TestAnyOrder(t *testing.T) {
	w := newWorld(t, 3, 5, 2, 3)
	for _, node := range []string{"new-3", "new-1", "new-2"} {
		w.join(node)
	}
	for _, node := range []string{"old-2", "old-3", "old-1"} {
		w.deal(node)
	}
	for _, node := range []string{"new-2", "new-3", "new-1"} {
		w.accept(node)
		w.confirm(node)
	}
	if !w.combines("new-3", "new-1") {
		t.Error("the new shares do not give the root keys")
	}
}

// TestTooEarly: no step runs ahead.
func TestTooEarly(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3)
	w.join("new-1")
	c := w.open()
	if _, err := c.Deal(w.shares["old-1"], w.terms("")); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
	if _, err := c.Accept(w.key("new-1")); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
	if _, err := c.Confirm(w.shares["old-1"]); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
	w.join("new-2")
	w.join("new-3")
	w.deal("old-2")
	if _, err := w.open().Accept(w.key("new-1")); !errors.Is(err, ErrTooEarly) || !strings.Contains(err.Error(), "old-1") {
		t.Error(err)
	}
	r := newWorld(t, 2, 3, 0, 0).until(StepDeal)
	r.deal("old-1")
	if _, err := r.open().Sum(r.shares["old-1"], r.key("old-1")); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
	r.deal("old-2")
	r.sum("old-2")
	if _, err := r.open().Accept(r.key("old-3")); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
}

// TestWrongParty: whoever has no part in a step is refused.
func TestWrongParty(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	c := w.open()
	if _, _, err := c.Join("old-1"); !errors.Is(err, ErrParty) {
		t.Error(err)
	}
	for name, shares := range map[string][]*open.Share{
		"not a signer":                   w.shares["old-3"],
		"one curve only":                 w.shares["old-1"][:1],
		"two holders' shares":            {w.shares["old-1"][0], w.shares["old-2"][1]},
		"another vault's":                newWorld(t, 2, 3, 2, 3).shares["old-1"],
		"none":                           nil,
		"another epoch's":                newWorldOf(t, w).shares["old-1"],
		"of a file with a forged roster": forged(w),
	} {
		if b, err := c.Deal(shares, w.terms("")); b != nil || !errors.Is(err, ErrParty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.until(StepConfirm)
	c = w.open()
	if _, err := c.Confirm(w.shares["old-1"]); !errors.Is(err, ErrParty) {
		t.Errorf("an old share confirms: %v", err)
	}
	if _, err := c.Confirm([]*open.Share{w.fresh["new-1"][0], w.fresh["new-2"][1]}); !errors.Is(err, ErrParty) {
		t.Errorf("two holders' shares confirm: %v", err)
	}
	r := newWorld(t, 2, 3, 0, 0).until(StepSum)
	if _, err := r.open().Sum(r.shares["old-1"], r.key("old-2")); !errors.Is(err, ErrParty) {
		t.Errorf("another's key: %v", err)
	}
	r.until(StepAccept)
	if _, err := r.open().Accept(r.key("old-1")); !errors.Is(err, ErrParty) {
		t.Errorf("a helper accepts: %v", err)
	}
}

// newWorldOf is a vault of the same root keys in another epoch.
func newWorldOf(t testing.TB, w *world) *world {
	t.Helper()
	v := w.clone(t)
	v.files = map[string][]byte{PlanName: v.files[PlanName]}
	v.until("")
	v.shares = map[string][]*open.Share{"old-1": v.fresh["new-1"]}
	return v
}

// forged returns a holder's shares in files whose roster differs.
func forged(w *world) []*open.Share {
	var shares []*open.Share
	for i, s := range w.shares["old-1"] {
		g := *w.groups[i]
		g.Participants = slices.Clone(g.Participants)
		g.Participants[2].PublicKey = g.Curve.Generator()
		shares = append(shares, w.opened(&g, g.Participants[0], g.Curve.ScalarFromBytes(s.Scalar().Bytes().Expose())))
	}
	return shares
}

func TestNewPlanRefuses(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3)
	noCode := *w.groups[0]
	noCode.ChainCode = nil
	bad := *w.groups[0]
	bad.Threshold = 3
	good := Outline{Kind: Reshare, Reason: Rotation, Threshold: 2, Signers: []string{"old-1", "old-2"}, Parties: []string{"a", "b", "c"}, Groups: w.groups, NewIDs: []string{"x", "y"}}
	for name, change := range map[string]func(o *Outline){
		"no kind":        func(o *Outline) { o.Kind = "" },
		"no reason":      func(o *Outline) { o.Reason = "" },
		"another reason": func(o *Outline) { o.Reason = "whim" },
		"repair: stolen": func(o *Outline) {
			o.Kind, o.Reason, o.NewIDs, o.Threshold, o.Parties = Repair, Stolen, nil, 0, []string{"old-3"}
		},
		"threshold 1":        func(o *Outline) { o.Threshold = 1 },
		"threshold too high": func(o *Outline) { o.Threshold = 4 },
		"too few signers":    func(o *Outline) { o.Signers = o.Signers[:1] },
		"too many signers":   func(o *Outline) { o.Signers = []string{"old-1", "old-2", "old-3"} },
		"a signer twice":     func(o *Outline) { o.Signers = []string{"old-1", "old-1"} },
		"an unknown signer":  func(o *Outline) { o.Signers = []string{"old-1", "old-9"} },
		"no signer":          func(o *Outline) { o.Signers = nil },
		"a party twice":      func(o *Outline) { o.Parties = []string{"a", "b", "A"} },
		"a party's name":     func(o *Outline) { o.Parties = []string{"a", "../b"} },
		"no party":           func(o *Outline) { o.Parties = nil },
		"no group":           func(o *Outline) { o.Groups = nil },
		"no chain code":      func(o *Outline) { o.Groups = []*share.Group{&noCode} },
		"an invalid group":   func(o *Outline) { o.Groups = []*share.Group{&bad} },
		"one key twice":      func(o *Outline) { o.Groups = []*share.Group{w.groups[0], w.groups[0]} },
		"repair: threshold":  func(o *Outline) { o.Kind, o.Reason, o.NewIDs, o.Parties = Repair, Lost, nil, []string{"old-3"} },
		"repair: a signer": func(o *Outline) {
			o.Kind, o.Reason, o.NewIDs, o.Threshold, o.Parties = Repair, Lost, nil, 0, []string{"old-1"}
		},
		"repair: nobody": func(o *Outline) {
			o.Kind, o.Reason, o.NewIDs, o.Threshold, o.Parties = Repair, Lost, nil, 0, []string{"a"}
		},
		"repair: two": func(o *Outline) {
			o.Kind, o.Reason, o.NewIDs, o.Threshold, o.Parties = Repair, Lost, nil, 0, []string{"old-3", "a"}
		},
		"repair: new ID": func(o *Outline) { o.Kind, o.Reason, o.Threshold, o.Parties = Repair, Lost, 0, []string{"old-3"} },
	} {
		o := good
		change(&o)
		if b, err := NewPlan(o); b != nil || !errors.Is(err, ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewPlan(good); err != nil {
		t.Error(err)
	}
}

// TestJoinWords: the words stand for one join, and its owner alone is told them.
func TestJoinWords(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	list, err := w.open().Words(w.key("new-1"))
	if err != nil || len(list) != 8 {
		t.Fatal(list, err)
	}
	var e envelope
	if err := json.Unmarshal(w.files["join-new-1.json"], &e); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("lifeboat-ceremony-v2\njoin\n" + e.Message))
	if want := words(digest[:]); !slices.Equal(list, want) {
		t.Errorf("%v, not %v", list, want)
	}
	text := strings.Join(list, " ")
	if !sameWords(list, text) || !sameWords(list, "  "+strings.ToUpper(strings.Join(list, "\n\t"))) {
		t.Error("blanks or capitals matter")
	}
	for _, other := range []string{"", strings.Join(list[:7], " "), text + " baba", strings.Join(append(list[1:8:8], list[0]), " ")} {
		if sameWords(list, other) {
			t.Errorf("%q passes for %q", other, text)
		}
	}
	mine := w.key("new-1")
	w.take("join-new-1.json")
	w.join("new-1")
	if list, err := w.open().Words(mine); list != nil || !errors.Is(err, ErrKey) {
		t.Errorf("the words of somebody else's join are shown: %v", err)
	}
}

func TestWords(t *testing.T) {
	ones := bytes.Repeat([]byte{0xff}, 32)
	if got := strings.Join(words(make([]byte, 32)), " "); got != strings.TrimSpace(strings.Repeat("baba ", 8)) {
		t.Error(got)
	}
	if got := strings.Join(words(ones), " "); got != strings.TrimSpace(strings.Repeat("zuzu ", 8)) {
		t.Error(got)
	}
	// 0x123456 is 0001 00 1000 11, 0100 01 0101 10: d-a m-u, h-i j-o.
	if got := words(append([]byte{0x12, 0x34, 0x56}, ones...)); got[0] != "damu" || got[1] != "hijo" {
		t.Error(got)
	}
	seen := map[string]bool{}
	for i := range 1 << 12 {
		seen[words(append([]byte{byte(i >> 4), byte(i << 4)}, ones...))[0]] = true
	}
	if len(seen) != 1<<12 {
		t.Errorf("%d different words", len(seen))
	}
}

func TestKey(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	text := w.keys["new-1"]
	k := w.key("new-1")
	if k.Node() != "new-1" {
		t.Error("another key")
	}
	good := string(text.Expose())
	for name, bad := range map[string]string{
		"empty": "", "cut": good[:len(good)-10], "a line more": good + "x\n", "another header": strings.Replace(good, "-v1", "-v2", 1),
		"no hex": strings.Replace(good, "key: ", "key: x", 1), "too long": good + strings.Repeat("0", 5000), "swapped lines": strings.Replace(good, "node: ", "session: ", 1),
	} {
		if _, err := ParseKey(secret.Copy([]byte(bad))); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		} else if digits := good[strings.LastIndex(good, ":")+2:][:20]; strings.Contains(err.Error(), digits) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	w.deal("old-1")
	w.deal("old-2")
	other := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	if _, err := w.open().Accept(other.key("new-1")); !errors.Is(err, ErrKey) {
		t.Errorf("a key of another session: %v", err)
	}
	stranger := w.key("new-1")
	stranger.node = "new-9"
	if _, err := w.open().Accept(stranger); !errors.Is(err, ErrParty) {
		t.Errorf("a stranger: %v", err)
	}
}

// TestNothingSecret: no share, and no key, is in any message.
func TestNothingSecret(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until("")
	for name, data := range w.files {
		for _, set := range []map[string][]*open.Share{w.shares, w.fresh} {
			for node, shares := range set {
				for _, s := range shares {
					if raw := s.Scalar().Bytes(); bytes.Contains(data, raw.Expose()) || bytes.Contains(data, []byte(s.Public().Curve().ScalarFromBytes(raw.Expose()).Int().String())) {
						t.Errorf("%s shows a share of %s", name, node)
					}
				}
			}
		}
	}
}
