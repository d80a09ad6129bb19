package chains_test

import (
	"encoding/hex"
	"maps"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
)

// rows returns the cells of a table of package fixtures, without its heading.
func rows(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	b, err := fixtures.FS.ReadFile("vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != columns {
			t.Fatalf("%s: %d columns in %q", name, len(cells), line)
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return rows
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key(t testing.TB, c curve.Curve, b []byte) *chains.PublicKey {
	t.Helper()
	p, err := c.ParsePoint(b)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	k := chains.NewPublicKey(p)
	return &k
}

func lookup(t testing.TB, id string) *chains.Chain {
	t.Helper()
	c, ok := chains.Lookup(id)
	if !ok {
		t.Fatalf("no chain %s", id)
	}
	return c
}

func encoding(t testing.TB, c *chains.Chain, name string, on curve.Curve) *chains.Encoding {
	t.Helper()
	for _, e := range c.On(on) {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("%s has no encoding %s on %v", c.ID, name, on)
	return nil
}

// unreachableVectors are the rows that no chain of the table can meet, by chain
// and variant, with the reason.
var unreachableVectors = map[string]string{
	"WAVES/default": "signs on curve25519",
	"XNO/default":   "signs ed25519 with BLAKE2b",
}

func TestVectors(t *testing.T) {
	unused := maps.Clone(unreachableVectors)
	for _, row := range rows(t, "vectors.tsv", 6) {
		id, variant, on, pub, want, source := row[0], row[1], row[2], row[3], row[4], row[5]
		t.Run(id+"/"+variant, func(t *testing.T) {
			ch := lookup(t, id)
			if _, ok := unreachableVectors[id+"/"+variant]; ok {
				delete(unused, id+"/"+variant)
				if ch.Status != chains.OutOfReach || len(ch.Encodings) != 0 {
					t.Errorf("a chain on %s is said to be %v", on, ch.Status)
				}
				return
			}
			c, ok := curve.ByName(on)
			if !ok {
				t.Fatalf("curve %q", on)
			}
			if id == "ADA" && variant != "enterprise" {
				cardanoVector(t, pub, want)
				return
			}
			k := vectorKey(t, c, unhex(t, pub))
			e := encoding(t, ch, variant, c)
			got, err := e.Address(k)
			if evmInLowerCase := strings.HasPrefix(want, "0x") && e.Payload.Name == "keccak20" && want == strings.ToLower(want); evmInLowerCase {
				got = strings.ToLower(got)
			}
			if err != nil || got != want {
				t.Errorf("address %s, %v; %s has %s", got, err, source, want)
			}
			if m, ok := ch.Match(k, want); !ok || m.Payload != e.Payload {
				t.Errorf("Match of %s finds %v, %v", want, m, ok)
			}
		})
	}
	for row, why := range unused {
		t.Errorf("no row %s: %s", row, why)
	}
}

// vectorKey also takes the made-up ed25519 keys of some sources, which are no
// points: an encoding only ever sees the bytes.
func vectorKey(t testing.TB, c curve.Curve, b []byte) *chains.PublicKey {
	t.Helper()
	if c == curve.Ed25519 {
		k := &chains.PublicKey{Curve: c}
		copy(k.Key[1:], b)
		return k
	}
	return key(t, c, b)
}

// cardanoVector is for addresses of more than one key: payment|stake, or a key
// and its chain code, which nothing here writes.
func cardanoVector(t *testing.T, pub, want string) {
	t.Helper()
	if payment, stake, ok := strings.Cut(pub, "|"); ok {
		got, err := cardanoBase(t, vectorKey(t, curve.Ed25519, unhex(t, payment)), vectorKey(t, curve.Ed25519, unhex(t, stake)), false)
		if err != nil || got != want {
			t.Errorf("address %s, %v; want %s", got, err, want)
		}
	}
	if u := lookup(t, "ADA").Underivable(want); u == nil {
		t.Errorf("%s is said to be derivable from one key", want)
	} else if !strings.Contains(u.Reason, "Cardano") {
		t.Error(u.Reason)
	}
}

func TestExport(t *testing.T) {
	for _, row := range rows(t, "privexport_vectors.tsv", 6) {
		id, form, on, private, want := row[0], row[1], row[2], unhex(t, row[3]), row[4]
		t.Run(id+"/"+form, func(t *testing.T) {
			c, _ := curve.ByName(on)
			k := chains.NewPublicKey(c.Generator().Mul(c.ScalarFromBytes(private)))
			found := false
			for _, e := range lookup(t, id).On(c) {
				_, out, _, err := e.Export(secret.Copy(private), &k)
				if err != nil {
					t.Fatal(err)
				}
				found = found || string(out.Expose()) == want
			}
			if !found {
				t.Errorf("no encoding exports %s", want)
			}
		})
	}
}
