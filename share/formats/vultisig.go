package formats

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/protobuf"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// vultisig is a .vult: what one device has of a vault, one share of each of its two
// keys. The vault is in the clear or, as a whole, under a password. There are no keys
// below the one on ed25519, so its chain code is unknown.
var vultisig = form{
	name:  "vultisig",
	what:  "Vultisig's .vult: a device's shares on both curves, in the clear or under a password",
	parts: "one of each device, as many as it says",
	page:  "vultisig",
	ends:  ".vult",
	is: func(d *document) bool {
		vault, _, err := openVult(d.data)
		secret.Wipe(vault)
		return d.notJSON != nil && err == nil
	},
	read:  readVult,
	needs: []share.Need{share.Password},
}

// ErrCiphertext is wrapped for a key share that is not in the form of its vault's
// library. One program was seen to write it as it stores it.
var ErrCiphertext = errors.New("it is no key share in a form that is known, and looks like ciphertext: the program that made the backup did not decrypt it, and the share is not in this file. Make the backup again, from the device")

// ErrImported is wrapped for a vault whose keys were not made by its devices.
var ErrImported = errors.New("its keys were imported, one for each chain, and such vaults are not read")

// Numbers of the fields of a file, and of the vault in it.
const (
	vultVault     = 2
	vultEncrypted = 3

	vaultName      = 1
	vaultECDSA     = 2
	vaultEdDSA     = 3
	vaultSigner    = 4
	vaultChainCode = 6
	vaultShare     = 7 // of which 1 is the public key, and 2 the share
	vaultParty     = 8
	vaultLibrary   = 10
	vaultChainKey  = 11

	shareKey  = 1
	shareText = 2
)

// message is one of protobuf: its fields by their numbers.
type message map[uint64][]messageField

type messageField struct {
	text   []byte
	number uint64
}

// readMessage reads a message whose fields are there once, but for those that repeat.
func readMessage(b []byte, repeat ...uint64) (message, error) {
	m := message{}
	err := protobuf.Fields(b, func(n uint64, text []byte, number uint64) error {
		if m[n] != nil && !slices.Contains(repeat, n) {
			return fmt.Errorf("field %d is there twice", n)
		}
		m[n] = append(m[n], messageField{text, number})
		return nil
	})
	return m, err
}

func (m message) text(n uint64) []byte {
	if m[n] == nil {
		return nil
	}
	return m[n][0].text
}

func (m message) number(n uint64) uint64 {
	if m[n] == nil {
		return 0
	}
	return m[n][0].number
}

// openVult takes the vault out of a file. It may be secret.
func openVult(data []byte) (vault []byte, isEncrypted bool, err error) {
	file, err := unbase64(bytes.TrimSpace(data))
	if err != nil {
		return nil, false, err
	}
	defer secret.Wipe(file)
	m, err := readMessage(file)
	if err != nil {
		return nil, false, err
	}
	if len(m.text(vultVault)) == 0 {
		return nil, false, errors.New("there is no vault in it")
	}
	vault, err = unbase64(m.text(vultVault))
	return vault, m.number(vultEncrypted) != 0, err
}

func unbase64(text []byte) ([]byte, error) {
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	if err != nil {
		secret.Wipe(b)
		return nil, errors.New("it is no base64")
	}
	return b[:n], nil
}

func readVult(r *Reader, d *document) ([]*share.Sealed, error) {
	vault, isEncrypted, err := openVult(d.data)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(vault)
	if !isEncrypted {
		return readVultVault(r, vault)
	}
	lock, err := vultLock(vault)
	if err != nil {
		return nil, err
	}
	return nil, &Closed{Form: "vultisig", Lock: lock, inner: readVultVault}
}

const (
	vultStretched  = "VLT\x02" // begins what is under a stretched password
	vultIterations = 600_000
	vultSalt       = 16
	minSealed      = 12 + 16 // the nonce and the tag of AES-GCM
)

// vultLock reads how a vault is encrypted.
func vultLock(b []byte) (share.Lock, error) {
	rest, isStretched := bytes.CutPrefix(b, []byte(vultStretched))
	switch {
	case isStretched && len(rest) >= vultSalt+minSealed:
		rest = slices.Clone(rest)
		return &share.PBKDF2{HashType: 5, Iterations: vultIterations, Length: 32, Salt: rest[:vultSalt], Ciphertext: rest[vultSalt:]}, nil
	case !isStretched && len(b) >= minSealed:
		return &share.Unstretched{Ciphertext: slices.Clone(b)}, nil
	}
	return nil, errors.New("what is encrypted in it is cut off")
}

// vult is what a vault says of itself.
type vult struct {
	name, party string
	signers     []string // the devices
	chainCode   *[derive.ChainCodeSize]byte
	dkls        bool // and not GG20
}

