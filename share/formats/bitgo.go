package formats

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"lifeboat/derive"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

const keycardName = "bitgo-keycard"

// keycard is BitGo's keycard (docs/formats): a page with boxes. Box A holds the user's
// share and box B that of the backup, each under a password; box C is the root public
// key. Lifeboat takes a box as a text file, or all in one JSON.
var keycard = form{
	name:  keycardName,
	what:  `BitGo's keycard: boxes as text that begins with {"iv":, or JSON with userKey, backupKey and bitgoKey`,
	parts: "boxes A and B; box C goes after --xpub, as bitgo:…",
	page:  "bitgo",
	marks: []string{`"userKey"`, `"backupKey"`, `"bitgoKey"`, `"bitgoNShare"`, `"bitgoYShare"`},
	is: func(d *document) bool {
		if d.notJSON != nil && len(d.data) <= maxBox {
			text, keys := unpage(d.data)
			defer secret.Wipe(text)
			return keys.any() || isKeychain(text) || isClearBox(text)
		}
		return d.keys.keycardKeys.any()
	},
	read:  readKeycard,
	needs: []share.Need{share.KeycardPassword},
}

type keycardKeys struct {
	UserKey        present `json:"userKey"`
	BackupKey      present `json:"backupKey"`
	CommonKeychain present `json:"commonKeychain"`
	CT             present `json:"ct"`
	PShare         present `json:"pShare"`
	UShare         present `json:"uShare"`
}

// card reports whether they are those of a whole keycard, and any whether they are of one
// or of a box.
func (k *keycardKeys) card() bool { return bool(k.UserKey || k.BackupKey || k.CommonKeychain) }
func (k *keycardKeys) any() bool  { return k.card() || bool(k.CT || k.PShare || k.UShare) }

// maxBox is the size of the longest text that is looked at for a box, in bytes. The
// oldest boxes have about 6 kB each.
const maxBox = 256 << 10

// ErrKeychain is returned for box C alone.
var ErrKeychain = errors.New(`it is box C of a BitGo keycard, the root public key, which holds no share: give it to --xpub, with "bitgo:" before it`)

// unpage returns the text of a box or a keycard, with the keys that it has if it is JSON.
// If it is not, it undoes what a page does to a text that is copied from it: a line is
// broken where there is no room, also within the strings of JSON, and a caption stands
// above. Blanks go last: the data beside a ciphertext may have some. The text is a copy.
func unpage(data []byte) (text []byte, keys keycardKeys) {
	for _, drop := range []func(rune) rune{nothing, unbroken, visible} {
		secret.Wipe(text)
		text = inner(bytes.Map(drop, data))
		var found keycardKeys
		if strict.Unmarshal(text, &found) == nil {
			return text, found
		}
	}
	return text, keys
}

// inner returns what is between the outermost braces, if there are any.
func inner(text []byte) []byte {
	first, last := bytes.IndexByte(text, '{'), bytes.LastIndexByte(text, '}')
	if first < 0 || last < first {
		return text
	}
	clear(text[:first])
	return text[first : last+1]
}

func nothing(r rune) rune { return r }

// visible drops blanks, and characters that have no width.
func visible(r rune) rune {
	if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// unbroken drops the same, but for the plain blank.
func unbroken(r rune) rune {
	if r == ' ' {
		return r
	}
	return visible(r)
}

// isClearBox recognises the base64 of a box that is not encrypted by its first bytes: a
// map of CBOR with 3 or 5 fields.
func isClearBox(text []byte) bool {
	return bytes.HasPrefix(text, []byte("uQAD")) || bytes.HasPrefix(text, []byte("uQAF"))
}

// isKeychain reports whether a text is a public key and a chain code in hex.
func isKeychain(text []byte) bool {
	_, err := hex.Decode(make([]byte, len(text)/2), text)
	return err == nil && (len(text) == 2*64 || len(text) == 2*65)
}

// keycardJSON is a keycard in one JSON. The names are those of the arguments of BitGo's
// own recovery functions, or of the shares.
type keycardJSON struct {
	UserKey        *boxText `json:"userKey"`
	BackupKey      *boxText `json:"backupKey"`
	BitGoKey       string   `json:"bitgoKey"`
	User           *boxText `json:"user"`
	Backup         *boxText `json:"backup"`
	CommonKeychain string   `json:"commonKeychain"`

	// Of the wallet. BitGo's own recovery takes it beside the boxes.
	Passphrase stated `json:"walletPassphrase"`
	Password   stated `json:"walletPassword"`
}

// stated notes that there is a text, and keeps nothing of it.
type stated bool

// UnmarshalJSON takes any value.
func (s *stated) UnmarshalJSON(b []byte) error {
	*s = len(b) > len(`""`) && b[0] == '"'
	return nil
}

// boxText is the text of a box: a JSON string, or the object itself.
type boxText []byte

// UnmarshalJSON keeps the text, with the escapes of a string undone. It never becomes a
// Go string: it may be a share in the clear.
func (t *boxText) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		*t = append(boxText(nil), b...)
		return nil
	}
	b = b[1 : len(b)-1]
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		switch i++; b[i] {
		case '"', '\\', '/':
			out = append(out, b[i])
		case 'n', 'r', 't': // a blank
		default:
			secret.Wipe(out)
			return errors.New("an escape that no box has")
		}
	}
	*t = out
	return nil
}

