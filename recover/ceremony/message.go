package ceremony

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share/open"
)

// What every file calls itself, and what every signature begins with.
const (
	fileFormat  = "lifeboat-ceremony"
	fileVersion = 2
	domain      = "lifeboat-ceremony-v2\n"

	// Folders of version 1 are read, so that it can be seen what was done. No step
	// goes on with one: its words did not say whose a join was.
	oldVersion = 1
	oldDomain  = "lifeboat-ceremony-v1\n"
)

// envelope is a file. The message is JSON text in a string, so that exactly its
// bytes are hashed and signed.
type envelope struct {
	Format     string   `json:"format"`
	Version    int      `json:"version"`
	Message    string   `json:"message"`
	Signatures [][]byte `json:"signatures,omitempty"` // one for each group of the plan; a join may have none
}

// head is what every message but the plan begins with.
type head struct {
	Step    Step   `json:"step"`
	Session string `json:"session"`
	Author  string `json:"author"`
}

func (h *head) heading() *head { return h }

// headed is a message with a head.
type headed interface{ heading() *head }

type (
	joinMessage struct {
		head
		ShareIDs  []string `json:"share_ids"`  // decimal, one for each group; none in a repair
		PublicKey []byte   `json:"public_key"` // HPKE, base64
	}
	dealMessage struct {
		head
		Joins  []string     `json:"joins"` // hashes of the joins, in the order of the plan
		Known  []Known      `json:"known"` // how the dealer knows them; none in version 1
		Groups []groupDealt `json:"groups"`
	}
	groupDealt struct {
		Commitments []string `json:"commitments"` // points, 33 bytes in hex
		Parts       [][]byte `json:"parts"`       // HPKE, base64, one for each receiver
	}
	sumMessage struct {
		head
		Joins []string `json:"joins"`
		Deals []string `json:"deals"` // hashes of the deals, in the order of the plan
		Sums  [][]byte `json:"sums"`  // HPKE to the receiver, base64, one for each group
	}
	confirmMessage struct {
		head
		Joins  []string `json:"joins"`
		Deals  []string `json:"deals"`
		Sums   []string `json:"sums"`   // hashes of the sums, in the order of the plan
		Epochs []string `json:"epochs"` // whole roster hashes, one for each new group; cut in version 1
	}
)

// message is a file that was read.
type message struct {
	version    int
	text       string
	hash       string // SHA-256 of the text, hex
	signatures [][]byte
}

// signed returns what the signatures of a message cover.
func (m *message) signed(step Step) []byte {
	if m.version == oldVersion {
		return []byte(oldDomain + m.text)
	}
	return []byte(domain + string(step) + "\n" + m.text)
}

// write makes the file of a message of a step, signed with the shares.
func write(step Step, v any, shares ...*open.Share) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	e := envelope{Format: fileFormat, Version: fileVersion, Message: string(text)}
	m := message{version: e.Version, text: e.Message}
	for _, s := range shares {
		e.Signatures = append(e.Signatures, s.Sign(m.signed(step)))
	}
	b, err := json.MarshalIndent(e, "", "  ")
	return append(b, '\n'), err
}

// read opens the envelope and decodes the message in it.
func read(data []byte, v any) (*message, error) {
	var e envelope
	if len(data) > MaxFileSize {
		return nil, fmt.Errorf("%w: longer than %d MiB", ErrMessage, MaxFileSize>>20)
	}
	if err := strict.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if e.Format != fileFormat {
		return nil, fmt.Errorf("%w: its format is not %q", ErrMessage, fileFormat)
	}
	if e.Version != fileVersion && e.Version != oldVersion {
		return nil, fmt.Errorf("%w: version %d of the format, and this program knows %d", ErrMessage, e.Version, fileVersion)
	}
	if err := strict.Unmarshal([]byte(e.Message), v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return &message{e.Version, e.Message, hash(e.Message), e.Signatures}, nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// read reads a message of a node for a step of this session.
func (c *Ceremony) read(step Step, node string, data []byte, v headed) (*message, error) {
	m, err := read(data, v)
	if err != nil {
		return nil, err
	}
	switch h := v.heading(); {
	case m.version != c.plan.version:
		return nil, fmt.Errorf("%w: it is of version %d of the format, and the plan of version %d", ErrMessage, m.version, c.plan.version)
	case h.Session != c.session:
		return nil, fmt.Errorf("%w: it was made for another plan than the one in this folder", ErrMessage)
	case h.Step != step:
		return nil, fmt.Errorf("%w: it is a message of another step, %.20q", ErrMessage, h.Step)
	case h.Author != node:
		return nil, fmt.Errorf("%w: it was written by %.64q, and the file has another name", ErrMessage, h.Author)
	}
	return m, nil
}

func (c *Ceremony) head(step Step, node string) head { return head{step, c.session, node} }

// verify checks the signatures of a message of a step, one under each of the keys.
func (m *message) verify(step Step, keys []*curve.Point) error {
	if len(m.signatures) != len(keys) {
		return fmt.Errorf("%w: %d signatures, and %d are needed: one for each group", ErrMessage, len(m.signatures), len(keys))
	}
	for i, key := range keys {
		if err := open.VerifySignature(key, m.signed(step), m.signatures[i]); err != nil {
			return fmt.Errorf("%w: it was changed, or not made by the holder of that share: %w", ErrMessage, err)
		}
	}
	return nil
}

// unsigned refuses signatures where none belong.
func (m *message) unsigned() error {
	if len(m.signatures) > 0 {
		return fmt.Errorf("%w: it carries signatures, which this step does not make", ErrMessage)
	}
	return nil
}

// agree compares the hashes of the messages that one was made in view of with those
// in the folder.
func agree(step Step, nodes, seen, here []string) error {
	if len(seen) != len(here) {
		return fmt.Errorf("%w: it was made in view of %d messages of the step %q, and there are %d", ErrMessage, len(seen), step, len(here))
	}
	for i := range seen {
		if seen[i] != here[i] {
			return fmt.Errorf("%w: it was made in view of another %q than the one in this folder: there are two versions of that file; find out from node %q which is theirs, and begin a new ceremony", ErrMessage, Name(step, nodes[i]), nodes[i])
		}
	}
	return nil
}

// hashes returns the hashes of the messages of a step, in the order of the plan.
// All of them are there.
func (c *Ceremony) hashes(step Step) []string {
	list := []string{}
	for _, node := range c.nodes(step) {
		switch step {
		case StepJoin:
			list = append(list, c.joins[node].hash)
		case StepDeal:
			list = append(list, c.deals[node].hash)
		case StepSum:
			list = append(list, c.sums[node].hash)
		}
	}
	return list
}

// parsePoints reads points in hex.
func parsePoints(c curve.Curve, list []string) ([]*curve.Point, error) {
	var points []*curve.Point
	for _, text := range list {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != curve.PointSize {
			return nil, errors.New("a point is not 33 bytes of hexadecimal")
		}
		p, err := c.ParsePoint(b)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	return points, nil
}

func formatPoints(points []*curve.Point) []string {
	list := make([]string, len(points))
	for i, p := range points {
		list[i] = hex.EncodeToString(p.Bytes())
	}
	return list
}

// index returns the place of a node in a list that has it.
func index(nodes []string, node string) int { return slices.Index(nodes, node) }
