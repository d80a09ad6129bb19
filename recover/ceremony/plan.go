package ceremony

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/open"
)

// Limits of a plan.
const (
	maxGroups  = 16
	maxOmitted = share.MaxGroups
	maxText    = 256 // bytes of an ID or a time
)

// plan is the message of plan.json.
type plan struct {
	Step      Step        `json:"step"`
	Nonce     string      `json:"nonce"` // 32 random hex digits: no two plans are the same
	Kind      Kind        `json:"kind"`
	Reason    Reason      `json:"reason"`
	Record    string      `json:"record_sha256"` // hex; empty without a record
	Tool      string      `json:"tool"`
	Created   string      `json:"created_time"` // of the new groups
	Threshold int         `json:"threshold"`    // of the new shares; 0 in a repair
	Signers   []string    `json:"signers"`      // node IDs of the old holders who deal
	Parties   []string    `json:"parties"`      // node IDs of those who get a share
	Groups    []groupPlan `json:"groups"`
	Omitted   []Omission  `json:"omitted"` // what it does not deal for, although it is known

	version int
	groups  []*share.Group
	rules   rules // of its kind
}

// Omission is a group that a ceremony does not deal for: its old shares stay.
type Omission struct {
	ID    string `json:"id"` // empty if only the root key is known
	Curve string `json:"curve"`
	Root  string `json:"root_public_key"` // 33 bytes, hex
}

type groupPlan struct {
	ID           string            `json:"id"`
	NewID        string            `json:"new_id"` // the same in a repair
	Created      string            `json:"created_time"`
	Curve        string            `json:"curve"`
	Threshold    int               `json:"threshold"`
	Root         string            `json:"root_extended_public_key"`
	Participants []participantPlan `json:"participants"`
}

type participantPlan struct {
	NodeID    string `json:"node_id"`
	ShareID   string `json:"share_id"`         // decimal
	PublicKey string `json:"share_public_key"` // 33 bytes, hex
}

// Outline is what a plan is made of.
type Outline struct {
	Kind      Kind
	Reason    Reason
	Pins      Pins // what is known of the vault, beside the files
	Tool      string
	Created   string         // created_time of the new groups
	Threshold int            // of the new shares; 0 in a repair
	Signers   []string       // node IDs of the old holders who will deal
	Parties   []string       // node IDs of the new holders; in a repair, of the one whose share is lost
	Groups    []*share.Group // what files say of the old shares
	Others    []*share.Group // what else is in the files, and is left out
	NewIDs    []string       // group IDs of the new groups; nil in a repair
}

