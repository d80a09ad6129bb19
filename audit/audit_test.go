package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/fixtures"
)

var day = time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)

// auditOf runs an audit on files given by name and content.
func auditOf(o audit.Options, files ...[2]string) *audit.Report {
	if o.Date.IsZero() {
		o.Date = day
	}
	a := audit.New(o)
	for _, f := range files {
		a.Add(audit.Source{Path: f[0], Size: int64(len(f[1])), Data: strings.NewReader(f[1])})
	}
	return a.Report()
}

// of returns files of a vault, by number from 0.
func of(v *fixtures.Vault, numbers ...int) [][2]string {
	var files [][2]string
	for _, n := range numbers {
		files = append(files, [2]string{fmt.Sprintf("%s-%d.json", v.Name, n+1), string(v.Files[n].Data)})
	}
	return files
}

func codes(r *audit.Report, level audit.Level) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Level == level {
			list = append(list, f.Code)
		}
	}
	return list
}

func roots(t *testing.T, v *fixtures.Vault) []*derive.Key {
	t.Helper()
	var keys []*derive.Key
	for _, g := range v.Expected.Groups {
		k, err := derive.Parse(g.RootXpub)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	return keys
}

func statuses(r *audit.Report) []audit.Status {
	var list []audit.Status
	for _, v := range r.Vaults {
		list = append(list, v.Status)
	}
	return list
}

func TestStatus(t *testing.T) {
	other := fixtures.Load("other-epoch")
	two := fixtures.Load("2of2")
	for _, c := range []struct {
		name   string
		files  [][2]string
		o      audit.Options
		status audit.Status // of both curves
		errors []string
	}{
		{"one share of two", of(vault, 0), audit.Options{}, audit.TooFew, []string{"too-few-shares", "too-few-shares"}},
		{"two shares", of(vault, 0, 2), audit.Options{}, audit.Present, nil},
		{"the same share twice", append(of(vault, 0), [2]string{"copy.json", string(vault.Files[0].Data)}), audit.Options{}, audit.TooFew, []string{"too-few-shares", "too-few-shares"}},
		{"one share of each of two epochs", append(of(vault, 0), of(other, 1)...), audit.Options{}, audit.TooFew, nil},
		{"two of five", of(large, 0, 1), audit.Options{}, audit.TooFew, nil},
		{"three of five", of(large, 0, 1, 4), audit.Options{}, audit.Present, nil},
		{"both of two", of(two, 0, 1), audit.Options{}, audit.Present, nil},
		{"of recorded keys", of(vault, 0, 2), audit.Options{Roots: roots(t, vault)}, audit.Present, nil},
	} {
		r := auditOf(c.o, c.files...)
		if got := statuses(r); !slices.Equal(got, []audit.Status{c.status, c.status}) {
			t.Errorf("%s: status %v, not %v", c.name, got, c.status)
		}
		if got := codes(r, audit.Error); len(got) > 0 != (c.status == audit.TooFew) || c.errors != nil && len(got) > len(c.errors) {
			t.Errorf("%s: errors %q", c.name, got)
		}
		if r.OK != (c.status != audit.TooFew) {
			t.Errorf("%s: ok is %v", c.name, r.OK)
		}
	}
}

// Two epochs of one root key are one vault, and their shares never add up.
func TestEpochsDoNotMix(t *testing.T) {
	other := fixtures.Load("other-epoch")
	r := auditOf(audit.Options{}, append(of(vault, 0), of(other, 1)...)...)
	if len(r.Vaults) != 2 || len(r.Vaults[0].Epochs) != 2 {
		t.Fatalf("%d vaults", len(r.Vaults))
	}
	i := slices.IndexFunc(r.Findings, func(f audit.Finding) bool { return f.Code == "too-few-shares" })
	if i < 0 || !strings.Contains(r.Findings[i].Text, "never give the key together") {
		t.Errorf("it is not said that epochs do not mix: %+v", r.Findings)
	}
	r = auditOf(audit.Options{}, append(of(vault, 0, 1), of(other, 1, 2)...)...)
	if r.Vaults[0].Status != audit.Present || !slices.Contains(codes(r, audit.Warning), "several-epochs") {
		t.Errorf("status %v, warnings %q", r.Vaults[0].Status, codes(r, audit.Warning))
	}
}

// A 2-of-2 vault says what it means if the provider has the other share.
func TestAllNeeded(t *testing.T) {
	for _, n := range [][]int{{0}, {0, 1}} {
		r := auditOf(audit.Options{}, of(fixtures.Load("2of2"), n...)...)
		if !slices.Contains(codes(r, audit.Warning), "all-needed") {
			t.Errorf("%v: warnings %q", n, codes(r, audit.Warning))
		}
	}
}

// A recorded epoch makes the shares yours, and says nothing of whether they open: the
// ciphertexts may have rotted.
func TestRecordedEpoch(t *testing.T) {
	plain := auditOf(audit.Options{}, of(vault, 0, 1)...)
	epochs := func(digits int) []string {
		var list []string
		for _, v := range plain.Vaults {
			list = append(list, v.Epochs[0].SHA256[:digits])
		}
		return list
	}
	present, few := []audit.Status{audit.Present, audit.Present}, []audit.Status{audit.TooFew, audit.TooFew}
	ruined := of(vault, 0, 1)
	cipher := regexp.MustCompile(`"encrypted_share": "(.)`)
	for i := range ruined {
		ruined[i][1] = cipher.ReplaceAllString(ruined[i][1], `"encrypted_share": "0`)
	}
	for _, c := range []struct {
		name   string
		epochs []string
		files  [][2]string
		want   []audit.Status
		yours  bool
		code   string
	}{
		{"32 digits", epochs(32), of(vault, 0, 1), present, true, ""},
		{"all digits", epochs(64), of(vault, 0, 1), present, true, ""},
		{"16 digits", epochs(16), of(vault, 0, 1), present, false, "epoch-short"},
		{"one share", epochs(32), of(vault, 0), few, true, ""},
		{"ruined ciphertexts", epochs(32), ruined, present, true, ""},
		{"another epoch", []string{strings.Repeat("0", 32)}, of(vault, 0, 1), present, false, "epoch-not-recorded"},
	} {
		r := auditOf(audit.Options{Epochs: c.epochs, Roots: roots(t, vault)}, c.files...)
		e := r.Vaults[0].Epochs[0]
		h := e.Holders[0]
		if !slices.Equal(statuses(r), c.want) || e.Opens || e.Yours != c.yours || !h.Here || h.Opens || h.Yours != c.yours {
			t.Errorf("%s: %v, opens %v, yours %v; holder %+v", c.name, statuses(r), e.Opens, e.Yours, h)
		}
		if c.yours && e.Status == audit.Present && !strings.HasPrefix(e.Verdict, "Present, of the recorded epoch: ") {
			t.Errorf("%s: %s", c.name, e.Verdict)
		}
		if c.code != "" && !slices.Contains(codes(r, audit.Warning), c.code) {
			t.Errorf("%s: no %s", c.name, c.code)
		}
	}
}

func TestAttested(t *testing.T) {
	file := func(path string, v *fixtures.Vault, n int, change func(*audit.Statement)) [2]string {
		return attestationFile(t, path, v, n, change)
	}
	dated := func(date string) func(*audit.Statement) { return func(s *audit.Statement) { s.Date = date } }
	one, three := file("a1.json", vault, 0, dated("2026-03-30")), file("a3.json", vault, 2, dated("2026-03-01"))
	st, err := firstStatement(one[1])
	if err != nil {
		t.Fatal(err)
	}
	var epochs []string
	for _, v := range auditOf(audit.Options{}, of(vault, 0)...).Vaults {
		epochs = append(epochs, v.Epochs[0].Epoch)
	}
	foreign := roots(t, large)
	elsewhere := func(s *audit.Statement) {
		for _, r := range foreign {
			if r.Curve() == s.Curve {
				s.RootKey = r.Point()
			}
		}
	}
	// Signed with the second share, in the name of the first holder.
	named := file("a2.json", vault, 1, func(s *audit.Statement) { s.NodeID, s.Date = st.NodeID, "2026-03-01" })
	numbered := file("a2.json", vault, 1, func(s *audit.Statement) {
		if s.Curve == st.Curve {
			s.ShareID = st.ShareID
		}
	})
	asked := func(o audit.Options) audit.Options { o.Challenge = st.Challenge; return o }
	elsewhen := file("a3.json", vault, 2, func(s *audit.Statement) { s.Challenge = "another one" })
	sworn := func(n int) [2]string {
		return file(fmt.Sprintf("s%d.json", n), vault, n, func(s *audit.Statement) { s.Challenge, s.Record, s.Date = "", strings.Repeat("ab", 32), "2026-03-30" })
	}
	old := func(n int) [2]string {
		return file(fmt.Sprintf("a%d.json", n), vault, n, func(s *audit.Statement) { s.Roster, s.Date = s.Roster[:16], "2026-03-30" })
	}
	both := []audit.Status{audit.Recoverable, audit.Recoverable}
	unproven := []audit.Status{audit.Present, audit.Present}
	few := []audit.Status{audit.TooFew, audit.TooFew}
	for _, c := range []struct {
		name  string
		o     audit.Options
		files [][2]string
		want  []audit.Status
		code  string
	}{
		{"no share file at all", asked(audit.Options{}), [][2]string{one, three}, both, ""},
		{"with a share file", asked(audit.Options{}), append(of(vault, 1), one, three), both, ""},
		{"one attestation", asked(audit.Options{}), [][2]string{one}, few, ""},
		{"one, and a share", asked(audit.Options{}), append(of(vault, 1), one), []audit.Status{audit.Present, audit.Present}, ""},
		{"one twice", asked(audit.Options{}), [][2]string{one, {"copy.json", one[1]}}, few, ""},
		{"one is too old", asked(audit.Options{MaxAge: 10 * 24 * time.Hour}), [][2]string{one, three}, few, "attestation-old"},
		{"both are young enough", asked(audit.Options{MaxAge: 30 * 24 * time.Hour}), [][2]string{one, three}, both, ""},
		{"no challenge was set", audit.Options{}, [][2]string{one, three}, few, "challenge-not-given"},
		{"no challenge was set, and shares are here", audit.Options{Epochs: epochs}, append(of(vault, 0, 1), one, three), unproven, "challenge-not-given"},
		{"two challenges", asked(audit.Options{}), [][2]string{one, elsewhen}, few, "attestation-other"},
		{"two challenges, and none was set", audit.Options{}, [][2]string{one, elsewhen}, few, "challenge-not-given"},
		{"from the future", asked(audit.Options{Date: day.AddDate(0, 0, -10)}), [][2]string{one, three}, few, "attestation-future"},
		{"of 2100", asked(audit.Options{MaxAge: 24 * time.Hour}), [][2]string{file("a1.json", vault, 0, dated("2100-01-01")), file("a3.json", vault, 2, dated("2100-01-01"))}, nil, "attestation-future"},
		{"of tomorrow", asked(audit.Options{}), [][2]string{one, file("a3.json", vault, 2, dated("2026-04-01"))}, both, ""},
		{"of the day after", asked(audit.Options{}), [][2]string{one, file("a3.json", vault, 2, dated("2026-04-02"))}, few, "attestation-future"},
		{"of another root key than the recorded", asked(audit.Options{Roots: roots(t, large)}), [][2]string{one, three}, nil, "not-recorded"},
		{"sworn to a record", asked(audit.Options{}), [][2]string{sworn(0), sworn(2)}, few, "attestation-record"},
		{"of version 1", asked(audit.Options{}), [][2]string{old(0), old(2)}, both, ""},
		{"of version 1 and 2", asked(audit.Options{}), [][2]string{old(0), three}, both, ""},
		{"of version 1, with a share file", asked(audit.Options{}), append(of(vault, 1), old(0), old(2)), both, ""},
		{"the challenge that was set", audit.Options{Challenge: st.Challenge}, [][2]string{one, three}, both, ""},
		{"another challenge", audit.Options{Challenge: "another one"}, append(of(vault, 1), one, three), few, "attestation-other"},
		{"a signature that is not good", asked(audit.Options{}), [][2]string{one, {"a3.json", strings.ReplaceAll(three[1], "date: 2026-03-01", "date: 2026-03-02")}}, few, "attestation-invalid"},
		{"a file that is cut off", asked(audit.Options{}), [][2]string{one, {"a3.json", three[1][:len(three[1])-9]}}, few, "damaged-attestation"},
		{"a recorded epoch that they only claim", asked(audit.Options{Epochs: epochs}), [][2]string{file("a1.json", vault, 0, elsewhere), file("a3.json", vault, 2, elsewhere)}, unproven, "epoch-not-recorded"},
		{"a roster that differs", asked(audit.Options{}), append(of(vault, 1), one, file("a3.json", vault, 2, func(s *audit.Statement) { s.Threshold = 3 })), []audit.Status{audit.Present, audit.Present}, "attestation-contradicts"},
		{"two holders of one name", asked(audit.Options{}), [][2]string{one, named}, both, "attestation-contradicts"},
		{"two holders of one name, and one is too old", asked(audit.Options{MaxAge: 10 * 24 * time.Hour}), [][2]string{one, named}, few, "attestation-contradicts"},
		{"two keys of one share ID", asked(audit.Options{}), [][2]string{one, numbered}, nil, "attestation-contradicts"},
		{"two keys of one share ID, and a third holder", asked(audit.Options{}), [][2]string{one, numbered, three}, both, "attestation-contradicts"},
	} {
		r := auditOf(c.o, c.files...)
		if strings.Contains(c.name, "2100") || strings.Contains(c.name, "another root key") {
			if slices.Contains(statuses(r), audit.Recoverable) {
				t.Errorf("%s: %v", c.name, statuses(r))
			}
		}
		if got := statuses(r); c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
		if c.code != "" && !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Code == c.code }) {
			t.Errorf("%s: no finding %s in %+v", c.name, c.code, r.Findings)
		}
	}
}

