package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/share"
)

// Errors that callers tell apart with errors.Is. They are parts of sentences.
var (
	// ErrNoGroup means that the group that was asked for is not there.
	ErrNoGroup = errors.New("no file has a usable share of group")
	// ErrUnplaced means that a file has shares that show no group, and enough without them.
	ErrUnplaced = errors.New("it may be of a root key that is not among these")
	// ErrRootAbsent means that a recorded root key belongs to another vault than the files.
	ErrRootAbsent = errors.New("is the root key of none of the groups in these files")
	// ErrOtherRoot means that a file belongs to another vault than the recorded one.
	ErrOtherRoot = errors.New("is not the recorded one")
	// ErrUnvouched means that whoever made one file may have made up the vault.
	ErrUnvouched = errors.New("nothing else vouches for its root key")
	// ErrChainCode means that what is to be written holds a chain code that is unknown.
	ErrChainCode = errors.New("its chain code is not known, and recovery group files have one")
	// ErrEpochs means that the user must say which epoch is meant.
	ErrEpochs = errors.New("the files hold enough shares of two epochs of one root key")
	// ErrUncovered means that something recorded would be left out unnoticed.
	ErrUncovered = errors.New("the files do not have enough shares of it")
	// ErrNotLost means that a share to be repaired is not missing.
	ErrNotLost = errors.New("is not lost")
)

// TooFewError says which wanted sets are not complete.
type TooFewError struct {
	Short []Shortage
	Apart []Apart // files that might be thought to count together, and why they do not
}

// Shortage is a set with too few good shares.
type Shortage struct {
	Group   *share.Group
	Have    int      // good shares; the group's threshold is how many are needed
	Opened  int      // shares that opened and cannot be proven without the missing ones
	Of      []string // node IDs whose shares would do
	Unknown int      // shares that might be good if their files could be read or opened
}

// Apart is a pair of files of one curve that do not go together.
type Apart struct{ Path, Other, Relation string }

func (e *TooFewError) Error() string {
	var lines []string
	for _, s := range e.Short {
		needed := s.Group.Needed()
		have := fmt.Sprintf("%d of %d shares are good", s.Have, needed)
		if s.Opened > 0 {
			have = fmt.Sprintf("%d of %d shares open, and only all together can be proven", s.Have+s.Opened, needed)
		}
		lines = append(lines, fmt.Sprintf("too few shares: group %q on %v: %s; %d more needed, of %s",
			s.Group.ID, s.Group.Curve, have, needed-s.Have-s.Opened, phrase.Some(s.Of)))
	}
	return strings.Join(lines, "\n")
}

// Certain reports whether some set would lack shares even if every file could be read
// and opened.
func (e *TooFewError) Certain() bool {
	for _, s := range e.Short {
		if s.Have+s.Unknown < s.Group.Needed() {
			return true
		}
	}
	return false
}

// VaultsError says that the shares given belong to several root keys of one curve, and
// that it cannot be told which is meant.
type VaultsError struct {
	Curve  curve.Curve
	Vaults []Vault
}

// Vault is a root key, and the files that name it.
type Vault struct {
	Root  *derive.Key
	Paths []string

	opened bool // some share of it was
}

func (e *VaultsError) add(k Known) {
	i := slices.IndexFunc(e.Vaults, func(v Vault) bool { return v.Root.Point().Equal(k.Root.Point()) })
	if i < 0 {
		i = len(e.Vaults)
		e.Vaults = append(e.Vaults, Vault{Root: k.Root})
	}
	v := &e.Vaults[i]
	v.opened = v.opened || !k.Unopened
	if v.Root.IsBare() {
		v.Root = k.Root
	}
	if !slices.Contains(v.Paths, k.Path) {
		v.Paths = append(v.Paths, k.Path)
	}
}

func (e *VaultsError) Error() string {
	var all []string
	for _, v := range e.Vaults {
		text := fmt.Sprintf("%s: root key %s", phrase.And(phrase.Quoted(v.Paths)), v.Root)
		if !v.opened {
			text += ", none of whose shares opened"
		}
		all = append(all, text)
	}
	return fmt.Sprintf("the files belong to %d vaults on %v\n%s", len(e.Vaults), e.Curve, strings.Join(all, "\n"))
}

// NothingError says that the files give no set of shares.
type NothingError struct {
	Curve         curve.Curve // on this curve, of which they have shares; 0 for any
	Contradicting bool        // some file can be read, and contradicts itself or the record
}

func nothing(on curve.Curve, stray []*Share) *NothingError {
	return &NothingError{on, slices.ContainsFunc(stray, func(s *Share) bool { return s.Status == Inconsistent || s.Status == Elsewhere })}
}

func (e *NothingError) Error() string {
	if e.Curve == 0 {
		return "none of the files has a share that can be used"
	}
	return fmt.Sprintf("the files have shares on %v, and none of those can be used", e.Curve)
}

// BadFilesError names the files that are not good, when there are enough without them.
type BadFilesError struct{ Files []BadFile }

// BadFile is a file that is not good. One that does not contradict anything could
// not be read or opened at all.
type BadFile struct {
	Path        string
	Contradicts bool // itself, or what the others show
}

func (e *BadFilesError) Error() string {
	var paths []string
	for _, f := range e.Files {
		paths = append(paths, f.Path)
	}
	return "recoverable, but not every file is good: " + phrase.And(phrase.Quoted(paths))
}

// Contradicting reports whether any of the files contradicts something.
func (e *BadFilesError) Contradicting() bool {
	for _, f := range e.Files {
		if f.Contradicts {
			return true
		}
	}
	return false
}

// NodeError says that a group has no such node.
type NodeError struct {
	Group  *share.Group
	NodeID string
}

func (e *NodeError) Error() string {
	return fmt.Sprintf("group %q on %v has no node %q", e.Group.ID, e.Group.Curve, e.NodeID)
}
