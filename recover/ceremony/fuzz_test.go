package ceremony

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/open"
)

// FuzzScalar: of the plaintexts of parts and sums, those of 32 bytes that are
// above zero and below the order are read, as the number that they are.
func FuzzScalar(f *testing.F) {
	for _, c := range curve.All() {
		for _, n := range []int64{-1, 0, 1} {
			f.Add(new(big.Int).Add(c.Order(), big.NewInt(n)).FillBytes(make([]byte, 32)))
		}
	}
	for _, b := range [][]byte{nil, make([]byte, 31), make([]byte, 32), {31: 1}, {32: 1}, bytes.Repeat([]byte{0xff}, 32), make([]byte, 1<<10)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, c := range curve.All() {
			before := bytes.Clone(raw)
			n := new(big.Int).SetBytes(raw)
			want := len(raw) == 32 && n.Sign() > 0 && n.Cmp(c.Order()) < 0
			x, err := parseScalar(c, raw)
			switch {
			case !bytes.Equal(before, raw):
				t.Errorf("%v: the input was changed", c)
			case (err == nil) != want || (x == nil) == want:
				t.Errorf("%v: %x: %v", c, raw, err)
			case want && !bytes.Equal(x.Bytes().Expose(), raw):
				t.Errorf("%v: %x is read as another scalar", c, raw)
			case err != nil && strings.ContainsAny(err.Error(), "0123456789"):
				t.Errorf("%v: the error shows something: %v", c, err)
			}
		}
	})
}

// stand is what stands in a message that is fuzzed for what differs in each run:
// the fuzzer's processes have worlds of their own.
type stand struct{ name, value string }

// stands are all of a message.
type stands []stand

// hide puts the stand-ins in the place of their values.
func (l stands) hide(text string) string {
	for _, x := range l {
		text = strings.ReplaceAll(text, x.value, x.name)
	}
	return text
}

// show puts the values in the place of their stand-ins, the longer names first.
func (l stands) show(seed string) string {
	var pairs []string
	for _, x := range l {
		pairs = append(pairs, x.name, x.value)
	}
	return strings.NewReplacer(pairs...).Replace(seed)
}

// stage is a folder that lacks one message, which is put there.
type stage struct {
	*world
	step    Step
	node    string
	open    *Ceremony // the folder without it
	signers []*open.Share
	stands
}

// newStage takes away a node's message of a step, and what came after it.
func newStage(w *world, step Step, node string) *stage {
	full := w.open()
	s := &stage{world: w.clone(w.t), step: step, node: node}
	for name := range w.files {
		for _, later := range []Step{StepDeal, StepSum, StepConfirm} {
			if full.plan.order(later) > full.plan.order(step) && strings.HasPrefix(name, string(later)+"-") {
				delete(s.files, name)
			}
		}
	}
	delete(s.files, Name(step, node))
	s.open = s.world.open()
	switch step {
	case StepDeal, StepSum:
		s.signers = w.shares[node]
	case StepConfirm:
		s.signers = w.fresh[node]
	}
	s.stands = stands{{"$session", full.session}}
	for _, of := range []Step{StepJoin, StepDeal, StepSum} {
		for i, h := range full.hashes(of) {
			s.stands = append(s.stands, stand{fmt.Sprintf("$%s%d", of, i), h})
		}
	}
	if j := full.joins[node]; j != nil {
		s.stands = append(s.stands, stand{"$public", b64(j.public.Bytes())})
	}
	if d := full.deals[node]; d != nil {
		for i, p := range formatPoints(d.commitments[0].Points) {
			s.stands = append(s.stands, stand{fmt.Sprintf("$point%d", i), p})
		}
		for i, p := range d.parts[0] {
			s.stands = append(s.stands, stand{fmt.Sprintf("$part%d", i), b64(p)})
		}
	}
	if m := full.sums[node]; m != nil {
		s.stands = append(s.stands, stand{"$sealed", b64(m.sums[0])})
	}
	if step == StepConfirm {
		s.stands = append(s.stands, stand{"$epoch", full.rosters()[0]})
	}
	return s
}

// read reads the message as Open does when it has got so far, and leaves the
// stage as it is. What is refused here is refused by Open, which is slower.
func (s *stage) read(data []byte) error {
	c := *s.open
	c.joins, c.deals, c.sums, c.confirms = maps.Clone(c.joins), maps.Clone(c.deals), maps.Clone(c.sums), maps.Clone(c.confirms)
	return map[Step]func(string, []byte) error{
		StepJoin: c.readJoin, StepDeal: c.readDeal, StepSum: c.readSum, StepConfirm: c.readConfirm,
	}[s.step](s.node, data)
}

