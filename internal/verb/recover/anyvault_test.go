package recover_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func hex0x(b []byte) string { return "0x" + hex.EncodeToString(b) }

// object is a JSON object that damages may do anything to.
type object = map[string]any

// sharing is one set of shares of a root key.
type sharing struct {
	root      *hdKey
	id        string // of the group
	threshold int
	nodes     []string
	ids       []*big.Int
	shares    []*big.Int
}

// anySharing shares a root key among nodes. Shares with leading zero bytes, and
// share IDs that are short or above the order, are drawn often.
func anySharing(t *rapid.T, r *random, root *hdKey, id string, threshold int, nodes []string) *sharing {
	s := &sharing{root: root, id: id, threshold: threshold, nodes: nodes}
	order := root.c.order
	polynomial := []*big.Int{root.x}
	for range threshold - 1 {
		polynomial = append(polynomial, r.scalar(root.c, 0))
	}
	kind := rapid.SampledFrom([]string{"any", "above the order", "1 to 300 bits", "130 bits"}).Draw(t, "share IDs")
	for i := range nodes {
		x := r.scalar(root.c, 0)
		switch kind {
		case "above the order":
			x.Add(order, big.NewInt(int64(i+1)))
		case "1 to 300 bits":
			x = s.freshID(r, rapid.IntRange(1, 300).Draw(t, "bits"))
		case "130 bits": // the vendor's own example
			x = s.freshID(r, 130)
		}
		s.ids = append(s.ids, x)
	}
	if zeros := rapid.SampledFrom([]int{0, 1, 2, 30}).Draw(t, "zero bytes of the first share"); zeros > 0 {
		// Solve for the linear coefficient: the first share is then what is wanted.
		x := s.ids[0]
		rest := new(big.Int).Sub(r.scalar(root.c, zeros), root.x)
		for k := 2; k < threshold; k++ {
			rest.Sub(rest, new(big.Int).Mul(polynomial[k], new(big.Int).Exp(x, big.NewInt(int64(k)), order)))
		}
		polynomial[1] = rest.Mul(rest, new(big.Int).ModInverse(x, order)).Mod(rest, order)
	}
	for _, x := range s.ids {
		v := new(big.Int)
		for k := threshold - 1; k >= 0; k-- {
			v.Mul(v, x).Add(v, polynomial[k]).Mod(v, order)
		}
		s.shares = append(s.shares, v)
	}
	return s
}

// freshID returns an ID of that many bits, or the next one that is not zero and nobody
// has.
func (s *sharing) freshID(r *random, bits int) *big.Int {
	x := new(big.Int).SetBytes(r.bytes(40))
	x.SetBit(x.Rsh(x, uint(320-bits)), bits-1, 1)
	same := func(o *big.Int) bool {
		return new(big.Int).Mod(new(big.Int).Sub(o, x), s.root.c.order).Sign() == 0
	}
	for same(new(big.Int)) || slices.ContainsFunc(s.ids, same) {
		x.Add(x, big.NewInt(1))
	}
	return x
}

// entry is the share of one holder as the vendor's file has it, sealed.
func (s *sharing) entry(r *random, holder int, password string, how sealing) object {
	var roster []any
	for i := range s.nodes {
		roster = append(roster, s.participant(i))
	}
	raw := s.shares[holder].FillBytes(make([]byte, 32))
	if how.excess > 0 {
		raw = new(big.Int).Add(s.shares[holder], new(big.Int).Mul(s.root.c.order, big.NewInt(how.excess))).Bytes()
	} else if how.short {
		raw = s.shares[holder].Bytes()
	}
	share := s.participant(holder)
	salt := r.bytes(32)
	share["kdf"] = object{"length": 32, "iterations": how.iterations, "salt": hex0x(salt), "hash_type": 5, "hash_name": "SHA-256"}
	share["encrypted_share"] = base64Of(seal(r, raw, how, password, salt))
	return object{
		"version": how.version,
		"group_info": object{
			"id": s.id, "created_time": "2026-01-15 09:30:00 +0000 UTC", "type": s.root.c.kind, "curve": s.root.c.name, "threshold": s.threshold,
			"root_extended_public_key": s.root.xpub(), "chaincode": hex0x(s.root.chain[:]), "participants": roster,
		},
		"share_info": share,
	}
}

func (s *sharing) participant(i int) object {
	return object{"node_id": s.nodes[i], "share_id": s.ids[i].String(), "share_public_key": hex0x(s.root.c.multiply(s.shares[i]))}
}

// sealing is how shares are written.
type sealing struct {
	version    int
	iterations int // few, so that it is quick
	short      bool
	excess     int64 // multiples of the order to add
}

