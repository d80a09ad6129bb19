package verifiable

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// small is as a proof is, and cheap: a cheat has one chance in C(8, 2) = 28.
var small = params{leaves: 8, closed: 2, maxSeeds: 8}

// proved returns a proof and its file.
func proved(t testing.TB, c curve.Curve, n params) (*Proof, []byte) {
	t.Helper()
	x, s, _ := statement(t, c)
	p, err := prove(x, s, n, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	return p, text
}

// changed returns the file of a proof with one field changed.
func changed(t testing.TB, text []byte, change func(f *proofFile)) []byte {
	t.Helper()
	var f proofFile
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	change(&f)
	out, err := json.Marshal(&f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// raw changes the bytes of the proof itself.
func raw(t testing.TB, text []byte, change func(b []byte) []byte) []byte {
	return changed(t, text, func(f *proofFile) {
		b, err := base64.StdEncoding.DecodeString(f.Proof)
		if err != nil {
			t.Fatal(err)
		}
		f.Proof = base64.StdEncoding.EncodeToString(change(b))
	})
}

// refused fails the test if a file reads and checks.
func refused(t testing.TB, what string, text []byte, n params) {
	t.Helper()
	p, err := parse(text, n)
	if err == nil {
		err = p.Verify()
	}
	if !errors.Is(err, ErrProof) {
		t.Errorf("%s: %v", what, err)
	}
}

// A proof is for one statement only: no field of it can be replaced, whether by
// something of the kind or by something else.
func TestStatementIsBound(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		_, text := proved(t, c, version1)
		_, other := proved(t, c, version1)
		var of proofFile
		if err := json.Unmarshal(other, &of); err != nil {
			t.Fatal(err)
		}
		otherCurve := curve.All()[0]
		if otherCurve == c {
			otherCurve = curve.All()[1]
		}
		order := c.Order()
		identity := share.FormatKey(c.Identity())
		for what, change := range map[string]func(*proofFile){
			"another curve":      func(f *proofFile) { f.Curve = otherCurve.String() },
			"no curve":           func(f *proofFile) { f.Curve = "" },
			"another root key":   func(f *proofFile) { f.RootPublicKey = of.RootPublicKey },
			"another roster":     func(f *proofFile) { f.RosterSHA256 = strings.Repeat("0", 64) },
			"another group":      func(f *proofFile) { f.Group, f.RosterSHA256 = of.Group, of.RosterSHA256 },
			"another threshold":  func(f *proofFile) { f.Group.Threshold = 3 },
			"a participant less": func(f *proofFile) { f.Group.Participants = f.Group.Participants[:2] },
			"a long name":        func(f *proofFile) { f.Group.Participants[1].NodeID = strings.Repeat("x", 257) },
			"no group":           func(f *proofFile) { f.Group = groupFile{} },
			"another holder's":   func(f *proofFile) { f.ShareID = f.Group.Participants[1].ShareID },
			"another holder's share": func(f *proofFile) {
				f.ShareID, f.SharePublicKey = f.Group.Participants[1].ShareID, f.Group.Participants[1].SharePublicKey
			},
			"the root key as share": func(f *proofFile) { f.SharePublicKey = f.RootPublicKey },
			"a short roster":        func(f *proofFile) { f.RosterSHA256 = f.RosterSHA256[:32] },
			"a roster in capitals":  func(f *proofFile) { f.RosterSHA256 = strings.ToUpper(f.RosterSHA256) },
			"another share ID":      func(f *proofFile) { f.ShareID = "1" },
			"share ID zero":         func(f *proofFile) { f.ShareID = "0" },
			"share ID of the order": func(f *proofFile) { f.ShareID = order.String() },
			"another share":         func(f *proofFile) { f.SharePublicKey = of.SharePublicKey },
			"the neutral element":   func(f *proofFile) { f.SharePublicKey = identity },
			"a key in capitals":     func(f *proofFile) { f.SharePublicKey = strings.ToUpper(f.SharePublicKey) },
			"not on the curve":      func(f *proofFile) { f.SharePublicKey = "0x02" + strings.Repeat("00", 31) + "05" },
			"another recipient":     func(f *proofFile) { f.Recipient = of.Recipient },
			"recipient in capitals": func(f *proofFile) { f.Recipient = strings.ToUpper(f.Recipient) },
			"recipient of order 1":  func(f *proofFile) { f.Recipient = FormatRecipient([KeySize]byte{}) },
			"recipient of order 2":  func(f *proofFile) { f.Recipient = FormatRecipient([KeySize]byte{1}) },
			"another date":          func(f *proofFile) { f.Date = "2026-11-30" },
			"no date":               func(f *proofFile) { f.Date = "" },
			"another challenge":     func(f *proofFile) { f.Challenge = "" },
			"a line in a challenge": func(f *proofFile) { f.Challenge += "\n" },
			"a long challenge":      func(f *proofFile) { f.Challenge = strings.Repeat("x", 201) },
			"the date, moved":       func(f *proofFile) { f.Date, f.Challenge = "", f.Date+f.Challenge },
			"another proof":         func(f *proofFile) { f.Proof = of.Proof },
			"no proof":              func(f *proofFile) { f.Proof = "" },
			"lines in the proof":    func(f *proofFile) { f.Proof = f.Proof[:76] + "\n" + f.Proof[76:] },
			"a piece that is no cut": func(f *proofFile) {
				f.Piece = &pieceFile{Index: 1, Commitments: []string{f.SharePublicKey}, Recipients: []string{f.Recipient}}
			},
			"a piece of the share": func(f *proofFile) {
				f.Piece = &pieceFile{Index: 1, Commitments: []string{f.SharePublicKey, of.SharePublicKey}, Recipients: []string{f.Recipient, of.Recipient}}
			},
		} {
			refused(t, what, changed(t, text, change), version1)
		}
		refused(t, "small as if it were not", text, small)
		refused(t, "a field twice", bytes.Replace(text, []byte("{"), []byte(`{"date":"2026-11-29",`), 1), version1)
		refused(t, "too long", append(text, bytes.Repeat([]byte(" "), MaxSize)...), version1)
		refused(t, "nothing", nil, version1)
		refused(t, "a list", []byte("["+string(text)+"]"), version1)
	})
}

// A file of proofs says that it is one, and how many it has.
func TestFile(t *testing.T) {
	a, _ := proved(t, curve.Secp256k1, version1)
	b, _ := proved(t, curve.Ed25519, version1)
	text, err := Format([]*Proof{a, b})
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseFile(text)
	if err != nil || len(list) != 2 || list[1].Curve() != curve.Ed25519 || !Is(text) {
		t.Fatalf("%d proofs: %v", len(list), err)
	}
	for what, bad := range map[string][]byte{
		"another kind":    bytes.Replace(text, []byte(kind), []byte("shares"), 1),
		"another version": bytes.Replace(text, []byte(`"version": 1`), []byte(`"version": 2`), 1),
		"cut off":         text[:len(text)-3],
		"empty":           []byte(`{"lifeboat":"verifiable shares","version":1,"share_proofs":[]}`),
		"65 of them":      []byte(`{"lifeboat":"verifiable shares","version":1,"share_proofs":[{}` + strings.Repeat(",{}", MaxProofs) + `]}`),
		"null":            []byte(`{"lifeboat":"verifiable shares","version":1,"share_proofs":[null]}`),
		"one damaged":     bytes.Replace(text, []byte("2026-11-29"), []byte("2026-13-29"), 1),
	} {
		if !Is(bad) {
			t.Errorf("%s: it is not recognised", what)
		}
		if _, err := ParseFile(bad); !errors.Is(err, ErrProof) && !errors.Is(err, ErrFile) || what == "cut off" && errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What a file says of groups is bounded before any of it is verified: checking a roster of
// a thousand takes a second, and a file could have one for each proof.
func TestLargeGroups(t *testing.T) {
	c := curve.Ed25519
	x, slope := scalar.Random(c), scalar.Random(c)
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: share.Shamir, Threshold: 2, RootKey: x.Public()}
	line := []*curve.Point{x.Public(), slope.Public()}
	for i := range share.MaxParticipants {
		id, err := share.NewID(c, strconv.Itoa(i+1))
		if err != nil {
			t.Fatal(err)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: id.Text, ShareID: id, PublicKey: curve.Evaluate(id.Scalar(), line)})
	}
	_, s, _ := statement(t, c)
	s.Group, s.ShareID, s.Public = g, g.Participants[0].ShareID, g.Participants[0].PublicKey
	p, err := prove(slope.Add(x), s, small, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(text, small); err != nil {
		t.Errorf("one: %v", err)
	}
	many := `{"lifeboat":"` + kind + `","version":1,"share_proofs":[` + string(text) + strings.Repeat(","+string(text), share.MaxEntries/share.MaxParticipants) + "]}"
	if _, err := ParseFile([]byte(many)); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), "more than 5000 participants") {
		t.Errorf("many: %v", err)
	}
}

