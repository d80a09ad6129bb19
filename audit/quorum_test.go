package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// genuine returns what a holder of a vault signs on ed25519.
func genuine(t testing.TB, v *fixtures.Vault, file int, change func(*audit.Statement)) (audit.Signed, *audit.Statement) {
	t.Helper()
	a := attest(t, v, file, func(s *audit.Statement) {
		if change != nil && s.Curve == curve.Ed25519 {
			change(s)
		}
	})[curve.Ed25519]
	s, err := a.Verify()
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// forge signs with the n-th made-up key in the name of a statement's epoch.
func forge(t testing.TB, like *audit.Statement, n uint32, change func(*audit.Statement)) (audit.Signed, *audit.Statement) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint32(make([]byte, 28), n))
	s := *like
	var err error
	if s.PublicKey, err = curve.Ed25519.ParsePoint(append([]byte{0}, key.Public().(ed25519.PublicKey)...)); err != nil {
		t.Fatal(err)
	}
	s.NodeID = fmt.Sprintf("nobody-%d", n)
	if s.ShareID, err = share.NewID(s.Curve, fmt.Sprint(n+1)); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&s)
	}
	text, err := s.Text()
	if err != nil {
		t.Fatal(err)
	}
	return audit.Signed{Statement: text, Signature: ed25519.Sign(key, []byte(text))}, &s
}

// signedFile is a file of attestations.
func signedFile(t testing.TB, path string, list ...audit.Signed) [2]string {
	t.Helper()
	b, err := audit.MarshalAttestations(list)
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{path, string(b)}
}