func readVultVault(r *Reader, data []byte) ([]*share.Sealed, error) {
	m, err := readMessage(data, vaultSigner, vaultShare, vaultChainKey)
	if err != nil {
		return nil, fmt.Errorf("the vault: %w", err)
	}
	v := &vult{}
	if v.name, err = shortText(m.text(vaultName)); err != nil {
		return nil, fmt.Errorf("the vault's name: %w", err)
	}
	switch library := m.number(vaultLibrary); {
	case library == 2 || m[vaultChainKey] != nil:
		return nil, fmt.Errorf("vault %q: %w", v.name, ErrImported)
	case library > 2:
		return nil, fmt.Errorf("vault %q: its key shares are for library %d, which is not known", v.name, library)
	default:
		v.dkls = library == 1
	}
	if v.party, err = shortText(m.text(vaultParty)); err != nil {
		return nil, fmt.Errorf("the device's name: %w", err)
	}
	if n := len(m[vaultSigner]); n > share.MaxParticipants {
		return nil, fmt.Errorf("%d devices; the limit is %d", n, share.MaxParticipants)
	}
	for _, f := range m[vaultSigner] {
		name, err := shortText(f.text)
		if err != nil {
			return nil, fmt.Errorf("a device's name: %w", err)
		}
		v.signers = append(v.signers, name)
	}
	if text := m.text(vaultChainCode); len(text) > 0 {
		b, err := hex.DecodeString(string(text))
		if err != nil || len(b) != derive.ChainCodeSize {
			return nil, fmt.Errorf("the chain code is not %d bytes in hex", derive.ChainCodeSize)
		}
		v.chainCode = (*[derive.ChainCodeSize]byte)(b)
	}
	return v.shares(r, m)
}

func shortText(b []byte) (string, error) {
	if len(b) > maxText || !utf8.Valid(b) {
		return "", fmt.Errorf("it is no UTF-8 of at most %d bytes", maxText)
	}
	return string(b), nil
}

// shares reads those of the two public keys. One that cannot be read does not keep the
// other from being used.
func (v *vult) shares(r *Reader, m message) ([]*share.Sealed, error) {
	texts := map[string][]byte{} // the shares by their public keys
	for _, f := range m[vaultShare] {
		s, err := readMessage(f.text)
		if err != nil {
			return nil, fmt.Errorf("a key share: %w", err)
		}
		key := string(s.text(shareKey))
		if texts[key] != nil {
			return nil, errors.New("two key shares are of one public key")
		}
		texts[key] = s.text(shareText)
	}
	var list []*share.Sealed
	for _, k := range []struct {
		field uint64
		curve curve.Curve
	}{{vaultECDSA, curve.Secp256k1}, {vaultEdDSA, curve.Ed25519}} {
		text := string(m.text(k.field))
		if text == "" {
			continue
		}
		s := &share.Sealed{Version: 1, Curve: k.curve, Lock: &share.Clear{Digits: secret.New(0)}}
		list = append(list, s)
		key, err := parsePoint(k.curve, text)
		if err != nil {
			s.Malformed(fmt.Sprintf("the public key on %v", k.curve), err)
		} else if err := v.read(r, s, key, texts[text]); err != nil {
			s.Wipe()
			s.Group, s.Roster = nil, nil
			s.Malformed(fmt.Sprintf("the key share on %v", k.curve), err)
		}
		delete(texts, text)
	}
	switch {
	case len(list) == 0:
		return nil, errors.New("the vault has no public key")
	case len(texts) > 0:
		for _, s := range list {
			s.Wipe()
		}
		return nil, errors.New("a key share is of neither of the vault's public keys")
	}
	return list, nil
}

// read fills a share from its text, by the library and the curve.
func (v *vult) read(r *Reader, s *share.Sealed, root *curve.Point, text []byte) error {
	switch {
	case len(text) == 0:
		return errors.New("it is missing")
	case !v.dkls:
		return v.readGG20(r, s, root, text)
	}
	b, err := unbase64(text)
	if err != nil {
		return ErrCiphertext
	}
	defer secret.Wipe(b)
	read := v.readDKLS
	if s.Curve == curve.Ed25519 {
		read = v.readSchnorr
	}
	g, index, x, err := read(b)
	if err != nil {
		return err
	}
	g.ID, g.Curve, g.Scheme = v.name, s.Curve, share.Shamir
	if !g.RootKey.Equal(root) {
		return fmt.Errorf("%w: its public key is not the vault's", share.ErrInconsistent)
	}
	if index >= len(g.Participants) {
		return fmt.Errorf("%w: it is number %d of %d", share.ErrInconsistent, index+1, len(g.Participants))
	}
	v.nameAll(g, index)
	own := &g.Participants[index]
	s.Group, s.Roster = g, g.Participants
	s.NodeID, s.ShareID, s.PublicKey = own.NodeID, &own.ShareID, own.PublicKey
	s.Lock = &share.Clear{Digits: secret.Copy(x), Raw: true}
	s.CheckOwn(g.Check())
	return nil
}

// nameAll names the holders of a group, which the share itself has by number only, like
// the devices, if the numbers go by their order.
func (v *vult) nameAll(g *share.Group, index int) {
	ordered := len(v.signers) == len(g.Participants) && v.signers[index] == v.party
	for i := range g.Participants {
		g.Participants[i].NodeID = "party-" + strconv.Itoa(i+1)
		if ordered {
			g.Participants[i].NodeID = v.signers[i]
		}
	}
}