// form returns what the message is decoded into.
func (s *stage) form() headed {
	return map[Step]headed{StepJoin: &joinMessage{}, StepDeal: &dealMessage{}, StepSum: &sumMessage{}, StepConfirm: &confirmMessage{}}[s.step]
}

// seed is the honest message, with its stand-ins.
func (s *stage) seed(data []byte) string {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		s.t.Fatal(err)
	}
	return s.hide(e.Message)
}

// FuzzMessage puts any message, signed by whoever it is to be of, into a folder
// that lacks it. A message that is taken says what it says when it is written
// again; what comes of a deal is a sound group of the same key; and whoever
// accepts gets the share that the group says, or no share.
func FuzzMessage(f *testing.F) {
	ed := []curve.Curve{curve.Ed25519} // the quicker one
	reshare, repair := newWorldOn(f, ed, 2, 2, 2, 2).until(""), newWorldOn(f, ed, 2, 3, 0, 0).until("")
	var stages []*stage
	for _, at := range []struct {
		w    *world
		step Step
		node string
	}{
		{reshare, StepJoin, "new-2"}, {reshare, StepDeal, "old-2"}, {reshare, StepConfirm, "new-2"},
		{repair, StepJoin, "old-3"}, {repair, StepDeal, "old-2"}, {repair, StepSum, "old-2"}, {repair, StepConfirm, "old-3"},
	} {
		s := newStage(at.w, at.step, at.node)
		i := uint8(len(stages))
		stages = append(stages, s)
		honest := s.seed(at.w.files[Name(at.step, at.node)])
		f.Add(i, honest)
		f.Add(i, honest[:len(honest)/2])
		f.Add(i, `{"step":"`+string(at.step)+`","session":"$session","author":"`+at.node+`"}`)
		f.Add(i, strings.ReplaceAll(honest, "$point1", "$point0"))
		f.Add(i, strings.ReplaceAll(honest, "$part0", "$part1"))
		f.Add(i, strings.ReplaceAll(honest, "$", "$0"))
		f.Add(i, strings.NewReplacer(`"share_ids":[],`, "", `"sums":[],`, "").Replace(honest))
	}
	f.Fuzz(func(t *testing.T, which uint8, seed string) {
		s := stages[int(which)%len(stages)]
		text := s.show(seed)
		if !json.Valid([]byte(text)) {
			return // cheap, and FuzzUnmarshal's
		}
		name := Name(s.step, s.node)
		refused := func(err error) bool {
			if err != nil && (!errors.Is(err, ErrMessage) || len(err.Error()) > 2000) {
				t.Errorf("%s: %v", name, err)
			}
			return err != nil
		}
		e := envelope{Format: fileFormat, Version: fileVersion, Message: text}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.open.read(s.step, s.node, data, s.form()); refused(err) {
			return // before the work of signing it
		}
		for _, x := range s.signers {
			e.Signatures = append(e.Signatures, x.Sign((&message{version: fileVersion, text: text}).signed(s.step)))
		}
		if data, err = json.Marshal(e); err != nil {
			t.Fatal(err)
		}
		if refused(s.read(data)) {
			return
		}
		files := maps.Clone(s.files)
		files[name] = data
		c, err := Open(files)
		if err != nil {
			var at *FileError
			if c != nil || !errors.As(err, &at) || len(err.Error()) > 2000 {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		if !c.Has(s.step, s.node) {
			t.Fatalf("%s is not there", name)
		}
		s.again(t, c, text)
		for i, g := range c.New() {
			if err := g.Check(); err != nil || !g.SameKey(s.groups[i]) {
				t.Errorf("%s: a group that is not sound, or of another key: %v", name, err)
			}
		}
		if step, _ := c.Next(); step != StepConfirm && step != "" {
			return
		}
		for _, node := range c.Parties() {
			k, err := ParseKey(s.keys[node])
			if err != nil {
				t.Fatal(err)
			}
			held, err := c.Accept(k)
			if err != nil {
				continue
			}
			for _, h := range held {
				if x := h.Share.Bytes(); !h.Group.Curve.Generator().Mul(h.Group.Curve.ScalarFromBytes(x.Expose())).Equal(h.Group.ByNode(node).PublicKey) {
					t.Errorf("%s: node %q gets another share than the group says", name, node)
				}
			}
		}
	})
}

// again writes what was read of a message, and reads it.
func (s *stage) again(t *testing.T, c *Ceremony, text string) {
	v := s.form()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("it was taken, and is not JSON of that form: %v", err)
	}
	switch v := v.(type) { // a list that is missing is empty, and null is none
	case *joinMessage:
		v.ShareIDs = append([]string{}, v.ShareIDs...)
	case *confirmMessage:
		v.Sums = append([]string{}, v.Sums...)
	}
	data, err := write(s.step, v, s.signers...)
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(s.files)
	files[Name(s.step, s.node)] = data
	other, err := Open(files)
	if err != nil {
		t.Fatalf("refused when written again: %v", err)
	}
	switch s.step {
	case StepJoin:
		a, b := c.joins[s.node], other.joins[s.node]
		if !bytes.Equal(a.public.Bytes(), b.public.Bytes()) || !slices.EqualFunc(a.ids, b.ids, share.ID.Equal) {
			t.Error("another join when written again")
		}
	case StepDeal:
		a, b := c.deals[s.node], other.deals[s.node]
		if fmt.Sprint(a.parts) != fmt.Sprint(b.parts) || fmt.Sprint(formatPoints(a.commitments[0].Points)) != fmt.Sprint(formatPoints(b.commitments[0].Points)) {
			t.Error("another deal when written again")
		}
	case StepSum:
		if fmt.Sprint(other.sums[s.node].sums) != fmt.Sprint(c.sums[s.node].sums) {
			t.Error("another sum when written again")
		}
	}
}

// FuzzPlan: a plan that is taken keeps its limits, has sound groups and names
// that files may have, and is the same when it is written again.
func FuzzPlan(f *testing.F) {
	both := curve.All()
	for _, w := range []*world{newWorldOn(f, both, 2, 2, 2, 3), newWorldOn(f, both[:1], 2, 3, 0, 0), newWorldOn(f, both[1:], 2, 2, 2, 2)} {
		var e envelope
		if err := json.Unmarshal(w.files[PlanName], &e); err != nil {
			f.Fatal(err)
		}
		f.Add(e.Message)
		for _, change := range [][2]string{
			{`"reshare"`, `"repair"`}, {`"threshold":2`, `"threshold":1`}, {`"threshold":2`, `"threshold":99`}, {`old-2`, `OLD-1`}, {`new-1`, `../x`},
			{`"ed25519"`, `"secp256k1"`}, {`TEST ONLY`, strings.Repeat("x", maxText+1)}, {`"groups":[`, `"groups":[{},`}, {`"step":"plan"`, `"step":"join"`},
		} {
			f.Add(strings.ReplaceAll(e.Message, change[0], change[1]))
		}
		f.Add(e.Message[:len(e.Message)/2])
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := json.Marshal(envelope{Format: fileFormat, Version: fileVersion, Message: text})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(map[string][]byte{PlanName: data})
		if err != nil {
			var at *FileError
			if c != nil || !errors.As(err, &at) || at.Name != PlanName || len(err.Error()) > 2000 {
				t.Errorf("%v", err)
			}
			return
		}
		if n := len(c.Old()); n == 0 || n > maxGroups {
			t.Errorf("%d groups", n)
		}
		for _, g := range c.Old() {
			if err := g.Check(); err != nil || len(g.Participants) > share.MaxParticipants || g.Root() == nil || len(c.Signers()) != g.Threshold {
				t.Errorf("group %q is not sound: %v", g.ID, err)
			}
		}
		for _, node := range append(c.Signers(), c.Parties()...) {
			if err := open.CheckNodeID(node); err != nil {
				t.Error(err)
			}
		}
		if c.Threshold() < 2 || c.Kind() == Reshare && c.Threshold() > len(c.Parties()) {
			t.Errorf("threshold %d", c.Threshold())
		}
		again, err := write(StepPlan, c.plan)
		if err != nil {
			t.Fatal(err)
		}
		other, err := Open(map[string][]byte{PlanName: again})
		if err != nil {
			t.Fatalf("refused when written again: %v", err)
		}
		for i, g := range c.Old() {
			if o := other.Old()[i]; o.Epoch() != g.Epoch() || o.ID != g.ID || o.Threshold != g.Threshold || o.Root().String() != g.Root().String() || hex.EncodeToString(o.RootKey.Bytes()) != hex.EncodeToString(g.RootKey.Bytes()) {
				t.Errorf("group %q is another when written again", g.ID)
			}
		}
	})
}