func seal(r *random, raw []byte, how sealing, password string, salt []byte) []byte {
	plain := raw
	if how.version > 1 {
		plain = fmt.Appendf(nil, `{"encrypted_share":%q}`, base64Of(raw))
	}
	gcm := password256(password, salt, how.iterations)
	nonce := r.bytes(gcm.NonceSize())
	return gcm.Seal(nonce, nonce, plain, nil)
}

func password256(password string, salt []byte, iterations int) cipher.AEAD {
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, 32)
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// held is a share in a file.
type held struct {
	*sharing
	holder int
}

// file is a share file, before and after it is damaged.
type file struct {
	name     string
	password string
	wrapping string   // single, list or object
	compact  bool     // without white space
	groups   []object // of which the text is made
	holds    []held   // what was in it, before
	text     []byte   // nil: made of groups

	path   string // of the file, or of a bundle that holds it
	given  string // the password that is given
	hurt   string // what was done to it; an untouched file has none
	public bool   // that is a bit of a public fact, not of the share's own
	fatal  bool   // no share of it can be used
}

func (f *file) render() []byte {
	if f.text != nil {
		return f.text
	}
	var v any = f.groups
	switch {
	case f.wrapping == "single" && len(f.groups) == 1:
		v = f.groups[0]
	case f.wrapping == "object":
		v = object{"recovery_groups": f.groups}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	if f.compact {
		return b
	}
	var lines bytes.Buffer
	json.Indent(&lines, b, "", "  ")
	return lines.Bytes()
}

// vault is root keys with their sharings, the files of all holders, and an
// address book.
type vault struct {
	r        *random
	sharings []*sharing
	files    []*file
	rows     []*row
}

// anyVault draws a vault on one curve or both, some with a second epoch, some
// with a second root key.
func anyVault(t *rapid.T) *vault {
	v := &vault{r: &random{seed: rapid.Uint64().Draw(t, "seed")}}
	curves := rapid.SampledFrom([][]*onCurve{{koblitz}, {edwards}, {koblitz, edwards}}).Draw(t, "curves")
	n := rapid.IntRange(2, 6).Draw(t, "holders")
	threshold := rapid.IntRange(2, n).Draw(t, "threshold")
	var roots []*hdKey
	for _, c := range curves {
		roots = append(roots, v.root(t, c))
	}
	first := v.epoch(t, "epoch 1", roots, threshold, anyNodes(t, "node", n), nil)
	switch rapid.SampledFrom([]string{"", "", "another epoch", "another epoch in the same files", "another root key"}).Draw(t, "besides") {
	case "another epoch":
		m := rapid.IntRange(2, 4).Draw(t, "its holders")
		v.epoch(t, "epoch 2", roots, rapid.IntRange(2, m).Draw(t, "its threshold"), anyNodes(t, "node", m), nil)
	case "another epoch in the same files":
		v.epoch(t, "epoch 2", roots, threshold, anyNodes(t, "node", n), first)
	case "another root key":
		var others []*hdKey
		for _, c := range curves {
			others = append(others, v.root(t, c))
		}
		v.epoch(t, "other", others, 2, anyNodes(t, "other", 3), nil)
	}
	v.book(t, roots)
	return v
}

func nodes(name string, n int) []string { return named("%s-%d", name, n) }

// anyNodes are nodes with names that people gave.
func anyNodes(t *rapid.T, name string, n int) []string {
	return named(rapid.SampledFrom([]string{"%s-%d", "%s-%d", "%s-%d", "%s  %d Zürich", " 节点 %s №%d "}).Draw(t, "node IDs"), name, n)
}

func named(form, name string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(form, name, i+1)
	}
	return list
}

func (v *vault) root(t *rapid.T, c *onCurve) *hdKey {
	zeros := rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "zero bytes of the root key")
	return &hdKey{c: c, x: v.r.scalar(c, zeros), chain: [32]byte(v.r.bytes(32))}
}

