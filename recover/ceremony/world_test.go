package ceremony

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// world is a vault on both curves, the folder on the stick, and what the parties
// keep at home.
type world struct {
	t       testing.TB
	groups  []*share.Group
	shares  map[string][]*open.Share // old ones, by node
	files   map[string][]byte
	keys    map[string]*secret.Bytes // key files, by node
	fresh   map[string][]*open.Share // new ones, by node
	signers []string
	parties []string
}

// newWorld makes a vault of nodes old-1, old-2 … and a plan for a reshare to
// new-1, new-2 …, or, with no new holders, for a repair of the last old share.
func newWorld(t testing.TB, threshold, n, newThreshold, newN int) *world {
	t.Helper()
	return newWorldOn(t, curve.All(), threshold, n, newThreshold, newN)
}

func newWorldOn(t testing.TB, curves []curve.Curve, threshold, n, newThreshold, newN int) *world {
	t.Helper()
	w := &world{t: t, shares: map[string][]*open.Share{}, files: map[string][]byte{}, keys: map[string]*secret.Bytes{}, fresh: map[string][]*open.Share{}}
	for _, c := range curves {
		w.share(c, threshold, n)
	}
	o := Outline{Kind: Reshare, Reason: Rotation, Tool: "test", Created: "2026-11-22 00:00:00 +0000 UTC", Threshold: newThreshold, Groups: w.groups}
	for i := range threshold {
		o.Signers = append(o.Signers, fmt.Sprintf("old-%d", i+1))
	}
	for j := range newN {
		o.Parties = append(o.Parties, fmt.Sprintf("new-%d", j+1))
	}
	for _, c := range curves {
		o.NewIDs = append(o.NewIDs, "TEST ONLY new "+c.String())
	}
	if newN == 0 {
		o.Kind, o.Reason, o.NewIDs, o.Parties = Repair, Lost, nil, []string{fmt.Sprintf("old-%d", n)}
	}
	w.signers, w.parties = o.Signers, o.Parties
	plan, err := NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	w.files[PlanName] = plan
	return w
}

func (w *world) share(c curve.Curve, threshold, n int) {
	var ids []share.ID
	for range n {
		ids = append(ids, open.NewID(c))
	}
	w.shareAt(c, threshold, ids)
}

// shareAt makes a group whose holders have these share IDs.
func (w *world) shareAt(c curve.Curve, threshold int, ids []share.ID) {
	f := make([]*curve.Scalar, threshold)
	for k := range f {
		f[k] = c.RandomScalar()
	}
	g := &share.Group{ID: "TEST ONLY " + c.String(), Curve: c, Scheme: share.Shamir, Threshold: threshold, RootKey: c.Generator().Mul(f[0]), ChainCode: &[derive.ChainCodeSize]byte{byte(c)}}
	var values []*curve.Scalar
	for j, id := range ids {
		v := c.Scalar()
		for k := threshold - 1; k >= 0; k-- {
			v.Mul(id.Scalar()).Add(f[k])
		}
		values = append(values, v)
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprintf("old-%d", j+1), ShareID: id, PublicKey: c.Generator().Mul(v)})
	}
	w.groups = append(w.groups, g)
	for j, p := range g.Participants {
		w.shares[p.NodeID] = append(w.shares[p.NodeID], w.opened(g, p, values[j]))
	}
}

