package share

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
)

// ErrUnknown is returned, wrapped with ErrFormat, for a JSON document that is no
// share file at all.
var ErrUnknown = errors.New("neither a recovery group file nor tss-lib save data")

// Bounds of a share's ciphertext, in bytes: a nonce of 12, a tag of 16, and at
// least one byte between them.
const (
	minCiphertext = 12 + 16 + 1
	maxCiphertext = 4096
	maxText       = 256 // of IDs and names
)

// The JSON of the vendor's files. Pointers tell a missing field from an empty one.
type (
	groupJSON struct {
		Version   *int           `json:"version"`
		GroupInfo *groupInfoJSON `json:"group_info"`
		ShareInfo *shareInfoJSON `json:"share_info"`
	}
	groupInfoJSON struct {
		ID           string            `json:"id"`
		CreatedTime  any               `json:"created_time"`
		Type         int               `json:"type"`
		Root         string            `json:"root_extended_public_key"`
		ChainCode    string            `json:"chaincode"`
		Curve        string            `json:"curve"`
		Threshold    int               `json:"threshold"`
		Participants []participantJSON `json:"participants"`
	}
	participantJSON struct {
		NodeID         string `json:"node_id"`
		ShareID        string `json:"share_id"`
		SharePublicKey string `json:"share_public_key"`
	}
	shareInfoJSON struct {
		participantJSON
		EncryptedShare string  `json:"encrypted_share"`
		KDF            kdfJSON `json:"kdf"`
	}
	kdfJSON struct {
		Length     int    `json:"length"`
		Iterations int64  `json:"iterations"`
		Salt       string `json:"salt"`
		HashType   int    `json:"hash_type"`
	}
)

// Parse reads a share file: the vendor's recovery group file in any of its three
// wrappings (one group, a list of groups, or an object with such a list), or
// tss-lib save data. path is for messages only.
//
// An error wraps ErrFormat and means that the file as a whole cannot be read.
// What is wrong with single fields is in each share's Problems. pin is for
// formats that do not store everything.
func Parse(path string, data []byte, pin Pin) ([]*Sealed, error) {
	shares, err := parse(path, data, pin)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return shares, nil
}

func parse(path string, data []byte, pin Pin) ([]*Sealed, error) {
	var groups []groupJSON
	if list := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n"); len(list) > 0 && list[0] == '[' {
		if err := strict.Unmarshal(data, &groups); err != nil {
			return nil, err
		}
	} else {
		var top struct {
			Groups    *[]groupJSON    `json:"recovery_groups"`
			GroupInfo json.RawMessage `json:"group_info"`
			ShareInfo json.RawMessage `json:"share_info"`
			Xi        json.RawMessage `json:"Xi"`
			Ks        json.RawMessage `json:"Ks"`
		}
		if err := strict.Unmarshal(data, &top); err != nil {
			return nil, err
		}
		defer clear(top.Xi)
		switch {
		case top.Xi != nil && top.Ks != nil:
			s, err := parseTSSLib(path, data, pin)
			return []*Sealed{s}, err
		case top.Groups != nil:
			groups = *top.Groups
		case top.GroupInfo != nil || top.ShareInfo != nil:
			groups = make([]groupJSON, 1)
			if err := strict.Unmarshal(data, &groups[0]); err != nil {
				return nil, err
			}
		default:
			return nil, ErrUnknown
		}
	}
	if len(groups) == 0 {
		return nil, errors.New("it holds no recovery group")
	}
	if len(groups) > MaxGroups {
		return nil, fmt.Errorf("it holds %d groups; the limit is %d", len(groups), MaxGroups)
	}
	total := 0
	for _, g := range groups {
		if g.GroupInfo != nil {
			total += len(g.GroupInfo.Participants)
		}
	}
	if total > MaxEntries {
		return nil, fmt.Errorf("its groups list %d participants together; the limit is %d", total, MaxEntries)
	}
	var shares []*Sealed
	for i := range groups {
		s := &Sealed{Path: path, Kind: RecoveryGroup, Version: 1}
		if err := s.fill(&groups[i]); err != nil {
			if len(groups) > 1 {
				err = fmt.Errorf("group %d of %d: %w", i+1, len(groups), err)
			}
			return nil, err
		}
		shares = append(shares, s)
	}
	return shares, nil
}

// fill reads what it can and notes what it cannot.
func (s *Sealed) fill(g *groupJSON) error {
	switch {
	case g.GroupInfo == nil && g.ShareInfo == nil:
		return ErrUnknown
	case g.GroupInfo == nil:
		return errors.New("group_info is missing")
	case g.ShareInfo == nil:
		return errors.New("share_info is missing")
	}
	if g.Version != nil {
		if s.Version = *g.Version; s.Version < 1 {
			s.malformed("version", fmt.Errorf("%d; 1 is the lowest", s.Version))
		}
	}
	lock := &PBKDF2{Raw: s.Version < 2}
	s.Lock = lock
	info := g.GroupInfo
	var ok bool
	if s.Curve, ok = curve.ByName(info.Curve); !ok {
		s.malformed("group_info.curve", fmt.Errorf("%s is neither secp256k1 nor ed25519", quoted(info.Curve)))
		if info.Type != int(curve.Secp256k1) && info.Type != int(curve.Ed25519) {
			return nil // nothing else can be read
		}
		s.Curve = curve.Curve(info.Type)
	} else if info.Type != int(s.Curve) {
		s.malformed("group_info.type", fmt.Errorf("%d does not belong to curve %v", info.Type, s.Curve))
	}
	s.fillShare(g.ShareInfo, lock)
	s.fillGroup(info)
	s.checkOwn()
	return nil
}

