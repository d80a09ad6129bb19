package open_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// cardKeys are the password of the keycards.
func cardKeys(password string) open.Keys {
	return open.Keys{share.KeycardPassword.Name: {secret.Copy([]byte(password))}}
}

func cardPassword() string {
	return string(fixtures.LoadVendor("bitgo-dkls").Secrets[share.KeycardPassword.Name])
}

// card is a keycard in one JSON, to be changed.
type card map[string]string

func loadCard(t testing.TB, name string) card {
	var c card
	if err := json.Unmarshal(fixtures.LoadVendor("bitgo-" + name).Files[0].Data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c card) parse(t testing.TB) []*share.Sealed {
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	list, err := formats.Parse("card.json", data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// boxes reads the two boxes of a keycard from their own files, which have to be opened
// before there is a share in them.
func boxes(t *testing.T, name string) []*share.Sealed {
	var r formats.Reader
	var list []*share.Sealed
	card := loadCard(t, name)
	for _, file := range []string{"userKey", "backupKey"} {
		_, err := r.Parse(file, []byte(broken("A: User Key\n"+card[file], "\n", 80)))
		var closed *formats.Closed
		if !errors.As(err, &closed) {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := open.File(closed.Lock, nil, open.Options{}); !isMissing(err) {
			t.Errorf("%s, without a password: %v", file, err)
		}
		if _, err := open.File(closed.Lock, cardKeys("wrong"), open.Options{}); !isWrong(err) {
			t.Errorf("%s, with a wrong password: %v", file, err)
		}
		text, err := open.File(closed.Lock, cardKeys(cardPassword()), open.Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		shares, err := r.ParseOpened(file, closed, text.Expose())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, shares...)
	}
	return list
}

func isMissing(err error) bool {
	var e *open.SecretError
	return errors.As(err, &e) && e.Missing && e.Need == share.KeycardPassword
}

func isWrong(err error) bool {
	var e *open.SecretError
	return errors.As(err, &e) && !e.Missing && e.Need == share.KeycardPassword
}

// Every kind of box in every envelope gives its key, from one JSON and from boxes alone;
// and where boxes have share public keys, each is proven without the other.
func TestKeycards(t *testing.T) {
	proven := []string{"dkls", "dkls-argon2", "eddsa"}
	for _, vendor := range fixtures.Vendors() {
		name, ok := strings.CutPrefix(vendor, "bitgo-")
		if !ok || strings.HasPrefix(name, "text-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := fixtures.LoadVendor(vendor).Expected.Groups[0]
			root, err := derive.Parse(want.RootXpub)
			if err != nil {
				t.Fatal(err)
			}
			for from, list := range map[string][]*share.Sealed{"JSON": loadCard(t, name).parse(t), "boxes": boxes(t, name)} {
				var unlocked []*open.Unproven
				for _, s := range list {
					if err := s.Err(); err != nil {
						t.Fatal(err)
					}
					if !s.Group.Root().SameKey(root) || s.Group.ID != want.ID {
						t.Errorf("%s: group %s with root key %v, not %s with %v", from, s.Group.ID, s.Group.Root(), want.ID, root)
					}
					u, err := open.Unlock(s, cardKeys(cardPassword()), open.Options{})
					if err != nil {
						t.Fatalf("%s: %v: %v", from, s.NodeID, err)
					}
					_, err = u.Check(open.Options{})
					if slices.Contains(proven, name) && err != nil || !slices.Contains(proven, name) && !errors.Is(err, open.ErrUnproven) {
						t.Errorf("%s: %v alone: %v", from, s.NodeID, err)
					}
					unlocked = append(unlocked, u)
				}
				shares, err := open.Prove(list[0].Group, unlocked)
				if err != nil {
					t.Fatalf("%s: %v", from, err)
				}
				x := scalar.Zero(root.Curve()).Add(shares[0].Scalar()).Add(shares[1].Scalar())
				if got := hex.EncodeToString(x.Bytes().Expose()); got != want.RootPrivate {
					t.Errorf("%s: the key is %s, not %s", from, got, want.RootPrivate)
				}
			}
		})
	}
}

// A wrong box, or box C, is found before anything is combined.
func TestKeycardsMixed(t *testing.T) {
	for name, change := range map[string]struct {
		do  func(c, other card)
		bad []string
	}{
		"box A of another":           {func(c, o card) { c["userKey"] = o["userKey"] }, []string{"user"}},
		"box B of another":           {func(c, o card) { c["backupKey"] = o["backupKey"] }, []string{"backup"}},
		"box C of another":           {func(c, o card) { c["bitgoKey"] = o["bitgoKey"] }, []string{"user", "backup"}},
		"box C of another key":       {func(c, o card) { c["bitgoKey"] = o["bitgoKey"][:66] + c["bitgoKey"][66:] }, []string{"user", "backup"}},
		"box C of another chaincode": {func(c, o card) { c["bitgoKey"] = c["bitgoKey"][:66] + o["bitgoKey"][66:] }, []string{"user", "backup"}},
		"box A twice":                {func(c, o card) { c["backupKey"] = c["userKey"] }, []string{"backup"}},
		"box B twice":                {func(c, o card) { c["userKey"] = c["backupKey"] }, []string{"user"}},
	} {
		for _, kinds := range [][2]string{{"gg18", "gg18-old"}, {"dkls", "gg18"}, {"gg18", "dkls"}, {"dkls", "dkls-argon2"}} {
			c := loadCard(t, kinds[0])
			right := c["bitgoKey"]
			change.do(c, loadCard(t, kinds[1]))
			var bad []string
			for _, s := range c.parse(t) {
				_, err := open.Unlock(s, cardKeys(cardPassword()), open.Options{})
				if errors.Is(err, open.ErrOtherShare) {
					bad = append(bad, s.NodeID)
					if strings.HasPrefix(name, "box C") && !strings.Contains(err.Error(), right) {
						t.Errorf("%s, %s: %v, which does not say what box C should be", kinds, name, err)
					}
				} else if err != nil {
					t.Error(err)
				}
			}
			if !slices.Equal(bad, change.bad) {
				t.Errorf("%s, %s: %v are wrong, want %v", kinds, name, bad, change.bad)
			}
		}
	}
}

// What a page does to a box changes nothing.
func TestKeycardAsCopied(t *testing.T) {
	plain := string(fixtures.LoadVendor("bitgo-dkls").Files[0].Data)
	var c card
	if err := json.Unmarshal([]byte(plain), &c); err != nil {
		t.Fatal(err)
	}
	object := `{"userKey": ` + c["userKey"] + `, "backupKey": ` + c["backupKey"] + `, "bitgoKey": "` + c["bitgoKey"] + `"}`
	for name, text := range map[string]string{
		"line breaks":    broken(plain, "\r\n", 61),
		"blanks":         broken(plain, " \t", 7),
		"no-break space": broken(plain, "\u00a0", 50),
		"no width":       broken(plain, "\u200b", 50),
		"form feed":      broken(plain, "\f", 500),
		"as objects":     object,
		"broken objects": broken(object, "\n", 33),
		"with a mark":    "\ufeff" + plain,
		"escaped breaks": strings.ReplaceAll(plain, `\"ct\"`, `\n\"ct\"`),
	} {
		list, err := formats.Parse(name, []byte(text), share.Pin{})
		if err != nil || len(list) != 2 || list[0].Err() != nil {
			t.Errorf("%s: %v, %v", name, list, err)
			continue
		}
		if _, err := open.Unlock(list[0], cardKeys(cardPassword()), open.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func broken(text, with string, every int) string {
	var b strings.Builder
	for part := range slices.Chunk([]rune(text), every) {
		b.WriteString(string(part) + with)
	}
	return b.String()
}

// Envelopes that ask for absurd work, or make no sense, are refused before any is done.
func TestEnvelopesRefused(t *testing.T) {
	for _, tc := range []struct{ card, old, new string }{
		{"dkls", `"iter":10000`, `"iter":0`},
		{"dkls", `"iter":10000`, `"iter":-1`},
		{"dkls", `"iter":10000`, `"iter":4294967296`},
		{"dkls", `"iter":10000`, `"iter":99999999999999999999`},
		{"dkls", `"ks":256`, `"ks":257`},
		{"dkls", `"ks":256`, `"ks":64`},
		{"dkls", `"ts":64`, `"ts":8`},
		{"dkls", `"ts":64`, `"ts":0`},
		{"dkls", `"ts":64`, `"ts":-64`},
		{"dkls", `"mode":"ccm"`, `"mode":"ocb2"`},
		{"dkls", `"cipher":"aes"`, `"cipher":"des"`},
		{"dkls", `"v":1`, `"v":3`},
		{"dkls", `"iv":"`, `"iv":"AAAAAAAAAAAAAAAAAAAA`},
		{"dkls", `"v":1`, `"v":2`},
		{"dkls-argon2", `"m":4096`, `"m":4294967295`},
		{"dkls-argon2", `"m":4096`, `"m":1048577`},
		{"dkls-argon2", `"m":4096`, `"m":0`},
		{"dkls-argon2", `"m":4096`, `"m":31`},
		{"dkls-argon2", `"m":4096`, `"m":-1`},
		{"dkls-argon2", `"t":3`, `"t":0`},
		{"dkls-argon2", `"t":3`, `"t":2049`},
		{"dkls-argon2", `"t":3`, `"t":4294967296`},
		{"dkls-argon2", `"p":4`, `"p":0`},
		{"dkls-argon2", `"p":4`, `"p":256`},
		{"dkls-argon2", `"p":4`, `"p":260`},
		{"dkls-argon2", `"v":2`, `"v":1`},
	} {
		c := loadCard(t, tc.card)
		changed := strings.Replace(c["userKey"], tc.old, tc.new, 1)
		if changed == c["userKey"] {
			t.Fatalf("%s is not in the box", tc.old)
		}
		c["userKey"] = changed
		list := c.parse(t)
		if _, err := open.Unlock(list[0], cardKeys(cardPassword()), open.Options{}); !errors.Is(err, share.ErrFormat) {
			t.Errorf("%s: %v", tc.new, err)
		}
		if _, err := open.Unlock(list[0], cardKeys(cardPassword()), open.Options{Salvage: true}); err == nil {
			t.Errorf("%s opened", tc.new)
		}
		if _, err := open.Unlock(list[1], cardKeys(cardPassword()), open.Options{}); err != nil {
			t.Errorf("%s: box B: %v", tc.new, err)
		}
		if _, err := formats.Parse("a.txt", []byte(changed), share.Pin{}); !errors.Is(err, share.ErrFormat) {
			t.Errorf("%s, box A alone: %v", tc.new, err)
		}
	}

	c := loadCard(t, "dkls")
	c["userKey"] = strings.Replace(c["userKey"], `"iter":10000`, `"iter":10000001`, 1)
	if _, err := open.Unlock(c.parse(t)[0], cardKeys("x"), open.Options{}); !errors.Is(err, open.ErrWork) {
		t.Errorf("more iterations than are tried: %v", err)
	}
}

// Box C alone is a key and no share, and says so.
func TestKeychainAlone(t *testing.T) {
	for _, name := range []string{"dkls", "eddsa"} {
		c := loadCard(t, name)
		text := c["bitgoKey"]
		for _, file := range []string{text, text[:40] + "\n" + text[40:] + "\n"} {
			if _, err := formats.Parse("c.txt", []byte(file), share.Pin{}); !errors.Is(err, formats.ErrKeychain) {
				t.Errorf("%s: %v", name, err)
			}
		}
		delete(c, "bitgoKey")
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := formats.Parse("ab.json", data, share.Pin{}); err == nil {
			t.Errorf("%s, without box C: %v", name, list)
		}
		root, err := derive.Parse("bitgo:" + text)
		if err != nil {
			t.Fatal(err)
		}
		list, err := formats.Parse("ab.json", data, share.Pin{Roots: []*derive.Key{root}})
		if err != nil || len(list) != 2 || !list[0].Group.Root().SameKey(root) {
			t.Errorf("%s, with box C beside it: %v, %v", name, list, err)
		}
	}
}

// Neither text nor the lock shows a secret, and wiping a box in the clear erases it.
func TestKeycardInClear(t *testing.T) {
	list, err := formats.Parse("clear.json", []byte(`{"user": "uQADdGVzdA==", "commonKeychain": "`+loadCard(t, "eddsa")["bitgoKey"]+`"}`), share.Pin{})
	if err != nil || len(list) != 1 || !list[0].Lock.InClear() {
		t.Fatalf("%v, %v", list, err)
	}
	if _, err := open.Unlock(list[0], nil, open.Options{}); !errors.Is(err, open.ErrDamaged) {
		t.Error(err)
	}
	list[0].Wipe()
	if n := list[0].Lock.(*share.Keycard).Text.Len(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}