// envelopeJSON is an encrypted box. Version 2 has m, t and p in the place of iter.
type envelopeJSON struct {
	V        int    `json:"v"`
	IV       bits   `json:"iv"`
	Salt     bits   `json:"salt"`
	CT       bits   `json:"ct"`
	Adata    string `json:"adata"`
	Iter     int64  `json:"iter"`
	KS       int    `json:"ks"`
	TS       int    `json:"ts"`
	Mode     string `json:"mode"`
	Cipher   string `json:"cipher"`
	M        int64  `json:"m"`
	T        int64  `json:"t"`
	P        int64  `json:"p"`
	HKDFSalt *bits  `json:"hkdfSalt"`
}

// bits are bytes in base64.
type bits []byte

// UnmarshalText decodes them.
func (b *bits) UnmarshalText(text []byte) (err error) {
	*b, err = decodeBits(string(text))
	return err
}

// decodeBits takes base64 with or without the padding, and with blanks.
func decodeBits(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.Map(visible, text), "="))
}

func readKeycard(r *Reader, d *document) ([]*share.Sealed, error) {
	text, keys := unpage(d.data)
	defer secret.Wipe(text)
	switch {
	case isKeychain(text):
		return nil, ErrKeychain
	case keys.card():
		return r.readCard(text)
	}
	lock, err := readBox(text)
	if err != nil {
		return nil, err
	}
	return nil, &Closed{Form: keycardName, Lock: lock, inner: readOpenBox}
}

// holders are the two whose shares a keycard has. The third, which it has not, is BitGo's
// own.
var holders = [2]string{"user", "backup"}

