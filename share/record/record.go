// Package record makes, reads and compares records of a vault: its public facts,
// written down while all is well and kept on paper, to check everything against when
// the vault has to be recovered. A record holds no secret.
//
// docs/formats/record.md has the format.
package record

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/papercode"
	"lifeboat/share"
)

// ErrFormat is wrapped by every error about facts or text that are not a record.
var ErrFormat = errors.New("not the record of a vault")

// Limits of a record, far above anything honest. Those of package share hold for
// its groups.
const (
	MaxSize   = 4 << 20 // bytes
	maxSerial = 1_000_000
	maxListed = share.MaxEntries // people, recipients, exits, or release keys
)

// Facts are the content of a record.
type Facts struct {
	Serial      int             // 1 for the first record of a vault
	Date        string          // YYYY-MM-DD, as the operator says
	Previous    *papercode.Code // of the record before; nil for the first
	Groups      []*share.Group  // all, even those that cannot be recovered
	People      []Person        // who has the shares of a node
	Recipients  []Recipient     // of backups
	Exits       []Exit          // where money may go
	Book        *Book           // the address book; for information only, since books grow
	ReleaseKeys []string        // SSH public keys under which the programs are released
}

// Person is who has the shares of a node, and answers the telephone.
type Person struct {
	NodeID  string
	Name    string
	Contact string // empty if none was given
}

// Recipient is somebody to whom backups are sealed.
type Recipient struct {
	Text  string // an age recipient or an SSH public key
	Label string // what people call it, or empty
}

// Exit is an address to which the vault's money may go.
type Exit struct {
	Chain   string // its ID in the table of chains
	Address string
	Tag     string // tag or memo that the address needs, or empty
}

// Book is an address book as it was then.
type Book struct {
	SHA256 [sha256.Size]byte
	Rows   int64
}

// A Record is checked facts in canonical order, and their text. Records are
// immutable.
type Record struct {
	Facts
	text []byte
}

// New makes the record of facts. Its error wraps ErrFormat, and also
// share.ErrInconsistent if groups contradict themselves or each other.
func New(f Facts) (*Record, error) {
	r := &Record{Facts: f}
	r.sort()
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	r.text = r.write()
	if len(r.text) > MaxSize {
		return nil, fmt.Errorf("%w: it would be longer than %d MiB", ErrFormat, MaxSize>>20)
	}
	return r, nil
}

// Text returns the canonical text. Callers must not change it.
func (r *Record) Text() []byte { return r.text }

// Hash returns the SHA-256 of the text, which holders swear to.
func (r *Record) Hash() [sha256.Size]byte { return sha256.Sum256(r.text) }

// Code returns the record code.
func (r *Record) Code() papercode.Code { return papercode.Of(r.Hash()) }

// HasRecipient reports whether backups are sealed to that recipient.
func (r *Record) HasRecipient(text string) bool {
	return slices.ContainsFunc(r.Recipients, func(l Recipient) bool { return l.Text == text })
}

// sort replaces all lists with sorted copies.
func (f *Facts) sort() {
	groups := make([]*share.Group, len(f.Groups))
	for i, g := range f.Groups {
		c := *g
		c.CreatedTime = "" // files of one group differ in it
		c.Participants = g.Sorted()
		groups[i] = &c
	}
	slices.SortFunc(groups, func(a, b *share.Group) int {
		x, y := a.RosterSHA256(), b.RosterSHA256()
		return cmp.Or(cmp.Compare(a.Curve, b.Curve), bytes.Compare(a.RootKey.Bytes(), b.RootKey.Bytes()), bytes.Compare(x[:], y[:]))
	})
	f.Groups = groups
	f.People = sorted(f.People, func(p Person) string { return p.NodeID })
	f.Recipients = sorted(f.Recipients, func(r Recipient) string { return r.Text })
	f.Exits = sorted(f.Exits, Exit.key)
	f.ReleaseKeys = sorted(f.ReleaseKeys, itself)
}

func itself(s string) string { return s }

// key tells exits apart. Its parts have no line ends.
func (e Exit) key() string { return e.Chain + "\n" + e.Address + "\n" + e.Tag }

// shown is a key as people read it.
func shown(key string) string { return strings.TrimSpace(strings.ReplaceAll(key, "\n", " ")) }

// sorted returns a copy, and nil for none, so that equal facts are equal.
func sorted[T any](list []T, key func(T) string) []T {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return list
}

func (f *Facts) check() error {
	switch {
	case f.Serial < 1 || f.Serial > maxSerial:
		return fmt.Errorf("serial number %d; 1 to %d are supported", f.Serial, maxSerial)
	case (f.Serial > 1) != (f.Previous != nil):
		return errors.New("every record but the first, which has serial number 1, has the code of the one before")
	}
	if err := checkDate(f.Date); err != nil {
		return fmt.Errorf("date: %w", err)
	}
	if err := f.checkGroups(); err != nil {
		return err
	}
	if f.Book != nil && f.Book.Rows < 0 {
		return fmt.Errorf("an address book of %d rows", f.Book.Rows)
	}
	return errors.Join(
		each("person of node", f.People, func(p Person) string { return p.NodeID }, f.checkPerson),
		each("recipient", f.Recipients, func(r Recipient) string { return r.Text }, checkRecipient),
		each("exit", f.Exits, Exit.key, checkExit),
		each("release key", f.ReleaseKeys, itself, checkReleaseKey),
	)
}

