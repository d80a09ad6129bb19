package audit

import (
	"encoding/json"
	"errors"
	"fmt"

	"lifeboat/internal/strict"
	"lifeboat/share/open"
)

// ErrFormat is wrapped by every error about a file that holds no attestations.
var ErrFormat = errors.New("not a file of attestations")

// Limits of a file of attestations.
const (
	MaxFileSize     = 1 << 20 // bytes
	maxAttestations = 1000
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
// that it names. The error wraps ErrStatement or open.ErrSignature.
func (a *Signed) Verify() (*Statement, error) {
	s, err := ParseStatement(a.Statement)
	if err != nil {
		return nil, err
	}
	if err := open.VerifySignature(s.PublicKey, []byte(a.Statement), a.Signature); err != nil {
		return nil, fmt.Errorf("node %q, group %q: %w under share public key %x", s.NodeID, s.GroupID, err, s.PublicKey.Bytes())
	}
	return s, nil
}
