package ceremony

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/recover"
	"lifeboat/share/open"
)

// TestTampering: whatever is done to a folder in which everybody has dealt, it
// is noticed before a share is made, and a file is named.
func TestTampering(t *testing.T) {
	honest := newWorld(t, 2, 3, 2, 3).until(StepAccept)
	other := newWorld(t, 2, 3, 2, 3).until(StepAccept)
	again := honest.clone(t) // a second honest deal of the same dealer
	delete(again.files, "deal-old-1.json")
	again.deal("old-1")
	deal, join := "deal-old-1.json", "join-new-2.json"
	for name, tc := range map[string]struct {
		tamper     func(w *world)
		file, says string
	}{
		"a commitment": {func(w *world) {
			w.edit(deal, func(m map[string]any) {
				list(m, "groups", 0, "commitments")[1] = point(curve.Secp256k1)
			})
		}, deal, "it was changed, or not made by the holder of that share"},
		"a part":            {func(w *world) { w.edit(deal, flipPart(0, 1)) }, deal, "it was changed"},
		"two parts swapped": {func(w *world) { w.edit(deal, swapParts) }, deal, "it was changed"},
		"the signatures of another": {func(w *world) {
			w.edit(deal, func(m map[string]any) { m["x"] = 1 }, w.shares["old-2"]...)
		}, deal, "not made by the holder"},
		"no signatures":                 {func(w *world) { w.edit(deal, func(m map[string]any) { m["x"] = 1 }, []*open.Share{}...) }, deal, "0 signatures, and 2 are needed"},
		"one deal under another's name": {func(w *world) { w.files[deal] = w.files["deal-old-2.json"] }, deal, `it was written by "old-2"`},
		"a deal of another session":     {func(w *world) { w.files[deal] = other.files[deal] }, deal, "another plan"},
		"a join of another session":     {func(w *world) { w.files[join] = other.files[join] }, join, "another plan"},
		"a join in place of a deal":     {func(w *world) { w.files[deal] = w.files[join] }, deal, "another step"},
		"a swapped join": {func(w *world) {
			deals := w.take(deal, "deal-old-2.json")
			w.take(join)
			w.join("new-2")
			maps.Copy(w.files, deals)
		}, deal, `another "join-new-2.json"`},
		"an edited join":                {func(w *world) { w.edit(join, func(m map[string]any) { m["x"] = 1 }) }, deal, `another "join-new-2.json"`},
		"another plan":                  {func(w *world) { w.files[PlanName] = other.files[PlanName] }, "join-new-1.json", "another plan"},
		"an edited plan":                {func(w *world) { w.edit(PlanName, func(m map[string]any) { m["tool"] = "x" }) }, "join-new-1.json", "another plan"},
		"a plan with another threshold": {func(w *world) { w.edit(PlanName, func(m map[string]any) { m["threshold"] = 3 }) }, "join-new-1.json", "another plan"},
		"a signed plan":                 {func(w *world) { w.edit(PlanName, func(m map[string]any) { m["tool"] = "x" }, w.shares["old-1"]...) }, PlanName, "carries signatures"},
		"a signed join":                 {func(w *world) { w.edit(join, func(m map[string]any) { m["x"] = 1 }, w.shares["old-1"]...) }, join, "it carries signatures"},
		"no plan":                       {func(w *world) { delete(w.files, PlanName) }, PlanName, "missing"},
		"a missing join":                {func(w *world) { delete(w.files, join) }, join, "it is missing, and"},
		"a second version":              {func(w *world) { w.files["deal-old-1 (1).json"] = again.files[deal] }, "deal-old-1 (1).json", "no step of the plan writes a file of this name"},
		"a stranger's join":             {func(w *world) { w.files["join-mallory.json"] = w.files[join] }, "join-mallory.json", "no step of the plan"},
		"junk":                          {func(w *world) { w.files[deal] = []byte("junk") }, deal, "not a message"},
		"an empty file":                 {func(w *world) { w.files[join] = nil }, join, "not a message"},
		"a newer version":               {func(w *world) { w.files[join] = replace(w.files[join], `"version": 2`, `"version": 3`) }, join, "version 3 of the format"},
		"an older version":              {func(w *world) { w.files[join] = replace(w.files[join], `"version": 2`, `"version": 1`) }, join, "it is of version 1 of the format, and the plan of version 2"},
		"another format":                {func(w *world) { w.files[join] = replace(w.files[join], "lifeboat-ceremony", "lifeboat-bundle") }, join, "its format is not"},
		"a long file":                   {func(w *world) { w.files[join] = make([]byte, MaxFileSize+1) }, join, "longer than 8 MiB"},

		// A dealer who cheats and signs for it.
		"a higher degree": {func(w *world) {
			w.edit(deal, func(m map[string]any) {
				g := m["groups"].([]any)[1].(map[string]any)
				g["commitments"] = append(g["commitments"].([]any), point(curve.Ed25519))
			}, w.shares["old-1"]...)
		}, deal, "it committed to 3 values, not 2"},
		"another constant": {func(w *world) {
			w.edit(deal, func(m map[string]any) { list(m, "groups", 0, "commitments")[0] = point(curve.Secp256k1) }, w.shares["old-1"]...)
		}, deal, "what it deals is not its own old share"},
		"a point of no group": {func(w *world) {
			w.edit(deal, func(m map[string]any) {
				list(m, "groups", 1, "commitments")[1] = "000000000000000000000000000000000000000000000000000000000000000000"
			}, w.shares["old-1"]...)
		}, deal, "commitments"},
		"an uncompressed point": {func(w *world) {
			w.edit(deal, func(m map[string]any) {
				list(m, "groups", 0, "commitments")[1] = hex.EncodeToString(curve.Secp256k1.Generator().Uncompressed())
			}, w.shares["old-1"]...)
		}, deal, "33 bytes"},
		"a part too few": {func(w *world) {
			w.edit(deal, func(m map[string]any) {
				g := m["groups"].([]any)[0].(map[string]any)
				g["parts"] = g["parts"].([]any)[1:]
			}, w.shares["old-1"]...)
		}, deal, "2 parts for 3 receivers"},
		"a short part": {func(w *world) {
			w.edit(deal, func(m map[string]any) { list(m, "groups", 0, "parts")[0] = "AAAA" }, w.shares["old-1"]...)
		}, deal, "a part has 3 bytes"},
		"a group too few": {func(w *world) {
			w.edit(deal, func(m map[string]any) { m["groups"] = m["groups"].([]any)[1:] }, w.shares["old-1"]...)
		}, deal, "1 groups"},
		"other joins than are there": {func(w *world) {
			w.edit(deal, func(m map[string]any) { list(m, "joins")[2] = hash("x") }, w.shares["old-1"]...)
		}, deal, `another "join-new-3.json"`},
		"fewer joins than are there": {func(w *world) {
			w.edit(deal, func(m map[string]any) { m["joins"] = m["joins"].([]any)[1:] }, w.shares["old-1"]...)
		}, deal, "in view of 2 messages"},
	} {
		t.Run(name, func(t *testing.T) {
			w := honest.clone(t)
			tc.tamper(w)
			c, err := Open(w.files)
			if c != nil {
				t.Error("the folder was opened")
			}
			named(t, err, tc.file, tc.says)
		})
	}
	honest.open() // the tampering was done to copies
}