// opened returns a share as its file would open. Save data of tss-lib need no
// password, so that this is quick.
func (w *world) opened(g *share.Group, p share.Participant, x *curve.Scalar) *open.Share {
	w.t.Helper()
	s, err := open.Open(&share.Sealed{
		Path: p.NodeID + ".json", Group: g, Curve: g.Curve, Roster: g.Participants,
		NodeID: p.NodeID, ShareID: &p.ShareID, PublicKey: p.PublicKey, Lock: &share.Clear{Digits: secret.Copy([]byte(x.Int().String()))},
	}, nil, open.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// open reads the folder, as each step does: nothing else is kept between them.
func (w *world) open() *Ceremony {
	w.t.Helper()
	c, err := Open(w.files)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) add(step Step, node string, file []byte, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.files[Name(step, node)] = file
	if !w.open().Has(step, node) {
		w.t.Fatalf("the %s of %s is not there", step, node)
	}
}

func (w *world) join(node string) {
	w.t.Helper()
	file, key, err := w.open().Join(node)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.keys[node], err = key.Marshal(); err != nil {
		w.t.Fatal(err)
	}
	w.add(StepJoin, node, file, nil)
}

func (w *world) key(node string) *Key {
	w.t.Helper()
	k, err := ParseKey(w.keys[node])
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// terms are what an honest dealer knows, who has called the owner of every join.
func (w *world) terms(node string) *Terms {
	w.t.Helper()
	c := w.open()
	t := &Terms{Kind: c.plan.Kind, Parties: w.parties, Threshold: c.plan.Threshold, Words: map[string]string{}}
	for _, g := range w.groups {
		t.Roots = append(t.Roots, g.Root())
	}
	for _, owner := range c.nodes(StepJoin) {
		if !c.Has(StepJoin, owner) {
			continue
		}
		switch words, err := c.Words(w.key(owner)); {
		case owner == node:
			t.Key = w.key(node)
		case err != nil:
			w.t.Fatal(err)
		default:
			t.Words[owner] = strings.Join(words, " ")
		}
	}
	return t
}

func (w *world) deal(node string) {
	w.t.Helper()
	file, err := w.open().Deal(w.shares[node], w.terms(node))
	w.add(StepDeal, node, file, err)
}

func (w *world) sum(node string) {
	w.t.Helper()
	file, err := w.open().Sum(w.shares[node], w.key(node))
	w.add(StepSum, node, file, err)
}

func (w *world) accept(node string) {
	w.t.Helper()
	held, err := w.open().Accept(w.key(node))
	if err != nil {
		w.t.Fatal(err)
	}
	w.fresh[node] = nil
	for _, h := range held {
		x := h.Share.Bytes()
		w.fresh[node] = append(w.fresh[node], w.opened(h.Group, h.Holder, h.Group.Curve.ScalarFromBytes(x.Expose())))
	}
}

func (w *world) confirm(node string) {
	w.t.Helper()
	file, err := w.open().Confirm(w.fresh[node])
	w.add(StepConfirm, node, file, err)
}

// until goes through the steps up to and without the given one.
func (w *world) until(step Step) *world {
	w.t.Helper()
	c := w.open()
	for _, stage := range []struct {
		step  Step
		nodes []string
		do    func(string)
	}{
		{StepJoin, c.nodes(StepJoin), w.join}, {StepDeal, w.signers, w.deal}, {StepSum, c.nodes(StepSum), w.sum},
		{StepAccept, w.parties, w.accept}, {StepConfirm, w.parties, w.confirm},
	} {
		if stage.step == step {
			return w
		}
		for _, node := range stage.nodes {
			if !w.open().Has(stage.step, node) && (stage.step != StepAccept || w.fresh[node] == nil) {
				stage.do(node)
			}
		}
	}
	return w
}

// clone copies the folder, so that a test may damage it.
func (w *world) clone(t testing.TB) *world {
	c := *w
	c.t = t
	c.files, c.keys, c.fresh = maps.Clone(w.files), maps.Clone(w.keys), maps.Clone(w.fresh)
	return &c
}

// edit changes the message in a file, and signs it again if shares are given.
func (w *world) edit(name string, change func(m map[string]any), shares ...*open.Share) {
	w.t.Helper()
	var e envelope
	var m map[string]any
	if err := json.Unmarshal(w.files[name], &e); err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(e.Message), &m); err != nil {
		w.t.Fatal(err)
	}
	change(m)
	text, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if string(text) == e.Message {
		w.t.Fatal("nothing was changed")
	}
	e.Message = string(text)
	if shares != nil {
		e.Signatures = nil
		for _, s := range shares {
			step, _, _ := strings.Cut(strings.TrimSuffix(name, ".json"), "-")
			e.Signatures = append(e.Signatures, s.Sign((&message{version: e.Version, text: e.Message}).signed(Step(step))))
		}
	}
	if w.files[name], err = json.Marshal(e); err != nil {
		w.t.Fatal(err)
	}
}

// combines reports whether the new shares of some nodes give the root keys.
func (w *world) combines(nodes ...string) bool {
	w.t.Helper()
	groups := w.open().New()
	for i, g := range groups {
		var shares []*open.Share
		for _, node := range nodes {
			if held := w.fresh[node]; held != nil {
				shares = append(shares, held[i])
			} else {
				shares = append(shares, w.shares[node][i])
			}
		}
		key, err := recover.Combine(g, w.groups[i].Root(), shares)
		if err != nil {
			return false
		}
		key.Wipe()
	}
	return true
}

// named fails unless the error names the file and says something.
func named(t testing.TB, err error, name, text string) {
	t.Helper()
	var f *FileError
	if !errors.As(err, &f) || f.Name != name || !strings.Contains(err.Error(), text) {
		t.Errorf("%s was not named with %q: %v", name, text, err)
	}
}

// list returns a list in a decoded message, and at an element of it.
func list(m any, path ...any) []any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m = m.(map[string]any)[p]
		case int:
			m = m.([]any)[p]
		}
	}
	return m.([]any)
}

// wrong returns a scalar sealed as the author would, but another one.
func (w *world) wrong(step Step, author, receiver string, group int) []byte {
	w.t.Helper()
	c := w.open()
	b, err := c.seal(scalar.Random(c.plan.groups[group].Curve), step, author, receiver, group)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// take removes files from the folder and returns them.
func (w *world) take(names ...string) map[string][]byte {
	w.t.Helper()
	taken := map[string][]byte{}
	for _, name := range names {
		data, ok := w.files[name]
		if !ok {
			w.t.Fatalf("%s is not there", name)
		}
		taken[name] = data
		delete(w.files, name)
	}
	return taken
}