func about(r *audit.Report, code string) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Code == code {
			list = append(list, f.About...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// respell writes an ID in another way: as one that is the same modulo the order.
func respell(t testing.TB, c curve.Curve, id share.ID) share.ID {
	t.Helper()
	n, _ := new(big.Int).SetString(id.Text, 10)
	id, err := share.NewID(c, n.Add(n, c.Order()).String())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A holder counts once, however their share ID is spelt and whatever names them.
func TestHolderCountsOnce(t *testing.T) {
	respelt := func(s *audit.Statement) { s.ShareID = respell(t, s.Curve, s.ShareID) }
	one, st := genuine(t, vault, 0, nil)
	again, _ := genuine(t, vault, 0, respelt)
	fact := backup.ShareFacts{GroupID: st.GroupID, Curve: "ed25519", Epoch: st.Epoch(), ShareID: st.ShareID.Text, NodeID: st.NodeID}
	spelt, renumbered := fact, fact
	spelt.ShareID = respell(t, st.Curve, st.ShareID).Text
	renumbered.ShareID = "12345"
	bundle := func(path string, facts ...backup.ShareFacts) [][2]string {
		b, m := sealed(t, path, facts)
		return [][2]string{b, m}
	}
	for _, c := range []struct {
		name  string
		files [][2]string
		want  audit.Status
	}{
		{"a share file, and an attestation", append(of(vault, 0), signedFile(t, "a.json", again)), audit.TooFew},
		{"two attestations", [][2]string{signedFile(t, "a.json", one, again)}, audit.TooFew},
		{"an attestation and a bundle", append(bundle("b.age", spelt), signedFile(t, "a.json", one)), audit.TooFew},
		{"an attestation and a bundle of another ID", append(bundle("b.age", renumbered), signedFile(t, "a.json", one)), audit.TooFew},
		{"a share file and a bundle", append(of(vault, 0), bundle("b.age", spelt)...), audit.TooFew},
		{"two bundles", append(bundle("a.age", fact), bundle("b.age", spelt)...), audit.Unknown},
		{"one bundle, twice", bundle("b.age", fact, spelt), audit.Unknown},
		{"two bundles of different IDs", append(bundle("a.age", fact), bundle("b.age", renumbered)...), audit.Unknown},
	} {
		r := auditOf(audit.Options{Challenge: st.Challenge, Epochs: []string{st.Epoch()}}, c.files...)
		v := r.Vaults[slices.IndexFunc(r.Vaults, func(v audit.Vault) bool { return v.Curve == "ed25519" })]
		here := 0
		for _, h := range v.Epochs[0].Holders {
			if h.Here || h.Attested != nil {
				here++
			}
		}
		if v.Status != c.want || here != 1 {
			t.Errorf("%s: %s, with %d holders: %s", c.name, v.Status, here, v.Verdict)
		}
		if slices.Contains(codes(r, audit.Warning), "shares-together") {
			t.Errorf("%s: two shares", c.name)
		}
		if lie := strings.Contains(c.name, "ID"); lie != slices.Contains(codes(r, audit.Error), "manifest-contradicts") {
			t.Errorf("%s: %q", c.name, codes(r, audit.Error))
		}
	}
}

// Attestations that somebody made up beside enough good ones hide nothing, and are
// named, wherever they stand.
func TestForgedBesideGood(t *testing.T) {
	two := func(s *audit.Statement) { s.Challenge = "c1" }
	for _, v := range []*fixtures.Vault{vault, large} {
		var good []audit.Signed
		var like *audit.Statement
		for file := range len(v.Files) {
			a, s := genuine(t, v, file, two)
			good, like = append(good, a), s
		}
		good = good[:like.Threshold]
		for name, change := range map[string]func(*audit.Statement){
			"nobody":              nil,
			"a holder's name":     func(s *audit.Statement) { s.NodeID = like.NodeID },
			"the share ID":        func(s *audit.Statement) { s.ShareID = like.ShareID },
			"a higher threshold":  func(s *audit.Statement) { s.Threshold = share.MaxParticipants },
			"a lower threshold":   func(s *audit.Statement) { s.Threshold = like.Threshold - 1 },
			"another group's key": func(s *audit.Statement) { s.RootKey = s.PublicKey },
		} {
			if name == "a lower threshold" && like.Threshold == 2 {
				continue
			}
			for at := range len(good) + 1 {
				for n := range uint32(3) {
					files := make([][2]string, 0, len(good)+2)
					for i, a := range good {
						files = append(files, signedFile(t, fmt.Sprintf("good-%d.json", i), a))
					}
					var bad []audit.Signed
					for k := range n + 1 {
						a, _ := forge(t, like, 70+k, change)
						bad = append(bad, a)
					}
					files = slices.Insert(files, at, signedFile(t, "forged.json", bad...))
					r := auditOf(audit.Options{Challenge: "c1"}, files...)
					i := slices.IndexFunc(r.Vaults, func(v audit.Vault) bool { return v.Status == audit.Recoverable })
					if i < 0 || r.Vaults[i].Epochs[0].Attested != like.Threshold || r.OK {
						t.Errorf("%s, %s, %d at %d: %+v", v.Name, name, n+1, at, statuses(r))
						continue
					}
					if got := about(r, "attestation-contradicts"); !slices.Contains(got, "forged.json") || name != "another group's key" && len(got) > 1 && !strings.HasPrefix(name, "a holder") {
						t.Errorf("%s, %s: about %q", v.Name, name, got)
					}
				}
			}
		}
	}
}

// Where it is known which points belong together, they are the holders, whatever came
// first and whatever names them: a holder who signs under two node IDs, one of them
// another's, takes nobody's place.
func TestNamesTakeNobodysPlace(t *testing.T) {
	one, st := genuine(t, vault, 0, nil)
	two, other := genuine(t, vault, 1, nil)
	alias, _ := genuine(t, vault, 0, func(s *audit.Statement) { s.NodeID = other.NodeID })
	first, _ := genuine(t, vault, 1, func(s *audit.Statement) { s.NodeID = st.NodeID })
	second, _ := genuine(t, vault, 0, func(s *audit.Statement) { s.NodeID = "zz-" + s.NodeID })
	for _, c := range []struct {
		name  string
		files [][2]string
		nodes []string
		about []string
	}{
		{"another's name too", [][2]string{signedFile(t, "alias.json", alias), signedFile(t, "1.json", one), signedFile(t, "2.json", two)}, []string{st.NodeID, other.NodeID}, []string{"alias.json"}},
		{"another's name too, which comes before their own", [][2]string{signedFile(t, "alias.json", first), signedFile(t, "1.json", one), signedFile(t, "2.json", two)}, []string{st.NodeID, other.NodeID}, []string{"alias.json"}},
		{"another's name only", [][2]string{signedFile(t, "alias.json", alias), signedFile(t, "2.json", two)}, []string{other.NodeID, other.NodeID}, []string{"2.json", "alias.json"}},
		{"a name of their own too", [][2]string{signedFile(t, "second.json", second), signedFile(t, "1.json", one), signedFile(t, "2.json", two)}, []string{st.NodeID, other.NodeID}, []string{"second.json"}},
	} {
		for range len(c.files) {
			c.files = append(c.files[1:], c.files[0])
			for range 2 {
				slices.Reverse(c.files)
				r := auditOf(audit.Options{Challenge: st.Challenge}, c.files...)
				var nodes []string
				for _, h := range r.Vaults[0].Epochs[0].Holders {
					nodes = append(nodes, h.NodeID)
				}
				slices.Sort(nodes)
				if r.Vaults[0].Status != audit.Recoverable || !slices.Equal(nodes, c.nodes) || !slices.Equal(about(r, "attestation-contradicts"), c.about) {
					t.Errorf("%s, %s first: %s by %q, about %q", c.name, c.files[0][0], r.Vaults[0].Status, nodes, about(r, "attestation-contradicts"))
				}
			}
		}
	}
}

// The same of statements alone, as check takes them.
func TestCollectStatementsNamesHolders(t *testing.T) {
	_, one := genuine(t, vault, 0, nil)
	_, two := genuine(t, vault, 1, nil)
	_, alias := genuine(t, vault, 0, func(s *audit.Statement) { s.NodeID = two.NodeID })
	for _, list := range [][]*audit.Statement{{alias, one, two}, {alias, two, one}, {one, alias, two}, {two, one, alias}} {
		all, against := audit.CollectStatements(list)
		nodes := slices.Sorted(slices.Values(all[0].Nodes))
		if !all[0].Enough || !slices.Equal(nodes, []string{one.NodeID, two.NodeID}) || len(against) != 1 || !errors.Is(against[alias], audit.ErrContradicts) {
			t.Errorf("enough is %v, of %q; against %v", all[0].Enough, nodes, against)
		}
	}
}

// What two attestations that contradict each other have in common is said once.
func TestContradictionNamesNodes(t *testing.T) {
	_, one := genuine(t, large, 0, nil)
	_, named := genuine(t, large, 3, func(s *audit.Statement) { s.NodeID = one.NodeID })
	_, numbered := genuine(t, large, 3, func(s *audit.Statement) { s.ShareID = one.ShareID })
	for other, want := range map[*audit.Statement]string{
		named:    fmt.Sprintf("both of node %q, ", one.NodeID),
		numbered: fmt.Sprintf("of nodes %q and %q, ", one.NodeID, numbered.NodeID),
	} {
		if _, against := audit.CollectStatements([]*audit.Statement{one, other}); against[other] == nil || !strings.Contains(against[other].Error(), want) {
			t.Errorf("%v, and not %q", against[other], want)
		}
	}
}

// Forged ones do not make up for those that are too few, or too old, and none of them
// is believed where nothing shows which.
func TestForgedAndTooFew(t *testing.T) {
	one, st := genuine(t, vault, 0, nil)
	three, _ := genuine(t, vault, 2, func(s *audit.Statement) { s.Challenge = "an old one" })
	forged, _ := forge(t, st, 77, nil)
	r := auditOf(audit.Options{Challenge: st.Challenge}, signedFile(t, "1.json", one), signedFile(t, "3.json", three), signedFile(t, "f.json", forged))
	if e := r.Vaults[0].Epochs[0]; e.Status != audit.TooFew || e.Attested != 1 || !slices.Equal(about(r, "attestation-contradicts"), []string{"f.json"}) {
		t.Errorf("an old one: %s, %d attested, %q", e.Status, e.Attested, about(r, "attestation-contradicts"))
	}
	r = auditOf(audit.Options{Challenge: st.Challenge}, append(of(vault, 1), signedFile(t, "1.json", one), signedFile(t, "3.json", three))...)
	if i := slices.IndexFunc(r.Vaults, func(v audit.Vault) bool { return v.Curve == "ed25519" }); r.Vaults[i].Status != audit.Present {
		t.Errorf("an old one, and a share file: %s", r.Vaults[i].Status)
	}
	r = auditOf(audit.Options{Challenge: st.Challenge}, signedFile(t, "1.json", one), signedFile(t, "f.json", forged))
	if e := r.Vaults[0].Epochs[0]; e.Status != audit.Present || !slices.Equal(about(r, "attestation-contradicts"), []string{"1.json", "f.json"}) {
		t.Errorf("one and a forged one: %s, %q", e.Status, about(r, "attestation-contradicts"))
	}
}

func TestCollectStatementsNamesForged(t *testing.T) {
	_, one := genuine(t, large, 0, nil)
	_, two := genuine(t, large, 1, nil)
	_, four := genuine(t, large, 3, nil)
	_, respelt := genuine(t, large, 3, func(s *audit.Statement) { s.ShareID = respell(t, s.Curve, s.ShareID) })
	_, named := genuine(t, large, 3, func(s *audit.Statement) { s.NodeID = one.NodeID })
	_, f := forge(t, one, 70, nil)
	_, g := forge(t, one, 71, nil)
	_, lowered := genuine(t, large, 4, func(s *audit.Statement) { s.Threshold = 2 })
	_, low := forge(t, one, 73, func(s *audit.Statement) { s.Threshold = 2 })
	_, high := forge(t, one, 72, func(s *audit.Statement) { s.Threshold = 9 })
	for name, c := range map[string]struct {
		list    []*audit.Statement
		against []*audit.Statement
		nodes   int
		enough  bool
		doubt   bool
	}{
		"one forged":                   {[]*audit.Statement{one, two, four, f}, []*audit.Statement{f}, 3, true, false},
		"two forged, first":            {[]*audit.Statement{f, g, one, two, four}, []*audit.Statement{f, g}, 3, true, false},
		"between, and twice":           {[]*audit.Statement{one, f, two, g, four, f}, []*audit.Statement{f, g}, 3, true, false},
		"a higher threshold":           {[]*audit.Statement{high, one, two, four}, []*audit.Statement{high}, 3, true, false},
		"a holder twice":               {[]*audit.Statement{one, two, four, respelt}, nil, 3, true, false},
		"a holder twice, too few":      {[]*audit.Statement{one, four, respelt}, nil, 2, false, false},
		"a holder twice, and a forged": {[]*audit.Statement{one, four, respelt, f}, nil, 3, false, true},
		"a lowered threshold":          {[]*audit.Statement{lowered, one, two, four}, []*audit.Statement{lowered}, 3, true, false},
		"a lowered threshold, too few": {[]*audit.Statement{low, one}, []*audit.Statement{low}, 1, false, false},
		"two lowered":                  {[]*audit.Statement{low, lowered, one}, []*audit.Statement{low, lowered}, 1, false, true},
		"two lowered beside enough":    {[]*audit.Statement{low, lowered, one, two, four}, []*audit.Statement{low, lowered}, 3, true, false},
		"two of one name":              {[]*audit.Statement{one, two, named}, []*audit.Statement{one, named}, 3, true, false},
		"two of one name, too few":     {[]*audit.Statement{one, named}, []*audit.Statement{named}, 1, false, false},
		"too few with a forged":        {[]*audit.Statement{one, two, f}, nil, 3, false, true},
		"too few":                      {[]*audit.Statement{one, f}, nil, 2, false, false},
	} {
		all, against := audit.CollectStatements(c.list)
		if len(all) != 1 || all[0].Enough != c.enough || len(all[0].Nodes) != c.nodes || (all[0].Doubt != nil) != c.doubt {
			t.Errorf("%s: %+v", name, *all[0])
		}
		if len(against) != len(c.against) {
			t.Errorf("%s: against %v", name, against)
		}
		for _, s := range c.against {
			if !errors.Is(against[s], audit.ErrContradicts) || !strings.Contains(against[s].Error(), s.NodeID) {
				t.Errorf("%s: %v", name, against[s])
			}
		}
	}
}

// With the ordinary threshold of 2, no number of forged ones that is looked at hides
// the good ones. What is not looked at is said.
func TestManyForged(t *testing.T) {
	one, st := genuine(t, vault, 0, nil)
	three, _ := genuine(t, vault, 2, nil)
	var forged []audit.Signed
	for n := range uint32(share.MaxParticipants) {
		a, _ := forge(t, st, n, nil)
		forged = append(forged, a)
	}
	flood := func(n int) [2]string {
		f := signedFile(t, "forged.json", forged[:n]...)
		if len(f[1]) > audit.MaxFileSize {
			t.Fatalf("%d bytes", len(f[1]))
		}
		return f
	}
	good := signedFile(t, "good.json", one, three)
	asked := audit.Options{Challenge: st.Challenge}
	r := auditOf(asked, flood(share.MaxParticipants-2), good)
	if v := r.Vaults[0]; v.Status != audit.Recoverable || v.Epochs[0].Attested != 2 || len(v.Epochs[0].Holders) != 2 || slices.Contains(codes(r, audit.Error), "attestations-too-many") {
		t.Errorf("%s, %d attested of %d", v.Status, v.Epochs[0].Attested, len(v.Epochs[0].Holders))
	}
	r = auditOf(asked, flood(share.MaxParticipants), good)
	if v := r.Vaults[0]; v.Status == audit.Recoverable || len(v.Epochs[0].Holders) != share.MaxParticipants {
		t.Errorf("beyond the limit: %s, %d holders", v.Status, len(v.Epochs[0].Holders))
	}
	i := slices.IndexFunc(r.Findings, func(f audit.Finding) bool { return f.Code == "attestations-too-many" })
	if i < 0 || r.Findings[i].Level != audit.Error || !slices.Equal(r.Findings[i].About, []string{"good.json"}) || !strings.Contains(r.Findings[i].Text, ": 2 of them ") {
		t.Errorf("beyond the limit: %+v", r.Findings[max(i, 0)])
	}
	// The same holders in another file are no more holders.
	r = auditOf(asked, flood(share.MaxParticipants-2), [2]string{"copy.json", flood(share.MaxParticipants - 2)[1]}, good)
	if r.Vaults[0].Status != audit.Recoverable {
		t.Errorf("twice: %s", r.Vaults[0].Status)
	}
}

// With higher thresholds, the search ends, and says that it did.
func TestSearchEnds(t *testing.T) {
	_, st := genuine(t, large, 0, nil)
	_, two := genuine(t, large, 1, nil)
	_, three := genuine(t, large, 2, nil)
	var list []*audit.Statement
	for n := range uint32(400) {
		_, s := forge(t, st, n, nil)
		list = append(list, s)
	}
	list = append(list, st, two, three)
	all, _ := audit.CollectStatements(list)
	if len(all) != 1 || all[0].Enough || all[0].Doubt == nil || !strings.Contains(all[0].Doubt.Error(), "too many to try them all") {
		t.Errorf("%+v", all[0].Doubt)
	}
	all, _ = audit.CollectStatements(list[len(list)-20:])
	if len(all) != 1 || !all[0].Enough {
		t.Errorf("17 forged beside three: %+v", all[0].Doubt)
	}
}

// With a threshold of five, a dozen forged ones are sorted out in time.
func TestDozenForged(t *testing.T) {
	_, like := genuine(t, vault, 0, nil)
	var coefficients []*curve.Scalar
	for range 5 {
		coefficients = append(coefficients, curve.Ed25519.RandomScalar())
	}
	made := *like
	made.Threshold, made.RootKey = 5, curve.Ed25519.Generator().Mul(coefficients[0])
	var list []*audit.Statement
	for n := range uint32(12) {
		_, s := forge(t, &made, n, nil)
		list = append(list, s)
	}
	for n := range 5 {
		s := made
		s.NodeID = fmt.Sprintf("node-%d", n)
		s.ShareID, _ = share.NewID(s.Curve, fmt.Sprint(100+n))
		x := curve.Ed25519.Scalar()
		for i := range coefficients {
			x.Mul(s.ShareID.Scalar()).Add(coefficients[len(coefficients)-1-i])
		}
		s.PublicKey = curve.Ed25519.Generator().Mul(x)
		list = append(list, &s)
	}
	all, against := audit.CollectStatements(list)
	if len(all) != 1 || !all[0].Enough || len(all[0].Nodes) != 5 || len(against) != 12 {
		t.Errorf("%+v", *all[0])
	}
}

// An audit looks at so many attestations, and says of which files it did not.
func TestTooManyAttestations(t *testing.T) {
	list := make([]audit.Signed, 1000)
	for i := range list {
		list[i] = audit.Signed{Statement: "x", Signature: []byte{1}}
	}
	var files [][2]string
	for i := range 21 {
		files = append(files, signedFile(t, fmt.Sprintf("%02d.json", i), list...))
	}
	if r := auditOf(audit.Options{}, files...); !slices.Equal(about(r, "attestations-too-many"), []string{"20.json"}) {
		t.Errorf("about %q", about(r, "attestations-too-many"))
	}
	if r := auditOf(audit.Options{}, files[:20]...); about(r, "attestations-too-many") != nil {
		t.Error("20,000 are too many")
	}
}

// sealed is a bundle, and the public manifest beside it.
func sealed(t testing.TB, path string, facts []backup.ShareFacts) (bundle, manifest [2]string) {
	t.Helper()
	to, err := backup.ParseRecipient("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "safe")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	sealed, err := backup.Seal(&out, []backup.File{{Name: "share.json", Shares: facts, Open: opener("{}")}}, []backup.Recipient{to}, backup.Meta{Tool: "test", Date: day})
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Wipe()
	b, err := sealed.Public.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{path, out.String()}, [2]string{path + ".manifest.json", string(b)}
}
