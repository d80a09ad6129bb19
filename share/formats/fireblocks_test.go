package formats_test

import (
	"archive/zip"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// unzip is what the zip of a vault holds, by name.
func unzip(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// entry is a file to be put into a zip. An error would show when it is read.
type entry struct {
	name string
	data []byte
}

func zipOf(entries ...entry) []byte { return zipBy(zip.Deflate, entries...) }

func zipBy(method uint16, entries ...entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		f.Write(e.data)
	}
	w.Close()
	return out.Bytes()
}

// The vault "fireblocks" opened by a reader that shares nothing with the programs.
func TestFireblocksIndependently(t *testing.T) {
	v := fixtures.LoadVendor("fireblocks")
	files := unzip(t, v.Files[0].Data)
	block, _ := pem.Decode(v.Secrets["rsa-key"])
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		Keys map[string]struct{ Algo, PublicKey string }
	}
	if err := json.Unmarshal(files["metadata.json"], &metadata); err != nil {
		t.Fatal(err)
	}
	orders := map[string]string{ // SEC 2, section 2.4.1, and RFC 8032, section 5.1
		"MPC_ECDSA_SECP256K1": "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
		"MPC_EDDSA_ED25519":   "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
	}
	found := 0
	for id, key := range metadata.Keys {
		order, _ := new(big.Int).SetString(orders[key.Algo], 16)
		var xs, ys []*big.Int
		for name, data := range files {
			number, of, _ := strings.Cut(name, "_")
			if of != id {
				continue
			}
			var x uint64
			var plain []byte
			if number == "MOBILE" {
				var m struct{ EncryptedKey, DeviceID, UserID string }
				if err := json.Unmarshal(data, &m); err != nil {
					t.Fatal(err)
				}
				device, _ := hex.DecodeString(strings.ReplaceAll(m.DeviceID, "-", ""))
				x = binary.BigEndian.Uint64(device) >> 16
				key, _ := pbkdf2.Key(sha1.New, string(v.Secrets["mobile-passphrase"]), []byte(m.UserID), 10_000, 32)
				b, _ := aes.NewCipher(key)
				plain, _ = hex.DecodeString(m.EncryptedKey)
				cipher.NewCBCDecrypter(b, make([]byte, 16)).CryptBlocks(plain, plain)
				plain = plain[:len(plain)-int(plain[len(plain)-1])]
			} else {
				n, _ := strconv.ParseUint(number, 10, 32)
				raw, _ := hex.DecodeString(id[:8])
				x = n<<32 | uint64(binary.LittleEndian.Uint32(raw))
				if plain, err = rsa.DecryptOAEP(sha1.New(), nil, private.(*rsa.PrivateKey), data, nil); err != nil {
					t.Fatal(err)
				}
			}
			xs, ys = append(xs, new(big.Int).SetUint64(x)), append(ys, new(big.Int).SetBytes(plain[4:])) // after the curve
		}
		sum := new(big.Int)
		for i, xi := range xs {
			num, den := big.NewInt(1), big.NewInt(1)
			for j, xj := range xs {
				if i != j {
					num.Mul(num, xj)
					den.Mul(den, new(big.Int).Sub(xj, xi))
				}
			}
			sum.Add(sum, num.Mul(num, den.ModInverse(den.Mod(den, order), order)).Mul(num, ys[i]))
		}
		for _, e := range v.Expected.Groups {
			if e.ID == id && hex.EncodeToString(sum.Mod(sum, order).FillBytes(make([]byte, 32))) == e.RootPrivate {
				found++
			}
		}
	}
	if found != len(v.Expected.Groups) || found == 0 {
		t.Errorf("%d keys", found)
	}
}

