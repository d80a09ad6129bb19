// Package share describes key shares without opening them: groups, their holders,
// how a share is locked, and every check that needs no secret.
//
// It knows no vendor's form of files: share/formats reads those. Decrypting a
// share is the work of share/open.
package share

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrFormat is wrapped when a file or a field of it cannot be read.
	ErrFormat = errors.New("not a readable share file")
	// ErrInconsistent is wrapped when fields can be read and contradict each other.
	ErrInconsistent = errors.New("the public facts contradict each other")
	// ErrUnprovable is wrapped where only the shares themselves, combined, can show
	// that they give the root key.
	ErrUnprovable = errors.New("its share public keys do not show whether its shares give the root key: only combining the shares does")
)

// Limits on what files may say. They are far above anything honest.
const (
	MaxParticipants = 1000
	MaxFileSize     = 16 << 20 // bytes
	MaxGroups       = 1000     // in one file
	MaxEntries      = 5000     // participants of all groups in one file: a few seconds' work
)

// Participant is one holder of a share of a group.
type Participant struct {
	NodeID    string
	ShareID   ID
	PublicKey *curve.Point // share public key: share·G; nil if the file does not have it
}

// KeyText writes a share public key in hex of 33 bytes, in lower case. One that is
// unknown is empty.
func KeyText(p *curve.Point) string {
	if p == nil {
		return ""
	}
	return hex.EncodeToString(p.Bytes())
}

// FormatKey writes a share public key as files do: 0x and KeyText. One that is unknown
// is empty.
func FormatKey(p *curve.Point) string {
	if p == nil {
		return ""
	}
	return "0x" + KeyText(p)
}

// sameKey compares two share public keys. Two unknown ones are the same.
func sameKey(a, b *curve.Point) bool { return a == b || a != nil && b != nil && a.Equal(b) }

// ID is a share ID: in Shamir's scheme the point at which the group's polynomial is
// evaluated. Two IDs are the same if they are equal modulo the order of the curve.
type ID struct {
	Text string // decimal, as the file has it
	x    *curve.Scalar
}

// Limits of a share ID. One that is made from a compressed public key, as go-tss
// makes them, has 258 bits.
const (
	MaxIDBits   = 300
	MaxIDDigits = 91 // of 2^300
)

// NewID reads a share ID: a decimal number of at most MaxIDBits, not zero modulo the
// order of the curve.
func NewID(c curve.Curve, text string) (ID, error) {
	if len(text) == 0 || len(text) > MaxIDDigits {
		return ID{}, fmt.Errorf("a share ID has 1 to %d digits, not %d", MaxIDDigits, len(text))
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return ID{}, errors.New("a share ID is a decimal number without a sign")
		}
	}
	n, ok := new(big.Int).SetString(text, 10)
	switch {
	case !ok || n.BitLen() > MaxIDBits:
		return ID{}, fmt.Errorf("the share ID has more than %d bits", MaxIDBits)
	case n.String() != text:
		return ID{}, errors.New("the share ID has leading zeros")
	}
	x := c.ScalarFromInt(n)
	if x.IsZero() {
		return ID{}, fmt.Errorf("the share ID is zero modulo the order of %v", c)
	}
	return ID{text, x}, nil
}

// Scalar returns the ID modulo the order of the curve. Callers must not change it.
func (id ID) Scalar() *curve.Scalar { return id.x }

// Equal reports whether two IDs are the same modulo the order.
func (id ID) Equal(o ID) bool { return id.x.Equal(o.x) }

// Group is the public description of one sharing of one key on one curve.
type Group struct {
	ID           string
	CreatedTime  string
	Curve        curve.Curve
	Scheme       Scheme
	Tree         *derive.Tree // nil if it is the usual one of the curve
	Threshold    int          // how many shares are needed
	RootKey      *curve.Point
	ChainCode    *[derive.ChainCodeSize]byte // nil if unknown
	Lack         Lack                        // why, if it is unknown
	Participants []Participant
	// Absent are the node IDs of parts that the file should have and has not, where its
	// form shows that. All parts are needed, and no more is known of these: they are not
	// among Participants, and do not count in Threshold.
	Absent []string
}

// Lack is why the chain code of a group is unknown.
type Lack uint8

// The reasons.
const (
	NotStored Lack = iota // the form has none, like tss-lib's
	NotOpened             // the file has it encrypted; opening a share may show it
	NotUsed               // the file may have one, and how keys descend by it is not known
	NoneBelow             // no key descends from the root key
)

// String says it of the files.
func (l Lack) String() string {
	return [...]string{NotStored: "these files have no chain code", NotOpened: "the chain code is encrypted, like the shares",
		NotUsed: "how keys descend from it is not known, so no chain code is read", NoneBelow: "no keys descend from it"}[l]
}

