// Package ceremony makes reshares, repairs and signatures across machines that are
// never connected, by files that people carry between them.
//
// A ceremony is a folder of messages: a plan, then for each party a join (a
// one-time public key), a deal (commitments, and parts sealed to each receiver),
// in a repair a sum, and a confirmation. Every step reads all that is there,
// checks it, and makes one more message; no state is kept between the steps but a
// party's one-time private key. docs/formats/ceremony.md describes each message.
//
// A signing has no plan and two messages: one holder asks, and the other answers
// (Signing). docs/formats/ceremony-sign.md describes them.
//
// The package neither reads nor writes files: it is given the folder's content,
// and gives back what to write. The mathematics is package recover's, and so is
// the promise that the root private key is never computed.
package ceremony

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/share"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrMessage is wrapped by every FileError about what a file says.
	ErrMessage = errors.New("not a message of this ceremony")
	// ErrTooEarly means that messages of an earlier step are missing.
	ErrTooEarly = errors.New("an earlier step is not complete")
	// ErrParty means that somebody has no part in this step of the ceremony.
	ErrParty = errors.New("no part in this step")
	// ErrKey means that a one-time key is not the one of this party's join.
	ErrKey = errors.New("not the key of this party's join")
	// ErrUnpinned means that the party brought no root key of a group's curve.
	ErrUnpinned = errors.New("no root extended public key on this curve was given, and each group of the plan needs one")
	// ErrRecord means that the plan is for shares that the record does not have.
	ErrRecord = errors.New("the plan is not for the recorded shares")
	// ErrOmitted means that the plan leaves out a root key of the party's.
	ErrOmitted = errors.New("the plan leaves out what you have recorded, or have shares of")
	// ErrRestated means that the plan is not the one that the dealer means.
	ErrRestated = errors.New("the plan is not what you mean to deal for")
	// ErrUnknown means that nothing tells a dealer whose a join is.
	ErrUnknown = errors.New("nothing shows whose it is")
	// ErrWords means that the words of a join are not those that were given.
	ErrWords = errors.New("its words are not those that its owner read: the file was swapped, or a word was misheard")
	// ErrSeats means that one person would get more than one part.
	ErrSeats = errors.New("one person would have two seats")
	// ErrUnsigned means that a join cannot be vouched for by a signature.
	ErrUnsigned = errors.New("a join cannot be signed here")
	// ErrVersion means that a ceremony was begun under an earlier version.
	ErrVersion = errors.New("the ceremony was begun under version 1, in which nothing showed whose a join was")
	// ErrPlan is wrapped by the reasons to refuse a plan.
	ErrPlan = errors.New("the plan cannot be carried out")
)

