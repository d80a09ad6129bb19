package verifiable

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// MaxSize is the size of the largest file of a proof, in bytes.
const MaxSize = 64 << 10

// Kind is what the files call themselves, and version the only one.
const (
	Kind    = "verifiable share"
	version = 1
)

// proofFile is a proof as JSON. Keys are in hex after 0x, as in files of shares.
type proofFile struct {
	Lifeboat       string     `json:"lifeboat"`
	Version        int        `json:"version"`
	Curve          string     `json:"curve"`
	RootPublicKey  string     `json:"root_public_key"`
	RosterSHA256   string     `json:"roster_sha256"`
	ShareID        string     `json:"share_id"`
	SharePublicKey string     `json:"share_public_key"`
	Recipient      string     `json:"recipient"`
	Date           string     `json:"date"`
	Challenge      string     `json:"challenge"`
	Piece          *pieceFile `json:"piece,omitempty"`
	Proof          string     `json:"proof"`
}

type pieceFile struct {
	Index       int      `json:"index"`
	Commitments []string `json:"commitments"`
	Recipients  []string `json:"recipients"`
}

// Text writes the proof as a file.
func (p *Proof) Text() ([]byte, error) {
	f := proofFile{
		Lifeboat: Kind, Version: version,
		Curve: p.Curve().String(), RootPublicKey: share.FormatKey(p.RootKey), RosterSHA256: hex.EncodeToString(p.RosterSHA256[:]),
		ShareID: p.ShareID.Text, SharePublicKey: share.FormatKey(p.Public),
		Recipient: FormatRecipient(p.Recipient), Date: p.Date, Challenge: p.Challenge,
		Proof: base64.StdEncoding.EncodeToString(p.append(nil)),
	}
	if p.Piece != nil {
		f.Piece = &pieceFile{Index: p.Piece.Index}
		for _, c := range p.Piece.Commitments {
			f.Piece.Commitments = append(f.Piece.Commitments, share.FormatKey(c))
		}
		for _, r := range p.Piece.Recipients {
			f.Piece.Recipients = append(f.Piece.Recipients, FormatRecipient(r))
		}
	}
	text, err := json.MarshalIndent(&f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// append writes salt, hash, the closed leaves and the seeds.
func (p *Proof) append(b []byte) []byte {
	b = append(append(b, p.salt[:]...), p.hash[:]...)
	for i := range p.closed {
		l := &p.closed[i]
		z := l.z.Bytes()
		b = append(append(append(b, l.ephemeral[:]...), l.masked[:]...), z[:]...)
	}
	for _, s := range p.seeds {
		b = append(b, s...)
	}
	return b
}

// Parse reads the file of a proof, which it does not verify. Errors wrap ErrProof.
func Parse(text []byte) (*Proof, error) { return parse(text, version1) }

func parse(text []byte, n params) (*Proof, error) {
	var f proofFile
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrProof, MaxSize)
	}
	if err := strict.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if f.Lifeboat != Kind || f.Version != version {
		return nil, fmt.Errorf("%w: it is not a %s of version %d", ErrProof, Kind, version)
	}
	p := &Proof{Statement: Statement{Date: f.Date, Challenge: f.Challenge}, params: n}
	if err := p.read(&f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Proof) read(f *proofFile) error {
	c, ok := curve.ByName(f.Curve)
	if !ok {
		return fmt.Errorf("unknown curve %.40q", f.Curve)
	}
	var err error
	if p.RootKey, err = parseKey(c, f.RootPublicKey); err != nil {
		return fmt.Errorf("root_public_key: %w", err)
	}
	if p.Public, err = parseKey(c, f.SharePublicKey); err != nil {
		return fmt.Errorf("share_public_key: %w", err)
	}
	if p.ShareID, err = share.NewID(c, f.ShareID); err != nil {
		return fmt.Errorf("share_id: %w", err)
	}
	roster, err := hex.DecodeString(f.RosterSHA256)
	if err != nil || len(roster) != len(p.RosterSHA256) || hex.EncodeToString(roster) != f.RosterSHA256 {
		return fmt.Errorf("roster_sha256 is not %d digits of hex in lower case", 2*len(p.RosterSHA256))
	}
	copy(p.RosterSHA256[:], roster)
	if p.Recipient, err = ParseRecipient(f.Recipient); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	if f.Piece != nil {
		if p.Piece, err = f.Piece.read(c); err != nil {
			return fmt.Errorf("piece: %w", err)
		}
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(f.Proof)
	if err != nil || strings.ContainsAny(f.Proof, "\r\n") {
		return fmt.Errorf("proof is not base64")
	}
	return p.readBytes(raw)
}

func (f *pieceFile) read(c curve.Curve) (*Piece, error) {
	p := &Piece{Index: f.Index}
	if len(f.Commitments) > MaxMembers || len(f.Recipients) > MaxMembers {
		return nil, fmt.Errorf("more than %d members", MaxMembers)
	}
	for _, text := range f.Commitments {
		k, err := parseKey(c, text)
		if err != nil {
			return nil, fmt.Errorf("commitments: %w", err)
		}
		p.Commitments = append(p.Commitments, k)
	}
	for _, text := range f.Recipients {
		r, err := ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("recipients: %w", err)
		}
		p.Recipients = append(p.Recipients, r)
	}
	return p, nil
}

// parseKey takes the one form that is written.
func parseKey(c curve.Curve, text string) (*curve.Point, error) {
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return nil, err
	}
	p, err := c.ParsePoint(b)
	if err != nil {
		return nil, err
	}
	if share.FormatKey(p) != text {
		return nil, fmt.Errorf("a key is written as %d bytes, in lower case after 0x", curve.PointSize)
	}
	return p, nil
}

// readBytes reads what append writes.
func (p *Proof) readBytes(raw []byte) error {
	fixed := saltSize + len(p.hash) + p.params.closed*(2*KeySize+curve.ScalarSize)
	if seeds := len(raw) - fixed; seeds < 0 || seeds%seedSize != 0 || seeds > p.params.maxSeeds*seedSize {
		return fmt.Errorf("the proof has %d bytes: it was cut off, or something was added", len(raw))
	}
	take := func(dst []byte) { raw = raw[copy(dst, raw):] }
	take(p.salt[:])
	take(p.hash[:])
	p.closed = make([]closedLeaf, p.params.closed)
	for i := range p.closed {
		l := &p.closed[i]
		var z [curve.ScalarSize]byte
		take(l.ephemeral[:])
		take(l.masked[:])
		take(z[:])
		l.z = p.Curve().ScalarFromBytes(z[:])
		if l.z.Bytes() != z {
			return fmt.Errorf("a number of the proof is not below the order of %v", p.Curve())
		}
	}
	for len(raw) > 0 {
		seed := make([]byte, seedSize)
		take(seed)
		p.seeds = append(p.seeds, seed)
	}
	return nil
}