// A point of small order hides in what X25519 takes for a recipient, and so do
// numbers that are not below the prime: no identity has those as its recipient.
func TestRecipientsThatNobodyHas(t *testing.T) {
	_, recipient := newIdentity(t)
	high := recipient
	high[KeySize-1] |= 0x80
	prime := [KeySize]byte{0: 0xed, KeySize - 1: 0x7f}
	for i := 1; i < KeySize-1; i++ {
		prime[i] = 0xff
	}
	above := prime
	above[0]++
	below := prime
	below[0]--
	for what, key := range map[string][KeySize]byte{"the highest bit": high, "the prime": prime, "above it": above} {
		if _, err := ParseRecipient(FormatRecipient(key)); !errors.Is(err, ErrRecipient) {
			t.Errorf("%s: %v", what, err)
		}
		x, s, _ := statement(t, curve.Secp256k1)
		s.Recipient = key
		if _, err := Prove(x, s); !errors.Is(err, ErrRecipient) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := ParseRecipient(FormatRecipient(below)); err != nil {
		t.Errorf("the largest: %v", err)
	}
	x, s, _ := statement(t, curve.Secp256k1)
	s.Recipient = below // is -1, of order 4
	if _, err := Prove(x, s); !errors.Is(err, ErrProof) {
		t.Errorf("a recipient of order 4: %v", err)
	}
}

// Every byte of a proof counts, and nothing can be left out, added or moved.
func TestEveryByte(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		p, text := proved(t, c, small)
		size := len(p.append(nil))
		for i := range size {
			refused(t, "a byte", raw(t, text, func(b []byte) []byte { b[i] ^= 1 << (i % 8); return b }), small)
		}
		for n := range size {
			refused(t, "cut off", raw(t, text, func(b []byte) []byte { return b[:n] }), small)
		}
		const leaf = 2*KeySize + curve.ScalarSize
		leaves := saltSize + sha256.Size
		seeds := leaves + small.closed*leaf
		for what, change := range map[string]func(b []byte) []byte{
			"a byte more":  func(b []byte) []byte { return append(b, 0) },
			"a seed more":  func(b []byte) []byte { return append(b, b[seeds:seeds+seedSize]...) },
			"a seed less":  func(b []byte) []byte { return b[:len(b)-seedSize] },
			"a seed twice": func(b []byte) []byte { copy(b[seeds+seedSize:], b[seeds:seeds+seedSize]); return b },
			"a leaf twice": func(b []byte) []byte { copy(b[leaves+leaf:], b[leaves:leaves+leaf]); return b },
			"leaves swapped": func(b []byte) []byte {
				return append(slices.Concat(b[:leaves], b[leaves+leaf:seeds], b[leaves:leaves+leaf]), b[seeds:]...)
			},
			"too many seeds":       func(b []byte) []byte { return append(b, make([]byte, seedSize*small.maxSeeds)...) },
			"no leaf":              func(b []byte) []byte { return append(b[:leaves], b[seeds:]...) },
			"ephemeral of order 1": func(b []byte) []byte { clear(b[leaves : leaves+KeySize]); return b },
			"z is the order": func(b []byte) []byte {
				c.Order().FillBytes(b[leaves+2*KeySize : leaves+leaf])
				return b
			},
			"z is not reduced": func(b []byte) []byte {
				copy(b[leaves+2*KeySize:], bytes.Repeat([]byte{0xff}, curve.ScalarSize))
				return b
			},
		} {
			refused(t, what, raw(t, text, change), small)
		}
	})
}

