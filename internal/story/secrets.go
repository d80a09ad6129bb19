package story

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// Secret is one way to write something that must stay secret.
type Secret struct {
	What string
	Text []byte
}

// Find returns what the first secret in the text is, or nothing.
func Find(secrets []Secret, text []byte) string {
	for _, s := range secrets {
		if bytes.Contains(text, s.Text) {
			return s.What
		}
	}
	return ""
}

// OfVault returns the secrets of a test vault in every spelling: its passwords,
// its root private keys, its shares, and the private keys of its address book
// that are known.
func OfVault(name string) []Secret {
	v := fixtures.Load(name)
	var all []Secret
	for _, g := range v.Expected.Groups {
		x, err := hex.DecodeString(g.RootPrivate)
		if err != nil {
			panic(err)
		}
		what := fmt.Sprintf("the root private key on %s of vault %s", g.Curve, name)
		all = append(append(all, Secret{what, []byte(g.RootXprv)}), Spellings(what, x)...)
	}
	for _, row := range Known(name) {
		what := fmt.Sprintf("the private key at %s of vault %s", row.Path, name)
		all = append(append(all, Secret{what, []byte(row.Extended)}), Spellings(what, row.Private)...)
	}
	for _, f := range v.Files {
		if p := bytes.TrimSpace(f.Password); len(p) > 0 {
			all = append(all, Secret{fmt.Sprintf("the password of %s/%s", name, f.Name), p})
		}
		for _, x := range shares(f) {
			all = append(all, Spellings(fmt.Sprintf("the share of %s/%s", name, f.Name), x)...)
		}
	}
	return all
}

// OfVendor returns the secrets of a test vault in another vendor's form: what opens it,
// but for the first lines of files, and its root private keys.
func OfVendor(v *fixtures.Vendor) []Secret {
	var all []Secret
	for _, g := range v.Expected.Groups {
		x, err := hex.DecodeString(g.RootPrivate)
		if err != nil {
			panic(err)
		}
		what := fmt.Sprintf("the root private key on %s of vault %s", g.Curve, v.Name)
		all = append(all, Spellings(what, x)...)
		if g.RootXprv != "" {
			all = append(all, Secret{what, []byte(g.RootXprv)})
		}
	}
	for name, text := range v.Secrets {
		if i := bytes.IndexByte(text, '\n'); i >= 0 { // a key in PEM
			text = text[i+1:]
			text = text[:bytes.IndexByte(text, '\n')]
		}
		all = append(all, Secret{fmt.Sprintf("the %s of vault %s", name, v.Name), text})
	}
	return all
}

// slowIterations are of a vault whose shares cost too much to open in every story.
const slowIterations = "600000"

func shares(f fixtures.File) [][]byte {
	if bytes.Contains(f.Data, []byte(`"iterations": `+slowIterations)) {
		return nil
	}
	sealed, err := formats.Parse(f.Name, f.Data, share.Pin{})
	if err != nil {
		panic(err)
	}
	var all [][]byte
	for _, s := range sealed {
		held, err := open.Open(s, open.Passwords(secret.Copy(f.Password)), open.Options{})
		if err != nil {
			continue // another Unicode form, which the programs try
		}
		all = append(all, slices.Clone(held.Scalar().Bytes().Expose()))
		held.Wipe()
	}
	return all
}

// Row is a private key of an address book that is known from elsewhere.
type Row struct {
	Path, Curve string
	Private     []byte
	Extended    string
}

// Known returns the known private keys of a vault's address book.
func Known(name string) []Row {
	data, err := fixtures.FS.ReadFile("vaults/" + name + "/expected-keys.csv")
	if err != nil {
		return nil
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		panic(err)
	}
	var rows []Row
	for _, r := range records[1:] { // HD path, curve, child public, private key hex, child private
		x, err := hex.DecodeString(r[3])
		if err != nil {
			panic(err)
		}
		rows = append(rows, Row{r[0], r[1], x, r[4]})
	}
	return rows
}

// Spellings lists the ways to write a scalar or a key, given big-endian.
func Spellings(what string, x []byte) []Secret {
	short := bytes.TrimLeft(x, "\x00")
	reversed := slices.Clone(x)
	slices.Reverse(reversed)
	var all []Secret
	for how, text := range map[string]string{
		"in hex":                  hex.EncodeToString(short),
		"in capital hex":          strings.ToUpper(hex.EncodeToString(short)),
		"in hex, reversed":        hex.EncodeToString(reversed),
		"in decimal":              new(big.Int).SetBytes(x).String(),
		"in base64":               base64.RawStdEncoding.EncodeToString(x),
		"in base64, short":        base64.RawStdEncoding.EncodeToString(short),
		"in base64 for addresses": base64.RawURLEncoding.EncodeToString(x),
		"in base64, reversed":     base64.RawStdEncoding.EncodeToString(reversed),
		"in base58":               string(base58.Encode(nil, x)),
		"as Go prints bytes":      strings.Trim(fmt.Sprint(x), "[]"),
		"as bytes":                string(short),
		"as bytes, reversed":      string(reversed),
	} {
		all = append(all, Secret{what + " " + how, []byte(text)})
	}
	return all
}
