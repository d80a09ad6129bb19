package backup

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lifeboat/internal/strict"
)

// The format names of the two manifests.
const (
	manifestFormat = "lifeboat-bundle"
	publicFormat   = "lifeboat-bundle-public"
	formatVersion  = 1
)

// A Manifest is the first file in a bundle, manifest.json. It describes the others.
type Manifest struct {
	Format  string  `json:"format"`
	Version int     `json:"version"`
	Tool    string  `json:"tool"`
	Created string  `json:"created"` // RFC 3339, UTC
	Files   []Entry `json:"files"`   // in the order of the tar
}

// An Entry is a file in a bundle.
type Entry struct {
	Name   string       `json:"name"`
	Size   int64        `json:"size"`   // bytes
	SHA256 string       `json:"sha256"` // hex
	Shares []ShareFacts `json:"shares,omitempty"`
}

// Shares returns the facts of all key shares in the bundle.
func (m *Manifest) Shares() []ShareFacts {
	var all []ShareFacts
	for _, f := range m.Files {
		all = append(all, f.Shares...)
	}
	return all
}

// A PublicManifest lies beside a bundle, for those who cannot open it. It has no
// file hashes or extended keys, which would let others guess small files, or use
// the root extended public key with a leaked child key.
type PublicManifest struct {
	Format     string            `json:"format"`
	Version    int               `json:"version"`
	Tool       string            `json:"tool"`
	Created    string            `json:"created"` // RFC 3339, UTC
	SHA256     string            `json:"sha256"`  // of the bundle on disk, hex
	Size       int64             `json:"size"`    // of the same, bytes
	Shares     []PublicShare     `json:"shares"`
	Recipients []PublicRecipient `json:"recipients"` // in the order of the header
}

// A PublicShare is what may be public about a share in a bundle.
type PublicShare struct {
	GroupID      string `json:"group_id"`
	Curve        string `json:"curve"`
	Epoch        string `json:"epoch"`
	RosterSHA256 string `json:"roster_sha256,omitempty"` // hex; earlier versions did not write it
	ShareID      string `json:"share_id"`
	NodeID       string `json:"node_id"`
}

// A PublicRecipient says who can open a bundle.
type PublicRecipient struct {
	Label string `json:"label"`
	Kind  Kind   `json:"kind"`
}

func publicShares(facts []ShareFacts) []PublicShare {
	shares := make([]PublicShare, 0, len(facts))
	for _, f := range facts {
		shares = append(shares, PublicShare{f.GroupID, f.Curve, f.Epoch, f.RosterSHA256, f.ShareID, f.NodeID})
	}
	return shares
}

// Marshal returns the text of the file beside the bundle.
func (p *PublicManifest) Marshal() ([]byte, error) { return marshal(p) }

// ParsePublicManifest reads the text of the file beside a bundle.
func ParsePublicManifest(data []byte) (*PublicManifest, error) {
	var p PublicManifest
	if err := strict.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("public manifest: %w: %w", ErrDamaged, err)
	}
	if err := checkFormat(p.Format, publicFormat, p.Version); err != nil {
		return nil, fmt.Errorf("public manifest: %w", err)
	}
	if !isHash(p.SHA256) || p.Size < 0 {
		return nil, fmt.Errorf("public manifest: %w: invalid hash or size", ErrDamaged)
	}
	return &p, nil
}

// CheckHeader compares a bundle on disk with the manifest.
func (p *PublicManifest) CheckHeader(h *Header) error {
	if h.Size != p.Size {
		return fmt.Errorf("%w: it has %d bytes, its public manifest says %d", ErrDamaged, h.Size, p.Size)
	}
	if h.SHA256 != p.SHA256 {
		return fmt.Errorf("%w: its SHA-256 is %s, its public manifest says %s", ErrDamaged, h.SHA256, p.SHA256)
	}
	return nil
}

// CheckContent compares what is inside a bundle with the manifest.
func (p *PublicManifest) CheckContent(m *Manifest) error {
	if !slices.Equal(p.Shares, publicShares(m.Shares())) {
		return fmt.Errorf("%w: its public manifest lists other shares than are inside", ErrDamaged)
	}
	return nil
}

// parseManifest reads manifest.json. ours is false for a file that does not
// claim to be one of ours.
func parseManifest(data []byte) (_ *Manifest, ours bool, err error) {
	var m Manifest
	if err := strict.Unmarshal(data, &m); err != nil {
		var claim struct {
			Format string `json:"format"`
		}
		// A manifest of ours that is not well-formed is an error; some other
		// program's file of this name is not.
		ours := json.Unmarshal(data, &claim) == nil && claim.Format == manifestFormat
		return nil, ours, fmt.Errorf("%w: %s: %w", ErrDamaged, manifestName, err)
	}
	if m.Format != manifestFormat {
		return nil, false, fmt.Errorf("%w: %s is not ours", ErrNotBundle, manifestName)
	}
	if err := checkFormat(m.Format, manifestFormat, m.Version); err != nil {
		return nil, true, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Files == nil {
		return nil, true, fmt.Errorf("%w: %s does not list the files", ErrDamaged, manifestName)
	}
	if len(m.Files) > MaxFiles {
		return nil, true, fmt.Errorf("%w: %s lists more than %d files", ErrHostile, manifestName, MaxFiles)
	}
	names := newNameSet()
	for _, f := range m.Files {
		if why := names.add(f.Name); why != "" {
			return nil, true, fmt.Errorf("%w: %s lists %q: %s", ErrHostile, manifestName, brief(f.Name), why)
		}
		if f.Size < 0 || !isHash(f.SHA256) {
			return nil, true, fmt.Errorf("%w: %s has an invalid size or hash for %q", ErrDamaged, manifestName, brief(f.Name))
		}
	}
	return &m, true, nil
}

func checkFormat(format, want string, version int) error {
	if format != want {
		return fmt.Errorf("%w: the format is %q, expected %q", ErrNotBundle, format, want)
	}
	if version != formatVersion {
		return fmt.Errorf("%w: version %d of the format, this program knows %d; use a newer one, or age and tar", ErrNotBundle, version, formatVersion)
	}
	return nil
}

func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// marshal writes JSON for people to read.
func marshal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

func (m Meta) created() string { return m.Date.UTC().Truncate(time.Second).Format(time.RFC3339) }
