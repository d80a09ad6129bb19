package ceremony

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/recover/frost"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/record"

	"pgregory.net/rapid"
)

// anyID draws a share ID: a small one, or one above the order.
func anyID(t *rapid.T, c curve.Curve) share.ID {
	n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 34).Draw(t, "ID"))
	id, err := share.NewID(c, n.Add(n, big.NewInt(1)).String())
	if err != nil || id.Scalar().IsZero() {
		t.Skip("a multiple of the order, or too long")
	}
	return id
}

// signers are three holders of a vault on both curves, and a batch.
type signers struct {
	*world
	record *record.Record
	batch  [32]byte
	slots  []Slot
}

// anySigners draws share IDs, keys, tweaks and messages.
func anySigners(t *rapid.T, tt *testing.T) *signers {
	w := &signers{world: &world{t: tt, shares: map[string][]*open.Share{}}}
	for _, c := range curve.All() {
		w.shareAt(c, 2, []share.ID{anyID(t, c), anyID(t, c), anyID(t, c)})
	}
	w.setBatch(t, rapid.IntRange(1, 4).Draw(t, "signatures"))
	r, err := record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: w.groups})
	if err != nil {
		t.Skip("two share IDs are one")
	}
	w.record = r
	return w
}

// setBatch draws what is to be signed.
func (w *signers) setBatch(t *rapid.T, n int) {
	w.slots = nil
	rand.Read(w.batch[:])
	for range n {
		g := rapid.SampledFrom(w.groups).Draw(t, "group")
		scheme, tweak := signature.Ed25519, (*[32]byte)(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "tweak"))
		message, output := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "message"), false
		if g.Curve == curve.Secp256k1 {
			scheme, message = signature.Schnorr, rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")
			output = rapid.Bool().Draw(t, "BIP 86")
		}
		w.add(g, scheme, tweak, message, output)
	}
}

// add adds a signature to the batch. output is whether a Taproot output key is tweaked.
func (w *signers) add(g *share.Group, scheme signature.Scheme, tweak *[32]byte, message []byte, output bool) {
	s := Slot{Root: g.Root(), Tweak: tweak, Public: g.RootKey.Add(g.Curve.MulBase(g.Curve.ScalarFromBytes(tweak[:]))), Scheme: scheme, Message: message}
	if output && scheme == signature.Schnorr {
		s.Output = signature.TapTweak(s.Public)
	}
	w.slots = append(w.slots, s)
}

