package verdict

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/choose"
	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Set is a sharing with its judgement.
type Set struct {
	*Sharing
	Good    []*Share // one for each holder, in the order given
	Given   []*Share // all that belong here, good or not
	Missing []share.Participant
	Wanted  bool // it was asked for, and is not left over from another epoch or vault

	excluded bool // another group was asked for
}

func (s *Set) add(given *Share) {
	s.Given = append(s.Given, given)
	if given.Public == nil {
		return
	}
	i := slices.IndexFunc(s.Good, func(g *Share) bool { return g.Sealed.ShareID.Equal(*given.Sealed.ShareID) })
	if i < 0 {
		s.Good = append(s.Good, given)
		return
	}
	given.Status = Duplicate
	given.Note = fmt.Sprintf("the same share as %q: the two count once", s.Good[i].File.Path)
}

func (s *Set) has(p share.Participant) bool {
	return slices.ContainsFunc(s.Good, func(g *Share) bool { return g.Sealed.ShareID.Equal(p.ShareID) })
}

func (s *Set) exclude(why string) {
	s.Wanted = false
	for _, g := range s.Given {
		if g.Public != nil {
			g.Status, g.Note = Elsewhere, why
		}
	}
}

// Complete reports whether the good shares reach the threshold.
func (s *Set) Complete() bool { return len(s.Good) >= s.Group.Threshold }

// Opened returns the node IDs of those of Missing whose shares opened and cannot be
// proven alone.
func (s *Set) Opened() []string {
	var nodes []string
	for _, p := range s.Missing {
		if slices.ContainsFunc(s.Of(p), func(g *Share) bool { return g.Status == Unproven }) {
			nodes = append(nodes, p.NodeID)
		}
	}
	return nodes
}

// Unproven reports whether the good shares reach the threshold only together with those
// that opened and cannot be proven alone.
func (s *Set) Unproven() bool {
	return !s.Complete() && len(s.Good)+len(s.Opened()) >= s.Group.Threshold
}

// Unshown reports whether there are enough shares, and only combining them shows whether
// they give the root key: some could not be proven alone, or the scheme has no sum of
// share public keys.
func (s *Set) Unshown() bool {
	if s.Unproven() {
		return true
	}
	_, err := s.Group.CombinePublic(s.holders())
	return s.Complete() && errors.Is(err, share.ErrUnprovable)
}

// Recoverable reports whether the set counts and is complete.
func (s *Set) Recoverable() bool { return s.Wanted && s.Complete() }

// Clean reports whether every share that was given for the set is good.
func (s *Set) Clean() bool {
	return !slices.ContainsFunc(s.Given, func(g *Share) bool { return !g.counted() })
}

// Used returns the good shares that are combined: as many as are needed, from as many
// files as possible.
func (s *Set) Used() []*Share {
	var first, others []*Share
	seen := map[*File]bool{}
	for _, g := range s.Good {
		if seen[g.File] {
			others = append(others, g)
		} else {
			first = append(first, g)
		}
		seen[g.File] = true
	}
	return append(first, others...)[:s.Group.Threshold]
}

// UsedNodes returns the node IDs of Used.
func (s *Set) UsedNodes() []string {
	var nodes []string
	for _, g := range s.Used() {
		nodes = append(nodes, g.Sealed.NodeID)
	}
	return nodes
}

// MissingNodes returns the node IDs of Missing, and of what the files lack: if the set is
// complete, they lack nothing after all.
func (s *Set) MissingNodes() []string {
	nodes := []string{}
	for _, p := range s.Missing {
		nodes = append(nodes, p.NodeID)
	}
	if !s.Complete() {
		nodes = append(nodes, s.Group.Absent...)
	}
	return nodes
}

// Of returns the shares given of one holder.
func (s *Set) Of(p share.Participant) []*Share {
	var list []*Share
	for _, g := range s.Given {
		id := g.Sealed.ShareID
		if id != nil && id.Equal(p.ShareID) || id == nil && g.Sealed.NodeID == p.NodeID {
			list = append(list, g)
		}
	}
	return list
}

// oneFile returns the path of a file that has all good shares, or nothing if there
// is none. Shares that somebody made up are all in the file that they gave.
func (s *Set) oneFile() string {
	in := map[*File]map[[curve.ScalarSize]byte]bool{}
	for _, g := range s.Given {
		if g.Public == nil {
			continue
		}
		if in[g.File] == nil {
			in[g.File] = map[[curve.ScalarSize]byte]bool{}
		}
		in[g.File][g.Sealed.ShareID.Scalar().Bytes()] = true
		if len(in[g.File]) == len(s.Good) {
			return g.File.Path
		}
	}
	return ""
}

// holders returns the good shares as participants, with the share public keys that
// opening them showed, whatever a roster says.
func (s *Set) holders() []share.Participant {
	var list []share.Participant
	for _, g := range s.Good {
		list = append(list, share.Participant{NodeID: s.Group.Participant(*g.Sealed.ShareID).NodeID, ShareID: *g.Sealed.ShareID, PublicKey: g.Public})
	}
	return list
}

// combines reports whether the share public keys of holders give the root key.
func (s *Set) combines(holders []share.Participant) bool {
	sum, err := s.Group.CombinePublic(holders)
	return err == nil && sum.Equal(s.Group.RootKey)
}

// Proven returns sets of holders whose shares were opened and whose share public
// keys combine to the root public key, by node ID, and how many more there may be.
func (s *Set) Proven() (sets [][]string, more int) {
	by := map[string]share.Participant{}
	var nodes []string
	for _, p := range s.holders() {
		nodes, by[p.NodeID] = append(nodes, p.NodeID), p
	}
	all, more := Subsets(nodes, s.Group.Threshold)
	return slices.DeleteFunc(all, func(nodes []string) bool {
		var members []share.Participant
		for _, n := range nodes {
			members = append(members, by[n])
		}
		return !s.combines(members)
	}), more
}

// MaxSubsets is the most sets that Subsets lists.
const MaxSubsets = 12

// Subsets lists the subsets of k names, at most MaxSubsets, and how many more there are,
// up to a million.
func Subsets(list []string, k int) (sets [][]string, more int) {
	const most = 1_000_000
	sets = [][]string{}
	total := 1
	for i := 1; i <= k && total < most; i++ {
		total = total * (len(list) - k + i) / i
	}
	for at := range choose.Of(len(list), k) {
		if len(sets) == MaxSubsets {
			break
		}
		var set []string
		for _, i := range at {
			set = append(set, list[i])
		}
		sets = append(sets, set)
	}
	return sets, min(total, most) - len(sets)
}
