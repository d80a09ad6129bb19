package open_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/protobuf"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// field is one of a message of protobuf: bytes, or a number if those are nil.
type field struct {
	n      uint64
	text   []byte
	number uint64
}

func fieldsOf(t testing.TB, b []byte) (list []field) {
	t.Helper()
	if err := protobuf.Fields(b, func(n uint64, text []byte, number uint64) error {
		list = append(list, field{n, slices.Clone(text), number})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func message(list ...field) (b []byte) {
	for _, f := range list {
		if f.text == nil {
			b = binary.AppendUvarint(binary.AppendUvarint(b, f.n<<3), f.number)
			continue
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, f.n<<3|2), uint64(len(f.text)))
		b = append(b, f.text...)
	}
	return b
}

func base64Of(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

func fromBase64(t testing.TB, text []byte) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vault is what a .vult holds, to be changed.
type vault []field

func loadVault(t testing.TB, name string, part int) vault {
	t.Helper()
	return fieldsOf(t, fromBase64(t, fieldsOf(t, fromBase64(t, fixtures.LoadVendor("vultisig-" + name).Files[part].Data))[1].text))
}

// at is the i-th field of a number.
func (v vault) at(n uint64, i int) *field {
	for k := range v {
		if v[k].n == n {
			if i--; i < 0 {
				return &v[k]
			}
		}
	}
	panic("there is no such field")
}

// key changes the text of a key share: 0 that of secp256k1, 1 of ed25519.
func (v vault) key(t testing.TB, i int, change func(text []byte) []byte) {
	t.Helper()
	f := v.at(7, i)
	share := fieldsOf(t, f.text)
	share[1].text = change(share[1].text)
	f.text = message(share...)
}

// bytes changes the bytes of a key share of the DKLS library.
func (v vault) bytes(t testing.TB, i int, change func(b []byte) []byte) {
	t.Helper()
	v.key(t, i, func(text []byte) []byte { return base64Of(change(fromBase64(t, text))) })
}

// file is the .vult of a vault.
func (v vault) file() []byte { return vult(message(v...), false) }

func vult(vault []byte, encrypted bool) []byte {
	list := []field{{n: 1, number: 1}, {n: 2, text: base64Of(vault)}}
	if encrypted {
		list = append(list, field{n: 3, number: 1})
	}
	return base64Of(message(list...))
}

func parseVault(v vault) ([]*share.Sealed, error) {
	return formats.Parse("x.vult", v.file(), share.Pin{})
}

func set(at int, to ...byte) func([]byte) []byte {
	return func(b []byte) []byte {
		copy(b[at:], to)
		return b
	}
}

func be32(n byte) []byte { return append(make([]byte, 31), n) }

// What is wrong with one key share keeps nobody from the other one of the file, and is
// never taken for a share.
func TestVaultDamagedShares(t *testing.T) {
	ciphertext := func([]byte) []byte { return base64Of(bytes.Repeat([]byte{0xa5}, 300)) }
	order, _ := hex.DecodeString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
	for name, tc := range map[string]struct {
		from   string
		change func(t *testing.T, v vault)
		words  string // of the problem; that of opening if it begins with "open: "
		bad    int    // which of the two
	}{
		"ciphertext, DKLS":       {"dkls", func(t *testing.T, v vault) { v.key(t, 0, ciphertext) }, "looks like ciphertext", 0},
		"ciphertext, Schnorr":    {"dkls", func(t *testing.T, v vault) { v.key(t, 1, ciphertext) }, "looks like ciphertext", 1},
		"ciphertext, GG20":       {"gg20", func(t *testing.T, v vault) { v.key(t, 0, ciphertext) }, "looks like ciphertext", 0},
		"no base64":              {"dkls", func(t *testing.T, v vault) { v.key(t, 0, func([]byte) []byte { return []byte("%%") }) }, "looks like ciphertext", 0},
		"another library's":      {"dkls", func(t *testing.T, v vault) { v.at(10, 0).number = 0 }, "looks like ciphertext", 0},
		"empty":                  {"dkls", func(t *testing.T, v vault) { v.key(t, 0, func([]byte) []byte { return []byte{} }) }, "it is missing", 0},
		"cut off":                {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, func(b []byte) []byte { return b[:172+2*98] }) }, "looks like ciphertext", 0},
		"of 255 holders":         {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(8, 255)) }, "looks like ciphertext", 0},
		"of no holder":           {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(8, 0)) }, "number 1 of 0", 0},
		"Schnorr of no holder":   {"dkls", func(t *testing.T, v vault) { v.bytes(t, 1, set(1, 0)) }, "number 1 of 0", 1},
		"a rank":                 {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(172+98, 1)) }, "holder 2 has rank 1: shares with ranks are not read", 0},
		"a fourth of three":      {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(10, 3)) }, "it is number 4 of 3", 0},
		"a fourth of three, too": {"dkls", func(t *testing.T, v vault) { v.bytes(t, 1, set(2, 3)) }, "it is number 4 of 3", 1},
		"a threshold of 1":       {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(9, 1)) }, "with 1 every share is the key", 0},
		"a threshold of 1, too":  {"dkls", func(t *testing.T, v vault) { v.bytes(t, 1, set(0, 1)) }, "with 1 every share is the key", 1},
		"a threshold of 3":       {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(9, 3)) }, "fewer determine the key", 0},
		"share ID 0":             {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(172+34, be32(0)...)) }, "zero modulo the order", 0},
		"the order as share ID":  {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(172+34, order...)) }, "zero modulo the order", 0},
		"one share ID twice": {"dkls", func(t *testing.T, v vault) {
			v.bytes(t, 0, func(b []byte) []byte { copy(b[172+98+34:], b[172+34:172+66]); return b })
		}, "have the same share ID", 0},
		"a key off the curve":  {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(172+1, append([]byte{2}, be32(5)...)...)) }, "the public key of holder 1", 0},
		"a root off the curve": {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(75, append([]byte{2}, be32(5)...)...)) }, "its public key: ", 0},
		"another root":         {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, func(b []byte) []byte { b[75] ^= 1; return b }) }, "its public key is not the vault's", 0},
		"another root, too": {"dkls", func(t *testing.T, v vault) {
			v.bytes(t, 1, func(b []byte) []byte {
				copy(b[35:67], unhex(t, "5866666666666666666666666666666666666666666666666666666666666666"))
				return b
			})
		}, "its public key is not the vault's", 1},
		"another chain code":     {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(43, be32(0)...)) }, "its chain code is not the vault's", 0},
		"the vault's is another": {"dkls", func(t *testing.T, v vault) { v.at(6, 0).text = bytes.Repeat([]byte("0"), 64) }, "its chain code is not the vault's", 0},
		"share 0":                {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(140, be32(0)...)) }, "open: what was encrypted is not a key share", 0},
		"share 0, too":           {"dkls", func(t *testing.T, v vault) { v.bytes(t, 1, set(3, be32(0)...)) }, "open: what was encrypted is not a key share", 1},
		"the order as share":     {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(140, order...)) }, "open: what was encrypted is not a key share", 0},
		"another share":          {"dkls", func(t *testing.T, v vault) { v.bytes(t, 0, set(140, be32(7)...)) }, "open: the share does not belong to its share public key", 0},
		"the vault's key is none": {"dkls", func(t *testing.T, v vault) {
			f := v.at(7, 0)
			key := message(field{n: 1, text: []byte("zz")}, fieldsOf(t, f.text)[1])
			f.text = key
			v.at(2, 0).text = []byte("zz")
		}, "the public key on secp256k1", 0},
		"GG20 of the other curve": {"gg20", func(t *testing.T, v vault) {
			a, b := fieldsOf(t, v.at(7, 0).text), fieldsOf(t, v.at(7, 1).text)
			a[1].text = bytes.Replace(b[1].text, []byte(`"eddsa_local_data"`), []byte(`"x"`), 1)
			a[1].text = bytes.Replace(a[1].text, []byte(`"ecdsa_local_data"`), []byte(`"eddsa_local_data"`), 1)
			a[1].text = bytes.Replace(a[1].text, []byte(`"x"`), []byte(`"ecdsa_local_data"`), 1)
			v.at(7, 0).text = message(a...)
		}, "its public key is not the vault's", 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := loadVault(t, tc.from, 0)
			tc.change(t, v)
			list, err := parseVault(v)
			if err != nil || len(list) != 2 {
				t.Fatalf("%d shares, %v", len(list), err)
			}
			for i, s := range list {
				words, isOpen := strings.CutPrefix(tc.words, "open: ")
				err := s.Err()
				if isOpen || i != tc.bad {
					var u *open.Unproven
					if u, err = open.Unlock(s, nil, open.Options{}); err == nil {
						if _, err = u.Check(open.Options{}); errors.Is(err, open.ErrUnproven) {
							err = nil
						}
					}
				}
				switch {
				case i == tc.bad && (err == nil || !strings.Contains(err.Error(), words)):
					t.Errorf("on %v: %v", s.Curve, err)
				case i != tc.bad && err != nil && name != "another library's":
					t.Errorf("the good one, on %v: %v", s.Curve, err)
				}
			}
		})
	}
}