// readCard reads a keycard in one JSON.
func (r *Reader) readCard(text []byte) ([]*share.Sealed, error) {
	var doc keycardJSON
	defer doc.wipe()
	if err := strict.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	root, err := r.keychain(cmp.Or(doc.BitGoKey, doc.CommonKeychain))
	if err != nil {
		return nil, err
	}
	var list []*share.Sealed
	for i, text := range []*boxText{cmp.Or(doc.UserKey, doc.User), cmp.Or(doc.BackupKey, doc.Backup)} {
		if text == nil {
			continue
		}
		lock, damage := readBox(*text)
		lock.Beside = bool(doc.Passphrase || doc.Password)
		s, err := r.ofKeycard(root, i, lock)
		if err != nil {
			return nil, err
		}
		if damage != nil {
			s.Malformed("the box of the "+holders[i], damage)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, errors.New("it has neither box A nor box B")
	}
	return list, nil
}

func (d *keycardJSON) wipe() {
	for _, t := range []*boxText{d.UserKey, d.BackupKey, d.User, d.Backup} {
		if t != nil {
			secret.Wipe(*t)
		}
	}
}

// keychain reads box C. Without it, the root key that was recorded stands in.
func (r *Reader) keychain(text string) (*derive.Key, error) {
	if text != "" {
		root, err := derive.Parse("bitgo:" + text)
		if err != nil {
			return nil, fmt.Errorf("box C: %w", err)
		}
		return root, nil
	}
	if len(r.Pin.Roots) == 1 && !r.Pin.Roots[0].IsBare() {
		return r.Pin.Roots[0], nil
	}
	return nil, errors.New(`box C is not in it: give it to --xpub, with "bitgo:" before it`)
}

// readBox reads one box. There is a lock also if there is an error.
func readBox(text []byte) (*share.Keycard, error) {
	text, keys := unpage(text)
	defer secret.Wipe(text)
	if !keys.CT {
		return &share.Keycard{Text: secret.Copy(text)}, nil
	}
	var j envelopeJSON
	err := strict.Unmarshal(text, &j)
	e := &share.Envelope{Version: j.V}
	if err == nil {
		e, err = j.envelope()
	}
	return &share.Keycard{Envelope: e}, cmp.Or(err, e.Check())
}

// envelope fills in what a version leaves out, or fixes.
func (j *envelopeJSON) envelope() (*share.Envelope, error) {
	e := &share.Envelope{Version: j.V, Salt: j.Salt, Nonce: j.IV, Ciphertext: j.CT}
	if j.Cipher != "" && j.Cipher != "aes" || j.Mode != "" && j.Mode != modes[j.V] {
		return e, fmt.Errorf("its cipher is %.20q in mode %.20q, which no keycard has", j.Cipher, j.Mode)
	}
	if j.V != 2 {
		if j.KS%8 != 0 || j.TS%8 != 0 {
			return e, errors.New("ks or ts is no number of whole bytes")
		}
		e.Iterations, e.Length, e.TagSize = j.Iter, j.KS/8, j.TS/8
		data, err := decodeBits(j.Adata)
		e.Data = data
		return e, err
	}
	e.Iterations, e.Memory, e.Lanes, e.Length, e.TagSize = j.T, j.M, j.P, 32, 16
	e.Data = []byte(j.Adata)
	if j.HKDFSalt != nil {
		e.HKDFSalt = *j.HKDFSalt
	}
	return e, nil
}

// modes are those of AES, by the version of the envelope.
var modes = map[int]string{1: "ccm", 2: "gcm"}

// ofKeycard returns the share of the first or the second holder. The error is that of the
// group's checks.
func (r *Reader) ofKeycard(root *derive.Key, holder int, lock *share.Keycard) (*share.Sealed, error) {
	known, err := r.once([]any{keycardName, root.Extended()}, func() *public { return &public{group: keycardGroup(root)} })
	if err != nil {
		return nil, err
	}
	g := known.group
	own := &g.Participants[holder]
	s := &share.Sealed{Version: 1, Curve: g.Curve, Group: g, Roster: g.Participants, NodeID: own.NodeID, ShareID: &own.ShareID, Lock: lock}
	if lock.Envelope != nil {
		s.Version = lock.Envelope.Version
	}
	s.CheckOwn(known.err)
	return s, nil
}

// keycardGroup is the group of a keycard. Of the three shares in BitGo's scheme, any two
// of which are enough, a keycard has the same two always: with their weights, which are
// fixed then, the key is their sum.
func keycardGroup(root *derive.Key) *share.Group {
	code := root.ChainCode()
	g := &share.Group{
		Curve: root.Curve(), Scheme: share.Additive, Tree: root.Network().Tree,
		Threshold: len(holders), RootKey: root.Point(), ChainCode: &code,
	}
	for i, name := range holders {
		id, err := share.NewID(g.Curve, strconv.Itoa(i+1))
		if err != nil {
			panic("formats: 1 and 2 are no share IDs")
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: name, ShareID: id})
	}
	g.ID = "bitgo-" + g.Epoch()
	return g
}

// openBox is what share/open says of a box that was opened.
type openBox struct {
	Curve     string `json:"curve"`
	Root      string `json:"root"`
	ChainCode string `json:"chain_code"`
	Box       int    `json:"box"`
	Text      []byte `json:"text"`
}

func readOpenBox(r *Reader, data []byte) ([]*share.Sealed, error) {
	var b openBox
	if err := strict.Unmarshal(data, &b); err != nil {
		return nil, err
	}
	root, err := derive.Parse("bitgo:" + strings.TrimPrefix(b.Root, "00") + b.ChainCode)
	if err != nil {
		return nil, err
	}
	s, err := r.ofKeycard(root, b.Box, &share.Keycard{Text: secret.Take(b.Text)})
	if err != nil {
		return nil, err
	}
	return []*share.Sealed{s}, nil
}