// Every byte of the JSON counts, too, but for what people call the group and its nodes.
func TestEveryByteOfTheText(t *testing.T) {
	_, text := proved(t, curve.Ed25519, small)
	for i := range bytes.Index(text, []byte(`"group":`)) {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		p, err := parse(bad, small)
		if err != nil || p.Verify() != nil {
			continue
		}
		if again, err := p.Text(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("byte %d, %q, can be another one", i, text[i])
		}
	}
}

// cheat is a proof of nothing: the leaves in guess are of no known number, and the
// others are as they must be. It checks if the guess is right. Each try makes only the
// wrong leaves anew, as a cheat would who has one proof and much time.
type cheat struct {
	p        *Proof
	all      []leaf
	tree     *tree
	isGuess  []bool
	guess    []int
	state    [sha256.Size]byte
	attempts uint64
}

func newCheat(t *testing.T, s *Statement, n params, guess []int) *cheat {
	t.Helper()
	c := &cheat{p: &Proof{Statement: *s, params: n}, all: make([]leaf, n.leaves), isGuess: make([]bool, n.leaves), guess: guess, state: s.hash(n)}
	c.p.salt = sha256.Sum256([]byte("TEST ONLY"))
	c.tree = newTree(bytes.Repeat([]byte{7}, seedSize), &c.p.salt, n.leaves)
	for _, i := range guess {
		c.isGuess[i] = true
	}
	honest, err := regrow(c.p, c.tree, make([]bool, n.leaves))
	if err != nil {
		t.Fatal(err)
	}
	c.all = honest
	for _, i := range guess {
		z := s.Curve().ScalarFromUint(uint64(1000 + i))
		c.p.closed = append(c.p.closed, closedLeaf{sealed{ephemeral: c.all[i].ephemeral}, z})
		c.all[i].public = s.Curve().MulBase(z).Sub(s.secretOf()).Bytes()
	}
	c.p.seeds = c.tree.open(c.isGuess)
	return c
}

