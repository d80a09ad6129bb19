package audit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
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
	ErrStatement = errors.New("not an attestation's statement")
	// ErrContradicts is wrapped by every error about a statement that differs from
	// what else is known.
	ErrContradicts = errors.New("the statement contradicts what is known")
)

// The first lines of statements. Those of version 1 are read for ever but no longer
// written: they name their set of shares by only 16 digits, which can be forged.
const (
	header1 = "lifeboat-attestation-v1\n"
	header2 = "lifeboat-attestation-v2\n"
)

// Bounds of a statement, in bytes.
const (
	MaxValue = 256 // of one value
	maxText  = 4096
)

// Hex digits of a roster's hash: all of them, those in version 1, and those that are
// shown to people as an epoch.
const (
	rosterDigits = 64
	oldDigits    = share.OldEpoch
	epochDigits  = 32
)

// epochName is what people call the set of shares whose roster has this hash.
func epochName(roster string) string { return roster[:min(len(roster), epochDigits)] }

// sameRoster reports whether two hashes may be of one roster: one of them may be only
// its first digits, which prove nothing.
func sameRoster(a, b string) bool {
	n := min(len(a), len(b))
	return a == b || n >= oldDigits && a[:n] == b[:n]
}

// Statement is what a holder signs.
type Statement struct {
	Challenge  string // what the auditor asked to be repeated; or else
	Report     string // SHA-256 of a report, hex; or else
	Record     string // SHA-256 of the record of the vault, hex, which the holder swears to
	Curve      curve.Curve
	GroupID    string
	Threshold  int // how many shares are needed, as the holder's file says
	NodeID     string
	ShareID    share.ID
	PublicKey  *curve.Point // share public key, under which the signature verifies
	RootKey    *curve.Point // root public key; the chain code is not stated
	Roster     string       // SHA-256 of the roster: 64 hex digits; of version 1 the first 16
	FileSHA256 string       // of the file that held the share, hex
	Tool       string
	Date       string // YYYY-MM-DD, as the operator says
}

// Epoch is what people call the set of shares.
func (s *Statement) Epoch() string { return epochName(s.Roster) }

// header returns the first line.
func (s *Statement) header() string {
	if len(s.Roster) == oldDigits {
		return header1
	}
	return header2
}

// subjects are what the statement answers. It may answer only one.
func (s *Statement) subjects() [][2]string {
	var given [][2]string
	for _, line := range [][2]string{{"challenge", s.Challenge}, {"report-sha256", s.Report}, {"record-sha256", s.Record}} {
		if line[1] != "" {
			given = append(given, line)
		}
	}
	return given
}

// lines are the lines after the header and the subject, in their order.
func (s *Statement) lines() [][2]string {
	roster := "roster-sha256"
	if s.header() == header1 {
		roster = "epoch"
	}
	return [][2]string{
		{"curve", s.Curve.String()},
		{"group", s.GroupID},
		{"threshold", strconv.Itoa(s.Threshold)},
		{"node", s.NodeID},
		{"share-id", s.ShareID.Text},
		{"share-public-key", hex.EncodeToString(s.PublicKey.Bytes())},
		{"root-public-key", hex.EncodeToString(s.RootKey.Bytes())},
		{roster, s.Roster},
		{"file-sha256", s.FileSHA256},
		{"tool", s.Tool},
		{"date", s.Date},
	}
}

// Text returns the bytes that are signed: UTF-8 lines of "name: value", each
// with a line feed at its end.
func (s *Statement) Text() (string, error) {
	subject := s.subjects()
	if len(subject) != 1 || s.Record != "" && s.header() == header1 {
		return "", fmt.Errorf("%w: it must answer one thing: a challenge, a report or, from version 2 on, a record", ErrStatement)
	}
	var b strings.Builder
	b.WriteString(s.header())
	for _, l := range append(subject, s.lines()...) {
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
		return fmt.Errorf("%w: %s has a line break or another invisible character", ErrStatement, name)
	case strings.TrimSpace(value) != value:
		return fmt.Errorf("%w: %s starts or ends with a blank", ErrStatement, name)
	}
	return nil
}

// CheckChallenge refuses a challenge that no statement can carry.
func CheckChallenge(text string) error { return checkValue("challenge", text) }

