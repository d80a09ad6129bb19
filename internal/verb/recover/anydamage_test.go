package recover_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcutil/base58"
	"pgregory.net/rapid"
)

// damage is one thing that happens to one file of those that are given. It
// reports whether no share of the file can be used after it.
type damage struct {
	name string
	do   func(t *rapid.T, v *vault, f *file, given []*file) (fatal bool)
}

var anyDamage = []damage{
	{"a bit of the text", flipText},
	{"the end is missing", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		f.text = f.render()
		f.text = f.text[:rapid.IntRange(0, len(f.text)-1).Draw(t, "length")]
		return !json.Valid(f.text)
	}},
	{"a bit of a field", flipField},
	{"a bit of the sealed share", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		for _, g := range f.groups {
			flipBase64(t, g["share_info"].(object), "encrypted_share")
		}
		return true
	}},
	{"another value", otherValue},
	{"a field is missing", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		o := anyObject(t, f)
		delete(o, anyKey(t, o))
		return false
	}},
	{"a field appears twice", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		text := f.render()
		keys := [][]byte{[]byte(`"share_id":`), []byte(`"curve":`), []byte(`"encrypted_share":`), []byte(`"threshold":`)}
		key := rapid.SampledFrom(keys).Draw(t, "key")
		f.text = bytes.Replace(text, key, slices.Concat(key, []byte(` "1", `), key), 1)
		return bytes.Contains(text, key)
	}},
	{"a part is of another file", swapPart},
	{"its node has another name", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		for i, g := range f.groups {
			rename(g, "renamed", i)
		}
		return false
	}},
	{"a wrong scalar that is published", publishWrong},
	{"a wrong scalar", func(t *rapid.T, v *vault, f *file, _ []*file) bool {
		for i := range f.groups {
			f.reseal(v, i, v.r.scalar(f.holds[i].root.c, 0))
		}
		return true
	}},
	{"a wrong password", func(t *rapid.T, v *vault, f *file, given []*file) bool {
		f.given = fmt.Sprintf("pass %x", v.r.bytes(8))
		if o := rapid.SampledFrom(given).Draw(t, "whose password"); o.password != f.password {
			f.given = o.password
		}
		return true
	}},
	{"it is no share file", func(t *rapid.T, _ *vault, f *file, _ []*file) bool {
		f.text = []byte(rapid.SampledFrom([]string{"", "{}", "[]", "null", "age-encryption.org/v1\n", "PK\x03\x04", `{"recovery_groups": []}`, `{"group_info": {}, "share_info": {}}`}).Draw(t, "text"))
		return true
	}},
}

func flipText(t *rapid.T, _ *vault, f *file, _ []*file) bool {
	f.text = bytes.Clone(f.render())
	flip(t, f.text)
	return false
}

// flipField changes one bit of what a field means.
func flipField(t *rapid.T, _ *vault, f *file, _ []*file) bool {
	g := rapid.SampledFrom(f.groups).Draw(t, "group")
	info, share := g["group_info"].(object), g["share_info"].(object)
	kdf := share["kdf"].(object)
	other := rapid.SampledFrom(info["participants"].([]any)).Draw(t, "participant").(object)
	const firstPublic, lastPublic = 5, 10
	changes := []func(){
		func() { flipBase64(t, share, "encrypted_share") },
		func() { flipHex(t, kdf, "salt") },
		func() { kdf["iterations"] = kdf["iterations"].(int) ^ 1<<rapid.IntRange(0, 12).Draw(t, "bit") },
		func() { flipDecimal(t, share, "share_id") },
		func() { flipHex(t, share, "share_public_key") },
		func() { flipDecimal(t, other, "share_id") },
		func() { flipHex(t, other, "share_public_key") },
		func() { flipHex(t, info, "chaincode") },
		func() { flipExtended(t, info) },
		func() { flipTree(t, info) },
		func() { info["threshold"] = info["threshold"].(int) ^ 1<<rapid.IntRange(0, 3).Draw(t, "bit") },
		func() { g["version"] = g["version"].(int) ^ 1<<rapid.IntRange(0, 2).Draw(t, "bit") },
	}
	i := rapid.IntRange(0, len(changes)-1).Draw(t, "field")
	f.public = i >= firstPublic && i <= lastPublic
	changes[i]()
	return false
}

func flip(t *rapid.T, b []byte) {
	if len(b) > 0 {
		b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	}
}

func flipBase64(t *rapid.T, o object, key string) {
	if s, ok := o[key].(string); ok {
		b, _ := base64.StdEncoding.DecodeString(s)
		flip(t, b)
		o[key] = base64Of(b)
	}
}

func flipHex(t *rapid.T, o object, key string) {
	if s, ok := o[key].(string); ok {
		b, _ := hex.DecodeString(strings.TrimPrefix(s, "0x"))
		flip(t, b)
		o[key] = hex0x(b)
	}
}

func flipDecimal(t *rapid.T, o object, key string) {
	if s, ok := o[key].(string); ok {
		n, _ := new(big.Int).SetString(s, 10)
		if n != nil {
			bit := rapid.IntRange(0, 256).Draw(t, "bit")
			o[key] = n.SetBit(n, bit, 1-n.Bit(bit)).String()
		}
	}
}

