package open_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// held opens the first shares of the ordinary vault, of both curves.
func held(t *testing.T) []open.Held {
	t.Helper()
	var list []open.Held
	for _, s := range sealed(t, 0) {
		o, err := open.Open(s, passwords(ordinary.Files[0].Password), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, open.Held{Group: s.Group, Holder: *s.Group.Participant(*s.ShareID), Share: o.Scalar()})
	}
	return list
}

var newPassword = secret.Copy([]byte("a new password"))

func TestMarshalAndBack(t *testing.T) {
	written := held(t)
	b, err := open.Marshal(written, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	again, err := formats.Parse("again.json", b, share.Pin{})
	if err != nil || len(again) != 2 {
		t.Fatalf("%d shares: %v", len(again), err)
	}
	for i, s := range again {
		if s.Err() != nil {
			t.Fatal(s.Problems)
		}
		w := written[i]
		if serious, minor := s.Group.Differences(w.Group); serious != nil || minor != nil {
			t.Errorf("%v: the group differs: %v %v", s.Curve, serious, minor)
		}
		if s.NodeID != w.Holder.NodeID || s.ShareID.Text != w.Holder.ShareID.Text || s.Version != 3 {
			t.Errorf("%v: another share was written", s.Curve)
		}
		o, err := open.Open(s, open.Passwords(newPassword), open.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !o.Scalar().Equal(w.Share) {
			t.Errorf("%v: another scalar", s.Curve)
		}
		if _, err := open.Open(s, passwords(ordinary.Files[0].Password), open.Options{}); !errors.Is(err, open.ErrPassword) {
			t.Errorf("%v: the old password: %v", s.Curve, err)
		}
	}
	quiet(t, string(b), append(secrets(t, ordinary), newPassword.Expose())...)
	more, err := open.Marshal(written, newPassword)
	if err != nil || bytes.Equal(more, b) {
		t.Errorf("the same file twice: salts and nonces must be fresh (%v)", err)
	}
}

// The rules under which the vendor's kit reads a file: version 3 in a list, keys
// compressed and in lower-case hex, scalars in 32 bytes, PBKDF2 with SHA-256.
func TestMarshalForTheVendor(t *testing.T) {
	b, err := open.Marshal(held(t), newPassword)
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		NodeID         string `json:"node_id"`
		ShareID        string `json:"share_id"`
		SharePublicKey string `json:"share_public_key"`
	}
	var list []struct {
		Version   int `json:"version"`
		GroupInfo struct {
			ID           string  `json:"id"`
			CreatedTime  string  `json:"created_time"`
			Type         int     `json:"type"`
			Root         string  `json:"root_extended_public_key"`
			ChainCode    string  `json:"chaincode"`
			Curve        string  `json:"curve"`
			Threshold    int     `json:"threshold"`
			Participants []entry `json:"participants"`
		} `json:"group_info"`
		ShareInfo struct {
			entry
			EncryptedShare string `json:"encrypted_share"`
			KDF            struct {
				Length     int    `json:"length"`
				Iterations int    `json:"iterations"`
				Salt       string `json:"salt"`
				HashType   int    `json:"hash_type"`
				HashName   string `json:"hash_name"`
			} `json:"kdf"`
		} `json:"share_info"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	key := map[string]*regexp.Regexp{
		"secp256k1": regexp.MustCompile(`^0x0[23][0-9a-f]{64}$`),
		"ed25519":   regexp.MustCompile(`^0x00[0-9a-f]{64}$`),
	}
	hex32 := regexp.MustCompile(`^0x[0-9a-f]{64}$`)
	decimal := regexp.MustCompile(`^[1-9][0-9]*$`)
	for i, c := range curve.All() {
		f := list[i]
		g, k := f.GroupInfo, f.ShareInfo.KDF
		if f.Version != 3 || g.Type != int(c) || g.Curve != c.String() || g.Threshold != 2 || len(g.Participants) != 3 {
			t.Errorf("%v: %+v", c, g)
		}
		if prefix := map[int]string{1: "xpub661My", 2: "cpubGCmTM"}[g.Type]; !strings.HasPrefix(g.Root, prefix) {
			t.Errorf("%v: root key %s", c, g.Root)
		}
		if !hex32.MatchString(g.ChainCode) || !hex32.MatchString(k.Salt) || k.Length != 32 || k.Iterations != 600_000 || k.HashType != 5 || k.HashName != "SHA-256" {
			t.Errorf("%v: %+v", c, k)
		}
		own := false
		for _, p := range g.Participants {
			if !key[c.String()].MatchString(p.SharePublicKey) || !decimal.MatchString(p.ShareID) {
				t.Errorf("%v: %+v", c, p)
			}
			own = own || p == f.ShareInfo.entry
		}
		if !own {
			t.Errorf("%v: share_info is not, letter for letter, in the participants", c)
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(f.ShareInfo.EncryptedShare)
		if want := 12 + len(`{"encrypted_share":""}`) + 44 + 16; err != nil || len(raw) != want {
			t.Errorf("%v: %d bytes sealed, not %d: %v", c, len(raw), want, err)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	good := held(t)
	known := secrets(t, ordinary)
	change := func(f func(h *open.Held)) []open.Held {
		h := good[0]
		group := *h.Group
		group.Participants = append([]share.Participant{}, h.Group.Participants...)
		h.Group = &group
		f(&h)
		return []open.Held{h}
	}
	for name, tc := range map[string]struct {
		held     []open.Held
		password string
		want     error // nil: any
	}{
		"short password":   {good, "seven77", open.ErrNewPassword},
		"empty password":   {good, "", open.ErrNewPassword},
		"blank before":     {good, " a new password", open.ErrNewPassword},
		"line end after":   {good, "a new password\n", open.ErrNewPassword},
		"only blanks":      {good, "          ", open.ErrNewPassword},
		"wide blank":       {good, "a new password\u00a0", open.ErrNewPassword},
		"foreign scalar":   {change(func(h *open.Held) { h.Share = scalar.Random(curve.Secp256k1) }), "a new password", open.ErrNotThisShare},
		"other curve":      {change(func(h *open.Held) { h.Share = good[1].Share }), "a new password", open.ErrNotThisShare},
		"node ID":          {change(func(h *open.Held) { h.Holder.NodeID = "../etc" }), "a new password", open.ErrNodeID},
		"roster's node ID": {change(func(h *open.Held) { h.Group.Participants[2].NodeID = "a b" }), "a new password", open.ErrNodeID},
		"foreign tree":     {change(func(h *open.Held) { h.Group.Tree, _ = derive.TreeByName("fpub") }), "a new password", open.ErrTree},
		"no chain code":    {change(func(h *open.Held) { h.Group.ChainCode = nil }), "a new password", nil},
	} {
		b, err := open.Marshal(tc.held, secret.Copy([]byte(tc.password)))
		if b != nil || err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		quiet(t, err.Error(), known...)
		if tc.password != "" && strings.Contains(err.Error(), strings.TrimSpace(tc.password)) && strings.TrimSpace(tc.password) != "" {
			t.Errorf("%s: the error repeats the password", name)
		}
	}
	if _, err := open.Marshal(good, secret.Copy([]byte("eight888"))); err != nil {
		t.Errorf("8 bytes: %v", err)
	}
}

func TestCheckNodeID(t *testing.T) {
	for id, ok := range map[string]bool{
		"a": true, "client-1_A.b": true, strings.Repeat("n", 64): true,
		"": false, strings.Repeat("n", 65): false, "a/b": false, `a\b`: false, "a b": false, "a\n": false, "\na": false, "é": false, "a:b": false, "a\x00": false,
	} {
		if err := open.CheckNodeID(id); (err == nil) != ok || err != nil && !errors.Is(err, open.ErrNodeID) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestNewID(t *testing.T) {
	for _, c := range curve.All() {
		taken := []share.ID{}
		for range 20 {
			id := open.NewID(c, taken...)
			for _, other := range taken {
				if id.Equal(other) {
					t.Fatal("an ID twice")
				}
			}
			if id.Scalar().IsZero() || id.Scalar().Int().String() != id.Text {
				t.Errorf("%v: %s is zero or not below the order", c, id.Text)
			}
			taken = append(taken, id)
		}
	}
}