// epoch shares root keys among holders, and makes their files, or adds to those
// that there are.
func (v *vault) epoch(t *rapid.T, name string, roots []*hdKey, threshold int, nodes []string, into []*file) []*file {
	how := sealing{version: rapid.IntRange(1, 3).Draw(t, "version"), iterations: rapid.IntRange(1, 20).Draw(t, "iterations")}
	switch rapid.SampledFrom([]string{"", "short", "unreduced"}).Draw(t, "scalars") {
	case "short":
		how.short = true
	case "unreduced":
		how.excess = rapid.SampledFrom([]int64{1, 200, 5000}).Draw(t, "excess")
	}
	wrapping := rapid.SampledFrom([]string{"single", "list", "object"}).Draw(t, "wrapping")
	compact := rapid.Bool().Draw(t, "without white space")
	unknown, missing := rapid.Bool().Draw(t, "unknown fields"), rapid.Bool().Draw(t, "nothing that may be missing")
	var sharings []*sharing
	for _, root := range roots {
		sharings = append(sharings, anySharing(t, v.r, root, fmt.Sprintf("TEST ONLY %s %s", root.c.name, name), threshold, nodes))
	}
	v.sharings = append(v.sharings, sharings...)
	files := into
	each := len(into) / len(nodes) // files of a holder
	for i, node := range nodes {
		for j, s := range sharings {
			if into == nil && (wrapping == "single" || j == 0) {
				password := fmt.Sprintf("pass %x", v.r.bytes(8))
				files = append(files, &file{name: fmt.Sprintf("%s-%s-%d.json", strings.TrimSpace(node), strings.ReplaceAll(name, " ", "-"), j), wrapping: wrapping, compact: compact, password: password, given: password})
			}
			f := files[len(files)-1]
			if into != nil {
				f = into[i*each+min(j, each-1)]
			}
			g := s.entry(v.r, i, f.password, how)
			if unknown {
				g["x_more"] = object{"deep": []any{nil, 2.5e10, true, "Ünïcode"}}
			}
			if missing {
				delete(g["group_info"].(object), "created_time")
				delete(g["share_info"].(object)["kdf"].(object), "hash_name")
			}
			f.groups = append(f.groups, g)
			f.holds = append(f.holds, held{s, i})
		}
	}
	if into == nil {
		v.files = append(v.files, files...)
	} else {
		for _, f := range into {
			if f.wrapping == "single" {
				f.wrapping = "list"
			}
		}
	}
	return files
}

// row is a line of the address book.
type row struct {
	cells    []string
	root     *hdKey
	key      *hdKey // what it must get; nil if nothing vouches for a key
	failing  bool   // its status must be mismatch or bad
	anybodys bool   // nothing in it tells which root key it is of
}

// header is the vendor's newer layout.
var header = []string{"wallet name", "coin", "address", "curve", "memo", "address label", "HD path", "child publickey"}

// book draws rows for the root keys. Some record what is not so.
func (v *vault) book(t *rapid.T, roots []*hdKey) {
	for i := range rapid.IntRange(0, 6).Draw(t, "rows") {
		root := rapid.SampledFrom(roots).Draw(t, "root")
		coin := "SOL"
		if root.c == koblitz {
			coin = rapid.SampledFrom([]string{"BTC", "ETH"}).Draw(t, "coin")
		}
		chain := addresses[coin]
		path := fmt.Sprintf("m/44/%d/%d/0/%d", chain.coin, i%2, i)
		key := root.at(path)
		r := &row{root: root, key: key}
		address, child := chain.form(key.key()), key.xpub()
		elsewhere := root.at(path + "/1")
		switch rapid.SampledFrom([]string{"", "", "", "no address", "no child", "nothing recorded", "wrong child", "wrong address", "both wrong", "no child and a wrong address", "unknown coin", "unknown coin and no child", "private key", "bad path", "hardened"}).Draw(t, "row") {
		case "no address":
			address = ""
		case "no child":
			child = ""
		case "nothing recorded":
			address, child, r.key, r.failing = "", "", nil, true
		case "wrong child":
			child, r.key, r.failing = elsewhere.xpub(), nil, true
		case "wrong address":
			address, r.failing = chain.form(elsewhere.key()), true
		case "both wrong":
			address, child, r.key, r.failing = chain.form(elsewhere.key()), elsewhere.xpub(), nil, true
		case "no child and a wrong address":
			address, child, r.key, r.failing = chain.form(elsewhere.key()), "", nil, true
		case "unknown coin":
			coin = "NO-SUCH-COIN"
		case "unknown coin and no child":
			coin, child, r.key, r.anybodys = "NO-SUCH-COIN", "", nil, true
		case "private key":
			child, r.key, r.failing = elsewhere.xprv(), nil, true
		case "bad path":
			path, r.key, r.failing = "m/44/x", nil, true
		case "hardened":
			path, r.key, r.failing = path+"'", nil, true
		}
		r.cells = []string{fmt.Sprintf("row %d", i), coin, address, root.c.name, "", "", path, child}
		v.rows = append(v.rows, r)
	}
}

func (v *vault) bookText() []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write(header)
	for _, r := range v.rows {
		w.Write(r.cells)
	}
	w.Flush()
	return []byte(b.String())
}
