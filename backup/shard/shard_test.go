package shard

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"lifeboat/backup/lines"
	"lifeboat/fixtures"
	"lifeboat/internal/choose"
	"lifeboat/internal/secret"
)

func hybrid(t testing.TB) *secret.Bytes {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return secret.Copy([]byte(id.String()))
}

func classic(t testing.TB) *secret.Bytes {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return secret.Copy([]byte(id.String()))
}

func split(t testing.TB, id *secret.Bytes, k, n int) []*Shard {
	t.Helper()
	shards, err := Split(id, k, n, "the vault of 2026")
	if err != nil {
		t.Fatal(err)
	}
	return shards
}

// reread writes shards and parses them again.
func reread(t testing.TB, shards []*Shard) []*Shard {
	t.Helper()
	var again []*Shard
	for _, s := range shards {
		text, err := s.Text("2026-11-22")
		if err != nil {
			t.Fatal(err)
		}
		if !Is(text) {
			t.Fatal("does not look like a shard")
		}
		p, err := Parse(text, s.From)
		if err != nil {
			t.Fatal(err)
		}
		if p.String() != s.String() || !p.agrees(s) || !p.same(s) || p.SetID != s.SetID || p.SetName != s.SetName {
			t.Fatalf("%+v became %+v", s, p)
		}
		again = append(again, p)
	}
	return again
}

func TestEveryChoice(t *testing.T) {
	for _, c := range []struct{ k, n int }{{2, 2}, {2, 3}, {3, 5}, {5, 5}} {
		for _, id := range []*secret.Bytes{hybrid(t), classic(t)} {
			shards := reread(t, split(t, id, c.k, c.n))
			for size := 1; size <= c.n; size++ {
				for choice := range choose.Of(c.n, size) {
					var given []*Shard
					for _, i := range choice {
						given = append(given, shards[i])
					}
					j, err := Join(given)
					switch {
					case size < c.k && !errors.Is(err, ErrTooFew):
						t.Fatalf("%d of %d/%d: %v", size, c.k, c.n, err)
					case size >= c.k && (err != nil || !j.Identity.Equal(id) || len(j.Bad) > 0 || j.Set.SetName != "the vault of 2026"):
						t.Fatalf("%v of %d/%d: %v", choice, c.k, c.n, err)
					}
				}
			}
		}
	}
}

