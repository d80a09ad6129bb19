package formats

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lifeboat/derive"
	"lifeboat/internal/archive"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// fireblocks is a workspace backup of Fireblocks (docs/formats/fireblocks.md): a zip with
// metadata.json and all parts of all keys. The parts of the cloud are encrypted to the
// workspace's RSA key, that of the mobile device under its passphrase.
var fireblocks = form{
	name:  "fireblocks",
	what:  "Fireblocks' workspace backup: a zip with metadata.json, and files called …_UUID and MOBILE…",
	parts: allInOne,
	page:  "fireblocks",
	marks: []string{"MOBILE_", metadataName},
	is:    func(d *document) bool { return d.backup() != nil },
	read:  readBackup,
	needs: []share.Need{share.RSAKey, share.RSAPassphrase, share.MobilePassphrase, share.MobileRSAKey, share.MobileRSAPassphrase},
}

const (
	metadataName   = "metadata.json"
	mobileName     = "MOBILE"
	passphraseName = "RSA_PASSPHRASE"

	mobileNode = "mobile"
	cloudNode  = "cloud-"
	cloudParts = 2 // of a key, in every backup that is known
)

// algorithm is what a key of a backup is for, and how its parts make it.
type algorithm struct {
	curve  curve.Curve
	scheme share.Scheme
}

var algorithms = map[string]algorithm{
	"MPC_ECDSA_SECP256K1":     {curve.Secp256k1, share.Shamir},
	"MPC_EDDSA_ED25519":       {curve.Ed25519, share.Shamir},
	"MPC_CMP_ECDSA_SECP256K1": {curve.Secp256k1, share.Additive},
	"MPC_CMP_EDDSA_ED25519":   {curve.Ed25519, share.Additive},
}

// usual is the algorithm of a backup from before there were several.
const usual = "MPC_ECDSA_SECP256K1"

// fpub is the tree of the vendor's keys on ed25519.
var fpub, _ = derive.TreeByName("fpub")

// backup is what a zip holds, by name.
type backup struct {
	files map[string][]byte
	twice string // a name that is there twice
	err   error  // why not all of it could be read
}

type metadataJSON struct {
	ChainCode string             `json:"chainCode"`
	Keys      map[string]keyJSON `json:"keys"`

	// Of a backup with one key only.
	KeyID     string `json:"keyId"`
	PublicKey string `json:"publicKey"`
}

type keyJSON struct {
	PublicKey  string          `json:"publicKey"`
	Algorithm  string          `json:"algo"`
	ChainCode  *string         `json:"chainCode"`
	Keyset     json.RawMessage `json:"keysetId"` // a number or a string
	MinAccount json.RawMessage `json:"minAccount"`
}

type mobileJSON struct {
	Key       string `json:"encryptedKey"`
	KeyID     string `json:"keyId"`
	DeviceID  string `json:"deviceId"`
	UserID    string `json:"userId"`
	Algorithm string `json:"encryptionAlgorithm"`
}