// NewPlan returns the file of a plan, which needs no secret.
func NewPlan(o Outline) ([]byte, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	p := plan{
		Step: StepPlan, Nonce: hex.EncodeToString(nonce), Kind: o.Kind, Reason: o.Reason, Tool: o.Tool, Created: o.Created,
		Threshold: o.Threshold, Signers: o.Signers, Parties: o.Parties, groups: o.Groups, version: fileVersion,
	}
	p.Omitted = append([]Omission{}, p.left(&o.Pins, o.Others)...)
	if o.Pins.Record != nil {
		p.Record = recordHash(o.Pins.Record)
	}
	for i, g := range o.Groups {
		root := g.Root()
		if root.IsBare() {
			return nil, fmt.Errorf("%w: group %q: its chain code is not known, and recovery group files have one: give the root extended public key, if the vault has one", ErrPlan, g.ID)
		}
		newID := g.ID
		if o.NewIDs != nil {
			newID = o.NewIDs[i]
		}
		planned := groupPlan{ID: g.ID, NewID: newID, Created: g.CreatedTime, Curve: g.Curve.String(), Threshold: g.Threshold, Root: root.String()}
		for _, h := range g.Participants {
			planned.Participants = append(planned.Participants, participantPlan{h.NodeID, h.ShareID.Text, hex.EncodeToString(h.PublicKey.Bytes())})
		}
		p.Groups = append(p.Groups, planned)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return write(StepPlan, &p)
}

// readPlan reads plan.json, on which the session rests.
func (c *Ceremony) readPlan(files map[string][]byte) error {
	data, ok := files[PlanName]
	if !ok {
		return &FileError{PlanName, fmt.Errorf("%w: it is missing", ErrMessage)}
	}
	p := &plan{}
	m, err := read(data, p)
	if err == nil && p.Step != StepPlan {
		err = fmt.Errorf("%w: it is a message of another step, %.20q", ErrMessage, p.Step)
	}
	if err == nil {
		err = m.unsigned()
	}
	if err == nil {
		p.version = m.version
		err = p.parse()
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return &FileError{PlanName, err}
	}
	c.plan, c.session = p, m.hash
	return nil
}

// parse reads the groups.
func (p *plan) parse() error {
	if len(p.Groups) > maxGroups {
		return fmt.Errorf("%w: %d groups; at most %d are supported", ErrPlan, len(p.Groups), maxGroups)
	}
	for i, planned := range p.Groups {
		g, err := planned.group()
		if err != nil {
			return fmt.Errorf("%w: group %d: %w", ErrPlan, i+1, err)
		}
		p.groups = append(p.groups, g)
	}
	if len(p.Omitted) > maxOmitted {
		return fmt.Errorf("%w: it leaves out %d groups; at most %d are supported", ErrPlan, len(p.Omitted), maxOmitted)
	}
	for _, o := range p.Omitted {
		c, ok := curve.ByName(o.Curve)
		if !ok || len(o.ID) > maxText {
			return fmt.Errorf("%w: what it leaves out is on no curve that is known, or has a long name", ErrPlan)
		}
		if _, err := parsePoints(c, []string{o.Root}); err != nil {
			return fmt.Errorf("%w: what it leaves out: %w", ErrPlan, err)
		}
	}
	return nil
}

func (planned *groupPlan) group() (*share.Group, error) {
	for _, text := range []string{planned.ID, planned.NewID, planned.Created} {
		if len(text) > maxText {
			return nil, errors.New("an ID or a time is too long")
		}
	}
	c, ok := curve.ByName(planned.Curve)
	if !ok {
		return nil, errors.New("its curve is neither secp256k1 nor ed25519")
	}
	root, err := derive.Parse(planned.Root)
	if err != nil {
		return nil, err
	}
	if root.Curve() != c || !root.IsRoot() {
		return nil, errors.New("its key is no root key of that curve")
	}
	if len(planned.Participants) > share.MaxParticipants {
		return nil, fmt.Errorf("%d participants; at most %d are supported", len(planned.Participants), share.MaxParticipants)
	}
	cc := root.ChainCode()
	g := &share.Group{ID: planned.ID, CreatedTime: planned.Created, Curve: c, Scheme: share.Shamir, Threshold: planned.Threshold, RootKey: root.Point(), ChainCode: &cc, Tree: root.Network().Tree}
	for _, h := range planned.Participants {
		if len(h.NodeID) > maxText {
			return nil, errors.New("a node ID is too long")
		}
		id, err := share.NewID(c, h.ShareID)
		if err != nil {
			return nil, err
		}
		keys, err := parsePoints(c, []string{h.PublicKey})
		if err != nil {
			return nil, err
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: h.NodeID, ShareID: id, PublicKey: keys[0]})
	}
	return g, nil
}

// check makes every check that a plan allows on its own.
func (p *plan) check() error {
	if p.rules = kinds[p.Kind]; p.rules == nil {
		return fmt.Errorf("%w: it is for neither a reshare nor a repair", ErrPlan)
	}
	if p.version != oldVersion && !slices.Contains([]Reason{Lost, Stolen, Rotation}, p.Reason) {
		return fmt.Errorf("%w: its reason is none of lost, stolen and rotation", ErrPlan)
	}
	if p.version != oldVersion && p.Omitted == nil {
		return fmt.Errorf("%w: it does not say what it leaves out, not even nothing", ErrPlan)
	}
	if b, err := hex.DecodeString(p.Record); err != nil || len(b) != 0 && hex.EncodeToString(b) != p.Record || len(b) != 0 && len(b) != sha256.Size {
		return fmt.Errorf("%w: its record_sha256 is not a hash", ErrPlan)
	}
	if err := errors.Join(checkNodes("signer", p.Signers), checkNodes("party", p.Parties)); err != nil {
		return err
	}
	if len(p.groups) == 0 {
		return fmt.Errorf("%w: it names no group", ErrPlan)
	}
	for i, g := range p.groups {
		if err := g.Check(); err != nil {
			return fmt.Errorf("%w: group %q: %w", ErrPlan, g.ID, err)
		}
		for _, o := range p.groups[:i] {
			if g.Curve == o.Curve && g.SameKey(o) {
				return fmt.Errorf("%w: groups %q and %q have one root key", ErrPlan, o.ID, g.ID)
			}
		}
		if err := p.checkSigners(g); err != nil {
			return err
		}
	}
	return p.rules.check(p)
}