// FileError names the file of a ceremony that stops it.
type FileError struct {
	Name string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%q: %v", e.Name, e.Err) }

// Unwrap returns what is wrong with the file.
func (e *FileError) Unwrap() error { return e.Err }

// Step is a step of a ceremony.
type Step string

// The steps, in their order. Accept leaves no message: a new share is written
// outside the folder.
const (
	StepPlan    Step = "plan"
	StepJoin    Step = "join"
	StepDeal    Step = "deal"
	StepSum     Step = "sum" // of a repair only: the helpers' second step
	StepAccept  Step = "accept"
	StepConfirm Step = "confirm"
)

// PlanName is the file of the plan.
const PlanName = "plan.json"

// Name returns the file of a node's message.
func Name(step Step, node string) string { return string(step) + "-" + node + ".json" }

// MaxFileSize is the size of the largest message, in bytes.
const MaxFileSize = 8 << 20

// Ceremony is the content of a folder, checked as far as it goes.
type Ceremony struct {
	plan    *plan
	session string // SHA-256 of the plan's message, hex

	joins    map[string]*joinFile // by node
	deals    map[string]*dealFile
	sums     map[string]*sumFile
	confirms map[string]*message

	dealings []dealing      // by group, once everybody has joined
	groups   []*share.Group // the resulting ones, once everybody has dealt
}

// Open reads the files of a folder by their base names, and checks everything
// that can be checked without a secret: who wrote what for which step of which
// session, in view of which other messages, signatures, commitments, and that
// nothing is there that does not belong. A FileError names what stops it.
func Open(files map[string][]byte) (*Ceremony, error) {
	c := &Ceremony{joins: map[string]*joinFile{}, deals: map[string]*dealFile{}, sums: map[string]*sumFile{}, confirms: map[string]*message{}}
	if err := c.readPlan(files); err != nil {
		return nil, err
	}
	if err := c.checkNames(files); err != nil {
		return nil, err
	}
	for _, stage := range []struct {
		step  Step
		read  func(node string, data []byte) error
		after func() error // once all are there
	}{
		{StepJoin, c.readJoin, c.prepare},
		{StepDeal, c.readDeal, c.combine},
		{StepSum, c.readSum, nil},
		{StepConfirm, c.readConfirm, nil},
	} {
		var missing string
		for _, node := range c.nodes(stage.step) {
			name := Name(stage.step, node)
			data, ok := files[name]
			if !ok {
				missing = name
				continue
			}
			if err := stage.read(node, data); err != nil {
				return nil, &FileError{name, err}
			}
		}
		if missing != "" {
			if err := c.nothingAfter(stage.step, missing, files); err != nil {
				return nil, err
			}
			return c, nil
		}
		if stage.after != nil {
			if err := stage.after(); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// nothingAfter refuses a folder that lacks a message in view of which later ones
// were made.
func (c *Ceremony) nothingAfter(step Step, missing string, files map[string][]byte) error {
	for _, later := range []Step{StepDeal, StepSum, StepConfirm} {
		if c.plan.order(later) <= c.plan.order(step) {
			continue
		}
		for name := range files {
			if strings.HasPrefix(name, string(later)+"-") {
				return &FileError{missing, fmt.Errorf("%w: it is missing, and %q was made in view of it: put it back as it was", ErrMessage, name)}
			}
		}
	}
	return nil
}

// checkNames refuses files that no step of this plan writes: a second version of
// a message, or one of somebody who has no part.
func (c *Ceremony) checkNames(files map[string][]byte) error {
	known := map[string]bool{PlanName: true}
	for _, step := range []Step{StepJoin, StepDeal, StepSum, StepConfirm} {
		for _, node := range c.nodes(step) {
			known[Name(step, node)] = true
		}
	}
	for name := range files {
		if !known[name] {
			return &FileError{name, fmt.Errorf("%w: no step of the plan writes a file of this name; if it is a second version of another, find out who made it; else take it out of the folder", ErrMessage)}
		}
	}
	return nil
}

// Kind returns what the ceremony is for.
func (c *Ceremony) Kind() Kind { return c.plan.Kind }

// Reason returns why it is held.
func (c *Ceremony) Reason() Reason { return c.plan.Reason }

// Session returns what every message is bound to: 64 hex digits.
func (c *Ceremony) Session() string { return c.session }

// Signers returns the node IDs of the old holders who deal.
func (c *Ceremony) Signers() []string { return slices.Clone(c.plan.Signers) }

// Joining returns the node IDs of those who join.
func (c *Ceremony) Joining() []string { return slices.Clone(c.nodes(StepJoin)) }

// Parties returns the node IDs of those who get a share.
func (c *Ceremony) Parties() []string { return slices.Clone(c.plan.Parties) }

// Threshold returns how many of the new shares will be needed.
func (c *Ceremony) Threshold() int { return c.plan.rules.threshold(c.plan) }

// Old returns the groups whose shares are dealt.
func (c *Ceremony) Old() []*share.Group { return c.plan.groups }

// New returns the resulting groups, or nil before everybody has dealt. In a repair
// they are the old ones.
func (c *Ceremony) New() []*share.Group { return c.groups }

// Has reports whether a node has left its message of a step.
func (c *Ceremony) Has(step Step, node string) bool {
	switch step {
	case StepJoin:
		return c.joins[node] != nil
	case StepDeal:
		return c.deals[node] != nil
	case StepSum:
		return c.sums[node] != nil
	case StepConfirm:
		return c.confirms[node] != nil
	}
	return false
}

// Takes reports whether a node has a part in a step.
func (c *Ceremony) Takes(step Step, node string) bool {
	return slices.Contains(c.nodes(step), node)
}

func (c *Ceremony) nodes(step Step) []string { return c.plan.rules.nodes(c.plan, step) }

// Next returns the step that is not complete, and who has not done it. After the
// last deal, or sum, that is StepConfirm, before which each party accepts. It
// returns an empty step when everybody has confirmed.
func (c *Ceremony) Next() (Step, []string) {
	for _, step := range []Step{StepJoin, StepDeal, StepSum, StepConfirm} {
		var missing []string
		for _, node := range c.nodes(step) {
			if !c.Has(step, node) {
				missing = append(missing, node)
			}
		}
		if len(missing) > 0 {
			return step, missing
		}
	}
	return "", nil
}

// Legacy reports whether the folder is of version 1, which can only be read.
func (c *Ceremony) Legacy() bool { return c.plan.version == oldVersion }

// Early returns an error that wraps ErrTooEarly if a step cannot be taken yet.
func (c *Ceremony) Early(step Step) error { return c.reached(step) }

// reached returns an error unless all steps before the given one are complete.
func (c *Ceremony) reached(step Step) error {
	if c.Legacy() {
		return ErrVersion
	}
	next, missing := c.Next()
	if next != "" && c.plan.order(next) < c.plan.order(step) {
		return fmt.Errorf("%w: waiting for the %s of %s", ErrTooEarly, next, names(missing))
	}
	return nil
}