// What cannot be a vault is refused as a whole.
func TestVaultsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(v vault) vault
		words  string
	}{
		"imported keys":        {func(v vault) vault { v.at(10, 0).number = 2; return v }, "its keys were imported"},
		"a key for each chain": {func(v vault) vault { return append(v, field{n: 11, text: []byte{}}) }, "its keys were imported"},
		"another library":      {func(v vault) vault { v.at(10, 0).number = 3; return v }, "library 3, which is not known"},
		"two names":            {func(v vault) vault { return append(v, field{n: 1, text: []byte("x")}) }, "field 1 is there twice"},
		"two public keys":      {func(v vault) vault { return append(v, *v.at(2, 0)) }, "field 2 is there twice"},
		"two chain codes":      {func(v vault) vault { return append(v, *v.at(6, 0)) }, "field 6 is there twice"},
		"two libraries":        {func(v vault) vault { return append(v, field{n: 10}) }, "field 10 is there twice"},
		"a share twice":        {func(v vault) vault { return append(v, *v.at(7, 0)) }, "two key shares are of one public key"},
		"a share of no key": {func(v vault) vault {
			return append(v, field{n: 7, text: message(field{n: 1, text: []byte("00")}, field{n: 2, text: []byte("x")})})
		}, "of neither of the vault's public keys"},
		"two texts of a share": {func(v vault) vault {
			f := v.at(7, 0)
			f.text = message(append(fieldsOf(t, f.text), field{n: 2, text: []byte("x")})...)
			return v
		}, "field 2 is there twice"},
		"no public key":      {func(v vault) vault { v.at(2, 0).text, v.at(3, 0).text = []byte{}, []byte{}; return v }, "no public key"},
		"a short chain code": {func(v vault) vault { v.at(6, 0).text = v.at(6, 0).text[2:]; return v }, "the chain code is not 32 bytes in hex"},
		"a name in Latin-1":  {func(v vault) vault { v.at(1, 0).text = []byte("\xe9t\xe9"); return v }, "the vault's name: it is no UTF-8"},
		"a long name":        {func(v vault) vault { v.at(8, 0).text = bytes.Repeat([]byte("x"), 5000); return v }, "the device's name: it is no UTF-8 of at most"},
		"a thousand devices": {func(v vault) vault { return append(v, slices.Repeat(vault{{n: 4, text: []byte("x")}}, 1000)...) }, "1003 devices; the limit is 1000"},
	} {
		list, err := parseVault(tc.change(loadVault(t, "dkls", 0)))
		if list != nil || !errors.Is(err, share.ErrFormat) || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %d shares, %v", name, len(list), err)
		}
	}
	whole := loadVault(t, "dkls", 0)
	plain := message(whole...)
	for name, data := range map[string][]byte{
		"cut within a field":   vult(plain[:len(plain)-1], false),
		"a group":              vult(append(plain, 12<<3|3, 12<<3|4), false),
		"in the clear, marked": vult(plain[:20], true),
		"no field of the form": vult([]byte{}, false),
		"nothing":              base64Of(nil),
		"a vault twice":        base64Of(append(fromBase64(t, whole.file()), fromBase64(t, whole.file())...)),
		"cut off":              whole.file()[:len(whole.file())/2],
	} {
		if list, err := formats.Parse("x.vult", data, share.Pin{}); list != nil || !errors.Is(err, share.ErrFormat) || errors.As(err, new(*formats.Closed)) {
			t.Errorf("%s: %d shares, %v", name, len(list), err)
		}
	}
	// What is not known is skipped, in the file and in the vault.
	more := append(slices.Clone(whole), field{n: 99, text: []byte("new")}, field{n: 98, number: 1 << 60})
	if list, err := parseVault(more); err != nil || len(list) != 2 || list[0].Err() != nil || list[1].Err() != nil {
		t.Errorf("a field that is not known: %v", err)
	}
}

