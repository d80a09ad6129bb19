package story

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
)

func cmdCheckRoot(s *story, ts *testscript.TestScript, args []string) {
	var got struct {
		Groups []struct {
			ID       string `json:"id"`
			Curve    string `json:"curve"`
			Private  string `json:"root_private_key"`
			Extended string `json:"root_extended_private_key"`
			Public   string `json:"root_extended_public_key"`
			Bare     string `json:"root_public_key"`
		} `json:"groups"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &got))
	expected := func() fixtures.Expected {
		if slices.Contains(fixtures.Vendors(), args[1]) {
			return fixtures.LoadVendor(args[1]).Expected
		}
		return fixtures.Load(args[1]).Expected
	}
	n := 0
	for _, want := range expected().Groups {
		if len(args) == 3 && args[2] != want.Curve {
			continue
		}
		if n == len(got.Groups) {
			ts.Fatalf("%s has only %d root keys", args[0], n)
		}
		g := got.Groups[n]
		n++
		if g.ID != want.ID || g.Curve != want.Curve || g.Private != want.RootPrivate || g.Extended != want.RootXprv || cmp.Or(g.Public, g.Bare) != want.RootXpub {
			ts.Fatalf("%s: the root key on %s is not the vault's", args[0], want.Curve)
		}
	}
	if n != len(got.Groups) || n == 0 {
		ts.Fatalf("%s has %d root keys, and %d were expected", args[0], len(got.Groups), n)
	}
}

// cmdCheckKeys goes through keys.csv row by row with the address book: the cells
// of the book come first, and are as they were; the hex and the extended private
// key agree, and give the child public key, which is the public key of the row where
// there is that column; and both are the known ones, where any are known.
func cmdCheckKeys(s *story, ts *testscript.TestScript, args []string) {
	read := func(name string) [][]string {
		r := csv.NewReader(strings.NewReader(ts.ReadFile(name)))
		all, err := r.ReadAll()
		ts.Check(err)
		return all
	}
	keys, book := read(args[0]), read(args[1])
	if len(keys) != len(book) || len(keys) < 2 {
		ts.Fatalf("%s has %d lines and %s has %d", args[0], len(keys), args[1], len(book))
	}
	known := map[string]Row{}
	for _, r := range Known(args[2]) {
		known[r.Curve+" "+r.Path] = r
	}
	at := map[string]int{}
	for i, name := range keys[0] {
		at[name] = i
	}
	seen := 0
	for i, row := range keys[1:] {
		for j, cell := range book[i+1] {
			if row[j] != cell {
				ts.Fatalf("%s, row %d: cell %d is %q and was %q", args[0], i+1, j+1, row[j], cell)
			}
		}
		x, err := hex.DecodeString(row[at["hex private key"]])
		if err != nil || len(x) != 32 {
			ts.Fatalf("%s, row %d: %q is not a key of 32 bytes", args[0], i+1, row[at["status"]])
		}
		if err := agree(row[at["child publickey"]], row[at["extended private key"]], x); err != nil {
			ts.Fatalf("%s, row %d: %v", args[0], i+1, err)
		}
		if j, ok := at["public key"]; ok && !gives(row[j], row[at["child publickey"]]) {
			ts.Fatalf("%s, row %d: the public key is not the child public key", args[0], i+1)
		}
		on := "secp256k1"
		if c, ok := at["curve"]; ok {
			on = row[c]
		}
		if want, ok := known[on+" "+row[at["HD path"]]]; ok {
			if seen++; !bytes.Equal(x, want.Private) || row[at["extended private key"]] != want.Extended {
				ts.Fatalf("%s, row %d: it is not the known key", args[0], i+1)
			}
		}
	}
	if len(known) > 0 && seen == 0 {
		ts.Fatalf("no row of %s is among the known keys", args[0])
	}
}

// gives reports whether a public key in hex is that of an extended public key.
func gives(text, extended string) bool {
	key, err := derive.Parse(extended)
	if err != nil {
		return false
	}
	return text == strings.TrimPrefix(hex.EncodeToString(key.Point().Bytes()), map[curve.Curve]string{curve.Ed25519: "00"}[key.Curve()])
}

// agree checks that a private key, its extended form and the child public key
// belong together.
func agree(public, extended string, x []byte) error {
	key, err := derive.Parse(public)
	if err != nil {
		return err
	}
	if c := key.Curve(); !c.Generator().Mul(c.ScalarFromBytes(x)).Equal(key.Point()) {
		return fmt.Errorf("the private key does not give the child public key")
	}
	payload, err := base58.CheckDecode(nil, extended)
	if err != nil {
		return err
	}
	open, err := base58.CheckDecode(nil, public)
	if err != nil {
		return err
	}
	// version 4, then depth, parent, index and chain code 41, then 00 and the key.
	if !bytes.Equal(payload[4:45], open[4:45]) || payload[45] != 0 || !bytes.Equal(payload[46:], x) {
		return fmt.Errorf("the extended private key is not of this key")
	}
	return nil
}

// cmdBook writes an address book for the root keys of a vault.
func cmdBook(s *story, ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	ts.Check(WriteBook(f, n, args[2]))
}

// WriteBook writes an address book of n rows for the root keys of a vault, half on
// each curve, with child public keys and no addresses.
func WriteBook(f *os.File, n int, vault string) error {
	var b bytes.Buffer
	b.WriteString("wallet name,coin,address,curve,memo,address label,HD path,child publickey\n")
	var parents []*derive.Key
	for _, g := range fixtures.Load(vault).Expected.Groups {
		root, err := derive.Parse(g.RootXpub)
		if err != nil {
			return err
		}
		parent, _, err := root.Derive(derive.Path{44, coin[root.Curve()].number, 0, 0})
		if err != nil {
			return err
		}
		parents = append(parents, parent)
	}
	for i := range n {
		parent := parents[i%len(parents)]
		child, _, err := parent.Derive(derive.Path{uint32(i)})
		if err != nil {
			return err
		}
		c := coin[parent.Curve()]
		fmt.Fprintf(&b, "w,%s,,%v,,row %d,m/44/%d/0/0/%d,%v\n", c.name, parent.Curve(), i, c.number, i, child)
		if b.Len() > 1<<20 || i == n-1 {
			if _, err := f.Write(b.Bytes()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return nil
}

var coin = map[curve.Curve]struct {
	name   string
	number uint32
}{curve.Secp256k1: {"ETH", 60}, curve.Ed25519: {"SOL", 501}}