// flipExtended changes the root extended public key, and its checksum with it.
func flipExtended(t *rapid.T, info object) {
	if s, ok := info["root_extended_public_key"].(string); ok {
		b := base58.Decode(s)
		b = b[:max(len(b)-4, 0)]
		flip(t, b)
		info["root_extended_public_key"] = checked(b)
	}
}

// flipTree changes the chain code everywhere.
func flipTree(t *rapid.T, info object) {
	if s, ok := info["root_extended_public_key"].(string); ok {
		if b := base58.Decode(s); len(b) == 82 {
			flip(t, b[13:45])
			info["root_extended_public_key"], info["chaincode"] = checked(b[:78]), hex0x(b[13:45])
		}
	}
}

func otherValue(t *rapid.T, _ *vault, f *file, _ []*file) bool {
	o := anyObject(t, f)
	o[anyKey(t, o)] = rapid.SampledFrom([]any{nil, "", "0", "1", -1, 1, 2, 3, 1e300, []any{}, object{}, true, "secp256k1", "ed25519", strings.Repeat("9", 2000), "0x00", "=1+1", "\x1b[2J"}).Draw(t, "value")
	return false
}

// anyObject picks an object of the file.
func anyObject(t *rapid.T, f *file) object {
	g := rapid.SampledFrom(f.groups).Draw(t, "group")
	all := []object{g}
	for _, key := range []string{"group_info", "share_info"} {
		if o, ok := g[key].(object); ok {
			all = append(all, o)
			if kdf, ok := o["kdf"].(object); ok {
				all = append(all, kdf)
			}
			if list, ok := o["participants"].([]any); ok {
				for _, p := range list {
					all = append(all, p.(object))
				}
			}
		}
	}
	return rapid.SampledFrom(all).Draw(t, "object")
}

func anyKey(t *rapid.T, o object) string {
	var keys []string
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return "nothing"
	}
	return rapid.SampledFrom(keys).Draw(t, "key")
}

// swapPart puts a part of another file, or of another group, in the place of the
// file's own.
func swapPart(t *rapid.T, v *vault, f *file, _ []*file) bool {
	from := clone(rapid.SampledFrom(rapid.SampledFrom(v.files).Draw(t, "from").groups).Draw(t, "its group")).(object)
	to := rapid.SampledFrom(f.groups).Draw(t, "group")
	a, b := to["share_info"].(object), from["share_info"].(object)
	i, j := to["group_info"].(object), from["group_info"].(object)
	switch rapid.SampledFrom([]string{"share_info", "group_info", "encrypted_share", "share_id", "share_public_key", "node_id", "kdf", "participants", "chaincode", "root"}).Draw(t, "part") {
	case "share_info":
		to["share_info"] = b
	case "group_info":
		to["group_info"] = j
	case "participants":
		i["participants"] = j["participants"]
	case "chaincode":
		i["chaincode"] = j["chaincode"]
	case "root":
		i["root_extended_public_key"], i["chaincode"] = j["root_extended_public_key"], j["chaincode"]
	case "encrypted_share":
		a["encrypted_share"] = b["encrypted_share"]
	case "share_id":
		a["share_id"] = b["share_id"]
	case "share_public_key":
		a["share_public_key"] = b["share_public_key"]
	case "node_id":
		a["node_id"] = b["node_id"]
	case "kdf":
		a["kdf"], a["encrypted_share"] = b["kdf"], b["encrypted_share"]
	}
	return false
}

// rename gives the share's holder another node ID, everywhere in a group.
func rename(g object, name string, n int) {
	share := g["share_info"].(object)
	for _, p := range g["group_info"].(object)["participants"].([]any) {
		if p := p.(object); p["node_id"] == share["node_id"] {
			p["node_id"] = fmt.Sprintf("%s-%d", name, n)
		}
	}
	share["node_id"] = fmt.Sprintf("%s-%d", name, n)
}

// publishWrong seals a wrong scalar, and publishes its public key: the file is
// right but for the polynomial that it is not on.
func publishWrong(t *rapid.T, v *vault, f *file, _ []*file) bool {
	for i, g := range f.groups {
		h := f.holds[i]
		x := v.r.scalar(h.root.c, 0)
		f.reseal(v, i, x)
		key := hex0x(h.root.c.multiply(x))
		share := g["share_info"].(object)
		share["share_public_key"] = key
		for _, p := range g["group_info"].(object)["participants"].([]any) {
			if p := p.(object); p["node_id"] == share["node_id"] {
				p["share_public_key"] = key
			}
		}
	}
	return true
}

// reseal puts another scalar into a group of the file.
func (f *file) reseal(v *vault, group int, x *big.Int) {
	g := f.groups[group]
	share := g["share_info"].(object)
	kdf := share["kdf"].(object)
	salt, _ := hex.DecodeString(strings.TrimPrefix(kdf["salt"].(string), "0x"))
	how := sealing{version: g["version"].(int), iterations: kdf["iterations"].(int)}
	share["encrypted_share"] = base64Of(seal(v.r, x.FillBytes(make([]byte, 32)), how, f.password, salt))
}

// copy returns the file, to be damaged.
func (f *file) copy() *file {
	c := *f
	c.groups = nil
	for _, g := range f.groups {
		c.groups = append(c.groups, clone(g).(object))
	}
	return &c
}

func clone(v any) any {
	switch v := v.(type) {
	case object:
		o := object{}
		for key, value := range v {
			o[key] = clone(value)
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = clone(v[i])
		}
		return list
	}
	return v
}
