package audit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lifeboat/internal/curve"
	"lifeboat/share"
)

// Errors about attestations.
var (
	// ErrStatement is wrapped by every error about a statement that cannot be
	// written or read.
	ErrStatement = errors.New("not a statement of an attestation")
	// ErrContradicts is wrapped by every error about a statement that differs from
	// what else is known.
	ErrContradicts = errors.New("the statement contradicts what is known")
)

// statementHeader is the first line of every statement.
const statementHeader = "lifeboat-attestation-v1"

// Bounds of a statement, in bytes.
const (
	MaxValue  = 256 // of one value
	maxText   = 4096
	maxNumber = 78 // digits
)

// Statement is what a holder signs.
type Statement struct {
	Challenge  string // what the auditor asked to be repeated; empty if a report is signed
	Report     string // SHA-256 of a report, hex; empty if a challenge is answered
	Curve      curve.Curve
	GroupID    string
	Threshold  int // how many shares are needed, as the holder's file says
	NodeID     string
	ShareID    share.ID
	PublicKey  *curve.Point // share public key, under which the signature verifies
	RootKey    *curve.Point // root public key; the chain code is not stated
	Epoch      string       // 16 hex digits
	FileSHA256 string       // of the file that held the share, hex
	Tool       string
	Date       string // YYYY-MM-DD, as the operator says
}

// lines are the lines of a statement after the statementHeader, in their order.
func (s *Statement) lines() [][2]string {
	subject := [2]string{"challenge", s.Challenge}
	if s.Report != "" {
		subject = [2]string{"report-sha256", s.Report}
	}
	return [][2]string{
		subject,
		{"curve", s.Curve.String()},
		{"group", s.GroupID},
		{"threshold", strconv.Itoa(s.Threshold)},
		{"node", s.NodeID},
		{"share-id", s.ShareID.Text},
		{"share-public-key", hex.EncodeToString(s.PublicKey.Bytes())},
		{"root-public-key", hex.EncodeToString(s.RootKey.Bytes())},
		{"epoch", s.Epoch},
		{"file-sha256", s.FileSHA256},
		{"tool", s.Tool},
		{"date", s.Date},
	}
}

// Text returns the bytes that are signed: UTF-8 lines of "name: value", each
// with a line feed at its end.
func (s *Statement) Text() (string, error) {
	if (s.Challenge == "") == (s.Report == "") {
		return "", fmt.Errorf("%w: it answers either a challenge or a report", ErrStatement)
	}
	var b strings.Builder
	b.WriteString(statementHeader + "\n")
	for _, l := range s.lines() {
		if err := checkValue(l[0], l[1]); err != nil {
			return "", err
		}
		b.WriteString(l[0] + ": " + l[1] + "\n")
	}
	return b.String(), nil
}

// checkValue refuses what could be taken for another line, or be invisible.
func checkValue(name, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%w: %s is empty", ErrStatement, name)
	case len(value) > MaxValue:
		return fmt.Errorf("%w: %s is longer than %d bytes", ErrStatement, name, MaxValue)
	case !utf8.ValidString(value), strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: %s has a line end or another character that does not show", ErrStatement, name)
	case strings.TrimSpace(value) != value:
		return fmt.Errorf("%w: %s starts or ends with a blank", ErrStatement, name)
	}
	return nil
}

// CheckChallenge refuses a challenge that no statement can carry.
func CheckChallenge(text string) error { return checkValue("challenge", text) }

// ParseStatement reads the text of a statement. Only what Text writes is read:
// every statement has one text.
func ParseStatement(text string) (*Statement, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrStatement, maxText)
	}
	rest, ok := strings.CutPrefix(text, statementHeader+"\n")
	if !ok {
		return nil, fmt.Errorf("%w: it does not start with %q", ErrStatement, statementHeader)
	}
	values := map[string]string{}
	for line := range strings.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := values[name]; !ok || twice {
			return nil, fmt.Errorf("%w: a line is no \"name: value\", or there twice", ErrStatement)
		}
		values[name] = value
	}
	s := &Statement{
		Challenge: values["challenge"], Report: values["report-sha256"], GroupID: values["group"], NodeID: values["node"],
		Epoch: values["epoch"], FileSHA256: values["file-sha256"], Tool: values["tool"], Date: values["date"],
	}
	if err := s.parse(values); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	switch again, err := s.Text(); {
	case err != nil:
		return nil, err
	case again != text:
		return nil, fmt.Errorf("%w: it has unknown lines, or they are not in their order", ErrStatement)
	}
	return s, nil
}