// TestCheatingParts: what only the receiver can see is seen by the receiver, who
// names the dealer; the others finish.
func TestCheatingParts(t *testing.T) {
	honest := newWorld(t, 2, 3, 2, 3).until(StepAccept)
	deal := "deal-old-1.json"
	for name, change := range map[string]func(w *world, m map[string]any){
		"another value": func(w *world, m map[string]any) {
			list(m, "groups", 1, "parts")[0] = b64(w.wrong(StepDeal, "old-1", "new-1", 1))
		},
		"sealed to another": func(w *world, m map[string]any) {
			list(m, "groups", 0, "parts")[0] = b64(w.wrong(StepDeal, "old-1", "new-2", 0))
		},
		"sealed as if by another": func(w *world, m map[string]any) {
			list(m, "groups", 0, "parts")[0] = b64(w.wrong(StepDeal, "old-2", "new-1", 0))
		},
		"sealed for another group": func(w *world, m map[string]any) {
			list(m, "groups", 0, "parts")[0] = b64(w.wrong(StepDeal, "old-1", "new-1", 1))
		},
		"sealed for another step": func(w *world, m map[string]any) {
			list(m, "groups", 0, "parts")[0] = b64(w.wrong(StepSum, "old-1", "new-1", 0))
		},
		"damaged": func(_ *world, m map[string]any) { flipPart(0, 0)(m) },
		"of both groups swapped": func(_ *world, m map[string]any) {
			a, b := list(m, "groups", 0, "parts"), list(m, "groups", 1, "parts")
			a[0], b[0] = b[0], a[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := honest.clone(t)
			w.edit(deal, func(m map[string]any) { change(w, m) }, w.shares["old-1"]...)
			held, err := w.open().Accept(w.key("new-1"))
			if held != nil {
				t.Error("accepted")
			}
			named(t, err, deal, "")
			if !errors.Is(err, ErrMessage) && !errors.Is(err, recover.ErrCheat) {
				t.Error(err)
			}
			w.accept("new-3")
		})
	}
	w := honest.clone(t)
	w.edit(deal, swapParts, w.shares["old-1"]...)
	for _, node := range []string{"new-1", "new-2"} {
		_, err := w.open().Accept(w.key(node))
		named(t, err, deal, "does not open")
	}
}

