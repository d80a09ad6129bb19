package formats

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// recoveryGroup is the vendor's export (docs/formats), in any of its three
// wrappings: one group, a list of groups, or an object with such a list.
var recoveryGroup = form{
	name:  "recovery-group",
	what:  "Cobo's recovery-secrets….json, of a node or a phone: one holder's shares",
	parts: "as many as it says: two, as a rule",
	page:  "recovery-group",
	marks: []string{`"group_info"`, `"share_info"`, `"recovery_groups"`, `"encrypted_share"`},
	is: func(d *document) bool {
		return d.list || d.keys.Groups != nil || bool(d.keys.GroupInfo || d.keys.ShareInfo)
	},
	read:      readGroups,
	needs:     []share.Need{share.Password},
	renewable: true,
}

type recoveryGroupKeys struct {
	Groups    *present `json:"recovery_groups"` // nil if it is null, too
	GroupInfo present  `json:"group_info"`
	ShareInfo present  `json:"share_info"`
}

// Bounds of a share's ciphertext, in bytes: a nonce of 12, a tag of 16, and at
// least one byte between them.
const (
	minCiphertext = 12 + 16 + 1
	maxCiphertext = 4096
	maxText       = 256 // of IDs and names
	maxHex        = 4096
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

func readGroups(r *Reader, d *document) ([]*share.Sealed, error) {
	groups, err := unwrap(d)
	if err != nil {
		return nil, err
	}
	if len(groups) == 0 {
		return nil, errors.New("it holds no recovery group")
	}
	if len(groups) > share.MaxGroups {
		return nil, fmt.Errorf("it holds %d groups; the limit is %d", len(groups), share.MaxGroups)
	}
	total := 0
	for _, g := range groups {
		if g.GroupInfo != nil {
			total += len(g.GroupInfo.Participants)
		}
	}
	if total > share.MaxEntries {
		return nil, fmt.Errorf("its groups list %d participants together; the limit is %d", total, share.MaxEntries)
	}
	var shares []*share.Sealed
	for i := range groups {
		s, err := r.readGroup(&groups[i])
		if err != nil {
			if len(groups) > 1 {
				err = fmt.Errorf("group %d of %d: %w", i+1, len(groups), err)
			}
			return nil, err
		}
		shares = append(shares, s)
	}
	return shares, nil
}

// unwrap finds the groups in any of the wrappings.
func unwrap(d *document) (groups []groupJSON, err error) {
	switch {
	case d.list:
		err = strict.Unmarshal(d.data, &groups)
	case d.keys.Groups != nil:
		var top struct {
			Groups []groupJSON `json:"recovery_groups"`
		}
		err = strict.Unmarshal(d.data, &top)
		groups = top.Groups
	default:
		groups = make([]groupJSON, 1)
		err = strict.Unmarshal(d.data, &groups[0])
	}
	return groups, err
}

// readGroup reads what it can and notes what it cannot.
func (r *Reader) readGroup(g *groupJSON) (*share.Sealed, error) {
	switch {
	case g.GroupInfo == nil && g.ShareInfo == nil:
		return nil, ErrUnknown
	case g.GroupInfo == nil:
		return nil, errors.New("group_info is missing")
	case g.ShareInfo == nil:
		return nil, errors.New("share_info is missing")
	}
	s := &share.Sealed{Version: 1}
	if g.Version != nil {
		if s.Version = *g.Version; s.Version < 1 {
			s.Malformed("version", fmt.Errorf("%d; 1 is the lowest", s.Version))
		}
	}
	lock := &share.PBKDF2{Raw: s.Version < 2}
	s.Lock = lock
	info := g.GroupInfo
	var ok bool
	if s.Curve, ok = curve.ByName(info.Curve); !ok {
		s.Malformed("group_info.curve", fmt.Errorf("%.40q is neither secp256k1 nor ed25519", info.Curve))
		if info.Type != int(curve.Secp256k1) && info.Type != int(curve.Ed25519) {
			return s, nil // nothing else can be read
		}
		s.Curve = curve.Curve(info.Type)
	} else if info.Type != int(s.Curve) {
		s.Malformed("group_info.type", fmt.Errorf("%d does not belong to curve %v", info.Type, s.Curve))
	}
	fillShare(s, lock, g.ShareInfo)
	facts := struct {
		Curve curve.Curve
		Info  *groupInfoJSON
	}{s.Curve, info}
	known, err := r.once(facts, func() *public { return readInfo(s.Curve, info) })
	if err != nil {
		return nil, err
	}
	s.Group, s.Roster, s.Problems = known.group, known.roster, append(s.Problems, known.problems...)
	s.CheckOwn(known.err)
	return s, nil
}

func fillShare(s *share.Sealed, lock *share.PBKDF2, j *shareInfoJSON) {
	s.NodeID = text(s, "share_info.node_id", j.NodeID)
	if id, err := share.NewID(s.Curve, j.ShareID); err != nil {
		s.Malformed("share_info.share_id", err)
	} else {
		s.ShareID, s.NodeID = &id, share.NodeID(id, s.NodeID)
	}
	var err error
	if s.PublicKey, err = parsePoint(s.Curve, j.SharePublicKey); err != nil {
		s.Malformed("share_info.share_public_key", err)
	}
	lock.HashType, lock.Iterations, lock.Length = j.KDF.HashType, j.KDF.Iterations, j.KDF.Length
	if lock.Salt, err = parseHex(j.KDF.Salt); err != nil {
		s.Malformed("share_info.kdf.salt", err)
	}
	if err := lock.Check(); err != nil {
		s.Malformed("share_info.kdf", err)
	}
	if len(j.EncryptedShare) > 2*maxCiphertext {
		s.Malformed("share_info.encrypted_share", errors.New("it is too long for a share"))
		return
	}
	lock.Ciphertext, err = base64.StdEncoding.DecodeString(j.EncryptedShare)
	switch {
	case err != nil:
		s.Malformed("share_info.encrypted_share", errors.New("it is not base64"))
	case len(lock.Ciphertext) < minCiphertext || len(lock.Ciphertext) > maxCiphertext:
		s.Malformed("share_info.encrypted_share", fmt.Errorf("it decodes to %d bytes; a nonce, a share and a tag have %d to %d", len(lock.Ciphertext), minCiphertext, maxCiphertext))
	}
}

func readInfo(c curve.Curve, j *groupInfoJSON) *public {
	s := &share.Sealed{Curve: c} // for its problems
	g := &share.Group{
		ID:          text(s, "group_info.id", j.ID),
		CreatedTime: createdTime(j.CreatedTime),
		Curve:       s.Curve,
		Scheme:      share.Shamir,
		Threshold:   j.Threshold,
	}
	if len(j.Participants) > share.MaxParticipants {
		s.Malformed("group_info.participants", fmt.Errorf("%d of them; the limit is %d", len(j.Participants), share.MaxParticipants))
		j.Participants = nil
	}
	for i, p := range j.Participants {
		field := fmt.Sprintf("group_info.participants[%d].", i)
		node := text(s, field+"node_id", p.NodeID)
		id, err := share.NewID(s.Curve, p.ShareID)
		if err != nil {
			s.Malformed(field+"share_id", err)
		}
		key, keyErr := parsePoint(s.Curve, p.SharePublicKey)
		if keyErr != nil {
			s.Malformed(field+"share_public_key", keyErr)
		}
		if err == nil && keyErr == nil {
			s.Roster = append(s.Roster, share.Participant{NodeID: share.NodeID(id, node), ShareID: id, PublicKey: key})
		}
	}
	g.Participants = s.Roster
	root, err := derive.Parse(j.Root)
	switch {
	case err != nil:
		s.Malformed("group_info.root_extended_public_key", err)
	case root.Curve() != s.Curve:
		s.Malformed("group_info.root_extended_public_key", fmt.Errorf("a key of %v in a group of %v", root.Curve(), s.Curve))
	case !root.IsRoot():
		s.Malformed("group_info.root_extended_public_key", fmt.Errorf("depth %d; a root key has depth 0", root.Depth()))
	}
	code, err := parseHex(j.ChainCode)
	if err == nil && len(code) != derive.ChainCodeSize {
		err = fmt.Errorf("it has %d bytes, not %d", len(code), derive.ChainCodeSize)
	}
	if err != nil {
		s.Malformed("group_info.chaincode", err)
	}
	if len(s.Problems) > 0 {
		return &public{roster: s.Roster, problems: s.Problems}
	}
	cc := root.ChainCode()
	g.RootKey, g.ChainCode = root.Point(), &cc
	if !bytes.Equal(code, cc[:]) {
		s.Problems = append(s.Problems, fmt.Errorf("%w: chaincode is not the chain code of root_extended_public_key", share.ErrInconsistent))
	}
	return &public{group: g, roster: s.Roster, problems: s.Problems}
}

func text(s *share.Sealed, field, value string) string {
	switch {
	case value == "":
		s.Malformed(field, errors.New("it is missing or empty"))
	case len(value) > maxText:
		s.Malformed(field, fmt.Errorf("longer than %d bytes", maxText))
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
	if len(s) > maxHex {
		return nil, errors.New("it is too long")
	}
	b, err := hex.DecodeString(strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X"))
	if err != nil {
		return nil, errors.New("it is not hexadecimal")
	}
	return b, nil
}

func parsePoint(c curve.Curve, s string) (*curve.Point, error) {
	b, err := parseHex(s)
	if err != nil {
		return nil, err
	}
	return c.ParsePoint(b)
}
