package backup

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

func liveIdentity(t *testing.T, classic bool) (*Identity, Recipient) {
	t.Helper()
	line, text, err := NewIdentity(classic)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := ParseIdentities(IdentityFile{Name: "id", Text: line})
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return ids[0], r
}

// An identity answers a challenge that was made for it, and nobody else can.
func TestChallenge(t *testing.T) {
	for _, classic := range []bool{true, false} {
		id, r := liveIdentity(t, classic)
		other, _ := liveIdentity(t, classic)
		var sealed bytes.Buffer
		made, err := NewChallenge(&sealed, r, time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		text, err := made.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		expected, err := ParseExpected(text)
		if err != nil || expected.Date != "2026-11-29" {
			t.Fatal(err)
		}
		a, err := AnswerChallenge(sealed.Bytes(), []*Identity{other, id})
		if err != nil {
			t.Fatal(err)
		}
		if text, err = a.Marshal(); err != nil {
			t.Fatal(err)
		}
		got, err := ParseAnswer(text)
		if err != nil || !expected.Fits(got) || !IsAnswer(text) {
			t.Errorf("the answer does not fit: %v", err)
		}
		got.hash[3] ^= 1
		if expected.Fits(got) {
			t.Error("another answer fits")
		}
		got.hash[3] ^= 1
		got.Recipient = "age1other"
		if expected.Fits(got) {
			t.Error("the answer of another recipient fits")
		}
		if got.hash = expected.hash; expected.Fits(got) {
			t.Error("what the auditor keeps is an answer")
		}
		if _, err := AnswerChallenge(sealed.Bytes(), []*Identity{other}); !errors.Is(err, ErrChallenge) {
			t.Errorf("another identity: %v", err)
		}
		for i := range sealed.Len() {
			bad := bytes.Clone(sealed.Bytes())
			bad[i] ^= 1
			if a, err := AnswerChallenge(bad, []*Identity{id}); err == nil && !expected.Fits(a) {
				t.Fatalf("byte %d was changed, and it gives another answer", i)
			}
		}
	}
}

// Answering is no way to decrypt: of what is not a challenge, nothing is shown, nor
// does the answer depend on it.
func TestNoOracle(t *testing.T) {
	id, r := liveIdentity(t, true)
	nonce := strings.Repeat("n", nonceSize)
	for what, plain := range map[string]string{
		"a share": strings.Repeat("s", 32), "nothing": "", "no header": nonce, "the header alone": challengeHeader,
		"a byte less": challengeHeader + nonce[1:], "a byte more": challengeHeader + nonce + "n",
		"another header": strings.Replace(challengeHeader, "v1", "v2", 1) + nonce, "a blank before it": " " + challengeHeader + nonce[1:],
	} {
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, r.age)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(plain)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		a, err := AnswerChallenge(sealed.Bytes(), []*Identity{id})
		if a != nil || !errors.Is(err, ErrChallenge) || strings.Contains(err.Error(), "sss") || strings.Contains(err.Error(), "nnn") {
			t.Errorf("%s: %v", what, err)
		}
	}
	ssh := Recipient{Kind: SSHEd25519}
	if _, err := NewChallenge(&bytes.Buffer{}, ssh, time.Now()); !errors.Is(err, ErrRecipient) {
		t.Errorf("an SSH key: %v", err)
	}
	if _, err := AnswerChallenge(nil, []*Identity{{Kind: SSHEd25519}}); !errors.Is(err, ErrChallenge) {
		t.Error("an SSH key answers")
	}
}

func FuzzChallengeFiles(f *testing.F) {
	f.Add([]byte(`{"lifeboat":"identity answer","version":1,"recipient":"age1","answer_sha256":"00"}`))
	f.Add([]byte(`{"lifeboat":"identity answer, expected","version":1,"date":"2026-11-29"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := ParseAnswer(data); err == nil != (a != nil) || err != nil && !errors.Is(err, ErrChallenge) {
			t.Errorf("answer: %v", err)
		}
		if e, err := ParseExpected(data); err == nil != (e != nil) || err != nil && !errors.Is(err, ErrChallenge) {
			t.Errorf("expected: %v", err)
		}
	})
}