func firstStatement(text string) (*audit.Statement, error) {
	list, err := audit.ParseAttestations([]byte(text))
	if err != nil {
		return nil, err
	}
	return list[0].Verify()
}

// Every damaged file is either an error or is what other programs may write, and
// never makes a vault look better than it is.
func TestDamaged(t *testing.T) {
	for _, d := range fixtures.DamagedFiles() {
		r := auditOf(audit.Options{}, append(of(vault, 0, 1), [2]string{d.File, string(d.Data)})...)
		if r.Vaults[0].Status != audit.Present {
			t.Errorf("%s: %s", d.File, r.Vaults[0].Status)
		}
		broken := slices.ContainsFunc(r.Findings, func(f audit.Finding) bool {
			return f.Level == audit.Error && slices.Contains(f.About, d.File)
		})
		public := d.Layer == "field" || d.Layer == "group" || d.Layer == "json" && bytes.Contains(d.Data, []byte(`"group_info"`))
		if broken != public && d.Layer != "json" || public && !broken {
			t.Errorf("%s (%s, %s): error %v; %+v", d.File, d.Layer, d.What, broken, r.Findings)
		}
	}
}

func TestRecords(t *testing.T) {
	two := fixtures.Load("2of2")
	r := auditOf(audit.Options{Roots: roots(t, two)}, of(vault, 0, 1)...)
	if got := codes(r, audit.Error); !slices.Equal(got, []string{"no-backup"}) {
		t.Errorf("errors %q", got)
	}
	if !slices.Contains(codes(r, audit.Warning), "not-recorded") || len(r.Vaults) != 4 {
		t.Errorf("%d vaults, warnings %q", len(r.Vaults), codes(r, audit.Warning))
	}
	if r := auditOf(audit.Options{}); !slices.Equal(codes(r, audit.Error), []string{"nothing-found"}) || r.OK {
		t.Errorf("nothing at all: %+v", r.Findings)
	}
	var closed [][2]string
	for _, f := range fixtures.LoadVendor("vultisig-unstretched").Files {
		closed = append(closed, [2]string{f.Name, string(f.Data)})
	}
	if r := auditOf(audit.Options{}, closed...); r.OK || !slices.Equal(codes(r, audit.Error), []string{"nothing-found"}) || !r.Files[2].Closed || !strings.Contains(r.Findings[0].Text, "is encrypted as a whole") {
		t.Errorf("files that are encrypted as a whole: %+v", r.Findings)
	}
	key := roots(t, vault)[0]
	cc := key.ChainCode()
	cc[0] ^= 1
	r = auditOf(audit.Options{Roots: []*derive.Key{derive.NewRoot(key.Point(), cc)}}, of(vault, 0, 1)...)
	if !slices.Contains(codes(r, audit.Error), "chain-code-differs") {
		t.Errorf("another chain code in the records: %+v", r.Findings)
	}
}

