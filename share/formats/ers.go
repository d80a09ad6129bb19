package formats

import (
	"cmp"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

const recoveryKitName = "recovery-kit"

// recoveryKit is the recovery data of Vaultody and CryptoAPIs (docs/formats): all parts of
// one key, encrypted to one RSA key.
var recoveryKit = form{
	name:  recoveryKitName,
	what:  "Vaultody's or CryptoAPIs' recovery data (ERS): JSON with key_parts and sharing_type",
	parts: allInOne,
	page:  "ers",
	marks: []string{`"key_parts"`, `"master_chain_code_key"`},
	is:    func(d *document) bool { return bool(d.keys.KeyParts) },
	read:  readKit,
	needs: []share.Need{share.RSAKey, share.RSAPassphrase},
}

type recoveryKitKeys struct {
	KeyParts present `json:"key_parts"`
}

type (
	kitJSON struct {
		PublicKey    string    `json:"public_key"`
		Version      any       `json:"version"`
		SharingType  string    `json:"sharing_type"`
		Parts        []kitPart `json:"key_parts"`
		ChainCode    string    `json:"master_chain_code"`
		ChainCodeKey string    `json:"master_chain_code_key"`
	}
	kitPart struct {
		Commitment string            `json:"commitment"`
		Values     map[string]string `json:"values"`
		Encrypted  map[string]string `json:"encrypted_values"`
	}
)

// Bounds of a kit. Those that were seen have two parts, with 40 values of each kind.
const (
	maxKitParts  = 64
	maxKitValues = 256
	maxKitIndex  = 1 << 16
)

func readKit(r *Reader, d *document) ([]*share.Sealed, error) {
	var doc kitJSON
	if err := strict.Unmarshal(d.data, &doc); err != nil {
		return nil, err
	}
	if v := fmt.Sprint(cmp.Or(doc.Version, any("3"))); v != "1" && v != "2" && v != "3" {
		return nil, fmt.Errorf("version %.20q; those of 1 to 3 are known", v)
	}
	// Opening a kit gives its group the chain code, which may be another in another kit.
	facts := []any{recoveryKitName, doc.PublicKey, doc.SharingType, doc.ChainCode, doc.ChainCodeKey}
	for _, p := range doc.Parts {
		facts = append(facts, p.Commitment)
	}
	known, err := r.once(facts, func() *public {
		g, err := doc.group(r.Pin)
		if err != nil {
			return &public{problems: []error{err}}
		}
		return &public{group: g}
	})
	if err != nil {
		return nil, err
	}
	if len(known.problems) > 0 {
		return nil, known.problems[0]
	}
	g := known.group
	code, codeKey := doc.chainCode()
	var list []*share.Sealed
	for i := range doc.Parts {
		own := &g.Participants[i]
		lock := &share.Escrow{}
		if g.Lack == share.NotOpened {
			lock.ChainCode, lock.ChainCodeKey = code, codeKey
		}
		s := &share.Sealed{Version: 1, Curve: g.Curve, Group: g, Roster: g.Participants, NodeID: own.NodeID, ShareID: &own.ShareID, PublicKey: own.PublicKey, Lock: lock}
		if err := doc.Parts[i].fill(lock); err != nil {
			s.Malformed(fmt.Sprintf("key_parts[%d]", i), err)
		}
		s.CheckOwn(known.err)
		list = append(list, s)
	}
	return list, nil
}

// chainCode returns the encrypted chain code and its key, if the kit has them.
func (d *kitJSON) chainCode() (code, key []byte) {
	code, codeErr := decodeBits(d.ChainCode)
	key, keyErr := decodeBits(d.ChainCodeKey)
	if codeErr != nil || keyErr != nil || len(key) == 0 {
		return nil, nil
	}
	return code, key
}

// fill reads the values of a part.
func (p *kitPart) fill(l *share.Escrow) (err error) {
	if l.Open, err = kitValues(p.Values, 1, curve.ScalarSize); err != nil {
		return fmt.Errorf("values: %w", err)
	}
	if l.Encrypted, err = kitValues(p.Encrypted, 128, 1024); err != nil { // RSA of 1024 to 8192 bits
		return fmt.Errorf("encrypted_values: %w", err)
	}
	for _, v := range l.Encrypted {
		if slices.ContainsFunc(l.Open, func(o share.EscrowValue) bool { return o.X == v.X }) {
			return fmt.Errorf("%w: value %d is open, and encrypted as well", share.ErrInconsistent, v.X)
		}
	}
	return nil
}

// kitValues reads values by their index, in the order of the indexes.
func kitValues(list map[string]string, least, most int) ([]share.EscrowValue, error) {
	if len(list) == 0 || len(list) > maxKitValues {
		return nil, fmt.Errorf("%d of them; 1 to %d are supported", len(list), maxKitValues)
	}
	var values []share.EscrowValue
	for _, index := range slices.Sorted(maps.Keys(list)) {
		x, err := strconv.ParseUint(index, 10, 64)
		if err != nil || x == 0 || x > maxKitIndex || strconv.FormatUint(x, 10) != index {
			return nil, fmt.Errorf("an index that is no number from 1 to %d", maxKitIndex)
		}
		data, err := decodeBits(list[index])
		if err != nil || len(data) < least || len(data) > most {
			return nil, fmt.Errorf("value %d is not %d to %d bytes in base64", x, least, most)
		}
		values = append(values, share.EscrowValue{X: x, Data: data})
	}
	slices.SortFunc(values, func(a, b share.EscrowValue) int { return cmp.Compare(a.X, b.X) })
	return values, nil
}

// group reads what is public of all parts.
func (d *kitJSON) group(pin share.Pin) (*share.Group, error) {
	root, err := kitKey(d.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("public_key: %w", err)
	}
	scheme, ok := share.SchemeByName(strings.ToLower(d.SharingType))
	if !ok {
		return nil, fmt.Errorf("sharing_type %.40q is not known", d.SharingType)
	}
	n := len(d.Parts)
	if n < 2 || n > maxKitParts {
		return nil, fmt.Errorf("%d key_parts; 2 to %d are supported", n, maxKitParts)
	}
	g := &share.Group{Curve: root.Curve(), Scheme: scheme, Threshold: n, RootKey: root}
	if _, key := d.chainCode(); root.Curve() == curve.Ed25519 {
		g.Lack = share.NotUsed // how keys of theirs descend on ed25519 is not known
	} else if key != nil {
		g.Lack = share.NotOpened
	}
	for i, p := range d.Parts {
		number := strconv.Itoa(i + 1)
		id, err := share.NewID(g.Curve, number)
		if err != nil {
			return nil, err
		}
		holder := share.Participant{NodeID: "part-" + number, ShareID: id}
		if p.Commitment != "" {
			raw, err := decodePieces(p.Commitment)
			if err != nil {
				return nil, fmt.Errorf("key_parts[%d].commitment: it is not base64", i)
			}
			if holder.PublicKey, err = g.Curve.ParsePoint(raw); err != nil {
				return nil, fmt.Errorf("key_parts[%d].commitment: %w", i, err)
			}
		}
		g.Participants = append(g.Participants, holder)
	}
	if pin.Threshold > 0 {
		g.Threshold = pin.Threshold
	} else if !scheme.All() && g.KeysKnown() {
		if g.Threshold, err = g.FitThreshold(); err != nil {
			return nil, err
		}
	}
	pin.Complete(g)
	g.ID = "ers-" + g.Epoch()
	return g, nil
}

// The algorithms of public keys in a SubjectPublicKeyInfo (RFC 5480, RFC 8410).
var (
	oidEC        = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidSecp256k1 = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
	oidEd25519   = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// kitKey reads a SubjectPublicKeyInfo in base64. crypto/x509 does not know secp256k1.
func kitKey(text string) (*curve.Point, error) {
	der, err := decodePieces(text)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	var info struct {
		Algorithm struct {
			Algorithm asn1.ObjectIdentifier
			Curve     asn1.ObjectIdentifier `asn1:"optional"`
		}
		Key asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return nil, errors.New("it is not a SubjectPublicKeyInfo")
	}
	switch a := info.Algorithm; {
	case a.Algorithm.Equal(oidEC) && a.Curve.Equal(oidSecp256k1):
		return curve.Secp256k1.ParsePoint(info.Key.Bytes)
	case a.Algorithm.Equal(oidEd25519):
		return curve.Ed25519.ParsePoint(info.Key.Bytes)
	}
	return nil, errors.New("it is on neither secp256k1 nor ed25519")
}

// decodePieces decodes base64 that was written in several pieces, one after the other,
// each with its padding.
func decodePieces(text string) ([]byte, error) {
	var all []byte
	for text = strings.Map(visible, text); text != ""; {
		end := strings.IndexByte(text, '=')
		if end < 0 {
			end = len(text)
		}
		piece, err := base64.RawStdEncoding.DecodeString(text[:end])
		if err != nil {
			return nil, err
		}
		all, text = append(all, piece...), strings.TrimLeft(text[end:], "=")
	}
	return all, nil
}