// try reports whether the challenge is the one that was guessed.
func (c *cheat) try() bool {
	c.attempts++
	for k, i := range c.guess {
		binary.BigEndian.PutUint64(c.p.closed[k].masked[:], c.attempts)
		c.all[i].sealed = c.p.closed[k].sealed
	}
	c.p.hash = challenge(c.state, &c.p.salt, c.all)
	_, at := choose(c.p.hash, c.p.params)
	return slices.Equal(at, c.guess)
}

// The odds of a cheat who controls every leaf but the choice are one in C(8, 2), and
// when it comes off, the proof checks and opens to nothing: that is what the number of
// leaves is for.
func TestCheatingByGuessing(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		x, err := scalar.New(c, []byte("TEST ONLY"))
		if err != nil {
			t.Fatal(err)
		}
		_, s, key := statement(t, c)
		s.Group, s.Public = group(t, x), x.Public()
		s.ShareID = s.Group.Participants[0].ShareID
		key.Wipe()
		key = secret.Copy(bytes.Repeat([]byte{5}, KeySize))
		if s.Recipient, err = recipientOf(key); err != nil {
			t.Fatal(err)
		}
		cheat := newCheat(t, s, small, []int{2, 5})
		const tries, odds = 28_000, 28
		hits := 0
		for range tries {
			right := cheat.try()
			if right {
				hits++
			}
			if right && hits <= 3 {
				if err := cheat.p.Verify(); err != nil {
					t.Errorf("the guess was right, and the proof is refused: %v", err)
				}
				if _, err := cheat.p.Open(key); !errors.Is(err, ErrProof) {
					t.Errorf("it opens: %v", err)
				}
			}
			if !right && cheat.attempts <= 40 {
				if err := cheat.p.Verify(); !errors.Is(err, ErrProof) {
					t.Errorf("a wrong guess: %v", err)
				}
			}
		}
		// Everything is fixed but the statement's keys, so this is one draw of a
		// binomial distribution: five standard deviations.
		want, deviation := float64(tries)/odds, math.Sqrt(float64(tries)/odds*(1-1.0/odds))
		if math.Abs(float64(hits)-want) > 5*deviation {
			t.Errorf("%d of %d guesses were right; %.0f ± %.0f were to be expected", hits, tries, want, deviation)
		}
	})
}