func (p *plan) checkSigners(g *share.Group) error {
	if len(p.Signers) != g.Threshold {
		return fmt.Errorf("%w: %d signers, and group %q needs exactly %d", ErrPlan, len(p.Signers), g.ID, g.Threshold)
	}
	for _, node := range p.Signers {
		if g.ByNode(node) == nil {
			return fmt.Errorf("%w: signer %q is no node of group %q, whose nodes are %s", ErrPlan, node, g.ID, names(g.NodeIDs()))
		}
	}
	return nil
}

// checkNodes checks node IDs, which become names of files.
func checkNodes(what string, nodes []string) error {
	if len(nodes) == 0 || len(nodes) > share.MaxParticipants {
		return fmt.Errorf("%w: it has no %s, or too many", ErrPlan, what)
	}
	for i, node := range nodes {
		if err := open.CheckNodeID(node); err != nil {
			return fmt.Errorf("%w: %w", ErrPlan, err)
		}
		for _, o := range nodes[:i] {
			if strings.EqualFold(o, node) {
				return fmt.Errorf("%w: %s %q is listed twice; some file systems do not tell capitals apart", ErrPlan, what, node)
			}
		}
	}
	return nil
}

// Differences says in words how the plan differs from that of another ceremony.
// Plans made with the same arguments do not differ, though each has a nonce and a
// time of its own.
func (c *Ceremony) Differences(other *Ceremony) []string {
	p, o := c.plan, other.plan
	if p.Kind != o.Kind {
		return []string{fmt.Sprintf("it is for a %s, not a %s", p.Kind, o.Kind)}
	}
	var list []string
	if p.Reason != o.Reason {
		list = append(list, fmt.Sprintf("its reason is %q, not %q", p.Reason, o.Reason))
	}
	if p.Record != o.Record {
		list = append(list, "it was made with another record, or one of them with none")
	}
	if !sameNodes(p.Signers, o.Signers) {
		list = append(list, "its signers are "+names(p.Signers))
	}
	if !sameNodes(p.Parties, o.Parties) {
		list = append(list, p.rules.parties(p))
	}
	if p.Threshold != o.Threshold {
		list = append(list, fmt.Sprintf("its threshold is %d, not %d", p.Threshold, o.Threshold))
	}
	for _, g := range p.groups {
		if !o.has(g) {
			list = append(list, fmt.Sprintf("it has group %q on %v, epoch %s", g.ID, g.Curve, g.Epoch()))
		}
	}
	for _, g := range o.groups {
		if !p.has(g) {
			list = append(list, fmt.Sprintf("it lacks group %q on %v, epoch %s", g.ID, g.Curve, g.Epoch()))
		}
	}
	return list
}

// has reports whether a group is in the plan.
func (p *plan) has(g *share.Group) bool {
	return slices.ContainsFunc(p.groups, func(own *share.Group) bool {
		serious, _ := own.Differences(g)
		return len(serious) == 0
	})
}

// sameNodes compares two lists of nodes, whatever their order.
func sameNodes(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// names quotes nodes for a message, and cuts a long list short.
func names(nodes []string) string {
	const most = 16
	var quoted []string
	for _, node := range nodes[:min(len(nodes), most)] {
		quoted = append(quoted, fmt.Sprintf("%.64q", node))
	}
	if n := len(nodes) - most; n > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(quoted, ", ")
}

// order returns the place of a step.
func (p *plan) order(step Step) int {
	return slices.Index([]Step{StepPlan, StepJoin, StepDeal, StepSum, StepAccept, StepConfirm}, step)
}