func TestClear(t *testing.T) {
	tss := fixtures.Load("tsslib-ecdsa")
	if r := auditOf(audit.Options{}, of(tss, 0)...); slices.Contains(codes(r, audit.Error), "key-in-clear") || !slices.Contains(codes(r, audit.Warning), "share-in-clear") {
		t.Errorf("one share: %+v", r.Findings)
	}
	if r := auditOf(audit.Options{}, of(tss, 0, 1)...); !slices.Contains(codes(r, audit.Error), "key-in-clear") {
		t.Errorf("two shares: %+v", r.Findings)
	}
}

// A bundle counts by its public manifest, and only if it is the bundle described.
func TestBundles(t *testing.T) {
	plain := auditOf(audit.Options{}, of(vault, 0)...)
	fact := func(holder int) []backup.ShareFacts {
		e := plain.Vaults[0].Epochs[0]
		h := e.Holders[holder]
		return []backup.ShareFacts{{GroupID: e.GroupIDs[0], Curve: "secp256k1", Epoch: e.Epoch, ShareID: h.ShareID, NodeID: h.NodeID}}
	}
	bundle, manifest := sealed(t, "b.age", fact(1))
	has := func(r *audit.Report, code string) bool {
		return slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Code == code })
	}
	with := func(files ...[2]string) *audit.Report {
		return auditOf(audit.Options{}, append(of(vault, 0), files...)...)
	}
	if r := with(bundle, manifest); r.Vaults[0].Status != audit.Present || !has(r, "classic-recipient") {
		t.Errorf("a bundle with its manifest: %v", statuses(r))
	}
	if r := with([2]string{"renamed.age", bundle[1]}, manifest); r.Vaults[0].Status != audit.Present {
		t.Errorf("a renamed bundle: %v", statuses(r))
	}
	if r := with(bundle); r.Vaults[0].Status != audit.TooFew || !has(r, "no-manifest") {
		t.Errorf("no manifest: %v", statuses(r))
	}
	if r := with(manifest); r.Vaults[0].Status != audit.TooFew || !has(r, "bundle-missing") {
		t.Errorf("no bundle: %v", statuses(r))
	}
	changed := bundle[1][:len(bundle[1])-1] + "x"
	if r := with([2]string{"b.age", changed}, manifest); r.Vaults[0].Status != audit.TooFew || !has(r, "manifest-mismatch") {
		t.Errorf("another bundle: %v", statuses(r))
	}
	if r := with([2]string{"b.age", bundle[1][:60]}, manifest); !has(r, "damaged-bundle") {
		t.Errorf("a cut bundle: %+v", r.Findings)
	}
	if r := with(bundle, [2]string{manifest[0], manifest[1][:40]}); !has(r, "damaged-manifest") {
		t.Errorf("a cut manifest: %+v", r.Findings)
	}
	if r := auditOf(audit.Options{}, bundle, manifest); len(r.Vaults) != 1 || r.Vaults[0].Status != audit.Unknown {
		t.Errorf("only a bundle: %v", statuses(r))
	}
	for _, id := range []string{"12345", "0", "x", strings.Repeat("9", 1000)} {
		stranger := fact(1)
		stranger[0].ShareID, stranger[0].NodeID = id, "stranger"
		forged, lie := sealed(t, "forged.age", stranger)
		files := append(of(vault, 0), forged, lie)
		r := auditOf(audit.Options{Epochs: []string{stranger[0].Epoch}}, files...)
		if e := r.Vaults[0].Epochs[0]; e.Status != audit.TooFew || len(e.Holders) != 3 || !has(r, "manifest-contradicts") {
			t.Errorf("a manifest with share ID %.20q, which the roster does not have: %v, %d holders", id, e.Status, len(e.Holders))
		}
	}
	both, second := sealed(t, "both.age", append(fact(1), fact(2)...))
	if r := with(both, second); !has(r, "shares-together") {
		t.Errorf("two shares in one bundle: %+v", r.Findings)
	}
}

