package ceremony

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/recover/frost"
	"lifeboat/share/record"
)

// exchange is a request and its answer, for a signature of either kind. What differs in
// each run has stand-ins.
type exchange struct {
	asker           *Asker
	answerer        *Signing
	request, answer string // as seeds
	asked, answered []frost.Commitment
	shares          []*curve.Scalar
	stands
}

func newExchange(f *testing.F) *exchange {
	w := &signers{world: newWorld(f, 2, 3, 2, 3)}
	var err error
	if w.record, err = record.New(record.Facts{Serial: 1, Date: "2026-11-22", Groups: w.groups}); err != nil {
		f.Fatal(err)
	}
	w.add(w.groups[0], signature.Schnorr, new([32]byte), make([]byte, 32), true)
	w.add(w.groups[1], signature.Ed25519, new([32]byte), []byte("pay"), false)
	asker, request := w.ask()
	x := &exchange{asker: asker, answerer: w.signing("old-2", "old-1")}
	answer := w.answer(request)
	texts := make([]string, 2)
	for i, data := range [][]byte{request, answer} {
		var e envelope
		if err := json.Unmarshal(data, &e); err != nil {
			f.Fatal(err)
		}
		texts[i] = e.Message
	}
	if _, x.asked, err = x.answerer.parseRequest(texts[0]); err != nil {
		f.Fatal(err)
	}
	if x.answered, x.shares, err = asker.parseAnswer(texts[1]); err != nil {
		f.Fatal(err)
	}
	x.stands = stands{{"$session", asker.session}, {"$request", asker.hash}, {"$batch", fmt.Sprintf("%x", w.batch)}}
	for i, roster := range asker.rosters() {
		x.stands = append(x.stands, stand{fmt.Sprintf("$roster%d", i), roster})
	}
	for i := range w.slots {
		z := x.shares[i].Bytes()
		x.stands = append(x.stands, stand{fmt.Sprintf("$share%d", i), fmt.Sprintf("%x", z)},
			stand{fmt.Sprintf("$hiding%d", i), fmt.Sprintf("%x", x.asked[i].Hiding.Bytes())}, stand{fmt.Sprintf("$binding%d", i), fmt.Sprintf("%x", x.asked[i].Binding.Bytes())},
			stand{fmt.Sprintf("$other%d", i), fmt.Sprintf("%x", x.answered[i].Hiding.Bytes())}, stand{fmt.Sprintf("$bound%d", i), fmt.Sprintf("%x", x.answered[i].Binding.Bytes())})
	}
	x.request, x.answer = x.hide(texts[0]), x.hide(texts[1])
	return x
}

// seeds adds a message, and what a liar could make of it.
func (x *exchange) seeds(f *testing.F, honest string) {
	f.Add(honest)
	f.Add(honest[:len(honest)/2])
	f.Add("null")
	for _, change := range [][2]string{
		{"old-1", "old-3"}, {"$session", "x"}, {"sign-", ""}, {"0", "1"}, {`["`, `["00`}, {`"commitments":`, `"commitments":[],"x":`}, {`"shares":`, `"shares":7,"x":`},
		{"$hiding0", "$binding0"}, {"$hiding1", strings.Repeat("0", 2*curve.PointSize)}, {"$hiding1", "$hiding0"}, {"$hiding1$binding1", "$other1$bound1"},
		{"$other0", "$hiding0"}, {"$bound1", "00ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, {"$share0", "$share1"}, {"$share1", strings.Repeat("f", 2*curve.ScalarSize)},
	} {
		f.Add(strings.ReplaceAll(honest, change[0], change[1]))
	}
}

// refused reports whether a message that its author signed was refused. The author is to
// blame, or a message of another signing was signed; nothing was changed on its way.
func refused(t *testing.T, err error) bool {
	if err != nil && (!isOne(err, []error{ErrDishonest, ErrElsewhere, ErrBatch}) || errors.Is(err, ErrMessage) || len(err.Error()) > 2000) {
		t.Error(err)
	}
	return err != nil
}

// said checks that commitments are those of a message.
func said(t *testing.T, text string, commitments []frost.Commitment) {
	var v answerMessage
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("it was taken, and is not JSON of that form: %v", err)
	}
	for i, c := range commitments {
		if fmt.Sprintf("%x%x", c.Hiding.Bytes(), c.Binding.Bytes()) != strings.ToLower(v.Commitments[i]) {
			t.Errorf("commitment %d is another than the message has", i)
		}
	}
}

// FuzzRequest reads any text that an asker may have signed. One that is taken is a
// request of this batch, and commits to two points of the group for each signature.
func FuzzRequest(f *testing.F) {
	x := newExchange(f)
	x.seeds(f, x.request)
	f.Fuzz(func(t *testing.T, seed string) {
		text := x.show(seed)
		session, commitments, err := x.answerer.parseRequest(text)
		if refused(t, err) {
			return
		}
		if !isHash(session) || len(commitments) != len(x.asked) {
			t.Fatalf("session %q, %d commitments", session, len(commitments))
		}
		said(t, text, commitments)
		for i, c := range commitments {
			_, err := x.answerer.session(i, x.answered[i], c)
			refused(t, err)
		}
	})
}

// FuzzAnswer reads any text that an answerer may have signed. One that is taken answers
// this request, and its signature shares are right only if they and the commitments are
// those of the honest answer.
func FuzzAnswer(f *testing.F) {
	x := newExchange(f)
	x.seeds(f, x.answer)
	f.Fuzz(func(t *testing.T, seed string) {
		text := x.show(seed)
		commitments, shares, err := x.asker.parseAnswer(text)
		if refused(t, err) {
			return
		}
		if len(commitments) != len(x.asked) || len(shares) != len(x.asked) {
			t.Fatalf("%d commitments, %d signature shares", len(commitments), len(shares))
		}
		said(t, text, commitments)
		for i, c := range commitments {
			s, err := x.asker.Signing.session(i, x.asked[i], c)
			if refused(t, err) {
				continue
			}
			honest := c.Hiding.Equal(x.answered[i].Hiding) && c.Binding.Equal(x.answered[i].Binding) && shares[i].Equal(x.shares[i])
			if s.Right(placeOther, shares[i]) != honest {
				t.Errorf("signature share %d: right is %t", i, !honest)
			}
		}
	})
}
