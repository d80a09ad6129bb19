package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"lifeboat/audit"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// vault is an ordinary 2-of-3 vault, and a 3-of-5 one.
var (
	vault = fixtures.Load("2of3")
	large = fixtures.Load("3of5")
)

// attest signs with the shares of one file of a vault, by curve.
func attest(t testing.TB, v *fixtures.Vault, file int, change func(s *audit.Statement)) map[curve.Curve]audit.Signed {
	t.Helper()
	list, err := formats.Parse("share.json", v.Files[file].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[curve.Curve]audit.Signed{}
	for _, sealed := range list {
		o, err := open.Open(sealed, open.Passwords(secret.Copy(v.Files[file].Password)), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Wipe()
		s := statement(sealed)
		if change != nil {
			change(s)
		}
		text, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		all[sealed.Curve] = audit.Signed{Statement: text, Signature: o.Sign([]byte(text))}
	}
	return all
}

// attestationFile is a file of attestations, by name and content.
func attestationFile(t testing.TB, path string, v *fixtures.Vault, n int, change func(*audit.Statement)) [2]string {
	t.Helper()
	var list []audit.Signed
	for _, s := range attest(t, v, n, change) {
		list = append(list, s)
	}
	b, err := audit.MarshalAttestations(list)
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{path, string(b)}
}

func statement(s *share.Sealed) *audit.Statement {
	sum := s.Group.RosterSHA256()
	return &audit.Statement{
		Challenge: "audit 2026-Q4", Curve: s.Curve, GroupID: s.Group.ID, Threshold: s.Group.Threshold, NodeID: s.NodeID, ShareID: *s.ShareID,
		PublicKey: s.PublicKey, RootKey: s.Group.RootKey, Roster: hex.EncodeToString(sum[:]), FileSHA256: strings.Repeat("ab", 32), Tool: "mpc-backup 1.0.0", Date: "2026-03-22",
	}
}

func TestAttestation(t *testing.T) {
	for c, a := range attest(t, vault, 0, nil) {
		data, err := audit.MarshalAttestations([]audit.Signed{a})
		if err != nil {
			t.Fatal(err)
		}
		list, err := audit.ParseAttestations(data)
		if err != nil || len(list) != 1 {
			t.Fatal(err)
		}
		s, err := list[0].Verify()
		if err != nil {
			t.Fatal(err)
		}
		if s.Curve != c || s.Challenge != "audit 2026-Q4" || s.Date != "2026-03-22" || s.Threshold != 2 || s.NodeID != "node-1-EA4212E8" {
			t.Errorf("%+v", s)
		}
		if !strings.HasPrefix(a.Statement, "lifeboat-attestation-v2\nchallenge: audit 2026-Q4\ncurve: "+c.String()+"\n") {
			t.Errorf("%q", a.Statement)
		}
	}
}

// TestAttestationTampering: whatever is changed in a statement or a signature,
// it does not verify.
func TestAttestationTampering(t *testing.T) {
	second := attest(t, vault, 1, nil)
	first := attest(t, vault, 0, nil)
	for c, a := range first {
		for i := range len(a.Statement) {
			b := []byte(a.Statement)
			b[i] ^= 1
			bad := audit.Signed{Statement: string(b), Signature: a.Signature}
			if _, err := bad.Verify(); !errors.Is(err, audit.ErrStatement) && !errors.Is(err, open.ErrSignature) {
				t.Fatalf("%v: byte %d does not matter: %v", c, i, err)
			}
		}
		for name, bad := range map[string]audit.Signed{
			"another holder's signature": {Statement: a.Statement, Signature: second[c].Signature},
			"the other curve's":          {Statement: a.Statement, Signature: first[curve.Secp256k1+curve.Ed25519-c].Signature},
			"no signature":               {Statement: a.Statement},
		} {
			if _, err := bad.Verify(); !errors.Is(err, open.ErrSignature) {
				t.Errorf("%v, %s: %v", c, name, err)
			}
		}
	}
}

func TestParseStatement(t *testing.T) {
	text := attest(t, vault, 0, nil)[curve.Secp256k1].Statement
	lines := strings.SplitAfter(text, "\n")
	swapped := append([]string{}, lines...)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	for name, bad := range map[string]string{
		"empty":             "",
		"another header":    strings.Replace(text, "-v2", "-v3", 1),
		"version 1":         strings.Replace(text, "-v2", "-v1", 1),
		"16 digits":         regexp.MustCompile("(roster-sha256: .{16}).*").ReplaceAllString(text, "$1"),
		"epoch":             strings.Replace(text, "roster-sha256", "epoch", 1),
		"both names":        text + "epoch: 0123456789abcdef\n",
		"CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"no last line end":  strings.TrimSuffix(text, "\n"),
		"a line more":       text + "x: y\n",
		"an empty line":     text + "\n",
		"a line twice":      text + lines[1],
		"another order":     strings.Join(swapped, ""),
		"a line less":       strings.Join(append(append([]string{}, lines[:5]...), lines[6:]...), ""),
		"both subjects":     text + "report-sha256: " + strings.Repeat("ab", 32) + "\n",
		"capital hex":       strings.Replace(text, "abab", "ABAB", 1),
		"another curve":     strings.Replace(text, "curve: secp256k1", "curve: p256", 1),
		"threshold 1":       strings.Replace(text, "threshold: 2", "threshold: 1", 1),
		"threshold 02":      strings.Replace(text, "threshold: 2", "threshold: 02", 1),
		"no date":           strings.Replace(text, "2026-03-22", "2026-03-32", 1),
		"control character": strings.Replace(text, "audit 2026", "audit\x1b2026", 1),
		"direction mark":    strings.Replace(text, "audit 2026", "audit\u202e2026", 1),
		"outer blank":       strings.Replace(text, "audit 2026-Q4", "audit 2026-Q4 ", 1),
		"too long":          strings.Replace(text, "audit", strings.Repeat("audit", 1000), 1),
	} {
		if s, err := audit.ParseStatement(bad); s != nil || !errors.Is(err, audit.ErrStatement) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := audit.ParseStatement(text)
	if err != nil {
		t.Fatal(err)
	}
	report, record := *s, *s
	report.Challenge, report.Report = "", strings.Repeat("cd", 32)
	record.Challenge, record.Record = "", strings.Repeat("cd", 32)
	for name, s := range map[string]audit.Statement{"report": report, "record": record} {
		text, err := s.Text()
		if err != nil || !strings.HasPrefix(text, "lifeboat-attestation-v2\n"+name+"-sha256: cdcd") {
			t.Errorf("%q: %v", text, err)
		}
		again, err := audit.ParseStatement(text)
		if err != nil || again.Report != s.Report || again.Record != s.Record {
			t.Error(err)
		}
		if bad, err := audit.ParseStatement(strings.Replace(text, "cdcd", "CDCD", 1)); bad != nil || !errors.Is(err, audit.ErrStatement) {
			t.Errorf("%s in capitals: %v", name, err)
		}
	}
}

// TestLegacy reads attestations that were signed at an earlier time.
func TestLegacy(t *testing.T) {
	for i, f := range vault.Files {
		list, err := formats.Parse(f.Name, f.Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]audit.Statement{
			"attest-%d.json":        {Challenge: "TEST ONLY, 83b1c9"},
			"attest-report-%d.json": {Report: fmt.Sprintf("%x", sha256.Sum256(fixtures.Read("legacy/2026-11/result/report.json")))},
		} {
			name = fmt.Sprintf(name, i+1)
			signed, err := audit.ParseAttestations(fixtures.Read("legacy/2026-11/" + name))
			if err != nil || len(signed) != len(list) {
				t.Fatalf("%s: %d attestations: %v", name, len(signed), err)
			}
			for j, a := range signed {
				s, err := a.Verify()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if of := list[j]; s.Challenge != want.Challenge || s.Report != want.Report || s.Date != "2026-11-28" || s.Tool != "mpc-backup 0.1.0" ||
					s.Curve != of.Curve || s.GroupID != of.Group.ID || s.Threshold != 2 || s.NodeID != of.NodeID ||
					!s.PublicKey.Equal(of.PublicKey) || !s.RootKey.Equal(of.Group.RootKey) {
					t.Errorf("%s: %+v", name, s)
				}
			}
		}
	}
}

func TestTextRefuses(t *testing.T) {
	for name, change := range map[string]func(*audit.Statement){
		"nothing answered":  func(s *audit.Statement) { s.Challenge = "" },
		"both answered":     func(s *audit.Statement) { s.Report = strings.Repeat("ab", 32) },
		"record and report": func(s *audit.Statement) { s.Challenge, s.Report, s.Record = "", strings.Repeat("ab", 32), s.Roster },
		"record, version 1": func(s *audit.Statement) { s.Challenge, s.Record, s.Roster = "", s.Roster, s.Roster[:16] },
		"a line end":        func(s *audit.Statement) { s.GroupID = "g\nthreshold: 2" },
		"not UTF-8":         func(s *audit.Statement) { s.NodeID = "\xff" },
		"an empty value":    func(s *audit.Statement) { s.Tool = "" },
		"a very long value": func(s *audit.Statement) { s.Challenge = strings.Repeat("x", 257) },
	} {
		list, err := formats.Parse("share.json", vault.Files[0].Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		s := statement(list[0])
		change(s)
		if text, err := s.Text(); text != "" || !errors.Is(err, audit.ErrStatement) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if audit.CheckChallenge("Straße 7, 83b1c9") != nil || audit.CheckChallenge("two\nlines") == nil || audit.CheckChallenge("") == nil {
		t.Error("challenges")
	}
}

func TestRoster(t *testing.T) {
	list, err := formats.Parse("share.json", vault.Files[1].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	other := fixtures.Load("other-epoch")
	otherList, err := formats.Parse("share.json", other.Files[1].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	a := attest(t, vault, 0, nil)[list[0].Curve]
	s, err := a.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.NewRoster(list[0].Group).Check(s); err != nil {
		t.Error(err)
	}
	if err := audit.NewRoster(otherList[0].Group).Check(s); !errors.Is(err, audit.ErrContradicts) || !strings.Contains(err.Error(), "epoch") {
		t.Error(err)
	}
	for name, change := range map[string]func(*audit.Statement){
		"root public key":  func(s *audit.Statement) { s.RootKey = s.PublicKey },
		"epoch":            func(s *audit.Statement) { s.Roster = strings.Repeat("0", 64) },
		"share ID":         func(s *audit.Statement) { s.ShareID, _ = share.NewID(s.Curve, "7") },
		"share public key": func(s *audit.Statement) { s.PublicKey = s.RootKey },
		"node ID":          func(s *audit.Statement) { s.NodeID = "somebody" },
		"threshold":        func(s *audit.Statement) { s.Threshold = 3 },
	} {
		bad := *s
		change(&bad)
		if err := audit.NewRoster(list[0].Group).Check(&bad); !errors.Is(err, audit.ErrContradicts) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The group of its epoch is the one that it is held against, and else one of its
	// root key; what was not asked is not compared.
	own, old, foreign := audit.NewRoster(list[0].Group), audit.NewRoster(otherList[0].Group), audit.NewRoster(list[1].Group)
	for _, tc := range []struct {
		asked  audit.Statement
		groups []*audit.Roster
		want   string
	}{
		{audit.Statement{}, nil, ""},
		{audit.Statement{Challenge: s.Challenge}, []*audit.Roster{foreign, old, own}, ""},
		{audit.Statement{Challenge: "another"}, nil, "answered another question"},
		{audit.Statement{Report: "00"}, nil, "answered another question"},
		{audit.Statement{}, []*audit.Roster{foreign, old}, "another epoch"},
		{audit.Statement{}, []*audit.Roster{foreign}, "a root key that none of"},
	} {
		if err := s.Answers(tc.asked, tc.groups); (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, audit.ErrContradicts) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%q expected: %v", tc.want, err)
		}
	}
}

// TestCollectStatements: a threshold's worth of holders who answered the same challenge
// prove that they have the root key; fewer, or of different epochs or
// challenges, prove nothing.
func TestCollectStatements(t *testing.T) {
	verify := func(v *fixtures.Vault, file int, c curve.Curve, change func(*audit.Statement)) *audit.Statement {
		a := attest(t, v, file, change)[c]
		s, err := a.Verify()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	other := fixtures.Load("other-epoch")
	for _, c := range curve.All() {
		first, second, third := verify(vault, 0, c, nil), verify(vault, 1, c, nil), verify(vault, 2, c, nil)
		old := verify(vault, 1, c, func(s *audit.Statement) { s.Challenge = "audit 2025-Q4" })
		lower := verify(large, 0, c, func(s *audit.Statement) { s.Threshold = 2 })
		lower2 := verify(large, 1, c, func(s *audit.Statement) { s.Threshold = 2 })
		for name, tc := range map[string]struct {
			statements []*audit.Statement
			enough     []bool
		}{
			"none":                {nil, nil},
			"one":                 {[]*audit.Statement{first}, []bool{false}},
			"one twice":           {[]*audit.Statement{first, first}, []bool{false}},
			"two":                 {[]*audit.Statement{first, third}, []bool{true}},
			"all":                 {[]*audit.Statement{first, second, third}, []bool{true}},
			"an old answer":       {[]*audit.Statement{first, old}, []bool{false, false}},
			"another epoch":       {[]*audit.Statement{first, verify(other, 1, c, nil)}, []bool{false, false}},
			"two of 3 of 5":       {[]*audit.Statement{verify(large, 0, c, nil), verify(large, 4, c, nil)}, []bool{false}},
			"three of 3 of 5":     {[]*audit.Statement{verify(large, 0, c, nil), verify(large, 4, c, nil), verify(large, 2, c, nil)}, []bool{true}},
			"a lowered threshold": {[]*audit.Statement{lower, lower2}, []bool{false}},
		} {
			got, _ := audit.CollectStatements(tc.statements)
			if len(got) != len(tc.enough) {
				t.Errorf("%v, %s: %d epochs", c, name, len(got))
				continue
			}
			for i := range got {
				if got[i].Enough != tc.enough[i] {
					t.Errorf("%v, %s: enough is %v", c, name, got[i].Enough)
				}
			}
		}
	}
}

func TestParseAttestationsRefuses(t *testing.T) {
	data, err := audit.MarshalAttestations([]audit.Signed{{Statement: "x", Signature: []byte{1}}})
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, bad := range map[string]string{
		"empty":          "",
		"no JSON":        "hello",
		"another format": strings.Replace(good, "lifeboat-attestation", "lifeboat-bundle", 1),
		"version 2":      strings.Replace(good, `"version": 1`, `"version": 2`, 1),
		"no attestation": `{"format":"lifeboat-attestation","version":1,"attestations":[]}`,
		"too many":       `{"format":"lifeboat-attestation","version":1,"attestations":[{}` + strings.Repeat(`,{}`, 1000) + `]}`,
		"a key twice":    strings.Replace(good, `"version": 1`, `"version": 1, "version": 1`, 1),
		"not base64":     strings.Replace(good, `"AQ=="`, `"?"`, 1),
		"too long":       good + strings.Repeat(" ", 1<<20),
	} {
		if list, err := audit.ParseAttestations([]byte(bad)); list != nil || !errors.Is(err, audit.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseAttestations(f *testing.F) {
	for _, a := range attest(f, vault, 0, nil) {
		data, err := audit.MarshalAttestations([]audit.Signed{a})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"format":"lifeboat-attestation","version":1,"attestations":[{"statement":"lifeboat-attestation-v1\n"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := audit.ParseAttestations(data)
		if err != nil && (list != nil || !errors.Is(err, audit.ErrFormat)) {
			t.Fatal(err)
		}
		for _, a := range list {
			if s, err := a.Verify(); err == nil {
				if all, _ := audit.CollectStatements([]*audit.Statement{s}); len(all) != 1 || all[0].Enough {
					t.Fatal("one statement is enough")
				}
			} else if !errors.Is(err, audit.ErrStatement) && !errors.Is(err, open.ErrSignature) {
				t.Fatal(err)
			}
		}
	})
}

// FuzzParseStatement: what is read is written again byte for byte.
func FuzzParseStatement(f *testing.F) {
	for _, a := range attest(f, vault, 0, nil) {
		f.Add(a.Statement)
	}
	f.Add("lifeboat-attestation-v1\nchallenge: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := audit.ParseStatement(text)
		if err != nil {
			return
		}
		if again, err := s.Text(); err != nil || again != text {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
	})
}