// TestLegacy joins shards that were made at an earlier time.
func TestLegacy(t *testing.T) {
	const dir = "legacy/2026-11/"
	_, recipient, _ := strings.Cut(strings.TrimSpace(string(fixtures.Read(dir+"board.pub"))), "\n")
	var shards []*Shard
	for i := range 3 {
		name := fmt.Sprintf("board.shard-%d.txt", i+1)
		s, err := Parse(secret.Copy(fixtures.Read(dir+name)), name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Number != i+1 || s.Threshold != 2 || s.Count != 3 || s.SetName != "TEST ONLY board" || s.Fingerprint != Fingerprint(recipient) {
			t.Errorf("%s: %+v", name, s)
		}
		shards = append(shards, s)
	}
	for choice := range choose.Of(3, 2) {
		j, err := Join([]*Shard{shards[choice[0]], shards[choice[1]]})
		if err != nil || j.Recipient != recipient {
			t.Errorf("%v: %v", choice, err)
		}
	}
}

func TestOrderAndRepeats(t *testing.T) {
	id := hybrid(t)
	s := split(t, id, 3, 5)
	j, err := Join([]*Shard{s[4], s[0], s[4], s[2], s[0]})
	if err != nil || !j.Identity.Equal(id) || len(j.Bad) > 0 {
		t.Errorf("%+v, %v", j, err)
	}
	if _, err := Join([]*Shard{s[4], s[4], s[0]}); !errors.Is(err, ErrTooFew) {
		t.Errorf("two of three, one twice: %v", err)
	}
}

// A shard that is wrong although its checksums are right.
func forge(s *Shard, at int) *Shard {
	f := *s
	f.piece = secret.Copy(s.piece.Expose())
	f.piece.Expose()[at] ^= 1
	f.From = "forged"
	return &f
}

func TestWrongShard(t *testing.T) {
	id := hybrid(t)
	s := split(t, id, 2, 4)
	bad := forge(s[0], 3)
	j, err := Join([]*Shard{bad, s[1], s[2]})
	if err != nil || !j.Identity.Equal(id) || len(j.Bad) != 1 || j.Bad[0].From != "forged" || j.Bad[0].Number != 1 {
		t.Errorf("one wrong of three: %+v, %v", j, err)
	}
	if _, err := Join([]*Shard{bad, s[1]}); !errors.Is(err, ErrShard) || !strings.Contains(err.Error(), "give one more") {
		t.Errorf("one wrong of two: %v", err)
	}
	if _, err := Join([]*Shard{bad, forge(s[1], 5), s[2]}); !errors.Is(err, ErrShard) || !strings.Contains(err.Error(), "more than one must be wrong") {
		t.Errorf("two wrong of three: %v", err)
	}
	if j, err := Join([]*Shard{bad, s[0], s[2]}); err != nil || len(j.Bad) != 1 || j.Bad[0].From != "forged" {
		t.Errorf("the same number twice: %+v, %v", j, err)
	}
	// The x of another shard, and an x of its own choice.
	x := forge(s[0], s[0].piece.Len()-1)
	if j, err := Join([]*Shard{x, s[1], s[2], s[3]}); err != nil || len(j.Bad) != 1 {
		t.Errorf("wrong x: %+v, %v", j, err)
	}
	liar := *s[0]
	liar.Threshold, liar.From = 3, "liar"
	if j, err := Join([]*Shard{&liar, s[1], s[2]}); err != nil || len(j.Bad) != 1 || j.Bad[0].From != "liar" {
		t.Errorf("another threshold: %+v, %v", j, err)
	}
	alone := *s[0]
	alone.Fingerprint = strings.Repeat("0", 32)
	if _, err := Join([]*Shard{&alone, s[1]}); !errors.Is(err, ErrTooFew) || !strings.Contains(err.Error(), "do not agree") {
		t.Errorf("another fingerprint: %v", err)
	}
	for _, f := range s {
		f.Fingerprint = strings.Repeat("0", 32)
	}
	if _, err := Join(s); !errors.Is(err, ErrShard) {
		t.Errorf("the fingerprint of another recipient: %v", err)
	}
	if _, err := Join(nil); !errors.Is(err, ErrTooFew) {
		t.Error(err)
	}
	other := split(t, id, 2, 3)
	if _, err := Join([]*Shard{s[0], other[1]}); !errors.Is(err, ErrShard) {
		t.Errorf("two sets: %v", err)
	}
	if sets := Sets([]*Shard{s[0], other[1], s[2]}); len(sets) != 2 || len(sets[0]) != 2 {
		t.Errorf("%v", sets)
	}
}

// Many wrong shards take bounded work.
func TestManyWrong(t *testing.T) {
	s := split(t, classic(t), 8, 20)
	for i := range s {
		s[i] = forge(s[i], i)
	}
	if _, err := Join(s); !errors.Is(err, ErrShard) || !strings.Contains(err.Error(), "too many to find out") {
		t.Error(err)
	}
}

func TestSplitRefuses(t *testing.T) {
	id := hybrid(t)
	for _, c := range []struct{ k, n int }{{1, 3}, {0, 0}, {-1, 3}, {4, 3}, {2, 33}, {40, 40}} {
		if _, err := Split(id, c.k, c.n, ""); !errors.Is(err, ErrSplit) {
			t.Errorf("%d of %d: %v", c.k, c.n, err)
		}
	}
	text := string(id.Expose())
	for _, bad := range []string{"", "hello", text + "\n", strings.ToLower(text), text[:60]} {
		if _, err := Split(secret.Copy([]byte(bad)), 2, 3, ""); !errors.Is(err, ErrSplit) || strings.Contains(err.Error(), text[20:40]) {
			t.Errorf("%.20q…: %v", bad, err)
		}
	}
	if s, err := Split(id, 32, 32, "a\n-----END LIFEBOAT SHARD-----\n"+strings.Repeat("é", 100)); err != nil || strings.Contains(s[0].SetName, "\n") {
		t.Errorf("the most: %v", err)
	} else {
		reread(t, s[:1])
	}
}

// Every set joins, whatever the name and numbers.
func TestAnySet(t *testing.T) {
	id := classic(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		k := rapid.IntRange(2, n).Draw(t, "k")
		shards, err := Split(id, k, n, rapid.String().Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		picked := rapid.Permutation(shards).Draw(t, "order")[:k]
		var again []*Shard
		for _, s := range picked {
			text, err := s.Text("")
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(text, "")
			if err != nil || p.SetName != s.SetName {
				t.Fatalf("%v, %q", err, p.SetName)
			}
			again = append(again, p)
		}
		if j, err := Join(again); err != nil || !j.Identity.Equal(id) {
			t.Fatal(err)
		}
	})
}

func TestTypedShard(t *testing.T) {
	s := split(t, hybrid(t), 2, 3)[1]
	body, err := s.Lines()
	if err != nil {
		t.Fatal(err)
	}
	text := string(body.Expose())
	if p, err := Parse(secret.Copy([]byte(strings.ToLower(text))), ""); err != nil || !p.same(s) {
		t.Errorf("only the lines: %v", err)
	}
	rows := strings.SplitAfter(text, "\n")
	rows[2] = strings.Replace(rows[2], rows[2][5:9], "AAAA", 1)
	_, err = Parse(secret.Copy([]byte(strings.Join(rows, ""))), "")
	var wrong *lines.Error
	if !errors.As(err, &wrong) || !errors.Is(err, ErrShard) || wrong.Problems[0].Line != 3 {
		t.Errorf("line 3 mistyped: %v", err)
	}
	whole, _ := s.Text("")
	cut := whole.Expose()[:len(body.Expose())]
	if _, err := Parse(secret.Copy(cut), ""); !errors.Is(err, ErrShard) {
		t.Errorf("cut: %v", err)
	}
	other, _ := lines.Encode(secret.Copy([]byte("something else, but long enough to be a shard")))
	if _, err := Parse(other, ""); !errors.Is(err, ErrShard) {
		t.Errorf("other lines: %v", err)
	}
}

// The program in docs/formats/quorum.md joins our shards.
func TestReferenceProgram(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	doc, err := os.ReadFile("../../docs/formats/quorum.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(doc), "```python\n")
	program, _, ok2 := strings.Cut(program, "```")
	if !ok || !ok2 {
		t.Fatal("there is no program in quorum.md")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "join.py")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	id := hybrid(t)
	shards := split(t, id, 3, 5)
	args := []string{script}
	for i, s := range slices.Backward(shards[2:]) {
		text, err := s.Text("")
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, text.Expose(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	out, err := exec.Command(python, args...).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != string(id.Expose()) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := exec.Command(python, args[:3]...).CombinedOutput(); err == nil {
		t.Errorf("two of three gave %s", out)
	}
}

// Several shards in one file are each read with their own name.
func TestSeveralInOne(t *testing.T) {
	var whole []byte
	shards := append(split(t, classic(t), 2, 3), split(t, classic(t), 2, 2)...)
	shards[3].SetName = "another"
	for _, s := range shards {
		text, err := s.Text("")
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, text.Expose()...)
	}
	all, err := ParseAll(secret.Copy(whole), "all.txt")
	if err != nil || len(all) != 5 {
		t.Fatalf("%d, %v", len(all), err)
	}
	for i, s := range all {
		if !s.same(shards[i]) || s.SetName != shards[i].SetName || s.From != "all.txt" {
			t.Errorf("%+v, expected %+v", s, shards[i])
		}
	}
	if _, err := Parse(secret.Copy(whole), ""); !errors.Is(err, ErrShard) || !strings.Contains(err.Error(), "5 of them are in one file") {
		t.Error(err)
	}
	cut := secret.Copy(whole[:bytes.LastIndex(whole, []byte(endMark))])
	if _, err := ParseAll(cut, ""); !errors.Is(err, ErrShard) || !strings.Contains(err.Error(), "number 5 in the file") {
		t.Error(err)
	}
	typed, err := shards[0].Lines()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := ParseAll(typed, ""); err != nil || len(all) != 1 || !all[0].same(shards[0]) {
		t.Errorf("typed: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range split(f, classic(f), 2, 2) {
		text, err := s.Text("today")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text.Expose())
		body, _ := s.Lines()
		f.Add(body.Expose())
	}
	f.Add([]byte("-----BEGIN LIFEBOAT SHARD-----\n1: AAAA\n-----END LIFEBOAT SHARD-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if all, err := ParseAll(secret.Copy(text), ""); err == nil && len(all) == 0 {
			t.Error("no shard, and no error")
		}
		s, err := Parse(secret.Copy(text), "")
		if err != nil {
			return
		}
		again, err := s.Text("")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := Parse(again, ""); err != nil || !p.same(s) || p.SetName != s.SetName {
			t.Errorf("%v", err)
		}
		Join([]*Shard{s, s})
	})
}