// ParseStatement reads the text of a statement. It accepts only what Text writes, so
// that every statement has one text.
func ParseStatement(text string) (*Statement, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrStatement, maxText)
	}
	roster := "roster-sha256"
	rest, ok := strings.CutPrefix(text, header2)
	if !ok {
		roster = "epoch"
		rest, ok = strings.CutPrefix(text, header1)
	}
	if !ok {
		return nil, fmt.Errorf("%w: it does not start with %q or %q", ErrStatement, header1, header2)
	}
	values := map[string]string{}
	for line := range strings.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if _, twice := values[name]; !ok || twice {
			return nil, fmt.Errorf("%w: a line is not \"name: value\", or its name appears twice", ErrStatement)
		}
		values[name] = value
	}
	s := &Statement{
		Challenge: values["challenge"], Report: values["report-sha256"], Record: values["record-sha256"], GroupID: values["group"],
		NodeID: values["node"], Roster: values[roster], FileSHA256: values["file-sha256"], Tool: values["tool"], Date: values["date"],
	}
	if err := s.parse(values); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	switch again, err := s.Text(); {
	case err != nil:
		return nil, err
	case again != text:
		return nil, fmt.Errorf("%w: it has unknown lines, or its lines are out of order", ErrStatement)
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
		return fmt.Errorf("the threshold is not a number from 2 to %d", share.MaxParticipants)
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
	if digits := map[bool]int{true: oldDigits, false: rosterDigits}[values["epoch"] != ""]; !isHex(s.Roster, digits) {
		return fmt.Errorf("%d hex digits were expected of the roster's SHA-256, in lower case", digits)
	}
	for _, sum := range []string{s.FileSHA256, s.Report, s.Record} {
		if sum != "" && !isHex(sum, 64) {
			return errors.New("a SHA-256 has 64 hex digits, in lower case")
		}
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return errors.New("the date does not look like 2006-01-02")
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

func isHex(text string, digits int) bool {
	b, err := hex.DecodeString(text)
	return err == nil && 2*len(b) == digits && hex.EncodeToString(b) == text
}

// Tolerance is how far ahead of the day of checking a statement may be dated: time
// zones differ, and clocks are not quite right.
const Tolerance = 24 * time.Hour

// Future reports whether a day, 2006-01-02, is after a moment, beyond Tolerance.
func Future(day string, now time.Time) bool {
	date, err := time.Parse(time.DateOnly, day)
	return err != nil || date.Sub(now) > Tolerance // whoever has read it has checked it
}

// Subject says what the statement answers, for a person.
func (s *Statement) Subject() string {
	switch {
	case s.Report != "":
		return "report with SHA-256 " + s.Report
	case s.Record != "":
		return "the record of the vault" // not its hash, of which the record code is a part
	}
	return fmt.Sprintf("challenge %q", s.Challenge)
}

// Together is what the statements of one epoch with one subject prove.
type Together struct {
	Curve     curve.Curve
	RootKey   *curve.Point
	Roster    string // SHA-256 of the roster, hex; only its first digits if all statements are of version 1
	Subject   string
	Threshold int      // the highest that a statement names, or that of those which agree
	Nodes     []string // each holder once, without those who do not belong with the others
	Enough    bool     // these holders together have the root private key
	Doubt     error    // there are enough of them, but they do not agree: some are false
}

// Epoch is what people call the set of shares.
func (t *Together) Epoch() string { return epochName(t.Roster) }

// CollectStatements sorts statements whose signatures were verified, by epoch and subject.
// Enough holders' statements prove that they have the root private key between
// them: the share public keys under which they signed combine to the root public
// key. Fewer prove nothing: anybody can write a roster that leads to a known root
// public key and sign for fewer than the threshold of its shares. against says why a
// statement, or only its node ID, counts for nothing.
func CollectStatements(statements []*Statement) (all []*Together, against map[*Statement]error) {
	type key struct {
		set     setName
		subject [2]string
	}
	var keys []key
	by := map[key][]*Statement{}
	names := newRosters()
	for _, s := range fullFirst(statements, itself) {
		k := key{names.of(s), s.subjects()[0]}
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], s)
	}
	against = map[*Statement]error{}
	scales := newScales()
	for _, k := range keys {
		w := scales.weigh(by[k])
		first := by[k][0]
		t := &Together{Curve: first.Curve, RootKey: first.RootKey, Roster: k.set.roster, Subject: first.Subject(), Threshold: w.threshold, Enough: w.shown, Doubt: w.doubt}
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

// fullFirst moves statements of version 1 to the end of a list, since they join the
// others that they may belong to. Otherwise it keeps the order.
func fullFirst[T any](list []T, of func(T) *Statement) []T {
	full, old := []T{}, []T{}
	for _, v := range list {
		if of(v).header() == header1 {
			old = append(old, v)
		} else {
			full = append(full, v)
		}
	}
	return append(full, old...)
}

func itself(s *Statement) *Statement { return s }

// setName names a set of shares by what files claim.
type setName struct{ curve, roster, root string }

// rosters holds the sets of shares that statements name, to find the one that a
// statement of version 1 means.
type rosters map[setName][]string // whole hashes by their first digits

func newRosters() rosters { return rosters{} }

// of returns the set of a statement. One of version 1 belongs to the set, named by
// others, that begins with its digits. If there is none, or more than one, it belongs
// to a set of its own.
func (r rosters) of(s *Statement) setName {
	n := setName{s.Curve.String(), s.Roster, string(s.RootKey.Bytes())}
	if s.header() == header2 {
		r.add(n)
	} else if known := r[n]; len(known) == 1 {
		n.roster = known[0]
	}
	return n
}

// add adds a set.
func (r rosters) add(n setName) {
	full := n.roster
	n.roster = full[:oldDigits]
	if known := r[n]; len(known) < 2 && !slices.Contains(known, full) { // two are enough for it not to be told
		r[n] = append(known, full)
	}
}