func (s *Sealed) fillShare(j *shareInfoJSON, lock *PBKDF2) {
	s.NodeID = s.text("share_info.node_id", j.NodeID)
	if id, err := NewID(s.Curve, j.ShareID); err != nil {
		s.malformed("share_info.share_id", err)
	} else {
		s.ShareID = &id
	}
	var err error
	if s.PublicKey, err = parsePoint(s.Curve, j.SharePublicKey); err != nil {
		s.malformed("share_info.share_public_key", err)
	}
	lock.HashType, lock.Iterations, lock.Length = j.KDF.HashType, j.KDF.Iterations, j.KDF.Length
	if lock.Salt, err = parseHex(j.KDF.Salt); err != nil {
		s.malformed("share_info.kdf.salt", err)
	}
	if err := lock.Check(); err != nil {
		s.malformed("share_info.kdf", err)
	}
	if len(j.EncryptedShare) > 2*maxCiphertext {
		s.malformed("share_info.encrypted_share", errors.New("it is too long for a share"))
		return
	}
	lock.Ciphertext, err = base64.StdEncoding.DecodeString(j.EncryptedShare)
	switch {
	case err != nil:
		s.malformed("share_info.encrypted_share", errors.New("it is not base64"))
	case len(lock.Ciphertext) < minCiphertext || len(lock.Ciphertext) > maxCiphertext:
		s.malformed("share_info.encrypted_share", fmt.Errorf("it decodes to %d bytes; a nonce, a share and a tag have %d to %d", len(lock.Ciphertext), minCiphertext, maxCiphertext))
	}
}

func (s *Sealed) fillGroup(j *groupInfoJSON) {
	before := len(s.Problems)
	g := &Group{
		ID:          s.text("group_info.id", j.ID),
		CreatedTime: createdTime(j.CreatedTime),
		Curve:       s.Curve,
		Threshold:   j.Threshold,
	}
	if len(j.Participants) > MaxParticipants {
		s.malformed("group_info.participants", fmt.Errorf("%d of them; the limit is %d", len(j.Participants), MaxParticipants))
		j.Participants = nil
	}
	for i, p := range j.Participants {
		field := fmt.Sprintf("group_info.participants[%d].", i)
		node := s.text(field+"node_id", p.NodeID)
		id, err := NewID(s.Curve, p.ShareID)
		if err != nil {
			s.malformed(field+"share_id", err)
		}
		key, keyErr := parsePoint(s.Curve, p.SharePublicKey)
		if keyErr != nil {
			s.malformed(field+"share_public_key", keyErr)
		}
		if err == nil && keyErr == nil {
			s.Roster = append(s.Roster, Participant{node, id, key})
		}
	}
	g.Participants = s.Roster
	root, err := derive.Parse(j.Root)
	switch {
	case err != nil:
		s.malformed("group_info.root_extended_public_key", err)
	case root.Curve() != s.Curve:
		s.malformed("group_info.root_extended_public_key", fmt.Errorf("a key of %v in a group of %v", root.Curve(), s.Curve))
	case !root.IsRoot():
		s.malformed("group_info.root_extended_public_key", fmt.Errorf("depth %d; a root key has depth 0", root.Depth()))
	}
	code, err := parseHex(j.ChainCode)
	if err == nil && len(code) != derive.ChainCodeSize {
		err = fmt.Errorf("it has %d bytes, not %d", len(code), derive.ChainCodeSize)
	}
	if err != nil {
		s.malformed("group_info.chaincode", err)
	}
	if len(s.Problems) > before {
		return
	}
	cc := root.ChainCode()
	g.RootKey, g.ChainCode = root.Point(), &cc
	s.Group = g
	if !bytes.Equal(code, cc[:]) {
		s.Problems = append(s.Problems, fmt.Errorf("%w: chaincode is not the chain code of root_extended_public_key", ErrInconsistent))
	}
}

func (s *Sealed) text(field, value string) string {
	switch {
	case value == "":
		s.malformed(field, errors.New("it is missing or empty"))
	case len(value) > maxText:
		s.malformed(field, fmt.Errorf("longer than %d bytes", maxText))
		return ""
	}
	return value
}

// createdTime takes what exports have: a string, or a number of seconds.
func createdTime(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v[:min(len(v), maxText)]
	default:
		s := fmt.Sprint(v)
		return s[:min(len(s), maxText)]
	}
}

// parseHex reads hexadecimal with or without 0x, in any case.
func parseHex(s string) ([]byte, error) {
	if len(s) > 4*maxSalt {
		return nil, errors.New("it is too long")
	}
	b, err := hex.DecodeString(strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X"))
	if err != nil {
		return nil, errors.New("it is not hexadecimal")
	}
	return b, nil
}

// FormatKey writes a share public key as files have it: 0x and hex of 33 bytes,
// in lower case.
func FormatKey(p *curve.Point) string { return "0x" + hex.EncodeToString(p.Bytes()) }

func parsePoint(c curve.Curve, s string) (*curve.Point, error) {
	b, err := parseHex(s)
	if err != nil {
		return nil, err
	}
	return c.ParsePoint(b)
}

// quoted shows at most 40 bytes of text from a file.
func quoted(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q…", s[:40])
	}
	return fmt.Sprintf("%q", s)
}