// Files of two vaults, or of one that was edited, are not mixed, whichever is read first.
func TestVaultsMixed(t *testing.T) {
	for name, tc := range map[string]struct {
		from   string
		change func(v vault)
	}{
		"another chain code, GG20": {"gg20", func(v vault) { v.at(6, 0).text = bytes.Repeat([]byte("0"), 64) }},
		"no chain code, GG20":      {"gg20", func(v vault) { v.at(6, 0).text = []byte{} }},
		"another chain code, DKLS": {"dkls", func(v vault) {
			v.at(6, 0).text = bytes.Repeat([]byte("0"), 64)
			v.bytes(t, 0, set(43, be32(0)...))
		}},
	} {
		first, second := loadVault(t, tc.from, 0), loadVault(t, tc.from, 1)
		tc.change(first)
		for i, files := range [][]vault{{first, second}, {second, first}} {
			var r formats.Reader
			var list []*share.Sealed
			for _, v := range files {
				shares, err := r.Parse("x.vult", v.file())
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, shares[0])
			}
			serious, minor := list[0].Group.Differences(list[1].Group)
			same := list[0].Group.ChainCode == nil && list[1].Group.ChainCode == nil
			if (len(serious) == 0 && name[:2] != "no") || same || len(minor) > 0 {
				t.Errorf("%s, %d: %q, %q", name, i, serious, minor)
			}
		}
	}
	var list []*share.Sealed
	for _, name := range []string{"dkls", "stretched", "unstretched", "gg20"} {
		v := fixtures.LoadVendor("vultisig-" + name)
		v.Files = v.Files[:1]
		list = append(list, parsed(t, v, keysOf(v))...)
	}
	if sets := verdict.Collect(list); len(sets) != 8 {
		t.Errorf("four vaults are %d groups", len(sets))
	}
}