// signing is the holder of node, who signs with that of other.
func (w *signers) signing(node, other string) *Signing {
	w.t.Helper()
	s, err := NewSigning(w.record, other, w.batch, slices.Clone(w.slots))
	if err == nil {
		err = s.Sit(w.shares[node])
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *signers) ask() (*Asker, []byte) {
	w.t.Helper()
	a, file, err := w.signing("old-1", "old-2").Ask()
	if err != nil {
		w.t.Fatal(err)
	}
	return a, file
}

func (w *signers) answer(request []byte) []byte {
	w.t.Helper()
	file, err := w.signing("old-2", "old-1").Answer(request)
	if err != nil {
		w.t.Fatal(err)
	}
	return file
}

// check verifies what was released, with nothing that signing has computed.
func (w *signers) check(list []*signature.Signature) {
	w.t.Helper()
	if len(list) != len(w.slots) {
		w.t.Fatalf("%d signatures for %d slots", len(list), len(w.slots))
	}
	for i, s := range w.slots {
		public := s.Public
		if s.Scheme == signature.Schnorr {
			public = signature.TaprootOutput(public, s.Output)
		}
		if err := signature.Verify(public, s.Message, list[i]); err != nil {
			w.t.Fatal(err)
		}
	}
}

// forge changes a message, and signs it as its author would.
func (w *signers) forge(step Step, node string, file []byte, change func(m map[string]any)) []byte {
	w.t.Helper()
	var e envelope
	m := map[string]any{}
	if err := errors.Join(json.Unmarshal(file, &e), json.Unmarshal([]byte(e.Message), &m)); err != nil {
		w.t.Fatal(err)
	}
	var shares []*open.Share
	for _, roster := range m["rosters"].([]any) {
		for i, g := range w.groups {
			if sum := g.RosterSHA256(); hex.EncodeToString(sum[:]) == roster {
				shares = append(shares, w.shares[node][i])
			}
		}
	}
	change(m)
	out, err := write(step, m, shares...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// commitmentsOf returns those in a file.
func commitmentsOf(t testing.TB, file []byte) []string {
	var e envelope
	var m answerMessage
	if err := errors.Join(json.Unmarshal(file, &e), json.Unmarshal([]byte(e.Message), &m)); err != nil {
		t.Fatal(err)
	}
	return m.Commitments
}

// flipped changes one byte of a file.
func flipped(t *rapid.T, file []byte) []byte {
	out := bytes.Clone(file)
	out[rapid.IntRange(0, len(out)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "by")
	return out
}

// outcome is a known end of a signing, or a failure of the test.
func outcome(t testing.TB, err error) string {
	for _, e := range []error{ErrMessage, ErrDishonest, ErrElsewhere, ErrBatch, frost.ErrSpent} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if err != nil {
		t.Fatalf("an error of no kind: %v", err)
	}
	return "signed"
}

// lies are what a holder can write in a field of a message, and how it must end.
var lies = map[string]struct {
	tell func(t *rapid.T, w *signers, m map[string]any)
	is   []error // one of them; nil: signed
}{
	"a signature share": {func(t *rapid.T, w *signers, m map[string]any) {
		list := m["shares"].([]any)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		x := w.slots[i].Root.Curve().RandomScalar().Bytes()
		list[i] = hex.EncodeToString(x[:])
	}, []error{ErrDishonest}},
	"a signature share above the order": {func(t *rapid.T, w *signers, m map[string]any) {
		m["shares"].([]any)[0] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	}, []error{ErrDishonest}},
	"shares swapped or dropped": {func(t *rapid.T, w *signers, m map[string]any) {
		m["shares"] = m["shares"].([]any)[1:]
	}, []error{ErrDishonest}},
	"a commitment": {func(t *rapid.T, w *signers, m map[string]any) {
		list := m["commitments"].([]any)
		i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
		c := w.slots[i].Root.Curve()
		p := c.MulBase(c.RandomScalar()).Bytes()
		text := []byte(list[i].(string))
		copy(text[2*curve.PointSize*rapid.IntRange(0, 1).Draw(t, "half"):], hex.EncodeToString(p))
		list[i] = string(text)
	}, []error{ErrDishonest, ErrElsewhere}}, // of a request it is another request
	"a commitment that is no point": {func(t *rapid.T, w *signers, m map[string]any) {
		text := rapid.SampledFrom([]string{"", "00", "0000000000000000000000000000000000000000000000000000000000000000", "zz"}).Draw(t, "text")
		m["commitments"].([]any)[0] = text + fmt.Sprintf("%0*d", max(0, 132-len(text)), 0)
	}, []error{ErrDishonest}},
	"too few commitments":  {func(t *rapid.T, w *signers, m map[string]any) { m["commitments"] = []string{} }, []error{ErrDishonest}},
	"the author":           {func(t *rapid.T, w *signers, m map[string]any) { m["author"] = "old-3" }, []error{ErrDishonest}},
	"the step":             {func(t *rapid.T, w *signers, m map[string]any) { m["step"] = "deal" }, []error{ErrDishonest}},
	"the session":          {func(t *rapid.T, w *signers, m map[string]any) { m["session"] = hex.EncodeToString(make([]byte, 32)) }, []error{ErrElsewhere}},
	"a session of no form": {func(t *rapid.T, w *signers, m map[string]any) { m["session"] = "x" }, []error{ErrDishonest}},
	"to whom":              {func(t *rapid.T, w *signers, m map[string]any) { m["to"] = "old-3" }, []error{ErrElsewhere}},
	"no rosters":           {func(t *rapid.T, w *signers, m map[string]any) { m["rosters"] = []string{} }, []error{ErrMessage}},
	"one roster twice": {func(t *rapid.T, w *signers, m map[string]any) {
		list := m["rosters"].([]any)
		m["rosters"] = append(list, list[0])
	}, []error{ErrElsewhere, ErrMessage}}, // where that is more than the record has
	"another roster": {func(t *rapid.T, w *signers, m map[string]any) { m["rosters"].([]any)[0] = "00" }, []error{ErrMessage}},
	"which request":  {func(t *rapid.T, w *signers, m map[string]any) { m["request"] = "00" }, []error{ErrElsewhere}},
	"the batch":      {func(t *rapid.T, w *signers, m map[string]any) { m["batch"] = "00" }, []error{ErrBatch}},
	"a type":         {func(t *rapid.T, w *signers, m map[string]any) { m["commitments"] = 7 }, []error{ErrDishonest}},
	"nothing":        {func(*rapid.T, *signers, map[string]any) {}, nil},
}

// TestSigningIsNeverWrong: of any vault, whatever happens to the two files and whatever
// either side writes into them, a signature that is released verifies, nonces count
// once, and blame is right: of what was changed on its way nobody is said to be
// dishonest, and of what a holder has signed, and is wrong, the holder is.
//
//	go test ./recover/ceremony -run TestSigningIsNeverWrong -v -rapid.checks=10000
func TestSigningIsNeverWrong(t *testing.T) {
	count := map[string]int{}
	names := slices.Sorted(maps.Keys(lies))
	rapid.Check(t, func(rt *rapid.T) {
		w := anySigners(rt, t)
		seen := map[string]bool{}
		fresh := func(file []byte) {
			for _, c := range commitmentsOf(t, file) {
				if seen[c] {
					t.Fatal("a nonce came twice")
				}
				seen[c] = true
			}
		}
		note := func(what string, err error) { count[what+": "+outcome(t, err)]++ }
		asker, request := w.ask()
		beside, other := w.ask() // a session beside it
		answer, again := w.answer(request), w.answer(request)
		for _, file := range [][]byte{request, other, answer, again} {
			fresh(file)
		}

		// On the way to the answerer.
		name := rapid.SampledFrom(names).Draw(rt, "the asker lies about")
		if lie := lies[name]; !slices.Contains([]string{"a signature share", "a signature share above the order", "shares swapped or dropped", "which request"}, name) {
			forged := w.forge(StepRequest, "old-1", request, func(m map[string]any) { lie.tell(rt, w, m) })
			made, err := w.signing("old-2", "old-1").Answer(forged)
			note("request, "+name, err)
			switch {
			case err != nil && !isOne(err, lie.is):
				t.Fatalf("the asker lies about %s: %v", name, err)
			case err == nil && (name == "a commitment" || name == "the session"): // another request, and nothing is wrong with it
				fresh(made)
				if _, err := beside.Finish(made); !errors.Is(err, ErrElsewhere) {
					t.Fatal(err)
				}
			case err == nil && lie.is != nil:
				t.Fatalf("the asker lies about %s, and got an answer", name)
			}
		}
		if _, err := w.signing("old-2", "old-1").Answer(flipped(rt, request)); err != nil {
			note("request, changed on its way", err)
			if !errors.Is(err, ErrMessage) {
				t.Fatalf("changed on its way: %v", err)
			}
		}
		if _, err := w.signing("old-3", "old-1").Answer(request); !errors.Is(err, ErrElsewhere) {
			t.Fatal(err)
		}

		// On the way back.
		var delivered []byte
		want := []error(nil)
		switch kind := rapid.SampledFrom([]string{"lie", "flip", "swap", "third", "request"}).Draw(rt, "the answer"); kind {
		case "lie":
			name = rapid.SampledFrom(names).Draw(rt, "the answerer lies about")
			if name == "the batch" { // an answer has none
				name = "nothing"
			}
			delivered, want = w.forge(StepAnswer, "old-2", answer, func(m map[string]any) { lies[name].tell(rt, w, m) }), lies[name].is
		case "flip":
			name, delivered, want = kind, flipped(rt, answer), []error{ErrMessage, nil}
		case "swap":
			name, delivered, want = kind, w.answer(other), []error{ErrElsewhere}
		case "third": // somebody else's shares
			name, delivered, want = kind, w.forge(StepAnswer, "old-3", answer, func(map[string]any) {}), []error{ErrMessage}
		case "request":
			name, delivered, want = kind, request, []error{ErrMessage}
		}
		list, err := asker.Finish(delivered)
		note("answer, "+name, err)
		if !isOne(err, want) {
			t.Fatalf("the answer, %s: %v", name, err)
		}
		if err == nil {
			w.check(list)
		}
		for _, second := range [][]byte{answer, again, delivered} {
			if list, err := asker.Finish(second); !errors.Is(err, frost.ErrSpent) || list != nil {
				t.Fatalf("a second answer: %v", err)
			}
		}
	})
	for _, what := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%6d  %s", count[what], what)
	}
}

// isOne reports whether err is one of a list; an empty list has nil.
func isOne(err error, list []error) bool {
	if len(list) == 0 {
		return err == nil
	}
	return slices.ContainsFunc(list, func(e error) bool { return e == err || e != nil && errors.Is(err, e) })
}

// A random source that fails gives no nonce to two signatures.
func TestFailingRandomness(t *testing.T) {
	batches := rapid.Custom(func(rt *rapid.T) *signers { return anySigners(rt, t) })
	for seed := range 10 {
		w := batches.Example(seed)
		stuck := func(b []byte) { clear(b) }
		seen := map[string]string{}
		note := func(file []byte) {
			t.Helper()
			for i, c := range commitmentsOf(t, file) {
				where := fmt.Sprintf("%d of %s", i, hash(string(file)))
				if seen[c] != "" && seen[c] != where {
					t.Fatalf("a nonce is used twice: %s, %s", seen[c], where)
				}
				seen[c] = where
			}
		}
		text := func(file []byte) (list []string) {
			var e envelope
			if err := json.Unmarshal(file, &e); err != nil {
				t.Fatal(err)
			}
			return []string{e.Message}
		}
		for range 2 {
			_, request, err := w.signing("old-1", "old-2").ask(stuck)
			if err != nil {
				t.Fatal(err)
			}
			note(request)
			first, err := w.signing("old-2", "old-1").answer(request, stuck)
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.signing("old-2", "old-1").answer(request, stuck)
			if err != nil || !slices.Equal(text(first), text(again)) {
				t.Fatalf("another answer to the same request: %v", err)
			}
			note(first)
			_, fresh := w.ask()
			other, err := w.signing("old-2", "old-1").answer(fresh, stuck)
			if err != nil {
				t.Fatal(err)
			}
			note(other)
			rand.Read(w.batch[:]) // of the same signatures, and another one
		}
	}
}

// takesThree returns another set of shares of a group's key, of which three are needed,
// and which a record lists first.
func takesThree(g *share.Group) *share.Group {
	for {
		c, r := *g, g.Curve.RandomScalar()
		c.ID, c.Threshold, c.Participants = "TEST ONLY of three", 3, slices.Clone(g.Participants)
		for i := range c.Participants { // r·x² is added to the polynomial
			p := &c.Participants[i]
			x := p.ShareID.Scalar()
			p.PublicKey = p.PublicKey.Add(g.Curve.MulBase(r.Clone().Mul(x).Mul(x)))
		}
		if a, b := c.RosterSHA256(), g.RosterSHA256(); bytes.Compare(a[:], b[:]) < 0 {
			return &c
		}
	}
}

// What two holders cannot sign is refused before a share is open.
func TestCannotSign(t *testing.T) {
	slot := func(w *world, scheme signature.Scheme) Slot {
		g := w.groups[map[signature.Scheme]int{signature.ECDSA: 0, signature.Schnorr: 0, signature.Ed25519: 1}[scheme]]
		return Slot{Root: g.Root(), Tweak: new([32]byte), Public: g.RootKey, Scheme: scheme, Message: make([]byte, 32)}
	}
	two, three := newWorld(t, 2, 3, 2, 3), newWorld(t, 3, 4, 2, 3)
	additive, unknown, both := newWorld(t, 2, 2, 2, 2), newWorld(t, 2, 3, 2, 3), newWorld(t, 2, 3, 2, 3)
	for i, g := range additive.groups {
		c := *g
		c.Scheme, c.RootKey = share.Additive, g.Participants[0].PublicKey.Add(g.Participants[1].PublicKey)
		additive.groups[i] = &c
	}
	for _, g := range unknown.groups {
		g.Participants[2].PublicKey = nil
	}
	both.groups = append(both.groups, takesThree(both.groups[1]))
	foreign := slot(two, signature.Ed25519)
	foreign.Public = foreign.Public.Add(foreign.Public)
	for name, tc := range map[string]struct {
		w     *world
		other string
		slots []Slot
		err   error
	}{
		"ECDSA":           {two, "old-2", []Slot{slot(two, signature.Ed25519), slot(two, signature.ECDSA)}, ErrECDSA},
		"three":           {three, "old-2", []Slot{slot(three, signature.Ed25519)}, ErrThreshold},
		"one of two sets": {both, "old-2", []Slot{slot(both, signature.Ed25519)}, nil},
		"a sum":           {additive, "old-2", []Slot{slot(additive, signature.Ed25519)}, ErrShares},
		"unknown keys":    {unknown, "old-2", []Slot{slot(unknown, signature.Ed25519)}, ErrShares},
		"nobody":          {two, "new-1", []Slot{slot(two, signature.Ed25519)}, ErrParty},
		"another vault":   {two, "old-2", []Slot{slot(three, signature.Ed25519)}, ErrParty},
		"another key":     {two, "old-2", []Slot{foreign}, ErrForeignKey},
		"too many":        {two, "old-2", make([]Slot, maxSlots+1), ErrSlots},
		"the other alone": {two, "old-1", []Slot{slot(two, signature.Ed25519)}, ErrParty},
	} {
		r, err := record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: tc.w.groups})
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSigning(r, tc.other, [32]byte{}, tc.slots)
		if err == nil {
			err = s.Sit(tc.w.shares["old-1"])
		}
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A thousand signatures of either curve, one side of two.
func BenchmarkSigning(b *testing.B) {
	const n = 1000
	w := newWorld(b, 2, 3, 2, 3)
	r, err := record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: w.groups})
	if err != nil {
		b.Fatal(err)
	}
	for i, scheme := range []signature.Scheme{signature.Schnorr, signature.Ed25519} {
		g := w.groups[i]
		s := &signers{world: w, record: r}
		for k := range n {
			s.add(g, scheme, &[32]byte{30: byte(k >> 8), 31: byte(k)}, make([]byte, 32), true)
		}
		_, request := s.ask()
		b.Run(scheme.String()+"/answer", func(b *testing.B) {
			for b.Loop() {
				s.answer(request)
			}
		})
		b.Run(scheme.String()+"/ask", func(b *testing.B) {
			for b.Loop() {
				a, request := s.ask()
				b.StopTimer()
				answer := s.answer(request)
				b.StartTimer()
				if _, err := a.Finish(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