// backup unpacks a zip that has metadata.json, or returns nil. The other files of the
// backup lie beside it, in whatever folder that is.
func (d *document) backup() *backup {
	if d.unpacked || archive.Kind(d.data) != "zip" || !bytes.Contains(d.data, []byte(metadataName)) {
		return d.zip
	}
	d.unpacked = true
	b := &backup{files: map[string][]byte{}}
	folders := map[string]map[string][]byte{}
	limit := archive.NewLimit(share.MaxFileSize)
	b.err = archive.Walk(d.data, &limit, func(name string, data []byte) {
		folder, file := path.Split(strings.ReplaceAll(name, `\`, "/"))
		if folders[folder] == nil {
			folders[folder] = map[string][]byte{}
		}
		if _, dup := folders[folder][file]; dup {
			b.twice = file
		}
		folders[folder][file] = bytes.Clone(data)
	})
	found := 0
	for _, files := range folders {
		if looksLikeMetadata(files[metadataName]) {
			b.files = files
			found++
		}
	}
	if found > 1 {
		b.twice = metadataName
	}
	if found > 0 {
		d.zip = b
	}
	return d.zip
}

func looksLikeMetadata(data []byte) bool {
	return bytes.Contains(data, []byte(`"chainCode"`)) && (bytes.Contains(data, []byte(`"keys"`)) || bytes.Contains(data, []byte(`"keyId"`)))
}

// ErrUnzipped is returned for a file of a backup that does not lie in its zip, as some
// browsers leave it. It is an ErrUnknown: alone it holds no share.
var ErrUnzipped error = unzipped{}

type unzipped struct{}

func (unzipped) Error() string {
	return "it is one file of a Fireblocks workspace backup that was unzipped: " + UnzippedAdvice
}
func (unzipped) Is(target error) bool { return target == ErrUnknown }

// UnzippedAdvice says what makes a backup of such files.
const UnzippedAdvice = "put metadata.json and all files that lie beside it into one zip again, under the names that they have"

// cloudName is how the part of a player in the cloud is named.
var cloudName = regexp.MustCompile(`(^|[/\\ ])[0-9]{1,10}_[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// isUnzipped recognises JSON of a backup outside its zip.
func isUnzipped(data []byte) bool {
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { return !bytes.Contains(data, []byte(`"`+k+`"`)) })
	}
	isObject := bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) // and no tar of some
	return isObject && (looksLikeMetadata(data) && has("publicKey") || has("encryptedKey", "deviceId", "userId"))
}

// isCloudPart recognises a part of the cloud outside its zip. It is no text, and told by
// its name.
func isCloudPart(path string, data []byte) bool {
	return cloudName.MatchString(path) && len(data) >= leastOAEP && len(data) <= mostOAEP && !utf8.Valid(data)
}

func readBackup(_ *Reader, d *document) ([]*share.Sealed, error) {
	b := d.zip
	switch {
	case b.twice != "":
		return nil, fmt.Errorf("%w: it holds two files %q", share.ErrInconsistent, archive.Short(b.twice))
	case b.err != nil:
		return nil, fmt.Errorf("not all of it can be read: %w", b.err)
	}
	var m metadataJSON
	text, isNew := strict.Text(b.files[metadataName])
	if isNew {
		defer secret.Wipe(text)
	}
	if err := strict.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", metadataName, err)
	}
	if m.Keys == nil {
		m.Keys = map[string]keyJSON{m.KeyID: {PublicKey: m.PublicKey, Algorithm: usual}}
	}
	if len(m.Keys) == 0 {
		return nil, fmt.Errorf("%s lists no key", metadataName)
	}
	if len(m.Keys) > share.MaxGroups {
		return nil, fmt.Errorf("%s lists %d keys; the limit is %d", metadataName, len(m.Keys), share.MaxGroups)
	}
	parts, notes := b.parts(&m)
	var shares []*share.Sealed
	failed := errors.New("none of its keys is of an algorithm that is read")
	for _, id := range slices.Sorted(maps.Keys(m.Keys)) {
		key := m.Keys[id]
		a, ok := algorithms[key.Algorithm]
		if !ok {
			notes = append(notes, fmt.Sprintf("key %.40q is of algorithm %.40q, which is not read", id, key.Algorithm))
			continue
		}
		if n := len(parts[id]); n < 2 || n > share.MaxParticipants {
			failed = fmt.Errorf("key %.40q has %d parts in the zip; 2 to %d are supported", id, n, share.MaxParticipants)
			notes = append(notes, failed.Error())
			continue
		}
		if key.ChainCode == nil {
			key.ChainCode = &m.ChainCode
		}
		if len(key.Keyset) > 0 {
			notes = append(notes, key.keyset(id))
		}
		list := readKey(id, &key, a, parts[id])
		if g := list[0].Group; g != nil {
			g.Absent = lacking(parts, id)
		}
		shares = append(shares, list...)
	}
	if len(shares) == 0 {
		return nil, failed
	}
	shares[0].Notes = notes
	return shares, nil
}

// keyset says for which accounts a key is: of several keysets, the one with the highest
// least account that is not above the account.
func (k *keyJSON) keyset(id string) string {
	text := fmt.Sprintf("key %.40q is of keyset %.20s", id, bytes.Trim(k.Keyset, `"`))
	if len(k.MinAccount) > 0 {
		text += fmt.Sprintf(", which is for accounts from %.20s on", bytes.Trim(k.MinAccount, `"`))
	}
	return text
}

// part is one of the parts of a key.
type part struct {
	node string
	data []byte // of the cloud: RSA-OAEP; of the mobile device: JSON
	x    uint32 // of the cloud: the number in the name of the file

	mobile     bool
	passphrase []byte // of the mobile device: RSA-OAEP of it, if the backup has that
}

// parts sorts the files by key, in the order of their names.
func (b *backup) parts(m *metadataJSON) (by map[string][]part, notes []string) {
	by = map[string][]part{}
	foreign := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		number, id, _ := strings.Cut(name, "_")
		if id == "" {
			id = m.KeyID
		}
		p := part{data: b.files[name], mobile: number == mobileName}
		x, err := strconv.ParseUint(number, 10, 32)
		switch {
		case name == metadataName, name == passphraseName:
			continue
		case p.mobile:
			p.node, p.passphrase = mobileNode, b.files[passphraseName]
		case err == nil && strconv.FormatUint(x, 10) == number:
			p.node, p.x = cloudNode+number, uint32(x)
		default:
			notes = append(notes, fmt.Sprintf("file %q in it is no part of a key", archive.Short(name)))
			continue
		}
		if _, known := m.Keys[id]; !known {
			foreign[id] = true
			continue
		}
		by[id] = append(by[id], p)
	}
	for _, id := range slices.Sorted(maps.Keys(foreign)) {
		notes = append(notes, fmt.Sprintf("it has parts of key %q, which %s does not list: a master key of another product", archive.Short(id), metadataName))
	}
	return by, notes
}

// lacking names the parts of a key that are not in the zip. metadata.json does not list
// them, but each known backup has one of the mobile device, and two of the same players
// in the cloud for every key.
func lacking(parts map[string][]part, id string) (nodes []string) {
	has := func(id, node string) bool {
		return slices.ContainsFunc(parts[id], func(p part) bool { return p.node == node })
	}
	var others []string // parts of the cloud that other keys have
	for other := range parts {
		for _, p := range parts[other] {
			if !p.mobile && !has(id, p.node) && !slices.Contains(others, p.node) {
				others = append(others, p.node)
			}
		}
	}
	clouds := len(parts[id])
	if has(id, mobileNode) {
		clouds--
	}
	switch {
	case clouds >= cloudParts:
	case len(others) == 1:
		nodes = others
	default:
		nodes = append(nodes, cloudNode+"?")
	}
	if !has(id, mobileNode) {
		nodes = append(nodes, mobileNode)
	}
	return nodes
}

// readKey reads the parts of one key.
func readKey(id string, key *keyJSON, a algorithm, parts []part) []*share.Sealed {
	facts := &share.Sealed{Curve: a.curve} // for its problems
	g := &share.Group{ID: text(facts, metadataName+": the ID of a key", id), Curve: a.curve, Scheme: a.scheme, Threshold: len(parts)}
	if a.curve == curve.Ed25519 {
		g.Tree = fpub
	}
	uuid, err := parseUUID(id)
	if err != nil {
		facts.Malformed(metadataName+": the ID of a key", err)
	}
	if g.RootKey, err = parsePoint(a.curve, key.PublicKey); err != nil {
		facts.Malformed(metadataName+": publicKey", err)
	}
	code, err := parseHex(*key.ChainCode)
	if err == nil && len(code) != derive.ChainCodeSize {
		err = fmt.Errorf("it has %d bytes, not %d", len(code), derive.ChainCodeSize)
	}
	if err != nil {
		facts.Malformed(metadataName+": chainCode", err)
	} else {
		g.ChainCode = (*[derive.ChainCodeSize]byte)(code)
	}
	var shares []*share.Sealed
	for _, p := range parts {
		s := &share.Sealed{Version: 1, Curve: a.curve, NodeID: p.node, Problems: slices.Clone(facts.Problems)}
		x := uint64(p.x)<<32 | uint64(binary.LittleEndian.Uint32(uuid[:]))
		if p.mobile {
			x = readMobile(s, &p, id)
		} else {
			s.Lock = oaep(s, "SHA-1", p.data, false)
		}
		if number, err := share.NewID(a.curve, strconv.FormatUint(x, 10)); err != nil {
			s.Malformed("part "+p.node, err)
		} else {
			s.ShareID = &number
			g.Participants = append(g.Participants, share.Participant{NodeID: p.node, ShareID: number})
		}
		shares = append(shares, s)
	}
	if len(facts.Problems) > 0 || len(g.Participants) < len(parts) {
		for _, s := range shares {
			s.Roster = g.Participants
			if s.Err() == nil {
				s.Malformed("another part of the key", errors.New("it cannot be read, and all of them are needed"))
			}
		}
		return shares
	}
	checked := g.Check()
	for _, s := range shares {
		s.Group, s.Roster = g, g.Participants
		s.CheckOwn(checked)
	}
	return shares
}

// Limits of a modulus, in bytes.
const leastOAEP, mostOAEP = 128, 2048

// oaep is the lock of a part that is encrypted to an RSA key.
func oaep(s *share.Sealed, hash string, ciphertext []byte, mobile bool) share.Lock {
	if n := len(ciphertext); n < leastOAEP || n > mostOAEP {
		s.Malformed("part "+s.NodeID, fmt.Errorf("it has %d bytes, which no RSA key gives", n))
	}
	return &share.RSA{Hash: hash, Ciphertext: ciphertext, Mobile: mobile}
}

// readMobile reads the part of a mobile device, and returns where it lies on the
// polynomial.
func readMobile(s *share.Sealed, p *part, id string) (x uint64) {
	lock := &share.CBC{Passphrase: p.passphrase}
	s.Lock = lock
	var j mobileJSON
	data, isNew := strict.Text(p.data)
	if isNew {
		defer secret.Wipe(data)
	}
	if err := strict.Unmarshal(data, &j); err != nil {
		s.Malformed("part "+p.node, err)
		return 0
	}
	if j.KeyID != "" && j.KeyID != id {
		s.Problems = append(s.Problems, fmt.Errorf("%w: the part of the mobile device says that it is of key %.40q, and its name that it is of %.40q", share.ErrInconsistent, j.KeyID, id))
	}
	device, err := parseUUID(j.DeviceID)
	if err != nil {
		s.Malformed("part "+p.node+": deviceId", err)
	}
	lock.Salt = []byte(text(s, "part "+p.node+": userId", j.UserID))
	lock.Ciphertext, err = parseHex(j.Key)
	const block = 16
	switch n := len(lock.Ciphertext); {
	case err != nil:
		s.Malformed("part "+p.node+": encryptedKey", err)
	case strings.HasPrefix(strings.ToUpper(j.Algorithm), "RSA"):
		s.Lock = oaep(s, "SHA-256", lock.Ciphertext, true)
	case n == 0 || n%block != 0:
		s.Malformed("part "+p.node+": encryptedKey", fmt.Errorf("it has %d bytes, and blocks of the cipher have %d", n, block))
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, device[:6]...))
}

func parseUUID(s string) (id [16]byte, err error) {
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != hex.EncodedLen(len(id)) {
		return id, errors.New("it is no UUID")
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return id, errors.New("it is no UUID")
	}
	return id, nil
}