// each checks the entries of a sorted list, and that none is listed twice. It
// returns the first error only.
func each[T any](what string, list []T, key func(T) string, check func(T) error) error {
	if len(list) > maxListed {
		return fmt.Errorf("%s: listed %d times; the limit is %d", what, len(list), maxListed)
	}
	for i, entry := range list {
		err := check(entry)
		if err == nil && i > 0 && key(list[i-1]) == key(entry) {
			err = errors.New("it is listed twice")
		}
		if err != nil {
			return fmt.Errorf("%s %.80q: %w", what, shown(key(entry)), err)
		}
	}
	return nil
}

func (f *Facts) checkPerson(p Person) error {
	if !slices.ContainsFunc(f.Groups, func(g *share.Group) bool { return g.ByNode(p.NodeID) != nil }) {
		return errors.New("no group has a node with that ID")
	}
	if err := checkText(p.Name); err != nil {
		return fmt.Errorf("the name: %w", err)
	}
	if p.Contact != "" {
		if err := checkText(p.Contact); err != nil {
			return fmt.Errorf("the contact: %w", err)
		}
	}
	return nil
}

func checkRecipient(r Recipient) error {
	if err := checkASCII(r.Text); err != nil || r.Label == "" {
		return err
	}
	if err := checkText(r.Label); err != nil {
		return fmt.Errorf("the label: %w", err)
	}
	return nil
}

func checkExit(e Exit) error {
	if err := checkWord(e.Chain); err != nil {
		return fmt.Errorf("the chain: %w", err)
	}
	if err := checkWord(e.Address); err != nil {
		return fmt.Errorf("the address: %w", err)
	}
	if e.Tag != "" {
		if err := checkText(e.Tag); err != nil {
			return fmt.Errorf("the tag: %w", err)
		}
	}
	return nil
}

func (f *Facts) checkGroups() error {
	entries := 0
	for _, g := range f.Groups {
		entries += len(g.Participants)
	}
	switch n := len(f.Groups); {
	case n == 0:
		return errors.New("it has no group")
	case n > share.MaxGroups:
		return fmt.Errorf("%d groups; the limit is %d", n, share.MaxGroups)
	case entries > share.MaxEntries:
		return fmt.Errorf("its groups have %d holders together; the limit is %d", entries, share.MaxEntries)
	}
	for i, g := range f.Groups {
		if err := checkText(g.ID); err != nil {
			return fmt.Errorf("group ID %.80q: %w", g.ID, err)
		}
		if err := g.Check(); err != nil {
			return fmt.Errorf("group %q on %v: %w", g.ID, g.Curve, err)
		}
		for _, p := range g.Participants {
			if err := checkText(p.NodeID); err != nil {
				return fmt.Errorf("group %q on %v: node ID %.80q: %w", g.ID, g.Curve, p.NodeID, err)
			}
		}
		if i == 0 || !g.SameKey(f.Groups[i-1]) {
			continue
		}
		switch before := f.Groups[i-1]; {
		case g.SameShares(before):
			return fmt.Errorf("%w: groups %q and %q on %v are one: they have the same shares", share.ErrInconsistent, before.ID, g.ID, g.Curve)
		case !g.Root().SameKey(before.Root()):
			return fmt.Errorf("%w: groups %q and %q on %v have one root public key and two chain codes", share.ErrInconsistent, before.ID, g.ID, g.Curve)
		}
	}
	return nil
}

// Roots returns the root keys, each once, in the order of the groups.
func (r *Record) Roots() []*derive.Key { return share.Roots(r.Groups) }

// Same reports whether two people seem to be one: of one name, or at one telephone.
func (p Person) Same(o Person) bool {
	return strings.EqualFold(o.Name, p.Name) || p.Contact != "" && o.Contact == p.Contact
}

// On returns the groups on a curve.
func (r *Record) On(c curve.Curve) []*share.Group {
	return slices.DeleteFunc(slices.Clone(r.Groups), func(g *share.Group) bool { return g.Curve != c })
}

// Person returns who has the shares of a node, if the record says so. The record may
// have a former name of the node.
func (r *Record) Person(node string) (Person, bool) {
	for _, g := range r.Groups {
		if p := g.ByName(node); p != nil {
			node = p.NodeID
			break
		}
	}
	i, ok := slices.BinarySearchFunc(r.People, node, func(p Person, node string) int { return strings.Compare(p.NodeID, node) })
	if !ok {
		return Person{}, false
	}
	return r.People[i], true
}

// TestOnly reports whether the keys of a group are published.
func (r *Record) TestOnly() bool { return slices.ContainsFunc(r.Groups, (*share.Group).TestOnly) }

// A Seat is a holder's place in a group.
type Seat struct {
	Group  *share.Group
	Holder share.Participant
}

// Unsworn returns the seats whose holders have not sworn to the record. signed says
// whether a signature over Hash, as an attestation carries it, was verified under
// the seat's share public key. A record is sworn when no seat is left and two people
// have matched funded addresses with an explorer, which no program can know.
func (r *Record) Unsworn(signed func(Seat) bool) []Seat {
	var seats []Seat
	for _, g := range r.Groups {
		for _, p := range g.Participants {
			if s := (Seat{g, p}); !signed(s) {
				seats = append(seats, s)
			}
		}
	}
	return seats
}