// Needed returns how many shares are needed, with those that the file lacks.
func (g *Group) Needed() int { return g.Threshold + len(g.Absent) }

// Root returns the root key: extended, or bare if the chain code is unknown.
func (g *Group) Root() *derive.Key {
	if g.ChainCode == nil {
		return derive.NewBare(g.RootKey)
	}
	if g.Tree == nil {
		return derive.NewRoot(g.RootKey, *g.ChainCode)
	}
	return derive.NewRootOf(g.Tree, g.RootKey, *g.ChainCode)
}

// UsualTree reports whether keys descend from the group's as in Lifeboat's own files: by
// the usual tree of the curve.
func (g *Group) UsualTree() bool { return g.Tree == nil || g.Tree == derive.MainNetwork(g.Curve).Tree }

// Roots returns the root keys of groups, each once, in their order.
func Roots(groups []*Group) []*derive.Key {
	var roots []*derive.Key
	for _, g := range groups {
		if root := g.Root(); !slices.ContainsFunc(roots, root.SameKey) {
			roots = append(roots, root)
		}
	}
	return roots
}

// TestOnly reports whether the group's keys are published: it says so of itself,
// or its root key is a known one.
func (g *Group) TestOnly() bool {
	return isTestOnly(g.ID) || g.RootKey != nil && slices.Contains(published, hex.EncodeToString(g.RootKey.Bytes()))
}

// Participant returns the holder of that share ID, or nil.
func (g *Group) Participant(id ID) *Participant {
	for i := range g.Participants {
		if g.Participants[i].ShareID.Equal(id) {
			return &g.Participants[i]
		}
	}
	return nil
}

// ByNode returns the holder of that node ID, or nil.
func (g *Group) ByNode(node string) *Participant {
	return g.only(func(p *Participant) bool { return p.NodeID == node })
}

// ByName returns the holder of that node ID, or of an old name that only they had. It
// is for names that people give or that stand in a record.
func (g *Group) ByName(node string) *Participant {
	if p := g.ByNode(node); p != nil {
		return p
	}
	return g.only(func(p *Participant) bool { return SameNode(p.ShareID, p.NodeID, node) })
}

// only returns the one holder of whom is reports true, or nil if there are several.
func (g *Group) only(is func(*Participant) bool) (found *Participant) {
	for i := range g.Participants {
		p := &g.Participants[i]
		if is(p) && found != nil {
			return nil
		} else if is(p) {
			found = p
		}
	}
	return found
}

// NodeIDs returns the node IDs in the order of the participants.
func (g *Group) NodeIDs() []string {
	ids := make([]string, len(g.Participants))
	for i, p := range g.Participants {
		ids[i] = p.NodeID
	}
	return ids
}

// Sorted returns the participants in the order of their share IDs modulo the order.
func (g *Group) Sorted() []Participant {
	s := slices.Clone(g.Participants)
	slices.SortFunc(s, func(a, b Participant) int {
		x, y := a.ShareID.x.Bytes(), b.ShareID.x.Bytes()
		return slices.Compare(x[:], y[:])
	})
	return s
}

// RosterSHA256 returns the hash of one particular set of shares:
//
//	SHA-256("lifeboat-epoch-v1" ‖ curve name ‖ (share ID ‖ share public key)…)
//
// over the shares in the order of their IDs, with each ID reduced modulo the order
// (32 bytes, big-endian) and each public key in 33 bytes. A reshare gives another
// hash for the same root key, and shares of two sets never mix.
//
// An unknown public key is left out. Then the root public key is appended: share IDs
// such as 1, 2 and 3 are those of many vaults.
func (g *Group) RosterSHA256() (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write([]byte("lifeboat-epoch-v1"))
	h.Write([]byte(g.Curve.String()))
	for _, p := range g.Sorted() {
		id := p.ShareID.x.Bytes()
		h.Write(id[:])
		if p.PublicKey != nil {
			h.Write(p.PublicKey.Bytes())
		}
	}
	if !g.KeysKnown() {
		h.Write(g.RootKey.Bytes())
	}
	h.Sum(sum[:0])
	return sum
}

// Epoch returns the name of a set of shares for people: the first 32 hex digits of
// RosterSHA256. Programs compare sets with SameShares.
func (g *Group) Epoch() string {
	sum := g.RosterSHA256()
	return hex.EncodeToString(sum[:16])
}

// OldEpoch is how many digits of an epoch earlier versions wrote. Two rosters that
// have them in common can be made.
const OldEpoch = 16

// SameEpoch reports whether two names may be of one epoch: one of them may be as
// short as earlier versions wrote it. It proves nothing.
func SameEpoch(a, b string) bool {
	n := min(len(a), len(b))
	return a == b || n == OldEpoch && a[:n] == b[:n]
}

// TSSLibID begins the ID of a group whose files do not name it. The epoch follows.
const TSSLibID = "tss-lib-"

