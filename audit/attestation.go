package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/open"
)

// ErrFormat is wrapped by every error about a file that holds no attestations.
var ErrFormat = errors.New("not a file of attestations")

// Limits of a file of attestations.
const (
	MaxFileSize     = 1 << 20 // bytes
	maxAttestations = 1000
	maxSigned       = 20_000 // attestations that one audit looks at
)

// What the file calls itself.
const (
	attestationFormat  = "lifeboat-attestation"
	attestationVersion = 1
)

// Signed is a signed statement. Its text is signed byte for byte.
type Signed struct {
	Statement string `json:"statement"`
	Signature []byte `json:"signature"` // base64; DER on secp256k1, 64 bytes on ed25519
}

type fileJSON struct {
	Format       string   `json:"format"`
	Version      int      `json:"version"`
	Attestations []Signed `json:"attestations"`
}

// MarshalAttestations writes a file of attestations.
func MarshalAttestations(list []Signed) ([]byte, error) {
	b, err := json.MarshalIndent(fileJSON{attestationFormat, attestationVersion, list}, "", "  ")
	return append(b, '\n'), err
}

// ParseAttestations reads a file of attestations. No signature is checked yet.
func ParseAttestations(data []byte) ([]Signed, error) {
	var f fileJSON
	if len(data) > MaxFileSize {
		return nil, fmt.Errorf("%w: longer than %d MiB", ErrFormat, MaxFileSize>>20)
	}
	if err := strict.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch n := len(f.Attestations); {
	case f.Format != attestationFormat:
		return nil, fmt.Errorf("%w: its format is not %q", ErrFormat, attestationFormat)
	case f.Version != attestationVersion:
		return nil, fmt.Errorf("%w: version %d, and this program knows %d", ErrFormat, f.Version, attestationVersion)
	case n == 0 || n > maxAttestations:
		return nil, fmt.Errorf("%w: %d attestations; 1 to %d are supported", ErrFormat, n, maxAttestations)
	}
	return f.Attestations, nil
}

// Verify reads the statement and checks its signature under the share public key
// that it names. It puts the present name of a node in place of a former one. The
// error wraps ErrStatement or open.ErrSignature.
func (a *Signed) Verify() (*Statement, error) {
	s, err := ParseStatement(a.Statement)
	if err != nil {
		return nil, err
	}
	if err := open.VerifySignature(s.PublicKey, []byte(a.Statement), a.Signature); err != nil {
		return nil, fmt.Errorf("node %q, group %q: %w under share public key %x", s.NodeID, s.GroupID, err, s.PublicKey.Bytes())
	}
	s.NodeID = share.NodeID(s.ShareID, s.NodeID)
	return s, nil
}

// attested is a statement whose signature was verified.
type attested struct {
	*Statement
	path  string
	fresh bool
}

// attestation reads a file of attestations, and reports whether it is one.
func (a *Auditor) attestation(s Source, data []byte) bool {
	if !strings.Contains(string(data), `"`+attestationFormat+`"`) {
		return false
	}
	if !a.file(s, AttestationFile) {
		return true
	}
	const again = "ask the holder for a new attestation (mpc-backup attest)"
	list, err := ParseAttestations(data)
	if err != nil {
		a.find(Error, "damaged-attestation", s.Path, again, "the file of attestations cannot be read: %v", err)
		return true
	}
	if a.signed += len(list); a.signed > maxSigned {
		a.find(Error, "attestations-too-many", s.Path, "audit fewer files at once", "the files hold more than %d attestations: those of this one were not looked at", maxSigned)
		return true
	}
	for i := range list {
		st, err := list[i].Verify()
		if err != nil {
			a.find(Error, "attestation-invalid", s.Path, again, "attestation %d counts for nothing: %v", i+1, err)
			continue
		}
		a.attested = append(a.attested, attested{st, s.Path, a.fresh(s.Path, st, again)})
	}
	return true
}

// age returns how long before the audit a day is.
func (a *Auditor) age(day string) time.Duration {
	date, _ := time.Parse(time.DateOnly, day) // whoever has read it has checked it
	return a.o.Date.Sub(date)
}

// fresh compares a statement with the challenge and the allowed age. One that answers
// another question, or is dated in the future and so would never become too old,
// counts for nothing.
func (a *Auditor) fresh(path string, s *Statement, again string) bool {
	age := a.age(s.Date)
	switch {
	case s.Record != "" && a.o.Record != nil && s.Record == fmt.Sprintf("%x", a.o.Record.Hash()): // see Recorded
	case s.Record != "":
		a.find(Note, "attestation-record", path, "mpc-backup check --record says whether the record is sworn", "node %.70q swears to a record: that says nothing about today", s.NodeID)
	case a.o.Challenge == "":
		a.find(Warning, "challenge-not-given", path, "give the challenge that you set with --challenge", "the attestation of node %.70q is not counted: without the challenge, it may be an old one, with any date", s.NodeID)
	case s.Challenge != a.o.Challenge:
		a.find(Warning, "attestation-other", path, again, "the attestation of node %.70q answers the %s, and not the challenge that was set, %q: it is not counted", s.NodeID, s.Subject(), a.o.Challenge)
	case Future(s.Date, a.o.Date):
		a.find(Warning, "attestation-future", path, "compare the clocks, or give the date of the audit with --date; then "+again,
			"the attestation of node %.70q is dated %s, after the day of the audit: it is not counted", s.NodeID, s.Date)
	case a.o.MaxAge > 0 && age > a.o.MaxAge:
		a.find(Warning, "attestation-old", path, again,
			"the attestation of node %.70q is dated %s, %s ago, and at most %d are allowed: it is not counted", s.NodeID, s.Date, phrase.Count(int(age.Hours()/24), "day"), int(a.o.MaxAge.Hours()/24))
	default:
		return true
	}
	return false
}
