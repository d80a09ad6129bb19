package audit_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/share/verifiable"
)

// vectorProof is the proof of docs/formats/verifiable.md.
func vectorProof(t *testing.T, c curve.Curve) *verifiable.Proof {
	t.Helper()
	list, err := verifiable.ParseFile(fixtures.Read("vectors/verifiable/" + c.String() + ".json"))
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// Proofs count once for each holder and cut; a piece counts once; and live identities count only where they are enough for a share.
func TestProofs(t *testing.T) {
	c := curve.Secp256k1
	whole := vectorProof(t, c)
	var want struct{ Shares map[string]string }
	if err := json.Unmarshal(fixtures.Read("vectors/verifiable/expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	x, err := scalar.New(c, unhexed(t, want.Shares["secp256k1.json"]))
	if err != nil {
		t.Fatal(err)
	}
	var keys [][verifiable.KeySize]byte
	for range 3 {
		keys = append(keys, newRecipient(t))
	}
	pieces, err := verifiable.ProveQuorum(x, &whole.Statement, 2, keys)
	if err != nil {
		t.Fatal(err)
	}
	// Who has seen the polynomial can list the recipients of another piece in another order.
	slope := scalar.Random(c)
	piece := func(place int, keys ...[verifiable.KeySize]byte) *verifiable.Proof {
		s := whole.Statement
		s.Recipient = keys[place-1]
		s.Piece = &verifiable.Piece{Index: place, Commitments: []*curve.Point{x.Public(), slope.Public()}, Recipients: keys}
		p, err := verifiable.Prove(scalar.Evaluate(c.ScalarFromUint(uint64(place)), []*scalar.Secret{x, slope}), &s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	text := func(i int) string { return verifiable.FormatRecipient(keys[i]) }
	for _, tc := range []struct {
		name          string
		proofs        []*verifiable.Proof
		live          []string
		sealed, opens int
	}{
		{"nothing", nil, nil, 0, 0},
		{"a whole share", []*verifiable.Proof{whole, whole}, nil, 1, 0},
		{"a whole share, live", []*verifiable.Proof{whole}, []string{verifiable.FormatRecipient(whole.Recipient)}, 1, 1},
		{"one piece", pieces[:1], []string{text(0), text(1)}, 0, 0},
		{"one piece twice", []*verifiable.Proof{pieces[0], pieces[0]}, []string{text(0)}, 0, 0},
		{"two pieces", pieces[1:], nil, 1, 0},
		{"two pieces, one live", pieces[1:], []string{text(0), text(2)}, 1, 0},
		{"three pieces, two live", pieces, []string{text(0), text(2)}, 1, 1},
		{"two pieces for one, by two lists", []*verifiable.Proof{piece(1, keys[0], keys[1]), piece(2, keys[1], keys[0])}, []string{text(0)}, 0, 0},
		{"a share and its pieces", append(pieces, whole), []string{text(0), text(1)}, 1, 1},
	} {
		var all audit.Proofs
		for _, p := range tc.proofs {
			if err := all.Add("p.json", p); err != nil {
				t.Fatal(err)
			}
		}
		live := map[string]bool{}
		for _, r := range tc.live {
			live[r] = true
		}
		sealed, opens := 0, 0
		for _, s := range all.Sets() {
			a, b := s.Count(live)
			sealed, opens = sealed+len(a), opens+len(b)
		}
		if sealed != tc.sealed || opens != tc.opens {
			t.Errorf("%s: %d sealed, %d open", tc.name, sealed, opens)
		}
	}
	bad := *whole
	bad.Date = "2026-11-30"
	var all audit.Proofs
	if err := all.Add("p.json", &bad); err == nil || len(all.Sets()) > 0 {
		t.Errorf("a proof that does not check counts: %v", err)
	}
}

// One proof is too few, and says so; a forged one is an error and counts for nothing.
func TestSealed(t *testing.T) {
	good := string(fixtures.Read("vectors/verifiable/ed25519.json"))
	if r := auditOf(audit.Options{}, [2]string{"p.json", good}); len(r.Vaults) != 0 {
		t.Errorf("a proof of after the audit counts: %+v", r.Vaults)
	}
	o := audit.Options{Date: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}
	r := auditOf(o, [2]string{"p.json", good})
	if len(r.Vaults) != 1 || r.Vaults[0].Status != audit.TooFew || r.Vaults[0].Epochs[0].Sealed != 1 || r.Vaults[0].Epochs[0].Live != 0 {
		t.Errorf("%+v", r.Vaults)
	}
	forged := strings.Replace(good, `"date": "2026-11-29"`, `"date": "2026-01-29"`, 1)
	r = auditOf(o, [2]string{"p.json", forged})
	if len(r.Vaults) != 0 || !strings.Contains(strings.Join(codes(r, audit.Error), " "), "proof-invalid") {
		t.Errorf("%+v", r)
	}
}

func unhexed(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newRecipient(t *testing.T) [verifiable.KeySize]byte {
	t.Helper()
	_, text, err := backup.NewIdentity(true)
	if err != nil {
		t.Fatal(err)
	}
	key, err := verifiable.ParseRecipient(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
