package verifiable

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// MaxSize is the size of the largest proof, in bytes: of the JSON of one.
const MaxSize = 256 << 10

// MaxProofs is how many proofs a file may have: verifying one takes a tenth of a second.
const MaxProofs = 64

// kind is what the files call themselves, and version the only one.
const (
	kind    = "verifiable shares"
	version = 1
)

// file is a file of proofs: one for each group in which its holder has a share.
type file struct {
	Lifeboat string            `json:"lifeboat"`
	Version  int               `json:"version"`
	Proofs   []json.RawMessage `json:"share_proofs"`
}

// proofFile is a proof as JSON. Keys are in hex after 0x, as in files of shares.
type proofFile struct {
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
	Group          groupFile  `json:"group"`
}

// groupFile is the group of the share. Of this the hash of the roster binds the share
// IDs and the keys; the rest is what people call things, as in any file of shares.
type groupFile struct {
	ID           string            `json:"id"`
	Threshold    int               `json:"threshold"`
	Participants []participantFile `json:"participants"`
}

type participantFile struct {
	NodeID         string `json:"node_id"`
	ShareID        string `json:"share_id"`
	SharePublicKey string `json:"share_public_key"`
}

type pieceFile struct {
	Index       int      `json:"index"`
	Commitments []string `json:"commitments"`
	Recipients  []string `json:"recipients"`
}

// Format writes a file of proofs.
func Format(proofs []*Proof) ([]byte, error) {
	f := file{Lifeboat: kind, Version: version}
	if n := len(proofs); n == 0 || n > MaxProofs {
		return nil, fmt.Errorf("a file of %d proofs; 1 to %d are supported: seal fewer groups at once", n, MaxProofs)
	}
	for _, p := range proofs {
		text, err := p.Text()
		if err != nil {
			return nil, err
		}
		f.Proofs = append(f.Proofs, text)
	}
	text, err := json.MarshalIndent(&f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// Is reports whether a text is a file of proofs, good or not: cut off, for one.
func Is(text []byte) bool { return bytes.Contains(text, []byte(`"share_proofs"`)) }

// ParseFile reads a file of proofs, which it does not verify. Errors wrap ErrFile or ErrProof.
func ParseFile(text []byte) ([]*Proof, error) {
	var f file
	if err := strict.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	switch n := len(f.Proofs); {
	case f.Lifeboat != kind || f.Version != version:
		return nil, fmt.Errorf("%w: it is not a file of %s of version %d", ErrFile, kind, version)
	case n == 0 || n > MaxProofs:
		return nil, fmt.Errorf("%w: a file of %d proofs; 1 to %d are supported", ErrFile, n, MaxProofs)
	}
	shares, err := formats.Parse("", text, share.Pin{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	var proofs []*Proof
	for i, s := range shares {
		p, err := read(s, f.Proofs[i], version1)
		if err != nil {
			return nil, fmt.Errorf("proof %d of %d: %w", i+1, len(shares), err)
		}
		proofs = append(proofs, p)
	}
	return proofs, nil
}

// Text writes the proof as JSON.
func (p *Proof) Text() ([]byte, error) { return json.Marshal(p.file()) }

// file is the one way to write a proof.
func (p *Proof) file() *proofFile {
	f := &proofFile{
		Curve: p.Curve().String(), RootPublicKey: share.FormatKey(p.Group.RootKey), RosterSHA256: fmt.Sprintf("%x", p.Group.RosterSHA256()),
		ShareID: p.ShareID.Text, SharePublicKey: share.FormatKey(p.Public),
		Recipient: FormatRecipient(p.Recipient), Date: p.Date, Challenge: p.Challenge,
		Proof: base64.StdEncoding.EncodeToString(p.append(nil)),
		Group: groupFile{ID: p.Group.ID, Threshold: p.Group.Threshold},
	}
	for _, m := range p.Group.Participants {
		f.Group.Participants = append(f.Group.Participants, participantFile{m.NodeID, m.ShareID.Text, share.FormatKey(m.PublicKey)})
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
	return f
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

// Parse reads a proof, which it does not verify. Errors wrap ErrProof.
func Parse(text []byte) (*Proof, error) { return parse(text, version1) }

func parse(text []byte, n params) (*Proof, error) {
	s, err := new(formats.Reader).VerifiableShare(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return read(s, text, n)
}

// read reads the rest of a proof, of which s says whose share it is.
func read(s *share.Sealed, text []byte, n params) (*Proof, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrProof, MaxSize)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	var f proofFile
	if err := strict.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	p := &Proof{Statement: Statement{Group: s.Group, ShareID: *s.ShareID, Public: s.PublicKey, Date: f.Date, Challenge: f.Challenge}, params: n}
	if err := p.read(&f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(p.file(), &f) {
		return nil, fmt.Errorf("%w: a field is not in the form in which it is written, such as hex in lower case after 0x", ErrProof)
	}
	return p, nil
}

func (p *Proof) read(f *proofFile) (err error) {
	if p.Recipient, err = ParseRecipient(f.Recipient); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	if f.Piece != nil {
		if p.Piece, err = f.Piece.read(p.Curve()); err != nil {
			return fmt.Errorf("piece: %w", err)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(f.Proof)
	if err != nil {
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
		b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
		if err != nil {
			return nil, fmt.Errorf("commitments: %w", err)
		}
		k, err := c.ParsePoint(b)
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