// At the size of version 1 the guess is hopeless.
func TestVersion1(t *testing.T) {
	bits := 0.0
	for i := range version1.closed {
		bits += math.Log2(float64(version1.leaves-i)) - math.Log2(float64(i+1))
	}
	// A prover takes sets with few seeds only. Those are more than half of all, so that it
	// seldom tries again; for a cheat no set is likelier than another.
	few := 0
	const draws = 2000
	for i := range draws {
		isClosed, at := choose(sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i))), version1)
		if len(at) != version1.closed || !slices.IsSorted(at) || len(slices.Compact(at)) != version1.closed {
			t.Fatalf("%d leaves stay closed", len(at))
		}
		if len(openNodes(isClosed)) <= version1.maxSeeds {
			few++
		}
	}
	if few < draws/2 || bits < 131.8 {
		t.Errorf("a cheat has one chance in 2^%.1f, of which %d of %d are for sets that are used", bits, few, draws)
	}
	if most := saltSize + sha256.Size + version1.closed*(2*KeySize+curve.ScalarSize) + version1.maxSeeds*seedSize; most > 4096 {
		t.Errorf("a proof may have %d bytes", most)
	}
}

// Each set of closed leaves comes as often as the others.
func TestChoiceIsUniform(t *testing.T) {
	counts := map[[2]int]int{}
	const draws, sets = 28_000, 28
	for i := range draws {
		_, at := choose(sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i))), small)
		counts[[2]int(at)]++
	}
	sum := 0.0 // chi-squared with 27 degrees of freedom: 70 is beyond one in 10,000
	for _, n := range counts {
		d := float64(n) - draws/sets
		sum += d * d / (draws / sets)
	}
	if len(counts) != sets || sum > 70 {
		t.Errorf("%d sets, chi-squared %.1f", len(counts), sum)
	}
}

// A tree opens to all leaves but the closed ones, and to nothing of those.
func TestTree(t *testing.T) {
	salt := &[saltSize]byte{1}
	const leaves = 16
	whole := newTree(bytes.Repeat([]byte{1}, seedSize), salt, leaves)
	for mask := range 1 << leaves {
		if mask%97 != 0 {
			continue
		}
		isClosed := make([]bool, leaves)
		for i := range isClosed {
			isClosed[i] = mask>>i&1 == 1
		}
		seeds := whole.open(isClosed)
		planted, err := plant(isClosed, salt, seeds)
		if err != nil {
			t.Fatal(err)
		}
		for i, closed := range isClosed {
			if closed != bytes.Equal(planted.leaf(i), make([]byte, seedSize)) || !closed && !bytes.Equal(planted.leaf(i), whole.leaf(i)) {
				t.Fatalf("%b: leaf %d", mask, i)
			}
		}
		if _, err := plant(isClosed, salt, append(seeds, make([]byte, seedSize))); !errors.Is(err, ErrProof) {
			t.Fatalf("%b, a seed more: %v", mask, err)
		}
	}
}