// SameID reports whether two IDs may be of one group: one that was made from an
// epoch may be as short as earlier versions made it.
func SameID(a, b string) bool {
	x, first := strings.CutPrefix(a, TSSLibID)
	y, second := strings.CutPrefix(b, TSSLibID)
	return a == b || first && second && SameEpoch(x, y)
}

// SameShares reports whether two groups have the same share IDs with the same share
// public keys. It compares them all.
func (g *Group) SameShares(o *Group) bool {
	return g == o || g.Curve == o.Curve && slices.EqualFunc(g.Sorted(), o.Sorted(), func(a, b Participant) bool {
		return a.ShareID.Equal(b.ShareID) && sameKey(a.PublicKey, b.PublicKey)
	})
}

// KeysKnown reports whether every share public key is known.
func (g *Group) KeysKnown() bool {
	return !slices.ContainsFunc(g.Participants, func(p Participant) bool { return p.PublicKey == nil })
}

// Provable reports whether share public keys alone can show that shares give the root
// key.
func (g *Group) Provable() bool {
	_, err := g.CombinePublic(g.Participants)
	return err == nil
}

// SameNodes reports whether two groups with the same shares have the same node IDs
// for them.
func (g *Group) SameNodes(o *Group) bool {
	return g == o || slices.EqualFunc(g.Sorted(), o.Sorted(), func(a, b Participant) bool { return SameNode(a.ShareID, a.NodeID, b.NodeID) })
}

// Check makes every check that a group allows on its own: sane parameters,
// distinct share IDs, and, if all share public keys are known, what its scheme asks of
// them. Its errors wrap ErrInconsistent.
//
// A group that passes proves nothing about who holds what: anybody can make one
// for a root key whose private key they know.
func (g *Group) Check() error {
	n := len(g.Participants)
	switch {
	case n < 2 || n > MaxParticipants:
		return fmt.Errorf("%w: %d participants; 2 to %d are supported", ErrInconsistent, n, MaxParticipants)
	case g.Threshold < 2:
		return fmt.Errorf("%w: a threshold of %d; the least is 2, since with 1 every share is the key", ErrInconsistent, g.Threshold)
	case g.Threshold > n:
		return fmt.Errorf("%w: a threshold of %d among %d participants", ErrInconsistent, g.Threshold, n)
	case g.Scheme.All() && g.Threshold < n:
		return fmt.Errorf("%w: a threshold of %d, where all %d shares are needed", ErrInconsistent, g.Threshold, n)
	case g.Tree != nil && g.Tree.Curve != g.Curve:
		return fmt.Errorf("%w: a tree of %v in a group of %v", ErrInconsistent, g.Tree.Curve, g.Curve)
	}
	nodes := make(map[string]bool, n)
	ids := make(map[[curve.ScalarSize]byte]string, n)
	for _, p := range g.Participants {
		if nodes[p.NodeID] {
			return fmt.Errorf("%w: node %q is listed twice", ErrInconsistent, p.NodeID)
		}
		nodes[p.NodeID] = true
		x := p.ShareID.x.Bytes()
		if other, dup := ids[x]; dup {
			return fmt.Errorf("%w: nodes %q and %q have the same share ID", ErrInconsistent, other, p.NodeID)
		}
		ids[x] = p.NodeID
	}
	if !g.KeysKnown() {
		return nil
	}
	return g.Scheme.Check(g)
}

// Differences compares two descriptions of what should be one group, field by
// field. Shares with a serious difference must not be mixed; minor ones (the
// group's own ID and time, node IDs) change no key.
func (g *Group) Differences(o *Group) (serious, minor []string) {
	if g.Curve != o.Curve {
		return []string{"curve"}, nil
	}
	if g.Threshold != o.Threshold {
		serious = append(serious, "threshold")
	}
	if !g.RootKey.Equal(o.RootKey) {
		serious = append(serious, "root public key")
	}
	if g.ChainCode != nil && o.ChainCode != nil && *g.ChainCode != *o.ChainCode {
		serious = append(serious, "chain code")
	}
	if g.Scheme != o.Scheme {
		serious = append(serious, "scheme")
	}
	if g.ChainCode != nil && o.ChainCode != nil && g.Root().Network().Tree != o.Root().Network().Tree {
		serious = append(serious, "tree")
	}
	if !g.SameShares(o) {
		serious = append(serious, "share IDs or share public keys")
	} else if !g.SameNodes(o) {
		minor = append(minor, "node IDs")
	}
	if !SameID(g.ID, o.ID) {
		minor = append(minor, "group ID")
	}
	if g.CreatedTime != o.CreatedTime {
		minor = append(minor, "created_time")
	}
	return serious, minor
}

// SameKey reports whether two groups share the same root key on the same curve.
func (g *Group) SameKey(o *Group) bool { return g.RootKey.Equal(o.RootKey) }