func opener(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func TestSecretsLyingAround(t *testing.T) {
	// Test vector 1 of BIP-32.
	const xprv = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
	r := auditOf(audit.Options{}, append(of(vault, 0, 1),
		[2]string{"id.txt", "# made\nAGE-SECRET-KEY-1XXXXXXXX\n"}, [2]string{"s.txt", "LIFEBOAT SHARD 1 OF 3: ANY 2\n"},
		[2]string{"root.json", `{"format": "lifeboat-root", "root_extended_private_key": "` + xprv + `"}`}, [2]string{"keys.csv", "path,extended private key\nm/1," + xprv + "\n"},
		// No private key is among the first rows.
		[2]string{"late.csv", "wallet name,coin,address,curve,memo,address label,HD path,child publickey,hex private key,extended private key,extended public key,derived address,encoding,export,status\n" +
			strings.Repeat("w,SOL,3xWxR3yEYgAcgb3MBCVSHXY5MhV1QtiDg9M5ExNCk2w1,ed25519,,,m/44/501/0/0/0,,,,,,,,bad: no root key of its curve was recovered\n", 40) + "w,BTC,x,secp256k1,,,m/1,,," + xprv + ",,,,,ok\n"},
		[2]string{"notes.txt", "hello"}, [2]string{"empty", ""}, [2]string{"list.json", "[1,2]"})...)
	for _, code := range []string{"identity-here", "shard-here"} {
		if !slices.Contains(codes(r, audit.Warning), code) {
			t.Errorf("no %s", code)
		}
	}
	if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool {
		return f.Level == audit.Error && f.Code == "private-key-here" && slices.Equal(f.About, []string{"root.json", "keys.csv", "late.csv"})
	}) {
		t.Errorf("no private-key-here: %+v", r.Findings)
	}
	if len(r.NotCovered) != 3 {
		t.Errorf("not covered: %q", r.NotCovered)
	}
}