// The vendor's vector of its envelope, and what is wrong with a password or a file.
func TestVaultEnvelope(t *testing.T) {
	sealed, _ := hex.DecodeString("564c5402030303030303030303030303030303030404040404040404040404041b0a21328e42d6527c5ba6f5817300bc2c6f")
	lock := func(sealed []byte) share.Lock {
		_, err := formats.Parse("x.vult", vult(sealed, true), share.Pin{})
		var closed *formats.Closed
		if !errors.As(err, &closed) {
			t.Fatalf("%x: %v", sealed, err)
		}
		return closed.Lock
	}
	password := secret.Copy([]byte("golden-cross-platform"))
	text, err := open.File(lock(sealed), open.Passwords(password), open.Options{})
	if err != nil || string(text.Expose()) != "xy" {
		t.Errorf("%v", err)
	}
	for name, tc := range map[string]struct {
		sealed   []byte
		password string
	}{
		"another password": {sealed, "golden-cross-platforM"},
		"no password":      {sealed, ""},
		"another salt":     {slices.Concat(sealed[:4], []byte{9}, sealed[5:]), "golden-cross-platform"},
		"without the mark": {sealed[4:], "golden-cross-platform"}, // then it is not stretched
		"another tag":      {append(slices.Clone(sealed[:len(sealed)-1]), 0), "golden-cross-platform"},
	} {
		if _, err := open.File(lock(tc.sealed), open.Passwords(secret.Copy([]byte(tc.password))), open.Options{}); !errors.Is(err, open.ErrPassword) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := formats.Parse("x.vult", vult(sealed[:4+16+12+15], true), share.Pin{}); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("cut off: %v", err)
	}
	// A password opens it, and it is no vault.
	_, err = formats.Parse("x.vult", vult(sealed, true), share.Pin{})
	var closed *formats.Closed
	errors.As(err, &closed)
	var r formats.Reader
	if list, err := r.ParseOpened("x.vult", closed, text.Expose()); list != nil || !errors.Is(err, share.ErrFormat) {
		t.Errorf("no vault: %v", err)
	}
}

// The text of save data says nothing of the share if it is refused.
func TestVaultErrorsQuiet(t *testing.T) {
	v := loadVault(t, "gg20", 0)
	var local map[string]json.RawMessage
	if err := json.Unmarshal(fieldsOf(t, v.at(7, 0).text)[1].text, &local); err != nil {
		t.Fatal(err)
	}
	var data map[string]json.RawMessage
	if err := json.Unmarshal(local["ecdsa_local_data"], &data); err != nil {
		t.Fatal(err)
	}
	xi := slices.Clone(data["Xi"])
	for _, bad := range [][]byte{[]byte(`"` + string(xi) + `x"`), append(bytes.Repeat([]byte("9"), 90), xi...), []byte("-" + string(xi)), []byte("[" + string(xi) + "]"), []byte("0")} {
		data["Xi"] = bad
		local["ecdsa_local_data"], _ = json.Marshal(data)
		v.key(t, 0, func([]byte) []byte { text, _ := json.Marshal(local); return text })
		list, err := parseVault(v)
		if err != nil {
			t.Fatal(err)
		}
		if err = list[0].Err(); err == nil {
			_, err = open.Open(list[0], nil, open.Options{})
		}
		if err == nil {
			t.Errorf("%.3s… opens", bad)
			continue
		}
		quiet(t, err.Error(), xi)
	}
}