// A piece counts in its own place of its own cut only.
func TestPieceIsBound(t *testing.T) {
	eachCurve(t, func(t *testing.T, c curve.Curve) {
		x, s, _ := statement(t, c)
		_, a := newIdentity(t)
		_, b := newIdentity(t)
		proofs, err := proveQuorum(x, s, 2, [][KeySize]byte{a, b}, small, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		text, err := proofs[0].Text()
		if err != nil {
			t.Fatal(err)
		}
		if p, err := parse(text, small); err != nil || p.Verify() != nil {
			t.Fatal("the piece does not check")
		}
		other := share.FormatKey(scalar.Random(c).Public())
		_, stranger := newIdentity(t)
		for what, change := range map[string]func(*proofFile){
			"no piece":             func(f *proofFile) { f.Piece = nil },
			"another index":        func(f *proofFile) { f.Piece.Index, f.Recipient = 2, f.Piece.Recipients[1] },
			"index 0":              func(f *proofFile) { f.Piece.Index = 0 },
			"index 3":              func(f *proofFile) { f.Piece.Index = 3 },
			"another coefficient":  func(f *proofFile) { f.Piece.Commitments[1] = other },
			"another share":        func(f *proofFile) { f.Piece.Commitments[0] = other },
			"a smaller quorum":     func(f *proofFile) { f.Piece.Commitments = f.Piece.Commitments[:1] },
			"a larger quorum":      func(f *proofFile) { f.Piece.Commitments = append(f.Piece.Commitments, other) },
			"a stranger for b":     func(f *proofFile) { f.Piece.Recipients[1] = FormatRecipient(stranger) },
			"one recipient twice":  func(f *proofFile) { f.Piece.Recipients[1] = f.Piece.Recipients[0] },
			"a recipient more":     func(f *proofFile) { f.Piece.Recipients = append(f.Piece.Recipients, FormatRecipient(stranger)) },
			"recipients swapped":   func(f *proofFile) { slices.Reverse(f.Piece.Recipients) },
			"too many members":     func(f *proofFile) { f.Piece.Recipients = make([]string, MaxMembers+1) },
			"too many commitments": func(f *proofFile) { f.Piece.Commitments = make([]string, MaxMembers+1) },
		} {
			refused(t, what, changed(t, text, change), small)
		}
		for what, bad := range map[string]struct {
			k  int
			to [][KeySize]byte
		}{"1 of 2": {1, [][KeySize]byte{a, b}}, "3 of 2": {3, [][KeySize]byte{a, b}}, "one recipient twice": {2, [][KeySize]byte{a, a}}, "nobody": {2, nil}, "256": {2, make([][KeySize]byte, 256)}} {
			if _, err := proveQuorum(x, s, bad.k, bad.to, small, rand.Reader); err == nil {
				t.Errorf("%s was proved", what)
			}
		}
	})
}

// Two proofs of one statement have nothing in common, even if the random numbers are
// the same every time and only the statement differs.
func TestBadRandomNumbers(t *testing.T) {
	x, s, _ := statement(t, curve.Secp256k1)
	p, err := prove(x, s, small, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	other := *s
	other.Date = "2026-11-30"
	q, err := prove(x, &other, small, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range append([][]byte{p.hash[:], p.closed[0].ephemeral[:]}, p.seeds...) {
		if bytes.Contains(q.append(nil), a) {
			t.Error("two proofs have a number in common")
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// FuzzVerify: whatever comes, no panic, and what checks opens.
func FuzzVerify(f *testing.F) {
	for _, c := range curve.All() {
		_, text := proved(f, c, small)
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Add([]byte("{}"))
	f.Add([]byte(`{"curve":"ed25519","piece":{"index":1,"commitments":null,"recipients":[]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parse(text, small)
		if err != nil {
			if !errors.Is(err, ErrProof) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := p.Text()
		if err != nil {
			t.Fatal(err)
		}
		q, err := parse(again, small)
		if err != nil {
			t.Fatalf("it is written and not read: %v", err)
		}
		if (p.Verify() == nil) != (q.Verify() == nil) {
			t.Error("it checks, and not after it was written")
		}
	})
}

// FuzzParseIdentity: what is taken is what age takes.
func FuzzParseIdentity(f *testing.F) {
	f.Add("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
	f.Add("AGE-SECRET-KEY-1")
	f.Add("AGE-SECRET-KEY-PQ-1")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseIdentity(secret.Copy([]byte(text)))
		if err == nil && key.Len() != KeySize {
			t.Errorf("%d bytes", key.Len())
		}
		if strings.ToUpper(text) != text || strings.TrimSpace(text) != text {
			return
		}
		if _, other := parseWithAge(text); (err == nil) != (other == nil) {
			t.Errorf("%q: %v, and age: %v", text, err, other)
		}
	})
}