func TestBooks(t *testing.T) {
	a := audit.New(audit.Options{Date: day})
	for _, f := range of(vault, 0, 1) {
		a.Add(audit.Source{Path: f[0], Size: int64(len(f[1])), Data: strings.NewReader(f[1])})
	}
	csv := fixtures.Read("vaults/2of3/address.csv")
	a.Add(audit.Source{Path: "address.csv", Size: int64(len(csv)), Data: bytes.NewReader(csv)})
	if !slices.Equal(a.Books(), []string{"address.csv"}) || len(a.Roots()) != 2 {
		t.Fatalf("books %q, %d roots", a.Books(), len(a.Roots()))
	}
	a.AddBook(audit.Book{Path: "address.csv", Totals: book.Totals{Rows: 9, OK: 3, Mismatch: 1, Bad: 1, Unsupported: 4, Uncovered: 3}, Rows: []audit.Row{{Line: 7, Text: "mismatch"}}})
	r := a.Report()
	if got := codes(r, audit.Error); !slices.Equal(got, []string{"address-book", "address-uncovered"}) {
		t.Errorf("errors %q", got)
	}
	if !slices.Contains(codes(r, audit.Note), "address-unsupported") {
		t.Errorf("notes %q", codes(r, audit.Note))
	}
}

// The same files give the same report, and files that cannot be read are counted.
func TestReport(t *testing.T) {
	files := append(of(vault, 0, 1), of(large, 2)...)
	one, err := json.Marshal(auditOf(audit.Options{}, files...))
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(auditOf(audit.Options{}, files...))
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the same files give another report: %v", err)
	}
	a := audit.New(audit.Options{Date: day})
	a.Unread("gone.json", errors.New("permission denied"))
	if r := a.Report(); r.OK || r.Unreadable != 1 {
		t.Errorf("unreadable: %+v", r)
	}
	large := audit.New(audit.Options{Date: day})
	large.Add(audit.Source{Path: "shorter.json", Size: 99, Data: strings.NewReader("{")})
	if r := large.Report(); r.Unreadable != 1 {
		t.Errorf("a file that became shorter: %+v", r.Findings)
	}
}