// What zips may hold besides, and what is refused.
func TestFireblocksZips(t *testing.T) {
	files := unzip(t, fixtures.LoadVendor("fireblocks-old").Files[0].Data)
	var entries []entry
	for name, data := range files {
		entries = append(entries, entry{name, data})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	with := func(more ...entry) []byte { return zipOf(slices.Concat(entries, more)...) }
	in := func(folder string) (moved []entry) {
		for _, e := range entries {
			moved = append(moved, entry{folder + e.name, e.data})
		}
		return moved
	}
	changed := func(file, old, replacement string) []byte {
		list := slices.Clone(entries)
		for i, e := range list {
			if e.name == file {
				list[i].data = bytes.Replace(e.data, []byte(old), []byte(replacement), 1)
				if bytes.Equal(list[i].data, e.data) {
					t.Fatalf("%s has no %q", file, old)
				}
			}
		}
		return zipOf(list...)
	}
	without := func(file string) []byte {
		return zipOf(slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.name == file })...)
	}
	for name, tc := range map[string]struct {
		data    []byte
		problem string // of any of the shares
		err     string
		notes   int
	}{
		"as it is":                    {with(), "", "", 0},
		"in a folder":                 {zipOf(in("backup/")...), "", "", 0},
		"in a folder of Windows":      {zipOf(in(`my backup\`)...), "", "", 0},
		"with a path upwards":         {zipOf(in("../../etc/")...), "", "", 0},
		"other files beside":          {zipOf(append(in("backup/"), entry{"__MACOSX/._metadata.json", []byte("x")}, entry{"923242535", []byte("x")})...), "", "", 0},
		"a file that is no part":      {with(entry{"notes.txt", []byte("x")}), "", "", 1},
		"a number with a zero":        {with(entry{"0923242535", make([]byte, 256)}), "", "", 1},
		"a part of another key":       {with(entry{"5_00000000-0000-0000-0000-000000000000", make([]byte, 256)}), "", "", 1},
		"a part twice":                {with(entries[0]), "", "it holds two files", 0},
		"two backups":                 {zipOf(append(in("a/"), in("b/")...)...), "", `two files "metadata.json"`, 0},
		"one part only":               {zipOf(entries[0], entry{"metadata.json", files["metadata.json"]}), "", "has 1 parts in the zip", 0},
		"a short part":                {with(entry{"5", make([]byte, 100)}), "it has 100 bytes, which no RSA key gives", "", 0},
		"no mobile part":              {without("MOBILE"), "", "", 0},
		"cut metadata":                {changed("metadata.json", "}", ""), "", "invalid JSON", 0},
		"short chain code":            {changed("metadata.json", `"chainCode":"`, `"chainCode":"00`), "chainCode: it has 33 bytes, not 32", "", 0},
		"no hex":                      {changed("metadata.json", `"chainCode":"`, `"chainCode":"zz`), "chainCode: it is not hexadecimal", "", 0},
		"public key off the curve":    {changed("metadata.json", `"publicKey":"0`, `"publicKey":"7`), "publicKey", "", 0},
		"no UUID":                     {changed("metadata.json", `"keyId":"`, `"keyId":"x`), "the ID of a key: it is no UUID", "", 0},
		"no device":                   {changed("MOBILE", `"deviceId":"`, `"deviceId":"1`), "another part of the key", "", 0},
		"no user":                     {changed("MOBILE", `"userId":`, `"user":`), "userId: it is missing or empty", "", 0},
		"part of a block":             {changed("MOBILE", `"encryptedKey":"`, `"encryptedKey":"00`), "blocks of the cipher have 16", "", 0},
		"mobile part of another":      {changed("MOBILE", `"keyId":"`, `"keyId":"0`), "says that it is of key", "", 0},
		"mobile part that is no JSON": {changed("MOBILE", `{`, ``), "another part of the key", "", 0},
	} {
		list, err := formats.Parse("backup.zip", tc.data, share.Pin{})
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) || !errors.Is(err, share.ErrFormat) || errors.Is(err, formats.ErrUnrecognised) {
				t.Errorf("%s: %v", name, err)
			} else {
				sentence(t, err)
			}
			continue
		}
		if err != nil || len(list) < 2 {
			t.Errorf("%s: %d shares, %v", name, len(list), err)
			continue
		}
		problem := ""
		for _, s := range list {
			for _, p := range s.Problems {
				sentence(t, p)
				problem += p.Error() + "\n"
			}
		}
		if (tc.problem == "") != (problem == "") || !strings.Contains(problem, tc.problem) || len(list[0].Notes) != tc.notes {
			t.Errorf("%s: %q, notes %q", name, problem, list[0].Notes)
		}
	}
	// A key that is listed and has no parts does not keep the others from being used.
	files = unzip(t, fixtures.LoadVendor("fireblocks").Files[0].Data)
	entries = nil
	for name, data := range files {
		if strings.Contains(name, "_0bd0276f") && !strings.HasPrefix(name, "MOBILE") {
			continue
		}
		entries = append(entries, entry{name, data})
	}
	list, err := formats.Parse("backup.zip", zipOf(entries...), share.Pin{})
	if err != nil || len(list) != 3 || list[0].Err() != nil || !strings.Contains(strings.Join(list[0].Notes, "\n"), "has 1 parts in the zip") {
		t.Errorf("a key without its parts: %d shares, %v", len(list), err)
	}
	for name, data := range map[string][]byte{"another zip": zipOf(entry{"a.json", []byte("{}")}), "other metadata": zipOf(entry{"metadata.json", []byte(`{"name":"x"}`)}), "a cut zip": with()[:200]} {
		if _, err := formats.Parse("x.zip", data, share.Pin{}); !errors.Is(err, formats.ErrUnrecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of a zip that does not hold all parts, the others are named: metadata.json does not list
// them, but all backups have the same. A file that lies outside its zip is told as well.
func TestFireblocksIncomplete(t *testing.T) {
	files := unzip(t, fixtures.LoadVendor("fireblocks").Files[0].Data)
	const first, second = "0799181b-e22e-d433-f054-4a3e4cbb4dfc", "0bd0276f-f309-6a03-ba51-98713532b4ac"
	for _, tc := range []struct {
		without []string
		lacking map[string][]string // by key
	}{
		{nil, nil},
		{[]string{"MOBILE_" + first}, map[string][]string{first: {"mobile"}}},
		{[]string{"MOBILE_" + first, "MOBILE_" + second}, map[string][]string{first: {"mobile"}, second: {"mobile"}}},
		{[]string{"923242535_" + second}, map[string][]string{second: {"cloud-923242535"}}},
		{[]string{"923242535_" + first, "923242535_" + second}, map[string][]string{first: {"cloud-?"}, second: {"cloud-?"}}},
		{[]string{"923242535_" + first, "3429798433_" + second}, map[string][]string{first: {"cloud-923242535"}, second: {"cloud-3429798433"}}},
	} {
		var entries []entry
		for name, data := range files {
			if !slices.Contains(tc.without, name) {
				entries = append(entries, entry{name, data})
			}
		}
		list, err := formats.Parse("backup.zip", zipOf(entries...), share.Pin{})
		if err != nil || len(list) != 6-len(tc.without) {
			t.Errorf("without %q: %d shares, %v", tc.without, len(list), err)
			continue
		}
		for _, s := range list {
			if s.Err() != nil || !slices.Equal(s.Group.Absent, tc.lacking[s.Group.ID]) {
				t.Errorf("without %q: group %s lacks %q, %v", tc.without, s.Group.ID, s.Group.Absent, s.Err())
			}
		}
	}
	for name, data := range files {
		for _, path := range []string{name, "backup/" + name, `my backup\` + name, "all.tar: " + name} {
			if _, err := formats.Parse(path, data, share.Pin{}); !errors.Is(err, formats.ErrUnzipped) || !errors.Is(err, formats.ErrUnknown) || !errors.Is(err, share.ErrFormat) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	// What may lie beside them is nothing of the kind, and neither is an archive of them.
	cloud := files["923242535_"+first]
	for path, data := range map[string][]byte{
		"923242535": cloud, "x923242535_" + first: cloud, "923242535_" + first + ".txt": cloud, "923242535_" + first: []byte(strings.Repeat("text", 64)),
		"3_" + first: cloud[:100], "settings.json": []byte(`{"keys": [], "publicKey": ""}`), "all.tar": append([]byte("metadata.json\x00"), files["metadata.json"]...),
	} {
		if _, err := formats.Parse(path, data, share.Pin{}); err == nil || errors.Is(err, formats.ErrUnzipped) {
			t.Errorf("%s: %v", path, err)
		}
	}
	// Whatever the part begins with.
	for first := range 256 {
		data := append([]byte{byte(first)}, bytes.Repeat([]byte{0x80, '{', '"', 0}, 64)...)
		if _, err := formats.Parse("1_"+second, data, share.Pin{}); !errors.Is(err, formats.ErrUnzipped) {
			t.Errorf("a part that begins with %#x: %v", first, err)
		}
	}
}

// A zip that unpacks to more than is looked at is refused, and not unpacked.
func TestFireblocksBomb(t *testing.T) {
	files := unzip(t, fixtures.LoadVendor("fireblocks-old").Files[0].Data)
	list := []entry{{"metadata.json", files["metadata.json"]}}
	zeros := make([]byte, 12<<20)
	for i := range 8 {
		list = append(list, entry{strconv.Itoa(i + 1), zeros})
	}
	data := zipOf(list...)
	if _, err := formats.Parse("bomb.zip", data, share.Pin{}); err == nil || !strings.Contains(err.Error(), "not all of it can be read") {
		t.Errorf("%d bytes: %v", len(data), err)
	}
}

// Chain codes are hex of whole bytes, whatever is in them, and a key's own comes before
// that of the workspace.
func TestFireblocksChainCodes(t *testing.T) {
	v := fixtures.LoadVendor("fireblocks-mobile")
	list, err := formats.Parse("backup.zip", v.Files[0].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	zero := 0
	for _, s := range list {
		for _, e := range v.Expected.Groups {
			if e.ID == s.Group.ID && e.RootXpub != s.Group.Root().String() {
				t.Errorf("%s: %s", e.ID, s.Group.Root())
			}
		}
		if s.Group.ChainCode[0] == 0 {
			zero++
		}
	}
	if zero != 3 {
		t.Errorf("%d shares have a chain code that begins with zero", zero)
	}
}

// FuzzFireblocks: what the files of a zip say, apart from the zip.
func FuzzFireblocks(f *testing.F) {
	for _, name := range fixtures.Vendors() {
		v := fixtures.LoadVendor(name)
		z, err := zip.NewReader(bytes.NewReader(v.Files[0].Data), int64(len(v.Files[0].Data)))
		if err != nil {
			continue // another form
		}
		var metadata, mobile []byte
		for _, file := range z.File {
			r, err := file.Open()
			if err != nil {
				f.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				f.Fatal(err)
			}
			switch {
			case file.Name == "metadata.json":
				metadata = data
			case strings.HasPrefix(file.Name, "MOBILE"):
				f.Add(metadata, data, file.Name, strings.Replace(file.Name, "MOBILE", "923242535", 1))
				mobile = data
			}
		}
		f.Add(metadata, mobile, "MOBILE", "923242535")
	}
	f.Fuzz(func(t *testing.T, metadata, mobile []byte, mobileName, cloudName string) {
		// Not compressed, which would take more time than what is tested.
		data := zipBy(zip.Store, entry{"metadata.json", metadata}, entry{mobileName, mobile}, entry{cloudName, make([]byte, 256)})
		list, err := formats.Parse("fuzz.zip", data, share.Pin{})
		if err != nil && !errors.Is(err, share.ErrFormat) || err == nil && len(list) == 0 {
			t.Fatalf("%d shares, error %v", len(list), err)
		}
		for _, s := range list {
			if s.Lock == nil {
				t.Error("a share without a lock")
			}
			if s.Err() != nil {
				continue
			}
			if err := s.Group.Check(); err != nil {
				t.Errorf("a share without problems: %v", err)
			}
			if p := s.Group.Participant(*s.ShareID); p == nil || p.NodeID != s.NodeID {
				t.Error("a share without problems is not part of its group")
			}
		}
	})
}