// parse reads the values that are more than text.
func (s *Statement) parse(values map[string]string) error {
	var ok bool
	if s.Curve, ok = curve.ByName(values["curve"]); !ok {
		return errors.New("the curve is neither secp256k1 nor ed25519")
	}
	var err error
	if s.Threshold, err = strconv.Atoi(values["threshold"]); err != nil || s.Threshold < 2 || s.Threshold > share.MaxParticipants {
		return fmt.Errorf("the threshold is no number from 2 to %d", share.MaxParticipants)
	}
	if len(values["share-id"]) > maxNumber {
		return errors.New("the share ID is too long")
	}
	if s.ShareID, err = share.NewID(s.Curve, values["share-id"]); err != nil {
		return err
	}
	if s.PublicKey, err = parsePoint(s.Curve, values["share-public-key"]); err != nil {
		return fmt.Errorf("share-public-key: %w", err)
	}
	if s.RootKey, err = parsePoint(s.Curve, values["root-public-key"]); err != nil {
		return fmt.Errorf("root-public-key: %w", err)
	}
	if !isHex(s.Epoch, 8) || !isHex(s.FileSHA256, 32) || s.Report != "" && !isHex(s.Report, 32) {
		return errors.New("an epoch has 16 hex digits and a SHA-256 has 64, in lower case")
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return errors.New("the date is not one like 2006-01-02")
	}
	return nil
}

func parsePoint(c curve.Curve, text string) (*curve.Point, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not hexadecimal")
	}
	return c.ParsePoint(b)
}

func isHex(text string, size int) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == size && hex.EncodeToString(b) == text
}

// Subject says what the statement answers, for a person.
func (s *Statement) Subject() string {
	if s.Report != "" {
		return "report with SHA-256 " + s.Report
	}
	return fmt.Sprintf("challenge %q", s.Challenge)
}

// Together is what the statements of one epoch with one subject prove.
type Together struct {
	Curve     curve.Curve
	RootKey   *curve.Point
	Epoch     string
	Subject   string
	Threshold int      // the highest that a statement names, or that of those which agree
	Nodes     []string // each holder once, without those that do not belong to the others
	Enough    bool     // these holders together have the root private key
	Doubt     error    // they are enough in number and do not agree: some are false
}

// CollectStatements sorts statements whose signatures were verified, by epoch and subject.
// Enough holders' statements prove that they have the root private key between
// them: the share public keys under which they signed combine to the root public
// key. Fewer prove nothing: anybody can write a roster that leads to a known root
// public key and sign for fewer than the threshold of its shares. against says of
// the statements that count for nothing why, and of those whose node ID does.
func CollectStatements(statements []*Statement) (all []*Together, against map[*Statement]error) {
	type key struct {
		curve                curve.Curve
		epoch, root, subject string
	}
	var keys []key
	by := map[key][]*Statement{}
	for _, s := range statements {
		k := key{s.Curve, s.Epoch, string(s.RootKey.Bytes()), s.Subject()}
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], s)
	}
	against = map[*Statement]error{}
	scales := newScales()
	for _, k := range keys {
		w := scales.weigh(by[k])
		t := &Together{Curve: k.curve, RootKey: by[k][0].RootKey, Epoch: k.epoch, Subject: k.subject, Threshold: w.threshold, Enough: w.shown, Doubt: w.doubt}
		for _, s := range w.counted {
			t.Nodes = append(t.Nodes, w.nodes[s.point()])
		}
		for s, o := range w.against {
			against[s] = o.err
		}
		all = append(all, t)
	}
	return all, against
}