// TestUnreduced: a part that is not below the order has two spellings, so it is
// refused; and so is zero.
func TestUnreduced(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepAccept)
	c := w.open()
	k := w.key("new-1")
	seal := func(raw []byte, group int) []byte {
		b, err := sealRaw(c, raw, "old-1", "new-1", group)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i, g := range c.plan.groups {
		order := g.Curve.Order()
		for name, raw := range map[string][]byte{
			"zero": make([]byte, 32), "the order": order.FillBytes(make([]byte, 32)), "short": {1}, "empty": nil, "long": make([]byte, 33),
			"the largest": slices.Repeat([]byte{0xff}, 32),
		} {
			if _, err := c.unseal(k, seal(raw, i), StepDeal, "old-1", i); !errors.Is(err, ErrMessage) {
				t.Errorf("%v, %s: %v", g.Curve, name, err)
			}
		}
		one := make([]byte, 32)
		one[31] = 1
		if x, err := c.unseal(k, seal(one, i), StepDeal, "old-1", i); err != nil || !x.Equal(mustScalar(t, g.Curve, one)) {
			t.Errorf("%v: one: %v", g.Curve, err)
		}
	}
}

// TestEquivocation: a dealer who shows two valid deals to two parties is found
// out when they confirm.
func TestEquivocation(t *testing.T) {
	first := newWorld(t, 2, 3, 2, 3).until(StepAccept)
	second := first.clone(t)
	delete(second.files, "deal-old-1.json")
	second.deal("old-1")

	first.accept("new-1")
	first.confirm("new-1")
	second.accept("new-2")

	// The first party's confirmation gets onto the second stick.
	second.files["confirm-new-1.json"] = first.files["confirm-new-1.json"]
	_, err := Open(second.files)
	named(t, err, "confirm-new-1.json", `another "deal-old-1.json"`)

	// Or the first party has accepted, and finds the other deal when it confirms.
	late := second.clone(t)
	delete(late.files, "confirm-new-1.json")
	_, err = late.open().Confirm(first.fresh["new-1"])
	if !errors.Is(err, ErrParty) {
		t.Error(err)
	}
}