// readGG20 reads tss-lib's save data. Share IDs there are the devices' names as
// numbers.
func (v *vult) readGG20(r *Reader, s *share.Sealed, root *curve.Point, text []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return ErrCiphertext
	}
	var local struct {
		ECDSA json.RawMessage `json:"ecdsa_local_data"`
		EdDSA json.RawMessage `json:"eddsa_local_data"`
	}
	defer func() { secret.Wipe(local.ECDSA); secret.Wipe(local.EdDSA) }()
	if err := strict.Unmarshal(text, &local); err != nil {
		return err
	}
	raw := local.ECDSA
	if s.Curve == curve.Ed25519 {
		raw = local.EdDSA
	}
	var d saveData
	if err := strict.Unmarshal(raw, &d); err != nil {
		return err
	}
	s.Lock = &share.Clear{Digits: digits(d.Xi)}
	key := root
	return r.fill(s, &d, []any{v.name, v.signers, v.chainCode, s.Curve, root.Bytes()}, func(g *share.Group) error {
		if !g.RootKey.Equal(key) {
			return fmt.Errorf("%w: its public key is not the vault's", share.ErrInconsistent)
		}
		g.ID, g.ChainCode, g.Tree, g.Lack = v.name, v.chainCode, nil, share.NotStored
		if g.Curve == curve.Ed25519 {
			g.ChainCode, g.Lack = nil, share.NoneBelow
		}
		for i := range g.Participants {
			if name := idText(g.Participants[i].ShareID); slices.Contains(v.signers, name) {
				g.Participants[i].NodeID = name
			}
		}
		return nil
	})
}

// idText returns a share ID as the text that it is made of.
func idText(id share.ID) string {
	n, ok := new(big.Int).SetString(id.Text, 10)
	if !ok {
		panic("unreachable: NewID reads decimal numbers only")
	}
	return string(n.Bytes())
}

var dklsMagic = []byte{0, 0, 0, 1}

const (
	dklsHead  = 172 // bytes before the holders
	dklsEntry = 98  // of one holder: rank, public key, share ID, and 32 more
)

// readDKLS reads a key share of the DKLS library. x lies in b.
func (v *vult) readDKLS(b []byte) (g *share.Group, index int, x []byte, err error) {
	if len(b) < dklsHead || !bytes.HasPrefix(b, dklsMagic) || len(b) < dklsHead+int(b[8])*dklsEntry {
		return nil, 0, nil, ErrCiphertext
	}
	c := curve.Secp256k1
	g = &share.Group{Threshold: int(b[9]), ChainCode: (*[derive.ChainCodeSize]byte)(slices.Clone(b[43:75]))}
	if v.chainCode != nil && *v.chainCode != *g.ChainCode {
		return nil, 0, nil, fmt.Errorf("%w: its chain code is not the vault's", share.ErrInconsistent)
	}
	if g.RootKey, err = c.ParsePoint(b[75:108]); err != nil {
		return nil, 0, nil, fmt.Errorf("its public key: %w", err)
	}
	for i := range int(b[8]) {
		entry := b[dklsHead+i*dklsEntry:]
		if entry[0] != 0 {
			return nil, 0, nil, fmt.Errorf("holder %d has rank %d: shares with ranks are not read", i+1, entry[0])
		}
		p := share.Participant{}
		if p.PublicKey, err = c.ParsePoint(entry[1:34]); err != nil {
			return nil, 0, nil, fmt.Errorf("the public key of holder %d: %w", i+1, err)
		}
		if p.ShareID, err = share.NewID(c, new(big.Int).SetBytes(entry[34:66]).String()); err != nil {
			return nil, 0, nil, fmt.Errorf("holder %d: %w", i+1, err)
		}
		g.Participants = append(g.Participants, p)
	}
	return g, int(b[10]), b[140:172], nil
}

// schnorrSize is that of a key share of the Schnorr library, in bytes.
const schnorrSize = 132

// readSchnorr reads one, which has no share public keys. Share IDs are 1, 2 and so on.
// x lies in b.
func (v *vult) readSchnorr(b []byte) (g *share.Group, index int, x []byte, err error) {
	if len(b) != schnorrSize || b[99] != 0 {
		return nil, 0, nil, ErrCiphertext
	}
	c := curve.Ed25519
	g = &share.Group{Threshold: int(b[0]), Lack: share.NoneBelow}
	if g.RootKey, err = c.ParsePoint(b[35:67]); err != nil {
		return nil, 0, nil, fmt.Errorf("its public key: %w", err)
	}
	for i := range int(b[1]) {
		id, err := share.NewID(c, strconv.Itoa(i+1))
		if err != nil {
			return nil, 0, nil, err
		}
		g.Participants = append(g.Participants, share.Participant{ShareID: id})
	}
	x = b[3:35]
	slices.Reverse(x)
	return g, int(b[2]), x, nil
}