// docs/formats/audit.md lists every code with its level, and no other.
func TestCodesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/formats/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, used []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (error|warning|note) \\|").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, m[1]+" "+m[2])
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`a\.find\((Error|Warning|Note), "([a-z-]+)"`).FindAllStringSubmatch(string(b), -1) {
			used = append(used, m[2]+" "+strings.ToLower(m[1]))
		}
	}
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(used, documented) || len(used) == 0 {
		t.Errorf("used: %q\ndocumented: %q", used, documented)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(vault.Files[0].Data)
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n"))
	f.Add([]byte("coin,address,HD path\n"))
	f.Add([]byte(`{"format":"lifeboat-bundle-public"}`))
	f.Add([]byte(`{"format":"lifeboat-attestation"}`))
	for _, name := range []string{"roster-key-other.json", "truncated.json", "participants-null.json"} {
		f.Add(fixtures.Read("damaged/" + name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := auditOf(audit.Options{}, [2]string{"f", string(data)}, [2]string{"f.age.manifest.json", string(data)})
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
		for _, v := range r.Vaults {
			if v.Status == audit.Recoverable {
				t.Error("one file is enough")
			}
		}
	})
}

// A book in UTF-16 without a byte order mark is one; what else has NULs is not.
func TestUnmarkedBook(t *testing.T) {
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	const table = "coin,address,HD path\nETH,0x3535353535353535353535353535353535353535,m/44/60/0/0/7\n"
	for text, want := range map[string]audit.FileKind{table: audit.AddressBook, wide(table): audit.AddressBook, table + "\x00\x00": audit.Unrecognised} {
		a := audit.New(audit.Options{Date: day})
		a.Add(audit.Source{Path: "book", Size: int64(len(text)), Data: strings.NewReader(text)})
		if got := a.Report().Files[0].Kind; got != want {
			t.Errorf("%.20q is %v, want %v", text, got, want)
		}
	}
}