// TestConfirmations: all confirmations must be of the same messages, by the
// holders of the new shares.
func TestConfirmations(t *testing.T) {
	honest := newWorld(t, 2, 3, 2, 3).until("")
	confirm := "confirm-new-2.json"
	for name, tc := range map[string]struct {
		tamper     func(w *world)
		file, says string
	}{
		"another epoch": {func(w *world) {
			w.edit(confirm, func(m map[string]any) { list(m, "epochs")[0] = "0000000000000000" }, w.fresh["new-2"]...)
		}, confirm, "another epoch"},
		"no epochs":                {func(w *world) { w.edit(confirm, func(m map[string]any) { m["epochs"] = nil }, w.fresh["new-2"]...) }, confirm, ""},
		"an edited one":            {func(w *world) { w.edit(confirm, func(m map[string]any) { m["x"] = 1 }) }, confirm, "it was changed"},
		"another's signature":      {func(w *world) { w.edit(confirm, func(m map[string]any) { m["x"] = 1 }, w.fresh["new-1"]...) }, confirm, "not made by the holder"},
		"an old share's signature": {func(w *world) { w.edit(confirm, func(m map[string]any) { m["x"] = 1 }, w.shares["old-1"]...) }, confirm, "not made by the holder"},
		"another deal": {func(w *world) {
			w.edit(confirm, func(m map[string]any) { list(m, "deals")[1] = hash("x") }, w.fresh["new-2"]...)
		}, confirm, `another "deal-old-2.json"`},
		"another's":      {func(w *world) { w.files[confirm] = w.files["confirm-new-1.json"] }, confirm, `written by "new-1"`},
		"a missing deal": {func(w *world) { delete(w.files, "deal-old-2.json") }, "deal-old-2.json", "it is missing, and"},
		"a replaced deal": {func(w *world) {
			for _, node := range w.parties {
				delete(w.files, Name(StepConfirm, node))
			}
			delete(w.files, "deal-old-2.json")
			w.deal("old-2")
			w.files[confirm] = honest.files[confirm]
		}, confirm, `another "deal-old-2.json"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := honest.clone(t)
			tc.tamper(w)
			c, err := Open(w.files)
			if c != nil {
				t.Error("the folder was opened")
			}
			named(t, err, tc.file, tc.says)
		})
	}
}

// TestShareIDs: a party that takes a share ID that is taken is named.
func TestShareIDs(t *testing.T) {
	honest := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	ids := honest.open().joins["new-1"].ids
	for name, tc := range map[string]struct {
		ids  []any
		says string
	}{
		"another's":    {[]any{ids[0].Text, "7"}, `the same as in "join-new-1.json"`},
		"an old one":   {[]any{"7", honest.groups[1].Participants[2].ShareID.Text}, `that of the old share of node "old-3"`},
		"zero":         {[]any{"0", "7"}, "zero"},
		"the order":    {[]any{curve.Secp256k1.Order().String(), "7"}, "zero"},
		"leading zero": {[]any{"07", "7"}, "leading zeros"},
		"none":         {[]any{}, "0 share IDs"},
		"too many":     {[]any{"7", "8", "9"}, "3 share IDs"},
	} {
		t.Run(name, func(t *testing.T) {
			w := honest.clone(t)
			w.edit("join-new-3.json", func(m map[string]any) { m["share_ids"] = tc.ids })
			_, err := Open(w.files)
			named(t, err, "join-new-3.json", tc.says)
		})
	}
	w := honest.clone(t)
	w.edit("join-new-3.json", func(m map[string]any) { m["public_key"] = "AAAA" })
	_, err := Open(w.files)
	named(t, err, "join-new-3.json", "public key")
}

// TestSwappedJoin: whoever swaps a join before anything is dealt changes the
// words; if nobody compares them, the party whose join it was finds out.
func TestSwappedJoin(t *testing.T) {
	w := newWorld(t, 2, 3, 2, 3).until(StepDeal)
	mine := w.keys["new-2"]
	delete(w.files, "join-new-2.json")
	w.join("new-2") // the attacker's
	w.until(StepDeal)
	w.deal("old-1")
	w.deal("old-2")
	w.keys["new-2"] = mine
	_, err := w.open().Accept(w.key("new-2"))
	named(t, err, "join-new-2.json", "somebody replaced it")
}

func TestRepairTampering(t *testing.T) {
	honest := newWorld(t, 2, 4, 0, 0).until(StepAccept)
	deal, sum := "deal-old-1.json", "sum-old-2.json"
	early := honest.clone(t)
	delete(early.files, "sum-old-1.json")
	delete(early.files, sum)
	for name, tc := range map[string]struct {
		from       *world
		tamper     func(w *world)
		file, says string
	}{
		"a changed sum": {honest, func(w *world) {
			w.edit(sum, func(m map[string]any) { list(m, "sums")[0] = b64(w.wrong(StepSum, "old-2", "old-4", 0)) })
		}, sum, "it was changed"},
		"a sum under another's name": {honest, func(w *world) { w.files[sum] = w.files["sum-old-1.json"] }, sum, `written by "old-1"`},
		"a deal in place of a sum":   {honest, func(w *world) { w.files[sum] = w.files["deal-old-2.json"] }, sum, "another step"},
		"too few sums": {honest, func(w *world) {
			w.edit(sum, func(m map[string]any) { m["sums"] = m["sums"].([]any)[1:] }, w.shares["old-2"]...)
		}, sum, "1 sums"},
		"a short sum": {honest, func(w *world) {
			w.edit(sum, func(m map[string]any) { list(m, "sums")[0] = "AAAA" }, w.shares["old-2"]...)
		}, sum, "a sum has 3 bytes"},
		"a sum of another deal": {honest, func(w *world) {
			w.edit(sum, func(m map[string]any) { list(m, "deals")[0] = hash("x") }, w.shares["old-2"]...)
		}, sum, `another "deal-old-1.json"`},
		"a replaced deal": {honest, func(w *world) {
			sums := w.take("sum-old-1.json", sum)
			w.take(deal)
			w.deal("old-1")
			maps.Copy(w.files, sums)
		}, "sum-old-1.json", `another "deal-old-1.json"`},
		"a split of another value": {early, func(w *world) {
			w.edit(deal, func(m map[string]any) { list(m, "groups", 0, "commitments")[0] = point(curve.Secp256k1) }, w.shares["old-1"]...)
		}, deal, "what it splits is not its own share"},
		"share IDs in a join": {early, func(w *world) {
			delete(w.files, deal)
			delete(w.files, "deal-old-2.json")
			w.edit("join-old-4.json", func(m map[string]any) { m["share_ids"] = []any{"7", "7"} })
		}, "join-old-4.json", "2 share IDs, and 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := tc.from.clone(t)
			tc.tamper(w)
			_, err := Open(w.files)
			named(t, err, tc.file, tc.says)
		})
	}

	// What only the receiver can see.
	w := honest.clone(t)
	w.edit(sum, func(m map[string]any) { list(m, "sums")[1] = b64(w.wrong(StepSum, "old-2", "old-4", 1)) }, w.shares["old-2"]...)
	_, err := w.open().Accept(w.key("old-4"))
	named(t, err, sum, "the sum it gave is not that of the parts it got")
	w = early.clone(t)
	w.edit(deal, func(m map[string]any) { list(m, "groups", 0, "parts")[1] = b64(w.wrong(StepDeal, "old-1", "old-2", 0)) }, w.shares["old-1"]...)
	w.sum("old-1")
	_, err = w.open().Sum(w.shares["old-2"], w.key("old-2"))
	named(t, err, deal, "the part it gave is not what it committed to")
}

// Helpers that make damaged messages.

func point(c curve.Curve) string {
	return hex.EncodeToString(c.Generator().Mul(c.RandomScalar()).Bytes())
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func flipPart(group, receiver int) func(m map[string]any) {
	return func(m map[string]any) {
		parts := list(m, "groups", group, "parts")
		raw, _ := base64.StdEncoding.DecodeString(parts[receiver].(string))
		raw[len(raw)-1] ^= 1
		parts[receiver] = b64(raw)
	}
}

func swapParts(m map[string]any) {
	parts := list(m, "groups", 0, "parts")
	parts[0], parts[1] = parts[1], parts[0]
}

func mustScalar(t testing.TB, c curve.Curve, raw []byte) *scalar.Secret {
	t.Helper()
	x, err := scalar.New(c, raw)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// FuzzOpen puts anything in the place of each file of a complete folder: no
// panic, and what is opened is what was there, or is named.
func FuzzOpen(f *testing.F) {
	ed := []curve.Curve{curve.Ed25519} // the quicker one
	reshare, repair := newWorldOn(f, ed, 2, 2, 2, 2).until(""), newWorldOn(f, ed, 2, 3, 0, 0).until("")
	type place struct {
		*world // complete
		name   string
		read   func([]byte) error // as far as Open looks at this file alone
	}
	var places []place
	for _, w := range []*world{reshare, repair} {
		places = append(places, place{w, PlanName, func(data []byte) error {
			_, err := Open(map[string][]byte{PlanName: data})
			return err
		}})
		for name := range w.files {
			if step, node, ok := strings.Cut(strings.TrimSuffix(name, ".json"), "-"); ok {
				places = append(places, place{w, name, newStage(w, Step(step), node).read})
			}
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return strings.Compare(a.name, b.name) })
	for i, p := range places {
		var e envelope
		if err := json.Unmarshal(p.files[p.name], &e); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), p.files[p.name], "")
		f.Add(uint8(i), []byte(nil), e.Message)
		f.Add(uint8(i), []byte(nil), e.Message[:len(e.Message)/2])
		f.Add(uint8(i), []byte(`{"format":"lifeboat-ceremony","version":2,"message":"{}"}`), "")
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, message string) {
		p := places[int(which)%len(places)]
		if message != "" {
			data, _ = json.Marshal(envelope{fileFormat, fileVersion, message, nil})
		}
		if p.read(data) != nil {
			return // Open refuses it where this does, after more work
		}
		v := p.clone(t)
		v.files[p.name] = data
		if c, err := Open(v.files); err == nil {
			if step, _ := c.Next(); step != "" {
				t.Error("a complete folder is not complete")
			}
		} else if c != nil {
			t.Error("a folder with an error was opened")
		}
	})
}
